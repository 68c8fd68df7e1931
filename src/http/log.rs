//! `/log` and proofs: what anybody may check.

use super::Shared;
use super::extract::Query;
use super::problem::Problem;
use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// The newest checkpoint
///
/// A C2SP signed note.
#[utoipa::path(get, path = "/log/checkpoint", tag = "log", responses(
    (status = 200, description = "The checkpoint", body = String, content_type = "text/plain"),
    (status = 404, description = "No entry yet", body = Problem)))]
pub async fn checkpoint(State(app): State<Shared>) -> Result<Response, Problem> {
    let note = app
        .ledger
        .published(|log| log.head.as_ref().map(|head| head.note.clone()));
    let note = note.ok_or_else(|| Problem::absent("the log is empty"))?;
    let headers = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, note).into_response())
}

/// An inclusion proof's place.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Leaf {
    /// Index of the entry.
    pub index: u64,
    /// Size of the tree.
    pub size: u64,
}

/// Two sizes of the tree.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Sizes {
    /// The smaller.
    pub old: u64,
    /// The larger.
    pub new: u64,
}

/// Hashes of an RFC 6962 proof.
#[derive(Serialize, ToSchema)]
pub struct Proof {
    /// In hexadecimal digits, in the order of RFC 6962.
    pub hashes: Vec<String>,
}

type Proven = Option<Vec<threadmark_protocol::digest::Digest>>;

fn proof(found: Proven) -> Result<Json<Proof>, Problem> {
    let hashes = found.ok_or_else(|| Problem::absent("the log has no such size or index"))?;
    Ok(Json(Proof {
        hashes: hashes.iter().map(ToString::to_string).collect(),
    }))
}

/// Inclusion proof
#[utoipa::path(get, path = "/v1/proofs/inclusion", tag = "log", params(Leaf), responses(
    (status = 200, description = "The proof", body = Proof),
    (status = 404, description = "No such entry or size", body = Problem)))]
pub async fn inclusion(
    State(app): State<Shared>,
    Query(leaf): Query<Leaf>,
) -> Result<Json<Proof>, Problem> {
    proof(
        app.ledger
            .published(|log| log.tree.inclusion(leaf.index, leaf.size)),
    )
}

/// Consistency proof
#[utoipa::path(get, path = "/v1/proofs/consistency", tag = "log", params(Sizes), responses(
    (status = 200, description = "The proof", body = Proof),
    (status = 404, description = "No such sizes", body = Problem)))]
pub async fn consistency(
    State(app): State<Shared>,
    Query(sizes): Query<Sizes>,
) -> Result<Json<Proof>, Problem> {
    proof(
        app.ledger
            .published(|log| log.tree.consistency(sizes.old, sizes.new)),
    )
}

/// Health
#[utoipa::path(get, path = "/healthz", tag = "log", responses(
    (status = 200, description = "The database answers", body = String),
    (status = 503, description = "It does not", body = Problem)))]
pub async fn health(State(app): State<Shared>) -> Result<&'static str, Problem> {
    use crate::ledger::storage::Storage as _;
    app.store.head().await?;
    Ok("ok\n")
}
