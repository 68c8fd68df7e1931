//! `threadmark mark find-zone`: where on a part a mark may go, and why nowhere.
//!
//! Owns the arguments and the words. Must never know how places are found.

use super::{mesh, write};
use crate::cli::output::{Document, EXIT_REFUSED};
use anyhow::{Context, Result, ensure};
use clap::Args;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::ExitCode;
use threadmark_watermark::process::{Facing, Process};
use threadmark_watermark::symbol::forms;
use threadmark_watermark::zone::Manner;
use threadmark_watermark::zone::search::{NoPlace, Pin, Place, Wish, picture, search};

#[derive(Args)]
#[command(after_help = "Examples:
  threadmark mark find-zone bracket.stl --process fdm --host part.example bracket.zone.json --picture bracket.png
  threadmark mark embed bracket.stl --zone bracket.zone.json --text 7K3Q9XWD2M8TV0AY --host part.example marked.stl

Every flat face is searched for the largest square with enough material behind it, at any rotation. Places are ranked by what
makes a mark readable and harmless: which way the face looks while the part is built, whether a camera sees it, the symbol,
its module and depth, and what begins beside it. The part lies in the file as it lies in the printer; --up says otherwise.
Where no face is thick enough for a recess, the zone says that the mark is raised, or a shallow recess of another colour, and
`mark embed` makes it so. Exit code 3: the part has no place, and why.")]
pub struct FindZone {
    /// The part
    input: PathBuf,
    /// Writes the zone of the best place, or of --rank, as `mark embed --zone` takes it
    #[arg(value_name = "ZONE.json")]
    output: Option<PathBuf>,
    /// How the part is made
    #[arg(long, value_parser = process, value_name = "fdm|sla|sls|mjf|lpbf")]
    process: Process,
    /// Host in the address that the mark carries: a longer one needs a larger code
    #[arg(long, default_value = "part.example")]
    host: String,
    /// Which way is up in the printer, in the coordinates of the part
    #[arg(long, value_parser = vector, default_value = "0,0,1", value_name = "X,Y,Z", allow_hyphen_values = true)]
    up: Vector,
    /// Where the middle of the mark must be, in millimetres; on a flat face
    #[arg(long, value_parser = vector, requires = "normal", value_name = "X,Y,Z", allow_hyphen_values = true)]
    at: Option<Vector>,
    /// Which way that face looks
    #[arg(long, value_parser = vector, requires = "at", value_name = "X,Y,Z", allow_hyphen_values = true)]
    normal: Option<Vector>,
    /// Side of the square that the mark may take there, in millimetres
    #[arg(long, requires = "at", value_name = "MM")]
    side: Option<f64>,
    /// Which place's zone is written, from 1
    #[arg(long, default_value_t = 1)]
    rank: usize,
    /// Draws the part from four sides with its places in it, PNG
    #[arg(long, value_name = "PICTURE.png")]
    picture: Option<PathBuf>,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

type Vector = [f64; 3];

fn process(text: &str) -> Result<Process, String> {
    crate::cli::args::by_name(&text.to_lowercase())
}

fn vector(text: &str) -> Result<Vector, String> {
    let numbers: Result<Vec<f64>, _> = text.split(',').map(|c| c.trim().parse()).collect();
    let numbers = numbers.ok().filter(|all| all.iter().all(|c| c.is_finite()));
    numbers
        .and_then(|all| all.try_into().ok())
        .ok_or_else(|| "three numbers with commas between them, such as 0,0,1".to_owned())
}

impl FindZone {
    /// Runs the command.
    pub fn run(self) -> Result<ExitCode> {
        let mesh = mesh(&self.input)?;
        let forms = forms(&self.host)?;
        let pin = self.at.zip(self.normal).map(|(point_mm, normal)| Pin {
            point_mm,
            normal,
            side_mm: self.side,
        });
        let wish = Wish {
            process: self.process,
            up: self.up,
            forms: &forms,
            pin,
        };
        let places = match search(&mesh, &wish) {
            Ok(places) => places,
            Err(why) => return Ok(self.refuse(&why)),
        };
        let chosen = self.rank.checked_sub(1).and_then(|at| places.get(at));
        let chosen = chosen.with_context(|| format!("there are {} places", places.len()))?;
        if let Some(file) = &self.picture {
            write(file, &picture(&mesh, &places)?, Some(&self.input))?;
        }
        let mut document = Document::new();
        if let Some(file) = &self.output {
            let is_json = file
                .extension()
                .is_some_and(|of| of.eq_ignore_ascii_case("json"));
            ensure!(is_json, "{} is to be a zone: name a .json", file.display());
            let zone = format!("{:#}\n", json!(chosen.zone));
            write(file, zone.as_bytes(), Some(&self.input))?;
            document = document.with("file", file);
        }
        let found: Vec<Value> = places.iter().map(as_json).collect();
        let lines: Vec<String> = (1..).zip(&places).map(words).collect();
        document
            .with_text("places", found, lines.join("\n"))
            .print(self.json);
        Ok(ExitCode::SUCCESS)
    }

    fn refuse(&self, why: &NoPlace) -> ExitCode {
        Document::new()
            .with_text("places", json!([]), "none")
            .with("why", why.to_string())
            .print(self.json);
        ExitCode::from(EXIT_REFUSED)
    }
}

fn facing(of: Facing) -> &'static str {
    match of {
        Facing::Up => "faces up",
        Facing::LeaningUp => "leans up",
        Facing::Side => "faces sideways",
        Facing::LeaningDown => "leans down",
        Facing::OnPlate => "lies on the build plate",
        Facing::OverGap => "faces down over a gap",
    }
}

fn words((rank, place): (usize, &Place)) -> String {
    let mm = |um: u32| f64::from(um) / 1000.0;
    let zone = &place.zone;
    let against: Vec<&str> = place.remarks.iter().map(|remark| remark.text()).collect();
    let [x, y, z] = zone.centre_um.map(|um| um as f64 / 1000.0);
    let but = if against.is_empty() { "" } else { "; but " };
    format!(
        "{rank}. {} of {} mm, modules of {} mm, {} mm {}, at ({x}, {y}, {z}), {}; score {}{but}{}",
        place.symbol.kind.name(),
        mm(zone.width_um),
        mm(zone.module_um),
        mm(zone.depth_um),
        match zone.manner {
            Manner::Recessed => "deep",
            Manner::Raised => "high",
            Manner::TwoColours => "deep in another colour",
        },
        facing(place.facing),
        place.score,
        against.join("; ")
    )
}

fn as_json(place: &Place) -> Value {
    let remarks: Vec<&str> = place.remarks.iter().map(|remark| remark.text()).collect();
    let thousandths = |mm: f64| (mm * 1000.0).round() / 1000.0;
    json!({
        "zone": place.zone,
        "symbol": place.symbol.kind.name(),
        "modules_with_quiet": place.symbol.modules,
        "manner": place.zone.manner.name(),
        "facing": place.facing,
        "thickness_mm": thousandths(place.thickness_mm),
        "room_mm": place.room_mm.map(thousandths),
        "seen_e3": place.seen_e3,
        "score_e3": place.score,
        "against": remarks,
    })
}
