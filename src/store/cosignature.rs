//! Cosignatures of checkpoints. Which of them count is the policy's question, not asked here.

use super::entry::HeadRow;
use super::{PgStore, inconsistent, sort_out, to_i64};
use crate::ledger::storage::{Head, StorageError};
use crate::ledger::witnesses::Line;
use std::collections::BTreeMap;
use threadmark_protocol::digest::Digest;
use threadmark_protocol::note::NoteSignature;

/// A line's row.
struct LineRow {
    size: i64,
    line: String,
}

impl PgStore {
    /// Keeps a line under a checkpoint; of several by one witness, the newest.
    ///
    /// # Errors
    /// [`StorageError`]; [`StorageError::Data`] when there is no checkpoint of that size.
    pub async fn add_cosignature(&self, size: u64, line: &Line) -> Result<(), StorageError> {
        sqlx::query!(
            "insert into cosignature (size, witness, time, line) values ($1, $2, $3, $4)
             on conflict (size, witness) do update set time = excluded.time, line = excluded.line
                where excluded.time >= cosignature.time",
            to_i64(size)?,
            &line.cosignature.witness.public.0[..],
            to_i64(line.cosignature.time)?,
            line.signature.to_string()
        )
        .execute(&self.pool)
        .await
        .map_err(sort_out)?;
        Ok(())
    }

    /// The lines under checkpoints of these sizes, oldest first.
    pub async fn cosignatures(
        &self,
        sizes: &[u64],
    ) -> Result<BTreeMap<u64, Vec<NoteSignature>>, StorageError> {
        let sizes: Result<Vec<i64>, _> = sizes.iter().map(|size| to_i64(*size)).collect();
        let rows = sqlx::query_as!(
            LineRow,
            "select size, line from cosignature where size = any($1) order by size, time, witness",
            &sizes?
        )
        .fetch_all(&self.pool)
        .await
        .map_err(sort_out)?;
        let mut found: BTreeMap<u64, Vec<NoteSignature>> = BTreeMap::new();
        for row in rows {
            let lines = found.entry(row.size.unsigned_abs()).or_default();
            lines.push(row.line.parse().map_err(inconsistent)?);
        }
        Ok(found)
    }

    /// The newest checkpoints under which a line stands, newest first, at most `most`.
    pub async fn cosigned_checkpoints(&self, most: usize) -> Result<Vec<Head>, StorageError> {
        let rows = sqlx::query_as!(
            HeadRow,
            "select size, root, note, signed_at from checkpoint
             where size in (select distinct size from cosignature order by size desc limit $1)
             order by size desc",
            most as i64
        )
        .fetch_all(&self.pool)
        .await
        .map_err(sort_out)?;
        rows.into_iter().map(Head::try_from).collect()
    }

    /// The root of the checkpoint of this very size.
    pub async fn root_of(&self, size: u64) -> Result<Option<Digest>, StorageError> {
        let root =
            sqlx::query_scalar!("select root from checkpoint where size = $1", to_i64(size)?)
                .fetch_optional(&self.pool)
                .await
                .map_err(sort_out)?;
        root.map(|root| super::digest(&root)).transpose()
    }
}
