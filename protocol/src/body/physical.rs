//! Physical evidence of a part: what one piece weighs, measures and looks like, and whether a piece is the same later.
//!
//! Owns what is enrolled, what is compared, and what a comparison amounts to. The verdict follows from both by rule and is never
//! declared: nobody who compares sets what is good enough, because tolerance and allowance stand in the enrolment. Subject of
//! both: the part. Uncertainties are expanded, k = 2 (JCGM 100). Must never know who may say it, nor what follows for the part.

use crate::digest::Digest;
use crate::statement::StatementId;
use crate::text::Line;
use serde::{Deserialize, Serialize};

/// Most dimensions of one statement.
pub const DIMENSIONS_MAX: usize = 16;
/// Most photographs of one statement.
pub const PHOTOGRAPHS_MAX: usize = 8;
/// Fewest features of a surface that say anything.
pub const FEATURES_MIN: u32 = 12;
/// How many times the uncertainty of the enrolment a later measurement may have to say anything.
const BLUNT: i64 = 10;
/// Largest tolerance of an enrolled scan: printed copies of one file differ by some tenths of a millimetre, so beyond a millimetre
/// every copy is within.
pub const TOLERANCE_MAX_UM: i64 = 1_000;
/// Least share of a later scan that must be within: what may lie anywhere is a tenth at most.
pub const WITHIN_MIN_PPM: u32 = 900_000;
/// Least share of an enrolled scan that a later one must cover: half of a piece may be of another one.
pub const COVERAGE_MIN_PPM: u32 = 500_000;
/// A reading is that many times its uncertainty and its allowance at least: else whatever is weighed or measured agrees.
const SHARPNESS_MIN: i64 = 10;
/// All of something, in millionths.
pub const WHOLE_PPM: u32 = 1_000_000;

/// What the part weighed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mass {
    /// The reading.
    pub mass_mg: i64,
    /// Its expanded uncertainty.
    pub uncertainty_mg: i64,
    /// The balance.
    pub instrument: Line,
}

/// What a place of the part measured.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dimension {
    /// Which place; the comparison uses the same name.
    pub name: Line,
    /// The reading.
    pub length_um: i64,
    /// Its expanded uncertainty.
    pub uncertainty_um: i64,
    /// Gauge or machine.
    pub instrument: Line,
}

/// A picture of a place of the surface.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Photograph {
    /// The place, and how it was lit and magnified, for instance `face A, 20x, ring light`.
    pub shows: Line,
    /// SHA3-256 of the picture.
    pub file: Digest,
    /// The microscope or camera.
    pub instrument: Line,
}

/// A scan of the part, and what a later scan must keep to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scan {
    /// SHA3-256 of the mesh or the points (STL, PLY).
    pub file: Digest,
    /// The scanner.
    pub instrument: Line,
    /// Largest distance from this scan that still counts as the same surface; at most [`TOLERANCE_MAX_UM`].
    pub tolerance_um: i64,
    /// Least share of the later scan within it; at least [`WITHIN_MIN_PPM`].
    pub within_min_ppm: u32,
    /// Least share of this scan's surface that the later one covers; at least [`COVERAGE_MIN_PPM`].
    pub coverage_min_ppm: u32,
}

/// How much use may take from a part, or leave on it; of what is enrolled at most a tenth.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Allowance {
    /// Of its mass.
    pub mass_mg: i64,
    /// Of each dimension.
    pub length_um: i64,
}

/// Physical evidence of the piece, at least one of its four forms.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Enrolled {
    /// Newest statement about the part at hand.
    pub after: Option<StatementId>,
    /// What it weighed.
    pub mass: Option<Mass>,
    /// What it measured; at most [`DIMENSIONS_MAX`].
    pub dimensions: Vec<Dimension>,
    /// What it looked like; at most [`PHOTOGRAPHS_MAX`].
    pub photographs: Vec<Photograph>,
    /// Its shape.
    pub scan: Option<Scan>,
    /// What wear explains.
    pub allowance: Allowance,
}

/// A place of the surface that was laid beside its enrolled picture.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Surface {
    /// The enrolled picture.
    pub enrolled: Digest,
    /// SHA3-256 of the picture of today.
    pub photograph: Digest,
    /// By whom or what, for instance `by eye, pores and tracks`.
    pub method: Line,
    /// Features of the enrolled picture that were looked for.
    pub examined: u32,
    /// Of these, how many are there, in their places.
    pub found_again: u32,
}

