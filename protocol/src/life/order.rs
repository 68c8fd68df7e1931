//! The causal order of the reports about a part.
//!
//! Owns what stands before what, the same for everybody who has the same reports, whatever the clocks say and
//! in whatever order they came. Must never know what a report means for the part.

use crate::statement::StatementId;
use crate::text::SubjectId;
use crate::world::{Event, Report};
use std::collections::BTreeMap;

/// Reports in an order in which what comes after something stands behind it, whatever the clocks say;
/// otherwise by time, ties by id. The same for everybody who has the same reports.
pub fn causal_order(facts: &[Report<Event>]) -> Vec<&Report<Event>> {
    let by_id: BTreeMap<_, _> = facts
        .iter()
        .map(|fact| (fact.source.statement, fact))
        .collect();
    let mut started: BTreeMap<&SubjectId, i64> = BTreeMap::new();
    for fact in facts {
        if let Event::Started { build, .. } = &fact.says {
            let latest = started.entry(build).or_insert(fact.source.at);
            *latest = fact.source.at.max(*latest);
        }
    }
    let mut ranks: BTreeMap<StatementId, (i64, u32)> = BTreeMap::new();
    for fact in facts {
        rank(fact, &by_id, &started, &mut ranks);
    }
    let mut ordered: Vec<_> = facts.iter().collect();
    ordered.sort_by_key(|fact| (ranks[&fact.source.statement], fact.source.statement));
    ordered
}

/// Latest time among a report and what it comes after, and how many stand before it at that time. Ids are hashes,
/// so predecessors cannot form a circle; the explicit stack keeps a long chain off the call stack. The end of a build
/// comes after its starts (when they were, at the latest: `started`): one second may hold both.
fn rank<'a>(
    fact: &'a Report<Event>,
    by_id: &BTreeMap<StatementId, &'a Report<Event>>,
    started: &BTreeMap<&SubjectId, i64>,
    ranks: &mut BTreeMap<StatementId, (i64, u32)>,
) {
    let mut stack = vec![fact];
    while let Some(top) = stack.last().copied() {
        let known: Vec<_> = top
            .says
            .predecessors()
            .filter_map(|id| by_id.get(&id).copied())
            .collect();
        let open = known
            .iter()
            .find(|fact| !ranks.contains_key(&fact.source.statement));
        if let Some(open) = open {
            stack.push(open);
            continue;
        }
        let own = (top.source.at, 0);
        let start = top.says.ended().and_then(|build| started.get(build));
        let behind = known.iter().map(|fact| ranks[&fact.source.statement]);
        let rank = behind
            .chain(start.map(|at| (*at, 0)))
            .map(|(at, depth)| (at, depth + 1))
            .fold(own, std::cmp::max);
        ranks.insert(top.source.statement, rank);
        stack.pop();
    }
}

/// The first start of the build whose end a report tells, by the same key.
pub(crate) fn start_of(end: &Report<Event>, facts: &[Report<Event>]) -> Option<StatementId> {
    let ended = end.says.ended()?;
    let is_start = |fact: &&Report<Event>| matches!(&fact.says, Event::Started { build, .. } if build == ended);
    let own = facts.iter().filter(is_start);
    own.filter(|start| start.source.kid == end.source.kid)
        .min_by_key(|start| start.source.seq)
        .map(|start| start.source.statement)
}
