//! Owns: finding the triangles of the flat face under a rectangle. Must never know: symbols, thickness.
//!
//! The face grows from the triangle under the centre across every edge that meets the rectangle. An edge that
//! has no flat neighbour and passes through the inside of the rectangle is where the zone leaves its face. So
//! triangles far from the zone are never taken, and slivers between flat triangles are.

use super::{Frame, ZoneError};
use crate::mesh::{Mesh, VertexKey, vertex_key};
use crate::vec3::{Vec3, add, area_vector, dot, length, scale, sub, unit, wide};
use std::collections::HashMap;

/// How far the declared plane may be from the face: the zone is stated in whole micrometres.
const PLANE_TOLERANCE_MM: f64 = 0.01;
/// Cosine of the largest angle between a flat triangle and the declared normal. Loose, because rounding to `f32`
/// tilts needles; how flat the face is, its corners say.
const COS_TOLERANCE: f64 = 0.9;
/// How far a corner of the face may be from the plane fitted to it, beyond what `f32` cannot hold.
const FLATNESS_MM: f64 = 0.001;
/// Contact this shallow is touching, not crossing.
const MARGIN_MM: f64 = 0.001;

/// The part of a flat face that a zone lies on.
pub(crate) struct Face {
    /// Indices into the mesh, ascending.
    pub(crate) triangles: Vec<usize>,
    /// Axes fitted to the face: the declared ones are rounded, these touch the material.
    pub(crate) frame: Frame,
}

impl Face {
    pub(crate) fn find(mesh: &Mesh, declared: Frame, half: [f64; 2]) -> Result<Self, ZoneError> {
        let flat = Flat::of(mesh, declared);
        let triangles = flat.grow(half)?;
        let frame = fit(mesh, &triangles, &declared)?;
        require_flat(mesh, &triangles, &frame)?;
        require_covered(mesh, &triangles, &frame, half)?;
        Ok(Self { triangles, frame })
    }
}

/// The triangles in the declared plane, and who has which directed edge.
struct Flat<'a> {
    mesh: &'a Mesh,
    frame: Frame,
    candidates: Vec<usize>,
    owners: HashMap<[VertexKey; 2], usize>,
}

impl<'a> Flat<'a> {
    fn of(mesh: &'a Mesh, frame: Frame) -> Self {
        let candidates: Vec<usize> = (0..mesh.triangles.len())
            .filter(|&i| is_flat(&mesh.triangles[i], &frame))
            .collect();
        let owners = candidates
            .iter()
            .flat_map(|&i| edges(&mesh.triangles[i]).map(|e| (e.map(vertex_key), i)))
            .collect();
        Self {
            mesh,
            frame,
            candidates,
            owners,
        }
    }

    fn grow(&self, half: [f64; 2]) -> Result<Vec<usize>, ZoneError> {
        let seed = self.seed().ok_or(ZoneError::NotOnFace)?;
        let mut taken = std::collections::BTreeSet::from([seed]);
        let mut open = vec![seed];
        while let Some(i) = open.pop() {
            for [from, to] in edges(&self.mesh.triangles[i]) {
                let segment = [from, to].map(|v| self.frame.local(wide(v)));
                if clip_segment(segment, half.map(|h| h + MARGIN_MM)).is_none() {
                    continue;
                }
                match self.owners.get(&[to, from].map(vertex_key)) {
                    Some(&next) if taken.insert(next) => open.push(next),
                    Some(_) => {}
                    None => self.require_outside(segment, half)?,
                }
            }
        }
        Ok(taken.into_iter().collect())
    }

    fn seed(&self) -> Option<usize> {
        let under_centre = |&i: &usize| {
            let t = &self.mesh.triangles[i];
            let [a, b, c] = t.map(|v| self.frame.local(wide(v)));
            let turn = |p: Vec3, q: Vec3| p[0] * q[1] - p[1] * q[0];
            let sides = [turn(a, b), turn(b, c), turn(c, a)];
            sides.iter().all(|&s| s >= 0.0) && sides.iter().sum::<f64>() > 0.0
        };
        self.candidates.iter().copied().find(|i| under_centre(i))
    }

    fn require_outside(&self, segment: [Vec3; 2], half: [f64; 2]) -> Result<(), ZoneError> {
        match clip_segment(segment, half.map(|h| h - MARGIN_MM)) {
            None => Ok(()),
            Some(at) => Err(ZoneError::LeavesFace {
                at_mm: self.frame.world(at),
            }),
        }
    }
}

