//! Deterministic CBOR (RFC 8949 §4.2.1): a strict reader of fixed shapes, and a writer.
//!
//! Owns the refusal of every second way to write one value: indefinite lengths, heads that are longer
//! than needed, bytes after the end. Must never know what a value means. Nesting needs no bound, since
//! a caller reads a shape that it knows; a claimed length never makes an allocation.

use minicbor::{Encoder, encode};
use std::convert::Infallible;

/// Why bytes are not the deterministic CBOR that a caller reads.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub enum CborError {
    /// The input ends inside an item, or an item claims more than the input holds.
    #[error("the CBOR at byte {at} claims more than the input holds")]
    Short {
        /// Offset of the item.
        at: usize,
    },
    /// The item has another type, or a value out of range.
    #[error("the CBOR at byte {at} is not {wanted}")]
    Wrong {
        /// Offset of the item.
        at: usize,
        /// What the caller reads there.
        wanted: &'static str,
    },
    /// An indefinite length, a head longer than needed, or a reserved head.
    #[error("the CBOR at byte {at} is not in deterministic form")]
    NotDeterministic {
        /// Offset of the item.
        at: usize,
    },
    /// Bytes follow the last item.
    #[error("bytes follow the CBOR that ends at byte {at}")]
    Trailing {
        /// Offset of the first of them.
        at: usize,
    },
}

/// The major types (RFC 8949 §3.1).
mod major {
    pub const UINT: u8 = 0;
    pub const NEGATIVE: u8 = 1;
    pub const BYTES: u8 = 2;
    pub const TEXT: u8 = 3;
    pub const ARRAY: u8 = 4;
    pub const MAP: u8 = 5;
    pub const TAG: u8 = 6;
    pub const SIMPLE: u8 = 7;
}

