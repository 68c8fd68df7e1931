//! Owns: laying the 3D scan of a part over a reference surface, and saying how far the two are apart.
//! Must never know: parts, statements or files. Same input, same result, on every machine: no randomness, no sine (see `rigid`),
//! and cores share only work whose order changes nothing.
//!
//! The reference is nominal geometry, with the mark or without, or an earlier scan with faces. The scan is a mesh or points. Where
//! the two cannot be laid over each other, or the scan covers too little, that is the result: never a pass.

mod cloud;
mod glyphs;
mod grid;
mod measure;
pub(crate) mod picture;
mod ply;
mod register;
mod rigid;
mod surface;

use crate::mesh::{Mesh, MeshError, MeshLimits};
use cloud::Cloud;
use serde::{Deserialize, Serialize};
use surface::Surface;

pub use measure::{Outcome, Statistics};

/// Fewest points of a scan that say anything.
pub const POINTS_MIN: usize = 500;

/// What a reader of strangers' scans is willing to spend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScanLimits {
    /// Largest file, in bytes.
    pub max_bytes: usize,
    /// Most points, and most triangles.
    pub max_points: usize,
}

impl Default for ScanLimits {
    /// 512 MiB and eight million points.
    fn default() -> Self {
        Self {
            max_bytes: 512 << 20,
            max_points: 8_000_000,
        }
    }
}

/// Why two files were not compared.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ScanError {
    /// The file is larger than the limit.
    #[error("the scan has {bytes} bytes, more than the {max} allowed")]
    TooManyBytes {
        /// Size of the file.
        bytes: usize,
        /// The limit.
        max: usize,
    },
    /// The file holds or declares more than the limit.
    #[error("the scan holds {held} points or triangles, more than the {max} allowed; thin it out")]
    TooMany {
        /// Points or triangles held or declared.
        held: usize,
        /// The limit.
        max: usize,
    },
    /// Less than [`POINTS_MIN`] points.
    #[error("the scan holds {held} points; below 500 it says nothing")]
    TooFew {
        /// Points held.
        held: usize,
    },
    /// The PLY file ends before what its header declares.
    #[error("the PLY file is cut short")]
    Truncated,
    /// The PLY file breaks its grammar.
    #[error("the PLY file is malformed: {0}")]
    Malformed(&'static str),
    /// A coordinate is NaN, infinite or beyond 10 m.
    #[error("a coordinate is no number, or beyond 10 m")]
    OutOfRange,
    /// The STL file is refused.
    #[error(transparent)]
    Stl(#[from] MeshError),
    /// The reference has no surface: points alone, or triangles without area.
    #[error("the reference has no surface: it must be a mesh")]
    NoSurface,
    /// In millimetres, inches and metres alike the scan has another size than the reference.
    #[error(
        "the scan is {times_smaller_percent} % of the reference's size, in no unit near it: it is another part, or the unit must be said"
    )]
    OtherSize {
        /// Size of the scan, taken as millimetres, in percent of that of the reference.
        times_smaller_percent: u32,
    },
    /// The picture could not be encoded.
    #[error("the picture could not be encoded")]
    Picture,
}

/// The unit of length of a scan's file, which neither STL nor PLY tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// 1 mm.
    Millimetre,
    /// 25.4 mm.
    Inch,
    /// 1000 mm.
    Metre,
}

impl Unit {
    const ALL: [Unit; 3] = [Unit::Millimetre, Unit::Inch, Unit::Metre];

    /// Its length.
    pub fn mm(self) -> f64 {
        match self {
            Unit::Millimetre => 1.0,
            Unit::Inch => 25.4,
            Unit::Metre => 1000.0,
        }
    }
}

/// What is asked of a scan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    /// Largest distance from the reference that is within, in micrometres, 1 to 10,000,000.
    pub tolerance_um: u32,
    /// Least share of the scan within it, in millionths.
    pub within_min_ppm: u32,
    /// Least share of the reference's surface that the scan covers, in millionths.
    pub coverage_min_ppm: u32,
    /// Largest patch of the scan beyond the tolerance that is no feature, in hundredths of a square millimetre.
    pub patch_max_mm2_e2: u32,
    /// Largest patch of the reference that the scan may leave bare, in hundredths of a square millimetre: what is there, nobody saw.
    pub gap_max_mm2_e2: u32,
    /// The scan's unit; guessed from its size, and said so, where there is none.
    pub unit: Option<Unit>,
}

