//! Parts that were made otherwise, marks that are put on after the making, and how well marks read. Subject of all: the part.
//!
//! Owns what these statements say. For parts whose process has no qualified zone, for traditionally made parts, and for marks
//! that are worn or damaged. Must never know what a mark leads to.

use crate::digest::Digest;
use crate::mark::Mark;
use crate::statement::StatementId;
use crate::text::{Line, Paragraph};
use serde::{Deserialize, Serialize};

/// A part that no agent built under a licence enters the log: its maker or owner says what it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entered {
    /// What it is called.
    pub name: Line,
    /// Part number, as its papers have it.
    pub part_number: Line,
    /// Serial number, where it has one.
    pub serial: Option<Line>,
    /// Who made it, as its papers have it: no member need be meant.
    pub maker: Line,
    /// SHA3-256 of its papers, for instance an FAA 8130-3.
    pub papers: Digest,
}

/// What carries a mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Carrier {
    /// Something printed that sticks to the part.
    Label,
    /// The part itself: engraved, etched, dot-peened.
    Direct,
}

/// A mark was put on the part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Marked {
    /// Newest statement about the part at hand.
    pub after: Option<StatementId>,
    /// The mark.
    pub mark: Mark,
    /// On what.
    pub carrier: Carrier,
    /// How, for instance `laser engraving`.
    pub method: Line,
}

/// How well a symbol reads, in the letters of ISO/IEC 15415.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Grade {
    /// 3.5 to 4.
    A,
    /// 2.5 to 3.4.
    B,
    /// 1.5 to 2.4.
    C,
    /// 0.5 to 1.4.
    D,
    /// Less: it fails.
    F,
}

/// By what a symbol was graded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Grading {
    /// ISO/IEC 15415: printed two-dimensional symbols, such as labels.
    #[serde(rename = "iso_15415")]
    Iso15415,
    /// ISO/IEC 29158 (before: TR 29158, AIM DPM): marks on the part itself.
    #[serde(rename = "iso_29158")]
    Iso29158,
}

/// The mark was read from the part and graded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Verified {
    /// Newest statement about the part at hand.
    pub after: Option<StatementId>,
    /// What was read.
    pub mark: Mark,
    /// How well.
    pub grade: Grade,
    /// By what.
    pub grading: Grading,
    /// The verifier that read it.
    pub verifier: Line,
    /// SHA3-256 of its report.
    pub report: Digest,
}

/// A worn or damaged mark was replaced; both lead to the part from now on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Remarked {
    /// Newest statement about the part at hand.
    pub after: Option<StatementId>,
    /// The mark that was there.
    pub old: Mark,
    /// The mark that is there now.
    pub new: Mark,
    /// On what.
    pub carrier: Carrier,
    /// How.
    pub method: Line,
    /// Why.
    pub reason: Paragraph,
}
