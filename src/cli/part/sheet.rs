//! `threadmark part export` and `threadmark part import`: tables, for shops that have nothing else.
//!
//! Owns the columns (RFC 4180). A line that comes in becomes one signed report; all lines are checked before the first is
//! signed. Must never know phases.

use super::super::lookup::Case;
use super::super::output::{Document, progress, say};
use super::super::sign::{Desk, Signing};
use super::args;
use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;
use threadmark_agent::home::{Draft, Home, Outcome, View};
use threadmark_agent::sync;
use threadmark_agent::system::{self, SystemEntropy};
use threadmark_protocol::answer::{Step, Viewer};
use threadmark_protocol::body::Core;
use threadmark_protocol::body::part::{Installed, Received, Removed, Shipped};
use threadmark_protocol::body::usage::{Usage, UsageReported};
use threadmark_protocol::mark::Mark;
use threadmark_protocol::statement::StatementId;
use threadmark_protocol::text::{Moment, OrgId, SubjectId};

/// Lines of one table.
const LINES_MAX: usize = 10_000;
/// Reasons that are told of one table.
const WRONG_MAX: usize = 20;

/// Write the life of a part as a table
///
/// One line for each statement, oldest first, as far as it is known in the home. A cell that a spreadsheet would take for a
/// formula begins with an apostrophe.
#[derive(Args)]
#[command(after_help = "Example:
  threadmark part export 7K3Q9XWD2M8TV0AY --csv life.csv --home ./mechanic")]
pub struct Export {
    /// The 16 characters of the mark
    mark: Mark,
    /// Where to put it; the terminal where nothing is said
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
    /// What is known to this member
    #[arg(long, env = "THREADMARK_HOME", value_name = "DIR")]
    home: PathBuf,
    /// With --csv: print one JSON document about the file
    #[arg(long, requires = "csv")]
    json: bool,
}

/// Sign a report for each line of a table
///
/// The first line names the columns: part, event, at, and what the events take. Events are usage (hours, cycles, landings,
/// source, and peak_milli_g where it is known), ship (to), receive, install (asset, asset_type, position, work_order, and
/// operator where the asset is another's) and remove (reason). `at` is RFC 3339 with an offset. All lines are checked first,
/// and nothing is signed when one is wrong, unless --skip-wrong is given. What is signed is delivered at once, or by
/// `threadmark sync`.
#[derive(Args)]
#[command(after_help = "Examples:
  threadmark part import hours.csv --check --home ./mechanic
  threadmark part import hours.csv --home ./mechanic

hours.csv:
  part,event,at,hours,cycles,landings,source
  7K3Q9XWD2M8TV0AY,usage,2026-03-01T12:00:00Z,1204,880,880,Log book")]
pub struct Import {
    /// The table (CSV, UTF-8)
    file: PathBuf,
    /// Only check
    #[arg(long)]
    check: bool,
    /// Sign the lines that are right, and tell the others
    #[arg(long, conflicts_with = "check")]
    skip_wrong: bool,
    #[command(flatten)]
    signing: Signing,
}

impl Export {
    /// Runs the command.
    pub fn run(self) -> Result<ExitCode> {
        let home = Home::open(&self.home)?;
        let org = home.identity().org.clone();
        let viewer = Viewer::Member {
            org,
            asset_type: None,
        };
        let answer = home.view()?.answer(self.mark, &viewer, system::now());
        ensure!(
            !answer.life.is_empty(),
            "nothing is known here of {}; synchronise, or import the journals of those who signed about it",
            self.mark.grouped()
        );
        let mut table = csv::Writer::from_writer(Vec::new());
        table.write_record(COLUMNS)?;
        for step in &answer.life {
            table.write_record(cells(self.mark, step).map(inert))?;
        }
        let text = String::from_utf8(table.into_inner()?)?;
        let Some(file) = &self.csv else {
            say(&text);
            return Ok(ExitCode::SUCCESS);
        };
        std::fs::write(file, text).with_context(|| format!("writing {}", file.display()))?;
        let told = Document::new().with("file", file);
        told.with("statements", answer.life.len()).print(self.json);
        Ok(ExitCode::SUCCESS)
    }
}

const COLUMNS: [&str; 10] = [
    "mark",
    "at",
    "title",
    "detail",
    "organisation",
    "actor",
    "statement",
    "index",
    "logged_at",
    "findings",
];

