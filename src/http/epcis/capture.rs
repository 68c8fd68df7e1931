//! `/v1/epcis/capture`: members' own events, kept as their unsigned word.
//!
//! Owns limits, and the job of the REST binding. A capture is kept with its events in one transaction before it is
//! answered, so a job that can be asked for is done. What is captured never stands in the log and influences no answer;
//! the query gives it back to members, marked as unsigned. Must never know rules.

use super::super::auth::Session;
use super::super::codes::Border;
use super::super::contract::problems;
use super::super::extract::{Path, Raw};
use super::super::media::LdJson;
use super::super::problem::Problem;
use super::super::{App, Shared};
use super::VERSIONS;
use crate::epcis::problems as refused_by_schema;
use crate::store::capture::{Capture, Captured};
use axum::Json;
use axum::extract::State;
use axum::http::header::LOCATION;
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Value, json};
use threadmark_protocol::digest::Digest;
use threadmark_protocol::epcis::capture::{
    EVENTS_MAX, NotCaptured, Unsigned, events_of, is_too_deep,
};
use threadmark_protocol::epcis::{Event, PREFIX, VOCABULARY};
use threadmark_protocol::text::Moment;
use utoipa::ToSchema;

/// Largest document that is captured: 1 MiB.
const BYTES_MAX: usize = 1 << 20;
/// Captured events that one query looks at.
const LOOKED_AT_MAX: i64 = 500;
/// Of these, of one member: nobody crowds out the others.
const LOOKED_AT_OF_EACH: i64 = 100;
/// Documents that are read at the same time.
pub const READ_AT_ONCE: usize = 2;
/// What to do when one event of a document is not captured; only `rollback` is done here.
const BEHAVIOUR: HeaderName = HeaderName::from_static("gs1-capture-error-behaviour");

/// A capture job, as the REST binding has it. It is done when it can be asked for.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Job {
    /// Its name.
    #[serde(rename = "captureID")]
    #[schema(pattern = "^[0-9a-f]{32}$")]
    capture_id: String,
    /// When it was captured (RFC 3339).
    created_at: Option<String>,
    /// The same time.
    finished_at: Option<String>,
    /// Always false.
    running: bool,
    /// Always true: what is not valid is refused at once, and no job.
    success: bool,
    /// Always `rollback`: all of a document or nothing.
    capture_error_behaviour: String,
    /// Always empty.
    errors: Vec<String>,
    /// Events that the document had.
    events: usize,
    /// Of these, how many the member had not captured before.
    new_events: usize,
}

problems!(PostProblems: Border::EpcisInvalid, Border::EpcisTooMuch, Border::TooLarge, Border::WrongMediaType,
    Border::NoSession, Border::SessionRefused);
problems!(GetProblems: Border::BadRequest, Border::NotFound, Border::NoSession, Border::SessionRefused);

/// Capture events
///
/// An EPCISDocument, or one event, in JSON-LD: valid by the official schema with its formats asserted, at most 1 MiB and
/// 500 events, all of it or nothing. It is kept as the member's unsigned word: no answer depends on it, and
/// `GET /v1/epcis/events` gives it back to members with `threadmark:unsigned`. The same event of the same member is one,
/// by its event hash id. Terms of `urn:threadmark:voc:` are refused: they are the log's own.
#[utoipa::path(post, path = "/v1/epcis/capture", tag = "epcis", operation_id = "capture_epcis_events",
    security(("session" = [])),
    request_body(content = super::Document, content_type = "application/ld+json", description = "An EPCISDocument"),
    responses(
        (status = 202, description = "Kept; the header Location names the job",
            headers(("Location" = String, description = "Address of the job"))),
        PostProblems))]
pub async fn post(
    State(app): State<Shared>,
    session: Session,
    headers: HeaderMap,
    _: LdJson,
    Raw(bytes): Raw<BYTES_MAX>,
) -> Result<Response, Problem> {
    if headers
        .get(BEHAVIOUR)
        .is_some_and(|asked| asked != "rollback")
    {
        let told = "GS1-Capture-Error-Behaviour: only rollback is supported here";
        return Err(invalid(told));
    }
    let id = Digest::sha256(&[session.org.as_str().as_bytes(), &[0], &bytes]).to_hex();
    let id = id[..32].to_owned();
    let events = read_in_turn(&app, &session, bytes).await?;
    charge(&app, &session, events.len())?;
    let capture = Capture {
        id: id.clone(),
        org: session.org.clone(),
        captured_at: app.now(),
        events: events.len(),
        new_events: 0,
    };
    let events: Vec<_> = events
        .into_iter()
        .map(|event| kept(event, &capture))
        .collect();
    app.store
        .keep_capture(&capture, &session.kid, &events)
        .await?;
    let location = [(LOCATION, format!("/v1/epcis/capture/{id}"))];
    Ok((StatusCode::ACCEPTED, location, VERSIONS).into_response())
}

