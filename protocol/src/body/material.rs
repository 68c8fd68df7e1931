//! What becomes of material after its receipt: blended, used by a build, scrapped.
//!
//! Owns what these statements say. Powder that came back from a build and is used again is a new lot: a blend, of one lot
//! or of several. All masses are weighed, so each account names how far it may be wrong. Must never know what follows.

use crate::digest::Digest;
use crate::text::{Line, Paragraph, SubjectId};
use serde::{Deserialize, Serialize};

/// Most lots of one blend, and of one build.
pub const LOTS_MAX: usize = 16;

/// What of a lot went into a blend.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Share {
    /// The lot.
    pub lot: SubjectId,
    /// How much of it.
    pub mass_mg: i64,
}

/// A lot was made out of others, virgin or used, or sieved out of one. Subject: the new `lot:<id>`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MaterialBlended {
    /// The shop's number of the blend.
    pub lot_number: Line,
    /// What it was made of; at most [`LOTS_MAX`].
    pub from: Vec<Share>,
    /// What it weighed.
    pub mass_mg: i64,
    /// How far the sum of the shares may be from that; what is above a twentieth of the mass does not count.
    pub tolerance_mg: i64,
    /// SHA3-256 of the record: sieving, chemistry, particle sizes.
    pub record: Digest,
}

/// What a build took out of a lot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Load {
    /// The lot.
    pub lot: SubjectId,
    /// Put into the machine.
    pub loaded_mg: i64,
    /// Came back, and stands beside the lot until it is blended or scrapped.
    pub recovered_mg: i64,
}

/// What a build took. Subject: the build.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MaterialUsed {
    /// Out of which lots; at most [`LOTS_MAX`].
    pub lots: Vec<Load>,
    /// What was fused: parts, supports, coupons.
    pub fused_mg: i64,
    /// What may be missing between loaded, recovered and fused; what is above a twentieth of the loaded mass does not count.
    pub tolerance_mg: i64,
}

/// Some of the lot was thrown away. Subject: the lot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MaterialScrapped {
    /// How much.
    pub mass_mg: i64,
    /// Why.
    pub reason: Paragraph,
}

impl MaterialBlended {
    /// Whether the blend weighs what went into it.
    pub fn is_balanced(&self) -> bool {
        let sum = self.from.iter().map(|share| share.mass_mg);
        let sum = sum.fold(0, i64::saturating_add);
        is_near(sum, self.mass_mg, self.tolerance_mg)
    }
}

impl MaterialUsed {
    /// Whether what was loaded came back or was fused.
    pub fn is_balanced(&self) -> bool {
        let sum = |of: fn(&Load) -> i64| {
            let masses = self.lots.iter().map(of);
            masses.fold(0, i64::saturating_add)
        };
        let accounted = sum(|load| load.recovered_mg).saturating_add(self.fused_mg);
        is_near(accounted, sum(|load| load.loaded_mg), self.tolerance_mg)
    }
}

/// Whether two masses are one within the tolerance, of which at most a twentieth of the second counts.
fn is_near(one_mg: i64, other_mg: i64, tolerance_mg: i64) -> bool {
    let tolerance = tolerance_mg.min(other_mg / 20);
    one_mg.saturating_sub(other_mg).saturating_abs() <= tolerance
}
