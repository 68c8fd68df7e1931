//! The bundle: what somebody knows of the log, verified entry by entry.
//!
//! Owns the replica that replays entries: signatures, rules, batches, the index of statements, and the root that the log
//! signed. The service's audit, the agent at sea and `threadmark verify` use the same
//! replica. A page that fails leaves the replica as it was. Must never know files or networks.

use crate::body::Core;
use crate::cbor::CborError;
use crate::checkpoint::{self, CheckpointError, SignedCheckpoint};
use crate::code::Code;
use crate::digest::Digest;
use crate::genesis::Trust;
use crate::index::{self, Link, Map, Mention};
use crate::key::PublicKey;
use crate::lifecycle::{self, At, Refusal};
use crate::statement::{Malformed, Statement, StatementId, Submission};
use crate::text::{SectionName, SubjectId};
use crate::tree::{Tree, leaf_hash};
use crate::world::{State, World};
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

mod page;
pub mod part;
mod provisional;
mod undo;

pub use page::{PAGE_ENTRIES_MAX, Page};
use undo::Undo;

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
    /// The log went on under rules that this program does not know, so it cannot tell whether they were kept: that is nobody's
    /// fault, and a newer program goes on from here.
    #[error("entry {index}: {refusal} Update the program; what it knows so far stays.")]
    RulesUnknown {
        /// Where.
        index: u64,
        /// Which they are, and which it knows.
        refusal: Refusal,
    },
    /// A batch is not closed, or closed wrongly.
    #[error("the batch that ends at {0} is not closed by the log")]
    Batch(u64),
    /// The root that closes a batch is not that of the statements: the log hides one, or counts one that is none.
    #[error("the index of statements that entry {0} signs is not what the entries lead to")]
    Index(u64),
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
    statements: Statements,
    checkpoint: Option<String>,
    /// By index.
    saw_otherwise: BTreeMap<u64, StatementId>,
}

/// The index of statements by subject.
#[derive(Clone, Default)]
struct Statements {
    map: Map,
    /// Whether the log signs its root; once it does it goes on, so that nobody can leave it out again.
    is_signed: bool,
}

/// A statement with the subjects for which it counts.
type Noted = (Link, BTreeSet<SubjectId>);

impl Statements {
    /// Adds a batch whose end signs this root; `None` when it is another.
    fn close(&mut self, noted: &[Noted], root: Option<Digest>) -> Option<Vec<Mention>> {
        let mentions = self.map.add(noted);
        let right = match root {
            Some(root) => root == self.map.root(),
            None => !self.is_signed,
        };
        self.is_signed |= root.is_some();
        right.then_some(mentions)
    }
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
            statements: Statements::default(),
            checkpoint: None,
            saw_otherwise: BTreeMap::new(),
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

