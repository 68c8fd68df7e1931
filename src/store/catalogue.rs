//! Lists for people: designs and allowables.

use super::{PgStore, inconsistent, sort_out};
use crate::ledger::storage::StorageError;
use sqlx::types::Json;
use threadmark_protocol::text::SubjectId;
use threadmark_protocol::world::State;

impl PgStore {
    /// Up to `most` states of one kind, in the order of their ids, after `after`.
    pub async fn list(
        &self,
        kind: &str,
        after: &str,
        most: i64,
    ) -> Result<Vec<(SubjectId, State)>, StorageError> {
        let rows = sqlx::query!(
            r#"select id, state as "state: Json<State>" from subject_state
               where kind = $1 and id > $2 order by id limit $3"#,
            kind,
            after,
            most
        )
        .fetch_all(&self.pool)
        .await
        .map_err(sort_out)?;
        rows.into_iter()
            .map(|row| Ok((row.id.parse().map_err(inconsistent)?, row.state.0)))
            .collect()
    }
}
