//! Entries and checkpoints, read.

use super::{PgStore, digest, inconsistent, sort_out, to_i64};
use crate::ledger::storage::{Head, Numbers, Place, StorageError};
use sqlx::PgPool;
use std::collections::{BTreeMap, BTreeSet};
use threadmark_protocol::digest::Digest;
use threadmark_protocol::key::KeyId;
use threadmark_protocol::statement::{StatementId, Submission};
use threadmark_protocol::tree::leaf_hash;

/// A checkpoint's row.
pub(super) struct HeadRow {
    pub(super) size: i64,
    pub(super) root: Vec<u8>,
    pub(super) note: String,
    pub(super) signed_at: i64,
}

impl TryFrom<HeadRow> for Head {
    type Error = StorageError;

    fn try_from(row: HeadRow) -> Result<Head, StorageError> {
        Ok(Head {
            size: row.size.unsigned_abs(),
            root: digest(&row.root)?,
            note: row.note,
            logged_at: row.signed_at,
        })
    }
}

/// The newest checkpoint.
pub async fn head(pool: &PgPool) -> Result<Option<Head>, StorageError> {
    let row = sqlx::query_as!(
        HeadRow,
        "select size, root, note, signed_at from checkpoint order by size desc limit 1"
    )
    .fetch_optional(pool)
    .await
    .map_err(sort_out)?;
    row.map(Head::try_from).transpose()
}

/// Leaf hashes from an index on, recomputed from the envelopes.
pub async fn leaves(pool: &PgPool, from: u64) -> Result<Vec<Digest>, StorageError> {
    let rows = sqlx::query_scalar!(
        "select envelope from entry where index >= $1 order by index",
        to_i64(from)?
    )
    .fetch_all(pool)
    .await
    .map_err(sort_out)?;
    Ok(rows.iter().map(|envelope| leaf_hash(envelope)).collect())
}

/// Where statements stand; those that are not logged are missing.
pub async fn places(
    pool: &PgPool,
    ids: &[StatementId],
) -> Result<BTreeMap<StatementId, Place>, StorageError> {
    let ids: Vec<Vec<u8>> = ids.iter().map(|id| id.0.to_vec()).collect();
    let rows = sqlx::query!(
        r#"select id, index, logged_at,
                  (select min(size) from checkpoint where size > index) as "tree_size!"
           from entry where id = any($1)"#,
        &ids
    )
    .fetch_all(pool)
    .await
    .map_err(sort_out)?;
    rows.into_iter()
        .map(|row| {
            let place = Place {
                index: row.index.unsigned_abs(),
                logged_at: row.logged_at,
                tree_size: row.tree_size.unsigned_abs(),
            };
            Ok((digest(&row.id)?, place))
        })
        .collect()
}

/// Who used which of these numbers of these keys first.
pub async fn used(pool: &PgPool, numbers: &[(KeyId, u64)]) -> Result<Numbers, StorageError> {
    if numbers.is_empty() {
        return Ok(Numbers::new());
    }
    let kids: Vec<Vec<u8>> = numbers.iter().map(|(kid, _)| kid.0.to_vec()).collect();
    let seqs: Vec<i64> = numbers.iter().map(|(_, seq)| seq.cast_signed()).collect();
    let rows = sqlx::query_as!(
        NumberRow,
        r#"select used.kid, used.seq, used.id
           from (select distinct kid, seq from unnest($1::bytea[], $2::bigint[]) as given (kid, seq)) as wanted,
                lateral (select kid, seq, id from entry
                         where entry.kid = wanted.kid and entry.seq = wanted.seq
                         order by index limit 1) as used"#,
        &kids,
        &seqs
    )
    .fetch_all(pool)
    .await
    .map_err(sort_out)?;
    numbers_of(rows)
}

/// The highest number that each of these keys has used, and who used it first. Keys without a statement are missing.
pub async fn newest(pool: &PgPool, keys: &BTreeSet<KeyId>) -> Result<Numbers, StorageError> {
    if keys.is_empty() {
        return Ok(Numbers::new());
    }
    let kids: Vec<Vec<u8>> = keys.iter().map(|kid| kid.0.to_vec()).collect();
    let rows = sqlx::query_as!(
        NumberRow,
        r#"select newest.kid, newest.seq, newest.id
           from unnest($1::bytea[]) as wanted (kid),
                lateral (select max(seq) as seq from entry where entry.kid = wanted.kid) as highest,
                lateral (select kid, seq, id from entry
                         where entry.kid = wanted.kid and entry.seq = highest.seq
                         order by index limit 1) as newest"#,
        &kids
    )
    .fetch_all(pool)
    .await
    .map_err(sort_out)?;
    numbers_of(rows)
}

/// Who used a number of a key.
struct NumberRow {
    kid: Vec<u8>,
    seq: i64,
    id: Vec<u8>,
}

