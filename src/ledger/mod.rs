//! The ledger: the one writer of the log, and the check that it kept the rules.
//!
//! Owns the order of statements, checkpoints and receipts. Reaches storage through [`storage::Storage`], because it
//! truly has two implementations: PostgreSQL, and a fault-injecting memory for tests. Must never know HTTP
//! or SQL.

pub mod audit;
pub mod bundle;
mod draft;
pub mod keys;
pub mod lease;
pub mod measured;
pub mod node;
mod own_word;
pub mod rebuild;
mod recent;
mod recovery;
pub mod sequencer;
pub mod standing;
pub mod storage;
pub mod tiles;
pub mod witnesses;

use crate::ledger::keys::LogKeys;
use crate::ledger::lease::{LOOK, Role};
use crate::ledger::node::{Fate, Pending};
use crate::ledger::storage::{Head, Place, StorageError};
use std::collections::BTreeSet;
use std::sync::{Arc, RwLock};
use threadmark_protocol::code::Code;
use threadmark_protocol::genesis::Trust;
use threadmark_protocol::index::Map;
use threadmark_protocol::lifecycle::Refusal;
use threadmark_protocol::receipt::{self, Claims, Inclusion};
use threadmark_protocol::statement::Statement;
use threadmark_protocol::tree::Tree;
use tokio::sync::{mpsc, oneshot, watch};

/// What reads the clock: Unix seconds.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// How often it is looked whether what others have committed has come: for two seconds.
const REACH_LOOKS: u32 = 80;

/// The committed log as readers see it.
#[derive(Default)]
pub struct Published {
    /// Tree of the committed entries.
    pub tree: Tree,
    /// Newest checkpoint.
    pub head: Option<Head>,
    /// The index of statements of the committed entries.
    pub statements: Map,
}

/// Handle to the ledger for everybody who submits or asks.
#[derive(Clone)]
pub struct Ledger {
    trust: Arc<Trust>,
    keys: Arc<LogKeys>,
    published: Arc<RwLock<Published>>,
    queue: mpsc::Sender<Pending>,
    role: watch::Receiver<Role>,
}

impl Ledger {
    /// What the log rests on.
    pub fn trust(&self) -> &Trust {
        &self.trust
    }

    /// The log's keys.
    pub fn keys(&self) -> &LogKeys {
        &self.keys
    }

    /// Hands a statement, whose signature was verified, to the writer, and waits for what becomes of it. `None`: the
    /// writer is too busy or gone, and nothing is promised.
    pub async fn submit(&self, statement: Statement) -> Option<Outcome> {
        let (reply, fate) = oneshot::channel();
        let statement = Arc::new(statement);
        let pending = Pending {
            statement: statement.clone(),
            reply,
        };
        self.queue.try_send(pending).ok()?;
        Some(match fate.await.ok()? {
            Fate::Refused(refusal) => Outcome::Refused(refusal),
            Fate::Unavailable => Outcome::Unavailable,
            Fate::NoRoom => Outcome::NoRoom,
            // Signed here and not by the writer: receipts are made on all cores.
            Fate::Logged {
                place,
                findings,
                known,
            } => Outcome::Logged {
                place,
                receipt: self.receipt(&statement, place)?,
                findings,
                known,
            },
        })
    }

    /// Whether this process writes, and who does if it does not.
    pub fn role(&self) -> Role {
        self.role.borrow().clone()
    }

    /// The same, as it changes.
    pub fn roles(&self) -> watch::Receiver<Role> {
        self.role.clone()
    }

    /// Waits for what others have committed up to `size`; `false` when it has not come after some looks.
    pub async fn reaches(&self, size: u64) -> bool {
        for _ in 0..REACH_LOOKS {
            if self.published(|log| log.tree.size()) >= size {
                return true;
            }
            tokio::time::sleep(LOOK / 4).await;
        }
        false
    }

    /// Statements that wait for the writer.
    pub fn waiting(&self) -> usize {
        self.queue.max_capacity() - self.queue.capacity()
    }

    /// Reads the published log.
    pub fn published<T>(&self, read: impl FnOnce(&Published) -> T) -> T {
        // A writer that panicked has published whole batches only.
        read(
            &self
                .published
                .read()
                .unwrap_or_else(std::sync::PoisonError::into_inner),
        )
    }

    /// The RFC 9942 receipt that a logged statement was first given, in the tree at the end of its batch; `None` when
    /// it is not published here yet. Signatures are deterministic (RFC 8032), so it is the same bytes whenever
    /// it is asked for.
    pub fn receipt(&self, statement: &Statement, place: Place) -> Option<Vec<u8>> {
        let (path, root) = self.published(|published| {
            let tree = &published.tree;
            let path = tree.inclusion(place.index, place.tree_size)?;
            Some((path, tree.root_at(place.tree_size)?))
        })?;
        let claims = Claims {
            iss: self.keys.origin().to_string(),
            sub: statement.envelope.sub.to_string(),
            iat: Some(place.logged_at),
        };
        let inclusion = Inclusion {
            tree_size: place.tree_size,
            leaf_index: place.index,
            path,
        };
        Some(receipt::issue(self.keys.log(), &claims, &inclusion, &root))
    }
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
    /// Storage has no room; send it again when it has.
    NoRoom,
}

/// Why the ledger does not start or go on.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// Storage fails.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The database is of another log.
    #[error("the database holds another log than the genesis file: {0}")]
    OtherLog(String),
    /// Entries, tree and checkpoint do not belong together; signing now could fork history.
    #[error(
        "refusing to sign: {0}. Run `threadmark audit`; if an old backup was restored, restore the newest"
    )]
    Diverged(String),
    /// The keys do not belong to the genesis.
    #[error("the log's private keys are not those that genesis names")]
    OtherKeys,
    /// The policy names rules that only a newer program knows.
    #[error("{0} Update the program; what is logged stays as it is.")]
    RulesUnknown(Refusal),
    /// Genesis breaks a rule.
    #[error("genesis is refused: {0}")]
    Genesis(String),
}
