//! The commit of a batch: the one place where the log grows.

use super::{sort_out, to_i64};
use crate::ledger::storage::{Batch, StorageError};
use sqlx::{PgPool, PgTransaction};

/// Raises the fence: from now on no older writer can commit.
pub async fn take_lease(pool: &PgPool, holder: &str) -> Result<i64, StorageError> {
    sqlx::query_scalar!(
        "insert into lease (holder, fence) values ($1, 1)
         on conflict (only_row) do update set holder = excluded.holder, fence = lease.fence + 1
         returning fence",
        holder
    )
    .fetch_one(pool)
    .await
    .map_err(sort_out)
}

/// Writes a batch in one transaction. The order of the writes does not matter to a reader, who sees all or none.
pub async fn commit(pool: &PgPool, batch: &Batch) -> Result<(), StorageError> {
    let mut transaction = pool.begin().await.map_err(sort_out)?;
    hold_lease(&mut transaction, batch.fence).await?;
    insert_entries(&mut transaction, batch).await?;
    insert_sections(&mut transaction, batch).await?;
    upsert_states(&mut transaction, batch).await?;
    insert_parents(&mut transaction, batch).await?;
    insert_checkpoint(&mut transaction, batch).await?;
    // COMMIT POINT. Before it nothing of the batch exists for anybody; after it all of it does, and survives
    // a crash of this process, of the database and of the machine.
    transaction.commit().await.map_err(sort_out)
}

/// Locks the lease row until the end of the transaction, so that no other writer can take it in between.
pub(super) async fn hold_lease(
    transaction: &mut PgTransaction<'_>,
    fence: i64,
) -> Result<(), StorageError> {
    let held = sqlx::query_scalar!("select fence from lease for update")
        .fetch_optional(&mut **transaction)
        .await
        .map_err(sort_out)?;
    if held == Some(fence) {
        return Ok(());
    }
    Err(StorageError::Conflict(
        "another process writes this log now".into(),
    ))
}

async fn insert_entries(
    transaction: &mut PgTransaction<'_>,
    batch: &Batch,
) -> Result<(), StorageError> {
    let entries = &batch.entries;
    let mut indices = Vec::with_capacity(entries.len());
    for at in 0..entries.len() {
        indices.push(to_i64(batch.first + at as u64)?);
    }
    let ids: Vec<&[u8]> = entries.iter().map(|entry| &entry.id.0[..]).collect();
    let kids: Vec<&[u8]> = entries
        .iter()
        .map(|entry| &entry.envelope.kid.0[..])
        .collect();
    let seqs: Vec<i64> = entries
        .iter()
        .map(|entry| entry.body.seq.cast_signed())
        .collect();
    let kinds: Vec<&str> = entries.iter().map(|entry| entry.body.core.kind()).collect();
    let subjects: Vec<&str> = entries
        .iter()
        .map(|entry| entry.body.sub.as_str())
        .collect();
    let envelopes: Vec<&[u8]> = entries
        .iter()
        .map(|entry| &entry.submission.envelope[..])
        .collect();
    let bodies: Vec<&[u8]> = entries
        .iter()
        .map(|entry| &entry.submission.body[..])
        .collect();
    let done = sqlx::query!(
        "insert into entry (index, id, kid, seq, kind, subject, logged_at, envelope, body)
         select index, id, kid, seq, kind, subject, $7, envelope, body
         from unnest($1::bigint[], $2::bytea[], $3::bytea[], $4::bigint[], $5::text[],
                     $6::text[], $8::bytea[], $9::bytea[])
             as new (index, id, kid, seq, kind, subject, envelope, body)",
        &indices,
        &ids as &[&[u8]],
        &kids as &[&[u8]],
        &seqs,
        &kinds as &[&str],
        &subjects as &[&str],
        batch.checkpoint.logged_at,
        &envelopes as &[&[u8]],
        &bodies as &[&[u8]]
    )
    .execute(&mut **transaction)
    .await
    .map_err(sort_out)?;
    expect_rows(done.rows_affected(), entries.len())
}

