//! `/v1/sightings` and `/v1/cases`: that a mark was seen, and what that gives away.
//!
//! Owns what counts as a scan: a photograph, the address in a code (`/M/`), and a sighting that is told here. To look into a record, or
//! to type a mark, is none. Nothing waits for a scan to be kept. Must never decide what is suspicious: `watch`.

use super::auth::Session;
use super::codes::Border;
use super::contract::problems;
use super::extract::{Json as Asked, Query};
use super::problem::Problem;
use super::shapes::cases as shapes;
use super::{App, Shared};
use crate::store::sighting::Case;
use crate::watch::{Sighting, Whereabouts};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use threadmark_protocol::digest::Digest;
use threadmark_protocol::mark::Mark;
use utoipa::{IntoParams, ToSchema};

/// Cases of one page.
const ROWS: i64 = 50;
/// How late a scan may be told, in hours: longer than ships are at sea.
const LATE_MAX_H: i64 = 300 * 24;
/// Largest number that every JSON reader keeps exactly (RFC 8259).
const ID_MAX: i64 = (1 << 53) - 1;

/// A mark, and where it was seen.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Seen {
    /// The mark on the piece.
    #[schema(value_type = super::shapes::Mark)]
    mark: Mark,
    /// Of a scan that was made without a network, by a member: Unix seconds divided by 3600, rounded down. None of one just now.
    #[schema(minimum = 0)]
    hour: Option<i64>,
    /// Where the piece is, if the person who scanned it consents.
    place: Option<Whereabouts>,
}

/// Which cases.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Which {
    /// Number of the last one that is known; none for all.
    #[param(minimum = 0, maximum = 9007199254740991i64)]
    after: Option<i64>,
}

/// A page of cases, as `shapes::cases` describes it.
#[derive(Serialize)]
pub struct Page {
    items: Vec<Item>,
    next: Option<i64>,
}

#[derive(Serialize)]
struct Item {
    id: i64,
    opened_at: i64,
    closed_at: Option<i64>,
    mark: Option<Mark>,
    suspicion: &'static str,
    statement: Option<Digest>,
    evidence: Digest,
    form: Box<RawValue>,
}

problems!(SeenProblems: Border::BadRequest, Border::NoSession, Border::SessionRefused, Border::WrongMediaType, Border::TooLarge);
problems!(ListProblems: Border::BadRequest, Border::NoSession, Border::SessionRefused);

/// Tell where a mark was seen
///
/// By who has the piece before him and consents; a member also later, when there is a network again. The hour and a tenth of a degree are kept, and whether a member told it;
/// neither who nor from which address.
#[utoipa::path(post, path = "/v1/sightings", tag = "marks", operation_id = "tell_sighting",
    security((), ("session" = [])), request_body = Seen,
    responses((status = 202, description = "It will be kept"), SeenProblems))]
pub async fn tell(
    State(app): State<Shared>,
    session: Option<Session>,
    Asked(seen): Asked<Seen>,
) -> Result<StatusCode, Problem> {
    if seen.place.is_some_and(|place| !place.is_on_earth()) {
        return Err(Problem::bad_request(
            "latitude_decideg is -900 to 900, longitude_decideg -1800 to 1800",
        ));
    }
    let now = hour_of(&app);
    let hour = match seen.hour {
        None => now,
        // When somebody was where is believed of nobody whom one cannot ask.
        Some(_) if session.is_none() => return Err(Problem::of(Border::NoSession)),
        // A clock that is a little fast is no reason to drop it.
        Some(hour) if (now - LATE_MAX_H..=now + 1).contains(&hour) => hour.min(now),
        Some(_) => {
            return Err(Problem::bad_request(
                "hour is Unix seconds divided by 3600, of a scan in the last 300 days",
            ));
        }
    };
    let sighting = Sighting {
        hour,
        place: seen.place,
        by_member: session.is_some(),
    };
    app.seen.note(seen.mark, sighting);
    Ok(StatusCode::ACCEPTED)
}

/// That a piece with this mark was before somebody just now.
pub fn note(app: &App, mark: Mark, place: Option<Whereabouts>, by_member: bool) {
    let sighting = Sighting {
        hour: hour_of(app),
        place,
        by_member,
    };
    app.seen.note(mark, sighting);
}

fn hour_of(app: &App) -> i64 {
    app.now().div_euclid(3600)
}

/// What scans gave away about the caller's parts
///
/// Pieces that cannot be the part of their record, by scans at places too far from each other or after the part's end: who has, was
/// sent, owns, made, designed or approved the part is told. The part is flagged in the log (`safety.suspicion_placed`, with the SHA3-256
/// of the form's bytes) and not held; a case closes when that is lifted. Oldest first.
#[utoipa::path(get, path = "/v1/cases", tag = "notices", operation_id = "list_cases",
    security(("session" = [])), params(Which),
    responses((status = 200, description = "At most 50 cases", body = shapes::Cases), ListProblems))]
pub async fn list(
    State(app): State<Shared>,
    Query(which): Query<Which>,
    session: Session,
) -> Result<Json<Page>, Problem> {
    let after = which.after.unwrap_or(0);
    if !(0..=ID_MAX).contains(&after) {
        return Err(Problem::bad_request("no case has this number"));
    }
    let found = app.store.cases_of(&session.org, after, ROWS).await?;
    let next = found.last().filter(|_| found.len() as i64 == ROWS);
    let next = next.map(|case| case.id);
    let items = found.into_iter().map(Item::of).collect::<Result<_, _>>()?;
    Ok(Json(Page { items, next }))
}

impl Item {
    fn of(case: Case) -> Result<Item, Problem> {
        let evidence = Digest::sha3(&[case.form.as_bytes()]);
        // What is kept was written by `jobs::watching`.
        let form = RawValue::from_string(case.form).map_err(|_| Problem::of(Border::Internal))?;
        Ok(Item {
            id: case.id,
            opened_at: case.opened_at,
            closed_at: case.closed_at,
            mark: case.mark,
            suspicion: case.suspicion.name(),
            statement: case.statement,
            evidence,
            form,
        })
    }
}
