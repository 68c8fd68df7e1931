//! The Merkle tree of the log: SHA-256, RFC 6962 §2.1, proofs as in RFC 9162 §2.1.
//!
//! Owns hashing, roots, proofs and their checks. Must never know what a leaf means, nor where hashes
//! are stored.

use crate::digest::Digest;

mod many;

pub use many::root_from_inclusions;

/// Why a proof is refused.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub enum ProofError {
    /// No proof can exist: the leaf is outside the tree, or the old tree larger than the new.
    #[error("the leaf or the old tree is not inside the tree")]
    Range,
    /// The proof has more or fewer hashes than the sizes ask for.
    #[error("the proof has another number of hashes than the sizes ask for")]
    Length,
    /// The hashes lead to another root.
    #[error("the proof leads to another root")]
    Root,
}

/// The hash of a log entry.
pub fn leaf_hash(entry: &[u8]) -> Digest {
    Digest::sha256(&[&[0], entry])
}

/// The hash of an inner node.
pub fn node_hash(left: &Digest, right: &Digest) -> Digest {
    Digest::sha256(&[&[1], &left.0, &right.0])
}

/// The root of the tree without leaves.
pub fn empty_root() -> Digest {
    Digest::sha256(&[])
}

/// A tree in memory. It keeps the root of every complete subtree, about two hashes a leaf, so that
/// roots and proofs, of this size and of every earlier one, take O(log n) hashing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tree {
    /// `levels[k][i]` is the root over the leaves from `i << k` to `(i + 1) << k`.
    levels: Vec<Vec<Digest>>,
}

impl Tree {
    /// Appends a leaf hash.
    pub fn push(&mut self, leaf: Digest) {
        let mut node = leaf;
        for level in 0.. {
            if level == self.levels.len() {
                self.levels.push(Vec::new());
            }
            let nodes = &mut self.levels[level];
            nodes.push(node);
            let [.., left, right] = nodes.as_slice() else {
                return;
            };
            if nodes.len() % 2 == 1 {
                return;
            }
            node = node_hash(left, right);
        }
    }

    /// Drops the leaves from `size` on; nothing when there are none.
    pub fn truncate(&mut self, size: u64) {
        for (level, nodes) in self.levels.iter_mut().enumerate() {
            nodes.truncate(usize::try_from(size >> level).unwrap_or(usize::MAX));
        }
        self.levels.retain(|nodes| !nodes.is_empty());
    }

    /// Number of leaves.
    pub fn size(&self) -> u64 {
        self.levels.first().map_or(0, |leaves| leaves.len() as u64)
    }

    /// The leaf hash at `index`.
    pub fn leaf(&self, index: u64) -> Option<Digest> {
        self.node(0, index)
    }

    /// The root over the leaves from `index << level` to `(index + 1) << level`, if all of them are there.
    pub fn node(&self, level: u32, index: u64) -> Option<Digest> {
        let nodes = self.levels.get(usize::try_from(level).ok()?)?;
        nodes.get(usize::try_from(index).ok()?).copied()
    }

    /// The root.
    pub fn root(&self) -> Digest {
        self.root_of(0, self.size())
    }

    /// The root when the tree had `size` leaves; `None` if it never had.
    pub fn root_at(&self, size: u64) -> Option<Digest> {
        (size <= self.size()).then(|| self.root_of(0, size))
    }

    /// Proof that the leaf at `index` is in the tree of `size`, leaf's sibling first; `None` out of
    /// range.
    pub fn inclusion(&self, index: u64, size: u64) -> Option<Vec<Digest>> {
        if index >= size || size > self.size() {
            return None;
        }
        let (mut start, mut end) = (0, size);
        let mut proof = Vec::new();
        while end - start > 1 {
            let middle = start + split(end - start);
            if index < middle {
                proof.push(self.root_of(middle, end));
                end = middle;
            } else {
                proof.push(self.root_of(start, middle));
                start = middle;
            }
        }
        proof.reverse();
        Some(proof)
    }

    /// Proof that the tree of `new` leaves continues the tree of `old`; empty when either adds nothing
    /// to prove (`old` is 0 or equal to `new`); `None` out of range.
    pub fn consistency(&self, old: u64, new: u64) -> Option<Vec<Digest>> {
        if old > new || new > self.size() {
            return None;
        }
        if old == 0 || old == new {
            return Some(Vec::new());
        }
        let (mut start, mut end) = (0, new);
        let mut proof = Vec::new();
        while end != old {
            let middle = start + split(end - start);
            if old <= middle {
                proof.push(self.root_of(middle, end));
                end = middle;
            } else {
                proof.push(self.root_of(start, middle));
                start = middle;
            }
        }
        // The verifier knows this subtree when it is the old tree itself.
        if start > 0 {
            proof.push(self.root_of(start, end));
        }
        proof.reverse();
        Some(proof)
    }

    /// The root over the leaves from `start` to `end`, where `start` is where a subtree that RFC 6962
    /// makes may start: a multiple of the smallest power of two that is not below the width.
    fn root_of(&self, start: u64, end: u64) -> Digest {
        let mut parts = Vec::new();
        let mut at = start;
        while at < end {
            let level = (end - at).ilog2();
            parts.push(self.levels[level as usize][(at >> level) as usize]);
            at += 1 << level;
        }
        let joined = parts
            .into_iter()
            .rev()
            .reduce(|right, left| node_hash(&left, &right));
        joined.unwrap_or_else(empty_root)
    }
}

/// The largest power of two below `width`, which is at least 2.
fn split(width: u64) -> u64 {
    1 << (width - 1).ilog2()
}

