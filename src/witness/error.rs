//! Why a witness does not start, and why a request gets no cosignature.

use super::audit::Objection;
use threadmark_agent::home::HomeError;
use threadmark_protocol::witness::{Refusal, RequestError};

/// Why the witness does not start.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The folder cannot be used.
    #[error("the witness's folder: {0}")]
    Folder(#[from] std::io::Error),
    /// Another process works with it: two memories would be none.
    #[error("another witness works with {0}; stop it first")]
    Locked(String),
    /// A record is not what this witness wrote: without it, it could cosign a rewritten tree.
    #[error(
        "the record of {origin} at {path} is damaged: {why}. Restore the file; without it this witness must not cosign \
         for that log under the same key"
    )]
    Damaged {
        /// The log.
        origin: String,
        /// The file.
        path: String,
        /// What is wrong.
        why: String,
    },
    /// Nothing is remembered of a log, and nobody said that this is right.
    #[error(
        "nothing is remembered here of {0}. If this witness has never cosigned that log, start it once with --new. If it \
         has, its memory is lost: never go on under this key, which could cosign a rewritten tree; make a new one with \
         `threadmark witness keygen`, and tell those whose policies name the old one"
    )]
    Forgotten(String),
    /// A key cannot be a log's.
    #[error("{0} is no key of a log; those have type 01")]
    NotALog(String),
    /// Without logs there is nothing to watch.
    #[error("no log to watch; name one with --log, or a member's home with --audit")]
    NoLog,
    /// Whoever relies on an auditing cosigner must not get less under the same key.
    #[error(
        "this witness audits {0}, and its readers rely on that: start it with --audit and the home of a member, or make a \
         new key for a witness that does not"
    )]
    NotAudited(String),
    /// The home of the member who audits.
    #[error("the home that audits {origin}: {source}")]
    Home {
        /// The log.
        origin: String,
        /// What is wrong.
        source: HomeError,
    },
}

/// Why a request gets no cosignature.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// 400.
    #[error(transparent)]
    Malformed(#[from] RequestError),
    /// The status of the refusal.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// 503: the entries of this tree are not all replayed yet.
    #[error("not yet: {0}")]
    NotYet(String),
    /// 403: this tree, or one that the log signed beyond it, holds what the rules refuse.
    #[error("refused after an audit: {0}")]
    Objected(Box<Objection>),
    /// 403: this is not the tree whose entries the log gives to its members.
    #[error(
        "refused after an audit: the entries that the log gives to its members lead to another tree of this size"
    )]
    OtherEntries,
    /// 500: the record could not be written, so nothing was cosigned.
    #[error("the record cannot be kept: {0}")]
    Storage(String),
}

impl Failure {
    /// The status of the answer. The specification has none for an audit: 403 is its status for a log that is not trusted,
    /// 503 is HTTP's for what succeeds later.
    pub const fn status(&self) -> u16 {
        match self {
            Failure::Malformed(_) => 400,
            Failure::Refused(refusal) => refusal.status(),
            Failure::Objected(_) | Failure::OtherEntries => 403,
            Failure::NotYet(_) => 503,
            Failure::Storage(_) => 500,
        }
    }
}
