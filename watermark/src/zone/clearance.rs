//! Owns: what lies behind a rectangle on a face and what stands in front of it. Must never know: symbols.
//!
//! Every triangle is clipped to the prism over the rectangle, so distances are exact: a grid of rays would miss a screw hole
//! between two of them. How many solids the middle lies in is counted exactly, and it is the same all over the rectangle: a
//! surface that divided it would pass through the prism at the height of the face, and be material of no thickness, or lie on
//! the face, which is told as well.

use super::Frame;
use crate::mesh::Mesh;
use crate::vec3::{Vec3, add, cross, dot, length, scale, sub, wide};
use robust::{Coord, orient2d};

/// Sides of the prism are drawn in by this, so that walls flush with the rectangle do not count as behind it.
const FLUSH_MM: f64 = 0.002;
/// Surface nearer to the face than this is the face itself, unless it looks the other way: then material ends there.
const FACE_MM: f64 = 0.02;
/// A surface that looks the other way counts from here, because rounding may lift it over the face.
const ROUNDING_MM: f64 = 0.001;
/// Cosine of the largest angle between a face and what lies on it.
const COS_LEVEL: f64 = 0.9;
/// A triangle no higher than this over its longest side has no direction that could be trusted.
const SLIVER_MM: f64 = 0.001;

/// What surrounds a rectangle on a face.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Clearance {
    /// Least material behind any point of it, along the inward normal, in millimetres; infinite where nothing is behind it,
    /// which no solid allows.
    pub(crate) behind_mm: f64,
    /// Least distance to anything in front of any point of it, in millimetres; infinite where nothing is.
    pub(crate) before_mm: f64,
    /// How many solids the space just in front of it lies in. A cavity takes one away.
    pub(crate) covers: i32,
    /// How many solids begin at it: one, unless others share the face.
    pub(crate) solids: i32,
}

impl Clearance {
    /// Of the rectangle in the plane of `frame` with these half sides in millimetres.
    pub(crate) fn of(mesh: &Mesh, frame: &Frame, half: [f64; 2]) -> Self {
        let half = half.map(|h| h - FLUSH_MM);
        let mut found = Self {
            behind_mm: f64::INFINITY,
            before_mm: f64::INFINITY,
            covers: 0,
            solids: 0,
        };
        for triangle in &mesh.triangles {
            if let Some(local) = within(triangle, frame, half) {
                found.add(local, half);
            }
        }
        found
    }

    /// Whether another solid of the file reaches over the face or shares it, so that a relief in one of them would show in none.
    pub(crate) fn is_buried(&self) -> bool {
        let is_touched = self.before_mm < FACE_MM - ROUNDING_MM;
        is_touched || self.covers != 0 || self.solids != 1
    }

    fn add(&mut self, local: [Vec3; 3], half: [f64; 2]) {
        let winds = winds(&local);
        if winds != 0 {
            let height = height_in_the_middle(&local);
            if height > FACE_MM {
                self.covers += winds;
            } else if height >= -FACE_MM {
                self.solids += winds;
            }
        }
        let prism = clip_to_prism(local.to_vec(), half);
        let behind = clip(prism.clone(), 2, 1.0, ends_below(&local));
        let depths = behind.iter().map(|p| (-p[2]).max(0.0));
        self.behind_mm = depths.fold(self.behind_mm, f64::min);
        let before = clip(prism, 2, -1.0, -begins_above(&local));
        self.before_mm = before.iter().map(|p| p[2]).fold(self.before_mm, f64::min);
    }
}

/// The triangle in the coordinates of the frame, unless it lies beside the rectangle.
fn within(triangle: &[[f32; 3]; 3], frame: &Frame, half: [f64; 2]) -> Option<[Vec3; 3]> {
    let from = triangle.map(|v| sub(wide(v), frame.origin));
    let beside = |axis: Vec3, limit: f64| {
        let along = from.map(|v| dot(v, axis));
        along.iter().all(|&c| c > limit) || along.iter().all(|&c| c < -limit)
    };
    let outside = beside(frame.right, half[0]) || beside(frame.up, half[1]);
    (!outside).then(|| triangle.map(|v| frame.local(wide(v))))
}

/// The height below which a triangle, in the coordinates of a frame, counts as behind the face.
pub(super) fn ends_below(local: &[Vec3; 3]) -> f64 {
    let [a, b, c] = *local;
    let sides = [sub(b, a), sub(c, b), sub(a, c)];
    let area = cross(sides[0], sub(c, a));
    let longest = sides.map(length).into_iter().fold(0.0, f64::max);
    let looks_away = area[2] < 0.0 && length(area) > longest * SLIVER_MM;
    if looks_away { ROUNDING_MM } else { -FACE_MM }
}

/// The height above which it counts as in front of the face: what lies on it, looking at it, is near at any height.
fn begins_above(local: &[Vec3; 3]) -> f64 {
    let [a, b, c] = *local;
    let area = cross(sub(b, a), sub(c, a));
    let lies_on_it = area[2] <= -COS_LEVEL * length(area) && area[2] < 0.0;
    if lies_on_it { ROUNDING_MM } else { FACE_MM }
}

/// How often the triangle, seen from in front, winds around the middle: 1, or -1 where it looks away. Exactly, and of two
/// triangles that share a side just one has a middle on it.
fn winds(local: &[Vec3; 3]) -> i32 {
    let flat = local.map(|[x, y, _]| Coord { x, y });
    let middle = Coord { x: 0.0, y: 0.0 };
    (0..3)
        .map(|i| (flat[i], flat[(i + 1) % 3]))
        .map(|(from, to)| match (from.y <= 0.0, to.y <= 0.0) {
            (true, false) => i32::from(orient2d(from, to, middle) > 0.0),
            (false, true) => -i32::from(orient2d(from, to, middle) < 0.0),
            _ => 0,
        })
        .sum()
}

/// Where the plane of the triangle passes the middle.
fn height_in_the_middle(local: &[Vec3; 3]) -> f64 {
    let [a, b, c] = *local;
    let normal = cross(sub(b, a), sub(c, a));
    let heights = local.map(|p| p[2]);
    let low = heights.into_iter().fold(f64::INFINITY, f64::min);
    let high = heights.into_iter().fold(f64::NEG_INFINITY, f64::max);
    (dot(a, normal) / normal[2]).clamp(low, high)
}

/// The part of a polygon, in local coordinates, above or below the rectangle.
pub(super) fn clip_to_prism(mut polygon: Vec<Vec3>, half: [f64; 2]) -> Vec<Vec3> {
    for (axis, limit) in half.into_iter().enumerate() {
        polygon = clip(polygon, axis, 1.0, limit);
        polygon = clip(polygon, axis, -1.0, limit);
    }
    polygon
}

/// The part where `side * p[axis] <= limit`, where `side` is 1 or -1.
pub(super) fn clip(polygon: Vec<Vec3>, axis: usize, side: f64, limit: f64) -> Vec<Vec3> {
    let excess = |p: &Vec3| p[axis] * side - limit;
    let mut kept = Vec::with_capacity(polygon.len() + 1);
    for (i, &p) in polygon.iter().enumerate() {
        let q = polygon[(i + 1) % polygon.len()];
        let (at_p, at_q) = (excess(&p), excess(&q));
        if at_p <= 0.0 {
            kept.push(p);
        }
        if (at_p < 0.0 && at_q > 0.0) || (at_p > 0.0 && at_q < 0.0) {
            kept.push(add(p, scale(sub(q, p), at_p / (at_p - at_q))));
        }
    }
    kept
}
