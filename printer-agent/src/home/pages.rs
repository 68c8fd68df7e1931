//! The verified pages of the log, and the largest checkpoint ever verified.
//!
//! Owns `replica.cbor` and `highest.json`. A page is verified before it is stored and again when it is loaded: what
//! stands on the disk is trusted no more than the network. Must never know where pages come from.

use super::{Home, HomeError, error::At, file, file::FileJournal, lock};
use serde::{Deserialize, Serialize};
use threadmark_protocol::body::Seen;
use threadmark_protocol::bundle::{Page, Replica, ReplicaError};
use threadmark_protocol::checkpoint;
use threadmark_protocol::digest::Digest;
use threadmark_protocol::genesis::Trust;
use threadmark_protocol::journal::Durable;

const REPLICA: &str = "replica.cbor";
const HIGHEST: &str = "highest.json";

/// Largest page: what 4,096 entries of a usual size need, many times over.
pub const PAGE_BYTES_MAX: usize = 256 << 20;

/// `highest.json`.
#[derive(Serialize, Deserialize)]
struct Wire {
    checkpoint: String,
    own_seq: Option<u64>,
}

/// What was verified once and must never be fallen short of.
#[derive(Debug, Default)]
pub(super) struct Highest {
    pub seen: Option<Seen>,
    /// Number of the newest own statement in the log.
    pub own_seq: Option<u64>,
}

impl Home {
    /// Replays the stored pages. Every signature of every statement, every rule, and the log's own signature over the
    /// whole are verified while doing so.
    pub fn replica(&self) -> Result<Replica, HomeError> {
        let replica = self.replica_to_extend()?;
        let seen = self
            .highest(replica.trust())?
            .seen
            .map_or(0, |seen| seen.size);
        if replica.size() < seen {
            let have = replica.size();
            return Err(HomeError::ReplicaBehind { have, seen });
        }
        Ok(replica)
    }

    /// The same for whoever is about to synchronise: less than was known before is no error yet.
    pub fn replica_to_extend(&self) -> Result<Replica, HomeError> {
        let trust = self.trust()?;
        let highest = self.highest(&trust)?;
        let mut replica = Replica::new(trust);
        self.each_page(|page| {
            let size = replica.size();
            let extended = replica.extend(page);
            extended.map_err(|source| HomeError::Replica { size, source })?;
            Ok(())
        })?;
        highest.must_stand_in(&replica)?;
        Ok(replica)
    }

    /// Visits the stored pages from the first on. They are as they stand on the disk: [`Home::replica`] verifies them.
    pub fn each_page(
        &self,
        mut visit: impl FnMut(&Page) -> Result<(), HomeError>,
    ) -> Result<(), HomeError> {
        let bytes = self.read(REPLICA)?.unwrap_or_default();
        let (mut rest, mut size) = (&bytes[..], 0);
        while let Some(frame) = next_frame(&mut rest) {
            let page = frame.ok_or(HomeError::ReplicaDamaged { size })?;
            let page = Page::parse(page).map_err(|_| HomeError::ReplicaDamaged { size })?;
            visit(&page)?;
            size = page.from.saturating_add(page.entries.len() as u64);
        }
        Ok(())
    }

    /// Takes a page: verifies it against `replica`, then stores it.
    ///
    /// A crash after the append leaves the page known and the largest checkpoint one page older, which the next page
    /// makes good; a crash in the append leaves a cut-off page, which is dropped and fetched again.
    pub fn extend(&self, replica: &mut Replica, page: &Page) -> Result<(), HomeError> {
        let size = replica.size();
        let highest = self.highest(replica.trust())?;
        let extended = replica.extend_if(page, |next| {
            self.store(next, size, page, &highest).map_err(Failed::Home)
        });
        match extended {
            Ok(_) => Ok(()),
            Err(Failed::Home(error)) => Err(error),
            Err(Failed::Replica(source)) => Err(HomeError::Replica { size, source }),
        }
    }

