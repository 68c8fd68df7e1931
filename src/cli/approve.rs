//! `threadmark approve`: design approvals.
//!
//! Owns the arguments of request, grant and revocation. Must never know what makes a design strong enough.

use super::args::{self, by_name};
use super::lookup;
use super::output::Document;
use super::sign::Signing;
use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use std::path::Path;
use std::process::ExitCode;
use threadmark_agent::home::Draft;
use threadmark_protocol::body::Core;
use threadmark_protocol::body::design::{
    ApprovalGranted, ApprovalRequested, ApprovalRevoked, Effect, Substantiation,
};
use threadmark_protocol::body::usage::{LifeLimit, LifeLimited};
use threadmark_protocol::text::{Line, Moment, Paragraph, SubjectId};

/// Request, grant and revoke design approvals
#[derive(Subcommand)]
pub enum Approve {
    /// Ask a certification authority to approve a design
    Request(Request),
    /// Grant what was asked, as an authority
    Grant(Grant),
    /// Set how much of its use ends a part's life, as an authority; it reaches all parts
    Limit(Limit),
    /// Take an approval back, as an authority
    Revoke(Revoke),
}

#[derive(Args)]
#[command(after_help = "Example:
  threadmark approve request --design design:4f…a1 --test TR-12=report.pdf \\
      --analysis allowable:77…0b=stress.pdf --effectivity H-60 --home ./designer")]
pub struct Request {
    /// The design
    #[arg(long)]
    design: SubjectId,
    /// A test report: its number and its file
    #[arg(long = "test", value_parser = args::pair, value_name = "REF=FILE")]
    tests: Vec<(String, String)>,
    /// An analysis that cites an allowable: the allowable and the file
    #[arg(long = "analysis", value_parser = args::pair, value_name = "ALLOWABLE=FILE")]
    analyses: Vec<(String, String)>,
    /// Type of asset that the part may be installed in; any, where none is named
    #[arg(long, value_name = "TYPE")]
    effectivity: Vec<Line>,
    /// Id of the approval; a new one where none is given
    #[arg(long)]
    id: Option<SubjectId>,
    #[command(flatten)]
    signing: Signing,
}

#[derive(Args)]
#[command(after_help = "Example:
  threadmark approve grant approval:0c…9e --until 1825d --zone-qualified --home ./certifier")]
pub struct Grant {
    /// The approval
    approval: SubjectId,
    /// End of validity: RFC 3339, a date, or days such as 365d
    #[arg(long, value_parser = args::time, value_name = "TIME")]
    until: Moment,
    /// The mark zone is qualified for the worst-case pattern
    #[arg(long)]
    zone_qualified: bool,
    /// Conditions for people
    #[arg(long)]
    conditions: Option<Paragraph>,
    /// How often powder may have been used before; any number of times, where nothing is said
    #[arg(long, value_name = "TIMES")]
    reuse_max: Option<u32>,
    /// A test, by its name, that a coupon of the build must have had before a part is released; once for each
    #[arg(long = "coupon-test", value_name = "TEST")]
    coupon_tests: Vec<Line>,
    #[command(flatten)]
    life: Bounds,
    #[command(flatten)]
    signing: Signing,
}

/// How much of its use ends a part's life.
#[derive(Args)]
pub struct Bounds {
    /// Hours of operation that end a part's life
    #[arg(long, value_name = "HOURS")]
    life_hours: Option<u32>,
    /// Cycles that end it
    #[arg(long, value_name = "CYCLES")]
    life_cycles: Option<u32>,
    /// Landings that end it
    #[arg(long, value_name = "LANDINGS")]
    life_landings: Option<u32>,
}

impl Bounds {
    /// None where nothing bounds it.
    fn limit(&self) -> Option<LifeLimit> {
        let limit = LifeLimit {
            duration_s: self.life_hours.map(|hours| u64::from(hours) * 3600),
            cycles: self.life_cycles.map(u64::from),
            landings: self.life_landings.map(u64::from),
        };
        limit.is_a_limit().then_some(limit)
    }
}

#[derive(Args)]
#[command(after_help = "Example:
  threadmark approve limit approval:0c…9e --life-hours 1500 --reason 'AD 2026-11-04' --home ./certifier")]
pub struct Limit {
    /// The approval
    approval: SubjectId,
    #[command(flatten)]
    life: Bounds,
    /// Why
    #[arg(long)]
    reason: Paragraph,
    #[command(flatten)]
    signing: Signing,
}

#[derive(Args)]
#[command(after_help = "Example:
  threadmark approve revoke approval:0c…9e --effect unreleased --reason 'Test report withdrawn' --home ./certifier")]
pub struct Revoke {
    /// The approval
    approval: SubjectId,
    /// Which parts it reaches: new_builds, unreleased, all
    #[arg(long, value_parser = by_name::<Effect>)]
    effect: Effect,
    /// Why
    #[arg(long)]
    reason: Paragraph,
    #[command(flatten)]
    signing: Signing,
}

impl Approve {
    /// Runs the command.
    pub fn run(self) -> Result<ExitCode> {
        match self {
            Approve::Request(request) => request.run(),
            Approve::Grant(grant) => grant.run(),
            Approve::Limit(of) => {
                let limit = of.life.limit();
                let limit = limit.context("name at least one of hours, cycles and landings")?;
                let reason = of.reason;
                let core = Core::LifeLimited(LifeLimited { limit, reason });
                of.signing
                    .open()?
                    .sign(Draft::new(of.approval, core), Document::new())
            }
            Approve::Revoke(of) => {
                let (effect, reason) = (of.effect, of.reason);
                let core = Core::ApprovalRevoked(ApprovalRevoked { effect, reason });
                of.signing
                    .open()?
                    .sign(Draft::new(of.approval, core), Document::new())
            }
        }
    }
}

impl Request {
    fn run(self) -> Result<ExitCode> {
        let mut substantiation = Vec::new();
        for (reference, file) in &self.tests {
            let reference = reference.parse()?;
            let report = args::digest_of(Path::new(file))?;
            substantiation.push(Substantiation::Test { reference, report });
        }
        for (allowable, file) in &self.analyses {
            let about = || format!("{allowable:?} is no id of an allowable");
            let allowable = allowable.parse().with_context(about)?;
            let report = args::digest_of(Path::new(file))?;
            substantiation.push(Substantiation::Analysis { allowable, report });
        }
        let id = args::id_or_new("approval", self.id)?;
        let told = Document::new().with("design", &self.design);
        let core = Core::ApprovalRequested(ApprovalRequested {
            design: self.design,
            substantiation,
            effectivity: self.effectivity.into_iter().collect(),
        });
        self.signing.open()?.sign(Draft::new(id, core), told)
    }
}

impl Grant {
    fn run(self) -> Result<ExitCode> {
        let desk = self.signing.open()?;
        let request = lookup::request_of(&desk.view()?.world, &self.approval)?;
        let told = Document::new()
            .with("request", request)
            .with("until", self.until);
        let core = Core::ApprovalGranted(ApprovalGranted {
            request,
            zone_qualified: self.zone_qualified,
            expires: self.until,
            conditions: self.conditions,
            reuse_max: self.reuse_max,
            life: self.life.limit(),
            coupon_tests: self.coupon_tests.into_iter().collect(),
        });
        desk.sign(Draft::new(self.approval, core), told)
    }
}
