//! `threadmark order`: the operator's word that a build shall be.
//!
//! Owns the arguments. Must never know the gate: that is the agent's.

use super::args;
use super::lookup;
use super::output::Document;
use super::sign::Signing;
use anyhow::Result;
use clap::Args;
use std::process::ExitCode;
use threadmark_agent::home::Draft;
use threadmark_protocol::body::Core;
use threadmark_protocol::body::build::BuildOrdered;
use threadmark_protocol::text::{Line, Moment, OrgId, SubjectId};

#[derive(Args)]
#[command(after_help = "Example:
  threadmark order --licence licence:b2…47 --lot lot:31…d8 --parts 1 --mass-g 60 --until 14d \\
      --coupon C-1 --home ./operator")]
pub struct Order {
    /// Under this licence; it names the machine
    #[arg(long)]
    licence: SubjectId,
    /// Material lot
    #[arg(long)]
    lot: SubjectId,
    /// How many parts
    #[arg(long, default_value_t = 1)]
    parts: u32,
    /// Material to be set aside, in grams
    #[arg(long = "mass-g", value_parser = args::grams, value_name = "GRAMS")]
    mass_mg: i64,
    /// The build starts before: RFC 3339, a date, or days such as 14d
    #[arg(long, value_parser = args::time, value_name = "TIME")]
    until: Moment,
    /// A test coupon that is printed beside the parts, by its name; once for each
    #[arg(long = "coupon", value_name = "NAME")]
    coupons: Vec<Line>,
    /// Another organisation that tests and inspects for this shop: what fails there holds the parts; once for each
    #[arg(long = "laboratory", value_name = "ORGANISATION")]
    laboratories: Vec<OrgId>,
    /// Id of the order; a new one where none is given
    #[arg(long)]
    id: Option<SubjectId>,
    #[command(flatten)]
    signing: Signing,
}

impl Order {
    /// Runs the command.
    pub fn run(self) -> Result<ExitCode> {
        let desk = self.signing.open()?;
        let view = desk.view()?;
        let (licence, _) = lookup::licence(&view.world, &self.licence)?;
        let told = Document::new().with("machine", &licence.machine);
        let core = Core::BuildOrdered(BuildOrdered {
            licence: self.licence,
            machine: licence.machine.clone(),
            lot: self.lot,
            parts: self.parts,
            mass_mg: self.mass_mg,
            expires: self.until,
            coupons: self.coupons.into_iter().collect(),
            laboratories: self.laboratories.into_iter().collect(),
        });
        desk.sign(Draft::new(args::id_or_new("order", self.id)?, core), told)
    }
}
