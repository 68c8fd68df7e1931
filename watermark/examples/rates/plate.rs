//! Owns: a plate with a mark in its upper face, from mesh to surface, and the reading of a photograph of it.

use crate::peers;
use crate::tally::Tally;
use std::error::Error;
use threadmark_watermark::mesh::Mesh;
use threadmark_watermark::read::{ReadError, ReadLimits, read};
use threadmark_watermark::relief::embed;
use threadmark_watermark::render::{Finish, Photo, Surface, View};
use threadmark_watermark::symbol::{Symbol, SymbolKind};
use threadmark_watermark::zone::{Manner, Zone};

const HOST: &str = "mark.example";
pub const TEXT: &str = "7ZK4M9QX2RT8VWHD";
const THICK_UM: u32 = 8_000;
/// Points of a surface along a module.
const FINENESS: f32 = 8.0;

pub struct Plate {
    pub zone: Zone,
    pub symbol: Symbol,
    pub mesh: Mesh,
}

impl Plate {
    /// With a mark of this kind, in modules and to a depth in micrometres.
    pub fn new(kind: SymbolKind, module_um: u32, depth_um: u32) -> Result<Self, Box<dyn Error>> {
        let modules = if kind == SymbolKind::DataMatrixBare {
            18
        } else {
            33
        };
        let side_um = modules * module_um;
        let zone = Zone {
            centre_um: [0, 0, i64::from(THICK_UM)],
            normal_e6: [0, 0, 1_000_000],
            up_e6: [0, 1_000_000, 0],
            width_um: side_um,
            height_um: side_um,
            module_um,
            depth_um,
            wall_um: 1_500,
            manner: Manner::Recessed,
        };
        let symbol = Symbol::fitting(&zone, TEXT, HOST)?;
        if symbol.kind != kind {
            return Err(format!("{:?} does not fit", kind).into());
        }
        let blank = slab(side_um as f32 / 1e3 * 1.5);
        let mesh = embed(&blank, &zone, &symbol)?.mesh;
        Ok(Self { zone, symbol, mesh })
    }

    pub fn pitch_um(&self) -> f32 {
        self.zone.module_um as f32 / FINENESS
    }

    pub fn surface(&self) -> Result<Surface, Box<dyn Error>> {
        Ok(Surface::of_mesh(&self.mesh, &self.zone, self.pitch_um())?)
    }

    /// So far away that a module in the middle has so many pixels.
    pub fn seen_at(&self, px_per_module: f32, view: View) -> View {
        let share = px_per_module * self.zone.width_um as f32
            / (self.zone.module_um as f32 * view.width_px as f32);
        let distance_mm = View::distance_for(self.zone.width_um, share, view.fov_deg);
        View {
            distance_mm,
            ..view
        }
    }

    /// Side of the symbol, its module and its depth, in micrometres.
    pub fn sizes_um(&self) -> [f32; 3] {
        let module_um = self.zone.module_um as f32;
        [
            self.symbol.size as f32 * module_um,
            module_um,
            self.zone.depth_um as f32,
        ]
    }
}

/// The modules that a process prints well, in micrometres.
pub fn module_um(finish: Finish) -> u32 {
    match finish {
        Finish::FdmTop | Finish::FdmSide => 800,
        _ => 500,
    }
}

/// A square plate, its upper face over the origin.
fn slab(side_mm: f32) -> Mesh {
    let (half, top) = (side_mm / 2.0, THICK_UM as f32 / 1e3);
    let corner = |i: usize| {
        let end = |bit: usize, low: f32, high: f32| if i >> bit & 1 == 1 { high } else { low };
        [end(0, -half, half), end(1, -half, half), end(2, 0.0, top)]
    };
    let quads = [
        [0, 2, 3, 1],
        [4, 5, 7, 6],
        [0, 1, 5, 4],
        [2, 6, 7, 3],
        [0, 4, 6, 2],
        [1, 3, 7, 5],
    ];
    let halves = quads.map(|[a, b, c, d]| [[a, b, c], [a, c, d]].map(|t| t.map(corner)));
    Mesh {
        triangles: halves.into_iter().flatten().collect(),
    }
}

/// What is written on the plate, as the caller of a reader knows marks: sixteen letters and digits, alone or behind the address.
pub fn mark(text: &str) -> Option<String> {
    let mark = text.strip_prefix("HTTPS://MARK.EXAMPLE/M/").unwrap_or(text);
    let is_mark = mark.len() == 16
        && mark
            .bytes()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    is_mark.then(|| mark.to_owned())
}

/// Reads a photograph in all ways.
pub fn tally(photo: &Photo) -> Result<Tally, Box<dyn Error>> {
    let file = photo.jpeg(85)?;
    let ours = match read(&file, &ReadLimits::default(), mark) {
        Ok(readings) => readings.into_iter().map(|reading| reading.mark).collect(),
        Err(ReadError::NoCode(_) | ReadError::NotAMark { .. } | ReadError::DecoderFailed) => {
            Vec::new()
        }
        Err(error) => return Err(error.into()),
    };
    let is_ours = |texts: Vec<String>| {
        u32::from(texts.iter().any(|text| mark(text).as_deref() == Some(TEXT)))
    };
    let is_false = ours.iter().any(|text| text != TEXT);
    Ok(Tally {
        of: 1,
        read: is_ours(ours),
        false_marks: u32::from(is_false),
        rqrr: is_ours(peers::areas(&file)),
        rxing: is_ours(peers::edges(&file)),
    })
}
