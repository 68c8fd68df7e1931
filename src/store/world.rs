//! States, read: a set of subjects and everything above them.

use super::{PgStore, digest, inconsistent, sort_out};
use crate::ledger::storage::StorageError;
use sqlx::PgPool;
use sqlx::types::Json;
use std::collections::{BTreeMap, BTreeSet};
use threadmark_protocol::key::KeyId;
use threadmark_protocol::text::SubjectId;
use threadmark_protocol::world::{State, World};

/// The states of `subjects` and of everything above them in one query, and who used which number of which key.
pub async fn load(
    pool: &PgPool,
    subjects: &BTreeSet<SubjectId>,
    numbers: &[(KeyId, u64)],
) -> Result<World, StorageError> {
    if subjects.is_empty() {
        let sequences = sequences(pool, numbers).await?;
        return Ok(World {
            sequences,
            ..World::default()
        });
    }
    let seeds: Vec<String> = subjects.iter().map(ToString::to_string).collect();
    // `union` drops what was seen: a circle, which hashes forbid, would end here too.
    let rows = sqlx::query!(
        r#"with recursive up (id) as (
               select unnest($1::text[])
               union
               select parent.parent from parent join up on parent.child = up.id
           )
           select state.id, state.state as "state: Json<State>"
           from up join subject_state state on state.id = up.id"#,
        &seeds
    )
    .fetch_all(pool)
    .await
    .map_err(unreadable)?;
    let mut world = World::default();
    for row in rows {
        world
            .states
            .insert(row.id.parse().map_err(inconsistent)?, row.state.0);
    }
    world.sequences = sequences(pool, numbers).await?;
    Ok(world)
}

async fn sequences(
    pool: &PgPool,
    numbers: &[(KeyId, u64)],
) -> Result<BTreeMap<(KeyId, u64), KeyId>, StorageError> {
    if numbers.is_empty() {
        return Ok(BTreeMap::new());
    }
    let kids: Vec<Vec<u8>> = numbers.iter().map(|(kid, _)| kid.0.to_vec()).collect();
    let seqs: Vec<i64> = numbers.iter().map(|(_, seq)| seq.cast_signed()).collect();
    let rows = sqlx::query!(
        r#"select distinct on (entry.kid, entry.seq) entry.kid, entry.seq, entry.id
           from unnest($1::bytea[], $2::bigint[]) as wanted (kid, seq)
           join entry on entry.kid = wanted.kid and entry.seq = wanted.seq
           order by entry.kid, entry.seq, entry.index"#,
        &kids,
        &seqs
    )
    .fetch_all(pool)
    .await
    .map_err(sort_out)?;
    rows.into_iter()
        .map(|row| {
            Ok((
                (digest(&row.kid)?, row.seq.unsigned_abs()),
                digest(&row.id)?,
            ))
        })
        .collect()
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
