//! The states that the writer has at hand.
//!
//! Owns what the last batches read and wrote, so that the next one asks storage only for what is new. It is closed upward: with a
//! subject it holds everything above it, or knows that it is not there; with a key the highest number that it has used. It may be forgotten at any time, and is when a commit does
//! not succeed. Only the one writer has one: nobody else changes a state while it holds the fence.

use super::storage::Numbers;
use std::collections::BTreeSet;
use threadmark_protocol::key::KeyId;
use threadmark_protocol::statement::Statement;
use threadmark_protocol::text::SubjectId;
use threadmark_protocol::world::World;

/// Most subjects at hand; beyond it the writer begins anew. A state has about 1 KiB.
const SUBJECTS_MAX: usize = 20_000;

/// States, and which subjects and keys were asked for.
#[derive(Default)]
pub struct Recent {
    world: World,
    /// Asked for and, where there is no state, known to be absent.
    known: BTreeSet<SubjectId>,
    /// The highest number of each of these is at hand, if it has used any.
    met: BTreeSet<KeyId>,
}

impl Recent {
    /// Those of `subjects` that storage must be asked for.
    pub fn missing(&self, subjects: &BTreeSet<SubjectId>) -> BTreeSet<SubjectId> {
        subjects
            .iter()
            .filter(|id| !self.known.contains(id) && !self.world.states.contains_key(id))
            .cloned()
            .collect()
    }

    /// Those of `keys` whose highest number storage must be asked for.
    pub fn strangers(&self, keys: impl Iterator<Item = KeyId>) -> BTreeSet<KeyId> {
        keys.filter(|key| !self.met.contains(key)).collect()
    }

    /// Takes what storage told about `asked`.
    pub fn take(&mut self, asked: BTreeSet<SubjectId>, told: World) {
        for (id, state) in told.states {
            self.world.states.entry(id).or_insert(state);
        }
        self.known.extend(asked);
    }

    /// Takes the highest numbers of `keys`.
    pub fn meet(&mut self, keys: BTreeSet<KeyId>, newest: Numbers) {
        self.remember(newest);
        self.met.extend(keys);
    }

    /// Takes who used which number.
    pub fn remember(&mut self, used: Numbers) {
        for (number, statement) in used {
            self.world.sequences.entry(number).or_insert(statement);
        }
    }

    /// Whether its number is higher than any that its key has used: then neither it nor another of that number is logged.
    pub fn is_next(&self, statement: &Statement) -> bool {
        let kid = statement.envelope.kid;
        let mut used = self.world.sequences.range((kid, 0)..=(kid, u64::MAX));
        let highest = used.next_back().map(|((_, seq), _)| *seq);
        self.met.contains(&kid) && highest.is_none_or(|highest| statement.body.seq > highest)
    }

    /// The states, for the rules and for what they change.
    pub fn world(&mut self) -> &mut World {
        &mut self.world
    }

    /// Begins anew when there is too much.
    pub fn trim(&mut self) {
        if self.world.states.len().max(self.known.len()) > SUBJECTS_MAX
            || self.world.sequences.len() > SUBJECTS_MAX
        {
            *self = Recent::default();
        }
    }
}
