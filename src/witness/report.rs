//! What a witness's folder tells: what was cosigned last of each log, what an audit refused and why, and what is held
//! against it.
//!
//! Only looks, also while the witness runs. Must never change a file.

use super::audit::Objection;
use super::folder::{self, Audit};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use threadmark_protocol::checkpoint::Checkpoint;
use threadmark_protocol::note::VerifierKey;

/// What is known of one log.
#[derive(Clone, Debug, Default)]
pub struct LogReport {
    /// The largest tree that was cosigned.
    pub cosigned: Option<Checkpoint>,
    /// Whether its entries are replayed before it is cosigned.
    pub is_audited: bool,
    /// Why it is not cosigned any more.
    pub objection: Option<Objection>,
    /// Files for `threadmark verify evidence`.
    pub evidence: Vec<PathBuf>,
}

/// The logs in the folder of the witness with this key, by origin, and what is wrong with records that cannot be read.
///
/// # Errors
/// The folder cannot be read.
pub fn read(
    folder: &Path,
    own: &VerifierKey,
) -> std::io::Result<(BTreeMap<String, LogReport>, Vec<String>)> {
    let mut logs: BTreeMap<String, LogReport> = BTreeMap::new();
    let mut damaged = Vec::new();
    for record in folder::records(folder, own)? {
        match record {
            Ok(of) => {
                let log = logs.entry(of.checkpoint.origin.clone()).or_default();
                log.cosigned = Some(of.checkpoint);
            }
            Err(why) => damaged.push(why),
        }
    }
    for Audit { origin, objection } in folder::audits(folder)? {
        let log = logs.entry(origin).or_default();
        (log.is_audited, log.objection) = (true, objection);
    }
    for (origin, log) in &mut logs {
        log.evidence = folder::evidence(folder, origin)?;
    }
    Ok((logs, damaged))
}