fn cells(mark: Mark, step: &Step) -> [String; 10] {
    let time = |seconds| {
        Moment::from_unix(seconds)
            .map(|at| at.to_string())
            .unwrap_or_default()
    };
    let findings: Vec<_> = step.findings.iter().map(|code| code.name()).collect();
    [
        mark.to_string(),
        time(step.at),
        step.title.clone(),
        step.detail.clone().unwrap_or_default(),
        step.org.to_string(),
        step.actor
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default(),
        step.statement.to_string(),
        step.index
            .map(|index| index.to_string())
            .unwrap_or_default(),
        step.logged_at.map(time).unwrap_or_default(),
        findings.join(" "),
    ]
}

/// A cell that no spreadsheet computes.
fn inert(cell: String) -> String {
    match cell.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        true => format!("'{cell}"),
        false => cell,
    }
}

/// A line, by its columns; what an event has not taken in the end is one too many.
struct Line {
    number: u64,
    cells: BTreeMap<String, String>,
}

impl Line {
    fn take(&mut self, column: &str) -> Option<String> {
        self.cells.remove(column).filter(|cell| !cell.is_empty())
    }

    fn need<T>(&mut self, column: &str) -> Result<T>
    where
        T: std::str::FromStr<Err: std::error::Error + Send + Sync + 'static>,
    {
        let cell = self
            .take(column)
            .with_context(|| format!("{column} is empty"))?;
        cell.parse().with_context(|| format!("{column} {cell:?}"))
    }

    /// What the line says, of which part, and when.
    fn report(&mut self, view: &View, own: &OrgId) -> Result<(SubjectId, Moment, Core)> {
        let case = Case::find(view, &self.need::<String>("part")?, own.clone())?;
        let at = self.need("at")?;
        let event: String = self.need("event")?;
        let core = self.core(&event, &case)?;
        let left = self.cells.iter().find(|(_, cell)| !cell.is_empty());
        if let Some((column, _)) = left {
            bail!("{event} takes no {column}");
        }
        Ok((case.part, at, core))
    }

    fn usage(&mut self, after: Option<StatementId>) -> Result<UsageReported> {
        let hours: u32 = self.need("hours")?;
        let peak = self.take("peak_milli_g").map(|cell| cell.parse());
        Ok(UsageReported {
            after,
            total: Usage {
                duration_s: u64::from(hours) * 3600,
                cycles: u64::from(self.need::<u32>("cycles")?),
                landings: u64::from(self.need::<u32>("landings")?),
            },
            peak_milli_g: peak.transpose().context("peak_milli_g")?,
            source: self.need("source")?,
        })
    }

    fn core(&mut self, event: &str, case: &Case) -> Result<Core> {
        let after = case.after;
        Ok(match event {
            "usage" => Core::PartUsageReported(self.usage(after)?),
            "ship" => Core::PartShipped(Shipped {
                after,
                to: self.need("to")?,
            }),
            "receive" => Core::PartReceived(Received {
                after,
                shipment: case.shipment()?,
            }),
            "install" => Core::PartInstalled(Installed {
                after,
                asset: Some(self.need("asset")?),
                asset_type: Some(self.need("asset_type")?),
                into: None,
                position: self.need("position")?,
                work_order: self.need("work_order")?,
                operator: Some(match self.take("operator") {
                    Some(operator) => operator.parse().context("operator")?,
                    None => case.own.clone(),
                }),
            }),
            "remove" => Core::PartRemoved(Removed {
                after,
                reason: self.need("reason")?,
            }),
            other => bail!("event {other:?} is none of usage, ship, receive, install, remove"),
        })
    }
}

fn lines(bytes: &[u8]) -> Result<Vec<Line>> {
    let mut table = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_reader(bytes);
    let columns = table.headers()?.clone();
    for needed in ["part", "event", "at"] {
        ensure!(
            columns.iter().any(|column| column == needed),
            "the first line names no column {needed}"
        );
    }
    let mut lines = Vec::new();
    for record in table.records() {
        let record = record?;
        let number = record.position().map_or(0, csv::Position::line);
        let cells = columns.iter().zip(record.iter());
        let cells = cells
            .map(|(column, cell)| (column.to_owned(), cell.to_owned()))
            .collect();
        lines.push(Line { number, cells });
        ensure!(
            lines.len() <= LINES_MAX,
            "a table has at most {LINES_MAX} lines"
        );
    }
    Ok(lines)
}

type Told = (u64, SubjectId, Moment, Core);

