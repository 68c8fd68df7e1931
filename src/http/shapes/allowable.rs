//! Design allowables, as JSON. Owns the description of what is said of one.

use super::catalogue::{Envelope, FileDigest, Source};
use super::{Basis, Hex32, Line, SubjectId};
use utoipa::ToSchema;

/// A design allowable: a strength value.
#[derive(ToSchema)]
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
    /// What the computation says besides the value, where that is told.
    pub analysis: Option<Analysis>,
    /// Lots, builds and machines that the data are of.
    #[schema(required = false, max_items = 32)]
    pub data_of: Vec<SubjectId>,
    /// Machines that the specimens were built on; any of the class, where there is none.
    #[schema(required = false, max_items = 32)]
    pub machines: Vec<SubjectId>,
    /// From then on nothing new begins under it, RFC 3339.
    pub expires: Option<String>,
}

/// What a computation says besides the value.
#[derive(ToSchema)]
pub struct Analysis {
    /// SHA3-256 of the computed result.
    pub result: Hex32,
    /// Mean of the specimens, in the allowable's unit.
    pub mean: i64,
    /// The A-basis value, where it was computed.
    #[schema(required)]
    pub a_basis: Option<i64>,
    /// The B-basis value, where it was computed.
    #[schema(required)]
    pub b_basis: Option<i64>,
    /// What was asked of the data before.
    #[schema(min_items = 1, max_items = 32)]
    pub diagnostics: Vec<Diagnostic>,
}

/// One question that was asked of the data.
#[derive(ToSchema)]
pub struct Diagnostic {
    /// Which.
    pub name: Line,
    /// What came out.
    pub outcome: Outcome,
}

/// What came out of a diagnostic.
#[derive(ToSchema)]
pub struct Outcome {
    /// What; of what failed only an overridden one lets the value stand.
    #[schema(pattern = "^(passed|overridden|not_run)$")]
    pub is: String,
    /// Why it was not asked, or why the value stands all the same.
    #[schema(required = false)]
    pub reason: Option<String>,
}

/// An allowable was computed anew, and who says so.
#[derive(ToSchema)]
pub struct Recomputed(pub AllowableRecomputed, pub Source);

/// What came out without some of the data.
#[derive(ToSchema)]
pub struct AllowableRecomputed {
    /// What it does not rest on any more.
    #[schema(max_items = 32)]
    pub without: Vec<SubjectId>,
    /// The value that came out, in the allowable's unit and of its basis.
    pub value: i64,
    /// Number of specimens that are left.
    pub specimens: u32,
    /// Number of batches that they come from.
    pub batches: u32,
    /// The data set that is left.
    pub dataset: FileDigest,
    /// What the computation says besides.
    pub analysis: Analysis,
}
