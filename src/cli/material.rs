//! `threadmark material`: lots, and what becomes of them.
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
use threadmark_protocol::body::material::{
    Load, MaterialBlended, MaterialScrapped, MaterialUsed, Share,
};
use threadmark_protocol::body::resource::MaterialReceived;
use threadmark_protocol::text::{Line, Paragraph, SubjectId};

/// Report material
#[derive(Subcommand)]
pub enum Material {
    /// A lot of powder or filament arrived
    Receive(Receive),
    /// A lot was made out of others, or sieved out of one; powder that is used again is a new lot
    Blend(Blend),
    /// What a build took out of its lots
    Use(Use),
    /// Some of a lot was thrown away
    Scrap(Scrap),
}

#[derive(Args)]
#[command(after_help = "Example:
  threadmark material receive --material PA12 --lot-number L-2231 --mass-g 5000 --certificate coa.pdf --home ./production")]
pub struct Receive {
    /// Material specification, as designs name it
    #[arg(long)]
    material: Line,
    /// The supplier's lot number
    #[arg(long)]
    lot_number: Line,
    /// Mass in grams, up to three decimals
    #[arg(long = "mass-g", value_parser = args::grams, value_name = "GRAMS")]
    mass_mg: i64,
    /// The supplier's certificate; its digest is reported
    #[arg(long, value_name = "FILE")]
    certificate: PathBuf,
    /// Id of the lot; a new one where none is given
    #[arg(long)]
    id: Option<SubjectId>,
    #[command(flatten)]
    signing: Signing,
}

#[derive(Args)]
#[command(after_help = "Example:
  threadmark material blend --from lot:31…d8=2000 --from lot:7a…02=1000 --mass-g 2999.2 --tolerance-g 5 \\
      --lot-number B-12 --record sieving.pdf --home ./production")]
pub struct Blend {
    /// A lot that went into it, and how many grams of it
    #[arg(long, value_parser = share, value_name = "LOT=GRAMS", required = true)]
    from: Vec<Share>,
    /// What the blend weighs, in grams
    #[arg(long = "mass-g", value_parser = args::grams, value_name = "GRAMS")]
    mass_mg: i64,
    /// How far that may be from the sum, in grams; at most a twentieth of the mass counts
    #[arg(long = "tolerance-g", value_parser = args::grams, value_name = "GRAMS")]
    tolerance_mg: i64,
    /// The shop's number of the blend
    #[arg(long)]
    lot_number: Line,
    /// The record of sieving, chemistry and particle sizes; its digest is reported
    #[arg(long, value_name = "FILE")]
    record: PathBuf,
    /// Id of the blend; a new one where none is given
    #[arg(long)]
    id: Option<SubjectId>,
    #[command(flatten)]
    signing: Signing,
}

#[derive(Args)]
#[command(after_help = "Example:
  threadmark material use build:c4…19 --load lot:31…d8=500/438 --fused-g 60 --tolerance-g 2 --home ./operator")]
pub struct Use {
    /// The build
    build: SubjectId,
    /// A lot, the grams of it that were loaded, and the grams of those that came back
    #[arg(long = "load", value_parser = load, value_name = "LOT=GRAMS/GRAMS", required = true)]
    loads: Vec<Load>,
    /// What was fused: parts, supports, coupons, in grams
    #[arg(long = "fused-g", value_parser = args::grams, value_name = "GRAMS")]
    fused_mg: i64,
    /// What may be missing, in grams; at most a twentieth of the loaded mass counts
    #[arg(long = "tolerance-g", value_parser = args::grams, value_name = "GRAMS")]
    tolerance_mg: i64,
    #[command(flatten)]
    signing: Signing,
}

#[derive(Args)]
#[command(after_help = "Example:
  threadmark material scrap lot:31…d8 --mass-g 1200 --reason 'Oxygen above the limit' --home ./production")]
pub struct Scrap {
    /// The lot
    lot: SubjectId,
    /// How much of it, in grams
    #[arg(long = "mass-g", value_parser = args::grams, value_name = "GRAMS")]
    mass_mg: i64,
    /// Why
    #[arg(long)]
    reason: Paragraph,
    #[command(flatten)]
    signing: Signing,
}

fn share(text: &str) -> Result<Share, String> {
    let (lot, grams) = args::pair(text).map_err(|_| "expected LOT=GRAMS")?;
    Ok(Share {
        lot: lot.parse().map_err(|error| format!("{error}"))?,
        mass_mg: args::grams(&grams)?,
    })
}

fn load(text: &str) -> Result<Load, String> {
    let expected = "expected LOT=LOADED/RECOVERED, in grams";
    let (lot, masses) = args::pair(text).map_err(|_| expected)?;
    let (loaded, recovered) = masses.split_once('/').ok_or(expected)?;
    Ok(Load {
        lot: lot.parse().map_err(|error| format!("{error}"))?,
        loaded_mg: args::grams(loaded)?,
        recovered_mg: args::grams(recovered)?,
    })
}

impl Material {
    /// Runs the command.
    pub fn run(self) -> Result<ExitCode> {
        match self {
            Material::Receive(receive) => receive.run(),
            Material::Blend(blend) => blend.run(),
            Material::Use(of) => {
                let core = Core::MaterialUsed(MaterialUsed {
                    lots: of.loads,
                    fused_mg: of.fused_mg,
                    tolerance_mg: of.tolerance_mg,
                });
                let draft = Draft::new(of.build, core);
                of.signing.open()?.sign(draft, Document::new())
            }
            Material::Scrap(of) => {
                let (mass_mg, reason) = (of.mass_mg, of.reason);
                let core = Core::MaterialScrapped(MaterialScrapped { mass_mg, reason });
                let draft = Draft::new(of.lot, core);
                of.signing.open()?.sign(draft, Document::new())
            }
        }
    }
}

impl Receive {
    fn run(self) -> Result<ExitCode> {
        let id = args::id_or_new("lot", self.id)?;
        let told = Document::new().with("lot_number", &self.lot_number);
        let core = Core::MaterialReceived(MaterialReceived {
            material: self.material,
            lot_number: self.lot_number,
            mass_mg: self.mass_mg,
            certificate: args::digest_of(&self.certificate)?,
        });
        self.signing.open()?.sign(Draft::new(id, core), told)
    }
}

impl Blend {
    fn run(self) -> Result<ExitCode> {
        let id = args::id_or_new("lot", self.id)?;
        let told = Document::new().with("lot_number", &self.lot_number);
        let core = Core::MaterialBlended(MaterialBlended {
            lot_number: self.lot_number,
            from: self.from,
            mass_mg: self.mass_mg,
            tolerance_mg: self.tolerance_mg,
            record: args::digest_of(&self.record)?,
        });
        self.signing.open()?.sign(Draft::new(id, core), told)
    }
}
