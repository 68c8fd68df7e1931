//! `threadmark licence`: numbered units of a design for one machine.
//!
//! Owns the arguments. The seed of the marks and the design's key leave this machine sealed to the machine alone. Must
//! never show either.

use super::args;
use super::lookup;
use super::output::Document;
use super::publish::design_key;
use super::sign::Signing;
use anyhow::Result;
use clap::{Args, Subcommand};
use std::process::ExitCode;
use threadmark_agent::home::Draft;
use threadmark_agent::licence::prepare;
use threadmark_agent::package::recipient;
use threadmark_agent::system::SystemEntropy;
use threadmark_protocol::body::Core;
use threadmark_protocol::body::licence::{Enterprise, LicenceAccepted, LicenceIssued, Purpose};
use threadmark_protocol::text::{Cage, CompanyPrefix, Moment, SubjectId};

/// Issue and accept licences
#[derive(Subcommand)]
pub enum Licence {
    /// License numbered units of a design to one machine
    Issue(Issue),
    /// Accept a licence, as the print shop
    Accept(Accept),
}

#[derive(Args)]
#[command(after_help = "Example:
  threadmark licence issue --design design:4f…a1 --approval approval:0c…9e --machine machine:m1 --units 3 \\
      --until 365d --home ./designer
  threadmark licence issue --design design:4f…a1 --approval approval:0c…9e --machine machine:m1 --units 3 \\
      --until 365d --cage 1ABC9 --gs1-prefix 4012345 --home ./designer     parts have a UII and a GIAI too")]
pub struct Issue {
    /// The design; its key must be in this home
    #[arg(long)]
    design: SubjectId,
    /// The approval that covers production units
    #[arg(
        long,
        required_unless_present = "qualification",
        conflicts_with = "qualification"
    )]
    approval: Option<SubjectId>,
    /// Units that qualify a process; they can never be released
    #[arg(long)]
    qualification: bool,
    /// The machine; its organisation becomes the holder
    #[arg(long)]
    machine: SubjectId,
    /// How many units, at most 1,000
    #[arg(long)]
    units: u32,
    /// Builds start before: RFC 3339, a date, or days such as 365d
    #[arg(long, value_parser = args::time, value_name = "TIME")]
    until: Moment,
    /// CAGE code of the enterprise that gives the parts their UII (MIL-STD-130)
    #[arg(long)]
    cage: Option<Cage>,
    /// GS1 Company Prefix of the enterprise that gives the parts their GIAI and CPI
    #[arg(long, value_name = "DIGITS")]
    gs1_prefix: Option<CompanyPrefix>,
    /// Id of the licence; a new one where none is given
    #[arg(long)]
    id: Option<SubjectId>,
    #[command(flatten)]
    signing: Signing,
}

#[derive(Args)]
#[command(after_help = "Example:
  threadmark licence accept licence:b2…47 --home ./production")]
pub struct Accept {
    /// The licence
    licence: SubjectId,
    #[command(flatten)]
    signing: Signing,
}

impl Licence {
    /// Runs the command.
    pub fn run(self) -> Result<ExitCode> {
        match self {
            Licence::Issue(issue) => issue.run(),
            Licence::Accept(accept) => {
                let desk = accept.signing.open()?;
                let view = desk.view()?;
                let (_, issued) = lookup::licence(&view.world, &accept.licence)?;
                let core = Core::LicenceAccepted(LicenceAccepted { issued });
                desk.sign(
                    Draft::new(accept.licence, core),
                    Document::new().with("issued", issued),
                )
            }
        }
    }
}

impl Issue {
    fn run(self) -> Result<ExitCode> {
        let desk = self.signing.open()?;
        let key = design_key(desk.home(), &self.design)?;
        let (holder, to) = lookup::machine(&desk.view()?.world, &self.machine)?;
        let machine = recipient(to.as_str())?;
        let prepared = prepare(self.units, &machine, &key, &mut SystemEntropy)?;
        let purpose = if self.qualification {
            Purpose::Qualification
        } else {
            Purpose::Production
        };
        let enterprise = enterprise(self.cage, self.gs1_prefix);
        let told = Document::new()
            .with("design", &self.design)
            .with("holder", &holder)
            .with("machine", &self.machine)
            .with("purpose", purpose)
            .with("units", self.units)
            .with("until", self.until);
        let core = Core::LicenceIssued(LicenceIssued {
            design: self.design,
            approval: self.approval,
            holder,
            machine: self.machine,
            purpose,
            nonce: prepared.nonce,
            commitments: prepared.commitments,
            expires: self.until,
            enterprise,
        });
        let id = args::id_or_new("licence", self.id)?;
        desk.sign(
            Draft {
                sections: prepared.sections,
                ..Draft::new(id, core)
            },
            told,
        )
    }
}

/// The enterprise, if anything is said of one.
fn enterprise(cage: Option<Cage>, gs1_prefix: Option<CompanyPrefix>) -> Option<Enterprise> {
    let is_known = cage.is_some() || gs1_prefix.is_some();
    is_known.then_some(Enterprise { cage, gs1_prefix })
}
