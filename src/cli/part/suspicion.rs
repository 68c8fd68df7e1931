//! Suspicions: they flag a part and hold nothing.
//!
//! Owns the arguments. Must never know what follows.

use super::On;
use super::args;
use anyhow::Result;
use clap::Subcommand;
use std::path::PathBuf;
use std::process::ExitCode;
use threadmark_protocol::body::Core;
use threadmark_protocol::body::safety::{SuspicionLifted, SuspicionPlaced};
use threadmark_protocol::statement::StatementId;
use threadmark_protocol::text::Paragraph;

/// Suspicions
#[derive(Subcommand)]
pub enum Suspicion {
    /// Say that the piece may not be the part of its record; it is flagged, not held
    #[command(after_help = "Example:
  threadmark part suspect 7K3Q9XWD2M8TV0AY --reason 'Surface of a casting' --evidence surface.jpg --home ./mechanic")]
    Suspect {
        #[command(flatten)]
        on: On,
        /// What you saw
        #[arg(long)]
        reason: Paragraph,
        /// Evidence, such as a picture; the digest is signed
        #[arg(long, value_name = "FILE")]
        evidence: Option<PathBuf>,
    },
    /// Clear up a suspicion that somebody else had
    #[command(after_help = "Example:
  threadmark part clear-suspicion 7K3Q9XWD2M8TV0AY --disposition 'It was polished' --home ./inspector")]
    ClearSuspicion {
        #[command(flatten)]
        on: On,
        /// The suspicion; the newest that is known here
        #[arg(long, value_name = "STATEMENT")]
        placed: Option<StatementId>,
        /// Evidence and decision
        #[arg(long)]
        disposition: Paragraph,
    },
}

impl Suspicion {
    /// Runs the command.
    pub fn run(self) -> Result<ExitCode> {
        match self {
            Suspicion::Suspect {
                on,
                reason,
                evidence,
            } => on.say(|of| {
                let evidence = evidence.as_deref().map(args::digest_of).transpose()?;
                Ok(Core::SuspicionPlaced(SuspicionPlaced {
                    after: of.after,
                    reason,
                    evidence,
                }))
            }),
            Suspicion::ClearSuspicion {
                on,
                placed,
                disposition,
            } => on.say(|of| {
                let placed = placed.map_or_else(|| of.suspicion(), Ok)?;
                Ok(Core::SuspicionLifted(SuspicionLifted {
                    after: of.after,
                    placed,
                    disposition,
                }))
            }),
        }
    }
}
