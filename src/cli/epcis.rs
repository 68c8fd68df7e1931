//! `threadmark epcis`: the life of a part for systems that speak EPCIS 2.0.
//!
//! Owns where it is read from and written to. Must never decide which events there are.

use super::output::{Document, say};
use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;
use threadmark_agent::home::Home;
use threadmark_protocol::answer::Viewer;
use threadmark_protocol::epcis;
use threadmark_protocol::mark::Mark;

#[derive(Subcommand)]
pub enum Epcis {
    /// Write the life of a part as an EPCIS 2.0 document
    Export(Export),
}

impl Epcis {
    /// Runs the command.
    pub fn run(self) -> Result<ExitCode> {
        match self {
            Epcis::Export(export) => export.run(),
        }
    }
}

/// Write the life of a part as an EPCIS 2.0 document
///
/// Reads what is known in the home, without a network; what is signed and not logged yet is in it, without a recordTime.
/// The same life has the same bytes. Each event names the statement that it is told from (threadmark:statement), which
/// 'threadmark bundle' proves; its eventID is the event hash id of CBV 2.0. What the words mean: docs/epcis.md.
#[derive(Args)]
#[command(after_help = "Examples:
  threadmark epcis export 7K3Q9XWD2M8TV0AY --home ./mechanic > part.jsonld
  threadmark epcis export 7K3Q9XWD2M8TV0AY --home ./oem --for-strangers --out part.jsonld")]
pub struct Export {
    /// The 16 characters of the mark
    mark: Mark,
    /// What is known to this member
    #[arg(long, env = "THREADMARK_HOME", value_name = "DIR")]
    home: PathBuf,
    /// Only what the public answer tells, to hand on to anybody
    #[arg(long)]
    for_strangers: bool,
    /// Where to put it; the terminal where nothing is said
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// With --out: print one JSON document about the file
    #[arg(long, requires = "out")]
    json: bool,
}

impl Export {
    fn run(self) -> Result<ExitCode> {
        let home = Home::open(&self.home)?;
        let view = home.view()?;
        let org = home.identity().org.clone();
        let viewer = match self.for_strangers {
            true => Viewer::Public,
            false => Viewer::Member {
                org,
                asset_type: None,
            },
        };
        let events = epcis::life(&view.world, self.mark, &viewer);
        if events.is_empty() {
            bail!(
                "nothing is known here of {}; synchronise, or import the journals of those who signed about it",
                self.mark.grouped()
            );
        }
        let count = events.len();
        let text = format!("{:#}\n", epcis::document(events));
        let Some(out) = &self.out else {
            say(&text);
            return Ok(ExitCode::SUCCESS);
        };
        std::fs::write(out, text).with_context(|| format!("writing {}", out.display()))?;
        Document::new()
            .with("file", out)
            .with("events", count)
            .print(self.json);
        Ok(ExitCode::SUCCESS)
    }
}
