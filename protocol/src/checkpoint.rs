//! Checkpoints (c2sp.org/tlog-checkpoint v1) and their cosignatures (c2sp.org/tlog-cosignature v1).
//!
//! Owns what the log says of itself: origin, size and root, signed by the log and cosigned by
//! witnesses. Must never know how many witnesses suffice, nor what time it is.

use crate::{
    digest::Digest,
    key::Signer,
    note::{KeyKind, Note, NoteError, NoteSignature, NoteSigner, VerifierKey},
    tree,
};
use base64::{Engine as _, prelude::BASE64_STANDARD};

/// The state of a log. This log writes no extension lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Name of the log, and of the key that signs for it.
    pub origin: String,
    /// Number of leaves.
    pub size: u64,
    /// Root of the tree of that size.
    pub root: Digest,
}

/// Why a checkpoint is refused.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum CheckpointError {
    /// The note around it is refused: its form or a signature.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// The text is not a checkpoint of the strict form.
    #[error("not a checkpoint: {0}")]
    Malformed(&'static str),
    /// The checkpoint is of another log than the key.
    #[error("the checkpoint is of {0}, which is not the log of the key")]
    Origin(String),
}

impl Checkpoint {
    /// The signed text.
    pub fn body(&self) -> String {
        format!(
            "{}\n{}\n{}\n",
            self.origin,
            self.size,
            BASE64_STANDARD.encode(self.root.0)
        )
    }

    /// Reads what [`Checkpoint::body`] writes, and nothing else.
    pub fn parse(text: &str) -> Result<Checkpoint, CheckpointError> {
        let malformed = CheckpointError::Malformed;
        let checkpoint = Checkpoint::of_any_log(text)?;
        if checkpoint.body() != text {
            return Err(malformed("it does not have exactly three lines"));
        }
        if checkpoint.size == 0 && checkpoint.root != tree::empty_root() {
            return Err(malformed("its root is not that of the empty tree"));
        }
        Ok(checkpoint)
    }

    /// Reads the checkpoint of any log: behind the three lines others may stand, which mean nothing here. That the
    /// root of an empty tree is the right one is not checked.
    pub fn of_any_log(text: &str) -> Result<Checkpoint, CheckpointError> {
        let malformed = CheckpointError::Malformed;
        let mut lines = text.split_inclusive('\n');
        let fields = lines.next().zip(lines.next()).zip(lines.next());
        let Some(((origin, size), root)) = fields else {
            return Err(malformed("it has fewer than three lines"));
        };
        if lines.any(|line| line.len() < 2 || !line.ends_with('\n')) {
            return Err(malformed("an extension line is empty or open"));
        }
        Checkpoint::of_lines(origin, size, root)
    }

    fn of_lines(origin: &str, size: &str, root: &str) -> Result<Checkpoint, CheckpointError> {
        let malformed = CheckpointError::Malformed;
        let decoded = Digest::from_base64(root.trim_end_matches('\n'));
        let size_parsed = size.trim_end_matches('\n').parse();
        let checkpoint = Checkpoint {
            origin: origin.trim_end_matches('\n').to_owned(),
            size: size_parsed.map_err(|_| malformed("the size is not a number"))?,
            root: decoded.ok_or(malformed("the root is not 32 bytes in base64"))?,
        };
        if checkpoint.origin.is_empty() || checkpoint.body() != [origin, size, root].concat() {
            return Err(malformed("it is not in its one form"));
        }
        Ok(checkpoint)
    }

    /// The note with the log's signature. The signer's name is the origin.
    pub fn sign(&self, log: &NoteSigner) -> Result<String, CheckpointError> {
        if log.verifier().name != self.origin {
            return Err(CheckpointError::Origin(self.origin.clone()));
        }
        let mut note = Note::new(self.body())?;
        note.add(log.sign(note.text()))?;
        Ok(note.to_string())
    }
}

/// A checkpoint that the log has signed, with the lines under it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedCheckpoint {
    checkpoint: Checkpoint,
    note: Note,
}

/// Reads a note and verifies that `log` has signed it. Lines of others are kept unverified.
pub fn open(note: &str, log: &VerifierKey) -> Result<SignedCheckpoint, CheckpointError> {
    let note = Note::parse(note)?;
    let checkpoint = Checkpoint::parse(note.text())?;
    if checkpoint.origin != log.name || log.kind != KeyKind::Ed25519 {
        return Err(CheckpointError::Origin(checkpoint.origin));
    }
    note.verify(std::slice::from_ref(log))?;
    Ok(SignedCheckpoint { checkpoint, note })
}

/// The word of one witness: at this time, this was the largest consistent tree that it had seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cosignature {
    /// The witness.
    pub witness: VerifierKey,
    /// Seconds since 1970, by the clock of the witness.
    pub time: u64,
}

impl SignedCheckpoint {
    /// What the log has signed.
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// The note with all its lines.
    pub fn note(&self) -> &Note {
        &self.note
    }

    /// The words of those `witnesses` that have cosigned, each once with its newest time. A line that
    /// claims a known witness and fails refuses all. A message of this form does not name the
    /// cosigner, so one public key under two names would count twice: a policy must not list it twice.
    pub fn cosignatures(
        &self,
        witnesses: &[VerifierKey],
    ) -> Result<Vec<Cosignature>, CheckpointError> {
        let verified = match self.note.verify(witnesses) {
            Err(NoteError::NoKnownKey) => Vec::new(),
            other => other?,
        };
        let cosignature = |key: &VerifierKey, time| Cosignature {
            witness: key.clone(),
            time,
        };
        let timed = verified
            .iter()
            .filter_map(|found| Some(cosignature(found.key, found.time?)));
        Ok(timed.collect())
    }

    /// Adds the line with which `witness` has answered, if it verifies.
    pub fn attach(
        &mut self,
        line: NoteSignature,
        witness: &VerifierKey,
    ) -> Result<Cosignature, CheckpointError> {
        let found = if witness.is_named_by(&line) {
            witness.check(self.note.text(), &line.signature)
        } else {
            None
        };
        let time = found.and_then(|found| found.time);
        let time = time.ok_or_else(|| NoteError::BadSignature(line.name.clone()))?;
        self.note.add(line)?;
        Ok(Cosignature {
            witness: witness.clone(),
            time,
        })
    }
}

/// The private key of a witness. It signs cosignatures and nothing else.
#[derive(Clone, Debug)]
pub struct Cosigner {
    signer: NoteSigner,
}

impl Cosigner {
    /// The witness `name`.
    pub fn new(name: &str, signer: Signer) -> Result<Cosigner, NoteError> {
        NoteSigner::of_kind(KeyKind::Cosignature, name, signer).map(|signer| Cosigner { signer })
    }

    /// The public half.
    pub fn verifier(&self) -> &VerifierKey {
        self.signer.verifier()
    }

    /// The line over a checkpoint's whole text at `time`, seconds since 1970. That the tree only grew is for
    /// the caller to check first.
    pub fn cosign(&self, checkpoint: &str, time: u64) -> NoteSignature {
        self.signer.cosign(checkpoint, time)
    }
}

#[cfg(test)]
mod tests;
