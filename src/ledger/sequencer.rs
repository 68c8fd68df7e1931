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
//! Steps 1 of the next batch and 3 of this one go on side by side ([`turns`]). A start and a take-over are one thing,
//! [`Sequencer::take_over`]: the fence first, then what is committed ([`recovery::catch_up`]). When this process writes is
//! [`super::node`]'s. Must never know HTTP or SQL.

mod turns;

use super::draft::{Draft, Ground, grow};
use super::keys::LogKeys;
use super::lease::{Claim, Lease, Role};
use super::node::Node;
use super::recent::Recent;
use super::recovery::{self, write};
use super::storage::{Batch, Head, Storage, StorageError};
use super::{Clock, Ledger, LedgerError, Published};
use std::sync::{Arc, RwLock};
use std::time::Duration;
use threadmark_protocol::body::governance::Policy;
use threadmark_protocol::genesis::{Genesis, Trust};
use threadmark_protocol::world;

/// The writer's own state between batches.
pub struct Sequencer<S> {
    storage: S,
    keys: Arc<LogKeys>,
    pub(super) trust: Arc<Trust>,
    clock: Clock,
    claim: Claim,
    fence: i64,
    published: Arc<RwLock<Published>>,
    recent: Recent,
    heartbeat: Duration,
    /// Of which nobody knows whether it was committed.
    doubt: Option<Batch>,
}

impl<S: Storage> Sequencer<S> {
    /// Takes the lease from whoever has it, checks that entries, tree and checkpoint belong together, and writes genesis if there
    /// is none.
    ///
    /// # Errors
    /// Every [`LedgerError`]: a log that cannot be explained is not written to.
    pub async fn start(
        storage: S,
        keys: LogKeys,
        genesis: &Genesis,
        holder: &str,
        clock: Clock,
    ) -> Result<(Ledger, Node<S>), LedgerError> {
        let claim = Claim {
            holder: holder.to_owned(),
            address: None,
        };
        let mut sequencer = Sequencer::new(storage, keys, genesis, claim, clock)?;
        sequencer.check_log().await?;
        if !sequencer.take_over().await? {
            return Err(StorageError::Conflict("it keeps the lease".into()).into());
        }
        Ok(sequencer.node(Role::Writer))
    }

    /// Shares the log with other processes: reads what is committed, and will write when the lease is free.
    ///
    /// # Errors
    /// Every [`LedgerError`].
    pub async fn join(
        storage: S,
        keys: LogKeys,
        genesis: &Genesis,
        claim: Claim,
        clock: Clock,
    ) -> Result<(Ledger, Node<S>), LedgerError> {
        let sequencer = Sequencer::new(storage, keys, genesis, claim, clock)?;
        sequencer.check_log().await?;
        sequencer.catch_up().await?;
        Ok(sequencer.node(Role::Reader { writer: None }))
    }

    fn new(
        storage: S,
        keys: LogKeys,
        genesis: &Genesis,
        claim: Claim,
        clock: Clock,
    ) -> Result<Sequencer<S>, LedgerError> {
        let trust = genesis
            .trust()
            .map_err(|error| LedgerError::Genesis(error.to_string()))?;
        if !keys.belong_to(&trust) {
            return Err(LedgerError::OtherKeys);
        }
        Ok(Sequencer {
            heartbeat: heartbeat_of(&trust.policy),
            storage,
            keys: Arc::new(keys),
            trust: Arc::new(trust),
            clock,
            claim,
            fence: 0,
            published: Arc::default(),
            recent: Recent::default(),
            doubt: None,
        })
    }

    fn node(self, role: Role) -> (Ledger, Node<S>) {
        let (trust, keys) = (self.trust.clone(), self.keys.clone());
        let published = self.published.clone();
        Node::new(self, role, |queue, role| Ledger {
            trust,
            keys,
            published,
            queue,
            role,
        })
    }

    /// Refuses the log of somebody else before anything is taken from anybody.
    async fn check_log(&self) -> Result<(), LedgerError> {
        if self.storage.head().await?.is_none() {
            return Ok(());
        }
        recovery::check_log(&self.storage, &self.trust).await
    }

    /// Becomes the writer, if it may: `false` when another has the lease. Taking it waits for a commit that is under way, and none
    /// comes after, so what is read from then on does not move: a commit outlives the process that asked for it.
    ///
    /// # Errors
    /// Every [`LedgerError`]; it is no writer then.
    pub(super) async fn take_over(&mut self) -> Result<bool, LedgerError> {
        let Some(fence) = self.storage.take_lease(&self.claim).await? else {
            return Ok(false);
        };
        self.fence = fence;
        (self.recent, self.doubt) = (Recent::default(), None);
        self.catch_up().await?;
        if self.head().is_none() {
            self.write_genesis().await?;
        }
        recovery::check_log(&self.storage, &self.trust).await?;
        Ok(true)
    }

    /// Reads what was committed by others.
    pub(super) async fn catch_up(&self) -> Result<(), LedgerError> {
        recovery::catch_up(&self.storage, &self.trust, &self.published).await
    }

    /// Whether it shares the log with other processes.
    pub(super) fn shares(&self) -> bool {
        self.claim.address.is_some()
    }

