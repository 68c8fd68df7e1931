//! Owns: whether a solid from which triangles were taken is closed again by others. Must never know: what they are.
//!
//! Every side of what was taken or put in must have one triangle on either side of it, or none at all; all other sides are as
//! they were. So only these are counted, and what the rest of the part has of them is looked up: the work is in proportion to
//! the part with a small factor, where sorting all sides again would take most of the time of marking.

use super::Triangle;
use crate::mesh::{MeshError, VertexKey, vertex_key};
use std::collections::HashMap;

/// How many triangles run along a side from its lower corner to its higher one, and back.
type Runs = [u32; 2];

/// Refuses what is not closed, manifold and oriented, where `kept` and `replaced` together were.
pub(super) fn require(
    kept: &[Triangle],
    replaced: &[Triangle],
    added: &[Triangle],
) -> Result<(), MeshError> {
    let mut sides: HashMap<[VertexKey; 2], Runs> = HashMap::new();
    for (side, _) in replaced.iter().flat_map(sides_of) {
        sides.entry(side).or_default();
    }
    for (side, way) in added.iter().flat_map(sides_of) {
        sides.entry(side).or_default()[way] += 1;
    }
    let bounds = Bounds::around(replaced.iter().chain(added));
    for triangle in kept {
        // A side has two corners, so one that lies outside is not enough to leave it out.
        if triangle
            .iter()
            .filter(|&corner| bounds.hold(corner))
            .count()
            < 2
        {
            continue;
        }
        for (side, way) in sides_of(triangle) {
            if let Some(runs) = sides.get_mut(&side) {
                runs[way] += 1;
            }
        }
    }
    judge(sides.into_values())
}

fn judge(sides: impl Iterator<Item = Runs>) -> Result<(), MeshError> {
    let (mut open, mut crowded, mut misoriented) = (0, 0, 0);
    for runs in sides {
        match runs {
            [0, 0] | [1, 1] => {}
            [1, 0] | [0, 1] => open += 1,
            [2, 0] | [0, 2] => misoriented += 1,
            _ => crowded += 1,
        }
    }
    match (crowded, open, misoriented) {
        (0, 0, 0) => Ok(()),
        (0, 0, edges) => Err(MeshError::Misoriented { edges }),
        (0, edges, _) => Err(MeshError::Open { edges }),
        (edges, ..) => Err(MeshError::NonManifold { edges }),
    }
}

/// The sides of a triangle that names no corner twice, each with which way it runs.
fn sides_of(triangle: &Triangle) -> impl Iterator<Item = ([VertexKey; 2], usize)> + use<> {
    let [a, b, c] = triangle.map(vertex_key);
    let sides = [[a, b], [b, c], [c, a]];
    let is_whole = a != b && b != c && c != a;
    let sorted = |[from, to]: [VertexKey; 2]| match from < to {
        true => ([from, to], 0),
        false => ([to, from], 1),
    };
    sides.into_iter().filter(move |_| is_whole).map(sorted)
}

/// A box along the axes.
struct Bounds {
    low: [f32; 3],
    high: [f32; 3],
}

impl Bounds {
    fn around<'a>(triangles: impl Iterator<Item = &'a Triangle>) -> Self {
        let empty = Self {
            low: [f32::INFINITY; 3],
            high: [f32::NEG_INFINITY; 3],
        };
        triangles.flatten().fold(empty, |bounds, corner| Self {
            low: std::array::from_fn(|axis| bounds.low[axis].min(corner[axis])),
            high: std::array::from_fn(|axis| bounds.high[axis].max(corner[axis])),
        })
    }

    fn hold(&self, corner: &[f32; 3]) -> bool {
        (0..3).all(|axis| (self.low[axis]..=self.high[axis]).contains(&corner[axis]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::cuboid;
    use crate::mesh::Mesh;
    use proptest::prelude::*;

    /// What the whole mesh's check says, its volume aside.
    fn by_all(triangles: &[Triangle]) -> bool {
        let report = Mesh {
            triangles: triangles.to_vec(),
        }
        .check();
        report.closed() && report.manifold() && report.oriented()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]

        /// Some triangles of two boxes out, some others in: among few corners, so that all kinds of sides come up.
        #[test]
        fn it_says_what_counting_all_sides_says(
            taken in prop::collection::vec(0_usize..24, 0..5),
            put in prop::collection::vec((0_usize..24, any::<bool>(), any::<bool>()), 0..6),
        ) {
            let mut solid = cuboid([2.0, 3.0, 4.0]).triangles;
            let beside = solid.clone().into_iter().map(|t| t.map(|[x, y, z]| [x + 2.5, y, z]));
            solid.extend(beside);
            let (mut replaced, mut kept) = (Vec::new(), Vec::new());
            for (at, triangle) in solid.iter().enumerate() {
                if taken.contains(&at) { replaced.push(*triangle) } else { kept.push(*triangle) }
            }
            // Often just what was taken, so that it closes again; or turned, or another.
            let other = |&(at, turned, own): &(usize, bool, bool)| {
                let mut triangle = if own { replaced.get(at % replaced.len().max(1)).copied().unwrap_or(solid[at]) } else { solid[at] };
                if turned { triangle.swap(0, 1); }
                triangle
            };
            for added in [replaced.clone(), put.iter().map(other).collect()] {
                let whole = [&kept[..], &added].concat();
                prop_assert_eq!(require(&kept, &replaced, &added).is_ok(), by_all(&whole));
            }
        }
    }
}
