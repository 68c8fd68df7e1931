//! The mark: 75 bits that name one physical part, and their text.
//!
//! Owns derivation, text, check character and commitment. Must never know how a mark is drawn or
//! photographed, nor what the log says of it. Text: Crockford base32, and one check character of the
//! ISO/IEC 7064 hybrid recursion with modulus 33,32 over the same 32 symbols.

use crate::digest::Digest;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// Bits of a mark.
pub const MARK_BITS: u32 = 75;

/// Characters of a mark's text, the check character included.
pub const MARK_CHARS: usize = 16;

/// The 32 symbols (Crockford base32): no I, L, O, U.
const SYMBOLS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Separates this use of SHA3-256 from all others.
const DOMAIN: &[u8] = b"threadmark mark v1";

/// A mark. Its text is 15 symbols, most significant first, and the check character.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mark(u128);

/// Why a text is not a mark.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub enum MarkError {
    /// A character that no mark has: the text is something else.
    #[error("{0:?} is not a character of a mark")]
    Symbol(char),
    /// Too few or too many characters: a part of the text is missing, or it is something else.
    #[error("a mark has {MARK_CHARS} characters, this text has {0}")]
    Length(usize),
    /// The check character does not fit: a character was misread or mistyped; read again.
    #[error("the check character does not fit; read the mark again")]
    Check,
}

impl Mark {
    /// The mark of the numbered unit of a licence: the first 75 bits, most significant first, of
    /// `SHA3-256("threadmark mark v1" || seed || unit as u32 big-endian)`.
    pub fn derive(seed: &[u8; 32], unit: u32) -> Mark {
        let digest = Digest::sha3(&[DOMAIN, seed, &unit.to_be_bytes()]);
        let (first, _) = digest
            .0
            .split_first_chunk()
            .expect("a digest has more than 16 bytes");
        Mark(u128::from_be_bytes(*first) >> (128 - MARK_BITS))
    }

    /// The text in four groups, as people read it: `7K3Q 9XWD 2M8T V0AR`.
    pub fn grouped(&self) -> String {
        let text = self.to_string();
        let groups: Vec<&str> = (0..MARK_CHARS)
            .step_by(4)
            .map(|at| &text[at..at + 4])
            .collect();
        groups.join(" ")
    }

    /// The mark in what a scanner read: the bare text, or `HTTPS://<HOST>/M/<text>` when the host is
    /// `host`. Letter case counts nowhere. A mark at another host is none of ours.
    pub fn from_scan(text: &str, host: &str) -> Option<Mark> {
        let text = text.trim();
        let Some(address) = strip_prefix(text, "https://") else {
            return text.parse().ok();
        };
        let path = strip_prefix(address, host)?;
        strip_prefix(path, "/m/")?.parse().ok()
    }

    /// The 15 symbol values, most significant first.
    fn values(&self) -> impl Iterator<Item = u8> {
        let bits = self.0;
        (0..MARK_BITS / 5)
            .rev()
            .map(move |at| (bits >> (5 * at)) as u8 & 31)
    }
}

/// What a licence publishes of a unit's mark before it is minted:
/// `SHA-256(nonce || unit as u32 big-endian || the mark's text as 16 ASCII characters)`.
pub fn commitment(nonce: &[u8; 16], unit: u32, mark: Mark) -> Digest {
    Digest::sha256(&[nonce, &unit.to_be_bytes(), mark.to_string().as_bytes()])
}

/// `text` after `prefix`, whatever the case of its ASCII letters.
fn strip_prefix<'t>(text: &'t str, prefix: &str) -> Option<&'t str> {
    let (head, rest) = text.split_at_checked(prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then_some(rest)
}

/// The state of the recursion before the first symbol.
const START: u32 = 32;

/// One step: the state in 1..=32 after a symbol. For a fixed state it is one-to-one in the symbol, and
/// for a fixed symbol in the state, so one wrong symbol is always found.
fn step(state: u32, value: u8) -> u32 {
    let sum = match (state + u32::from(value)) % 32 {
        0 => 32,
        sum => sum,
    };
    sum * 2 % 33
}

/// The value of the check character after the 15 symbols.
fn check_value(values: impl Iterator<Item = u8>) -> u8 {
    (33 - values.fold(START, step)) as u8 % 32
}

/// The value of a character as people and scanners write it: any case, and I, L for 1 and O for 0.
fn value_of(character: char) -> Option<u8> {
    let folded = match character.to_ascii_uppercase() {
        'I' | 'L' => '1',
        'O' => '0',
        other => other,
    };
    let at = SYMBOLS
        .iter()
        .position(|symbol| char::from(*symbol) == folded)?;
    u8::try_from(at).ok()
}

impl fmt::Display for Mark {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let check = check_value(self.values());
        let symbols = self
            .values()
            .chain([check])
            .map(|value| SYMBOLS[usize::from(value)]);
        out.write_str(&symbols.map(char::from).collect::<String>())
    }
}

impl fmt::Debug for Mark {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Mark({self})")
    }
}

/// Reads as people write: any case, spaces and hyphens anywhere, I, L, O for 1, 1, 0.
impl FromStr for Mark {
    type Err = MarkError;

    fn from_str(text: &str) -> Result<Mark, MarkError> {
        let (mut bits, mut count, mut last) = (0_u128, 0, 0);
        let mut state = START;
        for character in text
            .chars()
            .filter(|character| !matches!(character, ' ' | '-'))
        {
            let value = value_of(character).ok_or(MarkError::Symbol(character))?;
            count += 1;
            if count < MARK_CHARS {
                bits = bits << 5 | u128::from(value);
                state = step(state, value);
            }
            last = value;
        }
        if count != MARK_CHARS {
            return Err(MarkError::Length(count));
        }
        if (state + u32::from(last)) % 32 != 1 {
            return Err(MarkError::Check);
        }
        Ok(Mark(bits))
    }
}

impl Serialize for Mark {
    fn serialize<S: serde::Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.collect_str(self)
    }
}

/// Reads the 16 characters exactly as they are written: what is signed has one form.
impl<'de> Deserialize<'de> for Mark {
    fn deserialize<D: serde::Deserializer<'de>>(input: D) -> Result<Mark, D::Error> {
        let text = String::deserialize(input)?;
        let mark: Mark = text.parse().map_err(serde::de::Error::custom)?;
        if mark.to_string() == text {
            return Ok(mark);
        }
        Err(serde::de::Error::custom(
            "a mark is written as 16 upper-case characters",
        ))
    }
}

#[cfg(test)]
mod tests;
