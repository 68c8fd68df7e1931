//! `threadmark audit`: replays the log and compares.

use super::settings::Place;
use crate::ledger::audit;
use crate::store::PgStore;
use anyhow::Result;
use clap::Args;
use std::process::ExitCode;
use threadmark_protocol::genesis::Genesis;

/// Replay the whole log and compare it with everything that is stored
#[derive(Args)]
#[command(after_help = "Example:
  threadmark audit --home ./log        exit 0: everything follows from the log; 1: what does not is named")]
pub struct Audit {
    #[command(flatten)]
    place: Place,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

impl Audit {
    /// Audits; a service may run beside it.
    pub fn run(self) -> Result<ExitCode> {
        let config = self.place.config()?;
        let trust = Genesis::parse(&config.read_genesis()?)?.trust()?;
        let database = config.reach_database()?;
        let files = config.artifacts.open()?;
        let runtime = tokio::runtime::Runtime::new()?;
        let report = runtime.block_on(async {
            let store = PgStore::open_to_read(&database.url()).await?;
            let report = audit::audit(&store, files.as_ref(), trust, |done, of| {
                eprintln!("audited {done} of {of} entries");
            });
            anyhow::Ok(report.await?)
        })?;
        if self.json {
            println!("{}", serde_json::to_string_pretty(&report)?);
        } else {
            print(&report);
        }
        let good = report.discrepancies.is_empty();
        Ok(if good {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }
}

fn print(report: &audit::Report) {
    for found in &report.discrepancies {
        println!("{}: {}", found.place, found.what);
    }
    let verdict = match report.discrepancies.len() {
        0 => "everything follows from the log".to_owned(),
        many => format!("{many} discrepancies"),
    };
    println!(
        "{} entries, {} checkpoints, {} states, {} published tiles: {verdict}",
        report.entries, report.checkpoints, report.states, report.tiles
    );
    if report.tiles_to_come > 0 {
        println!(
            "{} tiles are not published yet; the service does so, or `threadmark tiles rebuild`",
            report.tiles_to_come
        );
    }
}
