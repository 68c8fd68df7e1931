//! `threadmark publish`: designs; design allowables are in `allowable`.
//!
//! Owns sealing a design's files before they leave the design authority, and where its key is kept. Must never know who may
//! print them: that is a licence.

mod allowable;

use super::args::{self, by_name, read_json};
use super::outbox;
use super::output::{Document, progress};
use super::sign::{Desk, Signing};
use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use threadmark_agent::home::{Draft, Home, file};
use threadmark_agent::package::{DesignKey, seal_file};
use threadmark_protocol::body::Core;
use threadmark_protocol::body::design::{
    DesignFile, DesignPublished, DesignSuperseded, DesignWithdrawn, Effect, Envelope, FileUse,
    MarkZone, PartMass,
};
use threadmark_protocol::body::governance::PartClass;
use threadmark_protocol::text::{Line, Paragraph, SubjectId};
use threadmark_watermark::mesh::MeshLimits;
use threadmark_watermark::part;

/// Publish designs and allowables, withdraw and supersede designs
#[derive(Subcommand)]
pub enum Publish {
    /// Publish a design: its files are encrypted before they leave this machine
    Design(Design),
    /// Publish a design allowable: a strength value with its basis
    Allowable(allowable::Allowable),
    /// Publish what came out when an allowable was computed anew without some of its data
    Recompute(allowable::Recompute),
    /// Withdraw a design
    Withdraw(Withdraw),
    /// Put another revision in a design's place
    Supersede(Supersede),
}

