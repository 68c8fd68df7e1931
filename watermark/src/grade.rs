//! Owns: how good a mark is, as a photograph shows it. Must never know: what a mark means.
//!
//! In the spirit of ISO/IEC 15415 (printed symbols) and ISO/IEC 29158 (marks on the part itself): their parameters, their
//! limits, the lowest counts. It is no verifier in their sense: the light, the lens and the response of a phone are not
//! known, so reflectance is no absolute figure and its minimum is not graded; a photograph by hand has a perspective, so
//! axial non-uniformity is not measurable. What is worse in the photograph than on the part is graded as it is seen.

mod fixed;
mod measure;
mod net;
mod picture;
mod words;

use crate::read::{Code, ReadError, ReadLimits, Symbology, seen};
use serde::Serialize;

/// The letters of ISO/IEC 15415.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Grade {
    /// 4: nothing to wish for.
    A,
    /// 3.
    B,
    /// 2: what most contracts ask for.
    C,
    /// 1: reads, with good readers.
    D,
    /// 0: fails.
    F,
}

impl Grade {
    /// All of them, the best first.
    pub const ALL: [Self; 5] = [Self::A, Self::B, Self::C, Self::D, Self::F];

    /// The best whose limit `value` reaches; `limits` are for A, B, C and D, falling.
    fn reaching(value: f64, limits: [f64; 4]) -> Self {
        let reached = limits.iter().position(|&limit| value >= limit);
        Self::ALL[reached.unwrap_or(4)]
    }

    /// The best whose limit `value` does not exceed; `limits` are for A, B, C and D, rising.
    fn within(value: f64, limits: [f64; 4]) -> Self {
        let kept = limits.iter().position(|&limit| value <= limit);
        Self::ALL[kept.unwrap_or(4)]
    }
}

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Parameter {
    /// Whether the text is read: A or F.
    Decode,
    /// How much darker dark modules are than light ones, as a share of the light: ISO/IEC 29158, cell contrast.
    CellContrast,
    /// How far the modules stay from the threshold, the better half of error correction left: cell modulation.
    CellModulation,
    /// Modules of finder, timing and alignment patterns that are of the other colour.
    FixedPatternDamage,
    /// Share of the error correction that reading leaves over.
    UnusedErrorCorrection,
    /// Furthest that a part of the symbol is from its place, in modules.
    GridNonUniformity,
}

/// One measurement.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Graded {
    /// What was measured.
    pub parameter: Parameter,
    /// A share, or modules for the grid; of fixed patterns, the share of their modules.
    pub value: f64,
    /// What it comes to.
    pub grade: Grade,
}

/// How good a mark is.
#[derive(Debug, Clone, PartialEq)]
pub struct Quality<T> {
    /// What the caller made of the text.
    pub mark: T,
    /// Where it was read from.
    pub code: Code,
    /// The lowest of all.
    pub grade: Grade,
    /// Each parameter once.
    pub graded: Vec<Graded>,
    /// Modules along a side.
    pub size: usize,
    /// What each module's modulation comes to, rows from the top, each from the left.
    pub modules: Vec<Grade>,
    /// Modules that are seen in the other colour.
    pub wrong: Vec<bool>,
    rectified: Vec<u8>,
}

/// Why a mark was not graded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GradeError {
    /// No mark was read: that is grade F for whatever is there.
    #[error(transparent)]
    Unread(#[from] ReadError),
    /// The symbol was not made as we make symbols, so what its modules should be is not known.
    #[error(
        "the symbol says its text in another way than our marks do, so nothing can be compared"
    )]
    Foreign,
    /// The symbol is larger than marks are, and nothing is graded rather than a part of it.
    #[error("a symbol of {0} modules is larger than a mark, and is not graded")]
    TooLarge(usize),
}

/// Reads the first mark of a photograph and grades it. `is_mark` decides what is a mark.
///
/// # Errors
/// [`GradeError`]; an unread mark has no parameters, but is grade F.
pub fn grade<T>(
    image_bytes: &[u8],
    limits: &ReadLimits,
    is_mark: impl Fn(&str) -> Option<T>,
) -> Result<Quality<T>, GradeError> {
    let seen = seen(image_bytes, limits, is_mark)?;
    let made = seen.made.ok_or(GradeError::Foreign)?;
    let code = seen.reading.code;
    let correction = fixed::Correction::of(code.symbology, seen.size, made.strength)
        .ok_or(GradeError::TooLarge(seen.size))?;
    let net = net::Net::over(&seen.picture, code.corners, &made.modules, seen.size)
        .ok_or(GradeError::Foreign)?;
    let cells = measure::Cells::of(&net, &made.modules, seen.size);
    let graded = measure::all(&cells, code.symbology, &correction, net.unevenness());
    Ok(Quality {
        mark: seen.reading.mark,
        grade: graded.iter().map(|g| g.grade).max().unwrap_or(Grade::F),
        graded,
        size: seen.size,
        modules: cells.modulation(),
        wrong: cells.wrong(),
        rectified: net.rectified(picture::MODULE_PX),
        code,
    })
}

impl<T> Quality<T> {
    /// The standard whose limits were used, as statements name it.
    pub fn standard() -> &'static str {
        "ISO/IEC 29158"
    }

    /// The symbol from straight ahead, each module in the colour of its modulation grade, from green over yellow to red;
    /// modules of the other colour are crossed out. A PNG.
    pub fn picture(&self) -> Vec<u8> {
        picture::png(&self.rectified, self.size, &self.modules, &self.wrong)
    }
}

/// Patterns that a symbol has whatever it says.
fn is_qr(symbology: Symbology) -> bool {
    symbology == Symbology::Qr
}

#[cfg(test)]
mod tests;
