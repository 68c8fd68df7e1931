//! `/v1/marks/{mark}/bundle`: the record of one part as a file that answers without a network.
//!
//! For members, as the log itself is: it holds bodies. Sealed sections are never in it.

use super::Shared;
use super::auth::Session;
use super::codes::Border;
use super::contract::{Binary, problems};
use super::extract::Path;
use super::problem::Problem;
use crate::ledger::bundle::{self, PartBundleError};
use axum::body::Bytes;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use threadmark_protocol::bundle::part::{BUNDLE_BYTES_MAX, TooMuch};
use threadmark_protocol::mark::Mark;
use tokio::sync::OwnedSemaphorePermit;

problems!(Problems: Border::BadRequest, Border::NoSession, Border::SessionRefused, Border::TooMuchForABundle, Border::Busy);

/// Everything about one part, proved whole
///
/// All statements about the part and about everything above it, up to the newest checkpoint, in one file, with the proof
/// that they stand in the log and that there are no others. `threadmark verify bundle` checks and answers without a
/// network. For a mark that nobody has used the file proves that.
#[utoipa::path(get, path = "/v1/marks/{mark}/bundle", tag = "marks", operation_id = "get_part_bundle",
    security(("session" = [])),
    params(("mark" = String, Path, description = "16 characters; case, spaces and hyphens do not matter",
        pattern = "^[ -]*([0-9A-TV-Za-tv-z][ -]*){16}$")),
    responses(
        (status = 200, description = "The bundle, in CBOR", body = Binary, content_type = "application/cbor"),
        Problems))]
pub async fn get(
    State(app): State<Shared>,
    Path(mark): Path<String>,
    _: Session,
) -> Result<Response, Problem> {
    let mark: Mark = mark.parse().map_err(Problem::bad_request)?;
    let Ok(room) = app.bundles.clone().try_acquire_owned() else {
        return Err(Problem::of(Border::Busy));
    };
    let bundle = bundle::of_part(&app.ledger, &app.store, &app.witnesses, mark).await?;
    let bytes = bundle.to_bytes();
    if bytes.len() > BUNDLE_BYTES_MAX {
        return Err(Problem::of(Border::TooMuchForABundle));
    }
    let body = Bytes::from_owner(OnItsWay::new(bytes, room));
    Ok(([(header::CONTENT_TYPE, "application/cbor")], body).into_response())
}

/// A bundle, or what is made of one, takes room until its last byte is sent, however slowly it is read.
pub struct OnItsWay {
    bytes: Vec<u8>,
    _room: OwnedSemaphorePermit,
}

impl OnItsWay {
    /// Bytes that have this room.
    pub fn new(bytes: Vec<u8>, room: OwnedSemaphorePermit) -> OnItsWay {
        OnItsWay { bytes, _room: room }
    }
}

impl AsRef<[u8]> for OnItsWay {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl From<PartBundleError> for Problem {
    fn from(error: PartBundleError) -> Problem {
        match error {
            PartBundleError::Collect(TooMuch::Limits) => Problem::of(Border::TooMuchForABundle),
            PartBundleError::Storage(error) => error.into(),
            error => {
                tracing::error!(%error, "a bundle");
                Problem::unavailable()
            }
        }
    }
}
