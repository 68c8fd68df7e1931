//! Rules of physical evidence: reports, by anybody who handles or judges parts. What they do is weighed in `life`.

use super::part::add;
use super::{Changes, Context, Refusal, require};
use crate::body::Core;
use crate::body::governance::Role;
use crate::code::Code;
use crate::world::Event;

/// The kinds that stand in this file.
pub fn said(context: &Context) -> Result<Changes, Refusal> {
    const HANDLERS: [Role; 6] = [
        Role::Inspector,
        Role::Production,
        Role::Custodian,
        Role::Mechanic,
        Role::DesignAuthority,
        Role::Certifier,
    ];
    let (event, is_coherent) = match &context.statement.body.core {
        Core::PartEnrolled(says) => (Event::Enrolled(says.clone()), says.is_coherent()),
        Core::PartCompared(says) => {
            let event = Event::Compared {
                comparison: says.clone(),
                by_inspector: context.has_role(&[Role::Inspector]),
            };
            (event, says.is_coherent())
        }
        _ => return super::safety::suspicion(context),
    };
    require(
        is_coherent,
        Code::WrongSubject,
        "Something must be measured, each thing once, above 0 and with an uncertainty above 0. Of what is enrolled uncertainty and wear are a \
         tenth at most, a scan's tolerance a millimetre, and a later scan is nine tenths within and covers half at least.",
    )?;
    add(context, event, context.noted_with_role(&HANDLERS))
}
