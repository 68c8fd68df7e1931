//! Owns: the declared mark zone, a rectangle on a flat face, and the proof that a mesh really offers it.
//! Must never know: symbols or photographs.

mod clearance;
mod face;
mod frame;
pub mod search;

pub(crate) use clearance::Clearance;
pub(crate) use face::Face;
pub(crate) use frame::Frame;

use crate::mesh::{Mesh, MeshError};
use serde::{Deserialize, Serialize};

/// How a mark is put onto a face.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Manner {
    /// As a recess of the part's own colour, a module deep or more: what a decoder reads best, because it is in the shade.
    #[default]
    Recessed,
    /// Standing out of the face, which takes nothing from a thin wall.
    Raised,
    /// As a shallow recess that another colour fills.
    TwoColours,
}

impl Manner {
    /// The best first: what stands out breaks off and throws its shadow beside itself; another colour needs a printer that has it.
    pub const ALL: [Manner; 3] = [Manner::Recessed, Manner::Raised, Manner::TwoColours];

    /// As files have it.
    pub fn name(self) -> &'static str {
        match self {
            Manner::Recessed => "recessed",
            Manner::Raised => "raised",
            Manner::TwoColours => "two_colours",
        }
    }

    fn is_recessed(&self) -> bool {
        *self == Manner::Recessed
    }
}

/// A planar rectangular mark zone in the coordinates of the part. Integers, so that two parties sign the same thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Zone {
    /// Middle of the rectangle, in micrometres.
    pub centre_um: [i64; 3],
    /// Outward unit normal of the face, scaled by 1,000,000.
    pub normal_e6: [i32; 3],
    /// Unit vector that points up in the symbol, in the plane of the face, scaled by 1,000,000.
    pub up_e6: [i32; 3],
    /// Size across `up`, in micrometres.
    pub width_um: u32,
    /// Size along `up`, in micrometres.
    pub height_um: u32,
    /// Side of one module, in micrometres.
    pub module_um: u32,
    /// Depth of the relief, in micrometres: into the part, or out of it where it is raised.
    pub depth_um: u32,
    /// Material that must remain behind the relief, in micrometres.
    pub wall_um: u32,
    /// Which way the dark modules go. Recessed where a file does not say.
    #[serde(default, skip_serializing_if = "Manner::is_recessed")]
    pub manner: Manner,
}

/// What a mesh offers in a zone that it was found to have.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ZoneFit {
    /// Triangles that make up the face under the rectangle.
    pub face_triangles: usize,
    /// Least material behind any point of the rectangle, along the normal, in millimetres.
    pub thickness_mm: f64,
}

/// Why a zone cannot take a mark.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ZoneError {
    /// Normal and up are not two perpendicular unit vectors.
    #[error("the zone's normal and up are not two perpendicular unit vectors")]
    BadFrame,
    /// A size is zero, or beyond 10 m.
    #[error("the zone's {0} is zero or beyond 10 m")]
    BadSize(&'static str),
    /// The part is no solid, so nothing can be said of what lies behind its faces.
    #[error(transparent)]
    Mesh(#[from] MeshError),
    /// No face with this normal passes through the zone's centre.
    #[error("no face of the part passes through the centre of the zone")]
    NotOnFace,
    /// The zone is larger than the whole part: one of them is in other units.
    #[error(
        "the zone is {zone_mm} mm long and the whole part {part_mm} mm: the part's file must be in millimetres"
    )]
    LargerThanPart {
        /// The zone's longer side, in millimetres.
        zone_mm: f64,
        /// The part's longest side, in millimetres.
        part_mm: f32,
    },
    /// The face under the zone is bent or rough by more than the tolerance.
    #[error("the face under the zone is not flat: {deviation_um:.1} um")]
    NotFlat {
        /// Largest distance of a corner from the fitted plane, in micrometres, rounding to `f32` taken off.
        deviation_um: f64,
    },
    /// An edge of the face, a hole or a step cuts the rectangle.
    #[error("the zone reaches over an edge of its face near {at_mm:?}")]
    LeavesFace {
        /// A point of that edge, in millimetres, in the coordinates of the part.
        at_mm: [f64; 3],
    },
    /// The face covers the rectangle more than once, or with gaps.
    #[error("the face covers {covered_mm2:.3} mm2 of the zone's {zone_mm2:.3} mm2")]
    Uncovered {
        /// Area of face in the rectangle.
        covered_mm2: f64,
        /// Area of the rectangle.
        zone_mm2: f64,
    },
    /// Recess and wall together want more material than is there.
    #[error("the part is {thickness_mm:.3} mm thick behind the zone, {needed_mm:.3} mm are needed")]
    TooThin {
        /// Least thickness behind the rectangle, in millimetres.
        thickness_mm: f64,
        /// Depth and wall together, in millimetres.
        needed_mm: f64,
    },
    /// Another solid of the file covers the face, or shares it.
    #[error(
        "another solid of the part reaches over the face under the zone, or shares it: make them one"
    )]
    Buried,
    /// Something stands where raised modules would be.
    #[error(
        "{free_mm:.3} mm in front of the zone something stands in the way of a relief of {needed_mm:.3} mm"
    )]
    Obstructed {
        /// Least free height in front of the rectangle, in millimetres.
        free_mm: f64,
        /// Height of the relief, in millimetres.
        needed_mm: f64,
    },
}

