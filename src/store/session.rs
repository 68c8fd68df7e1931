//! Session assertions that were used.

use super::{PgStore, sort_out};
use crate::ledger::storage::StorageError;

impl PgStore {
    /// Marks an assertion as used; false when it was already. Forgets those that are expired anyway.
    pub async fn use_assertion(
        &self,
        jti: &str,
        expires_at: i64,
        now: i64,
    ) -> Result<bool, StorageError> {
        sqlx::query!("delete from used_assertion where expires_at < $1", now)
            .execute(&self.pool)
            .await
            .map_err(sort_out)?;
        let done = sqlx::query!(
            "insert into used_assertion (jti, expires_at) values ($1, $2) on conflict do nothing",
            jti,
            expires_at
        )
        .execute(&self.pool)
        .await
        .map_err(sort_out)?;
        Ok(done.rows_affected() == 1)
    }
}
