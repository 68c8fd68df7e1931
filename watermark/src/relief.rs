//! Owns: cutting a symbol into the flat face of a solid, and the proof that nothing else changed.
//! Must never know: what the symbol says. Dark means recessed.
//!
//! The triangles under the zone are replaced: the face is triangulated anew around the outlines of the dark
//! modules, each outline gets walls and a floor. No boolean kernel is involved, so every triangle outside the face
//! is carried over bit by bit and the result is the same on every machine.

mod outline;
mod triangulate;

use crate::mesh::{Mesh, MeshError, MeshReport};
use crate::symbol::Symbol;
use crate::vec3::{Vec3, area_vector, length, narrow, wide};
use crate::zone::{Face, Frame, Zone, ZoneError};
use outline::Outlines;

/// A mesh that carries a symbol.
#[derive(Debug, Clone, PartialEq)]
pub struct Marked {
    /// The kept triangles in their old order, then the new ones.
    pub mesh: Mesh,
    /// Material removed, in cubic millimetres, measured as the difference of the volumes.
    pub removed_mm3: f64,
    /// Triangles carried over unchanged: the first of `mesh`.
    pub kept_triangles: usize,
    /// Triangles that replaced the face: the rest of `mesh`.
    pub added_triangles: usize,
}

/// Why a symbol was not embedded.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ReliefError {
    /// The mesh does not offer the zone.
    #[error(transparent)]
    Zone(#[from] ZoneError),
    /// The symbol was fitted to another, larger zone.
    #[error("the symbol needs {needed} modules with its quiet zone, the zone has {available}")]
    SymbolTooLarge {
        /// Modules along a side, quiet zone included.
        needed: u32,
        /// Whole modules along the zone's shorter side.
        available: u32,
    },
    /// The outline of the face crosses itself within rounding: no triangulation of it exists.
    #[error("the face under the zone has an outline that touches or crosses itself")]
    TangledFace,
    /// The check of the result failed: it is no solid. Nothing is handed out.
    #[error("the marked mesh is no solid: {0}")]
    NotSolid(MeshError),
    /// The check of the result failed: the volume is not what the recess takes. Nothing is handed out.
    #[error("the recess took {removed_mm3:.4} mm3 where {expected_mm3:.4} mm3 were expected")]
    WrongVolume {
        /// Difference of the volumes, in cubic millimetres.
        removed_mm3: f64,
        /// Dark area times depth, in cubic millimetres.
        expected_mm3: f64,
    },
}

/// How far the removed volume may be from dark area times depth, as a share of it.
const VOLUME_TOLERANCE: f64 = 0.002;

/// Recesses the dark modules of `symbol` in the middle of `zone`, upright and not mirrored as seen from outside.
///
/// Where two dark modules touch only in a corner, each loses 3 % of a module there, so that no edge joins four
/// walls. The result has been checked: solid again, and lighter by just the recess.
///
/// # Errors
/// [`ReliefError`]; on any of them there is no mesh at all, never a doubtful one.
pub fn embed(mesh: &Mesh, zone: &Zone, symbol: &Symbol) -> Result<Marked, ReliefError> {
    let before = mesh.solid().map_err(ZoneError::from)?;
    require_room(zone, symbol)?;
    let face = zone.face(mesh)?;
    zone.require_thickness(mesh, &face)?;
    let outlines = outline::trace(symbol, zone.module_mm());
    let new = recess(mesh, &face, &outlines, zone.depth_mm())?;
    let kept = kept(mesh, &face);
    let (kept_triangles, added_triangles) = (kept.len(), new.len());
    let triangles = [kept, new].concat();
    let marked = Mesh { triangles };
    Ok(Marked {
        removed_mm3: verify(
            &before,
            &marked,
            kept_triangles,
            outlines.area_mm2 * zone.depth_mm(),
        )?,
        mesh: marked,
        kept_triangles,
        added_triangles,
    })
}

fn require_room(zone: &Zone, symbol: &Symbol) -> Result<(), ReliefError> {
    let needed = symbol.size_with_quiet();
    let available = zone
        .width_um
        .min(zone.height_um)
        .checked_div(zone.module_um)
        .ok_or(ZoneError::BadSize("module"))?;
    if needed > available {
        return Err(ReliefError::SymbolTooLarge { needed, available });
    }
    Ok(())
}

type Triangle = [[f32; 3]; 3];

