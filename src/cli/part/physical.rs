//! Physical evidence: what a piece weighs, measures and looks like, and whether a piece is the same later.
//!
//! Owns the arguments. Whether they match follows from both statements by rule; what is told here is that rule's verdict. Must
//! never know phases.

use super::On;
use super::args;
use super::scan::{GAP_MAX_MM2_E2, Laying, PATCH_MAX_MM2_E2};
use crate::cli::lookup::Case;
use crate::cli::output::Document;
use anyhow::{Context, Result, ensure};
use clap::{Args, Subcommand};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use threadmark_protocol::body::Core;
use threadmark_protocol::body::physical::{
    Allowance, Compared, Dimension, Enrolled, Mass, Match, Photograph, Scan, ScanCompared,
    ScanOutcome, Surface,
};
use threadmark_protocol::digest::Digest;
use threadmark_protocol::statement::StatementId;
use threadmark_protocol::text::Line;
use threadmark_watermark::scan::{Asked, Outcome, Unit};

/// The piece itself
#[derive(Subcommand)]
pub enum Physical {
    /// Enrol what the piece weighs, measures and looks like, so that it can be told from a copy later
    Enrol(Box<Enrol>),
    /// Lay a piece beside what was enrolled of the part; whether it matches follows by rule
    Compare(Box<Compare>),
}

/// What both weigh and measure.
#[derive(Args)]
struct Measured {
    /// Mass and its expanded uncertainty (k = 2), in grams: 12.5/0.01
    #[arg(long, value_name = "G/G", value_parser = mass, requires = "balance")]
    mass_g: Option<(i64, i64)>,
    /// The balance
    #[arg(long, value_name = "INSTRUMENT")]
    balance: Option<Line>,
    /// A dimension with its expanded uncertainty (k = 2), in millimetres: bore=8.003/0.005; several may be given
    #[arg(long, value_name = "NAME=MM/MM", value_parser = dimension, requires = "gauge")]
    dimension: Vec<(Line, i64, i64)>,
    /// What the dimensions were measured with
    #[arg(long, value_name = "INSTRUMENT")]
    gauge: Option<Line>,
}

#[derive(Args)]
#[command(after_help = "\
What it is good for: weight and dimensions are alike in every good copy. Photographs of the raw surface (pores, tracks, layer
lines) and a scan finer than copies differ tell one piece from another. Enrol before the part leaves its maker.

Example:
  threadmark part enrol 7K3Q9XWD2M8TV0AY --mass-g 12.5/0.01 --balance 'B-3, cal 2026-01' --dimension bore=8.003/0.005 \\
      --gauge G-11 --photograph 'face A, 20x, ring light=a.jpg' --camera M-2 --wear-g 0.1 --wear-mm 0.02 --home ./stores
  threadmark part enrol 7K3Q9XWD2M8TV0AY --scan part.ply --scanner S-1 --tolerance-um 50 --home ./stores")]
pub struct Enrol {
    #[command(flatten)]
    on: On,
    #[command(flatten)]
    measured: Measured,
    /// What a picture shows, and the picture; its digest is signed, keep the file. Several may be given
    #[arg(long, value_name = "SHOWS=FILE", value_parser = args::pair, requires = "camera")]
    photograph: Vec<(String, String)>,
    /// Microscope or camera
    #[arg(long, value_name = "INSTRUMENT")]
    camera: Option<Line>,
    /// A scan of the piece (STL, PLY); its digest is signed, keep the file
    #[arg(
        long,
        value_name = "FILE",
        requires = "scanner",
        requires = "tolerance_um"
    )]
    scan: Option<PathBuf>,
    /// The scanner
    #[arg(long, value_name = "INSTRUMENT")]
    scanner: Option<Line>,
    /// Largest distance from the scan that still is the same surface: less than copies differ by
    #[arg(long, value_name = "UM")]
    tolerance_um: Option<i64>,
    /// Least share of a later scan within that, in percent
    #[arg(long, value_name = "PERCENT", value_parser = args::percent, default_value = "99")]
    within: u32,
    /// Least share of this scan that a later one covers, in percent
    #[arg(long, value_name = "PERCENT", value_parser = args::percent, default_value = "80")]
    coverage: u32,
    /// Mass that use may take or leave, in grams
    #[arg(long, value_name = "G", value_parser = args::grams, default_value = "0")]
    wear_g: i64,
    /// Length that use may take or leave of each dimension, in millimetres
    #[arg(long, value_name = "MM", value_parser = args::millimetres, default_value = "0")]
    wear_mm: i64,
}

#[derive(Args)]
#[command(after_help = "\
Weight and dimensions that agree prove little: any good copy has them. A surface matches where nine of ten features of the
enrolled picture, at least twelve, are found again in their places; less than half found again is another surface.

Example:
  threadmark part compare 7K3Q9XWD2M8TV0AY --mass-g 12.48/0.01 --balance B-9 --surface then.jpg=now.jpg=38/40 \\
      --method 'by eye, pores and tracks' --home ./mechanic
  threadmark part compare 7K3Q9XWD2M8TV0AY --scan now.ply --against enrolled.ply --scanner S-2 --scan-report now.json \\
      --scan-picture now.png --home ./mechanic")]
