//! Where parts are by their record, kept; and states with their versions, from which it is made.
//!
//! Must never decide what a standing rests on: `life::Standing`.

use super::{PgStore, inconsistent, sort_out};
use crate::ledger::storage::StorageError;
use sqlx::PgConnection;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use threadmark_protocol::digest::Digest;
use threadmark_protocol::life::{STANDING_FORM, Standing};
use threadmark_protocol::text::SubjectId;
use threadmark_protocol::world::World;

/// States of some parts, of everything above and in them, and of the policy, as they were at one moment.
pub struct Versioned {
    /// The states.
    pub world: World,
    /// How often each was written.
    pub versions: BTreeMap<SubjectId, i64>,
    /// The writer's fence at that moment: versions begin anew under a new one only.
    pub fence: i64,
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

impl Made {
    /// A name of all that it shares with others.
    fn rests(&self) -> Result<String, StorageError> {
        let list = serde_json::to_vec(&(&self.shared, &self.by_edges)).map_err(inconsistent)?;
        Ok(Digest::sha256(&[&list]).to_string())
    }
}

/// A row of which nothing of its own has changed.
struct Kept {
    part: String,
    rests: String,
    stamp: i64,
    standing: String,
}

/// What parts share, as [`Made`] has it.
struct Shared {
    rests: String,
    shared: Vec<String>,
    by_edges: Vec<String>,
}

impl Shared {
    /// The sum that it has now.
    fn stamp(&self, versions: &HashMap<String, i64>, edges: &HashMap<String, i64>) -> i64 {
        let versions = self.shared.iter().filter_map(|id| versions.get(id));
        let edges = self.by_edges.iter().filter_map(|id| edges.get(id));
        versions.chain(edges).sum()
    }
}

impl PgStore {
    /// What is kept of these parts and still true. Plain questions, not a clever one: whatever the planner expects of the lists in these
    /// rows, it finds each row by its key, and what thousands of parts share is looked at once.
    ///
    /// # Errors
    /// Storage fails, or what is kept cannot be read.
    pub async fn standings(
        &self,
        parts: &[SubjectId],
    ) -> Result<BTreeMap<SubjectId, Standing>, StorageError> {
        let begin = "begin isolation level repeatable read, read only";
        let mut moment = self.pool.begin_with(begin).await.map_err(sort_out)?;
        let kept = kept(&mut moment, parts).await?;
        let shared = shared(&mut moment, &kept).await?;
        let ids = shared.iter().flat_map(|one| &one.shared);
        let versions = versions(&mut moment, ids.collect()).await?;
        let ids = shared.iter().flat_map(|one| &one.by_edges);
        let edges = edges(&mut moment, ids.collect()).await?;
        let stamps = shared
            .iter()
            .map(|one| (&one.rests, one.stamp(&versions, &edges)));
        let stamps: HashMap<_, _> = stamps.collect();
        let is_true = |row: &Kept| stamps.get(&row.rests) == Some(&row.stamp);
        let good = kept.into_iter().filter(is_true).map(|row| {
            let part = row.part.parse().map_err(inconsistent)?;
            let standing = serde_json::from_str(&row.standing).map_err(inconsistent)?;
            Ok((part, standing))
        });
        good.collect()
    }

    /// The states of some parts, of everything above them and in them, and of the policy, with their versions.
    ///
    /// # Errors
    /// Storage fails, or a state cannot be read.
    pub async fn versioned(&self, parts: &[SubjectId]) -> Result<Versioned, StorageError> {
        let mut snapshot = self.snapshot().await?;
        snapshot.whole(parts).await?;
        Ok(Versioned {
            fence: snapshot.fence,
            world: snapshot.world,
            versions: snapshot.versions,
        })
    }

