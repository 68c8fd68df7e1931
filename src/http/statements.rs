//! `/v1/statements`: a statement in, a receipt or a refusal out.
//!
//! Whoever carries a statement may submit it: the signature authorises. Parsing and the signature are checked
//! here, before anything waits for the writer.

use super::codes::{Border, Kind};
use super::contract::{self, Binary, problems};
use super::extract::{Path, Raw};
use super::media::Cbor;
use super::problem::Problem;
use super::quota::Address;
use super::shapes::{self, Hex, Hex32};
use super::{App, Shared};
use crate::ledger::Outcome;
use crate::ledger::storage::{Place, Storage as _};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use std::collections::BTreeMap;
use threadmark_protocol::answer::is_for_everybody;
use threadmark_protocol::cbor;
use threadmark_protocol::code::Code;
use threadmark_protocol::digest::to_hex;
use threadmark_protocol::lifecycle::Refusal;
use threadmark_protocol::statement::{
    Envelope, SUBMISSION_BYTES_MAX, Statement, StatementId, Submission,
};
use threadmark_protocol::world::key_subject;
use utoipa::ToSchema;
use utoipa::openapi::RefOr;

/// A statement stands in the log.
#[derive(Serialize, ToSchema)]
pub struct Logged {
    /// Id of the statement.
    #[schema(value_type = Hex32)]
    pub id: String,
    /// Index in the log.
    pub index: u64,
    /// Log time of its batch, Unix seconds.
    pub logged_at: i64,
    /// Size of the tree that the receipt is for.
    pub tree_size: u64,
    /// RFC 9942 receipt.
    #[schema(value_type = Hex)]
    pub receipt: String,
    /// What was found; a report is logged all the same, and holds what it touches.
    #[schema(value_type = Vec<shapes::Code>)]
    pub findings: Vec<String>,
}

/// A logged statement with its proof.
#[derive(Serialize, ToSchema)]
pub struct Proven {
    /// Id of the statement.
    #[schema(value_type = Hex32)]
    pub id: String,
    /// Index in the log.
    pub index: u64,
    /// Log time, Unix seconds.
    pub logged_at: i64,
    /// Size of the tree that the receipt is for.
    pub tree_size: u64,
    /// Whether a quorum of witnesses has cosigned a checkpoint that covers it. Logged and witnessed are two states.
    pub witnessed: bool,
    /// The time, Unix seconds, of the k-th newest cosignature of that quorum.
    #[schema(required)]
    pub witnessed_at: Option<i64>,
    /// The leaf: the COSE_Sign1 of the statement.
    #[schema(value_type = Hex)]
    pub envelope: String,
    /// RFC 9942 receipt.
    #[schema(value_type = Hex)]
    pub receipt: String,
    /// The author's Ed25519 key; its RFC 9679 thumbprint is the envelope's kid.
    #[schema(value_type = Option<Hex32>, required)]
    pub author_key: Option<String>,
    /// The body, for members' sessions only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Hex, required = false)]
    pub body: Option<String>,
}

/// What a submission can be answered with instead: every rule speaks here.
pub struct SubmitProblems;

impl utoipa::IntoResponses for SubmitProblems {
    fn responses() -> BTreeMap<String, RefOr<utoipa::openapi::Response>> {
        let border = [Border::BadRequest, Border::TooLarge, Border::WrongMediaType].map(Kind::from);
        contract::responses(border.into_iter().chain(contract::refusals()))
    }
}

problems!(GetProblems: Border::BadRequest, Border::SessionRefused, Border::NotFound);

/// Submit a statement
///
/// The body is `[envelope, body, {section: bytes}]` in deterministic CBOR. Sending a statement again returns its
/// first receipt.
#[utoipa::path(post, path = "/v1/statements", tag = "statements",
    operation_id = "submit_statement",
    request_body(content = Binary, content_type = "application/cbor"),
    responses(
        (status = 201, description = "Logged", body = Logged,
            headers(("Location" = String, description = "Where its proof is"))),
        (status = 200, description = "Logged before; the first receipt", body = Logged,
            headers(("Location" = String, description = "Where its proof is"))),
        SubmitProblems))]
