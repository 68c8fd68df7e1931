//! Where a part is by its record: what a list of parts says of each, and what that follows from.
//!
//! Owns which changes of the world may change it, so that who keeps it knows when it is old. Must never know where it is kept.

use super::impact::{Reached, is_in_effect, is_in_window};
use super::{Life, Scope};
use crate::text::SubjectId;
use crate::world::{State, World, contents_subject};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Raised when [`Standing`] or what it follows from changes: what was kept before counts no more.
pub const STANDING_FORM: i32 = 1;

/// Kinds of subjects of which a standing follows together: who may say what, in general. They change seldom.
pub const GENERAL: [&str; 5] = ["governors", "key", "org", "policy", "proposal"];

/// Kinds whose later states change no standing: of those that a part is made under only who said so first counts, of others only what
/// holds parts and how long they last.
const INDIFFERENT: [&str; 10] = [
    "allowable",
    "approval",
    "asset",
    "design",
    "licence",
    "log",
    "lot",
    "machine",
    "mark",
    "recall",
];

/// What a list says of a part, and what decides whether the list means it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Standing {
    /// Where it is and who has it.
    pub reached: Reached,
    /// When its build started, Unix seconds.
    pub started_at: Option<i64>,
    /// Whether a release is in effect.
    pub is_released: bool,
}

impl From<Life> for Standing {
    fn from(life: Life) -> Standing {
        Standing {
            started_at: life.started_at,
            is_released: life.release.is_some(),
            reached: Reached::from(life),
        }
    }
}

impl Standing {
    /// By the part's record; `None` where nothing was said of it.
    pub fn of(world: &World, part: &SubjectId) -> Option<Standing> {
        let (life, _) = Life::by_reports(world, part)?;
        Some(life.into())
    }

    /// The subjects, besides [`GENERAL`] ones, as long as whose states do not change this is the part's standing, and it stands below
    /// exactly those subjects from which one walks down to it. `None` where that cannot be said: something above it is not there yet,
    /// or it is in an assembly, or is one, or was. It is for who keeps it to see that nothing has come into it since.
    pub fn rests_on(world: &World, part: &SubjectId) -> Option<BTreeSet<SubjectId>> {
        if world.get(&contents_subject(part)).is_some() {
            return None;
        }
        let mut seen = BTreeSet::from([part.clone()]);
        let mut open = vec![part.clone()];
        let mut rests = BTreeSet::new();
        while let Some(next) = open.pop() {
            let state = world.states.get(&next)?;
            if next != *part && matches!(next.kind(), "part" | "contents") {
                return None;
            }
            if !GENERAL.contains(&next.kind()) && !INDIFFERENT.contains(&next.kind()) {
                rests.insert(next);
            }
            let above = State::parents(state).into_iter();
            open.extend(above.filter(|id| seen.insert(id.clone())));
        }
        Some(rests)
    }
}

impl Scope {
    /// Whether a part that stands below all anchors is meant.
    pub fn means(&self, part: &Standing) -> bool {
        let from = self.from.map(|time| time.unix());
        let until = self.until.map(|time| time.unix());
        let in_effect = |(effect, at)| is_in_effect(effect, at, part.started_at, part.is_released);
        is_in_window(from, until, part.started_at) && self.effect.is_none_or(in_effect)
    }
}
