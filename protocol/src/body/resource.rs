//! Material lots and machines.
//!
//! Owns what these statements say. Must never know builds.

use crate::digest::Digest;
use crate::key::KeyId;
use crate::text::{Line, Moment, Paragraph, SubjectId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A lot of powder or filament arrived. Subject: `lot:<id>`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MaterialReceived {
    /// Material specification.
    pub material: Line,
    /// The supplier's lot number.
    pub lot_number: Line,
    /// Mass.
    pub mass_mg: i64,
    /// SHA3-256 of the certificate.
    pub certificate: Digest,
}

/// A machine of the author's organisation. Subject: `machine:<id>`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MachineEnrolled {
    /// Maker and model.
    pub model: Line,
    /// Serial number.
    pub serial: Line,
    /// Class of machines, as envelopes name it.
    pub machine_class: Line,
    /// The agent's key.
    pub key: KeyId,
}

/// The machine is qualified for a process. Subject: the machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MachineQualified {
    /// Process specification.
    pub process: Line,
    /// Material specification.
    pub material: Line,
    /// End of validity.
    pub expires: Moment,
    /// SHA3-256 of the report.
    pub report: Digest,
    /// Allowables of other machines' specimens whose equivalency test this machine has passed; at most 16.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub equivalent_to: BTreeSet<SubjectId>,
}

/// The machine was calibrated. Subject: the machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MachineCalibrated {
    /// Calibration is due again.
    pub expires: Moment,
    /// SHA3-256 of the certificate.
    pub certificate: Digest,
}

/// The machine builds no more. Subject: the machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MachineRetired {
    /// Why.
    pub reason: Paragraph,
}
