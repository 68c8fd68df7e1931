//! What was decided and from when on it binds: members, policies, votes.
//!
//! Owns the form of a decision in a state, and the one way to ask what is in force at a place of the log. A state keeps every
//! decision in its order; nothing is rewritten when a time comes, and what was in force when something was signed can
//! be asked for ever. Must never know who decides: `lifecycle/vote`.

use super::{Data, Source, World, org_subject, policy_subject, subject};
use crate::body::governance::{Function, Policy};
use crate::body::vote::Proposed;
use crate::text::{OrgId, SubjectId};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Decisions about one member that are kept and open a door; what closes one has room for as many more.
pub const DECISIONS_MAX: usize = 64;
/// As [`DECISIONS_MAX`], about the policy: one a month for twenty years. All are kept, because each release is judged for ever under the
/// policy that was in force at its place.
pub const POLICIES_MAX: usize = 256;
/// Organisations that are governors, or will be.
pub const GOVERNORS_MAX: usize = 32;

/// A place in the log, at which it is asked what binds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Index in the log; `u64::MAX` for what is not logged yet.
    pub since: u64,
    /// Log time, Unix seconds.
    pub time: i64,
}

impl Place {
    /// Behind everything that is known, at this log time (Unix seconds).
    pub fn newest(time: i64) -> Place {
        Place {
            since: u64::MAX,
            time,
        }
    }
}

impl Source {
    /// Where the statement stands.
    pub fn place(&self) -> Place {
        Place {
            since: self.since(),
            time: self.logged_at.unwrap_or(self.at),
        }
    }
}

/// Something that was decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decided<T> {
    /// What.
    pub says: T,
    /// The statement that decided it: of votes, the last that was needed.
    pub by: Source,
    /// Log time from which on it binds, Unix seconds; from its place in the log on where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<i64>,
}

impl<T> Decided<T> {
    /// Decided, and in force from there on.
    pub fn at_once(says: T, by: &Source) -> Decided<T> {
        Decided {
            says,
            by: by.clone(),
            from: None,
        }
    }

    /// Whether it was in force at a place, unless something newer was.
    pub fn binds(&self, at: Place) -> bool {
        self.by.since() <= at.since && self.from.is_none_or(|from| from <= at.time)
    }

    /// Of several decisions, in their order, the one in force: the newest that binds.
    pub fn in_force(list: &[Decided<T>], at: Place) -> Option<&Decided<T>> {
        list.iter().rev().find(|decided| decided.binds(at))
    }

    /// Adds what is decided at a place. What was decided before and now never comes into force goes: nothing was signed under it,
    /// and nothing will be.
    pub fn push(list: &mut Vec<Decided<T>>, new: Decided<T>, at: Place)
    where
        T: PartialEq,
    {
        let is_never = |old: &Decided<T>| match (old.from, new.from) {
            (Some(old), Some(from)) => old >= from,
            (Some(old), None) => old > at.time,
            (None, _) => false,
        };
        list.retain(|old| !is_never(old));
        let adds = |last: &Decided<T>| last.says != new.says || !last.binds(at);
        if list.last().is_none_or(adds) {
            list.push(new);
        }
    }

    /// The decisions that are in force at a place or can come into force after it.
    pub fn live(list: &[Decided<T>], at: Place) -> &[Decided<T>] {
        let first = list.iter().rposition(|decided| decided.binds(at));
        &list[first.unwrap_or(0)..]
    }
}

/// What a member may do; `None` once it is expelled.
pub type Standing = Option<BTreeSet<Function>>;

/// The vote of an organisation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vote {
    /// For or against.
    pub in_favour: bool,
    /// Who cast it.
    pub source: Source,
}

/// That a proposal has enough votes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// The last vote that was needed.
    pub by: Source,
    /// Who governed there. More than half of them were needed.
    pub governors: BTreeSet<OrgId>,
    /// Log time from which on what it adds binds, Unix seconds; at once where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<i64>,
}

impl Decision {
    /// How many votes were needed.
    pub fn needed(&self) -> usize {
        needed(&self.governors)
    }
}

/// More than half of the governors.
pub fn needed(governors: &BTreeSet<OrgId>) -> usize {
    governors.len() / 2 + 1
}

/// A proposal with the votes on it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ballot {
    /// What is proposed.
    pub proposal: Proposed,
    /// Who proposed it.
    pub source: Source,
    /// The vote of each organisation.
    pub votes: BTreeMap<OrgId, Vote>,
    /// That it has enough votes.
    pub decided: Option<Decision>,
    /// What took the decision back before it was in force, or the vote that had no effect.
    pub cancelled: Option<Source>,
}

/// The subject that holds the seats of the governors. It has no state while the founder is the only one.
pub fn governors_subject() -> SubjectId {
    subject("governors", "main")
}

impl World {
    /// The policy that the log was founded with; none before genesis.
    pub fn founding(&self) -> Option<&Policy> {
        self.policies().first().map(|decided| &decided.says)
    }

    /// The policy in force at a place.
    pub fn policy(&self, at: Place) -> Option<&Policy> {
        Decided::in_force(self.policies(), at).map(|decided| &decided.says)
    }

    /// All policies that were decided, in their order.
    pub fn policies(&self) -> &[Decided<Policy>] {
        match self.get(&policy_subject()) {
            Some(Data::Policy { policies }) => policies,
            _ => &[],
        }
    }

    /// What an organisation is at a place: nothing before it is in force, [`None`] inside after it was expelled.
    pub fn standing(&self, org: &OrgId, at: Place) -> Option<&Standing> {
        match self.get(&org_subject(org)) {
            Some(Data::Member { standing, .. }) => {
                Decided::in_force(standing, at).map(|decided| &decided.says)
            }
            _ => None,
        }
    }

    /// Whether an organisation has a function at a place.
    pub fn has_function(&self, org: &OrgId, function: Function, at: Place) -> bool {
        let standing = self.standing(org, at).and_then(Option::as_ref);
        standing.is_some_and(|functions| functions.contains(&function))
    }

    /// The organisations that have a seat among the governors, in force already or not.
    pub fn seats(&self) -> BTreeSet<OrgId> {
        match self.get(&governors_subject()) {
            Some(Data::Governors { seats }) => seats.clone(),
            _ => self
                .founding()
                .map(|policy| policy.governor.clone())
                .into_iter()
                .collect(),
        }
    }

    /// The governors in force at a place. Each organisation once, however many keys it has.
    pub fn governors(&self, at: Place) -> BTreeSet<OrgId> {
        let mut seats = self.seats();
        seats.retain(|org| self.has_function(org, Function::Governor, at));
        seats
    }
}
