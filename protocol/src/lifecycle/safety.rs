//! Rules of recalls and suspicions.

use super::part::{View, absent, act, add, facts};
use super::{Changes, Context, Refusal, refuse, require};
use crate::body::Core;
use crate::body::design::Effect;
use crate::body::governance::{Function, Role};
use crate::body::safety::{ANCHORS_MAX, RecallLifted, RecallPlaced, RecallReported};
use crate::code::Code;
use crate::text::OrgId;
use crate::world::bounds::LISTS_MAX;
use crate::world::{Data, Event, Report, Restriction, RestrictionKind, State};
use std::collections::BTreeSet;

/// One statement on one anchor; the others are conditions. At least one anchor is the author's own, so that what
/// all anchors have in common lies within its authority.
pub fn recall_placed(context: &Context, says: &RecallPlaced) -> Result<Changes, Refusal> {
    context.require_role(&[Role::DesignAuthority, Role::Certifier, Role::Production])?;
    let id = context.new_subject("recall")?;
    let anchors: BTreeSet<_> = says.anchors.iter().collect();
    let right =
        (1..=ANCHORS_MAX).contains(&says.anchors.len()) && anchors.len() == says.anchors.len();
    require(
        right,
        Code::WrongSubject,
        "A recall has 1 to 8 different anchors.",
    )?;
    let is_authority = context.has_function(context.org, Function::Authority);
    let mut own = None;
    for anchor in &says.anchors {
        let state = context.known(anchor)?;
        let Some(owners) = owners(state) else {
            return refuse(Code::WrongSubject, format!("{anchor} cannot be recalled."));
        };
        if is_authority || owners.contains(context.org) {
            own.get_or_insert((anchor, state));
        }
    }
    let Some((on, state)) = own else {
        return refuse(Code::NotYours, "");
    };
    let mut state = state.clone();
    let mut changes = Changes::default();
    let is_as_said = state.restrict(Restriction {
        kind: RestrictionKind::Recalled,
        source: context.source.clone(),
        effect: Effect::All,
        from: says.from.map(|time| time.unix()),
        until: says.until.map(|time| time.unix()),
        also: says
            .anchors
            .iter()
            .filter(|anchor| *anchor != on)
            .cloned()
            .collect(),
        reason: says.reason.to_string(),
        lifted: None,
    });
    if !is_as_said {
        changes.findings.insert(Code::TooManyReports);
    }
    let recall = Data::Recall {
        recall: says.clone(),
        on: on.clone(),
        source: context.source.clone(),
        reported: Vec::new(),
        lifted: None,
    };
    Ok(changes.set(on.clone(), state).set(id, recall))
}

/// Whose a subject is, for recalls. Of what is reported it is whose ever it was reported as: another's report, with
/// whatever time, takes a recall out of nobody's hands.
fn owners(state: &State) -> Option<BTreeSet<OrgId>> {
    fn reporters<T>(reports: &[Report<T>]) -> BTreeSet<OrgId> {
        let orgs = reports.iter().map(|report| report.source.org.clone());
        orgs.collect()
    }
    let only = |org: &OrgId| Some(BTreeSet::from([org.clone()]));
    match &state.data {
        Data::Design { source, .. }
        | Data::Allowable { source, .. }
        | Data::Licence { source, .. } => only(&source.org),
        Data::Approval {
            source, granted, ..
        } => only(&granted.as_ref().map_or(source, |(_, source)| source).org),
        Data::Lot {
            received, blended, ..
        } => {
            let mut orgs = reporters(received);
            orgs.extend(reporters(blended));
            Some(orgs)
        }
        Data::Machine { enrolled, .. } => {
            enrolled.as_ref().and_then(|(_, source)| only(&source.org))
        }
        Data::Build { starts, .. } => Some(reporters(starts)),
        Data::Key { org, .. } => only(org),
        Data::Part { facts, .. } => {
            let began = |fact: &&Report<Event>| {
                matches!(fact.says, Event::Started { .. } | Event::Entered(_))
            };
            let starts = facts.iter().filter(began);
            Some(starts.map(|fact| fact.source.org.clone()).collect())
        }
        _ => None,
    }
}

/// By the organisation that placed it, or an authority. It waits for the recall, as every act waits for what it names; nothing
/// follows from it, so that a list that is wrong or old holds and frees nothing.
pub fn recall_reported(context: &Context, says: &RecallReported) -> Result<Changes, Refusal> {
    context.require_role(&[Role::DesignAuthority, Role::Certifier, Role::Production])?;
    let id = context.subject("recall")?.clone();
    let mut recall = context.known(&id)?.clone();
    let Data::Recall {
        source, reported, ..
    } = &mut recall.data
    else {
        return refuse(Code::WrongSubject, "no recall");
    };
    if !context.has_function(context.org, Function::Authority) {
        context.require_own(&source.org)?;
    }
    require(
        reported.len() < LISTS_MAX,
        Code::TooManyReports,
        format!("It has {LISTS_MAX} lists already."),
    )?;
    reported.push((says.clone(), context.source.clone()));
    Ok(Changes::default().set(id, recall))
}

/// By another person than who placed it, of the same organisation or of an authority.
pub fn recall_lifted(context: &Context, _: &RecallLifted) -> Result<Changes, Refusal> {
    context.require_role(&[Role::DesignAuthority, Role::Certifier, Role::Production])?;
    let id = context.subject("recall")?.clone();
    let mut recall = context.known(&id)?.clone();
    let Data::Recall {
        on, source, lifted, ..
    } = &mut recall.data
    else {
        return refuse(Code::WrongSubject, "no recall");
    };
    if !context.has_function(context.org, Function::Authority) {
        context.require_own(&source.org)?;
    }
    require(source.actor != context.source.actor, Code::SameAuthor, "")?;
    require(
        lifted.is_none(),
        Code::AlreadyExists,
        "It is lifted already.",
    )?;
    *lifted = Some(context.source.clone());
    let (on, placed) = (on.clone(), source.statement);
    let mut anchor = context.known(&on)?.clone();
    for (at, restriction) in anchor.restrictions.iter_mut().enumerate() {
        // The last one stands for all that came after it.
        if restriction.source.statement == placed && !State::is_catch_all(at) {
            restriction.lifted = Some(context.source.clone());
        }
    }
    Ok(Changes::default().set(on, anchor).set(id, recall))
}

/// Any member may suspect; another person clears it up.
pub fn suspicion(context: &Context) -> Result<Changes, Refusal> {
    let says = match &context.statement.body.core {
        Core::SuspicionPlaced(says) => {
            let event = Event::Suspected(says.clone());
            return add(context, event, context.noted.clone());
        }
        Core::SuspicionLifted(says) => says,
        _ => return refuse(Code::WrongSubject, "not about a part"),
    };
    context.require_role(&[
        Role::Inspector,
        Role::ReleaseSignatory,
        Role::DesignAuthority,
        Role::Certifier,
    ])?;
    let facts = facts(context.world, context);
    let mut placed = facts.iter();
    let Some(report) = placed.find(|fact| fact.source.statement == says.placed) else {
        return absent(context, format!("the suspicion {}", says.placed));
    };
    let right = matches!(report.says, Event::Suspected(_));
    require(right, Code::WrongSubject, "It names no suspicion.")?;
    let other = report.source.actor != context.source.actor;
    require(other, Code::SameAuthor, "")?;
    let event = Event::SuspicionLifted(says.clone());
    let view = View::of(context, facts, &event);
    act(context, event, &view.own, view.missing)
}
