//! What is known of parts, as it was at one moment.
//!
//! Owns reading step by step: what stands above, and what is in a part, as far as the rules say. All of it comes from one transaction,
//! so no reader sees half of a batch. Must never decide what is in a part: `life::wanted`.

use super::states::{self, States, Version};
use super::{PgStore, inconsistent, sort_out};
use crate::ledger::storage::StorageError;
use sqlx::{PgConnection, PgTransaction};
use std::collections::{BTreeMap, BTreeSet};
use threadmark_protocol::life::wanted;
use threadmark_protocol::text::SubjectId;
use threadmark_protocol::world::{World, policy_subject};

/// Subjects that are asked for by one query, beside what stands above them.
const SUBJECTS_AT_ONCE: usize = 1_000;

/// What was read so far.
pub struct Snapshot<'a> {
    transaction: PgTransaction<'static>,
    states: &'a States,
    /// The writer's fence at that moment.
    pub fence: i64,
    /// Size of the newest checkpoint at that moment; 0 before the first.
    pub size: i64,
    /// The states.
    pub world: World,
    /// How often each was written.
    pub versions: BTreeMap<SubjectId, i64>,
    /// Asked for, or named above what was, and not there.
    pub absent: BTreeSet<SubjectId>,
    /// About what the states take in memory.
    pub bytes: u64,
}

impl PgStore {
    /// Begins at this moment.
    ///
    /// # Errors
    /// Storage fails.
    pub async fn snapshot(&self) -> Result<Snapshot<'_>, StorageError> {
        let begin = "begin isolation level repeatable read, read only";
        let mut transaction = self.pool.begin_with(begin).await.map_err(sort_out)?;
        let (fence, size) = moment(&mut transaction).await?;
        Ok(Snapshot {
            transaction,
            states: &self.states,
            fence,
            size,
            world: World::default(),
            versions: BTreeMap::new(),
            absent: BTreeSet::new(),
            bytes: 0,
        })
    }
}

impl Snapshot<'_> {
    /// Reads until the policy and `parts` are known whole, with what is in them: one step more for each level of assemblies. What is
    /// asked for is what the rules say is in them, so that nobody makes somebody else's part long to read.
    ///
    /// # Errors
    /// Storage fails, or a state cannot be read.
    pub async fn whole(&mut self, parts: &[SubjectId]) -> Result<(), StorageError> {
        loop {
            let wanted = parts.iter().flat_map(|part| wanted(&self.world, part));
            let wanted = wanted.chain([policy_subject()]);
            let is_new =
                |id: &SubjectId| !self.versions.contains_key(id) && !self.absent.contains(id);
            let next: BTreeSet<_> = wanted.filter(is_new).collect();
            if next.is_empty() {
                return Ok(());
            }
            let next: Vec<_> = next.iter().map(SubjectId::as_str).collect();
            for some in next.chunks(SUBJECTS_AT_ONCE) {
                self.add(some, None).await?;
            }
        }
    }

    /// Reads these, the parts that are directly below `mark`, and everything above them. What is in an assembly stands not above it, nor
    /// does any rule ask for it: it is read where it is asked for by name. States that hardly two parts share come along at once, the
    /// others where their versions are not in memory: each question to the database takes longer than what it brings.
    ///
    /// # Errors
    /// Storage fails, or a state cannot be read.
    pub async fn add(
        &mut self,
        subjects: &[&str],
        mark: Option<&SubjectId>,
    ) -> Result<(), StorageError> {
        // `union` drops what was seen: a circle, which hashes forbid, would end here too.
        let rows = sqlx::query!(
            r#"with recursive up (id) as (
                   (select unnest($1::text[])
                    union
                    select child from parent where parent.parent = $2 and child like 'part:%')
                   union
                   select parent.parent from parent join up on parent.child = up.id
                   where up.id not like 'contents:%'
               )
               select up.id as "id!", state.version as "version?",
                      case when state.kind in ('mark', 'part', 'contents') then state.state::text end as "text?"
               from up left join subject_state state on state.id = up.id"#,
            subjects as &[&str],
            mark.map(SubjectId::as_str)
        );
        let rows = rows.fetch_all(&mut *self.transaction).await;
        let mut unread = Vec::new();
        for row in rows.map_err(sort_out)? {
            let id: SubjectId = row.id.parse().map_err(inconsistent)?;
            match row.version {
                None => drop(self.absent.insert(id)),
                Some(version) if self.versions.insert(id, version).is_none() => {
                    let (id, fence) = (row.id, self.fence);
                    unread.push((Version { id, version, fence }, row.text));
                }
                Some(_) => {}
            }
        }
        for (id, read) in states::read(&mut self.transaction, self.states, unread).await? {
            self.bytes += read.bytes;
            self.world.states.insert(id, read.state);
        }
        Ok(())
    }
}

/// The fence, and the size of the newest checkpoint; 0 before the first.
///
/// # Errors
/// Storage fails.
pub async fn moment(connection: &mut PgConnection) -> Result<(i64, i64), StorageError> {
    let row = sqlx::query!(
        r#"select coalesce((select fence from lease), 0) as "fence!",
                  coalesce((select size from checkpoint order by size desc limit 1), 0) as "size!""#
    );
    let row = row.fetch_one(connection).await.map_err(sort_out)?;
    Ok((row.fence, row.size))
}
