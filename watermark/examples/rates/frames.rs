//! Owns: what frames of a camera say together (`read::Frames`), against the first of them alone, in the light that is good.

use crate::cores;
use crate::plate::{Plate, TEXT, mark, module_um};
use crate::tally::Tally;
use serde_json::json;
use std::error::Error;
use threadmark_watermark::read::{Frames, ReadLimits, read};
use threadmark_watermark::render::{Finish, Lighting, Lit, View};
use threadmark_watermark::symbol::SymbolKind;

const FRAMES: u64 = 10;
const DARK_ALBEDO: f32 = 0.3;

const LIGHTS: [Lighting; 3] = [Lighting::Overcast, Lighting::Window, Lighting::Raking];

/// A plate that is filmed.
struct Filmed {
    round: u64,
    kind: SymbolKind,
    finish: Finish,
    is_filled: bool,
}

/// Two symbols in two processes, as relief and with a filling of little contrast, in three lights.
pub fn print(rounds: u64) -> Result<(), Box<dyn Error>> {
    let mut all = Vec::new();
    for round in 0..rounds {
        for kind in [SymbolKind::QrUrl, SymbolKind::DataMatrixBare] {
            for finish in [Finish::FdmTop, Finish::Sls] {
                for is_filled in [false, true] {
                    all.push(Filmed {
                        round,
                        kind,
                        finish,
                        is_filled,
                    });
                }
            }
        }
    }
    let tallies = cores::on_all(&all, Filmed::tallies)?;
    for is_filled in [false, true] {
        let same = all
            .iter()
            .zip(&tallies)
            .filter(|(f, _)| f.is_filled == is_filled);
        let [first, together]: [Vec<Tally>; 2] =
            [0, 1].map(|i| same.clone().map(|(_, t)| t[i]).collect());
        let print = |tallies: &[Tally], frames: u64| {
            let what = [("frames", json!(frames)), ("filled", json!(is_filled))];
            Tally::of_all(tallies).print("read_rate_frames", &what);
        };
        print(&first, 1);
        print(&together, FRAMES);
    }
    Ok(())
}

impl Filmed {
    /// In all lights: the first frame alone, and all of them together.
    fn tallies(&self) -> Result<[Tally; 2], Box<dyn Error>> {
        let module_um = module_um(self.finish);
        let plate = Plate::new(self.kind, module_um, module_um * 3 / 2)?;
        let mut surface = plate.surface()?;
        if self.is_filled {
            surface = surface.inlaid(plate.zone.depth_um as f32, DARK_ALBEDO);
        }
        let surface = surface.finished(self.finish, self.round);
        let (mut first, mut together) = (Tally::default(), Tally::default());
        for lighting in LIGHTS {
            let azimuth_deg = (self.round * 67 % 360) as f32;
            let lit = Lit::by(surface.clone(), &lighting.from(azimuth_deg, [0.0, 90.0]));
            let [one, all] = stream(&plate, &lit, self.round)?;
            first.add(one);
            together.add(all);
        }
        Ok([first, together])
    }
}

/// The first frame alone, and all of them together. The hand comes nearer and sways.
fn stream(plate: &Plate, lit: &Lit, round: u64) -> Result<[Tally; 2], Box<dyn Error>> {
    let mut frames = Frames::default();
    let [mut one, mut all] = [Tally {
        of: 1,
        ..Tally::default()
    }; 2];
    for number in 0..FRAMES {
        let seed = round * FRAMES + number;
        let sway = |step: u64, range: u64| (seed * step % range) as f32;
        let view = View {
            width_px: 640,
            height_px: 480,
            tilt_deg: sway(7, 30),
            lean_deg: sway(83, 360),
            roll_deg: (round * 137 % 360) as f32 + sway(5, 20),
            noise: 0.02,
            motion_px: sway(3, 4),
            seed,
            ..View::default()
        };
        let photo = lit
            .photograph(&plate.seen_at(5.0 + number as f32 / 2.0, view))?
            .jpeg(80)?;
        if number == 0 {
            let readings = read(&photo, &ReadLimits::frame(), mark).unwrap_or_default();
            one.read = u32::from(readings.iter().any(|reading| reading.mark == TEXT));
            one.false_marks = u32::from(readings.iter().any(|reading| reading.mark != TEXT));
        }
        if let Some(reading) = frames.add(&photo, mark)? {
            all.read |= u32::from(reading.mark == TEXT);
            all.false_marks |= u32::from(reading.mark != TEXT);
        }
    }
    Ok([one, all])
}
