//! The home: a folder that one credential lives in, shared by the agent and the command line.
//!
//! Owns which files there are and what each promises:
//!
//! | file | what it holds | when it is lost |
//! |---|---|---|
//! | `identity.json` | the secret keys, readable by their owner alone | a new key must be enrolled |
//! | `genesis.cbor`, `service.json` | what is trusted, and where the service is | `join` again |
//! | `journal.cbor` | every statement signed here, synced before it is acted upon | do not sign with this key any more |
//! | `imported.cbor` | statements of others, brought as files | import again |
//! | `replica.cbor` | verified pages of the log | synchronise again |
//! | `highest.json` | the largest checkpoint ever verified | a shorter history would be believed |
//! | `delivered.json` | what the service said of own statements | they are sent again; nothing doubles |
//! | `artifacts/` | sealed files, named by their SHA3-256 | fetched again |
//!
//! Must never know printers or transports.

mod artifacts;
mod delivered;
mod error;
pub mod file;
mod identity;
mod knowledge;
mod pages;
mod signing;
mod witnessed;

pub use delivered::{Delivered, Outcome};
pub use error::HomeError;
pub use identity::Identity;
pub use knowledge::View;
pub use pages::PAGE_BYTES_MAX;
pub use signing::{Draft, Writer};

use crate::system::Entropy;
use error::At;
use file::FileJournal;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;
use threadmark_protocol::body::governance::{Holder, KeyCard};
use threadmark_protocol::digest::Digest;
use threadmark_protocol::genesis::{Genesis, Trust};
use threadmark_protocol::text::{ActorId, OrgId};

const IDENTITY: &str = "identity.json";
const GENESIS: &str = "genesis.cbor";
const SERVICE: &str = "service.json";
const JOURNAL: &str = "journal.cbor";
const LOCK: &str = "lock";

/// A folder with a credential.
#[derive(Debug)]
pub struct Home {
    folder: PathBuf,
    identity: Identity,
}

/// `service.json`.
#[derive(Serialize, Deserialize)]
struct Service {
    url: String,
}

impl Home {
    /// Makes the folder, new keys and an empty journal. Never overwrites a credential.
    ///
    /// The identity is written last: a crash before leaves a folder that is no home yet, and making it again works.
    pub fn create(
        folder: &Path,
        org: OrgId,
        actor: ActorId,
        holder: Holder,
        entropy: &mut dyn Entropy,
    ) -> Result<Home, HomeError> {
        make_private_folder(folder).at(folder)?;
        if folder.join(IDENTITY).exists() {
            return Err(HomeError::Exists(folder.to_owned()));
        }
        let _lock = lock(folder)?;
        let journal = folder.join(JOURNAL);
        match FileJournal::create(&journal) {
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
                // Left by a crash, and empty, or somebody's statements: those are never adopted.
                let bytes = std::fs::read(&journal).at(&journal)?;
                if !bytes.is_empty() {
                    return Err(HomeError::Exists(folder.to_owned()));
                }
            }
            made => drop(made.at(&journal)?),
        }
        let identity = Identity::new(org, actor, holder, entropy).map_err(HomeError::Entropy)?;
        let path = folder.join(IDENTITY);
        file::replace(&path, &identity.to_bytes()).at(&path)?;
        Ok(Home {
            folder: folder.to_owned(),
            identity,
        })
    }

    /// Opens a folder that [`Home::create`] made.
    pub fn open(folder: &Path) -> Result<Home, HomeError> {
        let path = folder.join(IDENTITY);
        let bytes = file::read_if_there(&path)
            .at(&path)?
            .map(zeroize::Zeroizing::new)
            .ok_or_else(|| HomeError::NotAHome(folder.to_owned()))?;
        let identity = Identity::parse(&bytes).map_err(|_| HomeError::IdentityDamaged(path))?;
        Ok(Home {
            folder: folder.to_owned(),
            identity,
        })
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Who signs here.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// What an administrator needs to enrol the key.
    pub fn card(&self) -> KeyCard {
        self.identity.card()
    }

    /// Pins a log by its genesis, and says where its service is. Joining the same log again changes the address.
    pub fn join(
        &self,
        genesis: &[u8],
        url: &str,
        expected: Option<Digest>,
    ) -> Result<Trust, HomeError> {
        let trust = Genesis::parse(genesis)?.trust()?;
        let found = trust.fingerprint();
        let pinned = match self.trust() {
            Ok(known) => Some(known.fingerprint()),
            Err(HomeError::NotJoined) => expected,
            Err(error) => return Err(error),
        };
        for pinned in pinned.into_iter().chain(expected) {
            if pinned != found {
                return Err(HomeError::OtherLog { pinned, found });
            }
        }
        let _lock = lock(&self.folder)?;
        self.write(GENESIS, genesis)?;
        self.set_service(url)?;
        Ok(trust)
    }

    fn set_service(&self, url: &str) -> Result<(), HomeError> {
        let url = url.trim_end_matches('/').to_owned();
        let bytes = serde_json::to_vec(&Service { url }).unwrap_or_default();
        self.write(SERVICE, &bytes)
    }

    /// What is trusted from the start.
    pub fn trust(&self) -> Result<Trust, HomeError> {
        let bytes = self.read(GENESIS)?.ok_or(HomeError::NotJoined)?;
        Ok(Genesis::parse(&bytes)?.trust()?)
    }

    /// Address of the service.
    pub fn service(&self) -> Result<String, HomeError> {
        let bytes = self.read(SERVICE)?.ok_or(HomeError::NotJoined)?;
        let service: Service = serde_json::from_slice(&bytes).map_err(|_| HomeError::NotJoined)?;
        Ok(service.url)
    }

    /// The key that session assertions are signed with.
    pub(crate) fn session_signer(&self) -> &threadmark_protocol::key::Signer {
        &self.identity.session
    }

    /// The key that opens what is sealed to this holder.
    pub fn recipient(&self) -> &age::x25519::Identity {
        &self.identity.recipient
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn read(&self, name: &str) -> Result<Option<Vec<u8>>, HomeError> {
        let path = self.path(name);
        file::read_if_there(&path).at(&path)
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Result<(), HomeError> {
        let path = self.path(name);
        file::replace(&path, bytes).at(&path)
    }
}

/// How often, and how far apart, a lock is tried that somebody holds: one second in all.
const LOCK_TRIES: u32 = 20;
const LOCK_PAUSE: Duration = Duration::from_millis(50);

/// Held as long as the file is open; the system lets go of it when the process ends, however it ends.
fn lock(folder: &Path) -> Result<File, HomeError> {
    let path = folder.join(LOCK);
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .at(&path)?;
    // Whoever ends, or has just started a process that still holds what it inherited, needs a moment.
    for _ in 0..LOCK_TRIES {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(std::fs::TryLockError::WouldBlock) => std::thread::sleep(LOCK_PAUSE),
            Err(std::fs::TryLockError::Error(error)) => return Err(error).at(&path),
        }
    }
    Err(HomeError::Busy(folder.to_owned()))
}

fn make_private_folder(folder: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

#[cfg(test)]
mod tests;
