//! The end of a part, and what holds it back until then.
//!
//! Owns the arguments. Must never know phases.

use super::On;
use anyhow::Result;
use clap::Subcommand;
use std::process::ExitCode;
use threadmark_protocol::body::Core;
use threadmark_protocol::body::part::{Destroyed, DestructionAttested};
use threadmark_protocol::body::safety::{QuarantineLifted, QuarantinePlaced, ReportVouched};
use threadmark_protocol::statement::StatementId;
use threadmark_protocol::text::{Line, Paragraph};

/// What ends or holds a part
#[derive(Subcommand)]
pub enum Holding {
    /// Report that the part was destroyed; it binds at once
    #[command(after_help = "Example:
  threadmark part destroy 7K3Q9XWD2M8TV0AY --method Shredded --home ./mechanic")]
    Destroy {
        #[command(flatten)]
        on: On,
        /// How
        #[arg(long)]
        method: Line,
    },
    /// Attest a destruction that you saw
    #[command(after_help = "Example:
  threadmark part attest 7K3Q9XWD2M8TV0AY --home ./witness")]
    Attest {
        #[command(flatten)]
        on: On,
        /// The owner's statement; the destruction that is known here
        #[arg(long, value_name = "STATEMENT")]
        destruction: Option<StatementId>,
    },
    /// Set the part aside
    #[command(after_help = "Example:
  threadmark part quarantine 7K3Q9XWD2M8TV0AY --reason Dropped --home ./mechanic")]
    Quarantine {
        #[command(flatten)]
        on: On,
        /// Why
        #[arg(long)]
        reason: Paragraph,
    },
    /// End a quarantine that somebody else placed
    #[command(after_help = "Example:
  threadmark part lift 7K3Q9XWD2M8TV0AY --disposition 'No damage found' --home ./inspector")]
    Lift {
        #[command(flatten)]
        on: On,
        /// The statement that placed it; the newest that is known here
        #[arg(long, value_name = "STATEMENT")]
        placed: Option<StatementId>,
        /// Evidence and decision
        #[arg(long)]
        disposition: Paragraph,
    },
    /// Stand up for another organisation's report whose key was revoked
    #[command(after_help = "Example:
  threadmark part vouch 7K3Q9XWD2M8TV0AY --grounds 'I was there' --home ./certifier")]
    Vouch {
        #[command(flatten)]
        on: On,
        /// The report; the one that is in doubt here
        #[arg(long, value_name = "STATEMENT")]
        report: Option<StatementId>,
        /// What you know of it
        #[arg(long)]
        grounds: Paragraph,
    },
}

impl Holding {
    /// Runs the command.
    pub fn run(self) -> Result<ExitCode> {
        match self {
            Holding::Destroy { on, method } => on.say(|of| {
                Ok(Core::PartDestroyed(Destroyed {
                    after: of.after,
                    method,
                }))
            }),
            Holding::Attest { on, destruction } => on.say(|of| {
                let destruction = destruction.map_or_else(|| of.destruction(), Ok)?;
                let says = DestructionAttested {
                    after: of.after,
                    destruction,
                };
                Ok(Core::DestructionAttested(says))
            }),
            Holding::Quarantine { on, reason } => on.say(|of| {
                Ok(Core::QuarantinePlaced(QuarantinePlaced {
                    after: of.after,
                    reason,
                }))
            }),
            Holding::Lift {
                on,
                placed,
                disposition,
            } => on.say(|of| {
                let placed = placed.map_or_else(|| of.quarantine(), Ok)?;
                let says = QuarantineLifted {
                    after: of.after,
                    placed,
                    disposition,
                };
                Ok(Core::QuarantineLifted(says))
            }),
            Holding::Vouch {
                on,
                report,
                grounds,
            } => on.say(|of| {
                let report = report.map_or_else(|| of.doubted(), Ok)?;
                let after = of.after;
                Ok(Core::ReportVouched(ReportVouched {
                    after,
                    report,
                    grounds,
                }))
            }),
        }
    }
}
