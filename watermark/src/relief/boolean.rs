//! Owns: the boolean operation that makes a relief where the face cannot be triangulated anew. Must never know: symbols,
//! zones; what comes out is checked by `verify` like everything else.
//!
//! `manifold-rust` and not `boolmesh`, which walks through maps in random order: of six runs on one input no two gave the
//! same bytes. What this one gives is put into an order of ours: kept triangles as they were, new ones sorted.

use super::{ReliefError, Triangle};
use crate::mesh::{Mesh, MeshError, VertexKey, vertex_key};
use crate::vec3::narrow;
use manifold_rust::manifold::Manifold;
use manifold_rust::types::{BooleanEngine, Error, MeshGL64};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Most triangles: a kilobyte or so of memory goes for each, where the face alone takes a hundred bytes.
const MAX_TRIANGLES: usize = 500_000;

/// The kept triangles of `mesh` in their order and the new ones, the cutter taken away, or added where it is raised.
pub(super) fn apply(
    mesh: &Mesh,
    cutter: &Mesh,
    raised: bool,
) -> Result<(Vec<Triangle>, Vec<Triangle>), ReliefError> {
    if mesh.triangles.len() > MAX_TRIANGLES {
        return Err(ReliefError::TangledFace);
    }
    // Young code on strangers' meshes: should it give up, this part is refused and the process goes on.
    let made = catch_unwind(AssertUnwindSafe(|| operate(mesh, cutter, raised)));
    let made = made.unwrap_or(Err(ReliefError::TangledFace))?;
    Ok(divided(mesh, made))
}

fn operate(mesh: &Mesh, cutter: &Mesh, raised: bool) -> Result<Vec<Triangle>, ReliefError> {
    let (part, tool) = (solid(mesh)?, solid(cutter)?);
    let made = match raised {
        false => part.difference_with_engine(&tool, BooleanEngine::Auto),
        true => part.union_with_engine(&tool, BooleanEngine::Auto),
    };
    match made.status() {
        Error::NoError => Ok(triangles(&made.get_mesh_gl64(-1))),
        _ => Err(ReliefError::TangledFace),
    }
}

/// The mesh as the library takes it, corners numbered by their bits.
fn solid(mesh: &Mesh) -> Result<Manifold, ReliefError> {
    let mut numbers: BTreeMap<VertexKey, u64> = BTreeMap::new();
    for corner in mesh.triangles.as_flattened() {
        numbers.insert(vertex_key(*corner), 0);
    }
    let mut corners = Vec::with_capacity(3 * numbers.len());
    for ((key, number), next) in numbers.iter_mut().zip(0..) {
        *number = next;
        corners.extend(key.map(|bits| f64::from(f32::from_bits(bits))));
    }
    let at = mesh.triangles.as_flattened().iter();
    let gl = MeshGL64 {
        num_prop: 3,
        vert_properties: corners,
        tri_verts: at.map(|corner| numbers[&vertex_key(*corner)]).collect(),
        ..MeshGL64::default()
    };
    let made = Manifold::from_mesh_gl64(&gl);
    match made.status() {
        Error::NoError => Ok(made),
        _ => Err(ReliefError::NotSolid(MeshError::NonManifold { edges: 1 })),
    }
}

fn triangles(made: &MeshGL64) -> Vec<Triangle> {
    let stride = made.num_prop as usize;
    let corner = |at: u64| {
        let from = at as usize * stride;
        narrow([0, 1, 2].map(|axis| made.vert_properties[from + axis]))
    };
    let all = made.tri_verts.as_chunks::<3>().0.iter();
    let whole = all.map(|t| t.map(corner));
    // Rounded to the precision of the file, needles may lose their area; their edges stay, because both sides round alike.
    whole
        .filter(|[a, b, c]| {
            let keys = [a, b, c].map(|v| vertex_key(*v));
            keys[0] != keys[1] && keys[1] != keys[2] && keys[2] != keys[0]
        })
        .collect()
}

/// Which of the mesh's triangles are still there, whichever corner they begin with, and what is new.
fn divided(mesh: &Mesh, made: Vec<Triangle>) -> (Vec<Triangle>, Vec<Triangle>) {
    let mut found: BTreeMap<[VertexKey; 3], usize> = BTreeMap::new();
    for triangle in &made {
        *found.entry(canonical(triangle)).or_default() += 1;
    }
    let mut stays = |triangle: &&Triangle| {
        let count = found
            .get_mut(&canonical(triangle))
            .filter(|count| **count > 0);
        count.map(|count| *count -= 1).is_some()
    };
    let kept = mesh.triangles.iter().filter(&mut stays).copied().collect();
    let new = found.iter().flat_map(|(keys, &count)| {
        let triangle = keys.map(|key| key.map(f32::from_bits));
        std::iter::repeat_n(triangle, count)
    });
    (kept, new.collect())
}

/// The same triangle, begun at its lowest corner.
fn canonical(t: &Triangle) -> [VertexKey; 3] {
    let [a, b, c] = t.map(vertex_key);
    [[a, b, c], [b, c, a], [c, a, b]]
        .into_iter()
        .min()
        .unwrap_or([a, b, c])
}
