//! Design allowables: a strength value, what it was computed from, and how.
//!
//! Owns what these statements say, in the terms of CMH-17-1G, and what of it cannot be. Must never know how values are
//! computed.

use super::design::Envelope;
use crate::digest::{Digest, FileDigest};
use crate::text::{Line, Moment, Paragraph, SubjectId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Most lots, builds and machines that an allowable names.
pub const NAMED_MAX: usize = 32;
/// Most diagnostics of one analysis.
pub const DIAGNOSTICS_MAX: usize = 32;

/// Statistical basis of an allowable (CMH-17-1G; 14 CFR 25.613).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Basis {
    /// 99 % of the population exceeds the value, with 95 % confidence.
    A,
    /// 90 %, with 95 % confidence.
    B,
    /// Specification minimum.
    S,
}

/// A design allowable: a strength value; it approves no geometry. Subject: `allowable:<id>`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AllowablePublished {
    /// For instance `ultimate tensile strength`.
    pub property: Line,
    /// The value in `unit`.
    pub value: i64,
    /// For instance `kPa`.
    pub unit: Line,
    /// What the number promises.
    pub basis: Basis,
    /// Number of specimens.
    pub specimens: u32,
    /// Number of batches that they come from.
    pub batches: u32,
    /// Where it holds.
    pub envelope: Envelope,
    /// Method and its version.
    pub method: Line,
    /// The data set.
    pub dataset: FileDigest,
    /// What the computation says besides the value; shown, and checked for what cannot be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub analysis: Option<Analysis>,
    /// Lots, builds and machines that the data are of: a recall of one reaches what rests on the allowable, until it is
    /// computed anew without them.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub data_of: BTreeSet<SubjectId>,
    /// Machines that the specimens were built on; on others the value holds where their qualification shows that it does. Any
    /// machine of the envelope's class, where none is named.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub machines: BTreeSet<SubjectId>,
    /// From then on nothing new begins under it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Moment>,
}

/// What a computation says besides the value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Analysis {
    /// SHA3-256 of the computed result: method and data lead to these bytes again.
    pub result: Digest,
    /// Mean of the specimens, in the allowable's unit.
    pub mean: i64,
    /// The A-basis value, where it was computed.
    pub a_basis: Option<i64>,
    /// The B-basis value, where it was computed.
    pub b_basis: Option<i64>,
    /// What was asked of the data before; at least one, each by its name once.
    pub diagnostics: Vec<Diagnostic>,
}

/// One question that was asked of the data, for instance `k-sample Anderson-Darling, 0.025`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Diagnostic {
    /// Which.
    pub name: Line,
    /// What came out.
    pub outcome: Outcome,
}

/// What came out of a diagnostic.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case", deny_unknown_fields)]
pub enum Outcome {
    /// It passed.
    Passed {},
    /// It failed, and nobody answers for it: the value does not stand.
    Failed {},
    /// It failed, and whoever signs the statement answers for the value all the same.
    Overridden {
        /// Why that is right.
        reason: Paragraph,
    },
    /// It was not asked.
    NotRun {
        /// Why not.
        reason: Paragraph,
    },
}

/// The allowable was computed anew, without some of its data. Subject: the allowable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AllowableRecomputed {
    /// What it does not rest on any more; all of it that was left out, now or before.
    pub without: BTreeSet<SubjectId>,
    /// The value that came out, in the allowable's unit and of its basis.
    pub value: i64,
    /// Number of specimens that are left.
    pub specimens: u32,
    /// Number of batches that they come from.
    pub batches: u32,
    /// The data set that is left.
    pub dataset: FileDigest,
    /// What the computation says besides.
    pub analysis: Analysis,
}

impl Analysis {
    /// What cannot be: values that are not in their order, or a diagnostic that failed and that nobody answers for.
    pub fn problem(&self, basis: Basis, value: i64) -> Option<&'static str> {
        let of_basis = match basis {
            Basis::A => self.a_basis,
            Basis::B => self.b_basis,
            Basis::S => Some(value),
        };
        if of_basis != Some(value) {
            return Some("The value is not the one that was computed for its basis.");
        }
        let order = [self.a_basis, self.b_basis, Some(self.mean)];
        let order: Vec<_> = order.into_iter().flatten().collect();
        if !order.is_sorted() || value > self.mean {
            return Some("A-basis, B-basis and mean are not in this order.");
        }
        let names: BTreeSet<_> = self.diagnostics.iter().map(|one| &one.name).collect();
        let many = (1..=DIAGNOSTICS_MAX).contains(&self.diagnostics.len());
        if !many || names.len() < self.diagnostics.len() {
            return Some("1 to 32 different diagnostics are told.");
        }
        let has_failed = |one: &Diagnostic| one.outcome == Outcome::Failed {};
        let failed = self.diagnostics.iter().any(has_failed);
        failed.then_some("A diagnostic failed, and nobody answers for it.")
    }

    /// The diagnostics that failed, with why the value stands all the same.
    pub fn overridden(&self) -> impl Iterator<Item = (&Line, &Paragraph)> {
        self.diagnostics
            .iter()
            .filter_map(|one| match &one.outcome {
                Outcome::Overridden { reason } => Some((&one.name, reason)),
                _ => None,
            })
    }
}

impl AllowablePublished {
    /// The lots, builds and machines on whose data it rests, after it was last computed anew. Data are left out only where the
    /// value without them is no lower: else designs rest on what is not so.
    pub fn rests_on(&self, recomputed: Option<&AllowableRecomputed>) -> BTreeSet<SubjectId> {
        match recomputed {
            Some(says) if !self.is_above(says) => &self.data_of - &says.without,
            _ => self.data_of.clone(),
        }
    }

    /// Whether it promises more than came out when it was computed anew.
    pub fn is_above(&self, recomputed: &AllowableRecomputed) -> bool {
        recomputed.value < self.value
    }
}
