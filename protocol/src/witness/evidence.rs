//! What a witness keeps of a log that it would not cosign for, and what that proves.
//!
//! Owns the file's form and its verdict, which anybody reaches without trusting the witness. Only what the log's key
//! has signed can convict it: a consistency proof is signed by nobody, so one that fails proves nothing, while one
//! that holds for another old root than the signed one proves that history was rewritten.

use crate::{
    checkpoint::Checkpoint,
    digest::Digest,
    note::{KeyKind, Note, NoteError, VerifierKey},
    tree,
};
use serde::{Deserialize, Serialize};

/// Largest file: two checkpoints and a proof.
pub const EVIDENCE_BYTES_MAX: usize = 256 << 10;

/// What was kept; a JSON document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// The log's key as the witness knows it, a C2SP vkey. Compare it with what the log publishes.
    pub log: String,
    /// A checkpoint, as a signed note; of the two the smaller, where they differ in size.
    pub first: String,
    /// Another checkpoint, as a signed note.
    pub second: String,
    /// The consistency proof between them that came with it; 64 hexadecimal digits each. From a size that is a power of
    /// two such a proof does not hold the old root; whoever knows it (from the log's tiles) may put it before the others.
    pub proof: Vec<Digest>,
}

/// What the file shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// Misbehaviour: the log has signed two roots of one size.
    TwoRoots {
        /// The size.
        size: u64,
    },
    /// Misbehaviour: the tree of the second checkpoint begins with another tree than the first.
    Rewritten {
        /// Size of the first.
        old_size: u64,
        /// Size of the second.
        new_size: u64,
        /// The root that the log has signed at the first size.
        signed: Digest,
        /// The root that the second tree has at the first size.
        shown: Digest,
    },
    /// Misbehaviour: the log has signed a root of the empty tree that is none.
    NotEmpty,
    /// Nothing against the log: the second tree continues the first, or is the same.
    Consistent,
    /// Nothing either way: both are signed, and nothing here shows that the second continues the first. The log can
    /// clear itself with a consistency proof between the two sizes; what it shows instead, or that it shows none, is
    /// what to look at.
    Open {
        /// Size of the first.
        old_size: u64,
        /// Size of the second.
        new_size: u64,
    },
}

impl Finding {
    /// Whether it convicts the log.
    pub fn is_misbehaviour(&self) -> bool {
        !matches!(self, Finding::Consistent | Finding::Open { .. })
    }
}

/// Why a file is no evidence of anything.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum EvidenceError {
    /// No such document, or too large.
    #[error("not evidence: {0}")]
    Malformed(String),
    /// A checkpoint is not signed by the key.
    #[error("the {0} checkpoint: {1}")]
    Unsigned(&'static str, NoteError),
    /// A checkpoint is of another log than the key.
    #[error("the {0} checkpoint is of another log than the key")]
    OtherLog(&'static str),
}

impl Evidence {
    /// Reads a file. Nothing in it is verified.
    pub fn parse(bytes: &[u8]) -> Result<Evidence, EvidenceError> {
        let malformed =
            |detail: &dyn std::fmt::Display| EvidenceError::Malformed(detail.to_string());
        if bytes.len() > EVIDENCE_BYTES_MAX {
            return Err(malformed(&"it is larger than 256 KiB"));
        }
        serde_json::from_slice(bytes).map_err(|error| malformed(&error))
    }

    /// The file.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec_pretty(self).expect("strings and lists are JSON");
        bytes.push(b'\n');
        bytes
    }

    /// The log's key as the file has it.
    pub fn key(&self) -> Result<VerifierKey, EvidenceError> {
        match self.log.parse::<VerifierKey>() {
            Ok(key) if key.kind == KeyKind::Ed25519 => Ok(key),
            Ok(_) => Err(EvidenceError::Malformed("the key is no log's".to_owned())),
            Err(error) => Err(EvidenceError::Malformed(error.to_string())),
        }
    }

    /// What the file shows about the log of `key`.
    ///
    /// # Errors
    /// The checkpoints are not both signed by that key: then they say nothing about its log.
    pub fn examine(&self, key: &VerifierKey) -> Result<Finding, EvidenceError> {
        let first = signed("first", &self.first, key)?;
        let second = signed("second", &self.second, key)?;
        let (older, newer) = if first.size <= second.size {
            (first, second)
        } else {
            (second, first)
        };
        let is_bad = |of: &Checkpoint| of.size == 0 && of.root != tree::empty_root();
        if is_bad(&older) || is_bad(&newer) {
            return Ok(Finding::NotEmpty);
        }
        let (old_size, new_size) = (older.size, newer.size);
        if old_size == new_size {
            return Ok(match older.root == newer.root {
                true => Finding::Consistent,
                false => Finding::TwoRoots { size: old_size },
            });
        }
        if old_size == 0 {
            return Ok(Finding::Consistent);
        }
        let (was, is) = (&older.root, &newer.root);
        Ok(
            match tree::root_shown(old_size, was, new_size, is, &self.proof) {
                Some(shown) if shown == older.root => Finding::Consistent,
                Some(shown) => Finding::Rewritten {
                    old_size,
                    new_size,
                    signed: older.root,
                    shown,
                },
                None => Finding::Open { old_size, new_size },
            },
        )
    }
}

fn signed(which: &'static str, note: &str, key: &VerifierKey) -> Result<Checkpoint, EvidenceError> {
    let unsigned = |error| EvidenceError::Unsigned(which, error);
    let note = Note::parse(note).map_err(unsigned)?;
    note.verify(std::slice::from_ref(key)).map_err(unsigned)?;
    let checkpoint = Checkpoint::of_any_log(note.text())
        .map_err(|error| EvidenceError::Malformed(error.to_string()))?;
    if checkpoint.origin != key.name {
        return Err(EvidenceError::OtherLog(which));
    }
    Ok(checkpoint)
}

#[cfg(test)]
mod tests;
