//! SCRAPI (draft-ietf-scitt-scrapi-11): `/entries` and `/.well-known/scitt-keys`, for clients of any SCITT service.
//!
//! Owns the draft's forms: COSE in and out, concise problem details (RFC 9290) for what goes wrong. What it registers goes
//! the way of every statement (`statements::register`). The rules read a statement's body, so the message must carry it:
//! in the unprotected header, which the log never keeps (`protocol::statement::attached`). An envelope alone is answered
//! when it is logged already. Nothing is promised later, so there is no 202: a receipt, or a reason why not.

use super::auth::Session;
use super::codes::Border;
use super::extract::{Path, Raw};
use super::media::Cose;
use super::problem::Problem;
use super::quota::Address;
use super::{App, Shared, fresh, statements};
use crate::ledger::Outcome;
use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use threadmark_protocol::cbor;
use threadmark_protocol::key::{PublicKey, key_id};
use threadmark_protocol::statement::attached::Attached;
use threadmark_protocol::statement::{Envelope, SUBMISSION_BYTES_MAX, StatementId};

const COSE: &str = "application/cose";

/// Routes of the draft.
pub fn routes() -> Router<Shared> {
    Router::new()
        .route("/entries", post(register))
        .route("/entries/{id}", get(receipt))
        .route("/.well-known/scitt-keys", get(keys))
        .route("/.well-known/scitt-keys/{kid}", get(key))
        .layer(axum::middleware::map_response(fresh))
}

/// A problem in the draft's words.
struct Told {
    title: &'static str,
    problem: Problem,
}

impl Told {
    fn absent(title: &'static str) -> Told {
        Told {
            title,
            problem: Problem::absent("nothing is here for who asks"),
        }
    }
}

impl From<Problem> for Told {
    fn from(problem: Problem) -> Told {
        let status = problem.kind.status();
        let title = match status {
            StatusCode::NOT_FOUND => "Not Found",
            StatusCode::TOO_MANY_REQUESTS => "Too Many Requests",
            StatusCode::UNPROCESSABLE_ENTITY | StatusCode::CONFLICT => "Rejected",
            _ if status.is_server_error() => "Unavailable",
            _ => "Malformed request",
        };
        Told { title, problem }
    }
}

/// The draft knows 400, 404 and 429. The same headers as everywhere: when to come back.
impl IntoResponse for Told {
    fn into_response(self) -> Response {
        let status = match self.problem.kind.status() {
            known @ (StatusCode::NOT_FOUND | StatusCode::TOO_MANY_REQUESTS) => known,
            other if other.is_server_error() => other,
            _ => StatusCode::BAD_REQUEST,
        };
        let detail = format!("{}: {}", self.problem.kind.name(), self.problem.detail);
        let signed = self.problem.signed.as_ref();
        let signed = signed.and_then(|signed| hex::decode(&signed[..]).ok());
        let body = cbor::write(|to| {
            to.map(if signed.is_some() { 3 } else { 2 })?;
            to.i8(-1)?.str(self.title)?.i8(-2)?.str(&detail)?;
            // The log's word that it refused (RFC 9290 leaves texts as labels to applications).
            if let Some(signed) = &signed {
                to.str("signed")?.bytes(signed)?;
            }
            Ok(())
        });
        let mut response = self.problem.into_response();
        *response.status_mut() = status;
        *response.body_mut() = body.into();
        let headers = response.headers_mut();
        let media_type = "application/concise-problem-details+cbor";
        headers.insert(
            header::CONTENT_TYPE,
            header::HeaderValue::from_static(media_type),
        );
        headers.remove(header::CONTENT_LENGTH);
        response
    }
}

/// Whether a client of the draft asks here.
pub fn is_place(path: &str) -> bool {
    path == "/entries" || path.starts_with("/entries/")
}

/// A problem that stops a request before it comes here.
pub fn told(problem: Problem) -> Response {
    Told::from(problem).into_response()
}

