//! What tiles are made from, how far they are published, and who has read bundles.

use super::{PgStore, sort_out, to_i64};
use crate::ledger::storage::StorageError;
use sqlx::PgPool;
use threadmark_protocol::key::KeyId;

/// Up to `most` envelopes from an index on, in order.
pub async fn envelopes(
    pool: &PgPool,
    from: u64,
    most: usize,
) -> Result<Vec<Vec<u8>>, StorageError> {
    sqlx::query_scalar!(
        "select envelope from entry where index >= $1 order by index limit $2",
        to_i64(from)?,
        most as i64
    )
    .fetch_all(pool)
    .await
    .map_err(sort_out)
}

/// Up to which size everything full is published.
pub async fn published(pool: &PgPool) -> Result<u64, StorageError> {
    let size = sqlx::query_scalar!("select size from tiles_published")
        .fetch_optional(pool)
        .await
        .map_err(sort_out)?;
    Ok(size.unwrap_or(0).unsigned_abs())
}

/// Everything full up to `size` is published.
pub async fn note_published(pool: &PgPool, size: u64) -> Result<(), StorageError> {
    sqlx::query!(
        "insert into tiles_published (size) values ($1)
         on conflict (only_row) do update set size = greatest(tiles_published.size, excluded.size)",
        to_i64(size)?
    )
    .execute(pool)
    .await
    .map_err(sort_out)?;
    Ok(())
}

/// That a key has read a bundle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The key.
    pub kid: Vec<u8>,
    /// Index of the bundle: of 256 entries.
    pub bundle: i64,
    /// How often.
    pub times: i64,
    /// First time, Unix seconds.
    pub first_read_at: i64,
    /// Last time, Unix seconds.
    pub last_read_at: i64,
}

impl PgStore {
    /// Records that a key reads a bundle now.
    pub async fn note_reading(
        &self,
        kid: &KeyId,
        bundle: u64,
        now: i64,
    ) -> Result<(), StorageError> {
        sqlx::query!(
            "insert into bundle_reading (kid, bundle, times, first_read_at, last_read_at)
             values ($1, $2, 1, $3, $3)
             on conflict (kid, bundle) do update
             set times = bundle_reading.times + 1,
                 last_read_at = greatest(bundle_reading.last_read_at, excluded.last_read_at)",
            &kid.0[..],
            to_i64(bundle)?,
            now
        )
        .execute(&self.pool)
        .await
        .map_err(sort_out)?;
        Ok(())
    }

    /// Up to `most` readings in the order of key and bundle, after one.
    pub async fn readings(
        &self,
        after: Option<&Reading>,
        most: i64,
    ) -> Result<Vec<Reading>, StorageError> {
        let (kid, bundle) = after.map_or((&[][..], -1), |last| (&last.kid, last.bundle));
        sqlx::query_as!(
            Reading,
            "select kid, bundle, times, first_read_at, last_read_at from bundle_reading
             where (kid, bundle) > ($1, $2) order by kid, bundle limit $3",
            kid,
            bundle,
            most
        )
        .fetch_all(&self.pool)
        .await
        .map_err(sort_out)
    }
}
