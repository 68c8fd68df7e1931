//! The bundle: what somebody knows of the log, verified entry by entry.
//!
//! Owns the page in which entries travel, and the replica that replays them: signatures, rules, batches, and
//! the root that the log signed. The service's audit, the agent at sea and `threadmark verify` use the same
//! replica. A page that fails leaves the replica as it was. Must never know files or networks.

use crate::body::Core;
use crate::cbor::{self, CborError, Reader};
use crate::checkpoint::{self, CheckpointError, SignedCheckpoint};
use crate::genesis::Trust;
use crate::key::{KeyId, PublicKey};
use crate::lifecycle::{self, At, Refusal};
use crate::statement::{Malformed, Statement, StatementId, Submission};
use crate::text::{SectionName, SubjectId};
use crate::tree::{Tree, leaf_hash};
use crate::world::{State, World};
use rayon::prelude::*;
use std::collections::BTreeMap;

/// Most entries of one page.
pub const PAGE_ENTRIES_MAX: usize = 4096;

/// Entries of the log from `from` on, with a checkpoint that covers them. Ends at the end of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Index of the first entry.
    pub from: u64,
    /// The entries with the sections that the reader may see.
    pub entries: Vec<Submission>,
    /// A signed checkpoint whose size is `from` + number of entries.
    pub checkpoint: String,
}

impl Page {
    /// `[from, [submission, …], checkpoint]` in CBOR.
    pub fn to_bytes(&self) -> Vec<u8> {
        cbor::write(|to| {
            to.array(3)?
                .u64(self.from)?
                .array(self.entries.len() as u64)?;
            for entry in &self.entries {
                to.bytes(&entry.to_bytes())?;
            }
            to.str(&self.checkpoint)?;
            Ok(())
        })
    }

    /// Reads [`Page::to_bytes`].
    pub fn parse(bytes: &[u8]) -> Result<Page, ReplicaError> {
        let mut from = Reader::new(bytes);
        let shape = from.array_len()?;
        let first = from.uint()?;
        let count = from.array_len()?;
        if shape != 3 || count > PAGE_ENTRIES_MAX {
            return Err(ReplicaError::Page);
        }
        let mut entries = Vec::new();
        for _ in 0..count {
            entries.push(Submission::parse(from.bytes()?)?);
        }
        let checkpoint = from.text()?.to_owned();
        from.finish()?;
        Ok(Page {
            from: first,
            entries,
            checkpoint,
        })
    }
}

/// Why a page is not taken. The replica is as before.
#[derive(Debug, thiserror::Error)]
pub enum ReplicaError {
    /// Not a page.
    #[error("the page is malformed")]
    Page,
    /// Not deterministic CBOR.
    #[error("the page is malformed: {0}")]
    Cbor(#[from] CborError),
    /// The page does not begin where the replica ends.
    #[error("the page begins at {found}, expected {expected}")]
    Gap {
        /// Where it begins.
        found: u64,
        /// Where the replica ends.
        expected: u64,
    },
    /// An entry is no statement.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// An entry is not signed by its author: the log contains what nobody said.
    #[error("entry {0} is not signed by its author")]
    Signature(u64),
    /// The same statement stands twice.
    #[error("entry {0} stands in the log already")]
    Doubled(u64),
    /// The log contains what the rules refuse: the service broke them.
    #[error("entry {index} breaks a rule: {refusal}")]
    Rule {
        /// Where.
        index: u64,
        /// Which.
        refusal: Refusal,
    },
    /// A batch is not closed, or closed wrongly.
    #[error("the batch that ends at {0} is not closed by the log")]
    Batch(u64),
    /// The entries are not what the log signed.
    #[error("the entries do not lead to the root that the log signed")]
    Root,
    /// The checkpoint is not the log's.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The first entries are not the pinned genesis.
    #[error("the log does not begin with the pinned genesis")]
    Genesis,
}

/// A verified replay of the log up to a checkpoint.
#[derive(Clone)]
pub struct Replica {
    trust: Trust,
    tree: Tree,
    world: World,
    index: BTreeMap<StatementId, u64>,
    sections: BTreeMap<StatementId, BTreeMap<SectionName, Vec<u8>>>,
    as_of: Option<i64>,
    checkpoint: Option<String>,
}

impl Replica {
    /// Knows genesis and nothing else.
    pub fn new(trust: Trust) -> Replica {
        Replica {
            trust,
            tree: Tree::default(),
            world: World::default(),
            index: BTreeMap::new(),
            sections: BTreeMap::new(),
            as_of: None,
            checkpoint: None,
        }
    }

