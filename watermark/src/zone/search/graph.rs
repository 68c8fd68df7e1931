//! Owns: which triangle lies across each side of each triangle. Must never know: planes, zones.
//!
//! Corners are one when their bits are, as `mesh::check` has it. Everything is sorted, nothing hashed, so the answer is the
//! same on every machine.

use crate::mesh::{Mesh, VertexKey, vertex_key};

/// For three sides of each triangle in order, what lies across.
pub(super) struct Graph {
    across: Vec<Option<u32>>,
}

/// One side of a triangle: its lower and its higher corner, then the place of the side, three to a triangle.
type Side = (u32, u32, u32);

impl Graph {
    pub(super) fn of(mesh: &Mesh) -> Self {
        let corners = numbered(mesh);
        let mut sides: Vec<Side> = Vec::with_capacity(corners.len());
        for (at, triangle) in (0..).step_by(3).zip(corners.as_chunks::<3>().0) {
            let [a, b, c] = *triangle;
            let ends = [(a, b), (b, c), (c, a)];
            sides.extend(
                (at..)
                    .zip(ends)
                    .map(|(at, (p, q))| (p.min(q), p.max(q), at)),
            );
        }
        sides.sort_unstable();
        let mut across = vec![None; corners.len()];
        for pair in sides.chunk_by(|p, q| (p.0, p.1) == (q.0, q.1)) {
            // Where more than two meet, none is the neighbour.
            if let [one, other] = *pair {
                across[one.2 as usize] = Some(other.2 / 3);
                across[other.2 as usize] = Some(one.2 / 3);
            }
        }
        Self { across }
    }

    /// What lies across the side from corner `side` to the next; nothing where the mesh ends or is not manifold.
    pub(super) fn across(&self, triangle: usize, side: usize) -> Option<usize> {
        self.across[3 * triangle + side].map(|found| found as usize)
    }
}

/// The corners of all triangles, numbered by their bits.
fn numbered(mesh: &Mesh) -> Vec<u32> {
    let mut keys: Vec<(VertexKey, u32)> = mesh
        .triangles
        .as_flattened()
        .iter()
        .zip(0..)
        .map(|(&v, at)| (vertex_key(v), at))
        .collect();
    keys.sort_unstable();
    let mut numbers = vec![0; keys.len()];
    for (number, same) in (0..).zip(keys.chunk_by(|p, q| p.0 == q.0)) {
        for (_, at) in same {
            numbers[*at as usize] = number;
        }
    }
    numbers
}
