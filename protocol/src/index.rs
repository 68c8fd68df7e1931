//! The index of statements: for every subject how many statements count for it, and a chained head over them.
//!
//! Owns what completeness means, and its proof. A receipt proves that a statement is in the log; it does not prove that
//! nothing else is. So the root of this map stands in the `log.batch` entry that closes each batch
//! ([`crate::body::governance::LogBatch::index_root`]), before the entry itself is signed, and who holds the list of a
//! subject's statements with a [`Proof`] knows that there is no other up to that batch. Whoever replays the log makes
//! the same map and compares every root ([`crate::bundle::Replica`]). Must never know storage.
//!
//! The map is a Merkle crit-bit trie over SHA-256 of the subject: a branch stands only where two subjects part, so there
//! are as many branches as subjects less one, the shape follows from the set of subjects alone, and absence is proved by
//! the one neighbour at which the search ends. What else there is, and why not:
//!
//! * A sparse Merkle tree of 256 levels has the same root for the same set, and hashes ten times as much.
//! * `transparency-dev`'s verifiable index is a prefix trie too, whose leaves are roots of a small tree per key, and puts its
//!   roots into a log of its own that lags behind, because it indexes logs that others write. This log has one writer,
//!   which knows what it appends: one log, one checkpoint, one set of witnesses. A chain instead of a tree per subject
//!   makes the value one hash to update; it costs that a list is proved whole, which is what is asked here.
//! * A dense Merkle tree over the sorted subjects moves half of itself for a new subject.
//!
//! **What counts for a subject** is what changes its state, and nothing else: [`touched`]. A recall therefore counts for
//! the recall and for the anchor that it binds, a build for the build, its parts and their marks, a report that shows that
//! a key exists twice for its part and for the key. A report beyond the bounds of a state ([`crate::world::bounds`]) is in
//! the log and counts for nothing: so nobody makes the list of a subject longer than its bounds. Everything that the answer about a part reads is the
//! state of a subject, so who has all statements of the part, of its mark, and of what stands above them, has all that
//! matters. The log's own entries count for nothing: a root cannot cover the entry in which it stands.

mod map;
mod proof;
#[cfg(test)]
mod tests;

pub use map::Map;
pub use proof::Proof;

use crate::body::Nature;
use crate::cbor::CborError;
use crate::digest::Digest;
use crate::lifecycle::Changes;
use crate::statement::{Statement, StatementId};
use crate::text::SubjectId;
use std::collections::BTreeSet;

/// One statement that counts for a subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// Its index in the log.
    pub index: u64,
    /// Log time of its batch, Unix seconds: rules depend on it, and the envelope does not carry it.
    pub logged_at: i64,
    /// Which.
    pub statement: StatementId,
}

/// How many statements count for a subject, and the chain over them. Count 0 is a subject of which nothing was said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tally {
    /// How many.
    pub count: u64,
    /// SHA-256 over the head before, the index, the log time and the id of the newest; of nothing, 32 zero bytes.
    pub head: Digest,
}

impl Default for Tally {
    fn default() -> Tally {
        let head = Digest([0; 32]);
        Tally { count: 0, head }
    }
}

impl Tally {
    /// With one more statement.
    #[must_use]
    pub fn with(self, link: &Link) -> Tally {
        let (index, logged_at) = (link.index.to_be_bytes(), link.logged_at.to_be_bytes());
        let parts: [&[u8]; 5] = [
            b"threadmark head\0",
            &self.head.0,
            &index,
            &logged_at,
            &link.statement.0,
        ];
        Tally {
            count: self.count + 1,
            head: Digest::sha256(&parts),
        }
    }

    /// Of all `links`, in their order.
    pub fn of<'a>(links: impl IntoIterator<Item = &'a Link>) -> Tally {
        links.into_iter().fold(Tally::default(), Tally::with)
    }
}

/// A statement's place in the list of a subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mention {
    /// The subject.
    pub subject: SubjectId,
    /// Index of the statement in the log.
    pub index: u64,
    /// Count and head with it.
    pub tally: Tally,
}

/// Why a list of statements is not taken as complete.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IndexError {
    /// Not deterministic CBOR.
    #[error("the proof is malformed: {0}")]
    Cbor(#[from] CborError),
    /// Not the form of a proof.
    #[error("the proof is malformed: {0}")]
    Malformed(&'static str),
    /// It is for another list, another subject or another root.
    #[error(
        "the proof does not lead to the root: statements are missing, or are not those that the log counts"
    )]
    Root,
}

/// The subjects for which a statement counts, with what it changes.
pub fn touched(statement: &Statement, changes: &Changes) -> BTreeSet<SubjectId> {
    match statement.body.core.nature() {
        Nature::Log => BTreeSet::new(),
        Nature::Act | Nature::Report => changes.states.keys().cloned().collect(),
    }
}

/// Root of the map without subjects.
pub fn empty_root() -> Digest {
    Digest::sha256(&[b"threadmark none\0"])
}

/// Where a subject stands in the map.
fn key_of(subject: &SubjectId) -> Digest {
    Digest::sha256(&[b"threadmark subj\0", subject.as_str().as_bytes()])
}

fn leaf_hash(key: &Digest, tally: &Tally) -> Digest {
    let count = tally.count.to_be_bytes();
    Digest::sha256(&[b"threadmark leaf\0", &key.0, &count, &tally.head.0])
}

/// A branch binds the bit in which its two sides differ.
fn branch_hash(depth: u8, left: &Digest, right: &Digest) -> Digest {
    Digest::sha256(&[b"threadmark node\0", &[depth], &left.0, &right.0])
}

/// A bit of a key, the first being the most significant of the first byte.
fn bit(key: &Digest, depth: u8) -> bool {
    key.0[usize::from(depth / 8)] & (0x80 >> (depth % 8)) != 0
}
