//! Signed notes (c2sp.org/signed-note v1): text with one signature line per signer.
//!
//! Owns the form, its limits and the rules of verification for the key types 01 (Ed25519) and 04
//! (timestamped cosignature). Must never know what the text says.

mod keys;

use base64::{Engine as _, prelude::BASE64_STANDARD};
pub use keys::{KeyKind, NoteSigner, Verified, VerifierKey, VerifierKeyError};
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
        Ok(Note {
            text,
            signatures: Vec::new(),
        })
    }

    /// Reads a note with at least one signature line. Signatures are not verified.
    pub fn parse(note: &str) -> Result<Note, NoteError> {
        if note.len() > NOTE_BYTES_MAX {
            return Err(NoteError::Malformed("it is larger than 1 MB"));
        }
        let end = note
            .rfind("\n\n")
            .ok_or(NoteError::Malformed("no blank line"))?;
        let (text, block) = (&note[..=end], &note[end + 2..]);
        check_text(text)?;
        let block = block
            .strip_suffix('\n')
            .ok_or(NoteError::Malformed("its last line is open"))?;
        let lines = block.split('\n');
        if lines.clone().count() > SIGNATURES_MAX {
            return Err(NoteError::Malformed("it has more than 100 signatures"));
        }
        let signatures = lines.map(str::parse).collect::<Result<_, _>>()?;
        Ok(Note {
            text: text.to_owned(),
            signatures,
        })
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
            let mut known = keys
                .iter()
                .filter(|key| key.is_named_by(signature))
                .peekable();
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
        if verified.is_empty() {
            Err(NoteError::NoKnownKey)
        } else {
            Ok(verified)
        }
    }
}

/// The exact bytes that [`Note::parse`] reads.
impl fmt::Display for Note {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "{}", self.text)?;
        self.signatures
            .iter()
            .try_for_each(|signature| writeln!(out, "{signature}"))
    }
}

fn check_text(text: &str) -> Result<(), NoteError> {
    if !text.ends_with('\n') {
        return Err(NoteError::Malformed("its text does not end with a newline"));
    }
    if text
        .chars()
        .any(|character| character < ' ' && character != '\n')
    {
        return Err(NoteError::Malformed("it has a control character"));
    }
    Ok(())
}

/// Whether `name` may name a key.
fn is_name(name: &str) -> bool {
    let is_allowed =
        |character: char| !character.is_whitespace() && character >= ' ' && character != '+';
    !name.is_empty() && name.chars().all(is_allowed)
}

/// One signature line without its newline.
impl FromStr for NoteSignature {
    type Err = NoteError;

    fn from_str(line: &str) -> Result<NoteSignature, NoteError> {
        let malformed = NoteError::Malformed("a signature line is not of the form");
        let fields = line
            .strip_prefix(LINE_START)
            .and_then(|line| line.split_once(' '));
        let (name, encoded) = fields.ok_or_else(|| malformed.clone())?;
        let bytes = BASE64_STANDARD
            .decode(encoded)
            .map_err(|_| malformed.clone())?;
        match bytes.split_first_chunk() {
            Some((key_id, signature)) if is_name(name) && !signature.is_empty() => {
                Ok(NoteSignature {
                    name: name.to_owned(),
                    key_id: *key_id,
                    signature: signature.to_vec(),
                })
            }
            _ => Err(malformed),
        }
    }
}

/// The line without its newline.
impl fmt::Display for NoteSignature {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = [&self.key_id[..], &self.signature].concat();
        write!(
            out,
            "{LINE_START}{} {}",
            self.name,
            BASE64_STANDARD.encode(bytes)
        )
    }
}

#[cfg(test)]
mod tests;
