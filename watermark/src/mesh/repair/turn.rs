//! Owns: which way the triangles of a closed mesh should face. Must never know: why they do not.

use super::{Repair, nested};
use crate::mesh::MeshError;
use crate::mesh::check::{self, Ids};
use crate::vec3::{cross, dot, sub, wide};

type Triangle = [[f32; 3]; 3];

/// Makes neighbours agree and every shell face outwards, of a closed manifold mesh.
///
/// Refused where a shell's box lies within another's, or where that is not to be told: whether it is a cavity, only whoever drew it knows.
pub(super) fn outwards(
    triangles: &mut [Triangle],
    repairs: &mut Vec<Repair>,
) -> Result<(), MeshError> {
    let ids = Ids::of(triangles);
    let shells = Shells::of(&ids)?;
    let mut turned = vec![false; triangles.len()];
    let mut boxes = Vec::new();
    for shell in &shells.members {
        let origin = wide(triangles[shell[0].0][0]);
        let volume: f64 = shell
            .iter()
            .map(|&(at, flipped)| {
                let [a, b, c] = triangles[at].map(|v| sub(wide(v), origin));
                let signed = dot(a, cross(b, c));
                if flipped { -signed } else { signed }
            })
            .sum();
        for &(at, flipped) in shell {
            turned[at] = flipped != (volume < 0.0);
        }
        let corners: Vec<Triangle> = shell.iter().map(|&(at, _)| triangles[at]).collect();
        boxes.push(check::bounding_box(&corners));
    }
    if !nested::none(&boxes) {
        let report = check::report(triangles);
        return report.require_solid();
    }
    let count = turned.iter().filter(|&&turned| turned).count();
    for (triangle, _) in triangles.iter_mut().zip(turned).filter(|one| one.1) {
        triangle.swap(1, 2);
    }
    repairs.push(Repair::Turned { triangles: count });
    Ok(())
}

/// Triangles that are joined by edges, each with whether it runs the other way than the first of its shell.
struct Shells {
    members: Vec<Vec<(usize, bool)>>,
}

impl Shells {
    fn of(ids: &Ids) -> Result<Self, MeshError> {
        // Each edge with who has it and in which direction; of two, because the mesh is closed and manifold.
        let mut edges: Vec<(u32, u32, bool, usize)> = Vec::with_capacity(ids.corners.len() * 3);
        for (at, &[a, b, c]) in ids.corners.iter().enumerate() {
            for (from, to) in [(a, b), (b, c), (c, a)] {
                edges.push((from.min(to), from.max(to), from < to, at));
            }
        }
        edges.sort_unstable();
        let mut beside: Vec<Vec<(usize, bool)>> = vec![Vec::new(); ids.corners.len()];
        for pair in edges.chunk_by(|one, other| (one.0, one.1) == (other.0, other.1)) {
            if let [one, other] = pair {
                beside[one.3].push((other.3, one.2 == other.2));
                beside[other.3].push((one.3, one.2 == other.2));
            }
        }
        let mut side: Vec<Option<bool>> = vec![None; beside.len()];
        let mut members = Vec::new();
        for start in 0..beside.len() {
            if side[start].is_none() {
                members.push(Self::gather(start, &beside, &mut side)?);
            }
        }
        Ok(Self { members })
    }

    fn gather(
        start: usize,
        beside: &[Vec<(usize, bool)>],
        side: &mut [Option<bool>],
    ) -> Result<Vec<(usize, bool)>, MeshError> {
        let mut shell = Vec::new();
        let mut open = vec![start];
        side[start] = Some(false);
        while let Some(at) = open.pop() {
            let own = side[at].unwrap_or_default();
            shell.push((at, own));
            for &(next, opposed) in &beside[at] {
                match side[next] {
                    None => {
                        side[next] = Some(own != opposed);
                        open.push(next);
                    }
                    // A surface with one side only, like a Klein bottle's.
                    Some(known) if known != (own != opposed) => {
                        return Err(MeshError::Misoriented { edges: 1 });
                    }
                    Some(_) => {}
                }
            }
        }
        Ok(shell)
    }
}
