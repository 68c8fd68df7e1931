//! Checkpoints as they are shown to readers, each with every line that stands under it.

use super::entry::HeadRow;
use super::{PgStore, sort_out, to_i64};
use crate::ledger::storage::{Head, StorageError};

impl PgStore {
    /// The newest checkpoint of a tree of at most `size` entries.
    pub async fn newest_checkpoint(&self, size: u64) -> Result<Option<Head>, StorageError> {
        let row = sqlx::query_as!(
            HeadRow,
            "select size, root, note, signed_at from checkpoint where size <= $1 order by size desc limit 1",
            to_i64(size)?
        )
        .fetch_optional(&self.pool)
        .await
        .map_err(sort_out)?;
        row.map(Head::try_from).transpose()
    }

    /// Up to `most` checkpoints in order, of trees larger than `after`.
    pub async fn checkpoints_after(
        &self,
        after: u64,
        most: i64,
    ) -> Result<Vec<Head>, StorageError> {
        let rows = sqlx::query_as!(
            HeadRow,
            "select size, root, note, signed_at from checkpoint where size > $1 order by size limit $2",
            to_i64(after)?,
            most
        )
        .fetch_all(&self.pool)
        .await
        .map_err(sort_out)?;
        rows.into_iter().map(Head::try_from).collect()
    }
}
