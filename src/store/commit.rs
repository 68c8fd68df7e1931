//! The commit of a batch: the one place where the log grows.

use super::{mention, sort_out, to_i64};
use crate::ledger::lease::LEASE;
use crate::ledger::storage::{Batch, StorageError};
use sqlx::PgPool;

/// Writes a batch. What it consists of stands in `commit.sql`, one statement and therefore one transaction; without the
/// lease, or with other numbers of rows than the batch has, it fails as a whole.
pub async fn commit(pool: &PgPool, batch: &Batch) -> Result<(), StorageError> {
    let of = Columns::of(batch)?;
    let checkpoint = &batch.checkpoint;
    let previous = (batch.first > 0).then_some(batch.first).map(to_i64);
    let query = sqlx::query_file!(
        "src/store/commit.sql",
        batch.fence,
        checkpoint.logged_at,
        &of.index,
        &of.id as &[&[u8]],
        &of.kid as &[&[u8]],
        &of.seq,
        &of.kind as &[&str],
        &of.subject as &[&str],
        &of.envelope as &[&[u8]],
        &of.body as &[&[u8]],
        &of.section_index,
        &of.section_name as &[&str],
        &of.section as &[&[u8]],
        &of.state_id as &[&str],
        &of.state_kind as &[&str],
        &of.state,
        &of.child as &[&str],
        &of.parent as &[&str],
        to_i64(checkpoint.size)?,
        previous.transpose()?,
        &checkpoint.root.0[..],
        checkpoint.note,
        &of.mention.subject as &[&str],
        &of.mention.nth,
        &of.mention.index,
        &of.mention.head as &[&[u8]],
        LEASE.as_secs_f64(),
    );
    // COMMIT POINT. Before it nothing of the batch exists for anybody; after it all of it does, and survives
    // a crash of this process, of the database and of the machine.
    query.fetch_one(pool).await.map_err(sort_out).map(drop)
}

/// A batch as columns.
struct Columns<'a> {
    index: Vec<i64>,
    id: Vec<&'a [u8]>,
    kid: Vec<&'a [u8]>,
    seq: Vec<i64>,
    kind: Vec<&'a str>,
    subject: Vec<&'a str>,
    envelope: Vec<&'a [u8]>,
    body: Vec<&'a [u8]>,
    section_index: Vec<i64>,
    section_name: Vec<&'a str>,
    section: Vec<&'a [u8]>,
    state_id: Vec<&'a str>,
    state_kind: Vec<&'a str>,
    state: Vec<String>,
    child: Vec<&'a str>,
    parent: Vec<&'a str>,
    mention: mention::Columns<'a>,
}

impl<'a> Columns<'a> {
    fn of(batch: &'a Batch) -> Result<Columns<'a>, StorageError> {
        let entries = &batch.entries;
        let last = to_i64(batch.first + entries.len() as u64)?;
        let index: Vec<i64> = (to_i64(batch.first)?..last).collect();
        let sections = index.iter().zip(entries).flat_map(|(index, entry)| {
            let sections = entry.submission.sections.iter();
            sections.map(|(name, bytes)| (*index, name.as_str(), &bytes[..]))
        });
        let (mut section_index, mut section_name, mut section) = (vec![], vec![], vec![]);
        for (index, name, bytes) in sections {
            section_index.push(index);
            section_name.push(name);
            section.push(bytes);
        }
        let state: Result<_, _> = (batch.states.values())
            .map(|state| serde_json::to_string(state.as_ref()))
            .collect();
        Ok(Columns {
            id: entries.iter().map(|entry| &entry.id.0[..]).collect(),
            kid: entries.iter().map(|of| &of.envelope.kid.0[..]).collect(),
            seq: entries.iter().map(|of| of.body.seq.cast_signed()).collect(),
            kind: entries.iter().map(|of| of.body.core.kind()).collect(),
            subject: entries.iter().map(|of| of.body.sub.as_str()).collect(),
            envelope: entries
                .iter()
                .map(|of| &of.submission.envelope[..])
                .collect(),
            body: entries.iter().map(|of| &of.submission.body[..]).collect(),
            index,
            section_index,
            section_name,
            section,
            state_id: batch.states.keys().map(|id| id.as_str()).collect(),
            state_kind: batch.states.keys().map(|id| id.kind()).collect(),
            state: state
                .map_err(|error: serde_json::Error| StorageError::Data(error.to_string()))?,
            child: batch
                .edges
                .iter()
                .map(|(child, _)| child.as_str())
                .collect(),
            mention: mention::Columns::of(&batch.mentions)?,
            parent: batch
                .edges
                .iter()
                .map(|(_, parent)| parent.as_str())
                .collect(),
        })
    }
}

/// A write that touches other than the expected rows is a bug, never silently right.
pub(super) fn expect_rows(affected: u64, expected: usize) -> Result<(), StorageError> {
    if affected == expected as u64 {
        return Ok(());
    }
    Err(StorageError::Data(format!(
        "{affected} rows were written, {expected} expected"
    )))
}