/// A scan that was laid over a reference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScanCompared {
    /// SHA3-256 of the scan of today.
    pub scan: Digest,
    /// The scanner.
    pub instrument: Line,
    /// SHA3-256 of what it was laid over: the enrolled scan, or the nominal geometry.
    pub against: Digest,
    /// SHA3-256 of the report, from which the numbers below are, and which anybody makes again from the two files.
    pub report: Digest,
    /// What the report says, by its limits: the largest patch beyond the tolerance is one of them.
    pub outcome: ScanOutcome,
    /// Largest distance that counted as within.
    pub tolerance_um: i64,
    /// Share of the scan within it.
    pub within_ppm: u32,
    /// Share of the reference that the scan covers.
    pub coverage_ppm: u32,
}

/// What the report of a scan says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScanOutcome {
    /// It keeps to all limits.
    Passed,
    /// More of it than is allowed, or one patch that is too large, lies beyond the tolerance.
    Failed,
    /// It covers too little of the reference.
    CoversTooLittle,
    /// The two could not be laid over each other.
    NotRegistered,
}

/// A piece was measured again and laid beside an enrolment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Compared {
    /// Newest statement about the part at hand.
    pub after: Option<StatementId>,
    /// The enrolment.
    pub enrolment: StatementId,
    /// What it weighs now.
    pub mass: Option<Mass>,
    /// What it measures now; at most [`DIMENSIONS_MAX`].
    pub dimensions: Vec<Dimension>,
    /// What it looks like now; at most [`PHOTOGRAPHS_MAX`].
    pub surfaces: Vec<Surface>,
    /// Its shape now.
    pub scan: Option<ScanCompared>,
}

/// What a comparison amounts to, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Match {
    /// Something differs by more than uncertainty and wear explain.
    Differs,
    /// Nothing was compared that could differ.
    ProvesNothing,
    /// Nothing differs; but what was compared is alike in every good copy.
    Consistent,
    /// Nothing differs, and a surface or an enrolled scan is the same: what a copy does not have.
    Matched,
}

/// What one measurement says.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Says {
    Differs,
    Nothing,
    Agrees,
    /// And copies would not.
    Tells,
}

impl Enrolled {
    /// Whether it is whole: something is enrolled, numbers make sense, names and pictures are told apart, and nothing is asked of a
    /// later measurement that any copy keeps to.
    pub fn is_coherent(&self) -> bool {
        let pictures = self.photographs.iter().map(|one| one.file);
        let is_something = self.mass.is_some()
            || self.scan.is_some()
            || !self.dimensions.is_empty()
            || !self.photographs.is_empty();
        let scan = self.scan.as_ref().is_none_or(|scan| {
            (1..=TOLERANCE_MAX_UM).contains(&scan.tolerance_um)
                && (WITHIN_MIN_PPM..=WHOLE_PPM).contains(&scan.within_min_ppm)
                && (COVERAGE_MIN_PPM..=WHOLE_PPM).contains(&scan.coverage_min_ppm)
        });
        let mut lengths = self.dimensions.iter();
        let allowed = &self.allowance;
        let is_sharp = (self.mass.iter())
            .all(|mass| is_sharp(mass.mass_mg, mass.uncertainty_mg, allowed.mass_mg))
            && lengths.all(|one| is_sharp(one.length_um, one.uncertainty_um, allowed.length_um));
        is_something
            && scan
            && is_sharp
            && are_measured(self.mass.as_ref(), &self.dimensions)
            && self.photographs.len() <= PHOTOGRAPHS_MAX
            && are_different(pictures)
            && self.allowance.mass_mg >= 0
            && self.allowance.length_um >= 0
    }
}

impl Compared {
    /// Whether it is whole: as [`Enrolled::is_coherent`]. A file beside itself is no comparison.
    pub fn is_coherent(&self) -> bool {
        let places = self.surfaces.iter().map(|one| one.enrolled);
        let mut surfaces = self.surfaces.iter();
        let is_something = self.mass.is_some()
            || self.scan.is_some()
            || !self.dimensions.is_empty()
            || !self.surfaces.is_empty();
        let scan = self.scan.as_ref().is_none_or(|scan| {
            scan.tolerance_um > 0
                && scan.scan != scan.against
                && scan.within_ppm.max(scan.coverage_ppm) <= WHOLE_PPM
        });
        is_something
            && scan
            && are_measured(self.mass.as_ref(), &self.dimensions)
            && self.surfaces.len() <= PHOTOGRAPHS_MAX
            && are_different(places)
            && surfaces.all(|one| one.found_again <= one.examined && one.photograph != one.enrolled)
    }

