//! What a witness is asked, and what it must answer (c2sp.org/tlog-witness v1).
//!
//! Owns the request, its limits, and the one decision of a witness: cosign, or refuse with which status. Must never
//! know what a witness remembers things in, nor what time it is. Whom a log's readers ask for is [`policy`]; what a
//! refusal proves is [`evidence`].

pub mod evidence;
pub mod policy;

use crate::{
    checkpoint::{Checkpoint, CheckpointError},
    digest::Digest,
    note::{Note, NoteError, VerifierKey},
    tree::{self, ProofError},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use std::fmt;

/// Most proof lines of a request: no tree of fewer than 2^63 leaves needs more.
const PROOF_LINES_MAX: usize = 63;

/// Content type of the size in an answer with status 409.
pub const SIZE_MEDIA_TYPE: &str = "text/x.tlog.size";

/// The body of `add-checkpoint`: a checkpoint, and the proof that it continues the one of the old size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    old: u64,
    proof: Vec<Digest>,
    note: Note,
    checkpoint: Checkpoint,
}

/// Why a body is no request; status 400.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum RequestError {
    /// The lines before the checkpoint are not of the form.
    #[error("not a request: {0}")]
    Malformed(&'static str),
    /// The note is none.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// The note is no checkpoint.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
}

/// Why a witness does not cosign.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum Refusal {
    /// 404: nobody asked this witness to watch that log.
    #[error("the log {0} is not known to this witness")]
    UnknownLog(String),
    /// 403: no trusted key of the log has signed, or a line claims one and fails.
    #[error("not signed by the log: {0}")]
    Unsigned(NoteError),
    /// 400: the old tree is larger than the new one.
    #[error("the old size is larger than the checkpoint's")]
    Backwards,
    /// 409: the witness has cosigned another size, which is this one.
    #[error("the size cosigned last is {0}")]
    Conflict(u64),
    /// 422: the tree of size 0 has one root only.
    #[error("the root is not that of the empty tree")]
    NotEmpty,
    /// 422: the new tree does not continue the one that was cosigned, or nothing shows that it does.
    #[error("not shown to continue the tree that was cosigned: {0}")]
    Inconsistent(ProofError),
}

impl Refusal {
    /// The status of the answer.
    pub const fn status(&self) -> u16 {
        match self {
            Refusal::Backwards => 400,
            Refusal::Unsigned(_) => 403,
            Refusal::UnknownLog(_) => 404,
            Refusal::Conflict(_) => 409,
            Refusal::NotEmpty | Refusal::Inconsistent(_) => 422,
        }
    }
}

impl Request {
    /// Asks for a cosignature over a signed checkpoint. Of the note, only lines by `log` are sent.
    pub fn new(
        old: u64,
        proof: Vec<Digest>,
        signed: &str,
        log: &VerifierKey,
    ) -> Result<Request, RequestError> {
        let full = Note::parse(signed)?;
        let mut note = Note::new(full.text().to_owned())?;
        let own = full.signatures().iter().filter(|of| log.is_named_by(of));
        own.cloned().try_for_each(|line| note.add(line))?;
        Ok(Request {
            old,
            proof,
            checkpoint: Checkpoint::of_any_log(note.text())?,
            note,
        })
    }

    /// Reads a body. Signatures are not verified.
    pub fn parse(body: &str) -> Result<Request, RequestError> {
        let malformed = RequestError::Malformed;
        let (head, note) = body
            .split_once("\n\n")
            .ok_or(malformed("no blank line before the checkpoint"))?;
        let mut lines = head.split('\n');
        let old = lines.next().and_then(|line| line.strip_prefix("old "));
        let old = old.ok_or(malformed("it does not begin with the old size"))?;
        let size = old.parse::<u64>().ok();
        let size = size.filter(|size| size.to_string() == old);
        let old = size.ok_or(malformed("the old size is not a number in its one form"))?;
        if lines.clone().count() > PROOF_LINES_MAX {
            return Err(malformed("it has more than 63 proof lines"));
        }
        let proof: Option<_> = lines.map(Digest::from_base64).collect();
        let note = Note::parse(note)?;
        Ok(Request {
            old,
            proof: proof.ok_or(malformed("a proof line is not 32 bytes in base64"))?,
            checkpoint: Checkpoint::of_any_log(note.text())?,
            note,
        })
    }

    /// Size of the tree that the proof begins at.
    pub fn old(&self) -> u64 {
        self.old
    }

    /// The consistency proof.
    pub fn proof(&self) -> &[Digest] {
        &self.proof
    }

    /// The checkpoint.
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// The note around it.
    pub fn note(&self) -> &Note {
        &self.note
    }

    /// What a witness must do that trusts `keys` for this log and has cosigned `last`: the checks of the
    /// specification in their order. `Ok` is the cosignature's condition.
    pub fn judge(&self, keys: &[VerifierKey], last: Option<&Checkpoint>) -> Result<(), Refusal> {
        let of_log = |key: &&VerifierKey| key.name == self.checkpoint.origin;
        let keys: Vec<_> = keys.iter().filter(of_log).cloned().collect();
        if keys.is_empty() {
            return Err(Refusal::UnknownLog(self.checkpoint.origin.clone()));
        }
        self.note.verify(&keys).map_err(Refusal::Unsigned)?;
        let Checkpoint { size, root, .. } = self.checkpoint;
        if self.old > size {
            return Err(Refusal::Backwards);
        }
        let empty = tree::empty_root();
        let (last_size, last_root) = last.map_or((0, empty), |last| (last.size, last.root));
        if self.old != last_size {
            return Err(Refusal::Conflict(last_size));
        }
        if size == 0 && root != empty {
            return Err(Refusal::NotEmpty);
        }
        tree::check_consistency(self.old, &last_root, size, &root, &self.proof)
            .map_err(Refusal::Inconsistent)
    }
}

/// The exact bytes that [`Request::parse`] reads.
impl fmt::Display for Request {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "old {}", self.old)?;
        for hash in &self.proof {
            writeln!(out, "{}", BASE64_STANDARD.encode(hash.0))?;
        }
        write!(out, "\n{}", self.note)
    }
}

#[cfg(test)]
mod tests;
