//! The proof that a subject's list of statements is whole, or that nothing was said of it.
//!
//! Owns its form and its check, which needs the root and nothing else. That the trie under the root is well formed is not
//! proved here: whoever replays the log has made the same root. Must never know storage.

use super::{IndexError, Tally, bit, branch_hash, empty_root, key_of, leaf_hash};
use crate::cbor::{self, Reader};
use crate::digest::Digest;
use crate::text::SubjectId;

/// Largest proof: a branch at each of 256 bits, and a neighbour.
pub const PROOF_BYTES_MAX: usize = 256 * 33 + 128;

/// The way from the root to a leaf.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// The leaf at which the search ends, where it is not the subject's own: then nothing was said of the subject.
    pub(super) other: Option<(Digest, Tally)>,
    /// From the root on: the bit of each branch, and the hash of the side that is not taken.
    pub(super) path: Vec<(u8, Digest)>,
}

impl Proof {
    /// Checks that exactly `tally` counts for `subject` in the map with this root; count 0: nothing.
    ///
    /// # Errors
    /// [`IndexError::Root`].
    pub fn check(
        &self,
        subject: &SubjectId,
        tally: &Tally,
        root: &Digest,
    ) -> Result<(), IndexError> {
        let key = key_of(subject);
        let leaf = match &self.other {
            None if tally.count > 0 => leaf_hash(&key, tally),
            None if self.path.is_empty() && *tally == Tally::default() => empty_root(),
            Some((other, theirs)) if *tally == Tally::default() && self.ends_at(other, &key) => {
                leaf_hash(other, theirs)
            }
            _ => return Err(IndexError::Root),
        };
        let up = self.path.iter().rev();
        let found = up.fold(leaf, |node, (depth, sibling)| {
            if bit(&key, *depth) {
                branch_hash(*depth, sibling, &node)
            } else {
                branch_hash(*depth, &node, sibling)
            }
        });
        if found == *root {
            Ok(())
        } else {
            Err(IndexError::Root)
        }
    }

    /// Whether who searches for `key` takes the same side at every branch as `other` does, and yet finds another.
    fn ends_at(&self, other: &Digest, key: &Digest) -> bool {
        let mut depths = self.path.iter().map(|(depth, _)| *depth);
        other != key && depths.all(|depth| bit(other, depth) == bit(key, depth))
    }

    /// `[null or [key, count, head], bits, hashes]` in CBOR, bits and hashes each in one byte string.
    pub fn to_bytes(&self) -> Vec<u8> {
        let depths: Vec<u8> = self.path.iter().map(|(depth, _)| *depth).collect();
        let hashes: Vec<u8> = self.path.iter().flat_map(|(_, hash)| hash.0).collect();
        cbor::write(|to| {
            to.array(3)?;
            match &self.other {
                None => to.null()?,
                Some((key, tally)) => {
                    to.array(3)?.bytes(&key.0)?.u64(tally.count)?;
                    to.bytes(&tally.head.0)?
                }
            };
            to.bytes(&depths)?.bytes(&hashes)?;
            Ok(())
        })
    }

    /// Reads [`Proof::to_bytes`], and no other form.
    ///
    /// # Errors
    /// [`IndexError`]; larger than [`PROOF_BYTES_MAX`], bits that do not ascend, or another number of hashes.
    pub fn parse(bytes: &[u8]) -> Result<Proof, IndexError> {
        if bytes.len() > PROOF_BYTES_MAX {
            return Err(IndexError::Malformed("it is too large"));
        }
        let mut from = Reader::new(bytes);
        if from.array_len()? != 3 {
            return Err(IndexError::Malformed("it has not three parts"));
        }
        let other = match from.null() {
            Ok(()) => None,
            Err(_) => Some(neighbour(&mut from)?),
        };
        let (depths, hashes) = (from.bytes()?, from.bytes()?);
        from.finish()?;
        let (hashes, rest) = hashes.as_chunks::<32>();
        if hashes.len() != depths.len() || !rest.is_empty() {
            return Err(IndexError::Malformed("it has not one hash for each branch"));
        }
        if !depths.is_sorted_by(|one, next| one < next) {
            return Err(IndexError::Malformed("its branches do not descend"));
        }
        let hashes = hashes.iter().map(|hash| Digest(*hash));
        let path = depths.iter().copied().zip(hashes).collect();
        Ok(Proof { other, path })
    }
}

fn neighbour(from: &mut Reader) -> Result<(Digest, Tally), IndexError> {
    if from.array_len()? != 3 {
        return Err(IndexError::Malformed("its neighbour has not three parts"));
    }
    let key = Digest(from.array()?);
    let count = from.uint()?;
    let head = Digest(from.array()?);
    Ok((key, Tally { count, head }))
}
