//! Whose a part is, how much it is used, and what is done to it in service.
//!
//! Owns the arguments. Must never know phases.

use super::On;
use super::args;
use anyhow::Result;
use clap::{Args, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;
use threadmark_protocol::body::Core;
use threadmark_protocol::body::part::{OwnerAccepted, OwnerChanged};
use threadmark_protocol::body::usage::{Decommissioned, Repaired, Usage, UsageReported};
use threadmark_protocol::statement::StatementId;
use threadmark_protocol::text::{Line, OrgId, Paragraph};

/// What a part goes through
#[derive(Subcommand)]
pub enum Service {
    /// Report how much the part was used since it was new
    #[command(after_help = "Example:
  threadmark part usage 7K3Q9XWD2M8TV0AY --hours 1204 --cycles 880 --landings 880 --peak-milli-g 1850 \\
      --source 'Log book' --home ./mechanic")]
    Usage(Reported),
    /// Report a repair; the part is inspected and released again
    #[command(after_help = "Example:
  threadmark part repair 7K3Q9XWD2M8TV0AY --approved-data 'SRM 53-10-02' --work-order WO-81 --record repair.pdf \\
      --home ./mechanic")]
    Repair(Repair),
    /// Report a remanufacture; the part is inspected and released again, and its use counts on
    #[command(after_help = "Example:
  threadmark part remanufacture 7K3Q9XWD2M8TV0AY --approved-data RM-7 --work-order WO-90 --record rm.pdf \\
      --home ./mechanic")]
    Remanufacture(Repair),
    /// Take the part out of use for good; what is left is to destroy it
    #[command(after_help = "Example:
  threadmark part decommission 7K3Q9XWD2M8TV0AY --reason 'Worn out' --home ./mechanic")]
    Decommission {
        #[command(flatten)]
        on: On,
        /// Why
        #[arg(long)]
        reason: Paragraph,
    },
    /// Give the part to another owner, who must accept it
    #[command(after_help = "Example:
  threadmark part give 7K3Q9XWD2M8TV0AY --to mro.example --terms PO-4500 --home ./custodian")]
    Give {
        #[command(flatten)]
        on: On,
        /// The new owner
        #[arg(long)]
        to: OrgId,
        /// Number of the contract
        #[arg(long)]
        terms: Line,
    },
    /// Accept a part as its new owner
    #[command(after_help = "Example:
  threadmark part take 7K3Q9XWD2M8TV0AY --home ./mechanic")]
    Take {
        #[command(flatten)]
        on: On,
        /// The old owner's statement; the newest that is known here
        #[arg(long, value_name = "STATEMENT")]
        change: Option<StatementId>,
    },
}

#[derive(Args)]
pub struct Reported {
    #[command(flatten)]
    on: On,
    /// Hours of operation since new, in full
    #[arg(long)]
    hours: u32,
    /// Cycles since new
    #[arg(long, default_value_t = 0)]
    cycles: u32,
    /// Landings since new
    #[arg(long, default_value_t = 0)]
    landings: u32,
    /// The hardest landing since the last report, in thousandths of g
    #[arg(long)]
    peak_milli_g: Option<u32>,
    /// Where the numbers are from
    #[arg(long)]
    source: Line,
}

#[derive(Args)]
pub struct Repair {
    #[command(flatten)]
    on: On,
    /// Approved data that it was done by
    #[arg(long)]
    approved_data: Line,
    /// Work order
    #[arg(long)]
    work_order: Line,
    /// The record; its digest is signed
    #[arg(long, value_name = "FILE")]
    record: PathBuf,
}

impl Service {
    /// Runs the command.
    pub fn run(self) -> Result<ExitCode> {
        match self {
            Service::Usage(reported) => reported.run(),
            Service::Repair(repair) => repair.run(Core::PartRepaired),
            Service::Remanufacture(repair) => repair.run(Core::PartRemanufactured),
            Service::Decommission { on, reason } => on.say(|of| {
                let after = of.after;
                Ok(Core::PartDecommissioned(Decommissioned { after, reason }))
            }),
            Service::Give { on, to, terms } => on.say(|of| {
                let after = of.after;
                Ok(Core::PartOwnerChanged(OwnerChanged { after, to, terms }))
            }),
            Service::Take { on, change } => on.say(|of| {
                let after = of.after;
                let change = change.map_or_else(|| of.change_of_owner(), Ok)?;
                Ok(Core::PartOwnerAccepted(OwnerAccepted { after, change }))
            }),
        }
    }
}

impl Reported {
    fn run(self) -> Result<ExitCode> {
        let total = Usage {
            duration_s: u64::from(self.hours) * 3600,
            cycles: self.cycles.into(),
            landings: self.landings.into(),
        };
        self.on.say(|of| {
            Ok(Core::PartUsageReported(UsageReported {
                after: of.after,
                total,
                peak_milli_g: self.peak_milli_g,
                source: self.source,
            }))
        })
    }
}

impl Repair {
    fn run(self, kind: fn(Repaired) -> Core) -> Result<ExitCode> {
        self.on.say(|of| {
            Ok(kind(Repaired {
                after: of.after,
                approved_data: self.approved_data,
                work_order: self.work_order,
                record: args::digest_of(&self.record)?,
            }))
        })
    }
}
