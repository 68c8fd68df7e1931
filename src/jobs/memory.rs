//! What witnesses remember of this log, compared with what the database has.
//!
//! Owns the refusal to sign below it: a restored old backup, or an empty database under the old keys, must not fork
//! history. Must never refuse for witnesses that cannot be asked: a ship has none.

use super::wire::Wire;
use crate::ledger::storage::{Storage, StorageError};
use crate::ledger::witnesses::{Heard, Trouble, Witnesses, heard};
use crate::store::PgStore;
use std::sync::Arc;
use threadmark_protocol::checkpoint::Checkpoint;
use threadmark_protocol::note::{NoteSigner, VerifierKey};
use threadmark_protocol::tree::Tree;
use threadmark_protocol::witness::Request;
use threadmark_protocol::witness::policy::PolicyWitness;
use tokio::task::JoinSet;

/// What one witness remembers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Remembered {
    /// It never saw this log, or lost its memory.
    Nothing,
    /// It shows a checkpoint that the log's key has signed.
    Shown(Checkpoint),
    /// It says a size and shows nothing of that size.
    Said(u64),
}

/// Why the service must not sign.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum Forked {
    /// The witness shows more than the database has.
    #[error(
        "refusing to sign: witness {witness} shows a checkpoint of {remembered} entries that this log's key has signed, and \
         the database holds {held}. An old backup was restored, or the database was lost; signing now would make two \
         histories of one log, and every witness and client would notice. Choices: restore the newest database (a \
         replica, the write-ahead log, a later dump); or, if it is lost for good, let the governor tell the members, and \
         found a new log with a new key"
    )]
    Behind {
        /// The witness.
        witness: String,
        /// What it shows.
        remembered: u64,
        /// What the database holds.
        held: u64,
    },
    /// The witness shows another tree of a size that the database has, or that it never signed.
    #[error(
        "refusing to sign: witness {witness} shows a checkpoint of {size} entries that this log's key has signed, and the \
         database holds another history. Somebody has signed with a copy of keys.json, or signed again after an old \
         backup was restored. Stop every other service with these keys; restore the database whose history the \
         witnesses have, and tell the governor"
    )]
    Other {
        /// The witness.
        witness: String,
        /// The size.
        size: u64,
    },
    /// The witness says a larger size and shows nothing.
    #[error(
        "refusing to sign: witness {witness} says that it has cosigned {said} entries, and the database holds {held}. It \
         shows no such checkpoint, so it may be mistaken. Choices: restore the newest database; or, if you are sure that none \
         newer ever was, take the witness's URL out of the policy file"
    )]
    Claimed {
        /// The witness.
        witness: String,
        /// What it says.
        said: u64,
        /// What the database holds.
        held: u64,
    },
}

