//! Rules of builds.

use super::{Changes, Context, Refusal, refuse, require, waits_for};
use crate::body::build::{
    BuildAborted, BuildCompleted, BuildOrdered, BuildStarted, COUPONS_MAX, LABORATORIES_MAX,
    PARTS_MAX,
};
use crate::body::governance::Role;
use crate::code::Code;
use crate::life::{Above, Genealogy, Hold};
use crate::mark::Mark;
use crate::text::SubjectId;
use crate::world::bounds::{self, REPORTS_MAX};
use crate::world::{Data, Event, Report, State, mark_subject};
use std::collections::{BTreeMap, BTreeSet};

/// What permits a build and may still come, as an approval or the machine's qualification, is not asked here: the gate asks it.
pub fn ordered(context: &Context, says: &BuildOrdered) -> Result<Changes, Refusal> {
    context.require_role(&[Role::Operator])?;
    let id = context.new_subject("order")?;
    let Data::Licence {
        licence, accepted, ..
    } = &context.known(&says.licence)?.data
    else {
        return refuse(Code::WrongSubject, "no licence");
    };
    require(
        licence.holder == *context.org,
        Code::LicenceOtherHolder,
        licence.holder.as_str(),
    )?;
    require(
        licence.machine == says.machine,
        Code::LicenceOtherMachine,
        licence.machine.as_str(),
    )?;
    if accepted.is_none() {
        return waits_for(format!("the acceptance of {}", says.licence));
    }
    can_be_ordered(says)?;
    coupons_are_there(context, says, licence.approval.as_ref())?;
    let carries = Above::under_licence(context.world, &says.licence);
    require(
        !carries.expired(context.source.at),
        Code::AllowableExpired,
        licence.design.as_str(),
    )?;
    let above = [&says.licence, &licence.design, &says.machine, &says.lot];
    let mut found: Vec<Hold> = above
        .into_iter()
        .chain(&licence.approval)
        .flat_map(|id| Hold::restricting(context.world, id))
        .collect();
    found.extend(carries.allowable_problems());
    powder_is_free(context, says)?;
    let noted = context.weigh(&found)?;
    let findings = noted.clone();
    let order = Report {
        source: context.source.clone(),
        says: says.clone(),
        noted,
    };
    Ok(Changes {
        findings,
        ..Changes::default()
    }
    .set(id, Data::Order { order }))
}

fn can_be_ordered(says: &BuildOrdered) -> Result<(), Refusal> {
    require(
        says.lot.kind() == "lot",
        Code::WrongSubject,
        format!("{} is no lot.", says.lot),
    )?;
    let right = (1..=PARTS_MAX as u32).contains(&says.parts) && says.mass_mg > 0;
    require(
        right,
        Code::WrongSubject,
        "An order is for 1 to 256 parts and some material.",
    )?;
    require(
        says.coupons.len() <= COUPONS_MAX,
        Code::WrongSubject,
        "More than 16 coupons.",
    )?;
    require(
        says.laboratories.len() <= LABORATORIES_MAX,
        Code::WrongSubject,
        "More than 16 laboratories.",
    )
}

/// What the approval asks to be tested must be printed.
fn coupons_are_there(
    context: &Context,
    says: &BuildOrdered,
    approval: Option<&SubjectId>,
) -> Result<(), Refusal> {
    let granted = match approval.and_then(|id| context.world.get(id)) {
        Some(Data::Approval { granted, .. }) => granted.as_ref(),
        _ => None,
    };
    let asks = granted.is_some_and(|(granted, _)| !granted.coupon_tests.is_empty());
    require(!asks || !says.coupons.is_empty(), Code::CouponsMissing, "")
}

/// Whether the author could see a recall of a lot that went into the ordered one. What came to light later holds the
/// parts by itself, whenever the blend becomes known: nothing is noted here that would tell in which order it came.
fn powder_is_free(context: &Context, says: &BuildOrdered) -> Result<(), Refusal> {
    let genealogy = Genealogy::of(context.world, &says.lot, context.org);
    let mut found = Vec::new();
    for lot in genealogy.lots.iter().skip(1) {
        let holds = Hold::restricting(context.world, &lot.id).into_iter();
        found.extend(holds.map(|hold| Hold {
            since: hold.since.max(lot.came_since()),
            ..hold
        }));
    }
    context.weigh(&found).map(|_| ())
}