const MAX_SIZE_UM: u32 = 10_000_000;

impl Zone {
    /// Proves that `mesh` is a solid with a flat face under the whole rectangle and enough material behind it.
    ///
    /// # Errors
    /// The first thing that fails, by name; see [`ZoneError`].
    pub fn check(&self, mesh: &Mesh) -> Result<ZoneFit, ZoneError> {
        mesh.require_solid()?;
        let face = self.face(mesh)?;
        Ok(ZoneFit {
            face_triangles: face.triangles.len(),
            thickness_mm: self.require_room(mesh, &face)?,
        })
    }

    /// The face under the rectangle.
    pub(crate) fn face(&self, mesh: &Mesh) -> Result<Face, ZoneError> {
        self.require_sizes()?;
        let zone_mm = f64::from(self.width_um.max(self.height_um)) / 1000.0;
        let part_mm = mesh.longest_mm();
        // The longest diagonal of a box is less than twice its longest side.
        if zone_mm > 2.0 * f64::from(part_mm) {
            return Err(ZoneError::LargerThanPart { zone_mm, part_mm });
        }
        Face::find(mesh, self.frame()?, self.half_mm())
    }

    /// The least thickness behind the rectangle, in millimetres, if it suffices: for depth and wall, or for the wall alone where
    /// the relief stands out and there is room for it.
    pub(crate) fn require_room(&self, mesh: &Mesh, face: &Face) -> Result<f64, ZoneError> {
        let clearance = Clearance::of(mesh, &face.frame, self.half_mm());
        let depth_mm = self.depth_mm();
        let needed_mm = match self.manner {
            Manner::Recessed | Manner::TwoColours => depth_mm + self.wall_mm(),
            Manner::Raised => self.wall_mm(),
        };
        if self.manner == Manner::Raised && clearance.before_mm <= depth_mm {
            return Err(ZoneError::Obstructed {
                free_mm: clearance.before_mm,
                needed_mm: depth_mm,
            });
        }
        require_behind(&clearance, needed_mm)
    }

    /// Depth of the relief, in millimetres.
    pub(crate) fn depth_mm(&self) -> f64 {
        f64::from(self.depth_um) / 1000.0
    }

    /// What must remain behind the mark, in millimetres.
    pub(crate) fn wall_mm(&self) -> f64 {
        f64::from(self.wall_um) / 1000.0
    }

    /// Side of a module, in millimetres.
    pub(crate) fn module_mm(&self) -> f64 {
        f64::from(self.module_um) / 1000.0
    }

    /// The axes as declared; the face may correct them within the tolerance.
    pub(crate) fn frame(&self) -> Result<Frame, ZoneError> {
        let centre = self.centre_um.map(|um| um as f64 / 1000.0);
        let vector = |v: [i32; 3]| v.map(|c| f64::from(c) / 1e6);
        Frame::new(centre, vector(self.normal_e6), vector(self.up_e6)).ok_or(ZoneError::BadFrame)
    }

    fn half_mm(&self) -> [f64; 2] {
        [self.width_um, self.height_um].map(|um| f64::from(um) / 2000.0)
    }

    fn require_sizes(&self) -> Result<(), ZoneError> {
        let sizes = [
            ("width", self.width_um),
            ("height", self.height_um),
            ("module", self.module_um),
            ("depth", self.depth_um),
            ("wall", self.wall_um),
        ];
        match sizes.iter().find(|(_, um)| !(1..=MAX_SIZE_UM).contains(um)) {
            Some((name, _)) => Err(ZoneError::BadSize(name)),
            None => Ok(()),
        }
    }
}

fn require_behind(clearance: &Clearance, needed_mm: f64) -> Result<f64, ZoneError> {
    let thickness_mm = clearance.behind_mm;
    if thickness_mm < needed_mm {
        return Err(ZoneError::TooThin {
            thickness_mm,
            needed_mm,
        });
    }
    // Only where nothing passes through the face is one point of it like all others.
    if clearance.is_buried() {
        return Err(ZoneError::Buried);
    }
    Ok(thickness_mm)
}

#[cfg(test)]
mod tests;
