//! What was recalled, withdrawn and revoked among what a bundle holds, whether it reaches the part or not.
//!
//! Owns how that is told. Must never decide whom it reaches: that is the answer's.

use crate::cli::output::time;
use serde::Serialize;
use threadmark_protocol::code::Code;
use threadmark_protocol::statement::StatementId;
use threadmark_protocol::text::{OrgId, SubjectId};
use threadmark_protocol::world::{Data, State, World};

/// Something that binds, or has bound.
#[derive(Serialize)]
pub struct Bound {
    /// What it binds, and everything below it.
    pub subject: SubjectId,
    /// How.
    pub code: Code,
    /// The statement that says so.
    pub statement: StatementId,
    /// Who signed it.
    pub by: OrgId,
    /// When it was said, Unix seconds.
    pub at: i64,
    /// Of a key: from when on it may have been in wrong hands, Unix seconds.
    pub compromised_since: Option<i64>,
    /// Who has lifted it.
    pub lifted_by: Option<OrgId>,
}

impl Bound {
    /// Everything of this kind in these states, in their order.
    pub fn in_world(world: &World) -> Vec<Bound> {
        let all = world.states.iter();
        all.flat_map(|(subject, state)| of_state(subject, state))
            .collect()
    }

    /// A line for people.
    pub fn to_text(&self) -> String {
        let mut text = format!(
            "{} {}: {}, by {} on {}",
            if self.lifted_by.is_some() {
                "lifted "
            } else {
                "IN FORCE"
            },
            self.subject,
            self.code.title(),
            self.by,
            time(self.at)
        );
        if let Some(since) = self.compromised_since {
            text.push_str(&format!("; compromised since {}", time(since)));
        }
        if let Some(org) = &self.lifted_by {
            text.push_str(&format!("; lifted by {org}"));
        }
        text
    }
}

fn of_state(subject: &SubjectId, state: &State) -> Vec<Bound> {
    let placed = state.restrictions.iter().map(|of| Bound {
        subject: subject.clone(),
        code: of.kind.code(),
        statement: of.source.statement,
        by: of.source.org.clone(),
        at: of.source.at,
        compromised_since: None,
        lifted_by: of.lifted.as_ref().map(|source| source.org.clone()),
    });
    let mut bound: Vec<Bound> = placed.collect();
    if let Data::Key {
        revoked: Some(of), ..
    } = &state.data
    {
        bound.push(Bound {
            subject: subject.clone(),
            code: Code::KeyRevoked,
            statement: of.source.statement,
            by: of.source.org.clone(),
            at: of.source.at,
            compromised_since: of.compromised_since,
            lifted_by: None,
        });
    }
    bound
}
