//! Owns: whether surfaces cross: exactly, by the signs of determinants. Must never know: symbols, zones.
//!
//! Triangles that share corners may touch there, and nowhere else. Of a marked mesh only the relief is looked at, against
//! everything: the rest of the part crosses itself as much as it did before.

use super::{ReliefError, Triangle};
use crate::mesh::{Mesh, vertex_key};
use crate::vec3::{Vec3, area_vector, wide};
use crate::zone::Frame;
use robust::{Coord, Coord3D, orient2d, orient3d};

/// Side of a cell of the grid in which neighbours are looked for, in millimetres.
const CELL_MM: f64 = 1.0;
/// Most cells along a side of the grid: what a zone of 10 m with modules of a micrometre must not exceed.
const MAX_CELLS: f64 = 256.0;

/// Refuses where one of the triangles `relief`, by number, meets something that it does not end at.
pub(super) fn require_none(
    mesh: &Mesh,
    mut relief: Vec<usize>,
    frame: &Frame,
) -> Result<(), ReliefError> {
    // A triangle without area lies on its neighbours' edges.
    let is_flat = |at: usize| area_vector(&mesh.triangles[at]) == [0.0; 3];
    relief.retain(|&at| !is_flat(at));
    let grid = Grid::of(relief.iter().map(|&at| &mesh.triangles[at]), frame);
    let near: Vec<usize> = (0..mesh.triangles.len())
        .filter(|&at| grid.range(&mesh.triangles[at]).is_some() && !is_flat(at))
        .collect();
    let mut cells: Vec<Vec<u32>> = vec![Vec::new(); grid.across * grid.across];
    for (&at, number) in relief.iter().zip(0..) {
        for cell in grid.cells(&mesh.triangles[at]) {
            cells[cell].push(number);
        }
    }
    // Which triangle each of the relief was last compared with: neighbours share many cells.
    let mut last = vec![usize::MAX; relief.len()];
    for at in near {
        let triangle = &mesh.triangles[at];
        for &number in grid.cells(triangle).flat_map(|cell| &cells[cell]) {
            let number = number as usize;
            let other = &mesh.triangles[relief[number]];
            let known = std::mem::replace(&mut last[number], at) == at || relief[number] == at;
            if !known && boxes_meet(triangle, other) && cross(triangle, other) {
                return Err(ReliefError::Crosses { at_mm: other[0] });
            }
        }
    }
    Ok(())
}

fn boxes_meet(one: &Triangle, other: &Triangle) -> bool {
    (0..3).all(|axis| {
        let reach = |t: &Triangle| {
            let values = t.map(|corner| corner[axis]);
            let low = values.iter().fold(f32::INFINITY, |m, &c| m.min(c));
            let high = values.iter().fold(f32::NEG_INFINITY, |m, &c| m.max(c));
            (low, high)
        };
        let ((low, high), (other_low, other_high)) = (reach(one), reach(other));
        low <= other_high && other_low <= high
    })
}

/// Cells over the box of the relief, in the plane of the face; heights are left out.
struct Grid<'a> {
    frame: &'a Frame,
    low: [f64; 3],
    high: [f64; 3],
    cell_mm: f64,
    /// Cells along a side.
    across: usize,
}

impl<'a> Grid<'a> {
    fn of<'t>(triangles: impl Iterator<Item = &'t Triangle>, frame: &'a Frame) -> Self {
        let (mut low, mut high) = ([f64::INFINITY; 3], [f64::NEG_INFINITY; 3]);
        for corner in triangles.flatten() {
            let local = frame.local(wide(*corner));
            for axis in 0..3 {
                // A micrometre more than rounding needs.
                low[axis] = low[axis].min(local[axis] - 0.001);
                high[axis] = high[axis].max(local[axis] + 0.001);
            }
        }
        // Of nothing, nothing: one cell that no triangle meets.
        let widest = (high[0] - low[0]).max(high[1] - low[1]).max(0.0);
        let cell_mm = CELL_MM.max(widest / MAX_CELLS);
        Self {
            frame,
            low,
            high,
            cell_mm,
            across: (widest / cell_mm) as usize + 1,
        }
    }

    /// First and last cell that a triangle's box meets, along both axes; none where it is elsewhere.
    fn range(&self, triangle: &Triangle) -> Option<[[usize; 2]; 2]> {
        let corners = triangle.map(|corner| self.frame.local(wide(corner)));
        let bound = |axis: usize| {
            let values = corners.map(|corner| corner[axis]);
            let low = values.iter().fold(f64::INFINITY, |m, &c| m.min(c));
            let high = values.iter().fold(f64::NEG_INFINITY, |m, &c| m.max(c));
            let (low, high) = (low.max(self.low[axis]), high.min(self.high[axis]));
            (low <= high).then_some([low, high])
        };
        bound(2)?;
        let cell = |axis: usize, c: f64| {
            let cell = (c - self.low[axis]) / self.cell_mm;
            (cell as usize).min(self.across - 1)
        };
        let [x, y] = [bound(0)?, bound(1)?];
        Some([x.map(|c| cell(0, c)), y.map(|c| cell(1, c))])
    }

    fn cells(&self, triangle: &Triangle) -> impl Iterator<Item = usize> {
        let [x, y] = self.range(triangle).unwrap_or([[1, 0], [1, 0]]);
        let across = self.across;
        (x[0]..=x[1]).flat_map(move |x| (y[0]..=y[1]).map(move |y| x * across + y))
    }
}

/// Whether two triangles meet elsewhere than in the corners that they share.
fn cross(one: &Triangle, other: &Triangle) -> bool {
    let shared =
        |corner: &[f32; 3], t: &Triangle| t.iter().any(|c| vertex_key(*c) == vertex_key(*corner));
    let own: Vec<usize> = (0..3).filter(|&i| !shared(&one[i], other)).collect();
    let theirs: Vec<usize> = (0..3).filter(|&i| !shared(&other[i], one)).collect();
    let (a, b) = (one.map(wide), other.map(wide));
    if is_beside(a, &b, &theirs) || is_beside(b, &a, &own) {
        return false;
    }
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

/// Whether those corners of a triangle that another does not share lie strictly on one side of it. Then they meet in what they
/// share and nowhere else; most pairs that are near each other do.
fn is_beside(t: [Vec3; 3], other: &[Vec3; 3], unshared: &[usize]) -> bool {
    let mut sides = unshared.iter().map(|&at| side(t, other[at]));
    let Some(first) = sides.next().filter(|&side| side != 0.0) else {
        return false;
    };
    sides.all(|side| side != 0.0 && (side > 0.0) == (first > 0.0))
}

fn coord([x, y, z]: Vec3) -> Coord3D<f64> {
    Coord3D { x, y, z }
}

fn side([a, b, c]: [Vec3; 3], p: Vec3) -> f64 {
    // Faces mostly lie along the axes, and what is exactly nothing costs most.
    if (0..3).any(|axis| a[axis] == b[axis] && b[axis] == c[axis] && c[axis] == p[axis]) {
        return 0.0;
    }
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
