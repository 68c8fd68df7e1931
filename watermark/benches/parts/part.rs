//! Owns: what becomes of one part: read, searched, marked, checked. Must never know the other parts.

use crate::clock::timed;
use crate::{HOST, judge};
use std::error::Error;
use std::path::Path;
use threadmark_watermark::mesh::{Mesh, MeshLimits};
use threadmark_watermark::process::Process;
use threadmark_watermark::relief::embed;
use threadmark_watermark::symbol::{Symbol, forms};
use threadmark_watermark::zone::Manner;
use threadmark_watermark::zone::search::{Place, Wish, largest_flat_square, search};

const TEXT: &str = "7ZK4M9QX2RT8VWHD";
/// A Data Matrix of 0.8 mm modules, in millimetres.
const LEAST_MM: f64 = 14.4;

/// One file.
pub struct Part {
    pub name: String,
    /// Side of the largest flat square, in millimetres; none where the file cannot be read.
    pub flat_mm: Option<f64>,
    /// Why it is no solid.
    pub broken: Option<String>,
    pub copy_ms: f64,
    pub find_ms: Option<f64>,
    pub outcome: Outcome,
}

/// What became of it.
pub enum Outcome {
    /// Why it has no place.
    NoPlace(String),
    /// Why it could not be marked, though it has a place.
    NotMarked(String),
    /// It was marked, and perhaps wrongly.
    Marked {
        embed_ms: f64,
        manner: Manner,
        fault: Option<String>,
    },
}

impl Part {
    /// Whether the reference method finds a place: a flat square, whatever is behind it.
    pub fn has_place(&self) -> bool {
        self.broken.is_none() && self.flat_mm.is_some_and(|side| side >= LEAST_MM)
    }

    /// What is told of it, where not all is well.
    pub fn complaint(&self) -> Option<String> {
        let why = match &self.outcome {
            Outcome::NoPlace(why) if self.has_place() || self.broken.is_some() => why,
            Outcome::NotMarked(why) => why,
            Outcome::Marked { fault, .. } => fault.as_ref()?,
            Outcome::NoPlace(_) => return None,
        };
        Some(format!("{}: {why}", self.name))
    }
}

/// Does to a part what a designer would, and keeps what was made.
pub fn tried(name: String, bytes: &[u8], output: &Path) -> Result<Part, Box<dyn Error>> {
    let mut part = Part {
        name,
        flat_mm: None,
        broken: None,
        copy_ms: 0.0,
        find_ms: None,
        outcome: Outcome::NoPlace(String::new()),
    };
    let limits = MeshLimits::default();
    let (read, copy_ms) =
        timed(|| Mesh::from_stl(bytes, &limits).map(|mesh| (mesh.to_stl().len(), mesh).1));
    part.copy_ms = copy_ms;
    let mesh = match read {
        Ok(mesh) => mesh,
        Err(why) => {
            part.broken = Some(why.to_string());
            part.outcome = Outcome::NoPlace(why.to_string());
            return Ok(part);
        }
    };
    part.flat_mm = Some(largest_flat_square(&mesh).map_or(0.0, |square| square.side_mm));
    part.broken = mesh.require_solid().err().map(|why| why.to_string());
    let forms = forms(HOST)?;
    let wish = Wish {
        process: Process::Fdm,
        up: [0.0, 0.0, 1.0],
        forms: &forms,
        pin: None,
    };
    let (found, find_ms) = timed(|| search(&mesh, &wish));
    part.find_ms = Some(find_ms);
    part.outcome = match found {
        Err(why) => Outcome::NoPlace(why.to_string()),
        Ok(places) => marked(&mesh, &places[0], bytes, output)?,
    };
    Ok(part)
}

fn marked(
    mesh: &Mesh,
    place: &Place,
    bytes: &[u8],
    output: &Path,
) -> Result<Outcome, Box<dyn Error>> {
    let symbol = Symbol::fitting(&place.zone, TEXT, HOST)?;
    let embedded = |mesh: &Mesh| embed(mesh, &place.zone, &symbol);
    let (made, embed_ms) = timed(|| {
        let mesh = Mesh::from_stl(bytes, &MeshLimits::default()).map_err(|why| why.to_string())?;
        let marked = embedded(&mesh).map_err(|why| why.to_string())?;
        Ok(marked.mesh.to_stl())
    });
    Ok(match made {
        Err(why) => Outcome::NotMarked(why),
        Ok(stl) => {
            std::fs::write(output, &stl)?;
            let fault = judge::fault(mesh, &stl, place, &symbol).err();
            let manner = place.zone.manner;
            Outcome::Marked {
                embed_ms,
                manner,
                fault,
            }
        }
    })
}
