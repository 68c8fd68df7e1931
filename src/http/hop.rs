//! From one node to the one that writes: a submission as it came, and the answer as it is.
//!
//! Owns who hands on and who takes what was handed on. The node that hands on says for whom, because quotas count by address, and
//! signs that with a key that only who has the log's keys can make; what an outsider writes into the header counts as nothing.
//! What was handed on once is not handed on again, so nothing goes in circles. The answer is not read, let alone changed. Must never
//! know what a statement is.

use super::codes::Border;
use super::extract::Raw;
use super::observe::{self, REQUEST_ID};
use super::problem::Problem;
use super::quota::Address;
use super::{App, scrapi};
use crate::ledger::lease::Role;
use axum::extract::{FromRequest as _, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use std::sync::OnceLock;
use std::time::Duration;
use threadmark_protocol::digest::Digest;
use threadmark_protocol::key::{PublicKey, Signer, verify};
use threadmark_protocol::statement::SUBMISSION_BYTES_MAX;
use tokio::sync::Semaphore;

/// Says for whom a request was handed on: address, SHA-256 of the body, and the signature, in hexadecimal digits.
const HOP: HeaderName = HeaderName::from_static("x-threadmark-hop");
/// Headers of an answer that belong to the connection on which it came.
const OF_THE_WAY: [HeaderName; 4] = [
    header::CONNECTION,
    header::TRANSFER_ENCODING,
    header::CONTENT_LENGTH,
    HeaderName::from_static("keep-alive"),
];
/// Requests on their way at the same time: fewer connections than one address may have.
const HANDED_ON_MAX: usize = 128;
/// Longest that a request waits for this process to learn who writes.
const KNOWN_TIMEOUT: Duration = Duration::from_secs(1);
/// Longest that a connection may take to come about: who is gone is soon replaced.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// Longest for one request. Less than a request may take here, so that who asks hears from us.
const TIMEOUT: Duration = Duration::from_secs(30);
/// Largest answer: a receipt, or a problem.
const ANSWER_BYTES_MAX: usize = 1 << 20;

/// What this node needs to hand on, and to believe others that do.
pub struct Hops {
    signer: Signer,
    public: PublicKey,
    /// Made when there is something to hand on: most services are alone.
    client: OnceLock<Option<reqwest::Client>>,
    places: Semaphore,
}

/// That a request was handed on by another node.
#[derive(Clone, Copy)]
pub struct Hop {
    /// Who sent it there.
    pub from: Address,
    body: Digest,
}

fn signed(path: &str, from: &str, body: &Digest) -> Vec<u8> {
    format!("threadmark hop v1\n{path}\n{from}\n{body}").into_bytes()
}

impl Hops {
    /// Of the node whose hops are signed with this key.
    pub fn new(signer: Signer) -> Hops {
        Hops {
            public: signer.public(),
            signer,
            client: OnceLock::new(),
            places: Semaphore::new(HANDED_ON_MAX),
        }
    }

    fn header(&self, path: &str, from: Address, body: &Bytes) -> String {
        let (from, body) = (format!("{:032x}", from.0), Digest::sha256(&[body]));
        let signature = self.signer.sign(&signed(path, &from, &body));
        format!("{from}.{body}.{}", hex::encode(signature))
    }

    /// What a header says, if one of our nodes has signed it.
    pub fn told(&self, path: &str, headers: &HeaderMap) -> Option<Hop> {
        let mut parts = headers.get(HOP)?.to_str().ok()?.split('.');
        let (from, body, signature) = (parts.next()?, parts.next()?, parts.next()?);
        let body: Digest = body.parse().ok()?;
        let mut bytes = [0; 64];
        hex::decode_to_slice(signature, &mut bytes).ok()?;
        let is_ours = verify(&self.public, &signed(path, from, &body), &bytes);
        let from = Address(u128::from_str_radix(from, 16).ok()?);
        (is_ours && parts.next().is_none()).then_some(Hop { from, body })
    }

    fn client(&self) -> Option<&reqwest::Client> {
        let made = self.client.get_or_init(|| {
            // Whoever else has installed one has installed the same.
            let _ = rustls::crypto::ring::default_provider().install_default();
            let client = reqwest::Client::builder()
                .connect_timeout(CONNECT_TIMEOUT)
                .timeout(TIMEOUT)
                .redirect(reqwest::redirect::Policy::none())
                .no_proxy()
                .build();
            client
                .inspect_err(|error| tracing::error!(%error, "handing on to another node"))
                .ok()
        });
        made.as_ref()
    }
}

/// Lets through what this node does itself, and hands on to the one that writes what only that one can do.
///
/// # Errors
/// The answer of that one, or why there is none.
pub async fn to_the_writer(app: &App, request: Request) -> Result<Request, Box<Response>> {
    let path = request.uri().path();
    let is_submission =
        request.method() == Method::POST && ["/v1/statements", "/entries"].contains(&path);
    if !is_submission {
        return Ok(request);
    }
    let path = path.to_owned();
    let hop = request.extensions().get::<Hop>().copied();
    let done = match (role(app).await, hop) {
        (Role::Writer, None) => return Ok(request),
        (Role::Writer, Some(hop)) => take(request, hop).await,
        (Role::Reader { .. }, Some(_)) => Err(not_here("this node does not write any more")),
        (Role::Reader { writer: None }, None) => Err(not_here("no node writes at the moment")),
        (Role::Reader { writer: Some(to) }, None) => {
            match hand_on(app, &to, &path, request).await {
                Ok(answer) => return Err(Box::new(answer)),
                Err(problem) => Err(problem),
            }
        }
    };
    done.map_err(|problem| {
        Box::new(match scrapi::is_place(&path) {
            true => scrapi::told(problem),
            false => problem.into_response(),
        })
    })
}

/// What this process does. Who has just begun to read learns within moments who writes.
async fn role(app: &App) -> Role {
    if app.ledger.role().is_writer() {
        return Role::Writer;
    }
    let mut roles = app.ledger.roles();
    let is_known = |role: &Role| *role != Role::Reader { writer: None };
    let known = tokio::time::timeout(KNOWN_TIMEOUT, roles.wait_for(is_known)).await;
    match known {
        Ok(Ok(role)) => role.clone(),
        _ => app.ledger.role(),
    }
}

fn not_here(why: &str) -> Problem {
    let told = format!("{why}; another takes over within seconds, and nothing was promised");
    Problem::of(Border::Unavailable).because(told)
}

async fn body_of(request: Request) -> Result<(Parts, Bytes), Problem> {
    let (parts, body) = request.into_parts();
    let whole = Request::from_parts(parts.clone(), body);
    let Raw(bytes) = Raw::<SUBMISSION_BYTES_MAX>::from_request(whole, &()).await?;
    Ok((parts, bytes))
}

/// A request that was handed on: its body must be the one that was signed for.
async fn take(request: Request, hop: Hop) -> Result<Request, Problem> {
    let (parts, bytes) = body_of(request).await?;
    if Digest::sha256(&[&bytes]) != hop.body {
        return Err(Problem::bad_request("another body was handed on"));
    }
    Ok(Request::from_parts(parts, bytes.into()))
}

async fn hand_on(app: &App, to: &str, path: &str, request: Request) -> Result<Response, Problem> {
    let (parts, bytes) = body_of(request).await?;
    // A writer that hangs does not answer, and keeps its connections: the lease tells that it has lost the word.
    tokio::select! {
        answer = ask(app, to, path, parts, bytes) => answer,
        () = moved(app, to) => Err(not_here("the node that wrote has lost the word")),
    }
}

/// Returns when another than `to` writes, or nobody.
async fn moved(app: &App, to: &str) {
    let mut roles = app.ledger.roles();
    let here = Some(to.to_owned());
    let is_other = |role: &Role| !matches!(role, Role::Reader { writer } if *writer == here);
    // Who tells of roles is gone only when the process ends.
    let _ = roles.wait_for(is_other).await;
}

async fn ask(
    app: &App,
    to: &str,
    path: &str,
    parts: Parts,
    bytes: Bytes,
) -> Result<Response, Problem> {
    // Nobody closes the semaphore.
    let _place = app.hops.places.acquire().await;
    let client = app.hops.client().ok_or_else(Problem::unavailable)?;
    let from = parts
        .extensions
        .get::<Address>()
        .copied()
        .unwrap_or_default();
    let mut request = client
        .post(format!("{to}{path}"))
        .header(HOP, app.hops.header(path, from, &bytes));
    if let Some(media_type) = parts.headers.get(header::CONTENT_TYPE) {
        request = request.header(header::CONTENT_TYPE, media_type);
    }
    if let Some(id) = observe::request_id() {
        request = request.header(REQUEST_ID, id);
    }
    let gone = |error: reqwest::Error| {
        tracing::debug!(%error, to, "the node that writes does not answer");
        not_here("the node that writes does not answer")
    };
    let answer = request.body(bytes).send().await.map_err(gone)?;
    passed_on(answer)
        .await
        .map_err(gone)?
        .ok_or_else(Problem::unavailable)
}

/// The answer, byte for byte; `None` when it is larger than any.
async fn passed_on(mut answer: reqwest::Response) -> Result<Option<Response>, reqwest::Error> {
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await? {
        if body.len() + chunk.len() > ANSWER_BYTES_MAX {
            return Ok(None);
        }
        body.extend_from_slice(&chunk);
    }
    let mut response = Response::new(body.into());
    *response.status_mut() = answer.status();
    let headers = answer.headers().iter();
    let kept = headers.filter(|(name, _)| !OF_THE_WAY.contains(name));
    let kept = kept.map(|(name, value): (_, &HeaderValue)| (name.clone(), value.clone()));
    response.headers_mut().extend(kept);
    Ok(Some(response))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(value: &str) -> HeaderMap {
        HeaderMap::from_iter([(HOP, value.parse().unwrap())])
    }

    #[test]
    fn only_who_has_the_key_speaks_for_somebody_else() {
        let from: Address = "192.0.2.7".parse::<std::net::IpAddr>().unwrap().into();
        let body = Bytes::from_static(b"statement");
        let hops = |seed| Hops::new(Signer::from_seed(&[seed; 32]));
        let (ours, other) = (hops(7), hops(8));
        let good = ours.header("/entries", from, &body);
        let hop = ours.told("/entries", &headers(&good)).unwrap();
        assert_eq!((hop.from, hop.body), (from, Digest::sha256(&[&body])));
        assert!(ours.told("/v1/statements", &headers(&good)).is_none());
        assert!(other.told("/entries", &headers(&good)).is_none());
        let forged = other.header("/entries", from, &body);
        for bad in [
            &forged[..],
            "",
            ".",
            "..",
            &good[..40],
            &format!("{good}.00"),
        ] {
            assert!(ours.told("/entries", &headers(bad)).is_none(), "{bad}");
        }
        let another = good.replacen("07", "08", 1);
        assert!(ours.told("/entries", &headers(&another)).is_none());
    }
}
