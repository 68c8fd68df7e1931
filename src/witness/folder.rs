//! What a witness remembers, on the disk.
//!
//! Owns the names of the files, the lock, and how they survive a crash:
//!
//! | file | what it holds | when it is lost |
//! |---|---|---|
//! | `checkpoints/<log>` | the checkpoint that was cosigned last | the witness does not start |
//! | `new/<log>` | that nothing was cosigned yet, and that this is right | `--new` must be said again |
//! | `audit/<log>.json` | that this log is audited, and what was objected to | the audit finds it again |
//! | `evidence/<log>/` | what was refused, and may be held against the log | it is gone |
//!
//! `<log>` is the SHA-256 of its origin. Must never decide what is cosigned.

use super::audit::Objection;
use super::{Cosigned, OpenError, name_of};
use serde::{Deserialize, Serialize};
use std::fs::{File, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use threadmark_agent::home::file;
use threadmark_protocol::checkpoint::Checkpoint;
use threadmark_protocol::digest::Digest;
use threadmark_protocol::note::{Note, VerifierKey};
use threadmark_protocol::witness::evidence::Evidence;

/// Proofs of misbehaviour that are kept of one log: each needs the log's signature, and one is enough.
const PROOFS_MAX: usize = 64;
/// Refused trees that prove nothing yet, kept of one log. Anybody can make one of each public checkpoint with a proof that
/// fails, so they make room for each other, the oldest first, and never take a proof's place.
const OPEN_MAX: usize = 16;
/// How temporary files begin; no record's name does.
const TEMPORARY: &str = ".tmp";

const CHECKPOINTS: &str = "checkpoints";
const NEW: &str = "new";
const AUDIT: &str = "audit";
const EVIDENCE: &str = "evidence";
const PROOF: &str = "proof-";
const OPEN: &str = "open-";

/// The folder, while this process has it.
pub struct Folder {
    folder: PathBuf,
    _lock: File,
}

/// `audit/<log>.json`: there is one for each log that is audited.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Audit {
    /// The log.
    pub origin: String,
    /// Why it is not cosigned any more.
    pub objection: Option<Objection>,
}

impl Folder {
    /// Takes the folder, makes what is missing, and removes what a process that was killed had begun to write.
    pub fn open(folder: &Path) -> Result<Folder, OpenError> {
        for name in [CHECKPOINTS, NEW, AUDIT, EVIDENCE] {
            std::fs::create_dir_all(folder.join(name))?;
        }
        let lock = File::create(folder.join("lock"))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(OpenError::Locked(folder.display().to_string()));
            }
            Err(TryLockError::Error(error)) => return Err(error.into()),
        }
        for name in [CHECKPOINTS, NEW, AUDIT, EVIDENCE] {
            remove_unfinished(&folder.join(name))?;
        }
        // The names of the folders themselves outlive a loss of power.
        File::open(folder)?.sync_all()?;
        Ok(Folder {
            folder: folder.to_owned(),
            _lock: lock,
        })
    }

    fn path(&self, of: &str, origin: &str) -> PathBuf {
        self.folder.join(of).join(name_of(origin).to_hex())
    }

    /// What was cosigned last of a log. The record must be one that this witness has signed.
    pub fn read(&self, origin: &str, own: &VerifierKey) -> Result<Option<Cosigned>, OpenError> {
        let path = self.path(CHECKPOINTS, origin);
        let Some(bytes) = file::read_if_there(&path)? else {
            return Ok(None);
        };
        let cosigned = cosigned(bytes, own).and_then(|cosigned| {
            let of = &cosigned.checkpoint.origin;
            match of == origin {
                true => Ok(cosigned),
                false => Err(format!("it is of {of}")),
            }
        });
        let damaged = |why| OpenError::Damaged {
            origin: origin.to_owned(),
            path: path.display().to_string(),
            why,
        };
        cosigned.map(Some).map_err(damaged)
    }

    /// Puts a record in the place of the one before, durably.
    pub fn write(&self, origin: &str, note: &str) -> std::io::Result<()> {
        file::replace(&self.path(CHECKPOINTS, origin), note.as_bytes())?;
        // Left behind by a crash, it would let a lost record pass for a new log.
        match std::fs::remove_file(self.path(NEW, origin)) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Whether it is known that nothing of this log was cosigned yet.
    pub fn is_new(&self, origin: &str) -> bool {
        self.path(NEW, origin).exists()
    }

    /// Notes that nothing of this log was cosigned yet.
    pub fn begin(&self, origin: &str) -> std::io::Result<()> {
        file::replace(&self.path(NEW, origin), origin.as_bytes())
    }

    fn audit_path(&self, origin: &str) -> PathBuf {
        self.path(AUDIT, origin).with_extension("json")
    }

    /// Whether this log is audited, and what was objected to.
    pub fn audit(&self, origin: &str) -> Result<Option<Audit>, OpenError> {
        let path = self.audit_path(origin);
        let Some(bytes) = file::read_if_there(&path)? else {
            return Ok(None);
        };
        let audit = serde_json::from_slice(&bytes);
        audit.map(Some).map_err(|error| OpenError::Damaged {
            origin: origin.to_owned(),
            path: path.display().to_string(),
            why: error.to_string(),
        })
    }

    /// Notes that this log is audited from now on.
    pub fn promise_audit(&self, origin: &str) -> std::io::Result<()> {
        self.write_audit(origin, None)
    }

    /// Notes why this log is not cosigned any more.
    pub fn object(&self, origin: &str, objection: &Objection) -> std::io::Result<()> {
        self.write_audit(origin, Some(objection.clone()))
    }

    fn write_audit(&self, origin: &str, objection: Option<Objection>) -> std::io::Result<()> {
        let audit = Audit {
            origin: origin.to_owned(),
            objection,
        };
        let bytes = serde_json::to_vec_pretty(&audit)?;
        file::replace(&self.audit_path(origin), &bytes)
    }

    /// Keeps evidence, once for two checkpoints and within bounds; the file, if it is new.
    pub fn keep(
        &self,
        origin: &str,
        evidence: &Evidence,
        is_proof: bool,
    ) -> std::io::Result<Option<PathBuf>> {
        let folder = self.path(EVIDENCE, origin);
        std::fs::create_dir_all(&folder)?;
        let end = format!("-{}.json", checkpoints(evidence).to_hex());
        let (proofs, mut open) = (kept(&folder, PROOF)?, kept(&folder, OPEN)?);
        let of_these = |paths: &[PathBuf]| paths.iter().position(|path| ends_with(path, &end));
        let is_open = of_these(&open);
        if of_these(&proofs).is_some() || !is_proof && is_open.is_some() {
            return Ok(None);
        }
        let (sort, others) = match is_proof {
            true => (PROOF, &proofs),
            false => (OPEN, &open),
        };
        if is_proof && proofs.len() >= PROOFS_MAX {
            return Ok(None);
        }
        let next = others
            .last()
            .map_or(0, |last| number(last).saturating_add(1));
        let path = folder.join(format!("{sort}{next:020}{end}"));
        if let Some(at) = is_open {
            // What was open about these two is proved now.
            file::replace(&path, &evidence.to_bytes())?;
            std::fs::remove_file(open.remove(at))?;
        } else {
            while !is_proof && open.len() >= OPEN_MAX {
                std::fs::remove_file(open.remove(0))?;
            }
            file::replace(&path, &evidence.to_bytes())?;
        }
        File::open(self.folder.join(EVIDENCE))?.sync_all()?;
        Ok(Some(path))
    }
}

