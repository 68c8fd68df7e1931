//! `threadmark mark embed`: a mark into a part's file, and everything that was done to the file on the way.
//!
//! For whoever prepares a file: what can be mended safely is mended and said, and the new file is what gets signed. The agent
//! beside a printer mends nothing, because what it builds was signed as it is.

use crate::cli::args::{self, read_json};
use crate::cli::output::Document;
use anyhow::{Context, Result, bail};
use clap::Args;
use std::path::{Path, PathBuf};
use threadmark_protocol::mark::Mark;
use threadmark_watermark::mesh::{MeshLimits, Repair};
use threadmark_watermark::part::{self, LengthUnit};
use threadmark_watermark::relief::{Marked, ReliefError, Way, embed};
use threadmark_watermark::symbol::Symbol;
use threadmark_watermark::threemf::{Item, ObjectKind, Package};
use threadmark_watermark::zone::{Manner, Zone, ZoneError};

#[derive(Args)]
#[command(after_help = "Examples:
  threadmark mark embed bracket.stl --zone bracket.zone.json --text 7K3Q9XWD2M8TV0AY --host part.example marked.stl
  threadmark mark embed cover.3mf --zone cover.zone.json --text 7K3Q9XWD2M8TV0AY --host part.example --inlay marked.3mf

Input and output are STL or 3MF by their names, and what stands in the input must agree with its name. Dark modules are recessed or raised as the zone says. In two
colours, or with --inlay, the 3MF holds two objects that share their coordinates, the part and what fills its recesses, so that a printer with two materials shows the mark at a depth of 0.3 to
0.6 mm. What was wrong with the input and could be mended safely is mended and said; publish the file that comes out.")]
pub struct Embed {
    /// The part, STL or 3MF
    input: PathBuf,
    /// The marked part, .stl or .3mf
    output: PathBuf,
    /// The mark zone
    #[arg(long, value_name = "ZONE.json")]
    zone: PathBuf,
    /// The mark's 16 characters
    #[arg(long)]
    text: Mark,
    /// Host in the address that the mark carries
    #[arg(long)]
    host: String,
    /// What the numbers of an STL file mean: um, mm, cm, in, m. Without it millimetres, and doubtful sizes are refused
    #[arg(long)]
    unit: Option<LengthUnit>,
    /// Raise the dark modules, whatever the zone says: where the wall is too thin for a recess
    #[arg(long, conflicts_with = "inlay")]
    raised: bool,
    /// Also write what fills the recesses, whatever the zone says, as a second object of another material; 3MF only
    #[arg(long)]
    inlay: bool,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

impl Embed {
    pub fn run(self) -> Result<()> {
        let zone = self.zone()?;
        let inlay = zone.manner == Manner::TwoColours;
        let form = OutputForm::of(&self.output, inlay)?;
        let symbol = Symbol::fitting(&zone, &self.text.to_string(), &self.host)?;
        let about = || format!("reading {}", self.input.display());
        let bytes = args::read(&self.input)?;
        let opened = part::leniently(
            &bytes,
            self.input.to_str(),
            &MeshLimits::default(),
            self.unit,
        );
        let mut opened = opened.with_context(about)?;
        drop(bytes);
        let (at, marked) = place(&opened.package.items, &zone, &symbol)?;
        let (triangles, removed_mm3, way) =
            (marked.mesh.triangles.len(), marked.removed_mm3, marked.way);
        let item = &mut opened.package.items[at];
        item.mesh = marked.mesh;
        item.inlay = inlay.then_some(marked.inlay);
        let file = form.bytes(&opened.package)?;
        super::write(&self.output, &file, Some(&self.input))?;
        let repairs: Vec<String> = opened.repairs.iter().map(Repair::to_string).collect();
        Document::new()
            .with("file", &self.output)
            .with("text", &symbol.text)
            .with("symbol", symbol.kind.name())
            .with("modules", symbol.size)
            .with("triangles", triangles)
            .with("removed_mm3", (removed_mm3 * 1000.0).round() / 1000.0)
            .with("manner", zone.manner.name())
            .with("way", name(way))
            .with_text("repairs", &repairs, repairs.join("; "))
            .with("left_out", &opened.package.left_out)
            .print(self.json);
        Ok(())
    }
}

impl Embed {
    /// As its file has it, but for what the options say.
    fn zone(&self) -> Result<Zone> {
        let mut zone: Zone = read_json(&self.zone)?;
        match (self.raised, self.inlay) {
            (true, _) => zone.manner = Manner::Raised,
            (_, true) => zone.manner = Manner::TwoColours,
            _ => {}
        }
        Ok(zone)
    }
}

fn name(way: Way) -> &'static str {
    match way {
        Way::Local => "local",
        Way::Boolean => "boolean",
    }
}

/// What the output's name asks for.
#[derive(Clone, Copy)]
pub(super) enum OutputForm {
    Stl,
    Threemf,
}

impl OutputForm {
    /// `inlay`: whether it must hold what fills the recesses.
    pub(super) fn of(path: &Path, inlay: bool) -> Result<Self> {
        let extension = path.extension().unwrap_or_default().to_ascii_lowercase();
        match extension.to_str() {
            Some("stl") if inlay => {
                bail!("an inlay is a second object, which only a .3mf can hold")
            }
            Some("stl") => Ok(Self::Stl),
            Some("3mf") => Ok(Self::Threemf),
            _ => bail!("{}: the output is a .stl or a .3mf", path.display()),
        }
    }

    pub(super) fn bytes(self, package: &Package) -> Result<Vec<u8>> {
        match (self, &package.items[..]) {
            (Self::Threemf, _) => Ok(package.write()?),
            (
                Self::Stl,
                [
                    Item {
                        mesh,
                        kind: ObjectKind::Model,
                        ..
                    },
                ],
            ) => Ok(mesh.to_stl()),
            (Self::Stl, _) => bail!("the file builds several things, which only a .3mf can hold"),
        }
    }
}

/// The relief in whichever part of the file has the zone's face.
fn place(items: &[Item], zone: &Zone, symbol: &Symbol) -> Result<(usize, Marked)> {
    let parts = items
        .iter()
        .enumerate()
        .filter(|(_, item)| item.kind == ObjectKind::Model);
    let mut refusal = None;
    for (at, item) in parts {
        match embed(&item.mesh, zone, symbol) {
            Ok(marked) => return Ok((at, marked)),
            // Another part of the file may have the face; what is wrong with the one that has it is worth more.
            Err(error @ ReliefError::Zone(ZoneError::NotOnFace)) => {
                refusal.get_or_insert(error);
            }
            Err(error) => refusal = Some(error),
        }
    }
    match refusal {
        Some(error) => Err(error.into()),
        None => bail!("the file builds no part"),
    }
}
