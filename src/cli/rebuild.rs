//! `threadmark rebuild`: makes every state again from the log.

use super::output;
use super::settings::Place;
use crate::ledger::rebuild;
use crate::store::PgStore;
use anyhow::Result;
use clap::Args;
use std::process::ExitCode;
use threadmark_protocol::genesis::Genesis;

/// Make every state again from the log, as a program with another form of states asks for
#[derive(Args)]
#[command(after_help = "Example:
  threadmark rebuild --home ./log      stop the service first; the log itself is not touched")]
pub struct Rebuild {
    #[command(flatten)]
    place: Place,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

impl Rebuild {
    /// Replays, and replaces the states in one transaction.
    pub fn run(self) -> Result<ExitCode> {
        let config = self.place.config()?;
        let trust = Genesis::parse(&config.read_genesis()?)?.trust()?;
        let database = config.start_database()?;
        let holder = format!("rebuild, process {}", std::process::id());
        let runtime = tokio::runtime::Runtime::new()?;
        let rebuilt = runtime.block_on(async {
            let store = PgStore::open_for_rebuild(&database.url()).await?;
            let done = rebuild::rebuild(&store, trust, &holder, |done, of| {
                eprintln!("replayed {done} of {of} entries");
            });
            anyhow::Ok(done.await?)
        })?;
        let document = output::Document::new()
            .with("entries", rebuilt.entries)
            .with("states", rebuilt.states);
        document.print(self.json);
        Ok(ExitCode::SUCCESS)
    }
}
