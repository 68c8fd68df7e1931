//! EPCIS events that members captured: their unsigned word, beside the log.

use super::{PgStore, inconsistent, sort_out};
use crate::ledger::storage::StorageError;
use sqlx::PgConnection;
use sqlx::types::Json;
use threadmark_protocol::epcis::Event;
use threadmark_protocol::key::KeyId;
use threadmark_protocol::text::OrgId;

/// A capture job; it is done when it is there.
pub struct Capture {
    /// 32 hexadecimal digits.
    pub id: String,
    /// Whose word it is.
    pub org: OrgId,
    /// When it was captured, Unix seconds.
    pub captured_at: i64,
    /// Events that it had.
    pub events: usize,
    /// Of these, how many were not there already.
    pub new_events: usize,
}

/// An event as it is kept.
pub struct Captured {
    /// Its event hash id.
    pub id: String,
    /// Whose word it is.
    pub org: OrgId,
    /// Whether it declares that the event of this id was an error.
    pub is_declaration: bool,
    /// The capture that brought it first.
    pub capture: String,
    /// When, Unix seconds.
    pub captured_at: i64,
    /// The things that it names.
    pub names: Vec<String>,
    /// The event.
    pub event: Event,
}

impl PgStore {
    /// Keeps a capture with its events, in one transaction; what the member captured already stays as it is, and so does
    /// a capture that is there.
    ///
    /// # Errors
    /// Storage fails, and nothing is kept.
    pub async fn keep_capture(
        &self,
        capture: &Capture,
        kid: &KeyId,
        events: &[Captured],
    ) -> Result<(), StorageError> {
        let mut transaction = self.pool.begin().await.map_err(sort_out)?;
        let begun = sqlx::query!(
            "insert into capture (id, org, kid, captured_at, events, new_events)
             values ($1, $2, $3, $4, $5, 0) on conflict do nothing",
            capture.id,
            capture.org.as_str(),
            kid.0.as_slice(),
            capture.captured_at,
            events.len() as i32
        )
        .execute(&mut *transaction)
        .await
        .map_err(sort_out)?;
        if begun.rows_affected() == 0 {
            return Ok(());
        }
        let new_events = keep_events(&mut transaction, events).await?;
        sqlx::query!(
            "update capture set new_events = $2 where id = $1",
            capture.id,
            new_events
        )
        .execute(&mut *transaction)
        .await
        .map_err(sort_out)?;
        transaction.commit().await.map_err(sort_out)
    }

    /// A capture of a member.
    ///
    /// # Errors
    /// Storage fails.
    pub async fn capture(&self, id: &str, org: &OrgId) -> Result<Option<Capture>, StorageError> {
        let row = sqlx::query!(
            "select captured_at, events, new_events from capture where id = $1 and org = $2",
            id,
            org.as_str()
        );
        let row = row.fetch_optional(&self.pool).await.map_err(sort_out)?;
        Ok(row.map(|row| Capture {
            id: id.to_owned(),
            org: org.clone(),
            captured_at: row.captured_at,
            events: row.events as usize,
            new_events: row.new_events as usize,
        }))
    }

    /// Captured events that name one of these things: the newest of each member, at most `of_each`, and `most` together.
    ///
    /// # Errors
    /// Storage fails, or a row cannot be read.
    pub async fn captured(
        &self,
        names: &[String],
        of_each: i64,
        most: i64,
    ) -> Result<Vec<Captured>, StorageError> {
        let rows = sqlx::query!(
            r#"select id, org, is_declaration, capture, captured_at, names, event as "event: Json<Event>"
               from (select *, row_number() over (partition by org order by captured_at desc, id) as nth
                     from captured_event where names && $1) as each
               where nth <= $2 order by nth, org limit $3"#,
            names,
            of_each,
            most
        );
        let rows = rows.fetch_all(&self.pool).await.map_err(sort_out)?;
        let read = rows.into_iter().map(|row| {
            Ok(Captured {
                id: row.id,
                org: row.org.parse().map_err(inconsistent)?,
                is_declaration: row.is_declaration,
                capture: row.capture,
                captured_at: row.captured_at,
                names: row.names,
                event: row.event.0,
            })
        });
        read.collect()
    }
}

/// How many of them were not there.
async fn keep_events(to: &mut PgConnection, events: &[Captured]) -> Result<i32, StorageError> {
    let mut new_events = 0;
    for one in events {
        let done = sqlx::query!(
            "insert into captured_event (id, org, is_declaration, capture, captured_at, names, event)
                 values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing",
            one.id,
            one.org.as_str(),
            one.is_declaration,
            one.capture,
            one.captured_at,
            &one.names,
            Json(&one.event) as _
        );
        let done = done.execute(&mut *to).await.map_err(sort_out)?;
        new_events += done.rows_affected() as i32;
    }
    Ok(new_events)
}
