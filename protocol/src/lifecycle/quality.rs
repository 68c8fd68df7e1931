//! Rules of what is done to a part between its build and its end: work, tests, decisions, owners, use.
//!
//! But for the disposition these are reports; what they do follows in `life`.

use super::part::{View, absent, act, add, facts};
use super::{Changes, Context, Refusal, require};
use crate::body::Core;
use crate::body::governance::Role;
use crate::body::marking::Grade;
use crate::body::physical::Match;
use crate::body::quality::{Disposition, Dispositioned};
use crate::code::Code;
use crate::life;
use crate::life::Above;
use crate::world::{Event, Report};

/// The kinds about a part that stand in this file.
pub fn said(context: &Context) -> Result<Changes, Refusal> {
    const HANDLERS: &[Role] = &[Role::Custodian, Role::Mechanic];
    let (event, roles): (Event, &[Role]) = match &context.statement.body.core {
        Core::PartPostProcessed(says) => (
            Event::PostProcessed(says.clone()),
            &[Role::Production, Role::Operator, Role::Mechanic],
        ),
        Core::PartTested(says) => (Event::Tested(says.clone()), &[Role::Inspector]),
        Core::PartNonconforming(says) => (
            Event::Nonconformance(says.clone()),
            &[
                Role::Inspector,
                Role::Production,
                Role::Custodian,
                Role::Mechanic,
                Role::DesignAuthority,
                Role::Certifier,
            ],
        ),
        Core::PartDispositioned(says) => return dispositioned(context, says),
        Core::PartOwnerChanged(says) => (Event::OwnerChanged(says.clone()), &[Role::Custodian]),
        Core::PartOwnerAccepted(says) => (Event::OwnerAccepted(says.clone()), &[Role::Custodian]),
        Core::PartUsageReported(says) => (Event::Usage(says.clone()), HANDLERS),
        Core::PartRepaired(says) => (Event::Repaired(says.clone()), &[Role::Mechanic]),
        Core::PartRemanufactured(says) => (Event::Remanufactured(says.clone()), &[Role::Mechanic]),
        Core::PartDecommissioned(says) => (Event::Decommissioned(says.clone()), HANDLERS),
        _ => return super::marking::said(context),
    };
    add(context, event, context.noted_with_role(roles))
}

/// By another person than who found it; who may decide what is weighed in the part's life.
fn dispositioned(context: &Context, says: &Dispositioned) -> Result<Changes, Refusal> {
    let roles: &[Role] = match says.disposition {
        Disposition::UseAsIs => &[Role::DesignAuthority, Role::Certifier],
        Disposition::Rework | Disposition::Scrap => &[
            Role::Inspector,
            Role::ReleaseSignatory,
            Role::DesignAuthority,
            Role::Certifier,
        ],
    };
    context.require_role(roles)?;
    let facts = facts(context.world, context);
    let found = facts
        .iter()
        .find(|fact| fact.source.statement == says.nonconformance);
    let above = Above::of(context.world, context.sub(), facts);
    let of_coupon = above.coupon_test(says.nonconformance).cloned();
    let of_coupon = of_coupon.map(|test| Report {
        source: test.source,
        says: Event::Tested(test.says),
        noted: test.noted,
    });
    let Some(report) = found.or(of_coupon.as_ref()) else {
        let what = format!("the nonconformance {}", says.nonconformance);
        return absent(context, what);
    };
    let Some(right) = has_failed(&report.says, facts) else {
        return absent(context, format!("what {} rests on", says.nonconformance));
    };
    require(right, Code::WrongSubject, "It names nothing that failed.")?;
    require(
        report.source.actor != context.source.actor,
        Code::SameAuthor,
        "",
    )?;
    let event = Event::Dispositioned(says.clone());
    let view = View::of(context, facts, &event);
    act(context, event, &view.own, view.missing)
}

/// Whether a report says that something is wrong with the part; nothing, while what it is compared with is not there.
fn has_failed(says: &Event, facts: &[Report<Event>]) -> Option<bool> {
    Some(match says {
        Event::Compared { comparison, .. } => life::verdict(facts, comparison)? == Match::Differs,
        Event::Nonconformance(_) => true,
        Event::Inspected(says) => !says.passed(),
        Event::Tested(says) => !says.passed(),
        Event::MarkVerified(says) => says.grade == Grade::F,
        _ => false,
    })
}
