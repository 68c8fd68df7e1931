//! How long a part may live.
//!
//! Owns which limit is in force for a part, and whether it is reached. Nothing declares it: it follows from what was
//! reported. Must never know how use is reported.

use super::super::{Hold, Life};
use super::Above;
use crate::body::usage::LifeLimit;
use crate::code::Code;
use crate::world::{Data, World};
use serde::{Deserialize, Serialize};

/// How much of its life a part has left; a count without a limit has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LifeLeft {
    /// Time in operation.
    pub duration_s: Option<u64>,
    /// Cycles.
    pub cycles: Option<u64>,
    /// Landings.
    pub landings: Option<u64>,
    /// When the first limit is reached at the rate since the part came into its asset, Unix seconds; nothing where no rate is
    /// known.
    pub ends_at: Option<i64>,
}

/// When `left` is used up, after `used` from `start` to `now` (Unix seconds).
fn ends_at(left: u64, used: u64, start: i64, now: i64) -> Option<i64> {
    let span = i128::from(now.checked_sub(start)?);
    if used == 0 || span <= 0 {
        return None;
    }
    let more = i128::from(left) * span / i128::from(used);
    now.checked_add(i64::try_from(more).ok()?)
}

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

    /// What is left of the life by the limit in force.
    pub fn life_left(&self, world: &World, life: &Life) -> Option<LifeLeft> {
        let (limit, _) = self.life_limit(world)?;
        let total = &life.used.total;
        let left = |limit: Option<u64>, used: u64| limit.map(|limit| limit.saturating_sub(used));
        let mut left = LifeLeft {
            duration_s: left(limit.duration_s, total.duration_s),
            cycles: left(limit.cycles, total.cycles),
            landings: left(limit.landings, total.landings),
            ends_at: None,
        };
        if let Some((start, now)) = life.used.pace {
            let of = now.total.since(&start.total);
            let ends = |left: Option<u64>, of: u64| ends_at(left?, of, start.at, now.at);
            left.ends_at = [
                ends(left.duration_s, of.duration_s),
                ends(left.cycles, of.cycles),
                ends(left.landings, of.landings),
            ]
            .into_iter()
            .flatten()
            .min();
        }
        Some(left)
    }

    /// That the life is over, or that nobody knows how much of it is left.
    pub(super) fn life_problems(&self, world: &World, life: &Life) -> Vec<Hold> {
        let of_asset = |code, since: Option<u64>| {
            since.map(|since| Hold {
                since,
                ..Hold::new(code, &life.part)
            })
        };
        let fell = of_asset(Code::UsageFell, life.used.fell);
        let crowded = of_asset(Code::TooManyReports, life.used.crowded);
        let doubted = of_asset(Code::KeyCompromised, life.used.doubted);
        let mut found: Vec<_> = [fell, crowded, doubted].into_iter().flatten().collect();
        let Some((limit, since)) = self.life_limit(world) else {
            return found;
        };
        let hold = |code, seen: u64| Hold {
            since: since.max(seen),
            ..Hold::new(code, &life.part)
        };
        let used = &life.used;
        let expired = limit.is_reached_by(&used.total);
        let expired = expired.then(|| hold(Code::LifeExpired, used.since));
        let missing = used.missing.map(|at| hold(Code::UsageMissing, at));
        found.extend(expired.into_iter().chain(missing));
        found
    }
}
