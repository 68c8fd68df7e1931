//! `/v1/sessions`: a short session for an assertion signed by a session key (RFC 7519, EdDSA only).
//!
//! The session key is not the statement key: a stolen session signs nothing. Roles are never read from a token, but
//! live from the log's state.

use super::codes::Border;
use super::contract::problems;
use super::problem::Problem;
use super::{App, Shared};
use crate::ledger::storage::Storage as _;
use axum::Json;
use axum::extract::State;
use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, decode_header, encode,
};
use serde::{Deserialize, Serialize};
use threadmark_protocol::key::{KeyId, Signer};
use threadmark_protocol::lifecycle;
use threadmark_protocol::text::OrgId;
use threadmark_protocol::world::{Place, key_subject, policy_subject};
use utoipa::ToSchema;

/// `typ` of assertions.
pub const ASSERTION_TYPE: &str = "threadmark-assertion+jwt";
/// `typ` of session tokens.
pub const SESSION_TYPE: &str = "threadmark-session+jwt";
/// Longest life of an assertion and of a session.
const LIFE_MAX_S: i64 = 300;
/// Seconds by which two clocks may differ.
const LEEWAY_S: i64 = 30;
/// Longest `jti`: it is remembered until the assertion expires.
const JTI_BYTES_MAX: usize = 100;

/// What an assertion and a session token claim.
#[derive(Serialize, Deserialize)]
pub struct Claims {
    iss: String,
    sub: String,
    aud: String,
    iat: i64,
    exp: i64,
    jti: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    nbf: Option<i64>,
}

/// A signed assertion.
#[derive(Deserialize, ToSchema)]
pub struct Assertion {
    /// JWT (EdDSA) of type `threadmark-assertion+jwt` with `kid` and `sub` the statement key's id, `iss` the
    /// organisation, `aud` the log's origin, `iat`, `exp` at most five minutes later, and a `jti` used once.
    #[schema(min_length = 1, max_length = 4096)]
    pub assertion: String,
}

/// A session.
#[derive(Serialize, ToSchema)]
pub struct Opened {
    /// Bearer token.
    pub token: String,
    /// Its end, Unix seconds.
    pub expires_at: i64,
}

problems!(Problems: Border::BadRequest, Border::SessionRefused, Border::TooLarge, Border::WrongMediaType);

/// Open a session
///
/// The assertion is signed by the key's session key, which signs nothing else, and is taken once.
#[utoipa::path(post, path = "/v1/sessions", tag = "sessions", operation_id = "open_session", request_body = Assertion,
    responses((status = 200, description = "A session of at most five minutes", body = Opened), Problems))]
pub async fn open(
    State(app): State<Shared>,
    super::extract::Json(asked): super::extract::Json<Assertion>,
) -> Result<Json<Opened>, Problem> {
    let now = app.now();
    let kid = key_of(&asked.assertion, ASSERTION_TYPE)?;
    let (session_key, org) = live_key(&app, &kid).await?;
    let session_key = session_key.ok_or_else(refused)?;
    let claims = verified(
        &asked.assertion,
        &session_key.0,
        app.ledger.trust().origin().as_str(),
        now,
    )?;
    if claims.iss != org.as_str() || claims.sub != kid.to_hex() || !is_jti(&claims.jti) {
        return Err(refused());
    }
    if !app
        .store
        .use_assertion(&claims.jti, claims.exp + LEEWAY_S, now)
        .await?
    {
        return Err(refused());
    }
    let expires_at = now + LIFE_MAX_S;
    let claims = Claims {
        iat: now,
        exp: expires_at,
        nbf: None,
        ..claims
    };
    let mut header = Header::new(Algorithm::EdDSA);
    (header.typ, header.kid) = (Some(SESSION_TYPE.into()), Some(kid.to_hex()));
    let key = EncodingKey::from_ed_der(&pkcs8(app.ledger.keys().session_seed()));
    let token = encode(&header, &claims, &key).map_err(|error| {
        tracing::error!(%error, "signing a session");
        Problem::unavailable()
    })?;
    Ok(Json(Opened { token, expires_at }))
}

/// The organisation and key for which a session token speaks, if it is valid and the key is still in force.
pub async fn check(app: &App, token: &str) -> Result<(OrgId, KeyId), Problem> {
    let kid = key_of(token, SESSION_TYPE)?;
    let public = Signer::from_seed(app.ledger.keys().session_seed()).public();
    let origin = app.ledger.trust().origin().as_str();
    let claims = verified(token, &public.0, origin, app.now())?;
    let (_, org) = live_key(app, &kid).await?;
    if claims.sub != kid.to_hex() || claims.iss != org.as_str() {
        return Err(refused());
    }
    Ok((org, kid))
}

/// Whether a `jti` can be told apart and remembered: the database takes no NUL.
fn is_jti(text: &str) -> bool {
    (1..=JTI_BYTES_MAX).contains(&text.len()) && !text.contains(char::is_control)
}

/// Session key and organisation of a key that may act.
async fn live_key(
    app: &App,
    kid: &KeyId,
) -> Result<(Option<threadmark_protocol::key::PublicKey>, OrgId), Problem> {
    let subject = key_subject(kid);
    let needed = [subject.clone(), policy_subject()];
    let world = app.store.world(&needed.into()).await?;
    let acting = lifecycle::acting(&world, &subject, Place::newest(app.now()));
    let (card, org) = acting.ok_or_else(refused)?;
    Ok((card.session, org.clone()))
}

fn key_of(token: &str, kind: &str) -> Result<KeyId, Problem> {
    let header = decode_header(token).map_err(|_| refused())?;
    let is_ours = header.alg == Algorithm::EdDSA && header.typ.as_deref() == Some(kind);
    // What is critical must be understood (RFC 7515 section 4.1.11), and we understand no extension.
    if !is_ours || header.crit.is_some() {
        return Err(refused());
    }
    header
        .kid
        .and_then(|kid| kid.parse().ok())
        .ok_or_else(refused)
}

/// Signature and audience by the library; times by our clock, which is a parameter.
fn verified(token: &str, public: &[u8; 32], origin: &str, now: i64) -> Result<Claims, Problem> {
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.set_audience(&[origin]);
    validation.set_required_spec_claims(&["exp", "aud"]);
    validation.validate_exp = false;
    let claims = decode::<Claims>(token, &DecodingKey::from_ed_der(public), &validation)
        .map_err(|_| refused())?
        .claims;
    let in_time = claims.exp > now - LEEWAY_S
        && claims.iat <= now + LEEWAY_S
        && claims
            .nbf
            .is_none_or(|not_before| not_before <= now + LEEWAY_S)
        && (0..=LIFE_MAX_S).contains(&(claims.exp.saturating_sub(claims.iat)));
    if in_time { Ok(claims) } else { Err(refused()) }
}

/// One answer for every reason: who probes learns nothing.
fn refused() -> Problem {
    Problem::of(Border::SessionRefused)
}

/// PKCS #8 (RFC 8410) of an Ed25519 seed: a fixed head and the seed.
fn pkcs8(seed: &[u8; 32]) -> Vec<u8> {
    let mut der = vec![
        0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20,
    ];
    der.extend_from_slice(seed);
    der
}
