//! Owns: the axes of a zone, and the way between the part's coordinates and the plane of the face.
//! Must never know: meshes.

use crate::vec3::{Vec3, add, cross, dot, length, scale, sub, unit};

/// How far declared axes may be from unit length, and from a right angle.
const AXIS_TOLERANCE: f64 = 1e-3;

/// Right, up and normal as a viewer in front of the face sees them; right-handed, orthonormal.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Frame {
    pub(crate) origin: Vec3,
    pub(crate) right: Vec3,
    pub(crate) up: Vec3,
    pub(crate) normal: Vec3,
}

impl Frame {
    /// `None` where the axes are not two perpendicular unit vectors. `up` is straightened against `normal`.
    pub(crate) fn new(origin: Vec3, normal: Vec3, up: Vec3) -> Option<Self> {
        let unit_length = |v| (length(v) - 1.0).abs() < AXIS_TOLERANCE;
        if !unit_length(normal) || !unit_length(up) || dot(normal, up).abs() > AXIS_TOLERANCE {
            return None;
        }
        let normal = unit(normal)?;
        let up = unit(sub(up, scale(normal, dot(up, normal))))?;
        Some(Self {
            origin,
            right: cross(up, normal),
            up,
            normal,
        })
    }

    /// Right and up coordinates, and the height above the plane.
    pub(crate) fn local(&self, p: Vec3) -> Vec3 {
        let d = sub(p, self.origin);
        [dot(d, self.right), dot(d, self.up), dot(d, self.normal)]
    }

    /// The point of the part at the given right, up and height.
    pub(crate) fn world(&self, [x, y, height]: Vec3) -> Vec3 {
        let in_plane = add(scale(self.right, x), scale(self.up, y));
        add(self.origin, add(in_plane, scale(self.normal, height)))
    }
}
