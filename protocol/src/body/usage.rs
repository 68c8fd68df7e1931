//! What a part goes through in service, and how much of it it may go through.
//!
//! Owns what these statements say. Must never know when a life is over: `life`.

use crate::digest::Digest;
use crate::statement::StatementId;
use crate::text::{Line, Paragraph};
use serde::{Deserialize, Serialize};

/// What a part has been through since it was new.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Usage {
    /// Time in operation.
    pub duration_s: u64,
    /// Cycles, as the part's life is counted.
    pub cycles: u64,
    /// Landings.
    pub landings: u64,
}

/// How much a part has been used. Subject: the part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UsageReported {
    /// Newest statement about the part at hand.
    pub after: Option<StatementId>,
    /// All of it since the part was new.
    pub total: Usage,
    /// The hardest landing since the last report, in thousandths of standard gravity.
    pub peak_milli_g: Option<u32>,
    /// Where the numbers are from, for instance a log book.
    pub source: Line,
}

/// How much of its use ends a part's life; at least one bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LifeLimit {
    /// Time in operation.
    pub duration_s: Option<u64>,
    /// Cycles.
    pub cycles: Option<u64>,
    /// Landings.
    pub landings: Option<u64>,
}

/// The authority sets another limit, for instance by an airworthiness directive; it reaches all parts. Subject: the
/// approval.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LifeLimited {
    /// The limit from now on.
    pub limit: LifeLimit,
    /// Why.
    pub reason: Paragraph,
}

/// The part was repaired or remanufactured, and needs inspection and release again. Subject: the part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Repaired {
    /// Newest statement about the part at hand.
    pub after: Option<StatementId>,
    /// Approved data that it was done by.
    pub approved_data: Line,
    /// Work order.
    pub work_order: Line,
    /// SHA3-256 of the record.
    pub record: Digest,
}

/// The part is taken out of use for good; what is left is to destroy it. Subject: the part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decommissioned {
    /// Newest statement about the part at hand.
    pub after: Option<StatementId>,
    /// Why.
    pub reason: Paragraph,
}

impl Usage {
    /// Whether any count is below another's.
    pub fn is_below(&self, other: &Usage) -> bool {
        self.duration_s < other.duration_s
            || self.cycles < other.cycles
            || self.landings < other.landings
    }

    /// The sum of each count.
    pub fn plus(&self, other: &Usage) -> Usage {
        Usage {
            duration_s: self.duration_s.saturating_add(other.duration_s),
            cycles: self.cycles.saturating_add(other.cycles),
            landings: self.landings.saturating_add(other.landings),
        }
    }

    /// What was added to an older count; nothing where that was more.
    pub fn since(&self, older: &Usage) -> Usage {
        Usage {
            duration_s: self.duration_s.saturating_sub(older.duration_s),
            cycles: self.cycles.saturating_sub(older.cycles),
            landings: self.landings.saturating_sub(older.landings),
        }
    }

    /// The greater of each count.
    pub fn most(&self, other: &Usage) -> Usage {
        Usage {
            duration_s: self.duration_s.max(other.duration_s),
            cycles: self.cycles.max(other.cycles),
            landings: self.landings.max(other.landings),
        }
    }
}

impl LifeLimit {
    /// Whether there is a bound at all.
    pub fn is_a_limit(&self) -> bool {
        self.duration_s.is_some() || self.cycles.is_some() || self.landings.is_some()
    }

    /// Whether a part that was used so much has reached it.
    pub fn is_reached_by(&self, used: &Usage) -> bool {
        let reached = |used: u64, limit: Option<u64>| limit.is_some_and(|limit| used >= limit);
        reached(used.duration_s, self.duration_s)
            || reached(used.cycles, self.cycles)
            || reached(used.landings, self.landings)
    }
}
