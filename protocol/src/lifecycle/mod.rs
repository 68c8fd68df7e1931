//! The rules: who may do what, when, to what.
//!
//! [`apply`] is the only place where a rule stands; service, agent, audit and offline verifier call it. Acts
//! may be refused; an authentic report from an enrolled key never is: what it breaks is noted, and holds every
//! part that it touches. Rules depend on the order of the log, on log time and on times inside statements.
//! Must never know storage, clocks, or who is asking. Rules version 1.

mod build;
mod design;
mod governance;
mod licence;
mod part;
mod reads;
mod resource;
mod safety;

pub use reads::{rests_on, subjects};

use crate::body::governance::{Function, Holder, KeyCard, Role};
use crate::body::{Core, Nature, Seen};
use crate::code::{Code, HoldKind};
use crate::key::PublicKey;
use crate::life::Hold;
use crate::statement::Statement;
use crate::text::{OrgId, SubjectId};
use crate::world::bounds::FORKS_MAX;
use crate::world::{self, Data, Source, State, World};
use std::collections::{BTreeMap, BTreeSet};

/// Version of the rules that this file holds.
pub const RULES_VERSION: u32 = 1;

/// Seconds by which a statement may lie after its log time: clocks at sea drift.
const CLOCK_DRIFT_S: i64 = 24 * 3600;

/// Where a statement stands: in the log, or signed and not logged yet.
#[derive(Clone, Copy, Debug)]
pub struct At {
    /// Index in the log; `None` when not logged yet.
    pub index: Option<u64>,
    /// Log time of its batch, Unix seconds; of a statement that is not logged yet, its own.
    pub logged_at: i64,
}

/// Why a statement is not logged. Nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Send it again, unchanged, when what it builds on is logged.
    #[error("{}: {what}", Code::WaitsFor.title())]
    WaitsFor {
        /// What is missing.
        what: String,
    },
    /// It breaks a rule.
    #[error("{}{}{detail}", code.title(), if detail.is_empty() { "" } else { " " })]
    Refused {
        /// Which.
        code: Code,
        /// The case at hand.
        detail: String,
    },
}

impl Refusal {
    /// The code.
    pub fn code(&self) -> Code {
        match self {
            Refusal::WaitsFor { .. } => Code::WaitsFor,
            Refusal::Refused { code, .. } => *code,
        }
    }
}

fn refuse<T>(code: Code, detail: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal::Refused {
        code,
        detail: detail.into(),
    })
}

fn waits_for<T>(what: impl std::fmt::Display) -> Result<T, Refusal> {
    Err(Refusal::WaitsFor {
        what: what.to_string(),
    })
}

fn require(good: bool, code: Code, detail: impl Into<String>) -> Result<(), Refusal> {
    if good { Ok(()) } else { refuse(code, detail) }
}

/// What a statement changes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Changes {
    /// New states, whole.
    pub states: BTreeMap<SubjectId, State>,
    /// What was found; a report is logged all the same, an act without effect.
    pub findings: BTreeSet<Code>,
}

impl Changes {
    fn set(mut self, id: SubjectId, state: impl Into<State>) -> Changes {
        self.states.insert(id, state.into());
        self
    }
}

/// Applies one statement to the world. The signature has been verified against [`author_key`] before.
///
/// # Errors
/// [`Refusal::WaitsFor`] for an act whose predecessor is not logged; [`Refusal::Refused`] for an act that breaks
/// a rule, for a report from a key that is not enrolled or in a form that cannot be.
pub fn apply(world: &World, statement: &Statement, at: At) -> Result<Changes, Refusal> {
    let body = &statement.body;
    match &body.core {
        Core::Policy(policy) => return governance::policy(world, statement, policy, at),
        Core::Anchors(anchors) => return governance::anchors(world, statement, anchors, at),
        _ => {}
    }
    let context = Context::new(world, statement, at)?;
    let mut changes = dispatch(&context)?;
    changes.findings.extend(&context.noted);
    let objections = part::objections(&context, &changes);
    changes.findings.extend(objections);
    // The fork stands with the key, from where it holds both statements, whichever came first.
    if context.forked {
        changes.findings.insert(Code::KeyForked);
        let key = world::key_subject(&statement.envelope.kid);
        let mut state = changes
            .states
            .remove(&key)
            .unwrap_or_else(|| world.states[&key].clone());
        if let Data::Key { forks, .. } = &mut state.data
            && forks.len() < FORKS_MAX
        {
            forks.insert((body.seq, context.source.since()));
        }
        changes.states.insert(key, state);
    }
    // What is beyond the bounds of a state leaves it as it is, and then counts for nothing (crate::index).
    changes
        .states
        .retain(|id, state| world.states.get(id) != Some(state));
    Ok(changes)
}

