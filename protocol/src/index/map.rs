//! The map itself: a Merkle crit-bit trie whose versions share what has not changed.
//!
//! Owns shape and hashes. A version is never altered: adding statements makes a new one that shares all nodes but those
//! on the ways to what was added. So a batch that is not committed leaves no trace, and readers keep the version of the
//! checkpoint for which they prove something, without a lock. About 200 bytes a subject. Must never know what a subject is.

use super::{Link, Mention, Proof, Tally, bit, branch_hash, empty_root, key_of, leaf_hash};
use crate::digest::Digest;
use crate::text::SubjectId;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Bits of a key.
const KEY_BITS: u16 = 256;

/// From each subject to its tally. Cloning is free.
#[derive(Clone, Default)]
pub struct Map {
    root: Option<Node>,
    subjects: usize,
}

#[derive(Clone)]
enum Node {
    Leaf(Arc<Leaf>),
    Branch(Arc<Branch>),
}

struct Leaf {
    key: Digest,
    tally: Tally,
}

struct Branch {
    /// The first bit in which the keys below differ.
    depth: u8,
    hash: Digest,
    /// Keys in which that bit is 0.
    left: Node,
    /// Keys in which it is 1.
    right: Node,
}

impl Node {
    fn leaf(key: Digest, tally: Tally) -> Node {
        Node::Leaf(Arc::new(Leaf { key, tally }))
    }

    fn branch(depth: u8, left: Node, right: Node) -> Node {
        let hash = branch_hash(depth, &left.hash(), &right.hash());
        Node::Branch(Arc::new(Branch {
            depth,
            hash,
            left,
            right,
        }))
    }

    /// That of a leaf is not kept: it is asked for once or twice a way.
    fn hash(&self) -> Digest {
        match self {
            Node::Leaf(leaf) => leaf_hash(&leaf.key, &leaf.tally),
            Node::Branch(branch) => branch.hash,
        }
    }
}

impl Branch {
    fn towards(&self, key: &Digest) -> (&Node, &Node) {
        if bit(key, self.depth) {
            (&self.right, &self.left)
        } else {
            (&self.left, &self.right)
        }
    }
}

/// A new tally on its way to its place.
struct Item {
    key: Digest,
    tally: Tally,
    /// The first bit in which the key differs from all that are there; [`KEY_BITS`] when it is there.
    parts_at: u16,
}

impl Map {
    /// The map of these tallies; each subject once.
    pub fn from_tallies(tallies: impl IntoIterator<Item = (SubjectId, Tally)>) -> Map {
        let mut map = Map::default();
        map.set(tallies);
        map
    }

    /// Takes the newest tallies of these subjects, each once, from somebody who has counted.
    pub fn set(&mut self, tallies: impl IntoIterator<Item = (SubjectId, Tally)>) {
        let all = tallies.into_iter();
        self.put(all.map(|(subject, tally)| (key_of(&subject), tally)));
    }

    /// Number of subjects.
    pub fn len(&self) -> usize {
        self.subjects
    }

    /// Whether nothing was said of anything.
    pub fn is_empty(&self) -> bool {
        self.subjects == 0
    }

    /// The root.
    pub fn root(&self) -> Digest {
        self.root.as_ref().map_or_else(empty_root, Node::hash)
    }

    /// What counts for a subject.
    pub fn tally(&self, subject: &SubjectId) -> Tally {
        let key = key_of(subject);
        let nearest = self.nearest(&key).filter(|leaf| leaf.key == key);
        nearest.map_or_else(Tally::default, |leaf| leaf.tally)
    }