    /// How many statements count for each subject, and the chain over them.
    pub fn statements(&self) -> &Map {
        &self.statements.map
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

    /// The statements, by index, whose authors say to have seen another tree than this log had. Whether that is true is
    /// shown by what they have kept: see [`crate::evidence`].
    pub fn saw_otherwise(&self) -> &BTreeMap<u64, StatementId> {
        &self.saw_otherwise
    }

    /// A sealed section of a logged statement, where the reader may have it.
    pub fn section(&self, id: &StatementId, name: &str) -> Option<&[u8]> {
        let sections = self.sections.get(id)?;
        sections
            .iter()
            .find(|(known, _)| known.as_str() == name)
            .map(|(_, bytes)| &bytes[..])
    }

    /// Takes a page, or nothing of it. Tells the new lines of each subject's list of statements.
    pub fn extend(&mut self, page: &Page) -> Result<Vec<Mention>, ReplicaError> {
        self.extend_if(page, |_| Ok(()))
    }

    /// [`Replica::extend`], if what then is done with the extended replica succeeds as well, such as storing the page.
    pub fn extend_if<E: From<ReplicaError>>(
        &mut self,
        page: &Page,
        then: impl FnOnce(&Replica) -> Result<(), E>,
    ) -> Result<Vec<Mention>, E> {
        let expected = self.size();
        if page.from != expected {
            let found = page.from;
            return Err(ReplicaError::Gap { found, expected }.into());
        }
        let key = &self.trust.checkpoint_key;
        let signed = checkpoint::open(&page.checkpoint, key).map_err(ReplicaError::from)?;
        let mut undo = Undo::of(self);
        let taken = self.replay(&page.entries, &mut undo);
        let matched = taken.and_then(|mentions| self.must_match(&signed).map(|()| mentions));
        self.checkpoint = Some(page.checkpoint.clone());
        let done = matched.map_err(E::from);
        let done = done.and_then(|mentions| then(self).map(|()| mentions));
        if done.is_err() {
            undo.on(self);
        }
        done
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

    /// Replays whole batches; log time, and the root of the index, stand at the end of each.
    fn replay(
        &mut self,
        entries: &[Submission],
        undo: &mut Undo,
    ) -> Result<Vec<Mention>, ReplicaError> {
        let (mut batch, mut mentions) = (Vec::new(), Vec::new());
        for opened in self.open_all(entries) {
            let opened = opened?;
            let closes = match &opened.statement.body.core {
                Core::LogBatch(says) => Some(says.clone()),
                _ => None,
            };
            batch.push(opened);
            let Some(closes) = closes else { continue };
            let last = self.size() + batch.len() as u64 - 1;
            if closes.first != self.size() {
                return Err(ReplicaError::Batch(last));
            }
            let replayed = batch
                .drain(..)
                .map(|opened| self.replay_one(opened, closes.logged_at, undo));
            let noted = replayed.collect::<Result<Vec<_>, _>>()?;
            let new = self.statements.close(&noted, closes.index_root);
            mentions.extend(new.ok_or(ReplicaError::Index(last))?);
            self.as_of = Some(closes.logged_at);
        }
        if batch.is_empty() {
            Ok(mentions)
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
    ) -> Result<Noted, ReplicaError> {
        let index = self.size();
        let Opened {
            mut statement,
            verified_by,
        } = opened;
        if !self.trust.allows(index, &statement.envelope) {
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
        let changes =
            lifecycle::apply(&self.world, &statement, at).map_err(|refusal| {
                match refusal.code() {
                    Code::RulesUnknown => ReplicaError::RulesUnknown { index, refusal },
                    _ => ReplicaError::Rule { index, refusal },
                }
            })?;
        let subjects = index::touched(&statement, &changes);
        undo.note(&statement, self.world.record(&statement, changes.states));
        // A tree that is larger than the log was, as much as one with another root.
        let seen = statement.body.seen.as_ref();
        if seen.is_some_and(|seen| self.tree.root_at(seen.size) != Some(seen.root)) {
            self.saw_otherwise.insert(index, statement.id);
        }
        self.tree.push(leaf_hash(&statement.submission.envelope));
        self.index.insert(statement.id, index);
        let sections = std::mem::take(&mut statement.submission.sections);
        if !sections.is_empty() {
            self.sections.insert(statement.id, sections);
        }
        let link = Link {
            index,
            logged_at,
            statement: statement.id,
        };
        Ok((link, subjects))
    }
}

type States = BTreeMap<SubjectId, State>;

/// An entry as it was parsed.
struct Opened {
    statement: Statement,
    /// The key that its signature was verified with.
    verified_by: Option<PublicKey>,
}

impl World {
    /// Takes over what a statement changes, and that its key has used its number. Tells what stood there before.
    pub fn record(
        &mut self,
        statement: &Statement,
        states: States,
    ) -> Vec<(SubjectId, Option<Arc<State>>)> {
        let place = (statement.envelope.kid, statement.body.seq);
        self.sequences.entry(place).or_insert(statement.id);
        let put = |(id, state): (SubjectId, State)| {
            let before = self.states.insert(id.clone(), Arc::new(state));
            (id, before)
        };
        states.into_iter().map(put).collect()
    }
}

#[cfg(test)]
mod tests;
