//! The sequencer: the one writer, which works in batches.
//!
//! The steps of a batch, and what a crash in each leaves behind:
//! 1. take what waits; load the world above it; apply the rules in order: **nothing**;
//! 2. close the batch with the log's own entry, compute the tree, sign the checkpoint: **nothing**; the
//!    signature over an uncommitted checkpoint is never released;
//! 3. `Storage::commit`, **the commit point**: all or nothing. A crash before its answer arrives leaves either; the next
//!    start reads the head and goes on from it;
//! 4. publish and answer the waiters: the batch is durable, waiters that hear nothing send again and are told the
//!    index that their statement has.
//!
//! Recovery is [`Sequencer::load`], which is also how a start begins. Must never know HTTP or SQL.

use super::keys::LogKeys;
use super::storage::{Batch, Head, Place, Storage, StorageError};
use super::{Clock, Ledger, LedgerError, Published, receipt_for};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, RwLock};
use std::time::Duration;
use threadmark_protocol::body::governance::LogBatch;
use threadmark_protocol::body::{Body, Bytes16, Core};
use threadmark_protocol::checkpoint::Checkpoint;
use threadmark_protocol::code::Code;
use threadmark_protocol::genesis::{Genesis, Trust};
use threadmark_protocol::key::KeyId;
use threadmark_protocol::lifecycle::{self, At, Refusal};
use threadmark_protocol::statement::{Statement, StatementId};
use threadmark_protocol::text::{ActorId, Moment, OrgId, SubjectId};
use threadmark_protocol::tree::{Tree, leaf_hash};
use threadmark_protocol::world::{World, log_subject};
use tokio::sync::{mpsc, oneshot};

/// Most statements of one batch.
const BATCH_MAX: usize = 256;
/// Most statements that wait; beyond it submitters are told to come back.
const QUEUE_MAX: usize = 4096;

/// A statement that waits for its place.
pub struct Pending {
    /// Its signature was verified.
    pub statement: Statement,
    /// Who waits.
    pub reply: oneshot::Sender<Outcome>,
}

/// What became of a statement.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// It stands in the log.
    Logged {
        /// Where.
        place: Place,
        /// RFC 9942 receipt.
        receipt: Vec<u8>,
        /// What was found.
        findings: BTreeSet<Code>,
        /// Whether it was there before.
        known: bool,
    },
    /// The rules refuse it; nothing was changed.
    Refused(Refusal),
    /// Storage failed; send it again.
    Unavailable,
}

/// The writer's own state between batches.
pub struct Sequencer<S> {
    storage: S,
    keys: Arc<LogKeys>,
    trust: Arc<Trust>,
    clock: Clock,
    fence: i64,
    published: Arc<RwLock<Published>>,
}

/// A batch that was computed and not committed.
struct Draft {
    batch: Batch,
    /// Index and findings of each accepted statement.
    accepted: BTreeMap<StatementId, (u64, BTreeSet<Code>)>,
    refused: BTreeMap<StatementId, Refusal>,
}

impl<S: Storage> Sequencer<S> {
    /// Takes the lease, checks that entries, tree and checkpoint belong together, and writes genesis if there is none.
    ///
    /// # Errors
    /// Every [`LedgerError`]: a log that cannot be explained is not written to.
    pub async fn start(
        storage: S,
        keys: LogKeys,
        genesis: &Genesis,
        holder: &str,
        clock: Clock,
    ) -> Result<(Ledger, SequencerTask<S>), LedgerError> {
        let trust = genesis
            .trust()
            .map_err(|error| LedgerError::Genesis(error.to_string()))?;
        if !keys.belong_to(&trust) {
            return Err(LedgerError::OtherKeys);
        }
        let (keys, trust) = (Arc::new(keys), Arc::new(trust));
        let mut sequencer = Sequencer {
            storage,
            keys: keys.clone(),
            trust: trust.clone(),
            clock,
            fence: 0,
            published: Arc::default(),
        };
        sequencer.load().await?;
        if sequencer.head().is_some() {
            sequencer.check_genesis().await?;
        }
        // Only now: taking the lease ends the writer that has it. What it wrote meanwhile is read after that.
        sequencer.fence = sequencer.storage.take_lease(holder).await?;
        sequencer.load().await?;
        if sequencer.head().is_none() {
            sequencer.write_genesis().await?;
        }
        sequencer.check_genesis().await?;
        let (queue, waiting) = mpsc::channel(QUEUE_MAX);
        let published = sequencer.published.clone();
        let ledger = Ledger {
            trust,
            keys,
            published,
            queue,
        };
        Ok((ledger, SequencerTask { sequencer, waiting }))
    }

