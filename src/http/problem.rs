//! Problems (RFC 9457): what went wrong, why, and what to do now.
//!
//! Owns the one place where errors become HTTP. Internal causes are logged, never sent. Which problems there are
//! stands in `codes`.

use super::codes::{Border, Kind};
use super::observe;
use super::quota::Wait;
use crate::ledger::storage::StorageError;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Serialize, Serializer};
use std::any::Any;
use threadmark_protocol::code::Code;
use threadmark_protocol::lifecycle::Refusal;
use threadmark_protocol::statement::Malformed;

/// How to prove who asks (RFC 6750).
const CHALLENGE: HeaderValue = HeaderValue::from_static("Bearer realm=\"threadmark\"");
const CHALLENGE_AGAIN: HeaderValue =
    HeaderValue::from_static("Bearer realm=\"threadmark\", error=\"invalid_token\"");

/// A problem document.
#[derive(Debug)]
pub struct Problem {
    /// Which one.
    pub kind: Kind,
    /// Why, in this case.
    pub detail: Box<str>,
    /// For a refused statement: a COSE_Sign1 by the log's key over statement id, code and time, in hexadecimal digits.
    pub signed: Option<Box<str>>,
    /// Seconds after which to come back, where it is not the same for all problems of the kind.
    wait_s: Option<u64>,
}

impl Problem {
    /// A problem, told by its title alone.
    pub fn of(kind: impl Into<Kind>) -> Problem {
        let kind = kind.into();
        Problem {
            kind,
            detail: kind.title().into(),
            signed: None,
            wait_s: None,
        }
    }

    /// Adds what is the case.
    pub fn because(mut self, detail: impl ToString) -> Problem {
        self.detail = detail.to_string().into();
        self
    }

    /// The thing asked for is not here.
    pub fn absent(what: &str) -> Problem {
        Problem::of(Border::NotFound).because(what)
    }

    /// The service cannot do it now.
    pub fn unavailable() -> Problem {
        Problem::of(Border::Unavailable)
    }

    /// More than one key or address may use: nothing was done, and nothing is lost.
    pub fn quota(what: impl std::fmt::Display, wait: Wait) -> Problem {
        let seconds = wait.seconds();
        let problem = Problem::of(Border::Quota);
        Problem {
            wait_s: Some(seconds),
            ..problem.because(format!("the quota of {what} has room again in {seconds} s"))
        }
    }

    /// Seconds after which the same request may succeed, unchanged.
    pub fn retry_after_s(&self) -> Option<u64> {
        self.wait_s.or(self.kind.retry_after_s().map(u64::from))
    }

    /// The request is not understood.
    pub fn bad_request(detail: impl ToString) -> Problem {
        Problem::of(Border::BadRequest).because(detail)
    }
}

impl Serialize for Problem {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct as _;
        let instance = observe::request_id().map(|id| format!("urn:threadmark:request:{id}"));
        let members = 7 + usize::from(self.signed.is_some()) + usize::from(instance.is_some());
        let mut out = out.serialize_struct("Problem", members)?;
        out.serialize_field("type", &self.kind.urn())?;
        out.serialize_field("title", self.kind.title())?;
        out.serialize_field("status", &self.kind.status().as_u16())?;
        out.serialize_field("detail", &self.detail)?;
        out.serialize_field("code", self.kind.name())?;
        out.serialize_field("advice", self.kind.advice())?;
        out.serialize_field("help", &self.kind.help())?;
        if let Some(id) = &instance {
            out.serialize_field("instance", id)?;
        }
        if let Some(signed) = &self.signed {
            out.serialize_field("signed", signed)?;
        }
        out.end()
    }
}

impl From<StorageError> for Problem {
    fn from(error: StorageError) -> Problem {
        tracing::error!(%error, "storage");
        match error {
            StorageError::Full(_) => Problem::of(Border::NoRoom),
            _ => Problem::unavailable(),
        }
    }
}

impl From<Malformed> for Problem {
    fn from(malformed: Malformed) -> Problem {
        match malformed {
            Malformed::TooLarge(..) => Problem::of(Border::TooLarge).because(malformed),
            _ => Problem::of(Code::Malformed).because(malformed),
        }
    }
}

impl From<&Refusal> for Problem {
    fn from(refusal: &Refusal) -> Problem {
        Problem::of(refusal.code()).because(refusal)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let media_type = [(header::CONTENT_TYPE, "application/problem+json")];
        let mut response = (self.kind.status(), media_type, body).into_response();
        // For the operator's counters and log.
        response.extensions_mut().insert(self.kind);
        let headers = response.headers_mut();
        if let Some(seconds) = self.retry_after_s() {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        if self.kind.status() == StatusCode::UNAUTHORIZED {
            let again = self.kind == Kind::Border(Border::SessionRefused);
            let challenge = if again { CHALLENGE_AGAIN } else { CHALLENGE };
            headers.insert(header::WWW_AUTHENTICATE, challenge);
        }
        response
    }
}

/// For methods that a route does not have.
pub async fn wrong_method() -> Problem {
    Problem::of(Border::WrongMethod)
}

/// For routes that do not exist.
pub async fn not_found() -> Problem {
    Problem::absent("no such route")
}

/// For what must not happen: told by the log of the service, never by the answer.
pub fn panicked(cause: Box<dyn Any + Send>) -> Response {
    let text = cause.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| cause.downcast_ref::<&str>().copied());
    tracing::error!(cause = text.unwrap_or("unknown"), "a handler panicked");
    Problem::of(Border::Internal).into_response()
}
