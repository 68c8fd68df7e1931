//! The 3D scan of a part laid over a reference: nominal geometry, or the scan that was enrolled.
//!
//! Owns the report: a file that names both by their digests and holds what was asked and what came out, the same bytes by whomever it
//! is made, so that its digest can be signed and anybody makes it again. Must never know what follows for a part.

use crate::cli::args;
use crate::cli::output::Document;
use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use threadmark_protocol::digest::Digest;
use threadmark_watermark::scan::{
    self, Asked, Compared, Laid, Outcome, Scan, ScanLimits, Statistics, Unit,
};

/// Raised when the same two files would give other numbers: then an older report is made again by the older program.
const FORMAT: &str = "threadmark scan report 2";

/// Scans and geometry
#[derive(Subcommand)]
pub enum Scanning {
    /// Lay a 3D scan (STL, PLY) over nominal geometry or an earlier scan, and say how far apart they are; signs nothing
    ScanCompare(ScanCompare),
    /// Make a report of `scan-compare` again from the two files, and say whether it is the same
    ScanCheck(ScanCheck),
}

/// The two files.
#[derive(Args)]
struct Files {
    /// The geometry to compare with: a mesh (STL or PLY) in millimetres, with the mark or without
    #[arg(long, value_name = "FILE")]
    reference: PathBuf,
    /// The scan: a mesh or points (STL, PLY)
    #[arg(long, value_name = "FILE")]
    scan: PathBuf,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
#[command(after_help = "\
Exit codes: 0 passed, 4 failed, 5 neither can be said (it covers too little, or cannot be laid over), 1 a file cannot be read.
That a scan keeps to nominal geometry says that the shape is right, and not which piece it is: every good copy keeps to it.

Example:
  threadmark part scan-compare --reference bracket.stl --scan part.ply --tolerance-um 100 --picture map.png --report scan.json")]
pub struct ScanCompare {
    #[command(flatten)]
    files: Files,
    #[command(flatten)]
    limits: Limits,
    /// Where the deviation map goes: a picture (PNG) from four sides
    #[arg(long, value_name = "FILE")]
    picture: Option<PathBuf>,
    /// Where the report goes (JSON); its digest is what a statement names
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
}

/// What is asked of a scan.
#[derive(Args)]
struct Limits {
    /// Largest distance that is within
    #[arg(long, value_name = "UM", value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    tolerance_um: u32,
    /// Least share of the scan within it, in percent
    #[arg(long, value_name = "PERCENT", value_parser = args::percent, default_value = "99")]
    within: u32,
    /// Least share of the reference that the scan covers, in percent
    #[arg(long, value_name = "PERCENT", value_parser = args::percent, default_value = "90")]
    coverage: u32,
    /// Largest patch beyond the tolerance, in hundredths of a square millimetre
    #[arg(long, value_name = "MM2/100", default_value_t = PATCH_MAX_MM2_E2)]
    patch_max: u32,
    /// Largest patch of the reference that the scan may leave bare, in hundredths of a square millimetre
    #[arg(long, value_name = "MM2/100", default_value_t = GAP_MAX_MM2_E2)]
    gap_max: u32,
    /// Unit of the scan: millimetre, inch or metre; guessed from its size where nothing is said
    #[arg(long, value_parser = args::by_name::<Unit>)]
    unit: Option<Unit>,
}

#[derive(Args)]
#[command(after_help = "\
Exit codes: 0 it is the same, 1 it is not.

Example:
  threadmark part scan-check scan.json --reference bracket.stl --scan part.ply")]
pub struct ScanCheck {
    /// The report
    #[arg(value_name = "REPORT")]
    report: PathBuf,
    #[command(flatten)]
    files: Files,
}

/// Where nothing else is said: 1 mm².
pub const PATCH_MAX_MM2_E2: u32 = 100;
/// Where nothing else is said: 25 mm², a square of 5 mm.
pub const GAP_MAX_MM2_E2: u32 = 2_500;

/// What a report says.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Report {
    format: String,
    /// SHA3-256 of the reference.
    reference: Digest,
    /// SHA3-256 of the scan.
    scan: Digest,
    asked: Asked,
    compared: Compared,
}

/// Two files that were laid over each other.
pub struct Laying {
    /// SHA3-256 of the reference.
    pub reference: Digest,
    /// SHA3-256 of the scan.
    pub scan: Digest,
    laid: Laid,
    report: Vec<u8>,
}

impl Laying {
    /// Reads both and lays one over the other.
    pub fn of(reference: &Path, scan: &Path, asked: &Asked) -> Result<Laying> {
        let limits = ScanLimits::default();
        let read = |path: &Path| {
            let bytes = args::read(path)?;
            let read = Scan::read(&bytes, &limits);
            let read = read.with_context(|| format!("reading {}", path.display()))?;
            anyhow::Ok((Digest::sha3(&[&bytes]), read))
        };
        let ((reference, nominal), (scan, own)) = (read(reference)?, read(scan)?);
        let laid = scan::compare(&nominal, &own, asked)?;
        let report = Report {
            format: FORMAT.to_owned(),
            reference,
            scan,
            asked: asked.clone(),
            compared: laid.compared().clone(),
        };
        let mut report = serde_json::to_vec_pretty(&report)?;
        report.push(b'\n');
        Ok(Laying {
            reference,
            scan,
            laid,
            report,
        })
    }

