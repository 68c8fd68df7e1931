//! A witness for any log (c2sp.org/tlog-witness v1): it remembers the largest tree of each log that it has cosigned, and
//! cosigns only what continues it.
//!
//! Owns the order of check, record and answer. What is cosigned stands on the disk before anybody hears of it, and
//! between the look at the memory and the record nobody else has a turn. Must never know the service: no database, no
//! statement, nothing of what a log is about.

mod folder;
pub mod http;

use folder::Folder;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Mutex, MutexGuard};
use threadmark_protocol::checkpoint::{Checkpoint, Cosigner};
use threadmark_protocol::digest::Digest;
use threadmark_protocol::note::{KeyKind, Note, NoteError, VerifierKey};
use threadmark_protocol::witness::evidence::{Evidence, Finding};
use threadmark_protocol::witness::{Refusal, Request, RequestError};

/// A witness with its memory.
pub struct Witness {
    cosigner: Cosigner,
    /// By the SHA-256 of the origin.
    logs: BTreeMap<Digest, Log>,
    folder: Folder,
    clock: fn() -> i64,
}

/// A log that is watched.
struct Log {
    keys: Vec<VerifierKey>,
    memory: Mutex<Memory>,
}

/// What is known of the largest tree that was cosigned.
enum Memory {
    /// What the disk has.
    Known(Option<Cosigned>),
    /// A write failed: the disk has the old or the new, and must be asked.
    Doubt,
}

/// A checkpoint with the lines of the log and of this witness.
#[derive(Clone)]
struct Cosigned {
    checkpoint: Checkpoint,
    note: String,
}

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
    /// A key cannot be a log's.
    #[error("{0} is no key of a log; those have type 01")]
    NotALog(String),
    /// Without logs there is nothing to watch.
    #[error("no log to watch; name one with --log")]
    NoLog,
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
    /// 500: the record could not be written, so nothing was cosigned.
    #[error("the record cannot be kept: {0}")]
    Storage(String),
}

impl Failure {
    /// The status of the answer.
    pub const fn status(&self) -> u16 {
        match self {
            Failure::Malformed(_) => 400,
            Failure::Refused(refusal) => refusal.status(),
            Failure::Storage(_) => 500,
        }
    }
}

/// Under which name a log's checkpoint is kept and served.
fn name_of(origin: &str) -> Digest {
    Digest::sha256(&[origin.as_bytes()])
}

impl Witness {
    /// Opens the memory in a folder, which nobody else may use meanwhile. A log is known by the name of its keys; several
    /// keys of one name are one log's.
    ///
    /// # Errors
    /// [`OpenError`]; a witness that cannot trust its memory does not start.
    pub fn open(
        folder: &Path,
        cosigner: Cosigner,
        keys: Vec<VerifierKey>,
        clock: fn() -> i64,
    ) -> Result<Witness, OpenError> {
        let folder = Folder::open(folder)?;
        let mut by_origin: BTreeMap<String, Vec<VerifierKey>> = BTreeMap::new();
        for key in keys {
            if key.kind != KeyKind::Ed25519 {
                return Err(OpenError::NotALog(key.to_string()));
            }
            by_origin.entry(key.name.clone()).or_default().push(key);
        }
        if by_origin.is_empty() {
            return Err(OpenError::NoLog);
        }
        let mut logs = BTreeMap::new();
        for (origin, keys) in by_origin {
            let known = folder.read(&origin, cosigner.verifier())?;
            let memory = Mutex::new(Memory::Known(known));
            logs.insert(name_of(&origin), Log { keys, memory });
        }
        Ok(Witness {
            cosigner,
            logs,
            folder,
            clock,
        })
    }

    /// The key that cosigns.
    pub fn key(&self) -> &VerifierKey {
        self.cosigner.verifier()
    }