pub async fn submit(
    State(app): State<Shared>,
    from: Address,
    _: Cbor,
    Raw(bytes): Raw<SUBMISSION_BYTES_MAX>,
) -> Result<Response, Problem> {
    let submission = Submission::parse(&bytes).map_err(Problem::from);
    let (id, outcome) = register(&app, from, submission).await?;
    Ok(respond(&app, &id, outcome))
}

/// The one way into the log for what came over the border.
pub(super) async fn register(
    app: &App,
    from: Address,
    submission: Result<Submission, Problem>,
) -> Result<(StatementId, Outcome), Problem> {
    let of_nobody = |problem: Problem| {
        app.quotas.unsigned(from);
        problem
    };
    let statement = submission.and_then(|submission| opened(app, submission));
    let statement = statement.map_err(of_nobody)?;
    let (id, kid) = (statement.id, statement.envelope.kid);
    // A key beyond its quota costs nobody a signature's check; the address that sends it all the same pays.
    app.quotas.may_submit(kid).map_err(of_nobody)?;
    let author = verify_author(app, &statement).await;
    author.map_err(|problem| match problem.kind {
        Kind::Rule(_) => of_nobody(problem),
        Kind::Border(_) => problem,
    })?;
    // Only now: whoever writes a key's name on something must not use up what the key may send.
    app.quotas.submitted(kid)?;
    let outcome = app.ledger.submit(statement).await;
    Ok((id, outcome.ok_or_else(Problem::unavailable)?))
}

/// The statement in a submission, in its form and whole.
fn opened(app: &App, mut submission: Submission) -> Result<Statement, Problem> {
    submission.envelope = Envelope::strip_unprotected(&submission.envelope)?;
    let statement = Statement::open(submission, app.ledger.trust().origin())?;
    if !statement.is_whole() {
        let detail = "a sealed section that the body names is missing";
        return Err(Problem::of(Code::Malformed).because(detail));
    }
    Ok(statement)
}

/// Drops unknown keys and bad signatures before the writer is bothered. Only enrolled keys count: the one that genesis
/// brings along is the writer's own affair, and taken from a stranger it would be remembered under anybody's id.
async fn verify_author(app: &App, statement: &Statement) -> Result<(), Problem> {
    let kid = statement.envelope.kid;
    let cached = app
        .keys
        .read()
        .ok()
        .and_then(|keys| keys.get(&kid).copied());
    let key = match cached {
        Some(key) => Some(key),
        None => {
            let world = app.store.world(&[key_subject(&kid)].into()).await?;
            let key = world.key(&kid).map(|(card, _)| card.public);
            if let (Some(key), Ok(mut keys)) = (key, app.keys.write()) {
                keys.insert(kid, key);
            }
            key
        }
    };
    let key = key.ok_or_else(|| Problem::of(Code::UnknownKey).because(kid))?;
    if statement.envelope.is_signed_by(&key) {
        return Ok(());
    }
    Err(Problem::of(Code::BadSignature).because(statement.id))
}

fn respond(app: &App, id: &StatementId, outcome: Outcome) -> Response {
    match outcome {
        Outcome::Logged {
            place,
            receipt,
            findings,
            known,
        } => {
            let logged = Logged {
                id: id.to_hex(),
                index: place.index,
                logged_at: place.logged_at,
                tree_size: place.tree_size,
                receipt: to_hex(&receipt),
                findings: findings.iter().map(ToString::to_string).collect(),
            };
            let status = if known {
                StatusCode::OK
            } else {
                StatusCode::CREATED
            };
            let location = format!("/v1/statements/{id}");
            (status, [("location", location)], Json(logged)).into_response()
        }
        Outcome::Refused(refusal) => refused(app, id, &refusal).into_response(),
        Outcome::Unavailable => Problem::unavailable().into_response(),
        Outcome::NoRoom => Problem::of(Border::NoRoom).into_response(),
    }
}

