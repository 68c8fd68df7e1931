//! `/log/tile/…`: the log as c2sp.org/tlog-tiles has it, for tools that we did not write.
//!
//! Owns the two routes, who may read which, and that a bundle is read by nobody without a record of it. What is not there
//! is 404 and nothing else, as the specification asks; so is what is not for the caller. Must never make a tile.

use super::auth::Session;
use super::problem::Problem;
use super::{App, Shared, fresh};
use crate::ledger::storage::Storage as _;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderValue, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use threadmark_protocol::tile::{Row, Tile};
use tower_http::compression::CompressionLayer;

/// Of hashes: a tile never changes, and everybody may have it.
const PUBLIC: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
/// Of entries: no cache on the way may hand them to somebody else.
const PRIVATE: HeaderValue = HeaderValue::from_static("private, max-age=31536000, immutable");

/// Routes of the tiles. Hashes do not become smaller; entries do.
pub fn routes() -> Router<Shared> {
    let entries = Router::new()
        .route("/log/tile/entries/{*place}", get(entries))
        .layer(CompressionLayer::new());
    Router::new()
        .route("/log/tile/{*place}", get(hashes))
        .merge(entries)
        .layer(axum::middleware::map_response(fresh))
}

/// The same for what is not there, what is no path, and what is not for the caller.
fn absent() -> Problem {
    Problem::absent("the log has no such tile")
}

/// The path as it was sent: an escaped form is another path.
fn asked(uri: &Uri) -> Result<Tile, Problem> {
    let path = uri.path().strip_prefix("/log/");
    path.and_then(|path| path.parse().ok()).ok_or_else(absent)
}

async fn read(app: &App, tile: Tile) -> Result<Bytes, Problem> {
    if !tile.is_within(app.tiles.size()) {
        let committed = app.store.head().await?.map_or(0, |head| head.size);
        if tile.is_within(committed) {
            app.entries_with(committed).await?;
        }
    }
    app.tiles.read(tile).await?.ok_or_else(absent)
}

fn answer(caching: HeaderValue, bytes: Bytes) -> Response {
    let media_type = HeaderValue::from_static("application/octet-stream");
    let headers = [
        (header::CONTENT_TYPE, media_type),
        (header::CACHE_CONTROL, caching),
    ];
    (headers, bytes).into_response()
}

async fn hashes(State(app): State<Shared>, uri: Uri) -> Result<Response, Problem> {
    let tile = asked(&uri)?;
    if tile.row() == Row::Entries {
        return Err(absent());
    }
    Ok(answer(PUBLIC, read(&app, tile).await?))
}

/// Whole envelopes: for those who hold the log anyway (`/v1/sync`), which is every member that replays it.
async fn entries(
    State(app): State<Shared>,
    session: Result<Option<Session>, Problem>,
    uri: Uri,
) -> Result<Response, Problem> {
    let session = match session {
        Ok(Some(session)) => session,
        Err(problem) if problem.kind.status().is_server_error() => return Err(problem),
        Ok(None) | Err(_) => return Err(absent()),
    };
    let tile = asked(&uri)?;
    let bytes = read(&app, tile).await?;
    // Before a byte of it leaves: what cannot be recorded is not read.
    app.store
        .note_reading(&session.kid, tile.index(), app.now())
        .await?;
    Ok(answer(PRIVATE, bytes))
}