    /// Adds statements in the order of the log, each with the subjects for which it counts. Ways that the statements
    /// share are hashed once. Tells the new lines of each subject's list.
    pub fn add<'a>(
        &mut self,
        statements: impl IntoIterator<Item = &'a (Link, BTreeSet<SubjectId>)>,
    ) -> Vec<Mention> {
        let mut tallies: BTreeMap<&SubjectId, Tally> = BTreeMap::new();
        let mut mentions = Vec::new();
        for (link, subjects) in statements {
            for subject in subjects {
                let known = tallies.entry(subject);
                let tally = known.or_insert_with(|| self.tally(subject));
                *tally = tally.with(link);
                mentions.push(Mention {
                    subject: subject.clone(),
                    index: link.index,
                    tally: *tally,
                });
            }
        }
        let items = tallies
            .iter()
            .map(|(subject, tally)| (key_of(subject), *tally));
        self.put(items);
        mentions
    }

    /// The way from the root to a subject, or to the neighbour where the search for it ends.
    pub fn prove(&self, subject: &SubjectId) -> Proof {
        let key = key_of(subject);
        let mut path = Vec::new();
        let mut next = self.root.as_ref();
        while let Some(Node::Branch(branch)) = next {
            let (towards, sibling) = branch.towards(&key);
            path.push((branch.depth, sibling.hash()));
            next = Some(towards);
        }
        let other = match next {
            Some(Node::Leaf(leaf)) if leaf.key != key => Some((leaf.key, leaf.tally)),
            _ => None,
        };
        Proof { other, path }
    }

    /// The leaf where the search for a key ends: no other shares as many first bits with it.
    fn nearest(&self, key: &Digest) -> Option<&Leaf> {
        let mut node = self.root.as_ref()?;
        loop {
            match node {
                Node::Leaf(leaf) => return Some(leaf),
                Node::Branch(branch) => node = branch.towards(key).0,
            }
        }
    }

    fn put(&mut self, tallies: impl Iterator<Item = (Digest, Tally)>) {
        let item = |(key, tally)| {
            let nearest = self.nearest(&key);
            let parts_at = nearest.map_or(0, |leaf| first_difference(&leaf.key, &key));
            Item {
                key,
                tally,
                parts_at,
            }
        };
        let mut items: Vec<Item> = tallies.map(item).collect();
        items.sort_unstable_by_key(|item| item.key);
        items.dedup_by_key(|item| item.key);
        let is_new = |item: &&Item| self.root.is_none() || item.parts_at < KEY_BITS;
        self.subjects += items.iter().filter(is_new).count();
        self.root = match self.root.take() {
            Some(root) => Some(merge(&root, &items)),
            None if items.is_empty() => None,
            None => Some(build(&items)),
        };
    }
}

/// A subtree of new keys alone: sorted, and at least one.
fn build(items: &[Item]) -> Node {
    let [first, .., last] = items else {
        return Node::leaf(items[0].key, items[0].tally);
    };
    let depth = first_difference(&first.key, &last.key);
    let (depth, zeros, ones) = split(items, depth);
    Node::branch(depth, build(zeros), build(ones))
}

/// A subtree with new and changed keys that belong below it, or beside it on the way to it: sorted.
fn merge(node: &Node, items: &[Item]) -> Node {
    let Some(first) = items.iter().min_by_key(|item| item.parts_at) else {
        return node.clone();
    };
    let below = match node {
        Node::Leaf(_) => KEY_BITS,
        Node::Branch(branch) => branch.depth.into(),
    };
    if first.parts_at < below {
        // Its key differs here from all below this node, and so do those on the same side of this bit.
        let (depth, zeros, ones) = split(items, first.parts_at);
        return if bit(&first.key, depth) {
            Node::branch(depth, merge(node, zeros), build(ones))
        } else {
            Node::branch(depth, build(zeros), merge(node, ones))
        };
    }
    match node {
        Node::Leaf(_) => Node::leaf(first.key, first.tally),
        Node::Branch(branch) => {
            let (depth, zeros, ones) = split(items, branch.depth.into());
            let (left, right) = (merge(&branch.left, zeros), merge(&branch.right, ones));
            Node::branch(depth, left, right)
        }
    }
}

/// Items that agree in all bits before `depth`, by that bit.
fn split(items: &[Item], depth: u16) -> (u8, &[Item], &[Item]) {
    let depth = u8::try_from(depth).expect("keys that differ do so in one of 256 bits");
    let (zeros, ones) = items.split_at(items.partition_point(|item| !bit(&item.key, depth)));
    (depth, zeros, ones)
}

/// The first bit in which two keys differ; [`KEY_BITS`] when they are the same.
fn first_difference(one: &Digest, other: &Digest) -> u16 {
    let pairs = one.0.iter().zip(&other.0).zip(0..);
    let differing = pairs.map(|((one, other), at)| (one ^ other, at));
    differing
        .into_iter()
        .find(|(byte, _)| *byte != 0)
        .map_or(KEY_BITS, |(byte, at): (u8, u16)| {
            at * 8 + byte.leading_zeros() as u16
        })
}
