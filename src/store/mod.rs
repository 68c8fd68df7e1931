//! Storage: everything that is SQL.
//!
//! Owns the database, its constraints' meaning, and the answers to `ledger::Storage`. Must never know HTTP, nor
//! decide a rule. One file a resource.

pub mod below;
pub mod bundle;
pub mod capture;
pub mod catalogue;
pub mod checkpoint;
pub mod cluster;
pub mod commit;
pub mod cosignature;
pub mod entry;
pub mod lease;
pub mod mention;
pub mod notice;
pub mod open;
pub mod part;
pub mod rebuild;
pub mod session;
pub mod sighting;
pub mod snapshot;
pub mod standing;
pub mod states;
pub mod tiles;
pub mod world;

use crate::ledger::lease::{Claim, Lease};
use crate::ledger::storage::{Batch, Head, Numbers, Place, Storage, StorageError};
pub use open::OpenError;
use sqlx::PgPool;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use threadmark_protocol::digest::Digest;
use threadmark_protocol::index::Tally;
use threadmark_protocol::key::KeyId;
use threadmark_protocol::statement::{StatementId, Submission};
use threadmark_protocol::text::SubjectId;
use threadmark_protocol::world::World;

/// PostgreSQL.
#[derive(Clone)]
pub struct PgStore {
    pool: PgPool,
    parts: Arc<part::Parts>,
    states: Arc<states::States>,
}

impl PgStore {
    /// Connections at work, and those that are open and free.
    pub fn pool_use(&self) -> (usize, usize) {
        let idle = self.pool.num_idle();
        ((self.pool.size() as usize).saturating_sub(idle), idle)
    }
}

impl Storage for PgStore {
    async fn take_lease(&self, claim: &Claim) -> Result<Option<i64>, StorageError> {
        lease::take(&self.pool, claim).await
    }

    async fn raise_fence(&self, holder: &str, fence: i64) -> Result<Option<i64>, StorageError> {
        lease::raise_fence(&self.pool, holder, fence).await
    }

    async fn lease(&self) -> Result<Option<Lease>, StorageError> {
        lease::current(&self.pool).await
    }

    async fn renew_lease(&self, fence: i64) -> Result<bool, StorageError> {
        lease::renew(&self.pool, fence).await
    }

    async fn holds_lease(&self, fence: i64) -> Result<bool, StorageError> {
        lease::holds(&self.pool, fence).await
    }

    async fn release_lease(&self, fence: i64) -> Result<(), StorageError> {
        lease::release(&self.pool, fence).await
    }

    async fn head(&self) -> Result<Option<Head>, StorageError> {
        entry::head(&self.pool).await
    }

    async fn leaves(&self, from: u64) -> Result<Vec<Digest>, StorageError> {
        entry::leaves(&self.pool, from).await
    }

    async fn tallies(
        &self,
        from: u64,
        size: u64,
    ) -> Result<BTreeMap<SubjectId, Tally>, StorageError> {
        mention::tallies(&self.pool, from, size).await
    }

    async fn places(
        &self,
        ids: &[StatementId],
    ) -> Result<BTreeMap<StatementId, Place>, StorageError> {
        entry::places(&self.pool, ids).await
    }

    async fn world(&self, subjects: &BTreeSet<SubjectId>) -> Result<World, StorageError> {
        world::load(&self.pool, subjects).await
    }

    async fn used(&self, numbers: &[(KeyId, u64)]) -> Result<Numbers, StorageError> {
        entry::used(&self.pool, numbers).await
    }

    async fn newest(&self, keys: &BTreeSet<KeyId>) -> Result<Numbers, StorageError> {
        entry::newest(&self.pool, keys).await
    }

    async fn entries(&self, from: u64, most: usize) -> Result<Vec<Submission>, StorageError> {
        entry::submissions(&self.pool, from, most).await
    }

    async fn envelopes(&self, from: u64, most: usize) -> Result<Vec<Vec<u8>>, StorageError> {
        tiles::envelopes(&self.pool, from, most).await
    }

    async fn tiles_published(&self) -> Result<u64, StorageError> {
        tiles::published(&self.pool).await
    }

    async fn note_tiles_published(&self, size: u64) -> Result<(), StorageError> {
        tiles::note_published(&self.pool, size).await
    }

    async fn commit(&self, batch: &Batch) -> Result<(), StorageError> {
        commit::commit(&self.pool, batch).await
    }
}

/// PostgreSQL's class 53, insufficient resources.
const DISK_FULL: &str = "53100";

/// What the caller must do about a database error.
fn sort_out(error: sqlx::Error) -> StorageError {
    match &error {
        sqlx::Error::Database(inner) => {
            let code = inner.code().unwrap_or_default();
            // Class 22 (data exception), 23 (integrity), 54 (limits): the same again fails the same.
            if inner.constraint().is_some_and(|name| {
                [
                    "checkpoint_previous_size_key",
                    "one_first_checkpoint",
                    "checkpoint_pkey",
                    "entry_pkey",
                    "lease_is_held",
                ]
                .contains(&name)
            }) {
                StorageError::Conflict(inner.message().to_owned())
            } else if code == DISK_FULL {
                // An error that the server tells of a statement has undone it.
                StorageError::Full(inner.message().to_owned())
            } else if ["22", "23", "54"]
                .iter()
                .any(|class| code.starts_with(class))
            {
                StorageError::Data(error.to_string())
            } else {
                StorageError::Unavailable(error.to_string())
            }
        }
        sqlx::Error::Encode(_) | sqlx::Error::Decode(_) | sqlx::Error::ColumnDecode { .. } => {
            StorageError::Data(error.to_string())
        }
        _ => StorageError::Unavailable(error.to_string()),
    }
}

/// A row holds what cannot be: somebody has written into the database beside the service.
fn inconsistent(what: impl std::fmt::Display) -> StorageError {
    StorageError::Inconsistent(what.to_string())
}

fn digest(bytes: &[u8]) -> Result<Digest, StorageError> {
    bytes
        .try_into()
        .map(Digest)
        .map_err(|_| inconsistent("a digest of another length"))
}

fn to_i64(value: u64) -> Result<i64, StorageError> {
    i64::try_from(value).map_err(|_| StorageError::Data("a number beyond 2^63".into()))
}
