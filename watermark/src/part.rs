//! Owns: the file of a part, STL or 3MF by its name and by what stands in it, read for one of two purposes. Must never know: marks.
//!
//! [`strictly`] is for whoever acts on a digest that others have signed: the file is exactly what it says, or refused, and
//! nothing is repaired or scaled. [`leniently`] is for whoever prepares a new file: what can be mended safely is mended, and
//! everything that was done is said, so that it is the new file that gets signed.

use crate::mesh::{Mesh, MeshError, MeshLimits, Repair};
use crate::threemf::{Item, ObjectKind, Package, PackageLimits, ThreemfError, looks_like_3mf};

/// Parts outside of these lengths, in the file's numbers, are likely not in millimetres.
const LIKELY_MM: std::ops::RangeInclusive<f32> = 10.0..=2_000.0;

/// Why a part's file was refused.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum PartError {
    /// The STL file, or the triangles in it.
    #[error(transparent)]
    Mesh(#[from] MeshError),
    /// The 3MF file.
    #[error(transparent)]
    Threemf(#[from] ThreemfError),
    /// The name says one thing, the content another.
    #[error(
        "the file is called {named} and holds {found}: which of them was meant? Rename it, or export it again"
    )]
    Misnamed {
        /// By its name.
        named: FileKind,
        /// By its content.
        found: FileKind,
    },
    /// Without a name that decides, the bytes are an STL file as well as a 3MF.
    #[error("the file can be read as STL and as 3MF: export it again")]
    TwoKinds,
    /// A unit was stated for a file that states its own.
    #[error("a 3MF file says itself which unit it is in: it cannot be told another")]
    UnitTold,
    /// One of several things that a 3MF file builds is no solid.
    #[error("the {number}. thing that the file builds is no solid: {error}")]
    Item {
        /// Counted from 1.
        number: usize,
        /// What is wrong with it.
        error: MeshError,
    },
}

/// What a part's file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// Triangles, binary or text.
    Stl,
    /// A package of them.
    Threemf,
}

impl FileKind {
    /// By the name, if it says so, and by the bytes, which must agree: a zip may begin with anything and end with anything, so
    /// the same bytes can be an STL file to whoever goes by the name and a package to whoever looks inside. Without a name
    /// that says so the bytes decide, and those that are both are refused.
    ///
    /// # Errors
    /// [`PartError::Misnamed`] or [`PartError::TwoKinds`].
    pub fn of(bytes: &[u8], name: Option<&str>) -> Result<Self, PartError> {
        let found = match looks_like_3mf(bytes) {
            true => Self::Threemf,
            false => Self::Stl,
        };
        match name.and_then(Self::by_name) {
            Some(named) if named == found => Ok(found),
            Some(named) => Err(PartError::Misnamed { named, found }),
            None if found == Self::Threemf && Mesh::may_be_binary_stl(bytes) => {
                Err(PartError::TwoKinds)
            }
            None => Ok(found),
        }
    }

    fn by_name(name: &str) -> Option<Self> {
        let (_, extension) = name.rsplit_once('.')?;
        match extension.to_ascii_lowercase().as_str() {
            "stl" => Some(Self::Stl),
            "3mf" => Some(Self::Threemf),
            _ => None,
        }
    }
}

impl std::fmt::Display for FileKind {
    fn fmt(&self, out: &mut std::fmt::Formatter) -> std::fmt::Result {
        out.write_str(match self {
            Self::Stl => "STL",
            Self::Threemf => "3MF",
        })
    }
}

/// What lengths in an STL file may be meant in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LengthUnit {
    /// Thousandths of a millimetre.
    Micrometre,
    /// As it should be.
    Millimetre,
    /// Tens of millimetres.
    Centimetre,
    /// 25.4 mm.
    Inch,
    /// Thousands of millimetres.
    Metre,
}

impl LengthUnit {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Micrometre,
        Self::Millimetre,
        Self::Centimetre,
        Self::Inch,
        Self::Metre,
    ];

    /// As people write it.
    pub fn symbol(self) -> &'static str {
        match self {
            Self::Micrometre => "um",
            Self::Millimetre => "mm",
            Self::Centimetre => "cm",
            Self::Inch => "in",
            Self::Metre => "m",
        }
    }

    /// Millimetres in one.
    pub fn mm(self) -> f64 {
        match self {
            Self::Micrometre => 0.001,
            Self::Millimetre => 1.0,
            Self::Centimetre => 10.0,
            Self::Inch => 25.4,
            Self::Metre => 1_000.0,
        }
    }
}

