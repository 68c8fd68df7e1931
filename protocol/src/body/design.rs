//! Designs and their approvals.
//!
//! Owns what these statements say: the digital product definition (DPD, after MIL-STD-31000) and the design approval.
//! Must never know geometry.

use super::governance::PartClass;
use super::usage::LifeLimit;
use crate::digest::{Artifact, Digest};
use crate::statement::StatementId;
use crate::text::{Line, Moment, Paragraph, SubjectId};
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::ops::RangeInclusive;

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
    /// What a part weighs; nothing is compared where it is not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mass: Option<PartMass>,
}

/// What a part weighs, and what is fused beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartMass {
    /// Volume of the geometry.
    pub volume_mm3: i64,
    /// Density of the fused material.
    pub density_ug_per_mm3: i64,
    /// How far the fused mass may be from both together.
    pub tolerance_permille: u32,
    /// Most that the supports of one part weigh.
    #[serde(default)]
    pub supports_mg: i64,
    /// Most that one test coupon weighs.
    #[serde(default)]
    pub coupon_mg: i64,
}

/// Most parts in a thousand by which a declared mass may be off.
pub const TOLERANCE_MAX_PERMILLE: u32 = 500;

impl PartMass {
    /// Whether it says something that a part can weigh.
    pub fn is_sound(&self) -> bool {
        self.volume_mm3 > 0
            && self.density_ug_per_mm3 > 0
            && self.tolerance_permille <= TOLERANCE_MAX_PERMILLE
            && self.supports_mg >= 0
            && self.coupon_mg >= 0
    }

    /// How what was fused, in milligrams, compares with at least and at most so many parts, and at most so many coupons: less than the
    /// least parts alone, more than all of it, or neither.
    pub fn compare(&self, fused_mg: i64, parts: RangeInclusive<usize>, coupons: usize) -> Ordering {
        let per_mille = i128::from(self.tolerance_permille);
        // Micrograms, so that nothing is rounded off.
        let part_ug = i128::from(self.volume_mm3) * i128::from(self.density_ug_per_mm3);
        let (few, all) = (*parts.start() as i128, *parts.end() as i128);
        let beside_mg =
            all * i128::from(self.supports_mg) + coupons as i128 * i128::from(self.coupon_mg);
        let least = few * part_ug * (1000 - per_mille);
        let most = (all * part_ug + beside_mg * 1000) * (1000 + per_mille);
        let fused = i128::from(fused_mg) * 1_000_000;
        match (fused < least, fused > most) {
            (true, _) => Ordering::Less,
            (_, true) => Ordering::Greater,
            _ => Ordering::Equal,
        }
    }
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
    /// Depth of the relief.
    pub depth_um: u32,
    /// Least material behind the relief.
    pub wall_um: u32,
    /// Which way the dark modules go: recessed where nothing is said.
    #[serde(default, skip_serializing_if = "MarkManner::is_recessed")]
    pub manner: MarkManner,
}

/// How a mark is put onto a face.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MarkManner {
    /// Into the part.
    #[default]
    Recessed,
    /// Out of the part.
    Raised,
    /// Into the part, filled with another colour.
    TwoColours,
}

impl MarkManner {
    fn is_recessed(&self) -> bool {
        *self == MarkManner::Recessed
    }
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
    /// Tests, by their names, of which one on a coupon of the build must stand before a part is released; at most 16.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub coupon_tests: BTreeSet<Line>,
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
