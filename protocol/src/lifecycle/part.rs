//! Rules of what is said of a part after its build.
//!
//! A report is added to the part's facts and takes what effect its place in causal order gives it. The two
//! acts, release and lifting, are weighed at that place: [`Life::fold`] is asked what it would object.

use super::build::add_fact;
use super::{Changes, Context, Refusal, refuse, require, waits_for};
use crate::body::Core;
use crate::body::governance::Role;
use crate::body::licence::Purpose;
use crate::body::safety::ReportVouched;
use crate::code::{Code, HoldKind};
use crate::life::{self, Above, Eyes, Hold, Life};
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
        Core::PartInstalled(says) => return super::assembly::installed(context, says),
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
        Core::ReportVouched(says) => return vouched(context, says),
        _ => return super::quality::said(context),
    };
    add(context, event, context.noted_with_role(roles))
}

pub(super) fn add(
    context: &Context,
    event: Event,
    noted: BTreeSet<Code>,
) -> Result<Changes, Refusal> {
    let mut changes = Changes {
        findings: noted.clone(),
        ..Changes::default()
    };
    add_fact(context, &mut changes, context.sub(), event, noted)?;
    Ok(changes)
}

/// What the lives of the parts that a statement touches object to in it.
pub fn objections(context: &Context, changes: &Changes) -> BTreeSet<Code> {
    let mut found = BTreeSet::new();
    for (part, state) in &changes.states {
        if let Data::Part { facts, .. } = &state.data {
            let above = Above::of(context.world, part, facts);
            let (_, mut objections) = Life::fold(context.world, part, facts, &above);
            let own = objections.remove(&context.statement.id);
            found.extend(own.into_iter().flatten().map(|hold| hold.code));
        }
    }
    found
}

pub(super) fn facts<'a>(world: &'a World, context: &Context) -> &'a [Report<Event>] {
    match world.get(context.sub()) {
        Some(Data::Part { facts, .. }) => facts,
        _ => &[],
    }
}

/// What an act builds on is not there. Where more was said than is kept, waiting for it would never end, and nothing can
/// be done with the part either way.
pub(super) fn absent<T>(context: &Context, what: String) -> Result<T, Refusal> {
    match context.world.get(context.sub()) {
        Some(Data::Part {
            crowded: Some(_), ..
        }) => refuse(Code::TooManyReports, what),
        _ => waits_for(what),
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
        return absent(context, format!("the inspection {}", says.inspection));
    }
    let view = View::of(context, facts, &event);
    if view.before.build.is_none() && view.before.entered.is_none() {
        return absent(context, format!("the build of {}", context.sub()));
    }
    let licence = view.above.licence();
    if licence.is_some_and(|licence| licence.purpose == Purpose::Qualification) {
        return refuse(Code::QualificationPart, "");
    }
    super::form::check(context, says, facts, &view.above)?;
    let mut found = view.own;
    found.extend(view.above.problems(context.world, &view.before));
    found.extend(view.above.restrictions(context.world, &view.before));
    act(context, event, &found, view.missing)
}

/// What the author of an act had before them: the reports below the size that they had seen, and those that the act
/// comes after. It does not depend on what else has arrived.
pub(super) struct View {
    above: Above,
    /// The part's life without the act.
    before: Life,
    /// What that life objects to in the act.
    pub own: Vec<Hold>,
    /// A statement that the act comes after and that is not there.
    pub missing: Option<StatementId>,
}

impl View {
    pub fn of(context: &Context, facts: &[Report<Event>], event: &Event) -> View {
        let eyes = Eyes::of(context.statement);
        let was_logged = |fact: &Report<Event>| eyes.saw(fact.source.since());
        let tests = Above::of(context.world, context.sub(), facts).coupon_test_ids();
        let (behind, missing) = behind(facts, &tests, event);
        let mut facts: Vec<_> = facts.to_vec();
        facts.retain(|fact| was_logged(fact) || behind.contains(&fact.source.statement));
        let logged = facts.iter().filter(|fact| was_logged(fact));
        let logged: Vec<_> = logged.cloned().collect();
        let fold = |facts: &[Report<Event>]| {
            let above = Above::of(context.world, context.sub(), facts);
            let (life, objections) =
                Life::fold_as_seen(context.world, context.sub(), facts, &above, &eyes);
            (above, life, objections)
        };
        let (_, known, _) = fold(&logged);
        let (above, before, _) = fold(&facts);
        // What the log did not say when the author looked came to light with the newest that the act rests on.
        let newest = facts.iter().map(|fact| fact.source.since()).max();
        Report::insert(&mut facts, report_of(context, event));
        let (_, life, mut objections) = fold(&facts);
        let mut own = objections.remove(&context.statement.id).unwrap_or_default();
        // The walk upward names what stood in the way better.
        own.retain(|hold| hold.code != Code::WithoutEffect);
        if own.iter().any(|hold| hold.code == Code::Held) {
            own = reasons(life, &facts);
        }
        for hold in own.iter_mut().filter(|hold| !holds_alike(&known, hold)) {
            hold.since = newest.unwrap_or(0);
        }
        View {
            above,
            before,
            own,
            missing,
        }
    }
}