fn numbers_of(rows: Vec<NumberRow>) -> Result<Numbers, StorageError> {
    rows.into_iter()
        .map(|row| {
            let number = (digest(&row.kid)?, row.seq.unsigned_abs());
            Ok((number, digest(&row.id)?))
        })
        .collect()
}

/// Whole entries with all their sections, in order. Who may see a section is the caller's question.
pub async fn submissions(
    pool: &PgPool,
    from: u64,
    most: usize,
) -> Result<Vec<Submission>, StorageError> {
    let from = to_i64(from)?;
    let rows = sqlx::query!(
        "select index, envelope, body from entry where index >= $1 order by index limit $2",
        from,
        most as i64
    )
    .fetch_all(pool)
    .await
    .map_err(sort_out)?;
    let end = rows.last().map_or(from, |row| row.index + 1);
    let sections = sqlx::query!(
        "select index, name, bytes from sealed_section where index >= $1 and index < $2",
        from,
        end
    )
    .fetch_all(pool)
    .await
    .map_err(sort_out)?;
    let mut by_index: BTreeMap<i64, BTreeMap<_, _>> = BTreeMap::new();
    for section in sections {
        let name = section.name.parse().map_err(inconsistent)?;
        by_index
            .entry(section.index)
            .or_default()
            .insert(name, section.bytes);
    }
    Ok(rows
        .into_iter()
        .map(|row| Submission {
            envelope: row.envelope,
            body: row.body,
            sections: by_index.remove(&row.index).unwrap_or_default(),
        })
        .collect())
}

/// One logged statement.
pub struct Logged {
    /// Where it stands.
    pub place: Place,
    /// The leaf.
    pub envelope: Vec<u8>,
    /// The signed bytes.
    pub body: Vec<u8>,
}

/// What stands beside an entry's envelope and body, for the audit.
pub struct Row {
    /// Index in the log.
    pub index: i64,
    /// Id of the statement.
    pub id: Vec<u8>,
    /// Key of its author.
    pub kid: Vec<u8>,
    /// The author's number.
    pub seq: i64,
    /// Kind.
    pub kind: String,
    /// Subject.
    pub subject: String,
    /// Log time.
    pub logged_at: i64,
}

impl PgStore {
    /// Up to `most` rows from an index on.
    pub async fn rows(&self, from: u64, most: usize) -> Result<Vec<Row>, StorageError> {
        sqlx::query_as!(
            Row,
            "select index, id, kid, seq, kind, subject, logged_at from entry where index >= $1 order by index limit $2",
            to_i64(from)?,
            most as i64
        )
        .fetch_all(&self.pool)
        .await
        .map_err(sort_out)
    }

    /// A logged statement by its id.
    pub async fn statement(&self, id: &StatementId) -> Result<Option<Logged>, StorageError> {
        let row = sqlx::query!(
            r#"select index, logged_at, envelope, body,
                      (select min(size) from checkpoint where size > index) as "tree_size!"
               from entry where id = $1"#,
            &id.0[..]
        )
        .fetch_optional(&self.pool)
        .await
        .map_err(sort_out)?;
        Ok(row.map(|row| Logged {
            place: Place {
                index: row.index.unsigned_abs(),
                logged_at: row.logged_at,
                tree_size: row.tree_size.unsigned_abs(),
            },
            envelope: row.envelope,
            body: row.body,
        }))
    }

    /// End of the batch in which `size` entries from `from` on end: the largest checkpoint that is not beyond.
    pub async fn checkpoint_within(
        &self,
        from: u64,
        most: usize,
    ) -> Result<Option<Head>, StorageError> {
        let (from, last) = (to_i64(from)?, to_i64(from.saturating_add(most as u64))?);
        let row = sqlx::query_as!(
            HeadRow,
            "select size, root, note, signed_at from checkpoint
             where size > $1 and size <= $2 order by size desc limit 1",
            from,
            last
        )
        .fetch_optional(&self.pool)
        .await
        .map_err(sort_out)?;
        row.map(Head::try_from).transpose()
    }

    /// Size of each checkpoint and of the one that it says it follows, in order, for the audit.
    pub async fn checkpoint_chain(&self) -> Result<Vec<(i64, Option<i64>)>, StorageError> {
        let rows = sqlx::query!("select size, previous_size from checkpoint order by size")
            .fetch_all(&self.pool)
            .await
            .map_err(sort_out)?;
        Ok(rows
            .into_iter()
            .map(|row| (row.size, row.previous_size))
            .collect())
    }

    /// Every checkpoint in order, for the audit.
    pub async fn checkpoints(&self) -> Result<Vec<Head>, StorageError> {
        let rows = sqlx::query_as!(
            HeadRow,
            "select size, root, note, signed_at from checkpoint order by size"
        )
        .fetch_all(&self.pool)
        .await
        .map_err(sort_out)?;
        rows.into_iter().map(Head::try_from).collect()
    }
}
