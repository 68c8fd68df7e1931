//! The command line.
//!
//! Owns the grammar and what people and scripts read: one file a command. Every signing command writes its journal first
//! and works without a network. Exit codes: 0 done, 1 failed, 2 wrong usage, 3 refused by a rule, 4 the answer is DO
//! NOT INSTALL, 5 CANNOT DETERMINE. Must never decide a rule.

mod audit;
mod genesis;
mod serve;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Digital thread and part verification for additive manufacturing.
#[derive(Parser)]
#[command(name = "threadmark", version, about, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the service
    Serve(serve::Serve),
    /// Found a log: policy, trust anchors, and the log's keys
    Genesis(genesis::Found),
    /// Replay the whole log and compare it with everything that is stored
    Audit(audit::Audit),
}

/// Reads the arguments and runs the command.
pub fn run() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Serve(serve) => serve.run(),
        Command::Genesis(found) => found.run(),
        Command::Audit(audit) => audit.run(),
    };
    done.unwrap_or_else(|error| {
        eprintln!("threadmark: {error:#}");
        ExitCode::FAILURE
    })
}
