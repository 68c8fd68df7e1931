//! Rules of material lots.
//!
//! All of these are reports: what they break holds what stands on the lots, and is computed by `life` from what the
//! states keep. What is noted about a lot depends on that lot and on the author alone.

use super::{Changes, Context, Refusal, refuse, require};
use crate::body::governance::Role;
use crate::body::material::{LOTS_MAX, MaterialBlended, MaterialScrapped, MaterialUsed};
use crate::body::resource::MaterialReceived;
use crate::code::Code;
use crate::life::Lot;
use crate::text::SubjectId;
use crate::world::bounds::{ACCOUNTS_MAX, DRAWS_MAX, REPORTS_MAX};
use crate::world::{Data, Drawn, Report, State};
use std::collections::{BTreeMap, BTreeSet};

pub fn received(context: &Context, says: &MaterialReceived) -> Result<Changes, Refusal> {
    let id = context.subject("lot")?.clone();
    require(
        says.mass_mg > 0,
        Code::WrongSubject,
        "The mass must be above 0.",
    )?;
    let noted = context.noted_with_role(&[Role::Production]);
    let mut changes = noting(&noted);
    let report = report(context, says.clone(), &noted);
    let state = origin(context, &mut changes, &id, |received, _| {
        Report::insert_within(received, report, REPORTS_MAX, |_, _| true)
    })?;
    Ok(changes.set(id, state))
}

pub fn blended(context: &Context, says: &MaterialBlended) -> Result<Changes, Refusal> {
    let id = context.subject("lot")?.clone();
    let lots: BTreeSet<_> = says.from.iter().map(|share| &share.lot).collect();
    are_lots(context, &lots, says.from.len())?;
    is_made_of_others(says, &id)?;
    let noted = context.noted_with_role(&[Role::Production]);
    let mut changes = noting(&noted);
    let report = report(context, says.clone(), &noted);
    let state = origin(context, &mut changes, &id, |_, blended| {
        Report::insert_within(blended, report, ACCOUNTS_MAX, |_, _| true)
    })?;
    if !says.is_balanced() {
        changes.findings.insert(Code::MassUnbalanced);
    }
    changes.states.insert(id.clone(), state);
    for share in &says.from {
        let (into, mass_mg) = (id.clone(), share.mass_mg);
        draw(
            context,
            &mut changes,
            &share.lot,
            Drawn::Blend { into, mass_mg },
            &noted,
        )?;
    }
    Ok(changes)
}

pub fn used(context: &Context, says: &MaterialUsed) -> Result<Changes, Refusal> {
    let id = context.subject("build")?.clone();
    let lots: BTreeSet<_> = says.lots.iter().map(|load| &load.lot).collect();
    are_lots(context, &lots, says.lots.len())?;
    can_be(says)?;
    let noted = context.noted_with_role(&[Role::Production, Role::Operator]);
    let mut changes = noting(&noted);
    let mut state = super::build::build_or_new(context, &id);
    let Data::Build { uses, .. } = &mut state.data else {
        return refuse(Code::WrongSubject, "no build");
    };
    let report = report(context, says.clone(), &noted);
    if !Report::insert_within(uses, report, ACCOUNTS_MAX, |_, _| true) {
        changes.findings.insert(Code::TooManyReports);
    }
    let own = uses
        .iter()
        .filter(|report| report.source.org == *context.org);
    if own.count() > 1 {
        changes.findings.insert(Code::Contradicted);
    }
    if !says.is_balanced() {
        changes.findings.insert(Code::MassUnbalanced);
    }
    changes.states.insert(id.clone(), state);
    for load in &says.lots {
        let drawn = Drawn::Build {
            build: id.clone(),
            loaded_mg: load.loaded_mg,
            recovered_mg: load.recovered_mg,
        };
        draw(context, &mut changes, &load.lot, drawn, &noted)?;
    }
    Ok(changes)
}

