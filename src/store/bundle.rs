//! What the bundle of a part is made of: lists, what stands around subjects, and entries by index or by number.

use super::{PgStore, digest, inconsistent, sort_out, to_i64};
use crate::ledger::storage::StorageError;
use std::collections::BTreeSet;
use threadmark_protocol::index::Link;
use threadmark_protocol::key::KeyId;
use threadmark_protocol::statement::Submission;
use threadmark_protocol::text::SubjectId;

/// An entry without its sealed sections.
struct EntryRow {
    index: i64,
    envelope: Vec<u8>,
    body: Vec<u8>,
}

fn entries(rows: Vec<EntryRow>) -> Vec<(u64, Submission)> {
    let entry = |row: EntryRow| {
        let submission = Submission {
            envelope: row.envelope,
            body: row.body,
            sections: Default::default(),
        };
        (row.index.unsigned_abs(), submission)
    };
    rows.into_iter().map(entry).collect()
}

fn texts(subjects: &BTreeSet<SubjectId>) -> Vec<&str> {
    subjects.iter().map(SubjectId::as_str).collect()
}

impl PgStore {
    /// The statements that count for these subjects, of the first `size` entries, in the order of the log; at most `most`.
    ///
    /// # Errors
    /// Storage fails.
    pub async fn links(
        &self,
        subjects: &BTreeSet<SubjectId>,
        size: u64,
        most: usize,
    ) -> Result<Vec<(SubjectId, Link)>, StorageError> {
        let rows = sqlx::query!(
            "select mention.subject, mention.index, entry.logged_at, entry.id
             from mention join entry on entry.index = mention.index
             where mention.subject = any($1) and mention.index < $2
             order by mention.subject, mention.nth limit $3",
            &texts(subjects) as &[&str],
            to_i64(size)?,
            most as i64
        )
        .fetch_all(&self.pool)
        .await
        .map_err(sort_out)?;
        let link = |row: &[u8], index: i64, logged_at| {
            Ok::<_, StorageError>(Link {
                index: index.unsigned_abs(),
                logged_at,
                statement: digest(row)?,
            })
        };
        rows.into_iter()
            .map(|row| {
                let subject = row.subject.parse().map_err(inconsistent)?;
                Ok((subject, link(&row.id, row.index, row.logged_at)?))
            })
            .collect()
    }

    /// What stands directly above these subjects, and the parts below those that are marks.
    ///
    /// # Errors
    /// Storage fails.
    pub async fn around(
        &self,
        subjects: &BTreeSet<SubjectId>,
    ) -> Result<BTreeSet<SubjectId>, StorageError> {
        let all = texts(subjects);
        let is_mark = |id: &&SubjectId| id.kind() == "mark";
        let marks: Vec<_> = subjects
            .iter()
            .filter(is_mark)
            .map(SubjectId::as_str)
            .collect();
        let rows = sqlx::query_scalar!(
            r#"select parent as "id!" from parent where child = any($1)
               union select child from parent where parent = any($2)"#,
            &all as &[&str],
            &marks as &[&str]
        )
        .fetch_all(&self.pool)
        .await
        .map_err(sort_out)?;
        let subject = |row: String| row.parse().map_err(inconsistent);
        rows.into_iter().map(subject).collect()
    }

    /// Bytes of these entries, envelopes and bodies; nothing large is read for it.
    ///
    /// # Errors
    /// Storage fails.
    pub async fn bytes_at(&self, indices: &BTreeSet<u64>) -> Result<u64, StorageError> {
        let indices = indices.iter().copied().map(to_i64);
        let indices: Vec<i64> = indices.collect::<Result<_, _>>()?;
        let bytes = sqlx::query_scalar!(
            r#"select coalesce(sum(octet_length(envelope) + octet_length(body)), 0)::bigint as "bytes!"
               from entry where index = any($1)"#,
            &indices
        )
        .fetch_one(&self.pool)
        .await
        .map_err(sort_out)?;
        Ok(bytes.unsigned_abs())
    }

    /// Entries by their indices, without sealed sections.
    ///
    /// # Errors
    /// Storage fails.
    pub async fn entries_at(
        &self,
        indices: impl IntoIterator<Item = u64>,
    ) -> Result<Vec<(u64, Submission)>, StorageError> {
        let indices: Vec<i64> = indices.into_iter().map(to_i64).collect::<Result<_, _>>()?;
        sqlx::query_as!(
            EntryRow,
            "select index, envelope, body from entry where index = any($1) order by index",
            &indices
        )
        .fetch_all(&self.pool)
        .await
        .map(entries)
        .map_err(sort_out)
    }

    /// The first entry with each of these numbers of keys, without sealed sections.
    ///
    /// # Errors
    /// Storage fails.
    pub async fn first_with(
        &self,
        numbers: &[(KeyId, u64)],
    ) -> Result<Vec<(u64, Submission)>, StorageError> {
        let kids: Vec<Vec<u8>> = numbers.iter().map(|(kid, _)| kid.0.to_vec()).collect();
        let seqs: Vec<i64> = numbers.iter().map(|(_, seq)| seq.cast_signed()).collect();
        sqlx::query_as!(
            EntryRow,
            "select used.index, used.envelope, used.body
             from (select distinct kid, seq from unnest($1::bytea[], $2::bigint[]) as given (kid, seq)) as wanted,
                  lateral (select index, envelope, body from entry
                           where entry.kid = wanted.kid and entry.seq = wanted.seq
                           order by index limit 1) as used",
            &kids,
            &seqs
        )
        .fetch_all(&self.pool)
        .await
        .map(entries)
        .map_err(sort_out)
    }
}
