//! Votes: what the governors of the consortium decide together.
//!
//! Owns what a proposal asks for and what a vote says. One proposal holds one change, as data: who votes, votes for exactly
//! what will be done. Must never know who may vote, how many votes suffice, or when a change binds: `lifecycle/vote`.

use super::governance::{Function, KeyCard, MemberAdmitted, Policy};
use crate::key::{self, KeyId};
use crate::statement::StatementId;
use crate::text::{Moment, OrgId, Paragraph, SubjectId};
use crate::world;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A governor proposes a change, and votes for it by that. Subject: a new `proposal:<id>`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proposed {
    /// What is to be done.
    pub change: Change,
    /// Why.
    pub reason: Paragraph,
    /// Votes count when they are logged before this time.
    pub expires: Moment,
}

/// One change of who belongs to the consortium, of its keys, or of its policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// A new member.
    Admit(MemberAdmitted),
    /// A member, or one that was expelled, gets these functions and no others.
    Functions(NewFunctions),
    /// A member goes: its acts are refused from then on, its reports unvouched.
    Expel(Expulsion),
    /// Another policy.
    Policy(Box<Policy>),
    /// A member gets another administrator's key: the old one is lost, or in wrong hands.
    Admin(NewAdmin),
    /// What was decided and is not in force yet shall not come into force.
    Cancel(Cancellation),
}

/// What a member may do from now on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewFunctions {
    /// Which member.
    pub organisation: OrgId,
    /// All of its functions.
    pub functions: BTreeSet<Function>,
}

/// Which member goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expulsion {
    /// Which member.
    pub organisation: OrgId,
}

/// Another key for the administrator of a member.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewAdmin {
    /// Which member.
    pub organisation: OrgId,
    /// The key that gets the role `admin`.
    pub admin: KeyCard,
    /// The key whose place it takes; it is revoked at once.
    pub replaces: KeyId,
    /// Everything that the old key put in after this time is held.
    pub compromised_since: Option<Moment>,
}

/// Which decision is taken back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cancellation {
    /// The proposal that was decided.
    pub proposal: SubjectId,
}

impl Change {
    /// The subjects whose states it reads and writes.
    pub fn subjects(&self) -> BTreeSet<SubjectId> {
        let org = world::org_subject;
        let key = |card: &KeyCard| world::key_subject(&key::key_id(&card.public));
        match self {
            Change::Admit(says) => [org(&says.organisation), key(&says.admin)].into(),
            Change::Functions(says) => [org(&says.organisation)].into(),
            Change::Expel(says) => [org(&says.organisation)].into(),
            Change::Policy(_) => [world::policy_subject()].into(),
            Change::Admin(says) => [
                org(&says.organisation),
                key(&says.admin),
                world::key_subject(&says.replaces),
            ]
            .into(),
            Change::Cancel(says) => [says.proposal.clone()].into(),
        }
    }
}

/// The vote of the author's organisation. Subject: the proposal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Voted {
    /// The statement that proposed it: whoever orders the log cannot put another change under the same name.
    pub proposal: StatementId,
    /// For or against.
    pub in_favour: bool,
}
