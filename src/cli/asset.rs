//! `threadmark asset`: how much whole assets are used, from which the use of their parts follows.
//!
//! Owns the arguments, and the columns of the table that shops without anything else send. Must never know parts.

use super::args;
use super::output::Document;
use super::sign::Signing;
use anyhow::{Context, Result, ensure};
use clap::{Args, Subcommand};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use threadmark_agent::home::Draft;
use threadmark_protocol::body::Core;
use threadmark_protocol::body::asset::AssetUsed;
use threadmark_protocol::body::correction::{ErrorConfirmed, ErrorDeclared};
use threadmark_protocol::body::usage::Usage;
use threadmark_protocol::statement::StatementId;
use threadmark_protocol::text::{Line, Moment, OrgId, Paragraph, SubjectId};
use threadmark_protocol::world::asset_subject;

/// First line of the table, and its columns.
const COLUMNS: &str = "asset,at,hours,cycles,landings,peak_milli_g,source";
/// Most lines of one table.
const LINES_MAX: usize = 10_000;

/// Report how much an asset was used; the use of the parts in it follows
#[derive(Subcommand)]
pub enum Asset {
    /// Report all use of an asset of yours since it was new
    Usage(Reported),
    /// Take back a report of an asset's use; it counts until an authority confirms the error
    #[command(after_help = "Example:
  threadmark asset correct N123TM --error 3f9a…07 --reason 'A digit too many' --home ./custodian")]
    Correct {
        /// The asset
        asset: Line,
        /// The report that is not so
        #[arg(long, value_name = "STATEMENT")]
        error: StatementId,
        /// What is said in its place, where something is
        #[arg(long, value_name = "STATEMENT")]
        instead: Option<StatementId>,
        /// How it came about
        #[arg(long)]
        reason: Paragraph,
        #[command(flatten)]
        signing: Signing,
    },
    /// Confirm, as an authority, that a report of an asset's use is not so
    #[command(after_help = "Example:
  threadmark asset confirm N123TM --operator airline.example --declaration 77…a1 --grounds 'Seen the log book' \\
      --home ./certifier")]
    Confirm {
        /// The asset
        asset: Line,
        /// Whose it is
        #[arg(long)]
        operator: OrgId,
        /// The operator's declaration
        #[arg(long, value_name = "STATEMENT")]
        declaration: StatementId,
        /// What you know of it
        #[arg(long)]
        grounds: Paragraph,
        #[command(flatten)]
        signing: Signing,
    },
}

#[derive(Args)]
#[command(after_help = "Examples:
  threadmark asset usage N123TM --hours 5120 --cycles 4100 --landings 4100 --source 'Log book 3' --home ./custodian
  threadmark asset usage --csv fleet.csv --home ./custodian
The table has one reading a line, after the line asset,at,hours,cycles,landings,peak_milli_g,source:
  N123TM,2026-03-01T12:00:00Z,5120,4100,4100,1850,Log book 3
Counts are since the asset was new; at and peak_milli_g may be empty. Text holds no comma. Read an asset whenever a part comes
or goes: what lies between two readings counts in full for a part that was there for some of it.")]
pub struct Reported {
    /// The asset, as its parts' installations name it
    #[arg(required_unless_present = "csv", conflicts_with = "csv")]
    asset: Option<Line>,
    /// Hours of operation since new
    #[arg(long, required_unless_present = "csv")]
    hours: Option<u32>,
    /// Cycles since new
    #[arg(long, default_value_t = 0)]
    cycles: u32,
    /// Landings since new
    #[arg(long, default_value_t = 0)]
    landings: u32,
    /// The hardest landing since the last report, in thousandths of g
    #[arg(long)]
    peak_milli_g: Option<u32>,
    /// Where the numbers are from
    #[arg(long, required_unless_present = "csv")]
    source: Option<Line>,
    /// When it was read; now, where nothing is said
    #[arg(long, value_parser = args::time, value_name = "TIME")]
    at: Option<Moment>,
    /// A table of readings, of any number of assets
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
    #[command(flatten)]
    signing: Signing,
}

/// A reading, and when it was taken.
type Reading = (AssetUsed, Option<Moment>);

fn usage(hours: u32, cycles: u32, landings: u32) -> Usage {
    Usage {
        duration_s: u64::from(hours) * 3600,
        cycles: cycles.into(),
        landings: landings.into(),
    }
}

