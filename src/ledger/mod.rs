//! The ledger: the one writer of the log, and the check that it kept the rules.
//!
//! Owns the order of statements, checkpoints and receipts. Reaches storage through [`storage::Storage`], because it
//! truly has two implementations: PostgreSQL, and a fault-injecting memory for tests. Must never know HTTP
//! or SQL.

pub mod audit;
pub mod keys;
pub mod measured;
pub mod rebuild;
pub mod sequencer;
pub mod storage;

use crate::ledger::keys::LogKeys;
use crate::ledger::sequencer::{Outcome, Pending};
use crate::ledger::storage::{Head, Place, StorageError};
use std::sync::{Arc, RwLock};
use threadmark_protocol::genesis::Trust;
use threadmark_protocol::receipt::{self, Claims, Inclusion};
use threadmark_protocol::statement::Statement;
use threadmark_protocol::tree::Tree;
use tokio::sync::{mpsc, oneshot};

/// What reads the clock: Unix seconds.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// The committed log as readers see it.
#[derive(Default)]
pub struct Published {
    /// Tree of the committed entries.
    pub tree: Tree,
    /// Newest checkpoint.
    pub head: Option<Head>,
}

/// Handle to the ledger for everybody who submits or asks.
#[derive(Clone)]
pub struct Ledger {
    trust: Arc<Trust>,
    keys: Arc<LogKeys>,
    published: Arc<RwLock<Published>>,
    queue: mpsc::Sender<Pending>,
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
        let (reply, outcome) = oneshot::channel();
        self.queue.try_send(Pending { statement, reply }).ok()?;
        outcome.await.ok()
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

    /// The receipt that a logged statement was first given; `None` when it is not published here yet.
    pub fn receipt(&self, statement: &Statement, place: Place) -> Option<Vec<u8>> {
        self.published(|published| receipt_for(&self.keys, &published.tree, statement, place))
    }
}

/// The RFC 9942 receipt of an entry in the tree at the end of its batch. Signatures are deterministic (RFC 8032), so it is
/// the same bytes whenever it is asked for.
pub(crate) fn receipt_for(
    keys: &LogKeys,
    tree: &Tree,
    statement: &Statement,
    place: Place,
) -> Option<Vec<u8>> {
    let claims = Claims {
        iss: keys.origin().to_string(),
        sub: statement.envelope.sub.to_string(),
        iat: Some(place.logged_at),
    };
    let path = tree.inclusion(place.index, place.tree_size)?;
    let inclusion = Inclusion {
        tree_size: place.tree_size,
        leaf_index: place.index,
        path,
    };
    Some(receipt::issue(
        keys.log(),
        &claims,
        &inclusion,
        &tree.root_at(place.tree_size)?,
    ))
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
    /// Genesis breaks a rule.
    #[error("genesis is refused: {0}")]
    Genesis(String),
}
