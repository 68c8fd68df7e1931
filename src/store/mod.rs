//! Storage: everything that is SQL.
//!
//! Owns the database, its constraints' meaning, and the answers to `ledger::Storage`. Must never know HTTP, nor
//! decide a rule. One file a resource.

pub mod catalogue;
pub mod cluster;
pub mod commit;
pub mod entry;
pub mod session;
pub mod world;

use crate::ledger::storage::{Batch, Head, Place, Storage, StorageError};
use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use threadmark_protocol::digest::Digest;
use threadmark_protocol::key::KeyId;
use threadmark_protocol::statement::{StatementId, Submission};
use threadmark_protocol::text::SubjectId;
use threadmark_protocol::world::World;

/// Oldest server that the schema is tested with.
const SERVER_VERSION_MIN: i32 = 130_000;

/// PostgreSQL.
#[derive(Clone)]
pub struct PgStore {
    pool: PgPool,
}

/// Why the database cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// No connection.
    #[error("the database cannot be reached: {0}")]
    Connect(#[source] sqlx::Error),
    /// A setting under which an acknowledged statement could be lost.
    #[error(
        "the database has {0}; an acknowledged statement could be lost. Set {1} and start again"
    )]
    Unsafe(String, &'static str),
    /// Too old.
    #[error("the database server is version {0}; 13 or newer is needed")]
    TooOld(i32),
    /// The schema cannot be brought up to date.
    #[error("the schema cannot be brought up to date: {0}")]
    Migrate(#[from] sqlx::migrate::MigrateError),
}

impl PgStore {
    /// Connects, refuses unsafe settings, and brings the schema up to date.
    pub async fn open(url: &str) -> Result<PgStore, OpenError> {
        let options: PgConnectOptions = url.parse().map_err(OpenError::Connect)?;
        let pool = PgPoolOptions::new()
            .max_connections(16)
            .acquire_timeout(Duration::from_secs(10))
            .connect_with(options)
            .await
            .map_err(OpenError::Connect)?;
        let store = PgStore { pool };
        store.refuse_unsafe().await?;
        sqlx::migrate!("./migrations").run(&store.pool).await?;
        Ok(store)
    }

    async fn refuse_unsafe(&self) -> Result<(), OpenError> {
        let row = sqlx::query!(
            r#"select current_setting('fsync') as "fsync!",
                      current_setting('synchronous_commit') as "synchronous_commit!",
                      current_setting('server_version_num')::int as "version!""#
        )
        .fetch_one(&self.pool)
        .await
        .map_err(OpenError::Connect)?;
        if row.version < SERVER_VERSION_MIN {
            return Err(OpenError::TooOld(row.version));
        }
        if row.fsync != "on" {
            return Err(OpenError::Unsafe(
                format!("fsync = {}", row.fsync),
                "fsync = on",
            ));
        }
        // `local` and stronger all wait for the disk before they acknowledge.
        if row.synchronous_commit == "off" {
            let found = "synchronous_commit = off".to_owned();
            return Err(OpenError::Unsafe(found, "synchronous_commit = on"));
        }
        Ok(())
    }
}

impl Storage for PgStore {
    async fn take_lease(&self, holder: &str) -> Result<i64, StorageError> {
        commit::take_lease(&self.pool, holder).await
    }

    async fn head(&self) -> Result<Option<Head>, StorageError> {
        entry::head(&self.pool).await
    }

    async fn leaves(&self, from: u64) -> Result<Vec<Digest>, StorageError> {
        entry::leaves(&self.pool, from).await
    }

    async fn places(
        &self,
        ids: &[StatementId],
    ) -> Result<BTreeMap<StatementId, Place>, StorageError> {
        entry::places(&self.pool, ids).await
    }

    async fn world(
        &self,
        subjects: &BTreeSet<SubjectId>,
        numbers: &[(KeyId, u64)],
    ) -> Result<World, StorageError> {
        world::load(&self.pool, subjects, numbers).await
    }

    async fn entries(&self, from: u64, most: usize) -> Result<Vec<Submission>, StorageError> {
        entry::submissions(&self.pool, from, most).await
    }

    async fn commit(&self, batch: &Batch) -> Result<(), StorageError> {
        commit::commit(&self.pool, batch).await
    }
}

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
                ]
                .contains(&name)
            }) {
                StorageError::Conflict("another writer has gone on from this state".into())
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
