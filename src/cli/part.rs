//! `threadmark part`: what happens to a part after its build.
//!
//! Owns the arguments. A part is named by its id or its mark; what a statement must name beside it is looked up. Must
//! never know phases.

mod correcting;
mod holding;
mod install;
mod marking;
mod physical;
mod quality;
mod scan;
mod service;
mod sheet;
mod suspicion;

use super::args;
use super::lookup::{Case, part_named};
use super::output::Document;
use super::sign::Signing;
use anyhow::Result;
use clap::{Args, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;
use threadmark_agent::home::Draft;
use threadmark_protocol::body::Core;
use threadmark_protocol::body::part::{Inspected, Received, Released, Removed, Shipped};
use threadmark_protocol::mark::Mark;
use threadmark_protocol::statement::StatementId;
use threadmark_protocol::text::{Line, Moment, OrgId, Paragraph, SubjectId};

/// Say what happened to a part
#[derive(Subcommand)]
pub enum Part {
    /// Report an inspection
    Inspect(Inspect),
    /// Release the part for use
    #[command(after_help = "Example:
  threadmark part release 7K3Q9XWD2M8TV0AY --form 'FAA 8130-3 (02-14)' --number DS-1 --home ./signatory
  threadmark part release 7K3Q9XWD2M8TV0AY --form 'FAA 8130-3 (02-14)' --number DS-2 --blocks form.json --home ./signatory")]
    Release {
        #[command(flatten)]
        on: On,
        /// The inspection that it rests on; the passed one that is known here
        #[arg(long, value_name = "STATEMENT")]
        inspection: Option<StatementId>,
        /// Form and its version
        #[arg(long)]
        form: Line,
        /// Form tracking number
        #[arg(long)]
        number: Line,
        /// The form's blocks as JSON: docs/release-forms.md shows one, with its rules
        #[arg(long, value_name = "FILE")]
        blocks: Option<PathBuf>,
    },
    /// Report that the part left for another organisation
    #[command(after_help = "Example:
  threadmark part ship 7K3Q9XWD2M8TV0AY --to mro.example --home ./custodian")]
    Ship {
        #[command(flatten)]
        on: On,
        /// The receiver
        #[arg(long)]
        to: OrgId,
    },
    /// Report that the part arrived
    #[command(after_help = "Example:
  threadmark part receive 7K3Q9XWD2M8TV0AY --home ./mechanic")]
    Receive {
        #[command(flatten)]
        on: On,
        /// The sender's statement; the shipment under way that is known here
        #[arg(long, value_name = "STATEMENT")]
        shipment: Option<StatementId>,
    },
    Install(install::Install),
    /// Report that the part was removed
    #[command(after_help = "Example:
  threadmark part remove 7K3Q9XWD2M8TV0AY --reason 'Scheduled' --home ./mechanic")]
    Remove {
        #[command(flatten)]
        on: On,
        /// Why
        #[arg(long)]
        reason: Paragraph,
    },
    Export(sheet::Export),
    Import(sheet::Import),
    #[command(flatten)]
    Marking(marking::Marking),
    #[command(flatten)]
    Correcting(correcting::Correcting),
    #[command(flatten)]
    Quality(quality::Quality),
    #[command(flatten)]
    Physical(physical::Physical),
    #[command(flatten)]
    Scanning(scan::Scanning),
    #[command(flatten)]
    Service(service::Service),
    #[command(flatten)]
    Suspicion(suspicion::Suspicion),
    #[command(flatten)]
    Holding(holding::Holding),
}

#[derive(Args)]
#[command(after_help = "Example:
  threadmark part inspect 7K3Q9XWD2M8TV0AY --plan IP-100 --required 14 --conforming 14 --mark-read --report ip.pdf \\
      --home ./inspector")]
pub struct Inspect {
    #[command(flatten)]
    on: On,
    /// Inspection plan
    #[arg(long)]
    plan: Line,
    /// Characteristics that the plan requires
    #[arg(long)]
    required: u32,
    /// Characteristics that conform
    #[arg(long)]
    conforming: u32,
    /// The mark was read from the part itself
    #[arg(long)]
    mark_read: bool,
    /// The report; its digest is signed
    #[arg(long, value_name = "FILE")]
    report: PathBuf,
}

/// Which part, and when it happened.
#[derive(Args)]
pub struct On {
    /// The part: its id, its mark (16 characters), or the address in the mark
    part: String,
    /// When it happened; now, where nothing is said
    #[arg(long, value_parser = args::time, value_name = "TIME")]
    at: Option<Moment>,
    #[command(flatten)]
    signing: Signing,
}

impl On {
    /// The part that `text` names beside the one that is spoken of.
    fn other(&self, text: &str) -> Result<SubjectId> {
        let view = self.signing.open()?.view()?;
        part_named(&view, text)
    }

    /// Finds the part, and signs what `says` makes of it.
    fn say(self, says: impl FnOnce(&Case) -> Result<Core>) -> Result<ExitCode> {
        self.tell(|case| Ok((says(case)?, Document::new())))
    }

    /// As [`On::say`], and prints what else is worth knowing.
    fn tell(self, says: impl FnOnce(&Case) -> Result<(Core, Document)>) -> Result<ExitCode> {
        let desk = self.signing.open()?;
        let own = desk.home().identity().org.clone();
        let case = Case::find(&desk.view()?, &self.part, own)?;
        let (core, more) = says(&case)?;
        let grouped = case.mark.as_ref().map(Mark::grouped).unwrap_or_default();
        let told = Document::new()
            .with_text("mark", case.mark, grouped)
            .with("after", case.after)
            .and(more);
        desk.sign(
            Draft {
                occurred_at: self.at,
                ..Draft::new(case.part, core)
            },
            told,
        )
    }
}

impl Part {
    /// Runs the command.
    pub fn run(self) -> Result<ExitCode> {
        match self {
            Part::Inspect(inspect) => inspect.run(),
            Part::Release {
                on,
                inspection,
                form,
                number,
                blocks,
            } => on.say(|of| {
                let blocks = blocks.as_deref().map(args::read_json).transpose()?;
                let inspection = inspection.map_or_else(|| of.inspection(), Ok)?;
                Ok(Core::PartReleased(Released {
                    after: of.after,
                    inspection,
                    form,
                    number,
                    blocks,
                }))
            }),
            Part::Export(export) => export.run(),
            Part::Import(import) => import.run(),
            Part::Ship { on, to } => on.say(|of| {
                Ok(Core::PartShipped(Shipped {
                    after: of.after,
                    to,
                }))
            }),
            Part::Receive { on, shipment } => on.say(|of| {
                let shipment = shipment.map_or_else(|| of.shipment(), Ok)?;
                Ok(Core::PartReceived(Received {
                    after: of.after,
                    shipment,
                }))
            }),
            Part::Install(install) => install.run(),
            Part::Remove { on, reason } => on.say(|of| {
                Ok(Core::PartRemoved(Removed {
                    after: of.after,
                    reason,
                }))
            }),
            Part::Marking(marking) => marking.run(),
            Part::Correcting(correcting) => correcting.run(),
            Part::Quality(quality) => quality.run(),
            Part::Physical(physical) => physical.run(),
            Part::Scanning(scanning) => scanning.run(),
            Part::Service(service) => service.run(),
            Part::Suspicion(suspicion) => suspicion.run(),
            Part::Holding(holding) => holding.run(),
        }
    }
}

impl Inspect {
    fn run(self) -> Result<ExitCode> {
        let report = args::digest_of(&self.report)?;
        self.on.say(|of| {
            Ok(Core::PartInspected(Inspected {
                after: of.after,
                plan: self.plan,
                required: self.required,
                conforming: self.conforming,
                mark_read: self.mark_read,
                report,
            }))
        })
    }
}
