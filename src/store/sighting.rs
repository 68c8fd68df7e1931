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
    /// Who reads it.
    pub orgs: Vec<OrgId>,
}

impl PgStore {
    /// Keeps sightings, those that are there already once. Of marks that the log does not know no more than [`UNKNOWN_MAX`] an hour.
    pub async fn keep_sightings(&self, seen: &[(Mark, Sighting)]) -> Result<(), StorageError> {
        let marks: Vec<_> = seen.iter().map(|(mark, _)| mark.to_string()).collect();
        let hours: Vec<_> = seen.iter().map(|(_, of)| of.hour).collect();
        let members: Vec<_> = seen.iter().map(|(_, of)| of.by_member).collect();
        let place = |of: &Sighting| {
            of.place
                .map(|place| (place.latitude_decideg, place.longitude_decideg))
        };
        let (latitudes, longitudes): (Vec<_>, Vec<_>) = seen
            .iter()
            .map(|(_, of)| (place(of).map(|of| of.0), place(of).map(|of| of.1)))
            .unzip();
        let kept = sqlx::query!(
            "insert into sighting (mark, hour, by_member, latitude, longitude, is_known)
             select new.*, state.id is not null
             from unnest($1::text[], $2::bigint[], $3::boolean[], $4::smallint[], $5::smallint[])
                      as new (mark, hour, by_member, latitude, longitude)
                  left join subject_state as state on state.id = 'mark:' || new.mark
             where state.id is not null
                or (select count(*) from sighting where not is_known and sighting.hour = new.hour) < $6
             on conflict do nothing",
            &marks,
            &hours,
            &members,
            &latitudes as &[Option<i16>],
            &longitudes as &[Option<i16>],
            UNKNOWN_MAX
        );
        kept.execute(&self.pool).await.map_err(sort_out)?;
        Ok(())
    }

    /// Newest sightings of a mark after the case of each kind that was closed last; oldest first.
    pub async fn sightings(&self, mark: Mark) -> Result<Vec<Sighting>, StorageError> {
        let mark = mark.to_string();
        let rows = sqlx::query!(
            "select hour, by_member, latitude, longitude from sighting
             where mark = $1
               and hour > coalesce((select max(closed_at) / 3600 from suspicion_case where mark = $1), -1)
             order by hour desc, latitude, longitude, by_member limit $2",
            mark,
            COMPARED_MAX as i64
        );
        let rows = rows.fetch_all(&self.pool).await.map_err(sort_out)?;
        let sighting = rows.into_iter().rev().map(|row| Sighting {
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

    /// Opens a case, if there is none of its kind for the mark. Whether it is new.
    pub async fn open_case(&self, case: &NewCase, now: i64) -> Result<bool, StorageError> {
        let orgs: Vec<_> = case.orgs.iter().map(ToString::to_string).collect();
        let opened = sqlx::query!(
            "insert into suspicion_case (kind, mark, opened_at, form, orgs) values ($1, $2, $3, $4, $5)
             on conflict do nothing",
            case.suspicion.name(),
            case.mark.map(|mark| mark.to_string()),
            now,
            case.form,
            &orgs
        );
        let opened = opened.execute(&self.pool).await.map_err(sort_out)?;
        Ok(opened.rows_affected() > 0)
    }

    /// Up to `most` open cases of marks after one, which are to be flagged (`flagged` false) or closed (true).
    pub async fn open_cases(
        &self,
        flagged: bool,
        after: i64,
        most: i64,
    ) -> Result<Vec<Case>, StorageError> {
        let rows = sqlx::query_as!(
            Row,
            "select id, kind, mark, opened_at, form, statement, closed_at from suspicion_case
             where closed_at is null and mark is not null and (statement is not null) = $1 and id > $2
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

    /// Closes bursts of unknown marks that began before a time.
    pub async fn close_bursts(&self, before: i64, now: i64) -> Result<(), StorageError> {
        let closed = sqlx::query!(
            "update suspicion_case set closed_at = $2 where mark is null and closed_at is null and opened_at < $1",
            before,
            now
        );
        closed.execute(&self.pool).await.map_err(sort_out)?;
        Ok(())
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
