//! The world above a mark's parts, kept as long as nothing in it has changed.
//!
//! Owns what a scan reads. Most scans are of parts of which nothing new was said, so the states stay parsed in memory; whether they
//! are still what the database holds is asked each time, by the fence and the newest checkpoint and, when that has moved, by the
//! states' versions, which begin anew under a new fence only. So any number of processes may answer from one database.

use super::snapshot::moment;
use super::{PgStore, inconsistent, sort_out};
use crate::ledger::storage::StorageError;
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use threadmark_protocol::answer::Record;
use threadmark_protocol::mark::Mark;
use threadmark_protocol::text::SubjectId;
use threadmark_protocol::world::{Data, World, mark_subject, policy_subject};

/// Most bytes that are kept, of all marks together.
const BYTES_MAX: u64 = 256 << 20;
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
        if let Some(held) = self.parts.get(&mark)
            && self.is_true(&held).await?
        {
            return Ok(held);
        }
        let held = Arc::new(self.load_part(mark).await?);
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

    async fn is_true(&self, held: &Held) -> Result<bool, StorageError> {
        // Before the states: what is committed in between makes the next caller look again.
        let mut connection = self.pool.acquire().await.map_err(sort_out)?;
        let (fence, size) = moment(&mut connection).await?;
        drop(connection);
        if held.fence != fence {
            return Ok(false);
        }
        if held.size.load(Ordering::Relaxed) == size {
            return Ok(true);
        }
        let is_unchanged = self.is_unchanged(held).await?;
        if is_unchanged {
            held.size.store(size, Ordering::Relaxed);
        }
        Ok(is_unchanged)
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

    async fn load_part(&self, mark: Mark) -> Result<Held, StorageError> {
        let subject = mark_subject(&mark);
        let mut read = self.snapshot().await?;
        let policy = policy_subject();
        let asked = [subject.as_str(), policy.as_str()];
        read.add(&asked, Some(&subject)).await?;
        let parts = match read.world.get(&subject) {
            Some(Data::Mark { parts, .. }) => parts.iter().cloned().collect(),
            _ => Vec::new(),
        };
        read.whole(&parts).await?;
        let versions = read.versions.into_iter();
        let (ids, versions) = versions
            .map(|(id, version)| (id.to_string(), version))
            .unzip();
        Ok(Held {
            record: Record::of(&read.world, mark),
            world: read.world,
            size: AtomicI64::new(read.size),
            fence: read.fence,
            ids,
            versions,
            absent: read.absent.iter().map(SubjectId::to_string).collect(),
            bytes: read.bytes,
        })
    }
}
