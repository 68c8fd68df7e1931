//! What a page that fails has changed, so that the replica comes back to where it was.
//!
//! Owns nothing but that way back. Must never know why a page fails.

use super::{Replica, Statements};
use crate::key::KeyId;
use crate::statement::{Statement, StatementId};
use crate::text::SubjectId;
use crate::world::State;
use std::sync::Arc;

/// How a replica comes back to where it was before a page.
pub(super) struct Undo {
    size: u64,
    as_of: Option<i64>,
    checkpoint: Option<String>,
    index: Statements,
    statements: Vec<(StatementId, (KeyId, u64))>,
    /// What stood there before, oldest first.
    states: Vec<(SubjectId, Option<Arc<State>>)>,
}

impl Undo {
    pub(super) fn of(replica: &Replica) -> Undo {
        Undo {
            size: replica.size(),
            as_of: replica.as_of,
            checkpoint: replica.checkpoint.clone(),
            index: replica.statements.clone(),
            statements: Vec::new(),
            states: Vec::new(),
        }
    }

    pub(super) fn note(
        &mut self,
        statement: &Statement,
        before: Vec<(SubjectId, Option<Arc<State>>)>,
    ) {
        let place = (statement.envelope.kid, statement.body.seq);
        self.statements.push((statement.id, place));
        self.states.extend(before);
    }

    pub(super) fn on(self, replica: &mut Replica) {
        replica.tree.truncate(self.size);
        replica.saw_otherwise.split_off(&self.size);
        replica.as_of = self.as_of;
        replica.checkpoint = self.checkpoint;
        replica.statements = self.index;
        for (id, place) in self.statements {
            replica.index.remove(&id);
            replica.sections.remove(&id);
            if replica.world.sequences.get(&place) == Some(&id) {
                replica.world.sequences.remove(&place);
            }
        }
        for (id, before) in self.states.into_iter().rev() {
            match before {
                Some(state) => replica.world.states.insert(id, state),
                None => replica.world.states.remove(&id),
            };
        }
    }
}
