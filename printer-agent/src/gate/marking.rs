//! The checks of the files: the package opens, every file is the published one, and the mark goes where it may.

use super::{Case, Check, GateError};
use crate::licence::{LicenceError, Secrets};
use crate::package::{self, PackageError};
use threadmark_protocol::body::design::{DesignFile, FileUse, MarkManner, MarkZone};
use threadmark_protocol::code::Code;
use threadmark_protocol::mark::Mark;
use threadmark_protocol::world::Data;
use threadmark_watermark::mesh::MeshLimits;
use threadmark_watermark::part::{self, FileKind};
use threadmark_watermark::relief;
use threadmark_watermark::symbol::Symbol;
use threadmark_watermark::zone::{Manner, Zone};
use zeroize::Zeroizing;

/// The opened files of a design; the others were opened and compared, and are not needed any further.
pub(super) struct Files {
    pub geometry: Geometry,
}

/// What is printed, by the name that was signed with it.
pub(super) struct Geometry {
    name: String,
    bytes: Zeroizing<Vec<u8>>,
}

impl Case<'_> {
    pub fn secrets(&self) -> Result<Secrets, GateError> {
        let Some(Data::Licence { source, .. }) = self.world().get(&self.order.licence) else {
            return Err(GateError::coded(
                Check::Package,
                Code::WaitsFor,
                &self.order.licence,
            ));
        };
        let identity = self.home.recipient();
        Secrets::open(self.view, &source.statement, identity).map_err(|error| {
            let advice = match error {
                LicenceError::SectionMissing(_) => "Synchronise while there is a network.",
                _ => "Ask the licensor to issue the licence to this machine's key.",
            };
            GateError::plain(Check::Package, format!("{error}."), advice)
        })
    }

    /// Opens every file that the design names, so that a damaged package is found before anything is spent.
    pub fn files(&self, secrets: &Secrets) -> Result<Files, GateError> {
        let files = self.above.design().map(|design| &design.files[..]);
        let mut geometry = None;
        for file in files.unwrap_or_default() {
            let plain = self.open(file, secrets)?;
            if file.use_as == FileUse::Geometry {
                let name = file.name.as_str().to_owned();
                geometry = Some(Geometry { name, bytes: plain });
            }
        }
        let geometry = geometry.ok_or_else(|| {
            GateError::plain(
                Check::Files,
                "The design has no geometry.",
                "Ask the design authority.",
            )
        })?;
        Ok(Files { geometry })
    }

    fn open(&self, file: &DesignFile, secrets: &Secrets) -> Result<Zeroizing<Vec<u8>>, GateError> {
        let name = file.name.as_str();
        let sealed = self
            .home
            .artifact(&file.artifact.sealed)
            .map_err(|error| GateError::plain(Check::Package, error, "Look after the disk."))?;
        let sealed = sealed.ok_or_else(|| {
            GateError::plain(
                Check::Package,
                format!("The sealed file {name} is not at hand."),
                "Synchronise while there is a network.",
            )
        })?;
        let identity = secrets.design_key().identity();
        package::open_file(name, &file.artifact, &sealed, identity).map_err(|error| {
            let (check, advice) = match error {
                PackageError::OtherSealed(_) => (
                    Check::Files,
                    "Delete it from the home's artifacts and synchronise; do not print from it.",
                ),
                PackageError::OtherPlain(_) => {
                    (Check::Files, "Do not print it; tell the design authority.")
                }
                _ => (
                    Check::Package,
                    "Ask the licensor to issue the licence again.",
                ),
            };
            GateError::plain(check, format!("{error}."), advice)
        })
    }

    /// The geometry without a mark, as STL, which is what printers are handed: byte by byte what was signed where it is STL.
    pub fn unmarked(&self, geometry: Geometry) -> Result<Zeroizing<Vec<u8>>, GateError> {
        let refuse = |error: &dyn std::fmt::Display| {
            GateError::plain(
                Check::Files,
                format!("The geometry cannot be built: {error}."),
                "Ask the design authority to publish one solid part in millimetres.",
            )
        };
        let Geometry { name, bytes } = geometry;
        let kind = FileKind::of(&bytes, Some(&name)).map_err(|error| refuse(&error))?;
        if kind == FileKind::Stl {
            return Ok(bytes);
        }
        let mesh = part::strictly(&bytes, Some(&name), &MeshLimits::default());
        let mesh = mesh.map_err(|error| refuse(&error))?;
        // A body and what fills its recesses are two solids and no one: as one mesh they would print without the mark.
        mesh.require_solid().map_err(|error| refuse(&error))?;
        Ok(Zeroizing::new(mesh.to_stl()))
    }

    /// The geometry, STL or 3MF, with the mark in its zone, as STL; nothing outside of the zone has changed. Read strictly:
    /// what would have to be repaired or scaled is not what was signed, so it is refused.
    pub fn embed(&self, geometry: &Geometry, mark: Mark) -> Result<Zeroizing<Vec<u8>>, GateError> {
        let refuse = |error: &dyn std::fmt::Display| {
            GateError::plain(
                Check::Mark,
                format!("The mark cannot be put into its zone: {error}."),
                "Ask the design authority to correct the zone.",
            )
        };
        let (Some(design), Some(policy)) = (self.above.design(), self.policy()) else {
            return Err(refuse(&"no design or policy"));
        };
        let Geometry { name, bytes } = geometry;
        let mesh = part::strictly(bytes, Some(name), &MeshLimits::default());
        let mesh = mesh.map_err(|error| refuse(&error))?;
        let zone = zone(&design.zone);
        if zone.manner == Manner::TwoColours {
            return Err(refuse(
                &"it is to be in two colours, and printers are handed one solid",
            ));
        }
        let symbol = Symbol::fitting(&zone, &mark.to_string(), policy.host.as_str())
            .map_err(|error| refuse(&error))?;
        let marked = relief::embed(&mesh, &zone, &symbol).map_err(|error| refuse(&error))?;
        Ok(Zeroizing::new(marked.mesh.to_stl()))
    }
}

/// The zone that the design declares, as the geometry code takes it.
fn zone(declared: &MarkZone) -> Zone {
    Zone {
        centre_um: declared.centre_um,
        normal_e6: declared.normal_e6,
        up_e6: declared.up_e6,
        width_um: declared.width_um,
        height_um: declared.height_um,
        module_um: declared.module_um,
        depth_um: declared.depth_um,
        wall_um: declared.wall_um,
        manner: match declared.manner {
            MarkManner::Recessed => Manner::Recessed,
            MarkManner::Raised => Manner::Raised,
            MarkManner::TwoColours => Manner::TwoColours,
        },
    }
}
