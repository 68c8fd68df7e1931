//! `threadmark recall`: holding everything below a lot, a build, a design, a machine or a key.
//!
//! Owns the arguments. Must never know which parts are reached.

use super::args;
use super::output::Document;
use super::sign::Signing;
use anyhow::Result;
use clap::{Args, Subcommand};
use std::process::ExitCode;
use threadmark_agent::home::Draft;
use threadmark_protocol::body::Core;
use threadmark_protocol::body::safety::{RecallLifted, RecallPlaced};
use threadmark_protocol::text::{Moment, Paragraph, SubjectId};

/// Place and lift recalls
#[derive(Subcommand)]
pub enum Recall {
    /// Hold everything that descends from all anchors, made already or not yet
    Place(Place),
    /// End a recall, by somebody other than who placed it
    Lift(Lift),
}

#[derive(Args)]
#[command(after_help = "Example:
  threadmark recall place lot:31…d8 --reason 'Porosity; do not use' --home ./production")]
pub struct Place {
    /// Lots, builds, designs, machines, licences, approvals, allowables, keys or parts
    #[arg(required = true)]
    anchors: Vec<SubjectId>,
    /// Why, and what to do
    #[arg(long)]
    reason: Paragraph,
    /// Only parts whose build started at or after
    #[arg(long, value_parser = args::time, value_name = "TIME")]
    from: Option<Moment>,
    /// Only parts whose build started before
    #[arg(long, value_parser = args::time, value_name = "TIME")]
    until: Option<Moment>,
    /// Id of the recall; a new one where none is given
    #[arg(long)]
    id: Option<SubjectId>,
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
            Recall::Place(place) => {
                let id = args::id_or_new("recall", place.id)?;
                let told = Document::new().with("anchors", &place.anchors);
                let core = Core::RecallPlaced(RecallPlaced {
                    anchors: place.anchors,
                    from: place.from,
                    until: place.until,
                    reason: place.reason,
                });
                place.signing.open()?.sign(Draft::new(id, core), told)
            }
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