impl Reported {
    fn run(self) -> Result<ExitCode> {
        let readings = match (&self.csv, self.asset, self.hours, self.source) {
            (Some(file), ..) => table(file)?,
            (None, Some(asset), Some(hours), Some(source)) => {
                let says = AssetUsed {
                    asset,
                    total: usage(hours, self.cycles, self.landings),
                    peak_milli_g: self.peak_milli_g,
                    source,
                };
                vec![(says, self.at)]
            }
            _ => anyhow::bail!("name the asset, its hours and where they are from, or a table"),
        };
        let desk = self.signing.open()?;
        let own = desk.home().identity().org.clone();
        let draft = |(says, at): Reading| Draft {
            occurred_at: at,
            ..Draft::new(asset_subject(&own, &says.asset), Core::AssetUsed(says))
        };
        let mut readings: Vec<_> = readings.into_iter().map(draft).collect();
        if self.csv.is_none() {
            let only = readings.pop().context("a reading")?;
            return desk.sign(only, Document::new());
        }
        let told = Document::new().with("readings", readings.len());
        desk.sign_all(readings, told)
    }
}

/// The readings of a table; nothing is signed unless all of it can be read.
fn table(file: &Path) -> Result<Vec<Reading>> {
    let text = String::from_utf8(args::read(file)?).context("the table is no UTF-8 text")?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let mut lines = text.lines().enumerate();
    let head = lines
        .next()
        .map(|(_, line)| line.trim())
        .unwrap_or_default();
    ensure!(head == COLUMNS, "the first line of the table is {COLUMNS}");
    let lines = lines.filter(|(_, line)| !line.trim().is_empty());
    let readings: Vec<Reading> = lines
        .map(|(at, line)| reading(line).with_context(|| format!("line {} of the table", at + 1)))
        .collect::<Result<_>>()?;
    let right = (1..=LINES_MAX).contains(&readings.len());
    ensure!(right, "a table has 1 to {LINES_MAX} readings");
    Ok(readings)
}

fn reading(line: &str) -> Result<Reading> {
    let cells: Vec<_> = line.split(',').map(str::trim).collect();
    let [asset, at, hours, cycles, landings, peak, source] = cells[..] else {
        anyhow::bail!("it has {} columns, not 7", cells.len());
    };
    let number = |text: &str, name: &str| -> Result<u32> {
        text.parse()
            .with_context(|| format!("{name} is no whole number: {text:?}"))
    };
    let or_none = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let says = AssetUsed {
        asset: asset.parse().context("asset")?,
        total: usage(
            number(hours, "hours")?,
            number(cycles, "cycles")?,
            number(landings, "landings")?,
        ),
        peak_milli_g: or_none(peak)
            .map(|peak| number(&peak, "peak_milli_g"))
            .transpose()?,
        source: source.parse().context("source")?,
    };
    let at = or_none(at).map(|at| args::time(&at)).transpose();
    Ok((says, at.map_err(anyhow::Error::msg)?))
}

impl Asset {
    /// Runs the command.
    pub fn run(self) -> Result<ExitCode> {
        match self {
            Asset::Usage(reported) => reported.run(),
            Asset::Correct {
                asset,
                error,
                instead,
                reason,
                signing,
            } => {
                let desk = signing.open()?;
                let sub = asset_subject(&desk.home().identity().org, &asset);
                let core = Core::ErrorDeclared(ErrorDeclared {
                    after: None,
                    error,
                    instead,
                    reason,
                });
                desk.sign(Draft::new(sub, core), Document::new())
            }
            Asset::Confirm {
                asset,
                operator,
                declaration,
                grounds,
                signing,
            } => {
                let sub: SubjectId = asset_subject(&operator, &asset);
                let core = Core::ErrorConfirmed(ErrorConfirmed {
                    after: None,
                    declaration,
                    grounds,
                });
                signing.open()?.sign(Draft::new(sub, core), Document::new())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<Reading>> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        table(file.path())
    }

    #[test]
    fn a_table_is_read_whole_or_not_at_all() {
        let good = format!(
            "{COLUMNS}\r\nN1,2026-03-01T12:00:00Z,10,4,3,1850,Log book\r\n\r\nN2,,1,0,0,,EFB\r\n"
        );
        let readings = read(&good).unwrap();
        let (first, at) = &readings[0];
        assert_eq!(
            (first.total, first.peak_milli_g),
            (usage(10, 4, 3), Some(1850))
        );
        assert_eq!(at.unwrap().to_string(), "2026-03-01T12:00:00Z");
        assert_eq!((readings[1].0.peak_milli_g, readings[1].1), (None, None));
        for bad in [
            "",
            COLUMNS,
            "asset,hours\nN1,1\n",
            &format!("{COLUMNS}\nN1,,1,0,0,,x\nN1,,1.5,0,0,,x\n"),
            &format!("{COLUMNS}\nN1,,-1,0,0,,x\n"),
            &format!("{COLUMNS}\nN1,yesterday,1,0,0,,x\n"),
            &format!("{COLUMNS}\nN1,,1,0,0,,\"a,b\"\n"),
            &format!("{COLUMNS}\n{}", "N1,,1,0,0,,x\n".repeat(LINES_MAX + 1)),
        ] {
            assert!(read(bad).is_err(), "{}", &bad[..bad.len().min(90)]);
        }
    }
}