async fn insert_sections(
    transaction: &mut PgTransaction<'_>,
    batch: &Batch,
) -> Result<(), StorageError> {
    let (mut indices, mut names, mut all_bytes) = (Vec::new(), Vec::new(), Vec::new());
    for (at, entry) in batch.entries.iter().enumerate() {
        for (name, bytes) in &entry.submission.sections {
            indices.push(to_i64(batch.first + at as u64)?);
            names.push(name.as_str());
            all_bytes.push(&bytes[..]);
        }
    }
    if indices.is_empty() {
        return Ok(());
    }
    let done = sqlx::query!(
        "insert into sealed_section (index, name, bytes)
         select * from unnest($1::bigint[], $2::text[], $3::bytea[])",
        &indices,
        &names as &[&str],
        &all_bytes as &[&[u8]]
    )
    .execute(&mut **transaction)
    .await
    .map_err(sort_out)?;
    expect_rows(done.rows_affected(), indices.len())
}

async fn upsert_states(
    transaction: &mut PgTransaction<'_>,
    batch: &Batch,
) -> Result<(), StorageError> {
    let ids: Vec<&str> = batch.states.keys().map(|id| id.as_str()).collect();
    let kinds: Vec<&str> = batch.states.keys().map(|id| id.kind()).collect();
    let states: Result<Vec<_>, _> = batch.states.values().map(serde_json::to_value).collect();
    let states = states.map_err(|error| StorageError::Data(error.to_string()))?;
    let done = sqlx::query!(
        "insert into subject_state (id, kind, version, state)
         select id, kind, 1, state from unnest($1::text[], $2::text[], $3::jsonb[])
             as new (id, kind, state)
         on conflict (id) do update set state = excluded.state, version = subject_state.version + 1",
        &ids as &[&str],
        &kinds as &[&str],
        &states
    )
    .execute(&mut **transaction)
    .await
    .map_err(sort_out)?;
    expect_rows(done.rows_affected(), ids.len())
}

async fn insert_parents(
    transaction: &mut PgTransaction<'_>,
    batch: &Batch,
) -> Result<(), StorageError> {
    let edges = batch.states.iter().flat_map(|(child, state)| {
        let up = state.parents().into_iter();
        up.map(|parent| (child.to_string(), parent.to_string()))
    });
    insert_edges(transaction, edges).await
}

/// Parents never go away, so what is there already is left alone.
pub(super) async fn insert_edges(
    transaction: &mut PgTransaction<'_>,
    edges: impl Iterator<Item = (String, String)>,
) -> Result<(), StorageError> {
    let (children, parents): (Vec<_>, Vec<_>) = edges.unzip();
    let done = sqlx::query!(
        "insert into parent (child, parent) select * from unnest($1::text[], $2::text[])
         on conflict do nothing",
        &children,
        &parents
    )
    .execute(&mut **transaction)
    .await
    .map_err(sort_out)?;
    let written = done.rows_affected();
    expect_rows(written.max(children.len() as u64), children.len())
}

/// Compare-and-swap: the database refuses a second successor of one checkpoint.
async fn insert_checkpoint(
    transaction: &mut PgTransaction<'_>,
    batch: &Batch,
) -> Result<(), StorageError> {
    let checkpoint = &batch.checkpoint;
    let previous = (batch.first > 0)
        .then_some(batch.first)
        .map(to_i64)
        .transpose()?;
    let done = sqlx::query!(
        "insert into checkpoint (size, previous_size, root, note, signed_at)
         values ($1, $2, $3, $4, $5)",
        to_i64(checkpoint.size)?,
        previous,
        &checkpoint.root.0[..],
        checkpoint.note,
        checkpoint.logged_at
    )
    .execute(&mut **transaction)
    .await
    .map_err(sort_out)?;
    expect_rows(done.rows_affected(), 1)
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
