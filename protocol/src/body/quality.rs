//! What is done to a part on its way to release, what is measured, and what is decided about what does not conform.
//!
//! Owns what these statements say. Subject of all: the part; of a test also the build whose coupon it was. Must never know phases.

use crate::digest::Digest;
use crate::statement::StatementId;
use crate::text::{Line, Paragraph};
use serde::{Deserialize, Serialize};

/// The part was heat-treated, machined, coated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PostProcessed {
    /// Newest statement about the part at hand.
    pub after: Option<StatementId>,
    /// Process specification.
    pub process: Line,
    /// SHA3-256 of the record.
    pub record: Digest,
}

/// Something was measured on the part, or on a coupon that was printed with it. Subject: the part; of a coupon the build,
/// and it counts for all of its parts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tested {
    /// Newest statement about the part at hand.
    pub after: Option<StatementId>,
    /// What and by which method, for instance `ultimate tensile strength, ASTM E8`.
    pub test: Line,
    /// The coupon, as the build order names it; none where it was the part itself.
    pub specimen: Option<Line>,
    /// The result in `unit`.
    pub value: i64,
    /// For instance `kPa`.
    pub unit: Line,
    /// It fails below.
    pub at_least: Option<i64>,
    /// It fails above.
    pub at_most: Option<i64>,
    /// SHA3-256 of the report.
    pub report: Digest,
}

impl Tested {
    /// Whether there was anything to pass.
    pub fn has_limit(&self) -> bool {
        self.at_least.is_some() || self.at_most.is_some()
    }

    /// Whether the result is within the limits.
    pub fn passed(&self) -> bool {
        self.at_least.is_none_or(|least| self.value >= least)
            && self.at_most.is_none_or(|most| self.value <= most)
    }
}

/// Somebody found that the part does not conform. It is held until that is decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nonconformance {
    /// Newest statement about the part at hand.
    pub after: Option<StatementId>,
    /// What is wrong.
    pub defect: Paragraph,
    /// SHA3-256 of the evidence.
    pub report: Digest,
}

/// What becomes of a part that does not conform.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Disposition {
    /// It is good as it is: design authority or authority say so.
    UseAsIs,
    /// It is worked on, and inspected again.
    Rework,
    /// It is not used.
    Scrap,
}

/// A nonconformance, a failed inspection or a failed test is decided, by another person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dispositioned {
    /// Newest statement about the part at hand.
    pub after: Option<StatementId>,
    /// The report that is decided on.
    pub nonconformance: StatementId,
    /// What becomes of the part.
    pub disposition: Disposition,
    /// Why that is right.
    pub grounds: Paragraph,
}
