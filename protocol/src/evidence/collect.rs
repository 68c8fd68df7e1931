//! Looking for evidence among statements that are at hand.
//!
//! Owns which statements stand at one place of their key's chain, and which name another root than the log has. Every
//! statement that is given must be one that its author has signed. Must never know where statements come from.

use crate::key::KeyId;
use crate::statement::{Statement, StatementId};
use crate::tree::Tree;
use std::collections::{BTreeSet, HashMap};

/// Most pairs that are told: a key that is copied may double every statement from then on.
pub const PAIRS_MAX: usize = 1000;

/// The statements of all keys by their places.
#[derive(Default)]
pub struct Chains {
    by_seq: HashMap<(KeyId, u64), StatementId>,
    by_prev: HashMap<(KeyId, StatementId), StatementId>,
    pairs: BTreeSet<(StatementId, StatementId)>,
}

impl Chains {
    /// Takes a statement. One that is known changes nothing.
    pub fn add(&mut self, statement: &Statement) {
        let kid = statement.envelope.kid;
        let (id, body) = (statement.id, &statement.body);
        let of_seq = *self.by_seq.entry((kid, body.seq)).or_insert(id);
        let of_prev = body
            .prev
            .map(|prev| *self.by_prev.entry((kid, prev)).or_insert(id));
        // Two with one number need not be told again for their predecessor.
        let other = match of_seq == id {
            true => of_prev.unwrap_or(id),
            false => of_seq,
        };
        if other != id && self.pairs.len() < PAIRS_MAX {
            self.pairs.insert((other, id));
        }
    }

    /// Two statements of one key at one place of its chain, each time.
    pub fn pairs(&self) -> &BTreeSet<(StatementId, StatementId)> {
        &self.pairs
    }
}

/// Whether the author says to have seen another tree than this one had at that size. Of a larger one than it is, nobody
/// can tell.
pub fn saw_otherwise(statement: &Statement, tree: &Tree) -> bool {
    let seen = statement.body.seen.as_ref();
    seen.is_some_and(|seen| {
        tree.root_at(seen.size)
            .is_some_and(|root| root != seen.root)
    })
}
