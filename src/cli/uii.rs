//! `threadmark uii`: the identifiers by which a part is known outside.
//!
//! Owns how they are shown and read. Must never decide which a part has.

use super::output::Document;
use anyhow::{Result, bail};
use clap::{Args, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;
use threadmark_agent::home::Home;
use threadmark_protocol::identity::Identity;
use threadmark_protocol::mark::Mark;
use threadmark_protocol::uii::{self, Uii};

#[derive(Subcommand)]
pub enum UiiCommand {
    /// Show the UII, GIAI and CPI of a part, and what to put into its Data Matrix
    Show(Show),
    /// Read what a Data Matrix on a part holds
    Read(Read),
}

/// Show the UII, GIAI and CPI of a part, and what to put into its Data Matrix
///
/// They follow from the part's mark, its design's part number, and the enterprise that its licence names (threadmark licence
/// issue --cage, --gs1-prefix). Envelopes are ISO/IEC 15434, with {RS}, {GS} and {EOT} for the characters that nobody sees.
#[derive(Args)]
#[command(after_help = "Example:
  threadmark uii show 7K3Q9XWD2M8TV0AY --home ./oem")]
pub struct Show {
    /// The 16 characters of the mark
    mark: Mark,
    /// What is known to this member
    #[arg(long, env = "THREADMARK_HOME", value_name = "DIR")]
    home: PathBuf,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

/// Read what a Data Matrix on a part holds
///
/// Takes an ISO/IEC 15434 envelope of format 05, 06 or 12 (MIL-STD-130), with its control characters or {RS}, {GS} and {EOT}.
#[derive(Args)]
#[command(after_help = "Example:
  threadmark uii read '[)>{RS}06{GS}17V1ABC9{GS}1PVP-BRKT-100{GS}S1001{RS}{EOT}'")]
pub struct Read {
    /// The envelope
    envelope: String,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

/// Characters that nobody sees, and how they are written.
const WRITTEN: [(char, &str); 3] = [('\u{1e}', "{RS}"), ('\u{1d}', "{GS}"), ('\u{4}', "{EOT}")];

fn written(envelope: &str) -> String {
    WRITTEN
        .iter()
        .fold(envelope.to_owned(), |text, (real, name)| {
            text.replace(*real, name)
        })
}

impl UiiCommand {
    /// Runs the command.
    pub fn run(self) -> Result<ExitCode> {
        match self {
            UiiCommand::Show(show) => show.run(),
            UiiCommand::Read(read) => read.run(),
        }
    }
}

impl Show {
    fn run(self) -> Result<ExitCode> {
        let view = Home::open(&self.home)?.view()?;
        let identity = Identity::of(&view.world, self.mark);
        if identity == Identity::default() {
            bail!(
                "{} is not known here, or its licence names no enterprise (threadmark licence issue --cage, --gs1-prefix)",
                self.mark.grouped()
            );
        }
        let mut told = Document::new().with("mark", self.mark);
        for one in &identity.uiis {
            let (uii, envelope) = names_of(one);
            told = told
                .with(uii, one.to_string())
                .with(envelope, written(&one.envelope()));
        }
        if let Some(giai) = &identity.giai {
            told = told
                .with("giai", giai)
                .with("giai_envelope", written(&uii::envelope_of_giai(giai)))
                .with("giai_link", format!("https://id.gs1.org/8004/{giai}"));
        }
        if let Some((cpi, serial)) = &identity.cpi {
            told = told.with("cpi", cpi).with("cpi_serial", serial);
        }
        told.print(self.json);
        Ok(ExitCode::SUCCESS)
    }
}

fn names_of(uii: &Uii) -> (&'static str, &'static str) {
    match uii.construct() {
        1 => ("uii_construct_1", "envelope_construct_1"),
        _ => ("uii_construct_2", "envelope_construct_2"),
    }
}

impl Read {
    fn run(self) -> Result<ExitCode> {
        let real = WRITTEN.iter();
        let envelope = real.fold(self.envelope, |text, (real, name)| {
            text.replace(name, &real.to_string())
        });
        let told = match uii::giai(&envelope) {
            Ok(giai) => Document::new().with("giai", giai),
            Err(_) => {
                let uii = Uii::read(&envelope)?;
                let told = Document::new()
                    .with("uii", uii.to_string())
                    .with("construct", uii.construct())
                    .with("cage", &uii.cage)
                    .with("serial", &uii.serial);
                match &uii.part_number {
                    Some(number) => told.with("part_number", number),
                    None => told,
                }
            }
        };
        told.print(self.json);
        Ok(ExitCode::SUCCESS)
    }
}