/// What came out, in whole numbers: the same everywhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Compared {
    /// Passed, failed, or why neither can be said.
    pub outcome: Outcome,
    /// The scan's unit.
    pub unit: Unit,
    /// Whether the unit was guessed from the size.
    pub unit_guessed: bool,
    /// Points of the scan, or of its surface, that were measured.
    pub points: u64,
    /// Rows of the rotation that lays the scan over the reference, × 1,000,000,000.
    pub rotation_e9: [[i64; 3]; 3],
    /// The shift after it, in nanometres.
    pub shift_nm: [i64; 3],
    /// Distances from the reference.
    pub deviation: Statistics,
    /// Share of the scan within the tolerance, in millionths.
    pub within_ppm: u32,
    /// Share of the reference's surface that the scan covers, in millionths.
    pub coverage_ppm: u32,
    /// How near a point of the scan must be to cover a place, in micrometres.
    pub coverage_reach_um: u32,
    /// The largest patch of the scan beyond the tolerance that hangs together, in hundredths of a square millimetre.
    pub patch_mm2_e2: u64,
    /// The largest patch of the reference that the scan does not cover, in hundredths of a square millimetre.
    pub gap_mm2_e2: u64,
}

/// A surface or points, in the unit of their file.
#[derive(Debug, Clone, PartialEq)]
pub struct Scan {
    points: Vec<[f32; 3]>,
    triangles: Vec<[[f32; 3]; 3]>,
}

impl Scan {
    /// Reads STL, or PLY by its first line.
    ///
    /// # Errors
    /// Every kind of damage by its own name. Memory stays in proportion to `bytes`, whatever counts are declared.
    pub fn read(bytes: &[u8], limits: &ScanLimits) -> Result<Scan, ScanError> {
        if bytes.len() > limits.max_bytes {
            return Err(ScanError::TooManyBytes {
                bytes: bytes.len(),
                max: limits.max_bytes,
            });
        }
        let scan = if ply::is_ply(bytes) {
            let ply = ply::parse(bytes, limits)?;
            let corners = ply.triangles.iter();
            let triangles = corners.map(|of| of.map(|corner| ply.points[corner as usize]));
            Scan {
                triangles: triangles.collect(),
                points: ply.points,
            }
        } else {
            let limits = MeshLimits {
                max_bytes: limits.max_bytes,
                max_triangles: limits.max_points,
            };
            Scan {
                points: Vec::new(),
                triangles: Mesh::triangles_of_stl(bytes, &limits)?,
            }
        };
        let all = scan.points.as_flattened().iter();
        let mut all = all.chain(scan.triangles.as_flattened().as_flattened());
        match all.all(|value| value.abs() <= crate::mesh::MAX_COORDINATE_MM) {
            true => Ok(scan),
            false => Err(ScanError::OutOfRange),
        }
    }
}

/// Both after they were laid over each other, for the picture.
pub struct Laid {
    reference: Vec<[[f32; 3]; 3]>,
    at: Vec<[f64; 3]>,
    deviation_mm: Vec<f64>,
    asked: Asked,
    compared: Compared,
}

impl Laid {
    /// The numbers.
    pub fn compared(&self) -> &Compared {
        &self.compared
    }

    /// The deviation map from four sides with its scale: an RGB PNG of 1600 × 1240 pixels.
    ///
    /// # Errors
    /// [`ScanError::Picture`].
    pub fn picture(&self) -> Result<Vec<u8>, ScanError> {
        picture::draw(self)
    }
}

/// Lays `scan` over `reference` (in millimetres) and measures it.
///
/// # Errors
/// [`ScanError::NoSurface`], [`ScanError::TooFew`] and [`ScanError::OtherSize`]. That the two cannot be
/// laid over each other is no error, but an [`Outcome`].
pub fn compare(reference: &Scan, scan: &Scan, asked: &Asked) -> Result<Laid, ScanError> {
    let surface = Surface::of(&reference.triangles).ok_or(ScanError::NoSurface)?;
    let nominal = Cloud::of_surface(&reference.triangles, cloud::REFERENCE_POINTS)?;
    let own = Cloud::of(scan)?;
    if own.at.len() < POINTS_MIN {
        let held = own.at.len();
        return Err(ScanError::TooFew { held });
    }
    let unit = match asked.unit {
        Some(unit) => unit,
        None => cloud::guess(&nominal, &own)?,
    };
    let (own, thin) = own.scaled(unit.mm()).evened(nominal.area());
    let pose = register::register(&surface, &nominal, &thin);
    drop(thin);
    let measured = measure::measure(&surface, &nominal, own, &pose, asked);
    let whole = |value: f64, by: f64| (value * by).round() as i64;
    let compared = Compared {
        outcome: measured.outcome,
        unit,
        unit_guessed: asked.unit.is_none(),
        points: measured.at.len() as u64,
        rotation_e9: pose.rotation.map(|row| row.map(|value| whole(value, 1e9))),
        shift_nm: pose.shift.map(|value| whole(value, 1e6)),
        deviation: measured.statistics,
        within_ppm: measured.within_ppm,
        coverage_ppm: measured.coverage_ppm,
        coverage_reach_um: whole(measured.reach_mm, 1e3) as u32,
        patch_mm2_e2: measured.patch_mm2_e2,
        gap_mm2_e2: measured.gap_mm2_e2,
    };
    Ok(Laid {
        reference: reference.triangles.clone(),
        at: measured.at,
        deviation_mm: measured.deviation_mm,
        asked: asked.clone(),
        compared,
    })
}

#[cfg(test)]
mod tests;