    /// What came out.
    pub fn compared(&self) -> &Compared {
        self.laid.compared()
    }

    /// SHA3-256 of the report.
    pub fn report(&self) -> Digest {
        Digest::sha3(&[&self.report])
    }

    /// Writes the report and the picture where they are asked for.
    pub fn keep(&self, report: Option<&Path>, picture: Option<&Path>) -> Result<()> {
        let write = |path: &Path, bytes: &[u8]| {
            std::fs::write(path, bytes).with_context(|| format!("writing {}", path.display()))
        };
        report.map_or(Ok(()), |path| write(path, &self.report))?;
        picture.map_or(Ok(()), |path| write(path, &self.laid.picture()?))
    }

    /// For people and scripts.
    pub fn told(&self) -> Document {
        let (found, of) = (self.compared(), &self.compared().deviation);
        let guess = match (found.unit_guessed, found.unit) {
            (false, _) => "",
            (true, Unit::Millimetre) => " (taken for granted: the size fits)",
            (true, _) => " (GUESSED from the size: say --unit if that is wrong)",
        };
        Document::new()
            .with_text("outcome", found.outcome, words(found.outcome))
            .with_text(
                "unit",
                found.unit,
                format!("{:?}{guess}", found.unit).to_lowercase(),
            )
            .with("unit_guessed", found.unit_guessed)
            .with("points", found.points)
            .with_text("within_ppm", found.within_ppm, percent(found.within_ppm))
            .with_text(
                "coverage_ppm",
                found.coverage_ppm,
                percent(found.coverage_ppm),
            )
            .with_text("deviation", of, distances(of))
            .with_text(
                "patch_mm2_e2",
                found.patch_mm2_e2,
                patch("beyond the tolerance", found.patch_mm2_e2),
            )
            .with_text(
                "gap_mm2_e2",
                found.gap_mm2_e2,
                patch("that is not covered", found.gap_mm2_e2),
            )
            .with("report", self.report())
    }
}

impl Scanning {
    /// Runs the command.
    pub fn run(self) -> Result<ExitCode> {
        match self {
            Scanning::ScanCompare(compare) => compare.run(),
            Scanning::ScanCheck(check) => check.run(),
        }
    }
}

impl ScanCompare {
    fn run(self) -> Result<ExitCode> {
        let asked = Asked {
            tolerance_um: self.limits.tolerance_um,
            within_min_ppm: self.limits.within,
            coverage_min_ppm: self.limits.coverage,
            patch_max_mm2_e2: self.limits.patch_max,
            gap_max_mm2_e2: self.limits.gap_max,
            unit: self.limits.unit,
        };
        let laying = Laying::of(&self.files.reference, &self.files.scan, &asked)?;
        laying.keep(self.report.as_deref(), self.picture.as_deref())?;
        laying.told().print(self.files.json);
        Ok(ExitCode::from(match laying.compared().outcome {
            Outcome::Passed => 0,
            Outcome::Failed => 4,
            Outcome::CoversTooLittle | Outcome::NotRegistered => 5,
        }))
    }
}

impl ScanCheck {
    fn run(self) -> Result<ExitCode> {
        let said: Report = args::read_json(&self.report)?;
        if said.format != FORMAT {
            bail!(
                "the report is of the format {:?}; this program makes {FORMAT:?}",
                said.format
            );
        }
        let laying = Laying::of(&self.files.reference, &self.files.scan, &said.asked)?;
        if (laying.reference, laying.scan) != (said.reference, said.scan) {
            bail!("the report is about other files: their digests are not those that it names");
        }
        let is_same = args::digest_of(&self.report)? == laying.report();
        let words = match is_same {
            true => "the report is what these files give",
            false => "the report is NOT what these files give: somebody changed it, or it is wrong",
        };
        let told = Document::new().with_text("same", is_same, words);
        told.and(laying.told()).print(self.files.json);
        Ok(if is_same {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }
}

fn distances(of: &Statistics) -> String {
    format!(
        "half within {} µm, 95 % within {}, 99 % within {}, all within {}; from {} inside to {} outside",
        of.p50_um,
        of.p95_um,
        of.p99_um,
        of.max_um,
        -of.lowest_um.min(0),
        of.highest_um.max(0)
    )
}

fn words(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Passed => "PASSED",
        Outcome::Failed => "FAILED",
        Outcome::CoversTooLittle => {
            "CANNOT SAY: the scan covers too little of the reference, or leaves a gap in which something may be"
        }
        Outcome::NotRegistered => {
            "CANNOT SAY: the scan cannot be laid over the reference; it is another part, or spoilt"
        }
    }
}

fn percent(ppm: u32) -> String {
    format!("{}.{:02} %", ppm / 10_000, ppm / 100 % 100)
}

fn patch(which: &str, mm2_e2: u64) -> String {
    format!(
        "largest patch {which} {}.{:02} mm²",
        mm2_e2 / 100,
        mm2_e2 % 100
    )
}
