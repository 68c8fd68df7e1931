//! What statements prove beside what they say: that a key was copied, or that somebody saw another log.
//!
//! Owns the file's form and its verdict, which anybody reaches offline and without trusting who made it. One key lives on
//! one device and signs one chain of statements (`seq`, `prev`), so two that stand at one place of it convict whoever holds
//! the key, or a copy. What an author says to have seen (`seen`) is the author's word alone: it convicts nobody, unless
//! the checkpoint that was seen is there with the log's signature. Evidence against a log by checkpoints alone is
//! [`crate::witness::evidence`].

pub mod collect;

use crate::body::Seen;
use crate::checkpoint::{self, Checkpoint, CheckpointError};
use crate::digest::Digest;
use crate::key::{PublicKey, key_id};
use crate::note::{KeyKind, VerifierKey};
use crate::statement::{Envelope, Malformed, Statement, StatementId, Submission};
use crate::tree;
use crate::witness::evidence::{self as of_log, Evidence, EvidenceError};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Largest file: two statements with full bodies, in hexadecimal digits.
pub const AUTHOR_EVIDENCE_BYTES_MAX: usize = 2 << 20;

/// What was kept; a JSON document with a field `kind`. Bodies stand in it: whoever is shown the file reads them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum AuthorEvidence {
    /// Two statements of one key, at one place of its chain.
    TwoStatements {
        /// The key that has signed both.
        key: PublicKey,
        /// A statement.
        first: Said,
        /// Another statement.
        second: Said,
    },
    /// A statement whose author says to have seen a checkpoint that is not the log's.
    OtherSeen(OtherSeen),
}

/// [`AuthorEvidence::OtherSeen`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OtherSeen {
    /// The author's key.
    pub key: PublicKey,
    /// The statement.
    pub said: Said,
    /// The log's key, a C2SP vkey. Compare it with what the log publishes.
    pub log: String,
    /// A checkpoint of the log, not smaller than what the author says to have seen; a signed note.
    pub checkpoint: String,
    /// The consistency proof from that size to the checkpoint. From a size that is a power of two it does not hold the
    /// root there, which stands before the others then.
    pub proof: Vec<Digest>,
    /// The checkpoint that the author had verified, with the log's signature, where the author has kept it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept: Option<String>,
}

/// A statement as it was signed, without its sealed sections.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Said {
    /// The COSE_Sign1, hexadecimal.
    #[serde(with = "hex::serde")]
    pub envelope: Vec<u8>,
    /// The body, hexadecimal.
    #[serde(with = "hex::serde")]
    pub body: Vec<u8>,
}

/// What the file shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuthorFinding {
    /// Proved: the key was copied, or whoever holds it signs two histories. Both statements have this number.
    OneNumber {
        /// The number.
        seq: u64,
        /// Both statements.
        ids: [StatementId; 2],
    },
    /// Proved, the same: both name this one as the key's last statement.
    OnePredecessor {
        /// What both follow.
        prev: StatementId,
        /// Both statements.
        ids: [StatementId; 2],
    },
    /// Nothing: both can stem from one journal.
    OneChain,
    /// The author says to have seen another root than the log has. Either that is not true, or the log showed two histories.
    OtherRoot {
        /// The size.
        size: u64,
        /// What the author says.
        seen: Digest,
        /// What the log has.
        logged: Digest,
    },
    /// Proved: the log has signed what the author saw, and another history.
    Log(of_log::Finding),
    /// Nothing: what was seen is what the log has.
    SameRoot,
    /// Nothing either way: the proof does not lead to the checkpoint, or the statement says nothing of what was seen.
    Open,
}

impl AuthorFinding {
    /// Whether it convicts somebody: the holder of the key, or the log.
    pub fn is_misbehaviour(&self) -> bool {
        match self {
            AuthorFinding::OneNumber { .. } | AuthorFinding::OnePredecessor { .. } => true,
            AuthorFinding::Log(finding) => finding.is_misbehaviour(),
            AuthorFinding::OneChain
            | AuthorFinding::OtherRoot { .. }
            | AuthorFinding::SameRoot
            | AuthorFinding::Open => false,
        }
    }
}