impl Import {
    /// Runs the command.
    pub fn run(self) -> Result<ExitCode> {
        let table = lines(&args::read(&self.file)?)?;
        let desk = self.signing.open()?;
        let (view, own) = (desk.view()?, desk.home().identity().org.clone());
        let (mut good, mut wrong) = (Vec::<Told>::new(), Vec::new());
        for mut line in table {
            match line.report(&view, &own) {
                Ok((part, at, core)) => good.push((line.number, part, at, core)),
                Err(error) => wrong.push(format!("line {}: {error:#}", line.number)),
            }
        }
        let count = wrong.len();
        wrong.truncate(WRONG_MAX);
        if count > 0 && !self.skip_wrong {
            let file = self.file.display();
            bail!(
                "{count} wrong lines in {file}, nothing is signed\n{}",
                wrong.join("\n")
            );
        }
        let told = Document::new()
            .with("file", &self.file)
            .with("wrong_lines", count);
        if self.check {
            told.with("right_lines", good.len())
                .print(desk.wants_json());
            return Ok(ExitCode::SUCCESS);
        }
        wrong.iter().for_each(|why| eprintln!("{why}"));
        let signed = sign(&desk, good)?;
        let (logged, refused) = deliver(&desk, &signed)?;
        told.with("signed", signed.len())
            .with("logged", logged)
            .with("refused", refused)
            .print(desk.wants_json());
        Ok(if refused == 0 {
            ExitCode::SUCCESS
        } else {
            ExitCode::from(super::super::output::EXIT_REFUSED)
        })
    }
}

/// Signs them in order; of one part each comes after the one before.
fn sign(desk: &Desk, reports: Vec<Told>) -> Result<Vec<StatementId>> {
    let mut newest = BTreeMap::<SubjectId, StatementId>::new();
    let mut signed = Vec::new();
    for (number, part, at, mut core) in reports {
        if let Some(before) = newest.get(&part) {
            comes_after(&mut core, *before);
        }
        let draft = Draft {
            occurred_at: Some(at),
            ..Draft::new(part.clone(), core)
        };
        let statement = desk.home().sign(draft, system::now(), &mut SystemEntropy);
        let statement = statement.with_context(|| {
            format!(
                "line {number}; the {} before it are signed, `threadmark sync` delivers them",
                signed.len()
            )
        })?;
        newest.insert(part, statement.id);
        signed.push(statement.id);
    }
    Ok(signed)
}

fn comes_after(core: &mut Core, before: StatementId) {
    match core {
        Core::PartUsageReported(says) => says.after = Some(before),
        Core::PartShipped(says) => says.after = Some(before),
        Core::PartReceived(says) => says.after = Some(before),
        Core::PartInstalled(says) => says.after = Some(before),
        Core::PartRemoved(says) => says.after = Some(before),
        _ => {}
    }
}

/// How many of them are logged, and how many refused; the others wait for `threadmark sync`.
fn deliver(desk: &Desk, signed: &[StatementId]) -> Result<(usize, usize)> {
    let Some((client, _)) = desk.connect()? else {
        return Ok((0, 0));
    };
    if let Err(error) = sync::deliver_all(desk.home(), &client, &mut progress()) {
        eprintln!("{error}; `threadmark sync` sends the rest");
    }
    let outcomes = desk.home().delivered()?;
    let count = |is: fn(&Outcome) -> bool| {
        let known = signed.iter().filter_map(|id| outcomes.get(id));
        known.filter(|outcome| is(outcome)).count()
    };
    Ok((
        count(|outcome| matches!(outcome, Outcome::Logged { .. })),
        count(|outcome| matches!(outcome, Outcome::Refused { .. })),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_names_its_columns_and_every_cell_is_inert() {
        let table = "part, event,at,to\n\"A, B\",ship,2026-01-01T00:00:00Z,mro.example\n";
        let mut read = lines(table.as_bytes()).unwrap();
        let mut line = read.remove(0);
        assert_eq!(
            (line.number, line.take("part").as_deref()),
            (2, Some("A, B"))
        );
        assert_eq!(line.need::<String>("event").unwrap(), "ship");
        assert!(
            line.need::<u32>("hours")
                .unwrap_err()
                .to_string()
                .contains("hours is empty")
        );
        assert!(line.need::<u32>("to").is_err());
        for bad in ["", "part,event\n1,2\n", "part,event,at\n1,2\n"] {
            assert!(lines(bad.as_bytes()).is_err(), "{bad}");
        }
        let many = format!("part,event,at\n{}", "a,b,c\n".repeat(LINES_MAX + 1));
        assert!(lines(many.as_bytes()).is_err());
        assert_eq!(inert("=1+1".into()), "'=1+1");
        assert_eq!(inert("Log book".into()), "Log book");
    }
}
