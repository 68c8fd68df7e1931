//! The body of a statement: the common part, and one `core` for each kind.
//!
//! Owns which kinds exist and what each says. Must never know who may say it or what follows: that is
//! `lifecycle`. Quantities are integers with the unit in their name; rules read nothing but the common part
//! and `core`.

pub mod allowable;
pub mod asset;
pub mod build;
pub mod correction;
pub mod design;
pub mod form;
pub mod governance;
pub mod licence;
pub mod marking;
pub mod material;
pub mod part;
pub mod physical;
pub mod quality;
pub mod resource;
pub mod safety;
pub mod usage;
pub mod vote;

use crate::digest::Digest;
use crate::json;
use crate::statement::{Malformed, StatementId};
use crate::text::{ActorId, Moment, OrgId, SectionName, SubjectId, shown};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// Version of the body format.
pub const BODY_VERSION: u32 = 1;

/// The largest checkpoint that an author had verified: bounds backdating, and shows split views.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seen {
    /// Size of the tree.
    pub size: u64,
    /// Its root.
    pub root: Digest,
}

/// 16 bytes in hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bytes16(#[serde(with = "hex::serde")] pub [u8; 16]);

/// What a statement says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Body {
    /// The author's organisation.
    pub iss: OrgId,
    /// What it is about.
    pub sub: SubjectId,
    /// The credential that signed.
    pub actor: ActorId,
    /// When it was signed, Unix seconds by the author's clock.
    pub iat: i64,
    /// When what it says happened.
    pub occurred_at: Moment,
    /// Number of this statement among those that the key signed; gaps are normal, doubles are not.
    pub seq: u64,
    /// The key's last statement.
    pub prev: Option<StatementId>,
    /// The largest checkpoint that the author had verified.
    pub seen: Option<Seen>,
    /// Makes the digest of the body say nothing about its content.
    pub salt: Bytes16,
    /// The kind, and what it says.
    pub core: Core,
    /// SHA-256 of each sealed section.
    pub sealed: BTreeMap<SectionName, Digest>,
}

/// [`Body`] as it stands in JSON.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    kind: String,
    v: u32,
    iss: OrgId,
    sub: SubjectId,
    actor: ActorId,
    iat: i64,
    occurred_at: Moment,
    seq: u64,
    prev: Option<StatementId>,
    seen: Option<Seen>,
    salt: Bytes16,
    core: Value,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    sealed: BTreeMap<SectionName, Digest>,
}

impl Body {
    /// Reads strict JSON of a known kind.
    pub fn parse(bytes: &[u8]) -> Result<Body, Malformed> {
        // The message quotes what it refuses.
        let bad = |error: serde_json::Error| Malformed::Body(shown(&error.to_string()));
        let value =
            json::parse(bytes).map_err(|error| Malformed::Body(shown(&error.to_string())))?;
        let wire: Wire = serde_json::from_value(value).map_err(bad)?;
        if wire.v != BODY_VERSION {
            return Err(Malformed::Body(format!("version {} is not known", wire.v)));
        }
        if Moment::from_unix(wire.iat).is_err() {
            return Err(Malformed::Body("iat is not between 2000 and 2199".into()));
        }
        if wire.sealed.len() > crate::statement::SECTIONS_MAX {
            return Err(Malformed::Body("too many sealed sections".into()));
        }
        let core = serde_json::json!({ "kind": wire.kind, "core": wire.core });
        Ok(Body {
            iss: wire.iss,
            sub: wire.sub,
            actor: wire.actor,
            iat: wire.iat,
            occurred_at: wire.occurred_at,
            seq: wire.seq,
            prev: wire.prev,
            seen: wire.seen,
            salt: wire.salt,
            core: serde_json::from_value(core).map_err(bad)?,
            sealed: wire.sealed,
        })
    }

    /// The JSON that is signed; members in alphabetical order, no white space.
    pub fn to_bytes(&self) -> Vec<u8> {
        let Value::Object(mut tagged) = json_of(&self.core) else {
            unreachable!("a tagged enum")
        };
        let wire = Wire {
            kind: self.core.kind().to_owned(),
            v: BODY_VERSION,
            iss: self.iss.clone(),
            sub: self.sub.clone(),
            actor: self.actor.clone(),
            iat: self.iat,
            occurred_at: self.occurred_at,
            seq: self.seq,
            prev: self.prev,
            seen: self.seen.clone(),
            salt: self.salt,
            core: tagged.remove("core").unwrap_or_default(),
            sealed: self.sealed.clone(),
        };
        json_of(&wire).to_string().into_bytes()
    }
}

fn json_of(value: &impl Serialize) -> Value {
    serde_json::to_value(value).expect("bodies have text keys and no failing serializer")
}

/// Whether a statement is an act, which may be refused, or a report of fact, which is always logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nature {
    /// Granting, licensing, approving, releasing, lifting.
    Act,
    /// That something was built, inspected, shipped, received, installed, destroyed.
    Report,
    /// The log's own record of a batch.
    Log,
}

macro_rules! kinds {
    ($($variant:ident($core:ty) = $kind:literal, $nature:ident;)*) => {
        /// Every kind of statement with what it says.
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(tag = "kind", content = "core")]
        pub enum Core {
            $(
                #[doc = concat!("`", $kind, "`")]
                #[serde(rename = $kind)]
                $variant($core),
            )*
        }

        impl Core {
            /// Name of the kind.
            pub fn kind(&self) -> &'static str {
                match self { $(Core::$variant(_) => $kind,)* }
            }

            /// Act or report.
            pub fn nature(&self) -> Nature {
                match self { $(Core::$variant(_) => Nature::$nature,)* }
            }

            /// All kinds that exist.
            pub const KINDS: &[&str] = &[$($kind,)*];
        }
    };
}

