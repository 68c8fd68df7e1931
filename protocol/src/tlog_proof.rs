//! `.tlog-proof` (c2sp.org/tlog-proof@v1): that an entry is in a log, as one text for whoever has the entry.
//!
//! Owns the form and its verification against a log's key. Must never know what the entry is, nor how many witnesses
//! suffice: the checkpoint in it carries their lines.

use crate::checkpoint::{self, CheckpointError, SignedCheckpoint};
use crate::digest::Digest;
use crate::note::VerifierKey;
use crate::tree::{self, ProofError};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use std::fmt;
use std::str::FromStr;

/// What the file begins with.
const HEAD: &str = "c2sp.org/tlog-proof@v1\n";

/// Longest line `extra`: readers in other languages take lines below 64 KiB.
const EXTRA_BYTES_MAX: usize = 64_000;

/// Most hashes: the depth of any tree.
const HASHES_MAX: usize = 63;

/// A proof that is read and not yet verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlogProof {
    /// Index of the entry.
    pub index: u64,
    /// Inclusion proof, the leaf's sibling first.
    pub hashes: Vec<Digest>,
    /// The checkpoint as it is, with all its lines.
    pub checkpoint: String,
}

/// Why a proof is refused.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum TlogProofError {
    /// The form is broken.
    #[error("not a tlog-proof: {0}")]
    Malformed(&'static str),
    /// The checkpoint is refused.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The hashes do not lead from the entry to the checkpoint.
    #[error(transparent)]
    Proof(#[from] ProofError),
}

impl TlogProof {
    /// Verifies the log's signature, and that the leaf stands at `index` of what it signed. Cosignatures are for the
    /// caller to count, in what this returns.
    ///
    /// # Errors
    /// [`TlogProofError::Checkpoint`] and [`TlogProofError::Proof`].
    pub fn verify(
        &self,
        leaf: Digest,
        log: &VerifierKey,
    ) -> Result<SignedCheckpoint, TlogProofError> {
        let signed = checkpoint::open(&self.checkpoint, log)?;
        let (size, root) = (signed.checkpoint().size, signed.checkpoint().root);
        tree::check_inclusion(leaf, self.index, size, &self.hashes, &root)?;
        Ok(signed)
    }
}

impl fmt::Display for TlogProof {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "{HEAD}index {}", self.index)?;
        for hash in &self.hashes {
            writeln!(out, "{}", BASE64_STANDARD.encode(hash.0))?;
        }
        write!(out, "\n{}", self.checkpoint)
    }
}

impl FromStr for TlogProof {
    type Err = TlogProofError;

    fn from_str(text: &str) -> Result<TlogProof, TlogProofError> {
        let malformed = TlogProofError::Malformed;
        let text = text
            .strip_prefix(HEAD)
            .ok_or(malformed("it does not begin as one"))?;
        let (head, checkpoint) = text.split_once("\n\n").ok_or(malformed("no blank line"))?;
        let mut lines = head.split('\n').peekable();
        if let Some(extra) = lines.next_if(|line| line.starts_with("extra ")) {
            // Unauthenticated: anybody can have put it there, so nothing may come of it.
            let is_base64 = BASE64_STANDARD.decode(&extra["extra ".len()..]).is_ok();
            if extra.len() > EXTRA_BYTES_MAX || !is_base64 {
                return Err(malformed("its line `extra` is too long, or not base64"));
            }
        }
        let index = lines.next().and_then(|line| line.strip_prefix("index "));
        let index =
            index.and_then(|text| text.parse::<u64>().ok().filter(|at| at.to_string() == text));
        let index = index.ok_or(malformed("its index is not a number"))?;
        let hashes: Option<Vec<Digest>> = lines.map(Digest::from_base64).collect();
        let hashes = hashes.filter(|hashes| hashes.len() <= HASHES_MAX);
        Ok(TlogProof {
            index,
            hashes: hashes.ok_or(malformed(
                "a hash is not 32 bytes in base64, or there are too many",
            ))?,
            checkpoint: checkpoint.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests;
