//! Rules of licences.

use super::{Changes, Context, Refusal, refuse, require, waits_for};
use crate::body::governance::{Function, Role};
use crate::body::licence::{LicenceAccepted, LicenceIssued, Purpose, UNITS_MAX};
use crate::code::Code;
use crate::life::Hold;
use crate::world::Data;

pub fn issued(context: &Context, says: &LicenceIssued) -> Result<Changes, Refusal> {
    context.require_role(&[Role::DesignAuthority])?;
    let id = context.new_subject("licence")?;
    let Data::Design { source, .. } = &context.known(&says.design)?.data else {
        return refuse(Code::WrongSubject, "no design");
    };
    context.require_own(&source.org)?;
    let units = says.commitments.len();
    require(
        (1..=UNITS_MAX).contains(&units),
        Code::WrongSubject,
        "A licence has 1 to 1,000 units.",
    )?;
    machine_of_holder(context, says)?;
    match (says.purpose, &says.approval) {
        (Purpose::Qualification, None) => {}
        (Purpose::Qualification, Some(_)) => {
            return refuse(Code::WrongSubject, "Qualification precedes approval.");
        }
        (Purpose::Production, None) => return refuse(Code::NotApproved, ""),
        (Purpose::Production, Some(approval)) => {
            let Data::Approval {
                request, granted, ..
            } = &context.known(approval)?.data
            else {
                return refuse(Code::WrongSubject, "no approval");
            };
            require(
                request.design == says.design,
                Code::NotApproved,
                "It is for another design.",
            )?;
            if granted.is_none() {
                return waits_for(format!("the grant of {approval}"));
            }
        }
    }
    no_restriction_above(context, says)?;
    let data = Data::Licence {
        licence: says.clone(),
        source: context.source.clone(),
        accepted: None,
    };
    Ok(Changes::default().set(id, data))
}

fn machine_of_holder(context: &Context, says: &LicenceIssued) -> Result<(), Refusal> {
    let Data::Machine {
        enrolled: Some((_, source)),
        ..
    } = &context.known(&says.machine)?.data
    else {
        return waits_for(&says.machine);
    };
    let right = source.org == says.holder && context.has_function(&says.holder, Function::Shop);
    require(
        right,
        Code::LicenceOtherHolder,
        "The machine is not that of a print shop that holds it.",
    )
}

/// Nothing new is licensed under a design or approval that is taken back, whichever parts that reaches.
fn no_restriction_above(context: &Context, says: &LicenceIssued) -> Result<(), Refusal> {
    let above = std::iter::once(&says.design)
        .chain(&says.approval)
        .chain([&says.machine]);
    let found: Vec<Hold> = above
        .flat_map(|id| Hold::restricting(context.world, id))
        .collect();
    match found.first() {
        Some(hold) => refuse(hold.code, hold.subject.as_str()),
        None => Ok(()),
    }
}

pub fn accepted(context: &Context, says: &LicenceAccepted) -> Result<Changes, Refusal> {
    context.require_role(&[Role::Production])?;
    let mut state = context.known(context.subject("licence")?)?.clone();
    let Data::Licence {
        licence,
        source,
        accepted,
    } = &mut state.data
    else {
        return refuse(Code::WrongSubject, "no licence");
    };
    context.require_own(&licence.holder)?;
    if source.statement != says.issued {
        return waits_for(format!("the licence {}", says.issued));
    }
    require(
        accepted.is_none(),
        Code::AlreadyExists,
        "It is accepted already.",
    )?;
    *accepted = Some(context.source.clone());
    Ok(Changes::default().set(context.sub().clone(), state))
}
