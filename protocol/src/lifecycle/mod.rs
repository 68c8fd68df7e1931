//! The rules: who may do what, when, to what.
//!
//! [`apply`] is the only place where a rule stands; service, agent, audit and offline verifier call it. Acts
//! may be refused; an authentic report from an enrolled key never is: what it breaks is noted, and holds every
//! part that it touches. Rules depend on the order of the log, on log time and on times inside statements.
//! Must never know storage, clocks, or who is asking.

mod allowable;
mod assembly;
mod build;
mod context;
mod correction;
mod coupon;
mod decide;
mod design;
mod form;
mod governance;
mod keys;
mod licence;
mod marking;
mod material;
mod part;
mod physical;
mod quality;
mod reads;
mod resource;
mod safety;
mod vote;

pub use keys::acting;
pub use reads::{rests_on, subjects};
pub use vote::votes_in_favour;

use crate::body::Core;
use crate::code::Code;
use crate::key::PublicKey;
use crate::statement::Statement;
use crate::text::SubjectId;
use crate::world::bounds::FORKS_MAX;
use crate::world::{self, Data, Place, Source, State, World};
use context::Context;
use std::collections::{BTreeMap, BTreeSet};

/// Newest version of the rules that this program knows; it knows all before. The policy names the one in force, and an
/// entry is replayed under the version that was in force at its place. A rule that refuses what an older version took,
/// or that changes other states, asks for the version from which on it stands.
pub const RULES_VERSION: u32 = 2;

/// Since this version members are admitted by vote, and no governor alone takes another governor's keys. Under version 1
/// each governor admitted members by itself.
pub(crate) const VOTES: u32 = 2;

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

impl At {
    /// As states are asked.
    pub fn place(self) -> Place {
        Place {
            since: self.index.unwrap_or(u64::MAX),
            time: self.logged_at,
        }
    }
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

/// The version of the rules that is in force. One that this program does not know stops it: it never guesses.
fn rules_at(world: &World, at: At) -> Result<u32, Refusal> {
    let Some(policy) = world.policy(at.place()) else {
        return waits_for("the policy");
    };
    knows(policy.rules_version)?;
    Ok(policy.rules_version)
}

/// Refuses a log of whose policies one names rules that this program does not know.
///
/// # Errors
/// [`Code::RulesUnknown`].
pub fn must_know(world: &World) -> Result<(), Refusal> {
    let mut policies = world.policies().iter();
    policies.try_for_each(|decided| knows(decided.says.rules_version))
}

fn knows(version: u32) -> Result<(), Refusal> {
    require(
        (1..=RULES_VERSION).contains(&version),
        Code::RulesUnknown,
        format!("They are version {version}; it knows versions 1 to {RULES_VERSION}."),
    )
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
            .unwrap_or_else(|| State::clone(&world.states[&key]));
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
        .retain(|id, state| world.state(id) != Some(state));
    Ok(changes)
}

fn dispatch(context: &Context) -> Result<Changes, Refusal> {
    match &context.statement.body.core {
        Core::Policy(_) | Core::Anchors(_) => refuse(Code::AlreadyExists, "genesis"),
        Core::MemberAdmitted(says) => governance::member_admitted(context, says),
        Core::KeyAdded(says) => keys::added(context, says),
        Core::KeyRotated(says) => keys::rotated(context, says),
        Core::KeyRevoked(says) => keys::revoked(context, says),
        Core::RoleGranted(says) => keys::role_granted(context, says),
        Core::RoleAccredited(says) => keys::role_accredited(context, says),
        Core::Proposed(says) => vote::proposed(context, says),
        Core::Voted(says) => vote::voted(context, says),
        Core::LogBatch(says) => governance::log_batch(context, says),
        Core::DesignPublished(says) => design::published(context, says),
        Core::DesignWithdrawn(says) => design::withdrawn(context, says),
        Core::DesignSuperseded(says) => design::superseded(context, says),
        Core::AllowablePublished(says) => allowable::published(context, says),
        Core::AllowableRecomputed(says) => allowable::recomputed(context, says),
        Core::ApprovalRequested(says) => design::approval_requested(context, says),
        Core::ApprovalGranted(says) => design::approval_granted(context, says),
        Core::ApprovalRevoked(says) => design::approval_revoked(context, says),
        Core::LifeLimited(says) => design::life_limited(context, says),
        Core::LicenceIssued(says) => licence::issued(context, says),
        Core::LicenceAccepted(says) => licence::accepted(context, says),
        Core::MaterialReceived(says) => material::received(context, says),
        Core::MaterialBlended(says) => material::blended(context, says),
        Core::MaterialUsed(says) => material::used(context, says),
        Core::MaterialScrapped(says) => material::scrapped(context, says),
        Core::MachineEnrolled(says) => resource::machine_enrolled(context, says),
        Core::MachineQualified(says) => resource::machine_qualified(context, says),
        Core::MachineCalibrated(says) => resource::machine_calibrated(context, says),
        Core::MachineRetired(says) => resource::machine_retired(context, says),
        Core::BuildOrdered(says) => build::ordered(context, says),
        Core::BuildStarted(says) => build::started(context, says),
        Core::BuildCompleted(says) => build::completed(context, says),
        Core::BuildAborted(says) => build::aborted(context, says),
        Core::PartTested(says) if context.sub().kind() == "build" => coupon::tested(context, says),
        Core::RecallPlaced(says) => safety::recall_placed(context, says),
        Core::RecallReported(says) => safety::recall_reported(context, says),
        Core::RecallLifted(says) => safety::recall_lifted(context, says),
        Core::AssetUsed(_) | Core::ErrorDeclared(_) | Core::ErrorConfirmed(_) => {
            correction::said(context)
        }
        _ => part::said(context),
    }
}

/// The key that a statement must verify against: the enrolled one, or, for genesis, the one that it brings.
pub fn author_key(world: &World, statement: &Statement) -> Option<PublicKey> {
    match &statement.body.core {
        Core::Anchors(anchors) if no_governor(world) => Some(anchors.governor.public),
        _ => world
            .key(&statement.envelope.kid)
            .map(|(card, _)| card.public),
    }
}

fn no_governor(world: &World) -> bool {
    world
        .founding()
        .is_none_or(|policy| world.get(&world::org_subject(&policy.governor)).is_none())
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
