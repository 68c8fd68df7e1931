//! Parts that no agent built, and marks that are put on a part after its making.
//!
//! Owns the arguments, and new marks, which are random. Must never know what a mark leads to.

use super::On;
use super::args::{self, by_name};
use crate::cli::output::Document;
use crate::cli::sign::Signing;
use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;
use threadmark_agent::home::Draft;
use threadmark_agent::system::{self, SystemEntropy};
use threadmark_protocol::body::Core;
use threadmark_protocol::body::marking::{
    Carrier, Entered, Grade, Grading, Marked, Remarked, Verified,
};
use threadmark_protocol::mark::Mark;
use threadmark_protocol::text::{Line, Paragraph, SubjectId};

/// Marks after the making
#[derive(Subcommand)]
pub enum Marking {
    /// Enter a part that was made otherwise; it gets a record and is never eligible by it
    Enter(Enter),
    /// Report that a mark was put on the part: a new one, or the licensed one that could not be built in
    #[command(after_help = "Example:
  threadmark part mark part:9e…31 --on direct --method 'laser engraving' --home ./production")]
    Mark {
        #[command(flatten)]
        on: On,
        #[command(flatten)]
        how: How,
        /// The mark that is there now; where none is given, the one that the part should have, else a new one
        #[arg(long)]
        mark: Option<Mark>,
    },
    /// Report how well the mark on the part reads; F holds it
    VerifyMark(Verify),
    /// Report that another mark took the place of a worn one; both lead to the part
    #[command(after_help = "Example:
  threadmark part re-mark 7K3Q9XWD2M8TV0AY --on direct --method 'laser engraving' --reason 'Worn' --home ./mechanic")]
    ReMark {
        #[command(flatten)]
        on: On,
        #[command(flatten)]
        how: How,
        /// The mark that was there; the part's newest where none is given
        #[arg(long)]
        old: Option<Mark>,
        /// The mark that is there now; a new one where none is given
        #[arg(long)]
        new: Option<Mark>,
        /// Why
        #[arg(long)]
        reason: Paragraph,
    },
}

#[derive(Args)]
#[command(after_help = "Example:
  threadmark part enter --name Hinge --part-number H-1 --serial S-42 --maker 'Forge & Sons' --papers 8130-3.pdf \\
      --home ./custodian
Then put a mark on it: threadmark part mark PART --on label --method 'thermal transfer'")]
pub struct Enter {
    /// What it is called
    #[arg(long)]
    name: Line,
    /// Part number, as its papers have it
    #[arg(long)]
    part_number: Line,
    /// Serial number, where it has one
    #[arg(long)]
    serial: Option<Line>,
    /// Who made it, as its papers have it
    #[arg(long)]
    maker: Line,
    /// Its papers; the digest is signed
    #[arg(long, value_name = "FILE")]
    papers: PathBuf,
    /// Id of the part; a new one where none is given
    #[arg(long)]
    id: Option<SubjectId>,
    #[command(flatten)]
    signing: Signing,
}

/// How a mark was put on.
#[derive(Args)]
pub struct How {
    /// What carries it: label, or direct, which is the part itself
    #[arg(long = "on", value_parser = by_name::<Carrier>, value_name = "CARRIER")]
    carrier: Carrier,
    /// How, for instance 'laser engraving'
    #[arg(long)]
    method: Line,
}

#[derive(Args)]
#[command(after_help = "Example:
  threadmark part verify-mark 7K3Q9XWD2M8TV0AY --grade B --by iso-29158 --verifier 'DPM-2 17' --report grades.pdf \\
      --home ./inspector")]
pub struct Verify {
    #[command(flatten)]
    on: On,
    /// What was read; the part's newest mark where none is given
    #[arg(long)]
    mark: Option<Mark>,
    /// A, B, C, D, or F, which fails
    #[arg(long, value_parser = by_name::<Grade>)]
    grade: Grade,
    /// Standard: iso-15415 for labels, iso-29158 (TR 29158, AIM DPM) for marks on the part itself
    #[arg(long, value_parser = by_name::<Grading>, value_name = "STANDARD")]
    by: Grading,
    /// The verifier
    #[arg(long)]
    verifier: Line,
    /// Its report; the digest is signed
    #[arg(long, value_name = "FILE")]
    report: PathBuf,
}

/// A mark that nobody has.
fn new_mark() -> Result<Mark> {
    Ok(Mark::derive(&system::random(&mut SystemEntropy)?, 1))
}

fn told(mark: Mark) -> Document {
    Document::new().with_text("put_on", mark, mark.grouped())
}

impl Marking {
    /// Runs the command.
    pub fn run(self) -> Result<ExitCode> {
        match self {
            Marking::Enter(enter) => enter.run(),
            Marking::Mark { on, how, mark } => on.tell(|of| {
                let expected = of.mark_that_is_missing();
                let mark = mark.or(expected).map_or_else(new_mark, Ok)?;
                let core = Core::PartMarked(Marked {
                    after: of.after,
                    mark,
                    carrier: how.carrier,
                    method: how.method,
                });
                Ok((core, told(mark)))
            }),
            Marking::VerifyMark(verify) => verify.run(),
            Marking::ReMark {
                on,
                how,
                old,
                new,
                reason,
            } => on.tell(|of| {
                let new = new.map_or_else(new_mark, Ok)?;
                let core = Core::PartRemarked(Remarked {
                    after: of.after,
                    old: old.or(of.mark).context(UNMARKED)?,
                    new,
                    carrier: how.carrier,
                    method: how.method,
                    reason,
                });
                Ok((core, told(new)))
            }),
        }
    }
}

const UNMARKED: &str = "no mark of the part is known here; name it";

impl Enter {
    fn run(self) -> Result<ExitCode> {
        let id = args::id_or_new("part", self.id)?;
        let core = Core::PartEntered(Entered {
            name: self.name,
            part_number: self.part_number,
            serial: self.serial,
            maker: self.maker,
            papers: args::digest_of(&self.papers)?,
        });
        self.signing
            .open()?
            .sign(Draft::new(id, core), Document::new())
    }
}

impl Verify {
    fn run(self) -> Result<ExitCode> {
        let report = args::digest_of(&self.report)?;
        self.on.say(|of| {
            Ok(Core::PartMarkVerified(Verified {
                after: of.after,
                mark: self.mark.or(of.mark).context(UNMARKED)?,
                grade: self.grade,
                grading: self.by,
                verifier: self.verifier,
                report,
            }))
        })
    }
}
