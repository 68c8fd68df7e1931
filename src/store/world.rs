//! States, read: a set of subjects and everything above them.

use super::{PgStore, inconsistent, sort_out};
use crate::ledger::storage::StorageError;
use sqlx::PgPool;
use sqlx::types::Json;
use std::collections::{BTreeMap, BTreeSet};
use threadmark_protocol::life::wanted;
use threadmark_protocol::text::SubjectId;
use threadmark_protocol::world::{State, World, policy_subject};

/// Subjects whose states are asked for by one query, beside what stands above them.
const SUBJECTS_AT_ONCE: usize = 1_000;

/// The states of `subjects` and of everything above them in one query.
pub async fn load(pool: &PgPool, subjects: &BTreeSet<SubjectId>) -> Result<World, StorageError> {
    let mut world = World::default();
    for (id, found) in upward(pool, subjects).await? {
        let found = found.map(|(_, state)| (id, state));
        world.states.extend(found);
    }
    Ok(world)
}

/// What is read of a world, step by step.
#[derive(Default)]
pub(super) struct Read {
    pub world: World,
    /// How often each state was written.
    pub versions: BTreeMap<SubjectId, i64>,
    /// Asked for, or named above what was, and not there.
    pub absent: BTreeSet<SubjectId>,
}

impl Read {
    /// Reads until the policy and `parts` are known whole, with what is in them: one step more for each level of assemblies. What is
    /// asked for is what the rules say is in them, so that nobody makes somebody else's part long to read.
    pub async fn whole(&mut self, pool: &PgPool, parts: &[SubjectId]) -> Result<(), StorageError> {
        loop {
            let wanted = parts.iter().flat_map(|part| wanted(&self.world, part));
            let wanted = wanted.chain([policy_subject()]);
            let is_new =
                |id: &SubjectId| !self.world.states.contains_key(id) && !self.absent.contains(id);
            let next: BTreeSet<_> = wanted.filter(is_new).collect();
            if next.is_empty() {
                return Ok(());
            }
            let next: Vec<_> = next.into_iter().collect();
            for some in next.chunks(SUBJECTS_AT_ONCE) {
                self.add(pool, &some.iter().cloned().collect()).await?;
            }
        }
    }

    async fn add(
        &mut self,
        pool: &PgPool,
        subjects: &BTreeSet<SubjectId>,
    ) -> Result<(), StorageError> {
        for (id, found) in upward(pool, subjects).await? {
            let Some((version, state)) = found else {
                self.absent.insert(id);
                continue;
            };
            self.versions.insert(id.clone(), version);
            self.world.states.insert(id, state);
        }
        Ok(())
    }
}

/// A subject, with how often its state was written, and the state, where it has one.
type Found = (SubjectId, Option<(i64, State)>);

/// The same, each with how often it was written. What is in an assembly stands not above it, nor does any rule ask for it: it is
/// read where it is asked for by name.
async fn upward(pool: &PgPool, subjects: &BTreeSet<SubjectId>) -> Result<Vec<Found>, StorageError> {
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
               where up.id not like 'contents:%'
           )
           select up.id as "id!", state.version as "version?", state.state as "state?: Json<State>"
           from up left join subject_state state on state.id = up.id"#,
        &seeds as &[&str]
    );
    let rows = rows.fetch_all(pool).await.map_err(unreadable)?.into_iter();
    let read = rows.map(|row| {
        let found = row.version.zip(row.state.map(|state| state.0));
        Ok((row.id.parse().map_err(inconsistent)?, found))
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
