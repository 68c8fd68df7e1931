//! Where a part is by its record: what a list of parts says of each, and what that follows from.
//!
//! Owns which changes of the world may change it, so that who keeps it knows when it is old. Must never know where it is kept.

use super::impact::{Reached, is_in_effect, is_in_window};
use super::{Life, Scope};
use crate::text::SubjectId;
use crate::world::{Data, State, World, contents_subject, policy_subject};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Raised when [`Standing`] or what it follows from changes: what was kept before counts no more.
pub const STANDING_FORM: i32 = 4;

/// Kinds of which it counts only what stands above them: who said so first does not change, and what is said later holds parts, or
/// counts what was taken out of a lot.
const BY_EDGES: [&str; 7] = [
    "approval", "asset", "design", "licence", "lot", "machine", "recall",
];

/// Kinds that are shared by many parts, of which each change counts.
const SHARED: [&str; 6] = ["allowable", "governors", "key", "org", "policy", "proposal"];

/// What a standing follows from. As long as nothing of it changes, the standing is the part's, and the part stands below exactly those
/// subjects from which one walks down to it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RestsOn {
    /// Subjects of the part itself, of which each change counts.
    pub own: BTreeSet<SubjectId>,
    /// Subjects that it shares with others, of which each change counts.
    pub shared: BTreeSet<SubjectId>,
    /// Subjects that it shares with others, of which it counts when something comes to stand above them. Nothing ever goes away there.
    pub by_edges: BTreeSet<SubjectId>,
    /// How much stands directly above those.
    pub edges: usize,
}

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

    /// What it follows from. `None` where that cannot be said: its build or order is not there yet, there is too much above it, what
    /// an allowable rested on was left out later, or the part is in an assembly, or is one, or was. It is for who keeps it to see
    /// that nothing has come into it since.
    pub fn rests_on(world: &World, part: &SubjectId) -> Option<RestsOn> {
        if world.get(&contents_subject(part)).is_some() || world.upward(part).is_err() {
            return None;
        }
        let mut seen = BTreeSet::from([part.clone()]);
        let mut open = vec![part.clone()];
        let mut rests = RestsOn::default();
        // It stands above nothing, and decides how many people a release needs.
        rests.shared.insert(policy_subject());
        while let Some(next) = open.pop() {
            let is_recomputed = matches!(world.get(&next), Some(Data::Allowable { recomputed, .. }) if !recomputed.is_empty());
            if is_recomputed || next != *part && matches!(next.kind(), "part" | "contents") {
                return None;
            }
            // Who names what is not there yet has no edge above it and no version; it has both when it comes.
            let state = world.state(&next);
            let above = state.map(State::parents).unwrap_or_default();
            if BY_EDGES.contains(&next.kind()) {
                rests.edges += above.len();
                rests.by_edges.insert(next);
            } else if SHARED.contains(&next.kind()) {
                rests.shared.insert(next);
            } else {
                state?;
                rests.own.insert(next);
            }
            open.extend(above.into_iter().filter(|id| seen.insert(id.clone())));
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
