//! Whether a part has a mark, and has it alone.
//!
//! Owns what the approval lets be marked in the build, and which marks lead to more than one part. Must never know how a mark got
//! onto the part.

use super::super::{Hold, Life};
use super::Above;
use crate::body::licence::Purpose;
use crate::code::Code;
use crate::world::{Data, World, mark_subject};

impl Above {
    /// That no mark may be built into the part: its zone is not qualified. A part for qualification is what qualifies it.
    pub fn zone_problem(&self) -> Option<Code> {
        let licence = self.licence()?;
        let (_, granted) = self.approval()?;
        let is_qualified = granted?.zone_qualified || licence.purpose == Purpose::Qualification;
        (!is_qualified).then_some(Code::ZoneNotQualified)
    }
}

/// That more than one part carries one of its marks, or that none is on it.
pub(super) fn problems(world: &World, life: &Life) -> Vec<Hold> {
    let mut found = Vec::new();
    for mark in &life.marks {
        let subject = mark_subject(mark);
        if let Some(Data::Mark {
            doubled: Some(since),
            ..
        }) = world.get(&subject)
        {
            found.push(Hold {
                since: *since,
                ..Hold::new(Code::MarkDuplicated, &subject)
            });
        }
    }
    let missing = life.is_unmarked;
    found.extend(missing.then(|| Hold::new(Code::MarkMissing, &life.part)));
    found
}
