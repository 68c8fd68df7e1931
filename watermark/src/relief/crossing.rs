//! Owns: whether surfaces cross: exactly, by the signs of determinants. Must never know: symbols, zones.
//!
//! Triangles that share corners may touch there, and nowhere else. Of a marked mesh only the relief is looked at, against
//! everything: the rest of the part crosses itself as much as it did before.

use super::{ReliefError, Triangle};
use crate::mesh::{Mesh, vertex_key};
use crate::vec3::{Vec3, area_vector, wide};
use crate::zone::Frame;
use robust::{Coord, Coord3D, orient2d, orient3d};
use std::collections::{BTreeMap, HashSet};

/// Side of a cell of the grid in which neighbours are looked for, in millimetres.
const CELL_MM: f64 = 1.0;
/// Most cells along a side of the grid: what a zone of 10 m with modules of a micrometre must not exceed.
const MAX_CELLS: f64 = 256.0;

/// Refuses where a wall or floor meets something that it does not end at. `inlay` is bounded by walls, floors and lids, of
/// which the first two stand in the mesh.
pub(super) fn require_none(mesh: &Mesh, inlay: &Mesh, frame: &Frame) -> Result<(), ReliefError> {
    let key = |t: &Triangle| {
        let mut keys = t.map(vertex_key);
        keys.sort_unstable();
        keys
    };
    let bounding: HashSet<_> = inlay.triangles.iter().map(key).collect();
    let grid = Grid::of(&inlay.triangles, frame);
    let mut cells: BTreeMap<[i64; 2], Vec<usize>> = BTreeMap::new();
    let mut near = Vec::new();
    for (at, triangle) in mesh.triangles.iter().enumerate() {
        let covered = grid.cells(triangle);
        // A triangle without area lies on its neighbours' edges.
        if covered.is_empty() || area_vector(triangle) == [0.0; 3] {
            continue;
        }
        near.push(at);
        if bounding.contains(&key(triangle)) {
            for cell in covered {
                cells.entry(cell).or_default().push(at);
            }
        }
    }
    let mut asked = HashSet::new();
    for at in near {
        asked.clear();
        for cell in grid.cells(&mesh.triangles[at]) {
            for &other in cells.get(&cell).into_iter().flatten() {
                let pair = [&mesh.triangles[at], &mesh.triangles[other]];
                if at != other && asked.insert(other) && cross(pair[0], pair[1]) {
                    let at_mm = pair[1][0];
                    return Err(ReliefError::Crosses { at_mm });
                }
            }
        }
    }
    Ok(())
}

/// Cells over the box of the relief, in the plane of the face; heights are left out.
struct Grid<'a> {
    frame: &'a Frame,
    low: [f64; 3],
    high: [f64; 3],
    cell_mm: f64,
}

impl<'a> Grid<'a> {
    fn of(triangles: &[Triangle], frame: &'a Frame) -> Self {
        let (mut low, mut high) = ([f64::INFINITY; 3], [f64::NEG_INFINITY; 3]);
        for corner in triangles.as_flattened() {
            let local = frame.local(wide(*corner));
            for axis in 0..3 {
                // A micrometre more than rounding needs.
                low[axis] = low[axis].min(local[axis] - 0.001);
                high[axis] = high[axis].max(local[axis] + 0.001);
            }
        }
        let widest = (high[0] - low[0]).max(high[1] - low[1]);
        Self {
            frame,
            low,
            high,
            cell_mm: CELL_MM.max(widest / MAX_CELLS),
        }
    }

    /// The cells that a triangle's box meets; none where it is elsewhere.
    fn cells(&self, triangle: &Triangle) -> Vec<[i64; 2]> {
        let corners = triangle.map(|corner| self.frame.local(wide(corner)));
        let bound = |axis: usize| {
            let values = corners.map(|corner| corner[axis]);
            let low = values.iter().fold(f64::INFINITY, |m, &c| m.min(c));
            let high = values.iter().fold(f64::NEG_INFINITY, |m, &c| m.max(c));
            (low.max(self.low[axis]), high.min(self.high[axis]))
        };
        let bounds = [bound(0), bound(1), bound(2)];
        if bounds.iter().any(|(low, high)| low > high) {
            return Vec::new();
        }
        let range = |axis: usize| {
            let (low, high) = bounds[axis];
            let cell = |c: f64| ((c - self.low[axis]) / self.cell_mm).floor() as i64;
            cell(low)..=cell(high)
        };
        range(0)
            .flat_map(|x| range(1).map(move |y| [x, y]))
            .collect()
    }
}

