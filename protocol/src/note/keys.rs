//! The keys of signed notes: their text, ids, signatures.
//!
//! Owns what a key of type 01 or 04 signs. Must never know where a key is kept, nor which are trusted.

use super::{NoteError, NoteSignature, is_name};
use crate::{
    digest::Digest,
    key::{self, PublicKey, Signer},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use std::{fmt, str::FromStr};

/// What a key signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyKind {
    /// Type 01: the note's text.
    Ed25519,
    /// Type 04: the time and the text (c2sp.org/tlog-cosignature).
    Cosignature,
}

impl KeyKind {
    const fn type_byte(self) -> u8 {
        match self {
            KeyKind::Ed25519 => 1,
            KeyKind::Cosignature => 4,
        }
    }
}

/// A public key as notes know it; in text, `<name>+<key id>+<base64>`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct VerifierKey {
    /// Name of the key.
    pub name: String,
    /// What it signs.
    pub kind: KeyKind,
    /// The Ed25519 key.
    pub public: PublicKey,
}

/// Why a text is not a usable key.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub enum VerifierKeyError {
    /// A type that this reader does not know; the key may be good for others.
    #[error("keys of type {0:#04x} are not known here")]
    Type(u8),
    /// The form is broken, the id does not fit, or the point is unusable.
    #[error("not a verifier key")]
    Malformed,
}

/// A signature that verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verified<'k> {
    /// By this key.
    pub key: &'k VerifierKey,
    /// For a cosignature, the newest of its times, in seconds since 1970.
    pub time: Option<u64>,
}

impl VerifierKey {
    /// The id: the first four bytes of `SHA-256(name || 0x0A || type || public key)`.
    pub fn id(&self) -> [u8; 4] {
        let suffix = [b'\n', self.kind.type_byte()];
        let digest = Digest::sha256(&[self.name.as_bytes(), &suffix, &self.public.0]);
        *digest
            .0
            .first_chunk()
            .expect("a digest has more than 4 bytes")
    }

    /// Whether the line says that it is by this key.
    pub fn is_named_by(&self, signature: &NoteSignature) -> bool {
        self.name == signature.name && self.id() == signature.key_id
    }

    /// The signature over `text`, if it is by this key.
    pub fn check(&self, text: &str, signature: &[u8]) -> Option<Verified<'_>> {
        let (time, message, signature) = match self.kind {
            KeyKind::Ed25519 => (None, text.to_owned(), signature),
            KeyKind::Cosignature => {
                let (time, signature) = signature.split_first_chunk()?;
                let time = u64::from_be_bytes(*time);
                i64::try_from(time).ok()?;
                (Some(time), cosigned(time, text), signature)
            }
        };
        let signature = signature.try_into().ok()?;
        let is_good = key::verify(&self.public, message.as_bytes(), signature);
        is_good.then_some(Verified { key: self, time })
    }
}

/// What a cosigner signs (c2sp.org/tlog-cosignature, `cosignature/v1`).
fn cosigned(time: u64, text: &str) -> String {
    format!("cosignature/v1\ntime {time}\n{text}")
}

impl FromStr for VerifierKey {
    type Err = VerifierKeyError;

    fn from_str(text: &str) -> Result<VerifierKey, VerifierKeyError> {
        let malformed = VerifierKeyError::Malformed;
        let (name, rest) = text.split_once('+').ok_or(malformed)?;
        let (id, encoded) = rest.split_once('+').ok_or(malformed)?;
        let bytes = BASE64_STANDARD.decode(encoded).map_err(|_| malformed)?;
        let (type_byte, public) = bytes.split_first().ok_or(malformed)?;
        let kind = match type_byte {
            1 => KeyKind::Ed25519,
            4 => KeyKind::Cosignature,
            other => return Err(VerifierKeyError::Type(*other)),
        };
        let public = Digest(public.try_into().map_err(|_| malformed)?);
        let key = VerifierKey {
            name: name.to_owned(),
            kind,
            public,
        };
        let is_good = is_name(name) && hex::encode(key.id()) == id && key::is_usable(&public);
        if is_good { Ok(key) } else { Err(malformed) }
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = [&[self.kind.type_byte()], &self.public.0[..]].concat();
        let encoded = BASE64_STANDARD.encode(bytes);
        write!(out, "{}+{}+{encoded}", self.name, hex::encode(self.id()))
    }
}

/// A named private key of one kind. A key of one kind must sign nothing of the other: the text of a
/// note could be chosen to read as a cosigned message.
#[derive(Clone, Debug)]
pub struct NoteSigner {
    key: VerifierKey,
    signer: Signer,
}

impl NoteSigner {
    /// A signer of notes (type 01).
    pub fn new(name: &str, signer: Signer) -> Result<NoteSigner, NoteError> {
        NoteSigner::of_kind(KeyKind::Ed25519, name, signer)
    }

    /// A signer of the kind.
    pub(crate) fn of_kind(
        kind: KeyKind,
        name: &str,
        signer: Signer,
    ) -> Result<NoteSigner, NoteError> {
        if !is_name(name) {
            return Err(NoteError::Name);
        }
        let key = VerifierKey {
            name: name.to_owned(),
            kind,
            public: signer.public(),
        };
        Ok(NoteSigner { key, signer })
    }

    /// The public half.
    pub fn verifier(&self) -> &VerifierKey {
        &self.key
    }

    /// The line over `text`.
    pub fn sign(&self, text: &str) -> NoteSignature {
        self.line(self.signer.sign(text.as_bytes()).to_vec())
    }

    /// The line over `text` at `time`; the key is of the kind that does that.
    pub(crate) fn cosign(&self, text: &str, time: u64) -> NoteSignature {
        let signature = self.signer.sign(cosigned(time, text).as_bytes());
        self.line([&time.to_be_bytes(), &signature[..]].concat())
    }

    fn line(&self, signature: Vec<u8>) -> NoteSignature {
        NoteSignature {
            name: self.key.name.clone(),
            key_id: self.key.id(),
            signature,
        }
    }
}
