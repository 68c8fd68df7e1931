//! Signed notes (c2sp.org/signed-note v1): text with one signature line per signer.
//!
//! Owns the form, its limits and the rules of verification for the key types 01 (Ed25519) and 04
//! (timestamped cosignature). Must never know what the text says.

use crate::{
    digest::Digest,
    key::{self, PublicKey, Signer},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use std::{fmt, str::FromStr};

/// Largest note.
pub const NOTE_BYTES_MAX: usize = 1_000_000;

/// Most signature lines of a note.
pub const SIGNATURES_MAX: usize = 100;

/// What a signature line begins with: an em dash and a space.
const LINE_START: &str = "— ";

/// A note: text, and the signatures that stand under it, verified or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    text: String,
    signatures: Vec<NoteSignature>,
}

/// One signature line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoteSignature {
    /// Name of the signer's key.
    pub name: String,
    /// First four bytes of the hash of name, type and public key.
    pub key_id: [u8; 4],
    /// The signature; its form depends on the key's type.
    pub signature: Vec<u8>,
}

/// Why a note is refused.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum NoteError {
    /// The form is broken, or a limit is passed.
    #[error("not a signed note: {0}")]
    Malformed(&'static str),
    /// A key's name is empty, or has white space, a control character or a plus sign.
    #[error("not a key name")]
    Name,
    /// A line claims a known key, and its signature is not by that key: the note is forged or spoilt.
    #[error("the signature of {0} does not verify")]
    BadSignature(String),
    /// No line is by a known key.
    #[error("no signature is by a known key")]
    NoKnownKey,
}

impl Note {
    /// A note without signatures yet.
    pub fn new(text: String) -> Result<Note, NoteError> {
        check_text(&text)?;
        Ok(Note { text, signatures: Vec::new() })
    }

    /// Reads a note with at least one signature line. Signatures are not verified.
    pub fn parse(note: &str) -> Result<Note, NoteError> {
        if note.len() > NOTE_BYTES_MAX {
            return Err(NoteError::Malformed("it is larger than 1 MB"));
        }
        let end = note.rfind("\n\n").ok_or(NoteError::Malformed("no blank line"))?;
        let (text, block) = (&note[..=end], &note[end + 2..]);
        check_text(text)?;
        let block = block.strip_suffix('\n').ok_or(NoteError::Malformed("its last line is open"))?;
        let lines = block.split('\n');
        if lines.clone().count() > SIGNATURES_MAX {
            return Err(NoteError::Malformed("it has more than 100 signatures"));
        }
        let signatures = lines.map(str::parse).collect::<Result<_, _>>()?;
        Ok(Note { text: text.to_owned(), signatures })
    }

    /// The signed text, its final newline included.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The signature lines in their order.
    pub fn signatures(&self) -> &[NoteSignature] {
        &self.signatures
    }

    /// Adds a line, unless it stands there already or the limit is reached.
    pub fn add(&mut self, signature: NoteSignature) -> Result<(), NoteError> {
        if self.signatures.contains(&signature) {
            return Ok(());
        }
        if self.signatures.len() == SIGNATURES_MAX {
            return Err(NoteError::Malformed("it has more than 100 signatures"));
        }
        self.signatures.push(signature);
        Ok(())
    }

    /// The keys whose signatures stand here, each once. Lines by unknown keys are ignored; one line
    /// that claims a known key and fails refuses the note; so does the absence of any known key.
    pub fn verify<'k>(&self, keys: &'k [VerifierKey]) -> Result<Vec<Verified<'k>>, NoteError> {
        let mut verified: Vec<Verified<'k>> = Vec::new();
        for signature in &self.signatures {
            let mut known = keys.iter().filter(|key| key.is_named_by(signature)).peekable();
            if known.peek().is_none() {
                continue;
            }
            let found = known
                .find_map(|key| key.check(&self.text, &signature.signature))
                .ok_or_else(|| NoteError::BadSignature(signature.name.clone()))?;
            match verified.iter_mut().find(|earlier| earlier.key == found.key) {
                Some(earlier) => earlier.time = earlier.time.max(found.time),
                None => verified.push(found),
            }
        }
        if verified.is_empty() { Err(NoteError::NoKnownKey) } else { Ok(verified) }
    }
}

/// The exact bytes that [`Note::parse`] reads.
impl fmt::Display for Note {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "{}", self.text)?;
        self.signatures.iter().try_for_each(|signature| writeln!(out, "{signature}"))
    }
}

fn check_text(text: &str) -> Result<(), NoteError> {
    if !text.ends_with('\n') {
        return Err(NoteError::Malformed("its text does not end with a newline"));
    }
    if text.chars().any(|character| character < ' ' && character != '\n') {
        return Err(NoteError::Malformed("it has a control character"));
    }
    Ok(())
}

/// Whether `name` may name a key.
fn is_name(name: &str) -> bool {
    let is_allowed = |character: char| !character.is_whitespace() && character >= ' ' && character != '+';
    !name.is_empty() && name.chars().all(is_allowed)
}

/// One signature line without its newline.
impl FromStr for NoteSignature {
    type Err = NoteError;

    fn from_str(line: &str) -> Result<NoteSignature, NoteError> {
        let malformed = NoteError::Malformed("a signature line is not of the form");
        let fields = line.strip_prefix(LINE_START).and_then(|line| line.split_once(' '));
        let (name, encoded) = fields.ok_or_else(|| malformed.clone())?;
        let bytes = BASE64_STANDARD.decode(encoded).map_err(|_| malformed.clone())?;
        match bytes.split_first_chunk() {
            Some((key_id, signature)) if is_name(name) && !signature.is_empty() => Ok(NoteSignature {
                name: name.to_owned(),
                key_id: *key_id,
                signature: signature.to_vec(),
            }),
            _ => Err(malformed),
        }
    }
}

/// The line without its newline.
impl fmt::Display for NoteSignature {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = [&self.key_id[..], &self.signature].concat();
        write!(out, "{LINE_START}{} {}", self.name, BASE64_STANDARD.encode(bytes))
    }
}

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
        *digest.0.first_chunk().expect("a digest has more than 4 bytes")
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
pub(crate) fn cosigned(time: u64, text: &str) -> String {
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
        let key = VerifierKey { name: name.to_owned(), kind, public };
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
        let key = VerifierKey { name: name.to_owned(), kind, public: signer.public() };
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
        NoteSignature { name: self.key.name.clone(), key_id: self.key.id(), signature }
    }
}

#[cfg(test)]
mod tests;
