//! Owns: how much material lies behind a rectangle. Must never know: symbols.
//!
//! Every triangle is clipped to the prism behind the rectangle, so the answer is exact: a grid of rays would
//! miss a screw hole between two of them.

use super::Frame;
use crate::mesh::Mesh;
use crate::vec3::{Vec3, add, scale, sub, wide};

/// Sides of the prism are drawn in by this, so that walls flush with the rectangle do not count as behind it.
const FLUSH_MM: f64 = 0.002;
/// Surface nearer to the face than this is the face itself.
pub(super) const FACE_MM: f64 = 0.02;

/// Distance along the inward normal to the nearest surface behind any point of the rectangle, in millimetres;
/// infinite where nothing is behind it, which no solid allows.
pub(super) fn behind(mesh: &Mesh, frame: &Frame, half: [f64; 2]) -> f64 {
    let half = half.map(|h| h - FLUSH_MM);
    mesh.triangles
        .iter()
        .map(|t| t.map(|v| frame.local(wide(v))))
        .filter(|t| may_reach(t, half))
        .map(|t| clip(clip_to_prism(t.to_vec(), half), 2, 1.0, -FACE_MM))
        .flat_map(|polygon| polygon.into_iter().map(|p| -p[2]))
        .fold(f64::INFINITY, f64::min)
}

fn may_reach(t: &[Vec3; 3], half: [f64; 2]) -> bool {
    let beyond = |axis: usize, side: f64, limit: f64| t.iter().all(|p| p[axis] * side > limit);
    !(beyond(0, 1.0, half[0])
        || beyond(0, -1.0, half[0])
        || beyond(1, 1.0, half[1])
        || beyond(1, -1.0, half[1])
        || beyond(2, 1.0, -FACE_MM))
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