/// A refusal that cannot be denied later.
pub(super) fn refused(app: &App, id: &StatementId, refusal: &Refusal) -> Problem {
    let mut problem = Problem::from(refusal);
    problem.signed = Some(to_hex(&signed_refusal(app, id, refusal)).into());
    problem
}

/// The service's word that it refused: a COSE_Sign1 (RFC 9052) over `[id, code, time]`, so that a refusal cannot be
/// denied later.
fn signed_refusal(app: &App, id: &StatementId, refusal: &Refusal) -> Vec<u8> {
    let signer = app.ledger.keys().log();
    let protected = cbor::write(|to| {
        to.map(3)?
            .u8(1)?
            .i8(-8)?
            .u8(3)?
            .str("application/vnd.threadmark.refusal+cbor")?;
        to.u8(4)?.bytes(&signer.key_id().0)?;
        Ok(())
    });
    let payload = cbor::write(|to| {
        to.array(3)?
            .bytes(&id.0)?
            .str(refusal.code().name())?
            .i64(app.now())?;
        Ok(())
    });
    let to_sign = cbor::write(|to| {
        to.array(4)?
            .str("Signature1")?
            .bytes(&protected)?
            .bytes(&[])?
            .bytes(&payload)?;
        Ok(())
    });
    let signature = signer.sign(&to_sign);
    cbor::write(|to| {
        to.tag(minicbor::data::Tag::new(18))?
            .array(4)?
            .bytes(&protected)?
            .map(0)?;
        to.bytes(&payload)?.bytes(&signature)?;
        Ok(())
    })
}

/// Proof of a statement
///
/// The body is for members. Envelope and receipt of what designs, approves, licenses, makes, inspects and releases are
/// for everybody who knows the id, those of all other kinds for members.
#[utoipa::path(get, path = "/v1/statements/{id}", tag = "statements",
    operation_id = "get_statement", security((), ("session" = [])),
    params(("id" = inline(Hex32), Path, description = "Id of the statement")),
    responses((status = 200, description = "The statement with its receipt", body = Proven), GetProblems))]
pub async fn get(
    State(app): State<Shared>,
    Path(id): Path<String>,
    session: Option<super::auth::Session>,
) -> Result<Json<Proven>, Problem> {
    let id: StatementId = id.parse().map_err(Problem::bad_request)?;
    let (statement, place, receipt) = logged(&app, &id, session.is_some()).await?;
    let kid = statement.envelope.kid;
    let world = app.store.world(&[key_subject(&kid)].into()).await?;
    let witnessed = app.witnesses.witnessed();
    let witnessed = witnessed.filter(|of| place.index < of.size);
    Ok(Json(Proven {
        id: id.to_hex(),
        witnessed: witnessed.is_some(),
        witnessed_at: witnessed.map(|of| of.since),
        index: place.index,
        logged_at: place.logged_at,
        tree_size: place.tree_size,
        envelope: to_hex(&statement.submission.envelope),
        receipt: to_hex(&receipt),
        author_key: world.key(&kid).map(|(card, _)| card.public.to_hex()),
        body: session.map(|_| to_hex(&statement.submission.body)),
    }))
}

/// A logged statement with its place and its receipt, if it is for the caller.
pub(super) async fn logged(
    app: &App,
    id: &StatementId,
    is_member: bool,
) -> Result<(Statement, Place, Vec<u8>), Problem> {
    let logged = app.store.statement(id).await?;
    let logged = logged.ok_or_else(no_statement)?;
    let submission = Submission {
        envelope: logged.envelope,
        body: logged.body,
        sections: BTreeMap::new(),
    };
    let statement = Statement::open(submission, app.ledger.trust().origin())?;
    if !is_member && !is_for_everybody(&statement.body.core) {
        // Not "you may not": that would say that it exists.
        return Err(no_statement());
    }
    // The node that logged it may be another one.
    app.entries_with(logged.place.tree_size).await?;
    let receipt = app
        .ledger
        .receipt(&statement, logged.place)
        .ok_or_else(Problem::unavailable)?;
    Ok((statement, logged.place, receipt))
}

/// The same for what is not logged and for what is not for the caller.
fn no_statement() -> Problem {
    Problem::absent("no such statement")
}