    /// Reads what is committed. Refuses to go on when the entries do not lead to the checkpoint that was signed.
    async fn load(&mut self) -> Result<(), LedgerError> {
        let head = self.storage.head().await?;
        let mut tree = Tree::default();
        for leaf in self.storage.leaves(0).await? {
            tree.push(leaf);
        }
        let (size, root) = head
            .as_ref()
            .map_or((0, Tree::default().root()), |head| (head.size, head.root));
        if tree.size() != size || tree.root() != root {
            let found = format!(
                "{} entries do not lead to the checkpoint of size {size}",
                tree.size()
            );
            return Err(LedgerError::Diverged(found));
        }
        if let Some(head) = &head {
            let signed =
                threadmark_protocol::checkpoint::open(&head.note, &self.trust.checkpoint_key);
            let same = signed.is_ok_and(|signed| {
                (signed.checkpoint().size, signed.checkpoint().root) == (head.size, head.root)
            });
            if !same {
                return Err(LedgerError::Diverged(
                    "the newest checkpoint is not signed by this log".into(),
                ));
            }
        }
        *self.write() = Published { tree, head };
        Ok(())
    }

    fn write(&self) -> std::sync::RwLockWriteGuard<'_, Published> {
        // Whoever panicked with the lock left whole batches: the tree is cut back before anything can fail.
        self.published
            .write()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn head(&self) -> Option<Head> {
        self.published
            .read()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .head
            .clone()
    }

    async fn write_genesis(&mut self) -> Result<(), LedgerError> {
        let genesis = vec![
            self.trust.policy_statement.clone(),
            self.trust.anchors_statement.clone(),
        ];
        let draft = self
            .draft(&genesis, World::default())
            .map_err(LedgerError::Diverged)?;
        if let Some(refusal) = draft.refused.values().next() {
            return Err(LedgerError::Genesis(refusal.to_string()));
        }
        self.commit(draft.batch).await
    }

    async fn check_genesis(&self) -> Result<(), LedgerError> {
        let entries = self.storage.entries(0, 2).await?;
        let expected =
            [&self.trust.policy_statement, &self.trust.anchors_statement].map(|of| &of.submission);
        let same = entries
            .iter()
            .zip(expected)
            .all(|(found, expected)| found == expected);
        if entries.len() == 2 && same {
            return Ok(());
        }
        Err(LedgerError::OtherLog("entries 0 and 1 differ".into()))
    }

