//! Where parts are by their record, kept; and states with their versions, from which it is made.
//!
//! Must never decide what a standing rests on: `life::Standing`.

use super::{PgStore, inconsistent, sort_out};
use crate::ledger::storage::StorageError;
use std::collections::{BTreeMap, BTreeSet};
use threadmark_protocol::life::{STANDING_FORM, Standing};
use threadmark_protocol::text::SubjectId;
use threadmark_protocol::world::World;

/// States of some parts, of everything above and in them, and of the policy, as they were at one moment.
pub struct Versioned {
    /// The states.
    pub world: World,
    /// How often each was written.
    pub versions: BTreeMap<SubjectId, i64>,
}

/// A standing that was made of [`Versioned`], with what it rests on.
pub struct Made {
    /// It.
    pub standing: Standing,
    /// The part's own subjects with their versions.
    pub own: BTreeMap<SubjectId, i64>,
    /// Shared subjects of which each version counts.
    pub shared: BTreeSet<SubjectId>,
    /// Shared subjects of which the edges count.
    pub by_edges: BTreeSet<SubjectId>,
    /// Sum of those versions and edges.
    pub stamp: i64,
}

impl PgStore {
    /// What is kept of these parts and still true.
    ///
    /// # Errors
    /// Storage fails, or what is kept cannot be read.
    pub async fn standings(
        &self,
        parts: &[SubjectId],
    ) -> Result<BTreeMap<SubjectId, Standing>, StorageError> {
        let parts: Vec<_> = parts.iter().map(SubjectId::as_str).collect();
        let rows = sqlx::query!(
            r#"with mine as materialized (
                   select * from standing where part = any($1) and form = $2
               ), good as materialized (
                   select * from (select distinct shared, by_edges, stamp from mine) as held
                   where stamp = (select coalesce(sum(version), 0)::bigint from subject_state where id = any(held.shared))
                               + (select count(*) from parent where child = any(held.by_edges))
               )
               select mine.part as "part!", mine.standing as "standing!"
               from mine join good using (shared, by_edges, stamp)
               where not exists (select from subject_state where id = 'contents:' || substr(mine.part, 6))
                 and not exists (select from unnest(mine.needs, mine.versions) as need (id, version)
                                 left join subject_state as state using (id)
                                 where state.version is distinct from need.version)"#,
            &parts as &[&str],
            STANDING_FORM
        );
        let rows = rows.fetch_all(&self.pool).await.map_err(sort_out)?;
        let read = rows.into_iter().map(|row| {
            let part = row.part.parse().map_err(inconsistent)?;
            let standing = serde_json::from_str(&row.standing).map_err(inconsistent)?;
            Ok((part, standing))
        });
        read.collect()
    }

    /// The states of some parts, of everything above them and in them, and of the policy, with their versions.
    ///
    /// # Errors
    /// Storage fails, or a state cannot be read.
    pub async fn versioned(&self, parts: &[SubjectId]) -> Result<Versioned, StorageError> {
        let mut snapshot = self.snapshot().await?;
        snapshot.whole(parts).await?;
        let (world, versions) = (snapshot.world, snapshot.versions);
        Ok(Versioned { world, versions })
    }

    /// Keeps what was made of [`Versioned`].
    ///
    /// # Errors
    /// Storage fails, and nothing is kept.
    pub async fn keep_standings(&self, made: &[Made]) -> Result<(), StorageError> {
        let row = |made: &Made| {
            let (needs, versions): (Vec<&SubjectId>, Vec<i64>) = made.own.iter().unzip();
            let standing = serde_json::to_string(&made.standing).map_err(inconsistent)?;
            Ok(serde_json::json!({
                "part": made.standing.reached.part, "needs": needs, "versions": versions, "shared": made.shared,
                "by_edges": made.by_edges, "stamp": made.stamp, "standing": standing
            }))
        };
        let rows: Vec<_> = made.iter().map(row).collect::<Result<_, StorageError>>()?;
        // In one order, so that two writers do not wait for each other in a circle.
        let kept = sqlx::query!(
            "insert into standing (part, form, needs, versions, shared, by_edges, stamp, standing)
             select part, $2, needs, versions, shared, by_edges, stamp, standing
             from jsonb_to_recordset($1) as new (part text, needs text[], versions bigint[], shared text[], by_edges text[],
                                                 stamp bigint, standing text)
             order by part
             on conflict (part) do update set form = excluded.form, needs = excluded.needs, versions = excluded.versions,
                                              shared = excluded.shared, by_edges = excluded.by_edges, stamp = excluded.stamp,
                                              standing = excluded.standing",
            serde_json::Value::Array(rows),
            STANDING_FORM
        );
        kept.execute(&self.pool).await.map_err(sort_out)?;
        Ok(())
    }

    /// Parts of which entries from `from` up to `until` are the newest that say something.
    pub async fn parts_said_last(
        &self,
        from: u64,
        until: u64,
    ) -> Result<BTreeSet<SubjectId>, StorageError> {
        let rows = sqlx::query_scalar!(
            "select distinct said.subject from mention as said
             where said.index >= $1 and said.index < $2 and said.subject like 'part:%'
               and not exists (select from mention as later
                               where later.subject = said.subject and later.nth > said.nth and later.index >= $2)",
            from.cast_signed(),
            until.cast_signed()
        );
        let rows = rows.fetch_all(&self.pool).await.map_err(sort_out)?;
        rows.iter()
            .map(|id| id.parse().map_err(inconsistent))
            .collect()
    }

    /// Up to `most` parts after one of which a standing is kept, for the audit.
    pub async fn parts_with_standings(
        &self,
        after: &str,
        most: i64,
    ) -> Result<Vec<SubjectId>, StorageError> {
        let rows = sqlx::query_scalar!(
            "select part from standing where part > $1 order by part limit $2",
            after,
            most
        );
        let rows = rows.fetch_all(&self.pool).await.map_err(sort_out)?;
        rows.iter()
            .map(|id| id.parse().map_err(inconsistent))
            .collect()
    }
}

/// Versions begin anew: what was kept may look as if it were still so.
pub(super) async fn forget_all(
    transaction: &mut sqlx::PgTransaction<'_>,
) -> Result<(), StorageError> {
    let gone = sqlx::query!("delete from standing");
    gone.execute(&mut **transaction).await.map_err(sort_out)?;
    Ok(())
}
