//! Owns: a triangle mesh in millimetres, its STL form in and out, and what makes it a solid.
//! Must never know: marks, zones or symbols.

mod check;
mod corners;
mod repair;
mod stl;

pub use check::MeshReport;
pub(crate) use check::{VertexKey, vertex_key};
pub(crate) use corners::numbered;
pub use repair::Repair;

use crate::vec3::{area_vector, narrow, scale, unit, wide};

/// The largest coordinate that a part may have: 10 m. Beyond it `f32` cannot hold a module's corner.
pub const MAX_COORDINATE_MM: f32 = 10_000.0;

/// The least that a part may measure along its longest side, in millimetres: no mark fits on less, and a part that was
/// exported in metres is a thousand times too small.
pub const MIN_LENGTH_MM: f32 = 1.0;

/// A triangle soup in millimetres, in the order of the file. Winding is counter-clockwise seen from outside.
#[derive(Debug, Clone, PartialEq)]
pub struct Mesh {
    /// Corner coordinates in millimetres, exactly as read: never rounded, merged or reordered.
    pub triangles: Vec<[[f32; 3]; 3]>,
}

/// What a reader of strangers' STL files is willing to spend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MeshLimits {
    /// Largest file, in bytes.
    pub max_bytes: usize,
    /// Largest number of triangles.
    pub max_triangles: usize,
}

impl Default for MeshLimits {
    /// 256 MiB and five million triangles: fifty times the largest part that we have met.
    fn default() -> Self {
        Self {
            max_bytes: 256 << 20,
            max_triangles: 5_000_000,
        }
    }
}

/// Why a mesh was refused.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum MeshError {
    /// The file is larger than the limit.
    #[error("the file has {bytes} bytes, more than the {max} allowed")]
    TooManyBytes {
        /// Size of the file.
        bytes: usize,
        /// The limit.
        max: usize,
    },
    /// The file, or its count field, holds more triangles than the limit.
    #[error("the file has {triangles} triangles, more than the {max} allowed")]
    TooManyTriangles {
        /// Triangles held.
        triangles: usize,
        /// The limit.
        max: usize,
    },
    /// There is no triangle in the file.
    #[error("the file holds no triangle")]
    Empty,
    /// The file ends inside its header, a record or a facet.
    #[error("the file is cut short")]
    Truncated,
    /// The count field and the size of the file contradict each other.
    #[error("the STL file declares {declared} triangles and holds {held}")]
    LyingCount {
        /// What the count field says.
        declared: u32,
        /// How many whole records follow it.
        held: usize,
    },
    /// The text form breaks its grammar.
    #[error("the STL text is malformed near word {word}: expected {expected}")]
    MalformedText {
        /// Position in whitespace-separated words, from 0.
        word: usize,
        /// What the grammar asks for there.
        expected: &'static str,
    },
    /// A coordinate is NaN or infinite.
    #[error("triangle {triangle} has a coordinate that is not a number")]
    NotFinite {
        /// Index in the file, from 0.
        triangle: usize,
    },
    /// A coordinate lies beyond [`MAX_COORDINATE_MM`].
    #[error("triangle {triangle} has a coordinate beyond 10 m: is the file in millimetres?")]
    OutOfRange {
        /// Index in the file, from 0.
        triangle: usize,
    },
    /// The whole part is smaller than [`MIN_LENGTH_MM`].
    #[error(
        "the part is {longest_mm} mm long at most: the file is in metres or inches; export it in millimetres"
    )]
    TooSmall {
        /// Its longest side.
        longest_mm: f32,
    },
    /// The surface has a border: it encloses nothing.
    #[error("the mesh is open: {edges} edges have one side only")]
    Open {
        /// Edges with one triangle.
        edges: usize,
    },
    /// More than two triangles meet in an edge.
    #[error("the mesh is not manifold: {edges} edges join more than two triangles")]
    NonManifold {
        /// Such edges.
        edges: usize,
    },
    /// Neighbouring triangles disagree on which side is out.
    #[error("the mesh is inconsistently oriented along {edges} edges")]
    Misoriented {
        /// Such edges.
        edges: usize,
    },
    /// The size is not one that a part has, so another unit than the millimetre is likely, and nobody has said which.
    #[error(
        "the part is {longest} long at most: {guess}. Say which unit the file is in, or export it in millimetres"
    )]
    UnitDoubtful {
        /// Its longest side, in the file's numbers.
        longest: f32,
        /// Which units make a part of it, in words.
        guess: String,
    },
    /// Closed and consistent, but flat, or the outside is in.
    #[error("the mesh encloses nothing, or is inside out: its volume is {volume_mm3} mm3")]
    InsideOut {
        /// Signed volume, zero or negative.
        volume_mm3: f64,
    },
}

