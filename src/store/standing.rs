//! Where parts are by their record, kept; and states with their versions, from which it is made.
//!
//! Must never decide what a standing rests on: `life::Standing`.

use super::{PgStore, inconsistent, sort_out};
use crate::ledger::storage::StorageError;
use sqlx::types::Json;
use std::collections::{BTreeMap, BTreeSet};
use threadmark_protocol::life::{GENERAL, STANDING_FORM, Standing};
use threadmark_protocol::text::SubjectId;
use threadmark_protocol::world::{World, with_contents};

/// States of some parts and of everything above them, as they were at one moment.
pub struct Versioned {
    /// The states.
    pub world: World,
    /// How often each was written.
    pub versions: BTreeMap<SubjectId, i64>,
    /// Sum of the versions of general subjects.
    pub general: i64,
}

/// A standing that was made of [`Versioned`], with what it rests on.
pub struct Made {
    /// It.
    pub standing: Standing,
    /// The subjects with their versions.
    pub rests_on: BTreeMap<SubjectId, i64>,
}

impl PgStore {
    /// What is kept of these parts and still true.
    pub async fn standings(
        &self,
        parts: &[SubjectId],
    ) -> Result<BTreeMap<SubjectId, Standing>, StorageError> {
        let parts: Vec<_> = parts.iter().map(SubjectId::as_str).collect();
        let rows = sqlx::query!(
            r#"select part, standing as "standing: String" from standing
               where part = any($1) and form = $2
                 and not exists (select from subject_state where id = 'contents:' || substr(part, 6))
                 and general = (select coalesce(sum(version), 0)::bigint from subject_state where kind = any($3))
                 and not exists (select from unnest(needs, versions) as need (id, version)
                                 left join subject_state as state using (id)
                                 where state.version is distinct from need.version)"#,
            &parts as &[&str],
            STANDING_FORM,
            &GENERAL as &[&str]
        );
        let rows = rows.fetch_all(&self.pool).await.map_err(sort_out)?;
        let read = rows.into_iter().map(|row| {
            let part = row.part.parse().map_err(inconsistent)?;
            let standing = serde_json::from_str(&row.standing).map_err(inconsistent)?;
            Ok((part, standing))
        });
        read.collect()
    }

    /// The states of some parts, of everything above them and in them, with their versions.
    pub async fn versioned(&self, parts: &[SubjectId]) -> Result<Versioned, StorageError> {
        // Before the states: what changes between makes the standing old at once, never wrong.
        let general = sqlx::query_scalar!(
            r#"select coalesce(sum(version), 0)::bigint as "sum!" from subject_state where kind = any($1)"#,
            &GENERAL as &[&str]
        );
        let general = general.fetch_one(&self.pool).await.map_err(sort_out)?;
        let parts = with_contents(parts);
        let parts: Vec<_> = parts.iter().map(SubjectId::as_str).collect();
        let rows = sqlx::query!(
            r#"with recursive up (id) as (
                   select unnest($1::text[])
                   union
                   select parent.parent from parent join up on parent.child = up.id
               )
               select state.id, state.version, state.state as "state: Json<threadmark_protocol::world::State>"
               from up join subject_state state on state.id = up.id"#,
            &parts as &[&str]
        );
        let rows = rows
            .fetch_all(&self.pool)
            .await
            .map_err(super::world::unreadable)?;
        let (mut world, mut versions) = (World::default(), BTreeMap::new());
        for row in rows {
            let id: SubjectId = row.id.parse().map_err(inconsistent)?;
            versions.insert(id.clone(), row.version);
            world.states.insert(id, row.state.0);
        }
        Ok(Versioned {
            world,
            versions,
            general,
        })
    }

    /// Keeps what was made of [`Versioned`] with this `general`.
    pub async fn keep_standings(&self, made: &[Made], general: i64) -> Result<(), StorageError> {
        let row = |made: &Made| {
            let (needs, versions): (Vec<&SubjectId>, Vec<i64>) = made.rests_on.iter().unzip();
            let standing = serde_json::to_string(&made.standing).map_err(inconsistent)?;
            let part = &made.standing.reached.part;
            Ok(
                serde_json::json!({ "part": part, "needs": needs, "versions": versions, "standing": standing }),
            )
        };
        let rows: Vec<_> = made.iter().map(row).collect::<Result<_, StorageError>>()?;
        // In one order, so that two writers do not wait for each other in a circle.
        let kept = sqlx::query!(
            "insert into standing (part, form, general, needs, versions, standing)
             select part, $2, $3, needs, versions, standing
             from jsonb_to_recordset($1) as new (part text, needs text[], versions bigint[], standing text)
             order by part
             on conflict (part) do update set form = excluded.form, general = excluded.general, needs = excluded.needs,
                                              versions = excluded.versions, standing = excluded.standing",
            serde_json::Value::Array(rows),
            STANDING_FORM,
            general
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
