//! `threadmark machine`: what a print shop has.
//!
//! Owns the arguments. Must never know builds.

use super::args;
use super::output::Document;
use super::sign::Signing;
use anyhow::Result;
use clap::{Args, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;
use threadmark_agent::home::Draft;
use threadmark_protocol::body::Core;
use threadmark_protocol::body::resource::{
    MachineCalibrated, MachineEnrolled, MachineQualified, MachineRetired,
};
use threadmark_protocol::key::KeyId;
use threadmark_protocol::text::{Line, Moment, Paragraph, SubjectId};

/// Enrol, qualify, calibrate and retire machines
#[derive(Subcommand)]
pub enum Machine {
    /// Enrol a machine of your organisation, with its agent's key
    Enrol(Enrol),
    /// Qualify a machine for a process and a material
    Qualify(Qualify),
    /// Report that a machine was calibrated
    Calibrate(Calibrate),
    /// Take a machine out of use for good: what it builds from now on is held
    Retire(Retire),
}

#[derive(Args)]
#[command(after_help = "Example:
  threadmark machine enrol --key 866eef…5743 --model 'Ember 280' --serial E280-0042 --class FDM-280 --home ./production")]
pub struct Enrol {
    /// Id of the agent's key, added before
    #[arg(long, value_name = "KID")]
    key: KeyId,
    /// Maker and model
    #[arg(long)]
    model: Line,
    /// Serial number
    #[arg(long)]
    serial: Line,
    /// Class of machines, as envelopes name it
    #[arg(long = "class")]
    machine_class: Line,
    /// Id of the machine; a new one where none is given
    #[arg(long)]
    id: Option<SubjectId>,
    #[command(flatten)]
    signing: Signing,
}

#[derive(Args)]
#[command(after_help = "Example:
  threadmark machine qualify machine:5d…c0 --process PS-7 --material PA12 --until 365d --report pq.pdf --home ./certifier")]
pub struct Qualify {
    /// The machine
    machine: SubjectId,
    /// Process specification
    #[arg(long)]
    process: Line,
    /// Material specification
    #[arg(long)]
    material: Line,
    /// End of validity: RFC 3339, a date, or days such as 365d
    #[arg(long, value_parser = args::time, value_name = "TIME")]
    until: Moment,
    /// The qualification report; its digest is signed
    #[arg(long, value_name = "FILE")]
    report: PathBuf,
    /// An allowable of other machines' specimens whose equivalency test is in the report; once for each
    #[arg(long = "equivalent-to", value_name = "ALLOWABLE")]
    equivalent_to: Vec<SubjectId>,
    #[command(flatten)]
    signing: Signing,
}

#[derive(Args)]
#[command(after_help = "Example:
  threadmark machine calibrate machine:5d…c0 --until 90d --certificate cal.pdf --home ./production")]
pub struct Calibrate {
    /// The machine
    machine: SubjectId,
    /// Calibration is due again: RFC 3339, a date, or days such as 90d
    #[arg(long, value_parser = args::time, value_name = "TIME")]
    until: Moment,
    /// The calibration certificate; its digest is reported
    #[arg(long, value_name = "FILE")]
    certificate: PathBuf,
    #[command(flatten)]
    signing: Signing,
}

#[derive(Args)]
#[command(after_help = "Example:
  threadmark machine retire machine:5d…c0 --reason 'Sold to another shop' --home ./production")]
pub struct Retire {
    /// The machine
    machine: SubjectId,
    /// Why
    #[arg(long)]
    reason: Paragraph,
    #[command(flatten)]
    signing: Signing,
}

impl Machine {
    /// Runs the command.
    pub fn run(self) -> Result<ExitCode> {
        match self {
            Machine::Enrol(enrol) => enrol.run(),
            Machine::Qualify(qualify) => {
                let core = Core::MachineQualified(MachineQualified {
                    process: qualify.process,
                    material: qualify.material,
                    expires: qualify.until,
                    report: args::digest_of(&qualify.report)?,
                    equivalent_to: qualify.equivalent_to.into_iter().collect(),
                });
                qualify
                    .signing
                    .open()?
                    .sign(Draft::new(qualify.machine, core), Document::new())
            }
            Machine::Retire(retire) => {
                let reason = retire.reason;
                let core = Core::MachineRetired(MachineRetired { reason });
                let draft = Draft::new(retire.machine, core);
                retire.signing.open()?.sign(draft, Document::new())
            }
            Machine::Calibrate(of) => {
                let certificate = args::digest_of(&of.certificate)?;
                let says = MachineCalibrated {
                    expires: of.until,
                    certificate,
                };
                let draft = Draft::new(of.machine, Core::MachineCalibrated(says));
                of.signing.open()?.sign(draft, Document::new())
            }
        }
    }
}

impl Enrol {
    fn run(self) -> Result<ExitCode> {
        let id = args::id_or_new("machine", self.id)?;
        let told = Document::new().with("key", self.key);
        let core = Core::MachineEnrolled(MachineEnrolled {
            model: self.model,
            serial: self.serial,
            machine_class: self.machine_class,
            key: self.key,
        });
        self.signing.open()?.sign(Draft::new(id, core), told)
    }
}