fn report_of(context: &Context, event: &Event) -> Report<Event> {
    Report {
        source: context.source.clone(),
        says: event.clone(),
        noted: BTreeSet::new(),
    }
}

fn holds_alike(life: &Life, hold: &Hold) -> bool {
    let mut holds = life.holds.iter();
    holds.any(|other| (other.statement, other.code) == (hold.statement, hold.code))
}

/// What holds the part says why better than "held" does. A gap in its story is none in what the act builds on:
/// one false report would make it wait forever.
fn reasons(life: Life, facts: &[Report<Event>]) -> Vec<Hold> {
    let is_release = |id| {
        let fact = facts.iter().find(|fact| fact.source.statement == id);
        fact.is_some_and(|fact| matches!(fact.says, Event::Released(_)))
    };
    let holds = life.holds.into_iter();
    let counting = holds.filter(|hold| !hold.statement.is_some_and(is_release));
    counting
        .map(|hold| Hold {
            kind: HoldKind::Suspect,
            ..hold
        })
        .collect()
}

/// The reports that an event comes after, directly or through others, and one that is not there: neither among the part's nor
/// among the tests of its coupons.
fn behind(
    facts: &[Report<Event>],
    tests: &BTreeSet<StatementId>,
    event: &Event,
) -> (BTreeSet<StatementId>, Option<StatementId>) {
    let by_id: BTreeMap<_, _> = facts
        .iter()
        .map(|fact| (fact.source.statement, fact))
        .collect();
    let mut open: Vec<_> = event.predecessors().collect();
    let (mut behind, mut missing) = (BTreeSet::new(), None);
    while let Some(id) = open.pop() {
        let Some(fact) = by_id.get(&id) else {
            if !tests.contains(&id) {
                missing = missing.max(Some(id));
            }
            continue;
        };
        if behind.insert(id) {
            open.extend(fact.says.predecessors());
            open.extend(life::start_of(fact, facts));
        }
    }
    (behind, missing)
}

/// Weighs what the author could see, and adds the act. While a statement is missing that it comes after, nothing is
/// decided: what the author had before them is not known yet. What everybody knows by now may still leave it
/// without effect.
pub(super) fn act(
    context: &Context,
    event: Event,
    found: &[Hold],
    missing: Option<StatementId>,
) -> Result<Changes, Refusal> {
    if let Some(id) = missing {
        return absent(context, format!("the statement {id}"));
    }
    let later = context.weigh(found)?;
    let mut changes = add(context, event, BTreeSet::new())?;
    changes.findings.extend(later);
    if !objections(context, &changes).is_empty() {
        changes.findings.insert(Code::WithoutEffect);
    }
    Ok(changes)
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
        return absent(context, format!("the quarantine {placed}"));
    };
    let right = matches!(report.says, Event::Quarantined { .. });
    require(right, Code::WrongSubject, "It names no quarantine.")?;
    require(
        report.source.actor != context.source.actor,
        Code::SameAuthor,
        "",
    )?;
    let view = View::of(context, facts, &event);
    act(context, event, &view.own, view.missing)
}

/// By a member other than the report's author; two organisations clear it.
fn vouched(context: &Context, says: &ReportVouched) -> Result<Changes, Refusal> {
    let report = says.report;
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
        return absent(context, format!("the report {report}"));
    };
    require(
        fact.source.org != *context.org,
        Code::SameAuthor,
        "An organisation cannot vouch for itself.",
    )?;
    let doubted = fact.noted.contains(&Code::Unvouched)
        || life::doubts(context.world, &fact.source)
            .iter()
            .any(|(code, _)| *code == Code::KeyCompromised);
    require(doubted, Code::WrongSubject, "Nobody doubts the report.")?;
    let after = says.after;
    add(context, Event::Vouched { after, report }, BTreeSet::new())
}
