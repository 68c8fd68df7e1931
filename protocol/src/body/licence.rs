//! Licences: who may make how many parts of a design, on which machine.
//!
//! Owns what these statements say. Must never know the seed: it is a sealed section.

use super::Bytes16;
use crate::digest::Digest;
use crate::statement::StatementId;
use crate::text::{Cage, CompanyPrefix, Moment, OrgId, SubjectId};
use serde::{Deserialize, Serialize};

/// Most units of one licence.
pub const UNITS_MAX: usize = 1000;

/// Sealed section of [`LicenceIssued`]: the 32-byte seed of the marks, age-encrypted to the machine.
pub const SECTION_SEED: &str = "seed";
/// Sealed section of [`LicenceIssued`]: the design's age identity, age-encrypted to the machine.
pub const SECTION_DESIGN_KEY: &str = "design_key";

/// What the parts are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Parts that may be released.
    Production,
    /// Parts that qualify a process; they can never be released.
    Qualification,
}

/// The licensor grants numbered units 1..=n. Subject: `licence:<id>`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LicenceIssued {
    /// The design.
    pub design: SubjectId,
    /// The approval that covers it; production needs one, qualification precedes it.
    pub approval: Option<SubjectId>,
    /// Who may make them.
    pub holder: OrgId,
    /// On which machine.
    pub machine: SubjectId,
    /// What for.
    pub purpose: Purpose,
    /// Salts the commitments.
    pub nonce: Bytes16,
    /// For each unit from 1, `SHA-256(nonce || unit || mark)`; at most 1,000.
    pub commitments: Vec<Digest>,
    /// Builds start before.
    pub expires: Moment,
    /// Under whose numbers the parts are known outside; by their marks alone where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enterprise: Option<Enterprise>,
}

/// The enterprise that gives parts their unique identifiers (MIL-STD-130, GS1 General Specifications): the licensor's word,
/// as nobody here assigns such numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Enterprise {
    /// Its CAGE code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cage: Option<Cage>,
    /// Its GS1 Company Prefix.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gs1_prefix: Option<CompanyPrefix>,
}

/// The holder accepts. Subject: the licence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LicenceAccepted {
    /// The statement that issued it.
    pub issued: StatementId,
}