/// The triangles that replace the face.
fn recess(
    mesh: &Mesh,
    face: &Face,
    outlines: &Outlines,
    depth_mm: f64,
) -> Result<Vec<Triangle>, ReliefError> {
    let rim = Rim::of(&outlines.loops, &face.frame, depth_mm);
    let border = border(mesh, face);
    let plan = triangulate::plan(&border, &rim.top_loops(), &face.frame)?;
    let mut new = plan.light;
    new.extend(plan.dark.iter().map(|t| t.map(|at| rim.bottom[at])));
    for ring in &rim.rings {
        for (i, &a) in ring.iter().enumerate() {
            let b = ring[(i + 1) % ring.len()];
            // Dark lies to the left of an outline; the wall looks into the recess.
            new.push([rim.top[a], rim.top[b], rim.bottom[b]]);
            new.push([rim.top[a], rim.bottom[b], rim.bottom[a]]);
        }
    }
    Ok(new)
}

/// The corners of the outlines, on the face and on the floor, rounded once so that all who share one agree.
struct Rim {
    top: Vec<[f32; 3]>,
    bottom: Vec<[f32; 3]>,
    /// Indices of `top`, loop by loop.
    rings: Vec<Vec<usize>>,
}

impl Rim {
    fn of(loops: &[Vec<[f64; 2]>], frame: &Frame, depth_mm: f64) -> Self {
        let at = |height: f64| {
            loops
                .iter()
                .flatten()
                .map(move |&[x, y]| narrow(frame.world([x, y, height])))
                .collect()
        };
        let mut first = 0;
        let rings = loops
            .iter()
            .map(|ring| {
                first += ring.len();
                (first - ring.len()..first).collect()
            })
            .collect();
        Self {
            top: at(0.0),
            bottom: at(-depth_mm),
            rings,
        }
    }

    fn top_loops(&self) -> triangulate::Loops<'_> {
        triangulate::Loops {
            corners: &self.top,
            rings: &self.rings,
        }
    }
}

/// The directed edges of the face that have no partner within it: what it shares with the rest of the part.
fn border(mesh: &Mesh, face: &Face) -> Vec<[[f32; 3]; 2]> {
    use crate::mesh::vertex_key;
    let edges = || {
        face.triangles.iter().flat_map(|&i| {
            let [a, b, c] = mesh.triangles[i];
            [[a, b], [b, c], [c, a]]
        })
    };
    let held: std::collections::HashSet<_> = edges().map(|e| e.map(vertex_key)).collect();
    edges()
        .filter(|&[a, b]| !held.contains(&[b, a].map(vertex_key)))
        .collect()
}

/// The triangles outside the face, as they were.
fn kept(mesh: &Mesh, face: &Face) -> Vec<Triangle> {
    let mut replaced = face.triangles.iter().copied().peekable();
    let stays = |i: &usize| replaced.next_if_eq(i).is_none();
    (0..mesh.triangles.len())
        .filter(stays)
        .map(|i| mesh.triangles[i])
        .collect()
}

/// The removed volume, in cubic millimetres.
///
/// Watertight alone proves little: a floor may poke out of the back. The thickness was required before; the
/// volume says that walls and floors stand where they should and the face closes around them.
fn verify(
    old: &MeshReport,
    after: &Mesh,
    kept: usize,
    expected_mm3: f64,
) -> Result<f64, ReliefError> {
    let new = after.check();
    new.require_solid().map_err(ReliefError::NotSolid)?;
    let removed_mm3 = old.volume_mm3 - new.volume_mm3;
    let largest = old
        .bbox_mm
        .as_flattened()
        .iter()
        .fold(0.0_f32, |m, c| m.max(c.abs()));
    let changed_mm2: f64 = after.triangles[kept..]
        .iter()
        .map(|t| length(area_vector(t)) / 2.0)
        .sum();
    // Each corner may have moved by half a unit in the last place: over the whole face, a sheet that thick.
    let rounding_mm3 = f64::from(largest) * f64::from(f32::EPSILON) * changed_mm2;
    if (removed_mm3 - expected_mm3).abs() > VOLUME_TOLERANCE * expected_mm3 + rounding_mm3 {
        return Err(ReliefError::WrongVolume {
            removed_mm3,
            expected_mm3,
        });
    }
    Ok(removed_mm3)
}

/// The corner of a mesh in the plane of the face.
fn in_plane(frame: &Frame, v: [f32; 3]) -> [f64; 2] {
    let [x, y, _]: Vec3 = frame.local(wide(v));
    [x, y]
}

#[cfg(test)]
mod tests;