    /// Applies the rules in order and computes what a commit would write. Pure but for the clock.
    fn draft(&self, statements: &[Statement], mut world: World) -> Result<Draft, String> {
        let head = self.head();
        let first = head.as_ref().map_or(0, |head| head.size);
        let logged_at = (self.clock)().max(head.map_or(i64::MIN, |head| head.logged_at));
        let mut entries = Vec::new();
        let (mut states, mut accepted, mut refused) =
            (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        for statement in statements {
            let index = first + entries.len() as u64;
            match lifecycle::apply(
                &world,
                statement,
                At {
                    index: Some(index),
                    logged_at,
                },
            ) {
                Ok(changes) => {
                    states.extend(changes.states.clone());
                    world.record(statement, changes.states);
                    accepted.insert(statement.id, (index, changes.findings));
                    entries.push(statement.clone());
                }
                Err(refusal) => {
                    refused.insert(statement.id, refusal);
                }
            }
        }
        let close = self.close(first, first + entries.len() as u64, logged_at)?;
        let at = At {
            index: Some(first + entries.len() as u64),
            logged_at,
        };
        let changes =
            lifecycle::apply(&world, &close, at).map_err(|refusal| refusal.to_string())?;
        states.extend(changes.states);
        entries.push(close);
        let checkpoint = self.checkpoint(first, &entries, logged_at)?;
        let batch = Batch {
            first,
            entries,
            states,
            checkpoint,
            fence: self.fence,
        };
        Ok(Draft {
            batch,
            accepted,
            refused,
        })
    }

    /// The log's own entry, which ends a batch. Its salt needs no secrecy: it says nothing that is secret.
    fn close(&self, first: u64, index: u64, logged_at: i64) -> Result<Statement, String> {
        let holder: ActorId = self.log_holder();
        let occurred_at = Moment::from_unix(logged_at).map_err(|error| error.to_string())?;
        let body = Body {
            iss: self.log_org(),
            sub: log_subject(),
            actor: holder,
            iat: logged_at,
            occurred_at,
            seq: index,
            prev: None,
            seen: None,
            salt: Bytes16([0; 16]),
            core: Core::LogBatch(LogBatch { logged_at, first }),
            sealed: BTreeMap::new(),
        };
        Ok(Statement::sign(
            body,
            BTreeMap::new(),
            self.keys.origin(),
            self.keys.log(),
        ))
    }

    fn log_org(&self) -> OrgId {
        self.trust.policy.governor.clone()
    }

    fn log_holder(&self) -> ActorId {
        match &self.trust.anchors_statement.body.core {
            Core::Anchors(anchors) => anchors.log.holder.clone(),
            _ => unreachable!("Trust holds anchors only"),
        }
    }

    /// Signs the tree with the entries on top, and takes them off again: they are not committed.
    fn checkpoint(
        &self,
        first: u64,
        entries: &[Statement],
        logged_at: i64,
    ) -> Result<Head, String> {
        let (size, root) = {
            let mut published = self.write();
            grow(&mut published.tree, entries);
            let grown = (published.tree.size(), published.tree.root());
            published.tree.truncate(first);
            grown
        };
        let checkpoint = Checkpoint {
            origin: self.keys.origin().to_string(),
            size,
            root,
        };
        let note = checkpoint
            .sign(self.keys.checkpoint())
            .map_err(|error| error.to_string())?;
        Ok(Head {
            size,
            root,
            note,
            logged_at,
        })
    }

    /// Logs what can be logged of `statements`, and says what became of each. A data error is bisected until the
    /// statement that causes it stands alone.
    async fn process(
        &mut self,
        statements: Vec<Statement>,
        outcomes: &mut BTreeMap<StatementId, Outcome>,
    ) -> Result<(), LedgerError> {
        let mut work = vec![statements];
        while let Some(statements) = work.pop() {
            match self.try_batch(&statements, outcomes).await {
                Ok(()) => {}
                Err(LedgerError::Storage(StorageError::Data(detail))) => {
                    if let [alone] = &statements[..] {
                        let refusal = Refusal::Refused {
                            code: Code::Unstorable,
                            detail,
                        };
                        outcomes.insert(alone.id, Outcome::Refused(refusal));
                    } else if !statements.is_empty() {
                        let (left, right) = statements.split_at(statements.len() / 2);
                        work.extend([right.to_vec(), left.to_vec()]);
                    }
                }
                Err(LedgerError::Storage(StorageError::Unavailable(detail))) => {
                    tracing::warn!(
                        detail,
                        "storage is unavailable; waiters are told to send again"
                    );
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    async fn try_batch(
        &mut self,
        statements: &[Statement],
        outcomes: &mut BTreeMap<StatementId, Outcome>,
    ) -> Result<(), LedgerError> {
        let ids: Vec<_> = statements.iter().map(|statement| statement.id).collect();
        let known = self.storage.places(&ids).await?;
        let fresh: Vec<_> = statements
            .iter()
            .filter(|of| !known.contains_key(&of.id))
            .cloned()
            .collect();
        for statement in statements {
            if let Some(place) = known.get(&statement.id) {
                outcomes.insert(
                    statement.id,
                    self.logged(statement, *place, BTreeSet::new(), true),
                );
            }
        }
        if fresh.is_empty() && !statements.is_empty() {
            return Ok(());
        }
        let world = self.world_for(&fresh).await?;
        let draft = self.draft(&fresh, world).map_err(LedgerError::Diverged)?;
        for (id, refusal) in draft.refused {
            outcomes.insert(id, Outcome::Refused(refusal));
        }
        if draft.accepted.is_empty() && !fresh.is_empty() {
            return Ok(());
        }
        let (logged_at, tree_size) = (
            draft.batch.checkpoint.logged_at,
            draft.batch.checkpoint.size,
        );
        self.commit(draft.batch).await?;
        for statement in &fresh {
            if let Some((index, findings)) = draft.accepted.get(&statement.id) {
                let place = Place {
                    index: *index,
                    logged_at,
                    tree_size,
                };
                outcomes.insert(
                    statement.id,
                    self.logged(statement, place, findings.clone(), false),
                );
            }
        }
        Ok(())
    }

    /// **The commit point.** When the answer is lost, the head tells whether it happened.
    async fn commit(&mut self, batch: Batch) -> Result<(), LedgerError> {
        match self.storage.commit(&batch).await {
            Ok(()) => {}
            Err(StorageError::Unavailable(detail)) => {
                let head = self.head_after_doubt().await?;
                if head == self.head() {
                    return Err(StorageError::Unavailable(detail).into());
                }
                if head.as_ref() != Some(&batch.checkpoint) {
                    return Err(LedgerError::Diverged("another writer went on".into()));
                }
            }
            Err(error) => return Err(error.into()),
        }
        let mut published = self.write();
        grow(&mut published.tree, &batch.entries);
        published.head = Some(batch.checkpoint);
        Ok(())
    }

    /// Asks until storage answers: without knowing, neither the batch nor its absence may be reported.
    async fn head_after_doubt(&self) -> Result<Option<Head>, LedgerError> {
        let mut wait_ms = 20;
        loop {
            match self.storage.head().await {
                Err(StorageError::Unavailable(detail)) => {
                    tracing::warn!(
                        detail,
                        wait_ms,
                        "waiting for storage to say what it committed"
                    );
                    tokio::time::sleep(Duration::from_millis(wait_ms)).await;
                    wait_ms = (wait_ms * 2).min(2000);
                }
                other => return Ok(other?),
            }
        }
    }

    async fn world_for(&self, statements: &[Statement]) -> Result<World, StorageError> {
        let mut subjects: BTreeSet<SubjectId> =
            statements.iter().flat_map(lifecycle::subjects).collect();
        subjects.insert(log_subject());
        subjects.insert(threadmark_protocol::world::policy_subject());
        let log_key = threadmark_protocol::world::key_subject(&self.keys.log().key_id());
        subjects.insert(log_key);
        let numbers: Vec<(KeyId, u64)> = statements
            .iter()
            .map(|of| (of.envelope.kid, of.body.seq))
            .collect();
        self.storage.world(&subjects, &numbers).await
    }

    fn logged(
        &self,
        statement: &Statement,
        place: Place,
        findings: BTreeSet<Code>,
        known: bool,
    ) -> Outcome {
        let published = self
            .published
            .read()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        match receipt_for(&self.keys, &published.tree, statement, place) {
            Some(receipt) => Outcome::Logged {
                place,
                receipt,
                findings,
                known,
            },
            None => Outcome::Unavailable,
        }
    }
}

fn grow(tree: &mut Tree, entries: &[Statement]) {
    entries
        .iter()
        .for_each(|entry| tree.push(leaf_hash(&entry.submission.envelope)));
}

/// The writer with its queue.
pub struct SequencerTask<S> {
    sequencer: Sequencer<S>,
    waiting: mpsc::Receiver<Pending>,
}

impl<S: Storage> SequencerTask<S> {
    /// Works until all handles are gone, or until it must not write any more.
    ///
    /// # Errors
    /// Another writer took over, or the log diverged: the process must stop and say so.
    pub async fn run(mut self) -> Result<(), LedgerError> {
        let heartbeat = Duration::from_secs(self.sequencer.trust.policy.heartbeat_s.max(1).into());
        loop {
            let first = match tokio::time::timeout(heartbeat, self.waiting.recv()).await {
                Ok(None) => return Ok(()),
                Ok(Some(first)) => Some(first),
                // Idle: an empty batch proves that the log is alive, so that knowledge of it is fresh.
                Err(_) => None,
            };
            let mut pending: Vec<Pending> = first.into_iter().collect();
            while pending.len() < BATCH_MAX
                && let Ok(next) = self.waiting.try_recv()
            {
                pending.push(next);
            }
            self.answer(pending).await?;
        }
    }

    async fn answer(&mut self, pending: Vec<Pending>) -> Result<(), LedgerError> {
        let mut seen = BTreeSet::new();
        let statements: Vec<_> = pending
            .iter()
            .filter(|waiting| seen.insert(waiting.statement.id))
            .map(|waiting| waiting.statement.clone())
            .collect();
        let mut outcomes = BTreeMap::new();
        let done = self.sequencer.process(statements, &mut outcomes).await;
        for Pending { statement, reply } in pending {
            let outcome = outcomes
                .get(&statement.id)
                .cloned()
                .unwrap_or(Outcome::Unavailable);
            // Whoever stopped waiting will send again and be told the index.
            let _ = reply.send(outcome);
        }
        done
    }
}
