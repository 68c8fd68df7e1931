//! States, read: a set of subjects and everything above them.

use super::{PgStore, inconsistent, sort_out};
use crate::ledger::storage::StorageError;
use sqlx::PgPool;
use sqlx::types::Json;
use std::collections::BTreeSet;
use std::sync::Arc;
use threadmark_protocol::text::SubjectId;
use threadmark_protocol::world::{State, World};

/// The states of `subjects` and of everything above them in one query, for the writer: what is in an assembly is read where it is
/// asked for by name.
pub async fn load(pool: &PgPool, subjects: &BTreeSet<SubjectId>) -> Result<World, StorageError> {
    let mut world = World::default();
    if subjects.is_empty() {
        return Ok(world);
    }
    let seeds: Vec<_> = subjects.iter().map(SubjectId::as_str).collect();
    // `union` drops what was seen: a circle, which hashes forbid, would end here too.
    let rows = sqlx::query!(
        r#"with recursive up (id) as (
               select unnest($1::text[])
               union
               select parent.parent from parent join up on parent.child = up.id
               where up.id not like 'contents:%'
           )
           select state.id, state.state as "state: Json<State>"
           from up join subject_state state on state.id = up.id"#,
        &seeds as &[&str]
    );
    for row in rows.fetch_all(pool).await.map_err(unreadable)? {
        let id = row.id.parse().map_err(inconsistent)?;
        world.states.insert(id, Arc::new(row.state.0));
    }
    Ok(world)
}

/// A state that does not parse was not written by us.
fn unreadable(error: sqlx::Error) -> StorageError {
    match &error {
        sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => inconsistent(error),
        _ => sort_out(error),
    }
}

/// A state as it stands in the database, for the audit.
pub struct StoredState {
    /// The subject.
    pub id: String,
    /// Its kind, as lists find it.
    pub kind: String,
    /// How often it was written since its row was made.
    pub version: i64,
    /// The JSON, unparsed: it may be anything.
    pub state: serde_json::Value,
}

impl PgStore {
    /// Up to `most` states in the order of their ids, after `after`.
    pub async fn states(&self, after: &str, most: i64) -> Result<Vec<StoredState>, StorageError> {
        sqlx::query_as!(
            StoredState,
            "select id, kind, version, state from subject_state where id > $1 order by id limit $2",
            after,
            most
        )
        .fetch_all(&self.pool)
        .await
        .map_err(sort_out)
    }

    /// Every edge between a subject and what stands above it, for the audit.
    pub async fn parents(&self) -> Result<BTreeSet<(String, String)>, StorageError> {
        let rows = sqlx::query!("select child, parent from parent")
            .fetch_all(&self.pool)
            .await
            .map_err(sort_out)?;
        Ok(rows
            .into_iter()
            .map(|row| (row.child, row.parent))
            .collect())
    }
}