/// Why a file is no evidence of anything.
#[derive(Debug, thiserror::Error)]
pub enum AuthorEvidenceError {
    /// No such document, or too large.
    #[error("not evidence: {0}")]
    Malformed(String),
    /// A part of it is no statement.
    #[error("not a statement: {0}")]
    Statement(#[from] Malformed),
    /// A statement is not by the key: it says nothing about its holder.
    #[error("statement {0} is not signed by the key in the file")]
    Unsigned(StatementId),
    /// Statements for two logs have a chain for each.
    #[error("the two are not for one log")]
    OtherLog,
    /// The checkpoint is not the log's.
    #[error("the checkpoint: {0}")]
    Checkpoint(#[from] CheckpointError),
    /// What the author kept is not the log's.
    #[error("what the author kept: {0}")]
    Kept(#[from] EvidenceError),
}

impl Said {
    /// A statement as it goes into a file.
    pub fn of(submission: &Submission) -> Said {
        Said {
            envelope: submission.envelope.clone(),
            body: submission.body.clone(),
        }
    }

    /// The statement, if the key has signed it.
    fn open(&self, key: &PublicKey) -> Result<Statement, AuthorEvidenceError> {
        let submission = Submission {
            envelope: self.envelope.clone(),
            body: self.body.clone(),
            sections: BTreeMap::new(),
        };
        let origin = Envelope::parse(&self.envelope)?.aud;
        let statement = Statement::open(submission, &origin)?;
        let is_signed =
            statement.envelope.kid == key_id(key) && statement.envelope.is_signed_by(key);
        match is_signed {
            true => Ok(statement),
            false => Err(AuthorEvidenceError::Unsigned(statement.id)),
        }
    }
}

impl AuthorEvidence {
    /// Reads a file. Nothing in it is verified.
    pub fn parse(bytes: &[u8]) -> Result<AuthorEvidence, AuthorEvidenceError> {
        let malformed =
            |detail: &dyn std::fmt::Display| AuthorEvidenceError::Malformed(detail.to_string());
        if bytes.len() > AUTHOR_EVIDENCE_BYTES_MAX {
            return Err(malformed(&"it is larger than 2 MiB"));
        }
        serde_json::from_slice(bytes).map_err(|error| malformed(&error))
    }

    /// The file.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec_pretty(self).expect("strings and lists are JSON");
        bytes.push(b'\n');
        bytes
    }

    /// The author's key.
    pub fn key(&self) -> &PublicKey {
        match self {
            AuthorEvidence::TwoStatements { key, .. } => key,
            AuthorEvidence::OtherSeen(OtherSeen { key, .. }) => key,
        }
    }

    /// What the file shows.
    ///
    /// # Errors
    /// It is not what it claims to be, and says nothing about anybody.
    pub fn examine(&self) -> Result<AuthorFinding, AuthorEvidenceError> {
        match self {
            AuthorEvidence::TwoStatements { key, first, second } => {
                let (first, second) = (first.open(key)?, second.open(key)?);
                compare(&first, &second)
            }
            AuthorEvidence::OtherSeen(seen) => seen.examine(),
        }
    }
}

/// What two statements of one key show.
fn compare(first: &Statement, second: &Statement) -> Result<AuthorFinding, AuthorEvidenceError> {
    if first.envelope.aud != second.envelope.aud {
        return Err(AuthorEvidenceError::OtherLog);
    }
    let ids = [first.id, second.id];
    if first.id == second.id {
        return Ok(AuthorFinding::OneChain);
    }
    let (one, other) = (&first.body, &second.body);
    if one.seq == other.seq {
        let seq = one.seq;
        return Ok(AuthorFinding::OneNumber { seq, ids });
    }
    Ok(match one.prev.filter(|prev| other.prev == Some(*prev)) {
        Some(prev) => AuthorFinding::OnePredecessor { prev, ids },
        None => AuthorFinding::OneChain,
    })
}

impl OtherSeen {
    /// The log's key as the file has it.
    pub fn log_key(&self) -> Result<VerifierKey, AuthorEvidenceError> {
        match self.log.parse::<VerifierKey>() {
            Ok(key) if key.kind == KeyKind::Ed25519 => Ok(key),
            Ok(_) => Err(AuthorEvidenceError::Malformed(
                "the key is no log's".to_owned(),
            )),
            Err(error) => Err(AuthorEvidenceError::Malformed(error.to_string())),
        }
    }

    fn examine(&self) -> Result<AuthorFinding, AuthorEvidenceError> {
        let log = self.log_key()?;
        let statement = self.said.open(&self.key)?;
        if statement.envelope.aud.as_str() != log.name {
            return Err(AuthorEvidenceError::OtherLog);
        }
        let signed = checkpoint::open(&self.checkpoint, &log)?;
        let Some(seen) = &statement.body.seen else {
            return Ok(AuthorFinding::Open);
        };
        if let Some(finding) = self.against_log(&log, seen)? {
            return Ok(AuthorFinding::Log(finding));
        }
        let newest = signed.checkpoint();
        let logged = tree::root_shown(
            seen.size,
            &seen.root,
            newest.size,
            &newest.root,
            &self.proof,
        );
        Ok(match logged {
            Some(logged) if logged == seen.root => AuthorFinding::SameRoot,
            Some(logged) => AuthorFinding::OtherRoot {
                size: seen.size,
                seen: seen.root,
                logged,
            },
            None => AuthorFinding::Open,
        })
    }

    /// What the checkpoint that the author has kept proves against the log, if it is the one that was seen.
    fn against_log(
        &self,
        log: &VerifierKey,
        seen: &Seen,
    ) -> Result<Option<of_log::Finding>, AuthorEvidenceError> {
        let Some(kept) = &self.kept else {
            return Ok(None);
        };
        let evidence = Evidence {
            log: self.log.clone(),
            first: kept.clone(),
            second: self.checkpoint.clone(),
            proof: self.proof.clone(),
        };
        let finding = evidence.examine(log)?;
        let kept = checkpoint::open(kept, log)?;
        let Checkpoint { size, root, .. } = kept.checkpoint();
        let is_seen = *size == seen.size && *root == seen.root;
        Ok(Some(finding).filter(|finding| is_seen && finding.is_misbehaviour()))
    }
}

#[cfg(test)]
mod tests;
