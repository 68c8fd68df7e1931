//! `threadmark mark read`. Owns what a reading says to people and scripts. Must never know what a mark leads to.

use crate::cli::args;
use crate::cli::output::Document;
use anyhow::{Context, Result, bail};
use clap::Args;
use serde_json::{Value, json};
use std::path::PathBuf;
use threadmark_protocol::mark::Mark;
use threadmark_watermark::read::{Code, Frames, ReadLimits, Reading, Sureness, Symbology, read};

#[derive(Args)]
#[command(after_help = "\
Several files are frames of one camera, in their order: each is looked at quickly, and a mark counts when two of them show it.

Example:
  threadmark mark read photo.png --host part.example
  threadmark mark read frame-*.jpg --host part.example")]
pub struct Read {
    /// Picture, PNG or JPEG; or several, which are frames of one camera
    #[arg(required = true)]
    photo: Vec<PathBuf>,
    /// Host in the address that marks carry
    #[arg(long)]
    host: String,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

impl Read {
    /// Runs the command.
    pub fn run(self) -> Result<()> {
        let readings = match &self.photo[..] {
            [photo] => read(&args::read(photo)?, &ReadLimits::default(), |text| {
                Mark::from_scan(text, &self.host)
            })?,
            frames => vec![self.of_frames(frames)?],
        };
        let marks: Vec<Mark> = readings.iter().map(|reading| reading.mark).collect();
        let codes = || readings.iter().map(|reading| &reading.code);
        let texts: Vec<&str> = codes().map(|code| code.text.as_str()).collect();
        let found: Vec<Value> = codes().map(as_json).collect();
        let sure: Vec<String> = codes()
            .filter_map(|code| code.sureness.map(words))
            .collect();
        Document::new()
            .with("marks", marks)
            .with("texts", texts)
            .with_text("found", found, sure.join("; "))
            .print(self.json);
        Ok(())
    }

    /// The mark that two frames say first.
    fn of_frames(&self, frames: &[PathBuf]) -> Result<Reading<Mark>> {
        let mut together = Frames::default();
        for frame in frames {
            let about = || format!("looking at {}", frame.display());
            let is_mark = |text: &str| Mark::from_scan(text, &self.host);
            let reading = together.add(&args::read(frame)?, is_mark);
            if let Some(reading) = reading.with_context(about)? {
                return Ok(reading);
            }
        }
        match together.advice() {
            Some(advice) => bail!("no two frames show the same mark: {advice}"),
            None => bail!("no two frames show the same mark: send more of them"),
        }
    }
}

/// How sure a reading is, for people.
fn words(sureness: Sureness) -> String {
    let Sureness { modules, wrong } = sureness;
    match wrong {
        0 => format!("all {modules} modules as they were made"),
        wrong => format!("{wrong} of {modules} modules damaged or unclear, and put right"),
    }
}

/// Which kind of code it is, for scripts.
pub(super) fn symbology(code: &Code) -> &'static str {
    match code.symbology {
        Symbology::Qr => "qr",
        Symbology::DataMatrix => "data-matrix",
    }
}

fn as_json(code: &Code) -> Value {
    let sure = code
        .sureness
        .map(|s| json!({ "modules": s.modules, "wrong": s.wrong }));
    json!({ "symbology": symbology(code), "corners_px": code.corners, "sureness": sure })
}
