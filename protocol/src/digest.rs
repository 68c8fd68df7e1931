//! Digests of statements and artifacts.
//!
//! Owns the two hash functions of the system and the shape of an artifact's digest. Must never know
//! what is hashed. SHA-256 (FIPS 180-4) is for the log and for ids; SHA3-256 (FIPS 202) is for artifacts.

#[cfg(target_arch = "x86_64")]
mod lanes;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use sha2::Digest as _;
use std::{fmt, str::FromStr};

/// Bytes of a chunk in an artifact's chunk list: 4 MiB.
pub const CHUNK_BYTES: usize = 4 << 20;

/// Largest artifact whose chunk list may stand inside a statement: 1 GiB, that is 256 chunks.
pub const INLINE_CHUNKS_MAX: usize = 256;

/// A 32-byte hash value; in text, 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(pub [u8; 32]);

/// A text is not 64 lower-case hexadecimal digits.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("a digest is 64 lower-case hexadecimal digits")]
pub struct NotADigest;

impl Digest {
    /// SHA-256 over the concatenation of `parts`.
    pub fn sha256(parts: &[&[u8]]) -> Digest {
        let mut hasher = sha2::Sha256::new();
        parts.iter().for_each(|part| hasher.update(part));
        Digest(hasher.finalize().into())
    }

    /// SHA3-256 over the concatenation of `parts`.
    pub fn sha3(parts: &[&[u8]]) -> Digest {
        let mut hasher = sha3::Sha3_256::new();
        parts.iter().for_each(|part| hasher.update(part));
        Digest(hasher.finalize().into())
    }

    /// The hash in standard base64 with padding, as C2SP's texts have it; `None` for anything else.
    pub fn from_base64(text: &str) -> Option<Digest> {
        let bytes = BASE64_STANDARD.decode(text).ok()?;
        bytes.try_into().ok().map(Digest)
    }

    /// The 64 hexadecimal digits.
    pub fn to_hex(&self) -> String {
        self.in_hex(str::to_owned)
    }

    /// Hands out the digits without allocating: ids are written by the thousand.
    fn in_hex<T>(&self, then: impl FnOnce(&str) -> T) -> T {
        let mut digits = [0; 64];
        hex::encode_to_slice(self.0, &mut digits).expect("32 bytes are 64 digits");
        then(str::from_utf8(&digits).expect("hexadecimal digits are ASCII"))
    }
}

/// Bytes as hexadecimal digits, lower case; `hex::encode` collects them one by one.
pub fn to_hex(bytes: &[u8]) -> String {
    let mut digits = vec![0; 2 * bytes.len()];
    hex::encode_to_slice(bytes, &mut digits).expect("twice as many digits");
    String::from_utf8(digits).expect("hexadecimal digits are ASCII")
}

/// SHA3-256 of bytes that come one after the other.
#[derive(Clone, Default)]
pub struct Sha3Stream(sha3::Sha3_256);

impl Sha3Stream {
    /// The next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The digest of all of them.
    pub fn finish(self) -> Digest {
        Digest(self.0.finalize().into())
    }
}

impl FromStr for Digest {
    type Err = NotADigest;

    fn from_str(text: &str) -> Result<Digest, NotADigest> {
        if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return Err(NotADigest);
        }
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| NotADigest)?;
        Ok(Digest(bytes))
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.in_hex(|digits| out.write_str(digits))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

impl Serialize for Digest {
    fn serialize<S: serde::Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        self.in_hex(|digits| out.serialize_str(digits))
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: serde::Deserializer<'de>>(input: D) -> Result<Digest, D::Error> {
        let text = String::deserialize(input)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// Digest of a file: the whole, its size, and each 4 MiB chunk, so that a reader can verify while
/// streaming and on all cores.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileDigest {
    /// SHA3-256 of the whole file.
    pub sha3: Digest,
    /// Size in bytes.
    pub size_bytes: u64,
    /// SHA3-256 of each 4 MiB chunk in order; the last may be shorter; empty only for an empty file.
    pub chunks: Vec<Digest>,
}

