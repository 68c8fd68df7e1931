//! `threadmark tiles`: the log as files for strangers.
//!
//! Owns the output. What the files are is `ledger::tiles`'s.

use super::output;
use super::settings::Place;
use crate::ledger::tiles::Tiles;
use crate::store::PgStore;
use crate::store::tiles::Reading;
use anyhow::Result;
use clap::{Args, Subcommand};
use serde_json::json;
use std::process::ExitCode;

/// Readings fetched at a time.
const ROWS: i64 = 1000;

#[derive(Subcommand)]
pub enum TilesCommand {
    /// Make every full tile and bundle again from the database
    Rebuild(Rebuild),
    /// List which keys have read bundles of entries
    Readers(Readers),
}

impl TilesCommand {
    /// Runs the command.
    pub fn run(self) -> Result<ExitCode> {
        match self {
            TilesCommand::Rebuild(rebuild) => rebuild.run(),
            TilesCommand::Readers(readers) => readers.run(),
        }
    }
}

#[derive(Args)]
#[command(after_help = "Example:
  threadmark tiles rebuild --home ./log     a service may run beside it; what was good is the same bytes again")]
pub struct Rebuild {
    #[command(flatten)]
    place: Place,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

impl Rebuild {
    fn run(self) -> Result<ExitCode> {
        let config = self.place.config()?;
        config.read_genesis()?;
        let files = config.artifacts.open()?;
        let database = config.reach_database()?;
        let runtime = tokio::runtime::Runtime::new()?;
        let entries = runtime.block_on(async {
            let store = PgStore::open(&database.url()).await?;
            let tiles = Tiles::load(store, files).await?;
            let mut done = 0;
            let progress = |done, of| eprintln!("published {done} of {of} entries");
            tiles.publish(&mut done, progress).await?;
            anyhow::Ok(done)
        })?;
        let document = output::Document::new().with("entries_published", entries);
        document.print(self.json);
        Ok(ExitCode::SUCCESS)
    }
}

#[derive(Args)]
#[command(after_help = "Example:
  threadmark tiles readers --home ./log     key, bundle (256 entries each), how often, first and last (Unix seconds)")]
pub struct Readers {
    #[command(flatten)]
    place: Place,
    /// Print one JSON document a line
    #[arg(long)]
    json: bool,
}

impl Readers {
    fn run(self) -> Result<ExitCode> {
        let config = self.place.config()?;
        config.read_genesis()?;
        let database = config.reach_database()?;
        let runtime = tokio::runtime::Runtime::new()?;
        runtime.block_on(async {
            let store = PgStore::open_to_read(&database.url()).await?;
            let mut last = None;
            loop {
                let page = store.readings(last.as_ref(), ROWS).await?;
                page.iter().for_each(|reading| print(reading, self.json));
                let Some(end) = page.into_iter().next_back() else {
                    return anyhow::Ok(ExitCode::SUCCESS);
                };
                last = Some(end);
            }
        })
    }
}

fn print(reading: &Reading, as_json: bool) {
    let kid = hex::encode(&reading.kid);
    let (bundle, times) = (reading.bundle, reading.times);
    let (first, last) = (reading.first_read_at, reading.last_read_at);
    if as_json {
        let line = json!({
            "kid": kid, "bundle": bundle, "times": times, "first_read_at": first, "last_read_at": last,
        });
        println!("{line}");
    } else {
        println!("{kid} bundle {bundle}: {times} times, from {first} to {last}");
    }
}
