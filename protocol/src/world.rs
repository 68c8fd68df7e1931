//! The world: the states of the subjects that matter for one decision.
//!
//! Owns what a state holds and how one walks upward from it. States store what was said and by whom, not what
//! follows from it: holds and phases are computed by [`crate::life`], so that nothing has to be rewritten
//! when a recall comes, and the order in which journals arrive does not matter. Must never know storage.

use crate::body::allowable::{AllowablePublished, AllowableRecomputed};
use crate::body::asset::AssetUsed;
use crate::body::build::{BuildOrdered, BuildStarted};
use crate::body::design::{ApprovalGranted, ApprovalRequested, DesignPublished, Effect};
use crate::body::governance::{KeyCard, Policy, Role};
use crate::body::licence::LicenceIssued;
use crate::body::material::{MaterialBlended, MaterialUsed};
use crate::body::quality::Tested;
use crate::body::resource::{
    MachineCalibrated, MachineEnrolled, MachineQualified, MaterialReceived,
};
use crate::body::safety::{RecallPlaced, RecallReported};
use crate::body::usage::LifeLimited;
use crate::code::Code;
use crate::key::KeyId;
use crate::statement::StatementId;
use crate::text::{ActorId, Line, OrgId, SubjectId};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub mod bounds;
mod decided;
mod event;
mod parents;
mod rights;
mod subjects;

pub use decided::{
    Ballot, DECISIONS_MAX, Decided, Decision, GOVERNORS_MAX, POLICIES_MAX, Place, Standing, Vote,
    governors_subject, needed,
};
pub use event::{Drawn, Event, Fault};
pub use parents::Overflow;
pub use rights::{Revocation, RoleHeld};
use subjects::subject;
pub use subjects::{
    asset_subject, claim_subject, contents_subject, key_subject, log_subject, mark_subject,
    org_subject, policy_subject, with_contents,
};

/// The form in which what follows from the log stands in storage: each [`State`] as JSON with what stands above
/// it, and the lists of statements by subject. Raise it when what is stored would be read as something else or not at all; the service then
/// refuses the older form and asks to make it again from the log.
pub const STATE_FORM: i32 = 5;

/// Most subjects that one state names as what it stands on; the authors of its reports come on top, because
/// who may report is everybody.
pub const PARENTS_MAX: usize = 64;
/// Most subjects above one subject.
pub const ANCESTORS_MAX: usize = 10_000;

/// Who said something, when, and where it stands in the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// The statement.
    pub statement: StatementId,
    /// The key that signed.
    pub kid: KeyId,
    /// The statement's number for that key.
    pub seq: u64,
    /// The author's organisation.
    pub org: OrgId,
    /// The author's credential.
    pub actor: ActorId,
    /// When it happened, Unix seconds.
    pub at: i64,
    /// Index in the log; `None` for what is signed and not logged yet.
    pub index: Option<u64>,
    /// Log time, Unix seconds.
    pub logged_at: Option<i64>,
}

impl Source {
    /// The log index that counts when it is asked what an author had seen: not logged is after everything.
    pub fn since(&self) -> u64 {
        self.index.unwrap_or(u64::MAX)
    }
}

/// A report with what was found when it was logged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report<T> {
    /// Who reported.
    pub source: Source,
    /// What.
    pub says: T,
    /// Findings about its author at its place in the log.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub noted: BTreeSet<Code>,
}

impl<T> Report<T> {
    /// Adds a report to a list that is kept in causal order, so that the order of arrival leaves no trace.
    pub fn insert(list: &mut Vec<Report<T>>, report: Report<T>) {
        let place = |report: &Report<T>| (report.source.at, report.source.statement);
        let at = list.partition_point(|other| place(other) < place(&report));
        list.insert(at, report);
    }
}

/// What kind of statement restricts what stands below a subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)] // each variant is the statement kind of its name
pub enum RestrictionKind {
    Withdrawn,
    Superseded,
    ApprovalRevoked,
    Recalled,
    Retired,
}

impl RestrictionKind {
    /// The code that a restricted part carries.
    pub fn code(self) -> Code {
        match self {
            RestrictionKind::Withdrawn => Code::DesignWithdrawn,
            RestrictionKind::Superseded => Code::DesignSuperseded,
            RestrictionKind::ApprovalRevoked => Code::ApprovalRevoked,
            RestrictionKind::Recalled => Code::Recalled,
            RestrictionKind::Retired => Code::MachineRetired,
        }
    }
}

/// Something that binds everything below a subject, made already or not yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restriction {
    /// What it is.
    pub kind: RestrictionKind,
    /// Who placed it.
    pub source: Source,
    /// Which parts it reaches.
    pub effect: Effect,
    /// Only parts whose build started at or after this Unix time.
    pub from: Option<i64>,
    /// Only parts whose build started before this Unix time.
    pub until: Option<i64>,
    /// Only parts that descend from these too.
    pub also: BTreeSet<SubjectId>,
    /// Why.
    pub reason: String,
    /// Who lifted it.
    pub lifted: Option<Source>,
}

