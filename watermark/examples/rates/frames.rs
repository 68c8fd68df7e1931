//! Owns: what frames of a camera say together (`read::Frames`), against the first of them alone, in the light that is good.

use crate::plate::{Plate, TEXT, mark, module_um};
use crate::tally::Tally;
use serde_json::json;
use std::error::Error;
use threadmark_watermark::read::{Frames, ReadLimits, read};
use threadmark_watermark::render::{Finish, Lighting, Lit, View};
use threadmark_watermark::symbol::SymbolKind;

const FRAMES: u64 = 10;
const DARK_ALBEDO: f32 = 0.3;

/// Two symbols in two processes, as relief and with a filling of little contrast, in three lights.
pub fn print(rounds: u64) -> Result<(), Box<dyn Error>> {
    let (mut first, mut together) = (Tally::default(), Tally::default());
    for round in 0..rounds {
        for kind in [SymbolKind::QrUrl, SymbolKind::DataMatrixBare] {
            for finish in [Finish::FdmTop, Finish::Sls] {
                for is_filled in [false, true] {
                    let plate = Plate::new(kind, module_um(finish), module_um(finish) * 3 / 2)?;
                    let mut surface = plate.surface()?;
                    if is_filled {
                        surface = surface.inlaid(plate.zone.depth_um as f32, DARK_ALBEDO);
                    }
                    let surface = surface.finished(finish, round);
                    for lighting in [Lighting::Overcast, Lighting::Window, Lighting::Raking] {
                        let azimuth_deg = (round * 67 % 360) as f32;
                        let lit =
                            Lit::by(surface.clone(), &lighting.from(azimuth_deg, [0.0, 90.0]));
                        let [one, all] = stream(&plate, &lit, round)?;
                        first.add(one);
                        together.add(all);
                    }
                }
            }
        }
    }
    first.print("read_rate_frames", &[("frames", json!(1))]);
    together.print("read_rate_frames", &[("frames", json!(FRAMES))]);
    Ok(())
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
