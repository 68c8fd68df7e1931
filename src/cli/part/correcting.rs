//! What was said of a part and is not so.
//!
//! Owns the arguments. Must never know what follows.

use super::On;
use anyhow::Result;
use clap::Subcommand;
use std::process::ExitCode;
use threadmark_protocol::body::Core;
use threadmark_protocol::body::correction::{ErrorConfirmed, ErrorDeclared};
use threadmark_protocol::statement::StatementId;
use threadmark_protocol::text::Paragraph;

/// Errors
#[derive(Subcommand)]
pub enum Correcting {
    /// Declare a statement of your organisation an error; a release falls at once, all else when it is confirmed
    #[command(after_help = "Example:
  threadmark part correct 7K3Q9XWD2M8TV0AY --error 3f9a…07 --reason 'A digit too many' --home ./mechanic")]
    Correct {
        #[command(flatten)]
        on: On,
        /// The statement that is not so
        #[arg(long, value_name = "STATEMENT")]
        error: StatementId,
        /// What is said in its place, where something is
        #[arg(long, value_name = "STATEMENT")]
        instead: Option<StatementId>,
        /// How it came about
        #[arg(long)]
        reason: Paragraph,
    },
    /// Confirm another organisation's error, as the design authority or an authority
    #[command(after_help = "Example:
  threadmark part confirm-error 7K3Q9XWD2M8TV0AY --grounds 'Seen the log book' --home ./certifier")]
    ConfirmError {
        #[command(flatten)]
        on: On,
        /// The declaration; the newest that is known here
        #[arg(long, value_name = "STATEMENT")]
        declaration: Option<StatementId>,
        /// What you know of it
        #[arg(long)]
        grounds: Paragraph,
    },
}

impl Correcting {
    /// Runs the command.
    pub fn run(self) -> Result<ExitCode> {
        match self {
            Correcting::Correct {
                on,
                error,
                instead,
                reason,
            } => on.say(|of| {
                Ok(Core::ErrorDeclared(ErrorDeclared {
                    after: of.after,
                    error,
                    instead,
                    reason,
                }))
            }),
            Correcting::ConfirmError {
                on,
                declaration,
                grounds,
            } => on.say(|of| {
                Ok(Core::ErrorConfirmed(ErrorConfirmed {
                    after: of.after,
                    declaration: declaration.map_or_else(|| of.declared_error(), Ok)?,
                    grounds,
                }))
            }),
        }
    }
}
