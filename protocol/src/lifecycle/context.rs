//! A statement with its author, as the rules of the families see it.
//!
//! Owns what is asked of every author, whatever is said: that key and organisation belong together and are in force, and
//! which roles and functions they have. Must never know what a kind says.

use super::{At, CLOCK_DRIFT_S, Refusal, VOTES, refuse, require, rules_at, waits_for};
use crate::body::governance::{Function, Holder, KeyCard, Role};
use crate::body::{Nature, Seen};
use crate::code::{Code, HoldKind};
use crate::life::{self, Hold};
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
        let Some(key @ Data::Key { card, org, .. }) = world.get(&world::key_subject(&kid)) else {
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
        for (is_so, as_act, as_report) in context.problems(key) {
            match body.core.nature() {
                Nature::Act => require(!is_so, as_act, "")?,
                Nature::Report if is_so => {
                    context.noted.extend(as_report);
                }
                Nature::Report | Nature::Log => {}
            }
        }
        Ok(context)
    }

    /// What may be wrong with an author, whatever is said: whether it is so, and what that means for an act and for a report. A
    /// report by a key that exists twice, or that a thief enrolled, is held by what is known of the key: `life`.
    fn problems(&self, key: &Data) -> [(bool, Code, Option<Code>); 7] {
        let Data::Key {
            revoked,
            rotated,
            from,
            ..
        } = key
        else {
            unreachable!("the author's key")
        };
        let is_act = self.statement.body.core.nature() == Nature::Act;
        let seq = self.statement.body.seq;
        // Reports that the key had numbered before another took its place are late, not wrong.
        let is_retired = (rotated.as_ref()).is_some_and(|end| is_act || seq > end.seq);
        let is_planted = is_act && self.rules >= VOTES && life::is_planted(self.world, key);
        let standing = self.world.standing(self.org, self.at.place());
        let now = self.at.logged_at;
        let is_early = standing.is_none() || from.is_some_and(|from| now < from);
        let occurred_at = self.statement.body.occurred_at.unix();
        let is_future = occurred_at > now.saturating_add(CLOCK_DRIFT_S);
        let unvouched = Some(Code::Unvouched);
        [
            (self.forked, Code::KeyForked, None),
            (revoked.is_some(), Code::KeyRevoked, unvouched),
            (is_retired, Code::KeyRotated, unvouched),
            (is_planted, Code::KeyCompromised, None),
            (is_early, Code::NotInForce, unvouched),
            (standing == Some(&None), Code::Expelled, unvouched),
            (is_future, Code::FromTheFuture, Some(Code::FromTheFuture)),
        ]
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
        self.world.state(id).map_or_else(|| waits_for(id), Ok)
    }

    /// Whether the author has one of the roles; what a thief granted counts for nothing once that is known.
    pub fn has_role(&self, any_of: &[Role]) -> bool {
        let key = self.world.get(&world::key_subject(&self.source.kid));
        matches!(key, Some(Data::Key { roles, .. }) if any_of.iter().any(|role| {
            roles.get(role).is_some_and(|held| {
                let is_whole = held.accredited.is_some() || !role.needs_accreditation();
                is_whole && (self.rules < VOTES || !life::is_usurped(self.world, held))
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