/// A record, if it is one that the witness of this key has signed.
fn cosigned(bytes: Vec<u8>, own: &VerifierKey) -> Result<Cosigned, String> {
    let text = String::from_utf8(bytes).map_err(|error| error.to_string())?;
    let note = Note::parse(&text).map_err(|error| error.to_string())?;
    note.verify(std::slice::from_ref(own))
        .map_err(|error| format!("{error}: it is not by this witness's key"))?;
    let checkpoint = Checkpoint::of_any_log(note.text()).map_err(|error| error.to_string())?;
    Ok(Cosigned {
        checkpoint,
        note: text,
    })
}

/// The records in a witness's folder, each as it can be read; for who only looks.
pub(super) fn records(
    folder: &Path,
    own: &VerifierKey,
) -> std::io::Result<Vec<Result<Cosigned, String>>> {
    let files = files(&folder.join(CHECKPOINTS))?;
    let read = |path: &PathBuf| Ok(cosigned(std::fs::read(path)?, own));
    files.iter().map(read).collect()
}

/// The audits in a witness's folder; for who only looks.
pub(super) fn audits(folder: &Path) -> std::io::Result<Vec<Audit>> {
    let files = files(&folder.join(AUDIT))?;
    let read = |path: &PathBuf| Ok(serde_json::from_slice(&std::fs::read(path)?)?);
    files.iter().map(read).collect()
}

/// The evidence about a log in a witness's folder; for who only looks.
pub(super) fn evidence(folder: &Path, origin: &str) -> std::io::Result<Vec<PathBuf>> {
    files(&folder.join(EVIDENCE).join(name_of(origin).to_hex()))
}

/// The finished files of a folder by name; none, where there is no folder.
fn files(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        read => read?,
    };
    let mut paths = Vec::new();
    for entry in entries {
        let entry = entry?;
        if !is_temporary(&entry) {
            paths.push(entry.path());
        }
    }
    paths.sort();
    Ok(paths)
}

/// The files of one sort, oldest first: they are numbered, because clocks are coarse.
fn kept(folder: &Path, sort: &str) -> std::io::Result<Vec<PathBuf>> {
    let mut kept = files(folder)?;
    kept.retain(|path| name(path).starts_with(sort));
    Ok(kept)
}

fn name(path: &Path) -> &str {
    path.file_name()
        .and_then(|name| name.to_str())
        .unwrap_or_default()
}

fn ends_with(path: &Path, end: &str) -> bool {
    name(path).ends_with(end)
}

/// The number in the name of a file.
fn number(path: &Path) -> u64 {
    let number = name(path).split('-').nth(1);
    number.and_then(|number| number.parse().ok()).unwrap_or(0)
}

/// Which two checkpoints the evidence is about. Neither the proof that came with them counts, which anybody can vary, nor
/// the times of this witness's own lines.
fn checkpoints(evidence: &Evidence) -> Digest {
    let text =
        |note: &str| Note::parse(note).map_or_else(|_| note.to_owned(), |of| of.text().to_owned());
    let texts = [text(&evidence.first), text(&evidence.second)];
    Digest::sha256(&[texts[0].as_bytes(), texts[1].as_bytes()])
}

fn is_temporary(entry: &std::fs::DirEntry) -> bool {
    let name = entry.file_name();
    name.as_encoded_bytes().starts_with(TEMPORARY.as_bytes())
}

fn remove_unfinished(folder: &Path) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            remove_unfinished(&entry.path())?;
        } else if is_temporary(&entry) {
            match std::fs::remove_file(entry.path()) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
    }
    Ok(())
}
