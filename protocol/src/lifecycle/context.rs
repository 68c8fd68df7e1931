//! A statement with its author, as the rules of the families see it.
//!
//! Owns what is asked of every author, whatever is said: that key and organisation belong together and are in force, and
//! which roles and functions they have. Must never know what a kind says.

use super::{At, CLOCK_DRIFT_S, Refusal, refuse, require, rules_at, waits_for};
use crate::body::governance::{Function, Holder, KeyCard, Role};
use crate::body::{Nature, Seen};
use crate::code::{Code, HoldKind};
use crate::life::Hold;
use crate::statement::Statement;
use crate::text::{OrgId, SubjectId};
use crate::world::{self, Data, Source, State, World};
use std::collections::BTreeSet;

/// A statement with its author, as the rules of the families see it.
pub struct Context<'a> {
    pub world: &'a World,
    pub statement: &'a Statement,
    pub at: At,
    pub card: &'a KeyCard,
    pub org: &'a OrgId,
    pub source: Source,
    /// Findings about the author; of acts there are none, they would have been refused.
    pub noted: BTreeSet<Code>,
    pub forked: bool,
    /// Version of the rules in force.
    pub rules: u32,
}

impl<'a> Context<'a> {
    pub fn new(world: &'a World, statement: &'a Statement, at: At) -> Result<Context<'a>, Refusal> {
        let (body, kid) = (&statement.body, statement.envelope.kid);
        let Some(Data::Key {
            card,
            org,
            revoked,
            from,
            ..
        }) = world.get(&world::key_subject(&kid))
        else {
            return refuse(Code::UnknownKey, kid.to_hex());
        };
        require(*org == body.iss, Code::WrongOrganisation, org.as_str())?;
        require(
            card.holder == body.actor,
            Code::WrongActor,
            card.holder.as_str(),
        )?;
        let rules = rules_at(world, at)?;
        let source = super::source(statement, at);
        let mut context = Context {
            world,
            statement,
            at,
            card,
            org,
            source,
            noted: BTreeSet::new(),
            forked: world
                .sequences
                .get(&(kid, body.seq))
                .is_some_and(|id| *id != statement.id),
            rules,
        };
        if body.core.nature() == Nature::Act {
            require(!context.forked, Code::KeyForked, "")?;
        }
        let standing = world.standing(org, at.place());
        let is_early = standing.is_none() || from.is_some_and(|from| at.logged_at < from);
        let problems = [
            (revoked.is_some(), Code::KeyRevoked, Code::Unvouched),
            (is_early, Code::NotInForce, Code::Unvouched),
            (standing == Some(&None), Code::Expelled, Code::Unvouched),
            (
                body.occurred_at.unix() > at.logged_at.saturating_add(CLOCK_DRIFT_S),
                Code::FromTheFuture,
                Code::FromTheFuture,
            ),
        ];
        for (is_so, as_act, as_report) in problems {
            match body.core.nature() {
                Nature::Act => require(!is_so, as_act, "")?,
                Nature::Report if is_so => {
                    context.noted.insert(as_report);
                }
                Nature::Report | Nature::Log => {}
            }
        }
        Ok(context)
    }

    pub fn sub(&self) -> &SubjectId {
        &self.statement.body.sub
    }

    /// The subject, which must be of a type and not exist yet.
    pub fn new_subject(&self, kind: &str) -> Result<SubjectId, Refusal> {
        self.subject(kind)?;
        require(
            self.world.get(self.sub()).is_none(),
            Code::AlreadyExists,
            self.sub().as_str(),
        )?;
        Ok(self.sub().clone())
    }

    pub fn subject(&self, kind: &str) -> Result<&SubjectId, Refusal> {
        self.is_kind(self.sub(), kind)?;
        Ok(self.sub())
    }

    pub fn is_kind(&self, id: &SubjectId, kind: &str) -> Result<(), Refusal> {
        require(
            id.kind() == kind,
            Code::WrongSubject,
            format!("{id} is no {kind}."),
        )
    }

    /// The state of a subject that an act builds on.
    pub fn known(&self, id: &SubjectId) -> Result<&'a State, Refusal> {
        self.world.states.get(id).map_or_else(|| waits_for(id), Ok)
    }

    pub fn has_role(&self, any_of: &[Role]) -> bool {
        let key = self.world.get(&world::key_subject(&self.source.kid));
        matches!(key, Some(Data::Key { roles, .. }) if any_of.iter().any(|role| {
            roles.get(role).is_some_and(|held| {
                held.accredited.is_some() || !role.needs_accreditation()
            })
        }))
    }

    /// For acts: the author has one of the roles.
    pub fn require_role(&self, any_of: &[Role]) -> Result<(), Refusal> {
        require(
            self.has_role(any_of),
            Code::RoleMissing,
            format!("One of {any_of:?} is needed."),
        )
    }

    /// Whether an organisation has the function here.
    pub fn has_function(&self, org: &OrgId, function: Function) -> bool {
        self.world.has_function(org, function, self.at.place())
    }

    pub fn require_function(&self, any_of: &[Function]) -> Result<(), Refusal> {
        let has = any_of
            .iter()
            .any(|function| self.has_function(self.org, *function));
        require(
            has,
            Code::FunctionMissing,
            format!("One of {any_of:?} is needed."),
        )
    }

    pub fn require_own(&self, owner: &OrgId) -> Result<(), Refusal> {
        require(owner == self.org, Code::NotYours, owner.as_str())
    }

    /// For reports: the findings about the author, with the lack of a role among them.
    pub fn noted_with_role(&self, any_of: &[Role]) -> BTreeSet<Code> {
        let mut noted = self.noted.clone();
        if !any_of.is_empty() && !self.has_role(any_of) {
            noted.insert(Code::RoleMissing);
        }
        noted
    }

    pub fn is_machine(&self) -> bool {
        self.card.holder_is == Holder::Machine
    }

    /// What objections to an act mean: a gap asks to wait, what the author had seen refuses, what came later
    /// lets the act be logged without effect.
    pub fn weigh(&self, objections: &[Hold]) -> Result<BTreeSet<Code>, Refusal> {
        if let Some(gap) = objections.iter().find(|hold| hold.kind == HoldKind::DocGap) {
            return waits_for(format!("{} ({})", gap.subject, gap.code));
        }
        let seen_size = self
            .statement
            .body
            .seen
            .as_ref()
            .map(|Seen { size, .. }| *size);
        let seen = |hold: &&Hold| seen_size.is_none_or(|size| hold.since < size);
        if let Some(hold) = objections.iter().find(seen) {
            return refuse(
                hold.code,
                format!("{} {}", hold.subject, hold.detail.as_deref().unwrap_or("")).trim(),
            );
        }
        Ok(if objections.is_empty() {
            BTreeSet::new()
        } else {
            [Code::WithoutEffect].into()
        })
    }
}
