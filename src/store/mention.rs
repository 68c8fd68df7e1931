//! The lists of statements by subject: for each subject its statements in the order of the log, with the chained head.
//!
//! They follow from the log. The writer's map is made from the last line of each when it starts, and bundles are made from
//! whole lists.

use super::commit::expect_rows;
use super::{PgStore, digest, inconsistent, sort_out, to_i64};
use crate::ledger::storage::StorageError;
use sqlx::PgPool;
use std::collections::BTreeMap;
use threadmark_protocol::index::{Mention, Tally};
use threadmark_protocol::text::SubjectId;

/// Lines written by one query.
const LINES_AT_ONCE: usize = 10_000;

/// A subject with its tally.
struct TallyRow {
    subject: String,
    nth: i64,
    head: Vec<u8>,
}

/// The newest tally in the first `size` entries of each subject of which something was said from entry `from` on.
pub async fn tallies(
    pool: &PgPool,
    from: u64,
    size: u64,
) -> Result<BTreeMap<SubjectId, Tally>, StorageError> {
    let (from, size) = (to_i64(from)?, to_i64(size)?);
    let rows = match from {
        // Backwards, as the primary key gives it.
        0 => {
            sqlx::query_as!(
                TallyRow,
                "select distinct on (subject) subject, nth, head from mention where index < $1
                 order by subject desc, nth desc",
                size
            )
            .fetch_all(pool)
            .await
        }
        _ => {
            sqlx::query_as!(
                TallyRow,
                "select subject, nth, head from mention where index >= $1 and index < $2 order by index",
                from,
                size
            )
            .fetch_all(pool)
            .await
        }
    };
    // Of several lines of a subject the last one stays.
    let rows = rows.map_err(sort_out)?.into_iter().map(|row| {
        let tally = Tally {
            count: row.nth.unsigned_abs(),
            head: digest(&row.head)?,
        };
        Ok((row.subject.parse().map_err(inconsistent)?, tally))
    });
    rows.collect()
}

/// Lines as columns, for one query.
pub struct Columns<'a> {
    /// Subjects.
    pub subject: Vec<&'a str>,
    /// Place in the subject's list, from 1.
    pub nth: Vec<i64>,
    /// Index of the statement in the log.
    pub index: Vec<i64>,
    /// Chained head with it.
    pub head: Vec<&'a [u8]>,
}

impl<'a> Columns<'a> {
    /// The lines of a batch.
    pub fn of(mentions: &'a [Mention]) -> Result<Columns<'a>, StorageError> {
        let all = mentions.iter();
        let index: Result<_, _> = all.clone().map(|line| to_i64(line.index)).collect();
        let nth: Result<_, _> = all.clone().map(|line| to_i64(line.tally.count)).collect();
        Ok(Columns {
            subject: all.clone().map(|line| line.subject.as_str()).collect(),
            nth: nth?,
            index: index?,
            head: all.map(|line| &line.tally.head.0[..]).collect(),
        })
    }
}

/// Puts these lines in the place of all.
pub(super) async fn replace(
    transaction: &mut sqlx::PgTransaction<'_>,
    mentions: &[Mention],
) -> Result<(), StorageError> {
    sqlx::query!("delete from mention")
        .execute(&mut **transaction)
        .await
        .map_err(sort_out)?;
    for some in mentions.chunks(LINES_AT_ONCE) {
        let of = Columns::of(some)?;
        let done = sqlx::query!(
            "insert into mention (subject, nth, index, head)
             select * from unnest($1::text[], $2::bigint[], $3::bigint[], $4::bytea[])",
            &of.subject as &[&str],
            &of.nth,
            &of.index,
            &of.head as &[&[u8]]
        )
        .execute(&mut **transaction)
        .await
        .map_err(sort_out)?;
        expect_rows(done.rows_affected(), some.len())?;
    }
    Ok(())
}

/// A line with the entry that it names, for the audit.
pub struct StoredLine {
    /// The subject.
    pub subject: String,
    /// Its place in the list.
    pub nth: i64,
    /// Index of the statement.
    pub index: i64,
    /// Chained head.
    pub head: Vec<u8>,
    /// Id of the entry there; none where there is no entry.
    pub id: Option<Vec<u8>>,
    /// Its log time.
    pub logged_at: Option<i64>,
}

impl PgStore {
    /// Up to `most` lines, by subject and place, after these.
    pub async fn lines(
        &self,
        subject: &str,
        nth: u64,
        most: i64,
    ) -> Result<Vec<StoredLine>, StorageError> {
        sqlx::query_as!(
            StoredLine,
            r#"select mention.subject, nth, mention.index, head, entry.id as "id?", logged_at as "logged_at?"
               from mention left join entry on entry.index = mention.index
               where (mention.subject, nth) > ($1, $2) order by mention.subject, nth limit $3"#,
            subject,
            to_i64(nth)?,
            most
        )
        .fetch_all(&self.pool)
        .await
        .map_err(sort_out)
    }
}
