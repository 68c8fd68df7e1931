//! The sequencer: the one writer, which works in batches.
//!
//! The steps of a batch, and what a crash in each leaves behind:
//! 1. take what waits; load what is not at hand of the world above it; apply the rules in order: **nothing**;
//! 2. close the batch with the log's own entry, compute the tree, sign the checkpoint: **nothing**; the
//!    signature over an uncommitted checkpoint is never released;
//! 3. `Storage::commit`, **the commit point**: all or nothing. A crash before its answer arrives leaves either; the next
//!    start reads the head and goes on from it;
//! 4. publish and answer the waiters: the batch is durable, waiters that hear nothing send again and are told the
//!    index that their statement has.
//!
//! Recovery is [`Sequencer::load`], which is also how a start begins. Must never know HTTP or SQL.

use super::draft::{Draft, Ground, grow};
use super::keys::LogKeys;
use super::recent::Recent;
use super::storage::{Batch, Head, Place, Storage, StorageError};
use super::{Clock, Ledger, LedgerError, Published, recovery};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, RwLock};
use std::time::Duration;
use threadmark_protocol::code::Code;
use threadmark_protocol::genesis::{Genesis, Trust};
use threadmark_protocol::lifecycle::Refusal;
use threadmark_protocol::statement::{Statement, StatementId};
use threadmark_protocol::tree::Tree;
use tokio::sync::{mpsc, oneshot};

/// Most statements of one batch.
const BATCH_MAX: usize = 256;
/// Most statements that wait; beyond it submitters are told to come back.
const QUEUE_MAX: usize = 4096;

/// A statement that waits for its place.
pub struct Pending {
    /// Its signature was verified.
    pub statement: Arc<Statement>,
    /// Who waits.
    pub reply: oneshot::Sender<Fate>,
}

/// What the writer did with a statement.
#[derive(Clone, Debug)]
pub enum Fate {
    /// It stands in the log.
    Logged {
        /// Where.
        place: Place,
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

impl Fate {
    fn logged(place: Place, findings: BTreeSet<Code>, known: bool) -> Fate {
        Fate::Logged {
            place,
            findings,
            known,
        }
    }
}

type Fates = BTreeMap<StatementId, Fate>;

/// The writer's own state between batches.
pub struct Sequencer<S> {
    storage: S,
    keys: Arc<LogKeys>,
    trust: Arc<Trust>,
    clock: Clock,
    holder: String,
    fence: i64,
    published: Arc<RwLock<Published>>,
    recent: Recent,
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
            holder: holder.to_owned(),
            fence: 0,
            published: Arc::default(),
            recent: Recent::default(),
        };
        if sequencer.storage.head().await?.is_some() {
            recovery::check_genesis(&sequencer.storage, &trust).await?;
        }
        // Only now: taking the lease ends the writer that has it. It waits for a commit that is under way, and none comes after, so
        // what is read from here on does not move: a commit outlives the process that asked for it.
        sequencer.fence = sequencer.storage.take_lease(holder).await?;
        sequencer.load().await?;
        if sequencer.head().is_none() {
            sequencer.write_genesis().await?;
        }
        recovery::check_genesis(&sequencer.storage, &trust).await?;
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
        let statements = recovery::statements(&self.storage, size).await?;
        *write(&self.published) = Published {
            tree,
            head,
            statements,
        };
        Ok(())
    }

    fn head(&self) -> Option<Head> {
        self.published
            .read()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .head
            .clone()
    }

    async fn write_genesis(&mut self) -> Result<(), LedgerError> {
        let genesis = [&self.trust.policy_statement, &self.trust.anchors_statement];
        let genesis = genesis.map(|statement| Arc::new(statement.clone()));
        let ground = self.ground();
        let draft = Draft::new(ground, self.recent.world(), &genesis);
        if let Some(refusal) = draft.refused.values().next() {
            return Err(LedgerError::Genesis(refusal.to_string()));
        }
        let batch = close(draft, &self.published, self.fence)?;
        self.commit(batch).await
    }

    /// What a batch that begins now rests on. Log time never falls.
    fn ground(&self) -> Ground {
        let head = self.head();
        let logged_at = (self.clock)();
        let statements = write(&self.published).statements.clone();
        Ground {
            statements,
            keys: self.keys.clone(),
            trust: self.trust.clone(),
            first: head.as_ref().map_or(0, |head| head.size),
            logged_at: head.map_or(logged_at, |head| logged_at.max(head.logged_at)),
        }
    }