kinds! {
    Policy(governance::Policy) = "governance.policy", Act;
    Anchors(governance::Anchors) = "governance.anchors", Act;
    MemberAdmitted(governance::MemberAdmitted) = "governance.member_admitted", Act;
    KeyAdded(governance::KeyAdded) = "governance.key_added", Act;
    KeyRotated(governance::KeyRotated) = "governance.key_rotated", Act;
    KeyRevoked(governance::KeyRevoked) = "governance.key_revoked", Act;
    RoleGranted(governance::RoleGranted) = "governance.role_granted", Act;
    RoleAccredited(governance::RoleAccredited) = "governance.role_accredited", Act;
    Proposed(Box<vote::Proposed>) = "governance.proposed", Act;
    Voted(vote::Voted) = "governance.voted", Act;
    LogBatch(governance::LogBatch) = "log.batch", Log;
    DesignPublished(Box<design::DesignPublished>) = "design.published", Act;
    DesignWithdrawn(design::DesignWithdrawn) = "design.withdrawn", Act;
    DesignSuperseded(design::DesignSuperseded) = "design.superseded", Act;
    AllowablePublished(Box<allowable::AllowablePublished>) = "allowable.published", Act;
    AllowableRecomputed(Box<allowable::AllowableRecomputed>) = "allowable.recomputed", Act;
    ApprovalRequested(design::ApprovalRequested) = "approval.requested", Act;
    ApprovalGranted(design::ApprovalGranted) = "approval.granted", Act;
    ApprovalRevoked(design::ApprovalRevoked) = "approval.revoked", Act;
    LifeLimited(usage::LifeLimited) = "approval.life_limited", Act;
    LicenceIssued(licence::LicenceIssued) = "licence.issued", Act;
    LicenceAccepted(licence::LicenceAccepted) = "licence.accepted", Act;
    MaterialReceived(resource::MaterialReceived) = "material.received", Report;
    MaterialBlended(material::MaterialBlended) = "material.blended", Report;
    MaterialUsed(material::MaterialUsed) = "material.used", Report;
    MaterialScrapped(material::MaterialScrapped) = "material.scrapped", Report;
    MachineEnrolled(resource::MachineEnrolled) = "machine.enrolled", Act;
    MachineQualified(resource::MachineQualified) = "machine.qualified", Act;
    MachineCalibrated(resource::MachineCalibrated) = "machine.calibrated", Report;
    MachineRetired(resource::MachineRetired) = "machine.retired", Act;
    BuildOrdered(build::BuildOrdered) = "build.ordered", Act;
    BuildStarted(build::BuildStarted) = "build.started", Report;
    BuildCompleted(build::BuildCompleted) = "build.completed", Report;
    BuildAborted(build::BuildAborted) = "build.aborted", Report;
    PartEntered(marking::Entered) = "part.entered", Report;
    PartMarked(marking::Marked) = "mark.marked", Report;
    PartMarkVerified(marking::Verified) = "mark.verified", Report;
    PartRemarked(marking::Remarked) = "mark.re_marked", Report;
    PartPostProcessed(quality::PostProcessed) = "quality.post_processed", Report;
    PartTested(quality::Tested) = "quality.tested", Report;
    PartInspected(part::Inspected) = "quality.inspected", Report;
    PartEnrolled(Box<physical::Enrolled>) = "quality.enrolled", Report;
    PartCompared(Box<physical::Compared>) = "quality.compared", Report;
    PartNonconforming(quality::Nonconformance) = "quality.nonconformance", Report;
    PartDispositioned(quality::Dispositioned) = "quality.dispositioned", Act;
    PartReleased(part::Released) = "quality.released", Act;
    PartShipped(part::Shipped) = "custody.shipped", Report;
    PartReceived(part::Received) = "custody.received", Report;
    PartOwnerChanged(part::OwnerChanged) = "custody.owner_changed", Report;
    PartOwnerAccepted(part::OwnerAccepted) = "custody.owner_accepted", Report;
    PartInstalled(part::Installed) = "service.installed", Report;
    PartRemoved(part::Removed) = "service.removed", Report;
    PartUsageReported(usage::UsageReported) = "service.usage_reported", Report;
    AssetUsed(asset::AssetUsed) = "service.asset_used", Report;
    PartRepaired(usage::Repaired) = "service.repaired", Report;
    PartRemanufactured(usage::Repaired) = "service.remanufactured", Report;
    PartDecommissioned(usage::Decommissioned) = "end.decommissioned", Report;
    PartDestroyed(part::Destroyed) = "end.destroyed", Report;
    DestructionAttested(part::DestructionAttested) = "end.destruction_attested", Report;
    ErrorDeclared(correction::ErrorDeclared) = "correction.error_declared", Act;
    ErrorConfirmed(correction::ErrorConfirmed) = "correction.error_confirmed", Act;
    QuarantinePlaced(safety::QuarantinePlaced) = "safety.quarantine_placed", Report;
    QuarantineLifted(safety::QuarantineLifted) = "safety.quarantine_lifted", Act;
    SuspicionPlaced(safety::SuspicionPlaced) = "safety.suspicion_placed", Report;
    SuspicionLifted(safety::SuspicionLifted) = "safety.suspicion_lifted", Act;
    RecallPlaced(safety::RecallPlaced) = "safety.recall_placed", Act;
    RecallReported(safety::RecallReported) = "safety.recall_reported", Act;
    RecallLifted(safety::RecallLifted) = "safety.recall_lifted", Act;
    ReportVouched(safety::ReportVouched) = "safety.report_vouched", Act;
}
