//! `threadmark publish allowable` and `recompute`: what a strength value is, what it rests on, and that it was computed anew.
//!
//! Owns the arguments and the form of the specifications. Must never know how values are computed.

use super::args::{self, read_json};
use super::{Document, Draft, Signing};
use anyhow::Result;
use clap::Args;
use serde::Deserialize;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::ExitCode;
use threadmark_protocol::body::Core;
use threadmark_protocol::body::allowable::{
    AllowablePublished, AllowableRecomputed, Analysis, Basis,
};
use threadmark_protocol::body::design::Envelope;
use threadmark_protocol::digest::FileDigest;
use threadmark_protocol::text::{Line, Moment, SubjectId};

#[derive(Args)]
#[command(after_help = "The specification is JSON:
  { \"property\": \"ultimate tensile strength\", \"value\": 41000, \"unit\": \"kPa\", \"basis\": \"B\", \"specimens\": 60,
    \"batches\": 5, \"envelope\": { … as of a design, orientation may be \"any\" }, \"method\": \"CMH-17-1G 8.3\" }
It may say more: \"expires\" (from then on nothing new begins under it), \"data_of\" (lots, builds and machines of the data: a recall of one
reaches what rests on the value), \"machines\" (of the specimens; others need an equivalency test), and \"analysis\":
  { \"result\": \"SHA3-256 of the computed result\", \"mean\": 47000, \"a_basis\": null, \"b_basis\": 41000, \"diagnostics\": [
    { \"name\": \"outliers, MNR 0.05\", \"outcome\": { \"is\": \"passed\" } },
    { \"name\": \"k-sample AD 0.025\", \"outcome\": { \"is\": \"overridden\", \"reason\": \"One batch of five\" } } ] }
Outcomes are passed, failed, overridden and not_run, the last two with a reason. Who signs answers for what is overridden; what failed and is
not overridden is refused.
Example:
  threadmark publish allowable --spec uts.json --dataset coupons.csv --home ./designer")]
pub struct Allowable {
    /// What the allowable is, as JSON
    #[arg(long, value_name = "SPEC.json")]
    spec: PathBuf,
    /// The data set; its digest is published, not the data
    #[arg(long, value_name = "FILE")]
    dataset: PathBuf,
    /// Id of the allowable; a new one where none is given
    #[arg(long)]
    id: Option<SubjectId>,
    #[command(flatten)]
    signing: Signing,
}

/// Publish what came out when an allowable was computed anew
///
/// Data of a recalled lot are left out: where the value is no lower without them, what rests on the allowable is held by that recall no more.
/// Where it is lower, it is held until a design is approved on another value.
#[derive(Args)]
#[command(
    after_help = "The specification is JSON, with \"analysis\" as of `threadmark publish allowable`:
  { \"value\": 41200, \"specimens\": 48, \"batches\": 4, \"analysis\": { … } }
Example:
  threadmark publish recompute allowable:7d…02 --without lot:31…d8 --spec anew.json --dataset left.csv --home ./designer"
)]
pub struct Recompute {
    /// The allowable
    allowable: SubjectId,
    /// What it does not rest on any more; once for each, those that were left out before too
    #[arg(long, required = true, value_name = "SUBJECT")]
    without: Vec<SubjectId>,
    /// What came out, as JSON
    #[arg(long, value_name = "SPEC.json")]
    spec: PathBuf,
    /// The data set that is left
    #[arg(long, value_name = "FILE")]
    dataset: PathBuf,
    #[command(flatten)]
    signing: Signing,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AllowableSpec {
    property: Line,
    value: i64,
    unit: Line,
    basis: Basis,
    specimens: u32,
    batches: u32,
    envelope: Envelope,
    method: Line,
    analysis: Option<Analysis>,
    #[serde(default)]
    data_of: BTreeSet<SubjectId>,
    #[serde(default)]
    machines: BTreeSet<SubjectId>,
    expires: Option<Moment>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RecomputedSpec {
    value: i64,
    specimens: u32,
    batches: u32,
    analysis: Analysis,
}

impl Allowable {
    /// Runs the command.
    pub fn run(self) -> Result<ExitCode> {
        let spec: AllowableSpec = read_json(&self.spec)?;
        let id = args::id_or_new("allowable", self.id)?;
        let core = Core::AllowablePublished(Box::new(AllowablePublished {
            property: spec.property,
            value: spec.value,
            unit: spec.unit,
            basis: spec.basis,
            specimens: spec.specimens,
            batches: spec.batches,
            envelope: spec.envelope,
            method: spec.method,
            dataset: FileDigest::of(&args::read(&self.dataset)?),
            analysis: spec.analysis,
            data_of: spec.data_of,
            machines: spec.machines,
            expires: spec.expires,
        }));
        self.signing
            .open()?
            .sign(Draft::new(id, core), Document::new())
    }
}

impl Recompute {
    /// Runs the command.
    pub fn run(self) -> Result<ExitCode> {
        let spec: RecomputedSpec = read_json(&self.spec)?;
        let core = Core::AllowableRecomputed(Box::new(AllowableRecomputed {
            without: self.without.into_iter().collect(),
            value: spec.value,
            specimens: spec.specimens,
            batches: spec.batches,
            dataset: FileDigest::of(&args::read(&self.dataset)?),
            analysis: spec.analysis,
        }));
        self.signing
            .open()?
            .sign(Draft::new(self.allowable, core), Document::new())
    }
}
