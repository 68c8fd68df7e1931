//! `threadmark recall`: holding everything below a lot, a build, a design, a machine or a key.
//!
//! Owns the arguments, and that whoever recalls sees first what it reaches (`reach`). Must never decide what is reached: `life`.

mod reach;

use super::args;
use super::output::Document;
use super::sign::{Desk, Signing};
use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand};
use reach::{known, summary, whereabouts};
use std::io::{IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;
use threadmark_agent::home::Draft;
use threadmark_protocol::body::Core;
use threadmark_protocol::body::safety::{RecallLifted, RecallPlaced, RecallReported};
use threadmark_protocol::life::{Impact, Scope};
use threadmark_protocol::text::{Moment, Paragraph, SubjectId};
use threadmark_protocol::world::World;

/// Look at, place, report and lift recalls
#[derive(Subcommand)]
pub enum Recall {
    /// List what a recall would reach, or reaches, without signing anything
    Impact(Look),
    /// Hold everything that descends from all anchors, made already or not yet
    Place(Place),
    /// Freeze what a recall reaches now: the list as a file, its digest signed into the log
    Report(Report),
    /// End a recall, by somebody other than who placed it
    Lift(Lift),
}

/// What is recalled.
#[derive(Args)]
struct Below {
    /// Lots, builds, designs, machines, licences, approvals, allowables, keys or parts; what descends from all of them is meant
    #[arg(required = true)]
    anchors: Vec<SubjectId>,
    /// Only parts whose build started at or after
    #[arg(long, value_parser = args::time, value_name = "TIME")]
    from: Option<Moment>,
    /// Only parts whose build started before
    #[arg(long, value_parser = args::time, value_name = "TIME")]
    until: Option<Moment>,
}

#[derive(Args)]
#[command(after_help = "Examples:
  threadmark recall impact lot:31…d8 --home ./production
  threadmark recall impact design:b2…07 machine:9c…e1 --from 2026-03-01T00:00:00Z --out list.jsonl --home ./designer
  threadmark recall impact recall:6a…12 --home ./mechanic      what a recall that is placed reaches now")]
pub struct Look {
    #[command(flatten)]
    below: Below,
    /// Write the list here: a line of JSON with what was asked, then one a part
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    signing: Signing,
}

#[derive(Args)]
#[command(
    after_help = "What it reaches is shown first; in a terminal you are asked before anything is signed.

Example:
  threadmark recall place lot:31…d8 --reason 'Porosity; do not use' --home ./production"
)]
pub struct Place {
    #[command(flatten)]
    below: Below,
    /// Why, and what to do
    #[arg(long)]
    reason: Paragraph,
    /// Id of the recall; a new one where none is given
    #[arg(long)]
    id: Option<SubjectId>,
    /// Sign without asking
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    signing: Signing,
}

#[derive(Args)]
#[command(
    after_help = "Whoever has the log as it is now makes the same list, byte for byte.

Example:
  threadmark recall report recall:6a…12 --out list.jsonl --home ./production"
)]
pub struct Report {
    /// The recall
    recall: SubjectId,
    /// Where the list goes
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    signing: Signing,
}

#[derive(Args)]
#[command(after_help = "Example:
  threadmark recall lift recall:6a…12 --disposition 'CT scans are clean' --home ./certifier")]
pub struct Lift {
    /// The recall
    recall: SubjectId,
    /// Evidence and decision
    #[arg(long)]
    disposition: Paragraph,
    #[command(flatten)]
    signing: Signing,
}

impl Recall {
    /// Runs the command.
    pub fn run(self) -> Result<ExitCode> {
        match self {
            Recall::Impact(look) => look.run(),
            Recall::Place(place) => place.run(),
            Recall::Report(report) => report.run(),
            Recall::Lift(lift) => {
                let core = Core::RecallLifted(RecallLifted {
                    disposition: lift.disposition,
                });
                lift.signing
                    .open()?
                    .sign(Draft::new(lift.recall, core), Document::new())
            }
        }
    }
}

impl Below {
    fn scope(&self) -> Scope {
        Scope {
            anchors: self.anchors.iter().cloned().collect(),
            from: self.from,
            until: self.until,
            effect: None,
        }
    }
}

impl Look {
    fn run(self) -> Result<ExitCode> {
        let desk = self.signing.open()?;
        let view = desk.view()?;
        let narrowed = self.below.from.is_some() || self.below.until.is_some();
        let scope = match &self.below.anchors[..] {
            [recall] if recall.kind() == "recall" && narrowed => {
                bail!("{recall} names its own window of time; leave out --from and --until")
            }
            [recall] if recall.kind() == "recall" => known(&view, recall)?,
            _ => self.below.scope(),
        };
        let impact = impact(view.replica.world(), view.replica.size(), scope)?;
        let mut document = summary(&impact).and(whereabouts(&impact));
        if let Some(file) = &self.out {
            keep(file, &impact)?;
            document = document
                .with("list", file)
                .with("sha3_256", impact.digest());
        }
        document.print(desk.wants_json());
        Ok(ExitCode::SUCCESS)
    }
}

impl Place {
    fn run(self) -> Result<ExitCode> {
        let id = args::id_or_new("recall", self.id)?;
        let desk = self.signing.open()?;
        // With what is signed and not logged yet: on a ship a lot and its parts may stand in journals alone.
        let view = desk.view()?;
        let reached = impact(&view.world, view.replica.size(), self.below.scope())?;
        let reached = summary(&reached);
        if !self.yes && !is_meant(&desk, &reached)? {
            bail!("nothing was signed");
        }
        let told = Document::new().with("anchors", &self.below.anchors);
        let core = Core::RecallPlaced(RecallPlaced {
            anchors: self.below.anchors,
            from: self.below.from,
            until: self.below.until,
            reason: self.reason,
        });
        desk.sign(Draft::new(id, core), told.and(reached))
    }
}

impl Report {
    fn run(self) -> Result<ExitCode> {
        let desk = self.signing.open()?;
        let view = desk.view()?;
        let scope = known(&view, &self.recall)?;
        // By the log alone: others do not have the journals that are at hand here.
        let impact = impact(view.replica.world(), view.replica.size(), scope)?;
        // The list is on the disk before its digest is in the log.
        keep(&self.out, &impact)?;
        let core = Core::RecallReported(RecallReported {
            size: impact.size,
            parts: impact.parts.len() as u64,
            list: impact.digest(),
        });
        let told = summary(&impact).with("list", &self.out);
        desk.sign(Draft::new(self.recall, core), told)
    }
}

/// What a scope reaches in a world.
fn impact(world: &World, size: u64, scope: Scope) -> Result<Impact> {
    if let Some(unknown) = scope.anchors.iter().find(|id| world.get(id).is_none()) {
        bail!("{unknown} is not known here; synchronise, or look whether the id is right");
    }
    Ok(Impact::of(world, scope, size))
}

fn keep(file: &std::path::Path, impact: &Impact) -> Result<()> {
    threadmark_agent::home::file::replace(file, &impact.to_bytes())
        .with_context(|| format!("writing {}", file.display()))
}

/// People are asked; a script has decided.
fn is_meant(desk: &Desk, reached: &Document) -> Result<bool> {
    if desk.wants_json() || !std::io::stdin().is_terminal() {
        return Ok(true);
    }
    let mut err = std::io::stderr().lock();
    write!(err, "{}Sign the recall? [y/N] ", reached.to_text())?;
    err.flush()?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    Ok(answer.trim().eq_ignore_ascii_case("y"))
}
