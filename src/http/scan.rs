//! `/v1/scan`: a photograph in, answers out.
//!
//! Pictures are taken in a bounded number at a time, read in a bounded number of threads, under limits that are checked
//! before anything is decoded, and are not kept.

use super::auth::{Session, viewer};
use super::codes::Border;
use super::contract::{Binary, problems};
use super::each::Share;
use super::extract::{Query, Raw};
use super::marks::{For, answer_for};
use super::media::Picture;
use super::problem::Problem;
use super::quota::Address;
use super::{App, Shared, sightings};
use axum::Json;
use axum::body::Bytes;
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use serde::Serialize;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use threadmark_protocol::answer::{Answer, Viewer};
use threadmark_protocol::mark::Mark;
use threadmark_watermark::read::{ReadError, ReadLimits, Stop, read_until};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use utoipa::ToSchema;

/// Largest picture: 32 MiB.
pub const PICTURE_BYTES_MAX: usize = 32 << 20;

/// Longest that a picture waits for its turn.
const WAIT_MAX: Duration = Duration::from_secs(10);

const OF_ONE_ADDRESS: &str = "too many pictures of this address are being read";

/// Leave to send a picture: taken before the first byte of it is, so that pictures cannot fill the memory.
pub struct Place(
    #[expect(dead_code, reason = "held, and given back when it is dropped")]
    (OwnedSemaphorePermit, Share<Address>),
);

impl FromRequestParts<Shared> for Place {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Place, Problem> {
        let Ok(address) = Address::from_request_parts(parts, app).await;
        let mine = app.pictures_each.take(address);
        let mine = mine.ok_or_else(|| Problem::of(Border::Busy).because(OF_ONE_ADDRESS))?;
        let place = turn(&app.pictures).await?;
        Ok(Place((place, mine)))
    }
}

/// A turn that lasts until it is dropped.
async fn turn(places: &Arc<Semaphore>) -> Result<OwnedSemaphorePermit, Problem> {
    let waited = tokio::time::timeout(WAIT_MAX, places.clone().acquire_owned()).await;
    let got = waited.ok().and_then(Result::ok);
    got.ok_or_else(|| Problem::of(Border::Busy).because("too many pictures are being read"))
}

/// The answers about the marks in a picture.
#[derive(Serialize, ToSchema)]
pub struct Scanned {
    /// One for each mark that was read.
    #[schema(value_type = Vec<super::shapes::answer::Answer>, min_items = 1)]
    pub answers: Vec<Answer>,
}

problems!(Problems: Border::BadRequest, Border::NotAPicture, Border::SessionRefused, Border::TooLarge,
    Border::PictureTooLarge, Border::WrongMediaType, Border::NoCode, Border::NotAMark, Border::Busy);

/// Scan a photograph
///
/// The body is the picture itself, PNG or JPEG, at most 32 MiB. It is not kept.
#[utoipa::path(post, path = "/v1/scan", tag = "marks", operation_id = "scan",
    security((), ("session" = [])), params(For),
    request_body(content((Binary = "image/png"), (Binary = "image/jpeg"))),
    responses((status = 200, description = "An answer for each mark in the picture", body = Scanned), Problems))]
pub async fn post(
    State(app): State<Shared>,
    Query(asked): Query<For>,
    session: Option<Session>,
    _: Picture,
    _place: Place,
    Raw(picture): Raw<PICTURE_BYTES_MAX>,
) -> Result<Json<Scanned>, Problem> {
    let viewer = viewer(session, asked.asset_type()?);
    let answers = answers_in(&app, picture, &viewer).await?;
    Ok(Json(Scanned { answers }))
}

/// Every mark in the picture, answered.
pub async fn answers_in(
    app: &App,
    picture: Bytes,
    viewer: &Viewer,
) -> Result<Vec<Answer>, Problem> {
    let mut answers = Vec::new();
    for mark in marks_in(app, picture).await? {
        sightings::note(app, mark, None, *viewer != Viewer::Public);
        answers.push(answer_for(app, mark, viewer).await?);
    }
    Ok(answers)
}

async fn marks_in(app: &App, picture: Bytes) -> Result<BTreeSet<Mark>, Problem> {
    let turn = turn(&app.scans).await?;
    let host = app.ledger.trust().policy.host.clone();
    let waiting = Waiting(Stop::default());
    let stop = waiting.0.clone();
    let reading = tokio::task::spawn_blocking(move || {
        // The reader has it, not who waits: it takes a moment to stop when a client goes away.
        let _turn = turn;
        read_until(&stop, &picture, &limits(), |text| {
            Mark::from_scan(text, host.as_str())
        })
    });
    match reading.await {
        Ok(Ok(readings)) => Ok(readings.into_iter().map(|reading| reading.mark).collect()),
        Ok(Err(error)) => Err(unread(&error)),
        Err(error) => {
            tracing::error!(%error, "reading a picture");
            Err(unread(&ReadError::DecoderFailed))
        }
    }
}

/// Somebody who waits for a reading; it stops when he is gone.
struct Waiting(Stop);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.now();
    }
}

fn limits() -> ReadLimits {
    ReadLimits {
        max_bytes: PICTURE_BYTES_MAX,
        ..ReadLimits::default()
    }
}

fn unread(error: &ReadError) -> Problem {
    let code = match error {
        ReadError::TooManyBytes { .. }
        | ReadError::TooManyPixels { .. }
        | ReadError::TooMuchMemory => Border::PictureTooLarge,
        ReadError::NotAnImage | ReadError::Damaged(_) => Border::NotAPicture,
        ReadError::NotAMark { .. } => Border::NotAMark,
        ReadError::NoCode(_) | ReadError::DecoderFailed | ReadError::Stopped => Border::NoCode,
    };
    Problem::of(code).because(error)
}