/// The lot with one more report of where it comes from, if `keep` finds room for it: a second one contradicts the first.
fn origin(
    context: &Context,
    changes: &mut Changes,
    id: &SubjectId,
    keep: impl FnOnce(&mut Vec<Report<MaterialReceived>>, &mut Vec<Report<MaterialBlended>>) -> bool,
) -> Result<State, Refusal> {
    let mut state = lot_or_new(context, changes, id);
    let Data::Lot {
        received, blended, ..
    } = &mut state.data
    else {
        return refuse(Code::WrongSubject, "no lot");
    };
    if !keep(received, blended) {
        changes.findings.insert(Code::TooManyReports);
    }
    if received.len() + blended.len() > 1 {
        changes.findings.insert(Code::Contradicted);
    }
    Ok(state)
}

fn is_made_of_others(says: &MaterialBlended, id: &SubjectId) -> Result<(), Refusal> {
    let mut shares = says.from.iter();
    let right = shares.all(|share| share.mass_mg > 0 && share.lot != *id);
    require(
        right && says.mass_mg > 0 && says.tolerance_mg >= 0,
        Code::WrongSubject,
        "Masses are above 0, and a lot is not made of itself.",
    )
}

fn can_be(says: &MaterialUsed) -> Result<(), Refusal> {
    let mut loads = says.lots.iter();
    let right =
        loads.all(|load| load.loaded_mg > 0 && (0..=load.loaded_mg).contains(&load.recovered_mg));
    require(
        right && says.fused_mg >= 0 && says.tolerance_mg >= 0,
        Code::WrongSubject,
        "What is loaded is above 0, and no more comes back.",
    )
}

pub fn scrapped(context: &Context, says: &MaterialScrapped) -> Result<Changes, Refusal> {
    let id = context.subject("lot")?.clone();
    require(
        says.mass_mg > 0,
        Code::WrongSubject,
        "The mass must be above 0.",
    )?;
    let noted = context.noted_with_role(&[Role::Production]);
    let mut changes = noting(&noted);
    let mass_mg = says.mass_mg;
    draw(context, &mut changes, &id, Drawn::Scrap { mass_mg }, &noted)?;
    Ok(changes)
}

fn are_lots(context: &Context, lots: &BTreeSet<&SubjectId>, named: usize) -> Result<(), Refusal> {
    for lot in lots {
        context.is_kind(lot, "lot")?;
    }
    require(
        (1..=LOTS_MAX).contains(&named) && lots.len() == named,
        Code::WrongSubject,
        "1 to 16 different lots are named.",
    )
}

fn noting(noted: &BTreeSet<Code>) -> Changes {
    Changes {
        findings: noted.clone(),
        ..Changes::default()
    }
}

fn report<T>(context: &Context, says: T, noted: &BTreeSet<Code>) -> Report<T> {
    Report {
        source: context.source.clone(),
        says,
        noted: noted.clone(),
    }
}

fn lot_or_new(context: &Context, changes: &Changes, id: &SubjectId) -> State {
    let known = changes.states.get(id).cloned();
    let known = known.or_else(|| context.world.copy(id));
    known.unwrap_or_else(|| {
        State::from(Data::Lot {
            received: Vec::new(),
            blended: Vec::new(),
            drawn: Vec::new(),
            crowded: BTreeMap::new(),
        })
    })
}

/// Takes something out of a lot, which need not be known yet.
fn draw(
    context: &Context,
    changes: &mut Changes,
    id: &SubjectId,
    says: Drawn,
    noted: &BTreeSet<Code>,
) -> Result<(), Refusal> {
    let mut state = lot_or_new(context, changes, id);
    let Data::Lot { drawn, crowded, .. } = &mut state.data else {
        return refuse(Code::WrongSubject, format!("{id} is no lot."));
    };
    let report = report(context, says, noted);
    if !Report::insert_within(drawn, report, DRAWS_MAX, |_, _| true) {
        let since = context.source.since();
        crowded.entry(context.org.clone()).or_insert(since);
        changes.findings.insert(Code::TooManyReports);
    }
    if Lot::within(id, Some(&state.data), context.org).is_overdrawn() {
        changes.findings.insert(Code::LotOverdrawn);
    }
    changes.states.insert(id.clone(), state);
    Ok(())
}
