//! What the ledger asks of storage.
//!
//! The comments are requirements on implementers. Must never know SQL.

use super::lease::{Claim, Lease};
use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::sync::Arc;
use threadmark_protocol::digest::Digest;
use threadmark_protocol::index::{Map, Mention, Tally};
use threadmark_protocol::key::KeyId;
use threadmark_protocol::statement::{Statement, StatementId, Submission};
use threadmark_protocol::text::SubjectId;
use threadmark_protocol::world::{State, World};

/// A checkpoint as it stands in storage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// Size of the tree.
    pub size: u64,
    /// Its root.
    pub root: Digest,
    /// The signed note.
    pub note: String,
    /// Log time of the batch that it ends, Unix seconds.
    pub logged_at: i64,
}

/// Where a statement stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Index of the entry.
    pub index: u64,
    /// Log time of its batch, Unix seconds.
    pub logged_at: i64,
    /// Size of the tree at the end of its batch: what its first receipt was for.
    pub tree_size: u64,
}

/// Everything that one commit writes.
#[derive(Clone)]
pub struct Batch {
    /// Index of the first entry, and size of the checkpoint that this follows; 0 for the first batch.
    pub first: u64,
    /// The entries in order; the last is the log's own.
    pub entries: Vec<Arc<Statement>>,
    /// Changed states, whole.
    pub states: BTreeMap<SubjectId, Arc<State>>,
    /// What stands above a subject since this batch and did not before: child, parent. Parents never go away.
    pub edges: BTreeSet<(SubjectId, SubjectId)>,
    /// New lines of the subjects' lists of statements.
    pub mentions: Vec<Mention>,
    /// The index of statements with them, whose root the last entry signs.
    pub statements: Map,
    /// The checkpoint after the last entry.
    pub checkpoint: Head,
    /// The writer's fence.
    pub fence: i64,
}

/// Which statement used which number of which key first.
pub type Numbers = BTreeMap<(KeyId, u64), StatementId>;

/// What the ledger must do about a failure.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StorageError {
    /// It may work later; of a commit it is not known whether it happened: ask for the head.
    #[error("storage is unavailable: {0}")]
    Unavailable(String),
    /// There is no room on its disk: nothing was written, and it may work when somebody has made some.
    #[error("storage has no room left: {0}")]
    Full(String),
    /// Another writer is there: stop writing.
    #[error("another writer is active: {0}")]
    Conflict(String),
    /// The data cannot be stored; nothing was written. Another batch may work.
    #[error("the data cannot be stored: {0}")]
    Data(String),
    /// What stands in storage cannot have been written by us.
    #[error("the database was changed by somebody else: {0}")]
    Inconsistent(String),
}

impl StorageError {
    /// Whether the same may work later.
    pub fn is_temporary(&self) -> bool {
        matches!(self, StorageError::Unavailable(_) | StorageError::Full(_))
    }
}

/// Durable storage of the log.
pub trait Storage: Send + Sync + 'static {
    /// Makes who claims the only writer, if it may be, for [`LEASE`](super::lease::LEASE): commits with an older fence must fail from
    /// now on, and one that is under way has happened when this returns, or never will. The fence; `None` when another has the
    /// lease. A claim without an address always gets it; one with an address when it has run out, or is its own already.
    fn take_lease(
        &self,
        claim: &Claim,
    ) -> impl Future<Output = Result<Option<i64>, StorageError>> + Send;

    /// Raises the fence of `holder`, who has had `fence`: a commit of its that is still under way has happened when this returns,
    /// or never will. Again after a lost answer it does no harm. `None` when another writer has the lease.
    fn raise_fence(
        &self,
        holder: &str,
        fence: i64,
    ) -> impl Future<Output = Result<Option<i64>, StorageError>> + Send;

    /// Who has the lease; `None` when nobody ever had it.
    fn lease(&self) -> impl Future<Output = Result<Option<Lease>, StorageError>> + Send;

    /// A sign of life of who has `fence`, as each commit is one; `false` when another has taken over.
    fn renew_lease(&self, fence: i64) -> impl Future<Output = Result<bool, StorageError>> + Send;

    /// Whether nobody has taken over from who has `fence`.
    fn holds_lease(&self, fence: i64) -> impl Future<Output = Result<bool, StorageError>> + Send;

    /// Lets the lease run out at once, if it is still that of `fence`.
    fn release_lease(&self, fence: i64) -> impl Future<Output = Result<(), StorageError>> + Send;

    /// The newest committed checkpoint. Must see every commit that was acknowledged.
    fn head(&self) -> impl Future<Output = Result<Option<Head>, StorageError>> + Send;

    /// Leaf hashes from an index on, from the entries themselves; as many as are committed by then.
    fn leaves(&self, from: u64) -> impl Future<Output = Result<Vec<Digest>, StorageError>> + Send;

    /// The newest tally in the first `size` entries of every subject of which something was said from entry `from` on.
    fn tallies(
        &self,
        from: u64,
        size: u64,
    ) -> impl Future<Output = Result<BTreeMap<SubjectId, Tally>, StorageError>> + Send;

    /// Where statements stand; those that are not logged are missing.
    fn places(
        &self,
        ids: &[StatementId],
    ) -> impl Future<Output = Result<BTreeMap<StatementId, Place>, StorageError>> + Send;

    /// The states of the subjects and of everything above them.
    fn world(
        &self,
        subjects: &BTreeSet<SubjectId>,
    ) -> impl Future<Output = Result<World, StorageError>> + Send;

    /// Who used which of these numbers; those that nobody used are missing.
    fn used(
        &self,
        numbers: &[(KeyId, u64)],
    ) -> impl Future<Output = Result<Numbers, StorageError>> + Send;

    /// The highest number of each key; keys without a statement are missing.
    fn newest(
        &self,
        keys: &BTreeSet<KeyId>,
    ) -> impl Future<Output = Result<Numbers, StorageError>> + Send;

    /// Entries in order with their sections.
    fn entries(
        &self,
        from: u64,
        most: usize,
    ) -> impl Future<Output = Result<Vec<Submission>, StorageError>> + Send;

    /// Envelopes in order: the leaves' bytes.
    fn envelopes(
        &self,
        from: u64,
        most: usize,
    ) -> impl Future<Output = Result<Vec<Vec<u8>>, StorageError>> + Send;

    /// Up to which size every full tile was published; 0 at first.
    fn tiles_published(&self) -> impl Future<Output = Result<u64, StorageError>> + Send;

    /// Notes that every full tile up to a size is published. A smaller size than the one that is noted changes nothing.
    fn note_tiles_published(
        &self,
        size: u64,
    ) -> impl Future<Output = Result<(), StorageError>> + Send;

    /// Writes all of a batch or nothing, durably before it returns, and only if the newest checkpoint is the one
    /// that the batch follows and the fence is the newest.
    fn commit(&self, batch: &Batch) -> impl Future<Output = Result<(), StorageError>> + Send;
}
