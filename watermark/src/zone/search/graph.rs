//! Owns: which triangle lies across each side of each triangle. Must never know: planes, zones.
//!
//! Corners are one when their bits are, as `mesh::check` has it. Everything is sorted, nothing hashed, so the answer is the
//! same on every machine.

use crate::mesh::{Mesh, MeshError, numbered};

/// For three sides of each triangle in order, what lies across.
pub(super) struct Graph {
    across: Vec<Option<u32>>,
}

impl Graph {
    /// Of a solid, which is decided on the way: numbering and sorting twice would take half of the time of finding a place.
    ///
    /// # Errors
    /// As [`Mesh::require_solid`].
    pub(super) fn of_solid(mesh: &Mesh) -> Result<Self, MeshError> {
        let (graph, paired) = Self::paired(mesh);
        match paired {
            true => mesh.require_volume()?,
            false => mesh.require_solid()?,
        }
        Ok(graph)
    }

    pub(super) fn of(mesh: &Mesh) -> Self {
        Self::paired(mesh).0
    }

    /// And whether every side has just one triangle beyond it, which runs the other way.
    fn paired(mesh: &Mesh) -> (Self, bool) {
        let (corners, _) = numbered(&mesh.triangles);
        // Lower and higher corner in one word, then the place of the side, three to a triangle.
        let mut sides: Vec<(u64, u32)> = Vec::with_capacity(3 * corners.len());
        let runs_up = |place: u32| {
            let corners = corners[place as usize / 3];
            let at = place as usize % 3;
            corners[at] < corners[(at + 1) % 3]
        };
        for (at, &[a, b, c]) in (0..).step_by(3).zip(&corners) {
            let ends = [(a, b), (b, c), (c, a)];
            let word = |(p, q): (u32, u32)| u64::from(p.min(q)) << 32 | u64::from(p.max(q));
            sides.extend(ends.into_iter().map(word).zip(at..));
        }
        sides.sort_unstable();
        let mut across = vec![None; sides.len()];
        let mut paired = true;
        for pair in sides.chunk_by(|p, q| p.0 == q.0) {
            // Where more than two meet, none is the neighbour.
            match *pair {
                [one, other] => {
                    across[one.1 as usize] = Some(other.1 / 3);
                    across[other.1 as usize] = Some(one.1 / 3);
                    paired &= runs_up(one.1) != runs_up(other.1);
                }
                _ => paired = false,
            }
        }
        (Self { across }, paired)
    }

    /// What lies across the side from corner `side` to the next; nothing where the mesh ends or is not manifold.
    pub(super) fn across(&self, triangle: usize, side: usize) -> Option<usize> {
        self.across[3 * triangle + side].map(|found| found as usize)
    }
}
