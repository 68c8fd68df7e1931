//! What happens to a part after its build. Subject of all: `part:<id>`.
//!
//! Owns what these statements say. `after` names the newest statement about the part that the author had
//! at hand: it gives causal order where clocks disagree, and need not be there. Must never know phases.

use super::form::Blocks;
use crate::digest::Digest;
use crate::statement::StatementId;
use crate::text::{Line, OrgId, Paragraph, SubjectId};
use serde::{Deserialize, Serialize};

/// An inspector's finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Inspected {
    /// Newest statement about the part at hand.
    pub after: Option<StatementId>,
    /// Inspection plan.
    pub plan: Line,
    /// Characteristics that the plan requires.
    pub required: u32,
    /// Characteristics that conform.
    pub conforming: u32,
    /// Whether the mark was read from the part itself.
    pub mark_read: bool,
    /// SHA3-256 of the report.
    pub report: Digest,
}

impl Inspected {
    /// Whether everything conforms, on the part that carries the mark.
    pub fn passed(&self) -> bool {
        self.mark_read && self.required > 0 && self.conforming == self.required
    }
}

/// The release signatory releases the part for use (FAA 8130-3, EASA Form 1, or a CoC).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Released {
    /// Newest statement about the part at hand.
    pub after: Option<StatementId>,
    /// The passed inspection.
    pub inspection: StatementId,
    /// Form and its version, for instance `FAA 8130-3 (02-14)`.
    pub form: Line,
    /// Form tracking number.
    pub number: Line,
    /// What the form says besides, where that is kept here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blocks: Option<Box<Blocks>>,
}

/// The part leaves the sender; custody passes only with the receiver's statement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shipped {
    /// Newest statement about the part at hand.
    pub after: Option<StatementId>,
    /// The receiver.
    pub to: OrgId,
}

/// The receiver has the part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Received {
    /// Newest statement about the part at hand.
    pub after: Option<StatementId>,
    /// The sender's statement.
    pub shipment: StatementId,
}

/// The owner gives the part to another organisation, which must accept it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnerChanged {
    /// Newest statement about the part at hand.
    pub after: Option<StatementId>,
    /// The new owner.
    pub to: OrgId,
    /// Number of the contract.
    pub terms: Line,
}

/// The new owner has it. Without this nothing has changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnerAccepted {
    /// Newest statement about the part at hand.
    pub after: Option<StatementId>,
    /// The old owner's statement.
    pub change: StatementId,
}

/// The part was installed, in an asset or in an assembly: exactly one of `asset` (with its type) and `into` is named.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Installed {
    /// Newest statement about the part at hand.
    pub after: Option<StatementId>,
    /// The asset, for instance a tail number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asset: Option<Line>,
    /// Type of the asset, as effectivity names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asset_type: Option<Line>,
    /// The assembly, which is a part too: the part goes where it goes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub into: Option<SubjectId>,
    /// Position in it.
    pub position: Line,
    /// Work order.
    pub work_order: Line,
    /// Whose asset it is: what it reports of the asset's use counts for the part. Nobody's does, where nobody is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operator: Option<OrgId>,
}

impl Installed {
    /// Whether it names one place: an asset with its type, or an assembly, which has no operator.
    pub fn is_one_place(&self) -> bool {
        match &self.into {
            Some(_) => (&self.asset, &self.asset_type, &self.operator) == (&None, &None, &None),
            None => self.asset.is_some() && self.asset_type.is_some(),
        }
    }
}

/// The part was removed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Removed {
    /// Newest statement about the part at hand.
    pub after: Option<StatementId>,
    /// Why.
    pub reason: Paragraph,
}

/// The part was destroyed; binds at once, a witness attests it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Destroyed {
    /// Newest statement about the part at hand.
    pub after: Option<StatementId>,
    /// How.
    pub method: Line,
}

/// An independent witness saw the destruction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DestructionAttested {
    /// Newest statement about the part at hand.
    pub after: Option<StatementId>,
    /// The owner's statement.
    pub destruction: StatementId,
}