/// Reads items one after another. After a refusal the position is as before the refused item.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    input: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    /// A reader at the start of `input`.
    pub fn new(input: &'a [u8]) -> Reader<'a> {
        Reader { input, at: 0 }
    }

    /// Offset of the next item.
    pub fn position(&self) -> usize {
        self.at
    }

    /// Whether all input is read.
    pub fn is_at_end(&self) -> bool {
        self.at == self.input.len()
    }

    /// Refuses bytes after the last item.
    pub fn finish(self) -> Result<(), CborError> {
        if self.is_at_end() {
            Ok(())
        } else {
            Err(CborError::Trailing { at: self.at })
        }
    }

    /// An unsigned integer.
    pub fn uint(&mut self) -> Result<u64, CborError> {
        self.head(major::UINT, "an unsigned integer")
    }

    /// An integer of either sign that fits 64 bits.
    pub fn int(&mut self) -> Result<i64, CborError> {
        let wanted = "a 64-bit integer";
        let wrong = CborError::Wrong {
            at: self.at,
            wanted,
        };
        let (kind, value, next) = self.any_head()?;
        let magnitude = i64::try_from(value).map_err(|_| wrong)?;
        let number = match kind {
            major::UINT => magnitude,
            major::NEGATIVE => -1 - magnitude,
            _ => return Err(wrong),
        };
        self.at = next;
        Ok(number)
    }

    /// A byte string.
    pub fn bytes(&mut self) -> Result<&'a [u8], CborError> {
        self.string(major::BYTES, "a byte string")
    }

    /// A byte string of exactly `N` bytes.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], CborError> {
        let start = self.at;
        let bytes = self.bytes()?;
        bytes.try_into().map_err(|_| {
            self.at = start;
            CborError::Wrong {
                at: start,
                wanted: "a byte string of the fixed length",
            }
        })
    }

    /// A text string.
    pub fn text(&mut self) -> Result<&'a str, CborError> {
        let start = self.at;
        let bytes = self.string(major::TEXT, "a text string")?;
        std::str::from_utf8(bytes).map_err(|_| {
            self.at = start;
            CborError::Wrong {
                at: start,
                wanted: "valid UTF-8",
            }
        })
    }

    /// Start of an array: the number of items that follow.
    pub fn array_len(&mut self) -> Result<usize, CborError> {
        self.container(major::ARRAY, 1, "an array")
    }

    /// Start of a map: the number of pairs that follow.
    pub fn map_len(&mut self) -> Result<usize, CborError> {
        self.container(major::MAP, 2, "a map")
    }

    /// A tag; the tagged item follows.
    pub fn tag(&mut self) -> Result<u64, CborError> {
        self.head(major::TAG, "a tag")
    }

    /// The value null.
    pub fn null(&mut self) -> Result<(), CborError> {
        let start = self.at;
        if self.head(major::SIMPLE, "null")? == 22 {
            return Ok(());
        }
        self.at = start;
        Err(CborError::Wrong {
            at: start,
            wanted: "null",
        })
    }

    /// Byte and text strings: the head, then as many bytes as it says.
    fn string(&mut self, kind: u8, wanted: &'static str) -> Result<&'a [u8], CborError> {
        let start = self.at;
        let length = self.head(kind, wanted)?;
        let rest = &self.input[self.at..];
        match usize::try_from(length)
            .ok()
            .and_then(|length| rest.get(..length))
        {
            Some(bytes) => {
                self.at += bytes.len();
                Ok(bytes)
            }
            None => {
                self.at = start;
                Err(CborError::Short { at: start })
            }
        }
    }

    /// Arrays and maps: each member needs at least `least` bytes, so no count is above what remains.
    fn container(
        &mut self,
        kind: u8,
        least: usize,
        wanted: &'static str,
    ) -> Result<usize, CborError> {
        let start = self.at;
        let count = self.head(kind, wanted)?;
        let room = (self.input.len() - self.at) / least;
        match usize::try_from(count) {
            Ok(count) if count <= room => Ok(count),
            _ => {
                self.at = start;
                Err(CborError::Short { at: start })
            }
        }
    }

    /// Takes a head of the type `kind`.
    fn head(&mut self, kind: u8, wanted: &'static str) -> Result<u64, CborError> {
        let (found, value, next) = self.any_head()?;
        if found != kind {
            return Err(CborError::Wrong {
                at: self.at,
                wanted,
            });
        }
        self.at = next;
        Ok(value)
    }

    /// The head at the position: major type, argument, and where what follows begins.
    fn any_head(&self) -> Result<(u8, u64, usize), CborError> {
        let short = CborError::Short { at: self.at };
        let rest = &self.input[self.at..];
        let (first, rest) = rest.split_first().ok_or(short)?;
        let (kind, info) = (first >> 5, first & 0x1f);
        let width = match info {
            0..=23 => return Ok((kind, u64::from(info), self.at + 1)),
            24..=27 => 1 << (info - 24),
            _ => return Err(CborError::NotDeterministic { at: self.at }),
        };
        let argument = rest.get(..width).ok_or(short)?;
        let value = argument
            .iter()
            .fold(0, |value, byte| value << 8 | u64::from(*byte));
        // Simple values take one byte; floats are no part of any format here.
        let least = [24, 1 << 8, 1 << 16, 1 << 32][usize::from(info) - 24];
        if value < least || kind == major::SIMPLE {
            return Err(CborError::NotDeterministic { at: self.at });
        }
        Ok((kind, value, self.at + 1 + width))
    }
}

/// The bytes that `build` writes. Heads come out shortest; the order of map keys is the caller's duty.
pub fn write(
    build: impl FnOnce(&mut Encoder<Vec<u8>>) -> Result<(), encode::Error<Infallible>>,
) -> Vec<u8> {
    let mut encoder = Encoder::new(Vec::new());
    build(&mut encoder).expect("a Vec takes every write");
    encoder.into_writer()
}

#[cfg(test)]
mod tests;