    /// What it amounts to beside the enrolment that it names.
    pub fn verdict(&self, enrolled: &Enrolled) -> Match {
        let allowed = &enrolled.allowance;
        let mass = self.mass.iter().map(|now| {
            let then = enrolled.mass.as_ref();
            let then = then.map(|then| (then.mass_mg, then.uncertainty_mg));
            measured((now.mass_mg, now.uncertainty_mg), then, allowed.mass_mg)
        });
        let dimensions = self.dimensions.iter().map(|now| {
            let then = enrolled
                .dimensions
                .iter()
                .find(|then| then.name == now.name);
            let then = then.map(|then| (then.length_um, then.uncertainty_um));
            measured((now.length_um, now.uncertainty_um), then, allowed.length_um)
        });
        let surfaces = self.surfaces.iter().map(|now| now.says(enrolled));
        let scan = self.scan.iter().map(|now| now.says(enrolled));
        let all: Vec<Says> = mass.chain(dimensions).chain(surfaces).chain(scan).collect();
        match () {
            () if all.contains(&Says::Differs) => Match::Differs,
            () if all.contains(&Says::Tells) => Match::Matched,
            () if all.contains(&Says::Agrees) => Match::Consistent,
            () => Match::ProvesNothing,
        }
    }
}

impl Surface {
    /// Nine tenths found again is the same place; less than half is another one; what lies between proves nothing.
    fn says(&self, enrolled: &Enrolled) -> Says {
        let mut pictures = enrolled.photographs.iter();
        let is_enrolled = pictures.any(|picture| picture.file == self.enrolled);
        let (examined, found) = (u64::from(self.examined), u64::from(self.found_again));
        // An enrolled picture is not one of today, whichever it is laid beside.
        let is_old = (enrolled.photographs.iter()).any(|picture| picture.file == self.photograph);
        match is_enrolled && !is_old && self.examined >= FEATURES_MIN {
            true if found * 10 >= examined * 9 => Says::Tells,
            true if found * 2 < examined => Says::Differs,
            _ => Says::Nothing,
        }
    }
}

impl ScanCompared {
    /// By the limits of the enrolled scan. Another reference is nominal geometry: who keeps to it proves no more than that
    /// the shape is right, and who does not, at which tolerance, is for an inspection to say.
    fn says(&self, enrolled: &Enrolled) -> Says {
        let Some(scan) = (enrolled.scan.as_ref()).filter(|scan| scan.file == self.against) else {
            return Says::Nothing;
        };
        let covers = self.coverage_ppm >= scan.coverage_min_ppm;
        let is_within = self.within_ppm >= scan.within_min_ppm;
        // What lies beyond the wider tolerance lies beyond the narrower one.
        let is_wide = self.tolerance_um >= scan.tolerance_um;
        match self.outcome {
            ScanOutcome::NotRegistered | ScanOutcome::CoversTooLittle => Says::Nothing,
            _ if !covers => Says::Nothing,
            ScanOutcome::Passed if is_within && self.tolerance_um <= scan.tolerance_um => {
                Says::Tells
            }
            ScanOutcome::Passed if is_within => Says::Nothing,
            ScanOutcome::Passed | ScanOutcome::Failed if is_wide => Says::Differs,
            _ => Says::Nothing,
        }
    }
}

/// A value and its uncertainty beside those of the enrolment: they differ by more than the allowance and both uncertainties
/// together, u = √(u₁² + u₂²); or they do not, and the later measurement was sharp enough to tell.
fn measured(now: (i64, i64), then: Option<(i64, i64)>, allowance: i64) -> Says {
    let Some(then) = then else {
        return Says::Nothing;
    };
    let beyond = i128::from(now.0.abs_diff(then.0)) - i128::from(allowance);
    let square = |value: i64| i128::from(value) * i128::from(value);
    match () {
        () if beyond > 0 && beyond * beyond > square(now.1) + square(then.1) => Says::Differs,
        () if now.1 > then.1.saturating_mul(BLUNT) => Says::Nothing,
        () => Says::Agrees,
    }
}

/// Whether a reading tells anything apart, with what it may be off by and what wear explains.
fn is_sharp(reading: i64, uncertainty: i64, allowance: i64) -> bool {
    uncertainty.max(allowance) <= reading / SHARPNESS_MIN
}

fn are_measured(mass: Option<&Mass>, dimensions: &[Dimension]) -> bool {
    let names = dimensions.iter().map(|one| &one.name);
    let mut lengths = dimensions.iter();
    mass.is_none_or(|mass| mass.mass_mg > 0 && mass.uncertainty_mg > 0)
        && dimensions.len() <= DIMENSIONS_MAX
        && are_different(names)
        && lengths.all(|one| one.length_um > 0 && one.uncertainty_um > 0)
}

fn are_different<T: Ord>(names: impl Iterator<Item = T>) -> bool {
    let mut names: Vec<T> = names.collect();
    names.sort();
    names.windows(2).all(|pair| pair[0] != pair[1])
}
