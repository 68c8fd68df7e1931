//! `/v1/epcis`: EPCIS 2.0 (ISO/IEC 19987) as its REST binding has it, as far as it goes.
//!
//! Owns the routes, headers and paging. Which events a life has is `threadmark_protocol::epcis`; which of them are asked
//! for is [`query`]. What is not supported is refused by name, with the standard's types of errors. Must never know
//! rules.

pub mod capture;
mod query;

use super::auth::{Session, viewer};
use super::codes::Border;
use super::contract::{problems, schema};
use super::extract::Query;
use super::problem::Problem;
use super::{App, Shared};
use axum::extract::State;
use axum::http::header::{CONTENT_TYPE, HeaderName, LINK};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use query::{Asked, Page};
use serde_json::{Value, json};
use threadmark_protocol::answer::Viewer;
use threadmark_protocol::epcis::{self, Event};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

const LD_JSON: HeaderValue = HeaderValue::from_static("application/ld+json");
const VERSIONS: [(HeaderName, HeaderValue); 2] = [
    (
        HeaderName::from_static("gs1-epcis-version"),
        HeaderValue::from_static("2.0.0"),
    ),
    (
        HeaderName::from_static("gs1-cbv-version"),
        HeaderValue::from_static("2.0.0"),
    ),
];

/// An EPCISQueryDocument; its form is the official JSON schema's.
pub struct Document;

impl PartialSchema for Document {
    fn schema() -> RefOr<Schema> {
        schema(json!({
            "type": "object", "required": ["@context", "type", "epcisBody"],
            "description": "An EPCISQueryDocument, valid by the official schema of EPCIS 2.0.",
            "externalDocs": { "url": "https://ref.gs1.org/standards/epcis/epcis-json-schema.json" },
            "additionalProperties": true,
        }))
    }
}

impl ToSchema for Document {}

problems!(Problems: Border::EpcisParameter, Border::EpcisTooComplex, Border::EpcisTooMuch, Border::SessionRefused);

/// Events of parts
///
/// The EPCIS query by the names of parts: `https://<host>/m/<mark>`, several with `|` between them. Every event names the
/// statement that it is told from (`threadmark:statement`); strangers get the events of the public answer, members all, and
/// those that members captured, which are nobody's signed statement and bear `threadmark:unsigned`. What else may be asked: `eventType`, `EQ_bizStep`, `EQ_disposition`, `EQ_action`, `EQ_eventID` (lists with `|`),
/// `GE_eventTime`, `LT_eventTime`, `GE_recordTime`, `LT_recordTime`, `perPage`, `nextPageToken`. Any other parameter is
/// refused.
#[utoipa::path(get, path = "/v1/epcis/events", tag = "epcis", operation_id = "get_epcis_events",
    security((), ("session" = [])),
    params(
        ("MATCH_anyEPC" = String, Query, description = "Names of at most 4 parts, with `|` between them",
            min_length = 1, max_length = 4000),
        ("perPage" = Option<u32>, Query, description = "Events of one page, 100 where it is not said",
            minimum = 1, maximum = 1000)),
    responses(
        (status = 200, description = "Oldest first; the header Link leads to the next page, if there is one",
            body = Document, content_type = "application/ld+json"),
        Problems))]
pub async fn events(
    State(app): State<Shared>,
    Query(asked): Query<Vec<(String, String)>>,
    session: Option<Session>,
) -> Result<Response, Problem> {
    let host = app.ledger.trust().policy.host.as_str();
    let mut asked = Asked::parse(&asked, host)?;
    let is_member = session.is_some();
    let viewer = viewer(session, None);
    let mut found = Vec::new();
    for epc in asked.epcs.clone() {
        let (name, events) = of_part(&app, &epc, &viewer).await?;
        // One of its marks was asked for; events name the first.
        asked.epcs.extend(name);
        found.extend(events);
    }
    if is_member {
        found.extend(capture::of_things(&app, &asked.epcs).await?);
    }
    let Page { events, next } = asked.page(found);
    let document = epcis::query_document(events);
    let mut response = ld_json(&document);
    if let Some(link) = next.and_then(|next| HeaderValue::from_str(&next).ok()) {
        response.headers_mut().insert(LINK, link);
    }
    Ok(response)
}

/// The part that a name leads to: what events call it, and they; none where it leads to none.
async fn of_part(
    app: &App,
    epc: &str,
    viewer: &Viewer,
) -> Result<(Option<String>, Vec<Event>), Problem> {
    let host = app.ledger.trust().policy.host.as_str();
    let Some(mark) = epcis::mark_of(epc, host) else {
        return Ok((None, Vec::new()));
    };
    let part = app.store.part(mark).await?;
    let name = epcis::epc(&part.world, mark);
    Ok((name, epcis::life(&part.world, mark, viewer)))
}

fn ld_json(document: &Value) -> Response {
    let body = document.to_string();
    (StatusCode::OK, [(CONTENT_TYPE, LD_JSON)], VERSIONS, body).into_response()
}
