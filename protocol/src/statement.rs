//! The statement: one act or report by one author, an envelope over a body.
//!
//! Owns the envelope (COSE_Sign1, RFC 9052; CWT claims in headers, RFC 9597; hash envelope, RFC 9995), the
//! id, and the form in which a statement is submitted. Must never know what a kind means, nor whether
//! its author may say so: that is `lifecycle`.

pub mod attached;

use crate::body::Body;
use crate::cbor::{self, CborError, Reader};
use crate::digest::Digest;
use crate::key::{self, KeyId, PublicKey, Signer};
use crate::text::{OrgId, Origin, SectionName, SubjectId};
use std::collections::BTreeMap;

/// Id of a statement: SHA-256 of the COSE Sig_structure.
pub type StatementId = Digest;

/// Largest envelope: what a C2SP entry bundle can hold.
pub const ENVELOPE_BYTES_MAX: usize = 65_535;
/// Largest body: 256 KiB.
pub const BODY_BYTES_MAX: usize = 256 << 10;
/// Largest sealed section: 256 KiB.
pub const SECTION_BYTES_MAX: usize = 256 << 10;
/// Most sealed sections of one statement.
pub const SECTIONS_MAX: usize = 16;
/// Largest submission: an envelope, a body and four full sections' worth of sealed bytes.
pub const SUBMISSION_BYTES_MAX: usize = ENVELOPE_BYTES_MAX + BODY_BYTES_MAX + 4 * SECTION_BYTES_MAX;

const CONTENT_TYPE: &str = "application/vnd.threadmark.body+json";
const ALG_EDDSA: i64 = -8;
const ALG_ED25519: i64 = -19;
const HASH_SHA256: i64 = -16;