/// The root to which an inclusion proof leads (RFC 9162 §2.1.3.2). The root alone does not bind `index`
/// and `size`: other pairs may lead to it as well; a checkpoint says which size a root has.
pub fn root_from_inclusion(
    leaf: Digest,
    index: u64,
    size: u64,
    proof: &[Digest],
) -> Result<Digest, ProofError> {
    if index >= size {
        return Err(ProofError::Range);
    }
    let mut walk = Walk {
        index,
        last: size - 1,
    };
    let mut node = leaf;
    for sibling in proof {
        node = match walk.up()? {
            Side::Left => node_hash(sibling, &node),
            Side::Right => node_hash(&node, sibling),
        };
    }
    walk.end()?;
    Ok(node)
}

/// Where the sibling of a node stands.
enum Side {
    Left,
    Right,
}

/// The way from a node to the root: its place on its level, and the last place there.
struct Walk {
    index: u64,
    last: u64,
}

impl Walk {
    /// To the parent. On the right edge, levels where the node has no sibling are passed over.
    fn up(&mut self) -> Result<Side, ProofError> {
        if self.last == 0 {
            return Err(ProofError::Length);
        }
        let is_right = self.index % 2 == 1 || self.index == self.last;
        // On the edge the index is not 0 here, so it has fewer than 64 trailing zeros.
        let levels = if is_right {
            self.index.trailing_zeros()
        } else {
            0
        };
        self.index = self.index >> levels >> 1;
        self.last = self.last >> levels >> 1;
        Ok(if is_right { Side::Left } else { Side::Right })
    }

    /// The root is reached.
    fn end(&self) -> Result<(), ProofError> {
        if self.last == 0 {
            Ok(())
        } else {
            Err(ProofError::Length)
        }
    }
}

/// Checks that `leaf` stands at `index` of the tree of `size` leaves with that `root`.
pub fn check_inclusion(
    leaf: Digest,
    index: u64,
    size: u64,
    proof: &[Digest],
    root: &Digest,
) -> Result<(), ProofError> {
    same(&root_from_inclusion(leaf, index, size, proof)?, root)
}

/// Checks that the tree of `new_size` continues the tree of `old_size` (RFC 9162 §2.1.4.2). Every tree
/// continues the empty one.
pub fn check_consistency(
    old_size: u64,
    old_root: &Digest,
    new_size: u64,
    new_root: &Digest,
    proof: &[Digest],
) -> Result<(), ProofError> {
    if old_size > new_size {
        return Err(ProofError::Range);
    }
    if old_size == 0 || old_size == new_size {
        return check_trivial(old_size, old_root, new_size, new_root, proof);
    }
    let (old, new) = roots_from_consistency(old_size, old_root, new_size, proof)?;
    same(&old, old_root).and(same(&new, new_root))
}

/// The two roots to which a consistency proof leads, for `0 < old_size < new_size`. No other old root can be shown
/// for the same new one: the hashes below a root are fixed. Where the old size is a power of two the proof does not
/// hold the old root, and begins at the one that is given.
pub fn roots_from_consistency(
    old_size: u64,
    old_root: &Digest,
    new_size: u64,
    proof: &[Digest],
) -> Result<(Digest, Digest), ProofError> {
    if old_size == 0 || old_size >= new_size {
        return Err(ProofError::Range);
    }
    let (first, rest) = match proof.split_first() {
        _ if old_size.is_power_of_two() => (old_root, proof),
        Some(parts) => parts,
        None => return Err(ProofError::Length),
    };
    let levels = (old_size - 1).trailing_ones();
    let mut walk = Walk {
        index: (old_size - 1) >> levels,
        last: (new_size - 1) >> levels,
    };
    let (mut old, mut new) = (*first, *first);
    for sibling in rest {
        match walk.up()? {
            Side::Left => (old, new) = (node_hash(sibling, &old), node_hash(sibling, &new)),
            Side::Right => new = node_hash(&new, sibling),
        }
    }
    walk.end()?;
    Ok((old, new))
}

/// The root that the tree of `new_root` has at `old_size`, as far as the proof shows one. Where that size is a power of two
/// the proof does not hold it: then it may stand before the others, or be the `claimed` one.
pub fn root_shown(
    old_size: u64,
    claimed: &Digest,
    new_size: u64,
    new_root: &Digest,
    proof: &[Digest],
) -> Option<Digest> {
    if old_size == new_size {
        return proof.is_empty().then_some(*new_root);
    }
    let roots = |root: &Digest, proof: &[Digest]| {
        let (old, new) = roots_from_consistency(old_size, root, new_size, proof).ok()?;
        (new == *new_root).then_some(old)
    };
    let with_own_root = || {
        let (root, proof) = proof.split_first()?;
        roots(root, proof).filter(|_| old_size.is_power_of_two())
    };
    roots(claimed, proof).or_else(with_own_root)
}

/// The cases without hashes: the old tree is empty, or it is the new one.
fn check_trivial(
    old_size: u64,
    old_root: &Digest,
    new_size: u64,
    new_root: &Digest,
    proof: &[Digest],
) -> Result<(), ProofError> {
    if !proof.is_empty() {
        return Err(ProofError::Length);
    }
    if old_size == 0 {
        same(old_root, &empty_root())?;
    }
    if old_size == new_size {
        same(old_root, new_root)
    } else {
        Ok(())
    }
}

fn same(found: &Digest, wanted: &Digest) -> Result<(), ProofError> {
    if found == wanted {
        Ok(())
    } else {
        Err(ProofError::Root)
    }
}

#[cfg(test)]
mod tests;
