//! Lists for people: designs and allowables; and who is named with a sealed file.

use super::{PgStore, inconsistent, sort_out};
use crate::ledger::storage::StorageError;
use sqlx::types::Json;
use threadmark_protocol::digest::Digest;
use threadmark_protocol::text::{OrgId, SubjectId};
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

    /// Whether a sealed file of a design is its author's or a licensee's who is `org`; `None` when no design has such a
    /// file.
    pub async fn sealed_file(
        &self,
        sha3: &Digest,
        org: &OrgId,
    ) -> Result<Option<bool>, StorageError> {
        let file = serde_json::json!([{ "artifact": { "sealed": { "sha3": sha3 } } }]);
        sqlx::query_scalar!(
            r#"select bool_or(
                   design.state -> 'source' ->> 'org' = $2
                   or exists (select from subject_state licence
                              where licence.licensed_design = design.id
                                and licence.state -> 'licence' ->> 'holder' = $2)
               )
               from subject_state design
               where design.design_files @> $1"#,
            file,
            org.as_str()
        )
        .fetch_one(&self.pool)
        .await
        .map_err(sort_out)
    }
}