    /// Answers the body of `add-checkpoint`: the cosignature's line, which is on the disk by then. Blocks.
    ///
    /// # Errors
    /// [`Failure`], each with its status. What a refused checkpoint proves is kept.
    pub fn add_checkpoint(&self, body: &str) -> Result<String, Failure> {
        let request = Request::parse(body)?;
        let origin = &request.checkpoint().origin;
        let log = self.logs.get(&name_of(origin));
        let log = log.ok_or_else(|| Refusal::UnknownLog(origin.clone()))?;
        // Held until the record is on the disk: who comes next is compared with this one.
        let mut memory = self.memory(log, origin)?;
        let Memory::Known(last) = &*memory else {
            return Err(Failure::Storage("it is not known yet".to_owned()));
        };
        let known = last.as_ref().map(|last| &last.checkpoint);
        if let Err(refusal) = request.judge(&log.keys, known) {
            self.keep_evidence(log, last.as_ref(), &request, &refusal);
            return Err(refusal.into());
        }
        let time = u64::try_from((self.clock)()).unwrap_or(0).max(1);
        let line = self.cosigner.cosign(request.note().text(), time);
        let mut note = of_log(&request, &log.keys).map_err(RequestError::from)?;
        note.add(line.clone()).map_err(RequestError::from)?;
        let cosigned = Cosigned {
            checkpoint: request.checkpoint().clone(),
            note: note.to_string(),
        };
        // COMMIT POINT. Whatever happens from here on, nothing smaller and nothing else is ever cosigned.
        if let Err(error) = self.folder.write(origin, &cosigned.note) {
            *memory = Memory::Doubt;
            return Err(Failure::Storage(error.to_string()));
        }
        *memory = Memory::Known(Some(cosigned));
        Ok(format!("{line}\n"))
    }

    /// The newest cosigned checkpoint of the log whose origin has this SHA-256. Blocks.
    ///
    /// # Errors
    /// [`Failure::Storage`].
    pub fn checkpoint(&self, origin_sha256: &Digest) -> Result<Option<String>, Failure> {
        let Some(log) = self.logs.get(origin_sha256) else {
            return Ok(None);
        };
        let origin = log.keys.first().map_or("", |key| &key.name[..]);
        Ok(match &*self.memory(log, origin)? {
            Memory::Known(Some(last)) => Some(last.note.clone()),
            _ => None,
        })
    }

    /// The memory of a log, read again from the disk when it is in doubt.
    fn memory<'a>(&self, log: &'a Log, origin: &str) -> Result<MutexGuard<'a, Memory>, Failure> {
        let mut memory = log.memory.lock().unwrap_or_else(|poisoned| {
            // Whoever panicked may have written.
            log.memory.clear_poison();
            let mut memory = poisoned.into_inner();
            *memory = Memory::Doubt;
            memory
        });
        if matches!(*memory, Memory::Doubt) {
            let read = self.folder.read(origin, self.key());
            let known = read.map_err(|error| Failure::Storage(error.to_string()))?;
            *memory = Memory::Known(known);
        }
        Ok(memory)
    }

    /// Keeps what was refused, if it may be held against the log: a proof of misbehaviour always, and a tree that was not
    /// shown to be consistent too. Its signatures were verified. That it cannot be kept changes no answer.
    fn keep_evidence(
        &self,
        log: &Log,
        last: Option<&Cosigned>,
        request: &Request,
        refusal: &Refusal,
    ) {
        let is_of_interest = matches!(
            refusal,
            Refusal::Conflict(_) | Refusal::Inconsistent(_) | Refusal::NotEmpty
        );
        let Some(second) = of_log(request, &log.keys).ok().filter(|_| is_of_interest) else {
            return;
        };
        let Some((evidence, finding)) = log.against(last, &second, request) else {
            return;
        };
        let is_proof = finding.is_misbehaviour();
        if !is_proof && !matches!(refusal, Refusal::Inconsistent(_)) {
            return;
        }
        let origin = &request.checkpoint().origin;
        match self.folder.keep(origin, &evidence, is_proof) {
            Ok(Some(path)) => {
                let path = path.display().to_string();
                tracing::warn!(
                    path,
                    is_proof,
                    "refused a checkpoint, and kept the evidence"
                );
            }
            Ok(None) => {}
            Err(error) => tracing::error!(%error, "evidence against a log cannot be kept"),
        }
    }
}

impl Log {
    /// What two checkpoints and the proof between them show, by the one key that has signed both.
    fn against(
        &self,
        last: Option<&Cosigned>,
        second: &Note,
        request: &Request,
    ) -> Option<(Evidence, Finding)> {
        let second = second.to_string();
        let first = last.map_or_else(|| second.clone(), |last| last.note.clone());
        self.keys.iter().find_map(|key| {
            let evidence = Evidence {
                log: key.to_string(),
                first: first.clone(),
                second: second.clone(),
                proof: request.proof().to_vec(),
            };
            let finding = evidence.examine(key).ok()?;
            Some((evidence, finding))
        })
    }
}

/// The note with the lines of the log's trusted keys alone.
fn of_log(request: &Request, keys: &[VerifierKey]) -> Result<Note, NoteError> {
    let mut note = Note::new(request.note().text().to_owned())?;
    for line in request.note().signatures() {
        if keys.iter().any(|key| key.is_named_by(line)) {
            note.add(line.clone())?;
        }
    }
    Ok(note)
}

#[cfg(test)]
mod tests;