    /// The largest checkpoint that was ever verified here, as the log signed it.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn highest_checkpoint(&self) -> Result<Option<String>, HomeError> {
        let path = self.path(HIGHEST);
        let Some(bytes) = file::read_if_there(&path).at(&path)? else {
            return Ok(None);
        };
        let wire: Wire = serde_json::from_slice(&bytes).map_err(|_| HomeError::HighestDamaged)?;
        Ok(Some(wire.checkpoint))
    }

    /// Stores a page that ends with `next` and begins at `size`.
    pub(super) fn store(
        &self,
        next: &Replica,
        size: u64,
        page: &Page,
        highest: &Highest,
    ) -> Result<(), HomeError> {
        highest.must_stand_in(next)?;
        let _lock = lock(self.folder())?;
        let (mut file, end) = self.append_page(size, &page.to_bytes())?;
        if highest
            .seen
            .as_ref()
            .is_none_or(|seen| seen.size < next.size())
        {
            let wire = Wire {
                checkpoint: page.checkpoint.clone(),
                own_seq: self.newest_own(next),
            };
            let bytes = serde_json::to_vec(&wire).unwrap_or_default();
            if let Err(error) = self.write(HIGHEST, &bytes) {
                // It will be fetched again, and must not stand there twice.
                file.truncate(end).at(&self.path(REPLICA))?;
                return Err(error);
            }
        }
        Ok(())
    }

    /// Lets go of the stored pages, so that they are fetched anew. What was verified once stays known.
    pub fn forget_replica(&self) -> Result<(), HomeError> {
        let _lock = lock(self.folder())?;
        self.write(REPLICA, &[])
    }

    /// Appends a page; the file, and where the page begins in it.
    fn append_page(&self, size: u64, page: &[u8]) -> Result<(FileJournal, u64), HomeError> {
        let path = self.path(REPLICA);
        let mut file = match FileJournal::open(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                FileJournal::create(&path)
            }
            opened => opened,
        }
        .at(&path)?;
        let stored = file.read().at(&path)?;
        let mut rest = &stored[..];
        let mut end = 0;
        while let Some(frame) = next_frame(&mut rest) {
            end += frame.ok_or(HomeError::ReplicaDamaged { size })?.len() as u64 + 36;
        }
        if end < stored.len() as u64 {
            file.truncate(end).at(&path)?;
        }
        let mut framed = (page.len() as u32).to_be_bytes().to_vec();
        framed.extend(page);
        framed.extend(Digest::sha256(&[&framed]).0);
        file.append(&framed).at(&path)?;
        Ok((file, end))
    }

    fn newest_own(&self, replica: &Replica) -> Option<u64> {
        let kid = self.identity().key_id();
        let own = (kid, 0)..=(kid, u64::MAX);
        let newest = replica.world().sequences.range(own).next_back();
        newest.map(|((_, seq), _)| *seq)
    }

    /// The largest checkpoint, whose signature is verified again.
    pub(super) fn highest(&self, trust: &Trust) -> Result<Highest, HomeError> {
        let path = self.path(HIGHEST);
        let Some(bytes) = file::read_if_there(&path).at(&path)? else {
            return Ok(Highest::default());
        };
        let wire: Wire = serde_json::from_slice(&bytes).map_err(|_| HomeError::HighestDamaged)?;
        let signed = checkpoint::open(&wire.checkpoint, &trust.checkpoint_key)
            .map_err(|_| HomeError::HighestDamaged)?;
        let checkpoint = signed.checkpoint();
        Ok(Highest {
            seen: Some(Seen {
                size: checkpoint.size,
                root: checkpoint.root,
            }),
            own_seq: wire.own_seq,
        })
    }
}

/// Why a page is not taken.
enum Failed {
    /// It does not verify.
    Replica(ReplicaError),
    /// It cannot be stored, or contradicts what was known before.
    Home(HomeError),
}

impl From<ReplicaError> for Failed {
    fn from(error: ReplicaError) -> Failed {
        Failed::Replica(error)
    }
}

impl Highest {
    /// A history that has grown past the largest checkpoint must contain it.
    fn must_stand_in(&self, replica: &Replica) -> Result<(), HomeError> {
        match &self.seen {
            Some(seen) if replica.size() >= seen.size => {
                let same = replica.tree().root_at(seen.size) == Some(seen.root);
                same.then_some(()).ok_or(HomeError::SplitView(seen.size))
            }
            _ => Ok(()),
        }
    }
}

/// The next record: length, page, SHA-256 of both. `None` at the end, where a crash may have cut one off;
/// `Some(None)` where the bytes are not what was written.
fn next_frame<'a>(rest: &mut &'a [u8]) -> Option<Option<&'a [u8]>> {
    let head: &[u8; 4] = rest.first_chunk()?;
    let length = u32::from_be_bytes(*head) as usize;
    if length > PAGE_BYTES_MAX {
        return Some(None);
    }
    let frame = rest.get(..length + 36)?;
    let (framed, check) = frame.split_at(length + 4);
    if Digest::sha256(&[framed]).0 != check {
        // The last record may have its length and not yet its content.
        return (frame.len() < rest.len()).then_some(None);
    }
    *rest = &rest[frame.len()..];
    Some(Some(&framed[4..]))
}