    /// Keeps what was made of [`Versioned`] under this fence. Under another one nothing is kept: the versions may have begun anew, and
    /// what was read before would look as if it were still so.
    ///
    /// # Errors
    /// Storage fails, and nothing is kept.
    pub async fn keep_standings(&self, made: &[Made], fence: i64) -> Result<(), StorageError> {
        let row = |made: &Made| {
            let (needs, versions): (Vec<&SubjectId>, Vec<i64>) = made.own.iter().unzip();
            let standing = serde_json::to_string(&made.standing).map_err(inconsistent)?;
            Ok(serde_json::json!({
                "part": made.standing.reached.part, "needs": needs, "versions": versions, "shared": made.shared,
                "by_edges": made.by_edges, "rests": made.rests()?, "stamp": made.stamp, "standing": standing
            }))
        };
        let rows: Vec<_> = made.iter().map(row).collect::<Result<_, StorageError>>()?;
        // In one order, so that two writers do not wait for each other in a circle.
        let kept = sqlx::query!(
            "insert into standing (part, form, needs, versions, shared, by_edges, rests, stamp, standing)
             select part, $2, needs, versions, shared, by_edges, rests, stamp, standing
             from jsonb_to_recordset($1) as new (part text, needs text[], versions bigint[], shared text[], by_edges text[],
                                                 rests text, stamp bigint, standing text)
             where (select fence from lease) = $3
             order by part
             on conflict (part) do update set form = excluded.form, needs = excluded.needs, versions = excluded.versions,
                                              shared = excluded.shared, by_edges = excluded.by_edges, rests = excluded.rests,
                                              stamp = excluded.stamp, standing = excluded.standing",
            serde_json::Value::Array(rows),
            STANDING_FORM,
            fence
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

/// Those of which each own subject is as it was, and which are no assemblies. Asked row by row, so that only what is true is sent; no
/// plan can make a join of it.
async fn kept(moment: &mut PgConnection, parts: &[SubjectId]) -> Result<Vec<Kept>, StorageError> {
    let parts: Vec<_> = parts.iter().map(SubjectId::as_str).collect();
    let rows = sqlx::query_as!(
        Kept,
        "select part, rests, stamp, standing from standing
         where part = any($1) and form = $2
           and (select count(*) from subject_state where id = 'contents:' || substr(part, 6)) = 0
           and not exists (select from unnest(needs, versions) as need (id, version)
                           where need.version is distinct from (select version from subject_state where id = need.id))",
        &parts as &[&str],
        STANDING_FORM
    );
    rows.fetch_all(moment).await.map_err(sort_out)
}

/// What rows share with others, each once, by its name.
async fn shared(moment: &mut PgConnection, kept: &[Kept]) -> Result<Vec<Shared>, StorageError> {
    let one_of_each: HashMap<_, _> = kept.iter().map(|row| (&row.rests, &row.part[..])).collect();
    let one_of_each: Vec<&str> = one_of_each.into_values().collect();
    let rows = sqlx::query_as!(
        Shared,
        "select rests, shared, by_edges from standing where part = any($1)",
        &one_of_each as &[&str]
    );
    rows.fetch_all(moment).await.map_err(sort_out)
}

/// Of each of these, how often it was written.
async fn versions(
    moment: &mut PgConnection,
    ids: HashSet<&String>,
) -> Result<HashMap<String, i64>, StorageError> {
    let ids: Vec<_> = ids.into_iter().collect();
    let rows = sqlx::query!(
        "select id, version from subject_state where id = any($1)",
        &ids as &[&String]
    );
    let rows = rows.fetch_all(moment).await.map_err(sort_out)?;
    Ok(rows.into_iter().map(|row| (row.id, row.version)).collect())
}

/// Of each of these, how much stands directly above it.
async fn edges(
    moment: &mut PgConnection,
    ids: HashSet<&String>,
) -> Result<HashMap<String, i64>, StorageError> {
    let ids: Vec<_> = ids.into_iter().collect();
    let rows = sqlx::query!(
        r#"select child, count(*) as "edges!" from parent where child = any($1) group by child"#,
        &ids as &[&String]
    );
    let rows = rows.fetch_all(moment).await.map_err(sort_out)?;
    Ok(rows.into_iter().map(|row| (row.child, row.edges)).collect())
}

/// Versions begin anew: what was kept may look as if it were still so. Who keeps something at the same time is waited for, or waits and
/// then sees the new fence.
pub(super) async fn forget_all(
    transaction: &mut sqlx::PgTransaction<'_>,
) -> Result<(), StorageError> {
    let alone = sqlx::query!("lock table standing in share row exclusive mode");
    alone.execute(&mut **transaction).await.map_err(sort_out)?;
    let gone = sqlx::query!("delete from standing");
    gone.execute(&mut **transaction).await.map_err(sort_out)?;
    Ok(())
}
