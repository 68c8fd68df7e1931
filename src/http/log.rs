//! `/log` and proofs: what anybody may check.

use super::Shared;
use super::codes::Border;
use super::contract::problems;
use super::extract::{Path, Query};
use super::problem::Problem;
use super::shapes::Hex32;
use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use threadmark_protocol::tlog_proof::TlogProof;
use utoipa::{IntoParams, ToSchema};

problems!(Problems: Border::NotFound);
problems!(ProofProblems: Border::BadRequest, Border::NotFound);
problems!(ListProblems: Border::BadRequest);
problems!(HealthProblems: Border::Unavailable);

/// Checkpoints of one page.
const ROWS: i64 = 100;
/// Largest integer that every reader of JSON has exactly.
const SIZE_MAX: u64 = (1 << 53) - 1;

/// The newest checkpoint
///
/// A C2SP signed note: the newest that a quorum of witnesses has cosigned, with their lines; where no witness is asked, or
/// none has cosigned yet, the newest that the log has signed.
#[utoipa::path(get, path = "/log/checkpoint", tag = "log", operation_id = "get_checkpoint",
    responses((status = 200, description = "The checkpoint", body = String, content_type = "text/plain"), Problems))]
pub async fn checkpoint(State(app): State<Shared>) -> Result<Response, Problem> {
    let note = match app.witnesses.witnessed() {
        Some(witnessed) => witnessed.note,
        None => {
            let head = app.ledger.published(|log| log.head.clone());
            let head = head.ok_or_else(|| Problem::absent("the log is empty"))?;
            app.witnesses.note_of(&head)
        }
    };
    let headers = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, note).into_response())
}

/// Where a page begins.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct After {
    /// Size of the last checkpoint of the page before; none for the first page.
    #[param(maximum = 9007199254740991_u64)]
    pub after: Option<u64>,
}

/// A checkpoint that the log has signed.
#[derive(Serialize, ToSchema)]
pub struct Kept {
    /// Entries.
    pub size: u64,
    /// RFC 6962 root of the tree.
    #[schema(value_type = Hex32)]
    pub root: String,
    /// Log time of the batch that it ends, Unix seconds.
    pub logged_at: i64,
    /// The C2SP signed note, with every line that stands under it.
    pub checkpoint: String,
}

/// A page of checkpoints.
#[derive(Serialize, ToSchema)]
pub struct Checkpoints {
    /// In the order of their sizes.
    #[schema(max_items = 100)]
    pub items: Vec<Kept>,
    /// What to ask for next as `after`; nothing when this is the last page.
    #[schema(required)]
    pub next: Option<u64>,
}

/// Every checkpoint
///
/// The log keeps every checkpoint that it has signed, in pages of 100.
#[utoipa::path(get, path = "/log/checkpoints", tag = "log", operation_id = "list_checkpoints", params(After),
    responses((status = 200, description = "A page of checkpoints", body = Checkpoints), ListProblems))]
pub async fn checkpoints(
    State(app): State<Shared>,
    Query(asked): Query<After>,
) -> Result<Json<Checkpoints>, Problem> {
    let after = asked.after.unwrap_or(0);
    if after > SIZE_MAX {
        return Err(Problem::bad_request("`after` is larger than any log"));
    }
    let rows = app.store.checkpoints_after(after, ROWS).await?;
    let is_full = rows.len() as i64 == ROWS;
    let next = rows.last().filter(|_| is_full).map(|head| head.size);
    let items = rows.into_iter().map(|head| Kept {
        size: head.size,
        root: head.root.to_hex(),
        logged_at: head.logged_at,
        checkpoint: head.note,
    });
    Ok(Json(Checkpoints {
        items: items.collect(),
        next,
    }))
}

/// Proof of an entry as a file
///
/// A c2sp.org/tlog-proof: that the entry stands at this index of the newest checkpoint that a quorum of
/// witnesses has cosigned, or of the newest of all where it is not witnessed yet. It holds hashes and the
/// checkpoint; whoever has the entry can check it without a network.
#[utoipa::path(get, path = "/log/proof/{index}", tag = "log", operation_id = "get_tlog_proof",
    params(("index" = u64, Path, description = "Index of the entry", maximum = 9007199254740991_u64)),
    responses((status = 200, description = "The proof", body = String, content_type = "text/plain"), ProofProblems))]
pub async fn tlog_proof(
    State(app): State<Shared>,
    Path(index): Path<u64>,
) -> Result<Response, Problem> {
    let absent = || Problem::absent("the log has no such entry");
    let read = app.entries_with(index.saturating_add(1)).await?;
    // Another node may have heard of a checkpoint that has not come here yet.
    let witnessed = app.witnesses.witnessed();
    let witnessed = witnessed.filter(|of| index < of.size && of.size <= read);
    let (size, note) = match witnessed {
        Some(witnessed) => (witnessed.size, witnessed.note),
        None => {
            let head = app.ledger.published(|log| log.head.clone());
            let head = head.ok_or_else(absent)?;
            (head.size, app.witnesses.note_of(&head))
        }
    };
    let hashes = app
        .ledger
        .published(|log| log.tree.inclusion(index, size))
        .ok_or_else(absent)?;
    let proof = TlogProof {
        index,
        hashes,
        checkpoint: note,
    };
    let name = format!("attachment; filename=\"{index}.tlog-proof\"");
    let media_type = "text/plain; charset=utf-8".to_owned();
    let headers = [
        (header::CONTENT_TYPE, media_type),
        (header::CONTENT_DISPOSITION, name),
    ];
    Ok((headers, proof.to_string()).into_response())
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
    app.entries_with(leaf.size).await?;
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
    app.entries_with(sizes.new).await?;
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