    /// Who has the lease, if somebody else has it.
    pub(super) async fn other_writer(&self) -> Result<Option<Lease>, StorageError> {
        let lease = self.storage.lease().await?;
        let is_others = |of: &Lease| !of.left.is_zero() && of.holder != self.claim.holder;
        Ok(lease.filter(is_others))
    }

    /// A sign of life. A database that is away for a moment ends nothing: the next commit finds out.
    ///
    /// # Errors
    /// Another has taken over.
    pub(super) async fn beat(&self) -> Result<(), LedgerError> {
        match self.storage.renew_lease(self.fence).await {
            Ok(true) => Ok(()),
            Ok(false) => Err(lost()),
            Err(error) if error.is_temporary() => {
                tracing::warn!(%error, "the lease was not renewed");
                Ok(())
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Lets others write at once.
    ///
    /// # Errors
    /// [`StorageError`]: they wait until the lease has run out.
    pub(super) async fn leave(&self) -> Result<(), StorageError> {
        self.storage.release_lease(self.fence).await
    }

    /// Longest silence of the log, as the policy has it that was at hand last: that of genesis before the first batch of this process.
    pub(super) fn heartbeat(&self) -> Duration {
        self.heartbeat
    }

    fn note_heartbeat(&mut self) {
        let newest = self.head().map_or(i64::MIN, |head| head.logged_at);
        if let Some(policy) = self.recent.policy(world::Place::newest(newest)) {
            self.heartbeat = heartbeat_of(policy);
        }
    }

    fn head(&self) -> Option<Head> {
        self.published
            .read()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .head
            .clone()
    }

    /// How many entries are committed.
    pub(super) fn size(&self) -> u64 {
        self.head().map_or(0, |head| head.size)
    }

    async fn write_genesis(&mut self) -> Result<(), LedgerError> {
        let mut draft = Draft::new(self.ground(None));
        for statement in [&self.trust.policy_statement, &self.trust.anchors_statement] {
            draft.add(self.recent.world(), &Arc::new(statement.clone()));
        }
        if let Some(refusal) = draft.refused.values().next() {
            return Err(LedgerError::Genesis(refusal.to_string()));
        }
        let batch = self.close(draft)?;
        let done = self.storage.commit(&batch).await;
        self.committed(batch, done).await
    }

    /// What a batch that begins now rests on: what is published, or the batch on its way there. Log time never falls.
    fn ground(&self, below: Option<&Batch>) -> Ground {
        let statements = || write(&self.published).statements.clone();
        let head = below.map(|batch| batch.checkpoint.clone());
        let head = head.or_else(|| self.head());
        let logged_at = (self.clock)();
        Ground {
            statements: below.map_or_else(statements, |batch| batch.statements.clone()),
            keys: self.keys.clone(),
            trust: self.trust.clone(),
            first: head.as_ref().map_or(0, |head| head.size),
            logged_at: head.map_or(logged_at, |head| logged_at.max(head.logged_at)),
        }
    }

    /// Signs the batch over the published tree.
    fn close(&mut self, draft: Draft) -> Result<Batch, LedgerError> {
        let mut published = write(&self.published);
        let closed = draft.close(self.recent.world(), &mut published.tree, self.fence);
        let batch = closed.map_err(LedgerError::Diverged)?;
        self.recent.grew(&batch);
        Ok(batch)
    }

    /// After **the commit point**. When the answer is lost, the head tells whether it happened.
    async fn committed(
        &mut self,
        batch: Batch,
        done: Result<(), StorageError>,
    ) -> Result<(), LedgerError> {
        match done {
            Ok(()) => {
                self.publish(batch);
                Ok(())
            }
            Err(StorageError::Unavailable(detail)) => {
                self.doubt = Some(batch);
                match self.settle().await? {
                    true => Ok(()),
                    false => Err(StorageError::Unavailable(detail).into()),
                }
            }
            Err(error) => Err(error.into()),
        }
    }

    fn publish(&self, batch: Batch) {
        let mut published = write(&self.published);
        grow(&mut published.tree, &batch.entries);
        published.head = Some(batch.checkpoint);
        published.statements = batch.statements;
    }

    /// Finds out what became of a commit whose answer was lost: whether it happened. Nothing is written before that is known, and
    /// nobody waits for it: who has sent what is in doubt is told to send again. It may still be under way, so the fence is raised
    /// first: then it has happened or never will.
    async fn settle(&mut self) -> Result<bool, LedgerError> {
        let Some(batch) = &self.doubt else {
            return Ok(false);
        };
        let holder = &self.claim.holder;
        let raised = self.storage.raise_fence(holder, self.fence).await?;
        self.fence = raised.ok_or_else(|| StorageError::Conflict("it has the lease".into()))?;
        let head = self.storage.head().await?;
        let happened = head.as_ref() == Some(&batch.checkpoint);
        if !happened && head != self.head() {
            return Err(LedgerError::Diverged("another writer went on".into()));
        }
        match self.doubt.take() {
            Some(batch) if happened => self.publish(batch),
            _ => {}
        }
        Ok(happened)
    }
}

fn heartbeat_of(policy: &Policy) -> Duration {
    Duration::from_secs(policy.heartbeat_s.max(1).into())
}

fn lost() -> LedgerError {
    StorageError::Conflict("it has taken over".into()).into()
}
