//! The states that the writer has at hand.
//!
//! Owns what the last batches read and wrote, so that the next one asks storage only for what is new. It is closed upward: with a
//! subject it holds everything above it, or knows that it is not there. It may be forgotten at any time, and is when a commit does
//! not succeed. Only the one writer has one: nobody else changes a state while it holds the fence.

use std::collections::BTreeSet;
use threadmark_protocol::key::KeyId;
use threadmark_protocol::text::SubjectId;
use threadmark_protocol::world::World;

/// Most subjects at hand; beyond it the writer begins anew. A state has about 1 KiB.
const SUBJECTS_MAX: usize = 20_000;

/// States, and which subjects were asked for.
#[derive(Default)]
pub struct Recent {
    world: World,
    /// Asked for and, where there is no state, known to be absent.
    known: BTreeSet<SubjectId>,
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

    /// Takes what storage told about `asked` and about who used which number of which key.
    pub fn take(&mut self, asked: BTreeSet<SubjectId>, told: World) {
        for (id, state) in told.states {
            self.world.states.entry(id).or_insert(state);
        }
        for (place, statement) in told.sequences {
            self.world.sequences.entry(place).or_insert(statement);
        }
        self.known.extend(asked);
    }

    /// Those of `numbers` that nobody at hand has used.
    pub fn unused(&self, numbers: Vec<(KeyId, u64)>) -> Vec<(KeyId, u64)> {
        let is_unused = |number: &(KeyId, u64)| !self.world.sequences.contains_key(number);
        numbers.into_iter().filter(is_unused).collect()
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