impl FileDigest {
    /// Digest of `bytes`.
    pub fn of(bytes: &[u8]) -> FileDigest {
        let (sha3, chunks) = rayon::join(|| Digest::sha3(&[bytes]), || chunk_digests(bytes));
        FileDigest {
            sha3,
            size_bytes: bytes.len() as u64,
            chunks,
        }
    }

    /// Whether `bytes` are the file. Verifying the chunk list is verifying the file.
    pub fn matches(&self, bytes: &[u8]) -> bool {
        bytes.len() as u64 == self.size_bytes
            && self.chunks.len() == bytes.len().div_ceil(CHUNK_BYTES)
            && chunk_digests(bytes) == self.chunks
    }

    /// Whether the number of chunks is what the size asks for, and small enough for a body.
    pub fn is_coherent(&self) -> bool {
        self.chunks.len() <= INLINE_CHUNKS_MAX
            && self.size_bytes.div_ceil(CHUNK_BYTES as u64) == self.chunks.len() as u64
    }
}

/// SHA3-256 of each chunk, on all cores and, where whole chunks are enough for it, several at once on each.
fn chunk_digests(bytes: &[u8]) -> Vec<Digest> {
    #[cfg(target_arch = "x86_64")]
    let lanes = lanes::Lanes::find();
    #[cfg(target_arch = "x86_64")]
    let (width, at_once) = (
        lanes.map_or(1, lanes::Lanes::count),
        |group: &[&[u8]]| lanes?.sha3(group),
    );
    #[cfg(not(target_arch = "x86_64"))]
    let (width, at_once) = (1, |_: &[&[u8]]| None::<Vec<Digest>>);
    let chunks: Vec<&[u8]> = bytes.chunks(CHUNK_BYTES).collect();
    let each = |group: &[&[u8]]| group.iter().map(|chunk| Digest::sha3(&[chunk])).collect();
    let groups = chunks.par_chunks(width);
    groups
        .flat_map_iter(|group| at_once(group).unwrap_or_else(|| each(group)))
        .collect()
}

/// A file that a body names: in plaintext, and as the age ciphertext that is stored and served.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Artifact {
    /// The file as its reader uses it.
    pub plain: FileDigest,
    /// The age ciphertext of it.
    pub sealed: FileDigest,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hex_is_lower_case_only() {
        let digest = Digest::sha256(&[b""]);
        assert_eq!(digest.to_hex().parse(), Ok(digest));
        assert_eq!(
            digest.to_hex().to_uppercase().parse::<Digest>(),
            Err(NotADigest)
        );
        assert_eq!("00".parse::<Digest>(), Err(NotADigest));
    }

    #[test]
    fn a_chunk_list_finds_one_changed_bit() {
        let mut file = vec![7; CHUNK_BYTES + 3];
        let digest = FileDigest::of(&file);
        assert_eq!(digest.chunks.len(), 2);
        assert!(digest.is_coherent() && digest.matches(&file));
        file[CHUNK_BYTES + 1] ^= 1;
        assert!(!digest.matches(&file));
        assert!(!digest.matches(&file[..CHUNK_BYTES]));
    }

    #[test]
    fn chunks_that_are_hashed_at_once_are_those_of_the_reference() {
        let file: Vec<u8> = (0..9 * CHUNK_BYTES + 5).map(|at| (at / 3) as u8).collect();
        let chunks = file.chunks(CHUNK_BYTES);
        let expected: Vec<_> = chunks.map(|chunk| Digest::sha3(&[chunk])).collect();
        let digest = FileDigest::of(&file);
        assert_eq!((&digest.chunks, expected.len()), (&expected, 10));
        assert_eq!(FileDigest::of(b"").chunks, []);
        assert!(FileDigest::of(b"").matches(b""));
    }
}
