//! A witness for any log (c2sp.org/tlog-witness v1): it remembers the largest tree of each log that it has cosigned, and
//! cosigns only what continues it. One that audits cosigns only what it has replayed, too.
//!
//! Owns the order of check, audit, record and answer. What is cosigned stands on the disk before anybody hears of it, and
//! between the look at the memory and the record nobody else has a turn. Must never know the service: no database, and of
//! what a log is about only what [`audit`] learns as any member does.

mod against;
pub mod audit;
mod error;
mod folder;
pub mod http;
pub mod report;

use against::of_log;
use audit::{Audited, Auditor, Verdict};
pub use error::{Failure, OpenError};
use folder::Folder;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};
use threadmark_protocol::checkpoint::{Checkpoint, Cosigner};
use threadmark_protocol::digest::Digest;
use threadmark_protocol::lifecycle::RULES_VERSION;
use threadmark_protocol::note::{KeyKind, VerifierKey};
use threadmark_protocol::witness::{Refusal, Request, RequestError};

/// What a witness is to watch.
#[derive(Default)]
pub struct Duty {
    /// Keys of logs; several keys of one name are one log's.
    pub logs: Vec<VerifierKey>,
    /// Homes of members, each of a log that is replayed before it is cosigned.
    pub audited: Vec<Audited>,
    /// Whether logs of which nothing is remembered are taken for new ones.
    pub may_be_new: bool,
}

/// A witness with its memory.
pub struct Witness {
    cosigner: Cosigner,
    /// By the SHA-256 of the origin.
    logs: BTreeMap<Digest, Log>,
    folder: Arc<Folder>,
    clock: fn() -> i64,
}

/// A log that is watched.
struct Log {
    keys: Vec<VerifierKey>,
    memory: Mutex<Memory>,
    auditor: Option<Auditor>,
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

/// Under which name a log's checkpoint is kept and served.
fn name_of(origin: &str) -> Digest {
    Digest::sha256(&[origin.as_bytes()])
}

impl Witness {
    /// Opens the memory in a folder, which nobody else may use meanwhile. A log is known by the name of its keys; several
    /// keys of one name are one log's. What the homes of audited logs have is replayed first.
    ///
    /// # Errors
    /// [`OpenError`]; a witness that cannot trust its memory does not start.
    pub fn open(
        folder: &Path,
        cosigner: Cosigner,
        duty: Duty,
        clock: fn() -> i64,
    ) -> Result<Witness, OpenError> {
        let has_audited = !folder::audits(folder)?.is_empty();
        let folder = Arc::new(Folder::open(folder)?);
        let mut logs = BTreeMap::new();
        for (origin, (keys, audited)) in by_origin(duty.logs, duty.audited)? {
            // A key whose word is that of an audit cosigns nothing else, whatever it is told later.
            if has_audited && audited.is_none() {
                return Err(OpenError::NotAudited(origin));
            }
            let known = folder.read(&origin, cosigner.verifier())?;
            if known.is_none() && !duty.may_be_new && !folder.is_new(&origin) {
                return Err(OpenError::Forgotten(origin));
            }
            if known.is_none() {
                folder.begin(&origin)?;
            }
            let log = Log {
                keys,
                memory: Mutex::new(Memory::Known(known)),
                auditor: audit_of(&folder, &origin, audited, clock)?,
            };
            logs.insert(name_of(&origin), log);
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
        if let Some(auditor) = &log.auditor {
            // Nothing is replayed for who is refused anyway, and nobody else waits for the replay.
            drop(self.judged(log, &request)?);
            self.audit(auditor, log, &request)?;
        }
        // Held until the record is on the disk: who comes next is compared with this one.
        let mut memory = self.judged(log, &request)?;
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

    /// The memory of the log, if the checkpoint continues it as the specification wants.
    fn judged<'a>(
        &self,
        log: &'a Log,
        request: &Request,
    ) -> Result<MutexGuard<'a, Memory>, Failure> {
        let memory = self.memory(log, &request.checkpoint().origin)?;
        let Memory::Known(last) = &*memory else {
            return Err(Failure::Storage("it is not known yet".to_owned()));
        };
        let known = last.as_ref().map(|last| &last.checkpoint);
        if let Err(refusal) = request.judge(&log.keys, known) {
            self.keep_refused(log, last.as_ref(), request, &refusal);
            return Err(refusal.into());
        }
        Ok(memory)
    }

    /// Whether every entry of the tree was replayed.
    fn audit(&self, auditor: &Auditor, log: &Log, request: &Request) -> Result<(), Failure> {
        let checkpoint = request.checkpoint();
        let note = of_log(request, &log.keys).map_err(RequestError::from)?;
        match auditor.ask(checkpoint, &note.to_string()) {
            Verdict::Good => Ok(()),
            Verdict::NotYet(why) => Err(Failure::NotYet(why)),
            Verdict::Objected(objection) => Err(Failure::Objected(Box::new(objection))),
            Verdict::OtherEntries(evidence) => {
                let examined = evidence.key().and_then(|key| evidence.examine(&key));
                if let Ok(finding) = examined {
                    self.keep(&checkpoint.origin, &evidence, &finding);
                }
                Err(Failure::OtherEntries)
            }
        }
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
}

/// The keys of each log, and the home that audits it.
type Watched = BTreeMap<String, (Vec<VerifierKey>, Option<Audited>)>;

fn by_origin(logs: Vec<VerifierKey>, audited: Vec<Audited>) -> Result<Watched, OpenError> {
    let mut watched = Watched::new();
    for key in logs {
        if key.kind != KeyKind::Ed25519 {
            return Err(OpenError::NotALog(key.to_string()));
        }
        let (keys, _) = watched.entry(key.name.clone()).or_default();
        keys.push(key);
    }
    for home in audited {
        let trust = home.home.trust();
        let key = trust.map_err(|source| {
            let origin = home.home.folder().display().to_string();
            OpenError::Home { origin, source }
        })?;
        let key = key.checkpoint_key;
        // The home's log has this key alone: others were not replayed.
        watched.insert(key.name.clone(), (vec![key], Some(home)));
    }
    match watched.is_empty() {
        true => Err(OpenError::NoLog),
        false => Ok(watched),
    }
}

/// The auditor of a log, if there is to be one. Who began to audit goes on.
fn audit_of(
    folder: &Arc<Folder>,
    origin: &str,
    audited: Option<Audited>,
    clock: fn() -> i64,
) -> Result<Option<Auditor>, OpenError> {
    let promised = folder.audit(origin)?;
    let Some(audited) = audited else {
        return match promised {
            Some(_) => Err(OpenError::NotAudited(origin.to_owned())),
            None => Ok(None),
        };
    };
    if promised.is_none() {
        folder.promise_audit(origin)?;
    }
    let known = promised.and_then(|audit| audit.objection);
    // What an older program did not understand is looked at again.
    let known = known.filter(|of| of.rules_version >= RULES_VERSION);
    let started = Auditor::start(audited, known, folder.clone(), clock);
    let home = |source| OpenError::Home {
        origin: origin.to_owned(),
        source,
    };
    started.map(Some).map_err(home)
}

#[cfg(test)]
mod tests;