impl Mesh {
    /// Reads binary or text STL.
    ///
    /// # Errors
    /// Every kind of damage by its own name; see [`MeshError`]. Memory stays in proportion to `bytes`, whatever
    /// the count field says.
    pub fn from_stl(bytes: &[u8], limits: &MeshLimits) -> Result<Self, MeshError> {
        let mesh = Self {
            triangles: stl::parse(bytes, limits)?,
        };
        mesh.require_readable()?;
        Ok(mesh)
    }

    /// As [`Mesh::from_stl`], in whatever unit, passing over what stands around the triangles and saying so.
    pub(crate) fn from_stl_leniently(
        bytes: &[u8],
        limits: &MeshLimits,
    ) -> Result<(Self, Vec<Repair>), MeshError> {
        let (triangles, repairs) = stl::parse_leniently(bytes, limits)?;
        let mesh = Self { triangles };
        mesh.require_numbers()?;
        Ok((mesh, repairs))
    }

    /// Multiplies all coordinates.
    pub(crate) fn scale(&mut self, by: f64) {
        for corner in self.triangles.as_flattened_mut() {
            *corner = narrow(scale(wide(*corner), by));
        }
    }

    /// The triangles of binary or text STL, of any size and in any unit.
    ///
    /// # Errors
    /// As [`Mesh::from_stl`], but for what is too small or beyond 10 m; coordinates may be no numbers.
    pub(crate) fn triangles_of_stl(
        bytes: &[u8],
        limits: &MeshLimits,
    ) -> Result<Vec<[[f32; 3]; 3]>, MeshError> {
        stl::parse(bytes, limits)
    }

    /// Whether these bytes are as long as their count field says.
    pub(crate) fn may_be_binary_stl(bytes: &[u8]) -> bool {
        stl::is_counted(bytes)
    }

    /// Binary STL with a fixed header and recomputed normals: same mesh, same bytes.
    pub fn to_stl(&self) -> Vec<u8> {
        stl::write(&self.triangles)
    }

    /// What the edges and corners say about the mesh. Costs O(n log n).
    pub fn check(&self) -> MeshReport {
        check::report(&self.triangles)
    }

    /// Refuses what encloses no volume unambiguously.
    ///
    /// # Errors
    /// [`MeshError::Empty`], [`MeshError::NonManifold`], [`MeshError::Open`], [`MeshError::Misoriented`] or
    /// [`MeshError::InsideOut`], the first that holds in this order; or a coordinate's refusal.
    pub fn require_solid(&self) -> Result<(), MeshError> {
        if self.triangles.is_empty() {
            return Err(MeshError::Empty);
        }
        self.require_coordinates()?;
        self.check().require_solid()
    }

    /// What [`Mesh::require_solid`] asks of a mesh that is known to be closed, manifold and oriented.
    pub(crate) fn require_volume(&self) -> Result<(), MeshError> {
        if self.triangles.is_empty() {
            return Err(MeshError::Empty);
        }
        self.require_coordinates()?;
        check::require_volume(&self.triangles)
    }

    /// The longest side of the box around it, in millimetres.
    pub(crate) fn longest_mm(&self) -> f32 {
        let [low, high] = check::bounding_box(&self.triangles);
        (0..3).map(|i| high[i] - low[i]).fold(0.0, f32::max)
    }

    /// Refuses what no file in millimetres holds.
    pub(crate) fn require_readable(&self) -> Result<(), MeshError> {
        if self.triangles.is_empty() {
            return Err(MeshError::Empty);
        }
        self.require_coordinates()?;
        self.require_size()
    }

    fn require_size(&self) -> Result<(), MeshError> {
        let longest_mm = self.longest_mm();
        if longest_mm < MIN_LENGTH_MM {
            return Err(MeshError::TooSmall { longest_mm });
        }
        Ok(())
    }

    fn require_coordinates(&self) -> Result<(), MeshError> {
        self.require_numbers()?;
        let beyond = |corners: &[[f32; 3]; 3]| {
            corners
                .as_flattened()
                .iter()
                .any(|c| c.abs() > MAX_COORDINATE_MM)
        };
        match self.triangles.iter().position(beyond) {
            Some(triangle) => Err(MeshError::OutOfRange { triangle }),
            None => Ok(()),
        }
    }

    fn require_numbers(&self) -> Result<(), MeshError> {
        let finite = |corners: &[[f32; 3]; 3]| corners.as_flattened().iter().all(|c| c.is_finite());
        match self.triangles.iter().position(|corners| !finite(corners)) {
            Some(triangle) => Err(MeshError::NotFinite { triangle }),
            None => Ok(()),
        }
    }
}

/// The outward unit normal, or zero for a triangle without area.
fn normal(triangle: &[[f32; 3]; 3]) -> [f32; 3] {
    unit(area_vector(triangle)).map_or([0.0; 3], |n| n.map(|c| c as f32))
}

#[cfg(test)]
mod tests;
