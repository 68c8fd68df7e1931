//! The world above a mark's parts, kept as long as nothing in it has changed.
//!
//! Owns what a scan reads. Most scans are of parts of which nothing new was said, so the states stay parsed in memory; whether they
//! are still what the database holds is asked each time, by the fence and the newest checkpoint and, when that has moved, by the
//! states' versions, which begin anew under a new fence only. So any number of processes may answer from one database.

use super::world::Read;
use super::{PgStore, inconsistent, sort_out};
use crate::ledger::storage::StorageError;
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use sqlx::types::Json;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use threadmark_protocol::answer::Record;
use threadmark_protocol::mark::Mark;
use threadmark_protocol::text::SubjectId;
use threadmark_protocol::world::{Data, State, World, mark_subject, policy_subject};

/// Most bytes that are kept, of all marks together.
const BYTES_MAX: u64 = 256 << 20;
/// What a byte of a state takes as text, in memory: its parsed form, and what is read from it.
const BYTES_OF_EACH: u64 = 3;
/// Marks that one expects to keep.
const MARKS_EXPECTED: usize = 1_000;

/// The worlds of marks that were asked for.
pub type Parts = Cache<Mark, Arc<Held>, ByBytes>;

/// A world, what is read from it, and from which rows it came.
pub struct Held {
    /// The states.
    pub world: World,
    /// What they say of the mark.
    pub record: Record,
    /// Size of the log at which it was last seen to be true.
    size: AtomicI64,
    /// The fence under which it was read.
    fence: i64,
    ids: Vec<String>,
    versions: Vec<i64>,
    /// Named above the part, and not there yet.
    absent: Vec<String>,
    /// About what it takes in memory.
    bytes: u64,
}

/// Weighs a world by the bytes of its states.
#[derive(Clone)]
pub struct ByBytes;

impl Weighter<Mark, Arc<Held>> for ByBytes {
    fn weight(&self, _: &Mark, held: &Arc<Held>) -> u64 {
        held.bytes.max(1)
    }
}

/// An empty memory.
pub fn memory() -> Arc<Parts> {
    Arc::new(Cache::with_weighter(MARKS_EXPECTED, BYTES_MAX, ByBytes))
}

impl PgStore {
    /// What is recorded of a mark: the states of its parts, of everything above them, and the policy.
    ///
    /// # Errors
    /// Storage fails, or a state cannot be read.
    pub async fn part(&self, mark: Mark) -> Result<Arc<Held>, StorageError> {
        // Before the states: what is committed in between makes the next caller look again.
        let (fence, size) = self.moment().await?;
        if let Some(held) = self.parts.get(&mark).filter(|held| held.fence == fence) {
            if held.size.load(Ordering::Relaxed) == size {
                return Ok(held);
            }
            if self.is_unchanged(&held).await? {
                held.size.store(size, Ordering::Relaxed);
                return Ok(held);
            }
        }
        let held = Arc::new(self.load_part(mark, fence, size).await?);
        self.parts.insert(mark, held.clone());
        Ok(held)
    }

    /// At most `most` marks whose CPI has this serial number.
    ///
    /// # Errors
    /// Storage fails, or a mark cannot be read.
    pub async fn marks_by_serial(&self, serial: u64, most: i64) -> Result<Vec<Mark>, StorageError> {
        let rows = sqlx::query_scalar!(
            r#"select id from subject_state
               where kind = 'mark'
                 and ((('x' || encode(substr(sha256(id::bytea), 1, 5), 'hex'))::bit(40)::bigint) >> 1) = $1
               limit $2"#,
            serial as i64,
            most
        );
        let rows = rows.fetch_all(&self.pool).await.map_err(sort_out)?;
        let read = rows.iter().map(|id| {
            let text = id.strip_prefix("mark:").unwrap_or(id);
            text.parse().map_err(inconsistent)
        });
        read.collect()
    }

    /// The fence, and the size of the newest checkpoint; 0 before the first.
    async fn moment(&self) -> Result<(i64, i64), StorageError> {
        let row = sqlx::query!(
            r#"select coalesce((select fence from lease), 0) as "fence!",
                      coalesce((select size from checkpoint order by size desc limit 1), 0) as "size!""#
        );
        let row = row.fetch_one(&self.pool).await.map_err(sort_out)?;
        Ok((row.fence, row.size))
    }

    async fn is_unchanged(&self, held: &Held) -> Result<bool, StorageError> {
        let same = sqlx::query_scalar!(
            r#"select (select count(*) from unnest($1::text[], $2::bigint[]) as held (id, version)
                       join subject_state using (id, version)) = cardinality($1)
                      and not exists (select from subject_state where id = any($3)) as "same!""#,
            &held.ids,
            &held.versions,
            &held.absent
        );
        same.fetch_one(&self.pool).await.map_err(sort_out)
    }

    async fn load_part(&self, mark: Mark, fence: i64, size: i64) -> Result<Held, StorageError> {
        let (subject, policy) = (mark_subject(&mark), policy_subject());
        // Parts stand below their mark; everything else that is read stands above one of these, or is in the part.
        let rows = sqlx::query!(
            r#"with recursive up (id) as (
                   select id from (select $1::text as id union select $2
                                   union select child from parent where parent = $1
                                   union select 'contents:' || substr(child, 6) from parent
                                         where parent = $1 and child like 'part:%') as seed
                   union
                   select parent.parent from parent join up on parent.child = up.id
                   where up.id not like 'contents:%'
               )
               select up.id as "id!", state.version as "version?", state.state as "state?: Json<State>",
                      octet_length(up.id) + coalesce(octet_length(state.state::text), 0) as "bytes!"
               from up left join subject_state state on state.id = up.id"#,
            subject.as_str(),
            policy.as_str()
        )
        .fetch_all(&self.pool)
        .await
        .map_err(super::world::unreadable)?;
        let (mut bytes, mut read) = (0, Read::default());
        for row in rows {
            bytes += u64::from(row.bytes.unsigned_abs());
            let id: SubjectId = row.id.parse().map_err(inconsistent)?;
            let (Some(version), Some(state)) = (row.version, row.state) else {
                read.absent.insert(id);
                continue;
            };
            read.versions.insert(id.clone(), version);
            read.world.states.insert(id, state.0);
        }
        let mut parts = Vec::new();
        if let Some(Data::Mark { parts: of_mark, .. }) = read.world.get(&subject) {
            parts.extend(of_mark.iter().cloned());
        }
        let first: BTreeSet<_> = read.versions.keys().cloned().collect();
        read.whole(&self.pool, &parts).await?;
        for (id, state) in &read.world.states {
            if !first.contains(id) {
                bytes += serde_json::to_vec(state).map_or(0, |text| text.len() as u64);
            }
        }
        let world = read.world;
        let (ids, versions) = read
            .versions
            .iter()
            .map(|(id, version)| (id.to_string(), version))
            .unzip();
        let absent = read.absent.iter().map(SubjectId::to_string).collect();
        let bytes = bytes * BYTES_OF_EACH;
        Ok(Held {
            record: Record::of(&world, mark),
            world,
            size: AtomicI64::new(size),
            fence,
            ids,
            versions,
            absent,
            bytes,
        })
    }
}
