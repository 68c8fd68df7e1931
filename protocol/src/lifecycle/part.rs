//! Rules of what is said of a part after its build.
//!
//! A report is added to the part's facts and takes what effect its place in causal order gives it. The two
//! acts, release and lifting, are weighed at that place: [`Life::fold`] is asked what it would object.

use super::build::add_fact;
use super::{Changes, Context, Refusal, refuse, require, waits_for};
use crate::body::Core;
use crate::body::governance::Role;
use crate::body::licence::Purpose;
use crate::code::Code;
use crate::life::{self, Above, Hold, Life};
use crate::statement::StatementId;
use crate::world::{Data, Event, Report, World};
use std::collections::{BTreeMap, BTreeSet};

/// Every kind whose subject is a part.
pub fn said(context: &Context) -> Result<Changes, Refusal> {
    let (event, roles): (Event, &[Role]) = match &context.statement.body.core {
        Core::PartInspected(says) => (Event::Inspected(says.clone()), &[Role::Inspector]),
        Core::PartReleased(says) => return released(context, Event::Released(says.clone())),
        Core::PartShipped(says) => (Event::Shipped(says.clone()), &[Role::Custodian]),
        Core::PartReceived(says) => (
            Event::Received(says.clone()),
            &[Role::Custodian, Role::Mechanic],
        ),
        Core::PartInstalled(says) => (Event::Installed(says.clone()), &[Role::Mechanic]),
        Core::PartRemoved(says) => (Event::Removed(says.clone()), &[Role::Mechanic]),
        Core::PartDestroyed(says) => (
            Event::Destroyed(says.clone()),
            &[Role::Custodian, Role::Mechanic],
        ),
        Core::DestructionAttested(says) => (Event::DestructionAttested(says.clone()), &[]),
        Core::QuarantinePlaced(says) => {
            let (after, reason) = (says.after, says.reason.clone());
            (Event::Quarantined { after, reason }, &[])
        }
        Core::QuarantineLifted(says) => {
            let (after, placed, disposition) = (says.after, says.placed, says.disposition.clone());
            let event = Event::QuarantineLifted {
                after,
                placed,
                disposition,
            };
            return quarantine_lifted(context, placed, event);
        }
        Core::ReportVouched(says) => return vouched(context, says.report),
        _ => return refuse(Code::WrongSubject, "not about a part"),
    };
    add(context, event, context.noted_with_role(roles))
}

fn add(context: &Context, event: Event, noted: BTreeSet<Code>) -> Result<Changes, Refusal> {
    let mut changes = Changes {
        findings: noted.clone(),
        ..Changes::default()
    };
    add_fact(context, &mut changes, context.sub(), event, noted)?;
    let found = objections(context, &changes);
    changes.findings.extend(found.iter().map(|hold| hold.code));
    Ok(changes)
}

/// What the part's life, with this statement in its place, objects to in the statement.
fn objections(context: &Context, changes: &Changes) -> Vec<Hold> {
    let Some(Data::Part { facts }) = changes.states.get(context.sub()).map(|state| &state.data)
    else {
        return Vec::new();
    };
    let above = Above::of(context.world, context.sub(), facts);
    let (_, mut objections) = Life::fold(context.world, context.sub(), facts, &above);
    objections.remove(&context.statement.id).unwrap_or_default()
}

fn facts<'a>(world: &'a World, context: &Context) -> &'a [Report<Event>] {
    match world.get(context.sub()) {
        Some(Data::Part { facts }) => facts,
        _ => &[],
    }
}

fn released(context: &Context, event: Event) -> Result<Changes, Refusal> {
    context.require_role(&[Role::ReleaseSignatory])?;
    let facts = facts(context.world, context);
    let Event::Released(says) = &event else {
        return refuse(Code::WrongSubject, "");
    };
    if !facts
        .iter()
        .any(|fact| fact.source.statement == says.inspection)
    {
        return waits_for(format!("the inspection {}", says.inspection));
    }
    let above = Above::of(context.world, context.sub(), facts);
    if above
        .licence()
        .is_some_and(|licence| licence.purpose == Purpose::Qualification)
    {
        return refuse(Code::QualificationPart, "");
    }
    let (before, _) = Life::fold(context.world, context.sub(), facts, &above);
    let mut found = own_objections(context, &event)?;
    found.extend(above.problems(context.world, &before));
    let later = weigh_whole(context, facts, &event, &found)?;
    let noted = context.weigh(&above.restrictions(context.world, &before))?;
    let mut changes = add(context, event, noted)?;
    changes.findings.extend(later);
    Ok(changes)
}