/// Whether two triangles meet elsewhere than in the corners that they share.
fn cross(one: &Triangle, other: &Triangle) -> bool {
    let shared =
        |corner: &[f32; 3], t: &Triangle| t.iter().any(|c| vertex_key(*c) == vertex_key(*corner));
    let own: Vec<usize> = (0..3).filter(|&i| !shared(&one[i], other)).collect();
    let theirs: Vec<usize> = (0..3).filter(|&i| !shared(&other[i], one)).collect();
    let (a, b) = (one.map(wide), other.map(wide));
    match (own[..].len(), theirs.len()) {
        (3, 3) => {
            let edges = |t: [Vec3; 3]| [[t[0], t[1]], [t[1], t[2]], [t[2], t[0]]];
            edges(a).into_iter().any(|edge| meets(edge, b))
                || edges(b).into_iter().any(|edge| meets(edge, a))
        }
        // In one corner: whatever else they share ends at the side across from it.
        (2, 2) => meets([a[own[0]], a[own[1]]], b) || meets([b[theirs[0]], b[theirs[1]]], a),
        // In one edge: only folded onto each other.
        (1, 1) => folded(a, own[0], b[theirs[0]]),
        _ => true,
    }
}

fn coord([x, y, z]: Vec3) -> Coord3D<f64> {
    Coord3D { x, y, z }
}

fn side([a, b, c]: [Vec3; 3], p: Vec3) -> f64 {
    orient3d(coord(a), coord(b), coord(c), coord(p))
}

/// Whether a triangle and one with another tip on the same edge lie in one plane, on the same side of the edge.
fn folded(t: [Vec3; 3], tip: usize, other: Vec3) -> bool {
    if side(t, other) != 0.0 {
        return false;
    }
    let axes = plane(t);
    let flat = |p: Vec3| axes.map(|axis| p[axis]);
    let (p, q) = (flat(t[(tip + 1) % 3]), flat(t[(tip + 2) % 3]));
    turn(p, q, flat(t[tip])) * turn(p, q, flat(other)) > 0.0
}

/// Whether a segment and a triangle have a point in common.
fn meets([p, q]: [Vec3; 2], t: [Vec3; 3]) -> bool {
    let (from, to) = (side(t, p), side(t, q));
    if from == 0.0 && to == 0.0 {
        return meets_in_plane([p, q], t);
    }
    if (from > 0.0 && to > 0.0) || (from < 0.0 && to < 0.0) {
        return false;
    }
    let around = [0, 1, 2].map(|i| side([p, q, t[i]], t[(i + 1) % 3]));
    around.iter().all(|&s| s >= 0.0) || around.iter().all(|&s| s <= 0.0)
}

/// The two axes along which a triangle is seen best.
fn plane(t: [Vec3; 3]) -> [usize; 2] {
    let normal = crate::vec3::cross(crate::vec3::sub(t[1], t[0]), crate::vec3::sub(t[2], t[0]));
    let [x, y, z] = normal.map(f64::abs);
    if x >= y && x >= z {
        [1, 2]
    } else if y >= z {
        [2, 0]
    } else {
        [0, 1]
    }
}

fn turn([ax, ay]: [f64; 2], [bx, by]: [f64; 2], [px, py]: [f64; 2]) -> f64 {
    orient2d(
        Coord { x: ax, y: ay },
        Coord { x: bx, y: by },
        Coord { x: px, y: py },
    )
}

fn meets_in_plane(segment: [Vec3; 2], t: [Vec3; 3]) -> bool {
    let axes = plane(t);
    let flat = |p: Vec3| axes.map(|axis| p[axis]);
    let ([p, q], t) = (segment.map(flat), t.map(flat));
    let inside = |p| {
        let turns = [0, 1, 2].map(|i| turn(t[i], t[(i + 1) % 3], p));
        turns.iter().all(|&s| s >= 0.0) || turns.iter().all(|&s| s <= 0.0)
    };
    let apart = |a, b, p, q| {
        let (from, to) = (turn(a, b, p), turn(a, b, q));
        (from > 0.0 && to > 0.0) || (from < 0.0 && to < 0.0)
    };
    let beside = |a: [f64; 2], b: [f64; 2]| {
        (0..2).all(|i| a[i].min(b[i]) <= p[i].max(q[i]) && p[i].min(q[i]) <= a[i].max(b[i]))
    };
    let crosses = |i: usize| {
        let (a, b) = (t[i], t[(i + 1) % 3]);
        beside(a, b) && !apart(a, b, p, q) && !apart(p, q, a, b)
    };
    inside(p) || inside(q) || (0..3).any(crosses)
}

#[cfg(test)]
mod tests;
