//! `threadmark bundle` and `threadmark verify bundle`: the record of one part as a file.
//!
//! Owns fetching such a file and checking it. Must never decide what the answer is.

mod bound;
mod known;
mod reader;

pub use reader::Reader;

use super::args;
use super::output::Document;
use anyhow::{Context, Result, bail};
use clap::Args;
use std::path::PathBuf;
use std::process::ExitCode;
use threadmark_agent::home::Home;
use threadmark_agent::sync::Client;
use threadmark_agent::system::{self, SystemEntropy};
use threadmark_protocol::bundle::part::PartBundle;
use threadmark_protocol::mark::Mark;

/// Fetch everything about one part as a file, proved whole
#[derive(Args)]
#[command(after_help = "Example:
  threadmark bundle 7K3Q9XWD2M8TV0AY --home ./mechanic --out part.bundle
  threadmark verify bundle part.bundle --home ./mechanic      any time later, without a network")]
pub struct Fetch {
    /// The 16 characters of the mark
    mark: Mark,
    /// Ask as this member
    #[arg(long, env = "THREADMARK_HOME", value_name = "DIR")]
    home: PathBuf,
    /// Ask this service instead of the home's
    #[arg(long, value_name = "URL")]
    service: Option<String>,
    /// Where to put it
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

impl Fetch {
    /// Fetches, verifies, and only then writes the file.
    pub fn run(self) -> Result<ExitCode> {
        let home = Home::open(&self.home)?;
        let url = match self.service {
            Some(url) => url,
            None => home.service()?,
        };
        let client = Client::new(&url);
        let session = client.session(&home, system::now(), &mut SystemEntropy)?;
        let bytes = client.bundle(&session, self.mark)?;
        let bundle = PartBundle::parse(&bytes)?;
        let verified = bundle.verify(&home.trust()?)?;
        if verified.mark != self.mark {
            bail!("the service sent the bundle of another mark");
        }
        std::fs::write(&self.out, &bytes)
            .with_context(|| format!("writing {}", self.out.display()))?;
        Document::new()
            .with("file", &self.out)
            .with("bytes", bytes.len())
            .with("statements", verified.statements)
            .with("subjects", verified.subjects)
            .with("size_of_the_log", verified.checkpoint.size)
            .print(self.json);
        Ok(ExitCode::SUCCESS)
    }
}

/// Check everything about one part without a network, and say what its record says
#[derive(Args)]
#[command(
    after_help = "Exit codes: 0 eligible or found, 4 DO NOT INSTALL, 5 CANNOT DETERMINE, 1 the bundle is not good.
With a home, what is known there is asked too, and the worse of both answers is given.
Without a home and a genesis file nothing good is said: anybody can make a log.
Examples:
  threadmark verify bundle part.bundle --genesis genesis.cbor --witnesses witnesses.policy
  threadmark verify bundle part.bundle --home ./mechanic --asset-type H-60
  threadmark verify bundle part.bundle --home ./mechanic --mark 7K3Q9XWD2M8TV0AY"
)]
pub struct Check {
    /// The file, as `threadmark bundle` or GET /v1/marks/{mark}/bundle gives it
    file: PathBuf,
    #[command(flatten)]
    reader: Reader,
}

impl Check {
    /// Runs the command.
    pub fn run(self) -> Result<ExitCode> {
        let bundle = PartBundle::parse(&args::read(&self.file)?)
            .with_context(|| format!("{}", self.file.display()))?;
        self.reader.check(&self.file, &bundle, |_, _| Ok(()))
    }
}
