//! The witness on the wire: `add-checkpoint`, and the newest checkpoint for monitors.
//!
//! Owns paths, limits and statuses, exactly as c2sp.org/tlog-witness has them; 503 is ours, for an audit that goes on. Must never decide what is cosigned.

use super::{Failure, Witness};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use std::sync::Arc;
use std::time::Duration;
use threadmark_protocol::digest::Digest;
use threadmark_protocol::witness::{Refusal, SIZE_MEDIA_TYPE};
use tokio::sync::Semaphore;

/// Largest request: a checkpoint with several post-quantum lines and the longest proof is below it.
const BODY_BYTES_MAX: usize = 64 << 10;
/// Longest that a request may take, its body included.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(20);

/// Checkpoints that are worked on at once. Anybody can send one again that everybody has; who comes beyond these is told to come
/// back (429), and nothing of him is kept.
const AT_ONCE: usize = 16;

const TEXT: &str = "text/plain; charset=utf-8";

#[derive(Clone)]
struct Shared {
    witness: Arc<Witness>,
    places: Arc<Semaphore>,
}

/// The routes below the submission prefix, which is the monitoring prefix as well.
pub fn routes(witness: Arc<Witness>) -> Router {
    let shared = Shared {
        witness,
        places: Arc::new(Semaphore::new(AT_ONCE)),
    };
    Router::new()
        .route("/add-checkpoint", post(add_checkpoint))
        .route("/{origin_sha256}/checkpoint", get(checkpoint))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(axum::middleware::from_fn(in_time))
        .with_state(shared)
}

async fn in_time(request: Request, next: Next) -> Response {
    let answered = tokio::time::timeout(REQUEST_TIMEOUT, next.run(request)).await;
    answered.unwrap_or_else(|_| StatusCode::REQUEST_TIMEOUT.into_response())
}

async fn add_checkpoint(State(shared): State<Shared>, body: Bytes) -> Response {
    let Ok(body) = String::from_utf8(body.into()) else {
        return answer(StatusCode::BAD_REQUEST, "not a request: it is not UTF-8\n");
    };
    let Ok(place) = shared.places.clone().try_acquire_owned() else {
        return answer(StatusCode::TOO_MANY_REQUESTS, "busy: send it again later\n");
    };
    // The disk is waited for on a thread of its own, to the end: a client that leaves changes nothing, and keeps its place
    // until then.
    let work = move || (shared.witness.add_checkpoint(&body), place).0;
    let done = tokio::task::spawn_blocking(work).await;
    match done {
        Ok(Ok(line)) => answer(StatusCode::OK, line),
        Ok(Err(failure)) => refuse(&failure),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

async fn checkpoint(
    State(Shared { witness, .. }): State<Shared>,
    Path(origin_sha256): Path<String>,
) -> Response {
    let Ok(origin_sha256) = origin_sha256.parse::<Digest>() else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let found = tokio::task::spawn_blocking(move || witness.checkpoint(&origin_sha256)).await;
    match found {
        Ok(Ok(Some(note))) => answer(StatusCode::OK, note),
        Ok(Ok(None)) => StatusCode::NOT_FOUND.into_response(),
        Ok(Err(failure)) => refuse(&failure),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

fn answer(status: StatusCode, text: impl Into<String>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, TEXT),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (status, headers, text.into()).into_response()
}

fn refuse(failure: &Failure) -> Response {
    if let Failure::Storage(error) = failure {
        tracing::error!(error, "nothing was cosigned");
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    }
    if let Failure::Refused(Refusal::Conflict(size)) = failure {
        let headers = [(header::CONTENT_TYPE, SIZE_MEDIA_TYPE)];
        return (StatusCode::CONFLICT, headers, format!("{size}\n")).into_response();
    }
    let status = StatusCode::from_u16(failure.status());
    let mut answer = answer(
        status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
        format!("{failure}\n"),
    );
    if let Failure::NotYet(_) = failure {
        let soon = HeaderValue::from_static("1");
        answer.headers_mut().insert(header::RETRY_AFTER, soon);
    }
    answer
}
