//! Rules of statements about assets, and of errors that their authors declare.
//!
//! An error is declared by the organisation that made it. What a correction takes away without opening a door binds at once;
//! everything else needs a second party, which for a part is its design authority or an authority, for an asset an authority.

use super::part::{View, absent, act, facts};
use super::{Changes, Context, Refusal, refuse, require, waits_for};
use crate::body::Core;
use crate::body::asset::AssetUsed;
use crate::body::correction::{ErrorConfirmed, ErrorDeclared};
use crate::body::governance::{Function, Role};
use crate::code::Code;
use crate::statement::StatementId;
use crate::text::SubjectId;
use crate::world::bounds::CERTIFICATES_MAX;
use crate::world::{Data, Event, Fault, Report, State, asset_subject};

/// Who reports may err.
const REPORTERS: &[Role] = &[
    Role::Admin,
    Role::Production,
    Role::Operator,
    Role::Inspector,
    Role::ReleaseSignatory,
    Role::Custodian,
    Role::Mechanic,
    Role::DesignAuthority,
    Role::Certifier,
];
/// Who agrees.
const JUDGES: &[Role] = &[Role::DesignAuthority, Role::Certifier];

/// The kinds of this file.
pub fn said(context: &Context) -> Result<Changes, Refusal> {
    match &context.statement.body.core {
        Core::AssetUsed(says) => asset_used(context, says),
        Core::ErrorDeclared(says) => error_declared(context, says),
        Core::ErrorConfirmed(says) => error_confirmed(context, says),
        _ => refuse(Code::WrongSubject, "no correction"),
    }
}

fn asset_or_new(context: &Context, id: &SubjectId) -> State {
    let known = context.world.copy(id);
    known.unwrap_or_else(|| {
        State::from(Data::Asset {
            uses: Vec::new(),
            faults: Vec::new(),
            crowded: None,
        })
    })
}

fn asset_used(context: &Context, says: &AssetUsed) -> Result<Changes, Refusal> {
    let id = context.subject("asset")?.clone();
    let mut noted = context.noted_with_role(&[Role::Custodian, Role::Mechanic]);
    if id != asset_subject(context.org, &says.asset) {
        // It is logged, and no reading of the asset.
        noted.insert(Code::NotYours);
        return Ok(Changes {
            findings: noted,
            ..Changes::default()
        });
    }
    let mut state = asset_or_new(context, &id);
    let Data::Asset { uses, crowded, .. } = &mut state.data else {
        return refuse(Code::WrongSubject, "no asset");
    };
    let mut findings = noted.clone();
    let (source, says) = (context.source.clone(), says.clone());
    let at = source.at;
    let falls = |other: &Report<AssetUsed>| match other.source.at <= at {
        true => says.total.is_below(&other.says.total),
        false => other.says.total.is_below(&says.total),
    };
    if uses.iter().any(falls) {
        findings.insert(Code::UsageFell);
    }
    let report = Report {
        source,
        says,
        noted,
    };
    if !Report::insert_within(uses, report, CERTIFICATES_MAX, |_, _| true) {
        crowded.get_or_insert(context.source.since());
        findings.insert(Code::TooManyReports);
    }
    Ok(Changes {
        findings,
        ..Changes::default()
    }
    .set(id, state))
}

fn error_declared(context: &Context, says: &ErrorDeclared) -> Result<Changes, Refusal> {
    context.require_role(REPORTERS)?;
    if context.sub().kind() == "asset" {
        return asset_error(context, says.error);
    }
    context.is_kind(context.sub(), "part")?;
    let facts = facts(context.world, context);
    let Some(fact) = named(facts, says.error) else {
        return absent(context, format!("the statement {}", says.error));
    };
    context.require_own(&fact.source.org)?;
    let right = fact.says.may_be_an_error();
    require(right, Code::WrongSubject, "This is not taken back.")?;
    let event = Event::ErrorDeclared(says.clone());
    let view = View::of(context, facts, &event);
    act(context, event, &view.own, view.missing)
}

fn error_confirmed(context: &Context, says: &ErrorConfirmed) -> Result<Changes, Refusal> {
    context.require_role(JUDGES)?;
    if context.sub().kind() == "asset" {
        return asset_error_confirmed(context, says.declaration);
    }
    context.is_kind(context.sub(), "part")?;
    let facts = facts(context.world, context);
    let Some(fact) = named(facts, says.declaration) else {
        return absent(context, format!("the declaration {}", says.declaration));
    };
    let right = matches!(fact.says, Event::ErrorDeclared(_));
    require(right, Code::WrongSubject, "It names no declaration.")?;
    let other = fact.source.org != *context.org;
    require(other, Code::SameAuthor, "Another organisation confirms.")?;
    let event = Event::ErrorConfirmed(says.clone());
    let view = View::of(context, facts, &event);
    act(context, event, &view.own, view.missing)
}

fn named(facts: &[Report<Event>], id: StatementId) -> Option<&Report<Event>> {
    facts.iter().find(|fact| fact.source.statement == id)
}

/// Of each reading once.
fn asset_error(context: &Context, error: StatementId) -> Result<Changes, Refusal> {
    let id = context.sub().clone();
    let mut state = context.known(&id)?.clone();
    let Data::Asset { uses, faults, .. } = &mut state.data else {
        return refuse(Code::WrongSubject, "no asset");
    };
    let Some(reading) = uses.iter().find(|report| report.source.statement == error) else {
        return waits_for(format!("the statement {error}"));
    };
    context.require_own(&reading.source.org)?;
    let once = faults.iter().all(|fault| fault.error != error);
    require(once, Code::AlreadyExists, "It is declared already.")?;
    faults.push(Fault {
        error,
        declared: context.source.clone(),
        confirmed: None,
    });
    Ok(Changes::default().set(id, state))
}

fn asset_error_confirmed(context: &Context, declaration: StatementId) -> Result<Changes, Refusal> {
    context.require_function(&[Function::Authority])?;
    let id = context.sub().clone();
    let mut state = context.known(&id)?.clone();
    let Data::Asset { faults, .. } = &mut state.data else {
        return refuse(Code::WrongSubject, "no asset");
    };
    let mut faults = faults.iter_mut();
    let Some(fault) = faults.find(|fault| fault.declared.statement == declaration) else {
        return waits_for(format!("the declaration {declaration}"));
    };
    let other = fault.declared.org != *context.org;
    require(other, Code::SameAuthor, "Another organisation confirms.")?;
    let once = fault.confirmed.is_none();
    require(once, Code::AlreadyExists, "It is confirmed already.")?;
    fault.confirmed = Some(context.source.clone());
    Ok(Changes::default().set(id, state))
}
