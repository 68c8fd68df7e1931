//! Owns: putting a symbol into the flat face of a solid as relief, and the proof that nothing else changed.
//! Must never know: what the symbol says. Dark means recessed, or raised where a recess would leave the wall too thin.
//!
//! The triangles under the zone are replaced: the face is triangulated anew around the outlines of the dark
//! modules, each outline gets walls and a floor. So every triangle outside the face is carried over bit by bit. Where the
//! outline of the face cannot be triangulated, a boolean operation does it, and the same is demanded of its result.

mod boolean;
mod closed;
mod crossing;
mod outline;
mod rim;
mod triangulate;
mod verify;

use crate::mesh::{Mesh, MeshError, vertex_key};
use crate::symbol::Symbol;
use crate::vec3::{Vec3, wide};
use crate::zone::{Face, Frame, Manner, Zone, ZoneError};
use rim::Rim;

type Triangle = [[f32; 3]; 3];

/// How the relief came into the mesh.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// The face was triangulated anew.
    Local,
    /// By a boolean operation, because the outline of the face allowed no triangulation.
    Boolean,
}

/// A mesh that carries a symbol.
#[derive(Debug, Clone, PartialEq)]
pub struct Marked {
    /// The kept triangles in their old order, then the new ones.
    pub mesh: Mesh,
    /// Material removed, in cubic millimetres, measured as the difference of the volumes; negative where it was added.
    pub removed_mm3: f64,
    /// Triangles carried over unchanged: the first of `mesh`.
    pub kept_triangles: usize,
    /// Triangles that replaced the face: the rest of `mesh`.
    pub added_triangles: usize,
    /// What fills the recesses up to the face, or is raised over it: a solid that shares their coordinates bit by bit.
    pub inlay: Mesh,
    /// How it was done.
    pub way: Way,
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
    /// The outline of the face crosses itself within rounding, and the boolean operation did not do it either.
    #[error("the face under the zone has an outline that touches or crosses itself")]
    TangledFace,
    /// The check of the result failed: it is no solid. Nothing is handed out.
    #[error("the marked mesh is no solid: {0}")]
    NotSolid(MeshError),
    /// The check of the result failed: the relief cuts through something of the part. Nothing is handed out.
    #[error("the relief would cut through another surface of the part near {at_mm:?}")]
    Crosses {
        /// A corner of the relief nearby, in millimetres.
        at_mm: [f32; 3],
    },
    /// The check of the result failed: something besides the face was changed. Nothing is handed out.
    #[error("{triangles} triangles outside the zone would change")]
    ChangedElsewhere {
        /// How many.
        triangles: usize,
    },
    /// The check of the result failed: a module is dark that should be light, or light that should be dark. Nothing is handed
    /// out.
    #[error("module {module} of the relief came out wrong")]
    WrongModule {
        /// Counted in rows from the top, each from the left, from 0.
        module: usize,
    },
    /// The check of the result failed: the volume is not what the relief takes. Nothing is handed out.
    #[error("the relief took {removed_mm3:.4} mm3 where {expected_mm3:.4} mm3 were expected")]
    WrongVolume {
        /// Difference of the volumes, in cubic millimetres.
        removed_mm3: f64,
        /// Dark area times depth, in cubic millimetres.
        expected_mm3: f64,
    },
}

/// Recesses or raises the dark modules of `symbol` in the middle of `zone` as the zone has it, upright and not mirrored as seen
/// from outside.
///
/// Where two dark modules touch only in a corner, each loses 3 % of a module there, so that no edge joins four
/// walls. The result has been checked: solid again, crossing nothing, and lighter or heavier by just the relief.
///
/// # Errors
/// [`ReliefError`]; on any of them there is no mesh at all, never a doubtful one.
pub fn embed(mesh: &Mesh, zone: &Zone, symbol: &Symbol) -> Result<Marked, ReliefError> {
    mesh.require_solid().map_err(ZoneError::from)?;
    require_room(zone, symbol)?;
    let face = zone.face(mesh)?;
    zone.require_room(mesh, &face)?;
    let outlines = outline::trace(symbol, zone.module_mm());
    let depth_mm = match zone.manner {
        Manner::Recessed | Manner::TwoColours => zone.depth_mm(),
        Manner::Raised => -zone.depth_mm(),
    };
    let task = Task {
        mesh,
        face: &face,
        rim: Rim::of(&outlines.loops, &face.frame, depth_mm),
        symbol,
        module_mm: zone.module_mm(),
        depth_mm,
        dark_mm2: outlines.area_mm2,
    };
    match task.local() {
        // A symbol without dark has nothing for a boolean operation to take away.
        Err(error) if is_of_the_outline(&error) && !outlines.loops.is_empty() => {
            task.by_boolean().map_err(|_| error)
        }
        done => done,
    }
}

/// Whether another way to the same relief may still succeed.
fn is_of_the_outline(error: &ReliefError) -> bool {
    matches!(
        error,
        ReliefError::TangledFace | ReliefError::NotSolid(_) | ReliefError::WrongVolume { .. }
    )
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

/// One relief for one face.
struct Task<'a> {
    mesh: &'a Mesh,
    face: &'a Face,
    rim: Rim,
    symbol: &'a Symbol,
    module_mm: f64,
    /// Of the floors below the face, in millimetres; negative where the dark is raised.
    depth_mm: f64,
    /// Dark area, trims at corners taken off, in square millimetres.
    dark_mm2: f64,
}

impl Task<'_> {
    /// By triangulating the face anew.
    fn local(&self) -> Result<Marked, ReliefError> {
        let border = border(self.mesh, self.face);
        let plan = triangulate::plan(&border, &self.rim.top_loops(), &self.face.frame)?;
        let inlay = self.rim.inlay(&plan.dark);
        let relief = self.rim.relief(&plan.dark);
        let added = [plan.light, relief].concat();
        let mut replaced = self.face.triangles.iter().copied().peekable();
        // Room for what is added, too: a large mesh is not copied twice.
        let mut kept = Vec::with_capacity(self.mesh.triangles.len() + added.len());
        let stays = |at: &usize| replaced.next_if_eq(at).is_none();
        kept.extend(
            (0..self.mesh.triangles.len())
                .filter(stays)
                .map(|at| self.mesh.triangles[at]),
        );
        verify::marked(self, kept, added, inlay, Way::Local)
    }

    /// By a boolean operation with the solid that fills the recesses.
    fn by_boolean(&self) -> Result<Marked, ReliefError> {
        let border = self.rim.border(&self.face.frame);
        let plan = triangulate::plan(&border, &self.rim.top_loops(), &self.face.frame)?;
        let cutter = self.rim.cutter(&plan.dark, &self.face.frame);
        let (kept, added) = boolean::apply(self.mesh, &cutter, self.depth_mm < 0.0)?;
        let inlay = self.rim.inlay(&plan.dark);
        verify::marked(self, kept, added, inlay, Way::Boolean)
    }
}

/// The directed edges of the face that have no partner within it: what it shares with the rest of the part.
fn border(mesh: &Mesh, face: &Face) -> Vec<[[f32; 3]; 2]> {
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

/// The corner of a mesh in the plane of the face.
fn in_plane(frame: &Frame, v: [f32; 3]) -> [f64; 2] {
    let [x, y, _]: Vec3 = frame.local(wide(v));
    [x, y]
}

#[cfg(test)]
mod tests;