/// The bytes are no statement; nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum Malformed {
    /// Larger than the limit of its part.
    #[error("{0} is larger than {1} bytes")]
    TooLarge(&'static str, usize),
    /// The envelope is not the one form that a statement has.
    #[error("the envelope is not a canonical statement: {0}")]
    Envelope(&'static str),
    /// The body is not strict JSON of a known kind.
    #[error("the body is not valid: {0}")]
    Body(String),
    /// Envelope and body contradict each other.
    #[error("the envelope and the body differ in {0}")]
    Mismatch(&'static str),
    /// Made for another log.
    #[error("the statement is for the log {0}")]
    OtherLog(Origin),
    /// The outer array is not `[envelope, body, {section: bytes}]`.
    #[error("the submission is not a CBOR array of envelope, body and sections: {0}")]
    Submission(&'static str),
    /// A sealed section is missing from the body, or has other bytes.
    #[error("the sealed section {0} is not the one that the body names")]
    Section(SectionName),
}

/// The signed part that stands in the log: a COSE_Sign1 with an empty unprotected header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// Id of the author's key.
    pub kid: KeyId,
    /// The author's organisation.
    pub iss: OrgId,
    /// What the statement is about.
    pub sub: SubjectId,
    /// The log it was made for.
    pub aud: Origin,
    /// When it was signed, Unix seconds, by the author's clock.
    pub iat: i64,
    /// SHA-256 of the body's bytes.
    pub body_sha256: Digest,
    signature: [u8; 64],
    protected: Vec<u8>,
}

impl Envelope {
    /// Reads the one canonical form; anything else is refused.
    pub fn parse(bytes: &[u8]) -> Result<Envelope, Malformed> {
        if bytes.len() > ENVELOPE_BYTES_MAX {
            return Err(Malformed::TooLarge("the envelope", ENVELOPE_BYTES_MAX));
        }
        let outer = Outer::decode(bytes)?;
        let (alg, envelope) = outer.claims()?;
        // Encoding again what was understood is the shortest full check of the canonical form.
        if envelope.encode_protected(alg) != outer.protected || envelope.to_bytes() != bytes {
            return Err(Malformed::Envelope(
                "not deterministic CBOR, or an unknown header",
            ));
        }
        Ok(envelope)
    }

    /// The same bytes with an empty unprotected header (RFC 9943 §6), for the edge; not checked further.
    pub fn strip_unprotected(bytes: &[u8]) -> Result<Vec<u8>, Malformed> {
        let outer = Outer::decode(bytes)?;
        let (from, to) = outer.unprotected;
        Ok([&bytes[..from], &[0xa0], &bytes[to..]].concat())
    }

    /// The leaf of the log.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = vec![0xd2, 0x84];
        out.extend(cbor::write(|to| {
            to.bytes(&self.protected)?
                .map(0)?
                .bytes(&self.body_sha256.0)?
                .bytes(&self.signature)?;
            Ok(())
        }));
        out
    }

    /// The statement's id.
    pub fn id(&self) -> StatementId {
        Digest::sha256(&[&self.signed_bytes()])
    }

    /// Whether the signature is by `public` and the header names that key.
    pub fn is_signed_by(&self, public: &PublicKey) -> bool {
        key::key_id(public) == self.kid
            && key::verify(public, &self.signed_bytes(), &self.signature)
    }

    /// The Sig_structure (RFC 9052 §4.4) without external data.
    fn signed_bytes(&self) -> Vec<u8> {
        cbor::write(|to| {
            to.array(4)?.str("Signature1")?.bytes(&self.protected)?;
            to.bytes(&[])?.bytes(&self.body_sha256.0)?;
            Ok(())
        })
    }

    fn encode_protected(&self, alg: i64) -> Vec<u8> {
        cbor::write(|to| {
            to.map(5)?
                .u8(1)?
                .i64(alg)?
                .u8(4)?
                .bytes(&self.kid.0)?
                .u8(15)?
                .map(4)?;
            to.u8(1)?
                .str(self.iss.as_str())?
                .u8(2)?
                .str(self.sub.as_str())?;
            to.u8(3)?.str(self.aud.as_str())?.u8(6)?.i64(self.iat)?;
            to.u16(258)?.i64(HASH_SHA256)?.u16(259)?.str(CONTENT_TYPE)?;
            Ok(())
        })
    }
}

/// The four parts of a COSE_Sign1, and where the unprotected header stands.
struct Outer {
    protected: Vec<u8>,
    unprotected: (usize, usize),
    payload: [u8; 32],
    signature: [u8; 64],
}

impl Outer {
    fn decode(bytes: &[u8]) -> Result<Outer, Malformed> {
        const WHAT: Malformed = Malformed::Envelope("not a COSE_Sign1 over a SHA-256 digest");
        let mut from = Reader::new(bytes);
        let mut head = || -> Result<_, CborError> {
            let shape = (from.tag()?, from.array_len()?);
            Ok((shape, from.bytes()?.to_vec(), from.position()))
        };
        let (shape, protected, start) = head().map_err(|_| WHAT)?;
        // Its content is nobody's business: it is not signed and never reaches the log.
        let mut skipping = minicbor::Decoder::new(&bytes[start..]);
        let is_map = matches!(skipping.datatype(), Ok(minicbor::data::Type::Map));
        if shape != (18, 4) || !is_map || skipping.skip().is_err() {
            return Err(WHAT);
        }
        let end = start + skipping.position();
        let mut from = Reader::new(&bytes[end..]);
        let mut tail = || -> Result<_, CborError> { Ok((from.array()?, from.array()?)) };
        let (payload, signature) = tail().map_err(|_| WHAT)?;
        from.finish().map_err(|_| WHAT)?;
        Ok(Outer {
            protected,
            unprotected: (start, end),
            payload,
            signature,
        })
    }

    fn claims(&self) -> Result<(i64, Envelope), Malformed> {
        self.try_claims()
            .ok_or(Malformed::Envelope("a header is missing or out of order"))
    }

    fn try_claims(&self) -> Option<(i64, Envelope)> {
        fn label(from: &mut Reader, expected: u64) -> Option<()> {
            (from.uint().ok()? == expected).then_some(())
        }
        fn text<T: std::str::FromStr>(from: &mut Reader, expected: u64) -> Option<T> {
            label(from, expected)?;
            from.text().ok()?.parse().ok()
        }
        let mut from = Reader::new(&self.protected);
        (from.map_len().ok()? == 5).then_some(())?;
        label(&mut from, 1)?;
        let alg = from
            .int()
            .ok()
            .filter(|alg| [ALG_EDDSA, ALG_ED25519].contains(alg))?;
        label(&mut from, 4)?;
        let kid = Digest(from.array().ok()?);
        label(&mut from, 15)?;
        (from.map_len().ok()? == 4).then_some(())?;
        let (iss, sub) = (text(&mut from, 1)?, text(&mut from, 2)?);
        let aud = text(&mut from, 3)?;
        label(&mut from, 6)?;
        let iat = from.int().ok()?;
        label(&mut from, 258)?;
        (from.int().ok()? == HASH_SHA256).then_some(())?;
        label(&mut from, 259)?;
        (from.text().ok()? == CONTENT_TYPE && from.is_at_end()).then_some(())?;
        let body_sha256 = Digest(self.payload);
        let (signature, protected) = (self.signature, self.protected.clone());
        Some((
            alg,
            Envelope {
                kid,
                iss,
                sub,
                aud,
                iat,
                body_sha256,
                signature,
                protected,
            },
        ))
    }
}

/// A statement as it travels: whoever carries it, the signature authorises.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submission {
    /// The COSE_Sign1.
    pub envelope: Vec<u8>,
    /// The JSON that was signed, byte for byte.
    pub body: Vec<u8>,
    /// Sealed sections by name; a reader who may not see one does not have it.
    pub sections: BTreeMap<SectionName, Vec<u8>>,
}

