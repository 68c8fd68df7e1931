//! States that were read before, shared by the worlds of all marks.
//!
//! Owns which of them are parsed in memory: a design, a lot or a key stands above thousands of parts. A state is the same as long as
//! its version is, and versions begin anew under a new fence only. Must never know what a state means.

use super::{inconsistent, sort_out};
use crate::ledger::storage::StorageError;
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use sqlx::PgConnection;
use std::collections::HashMap;
use std::sync::Arc;
use threadmark_protocol::text::SubjectId;
use threadmark_protocol::world::State;

/// Most bytes that are kept.
const BYTES_MAX: u64 = 128 << 20;
/// What a byte of a state takes as text, in memory.
const BYTES_OF_EACH: u64 = 3;
/// States that one expects to keep.
const STATES_EXPECTED: usize = 20_000;

/// A state under its id, the fence under which it was read, and its version.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Version {
    /// The subject.
    pub id: String,
    /// Its version.
    pub version: i64,
    /// The writer's fence.
    pub fence: i64,
}

/// A state, and about how many bytes it takes.
#[derive(Clone)]
pub struct Read {
    /// The state.
    pub state: Arc<State>,
    /// In memory.
    pub bytes: u64,
}

/// States that were read.
pub type States = Cache<Version, Read, ByBytes>;

/// Weighs a state by its bytes.
#[derive(Clone)]
pub struct ByBytes;

impl Weighter<Version, Read> for ByBytes {
    fn weight(&self, _: &Version, read: &Read) -> u64 {
        read.bytes.max(1)
    }
}

/// An empty memory.
pub fn memory() -> Arc<States> {
    Arc::new(Cache::with_weighter(STATES_EXPECTED, BYTES_MAX, ByBytes))
}

/// The states of `wanted`, from memory where they are there, else from the text that came along, else from storage. `snapshot`: the
/// transaction that told the versions.
///
/// # Errors
/// Storage fails, or a state cannot be read.
pub async fn read(
    snapshot: &mut PgConnection,
    states: &States,
    wanted: Vec<(Version, Option<String>)>,
) -> Result<Vec<(SubjectId, Read)>, StorageError> {
    let (mut found, mut missing) = (Vec::new(), HashMap::new());
    for (of, text) in wanted {
        match (states.get(&of), text) {
            (Some(read), _) => found.push((of.id.parse().map_err(inconsistent)?, read)),
            (None, Some(text)) => found.push(parsed(states, of, &text)?),
            (None, None) => drop(missing.insert(of.id.clone(), of)),
        }
    }
    if missing.is_empty() {
        return Ok(found);
    }
    let ids: Vec<&str> = missing.keys().map(String::as_str).collect();
    let rows = sqlx::query!(
        r#"select id, state::text as "state!" from subject_state where id = any($1)"#,
        &ids as &[&str]
    );
    for row in rows.fetch_all(snapshot).await.map_err(sort_out)? {
        let of = missing
            .remove(&row.id)
            .ok_or_else(|| inconsistent(&row.id))?;
        found.push(parsed(states, of, &row.state)?);
    }
    Ok(found)
}

/// Parses a state, and keeps it. One that does not parse was not written by us.
fn parsed(states: &States, of: Version, text: &str) -> Result<(SubjectId, Read), StorageError> {
    let read = Read {
        state: Arc::new(serde_json::from_str(text).map_err(inconsistent)?),
        bytes: text.len() as u64 * BYTES_OF_EACH,
    };
    let id = of.id.parse().map_err(inconsistent)?;
    states.insert(of, read.clone());
    Ok((id, read))
}