    /// What is trusted from the start.
    pub fn trust(&self) -> &Trust {
        &self.trust
    }

    /// Entries known.
    pub fn size(&self) -> u64 {
        self.tree.size()
    }

    /// The tree of the entries.
    pub fn tree(&self) -> &Tree {
        &self.tree
    }

    /// The states that follow.
    pub fn world(&self) -> &World {
        &self.world
    }

    /// Log time of the newest batch, Unix seconds.
    pub fn as_of(&self) -> Option<i64> {
        self.as_of
    }

    /// The newest checkpoint, as the log signed it.
    pub fn checkpoint(&self) -> Option<&str> {
        self.checkpoint.as_deref()
    }

    /// Where a statement stands.
    pub fn index_of(&self, id: &StatementId) -> Option<u64> {
        self.index.get(id).copied()
    }

    /// A sealed section of a logged statement, where the reader may have it.
    pub fn section(&self, id: &StatementId, name: &str) -> Option<&[u8]> {
        let sections = self.sections.get(id)?;
        sections
            .iter()
            .find(|(known, _)| known.as_str() == name)
            .map(|(_, bytes)| &bytes[..])
    }

    /// Takes a page, or nothing of it.
    pub fn extend(&mut self, page: &Page) -> Result<(), ReplicaError> {
        let expected = self.size();
        if page.from != expected {
            return Err(ReplicaError::Gap {
                found: page.from,
                expected,
            });
        }
        let signed = checkpoint::open(&page.checkpoint, &self.trust.checkpoint_key)?;
        let mut undo = Undo::of(self);
        let taken = self.replay(&page.entries, &mut undo);
        if let Err(error) = taken.and_then(|()| self.must_match(&signed)) {
            undo.on(self);
            return Err(error);
        }
        self.checkpoint = Some(page.checkpoint.clone());
        Ok(())
    }

    fn must_match(&self, signed: &SignedCheckpoint) -> Result<(), ReplicaError> {
        let checkpoint = signed.checkpoint();
        let same = checkpoint.size == self.size() && checkpoint.root == self.tree.root();
        if same {
            Ok(())
        } else {
            Err(ReplicaError::Root)
        }
    }

    /// Replays whole batches; log time stands at the end of each.
    fn replay(&mut self, entries: &[Submission], undo: &mut Undo) -> Result<(), ReplicaError> {
        let mut batch = Vec::new();
        for opened in self.open_all(entries) {
            let opened = opened?;
            let closes = match &opened.statement.body.core {
                Core::LogBatch(says) => Some((says.logged_at, says.first)),
                _ => None,
            };
            batch.push(opened);
            if let Some((logged_at, first)) = closes {
                if first != self.size() {
                    return Err(ReplicaError::Batch(self.size() + batch.len() as u64 - 1));
                }
                for opened in batch.drain(..) {
                    self.replay_one(opened, logged_at, undo)?;
                }
                self.as_of = Some(logged_at);
            }
        }
        if batch.is_empty() {
            Ok(())
        } else {
            Err(ReplicaError::Batch(self.size()))
        }
    }

    /// Parses entries and verifies them with the keys that are known before any of them is replayed, on all cores.
    fn open_all(&self, entries: &[Submission]) -> Vec<Result<Opened, Malformed>> {
        let open = |entry: &Submission| {
            let statement = Statement::open(entry.clone(), self.trust.origin())?;
            let key = lifecycle::author_key(&self.world, &statement);
            let verified_by = key.filter(|key| statement.envelope.is_signed_by(key));
            Ok(Opened {
                statement,
                verified_by,
            })
        };
        entries.par_iter().map(open).collect()
    }

    fn replay_one(
        &mut self,
        opened: Opened,
        logged_at: i64,
        undo: &mut Undo,
    ) -> Result<(), ReplicaError> {
        let index = self.size();
        let Opened {
            mut statement,
            verified_by,
        } = opened;
        let pinned = match index {
            0 => statement.envelope == self.trust.policy_statement.envelope,
            1 => statement.envelope == self.trust.anchors_statement.envelope,
            _ => true,
        };
        if !pinned {
            return Err(ReplicaError::Genesis);
        }
        // Entry 0 is verified with entry 1, when the pinned genesis is opened.
        let key = lifecycle::author_key(&self.world, &statement);
        let is_signed = |key| verified_by == Some(key) || statement.envelope.is_signed_by(&key);
        if index > 0 && !key.is_some_and(is_signed) {
            return Err(ReplicaError::Signature(index));
        }
        if self.index.contains_key(&statement.id) {
            return Err(ReplicaError::Doubled(index));
        }
        let at = At {
            index: Some(index),
            logged_at,
        };
        let changes = lifecycle::apply(&self.world, &statement, at)
            .map_err(|refusal| ReplicaError::Rule { index, refusal })?;
        undo.note(&statement, self.world.record(&statement, changes.states));
        self.tree.push(leaf_hash(&statement.submission.envelope));
        self.index.insert(statement.id, index);
        let sections = std::mem::take(&mut statement.submission.sections);
        if !sections.is_empty() {
            self.sections.insert(statement.id, sections);
        }
        Ok(())
    }