/// What is refused has been read too, and counts.
async fn read_in_turn(
    app: &App,
    session: &Session,
    bytes: axum::body::Bytes,
) -> Result<Vec<Unsigned>, Problem> {
    app.quotas.may_submit(session.kid)?;
    app.quotas.submitted(session.kid)?;
    let host = app.ledger.trust().policy.host.to_string();
    let room = app.captures.acquire().await;
    let _room = room.map_err(|_| Problem::unavailable())?;
    // A MiB of JSON against a schema takes a core for a while.
    let read = tokio::task::spawn_blocking(move || read(&bytes, &host)).await;
    read.map_err(|_| Problem::of(Border::Internal))?
}

/// A capture job
#[utoipa::path(get, path = "/v1/epcis/capture/{capture}", tag = "epcis", operation_id = "get_epcis_capture",
    security(("session" = [])),
    params(("capture" = String, Path, description = "Name of the job", pattern = "^[0-9a-f]{32}$")),
    responses((status = 200, description = "The job, done; for the member whose it is", body = Job), GetProblems))]
pub async fn get(
    State(app): State<Shared>,
    session: Session,
    Path(id): Path<String>,
) -> Result<Json<Job>, Problem> {
    let is_name = id.len() == 32
        && id
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if !is_name {
        return Err(Problem::bad_request(
            "the name of a capture is 32 hexadecimal digits",
        ));
    }
    let capture = app.store.capture(&id, &session.org).await?;
    let capture = capture.ok_or_else(|| Problem::absent("no such capture of yours"))?;
    let at = Moment::from_unix(capture.captured_at)
        .ok()
        .map(|at| at.to_string());
    Ok(Json(Job {
        capture_id: id,
        created_at: at.clone(),
        finished_at: at,
        running: false,
        success: true,
        capture_error_behaviour: "rollback".into(),
        errors: Vec::new(),
        events: capture.events,
        new_events: capture.new_events,
    }))
}

fn invalid(why: impl ToString) -> Problem {
    Problem::of(Border::EpcisInvalid).because(why)
}

fn read(bytes: &[u8], host: &str) -> Result<Vec<Unsigned>, Problem> {
    let document: Value = serde_json::from_slice(bytes).map_err(invalid)?;
    if is_too_deep(&document) {
        return Err(invalid(NotCaptured::TooDeep));
    }
    // Before the schema is asked, which takes longer than counting.
    let listed = document["epcisBody"]["eventList"].as_array();
    let listed = listed.map_or(0, Vec::len);
    if listed > EVENTS_MAX {
        let told = NotCaptured::TooMany(listed);
        return Err(Problem::of(Border::EpcisTooMuch).because(told));
    }
    let refused = refused_by_schema(&document, bytes.len());
    if !refused.is_empty() {
        return Err(invalid(refused.join("; ")));
    }
    events_of(&document, host).map_err(|error| match error {
        NotCaptured::TooMany(_) => Problem::of(Border::EpcisTooMuch).because(error),
        error => invalid(error),
    })
}

/// An event counts as much as a statement of the same key.
fn charge(app: &App, session: &Session, events: usize) -> Result<(), Problem> {
    for _ in 1..events.min(EVENTS_MAX) {
        app.quotas.submitted(session.kid)?;
    }
    Ok(())
}

fn kept(event: Unsigned, capture: &Capture) -> Captured {
    Captured {
        id: event.id,
        org: capture.org.clone(),
        is_declaration: event.is_declaration,
        capture: capture.id.clone(),
        captured_at: capture.captured_at,
        names: event.names,
        event: event.event,
    }
}

/// What members captured about things, each with whose unsigned word it is.
pub async fn of_things(app: &App, names: &[String]) -> Result<Vec<Event>, Problem> {
    let found = app.store.captured(names, LOOKED_AT_OF_EACH, LOOKED_AT_MAX);
    let told = found.await?.into_iter().map(|one| {
        let mut event = one.event;
        // A context that stands at some address may say anything of our terms: ours stands behind it.
        if let Some(Value::Array(contexts)) = event.get_mut("@context") {
            contexts.push(json!({ PREFIX: VOCABULARY }));
        }
        event.insert("threadmark:unsigned".into(), json!(one.org));
        event.insert("threadmark:capture".into(), json!(one.capture));
        if let Ok(at) = Moment::from_unix(one.captured_at) {
            event.insert("recordTime".into(), json!(at));
        }
        event
    });
    Ok(told.collect())
}