/// What the part's life objects to in an act at its place. What holds the part says why better than "held" does.
fn own_objections(context: &Context, event: &Event) -> Result<Vec<Hold>, Refusal> {
    let mut changes = Changes::default();
    let (part, nothing) = (context.sub(), BTreeSet::new());
    add_fact(context, &mut changes, part, event.clone(), nothing)?;
    let Some(Data::Part { facts }) = changes.states.get(part).map(|state| &state.data) else {
        return refuse(Code::WrongSubject, "no part");
    };
    let above = Above::of(context.world, part, facts);
    let (life, mut objections) = Life::fold(context.world, part, facts, &above);
    let own = objections.remove(&context.statement.id).unwrap_or_default();
    if own.iter().all(|hold| hold.code != Code::Held) {
        return Ok(own);
    }
    let is_release = |id| {
        let fact = facts.iter().find(|fact| fact.source.statement == id);
        fact.is_some_and(|fact| matches!(fact.says, Event::Released(_)))
    };
    let counts = |hold: &Hold| !hold.statement.is_some_and(is_release);
    Ok(life.holds.into_iter().filter(counts).collect())
}

/// Weighs objections to an act. Where statements are missing that it comes after, nothing is refused for good.
fn weigh_whole(
    context: &Context,
    facts: &[Report<Event>],
    event: &Event,
    found: &[Hold],
) -> Result<BTreeSet<Code>, Refusal> {
    match (context.weigh(found), missing_before(facts, event)) {
        (Err(_), Some(id)) => waits_for(format!("the statement {id}")),
        (weighed, _) => weighed,
    }
}

/// A statement that `event` comes after, directly or through others, and that is not there.
fn missing_before(facts: &[Report<Event>], event: &Event) -> Option<StatementId> {
    let by_id: BTreeMap<_, _> = facts
        .iter()
        .map(|fact| (fact.source.statement, fact))
        .collect();
    let mut open: Vec<_> = event.predecessors().collect();
    let mut seen = BTreeSet::new();
    while let Some(id) = open.pop() {
        let fact = match by_id.get(&id) {
            None => return Some(id),
            Some(fact) => fact,
        };
        if seen.insert(id) {
            open.extend(fact.says.predecessors());
        }
    }
    None
}

/// By another person than who placed it, of the custodian, the design authority or an authority.
fn quarantine_lifted(
    context: &Context,
    placed: StatementId,
    event: Event,
) -> Result<Changes, Refusal> {
    context.require_role(&[
        Role::Inspector,
        Role::ReleaseSignatory,
        Role::DesignAuthority,
        Role::Certifier,
    ])?;
    let facts = facts(context.world, context);
    let Some(report) = facts.iter().find(|fact| fact.source.statement == placed) else {
        return waits_for(format!("the quarantine {placed}"));
    };
    let right = matches!(report.says, Event::Quarantined { .. });
    require(right, Code::WrongSubject, "It names no quarantine.")?;
    require(
        report.source.actor != context.source.actor,
        Code::SameAuthor,
        "",
    )?;
    let found = own_objections(context, &event)?;
    let later = weigh_whole(context, facts, &event, &found)?;
    let mut changes = add(context, event, BTreeSet::new())?;
    changes.findings.extend(later);
    Ok(changes)
}

/// By a member other than the report's author; two organisations clear it.
fn vouched(context: &Context, report: StatementId) -> Result<Changes, Refusal> {
    context.require_role(&[
        Role::Admin,
        Role::Inspector,
        Role::Certifier,
        Role::DesignAuthority,
        Role::Custodian,
        Role::Mechanic,
    ])?;
    let facts = facts(context.world, context);
    let Some(fact) = facts.iter().find(|fact| fact.source.statement == report) else {
        return waits_for(format!("the report {report}"));
    };
    require(
        fact.source.org != *context.org,
        Code::SameAuthor,
        "An organisation cannot vouch for itself.",
    )?;
    let doubted =
        fact.noted.contains(&Code::Unvouched) || life::is_compromised(context.world, &fact.source);
    require(doubted, Code::WrongSubject, "Nobody doubts the report.")?;
    add(context, Event::Vouched { report }, BTreeSet::new())
}
