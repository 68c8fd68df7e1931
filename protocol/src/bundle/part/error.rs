//! Why the bundle of a part is refused.
//!
//! Owns the words. Must never know how it is found out.

use crate::cbor::CborError;
use crate::checkpoint::CheckpointError;
use crate::index::IndexError;
use crate::lifecycle::Refusal;
use crate::receipt::ReceiptError;
use crate::statement::Malformed;
use crate::text::SubjectId;
use crate::tree::ProofError;

/// Why a bundle is refused.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// Not such a file, or beyond its limits.
    #[error("the bundle is malformed: {0}")]
    Malformed(&'static str),
    /// Not deterministic CBOR.
    #[error("the bundle is malformed: {0}")]
    Cbor(CborError),
    /// What stands there as a statement is none.
    #[error("entry {0} is no statement: {1}")]
    Statement(u64, Malformed),
    /// The checkpoint is not the log's.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The statements are not those of the log.
    #[error("the statements do not stand in the log: {0}")]
    Inclusion(#[from] ProofError),
    /// The checkpoint does not continue the one that witnesses have cosigned.
    #[error("the log does not continue what witnesses have cosigned: {0}")]
    Witnessed(ProofError),
    /// A statement stands twice, which no honest log lets happen.
    #[error("entry {0} stands in the log already")]
    Doubled(u64),
    /// A receipt is not the log's for this entry.
    #[error("the receipt of entry {0} is not good: {1}")]
    Receipt(u64, ReceiptError),
    /// A receipt says something else of its entry.
    #[error("the receipt of entry {0} is of another entry")]
    OtherReceipt(u64),
    /// The first entries are not the pinned genesis.
    #[error("the log does not begin with the pinned genesis")]
    Genesis,
    /// The last entry does not close the newest batch.
    #[error("the newest batch is not closed by the log")]
    Batch,
    /// The log is older than the index, and has closed no batch since.
    #[error("the log has not signed which statements there are up to this checkpoint")]
    NoIndex,
    /// A list is not whole.
    #[error("the list of the statements about {subject} is not whole: {source}")]
    Incomplete {
        /// Of what.
        subject: SubjectId,
        /// Why.
        source: IndexError,
    },
    /// A list is missing.
    #[error("nothing says which statements there are about {subject}, on which {by} rests")]
    Open {
        /// Of what.
        subject: SubjectId,
        /// What rests on it.
        by: String,
    },
    /// Lists and entries name different statements.
    #[error("entry {0} is not the statement that a list names there")]
    Other(u64),
    /// A statement is not signed by its author.
    #[error("entry {0} is not signed by its author")]
    Signature(u64),
    /// The log contains what the rules refuse.
    #[error("entry {index} breaks a rule: {refusal}")]
    Rule {
        /// Where.
        index: u64,
        /// Which.
        refusal: Refusal,
    },
    /// The log counts a statement for other subjects than the rules do.
    #[error("entry {0} does not count for the subjects that list it")]
    Counted(u64),
}
