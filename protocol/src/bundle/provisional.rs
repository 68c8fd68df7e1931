//! What is signed and not logged yet, on top of what is.
//!
//! Owns the order in which journals at hand are tried. Must never change the replica.

use super::{Replica, States};
use crate::lifecycle::{self, At, Refusal};
use crate::statement::{Statement, StatementId};
use crate::world::World;
use std::collections::BTreeMap;

impl Replica {
    /// The world with statements on top that are signed and not logged yet, from journals at hand, and those
    /// that the rules refuse with the reason. Statements that wait for others are tried again until nothing
    /// moves, so the order of the journals does not matter.
    pub fn with(&self, statements: &[Statement]) -> (World, Vec<(StatementId, Refusal)>) {
        let mut world = self.world.clone();
        let mut open: BTreeMap<StatementId, &Statement> = statements
            .iter()
            .filter(|statement| !self.index.contains_key(&statement.id))
            .map(|statement| (statement.id, statement))
            .collect();
        loop {
            let mut order: Vec<_> = open.values().copied().collect();
            order.sort_by_key(|statement| (statement.body.occurred_at, statement.id));
            let mut refused = Vec::new();
            let before = open.len();
            for statement in order {
                match try_provisional(&world, statement) {
                    Ok(states) => {
                        world.record(statement, states);
                        open.remove(&statement.id);
                    }
                    Err(refusal) => refused.push((statement.id, refusal)),
                }
            }
            if open.len() == before {
                return (world, refused);
            }
        }
    }
}

fn try_provisional(world: &World, statement: &Statement) -> Result<States, Refusal> {
    let refuse = |code| Refusal::Refused {
        code,
        detail: String::new(),
    };
    let key = lifecycle::author_key(world, statement)
        .ok_or_else(|| refuse(crate::code::Code::UnknownKey))?;
    if !statement.envelope.is_signed_by(&key) {
        return Err(refuse(crate::code::Code::BadSignature));
    }
    let at = At {
        index: None,
        logged_at: statement.body.iat,
    };
    lifecycle::apply(world, statement, at).map(|changes| changes.states)
}
