//! What a witness remembers, on the disk: a folder with one file a log, and the evidence.
//!
//! Owns the names of the files, the lock, and how they survive a crash. Must never decide what is cosigned.

use super::{Cosigned, OpenError, name_of};
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
/// Refused trees that prove nothing yet: anybody can make these with a public checkpoint and a proof that fails.
const OPEN_MAX: usize = 16;
/// How temporary files begin; no record's name does.
const TEMPORARY: &str = ".tmp";

/// The folder, while this process has it.
pub struct Folder {
    folder: PathBuf,
    _lock: File,
}

impl Folder {
    /// Takes the folder, makes what is missing, and removes what a process that was killed had begun to write.
    pub fn open(folder: &Path) -> Result<Folder, OpenError> {
        std::fs::create_dir_all(folder.join("checkpoints"))?;
        std::fs::create_dir_all(folder.join("evidence"))?;
        let lock = File::create(folder.join("lock"))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(OpenError::Locked(folder.display().to_string()));
            }
            Err(TryLockError::Error(error)) => return Err(error.into()),
        }
        for name in ["checkpoints", "evidence"] {
            remove_unfinished(&folder.join(name))?;
        }
        // The names of the folders themselves outlive a loss of power.
        File::open(folder)?.sync_all()?;
        Ok(Folder {
            folder: folder.to_owned(),
            _lock: lock,
        })
    }

    fn path(&self, origin: &str) -> PathBuf {
        self.folder
            .join("checkpoints")
            .join(name_of(origin).to_hex())
    }

    /// What was cosigned last of a log. The record must be one that this witness has signed.
    pub fn read(&self, origin: &str, own: &VerifierKey) -> Result<Option<Cosigned>, OpenError> {
        let path = self.path(origin);
        let Some(bytes) = file::read_if_there(&path)? else {
            return Ok(None);
        };
        let damaged = |why: String| OpenError::Damaged {
            origin: origin.to_owned(),
            path: path.display().to_string(),
            why,
        };
        let text = String::from_utf8(bytes).map_err(|error| damaged(error.to_string()))?;
        let note = Note::parse(&text).map_err(|error| damaged(error.to_string()))?;
        note.verify(std::slice::from_ref(own))
            .map_err(|error| damaged(format!("{error}: it is not by this witness's key")))?;
        let checkpoint =
            Checkpoint::of_any_log(note.text()).map_err(|error| damaged(error.to_string()))?;
        if checkpoint.origin != origin {
            return Err(damaged(format!("it is of {}", checkpoint.origin)));
        }
        Ok(Some(Cosigned {
            checkpoint,
            note: text,
        }))
    }

    /// Puts a record in the place of the one before, durably.
    pub fn write(&self, origin: &str, note: &str) -> std::io::Result<()> {
        file::replace(&self.path(origin), note.as_bytes())
    }

    /// Keeps evidence, once and within bounds; the file, if it is new.
    pub fn keep(
        &self,
        origin: &str,
        evidence: &Evidence,
        is_proof: bool,
    ) -> std::io::Result<Option<PathBuf>> {
        let folder = self.folder.join("evidence").join(name_of(origin).to_hex());
        std::fs::create_dir_all(&folder)?;
        let (sort, most) = if is_proof {
            ("proof-", PROOFS_MAX)
        } else {
            ("open-", OPEN_MAX)
        };
        let path = folder.join(format!("{sort}{}.json", digest(evidence).to_hex()));
        if path.exists() {
            return Ok(None);
        }
        let mut count = 0;
        for entry in std::fs::read_dir(&folder)? {
            let name = entry?.file_name();
            count += usize::from(name.as_encoded_bytes().starts_with(sort.as_bytes()));
        }
        if count >= most {
            return Ok(None);
        }
        file::replace(&path, &evidence.to_bytes())?;
        File::open(self.folder.join("evidence"))?.sync_all()?;
        Ok(Some(path))
    }
}

/// What the evidence is about. The times of this witness's own lines are not: they change with every cosignature.
fn digest(evidence: &Evidence) -> Digest {
    let text =
        |note: &str| Note::parse(note).map_or_else(|_| note.to_owned(), |of| of.text().to_owned());
    let texts = [text(&evidence.first), text(&evidence.second)];
    let mut parts: Vec<&[u8]> = texts.iter().map(|text| text.as_bytes()).collect();
    parts.extend(evidence.proof.iter().map(|hash| &hash.0[..]));
    Digest::sha256(&parts)
}

fn remove_unfinished(folder: &Path) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            remove_unfinished(&entry.path())?;
        } else if entry
            .file_name()
            .as_encoded_bytes()
            .starts_with(TEMPORARY.as_bytes())
        {
            match std::fs::remove_file(entry.path()) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
    }
    Ok(())
}
