//! Governance: who belongs to the consortium, which keys sign for whom, and the policy in force.
//!
//! Owns what these statements say. Must never know votes or effects: `lifecycle/governance`.

use crate::digest::Digest;
use crate::key::{KeyLevel, PublicKey};
use crate::text::{ActorId, Line, Moment, OrgId, Origin, Paragraph};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Consequence of a part's failure (ISO/ASTM 52967): A high, B, C negligible.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum PartClass {
    /// High consequence.
    A,
    /// Medium consequence.
    B,
    /// Negligible consequence.
    C,
}

/// Entry 0 of the log: the rules in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// The log's origin, `aud` of every statement.
    pub origin: Origin,
    /// The founding governor.
    pub governor: OrgId,
    /// Host in the address that a mark carries, for instance `part.example`.
    pub host: OrgId,
    /// Version of the rules that entries under this policy are replayed with.
    pub rules_version: u32,
    /// Witnesses whose cosignatures are asked for.
    pub quorum: Quorum,
    /// Seconds of idleness after which the log proves by an empty batch that it is alive.
    pub heartbeat_s: u32,
    /// What each class of parts asks for.
    pub classes: BTreeMap<PartClass, ClassPolicy>,
    /// Seconds between a vote that opens a door and the door's opening, in which as many votes can close it again.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub delay_s: u32,
}

/// serde asks by reference.
#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// How many witnesses must have cosigned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quorum {
    /// No witness; knowledge is shown as unwitnessed.
    None,
    /// The log's witnesses, as a C2SP tlog-policy file: whom a reader believes who has made no choice of his own.
    TlogPolicy(String),
}

/// Largest [`Quorum::TlogPolicy`], bytes: the policy is read with every statement.
pub const QUORUM_BYTES_MAX: usize = 8 << 10;

/// What the policy asks of one class of parts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClassPolicy {
    /// Oldest knowledge that the gate and the answer may rest on.
    pub knowledge_age_max_s: u64,
    /// Whether statements that are signed but not logged yet may carry a good answer.
    pub provisional_allowed: bool,
    /// Whether who ordered the build, the inspector and the release signatory are three people.
    pub three_people: bool,
    /// Whether a good answer asks for a passed physical match.
    pub physical_match: bool,
}

/// Entry 1 of the log: whom to trust from the start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Anchors {
    /// The governor's name for people.
    pub name: Line,
    /// The governor's key; it signs entries 0 and 1.
    pub governor: KeyCard,
    /// Verifier key of the checkpoints (C2SP signed-note vkey, Ed25519).
    pub checkpoint_vkey: Line,
    /// Key of receipts (RFC 9942) and of the log's own entries.
    pub log: KeyCard,
}

/// A key with what a reader should know of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyCard {
    /// The Ed25519 key.
    pub public: PublicKey,
    /// Credential of the person or machine that holds it.
    pub holder: ActorId,
    /// Person or machine.
    pub holder_is: Holder,
    /// Where the private half lives.
    pub level: KeyLevel,
    /// Key that signs session assertions; never the statement key.
    pub session: Option<PublicKey>,
    /// age X25519 recipient, for what is sealed to this holder.
    pub recipient: Option<Line>,
}

/// Who holds a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Holder {
    /// A human being.
    Person,
    /// A machine; it can neither inspect nor release.
    Machine,
    /// The log itself.
    Log,
}

/// What an organisation is in the consortium.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Function {
    /// Admits members, changes policy.
    Governor,
    /// Design authority: publishes and licenses designs.
    Oem,
    /// Certification authority: approves, accredits.
    Authority,
    /// Print shop.
    Shop,
    /// Maintenance organisation or owner of parts.
    Maintenance,
}

/// A new member with the key that administers its other keys. A statement of its own under rules version 1 (subject: the
/// organisation's), and since then what a proposal asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MemberAdmitted {
    /// Its domain, `iss` of its statements.
    pub organisation: OrgId,
    /// Name for people.
    pub name: Line,
    /// What it may do.
    pub functions: BTreeSet<Function>,
    /// Its first key, with the role `admin`.
    pub admin: KeyCard,
}

/// A further key of the author's organisation. Subject: `key:<kid>`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyAdded {
    /// The key.
    pub card: KeyCard,
}

/// The author's own next key: it takes the place of the one that signs this. Subject: `key:<kid>` of the old key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyRotated {
    /// The new key, of the same holder.
    pub card: KeyCard,
}

/// From its place in the log on the key's acts are refused and its reports unvouched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyRevoked {
    /// Why.
    pub reason: Paragraph,
    /// Everything that the key put in after this time is held.
    pub compromised_since: Option<Moment>,
}

/// What a key's holder may sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Adds keys and grants roles in its organisation.
    Admin,
    /// Publishes, supersedes and withdraws designs and allowables; issues licences; recalls.
    DesignAuthority,
    /// Grants approvals, accredits people, qualifies machines, recalls.
    Certifier,
    /// Receives material, enrols machines, records calibration, accepts licences.
    Production,
    /// Orders builds.
    Operator,
    /// Inspects; accredited.
    Inspector,
    /// Releases; accredited.
    ReleaseSignatory,
    /// Ships and receives.
    Custodian,
    /// Installs, removes, destroys; accredited.
    Mechanic,
}

impl Role {
    /// Whether an accrediting body must countersign the role.
    pub fn needs_accreditation(self) -> bool {
        matches!(
            self,
            Role::Inspector | Role::ReleaseSignatory | Role::Mechanic
        )
    }
}

/// The author's organisation gives a key a role. Subject: `key:<kid>`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoleGranted {
    /// Which.
    pub role: Role,
}

/// An accrediting body countersigns a role. Subject: `key:<kid>`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoleAccredited {
    /// Which.
    pub role: Role,
}

/// The log's own entry that closes a batch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogBatch {
    /// Log time of every entry of the batch, Unix seconds; never falls.
    pub logged_at: i64,
    /// Index of the batch's first entry; this entry is its last.
    pub first: u64,
    /// Root of the index of statements (`crate::index`) with this batch; a log that is older than the index began without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index_root: Option<Digest>,
}
