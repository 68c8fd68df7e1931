//! Holding parts back: quarantine, recall, and vouching for reports.
//!
//! Owns what these statements say. Must never know which parts are reached: `life`.

use crate::digest::Digest;
use crate::statement::StatementId;
use crate::text::{Moment, Paragraph, SubjectId};
use serde::{Deserialize, Serialize};

/// Most anchors of one recall.
pub const ANCHORS_MAX: usize = 8;

/// The part is set aside. Subject: the part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuarantinePlaced {
    /// Newest statement about the part at hand.
    pub after: Option<StatementId>,
    /// Why.
    pub reason: Paragraph,
}

/// The quarantine ends, by somebody other than who placed it. Subject: the part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuarantineLifted {
    /// Newest statement about the part at hand.
    pub after: Option<StatementId>,
    /// The statement that placed it.
    pub placed: StatementId,
    /// Evidence and decision.
    pub disposition: Paragraph,
}

/// Somebody suspects that the piece is not the part (SUP, FAA Form 8120-11). It flags the part and holds nothing: who may hold
/// sets it aside. Subject: the part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SuspicionPlaced {
    /// Newest statement about the part at hand.
    pub after: Option<StatementId>,
    /// What was seen.
    pub reason: Paragraph,
    /// SHA3-256 of the evidence, where there is some.
    pub evidence: Option<Digest>,
}

/// The suspicion is cleared up, by another person than who had it. Subject: the part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SuspicionLifted {
    /// Newest statement about the part at hand.
    pub after: Option<StatementId>,
    /// The statement that placed it.
    pub placed: StatementId,
    /// Evidence and decision.
    pub disposition: Paragraph,
}

/// Everything that descends from all anchors is held, made already or not yet. Subject: `recall:<id>`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecallPlaced {
    /// Lots, builds, designs, machines, licences, approvals, allowables, keys or parts; at least one.
    pub anchors: Vec<SubjectId>,
    /// Only parts whose build started at or after.
    pub from: Option<Moment>,
    /// Only parts whose build started before.
    pub until: Option<Moment>,
    /// Why, and what to do.
    pub reason: Paragraph,
}

/// What a recall reaches, as its author found it in a log of so many entries. Subject: the recall. Who has that log makes the
/// same list (`life::Impact`); the holds do not follow from it, they reach what is made later too.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecallReported {
    /// Entries of the log that the list goes by.
    pub size: u64,
    /// How many parts are in it.
    pub parts: u64,
    /// SHA3-256 of the list.
    pub list: Digest,
}

/// The recall ends, by somebody other than who placed it. Subject: the recall.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecallLifted {
    /// Evidence and decision.
    pub disposition: Paragraph,
}

/// Another party stands up for a report whose key was revoked; two clear it. Subject: the part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReportVouched {
    /// Newest statement about the part at hand.
    pub after: Option<StatementId>,
    /// The report.
    pub report: StatementId,
    /// What the voucher knows of it.
    pub grounds: Paragraph,
}
