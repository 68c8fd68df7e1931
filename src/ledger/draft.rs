//! A batch that is computed and not committed: rules applied in order, the log's own entry, the signed checkpoint.
//!
//! Owns what a batch consists of. Pure but for the time, which is read once before the rules are asked. Must never know storage.

use super::keys::LogKeys;
use super::storage::{Batch, Head};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use threadmark_protocol::body::governance::LogBatch;
use threadmark_protocol::body::{Body, Bytes16, Core};
use threadmark_protocol::checkpoint::Checkpoint;
use threadmark_protocol::code::Code;
use threadmark_protocol::genesis::Trust;
use threadmark_protocol::index::{self, Link, Map};
use threadmark_protocol::lifecycle::{self, At, Changes, Refusal};
use threadmark_protocol::statement::{Statement, StatementId};
use threadmark_protocol::text::{ActorId, Moment, SubjectId};
use threadmark_protocol::tree::{Tree, leaf_hash};
use threadmark_protocol::world::{State, World, log_subject};

/// What the entries rest on.
pub struct Ground {
    /// The log's keys.
    pub keys: Arc<LogKeys>,
    /// What clients pin.
    pub trust: Arc<Trust>,
    /// Index of the first entry.
    pub first: u64,
    /// Log time of the batch, Unix seconds.
    pub logged_at: i64,
    /// The index of the statements before.
    pub statements: Map,
}

/// Statements to which the rules were applied, in order. Each call is given the states that the one before has changed; they
/// are wrong when the batch is not committed.
pub struct Draft {
    ground: Ground,
    entries: Vec<Arc<Statement>>,
    changed: BTreeSet<SubjectId>,
    edges: BTreeSet<(SubjectId, SubjectId)>,
    /// The entries with the subjects for which they count.
    noted: Vec<(Link, BTreeSet<SubjectId>)>,
    /// Index and findings of each accepted statement.
    pub accepted: BTreeMap<StatementId, (u64, BTreeSet<Code>)>,
    /// Why each of the others is not logged.
    pub refused: BTreeMap<StatementId, Refusal>,
}

impl Draft {
    /// One without statements.
    pub fn new(ground: Ground) -> Draft {
        Draft {
            ground,
            entries: Vec::new(),
            changed: BTreeSet::new(),
            edges: BTreeSet::new(),
            noted: Vec::new(),
            accepted: BTreeMap::new(),
            refused: BTreeMap::new(),
        }
    }

    /// Applies the rules to one more statement.
    pub fn add(&mut self, world: &mut World, statement: &Arc<Statement>) {
        let index = self.next_index();
        match self.apply(world, statement) {
            Ok(changes) => {
                let findings = changes.findings.clone();
                self.accepted.insert(statement.id, (index, findings));
                self.record(world, statement.clone(), changes);
            }
            Err(refusal) => drop(self.refused.insert(statement.id, refusal)),
        }
    }

    /// Its log time, Unix seconds.
    pub fn logged_at(&self) -> i64 {
        self.ground.logged_at
    }

    /// What stands in the log before it: a subject without a statement there has no state.
    pub fn statements_before(&self) -> &Map {
        &self.ground.statements
    }

    /// Closes it with the log's own entry and signs the tree with the entries on top. The tree itself is left as it is: nothing
    /// is committed.
    pub fn close(
        mut self,
        world: &mut World,
        tree: &mut Tree,
        fence: i64,
    ) -> Result<Batch, String> {
        let mentions = self.ground.statements.add(&self.noted);
        let close = Arc::new(self.closing_entry()?);
        let changes = self
            .apply(world, &close)
            .map_err(|refusal| refusal.to_string())?;
        self.record(world, close, changes);
        let checkpoint = self.checkpoint(tree)?;
        let state = |id: &SubjectId| Some((id.clone(), world.states.get(id)?.clone()));
        Ok(Batch {
            first: self.ground.first,
            states: self.changed.iter().filter_map(state).collect(),
            edges: self.edges,
            entries: self.entries,
            mentions,
            statements: self.ground.statements,
            checkpoint,
            fence,
        })
    }

    fn next_index(&self) -> u64 {
        self.ground.first + self.entries.len() as u64
    }

    fn apply(&self, world: &World, statement: &Statement) -> Result<Changes, Refusal> {
        let at = At {
            index: Some(self.next_index()),
            logged_at: self.ground.logged_at,
        };
        lifecycle::apply(world, statement, at)
    }

    fn record(&mut self, world: &mut World, statement: Arc<Statement>, changes: Changes) {
        let link = Link {
            index: self.next_index(),
            logged_at: self.ground.logged_at,
            statement: statement.id,
        };
        self.noted
            .push((link, index::touched(&statement, &changes)));
        for (id, before) in world.record(&statement, changes.states) {
            let before = before.map(|state| state.parents()).unwrap_or_default();
            let now = world.state(&id).map(State::parents);
            let new = now.into_iter().flatten().filter(|up| !before.contains(up));
            self.edges.extend(new.map(|up| (id.clone(), up)));
            self.changed.insert(id);
        }
        self.entries.push(statement);
    }

    /// The log's own entry, which ends a batch. Its salt needs no secrecy: it says nothing that is secret.
    fn closing_entry(&self) -> Result<Statement, String> {
        let Ground {
            keys,
            trust,
            first,
            logged_at,
            statements,
        } = &self.ground;
        let (first, logged_at) = (*first, *logged_at);
        let body = Body {
            iss: trust.policy.governor.clone(),
            sub: log_subject(),
            actor: log_holder(trust),
            iat: logged_at,
            occurred_at: Moment::from_unix(logged_at).map_err(|error| error.to_string())?,
            seq: self.next_index(),
            prev: None,
            seen: None,
            salt: Bytes16([0; 16]),
            core: Core::LogBatch(LogBatch {
                logged_at,
                first,
                index_root: Some(statements.root()),
            }),
            sealed: BTreeMap::new(),
        };
        let sections = BTreeMap::new();
        Ok(Statement::sign(body, sections, keys.origin(), keys.log()))
    }

    fn checkpoint(&self, tree: &mut Tree) -> Result<Head, String> {
        grow(tree, &self.entries);
        let (size, root) = (tree.size(), tree.root());
        tree.truncate(self.ground.first);
        let checkpoint = Checkpoint {
            origin: self.ground.keys.origin().to_string(),
            size,
            root,
        };
        let note = checkpoint.sign(self.ground.keys.checkpoint());
        Ok(Head {
            size,
            root,
            note: note.map_err(|error| error.to_string())?,
            logged_at: self.ground.logged_at,
        })
    }
}

/// Puts entries on top of the tree.
pub fn grow(tree: &mut Tree, entries: &[Arc<Statement>]) {
    entries
        .iter()
        .for_each(|entry| tree.push(leaf_hash(&entry.submission.envelope)));
}

/// The log itself, as an author.
pub fn log_holder(trust: &Trust) -> ActorId {
    match &trust.anchors_statement.body.core {
        Core::Anchors(anchors) => anchors.log.holder.clone(),
        _ => unreachable!("Trust holds anchors only"),
    }
}
