//! Rules of parts that were made otherwise, and of marks that are put on after the making.

use super::part::add;
use super::{Changes, Context, Refusal};
use crate::body::Core;
use crate::body::governance::Role;
use crate::world::Event;

/// A mark leads to the part as soon as it is reported, as in a build; whether who says so had the part is weighed in its life.
pub fn said(context: &Context) -> Result<Changes, Refusal> {
    const HANDLERS: &[Role] = &[Role::Production, Role::Custodian, Role::Mechanic];
    let (event, roles): (Event, &[Role]) = match &context.statement.body.core {
        Core::PartEntered(says) => (
            Event::Entered(says.clone()),
            &[Role::Production, Role::Custodian],
        ),
        Core::PartMarked(says) => (Event::Marked(says.clone()), HANDLERS),
        Core::PartRemarked(says) => (Event::Remarked(says.clone()), HANDLERS),
        Core::PartMarkVerified(says) => (Event::MarkVerified(says.clone()), &[Role::Inspector]),
        _ => return super::physical::said(context),
    };
    let mark = event.mark();
    let mut changes = add(context, event, context.noted_with_role(roles))?;
    if let Some(mark) = mark {
        super::build::add_mark(context, &mut changes, context.sub(), &mark);
    }
    Ok(changes)
}
