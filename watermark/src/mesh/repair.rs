//! Owns: making a solid of a mesh that nearly is one, by changes that cannot alter the part, each of them said.
//! Must never know: file formats or marks.
//!
//! For whoever prepares a file and writes a new one. Who builds by a signed digest must refuse what would need this: see
//! [`super::Mesh::require_solid`]. Holes are not closed and walls not invented: what is open after this stays refused.

mod nested;
mod sweep;
mod turn;

use super::{Mesh, MeshError};

/// One thing that was done to a mesh or to the file that it came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Repair {
    /// The count field of a binary STL was wrong, and the size of the file went for it.
    Count {
        /// What the field says.
        declared: u32,
        /// Records that were read.
        held: usize,
    },
    /// Bytes behind the last triangle were passed over.
    Trailing {
        /// How many.
        bytes: usize,
    },
    /// The text form has no `endsolid`.
    Unended,
    /// The text form has words behind `endloop`, where the grammar has none.
    Words,
    /// Coordinates were scaled to millimetres, because somebody said which unit they are in.
    Scaled {
        /// The unit.
        unit: &'static str,
    },
    /// Corners within a micrometre of each other were made one.
    Welded {
        /// Corners that moved.
        corners: usize,
    },
    /// Triangles that name a corner twice were left out.
    Degenerate {
        /// How many.
        triangles: usize,
    },
    /// Triangles that stood there before were left out.
    Duplicate {
        /// How many.
        triangles: usize,
    },
    /// Triangles that lay on each other back to back, enclosing nothing, were left out.
    BackToBack {
        /// How many.
        triangles: usize,
    },
    /// Triangles that faced the other way than their neighbours, or inwards, were turned.
    Turned {
        /// How many.
        triangles: usize,
    },
}

impl std::fmt::Display for Repair {
    fn fmt(&self, out: &mut std::fmt::Formatter) -> std::fmt::Result {
        match self {
            Self::Count { declared, held } => {
                write!(
                    out,
                    "the count field said {declared} triangles, the file holds {held}"
                )
            }
            Self::Trailing { bytes } => {
                write!(
                    out,
                    "{bytes} bytes behind the last triangle were passed over"
                )
            }
            Self::Unended => write!(out, "the text has no endsolid"),
            Self::Words => write!(out, "words behind endloop were passed over"),
            Self::Scaled { unit } => write!(out, "scaled from {unit} to millimetres, as told"),
            Self::Welded { corners } => {
                write!(
                    out,
                    "{corners} corners moved by less than 1 um to meet others"
                )
            }
            Self::Degenerate { triangles } => {
                write!(out, "{triangles} triangles without area left out")
            }
            Self::Duplicate { triangles } => {
                write!(out, "{triangles} triangles that stood there twice left out")
            }
            Self::BackToBack { triangles } => {
                write!(out, "{triangles} triangles that lay back to back left out")
            }
            Self::Turned { triangles } => write!(out, "{triangles} triangles turned outwards"),
        }
    }
}

impl Mesh {
    /// The mesh as a solid, and what it took: nothing where it was one, so that the file need not change.
    ///
    /// # Errors
    /// [`MeshError`]: what [`Mesh::require_solid`] says when everything safe has been done.
    pub fn repaired(mut self) -> Result<(Self, Vec<Repair>), MeshError> {
        let mut repairs = Vec::new();
        self.require_readable()?;
        if self.require_solid().is_ok() {
            return Ok((self, repairs));
        }
        sweep::leave_out(&mut self.triangles, &mut repairs);
        if !self.check().closed() {
            let corners = sweep::weld(&mut self.triangles);
            if corners > 0 {
                repairs.push(Repair::Welded { corners });
                sweep::leave_out(&mut self.triangles, &mut repairs);
            }
        }
        let report = self.check();
        if report.closed() && report.manifold() && report.require_solid().is_err() {
            turn::outwards(&mut self.triangles, &mut repairs)?;
        }
        self.require_solid()?;
        Ok((self, repairs))
    }
}
