//! The ways of assemblies: who had each of them when, and in which asset it was, for what was put into it.
//!
//! Owns the walk from a part to the assemblies that it was ever put into, and to those that these were put into. Each is asked
//! once, those furthest from the part first. Assemblies that are said to be in each other are asked without each other. Must never
//! know what is in them.

use super::Life;
use crate::mark::Mark;
use crate::statement::StatementId;
use crate::text::{Line, OrgId, SubjectId};
use crate::world::{Data, Event, Report, World};
use std::collections::{BTreeMap, BTreeSet};

/// Most assemblies that a part is followed into, over all of its life; beyond it the part is held.
pub const ASSEMBLIES_MAX: usize = 1_000;

/// How a part stood from a moment on.
#[derive(Clone, Debug)]
pub(super) struct Span {
    /// Unix seconds; never before the one before.
    pub at: i64,
    /// Log index from which on it could be seen.
    pub since: u64,
    pub custodian: Option<OrgId>,
    /// Name of the asset that it was in.
    pub asset: Option<Line>,
    /// The asset, where it is said whose that is.
    pub asset_subject: Option<SubjectId>,
    /// The assembly that it was in by right.
    pub assembly: Option<SubjectId>,
    pub is_destroyed: bool,
}

impl Span {
    pub fn is_alike(&self, other: &Span) -> bool {
        let of = |span: &Span| {
            let place = (span.asset.clone(), span.asset_subject.clone());
            let rest = (span.assembly.clone(), span.is_destroyed);
            (span.custodian.clone(), place, rest)
        };
        of(self) == of(other)
    }
}

/// The assembly whose way a part goes.
pub(super) struct Carrier {
    pub assembly: SubjectId,
    /// Which of its spans comes next.
    pub next: usize,
}

/// The way of an assembly.
pub(super) struct Trail {
    /// In the order of time.
    pub spans: Vec<Span>,
    /// Sent and not received.
    pub sent: Option<(StatementId, OrgId)>,
    pub mark: Option<Mark>,
}

impl Trail {
    pub fn new(spans: Vec<Span>, life: &Life) -> Trail {
        Trail {
            spans,
            sent: life.in_transit.clone(),
            mark: life.mark,
        }
    }

    /// How many of its spans began up to a Unix time.
    pub fn until(&self, at: i64) -> usize {
        self.spans.partition_point(|span| span.at <= at)
    }

    pub fn span_at(&self, at: i64) -> Option<&Span> {
        self.spans[..self.until(at)].last()
    }

    /// Whether an organisation had it in this second.
    pub fn was_with(&self, at: i64, org: &OrgId) -> bool {
        let ends = self.spans.iter().skip(1).map(|span| Some(span.at));
        let mut spans = self.spans.iter().zip(ends.chain([None]));
        spans.any(|(span, end)| {
            span.custodian.as_ref() == Some(org) && span.at <= at && end.is_none_or(|end| at <= end)
        })
    }
}

/// The ways of all assemblies that a part was ever put into, directly or with another.
#[derive(Default)]
pub(super) struct Trails {
    of: BTreeMap<SubjectId, Trail>,
    /// There are more than are followed.
    pub is_cut: bool,
}

enum Step {
    Enter(SubjectId),
    Leave(SubjectId),
}

fn assemblies(facts: &[Report<Event>]) -> BTreeSet<SubjectId> {
    let into = facts.iter().filter_map(|fact| fact.says.assembly());
    into.cloned().collect()
}

impl Trails {
    /// Of a part with these reports.
    pub fn of(world: &World, facts: &[Report<Event>]) -> Trails {
        let mut trails = Trails::default();
        let mut seen = BTreeSet::new();
        let mut open: Vec<_> = assemblies(facts).into_iter().map(Step::Enter).collect();
        while let Some(step) = open.pop() {
            let id = match &step {
                Step::Enter(id) | Step::Leave(id) => id,
            };
            let Some(Data::Part { facts, .. }) = world.get(id) else {
                continue;
            };
            match step {
                Step::Leave(id) => {
                    let trail = Life::trail(world, &id, facts, &trails);
                    trails.of.insert(id, trail);
                }
                Step::Enter(id) if seen.len() < ASSEMBLIES_MAX => {
                    if seen.insert(id.clone()) {
                        open.push(Step::Leave(id));
                        open.extend(assemblies(facts).into_iter().map(Step::Enter));
                    }
                }
                Step::Enter(id) => trails.is_cut |= !seen.contains(&id),
            }
        }
        trails
    }

    /// The way of an assembly of which it is known who had it.
    pub fn get(&self, assembly: &SubjectId) -> Option<&Trail> {
        let trail = self.of.get(assembly);
        trail.filter(|trail| trail.spans.iter().any(|span| span.custodian.is_some()))
    }

    /// Whether an assembly was, at a Unix time or as far as is known, in a part, or in what was in it.
    pub fn lead(&self, assembly: &SubjectId, at: Option<i64>, part: &SubjectId) -> bool {
        let up = |id: &SubjectId| {
            let trail = self.of.get(id)?;
            let span = match at {
                Some(at) => trail.span_at(at),
                None => trail.spans.last(),
            };
            span?.assembly.clone()
        };
        let mut seen = BTreeSet::new();
        let mut next = Some(assembly.clone());
        while let Some(id) = next.filter(|id| seen.insert(id.clone())) {
            if id == *part {
                return true;
            }
            next = up(&id);
        }
        false
    }
}
