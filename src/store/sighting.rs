//! Scans, kept and asked for; and the cases that they open.
//!
//! Operational. Must never decide what is suspicious: `watch`.

use super::{PgStore, inconsistent, sort_out};
use crate::ledger::storage::StorageError;
use crate::watch::{COMPARED_MAX, Sighting, Suspicion, Whereabouts};
use threadmark_protocol::digest::Digest;
use threadmark_protocol::mark::Mark;
use threadmark_protocol::statement::StatementId;
use threadmark_protocol::text::OrgId;

/// Marks that the log does not know, of one hour: who invents marks fills no disk.
const UNKNOWN_MAX: i64 = 1_000;
/// Sightings of one mark in one hour, those of members apart: the first that come.
const HOURLY_MAX: i64 = 8;

/// A case as it is kept.
pub struct Case {
    /// Its number.
    pub id: i64,
    /// Why.
    pub suspicion: Suspicion,
    /// The mark; none of a burst of unknown ones.
    pub mark: Option<Mark>,
    /// Unix seconds.
    pub opened_at: i64,
    /// JSON.
    pub form: String,
    /// The suspicion in the log.
    pub statement: Option<StatementId>,
    /// Unix seconds.
    pub closed_at: Option<i64>,
}

/// A case that is to be opened.
pub struct NewCase {
    /// Why.
    pub suspicion: Suspicion,
    /// The mark; none of a burst of unknown ones.
    pub mark: Option<Mark>,
    /// JSON.
    pub form: String,
    /// Whether the part is to be flagged.
    pub flags: bool,
    /// Who reads it.
    pub orgs: Vec<OrgId>,
}

impl PgStore {
    /// Keeps sightings, those that are there already once: of one mark and hour no more than [`HOURLY_MAX`], and of marks that the log does
    /// not know some [`UNKNOWN_MAX`] an hour, without their places. Whether there are such marks among them.
    ///
    /// # Errors
    /// Storage fails, and none is kept.
    pub async fn keep_sightings(&self, seen: &[(Mark, Sighting)]) -> Result<bool, StorageError> {
        let of = Columns::of(seen);
        // In one order, so that two processes do not wait for each other in a circle.
        let kept = sqlx::query_scalar!(
            r#"with told as (
                   select distinct told.mark, hour, by_member, state.id is not null as is_known,
                          case when state.id is not null then latitude end as latitude,
                          case when state.id is not null then longitude end as longitude
                   from unnest($1::text[], $2::bigint[], $3::boolean[], $4::smallint[], $5::smallint[])
                            as told (mark, hour, by_member, latitude, longitude)
                        left join subject_state as state on state.id = 'mark:' || told.mark
               ), ranked as (
                   select *, row_number() over (partition by mark, hour, by_member order by latitude, longitude) as nth from told
               ), unknown as (
                   select hour, count(*) as marks from sighting
                   where not is_known and hour in (select distinct hour from told) group by hour
               )
               insert into sighting (mark, hour, by_member, latitude, longitude, is_known)
               select mark, hour, by_member, latitude, longitude, is_known
               from ranked left join unknown using (hour)
               where (is_known or coalesce(unknown.marks, 0) < $6)
                 and nth + (select count(*) from sighting as old
                            where old.mark = ranked.mark and old.hour = ranked.hour and old.by_member = ranked.by_member) <= $7
               order by mark, hour, by_member, latitude, longitude
               on conflict do nothing
               returning is_known"#,
            &of.marks,
            &of.hours,
            &of.members,
            &of.latitudes as &[Option<i16>],
            &of.longitudes as &[Option<i16>],
            UNKNOWN_MAX,
            HOURLY_MAX
        );
        let kept = kept.fetch_all(&self.pool).await.map_err(sort_out)?;
        Ok(kept.contains(&false))
    }

    /// Newest sightings of a mark since its last case was closed: members' and others' half and half, so that nobody crowds out members.
    ///
    /// # Errors
    /// Storage fails.
    pub async fn sightings(&self, mark: Mark) -> Result<Vec<Sighting>, StorageError> {
        let mark = mark.to_string();
        let rows = sqlx::query!(
            "select hour, by_member, latitude, longitude
             from (select *, row_number() over (partition by by_member order by hour desc, latitude, longitude) as nth
                   from sighting
                   where mark = $1
                     and hour > coalesce((select max(closed_at) / 3600 from suspicion_case where mark = $1), -1)) as newest
             where nth <= $2",
            mark,
            COMPARED_MAX as i64 / 2
        );
        let rows = rows.fetch_all(&self.pool).await.map_err(sort_out)?;
        let sighting = rows.into_iter().map(|row| Sighting {
            hour: row.hour,
            place: row
                .latitude
                .zip(row.longitude)
                .map(|(latitude, longitude)| Whereabouts {
                    latitude_decideg: latitude,
                    longitude_decideg: longitude,
                }),
            by_member: row.by_member,
        });
        Ok(sighting.collect())
    }

    /// Different marks that the log did not know: in an hour, and in the `usual` hours before it.
    pub async fn unknown_marks(&self, hour: i64, usual: i64) -> Result<(i64, i64), StorageError> {
        let row = sqlx::query!(
            r#"select count(distinct mark) filter (where hour = $1) as "now!",
                      count(distinct (hour, mark)) filter (where hour < $1) as "before!"
               from sighting where not is_known and hour between $1 - $2 and $1"#,
            hour,
            usual
        );
        let row = row.fetch_one(&self.pool).await.map_err(sort_out)?;
        Ok((row.now, row.before))
    }

    /// Forgets what was seen before an hour, and unknown marks before another.
    pub async fn forget_sightings(&self, before: i64, unknown: i64) -> Result<(), StorageError> {
        let gone = sqlx::query!(
            "delete from sighting where hour < $1 or not is_known and hour < $2",
            before,
            unknown
        );
        gone.execute(&self.pool).await.map_err(sort_out)?;
        Ok(())
    }

    /// Opens a case, if there is none of its kind for the mark; one that does not flag yet does so when the new one would, with the new
    /// one's form. Whether it is new.
    ///
    /// # Errors
    /// Storage fails.
    pub async fn open_case(&self, case: &NewCase, now: i64) -> Result<bool, StorageError> {
        let orgs: Vec<_> = case.orgs.iter().map(ToString::to_string).collect();
        let opened = sqlx::query!(
            "insert into suspicion_case as known (kind, mark, opened_at, form, flags, orgs) values ($1, $2, $3, $4, $5, $6)
             on conflict (kind, mark) where closed_at is null
             do update set form = excluded.form, flags = true, opened_at = excluded.opened_at
             where excluded.flags and not known.flags",
            case.suspicion.name(),
            case.mark.map(|mark| mark.to_string()),
            now,
            case.form,
            case.flags,
            &orgs
        );
        let opened = opened.execute(&self.pool).await.map_err(sort_out)?;
        Ok(opened.rows_affected() > 0)
    }

    /// Up to `most` open cases after one that flag a mark's part: those that are to be flagged (`flagged` false), or to be closed.
    ///
    /// # Errors
    /// Storage fails.
    pub async fn open_cases(
        &self,
        flagged: bool,
        after: i64,
        most: i64,
    ) -> Result<Vec<Case>, StorageError> {
        let rows = sqlx::query_as!(
            Row,
            "select id, kind, mark, opened_at, form, statement, closed_at from suspicion_case
             where closed_at is null and flags and mark is not null and (statement is not null) = $1 and id > $2
             order by id limit $3",
            flagged,
            after,
            most
        );
        let rows = rows.fetch_all(&self.pool).await.map_err(sort_out)?;
        rows.into_iter().map(Row::case).collect()
    }

    /// Cases that concern an organisation, oldest first.
    pub async fn cases_of(
        &self,
        org: &OrgId,
        after: i64,
        most: i64,
    ) -> Result<Vec<Case>, StorageError> {
        let rows = sqlx::query_as!(
            Row,
            "select id, kind, mark, opened_at, form, statement, closed_at from suspicion_case
             where orgs @> array[$1::text] and id > $2 order by id limit $3",
            org.as_str(),
            after,
            most
        );
        let rows = rows.fetch_all(&self.pool).await.map_err(sort_out)?;
        rows.into_iter().map(Row::case).collect()
    }

    /// Notes which statement flags the part.
    pub async fn flagged_case(&self, id: i64, by: StatementId) -> Result<(), StorageError> {
        let noted = sqlx::query!(
            "update suspicion_case set statement = $2 where id = $1",
            id,
            &by.0
        );
        noted.execute(&self.pool).await.map_err(sort_out)?;
        Ok(())
    }

    /// Closes a case: what it suspects is cleared up, or nobody can act on it any more.
    pub async fn close_case(&self, id: i64, at: i64) -> Result<(), StorageError> {
        let closed = sqlx::query!(
            "update suspicion_case set closed_at = $2 where id = $1 and closed_at is null",
            id,
            at
        );
        closed.execute(&self.pool).await.map_err(sort_out)?;
        Ok(())
    }

    /// Closes cases that flag nothing and were opened before a time: nobody has to clear them up.
    ///
    /// # Errors
    /// Storage fails.
    pub async fn close_unflagged(&self, before: i64, now: i64) -> Result<(), StorageError> {
        let closed = sqlx::query!(
            "update suspicion_case set closed_at = $2 where not flags and closed_at is null and opened_at < $1",
            before,
            now
        );
        closed.execute(&self.pool).await.map_err(sort_out)?;
        Ok(())
    }
}