    /// Logs what can be logged of `statements`, and says what became of each. A data error is bisected until the
    /// statement that causes it stands alone.
    async fn process(
        &mut self,
        statements: Vec<Arc<Statement>>,
        fates: &mut Fates,
    ) -> Result<(), LedgerError> {
        let mut work = vec![statements];
        while let Some(statements) = work.pop() {
            let done = self.try_batch(&statements, fates).await;
            if done.is_err() {
                // What was drafted is not committed, or nobody knows.
                self.recent = Recent::default();
            }
            match done {
                Ok(()) => {}
                Err(LedgerError::Storage(StorageError::Data(detail))) => {
                    if let [alone] = &statements[..] {
                        let code = Code::Unstorable;
                        let refusal = Refusal::Refused { code, detail };
                        fates.insert(alone.id, Fate::Refused(refusal));
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

    /// One batch. Without statements it is the log's sign of life.
    async fn try_batch(
        &mut self,
        statements: &[Arc<Statement>],
        fates: &mut Fates,
    ) -> Result<(), LedgerError> {
        let log_key = self.keys.log().key_id();
        let known = self
            .recent
            .look_up(&self.storage, statements, &log_key)
            .await?;
        let is_fresh = |of: &&Arc<Statement>| !known.contains_key(&of.id);
        let fresh: Vec<_> = statements.iter().filter(is_fresh).cloned().collect();
        let before = known.into_iter();
        fates.extend(before.map(|(id, place)| (id, Fate::logged(place, BTreeSet::new(), true))));
        if fresh.is_empty() && !statements.is_empty() {
            return Ok(());
        }
        let ground = self.ground();
        let mut draft = Draft::new(ground, self.recent.world(), &fresh);
        let refused = std::mem::take(&mut draft.refused).into_iter();
        let refused = refused.map(|(id, refusal)| (id, Fate::Refused(refusal)));
        let accepted = std::mem::take(&mut draft.accepted);
        if accepted.is_empty() && !fresh.is_empty() {
            fates.extend(refused);
            return Ok(());
        }
        let batch = close(draft, &self.published, self.fence)?;
        let (logged_at, tree_size) = (batch.checkpoint.logged_at, batch.checkpoint.size);
        self.commit(batch).await?;
        // Only now: a refusal may rest on what the same batch logs.
        fates.extend(refused);
        fates.extend(accepted.into_iter().map(|(id, (index, findings))| {
            let place = Place {
                index,
                logged_at,
                tree_size,
            };
            (id, Fate::logged(place, findings, false))
        }));
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
        let mut published = write(&self.published);
        grow(&mut published.tree, &batch.entries);
        published.head = Some(batch.checkpoint);
        published.statements = batch.statements;
        Ok(())
    }

    /// Asks until storage answers: without knowing, neither the batch nor its absence may be reported. A commit whose answer was
    /// lost may still be under way, so the fence is raised first: then it has happened or never will.
    async fn head_after_doubt(&mut self) -> Result<Option<Head>, LedgerError> {
        let mut wait_ms = 20;
        loop {
            match self.settled_head().await {
                Err(StorageError::Unavailable(detail)) => {
                    tracing::warn!(detail, wait_ms, "waiting to be told what was committed");
                    tokio::time::sleep(Duration::from_millis(wait_ms)).await;
                    wait_ms = (wait_ms * 2).min(2000);
                }
                other => return Ok(other?),
            }
        }
    }

    async fn settled_head(&mut self) -> Result<Option<Head>, StorageError> {
        let raised = self.storage.raise_fence(&self.holder, self.fence).await?;
        self.fence = raised.ok_or_else(|| StorageError::Conflict("it has the lease".into()))?;
        self.storage.head().await
    }
}

/// Signs the batch over the published tree.
fn close(
    draft: Draft<'_>,
    published: &RwLock<Published>,
    fence: i64,
) -> Result<Batch, LedgerError> {
    let mut published = write(published);
    draft
        .close(&mut published.tree, fence)
        .map_err(LedgerError::Diverged)
}

fn write(published: &RwLock<Published>) -> std::sync::RwLockWriteGuard<'_, Published> {
    // Whoever panicked with the lock left whole batches: the tree is cut back before anything can fail.
    published
        .write()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
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
        let is_first = |waiting: &&Pending| seen.insert(waiting.statement.id);
        let statements = pending.iter().filter(is_first);
        let statements = statements
            .map(|waiting| waiting.statement.clone())
            .collect();
        let mut fates = Fates::new();
        let done = self.sequencer.process(statements, &mut fates).await;
        self.sequencer.recent.trim();
        for Pending { statement, reply } in pending {
            let fate = fates.get(&statement.id).cloned();
            // Whoever stopped waiting will send again and be told the index.
            let _ = reply.send(fate.unwrap_or(Fate::Unavailable));
        }
        done
    }
}
