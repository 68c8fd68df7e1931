//! Rules of what is said of a part after its build.
//!
//! A report is added to the part's facts and takes what effect its place in causal order gives it. The two
//! acts, release and lifting, are weighed at that place: [`Life::fold`] is asked what it would object.

use super::build::add_fact;
use super::{Changes, Context, Refusal, refuse, require, waits_for};
use crate::body::Core;
use crate::body::governance::{Function, Role};
use crate::body::licence::Purpose;
use crate::code::Code;
use crate::life::{Above, Hold, Life};
use crate::statement::StatementId;
use crate::world::{Data, Event, Report, World};
use std::collections::BTreeSet;

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
    let mut changes = Changes::default();
    add_fact(
        context,
        &mut changes,
        context.sub(),
        event.clone(),
        BTreeSet::new(),
    )?;
    let Some((life, mut own)) = fold(context, &changes) else {
        return refuse(Code::WrongSubject, "no part");
    };
    let mut found = own.remove(&context.statement.id).unwrap_or_default();
    // A hold that stands before the release says why better than "held" does.
    if found.iter().any(|hold| hold.code == Code::Held) {
        found = life
            .holds
            .into_iter()
            .filter(|hold| hold.code != Code::Held)
            .collect();
    }
    let current = Life::of(context.world, context.sub());
    let on_part = |hold: &Hold| hold.subject == *context.sub();
    found.extend(
        current
            .into_iter()
            .flat_map(|life| life.holds)
            .filter(|hold| !on_part(hold)),
    );
    let noted = context.weigh(&found)?;
    add(context, event, noted)
}

type Folded = (Life, std::collections::BTreeMap<StatementId, Vec<Hold>>);

fn fold(context: &Context, changes: &Changes) -> Option<Folded> {
    let Data::Part { facts } = &changes.states.get(context.sub())?.data else {
        return None;
    };
    let above = Above::of(context.world, context.sub(), facts);
    Some(Life::fold(context.world, context.sub(), facts, &above))
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
    let above = Above::of(context.world, context.sub(), facts);
    let life = Life::of(context.world, context.sub());
    let may = above.design_authority() == Some(context.org)
        || context.world.has_function(context.org, Function::Authority)
        || life.is_some_and(|life| life.custodian.as_ref() == Some(context.org));
    require(may, Code::NotYours, "")?;
    add(context, event, BTreeSet::new())
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
    let doubted = fact.noted.contains(&Code::Unvouched) || is_compromised(context.world, fact);
    require(doubted, Code::WrongSubject, "Nobody doubts the report.")?;
    add(context, Event::Vouched { report }, BTreeSet::new())
}

fn is_compromised(world: &World, fact: &Report<Event>) -> bool {
    let key = world.get(&crate::world::key_subject(&fact.source.kid));
    matches!(key, Some(Data::Key { revoked: Some(revoked), .. })
        if revoked.compromised_since.is_some())
}
