//! `/v1/sync`: the log for members, and genesis for everybody.
//!
//! Bodies go to every member, because everyone who may hold a part must be able to replay its life; a sealed section goes
//! to its author's organisation and to the one that it is for.

use super::auth::Session;
use super::codes::Border;
use super::contract::{Binary, problems};
use super::extract::Query;
use super::problem::Problem;
use super::{App, Shared};
use crate::ledger::storage::Storage as _;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use threadmark_protocol::body::{Body, Core};
use threadmark_protocol::bundle::{PAGE_ENTRIES_MAX, Page};
use threadmark_protocol::statement::Submission;
use threadmark_protocol::text::OrgId;
use utoipa::IntoParams;

const CBOR: [(header::HeaderName, &str); 1] = [(header::CONTENT_TYPE, "application/cbor")];

/// Where a page begins.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct From {
    /// Entries that the caller has.
    #[param(maximum = 9007199254740991_u64)]
    pub from: u64,
}

problems!(Problems: Border::BadRequest, Border::NoSession, Border::SessionRefused, Border::BeyondTheLog);
problems!(GenesisProblems: Border::Unavailable);

/// Entries from an index on
///
/// A page ends at the end of a batch; its checkpoint covers exactly what the caller has then. Ask until 204. Whoever has
/// more entries than the log is told so: a log only grows, so it is another one, or an old copy.
#[utoipa::path(get, path = "/v1/sync", tag = "sync", operation_id = "get_entries", security(("session" = [])),
    params(From),
    responses(
        (status = 200, description = "A page", body = Binary, content_type = "application/cbor"),
        (status = 204, description = "Nothing new"),
        Problems))]
pub async fn get(
    State(app): State<Shared>,
    session: Session,
    Query(asked): Query<From>,
) -> Result<Response, Problem> {
    let size = app.entries_with(asked.from).await?;
    if asked.from > size {
        let told = format!("the log has {size} entries, and you have {}", asked.from);
        return Err(Problem::of(Border::BeyondTheLog).because(told));
    }
    if asked.from == size {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let head = app
        .store
        .checkpoint_within(asked.from, PAGE_ENTRIES_MAX)
        .await?;
    let head = head.ok_or_else(Problem::unavailable)?;
    let with_lines = app.store.with_cosignatures(vec![head]).await?;
    let head = with_lines
        .into_iter()
        .next()
        .ok_or_else(Problem::unavailable)?;
    let count = (head.size - asked.from) as usize;
    let mut entries = app.store.entries(asked.from, count).await?;
    entries
        .iter_mut()
        .for_each(|entry| withhold(&app, &session.org, entry));
    let page = Page {
        from: asked.from,
        entries,
        checkpoint: head.note,
    };
    Ok((CBOR, page.to_bytes()).into_response())
}

/// Takes out the sections that are not for `org`.
fn withhold(app: &App, org: &OrgId, entry: &mut Submission) {
    if entry.sections.is_empty() {
        return;
    }
    let may = Body::parse(&entry.body).is_ok_and(|body| {
        let addressee = match &body.core {
            Core::LicenceIssued(licence) => Some(&licence.holder),
            _ => None,
        };
        body.iss == *org || addressee == Some(org)
    });
    if !may {
        tracing::debug!(origin = %app.ledger.trust().origin(), "sections withheld");
        entry.sections.clear();
    }
}

/// The genesis statements
#[utoipa::path(get, path = "/v1/genesis", tag = "sync", operation_id = "get_genesis",
    responses(
        (status = 200, description = "Both genesis statements; pin their hash", body = Binary,
            content_type = "application/cbor"),
        GenesisProblems))]
pub async fn genesis(State(app): State<Shared>) -> Response {
    (CBOR, app.genesis.clone()).into_response()
}