fn dispatch(context: &Context) -> Result<Changes, Refusal> {
    match &context.statement.body.core {
        Core::Policy(_) | Core::Anchors(_) => refuse(Code::AlreadyExists, "genesis"),
        Core::MemberAdmitted(says) => governance::member_admitted(context, says),
        Core::KeyAdded(says) => governance::key_added(context, says),
        Core::KeyRevoked(says) => governance::key_revoked(context, says),
        Core::RoleGranted(says) => governance::role_granted(context, says),
        Core::RoleAccredited(says) => governance::role_accredited(context, says),
        Core::LogBatch(says) => governance::log_batch(context, says),
        Core::DesignPublished(says) => design::published(context, says),
        Core::DesignWithdrawn(says) => design::withdrawn(context, says),
        Core::DesignSuperseded(says) => design::superseded(context, says),
        Core::AllowablePublished(says) => design::allowable_published(context, says),
        Core::ApprovalRequested(says) => design::approval_requested(context, says),
        Core::ApprovalGranted(says) => design::approval_granted(context, says),
        Core::ApprovalRevoked(says) => design::approval_revoked(context, says),
        Core::LicenceIssued(says) => licence::issued(context, says),
        Core::LicenceAccepted(says) => licence::accepted(context, says),
        Core::MaterialReceived(says) => resource::material_received(context, says),
        Core::MachineEnrolled(says) => resource::machine_enrolled(context, says),
        Core::MachineQualified(says) => resource::machine_qualified(context, says),
        Core::MachineCalibrated(says) => resource::machine_calibrated(context, says),
        Core::BuildOrdered(says) => build::ordered(context, says),
        Core::BuildStarted(says) => build::started(context, says),
        Core::BuildCompleted(says) => build::completed(context, says),
        Core::BuildAborted(says) => build::aborted(context, says),
        Core::RecallPlaced(says) => safety::recall_placed(context, says),
        Core::RecallLifted(says) => safety::recall_lifted(context, says),
        _ => part::said(context),
    }
}

/// The key that a statement must verify against: the enrolled one, or, for genesis, the one that it brings.
pub fn author_key(world: &World, statement: &Statement) -> Option<PublicKey> {
    match &statement.body.core {
        Core::Anchors(anchors) if world.policy().is_none_or(|_| no_governor(world)) => {
            Some(anchors.governor.public)
        }
        _ => world
            .key(&statement.envelope.kid)
            .map(|(card, _)| card.public),
    }
}

fn no_governor(world: &World) -> bool {
    world
        .policy()
        .is_some_and(|policy| world.get(&world::org_subject(&policy.governor)).is_none())
}

/// A statement with its author, as the rules of the families see it.
struct Context<'a> {
    world: &'a World,
    statement: &'a Statement,
    at: At,
    card: &'a KeyCard,
    org: &'a OrgId,
    source: Source,
    /// Findings about the author; of acts there are none, they would have been refused.
    noted: BTreeSet<Code>,
    forked: bool,
}

impl<'a> Context<'a> {
    fn new(world: &'a World, statement: &'a Statement, at: At) -> Result<Context<'a>, Refusal> {
        let (body, kid) = (&statement.body, statement.envelope.kid);
        let Some(Data::Key {
            card, org, revoked, ..
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
        let source = source(statement, at);
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
        };
        if body.core.nature() == Nature::Act {
            require(!context.forked, Code::KeyForked, "")?;
        }
        let problems = [
            (revoked.is_some(), Code::KeyRevoked, Code::Unvouched),
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

    fn sub(&self) -> &SubjectId {
        &self.statement.body.sub
    }

    /// The subject, which must be of a type and not exist yet.
    fn new_subject(&self, kind: &str) -> Result<SubjectId, Refusal> {
        self.subject(kind)?;
        require(
            self.world.get(self.sub()).is_none(),
            Code::AlreadyExists,
            self.sub().as_str(),
        )?;
        Ok(self.sub().clone())
    }

    fn subject(&self, kind: &str) -> Result<&SubjectId, Refusal> {
        self.is_kind(self.sub(), kind)?;
        Ok(self.sub())
    }

    fn is_kind(&self, id: &SubjectId, kind: &str) -> Result<(), Refusal> {
        require(
            id.kind() == kind,
            Code::WrongSubject,
            format!("{id} is no {kind}."),
        )
    }

    /// The state of a subject that an act builds on.
    fn known(&self, id: &SubjectId) -> Result<&'a State, Refusal> {
        self.world.states.get(id).map_or_else(|| waits_for(id), Ok)
    }

    fn has_role(&self, any_of: &[Role]) -> bool {
        let key = self.world.get(&world::key_subject(&self.source.kid));
        matches!(key, Some(Data::Key { roles, .. }) if any_of.iter().any(|role| {
            roles.get(role).is_some_and(|held| {
                held.accredited.is_some() || !role.needs_accreditation()
            })
        }))
    }

    /// For acts: the author has one of the roles.
    fn require_role(&self, any_of: &[Role]) -> Result<(), Refusal> {
        require(
            self.has_role(any_of),
            Code::RoleMissing,
            format!("One of {any_of:?} is needed."),
        )
    }

    fn require_function(&self, any_of: &[Function]) -> Result<(), Refusal> {
        let has = any_of
            .iter()
            .any(|function| self.world.has_function(self.org, *function));
        require(
            has,
            Code::FunctionMissing,
            format!("One of {any_of:?} is needed."),
        )
    }

    fn require_own(&self, owner: &OrgId) -> Result<(), Refusal> {
        require(owner == self.org, Code::NotYours, owner.as_str())
    }

    /// For reports: the findings about the author, with the lack of a role among them.
    fn noted_with_role(&self, any_of: &[Role]) -> BTreeSet<Code> {
        let mut noted = self.noted.clone();
        if !any_of.is_empty() && !self.has_role(any_of) {
            noted.insert(Code::RoleMissing);
        }
        noted
    }

    fn is_machine(&self) -> bool {
        self.card.holder_is == Holder::Machine
    }

    /// What objections to an act mean: a gap asks to wait, what the author had seen refuses, what came later
    /// lets the act be logged without effect.
    fn weigh(&self, objections: &[Hold]) -> Result<BTreeSet<Code>, Refusal> {
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

fn source(statement: &Statement, at: At) -> Source {
    Source {
        statement: statement.id,
        kid: statement.envelope.kid,
        seq: statement.body.seq,
        org: statement.body.iss.clone(),
        actor: statement.body.actor.clone(),
        at: statement.body.occurred_at.unix(),
        index: at.index,
        logged_at: at.index.map(|_| at.logged_at),
    }
}

#[cfg(test)]
mod tests;
