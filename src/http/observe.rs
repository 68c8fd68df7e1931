//! What the operator sees of the requests: an id for each, a line in the log, and the counters.
//!
//! Owns the id's form and the log's line. A line carries the route's template and never a path, a header or a body: what
//! a client sends may be secret. Must never change an answer but for its id.

use super::codes::Kind;
use super::{App, Shared};
use crate::metrics::{Answered, MEDIA_TYPE, Metrics, Now};
use axum::Router;
use axum::body::HttpBody as _;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use axum::response::Response;
use axum::routing::get;
use std::time::Duration;
use tracing::Instrument as _;

/// The header that carries the id, both ways.
pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Longest id that is taken from a request.
const ID_BYTES_MAX: usize = 64;

tokio::task_local! {
    /// Id of the request at work.
    static CURRENT: String;
}

/// Counters, and where ids and durations come from.
pub struct Observer {
    /// The counters.
    pub metrics: Metrics,
    /// Random bytes for a request's id; none when the source fails.
    pub new_id: fn() -> Option<[u8; 8]>,
    /// Time since some moment, by a clock that never goes back.
    pub elapsed: fn() -> Duration,
}

impl Observer {
    /// The client's own id when it is well formed, so that its log and ours can be read side by side.
    fn id_of(&self, headers: &HeaderMap) -> String {
        let told = headers.get(REQUEST_ID).and_then(|id| id.to_str().ok());
        match told.filter(|id| is_id(id)) {
            Some(id) => id.to_owned(),
            None => hex::encode((self.new_id)().unwrap_or_default()),
        }
    }

    fn count(&self, what: &Exchange, took: Duration, response: &Response) {
        let status = response.status();
        let problem = response.extensions().get::<Kind>().map(|kind| kind.name());
        let answered = Answered {
            method: what.method,
            route: what.route.clone(),
            status: status.as_u16(),
        };
        self.metrics.answered(answered, took, problem);
        match (what.method, &what.route[..]) {
            ("POST", "/scan" | "/v1/scan") => self.metrics.scanned(problem.unwrap_or("read")),
            ("PUT", "/v1/artifacts/{sha3}") if status.is_success() => {
                self.metrics.transferred("in", what.bytes_in);
            }
            ("GET", "/v1/artifacts/{sha3}") if status.is_success() => {
                let sent = length_of(response.headers());
                self.metrics.transferred("out", sent.unwrap_or(0));
            }
            _ => {}
        }
    }
}

/// Letters, digits and `-_.`: nothing that could end a line or a text of a log.
fn is_id(text: &str) -> bool {
    let good = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    (8..=ID_BYTES_MAX).contains(&text.len()) && text.bytes().all(good)
}

/// The id of the request at work, for a problem to name.
pub fn request_id() -> Option<String> {
    CURRENT.try_with(Clone::clone).ok()
}

/// What is told of a request.
struct Exchange {
    method: &'static str,
    route: String,
    bytes_in: u64,
}

impl Exchange {
    fn of(request: &Request) -> Exchange {
        let route = request.extensions().get::<MatchedPath>();
        Exchange {
            method: method(request.method()),
            route: route.map_or("unmatched", MatchedPath::as_str).to_owned(),
            bytes_in: length_of(request.headers()).unwrap_or(0),
        }
    }
}

/// What is announced; what is streamed without a length is not waited for.
fn length_of(headers: &HeaderMap) -> Option<u64> {
    let length = headers.get(header::CONTENT_LENGTH)?;
    length.to_str().ok()?.parse().ok()
}

/// A client can invent methods: they must not become labels.
fn method(method: &Method) -> &'static str {
    let known = [
        "GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "CONNECT",
    ];
    known
        .into_iter()
        .find(|name| *name == method.as_str())
        .unwrap_or("other")
}

/// Gives a request its id, and tells how it was answered.
pub async fn observed<F>(app: &App, request: Request, answer: impl FnOnce(Request) -> F) -> Response
where
    F: Future<Output = Response>,
{
    let observer = &app.observer;
    let id = observer.id_of(request.headers());
    let what = Exchange::of(&request);
    let started = (observer.elapsed)();
    let span = tracing::info_span!("request", id);
    let answering = CURRENT.scope(id.clone(), answer(request));
    let mut response = answering.instrument(span.clone()).await;
    let took = (observer.elapsed)().saturating_sub(started);
    observer.count(&what, took, &response);
    span.in_scope(|| tell(&what, took, &response));
    // Made of hexadecimal digits or checked above.
    if let Ok(id) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    response
}

fn tell(what: &Exchange, took: Duration, response: &Response) {
    let problem = response.extensions().get::<Kind>().map(|kind| kind.name());
    tracing::info!(
        method = what.method,
        route = what.route,
        status = response.status().as_u16(),
        code = problem,
        duration_ms = took.as_millis() as u64,
        bytes_in = what.bytes_in,
        bytes = length_of(response.headers()).or(response.body().size_hint().exact()),
        "answered"
    );
}

/// The operator's own routes: for an address that strangers cannot reach.
pub fn operators_routes(app: Shared) -> Router {
    Router::new()
        .route("/metrics", get(metrics))
        .with_state(app)
}

async fn metrics(State(app): State<Shared>) -> ([(HeaderName, &'static str); 1], String) {
    let text = app.observer.metrics.text(now(&app));
    ([(header::CONTENT_TYPE, MEDIA_TYPE)], text)
}

fn now(app: &App) -> Now {
    let (log_entries, logged_at) = app.ledger.published(|log| {
        let head = log.head.as_ref();
        (
            head.map_or(0, |head| head.size),
            head.map(|head| head.logged_at),
        )
    });
    let (pool_used, pool_idle) = app.store.pool_use();
    Now {
        is_writer: app.ledger.role().is_writer(),
        queued: app.ledger.waiting(),
        log_entries,
        batch_age_s: logged_at.map(|at| app.now().saturating_sub(at).max(0)),
        witnessed_age_s: app
            .witnesses
            .witnessed()
            .map(|of| app.now().saturating_sub(of.since).max(0)),
        pool_used,
        pool_idle,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_from_outside_is_taken_when_it_is_harmless() {
        let observer = Observer {
            metrics: Metrics::default(),
            new_id: || Some([7; 8]),
            elapsed: Duration::default,
        };
        let id = |told: &str| {
            let headers = [(REQUEST_ID, HeaderValue::from_str(told).unwrap())];
            observer.id_of(&HeaderMap::from_iter(headers))
        };
        assert_eq!(id("deploy-42.a_b"), "deploy-42.a_b");
        for bad in ["short", "with space", "{\"json\":1}", &"x".repeat(65), ""] {
            assert_eq!(id(bad), "0707070707070707", "{bad}");
        }
        assert_eq!(observer.id_of(&HeaderMap::new()), "0707070707070707");
    }

    #[test]
    fn invented_methods_are_one() {
        assert_eq!(method(&Method::PUT), "PUT");
        assert_eq!(method(&"BREW".parse().unwrap()), "other");
    }
}
