//! Keys: Ed25519 (RFC 8032) and their ids, the RFC 9679 thumbprints.
//!
//! Owns signing and strict verification. Must never know what is signed, nor where a key is kept.

use crate::digest::Digest;
use ed25519_dalek::{Signer as _, SigningKey, VerifyingKey};
use serde::{Deserialize, Serialize};

/// Id of a key: the SHA-256 COSE key thumbprint (RFC 9679) of its public half.
pub type KeyId = Digest;

/// An Ed25519 public key; in text, 64 hexadecimal digits.
pub type PublicKey = Digest;

/// The RFC 9679 thumbprint: SHA-256 over the deterministic COSE key `{1: 1, -1: 6, -2: x}`.
pub fn key_id(public: &PublicKey) -> KeyId {
    Digest::sha256(&[&cose_key(public)])
}

/// The COSE key (RFC 9053 §7.2, OKP) with required parameters only, deterministic order.
pub fn cose_key(public: &PublicKey) -> Vec<u8> {
    let mut bytes = vec![0xa3, 0x01, 0x01, 0x20, 0x06, 0x21, 0x58, 0x20];
    bytes.extend_from_slice(&public.0);
    bytes
}

/// Whether `signature` over `message` is by `public`; strict: no small-order keys, no malleability.
pub fn verify(public: &PublicKey, message: &[u8], signature: &[u8; 64]) -> bool {
    VerifyingKey::from_bytes(&public.0).is_ok_and(|key| {
        key.verify_strict(message, &ed25519_dalek::Signature::from_bytes(signature))
            .is_ok()
    })
}

/// Whether the bytes are a point on the curve, not of small order.
pub fn is_usable(public: &PublicKey) -> bool {
    VerifyingKey::from_bytes(&public.0).is_ok_and(|key| !key.is_weak())
}

/// A private signing key. Its memory is cleared on drop; it has no text form.
#[derive(Clone)]
pub struct Signer {
    key: SigningKey,
}

impl Signer {
    /// The key that the 32 secret bytes make.
    pub fn from_seed(seed: &[u8; 32]) -> Signer {
        Signer {
            key: SigningKey::from_bytes(seed),
        }
    }

    /// The public half.
    pub fn public(&self) -> PublicKey {
        Digest(self.key.verifying_key().to_bytes())
    }

    /// The id of the public half.
    pub fn key_id(&self) -> KeyId {
        key_id(&self.public())
    }

    /// The signature over `message`.
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.key.sign(message).to_bytes()
    }
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Signer({})", self.key_id())
    }
}

/// Where a private key lives; a reader of an answer sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyLevel {
    /// A file on a computer.
    Software,
    /// Hardware whose maker attests that the key cannot leave it.
    AttestedHardware,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn test_1() -> PublicKey {
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
            .parse()
            .unwrap()
    }

    #[test]
    fn thumbprint_vector() {
        let expected = "866eefbd6718c8846cd7ddfe43fc74ab1daac4538ff8514ea2ec2d410a415743";
        assert_eq!(key_id(&test_1()).to_hex(), expected);
    }

    #[test]
    fn rfc_8032_test_1() {
        let mut seed = [0; 32];
        hex::decode_to_slice(
            "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
            &mut seed,
        )
        .unwrap();
        let signer = Signer::from_seed(&seed);
        assert_eq!(signer.public(), test_1());
        let signature = signer.sign(b"");
        assert!(hex::encode(signature).starts_with("e5564300c360ac729086e2cc806e828a"));
        assert!(verify(&test_1(), b"", &signature));
        assert!(!verify(&test_1(), b"x", &signature));
    }

    #[test]
    fn a_small_order_key_verifies_nothing() {
        let mut identity = [0; 32];
        identity[0] = 1;
        assert!(!is_usable(&Digest(identity)));
        assert!(!verify(&Digest(identity), b"any", &[0; 64]));
    }
}
