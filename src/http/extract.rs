//! What a request carries, with every failure as a problem.
//!
//! Owns the limits of bodies: a length beyond the limit is refused before a byte of it is read.

use super::codes::Border;
use super::problem::Problem;
use axum::body::Bytes;
use axum::extract::rejection::{JsonRejection, PathRejection, QueryRejection};
use axum::extract::{DefaultBodyLimit, FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};

/// Parameters in the path.
#[derive(FromRequestParts)]
#[from_request(via(axum::extract::Path), rejection(Problem))]
pub struct Path<T>(pub T);

/// Parameters behind the question mark.
#[derive(FromRequestParts)]
#[from_request(via(axum::extract::Query), rejection(Problem))]
pub struct Query<T>(pub T);

/// A JSON document of at most 2 MiB.
#[derive(FromRequest)]
#[from_request(via(axum::Json), rejection(Problem))]
pub struct Json<T>(pub T);

/// The announced length of the body, if there is one, is at most `MAX` bytes.
pub struct Announced<const MAX: usize>;

/// A body of at most `MAX` bytes.
pub struct Raw<const MAX: usize>(pub Bytes);

impl From<PathRejection> for Problem {
    fn from(rejection: PathRejection) -> Problem {
        Problem::bad_request(rejection.body_text())
    }
}

impl From<QueryRejection> for Problem {
    fn from(rejection: QueryRejection) -> Problem {
        Problem::bad_request(rejection.body_text())
    }
}

impl From<JsonRejection> for Problem {
    fn from(rejection: JsonRejection) -> Problem {
        match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => too_large(2 << 20),
            StatusCode::UNSUPPORTED_MEDIA_TYPE => {
                Problem::of(Border::WrongMediaType).because("this takes application/json")
            }
            _ => Problem::bad_request(rejection.body_text()),
        }
    }
}

/// A body beyond the limit of its route.
pub fn too_large(max_bytes: usize) -> Problem {
    let told = format!("at most {max_bytes} bytes are taken here");
    Problem::of(Border::TooLarge).because(told)
}

fn require_announced(headers: &HeaderMap, max_bytes: usize) -> Result<(), Problem> {
    let length = headers.get(header::CONTENT_LENGTH);
    let length = length.and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    match length {
        Some(length) if length > max_bytes as u64 => Err(too_large(max_bytes)),
        _ => Ok(()),
    }
}

impl<S: Send + Sync, const MAX: usize> FromRequestParts<S> for Announced<MAX> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Announced<MAX>, Problem> {
        require_announced(&parts.headers, MAX).map(|()| Announced)
    }
}

impl<S: Send + Sync, const MAX: usize> FromRequest<S> for Raw<MAX> {
    type Rejection = Problem;

    async fn from_request(mut request: Request, state: &S) -> Result<Raw<MAX>, Problem> {
        require_announced(request.headers(), MAX)?;
        DefaultBodyLimit::max(MAX).apply(&mut request);
        let bytes = Bytes::from_request(request, state).await;
        bytes
            .map(Raw)
            .map_err(|rejection| match rejection.status() {
                StatusCode::PAYLOAD_TOO_LARGE => too_large(MAX),
                _ => Problem::bad_request("the body broke off, or is not framed as HTTP/1.1 asks"),
            })
    }
}
