//! Publishing: the committed log as files (c2sp.org/tlog-tiles), for everybody who would rather not ask us.
//!
//! Owns which files there are and how they come to be, at work, after a crash and made anew: [`Tiles::publish`] alone
//! writes them. Only what is full is stored, because it never changes; a partial tile is the beginning of the full one,
//! or made from the committed log. It works behind the writer and is never waited for. Must never know HTTP or SQL.
//!
//! The steps, and what a crash in each leaves behind:
//! 1. find what the committed size has full and the noted one has not: **nothing**;
//! 2. put each file, bundle before hashes, rows from below: **some of the files, whole**; a store renames into place, and
//!    what it had begun beside is swept away by the next start. Until then the files are made when they are asked for;
//! 3. note the size: **all of the files**, and an older note: they are put again, the same bytes.
//!
//! So the next start needs no step of its own: it goes on from the note.

use super::storage::{Storage, StorageError};
use super::{Ledger, LedgerError, Published};
use bytes::Bytes;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt as _};
use std::convert::Infallible;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use threadmark_protocol::tile::{self, Row, TILE_WIDTH, Tile};
use threadmark_protocol::tree::{Tree, leaf_hash};

/// Between two looks at the committed size, and after a failure.
const LOOK: Duration = Duration::from_secs(1);

/// Entries whose files are put between two notes.
const NOTE_ENTRIES: u64 = 64 * TILE_WIDTH;

/// Entries read at a time when the tree is made from storage.
const READ_ENTRIES: usize = 4096;

/// The published log.
pub struct Tiles<S> {
    storage: S,
    files: Arc<dyn ObjectStore>,
    log: Arc<RwLock<Published>>,
}

/// Where a tile stands in the store.
pub fn place(tile: Tile) -> Path {
    Path::from(format!("log/{tile}"))
}

impl<S: Storage> Tiles<S> {
    /// The tiles of a log at work.
    pub fn of(ledger: &Ledger, storage: S, files: Arc<dyn ObjectStore>) -> Tiles<S> {
        let log = ledger.published.clone();
        Tiles {
            storage,
            files,
            log,
        }
    }

    /// The tiles of what is committed, for who has no log at work.
    ///
    /// # Errors
    /// Storage fails, or its entries do not lead to its checkpoint: then nothing may be published.
    pub async fn load(storage: S, files: Arc<dyn ObjectStore>) -> Result<Tiles<S>, LedgerError> {
        let head = storage.head().await?;
        let size = head.as_ref().map_or(0, |head| head.size);
        let mut tree = Tree::default();
        while tree.size() < size {
            let envelopes = storage.envelopes(tree.size(), READ_ENTRIES).await?;
            if envelopes.is_empty() {
                break;
            }
            envelopes.iter().for_each(|one| tree.push(leaf_hash(one)));
        }
        // A service beside this may have gone on.
        tree.truncate(size);
        if tree.size() != size || head.as_ref().is_some_and(|head| head.root != tree.root()) {
            let what = format!(
                "{} entries do not lead to the checkpoint of size {size}",
                tree.size()
            );
            return Err(LedgerError::Diverged(what));
        }
        let log = Arc::new(RwLock::new(Published {
            tree,
            head,
            ..Published::default()
        }));
        Ok(Tiles {
            storage,
            files,
            log,
        })
    }

    /// Committed entries.
    pub fn size(&self) -> u64 {
        self.log(|log| log.tree.size())
    }