pub struct Compare {
    #[command(flatten)]
    on: On,
    /// The enrolment; the newest that counts here
    #[arg(long, value_name = "STATEMENT")]
    enrolment: Option<StatementId>,
    #[command(flatten)]
    measured: Measured,
    /// An enrolled picture, the picture of today, and how many of the features looked for are there again. Several may be given
    #[arg(long, value_name = "THEN=NOW=FOUND/OF", value_parser = surface, requires = "method")]
    surface: Vec<Pictures>,
    /// How the pictures were compared, and by whom or what
    #[arg(long)]
    method: Option<Line>,
    #[command(flatten)]
    scanned: Scanned,
}

/// A scan of today over the enrolled one, or over nominal geometry.
#[derive(Args)]
struct Scanned {
    /// A scan of the piece as it is now (STL, PLY); its digest is signed, keep the file
    #[arg(
        long,
        value_name = "FILE",
        requires = "against",
        requires = "scanner",
        requires = "scan_report"
    )]
    scan: Option<PathBuf>,
    /// The enrolled scan, or nominal geometry: a mesh in millimetres
    #[arg(long, value_name = "FILE")]
    against: Option<PathBuf>,
    /// The scanner
    #[arg(long, value_name = "INSTRUMENT")]
    scanner: Option<Line>,
    /// Where the report goes (JSON); its digest is signed, keep the file
    #[arg(long, value_name = "FILE")]
    scan_report: Option<PathBuf>,
    /// Where the deviation map goes (PNG)
    #[arg(long, value_name = "FILE")]
    scan_picture: Option<PathBuf>,
    /// Largest distance that is within; the enrolment's, where the scan is laid over the enrolled one
    #[arg(long, value_name = "UM")]
    tolerance_um: Option<u32>,
    /// Unit of the scan: millimetre, inch or metre; guessed from its size where nothing is said
    #[arg(long, value_parser = args::by_name::<Unit>)]
    unit: Option<Unit>,
}

/// Two pictures of one place.
#[derive(Clone)]
struct Pictures {
    then: PathBuf,
    now: PathBuf,
    found_again: u32,
    examined: u32,
}

impl Physical {
    /// Runs the command.
    pub fn run(self) -> Result<ExitCode> {
        match self {
            Physical::Enrol(enrol) => enrol.run(),
            Physical::Compare(compare) => compare.run(),
        }
    }
}

impl Measured {
    fn mass(&self) -> Result<Option<Mass>> {
        let Some((mass_mg, uncertainty_mg)) = self.mass_g else {
            return Ok(None);
        };
        Ok(Some(Mass {
            mass_mg,
            uncertainty_mg,
            instrument: given(&self.balance, "--balance")?,
        }))
    }

    fn dimensions(&self) -> Result<Vec<Dimension>> {
        let all = self.dimension.iter();
        all.map(|(name, length_um, uncertainty_um)| {
            Ok(Dimension {
                name: name.clone(),
                length_um: *length_um,
                uncertainty_um: *uncertainty_um,
                instrument: given(&self.gauge, "--gauge")?,
            })
        })
        .collect()
    }
}

impl Enrol {
    fn run(self) -> Result<ExitCode> {
        let photographs = self.photograph.iter().map(|(shows, file)| {
            Ok(Photograph {
                shows: shows.parse()?,
                file: args::digest_of(Path::new(file))?,
                instrument: given(&self.camera, "--camera")?,
            })
        });
        let photographs = photographs.collect::<Result<Vec<_>>>()?;
        let scan = self.scan.as_ref().map(|file| {
            anyhow::Ok(Scan {
                file: args::digest_of(file)?,
                instrument: given(&self.scanner, "--scanner")?,
                tolerance_um: self.tolerance_um.context("--tolerance-um is missing")?,
                within_min_ppm: self.within,
                coverage_min_ppm: self.coverage,
            })
        });
        let scan = scan.transpose()?;
        let (mass, dimensions) = (self.measured.mass()?, self.measured.dimensions()?);
        let allowance = Allowance {
            mass_mg: self.wear_g,
            length_um: self.wear_mm,
        };
        self.on.say(|of| {
            Ok(Core::PartEnrolled(Box::new(Enrolled {
                after: of.after,
                mass,
                dimensions,
                photographs,
                scan,
                allowance,
            })))
        })
    }
}

impl Compare {
    fn run(self) -> Result<ExitCode> {
        let surfaces = self.surface.iter().map(|one| {
            let (enrolled, photograph) = (args::digest_of(&one.then)?, args::digest_of(&one.now)?);
            must_differ(enrolled, photograph, &one.now)?;
            Ok(Surface {
                enrolled,
                photograph,
                method: given(&self.method, "--method")?,
                examined: one.examined,
                found_again: one.found_again,
            })
        });
        let surfaces = surfaces.collect::<Result<Vec<_>>>()?;
        let (mass, dimensions) = (self.measured.mass()?, self.measured.dimensions()?);
        self.on.tell(|of| {
            let enrolment = self.enrolment.map_or_else(|| of.enrolment(), Ok)?;
            let (scan, laid) = match self.scanned.compared(of.enrolled(enrolment))? {
                Some((scan, laid)) => (Some(scan), laid),
                None => (None, Document::new()),
            };
            let says = Compared {
                after: of.after,
                enrolment,
                mass,
                dimensions,
                surfaces,
                scan,
            };
            let told = verdict(of, &says).and(laid);
            Ok((Core::PartCompared(Box::new(says)), told))
        })
    }
}

