//! Work on a part, tests, and what becomes of it when it does not conform.
//!
//! Owns the arguments. Must never know phases.

use super::On;
use super::args::{self, by_name};
use super::{Document, Draft, Signing};
use anyhow::Result;
use clap::{Args, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;
use threadmark_protocol::body::Core;
use threadmark_protocol::body::quality::{
    Disposition, Dispositioned, Nonconformance, PostProcessed, Tested,
};
use threadmark_protocol::statement::StatementId;
use threadmark_protocol::text::{Line, Moment, Paragraph, SubjectId};

/// What is done to a part and found on it
#[derive(Subcommand)]
pub enum Quality {
    /// Report heat treatment, machining, coating; the part is inspected after it
    #[command(after_help = "Example:
  threadmark part process 7K3Q9XWD2M8TV0AY --process 'HIP AMS2774' --record furnace.pdf --home ./production")]
    Process {
        #[command(flatten)]
        on: On,
        /// Process specification
        #[arg(long)]
        process: Line,
        /// The record; its digest is signed
        #[arg(long, value_name = "FILE")]
        record: PathBuf,
    },
    /// Report a test of the part, or of a coupon of its build
    Test(Test),
    /// Report a test of a coupon: it counts for all parts of its build
    Coupon(Coupon),
    /// Report that the part does not conform; it is held until that is decided
    #[command(after_help = "Example:
  threadmark part fault 7K3Q9XWD2M8TV0AY --defect 'Scratch at the bore' --report bore.jpg --home ./inspector")]
    Fault {
        #[command(flatten)]
        on: On,
        /// What is wrong
        #[arg(long)]
        defect: Paragraph,
        /// The evidence; its digest is signed
        #[arg(long, value_name = "FILE")]
        report: PathBuf,
    },
    /// Decide what becomes of a part that does not conform, as another person than who found it
    #[command(after_help = "Example:
  threadmark part decide 7K3Q9XWD2M8TV0AY --disposition use-as-is --grounds 'Stress report SR-12' --home ./designer")]
    Decide {
        #[command(flatten)]
        on: On,
        /// The nonconformance, failed inspection or failed test; the newest that holds the part here
        #[arg(long, value_name = "STATEMENT")]
        nonconformance: Option<StatementId>,
        /// use_as_is (by the design authority or an authority), rework, or scrap
        #[arg(long, value_parser = by_name::<Disposition>)]
        disposition: Disposition,
        /// Why that is right
        #[arg(long)]
        grounds: Paragraph,
    },
}

#[derive(Args)]
#[command(after_help = "Example:
  threadmark part coupon build:6b…1e --specimen C-1 --test 'tensile strength, ASTM E8' --value 432 --unit MPa --at-least 400 \\
      --report e8.pdf --home ./laboratory")]
pub struct Coupon {
    /// The build; its order names the coupon
    build: SubjectId,
    /// The coupon
    #[arg(long)]
    specimen: Line,
    #[command(flatten)]
    result: Measured,
    /// When it was measured; now, where nothing is said
    #[arg(long, value_parser = args::time, value_name = "TIME")]
    at: Option<Moment>,
    #[command(flatten)]
    signing: Signing,
}

#[derive(Args)]
#[command(after_help = "Example:
  threadmark part test 7K3Q9XWD2M8TV0AY --test 'tensile strength, ASTM E8' --specimen C-1 --value 432 --unit MPa \\
      --at-least 400 --report e8.pdf --home ./inspector")]
pub struct Test {
    #[command(flatten)]
    on: On,
    /// The coupon; none where it was the part itself
    #[arg(long)]
    specimen: Option<Line>,
    #[command(flatten)]
    result: Measured,
}

/// What came out of a test.
#[derive(Args)]
pub struct Measured {
    /// What was tested, and by which method
    #[arg(long)]
    test: Line,
    /// The result, a whole number of the unit
    #[arg(long, allow_negative_numbers = true)]
    value: i64,
    /// Unit of result and limits
    #[arg(long)]
    unit: Line,
    /// It fails below
    #[arg(long, allow_negative_numbers = true)]
    at_least: Option<i64>,
    /// It fails above
    #[arg(long, allow_negative_numbers = true)]
    at_most: Option<i64>,
    /// The report; its digest is signed
    #[arg(long, value_name = "FILE")]
    report: PathBuf,
}

impl Quality {
    /// Runs the command.
    pub fn run(self) -> Result<ExitCode> {
        match self {
            Quality::Process {
                on,
                process,
                record,
            } => on.say(|of| {
                Ok(Core::PartPostProcessed(PostProcessed {
                    after: of.after,
                    process,
                    record: args::digest_of(&record)?,
                }))
            }),
            Quality::Test(test) => test.run(),
            Quality::Coupon(coupon) => coupon.run(),
            Quality::Fault { on, defect, report } => on.say(|of| {
                Ok(Core::PartNonconforming(Nonconformance {
                    after: of.after,
                    defect,
                    report: args::digest_of(&report)?,
                }))
            }),
            Quality::Decide {
                on,
                nonconformance,
                disposition,
                grounds,
            } => on.say(|of| {
                let after = of.after;
                let nonconformance = nonconformance.map_or_else(|| of.nonconformance(), Ok)?;
                Ok(Core::PartDispositioned(Dispositioned {
                    after,
                    nonconformance,
                    disposition,
                    grounds,
                }))
            }),
        }
    }
}

impl Test {
    fn run(self) -> Result<ExitCode> {
        let (specimen, result) = (self.specimen, self.result);
        self.on
            .say(|of| Ok(Core::PartTested(result.says(of.after, specimen)?)))
    }
}

impl Coupon {
    fn run(self) -> Result<ExitCode> {
        let says = self.result.says(None, Some(self.specimen))?;
        let draft = Draft {
            occurred_at: self.at,
            ..Draft::new(self.build, Core::PartTested(says))
        };
        self.signing.open()?.sign(draft, Document::new())
    }
}

impl Measured {
    fn says(self, after: Option<StatementId>, specimen: Option<Line>) -> Result<Tested> {
        Ok(Tested {
            after,
            test: self.test,
            specimen,
            value: self.value,
            unit: self.unit,
            at_least: self.at_least,
            at_most: self.at_most,
            report: args::digest_of(&self.report)?,
        })
    }
}
