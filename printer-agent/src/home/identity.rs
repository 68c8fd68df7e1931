//! The credential: who this home signs as, and its secret keys.
//!
//! Owns the form of `identity.json`. Must never know what is signed. No secret has a `Debug` or an error text.

use crate::system::{Entropy, random};
use age::secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use std::fmt;
use threadmark_protocol::body::governance::{Holder, KeyCard};
use threadmark_protocol::key::{KeyId, KeyLevel, Signer};
use threadmark_protocol::text::{ActorId, OrgId};
use zeroize::Zeroizing;

const VERSION: u32 = 1;

/// A credential with its three secret keys: for statements, for sessions, and for what is sealed to it.
pub struct Identity {
    /// Organisation.
    pub org: OrgId,
    /// Credential.
    pub actor: ActorId,
    /// Person or machine.
    pub holder_is: Holder,
    /// Where the keys live.
    pub level: KeyLevel,
    pub(super) signer: Signer,
    pub(super) session: Signer,
    pub(super) recipient: age::x25519::Identity,
    wire: Wire,
}

/// `identity.json`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    v: u32,
    org: OrgId,
    actor: ActorId,
    holder_is: Holder,
    level: KeyLevel,
    signing_seed: Zeroizing<String>,
    session_seed: Zeroizing<String>,
    age_identity: Zeroizing<String>,
}

/// The bytes are no identity. Deliberately silent about what stands there.
#[derive(Debug)]
pub(super) struct NotAnIdentity;

impl Identity {
    /// New keys. The age key comes from age's own random source, which cannot be passed in.
    pub(super) fn new(
        org: OrgId,
        actor: ActorId,
        holder_is: Holder,
        entropy: &mut dyn Entropy,
    ) -> std::io::Result<Identity> {
        let mut seed = || -> std::io::Result<_> {
            let bytes = Zeroizing::new(random::<32>(entropy)?);
            Ok(Zeroizing::new(hex::encode(*bytes)))
        };
        let wire = Wire {
            v: VERSION,
            org,
            actor,
            holder_is,
            level: KeyLevel::Software,
            signing_seed: seed()?,
            session_seed: seed()?,
            age_identity: Zeroizing::new(
                age::x25519::Identity::generate()
                    .to_string()
                    .expose_secret()
                    .to_owned(),
            ),
        };
        Identity::try_from(wire).map_err(|_| std::io::Error::other("the keys made are not usable"))
    }

    pub(super) fn parse(bytes: &[u8]) -> Result<Identity, NotAnIdentity> {
        let wire: Wire = serde_json::from_slice(bytes).map_err(|_| NotAnIdentity)?;
        wire.try_into()
    }

    pub(super) fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(serde_json::to_vec_pretty(&self.wire).unwrap_or_default())
    }

    /// Id of the key that signs statements.
    pub fn key_id(&self) -> KeyId {
        self.signer.key_id()
    }

    /// What others must know of the keys.
    pub fn card(&self) -> KeyCard {
        KeyCard {
            public: self.signer.public(),
            holder: self.actor.clone(),
            holder_is: self.holder_is,
            level: self.level,
            session: Some(self.session.public()),
            recipient: self.recipient.to_public().to_string().parse().ok(),
        }
    }
}

impl TryFrom<Wire> for Identity {
    type Error = NotAnIdentity;

    fn try_from(wire: Wire) -> Result<Identity, NotAnIdentity> {
        if wire.v != VERSION {
            return Err(NotAnIdentity);
        }
        Ok(Identity {
            org: wire.org.clone(),
            actor: wire.actor.clone(),
            holder_is: wire.holder_is,
            level: wire.level,
            signer: signer(&wire.signing_seed)?,
            session: signer(&wire.session_seed)?,
            recipient: wire.age_identity.parse().map_err(|_| NotAnIdentity)?,
            wire,
        })
    }
}

fn signer(hex_seed: &str) -> Result<Signer, NotAnIdentity> {
    let mut seed = Zeroizing::new([0; 32]);
    hex::decode_to_slice(hex_seed, &mut *seed).map_err(|_| NotAnIdentity)?;
    Ok(Signer::from_seed(&seed))
}

impl fmt::Debug for Identity {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            out,
            "Identity({} {} {})",
            self.org,
            self.actor,
            self.key_id()
        )
    }
}