/// What is known of a subject, by its type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
#[allow(missing_docs)] // fields are what the statements of the kinds say, and their sources
pub enum Data {
    Policy {
        policies: Vec<Decided<Policy>>,
    },
    Log {
        logged_at: i64,
        source: Source,
    },
    Member {
        name: Line,
        standing: Vec<Decided<Standing>>,
        /// Keys that got the role `admin` from another administrator.
        #[serde(default, skip_serializing_if = "is_zero")]
        admins: u32,
    },
    Governors {
        seats: BTreeSet<OrgId>,
    },
    Proposal(Box<Ballot>),
    Key {
        card: KeyCard,
        org: OrgId,
        roles: BTreeMap<Role, RoleHeld>,
        /// Log time from which on it is in force, Unix seconds; from its place in the log on where there is none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<i64>,
        /// The proposal that brought it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        proposal: Option<SubjectId>,
        /// What it signed under a higher number than this statement has was signed after another key took its place.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rotated: Option<Box<Source>>,
        /// How many keys of the same line were before it.
        #[serde(default, skip_serializing_if = "is_zero")]
        line: u32,
        revoked: Option<Revocation>,
        /// Numbers that the key has used twice, each with the log index where that came to light.
        forks: BTreeSet<(u64, u64)>,
        source: Source,
    },
    Design {
        design: Box<DesignPublished>,
        source: Source,
    },
    Allowable {
        allowable: Box<AllowablePublished>,
        source: Source,
        /// Computed anew without some of its data, in the log's order; the last counts.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        recomputed: Vec<(AllowableRecomputed, Source)>,
    },
    Approval {
        request: ApprovalRequested,
        source: Source,
        granted: Option<(ApprovalGranted, Source)>,
        /// Limits of life that were set since, in the log's order; the last is in force.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        limits: Vec<(LifeLimited, Source)>,
    },
    Licence {
        licence: LicenceIssued,
        source: Source,
        accepted: Option<Source>,
    },
    Lot {
        received: Vec<Report<MaterialReceived>>,
        /// What it was made of, where it is a blend.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        blended: Vec<Report<MaterialBlended>>,
        /// What was taken out of it.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        drawn: Vec<Report<Drawn>>,
        /// Log index from which on more was said than is kept, by organisation.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        crowded: BTreeMap<OrgId, u64>,
    },
    Machine {
        enrolled: Option<(MachineEnrolled, Source)>,
        qualified: Vec<(MachineQualified, Source)>,
        calibrated: Vec<Report<MachineCalibrated>>,
    },
    Order {
        order: Report<BuildOrdered>,
    },
    Build {
        starts: Vec<Report<BuildStarted>>,
        /// What it took out of which lots.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        uses: Vec<Report<MaterialUsed>>,
        /// What was measured on its coupons.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        tests: Vec<Report<Tested>>,
        /// Parts that were reported made, by who said so, with the log index from which on that could be seen; `u64::MAX` when it is
        /// not logged yet.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        made: BTreeMap<OrgId, BTreeMap<SubjectId, u64>>,
    },
    Part {
        facts: Vec<Report<Event>>,
        /// Log index from which on more was said than is kept; `u64::MAX` when that is not logged yet.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        crowded: Option<u64>,
    },
    Mark {
        parts: BTreeSet<SubjectId>,
        /// Log index of the build that made it two parts; `u64::MAX` when that is not logged yet.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        doubled: Option<u64>,
    },
    Claim {
        by: SubjectId,
    },
    /// What was ever said to be put into an assembly. Whether it is in it now, its own life says.
    Contents {
        /// The parts, by who said so.
        parts: BTreeMap<OrgId, BTreeSet<SubjectId>>,
        /// Who said more than is kept.
        #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
        crowded: BTreeSet<OrgId>,
    },
    Asset {
        uses: Vec<Report<AssetUsed>>,
        /// Readings that their operator took back.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        faults: Vec<Fault>,
        /// Log index from which on more was said than is kept.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        crowded: Option<u64>,
    },
    Recall {
        recall: RecallPlaced,
        on: SubjectId,
        source: Source,
        /// Lists of what it reaches, in the log's order.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        reported: Vec<(RecallReported, Source)>,
        lifted: Option<Source>,
    },
}

/// serde asks by reference.
#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// A subject's state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// What was said of it.
    #[serde(flatten)]
    pub data: Data,
    /// What binds everything below it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub restrictions: Vec<Restriction>,
}

impl From<Data> for State {
    fn from(data: Data) -> State {
        State {
            data,
            restrictions: Vec::new(),
        }
    }
}

/// States by subject, and which statement has which number of which key.
#[derive(Clone, Debug, Default)]
pub struct World {
    /// States; worlds share those that they have in common.
    pub states: BTreeMap<SubjectId, Arc<State>>,
    /// The first statement that was logged with a key's number.
    pub sequences: BTreeMap<(KeyId, u64), StatementId>,
}

impl World {
    /// A subject's state.
    pub fn state(&self, id: &SubjectId) -> Option<&State> {
        self.states.get(id).map(Arc::as_ref)
    }

    /// What is known of a subject.
    pub fn get(&self, id: &SubjectId) -> Option<&Data> {
        self.state(id).map(|state| &state.data)
    }

    /// What binds everything below a subject.
    pub fn restrictions(&self, id: &SubjectId) -> &[Restriction] {
        self.state(id).map_or(&[], |state| &state.restrictions)
    }

    /// A subject's state, to be changed.
    pub(crate) fn copy(&self, id: &SubjectId) -> Option<State> {
        self.state(id).cloned()
    }

    /// Every part of which something was said, in the order of their ids.
    pub fn parts(&self) -> impl Iterator<Item = &SubjectId> {
        let states = self.states.iter();
        let parts = states.filter(|(_, state)| matches!(state.data, Data::Part { .. }));
        parts.map(|(id, _)| id)
    }

    /// Card and organisation of a key.
    pub fn key(&self, kid: &KeyId) -> Option<(&KeyCard, &OrgId)> {
        match self.get(&key_subject(kid)) {
            Some(Data::Key { card, org, .. }) => Some((card, org)),
            _ => None,
        }
    }
}
