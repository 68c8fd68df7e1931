//! Storage whose commits are counted and timed. Must never decide anything.

use super::lease::{Claim, Lease};
use super::storage::{Batch, Head, Numbers, Place, Storage, StorageError};
use crate::metrics::Writing;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use threadmark_protocol::body::Core;
use threadmark_protocol::digest::Digest;
use threadmark_protocol::index::Tally;
use threadmark_protocol::key::KeyId;
use threadmark_protocol::statement::{StatementId, Submission};
use threadmark_protocol::text::SubjectId;
use threadmark_protocol::world::World;

/// Another storage, measured.
pub struct Measured<S> {
    /// What does the work.
    pub storage: S,
    /// Where it is counted.
    pub writing: Writing,
    /// Time since some moment, by a clock that never goes back.
    pub elapsed: fn() -> Duration,
}

impl<S: Storage> Storage for Measured<S> {
    async fn take_lease(&self, claim: &Claim) -> Result<Option<i64>, StorageError> {
        self.storage.take_lease(claim).await
    }

    async fn raise_fence(&self, holder: &str, fence: i64) -> Result<Option<i64>, StorageError> {
        self.storage.raise_fence(holder, fence).await
    }

    async fn lease(&self) -> Result<Option<Lease>, StorageError> {
        self.storage.lease().await
    }

    async fn renew_lease(&self, fence: i64) -> Result<bool, StorageError> {
        self.storage.renew_lease(fence).await
    }

    async fn holds_lease(&self, fence: i64) -> Result<bool, StorageError> {
        self.storage.holds_lease(fence).await
    }

    async fn release_lease(&self, fence: i64) -> Result<(), StorageError> {
        self.storage.release_lease(fence).await
    }

    async fn head(&self) -> Result<Option<Head>, StorageError> {
        self.storage.head().await
    }

    async fn leaves(&self, from: u64) -> Result<Vec<Digest>, StorageError> {
        self.storage.leaves(from).await
    }

    async fn tallies(
        &self,
        from: u64,
        size: u64,
    ) -> Result<BTreeMap<SubjectId, Tally>, StorageError> {
        self.storage.tallies(from, size).await
    }

    async fn places(
        &self,
        ids: &[StatementId],
    ) -> Result<BTreeMap<StatementId, Place>, StorageError> {
        self.storage.places(ids).await
    }

    async fn world(&self, subjects: &BTreeSet<SubjectId>) -> Result<World, StorageError> {
        self.storage.world(subjects).await
    }

    async fn used(&self, numbers: &[(KeyId, u64)]) -> Result<Numbers, StorageError> {
        self.storage.used(numbers).await
    }

    async fn newest(&self, keys: &BTreeSet<KeyId>) -> Result<Numbers, StorageError> {
        self.storage.newest(keys).await
    }

    async fn entries(&self, from: u64, most: usize) -> Result<Vec<Submission>, StorageError> {
        self.storage.entries(from, most).await
    }

    async fn envelopes(&self, from: u64, most: usize) -> Result<Vec<Vec<u8>>, StorageError> {
        self.storage.envelopes(from, most).await
    }

    async fn tiles_published(&self) -> Result<u64, StorageError> {
        self.storage.tiles_published().await
    }

    async fn note_tiles_published(&self, size: u64) -> Result<(), StorageError> {
        self.storage.note_tiles_published(size).await
    }

    async fn commit(&self, batch: &Batch) -> Result<(), StorageError> {
        let started = (self.elapsed)();
        let done = self.storage.commit(batch).await;
        let took = (self.elapsed)().saturating_sub(started);
        self.writing.commit.observe(took.as_secs_f64());
        if done.is_err() {
            self.writing.failed.inc();
            return done;
        }
        let is_own = |core: &Core| matches!(core, Core::LogBatch(_));
        let cores = batch.entries.iter().map(|entry| &entry.body.core);
        let count = cores.filter(|core| !is_own(core)).count();
        self.writing.logged.inc_by(count as u64);
        self.writing.batch.observe(count as f64);
        done
    }
}