#[derive(Args)]
#[command(after_help = "The specification is JSON:
  { \"part_number\": \"HB-100\", \"revision\": \"A\", \"name\": \"Hinge bracket\", \"class\": \"C\",
    \"envelope\": { \"material\": \"PA12\", \"machine_class\": \"FDM-280\", \"process\": \"PS-7\", \"orientation\": \"Z\" },
    \"distribution\": \"Distribution A\" }
With \"mass\": { \"density_ug_per_mm3\": 1010, \"tolerance_permille\": 50, \"supports_mg\": 2000, \"coupon_mg\": 3000 } it says what a
part weighs by the volume of its geometry, and a build that fused less or more holds its parts (1 g/cm3 is 1000).
Example:
  threadmark publish design --spec hinge.json --geometry hinge-bracket.stl --profile pa12.ini \\
      --zone hinge-bracket.zone.json --home ./designer")]
pub struct Design {
    /// What the design is, as JSON
    #[arg(long, value_name = "SPEC.json")]
    spec: PathBuf,
    /// The mesh that is printed, STL or 3MF of one solid part, in millimetres
    #[arg(long, value_name = "FILE")]
    geometry: PathBuf,
    /// The slicer's settings
    #[arg(long, value_name = "FILE")]
    profile: Option<PathBuf>,
    /// A file that goes with the design as it is and is never interpreted, such as STEP or a drawing; may be repeated
    #[arg(long, value_name = "FILE")]
    attach: Vec<PathBuf>,
    /// Where the mark may go, as JSON; without it, `zone` in the specification
    #[arg(long, value_name = "ZONE.json")]
    zone: Option<PathBuf>,
    /// Id of the design; a new one where none is given
    #[arg(long)]
    id: Option<SubjectId>,
    #[command(flatten)]
    signing: Signing,
}

#[derive(Args)]
#[command(after_help = "Example:
  threadmark publish withdraw design:4f…a1 --effect all --reason 'Cracks at the fillet' --home ./designer")]
pub struct Withdraw {
    /// The design
    design: SubjectId,
    /// Which parts it reaches: new_builds, unreleased, all
    #[arg(long, value_parser = by_name::<Effect>)]
    effect: Effect,
    /// Why
    #[arg(long)]
    reason: Paragraph,
    #[command(flatten)]
    signing: Signing,
}

#[derive(Args)]
#[command(after_help = "Example:
  threadmark publish supersede design:4f…a1 --by design:90…3c --effect new_builds --home ./designer")]
pub struct Supersede {
    /// The old design
    design: SubjectId,
    /// The new design
    #[arg(long)]
    by: SubjectId,
    /// Which parts it reaches: new_builds, unreleased, all
    #[arg(long, value_parser = by_name::<Effect>)]
    effect: Effect,
    #[command(flatten)]
    signing: Signing,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DesignSpec {
    part_number: Line,
    revision: Line,
    name: Line,
    class: PartClass,
    envelope: Envelope,
    distribution: Line,
    zone: Option<MarkZone>,
    mass: Option<MassSpec>,
}

/// What a part weighs; its volume is the geometry's.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MassSpec {
    density_ug_per_mm3: i64,
    tolerance_permille: u32,
    #[serde(default)]
    supports_mg: i64,
    #[serde(default)]
    coupon_mg: i64,
}

impl Publish {
    /// Runs the command.
    pub fn run(self) -> Result<ExitCode> {
        match self {
            Publish::Design(design) => design.run(),
            Publish::Allowable(allowable) => allowable.run(),
            Publish::Recompute(recompute) => recompute.run(),
            Publish::Withdraw(of) => {
                let (effect, reason) = (of.effect, of.reason);
                let core = Core::DesignWithdrawn(DesignWithdrawn { effect, reason });
                of.signing
                    .open()?
                    .sign(Draft::new(of.design, core), Document::new())
            }
            Publish::Supersede(of) => {
                let (by, effect) = (of.by, of.effect);
                let core = Core::DesignSuperseded(DesignSuperseded { by, effect });
                of.signing
                    .open()?
                    .sign(Draft::new(of.design, core), Document::new())
            }
        }
    }
}

impl Design {
    fn run(self) -> Result<ExitCode> {
        let spec: DesignSpec = read_json(&self.spec)?;
        let zone = match &self.zone {
            Some(path) => read_json(path)?,
            None => spec
                .zone
                .clone()
                .context("where may the mark go? give --zone")?,
        };
        let volume_mm3 = volume_mm3(&self.geometry)?;
        let mass = spec.mass.as_ref().map(|mass| mass.of(volume_mm3));
        let id = args::id_or_new("design", self.id.clone())?;
        let desk = self.signing.open()?;
        let files = self.seal(&desk, &id)?;
        upload(&desk)?;
        let told = Document::new()
            .with("part_number", &spec.part_number)
            .with("revision", &spec.revision)
            .with(
                "files",
                files.iter().map(|file| &file.name).collect::<Vec<_>>(),
            )
            .with("design_key", key_path(desk.home(), &id));
        let core = Core::DesignPublished(Box::new(DesignPublished {
            part_number: spec.part_number,
            revision: spec.revision,
            name: spec.name,
            class: spec.class,
            envelope: spec.envelope,
            files,
            zone,
            distribution: spec.distribution,
            mass,
        }));
        desk.sign(Draft::new(id, core), told)
    }

    /// Seals every file to the design's key, which is on the disk before anything is sealed to it.
    fn seal(&self, desk: &Desk, id: &SubjectId) -> Result<Vec<DesignFile>> {
        let key = new_key(desk.home(), id)?;
        let geometry = std::iter::once((FileUse::Geometry, &self.geometry));
        let profile = self.profile.iter().map(|path| (FileUse::Profile, path));
        let attached = self.attach.iter().map(|path| (FileUse::Other, path));
        let mut files = Vec::new();
        for (use_as, path) in geometry.chain(profile).chain(attached) {
            let (artifact, sealed) = seal_file(&args::read(path)?, &[key.recipient()])?;
            outbox::queue(desk.home(), &sealed)?;
            files.push(DesignFile {
                use_as,
                name: name_of(path)?,
                artifact,
            });
        }
        Ok(files)
    }
}

impl MassSpec {
    fn of(&self, volume_mm3: i64) -> PartMass {
        PartMass {
            volume_mm3,
            density_ug_per_mm3: self.density_ug_per_mm3,
            tolerance_permille: self.tolerance_permille,
            supports_mg: self.supports_mg,
            coupon_mg: self.coupon_mg,
        }
    }
}

/// The volume of what is printed, to the nearest cubic millimetre. What the agent beside a printer would refuse is refused
/// here, before it is signed: a file that is not just one solid in millimetres.
fn volume_mm3(geometry: &Path) -> Result<i64> {
    let about = || format!("{} is no part that can be printed", geometry.display());
    let mesh = part::strictly(
        &args::read(geometry)?,
        geometry.to_str(),
        &MeshLimits::default(),
    );
    let report = mesh.with_context(about)?.check();
    report.require_solid().with_context(about)?;
    Ok(report.volume_mm3.round() as i64)
}

fn upload(desk: &Desk) -> Result<()> {
    match desk.connect()? {
        Some((client, session)) => {
            outbox::flush(desk.home(), &client, &session, &mut progress())?;
        }
        None => eprintln!("the sealed files wait for `threadmark sync`"),
    }
    Ok(())
}

fn name_of(path: &Path) -> Result<Line> {
    let name = path.file_name().and_then(|name| name.to_str());
    let name = name.with_context(|| format!("{} has no plain name", path.display()))?;
    Ok(name.parse()?)
}

/// Where a design's key is kept: readable by the owner alone, as every file of a home.
fn key_path(home: &Home, design: &SubjectId) -> PathBuf {
    home.folder().join("design-keys").join(design.opaque())
}

/// A new key, or the one that an earlier attempt to publish the design has left.
fn new_key(home: &Home, design: &SubjectId) -> Result<DesignKey> {
    let path = key_path(home, design);
    if path.exists() {
        return design_key(home, design);
    }
    let mut folder = std::fs::DirBuilder::new();
    std::os::unix::fs::DirBuilderExt::mode(folder.recursive(true), 0o700);
    folder.create(path.parent().unwrap_or(&path))?;
    let key = DesignKey::generate();
    file::replace(&path, key.to_text().as_bytes())?;
    Ok(key)
}

/// The key of a design that was published from this home.
pub fn design_key(home: &Home, design: &SubjectId) -> Result<DesignKey> {
    let path = key_path(home, design);
    let about = || format!("the key of {design} is not in this home; it is where it was published");
    let text = std::fs::read_to_string(&path).with_context(about)?;
    DesignKey::parse(&text).with_context(|| format!("{} is damaged", path.display()))
}
