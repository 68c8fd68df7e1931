//! Notices, written and read: who is told of what, where, and what came of it.
//!
//! Operational. Must never decide whom an entry concerns: `jobs::notices`.

use super::{PgStore, inconsistent, sort_out};
use crate::ledger::storage::StorageError;
use serde::Serialize;
use std::collections::BTreeMap;
use threadmark_protocol::text::OrgId;

/// A notice, and what became of it.
#[derive(Debug)]
pub struct Notice {
    /// The entry that it tells of.
    pub index: u64,
    /// JSON.
    pub body: String,
    /// How its delivery stands.
    pub delivery: Delivery,
}

/// What became of a notice.
#[derive(Debug, Serialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Delivery {
    /// There was no hook when it came.
    NotAsked,
    /// The hook is asked, or asked again.
    Waiting {
        /// When, Unix seconds.
        due_at: i64,
        /// How often it was tried.
        tried: i32,
        /// What was wrong the last time.
        trouble: Option<String>,
    },
    /// The hook answered 2xx.
    Told {
        /// When, Unix seconds.
        at: i64,
    },
    /// It was tried too often.
    GivenUp {
        /// How often.
        tried: i32,
        /// What was wrong the last time.
        trouble: Option<String>,
    },
}

/// A notice whose hook is to be asked now.
pub struct Due {
    /// Whose.
    pub org: OrgId,
    /// The entry that it tells of.
    pub index: i64,
    /// JSON.
    pub body: String,
    /// The hook.
    pub url: String,
    /// How often it was tried.
    pub tried: i32,
}

/// What a hook answered.
pub enum Tried {
    /// 2xx, at a Unix time.
    Told(i64),
    /// Something else: try again at a Unix time, or never.
    Failed(Option<i64>, String),
}

impl PgStore {
    /// Entries that were looked at.
    pub async fn noticed(&self) -> Result<u64, StorageError> {
        let size = sqlx::query_scalar!("select size from noticed");
        let size = size.fetch_one(&self.pool).await.map_err(sort_out)?;
        Ok(size.unsigned_abs())
    }

