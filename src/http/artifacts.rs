//! `/v1/artifacts/{sha3}`: sealed files, addressed by what they are.
//!
//! Of geometry the service holds age ciphertext only and cannot read it. A sealed file of a design goes to its author and
//! to who is licensed to make it, anything else to members that know its digest. An artifact is accepted when its
//! SHA3-256 is its name; who publishes it signs the chunk list, and who reads it compares both.

use super::auth::Session;
use super::codes::Border;
use super::contract::{Binary, problems};
use super::extract::{Announced, Path};
use super::problem::Problem;
use super::quota::Address;
use super::shapes::Hex32;
use super::upload::{Upload, absent, failed};
use super::{ARTIFACT_BYTES_MAX, App, Shared};
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use object_store::path::Path as StorePath;
use object_store::{GetOptions, ObjectStore as _, ObjectStoreExt as _};
use std::ops::Range;
use threadmark_protocol::digest::Digest;
use threadmark_protocol::text::OrgId;

fn place(sha3: &str) -> Result<(Digest, StorePath), Problem> {
    let digest: Digest = sha3.parse().map_err(Problem::bad_request)?;
    let name = digest.to_hex();
    // Two levels, so that no folder grows without bound.
    Ok((
        digest,
        StorePath::from(format!("artifacts/{}/{}", &name[..2], name)),
    ))
}

problems!(PutProblems: Border::BadRequest, Border::WrongDigest, Border::NoSession, Border::SessionRefused,
    Border::TooLarge, Border::Busy);
problems!(GetProblems: Border::BadRequest, Border::NoSession, Border::SessionRefused, Border::NotFound,
    Border::NoSuchRange);

/// Store a sealed file
///
/// At most 1 GiB of age ciphertext, of any media type. Storing the same file again changes nothing.
#[utoipa::path(put, path = "/v1/artifacts/{sha3}", tag = "artifacts", operation_id = "put_artifact",
    security(("session" = [])),
    params(("sha3" = inline(Hex32), Path, description = "SHA3-256 of the bytes")),
    request_body(content = Binary, content_type = "application/octet-stream"),
    responses((status = 201, description = "Stored"), PutProblems))]
pub async fn put(
    State(app): State<Shared>,
    session: Session,
    from: Address,
    Path(sha3): Path<String>,
    Announced: Announced<ARTIFACT_BYTES_MAX>,
    body: Body,
) -> Result<StatusCode, Problem> {
    let (digest, path) = place(&sha3)?;
    let busy = || Problem::of(Border::Busy).because("too many files are being stored");
    let _mine = app.uploads_each.take(session.kid).ok_or_else(busy)?;
    let _turn = app.uploads.try_acquire().map_err(|_| busy())?;
    let mut body = Upload::of(body, ARTIFACT_BYTES_MAX);
    let stored = body.store(app.artifacts.as_ref(), &path, digest).await;
    // Bytes that were refused have been sent all the same.
    app.quotas.transferred(from, body.taken_bytes());
    stored?;
    Ok(StatusCode::CREATED)
}

/// A file never changes under its digest.
const IMMUTABLE: [(HeaderName, &str); 3] = [
    (header::CONTENT_TYPE, "application/octet-stream"),
    (
        header::CACHE_CONTROL,
        "private, max-age=31536000, immutable",
    ),
    (header::ACCEPT_RANGES, "bytes"),
];

/// Fetch a sealed file, whole or a range
///
/// `Range` takes one range of bytes; any other form is as if it were not there (RFC 9110 section 14.2).
#[utoipa::path(get, path = "/v1/artifacts/{sha3}", tag = "artifacts", operation_id = "get_artifact",
    security(("session" = [])),
    params(
        ("sha3" = inline(Hex32), Path, description = "SHA3-256 of the bytes"),
        ("Range" = Option<String>, Header, description = "`bytes=0-1023`, `bytes=1024-` or `bytes=-16`")),
    responses(
        (status = 200, description = "The bytes", body = Binary, content_type = "application/octet-stream",
            headers(("Accept-Ranges" = String, description = "`bytes`"))),
        (status = 206, description = "A range of them", body = Binary, content_type = "application/octet-stream",
            headers(("Content-Range" = String, description = "`bytes`, first, last, and the size of the file"))),
        GetProblems))]
