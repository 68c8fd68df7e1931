//! Why a home cannot be used.

use std::path::{Path, PathBuf};
use threadmark_protocol::bundle::ReplicaError;
use threadmark_protocol::digest::Digest;
use threadmark_protocol::genesis::GenesisError;
use threadmark_protocol::journal::JournalError;
use threadmark_protocol::witness::policy::PolicyError;

/// Each variant is something that a person does something else about.
#[derive(Debug, thiserror::Error)]
pub enum HomeError {
    /// The disk, or the rights on it.
    #[error("{path}: {source}")]
    File {
        /// Which file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// No random bytes.
    #[error("the random source fails: {0}")]
    Entropy(std::io::Error),
    /// Another process signs, imports or synchronises here.
    #[error("{0} is in use by another process; wait until it has ended")]
    Busy(PathBuf),
    /// A credential stands there already.
    #[error("{0} holds a credential or a journal already; choose another folder")]
    Exists(PathBuf),
    /// No credential.
    #[error("{0} holds no credential; make one first")]
    NotAHome(PathBuf),
    /// The credential cannot be read.
    #[error("{0} is damaged; restore it, or enrol a new key")]
    IdentityDamaged(PathBuf),
    /// No log is pinned.
    #[error("no log is joined yet; join one with its genesis")]
    NotJoined,
    /// Another log than the pinned one.
    #[error("the genesis has the fingerprint {found}, and {pinned} is pinned: it is another log")]
    OtherLog {
        /// What is trusted.
        pinned: Digest,
        /// What was offered.
        found: Digest,
    },
    /// The genesis is none.
    #[error(transparent)]
    Genesis(#[from] GenesisError),
    /// The own journal fails.
    #[error("journal.cbor: {0}")]
    Journal(JournalError),
    /// The own journal is gone, and with it which numbers are used.
    #[error("journal.cbor is missing; restore it, do not sign with this key")]
    JournalMissing,
    /// The log knows statements of this key that the journal does not: an old backup, or a copied key.
    #[error(
        "the log has statement {logged} of this key and journal.cbor ends before it: restored from a backup, or the \
         key was copied; do not sign with this key, have it revoked"
    )]
    JournalBehind {
        /// Number of the newest logged statement.
        logged: u64,
    },
    /// Statements brought as a file, or the file that keeps them.
    #[error("imported statements: {0}")]
    Imported(JournalError),
    /// More bytes than a journal file may have.
    #[error("the file is larger than {0} bytes; no journal is")]
    TooLarge(usize),
    /// More is imported than a home keeps beside the log.
    #[error(
        "imported.cbor would hold more than {0} bytes of statements that are not in the log; nothing was imported. \
         Synchronise, then import again what is still missing"
    )]
    ImportedFull(u64),
    /// The own journal has no room: its numbers cannot be forgotten.
    #[error(
        "journal.cbor holds {0} bytes, as many as it may; have a new key enrolled in a new folder"
    )]
    JournalFull(u64),
    /// The stored pages are damaged.
    #[error("replica.cbor is damaged after entry {size}; synchronise again from the start")]
    ReplicaDamaged {
        /// Entries before the damage.
        size: u64,
    },
    /// A page does not verify.
    #[error("page after entry {size}: {source}")]
    Replica {
        /// Entries before it.
        size: u64,
        /// Why.
        source: ReplicaError,
    },
    /// Less is at hand than was verified once.
    #[error("{have} entries of the log are at hand, {seen} were known before; synchronise first")]
    ReplicaBehind {
        /// At hand.
        have: u64,
        /// Verified once.
        seen: u64,
    },
    /// Two histories, both signed by the log.
    #[error(
        "the log shows another history than the one it signed at size {0}: keep highest.json and replica.cbor as \
         evidence and tell the consortium"
    )]
    SplitView(u64),
    /// The largest checkpoint cannot be read.
    #[error("highest.json is damaged; restore it, or join again in a new folder")]
    HighestDamaged,
    /// The file that says which witnesses count.
    #[error("witnesses.policy: {0}")]
    WitnessPolicy(PolicyError),
    /// The policy is about other logs.
    #[error("witnesses.policy names other logs than the one that is joined")]
    OtherPolicy,
    /// The clock shows a year that no statement may carry.
    #[error("the clock shows a time outside 2000 to 2199; set it")]
    Clock,
}

/// Says which file an error is about.
pub(super) trait At<T> {
    /// The error with the path.
    fn at(self, path: &Path) -> Result<T, HomeError>;
}

impl<T> At<T> for std::io::Result<T> {
    fn at(self, path: &Path) -> Result<T, HomeError> {
        self.map_err(|source| HomeError::File {
            path: path.to_owned(),
            source,
        })
    }
}
