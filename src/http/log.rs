//! `/log` and proofs: what anybody may check.

use super::Shared;
use super::codes::Border;
use super::contract::problems;
use super::extract::Query;
use super::problem::Problem;
use super::shapes::Hex32;
use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

problems!(Problems: Border::NotFound);
problems!(ProofProblems: Border::BadRequest, Border::NotFound);
problems!(HealthProblems: Border::Unavailable);

/// The newest checkpoint
///
/// A C2SP signed note.
#[utoipa::path(get, path = "/log/checkpoint", tag = "log", operation_id = "get_checkpoint",
    responses((status = 200, description = "The checkpoint", body = String, content_type = "text/plain"), Problems))]
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
    #[param(maximum = 9007199254740991_u64)]
    pub index: u64,
    /// Size of the tree.
    #[param(maximum = 9007199254740991_u64)]
    pub size: u64,
}

/// Two sizes of the tree.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Sizes {
    /// The smaller.
    #[param(maximum = 9007199254740991_u64)]
    pub old: u64,
    /// The larger.
    #[param(maximum = 9007199254740991_u64)]
    pub new: u64,
}

/// Hashes of an RFC 6962 proof.
#[derive(Serialize, ToSchema)]
pub struct Proof {
    /// In the order of RFC 6962.
    #[schema(value_type = Vec<Hex32>, max_items = 64)]
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
///
/// That an entry stands in the tree of a size, for whoever has its leaf.
#[utoipa::path(get, path = "/v1/proofs/inclusion", tag = "log", operation_id = "get_inclusion_proof", params(Leaf),
    responses((status = 200, description = "The proof", body = Proof), ProofProblems))]
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
///
/// That the larger tree begins with the smaller one: the log only grew.
#[utoipa::path(get, path = "/v1/proofs/consistency", tag = "log", operation_id = "get_consistency_proof",
    params(Sizes),
    responses((status = 200, description = "The proof", body = Proof), ProofProblems))]
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
#[utoipa::path(get, path = "/healthz", tag = "service", operation_id = "get_health",
    responses((status = 200, description = "The database answers: `ok`", body = String), HealthProblems))]
pub async fn health(State(app): State<Shared>) -> Result<&'static str, Problem> {
    use crate::ledger::storage::Storage as _;
    app.store.head().await?;
    Ok("ok\n")
}