fn edges(t: &[[f32; 3]; 3]) -> [[[f32; 3]; 2]; 3] {
    let [a, b, c] = *t;
    [[a, b], [b, c], [c, a]]
}

/// In the plane, and facing out of it. A sliver has no trustworthy normal, so its corners must do.
fn is_flat(t: &[[f32; 3]; 3], frame: &Frame) -> bool {
    let heights = t.map(|v| frame.local(wide(v))[2].abs());
    if heights.iter().any(|&h| h > PLANE_TOLERANCE_MM) {
        return false;
    }
    let area = area_vector(t);
    let longest = edges(t)
        .map(|[a, b]| length(sub(wide(b), wide(a))))
        .into_iter()
        .fold(0.0, f64::max);
    length(area) <= longest * MARGIN_MM || dot(area, frame.normal) >= length(area) * COS_TOLERANCE
}

/// The first point of the segment inside the rectangle, by Liang and Barsky.
fn clip_segment([a, b]: [Vec3; 2], half: [f64; 2]) -> Option<Vec3> {
    let d = sub(b, a);
    let (mut enter, mut leave) = (0.0_f64, 1.0_f64);
    for axis in 0..2 {
        if d[axis] == 0.0 {
            if a[axis].abs() > half[axis] {
                return None;
            }
            continue;
        }
        let [s, t] = [-half[axis], half[axis]].map(|side| (side - a[axis]) / d[axis]);
        enter = enter.max(s.min(t));
        leave = leave.min(s.max(t));
    }
    (enter <= leave).then(|| add(a, scale(d, enter)))
}

/// The plane through the middle of the triangles with their mean normal, both weighted by area.
fn fit(mesh: &Mesh, triangles: &[usize], declared: &Frame) -> Result<Frame, ZoneError> {
    let mut normal = [0.0; 3];
    let (mut middle, mut weight) = ([0.0; 3], 0.0);
    for &i in triangles {
        let t = &mesh.triangles[i];
        let area = area_vector(t);
        normal = add(normal, area);
        let w = length(area);
        let [a, b, c] = t.map(|v| sub(wide(v), declared.origin));
        middle = add(middle, scale(add(a, add(b, c)), w / 3.0));
        weight += w;
    }
    let normal = unit(normal).ok_or(ZoneError::NotOnFace)?;
    let height = dot(scale(middle, 1.0 / weight), normal);
    let origin = add(declared.origin, scale(normal, height));
    Frame::new(origin, normal, declared.up).ok_or(ZoneError::BadFrame)
}

fn require_flat(mesh: &Mesh, triangles: &[usize], frame: &Frame) -> Result<(), ZoneError> {
    let excess = |v: [f32; 3]| {
        let largest = v.iter().fold(0.0_f32, |m, c| m.max(c.abs()));
        let unholdable = 4.0 * f64::from(largest) * f64::from(f32::EPSILON);
        frame.local(wide(v))[2].abs() - unholdable
    };
    let deviation = triangles
        .iter()
        .flat_map(|&i| mesh.triangles[i])
        .map(excess)
        .fold(0.0, f64::max);
    if deviation > FLATNESS_MM {
        return Err(ZoneError::NotFlat {
            deviation_um: deviation * 1000.0,
        });
    }
    Ok(())
}

/// The growth found no edge in the way; the areas say that it also left no gap and covered nothing twice.
fn require_covered(
    mesh: &Mesh,
    triangles: &[usize],
    frame: &Frame,
    half: [f64; 2],
) -> Result<(), ZoneError> {
    let covered_mm2: f64 = triangles
        .iter()
        .map(|&i| mesh.triangles[i].map(|v| frame.local(wide(v))))
        .map(|t| area(&super::clearance::clip_to_prism(t.to_vec(), half)))
        .sum();
    let zone_mm2 = 4.0 * half[0] * half[1];
    let slack = 4.0 * MARGIN_MM * (half[0] + half[1]);
    if (covered_mm2 - zone_mm2).abs() > slack {
        return Err(ZoneError::Uncovered {
            covered_mm2,
            zone_mm2,
        });
    }
    Ok(())
}

/// Signed area of a polygon in the plane of the frame.
fn area(polygon: &[Vec3]) -> f64 {
    let next = polygon.iter().cycle().skip(1);
    polygon
        .iter()
        .zip(next)
        .map(|(a, b)| (a[0] * b[1] - b[0] * a[1]) / 2.0)
        .sum()
}
