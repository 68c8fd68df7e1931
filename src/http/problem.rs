//! Problems (RFC 9457): what went wrong, why, and what to do now.
//!
//! Owns the one place where errors become HTTP. Internal causes are logged, never sent. Types are stable:
//! `urn:threadmark:problem:<code>`.

use crate::ledger::storage::StorageError;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use std::any::Any;
use threadmark_protocol::code::Code;
use threadmark_protocol::lifecycle::Refusal;
use threadmark_protocol::statement::Malformed;
use utoipa::ToSchema;

/// A problem document.
#[derive(Debug, Serialize, ToSchema)]
pub struct Problem {
    /// Stable type.
    #[serde(rename = "type")]
    #[schema(value_type = String, example = "urn:threadmark:problem:waits-for")]
    pub kind: Box<str>,
    /// What happened.
    #[schema(value_type = String)]
    pub title: &'static str,
    /// HTTP status.
    pub status: u16,
    /// Why, in this case.
    #[schema(value_type = String)]
    pub detail: Box<str>,
    /// The code in `type`.
    #[schema(value_type = String)]
    pub code: &'static str,
    /// What to do now.
    #[schema(value_type = String)]
    pub advice: &'static str,
    /// For a refused statement: a COSE_Sign1 by the log's key over statement id, code and time, in hexadecimal digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub signed: Option<Box<str>>,
}

impl Problem {
    /// A problem of the border, with a code of its own.
    pub fn new(
        status: StatusCode,
        code: &'static str,
        title: &'static str,
        advice: &'static str,
    ) -> Problem {
        Problem {
            kind: format!("urn:threadmark:problem:{code}").into(),
            title,
            status: status.as_u16(),
            detail: title.into(),
            code,
            advice,
            signed: None,
        }
    }

    /// A problem that the protocol names.
    pub fn of(status: StatusCode, code: Code, detail: impl ToString) -> Problem {
        Problem::new(status, code.name(), code.title(), code.advice()).because(detail)
    }

    /// Adds what is the case.
    pub fn because(mut self, detail: impl ToString) -> Problem {
        self.detail = detail.to_string().into();
        self
    }

    /// The caller is not who may have this.
    pub fn unauthorised() -> Problem {
        let title = "This asks for a member's session.";
        let advice = "Open a session at POST /v1/sessions and send its token as Bearer.";
        Problem::new(StatusCode::UNAUTHORIZED, "no-session", title, advice)
    }

    /// The thing asked for is not here.
    pub fn absent(what: &str) -> Problem {
        let title = "There is no such thing here.";
        let advice = "Check the address; what is not logged yet may come later.";
        Problem::new(StatusCode::NOT_FOUND, "not-found", title, advice).because(what)
    }

    /// The service cannot do it now.
    pub fn unavailable() -> Problem {
        let title = "The service cannot do this now; nothing was promised.";
        let advice = "Send the same again in a few seconds.";
        Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "unavailable",
            title,
            advice,
        )
    }

    /// The request is not understood.
    pub fn bad_request(detail: impl ToString) -> Problem {
        let title = "The request is not understood.";
        let advice = "Read the detail and /openapi.json.";
        Problem::new(StatusCode::BAD_REQUEST, "bad-request", title, advice).because(detail)
    }
}

impl From<StorageError> for Problem {
    fn from(error: StorageError) -> Problem {
        tracing::error!(%error, "storage");
        Problem::unavailable()
    }
}

impl From<Malformed> for Problem {
    fn from(malformed: Malformed) -> Problem {
        let status = match malformed {
            Malformed::TooLarge(..) => StatusCode::PAYLOAD_TOO_LARGE,
            _ => StatusCode::BAD_REQUEST,
        };
        Problem::of(status, Code::Malformed, malformed)
    }
}

impl From<&Refusal> for Problem {
    fn from(refusal: &Refusal) -> Problem {
        let status = match refusal {
            Refusal::WaitsFor { .. } => StatusCode::CONFLICT,
            Refusal::Refused { .. } => StatusCode::UNPROCESSABLE_ENTITY,
        };
        Problem::of(status, refusal.code(), refusal)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let mut response = (
            status,
            [(header::CONTENT_TYPE, "application/problem+json")],
            body,
        )
            .into_response();
        let retry = match self.code {
            "waits-for" | "unavailable" | "busy" => Some("2"),
            _ => None,
        };
        if let Some(seconds) = retry {
            response.headers_mut().insert(
                header::RETRY_AFTER,
                axum::http::HeaderValue::from_static(seconds),
            );
        }
        response
    }
}

/// For methods that a route does not have.
pub async fn wrong_method() -> Problem {
    let title = "The route does not take this method.";
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "wrong-method",
        title,
        "See /openapi.json.",
    )
}

/// For routes that do not exist.
pub async fn not_found() -> Problem {
    Problem::absent("no such route")
}

/// For requests that take too long, as those whose body never comes.
pub fn too_slow() -> Problem {
    let title = "The request took too long.";
    Problem::new(
        StatusCode::REQUEST_TIMEOUT,
        "too-slow",
        title,
        "Send it again, whole and at once.",
    )
}

/// For what must not happen: told by the log of the service, never by the answer.
pub fn panicked(cause: Box<dyn Any + Send>) -> Response {
    let text = cause.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| cause.downcast_ref::<&str>().copied());
    tracing::error!(cause = text.unwrap_or("unknown"), "a handler panicked");
    let title = "The service made a mistake; nothing was promised.";
    let advice = "Send the same again; if it happens again, tell who runs the service.";
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", title, advice).into_response()
}