impl Submission {
    /// `[envelope, body, {section: bytes}]` in deterministic CBOR (`application/cbor`).
    pub fn to_bytes(&self) -> Vec<u8> {
        // A BTreeMap orders texts by content; CBOR orders them by length first.
        let mut sections: Vec<_> = self.sections.iter().collect();
        sections.sort_by_key(|(name, _)| (name.as_str().len(), name.as_str()));
        cbor::write(|to| {
            to.array(3)?.bytes(&self.envelope)?.bytes(&self.body)?;
            to.map(sections.len() as u64)?;
            for (name, bytes) in sections {
                to.str(name.as_str())?.bytes(bytes)?;
            }
            Ok(())
        })
    }

    /// Reads the bytes of [`Submission::to_bytes`].
    pub fn parse(bytes: &[u8]) -> Result<Submission, Malformed> {
        if bytes.len() > SUBMISSION_BYTES_MAX {
            return Err(Malformed::TooLarge("the submission", SUBMISSION_BYTES_MAX));
        }
        let submission = Submission::decode(bytes)
            .map_err(|_| Malformed::Submission("wrong type, length or name"))?;
        if submission.to_bytes() != bytes {
            return Err(Malformed::Submission("not deterministic CBOR"));
        }
        Ok(submission)
    }

    fn decode(bytes: &[u8]) -> Result<Submission, CborError> {
        let mut from = Reader::new(bytes);
        from.array_len()?;
        let (envelope, body) = (from.bytes()?.to_vec(), from.bytes()?.to_vec());
        let mut sections = BTreeMap::new();
        for _ in 0..from.map_len()?.min(SECTIONS_MAX) {
            if let Ok(name) = from.text()?.parse() {
                sections.insert(name, from.bytes()?.to_vec());
            }
        }
        // A wrong number of parts or sections, or a bad name, does not encode to the same bytes again.
        from.finish()?;
        Ok(Submission {
            envelope,
            body,
            sections,
        })
    }
}

/// A statement whose parts agree with each other. Its signature is checked by [`Envelope::is_signed_by`],
/// because that needs a key, and whether it is allowed by `lifecycle`.
#[derive(Clone, Debug)]
pub struct Statement {
    /// Cached [`Envelope::id`].
    pub id: StatementId,
    /// What stands in the log.
    pub envelope: Envelope,
    /// What it says.
    pub body: Body,
    /// The bytes it came as.
    pub submission: Submission,
}

impl Statement {
    /// Reads a submission for the log `origin`: forms, limits, and agreement of envelope and body. Sections
    /// may be absent (a reader who may not see them); a submitter's must be whole: [`Statement::is_whole`].
    pub fn open(submission: Submission, origin: &Origin) -> Result<Statement, Malformed> {
        let envelope = Envelope::parse(&submission.envelope)?;
        if submission.body.len() > BODY_BYTES_MAX {
            return Err(Malformed::TooLarge("the body", BODY_BYTES_MAX));
        }
        if envelope.aud != *origin {
            return Err(Malformed::OtherLog(envelope.aud));
        }
        if Digest::sha256(&[&submission.body]) != envelope.body_sha256 {
            return Err(Malformed::Mismatch("the body's digest"));
        }
        let body = Body::parse(&submission.body)?;
        let claims = [
            ("iss", body.iss == envelope.iss),
            ("sub", body.sub == envelope.sub),
            ("iat", body.iat == envelope.iat),
        ];
        if let Some((name, _)) = claims.into_iter().find(|(_, same)| !same) {
            return Err(Malformed::Mismatch(name));
        }
        for (name, bytes) in &submission.sections {
            if bytes.len() > SECTION_BYTES_MAX {
                return Err(Malformed::TooLarge("a sealed section", SECTION_BYTES_MAX));
            }
            if body.sealed.get(name) != Some(&Digest::sha256(&[bytes])) {
                return Err(Malformed::Section(name.clone()));
            }
        }
        Ok(Statement {
            id: envelope.id(),
            envelope,
            body,
            submission,
        })
    }

    /// Whether every sealed section that the body names is there.
    pub fn is_whole(&self) -> bool {
        self.body.sealed.len() == self.submission.sections.len()
    }

    /// Signs `body` over `sections` for the log `origin`. The digests of the sections are written into the body.
    pub fn sign(
        mut body: Body,
        sections: BTreeMap<SectionName, Vec<u8>>,
        origin: &Origin,
        signer: &Signer,
    ) -> Statement {
        body.sealed = sections
            .iter()
            .map(|(name, bytes)| (name.clone(), Digest::sha256(&[bytes])))
            .collect();
        let bytes = body.to_bytes();
        let mut envelope = Envelope {
            kid: signer.key_id(),
            iss: body.iss.clone(),
            sub: body.sub.clone(),
            aud: origin.clone(),
            iat: body.iat,
            body_sha256: Digest::sha256(&[&bytes]),
            signature: [0; 64],
            protected: Vec::new(),
        };
        envelope.protected = envelope.encode_protected(ALG_EDDSA);
        envelope.signature = signer.sign(&envelope.signed_bytes());
        let submission = Submission {
            envelope: envelope.to_bytes(),
            body: bytes,
            sections,
        };
        Statement {
            id: envelope.id(),
            envelope,
            body,
            submission,
        }
    }
}

#[cfg(test)]
mod tests;
