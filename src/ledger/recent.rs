//! The states that the writer has at hand.
//!
//! Owns what the last batches read and wrote, so that the next one asks storage only for what is new. It is closed upward: with a
//! subject it holds everything above it, or knows that it is not there; with a key the highest number that it has used. It may be forgotten at any time, and is when a commit does
//! not succeed. Only the one writer has one: nobody else changes a state while it holds the fence.

use super::storage::{Batch, Numbers, Place, Storage, StorageError};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use threadmark_protocol::body::governance::Policy;
use threadmark_protocol::index::{Map, Mention};
use threadmark_protocol::key::KeyId;
use threadmark_protocol::lifecycle;
use threadmark_protocol::statement::{Statement, StatementId};
use threadmark_protocol::text::SubjectId;
use threadmark_protocol::world::{self, World, key_subject, log_subject, policy_subject};

/// Most subjects at hand; beyond it the writer begins anew. A state has about 1 KiB.
const SUBJECTS_MAX: usize = 20_000;
/// Most bytes of their states as text, about a third of what they take in memory: a state may have hundreds of KiB.
const BYTES_MAX: usize = 64 << 20;

/// States, and which subjects and keys were asked for.
#[derive(Default)]
pub struct Recent {
    world: World,
    /// Asked for and, where there is no state, known to be absent.
    known: BTreeSet<SubjectId>,
    /// The highest number of each of these keys when it was first asked for; all that it has used beyond it are at hand.
    met: BTreeMap<KeyId, u64>,
    /// About how large the states are as text; rather more than less.
    bytes: usize,
}

/// Counts what is written.
struct Length(usize);

impl std::io::Write for Length {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Recent {
    /// Which statements stand in the log already; and gets at hand what the rules read for the others, and for the entry by
    /// `log_key` that closes their batch. `before` is the index of all statements up to what is at hand: who is not in it has no
    /// state, but for the log's own subjects, for which nothing counts. So nobody asks storage for what is new in the world.
    pub async fn look_up(
        &mut self,
        storage: &impl Storage,
        statements: &[Arc<Statement>],
        log_key: &KeyId,
        before: &Map,
    ) -> Result<BTreeMap<StatementId, Place>, StorageError> {
        let subjects = statements.iter().flat_map(|of| lifecycle::subjects(of));
        let own = [log_subject(), policy_subject(), key_subject(log_key)];
        let may_be_there = |id: &SubjectId| before.tally(id).count > 0 || own.contains(id);
        let missing = self.missing(subjects.chain(own.clone()));
        let (missing, new) = missing.into_iter().partition(may_be_there);
        self.known.extend::<BTreeSet<_>>(new);
        let strangers = self.strangers(statements.iter().map(|of| of.envelope.kid));
        let (told, newest) = tokio::try_join!(storage.world(&missing), storage.newest(&strangers))?;
        self.take(missing, told);
        self.met.extend(strangers.into_iter().map(|key| (key, 0)));
        self.met.extend(newest.keys().copied());
        self.remember(newest);
        self.look_up_old(storage, statements).await
    }

    /// Which statements stand in the log already. Asks about those only whose number their key has used, or may have used before it
    /// was met: hardly any.
    async fn look_up_old(
        &mut self,
        storage: &impl Storage,
        statements: &[Arc<Statement>],
    ) -> Result<BTreeMap<StatementId, Place>, StorageError> {
        let old = || statements.iter().filter(|of| !self.is_new(of));
        let ids: Vec<_> = old().map(|of| of.id).collect();
        if ids.is_empty() {
            return Ok(BTreeMap::new());
        }
        // Each once, and none that is at hand: a key may send one number as often as it likes.
        let numbers = old().map(|of| (of.envelope.kid, of.body.seq));
        let is_unknown = |number: &(KeyId, u64)| !self.world.sequences.contains_key(number);
        let numbers: BTreeSet<_> = numbers.filter(is_unknown).collect();
        let numbers: Vec<_> = numbers.into_iter().collect();
        let (places, used) = tokio::try_join!(storage.places(&ids), storage.used(&numbers))?;
        self.remember(used);
        Ok(places)
    }

    /// Those of `subjects` that storage must be asked for.
    fn missing(&self, subjects: impl Iterator<Item = SubjectId>) -> BTreeSet<SubjectId> {
        let is_missing =
            |id: &SubjectId| !self.known.contains(id) && !self.world.states.contains_key(id);
        subjects.filter(is_missing).collect()
    }

    /// Those of `keys` whose highest number storage must be asked for.
    fn strangers(&self, keys: impl Iterator<Item = KeyId>) -> BTreeSet<KeyId> {
        keys.filter(|key| !self.met.contains_key(key)).collect()
    }

    /// Takes what storage told about `asked`.
    fn take(&mut self, asked: BTreeSet<SubjectId>, told: World) {
        for (id, state) in told.states {
            let mut length = Length(0);
            // Whatever could not be written would not be committed either.
            let _ = serde_json::to_writer(&mut length, state.as_ref());
            self.bytes += length.0;
            self.world.states.entry(id).or_insert(state);
        }
        self.known.extend(asked);
    }

    /// Takes who used which number.
    fn remember(&mut self, used: Numbers) {
        for (number, statement) in used {
            self.world.sequences.entry(number).or_insert(statement);
        }
    }

    /// Whether its key has not used its number: then neither it nor another of that number is logged.
    fn is_new(&self, statement: &Statement) -> bool {
        let (kid, seq) = (statement.envelope.kid, statement.body.seq);
        let when_met = self.met.get(&kid);
        when_met.is_some_and(|highest| seq > *highest)
            && !self.world.sequences.contains_key(&(kid, seq))
    }

    /// The states, for the rules and for what they change.
    pub fn world(&mut self) -> &mut World {
        &mut self.world
    }

    /// Takes note of what a batch puts into states: no more than what its statements say, to each subject of which they say it.
    /// Measuring the states themselves would cost as much as writing them.
    pub fn grew(&mut self, batch: &Batch) {
        let said = |line: &Mention| {
            let at = usize::try_from(line.index - batch.first).ok()?;
            Some(batch.entries.get(at)?.submission.body.len())
        };
        self.bytes += batch.mentions.iter().filter_map(said).sum::<usize>();
    }

    /// The policy in force at a place, where it is at hand.
    pub fn policy(&self, at: world::Place) -> Option<&Policy> {
        self.world.policy(at)
    }

    /// Whether there is so much that it should begin anew.
    pub fn is_full(&self) -> bool {
        self.exceeds(BYTES_MAX)
    }

    fn exceeds(&self, bytes_max: usize) -> bool {
        self.bytes > bytes_max
            || self.world.states.len().max(self.known.len()) > SUBJECTS_MAX
            || self.world.sequences.len() > SUBJECTS_MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use threadmark_protocol::body::governance::PartClass;
    use threadmark_protocol::fixture::Consortium;

    #[test]
    fn few_large_states_are_too_many_too() {
        let (of, _) = Consortium::licensed(7, PartClass::C, 1);
        let world = of.log.world();
        let states = world.states.iter().map(|(id, state)| (id, state.as_ref()));
        let text = serde_json::to_string(&states.collect::<BTreeMap<_, _>>()).unwrap();
        let mut recent = Recent::default();
        let told = World {
            states: world.states.clone(),
            ..World::default()
        };
        recent.take(BTreeSet::new(), told);
        // The ids and what stands between the states is not theirs.
        assert!((text.len() / 2..text.len()).contains(&recent.bytes));
        assert!(!recent.exceeds(recent.bytes));
        assert!(recent.exceeds(recent.bytes - 1));
    }
}
