//! How long a part may live.
//!
//! Owns which limit is in force for a part, and whether it is reached. Nothing declares it: it follows from what was
//! reported. Must never know how use is reported.

use super::super::{Hold, Life};
use super::Above;
use crate::body::usage::LifeLimit;
use crate::code::Code;
use crate::world::{Data, World};

impl Above {
    /// The limit in force, and the log index from which on it could be seen: the authority's last word, else the approval's.
    pub fn life_limit(&self, world: &World) -> Option<(LifeLimit, u64)> {
        let id = self.licence()?.approval.as_ref()?;
        let Some(Data::Approval {
            granted, limits, ..
        }) = world.get(id)
        else {
            return None;
        };
        if let Some((says, source)) = limits.last() {
            return Some((says.limit, source.since()));
        }
        let (granted, source) = granted.as_ref()?;
        granted.life.map(|limit| (limit, source.since()))
    }

    /// That the life is over, or that nobody knows how much of it is left.
    pub(super) fn life_problems(&self, world: &World, life: &Life) -> Vec<Hold> {
        let Some((limit, since)) = self.life_limit(world) else {
            return Vec::new();
        };
        let hold = |code, seen: u64| Hold {
            since: since.max(seen),
            ..Hold::new(code, &life.part)
        };
        let used = &life.used;
        let expired = limit.is_reached_by(&used.total);
        let expired = expired.then(|| hold(Code::LifeExpired, used.since));
        let missing = used.missing.map(|at| hold(Code::UsageMissing, at));
        expired.into_iter().chain(missing).collect()
    }
}
