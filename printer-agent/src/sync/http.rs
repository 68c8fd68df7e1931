//! One request and its answer: limits, timeouts, and errors that carry no secret.
//!
//! Must never know what is asked for.

use super::SyncError;
use serde::Deserialize;
use std::fmt;
use std::time::Duration;
use threadmark_protocol::text::shown;
use ureq::http::{Response, StatusCode};
use ureq::{Agent, Body, RequestBuilder};

/// Largest answer of a few fields.
const SMALL_BYTES_MAX: u64 = 4 << 20;

/// A problem as the service tells it (RFC 9457).
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(default)]
pub struct Problem {
    /// HTTP status.
    pub status: u16,
    /// Stable name.
    pub code: String,
    /// What happened.
    pub title: String,
    /// The case at hand.
    pub detail: String,
    /// What to do now.
    pub advice: String,
    /// Seconds after which the service asks to be asked again.
    #[serde(skip)]
    pub retry_after_s: Option<u64>,
}

impl fmt::Display for Problem {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            out,
            "{} ({}, status {})",
            self.title, self.code, self.status
        )?;
        for more in [&self.detail, &self.advice] {
            if !more.is_empty() && *more != self.title {
                write!(out, " {more}")?;
            }
        }
        Ok(())
    }
}

pub(super) struct Http {
    agent: Agent,
    base: String,
}

impl Http {
    pub fn new(url: &str) -> Http {
        let config = Agent::config_builder()
            // A problem is an answer with a body, and a redirect is not part of the interface.
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .user_agent(concat!("threadmark/", env!("CARGO_PKG_VERSION")))
            .timeout_connect(Some(Duration::from_secs(10)))
            .timeout_resolve(Some(Duration::from_secs(10)))
            .timeout_send_body(Some(Duration::from_secs(600)))
            .timeout_recv_response(Some(Duration::from_secs(60)))
            .timeout_recv_body(Some(Duration::from_secs(600)))
            .build();
        Http {
            agent: config.into(),
            base: url.trim_end_matches('/').to_owned(),
        }
    }

    pub fn get(&self, path: &str) -> RequestBuilder<ureq::typestate::WithoutBody> {
        self.agent.get(format!("{}{path}", self.base))
    }

    pub fn post(&self, path: &str) -> RequestBuilder<ureq::typestate::WithBody> {
        self.agent.post(format!("{}{path}", self.base))
    }

    pub fn put(&self, path: &str) -> RequestBuilder<ureq::typestate::WithBody> {
        self.agent.put(format!("{}{path}", self.base))
    }

    /// The answer, whatever its status.
    pub fn answered(
        &self,
        answer: Result<Response<Body>, ureq::Error>,
    ) -> Result<Answered, SyncError> {
        let response = answer.map_err(|error| self.failed(&error))?;
        Ok(Answered { response })
    }

    fn failed(&self, error: &ureq::Error) -> SyncError {
        use std::io::ErrorKind as Kind;
        let offline = match error {
            ureq::Error::HostNotFound | ureq::Error::ConnectionFailed => true,
            ureq::Error::Timeout(timeout) => {
                matches!(timeout, ureq::Timeout::Connect | ureq::Timeout::Resolve)
            }
            ureq::Error::Io(error) => matches!(
                error.kind(),
                Kind::ConnectionRefused
                    | Kind::HostUnreachable
                    | Kind::NetworkUnreachable
                    | Kind::NetworkDown
                    | Kind::AddrNotAvailable
            ),
            _ => false,
        };
        let reason = error.to_string();
        if offline {
            let url = self.base.clone();
            return SyncError::Offline { url, reason };
        }
        SyncError::Broken(reason)
    }
}

/// Status and body of an answer.
pub(super) struct Answered {
    response: Response<Body>,
}

impl Answered {
    pub fn status(&self) -> u16 {
        self.response.status().as_u16()
    }

    /// Only for one of these statuses; every other is a problem.
    pub fn expect(self, statuses: &[StatusCode]) -> Result<Answered, SyncError> {
        if statuses.contains(&self.response.status()) {
            return Ok(self);
        }
        Err(SyncError::Problem(self.problem()))
    }

    /// How long the body is, where that was said.
    pub fn length(&self) -> Option<u64> {
        self.response.body().content_length()
    }

    pub fn bytes(self, max: u64) -> Result<Vec<u8>, SyncError> {
        let body = self.response.into_body().into_with_config();
        body.limit(max)
            .read_to_vec()
            .map_err(|error| SyncError::Broken(error.to_string()))
    }

    pub fn json<T: serde::de::DeserializeOwned>(self) -> Result<T, SyncError> {
        let bytes = self.bytes(SMALL_BYTES_MAX)?;
        // Without the value: a token may stand in it.
        serde_json::from_slice(&bytes).map_err(|error| {
            SyncError::Unexpected(format!(
                "JSON with an error at line {} column {}",
                error.line(),
                error.column()
            ))
        })
    }

    /// What the service says is wrong, or the status where it says nothing.
    pub fn problem(self) -> Problem {
        let status = self.response.status();
        let later = self.response.headers().get("retry-after");
        let retry_after_s = later.and_then(|value| value.to_str().ok()?.trim().parse().ok());
        let mut problem: Problem = self
            .bytes(64 << 10)
            .ok()
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .unwrap_or_default();
        problem.status = status.as_u16();
        // It goes to a terminal as it stands.
        for text in [
            &mut problem.title,
            &mut problem.detail,
            &mut problem.advice,
            &mut problem.code,
        ] {
            *text = shown(text);
        }
        problem.retry_after_s = retry_after_s;
        if problem.title.is_empty() {
            problem.title = status.canonical_reason().unwrap_or("unknown").to_owned();
        }
        if problem.code.is_empty() {
            problem.code = format!("http-{}", status.as_u16());
        }
        problem
    }
}
