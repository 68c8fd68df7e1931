//! Owns: the plate as a real slicer lays it, beside the same plate as it was drawn and as the simulated process makes it.
//!
//! PrusaSlicer stands in Debian as `prusa-slicer`; where it is missing, that is told and nothing is measured.

use crate::cores;
use crate::plate::{Plate, tally};
use crate::tally::Tally;
use serde_json::json;
use std::error::Error;
use std::path::Path;
use std::process::Command;
use threadmark_watermark::render::{Finish, Lighting, Lit, Surface, View, beads};
use threadmark_watermark::symbol::SymbolKind;

const SLICER: &str = "prusa-slicer";
/// Where the middle of the plate is put on the bed, in millimetres.
const MIDDLE_MM: f64 = 100.0;
const LIGHTS: [Lighting; 3] = [Lighting::Overcast, Lighting::Window, Lighting::Raking];
const TILTS_DEG: [f32; 3] = [0.0, 20.0, 40.0];

/// Modules of 0.6 to 1 mm, 1.5 modules deep, layers of 0.2 mm through a nozzle of 0.4 mm.
pub fn print(rounds: u64) -> Result<(), Box<dyn Error>> {
    if Command::new(SLICER).arg("--help").output().is_err() {
        eprintln!("{SLICER} is not installed: what it slices is not measured");
        return Ok(());
    }
    for kind in [SymbolKind::QrUrl, SymbolKind::DataMatrixBare] {
        for module_um in [600, 800, 1_000] {
            let plate = Plate::new(kind, module_um, module_um * 3 / 2)?;
            let ways = [
                ("sliced", sliced(&plate)?),
                ("simulated", plate.surface()?.finished(Finish::FdmTop, 1)),
                ("drawn", plate.surface()?),
            ];
            for (way, surface) in ways {
                let what = [
                    ("surface", json!(way)),
                    ("symbol", json!(kind.name())),
                    ("module_um", json!(module_um)),
                ];
                photographs(&plate, &surface, rounds)?.print("read_rate_sliced", &what);
            }
        }
    }
    Ok(())
}

fn photographs(plate: &Plate, surface: &Surface, rounds: u64) -> Result<Tally, Box<dyn Error>> {
    let rounds: Vec<u64> = (0..rounds).collect();
    let tallies = cores::on_all(&rounds, |&round| {
        let mut sum = Tally::default();
        for lighting in LIGHTS {
            let azimuth_deg = (round * 67 % 360) as f32;
            let lit = Lit::by(surface.clone(), &lighting.from(azimuth_deg, [0.0, 90.0]));
            for tilt_deg in TILTS_DEG {
                let view = View {
                    width_px: 960,
                    height_px: 720,
                    tilt_deg,
                    lean_deg: (round * 91 % 360) as f32,
                    roll_deg: (round * 113 % 360) as f32,
                    seed: round,
                    ..View::default()
                };
                sum.add(tally(&lit.photograph(&plate.seen_at(8.0, view))?)?);
            }
        }
        Ok(sum)
    })?;
    Ok(Tally::of_all(&tallies))
}

fn sliced(plate: &Plate) -> Result<Surface, Box<dyn Error>> {
    let folder = std::env::temp_dir().join(format!("threadmark-rates-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let (stl, gcode) = (folder.join("plate.stl"), folder.join("plate.gcode"));
    std::fs::write(&stl, plate.mesh.to_stl())?;
    let told = slice(&stl, &gcode);
    let code = std::fs::read_to_string(&gcode);
    std::fs::remove_dir_all(&folder)?;
    told?;
    Ok(beads(
        &code?,
        &plate.zone,
        [MIDDLE_MM, MIDDLE_MM, 0.0],
        plate.pitch_um(),
    )?)
}

fn slice(stl: &Path, gcode: &Path) -> Result<(), Box<dyn Error>> {
    let centre = format!("{MIDDLE_MM},{MIDDLE_MM}");
    let output = Command::new(SLICER)
        .args(["--export-gcode", "--center", &centre])
        .args([
            "--nozzle-diameter",
            "0.4",
            "--layer-height",
            "0.2",
            "--first-layer-height",
            "0.2",
        ])
        .args([
            "--fill-density",
            "15%",
            "--top-solid-layers",
            "5",
            "--skirts",
            "0",
        ])
        .args(["--gcode-comments", "--output"])
        .arg(gcode)
        .arg(stl)
        .output()?;
    if output.status.success() {
        return Ok(());
    }
    Err(String::from_utf8_lossy(&output.stderr).into_owned().into())
}
