//! Rules of machines.

use super::{Changes, Context, Refusal, refuse, require};
use crate::body::design::Effect;
use crate::body::governance::{Function, Role};
use crate::body::resource::{MachineCalibrated, MachineEnrolled, MachineQualified, MachineRetired};
use crate::code::Code;
use crate::world::bounds::CERTIFICATES_MAX;
use crate::world::{Data, Report, Restriction, RestrictionKind, State, key_subject};
use std::collections::BTreeSet;

/// Most allowables of one qualification.
const EQUIVALENT_MAX: usize = 16;

pub fn machine_enrolled(context: &Context, says: &MachineEnrolled) -> Result<Changes, Refusal> {
    context.require_function(&[Function::Shop])?;
    context.require_role(&[Role::Production, Role::Admin])?;
    let id = context.subject("machine")?.clone();
    let key = context.known(&key_subject(&says.key))?;
    let right = matches!(&key.data, Data::Key { card, org, .. }
        if org == context.org && card.holder_is == crate::body::governance::Holder::Machine);
    require(
        right,
        Code::WrongSubject,
        "The key is not a machine's key of your organisation.",
    )?;
    let mut state = machine_or_new(context, &id);
    let Data::Machine { enrolled, .. } = &mut state.data else {
        return refuse(Code::WrongSubject, "no machine");
    };
    require(enrolled.is_none(), Code::AlreadyExists, id.as_str())?;
    *enrolled = Some((says.clone(), context.source.clone()));
    Ok(Changes::default().set(id, state))
}

fn machine_or_new(context: &Context, id: &crate::text::SubjectId) -> State {
    context.world.copy(id).unwrap_or_else(|| {
        State::from(Data::Machine {
            enrolled: None,
            qualified: Vec::new(),
            calibrated: Vec::new(),
        })
    })
}

/// By the shop itself, or by an authority; for parts of class A and B only an authority's counts.
pub fn machine_qualified(context: &Context, says: &MachineQualified) -> Result<Changes, Refusal> {
    let id = context.subject("machine")?.clone();
    let mut state = context.known(&id)?.clone();
    let Data::Machine {
        enrolled: Some((_, owner)),
        qualified,
        ..
    } = &mut state.data
    else {
        return super::waits_for(&id);
    };
    if context.has_function(context.org, Function::Authority) {
        context.require_role(&[Role::Certifier])?;
    } else {
        context.require_own(&owner.org)?;
        context.require_role(&[Role::Production])?;
    }
    let allowables = says.equivalent_to.iter();
    let right = allowables.clone().count() <= EQUIVALENT_MAX
        && allowables.clone().all(|id| id.kind() == "allowable");
    require(
        right,
        Code::WrongSubject,
        "A machine is shown to be equivalent for at most 16 allowables.",
    )?;
    require(
        qualified.len() < CERTIFICATES_MAX,
        Code::TooManyReports,
        "The machine has 256 qualifications.",
    )?;
    qualified.push((says.clone(), context.source.clone()));
    Ok(Changes::default().set(id, state))
}

pub fn machine_calibrated(context: &Context, says: &MachineCalibrated) -> Result<Changes, Refusal> {
    let id = context.subject("machine")?.clone();
    let mut state = machine_or_new(context, &id);
    let Data::Machine { calibrated, .. } = &mut state.data else {
        return refuse(Code::WrongSubject, "no machine");
    };
    let noted = context.noted_with_role(&[Role::Production]);
    let mut findings = noted.clone();
    let report = Report {
        source: context.source.clone(),
        says: says.clone(),
        noted,
    };
    // One that is not kept carries no build.
    if !Report::insert_within(calibrated, report, CERTIFICATES_MAX, |_, _| true) {
        findings.insert(Code::TooManyReports);
    }
    Ok(Changes {
        findings,
        ..Changes::default()
    }
    .set(id, state))
}

/// By its owner. What it built before stays good, what it builds from now on is held, and nothing brings it back: another
/// machine is enrolled.
pub fn machine_retired(context: &Context, says: &MachineRetired) -> Result<Changes, Refusal> {
    context.require_role(&[Role::Production, Role::Admin])?;
    let id = context.subject("machine")?.clone();
    let mut state = context.known(&id)?.clone();
    let Data::Machine {
        enrolled: Some((_, owner)),
        ..
    } = &state.data
    else {
        return super::waits_for(&id);
    };
    context.require_own(&owner.org)?;
    let is_retired = |one: &Restriction| one.kind == RestrictionKind::Retired;
    let once = !state.restrictions.iter().any(is_retired);
    require(once, Code::AlreadyExists, id.as_str())?;
    let mut changes = Changes::default();
    let is_as_said = state.restrict(Restriction {
        kind: RestrictionKind::Retired,
        source: context.source.clone(),
        effect: Effect::NewBuilds,
        from: None,
        until: None,
        also: BTreeSet::new(),
        reason: says.reason.to_string(),
        lifted: None,
    });
    if !is_as_said {
        changes.findings.insert(Code::TooManyReports);
    }
    Ok(changes.set(id, state))
}
