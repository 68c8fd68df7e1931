//! `/v1/artifacts/{sha3}`: sealed files, addressed by what they are.
//!
//! The service holds age ciphertext only and cannot read it. An artifact is accepted when its SHA3-256 is its name.

use super::auth::Session;
use super::codes::Border;
use super::extract::{Path, Raw};
use super::problem::Problem;
use super::quota::Address;
use super::{ARTIFACT_BYTES_MAX, Shared};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use object_store::path::Path as StorePath;
use object_store::{ObjectStoreExt, PutPayload};
use std::ops::Range;
use threadmark_protocol::digest::Digest;

fn place(sha3: &str) -> Result<(Digest, StorePath), Problem> {
    let digest: Digest = sha3.parse().map_err(Problem::bad_request)?;
    let name = digest.to_hex();
    // Two levels, so that no folder grows without bound.
    Ok((
        digest,
        StorePath::from(format!("artifacts/{}/{}", &name[..2], name)),
    ))
}

/// Store a sealed file
#[utoipa::path(put, path = "/v1/artifacts/{sha3}", tag = "artifacts",
    params(("sha3" = String, Path, description = "SHA3-256 of the bytes, 64 hexadecimal digits")),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses(
        (status = 201, description = "Stored"),
        (status = 400, description = "Other bytes than the name says", body = Problem),
        (status = 401, description = "Members only", body = Problem)))]
pub async fn put(
    State(app): State<Shared>,
    _: Session,
    from: Address,
    Path(sha3): Path<String>,
    Raw(bytes): Raw<ARTIFACT_BYTES_MAX>,
) -> Result<StatusCode, Problem> {
    let (digest, path) = place(&sha3)?;
    app.quotas.transferred(from, bytes.len() as u64);
    if Digest::sha3(&[&bytes]) != digest {
        return Err(Problem::of(Border::WrongDigest));
    }
    app.artifacts
        .put(&path, PutPayload::from_bytes(bytes))
        .await
        .map_err(failed)?;
    Ok(StatusCode::CREATED)
}

/// Fetch a sealed file, whole or a range
#[utoipa::path(get, path = "/v1/artifacts/{sha3}", tag = "artifacts",
    params(("sha3" = String, Path, description = "SHA3-256 of the bytes, 64 hexadecimal digits")),
    responses(
        (status = 200, description = "The bytes", body = Vec<u8>, content_type = "application/octet-stream"),
        (status = 206, description = "A range of them", body = Vec<u8>, content_type = "application/octet-stream"),
        (status = 401, description = "Members only", body = Problem),
        (status = 404, description = "Not here", body = Problem),
        (status = 416, description = "No such range", body = Problem)))]
pub async fn get(
    State(app): State<Shared>,
    _: Session,
    to: Address,
    Path(sha3): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (_, path) = place(&sha3)?;
    let size = app.artifacts.head(&path).await.map_err(failed)?.size;
    let immutable = [
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (
            header::CACHE_CONTROL,
            "private, max-age=31536000, immutable".to_owned(),
        ),
        (header::ACCEPT_RANGES, "bytes".to_owned()),
    ];
    let asked = headers
        .get(header::RANGE)
        .and_then(|value| value.to_str().ok());
    let Some(asked) = asked else {
        let bytes = app
            .artifacts
            .get(&path)
            .await
            .map_err(failed)?
            .bytes()
            .await
            .map_err(failed)?;
        app.quotas.transferred(to, size);
        return Ok((immutable, bytes).into_response());
    };
    let range = parse_range(asked, size).ok_or_else(|| Problem::of(Border::NoSuchRange))?;
    app.quotas.transferred(to, range.end - range.start);
    let told = format!("bytes {}-{}/{size}", range.start, range.end - 1);
    let bytes = app
        .artifacts
        .get_range(&path, range)
        .await
        .map_err(failed)?;
    Ok((
        StatusCode::PARTIAL_CONTENT,
        immutable,
        [(header::CONTENT_RANGE, told)],
        bytes,
    )
        .into_response())
}

/// One range of RFC 9110 §14: `bytes=a-b`, `bytes=a-`, `bytes=-n`.
fn parse_range(text: &str, size: u64) -> Option<Range<u64>> {
    let (from, to) = text.strip_prefix("bytes=")?.split_once('-')?;
    let range = match (from.parse::<u64>(), to.parse::<u64>()) {
        (Ok(from), Ok(to)) => from..to.saturating_add(1).min(size),
        (Ok(from), Err(_)) if to.is_empty() => from..size,
        (Err(_), Ok(last)) if from.is_empty() => size.saturating_sub(last)..size,
        _ => return None,
    };
    (range.start < range.end).then_some(range)
}

fn failed(error: object_store::Error) -> Problem {
    match error {
        object_store::Error::NotFound { .. } => Problem::absent("no such artifact"),
        error => {
            tracing::error!(%error, "artifact storage");
            Problem::unavailable()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::parse_range;

    #[test]
    fn ranges_of_rfc_9110() {
        assert_eq!(parse_range("bytes=0-0", 10), Some(0..1));
        assert_eq!(parse_range("bytes=5-", 10), Some(5..10));
        assert_eq!(parse_range("bytes=-3", 10), Some(7..10));
        assert_eq!(parse_range("bytes=2-99", 10), Some(2..10));
        for bad in [
            "bytes=10-",
            "bytes=5-4",
            "bytes=-0",
            "bytes=-",
            "items=0-1",
            "bytes=a-b",
            "",
        ] {
            assert_eq!(parse_range(bad, 10), None, "{bad}");
        }
        assert_eq!(parse_range("bytes=0-18446744073709551615", 10), Some(0..10));
    }
}