pub fn started(context: &Context, says: &BuildStarted) -> Result<Changes, Refusal> {
    let id = context.subject("build")?.clone();
    let parts: BTreeSet<_> = says.parts.iter().map(|started| &started.part).collect();
    let right = (1..=PARTS_MAX).contains(&says.parts.len())
        && parts.len() == says.parts.len()
        && parts.iter().all(|part| part.kind() == "part");
    require(
        right,
        Code::WrongSubject,
        "A build has 1 to 256 different parts.",
    )?;
    let mut noted = context.noted_with_role(&[]);
    if !context.is_machine() {
        noted.insert(Code::RoleMissing);
    }
    let findings = noted.clone();
    let mut changes = Changes {
        findings,
        ..Changes::default()
    };
    let mut state = build_or_new(context, &id);
    let Data::Build { starts, .. } = &mut state.data else {
        return refuse(Code::WrongSubject, "no build");
    };
    let source = context.source.clone();
    let report = Report {
        source,
        says: says.clone(),
        noted: noted.clone(),
    };
    if !Report::insert_within(starts, report, REPORTS_MAX, |_, _| true) {
        changes.findings.insert(Code::TooManyReports);
    }
    changes.states.insert(id.clone(), state);
    for started in &says.parts {
        let event = Event::Started {
            build: id.clone(),
            unit: started.unit,
            mark: started.mark,
        };
        add_fact(context, &mut changes, &started.part, event, noted.clone())?;
        add_mark(context, &mut changes, &started.part, &started.mark);
    }
    Ok(changes)
}

/// The state of a build; what it took may be told before its start.
pub fn build_or_new(context: &Context, id: &SubjectId) -> State {
    context.world.copy(id).unwrap_or_else(|| {
        State::from(Data::Build {
            starts: Vec::new(),
            uses: Vec::new(),
            tests: Vec::new(),
            made: BTreeMap::new(),
        })
    })
}

/// Adds a part to those that carry its mark; a second one is remembered with its place in the log.
pub fn add_mark(context: &Context, changes: &mut Changes, part: &SubjectId, mark: &Mark) {
    let mark = mark_subject(mark);
    let known = changes.states.get(&mark);
    let known = known.map_or_else(|| context.world.get(&mark), |state| Some(&state.data));
    let (mut parts, mut doubled) = match known {
        Some(Data::Mark { parts, doubled }) => (parts.clone(), *doubled),
        _ => (BTreeSet::new(), None),
    };
    let is_other = !parts.is_empty() && !parts.contains(part);
    bounds::add_marked(&mut parts, part);
    if is_other || parts.len() > 1 {
        changes.findings.insert(Code::MarkDuplicated);
        doubled.get_or_insert(context.source.since());
    }
    changes
        .states
        .insert(mark, Data::Mark { parts, doubled }.into());
}

pub fn completed(context: &Context, says: &BuildCompleted) -> Result<Changes, Refusal> {
    let changes = ended(context, &says.parts, |build| Event::Completed { build })?;
    let id = context.subject("build")?.clone();
    let mut state = build_or_new(context, &id);
    let Data::Build { made, .. } = &mut state.data else {
        return refuse(Code::WrongSubject, "no build");
    };
    let own = made.entry(context.org.clone()).or_default();
    for part in &says.parts {
        if own.len() < PARTS_MAX {
            own.entry(part.clone()).or_insert(context.source.since());
        }
    }
    Ok(changes.set(id, state))
}

pub fn aborted(context: &Context, says: &BuildAborted) -> Result<Changes, Refusal> {
    ended(context, &says.parts, |build| Event::Aborted {
        build,
        reason: says.reason.clone(),
    })
}

fn ended(
    context: &Context,
    parts: &[SubjectId],
    event: impl Fn(SubjectId) -> Event,
) -> Result<Changes, Refusal> {
    let id = context.subject("build")?;
    let different = parts.iter().collect::<BTreeSet<_>>().len() == parts.len();
    let right = different && (1..=PARTS_MAX).contains(&parts.len());
    require(
        right,
        Code::WrongSubject,
        "A build has 1 to 256 different parts.",
    )?;
    let mut noted = context.noted_with_role(&[]);
    if !context.is_machine() {
        noted.insert(Code::RoleMissing);
    }
    let mut changes = Changes {
        findings: noted.clone(),
        ..Changes::default()
    };
    for part in parts {
        add_fact(
            context,
            &mut changes,
            part,
            event(id.clone()),
            noted.clone(),
        )?;
    }
    Ok(changes)
}

/// Adds what happened to a part's state; the part may be new.
pub fn add_fact(
    context: &Context,
    changes: &mut Changes,
    part: &SubjectId,
    says: Event,
    noted: BTreeSet<Code>,
) -> Result<(), Refusal> {
    context.is_kind(part, "part")?;
    let mut state = changes
        .states
        .remove(part)
        .or_else(|| context.world.copy(part))
        .unwrap_or_else(|| {
            State::from(Data::Part {
                facts: Vec::new(),
                crowded: None,
            })
        });
    let Data::Part { facts, crowded } = &mut state.data else {
        return refuse(Code::WrongSubject, "no part");
    };
    // Beyond the bound a flag stays, or does not come: neither holds.
    let only_flags = matches!(says, Event::Suspected(_) | Event::SuspicionLifted(_));
    let report = Report {
        source: context.source.clone(),
        says,
        noted,
    };
    let is_kept = Report::insert_within(facts, report, REPORTS_MAX, bounds::is_same_kind);
    if !is_kept && only_flags {
        changes.findings.insert(Code::TooManyReports);
    } else if !is_kept {
        crowded.get_or_insert(context.source.since());
        changes.findings.insert(Code::TooManyReports);
    }
    changes.states.insert(part.clone(), state);
    Ok(())
}
