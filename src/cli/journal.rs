//! `threadmark journal`: statements as files, for people who have each other and no network.
//!
//! Owns the arguments. Must never know what statements mean.

use super::args;
use super::output::Document;
use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;
use threadmark_agent::home::Home;

/// Exchange signed statements as files
#[derive(Subcommand)]
pub enum Journal {
    /// Write what was signed here, and what others brought and is not logged yet
    Export(Exchange),
    /// Take over somebody's statements
    Import(Exchange),
}

#[derive(Args)]
#[command(after_help = "Examples:
  threadmark journal export inspector.journal --home ./inspector
  threadmark journal import inspector.journal --home ./signatory")]
pub struct Exchange {
    /// The journal file
    file: PathBuf,
    /// The credential's folder
    #[arg(long, env = "THREADMARK_HOME", value_name = "DIR")]
    home: PathBuf,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

impl Journal {
    /// Runs the command.
    pub fn run(self) -> Result<ExitCode> {
        match self {
            Journal::Export(exchange) => {
                let bytes = Home::open(&exchange.home)?.export()?;
                let about = || format!("writing {}", exchange.file.display());
                std::fs::write(&exchange.file, &bytes).with_context(about)?;
                Document::new()
                    .with("file", &exchange.file)
                    .with("bytes", bytes.len())
                    .print(exchange.json);
            }
            Journal::Import(exchange) => {
                let count = Home::open(&exchange.home)?.import(&args::read(&exchange.file)?)?;
                Document::new()
                    .with("new_statements", count)
                    .print(exchange.json);
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}