pub async fn get(
    State(app): State<Shared>,
    session: Session,
    to: Address,
    Path(sha3): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (digest, path) = place(&sha3)?;
    let named = app.store.sealed_file(&digest, &session.org).await?;
    if named.is_some_and(|is_for_caller| !is_for_caller) {
        // Not "you may not": that would say that it exists.
        return Err(absent());
    }
    let size = app.artifacts.head(&path).await.map_err(failed)?.size;
    let asked = headers
        .get(header::RANGE)
        .and_then(|text| text.to_str().ok());
    let (status, range) = match asked.and_then(|text| parse_range(text, size)) {
        None => (StatusCode::OK, 0..size),
        Some(range) if range.is_empty() => return Ok(no_such_range(size)),
        Some(range) => (StatusCode::PARTIAL_CONTENT, range),
    };
    app.quotas.transferred(to, range.end - range.start);
    let mut told = HeaderMap::new();
    told.insert(header::CONTENT_LENGTH, (range.end - range.start).into());
    if status == StatusCode::PARTIAL_CONTENT {
        let text = format!("bytes {}-{}/{size}", range.start, range.end - 1);
        told.insert(
            header::CONTENT_RANGE,
            text.parse().expect("digits are a header"),
        );
    }
    let body = match size {
        // A store has no empty range to give.
        0 => Body::empty(),
        _ => stream(&app, &path, range).await?,
    };
    Ok((status, IMMUTABLE, told, body).into_response())
}

/// A file of at most so many bytes, whole: as [`get`] gives it to this organisation, `None` where it would not.
pub async fn document(
    app: &App,
    sha3: &Digest,
    org: &OrgId,
    bytes_max: u64,
) -> Result<Option<Vec<u8>>, Problem> {
    let (_, path) = place(&sha3.to_hex())?;
    let named = app.store.sealed_file(sha3, org).await?;
    if named.is_some_and(|is_for_caller| !is_for_caller) {
        return Ok(None);
    }
    let size = match app.artifacts.head(&path).await {
        Ok(found) => found.size,
        Err(object_store::Error::NotFound { .. }) => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    if size > bytes_max {
        return Ok(None);
    }
    let bytes = app.artifacts.get(&path).await.map_err(failed)?;
    let bytes = bytes.bytes().await.map_err(failed)?;
    // What has become another file on the disk is told by the audit; here it is not there.
    Ok((Digest::sha3(&[&bytes]) == *sha3).then(|| bytes.into()))
}

fn no_such_range(size: u64) -> Response {
    let told = [(header::CONTENT_RANGE, format!("bytes */{size}"))];
    (told, Problem::of(Border::NoSuchRange)).into_response()
}

/// The bytes as they come from the store: none of them wait in memory for a client that reads slowly.
async fn stream(app: &App, path: &StorePath, range: Range<u64>) -> Result<Body, Problem> {
    let options = GetOptions::new().with_range(Some(range));
    let found = app.artifacts.get_opts(path, options).await;
    Ok(Body::from_stream(found.map_err(failed)?.into_stream()))
}

/// One range of RFC 9110 §14: `bytes=a-b`, `bytes=a-`, `bytes=-n`, empty where the file has nothing of it. Everything
/// else is to be ignored, as if nobody had asked for a range.
fn parse_range(text: &str, size: u64) -> Option<Range<u64>> {
    let (from, to) = text.strip_prefix("bytes=")?.split_once('-')?;
    match (from.parse::<u64>(), to.parse::<u64>()) {
        (Ok(from), Ok(to)) if from <= to => {
            let end = to.saturating_add(1).min(size);
            Some(from.min(end)..end)
        }
        (Ok(from), Err(_)) if to.is_empty() => Some(from.min(size)..size),
        (Err(_), Ok(last)) if from.is_empty() => Some(size.saturating_sub(last)..size),
        _ => None,
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
        assert_eq!(parse_range("bytes=0-18446744073709551615", 10), Some(0..10));
        for empty in ["bytes=10-", "bytes=10-12", "bytes=-0"] {
            let range = parse_range(empty, 10).unwrap();
            assert!(range.is_empty(), "{empty}: {range:?}");
        }
        for ignored in [
            "bytes=5-4",
            "bytes=-",
            "bytes=0-1,4-5",
            "items=0-1",
            "bytes=a-b",
            "",
        ] {
            assert_eq!(parse_range(ignored, 10), None, "{ignored}");
        }
    }
}
