//! Checkpoints as they are shown to readers, each with every line that stands under it.

use super::entry::HeadRow;
use super::{PgStore, inconsistent, sort_out, to_i64};
use crate::ledger::storage::{Head, StorageError};
use threadmark_protocol::note::Note;

impl PgStore {
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
        let heads: Result<_, _> = rows.into_iter().map(Head::try_from).collect();
        self.with_cosignatures(heads?).await
    }

    /// Puts the lines of witnesses under checkpoints.
    pub async fn with_cosignatures(&self, mut heads: Vec<Head>) -> Result<Vec<Head>, StorageError> {
        let sizes: Vec<u64> = heads.iter().map(|head| head.size).collect();
        let lines = self.cosignatures(&sizes).await?;
        for head in &mut heads {
            let mut note = Note::parse(&head.note).map_err(inconsistent)?;
            for line in lines.get(&head.size).into_iter().flatten() {
                note.add(line.clone()).map_err(inconsistent)?;
            }
            head.note = note.to_string();
        }
        Ok(heads)
    }
}