fn answer(status: StatusCode, id: &StatementId, receipt: Vec<u8>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, COSE.to_owned()),
        (header::LOCATION, format!("/entries/{id}")),
    ];
    (status, headers, receipt).into_response()
}

async fn register(
    State(app): State<Shared>,
    from: Address,
    media_type: Result<Cose, Problem>,
    body: Result<Raw<SUBMISSION_BYTES_MAX>, Problem>,
) -> Result<Response, Told> {
    media_type?;
    let Raw(bytes) = body?;
    let submission = match Attached::parse(&bytes) {
        Ok(Attached::Whole(submission)) => Ok(submission),
        Ok(Attached::Envelope(envelope)) => {
            app.quotas.unsigned(from);
            return known(&app, &envelope).await;
        }
        Err(malformed) => Err(malformed),
    };
    let submission = submission.map_err(Problem::from);
    let (id, outcome) = statements::register(&app, from, submission).await?;
    match outcome {
        Outcome::Logged { receipt, .. } => Ok(answer(StatusCode::CREATED, &id, receipt)),
        Outcome::Refused(refusal) => Err(statements::refused(&app, &id, &refusal).into()),
        Outcome::Unavailable => Err(Problem::unavailable().into()),
        Outcome::NoRoom => Err(Problem::of(Border::NoRoom).into()),
    }
}

/// An envelope without its body: who has it may know whether it is logged, and it can be nothing else.
async fn known(app: &App, envelope: &[u8]) -> Result<Response, Told> {
    let id = Envelope::parse(envelope).map_err(Problem::from)?.id();
    let logged = app.store.statement(&id).await.map_err(Problem::from)?;
    if logged.is_some_and(|logged| logged.envelope == envelope) {
        let (_, _, receipt) = statements::logged(app, &id, true).await?;
        return Ok(answer(StatusCode::CREATED, &id, receipt));
    }
    let why = "the rules read the body: put it into the unprotected header, label `body`, as bytes";
    Err(Told {
        title: "Payload Missing",
        problem: Problem::bad_request(why),
    })
}

async fn receipt(
    State(app): State<Shared>,
    id: Result<Path<String>, Problem>,
    session: Result<Option<Session>, Problem>,
) -> Result<Response, Told> {
    let id = id.ok().and_then(|Path(id)| id.parse().ok());
    let id: StatementId = id.ok_or_else(|| Told::absent("Not Found"))?;
    let (_, _, receipt) = statements::logged(&app, &id, session?.is_some()).await?;
    Ok(answer(StatusCode::OK, &id, receipt))
}

/// RFC 9052 §7, deterministic: OKP, kid, EdDSA, Ed25519, x.
fn cose_key(public: &PublicKey) -> Vec<u8> {
    cbor::write(|to| {
        to.map(5)?.u8(1)?.u8(1)?.u8(2)?.bytes(&key_id(public).0)?;
        to.u8(3)?.i8(-8)?.i8(-1)?.u8(6)?;
        to.i8(-2)?.bytes(&public.0)?.ok()
    })
}

const CBOR: [(header::HeaderName, &str); 1] = [(header::CONTENT_TYPE, "application/cbor")];

/// The keys of receipts: one.
async fn keys(State(app): State<Shared>) -> Response {
    let set = [&[0x81][..], &cose_key(&app.ledger.keys().log_public())].concat();
    (CBOR, set).into_response()
}

async fn key(
    State(app): State<Shared>,
    kid: Result<Path<String>, Problem>,
) -> Result<Response, Told> {
    let public = app.ledger.keys().log_public();
    let asked = kid
        .ok()
        .and_then(|Path(kid)| BASE64_URL_SAFE_NO_PAD.decode(kid).ok());
    if asked.as_deref() != Some(&key_id(&public).0[..]) {
        return Err(Told {
            title: "No such key",
            problem: Problem::of(Border::NotFound),
        });
    }
    Ok((CBOR, cose_key(&public)).into_response())
}
