//! `threadmark mark`: a mark into a mesh or onto a tag, a simulated photograph of it, and a mark out of a photograph.
//!
//! Owns the arguments. Needs no home and no network. Must never know what a mark means.

mod embed;
mod find_zone;
mod tag;

use super::args::{self, read_json};
use super::output::Document;
use anyhow::{Context, Result, ensure};
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use threadmark_protocol::mark::Mark;
use threadmark_watermark::mesh::{Mesh, MeshLimits};
use threadmark_watermark::part;
use threadmark_watermark::read::{Code, ReadLimits, Sureness, Symbology, read};
use threadmark_watermark::render::{Camera, render};
use threadmark_watermark::zone::Zone;

/// Embed, render and read marks
#[derive(Subcommand)]
pub enum MarkCommand {
    /// Put a mark into the mark zone of a part: STL or 3MF, recessed, raised or in a second colour
    Embed(embed::Embed),
    /// Make a tag with a mark and a loop, for parts that have no place for a mark
    Tag(tag::Tag),
    /// Find and rank places for a mark on a part, or hear why there is none
    FindZone(find_zone::FindZone),
    /// Photograph the mark zone of a mesh with a simulated camera
    Render(Render),
    /// Read the marks in a photograph
    Read(Read),
}

#[derive(Args)]
#[command(after_help = "Example:
  threadmark mark render marked.stl --zone bracket.zone.json photo.png --tilt 20 --roll 15 --seed 7")]
pub struct Render {
    /// Mesh, STL or 3MF of one part
    input: PathBuf,
    /// Picture, PNG
    output: PathBuf,
    /// The mark zone
    #[arg(long, value_name = "ZONE.json")]
    zone: PathBuf,
    /// Degrees by which the camera leans away from the face's normal
    #[arg(long, default_value_t = 15.0, allow_negative_numbers = true)]
    tilt: f64,
    /// Degrees by which the camera is turned
    #[arg(long, default_value_t = 0.0, allow_negative_numbers = true)]
    roll: f64,
    /// Chooses light and noise; the same seed, the same picture
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
#[command(after_help = "Example:
  threadmark mark read photo.png --host part.example")]
pub struct Read {
    /// Picture, PNG or JPEG
    photo: PathBuf,
    /// Host in the address that marks carry
    #[arg(long)]
    host: String,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

impl MarkCommand {
    /// Runs the command.
    pub fn run(self) -> Result<ExitCode> {
        match self {
            MarkCommand::Embed(embed) => embed.run()?,
            MarkCommand::Tag(tag) => tag.run()?,
            MarkCommand::FindZone(find) => return find.run(),
            MarkCommand::Render(render) => render.run()?,
            MarkCommand::Read(read) => read.run()?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn mesh(path: &Path) -> Result<Mesh> {
    let about = || format!("reading {}", path.display());
    part::strictly(&args::read(path)?, &MeshLimits::default()).with_context(about)
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    std::fs::write(path, bytes).with_context(|| format!("writing {}", path.display()))
}

impl Render {
    fn run(self) -> Result<()> {
        let angles = self.tilt.abs() < 90.0 && self.roll.is_finite();
        ensure!(angles, "the tilt is between -90 and 90 degrees");
        let zone: Zone = read_json(&self.zone)?;
        let camera = Camera::facing(&zone, self.tilt, self.roll, self.seed)?;
        let mesh = mesh(&self.input)?;
        eprintln!("photographing {} triangles", mesh.triangles.len());
        write(&self.output, &render(&mesh, &camera)?)?;
        Document::new().with("file", &self.output).print(self.json);
        Ok(())
    }
}

impl Read {
    fn run(self) -> Result<()> {
        let picture = args::read(&self.photo)?;
        let is_mark = |text: &str| Mark::from_scan(text, &self.host);
        let readings = read(&picture, &ReadLimits::default(), is_mark)?;
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
}

/// How sure a reading is, for people.
fn words(sureness: Sureness) -> String {
    let Sureness { modules, wrong } = sureness;
    match wrong {
        0 => format!("all {modules} modules as they were made"),
        wrong => format!("{wrong} of {modules} modules damaged or unclear, and put right"),
    }
}

fn as_json(code: &Code) -> Value {
    let symbology = match code.symbology {
        Symbology::Qr => "qr",
        Symbology::DataMatrix => "data-matrix",
    };
    let sure = code
        .sureness
        .map(|s| json!({ "modules": s.modules, "wrong": s.wrong }));
    json!({ "symbology": symbology, "corners_px": code.corners, "sureness": sure })
}