/// Why the check did not pass.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// The service must not sign.
    #[error(transparent)]
    Forked(#[from] Forked),
    /// The database fails.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Asks every witness what it remembers, all at the same time, and compares. Nothing is signed meanwhile; a witness that
/// knows nothing of this log may cosign its newest checkpoint. Who cannot be asked is told in the log of the service, and
/// asked again with every push.
///
/// # Errors
/// [`CheckError`].
pub async fn check(
    store: &PgStore,
    witnesses: &Arc<Witnesses>,
    log: &NoteSigner,
    now: i64,
) -> Result<(), CheckError> {
    let newest = store.head().await?.map(|head| head.note);
    let newest = newest.or_else(|| empty(log));
    let log = log.verifier();
    let mut asking = JoinSet::new();
    for (_, witness, url) in witnesses.asked() {
        let asked = Asked {
            wire: Wire::default(),
            witness: witness.clone(),
            url: url.to_owned(),
            log: log.clone(),
        };
        let newest = newest.clone();
        asking.spawn_blocking(move || {
            let remembered = asked.remembers(newest.as_deref(), now);
            (asked.witness, remembered)
        });
    }
    while let Some(asked) = asking.join_next().await {
        let Ok((witness, remembered)) = asked else {
            continue;
        };
        match remembered {
            Ok(remembered) => compare(store, &witness.name, &remembered).await?,
            Err(trouble) => tracing::warn!(
                witness = witness.name,
                %trouble,
                "starting without its memory: if an old backup was restored, it cannot tell"
            ),
        }
    }
    Ok(())
}

/// The checkpoint of a log without entries. Every history begins with it, so it asks and claims nothing.
fn empty(log: &NoteSigner) -> Option<String> {
    let checkpoint = Checkpoint {
        origin: log.verifier().name.clone(),
        size: 0,
        root: Tree::default().root(),
    };
    checkpoint.sign(log).ok()
}

/// A witness, and the log that it is asked about.
#[derive(Clone)]
pub struct Asked {
    /// Connections to it.
    pub wire: Wire,
    /// The witness, as the policy has it.
    pub witness: PolicyWitness,
    /// Its address.
    pub url: String,
    /// The log's key.
    pub log: VerifierKey,
}

impl Asked {
    /// What the witness remembers: what it shows, which may lag by an hour, or the larger size that it says when it is
    /// asked to cosign `newest`, at the time `now` (Unix seconds). Blocks.
    ///
    /// # Errors
    /// [`Trouble`]: it cannot be asked, or does not say.
    pub fn remembers(&self, newest: Option<&str>, now: i64) -> Result<Remembered, Trouble> {
        let shown = self.wire.shown(&self.url, &self.log);
        match (shown, self.says(newest, now)) {
            (Ok(shown), Ok(said)) => Ok(Remembered::of(shown, said)),
            (Ok(Some(shown)), Err(_)) => Ok(Remembered::Shown(shown)),
            (Err(_), Ok(said)) => Ok(Remembered::of(None, said)),
            (Err(trouble), _) | (_, Err(trouble)) => Err(trouble),
        }
    }

    /// The size that it has cosigned: asked to go on from 0, it names it. `None` when it knows nothing of this log.
    fn says(&self, newest: Option<&str>, now: i64) -> Result<Option<u64>, Trouble> {
        let request = newest.map(|note| Request::new(0, Vec::new(), note, &self.log));
        let Some(Ok(request)) = request else {
            return Ok(None);
        };
        let (status, body) = self.wire.add_checkpoint(&self.url, &request)?;
        // No size is beyond this log here: what is known of it is compared by the caller.
        match heard(&self.witness, &request, u64::MAX, (status, &body), now) {
            Heard::Cosigned(_) => Ok(None),
            Heard::Knows(size) => Ok(Some(size)),
            Heard::Trouble(trouble) => Err(trouble),
        }
    }
}

impl Remembered {
    /// The more of what a witness shows and what it says.
    pub fn of(shown: Option<Checkpoint>, said: Option<u64>) -> Remembered {
        match (shown, said) {
            (Some(shown), Some(said)) if said > shown.size => Remembered::Said(said),
            (Some(shown), _) => Remembered::Shown(shown),
            (None, Some(said)) => Remembered::Said(said),
            (None, None) => Remembered::Nothing,
        }
    }
}

/// Compares what a witness remembers with the database.
///
/// # Errors
/// [`CheckError`].
pub async fn compare(
    store: &PgStore,
    witness: &str,
    remembered: &Remembered,
) -> Result<(), CheckError> {
    // Read after the witness has spoken: another process may have written meanwhile.
    let held = store.head().await?.map_or(0, |head| head.size);
    let witness = witness.to_owned();
    let forked = match remembered {
        Remembered::Shown(of) if of.size > held => Forked::Behind {
            witness,
            remembered: of.size,
            held,
        },
        Remembered::Shown(of) if of.size > 0 && store.root_of(of.size).await? != Some(of.root) => {
            let size = of.size;
            Forked::Other { witness, size }
        }
        Remembered::Said(said) if *said > held => Forked::Claimed {
            witness,
            said: *said,
            held,
        },
        _ => return Ok(()),
    };
    Err(forked.into())
}