impl std::str::FromStr for LengthUnit {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|unit| unit.symbol() == text);
        found.ok_or_else(|| "a unit is um, mm, cm, in or m".to_owned())
    }
}

/// A part's file that was read to make a new one of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Opened {
    /// What the file builds: solids, and supports as they were.
    pub package: Package,
    /// Everything that was done to the file to get there.
    pub repairs: Vec<Repair>,
}

/// The one part in a file that must be just what it says: millimetres, one part, nothing to mend in the file, and of the kind
/// that its `name` says, where it has one. Whether it is a solid is asked where it is used.
///
/// # Errors
/// [`PartError`], but for a unit.
pub fn strictly(bytes: &[u8], name: Option<&str>, limits: &MeshLimits) -> Result<Mesh, PartError> {
    if FileKind::of(bytes, name)? == FileKind::Stl {
        return Ok(Mesh::from_stl(bytes, limits)?);
    }
    let limits = PackageLimits {
        mesh: *limits,
        ..PackageLimits::default()
    };
    Ok(Package::read(bytes, &limits)?.only_part()?)
}

/// Whatever a file builds, mended where that is safe. `unit` is what the numbers of an STL file mean; without it they are
/// millimetres, and a size that speaks against it is refused.
///
/// # Errors
/// [`PartError`]: what remains wrong.
pub fn leniently(
    bytes: &[u8],
    name: Option<&str>,
    limits: &MeshLimits,
    unit: Option<LengthUnit>,
) -> Result<Opened, PartError> {
    if FileKind::of(bytes, name)? == FileKind::Stl {
        return from_stl(bytes, limits, unit);
    }
    if unit.is_some() {
        return Err(PartError::UnitTold);
    }
    let limits = PackageLimits {
        mesh: *limits,
        ..PackageLimits::default()
    };
    let mut package = Package::read(bytes, &limits)?;
    let mut repairs = Vec::new();
    for (item, number) in package.items.iter_mut().zip(1..) {
        if item.kind == ObjectKind::Model {
            let triangles = std::mem::take(&mut item.mesh.triangles);
            let (mesh, done) = Mesh { triangles }
                .repaired()
                .map_err(|error| PartError::Item { number, error })?;
            item.mesh = mesh;
            repairs.extend(done);
        }
    }
    Ok(Opened { package, repairs })
}

fn from_stl(
    bytes: &[u8],
    limits: &MeshLimits,
    unit: Option<LengthUnit>,
) -> Result<Opened, PartError> {
    let (mut mesh, mut repairs) = Mesh::from_stl_leniently(bytes, limits)?;
    match unit {
        None => require_likely(&mesh)?,
        Some(LengthUnit::Millimetre) => {}
        Some(unit) => {
            mesh.scale(unit.mm());
            let unit = unit.symbol();
            repairs.push(Repair::Scaled { unit });
        }
    }
    let (mesh, done) = mesh.repaired()?;
    repairs.extend(done);
    Ok(Opened {
        package: Package::of(vec![Item::of(mesh)]),
        repairs,
    })
}

/// Nobody has said that it is millimetres, so its size must.
fn require_likely(mesh: &Mesh) -> Result<(), MeshError> {
    let longest = mesh.longest_mm();
    if LIKELY_MM.contains(&longest) {
        return Ok(());
    }
    let likely = |unit: &LengthUnit| LIKELY_MM.contains(&((f64::from(longest) * unit.mm()) as f32));
    let guesses = LengthUnit::ALL.iter().filter(|unit| likely(unit));
    let guesses: Vec<String> = guesses
        .map(|unit| {
            format!(
                "{:.1} mm if that is {}",
                f64::from(longest) * unit.mm(),
                unit.symbol()
            )
        })
        .collect();
    let guess = match guesses.is_empty() {
        true => "no unit makes a part of that".to_owned(),
        false => format!("{} long", guesses.join(", ")),
    };
    Err(MeshError::UnitDoubtful { longest, guess })
}

#[cfg(test)]
mod tests;
