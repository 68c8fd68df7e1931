//! Rules of what is put into what: a part into an asset or into an assembly, which is a part too.
//!
//! These are reports. Whether who says so had the part and the assembly is weighed in the part's life; what an assembly keeps
//! depends on it and on the author alone, so that nobody has to know the one to follow the other.

use super::part::add;
use super::{Changes, Context, Refusal, refuse, require};
use crate::body::governance::Role;
use crate::body::part::Installed;
use crate::code::Code;
use crate::text::SubjectId;
use crate::world::bounds::COMPONENTS_MAX;
use crate::world::{Data, Event, contents_subject};
use std::collections::{BTreeMap, BTreeSet};

/// The part is installed; an assembly remembers that it was ever put into it.
pub fn installed(context: &Context, says: &Installed) -> Result<Changes, Refusal> {
    require(
        says.is_one_place(),
        Code::WrongSubject,
        "A part is installed in an asset, with its type, or into an assembly.",
    )?;
    let noted = context.noted_with_role(&[Role::Mechanic]);
    let Some(assembly) = &says.into else {
        return add(context, Event::Installed(says.clone()), noted);
    };
    context.is_kind(assembly, "part")?;
    require(
        assembly != context.sub(),
        Code::WrongSubject,
        "A part is not put into itself.",
    )?;
    let (state, has_room) = contents(context, assembly)?;
    let mut changes = add(context, Event::Installed(says.clone()), noted)?;
    changes
        .states
        .insert(contents_subject(assembly), state.into());
    if !has_room {
        changes.findings.insert(Code::TooManyReports);
    }
    Ok(changes)
}

/// What is in the assembly, with the part; and whether there was room for it.
fn contents(context: &Context, assembly: &SubjectId) -> Result<(Data, bool), Refusal> {
    let known = context.world.get(&contents_subject(assembly));
    let (mut parts, mut crowded) = match known {
        Some(Data::Contents { parts, crowded }) => (parts.clone(), crowded.clone()),
        None => (BTreeMap::<_, BTreeSet<_>>::new(), BTreeSet::new()),
        Some(_) => return refuse(Code::WrongSubject, "no assembly"),
    };
    let own = parts.entry(context.org.clone()).or_default();
    let has_room = own.contains(context.sub()) || own.len() < COMPONENTS_MAX;
    if has_room {
        own.insert(context.sub().clone());
    } else {
        crowded.insert(context.org.clone());
    }
    Ok((Data::Contents { parts, crowded }, has_room))
}