    /// The world with statements on top that are signed and not logged yet, from journals at hand, and those
    /// that the rules refuse with the reason. Statements that wait for others are tried again until nothing
    /// moves, so the order of the journals does not matter.
    pub fn with(&self, statements: &[Statement]) -> (World, Vec<(StatementId, Refusal)>) {
        let mut world = self.world.clone();
        let mut open: BTreeMap<StatementId, &Statement> = statements
            .iter()
            .filter(|statement| !self.index.contains_key(&statement.id))
            .map(|statement| (statement.id, statement))
            .collect();
        loop {
            let mut order: Vec<_> = open.values().copied().collect();
            order.sort_by_key(|statement| (statement.body.occurred_at, statement.id));
            let mut refused = Vec::new();
            let before = open.len();
            for statement in order {
                match try_provisional(&world, statement) {
                    Ok(states) => {
                        world.record(statement, states);
                        open.remove(&statement.id);
                    }
                    Err(refusal) => refused.push((statement.id, refusal)),
                }
            }
            if open.len() == before {
                return (world, refused);
            }
        }
    }
}

type States = BTreeMap<SubjectId, State>;

fn try_provisional(world: &World, statement: &Statement) -> Result<States, Refusal> {
    let refuse = |code| Refusal::Refused {
        code,
        detail: String::new(),
    };
    let key = lifecycle::author_key(world, statement)
        .ok_or_else(|| refuse(crate::code::Code::UnknownKey))?;
    if !statement.envelope.is_signed_by(&key) {
        return Err(refuse(crate::code::Code::BadSignature));
    }
    let at = At {
        index: None,
        logged_at: statement.body.iat,
    };
    lifecycle::apply(world, statement, at).map(|changes| changes.states)
}

/// An entry as it was parsed.
struct Opened {
    statement: Statement,
    /// The key that its signature was verified with.
    verified_by: Option<PublicKey>,
}

/// How a replica comes back to where it was before a page.
struct Undo {
    size: u64,
    as_of: Option<i64>,
    statements: Vec<(StatementId, (KeyId, u64))>,
    /// What stood there before, oldest first.
    states: Vec<(SubjectId, Option<State>)>,
}

impl Undo {
    fn of(replica: &Replica) -> Undo {
        Undo {
            size: replica.size(),
            as_of: replica.as_of,
            statements: Vec::new(),
            states: Vec::new(),
        }
    }

    fn note(&mut self, statement: &Statement, before: Vec<(SubjectId, Option<State>)>) {
        let place = (statement.envelope.kid, statement.body.seq);
        self.statements.push((statement.id, place));
        self.states.extend(before);
    }

    fn on(self, replica: &mut Replica) {
        replica.tree.truncate(self.size);
        replica.as_of = self.as_of;
        for (id, place) in self.statements {
            replica.index.remove(&id);
            replica.sections.remove(&id);
            if replica.world.sequences.get(&place) == Some(&id) {
                replica.world.sequences.remove(&place);
            }
        }
        for (id, before) in self.states.into_iter().rev() {
            match before {
                Some(state) => replica.world.states.insert(id, state),
                None => replica.world.states.remove(&id),
            };
        }
    }
}

impl World {
    /// Takes over what a statement changes, and that its key has used its number. Tells what stood there before.
    pub fn record(
        &mut self,
        statement: &Statement,
        states: States,
    ) -> Vec<(SubjectId, Option<State>)> {
        let place = (statement.envelope.kid, statement.body.seq);
        self.sequences.entry(place).or_insert(statement.id);
        let put = |(id, state): (SubjectId, State)| {
            let before = self.states.insert(id.clone(), state);
            (id, before)
        };
        states.into_iter().map(put).collect()
    }
}

#[cfg(test)]
mod tests;