    /// Index and log time of the first entry at or after `from` that holds parts, or frees them.
    pub async fn next_that_holds(&self, from: u64) -> Result<Option<(u64, i64)>, StorageError> {
        let found = sqlx::query!(
            "select index, logged_at from entry where index >= $1 and kind in (
                 'safety.recall_placed', 'safety.recall_lifted', 'design.withdrawn', 'design.superseded', 'approval.revoked')
             order by index limit 1",
            from.cast_signed()
        );
        let found = found.fetch_optional(&self.pool).await.map_err(sort_out)?;
        Ok(found.map(|row| (row.index.unsigned_abs(), row.logged_at)))
    }

    /// Keeps the notices of one entry, and that everything before `size` was looked at: both or neither. Those whose organisation
    /// has a hook are due at once.
    pub async fn keep_notices(
        &self,
        index: u64,
        bodies: &BTreeMap<OrgId, String>,
        size: u64,
        now: i64,
    ) -> Result<(), StorageError> {
        let orgs: Vec<_> = bodies.keys().map(ToString::to_string).collect();
        let bodies: Vec<_> = bodies.values().cloned().collect();
        let kept = sqlx::query!(
            "with looked as (update noticed set size = greatest(size, $5) returning 1)
             insert into notice (org, index, body, due_at)
             select new.org, $1, new.body, case when hook.org is not null then $4::bigint end
             from looked, unnest($2::text[], $3::text[]) as new (org, body) left join hook using (org)
             on conflict do nothing",
            index.cast_signed(),
            &orgs,
            &bodies,
            now,
            size.cast_signed()
        );
        kept.execute(&self.pool).await.map_err(sort_out)?;
        Ok(())
    }

    /// Up to `most` notices of an organisation after an entry, oldest first; all, or those that were given up.
    pub async fn notices(
        &self,
        org: &OrgId,
        after: Option<u64>,
        given_up: bool,
        most: i64,
    ) -> Result<Vec<Notice>, StorageError> {
        let rows = sqlx::query_as!(
            Row,
            "select index, body, due_at, tried, told_at, trouble from notice
             where org = $1 and index > $2
               and (not $3 or due_at is null and told_at is null and tried > 0)
             order by index limit $4",
            org.as_str(),
            after.map_or(-1, u64::cast_signed),
            given_up,
            most
        );
        let rows = rows.fetch_all(&self.pool).await.map_err(sort_out)?;
        let notice = |row: Row| Notice {
            index: row.index.unsigned_abs(),
            delivery: row.delivery(),
            body: row.body,
        };
        Ok(rows.into_iter().map(notice).collect())
    }

    /// Up to `most` notices that are due, one an organisation, who waits longest first: a hook that is slow or
    /// dead holds up others for one round of calls.
    pub async fn due_notices(&self, now: i64, most: i64) -> Result<Vec<Due>, StorageError> {
        let rows = sqlx::query!(
            "select org, index, body, url, tried from (
                 select distinct on (org) org, index, body, url, tried, due_at from notice join hook using (org)
                 where due_at <= $1 order by org, index
             ) as first order by due_at, org limit $2",
            now,
            most
        );
        let rows = rows.fetch_all(&self.pool).await.map_err(sort_out)?;
        let due = |org: String, index, body, url, tried| {
            let org = org.parse().map_err(inconsistent)?;
            Ok(Due {
                org,
                index,
                body,
                url,
                tried,
            })
        };
        let rows = rows.into_iter();
        rows.map(|row| due(row.org, row.index, row.body, row.url, row.tried))
            .collect()
    }

    /// What a hook answered, unless another was named meanwhile: then that one is told.
    pub async fn tried_notice(&self, due: &Due, tried: &Tried) -> Result<(), StorageError> {
        let (told_at, due_at, trouble) = match tried {
            Tried::Told(at) => (Some(*at), None, None),
            Tried::Failed(again, trouble) => (None, *again, Some(trouble.as_str())),
        };
        let done = sqlx::query!(
            "update notice set tried = tried + 1, told_at = $3, due_at = $4, trouble = $5
             where org = $1 and index = $2 and told_at is null
               and tried = $6 and exists (select from hook where org = $1 and url = $7)",
            due.org.as_str(),
            due.index,
            told_at,
            due_at,
            trouble,
            due.tried,
            due.url
        );
        done.execute(&self.pool).await.map_err(sort_out)?;
        Ok(())
    }

    /// Where an organisation wants to be told.
    pub async fn hook(&self, org: &OrgId) -> Result<Option<String>, StorageError> {
        let url = sqlx::query_scalar!("select url from hook where org = $1", org.as_str());
        url.fetch_optional(&self.pool).await.map_err(sort_out)
    }

    /// Sets or changes it. What waits and what was given up is sent from now on.
    pub async fn set_hook(&self, org: &OrgId, url: &str, now: i64) -> Result<(), StorageError> {
        let set = sqlx::query!(
            "with again as (
                 update notice set due_at = $3, tried = case when due_at is null then 0 else tried end
                 where org = $1 and told_at is null and (due_at is not null or tried > 0)
             )
             insert into hook (org, url) values ($1, $2) on conflict (org) do update set url = excluded.url",
            org.as_str(),
            url,
            now
        );
        set.execute(&self.pool).await.map_err(sort_out)?;
        Ok(())
    }

    /// Nothing more is sent; the notices stay, those that were waiting as given up.
    pub async fn remove_hook(&self, org: &OrgId) -> Result<(), StorageError> {
        let removed = sqlx::query!(
            "with quiet as (
                 update notice set due_at = null, tried = greatest(tried, 1),
                                   trouble = coalesce(trouble, 'the webhook was ended')
                 where org = $1 and due_at is not null
             )
             delete from hook where org = $1",
            org.as_str()
        );
        removed.execute(&self.pool).await.map_err(sort_out)?;
        Ok(())
    }
}

struct Row {
    index: i64,
    body: String,
    due_at: Option<i64>,
    tried: i32,
    told_at: Option<i64>,
    trouble: Option<String>,
}

impl Row {
    fn delivery(&self) -> Delivery {
        let (tried, trouble) = (self.tried, self.trouble.clone());
        match (self.told_at, self.due_at) {
            (Some(at), _) => Delivery::Told { at },
            (None, Some(due_at)) => Delivery::Waiting {
                due_at,
                tried,
                trouble,
            },
            (None, None) if tried > 0 => Delivery::GivenUp { tried, trouble },
            (None, None) => Delivery::NotAsked,
        }
    }
}
