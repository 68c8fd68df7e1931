//! Builds: ordered by a person, started and ended by a machine.
//!
//! Owns what these statements say. Must never know printers.

use crate::digest::Digest;
use crate::mark::Mark;
use crate::text::{Line, Moment, OrgId, Paragraph, SubjectId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Most parts of one build.
pub const PARTS_MAX: usize = 256;
/// Most test coupons of one build.
pub const COUPONS_MAX: usize = 16;
/// Most laboratories of one build.
pub const LABORATORIES_MAX: usize = 16;

/// The operator orders a build. Subject: `order:<id>`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BuildOrdered {
    /// Under this licence.
    pub licence: SubjectId,
    /// On this machine.
    pub machine: SubjectId,
    /// From this lot.
    pub lot: SubjectId,
    /// How many parts.
    pub parts: u32,
    /// Material to be set aside.
    pub mass_mg: i64,
    /// The build starts before.
    pub expires: Moment,
    /// Test coupons that are printed beside the parts, by their names; at most [`COUPONS_MAX`].
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub coupons: BTreeSet<Line>,
    /// Other organisations that test and inspect for the maker; at most [`LABORATORIES_MAX`]. What fails there holds as if it had failed
    /// at the maker's own, and what passes there is a test that an approval asks for.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub laboratories: BTreeSet<OrgId>,
}

/// How far the agent saw to it that what was checked is what was printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Assurance {
    /// Handed over as a file.
    File,
    /// Uploaded to a print host, read again and compared before and after.
    Host,
    /// Streamed to the firmware by the agent itself.
    Wire,
}

/// A part of a build, with the mark that was allocated before printing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StartedPart {
    /// The part.
    pub part: SubjectId,
    /// Unit of the licence, from 1.
    pub unit: u32,
    /// Its mark.
    pub mark: Mark,
}

/// The gate was passed and the units are spent. Subject: `build:<id>`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BuildStarted {
    /// The operator's order.
    pub order: SubjectId,
    /// The licence.
    pub licence: SubjectId,
    /// The machine.
    pub machine: SubjectId,
    /// The lot.
    pub lot: SubjectId,
    /// The parts.
    pub parts: Vec<StartedPart>,
    /// SHA3-256 of the marked geometry or toolpath that was handed over.
    pub handed_over: Digest,
    /// How it was handed over.
    pub assurance: Assurance,
    /// Age of the newest knowledge that the gate rested on.
    pub knowledge_age_s: u64,
    /// The marks are not in the geometry, because no zone is qualified: they are put on after the build.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unmarked: bool,
}

/// The build ended well. Subject: the build.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BuildCompleted {
    /// Its parts.
    pub parts: Vec<SubjectId>,
    /// SHA3-256 of what was found where it was handed over, after the end.
    pub found_after: Digest,
}

/// The build failed. Its units stay spent; they come back only by reissue. Subject: the build.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BuildAborted {
    /// Its parts.
    pub parts: Vec<SubjectId>,
    /// Why.
    pub reason: Paragraph,
}
