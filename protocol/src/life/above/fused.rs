//! What a build fused, against what its parts weigh by their design.
//!
//! Owns whether the two can be one. Must never know whether the powder adds up: `powder`.

use super::super::{Hold, Life, Phase, last_since};
use super::Above;
use crate::body::build::{BuildStarted, PARTS_MAX};
use crate::code::Code;
use crate::world::World;
use std::cmp::Ordering;
use std::collections::BTreeSet;

impl Above {
    /// Where the design says what a part weighs: that nobody weighed what the build took; that what it fused cannot be its parts, because
    /// one is hollow, or there are more than it says; or that who weighed is not to be believed. A part that was aborted is held anyway.
    pub(super) fn mass_problems(&self, world: &World, life: &Life) -> Vec<Hold> {
        let about = self.build().zip(self.build_id());
        let mass = self.design().and_then(|design| design.mass);
        let (Some((build, id)), Some(mass)) = (about, mass) else {
            return Vec::new();
        };
        // Nobody weighs before the end.
        if let Phase::Expected | Phase::Printing | Phase::Scrapped = life.phase {
            return Vec::new();
        }
        let Some(account) = self.uses.first() else {
            return vec![Hold::new(Code::AccountMissing, id)];
        };
        let weighed = last_since(&self.uses);
        let (made, seen) = self.made_of(build);
        let coupons = self.coupons().map_or(0, BTreeSet::len);
        let fused_mg = account.says.fused_mg;
        let found = match mass.compare(fused_mg, made..=build.parts.len(), coupons) {
            Ordering::Less => Some((Code::FusedTooLittle, weighed.max(seen))),
            Ordering::Greater => Some((Code::FusedTooMuch, weighed)),
            Ordering::Equal => None,
        };
        let doubts = super::super::doubts(world, &account.source).into_iter();
        let doubts = doubts.map(|(code, since)| (code, since.max(weighed)));
        let found = doubts.chain(found).map(|(code, since)| Hold {
            since,
            ..Hold::by(code, id, &account.source)
        });
        found.collect()
    }

    /// How many parts the builder reported made, and from which log index on that could be seen. Who reported more than a build can have
    /// made reported all of them.
    fn made_of(&self, build: &BuildStarted) -> (usize, u64) {
        let parts = build.parts.iter().map(|started| &started.part);
        let made: Vec<_> = parts.filter_map(|part| self.made.get(part)).collect();
        let seen = made.iter().copied().max().copied();
        if self.made.len() >= PARTS_MAX {
            let all = self.made.values().copied().max();
            return (build.parts.len(), all.or(seen).unwrap_or(0));
        }
        (made.len(), seen.unwrap_or(0))
    }
}