impl Scanned {
    /// Lays the scan over its reference, by the enrolment's limits where that is the enrolled scan.
    fn compared(&self, enrolled: Option<&Enrolled>) -> Result<Option<(ScanCompared, Document)>> {
        let (Some(scan), Some(against)) = (&self.scan, &self.against) else {
            return Ok(None);
        };
        let own = args::digest_of(against)?;
        must_differ(own, args::digest_of(scan)?, scan)?;
        let enrolled = enrolled.and_then(|enrolled| enrolled.scan.as_ref());
        let enrolled = enrolled.filter(|enrolled| enrolled.file == own);
        let by_enrolment = enrolled.and_then(|of| u32::try_from(of.tolerance_um).ok());
        let tolerance_um = self.tolerance_um.or(by_enrolment).context(
            "--tolerance-um is missing: the scan is not laid over the one that was enrolled",
        )?;
        let asked = Asked {
            tolerance_um,
            within_min_ppm: enrolled.map_or(990_000, |of| of.within_min_ppm),
            coverage_min_ppm: enrolled.map_or(800_000, |of| of.coverage_min_ppm),
            patch_max_mm2_e2: PATCH_MAX_MM2_E2,
            gap_max_mm2_e2: GAP_MAX_MM2_E2,
            unit: self.unit,
        };
        let laying = Laying::of(against, scan, &asked)?;
        laying.keep(self.scan_report.as_deref(), self.scan_picture.as_deref())?;
        let found = laying.compared();
        let says = ScanCompared {
            scan: laying.scan,
            instrument: given(&self.scanner, "--scanner")?,
            against: laying.reference,
            report: laying.report(),
            outcome: match found.outcome {
                Outcome::Passed => ScanOutcome::Passed,
                Outcome::Failed => ScanOutcome::Failed,
                Outcome::CoversTooLittle => ScanOutcome::CoversTooLittle,
                Outcome::NotRegistered => ScanOutcome::NotRegistered,
            },
            tolerance_um: tolerance_um.into(),
            within_ppm: found.within_ppm,
            coverage_ppm: found.coverage_ppm,
        };
        Ok(Some((says, laying.told())))
    }
}

/// What the rule says, and how much that is worth.
fn verdict(of: &Case, says: &Compared) -> Document {
    let known = of.enrolled(says.enrolment);
    let verdict = known.map(|enrolled| says.verdict(enrolled));
    let words = match verdict {
        Some(Match::Differs) => {
            "it differs by more than uncertainty and wear explain: set the piece aside"
        }
        Some(Match::ProvesNothing) => "nothing was compared that could tell: this proves nothing",
        Some(Match::Consistent) => {
            "nothing differs; this proves little, because any good copy is alike in this"
        }
        Some(Match::Matched) => {
            "the surface or shape is the same: this is the piece, as far as that can tell"
        }
        None => "the enrolment is not known here",
    };
    Document::new()
        .with("enrolment", says.enrolment)
        .with_text("verdict", verdict, words)
}

/// A file beside itself is no comparison.
fn must_differ(then: Digest, now: Digest, file: &Path) -> Result<()> {
    ensure!(
        then != now,
        "{} is the file that it is to be compared with: take it of the piece as it is now",
        file.display()
    );
    Ok(())
}

fn given(instrument: &Option<Line>, argument: &str) -> Result<Line> {
    instrument
        .clone()
        .with_context(|| format!("{argument} is missing"))
}

/// A value and its uncertainty around a stroke.
fn stroke<T>(text: &str, read: impl Fn(&str) -> Result<T, String>) -> Result<(T, T), String> {
    let (value, of) = (text.split_once('/')).ok_or("expected two numbers around a stroke")?;
    Ok((read(value)?, read(of)?))
}

fn mass(text: &str) -> Result<(i64, i64), String> {
    stroke(text, args::grams)
}

fn dimension(text: &str) -> Result<(Line, i64, i64), String> {
    let (name, numbers) = args::pair(text)?;
    let name = name.parse().map_err(|error| format!("{error}"))?;
    let (length_um, uncertainty_um) = stroke(&numbers, args::millimetres)?;
    Ok((name, length_um, uncertainty_um))
}

fn surface(text: &str) -> Result<Pictures, String> {
    let (then, rest) = args::pair(text)?;
    let (now, count) = args::pair(&rest)?;
    let number = |text: &str| text.parse::<u32>().map_err(|error| error.to_string());
    let (found_again, examined) = stroke(&count, number)?;
    Ok(Pictures {
        then: then.into(),
        now: now.into(),
        found_again,
        examined,
    })
}
