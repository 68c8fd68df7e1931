//! Sessions: a short-lived token for a signed assertion (RFC 7519 over RFC 7515, EdDSA).
//!
//! Owns the assertion. It is signed with the session key, which signs nothing else; the statement key never leaves the
//! journal. Must never know what a session is used for.

use crate::home::Home;
use crate::home::HomeError;
use crate::system::{Entropy, random};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use std::fmt;
use zeroize::Zeroizing;

/// Seconds for which an assertion is good.
const LIFETIME_S: i64 = 120;

/// The right to read what members read, for some minutes.
pub struct Session {
    pub(super) token: Zeroizing<String>,
}

impl Session {
    /// What stands in the `Authorization` header of each request.
    pub fn authorization(&self) -> Zeroizing<String> {
        Zeroizing::new(format!("Bearer {}", *self.token))
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Session")
    }
}

/// The assertion that a session is obtained with; good once, and for two minutes.
pub(super) fn assertion(
    home: &Home,
    now: i64,
    entropy: &mut dyn Entropy,
) -> Result<Zeroizing<String>, HomeError> {
    let trust = home.trust()?;
    let kid = home.identity().key_id().to_hex();
    let jti = hex::encode(random::<16>(entropy).map_err(HomeError::Entropy)?);
    let header = serde_json::json!({
        "alg": "EdDSA", "typ": "threadmark-assertion+jwt", "kid": kid,
    });
    let claims = serde_json::json!({
        "iss": home.identity().org, "sub": kid, "aud": trust.origin(),
        "iat": now, "exp": now + LIFETIME_S, "jti": jti,
    });
    let part = |json: &serde_json::Value| BASE64_URL_SAFE_NO_PAD.encode(json.to_string());
    let signed = format!("{}.{}", part(&header), part(&claims));
    let signature = home.session_signer().sign(signed.as_bytes());
    let signature = BASE64_URL_SAFE_NO_PAD.encode(signature);
    Ok(Zeroizing::new(format!("{signed}.{signature}")))
}