    fn log<T>(&self, read: impl FnOnce(&Published) -> T) -> T {
        // Whoever panicked with it has left whole batches.
        read(&self.log.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The bytes of a tile; `None` when the log has it not.
    ///
    /// # Errors
    /// Storage fails. What the files fail at, is made from the committed log instead.
    pub async fn read(&self, tile: Tile) -> Result<Option<Bytes>, StorageError> {
        let size = self.size();
        if !tile.is_within(size) {
            return Ok(None);
        }
        if tile.whole().is_within(size) {
            match stored(self.files.as_ref(), tile.whole()).await {
                Ok(Some(whole)) => match tile.within(&whole) {
                    Some(bytes) => return Ok(Some(whole.slice_ref(bytes))),
                    None => tracing::error!(%tile, "its file is too short; run `threadmark audit`"),
                },
                Ok(None) => {}
                Err(error) => tracing::warn!(%tile, %error, "its file cannot be read"),
            }
        }
        self.make(tile).await
    }

    async fn make(&self, tile: Tile) -> Result<Option<Bytes>, StorageError> {
        match tile.row() {
            Row::Hashes(_) => Ok(self.log(|log| tile.hashes(&log.tree)).map(Bytes::from)),
            Row::Entries => bundle(&self.storage, tile).await,
        }
    }

    /// Puts every file that is full at the committed size and was not at `done`, and raises `done` with what is put.
    /// `progress` is told how many entries are done, of how many.
    ///
    /// # Errors
    /// Storage or the store of files fails; `done` says what is good.
    pub async fn publish(
        &self,
        done: &mut u64,
        mut progress: impl FnMut(u64, u64),
    ) -> Result<(), StorageError> {
        let full = self.size() / TILE_WIDTH * TILE_WIDTH;
        while *done < full {
            let end = full.min(*done + NOTE_ENTRIES);
            for tile in tile::completed(*done, end) {
                let bytes = self.make(tile).await?;
                let bytes = bytes.ok_or_else(|| missing(tile))?;
                let put = self.files.put(&place(tile), bytes.into()).await;
                put.map_err(unavailable)?;
            }
            self.storage.note_tiles_published(end).await?;
            *done = end;
            progress(end, full);
        }
        Ok(())
    }

    /// Publishes what is committed, as long as the process lives. What fails is tried again.
    pub async fn keep_publishing(&self) -> Infallible {
        let mut done = None;
        loop {
            if let Err(error) = self.go_on(&mut done).await {
                tracing::warn!(%error, "publishing tiles; it is tried again");
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    async fn go_on(&self, done: &mut Option<u64>) -> Result<(), StorageError> {
        let from = match done {
            Some(done) => done,
            None => done.insert(self.storage.tiles_published().await?),
        };
        self.publish(from, |_, _| {}).await
    }
}

/// Compares what is published with what is committed, before this process signs anything: a database that went back to
/// an old backup is smaller than its own tiles, or other than they are.
///
/// # Errors
/// [`LedgerError::Diverged`]: signing could fork history.
pub async fn check<S: Storage>(storage: &S, files: &dyn ObjectStore) -> Result<(), LedgerError> {
    let size = size_of(storage).await?;
    let beyond = Tile::full(Row::Hashes(0), size / TILE_WIDTH);
    // Another process may have gone on since.
    if stored(files, beyond).await?.is_some() && !beyond.is_within(size_of(storage).await?) {
        let what = format!(
            "the database has {size} entries, and {beyond} is published already: it has lost some"
        );
        return Err(LedgerError::Diverged(what));
    }
    let Some(index) = (size / TILE_WIDTH).checked_sub(1) else {
        return Ok(());
    };
    let newest = Tile::full(Row::Hashes(0), index);
    let Some(published) = stored(files, newest).await? else {
        return Ok(());
    };
    let envelopes = storage
        .envelopes(index * TILE_WIDTH, TILE_WIDTH as usize)
        .await?;
    let hashes: Vec<u8> = envelopes.iter().flat_map(|one| leaf_hash(one).0).collect();
    if published == hashes {
        return Ok(());
    }
    let what = format!("{newest} as it is published holds other entries than the database");
    Err(LedgerError::Diverged(what))
}

async fn size_of<S: Storage>(storage: &S) -> Result<u64, StorageError> {
    Ok(storage.head().await?.map_or(0, |head| head.size))
}

/// A bundle made from the entries; `None` when they are not all there.
pub async fn bundle<S: Storage>(storage: &S, tile: Tile) -> Result<Option<Bytes>, StorageError> {
    let Some(first) = tile.first() else {
        return Ok(None);
    };
    let envelopes = storage.envelopes(first, tile.width() as usize).await?;
    if (envelopes.len() as u64) < tile.width() {
        return Ok(None);
    }
    let bytes = tile::bundle(envelopes.iter().map(Vec::as_slice));
    let bytes = bytes.map_err(|error| StorageError::Inconsistent(format!("{tile}: {error}")))?;
    Ok(Some(bytes.into()))
}

/// A tile's file, if there is one.
///
/// # Errors
/// The store of files fails.
pub async fn stored(files: &dyn ObjectStore, tile: Tile) -> Result<Option<Bytes>, StorageError> {
    let found = async { files.get(&place(tile)).await?.bytes().await };
    match found.await {
        Ok(bytes) => Ok(Some(bytes)),
        Err(object_store::Error::NotFound { .. }) => Ok(None),
        Err(error) => Err(unavailable(error)),
    }
}

/// A failure of the store of files.
pub fn unavailable(error: object_store::Error) -> StorageError {
    StorageError::Unavailable(error.to_string())
}

fn missing(tile: Tile) -> StorageError {
    StorageError::Inconsistent(format!("entries of {tile} are missing"))
}
