//! One process of the log: it writes, or it follows who writes.
//!
//! Owns the queue, the beat, and the change between the two. A process that shares the log with others begins as a reader, writes
//! when the lease is free, and goes back to reading when another has taken over; one that shares it with nobody ends then. What a
//! batch is, stands in [`super::sequencer`]. Must never know HTTP or SQL.

use super::lease::{BEAT, LOOK, Role};
use super::sequencer::Sequencer;
use super::storage::{Place, Storage, StorageError};
use super::{Ledger, LedgerError};
use std::collections::{BTreeMap, BTreeSet};
use std::pin::pin;
use std::sync::Arc;
use threadmark_protocol::code::Code;
use threadmark_protocol::lifecycle::Refusal;
use threadmark_protocol::statement::{Statement, StatementId};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::MissedTickBehavior;

/// Most statements of one batch.
pub(super) const BATCH_MAX: usize = 256;
/// Most statements that wait; beyond it submitters are told to come back.
const QUEUE_MAX: usize = 4096;

/// A statement that waits for its place.
pub struct Pending {
    /// Its signature was verified.
    pub statement: Arc<Statement>,
    /// Who waits.
    pub reply: oneshot::Sender<Fate>,
}

impl Pending {
    pub(super) fn answer(self, fate: Fate) {
        // Whoever stopped waiting will send again and be told the index.
        let _ = self.reply.send(fate);
    }
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
    /// Storage has no room; send it again when it has.
    NoRoom,
}

impl Fate {
    pub(super) fn logged(place: Place, findings: BTreeSet<Code>, known: bool) -> Fate {
        Fate::Logged {
            place,
            findings,
            known,
        }
    }
}

/// With the first all that wait behind it, up to `most`.
pub(super) fn gather(
    first: Pending,
    most: usize,
    queue: &mut mpsc::Receiver<Pending>,
) -> Vec<Pending> {
    let mut all = vec![first];
    while all.len() < most
        && let Ok(next) = queue.try_recv()
    {
        all.push(next);
    }
    all
}

/// What became of each.
pub(super) type Fates = BTreeMap<StatementId, Fate>;

/// Why writing or following has ended well.
enum Ended {
    /// All handles are gone.
    NobodyAsks,
    /// The lease was free, and is ours.
    TookOver,
}

/// The writer with its queue, or who waits to become it.
pub struct Node<S> {
    sequencer: Sequencer<S>,
    waiting: mpsc::Receiver<Pending>,
    role: watch::Sender<Role>,
}

impl<S: Storage> Node<S> {
    /// A process in this role, and the handle that `ledger` makes of its queue.
    pub(super) fn new(
        sequencer: Sequencer<S>,
        role: Role,
        ledger: impl FnOnce(mpsc::Sender<Pending>, watch::Receiver<Role>) -> Ledger,
    ) -> (Ledger, Node<S>) {
        let (queue, waiting) = mpsc::channel(QUEUE_MAX);
        let (role, roles) = watch::channel(role);
        let ledger = ledger(queue, roles);
        let node = Node {
            sequencer,
            waiting,
            role,
        };
        (ledger, node)
    }

    /// [`Node::work`], to the end.
    ///
    /// # Errors
    /// The same.
    pub async fn run(mut self) -> Result<(), LedgerError> {
        self.work().await
    }

    /// Works until all handles are gone, or until it must not any more.
    ///
    /// # Errors
    /// The log diverged, or another writer took over from one that shares the log with nobody: the process must stop and say so.
    pub async fn work(&mut self) -> Result<(), LedgerError> {
        loop {
            let writes = self.role.borrow().is_writer();
            let ended = match writes {
                true => self.write().await,
                false => self.follow().await,
            };
            match ended {
                Ok(Ended::NobodyAsks) => return Ok(()),
                Ok(Ended::TookOver) => {
                    tracing::warn!("this process writes the log now");
                    self.role.send_replace(Role::Writer);
                }
                Err(LedgerError::Storage(StorageError::Conflict(why)))
                    if self.sequencer.shares() =>
                {
                    tracing::warn!(why, "this process reads on: another writes the log now");
                    self.role.send_replace(Role::Reader { writer: None });
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Lets others write at once, if this process wrote.
    ///
    /// # Errors
    /// [`StorageError`]: they wait until the lease has run out.
    pub async fn leave(&self) -> Result<(), StorageError> {
        let writes = self.role.borrow().is_writer();
        if writes {
            self.sequencer.leave().await?;
        }
        Ok(())
    }

    async fn write(&mut self) -> Result<Ended, LedgerError> {
        let mut beat = tokio::time::interval(BEAT);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut silence = pin!(tokio::time::sleep(self.sequencer.heartbeat()));
        loop {
            let first = tokio::select! {
                next = self.waiting.recv() => match next {
                    None => return Ok(Ended::NobodyAsks),
                    first => first,
                },
                // Idle: an empty batch proves that the log is alive, so that knowledge of it is fresh.
                () = &mut silence => None,
                _ = beat.tick(), if self.sequencer.shares() => {
                    self.sequencer.beat().await?;
                    continue;
                }
            };
            let first = first.map(|first| gather(first, BATCH_MAX, &mut self.waiting));
            let (size, is_sign_of_life) = (self.sequencer.size(), first.is_none());
            let first = first.unwrap_or_default();
            self.sequencer.work_off(first, &mut self.waiting).await?;
            // What is refused, or stands in the log already, proves no life: nothing was signed.
            if is_sign_of_life || self.sequencer.size() > size {
                silence.set(tokio::time::sleep(self.sequencer.heartbeat()));
            }
        }
    }

    /// Follows what others commit, until the lease is free.
    async fn follow(&mut self) -> Result<Ended, LedgerError> {
        let mut fails = false;
        loop {
            match self.look().await {
                Ok(true) => return Ok(Ended::TookOver),
                Ok(false) => fails = false,
                Err(LedgerError::Storage(error)) if error.is_temporary() => {
                    if !fails {
                        tracing::warn!(%error, "this process reads on when storage is back");
                    }
                    fails = true;
                }
                Err(error) => return Err(error),
            }
            let mut pause = pin!(tokio::time::sleep(LOOK));
            loop {
                tokio::select! {
                    () = &mut pause => break,
                    // It came while this process still wrote.
                    next = self.waiting.recv() => match next {
                        None => return Ok(Ended::NobodyAsks),
                        Some(waiting) => waiting.answer(Fate::Unavailable),
                    }
                }
            }
        }
    }

    /// Reads what is new; whether the lease was free and is ours now.
    async fn look(&mut self) -> Result<bool, LedgerError> {
        self.sequencer.catch_up().await?;
        let Some(other) = self.sequencer.other_writer().await? else {
            return self.sequencer.take_over().await;
        };
        let role = Role::Reader {
            writer: other.address,
        };
        self.role.send_if_modified(|known| {
            let is_new = *known != role;
            *known = role;
            is_new
        });
        Ok(false)
    }
}
