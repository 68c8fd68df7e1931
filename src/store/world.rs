//! States, read: a set of subjects and everything above them.

use super::{PgStore, inconsistent, sort_out};
use crate::ledger::storage::StorageError;
use sqlx::PgPool;
use sqlx::types::Json;
use std::collections::BTreeSet;
use threadmark_protocol::text::SubjectId;
use threadmark_protocol::world::{State, World};

/// The states of `subjects` and of everything above them in one query.
pub async fn load(pool: &PgPool, subjects: &BTreeSet<SubjectId>) -> Result<World, StorageError> {
    let mut world = World::default();
    for (id, _, state) in upward(pool, subjects).await? {
        world.states.insert(id, state);
    }
    Ok(world)
}

/// The same, each with how often it was written.
pub(super) async fn upward(
    pool: &PgPool,
    subjects: &BTreeSet<SubjectId>,
) -> Result<Vec<(SubjectId, i64, State)>, StorageError> {
    if subjects.is_empty() {
        return Ok(Vec::new());
    }
    let seeds: Vec<_> = subjects.iter().map(SubjectId::as_str).collect();
    // `union` drops what was seen: a circle, which hashes forbid, would end here too.
    let rows = sqlx::query!(
        r#"with recursive up (id) as (
               select unnest($1::text[])
               union
               select parent.parent from parent join up on parent.child = up.id
           )
           select state.id, state.version, state.state as "state: Json<State>"
           from up join subject_state state on state.id = up.id"#,
        &seeds as &[&str]
    );
    let rows = rows.fetch_all(pool).await.map_err(unreadable)?.into_iter();
    let read = rows.map(|row| {
        Ok((
            row.id.parse().map_err(inconsistent)?,
            row.version,
            row.state.0,
        ))
    });
    read.collect()
}

/// A state that does not parse was not written by us.
pub(super) fn unreadable(error: sqlx::Error) -> StorageError {
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
