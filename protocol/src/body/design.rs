//! Designs, design allowables and approvals.
//!
//! Owns what these statements say: the digital product definition (DPD, after MIL-STD-31000), the
//! allowable (CMH-17 terms) and the design approval. Must never know geometry or statistics.

use super::governance::PartClass;
use super::usage::LifeLimit;
use crate::digest::{Artifact, Digest, FileDigest};
use crate::statement::StatementId;
use crate::text::{Line, Moment, Paragraph, SubjectId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A digital product definition. Subject: `design:<id>`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DesignPublished {
    /// Part number, unique with the revision for this author.
    pub part_number: Line,
    /// Revision.
    pub revision: Line,
    /// Name for people.
    pub name: Line,
    /// Consequence of failure.
    pub class: PartClass,
    /// The process that the part is made for.
    pub envelope: Envelope,
    /// Files; exactly one is the geometry.
    pub files: Vec<DesignFile>,
    /// Where the mark may go.
    pub zone: MarkZone,
    /// Distribution statement and export marking, shown to whoever receives the files.
    pub distribution: Line,
}

/// A file of a design.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DesignFile {
    /// What the file is.
    pub use_as: FileUse,
    /// File name.
    pub name: Line,
    /// Its digests.
    pub artifact: Artifact,
}

/// What a design's file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileUse {
    /// The mesh that is printed.
    Geometry,
    /// The slicer's settings.
    Profile,
    /// Drawing, specification, anything else.
    Other,
}

/// A planar place for the mark on the geometry, in the geometry's coordinates.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MarkZone {
    /// Centre on the face.
    pub centre_um: [i64; 3],
    /// Outward unit normal × 1,000,000.
    pub normal_e6: [i32; 3],
    /// Unit vector in the face that is up for a reader, × 1,000,000.
    pub up_e6: [i32; 3],
    /// Width across `up`.
    pub width_um: u32,
    /// Height along `up`.
    pub height_um: u32,
    /// Edge of one module.
    pub module_um: u32,
    /// Depth of the recess.
    pub depth_um: u32,
    /// Least material behind the recess.
    pub wall_um: u32,
}

/// Bounds of a process: outside of them there is no value, not an extrapolation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Envelope {
    /// Material specification.
    pub material: Line,
    /// Class of machines.
    pub machine_class: Line,
    /// Process specification.
    pub process: Line,
    /// Build orientation, for instance `Z`, or `any`.
    pub orientation: Line,
}

impl Envelope {
    /// Whether everything inside `other` is inside this.
    pub fn covers(&self, other: &Envelope) -> bool {
        self.material == other.material
            && self.machine_class == other.machine_class
            && self.process == other.process
            && (self.orientation.as_str() == "any" || self.orientation == other.orientation)
    }
}

/// Which parts a withdrawal, supersession or revocation reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Builds that start after it.
    NewBuilds,
    /// Those, and parts that are not released.
    Unreleased,
    /// All parts.
    All,
}

/// The design is not to be used any more. Subject: the design.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DesignWithdrawn {
    /// Which parts it reaches.
    pub effect: Effect,
    /// Why.
    pub reason: Paragraph,
}

/// Another revision takes the place of the design. Subject: the old design.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DesignSuperseded {
    /// The new design.
    pub by: SubjectId,
    /// Which parts it reaches.
    pub effect: Effect,
}

/// Statistical basis of an allowable (CMH-17-1G; 14 CFR 25.613).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Basis {
    /// 99 % of the population exceeds the value, with 95 % confidence.
    A,
    /// 90 %, with 95 % confidence.
    B,
    /// Specification minimum.
    S,
}

/// A design allowable: a strength value; it approves no geometry. Subject: `allowable:<id>`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AllowablePublished {
    /// For instance `ultimate tensile strength`.
    pub property: Line,
    /// The value in `unit`.
    pub value: i64,
    /// For instance `kPa`.
    pub unit: Line,
    /// What the number promises.
    pub basis: Basis,
    /// Number of specimens.
    pub specimens: u32,
    /// Number of batches that they come from.
    pub batches: u32,
    /// Where it holds.
    pub envelope: Envelope,
    /// Method and its version.
    pub method: Line,
    /// The data set.
    pub dataset: FileDigest,
}

/// What shows that a design is strong enough.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "snake_case", deny_unknown_fields)]
pub enum Substantiation {
    /// Test of this design on this process (point approval).
    Test {
        /// Number of the report.
        reference: Line,
        /// SHA3-256 of the report.
        report: Digest,
    },
    /// Analysis that cites an allowable.
    Analysis {
        /// The allowable.
        allowable: SubjectId,
        /// SHA3-256 of the analysis.
        report: Digest,
    },
}

/// The design authority asks for approval. Subject: `approval:<id>`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApprovalRequested {
    /// The design.
    pub design: SubjectId,
    /// At least one.
    pub substantiation: Vec<Substantiation>,
    /// Types of assets it may be installed in; empty: any.
    pub effectivity: BTreeSet<Line>,
}

/// The authority grants it. Subject: the approval.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApprovalGranted {
    /// The request.
    pub request: StatementId,
    /// Whether the mark zone is qualified for the worst-case pattern.
    pub zone_qualified: bool,
    /// End of validity.
    pub expires: Moment,
    /// Conditions for people.
    pub conditions: Option<Paragraph>,
    /// How often powder may have been used before; any number of times where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reuse_max: Option<u32>,
    /// How much of its use ends a part's life; none where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub life: Option<LifeLimit>,
}

/// The authority takes it back. Subject: the approval.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApprovalRevoked {
    /// Which parts it reaches.
    pub effect: Effect,
    /// Why.
    pub reason: Paragraph,
}
