//! One proof that several leaves stand in the tree: the hashes that their single proofs share stand in it once.
//!
//! Owns its form: the roots of the largest subtrees that hold none of the leaves, from left to right. Must never know what
//! a leaf means.

use super::{ProofError, Tree, node_hash, split};
use crate::digest::Digest;

impl Tree {
    /// Proof that the leaves at `indices`, which ascend, stand in the tree of `size`; `None` out of range.
    pub fn inclusions(&self, indices: &[u64], size: u64) -> Option<Vec<Digest>> {
        let ascend = indices.is_sorted_by(|one, next| one < next);
        let inside = indices.last().is_some_and(|last| *last < size);
        if !ascend || !inside || size > self.size() {
            return None;
        }
        let mut path = Vec::new();
        self.beside(indices, 0, size, &mut path);
        Some(path)
    }

    fn beside(&self, indices: &[u64], start: u64, end: u64, path: &mut Vec<Digest>) {
        if indices.is_empty() {
            return path.push(self.root_of(start, end));
        }
        if end - start > 1 {
            let middle = start + split(end - start);
            let (left, right) = indices.split_at(indices.partition_point(|index| *index < middle));
            self.beside(left, start, middle, path);
            self.beside(right, middle, end, path);
        }
    }
}

/// The root of the tree of `size` to which the leaves, by ascending index, and the path lead.
///
/// # Errors
/// [`ProofError::Range`] for indices that do not ascend or lie outside; [`ProofError::Length`].
pub fn root_from_inclusions(
    leaves: &[(u64, Digest)],
    size: u64,
    path: &[Digest],
) -> Result<Digest, ProofError> {
    let ascend = leaves.is_sorted_by(|(one, _), (next, _)| one < next);
    if !ascend || leaves.last().is_none_or(|(last, _)| *last >= size) {
        return Err(ProofError::Range);
    }
    let mut path = path.iter();
    let root = join(leaves, 0, size, &mut path)?;
    match path.next() {
        None => Ok(root),
        Some(_) => Err(ProofError::Length),
    }
}

/// At most 64 deep, and as wide as there are leaves.
fn join(
    leaves: &[(u64, Digest)],
    start: u64,
    end: u64,
    path: &mut std::slice::Iter<Digest>,
) -> Result<Digest, ProofError> {
    match leaves {
        [] => path.next().copied().ok_or(ProofError::Length),
        [(_, leaf)] if end - start == 1 => Ok(*leaf),
        _ => {
            let middle = start + split(end - start);
            let at = leaves.partition_point(|(index, _)| *index < middle);
            let (left, right) = leaves.split_at(at);
            let left = join(left, start, middle, path)?;
            Ok(node_hash(&left, &join(right, middle, end, path)?))
        }
    }
}
