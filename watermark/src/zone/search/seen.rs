//! Owns: from how many directions a camera sees all of a square. Must never know: symbols, processes.

use crate::mesh::Mesh;
use crate::vec3::{Vec3, cross, dot, sub, unit, wide};
use crate::zone::Frame;

/// Nearer to the plane than this, it is the face itself.
const FACE_MM: f64 = 0.02;
/// Where a camera may stand: in front, and around at about 25 and 45 degrees.
const TILTS: [f64; 2] = [0.466, 1.0];
const AROUND: [[f64; 2]; 8] = [
    [1.0, 0.0],
    [0.707, 0.707],
    [0.0, 1.0],
    [-0.707, 0.707],
    [-1.0, 0.0],
    [-0.707, -0.707],
    [0.0, -1.0],
    [0.707, -0.707],
];

/// Directions from which all corners and the middle of the square are seen, in thousandths of all directions.
pub(super) fn seen_e3(mesh: &Mesh, frame: &Frame, half_mm: f64) -> u32 {
    let front = in_front(mesh, frame, half_mm);
    if front.is_empty() {
        return 1000;
    }
    let points = [
        [0.0, 0.0],
        [1.0, 1.0],
        [-1.0, 1.0],
        [1.0, -1.0],
        [-1.0, -1.0],
    ];
    let directions = directions();
    let seen = directions
        .iter()
        .filter(|&&ray| {
            let blocked = |[x, y]: [f64; 2]| {
                let from = [x * half_mm, y * half_mm, FACE_MM];
                front.iter().any(|triangle| meets(triangle, from, ray))
            };
            !points.into_iter().any(blocked)
        })
        .count();
    (seen * 1000 / directions.len()) as u32
}

fn directions() -> Vec<Vec3> {
    let around = |tilt: f64| AROUND.map(|[x, y]| [x * tilt, y * tilt, 1.0]);
    let all = TILTS.into_iter().flat_map(around);
    [[0.0, 0.0, 1.0]]
        .into_iter()
        .chain(all)
        .filter_map(unit)
        .collect()
}

/// Triangles in front of the plane that lie in the cone in which a camera may stand, in coordinates of the frame.
fn in_front(mesh: &Mesh, frame: &Frame, half_mm: f64) -> Vec<[Vec3; 3]> {
    let height = |v: &[f32; 3]| dot(sub(wide(*v), frame.origin), frame.normal);
    let cone = |t: &[Vec3; 3]| {
        let top = t.iter().fold(0.0_f64, |m, p| m.max(p[2]));
        let reach = half_mm + top * 1.01;
        !(0..2).any(|i| t.iter().all(|p| p[i] > reach) || t.iter().all(|p| p[i] < -reach))
    };
    mesh.triangles
        .iter()
        .filter(|t| t.iter().any(|v| height(v) > FACE_MM))
        .map(|t| t.map(|v| frame.local(wide(v))))
        .filter(cone)
        .collect()
}

/// By Moeller and Trumbore; both sides count.
fn meets([a, b, c]: &[Vec3; 3], from: Vec3, ray: Vec3) -> bool {
    let (u, v) = (sub(*b, *a), sub(*c, *a));
    let p = cross(ray, v);
    let det = dot(u, p);
    if det == 0.0 {
        return false;
    }
    let offset = sub(from, *a);
    let s = dot(offset, p) / det;
    let q = cross(offset, u);
    let t = dot(ray, q) / det;
    s >= 0.0 && t >= 0.0 && s + t <= 1.0 && dot(v, q) / det > 0.0
}
