//! Which media types a body may be announced as.
//!
//! Owns the answer to a wrong `Content-Type`. A body without one, or announced as mere bytes, is taken for what the
//! operation takes (RFC 9110 section 8.3).

use super::codes::Border;
use super::problem::Problem;
use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;

const BYTES: &str = "application/octet-stream";

/// The body is CBOR as far as it says.
pub struct Cbor;

/// The body is a COSE message as far as it says.
pub struct Cose;

/// The body is JSON-LD as far as it says.
pub struct LdJson;

/// The body is a picture as far as it says.
pub struct Picture;

impl<S: Sync> FromRequestParts<S> for Cbor {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Cbor, Problem> {
        require(parts, &["application/cbor"]).map(|()| Cbor)
    }
}

impl<S: Sync> FromRequestParts<S> for Cose {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Cose, Problem> {
        let taken = ["application/cose", "application/scitt-statement+cose"];
        require(parts, &taken).map(|()| Cose)
    }
}

impl<S: Sync> FromRequestParts<S> for LdJson {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<LdJson, Problem> {
        require(parts, &["application/ld+json", "application/json"]).map(|()| LdJson)
    }
}

impl<S: Sync> FromRequestParts<S> for Picture {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Picture, Problem> {
        require(parts, &["image/png", "image/jpeg"]).map(|()| Picture)
    }
}

fn require(parts: &Parts, taken: &[&str]) -> Result<(), Problem> {
    let Some(announced) = parts.headers.get(header::CONTENT_TYPE) else {
        return Ok(());
    };
    let essence = announced.to_str().unwrap_or_default().split(';').next();
    let essence = essence.unwrap_or_default().trim().to_ascii_lowercase();
    if essence == BYTES || taken.contains(&essence.as_str()) {
        return Ok(());
    }
    Err(Problem::of(Border::WrongMediaType).because(format!("this takes {}", taken.join(" or "))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::Request;

    fn announced(media_type: &str) -> Parts {
        let request = Request::builder().header("content-type", media_type);
        request.body(()).unwrap().into_parts().0
    }

    #[test]
    fn parameters_and_case_do_not_matter() {
        for good in ["image/PNG", "image/jpeg; q=1", BYTES] {
            assert!(require(&announced(good), &["image/png", "image/jpeg"]).is_ok());
        }
        for bad in ["", "text/plain", "image/png2", "multipart/form-data"] {
            assert!(require(&announced(bad), &["image/png"]).is_err(), "{bad}");
        }
    }
}