/// Sightings as columns.
#[derive(Default)]
struct Columns {
    marks: Vec<String>,
    hours: Vec<i64>,
    members: Vec<bool>,
    latitudes: Vec<Option<i16>>,
    longitudes: Vec<Option<i16>>,
}

impl Columns {
    fn of(seen: &[(Mark, Sighting)]) -> Columns {
        let mut columns = Columns::default();
        for (mark, of) in seen {
            columns.marks.push(mark.to_string());
            columns.hours.push(of.hour);
            columns.members.push(of.by_member);
            let (latitudes, longitudes) = (&mut columns.latitudes, &mut columns.longitudes);
            latitudes.push(of.place.map(|place| place.latitude_decideg));
            longitudes.push(of.place.map(|place| place.longitude_decideg));
        }
        columns
    }
}

struct Row {
    id: i64,
    kind: String,
    mark: Option<String>,
    opened_at: i64,
    form: String,
    statement: Option<Vec<u8>>,
    closed_at: Option<i64>,
}

impl Row {
    fn case(self) -> Result<Case, StorageError> {
        let mark = self.mark.map(|mark| mark.parse().map_err(inconsistent));
        let statement = self.statement.map(|bytes| {
            let bytes: [u8; 32] = bytes
                .try_into()
                .map_err(|_| StorageError::Inconsistent(format!("case {}", self.id)))?;
            Ok(Digest(bytes))
        });
        Ok(Case {
            id: self.id,
            suspicion: Suspicion::named(&self.kind).ok_or_else(|| inconsistent(self.kind))?,
            mark: mark.transpose()?,
            opened_at: self.opened_at,
            form: self.form,
            statement: statement.transpose()?,
            closed_at: self.closed_at,
        })
    }
}
