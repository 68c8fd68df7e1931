//! Rules of release forms: what the blocks say must be so of the part that is released.

use super::part::absent;
use super::{Context, Refusal, refuse, require};
use crate::body::part::Released;
use crate::code::Code;
use crate::life::Above;
use crate::statement::StatementId;
use crate::world::{Event, Report};

/// Refuses blocks that do not go together, that are of another part, or that correct what is no form of the author's.
pub fn check(
    context: &Context,
    says: &Released,
    facts: &[Report<Event>],
    above: &Above,
) -> Result<(), Refusal> {
    let Some(blocks) = &says.blocks else {
        return Ok(());
    };
    if let Some(problem) = blocks.problem() {
        return refuse(Code::WrongSubject, problem);
    }
    let design = above.design();
    require(
        design.is_none_or(|design| design.part_number == blocks.part_number),
        Code::WrongSubject,
        "Block 8 is another part number than the design's.",
    )?;
    let mark = facts.iter().find_map(|fact| match &fact.says {
        Event::Started { mark, .. } => Some(mark.to_string()),
        _ => None,
    });
    let is_listed = |mark: String| blocks.serials.iter().any(|serial| serial.as_str() == mark);
    require(
        mark.is_none_or(is_listed),
        Code::WrongSubject,
        "Block 10 does not list the part's mark.",
    )?;
    match blocks.corrects {
        Some(corrected) => corrects(context, says, facts, corrected),
        None => Ok(()),
    }
}

fn corrects(
    context: &Context,
    says: &Released,
    facts: &[Report<Event>],
    corrected: StatementId,
) -> Result<(), Refusal> {
    let found = facts.iter().find(|fact| fact.source.statement == corrected);
    match found.map(|fact| (&fact.says, &fact.source.org)) {
        None => absent(context, format!("the form {corrected}")),
        Some((Event::Released(old), org)) if *org == context.source.org => require(
            (&old.form, &old.number) != (&says.form, &says.number),
            Code::WrongSubject,
            "A corrected form has a tracking number of its own.",
        ),
        Some(_) => refuse(Code::WrongSubject, "What it corrects is no form of yours."),
    }
}
