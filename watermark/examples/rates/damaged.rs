//! Owns: rates against damage, everything else being good.

use crate::cores;
use crate::plate::{Plate, module_um, tally};
use crate::tally::Tally;
use serde_json::json;
use std::error::Error;
use threadmark_watermark::render::{Damage, Finish, Lighting, Lit, View};
use threadmark_watermark::symbol::SymbolKind;

const SHARES: [f32; 5] = [0.05, 0.1, 0.2, 0.3, 0.5];
const LIGHTS: [Lighting; 3] = [Lighting::Overcast, Lighting::Window, Lighting::Raking];

/// For each symbol, damage and share: `rounds` plates of two processes, in three lights each.
pub fn print(rounds: u64) -> Result<(), Box<dyn Error>> {
    for kind in [SymbolKind::QrUrl, SymbolKind::DataMatrixBare] {
        for damage in Damage::ALL {
            for share in SHARES {
                let rounds = 0..rounds;
                let plates: Vec<(u64, Finish)> = rounds
                    .flat_map(|round| [Finish::FdmTop, Finish::Lpbf].map(|finish| (round, finish)))
                    .collect();
                let tallies = cores::on_all(&plates, |&(round, finish)| {
                    one(kind, damage, share, finish, round)
                })?;
                let sum = Tally::of_all(&tallies);
                let what = [
                    ("symbol", json!(kind.name())),
                    ("damage", json!(damage)),
                    ("share", json!((share * 100.0).round() / 100.0)),
                ];
                sum.print("read_rate_damaged", &what);
            }
        }
    }
    Ok(())
}

fn one(
    kind: SymbolKind,
    damage: Damage,
    share: f32,
    finish: Finish,
    round: u64,
) -> Result<Tally, Box<dyn Error>> {
    let module_um = module_um(finish);
    let plate = Plate::new(kind, module_um, module_um * 3 / 2)?;
    let seed = round * 31 + damage as u64;
    let surface = plate
        .surface()?
        .damaged(damage, share, plate.sizes_um(), seed)
        .finished(finish, seed);
    let mut sum = Tally::default();
    for (i, lighting) in (0..).zip(LIGHTS) {
        let view = View {
            width_px: 960,
            height_px: 720,
            tilt_deg: 10.0 * i as f32,
            lean_deg: (seed * 77 % 360) as f32,
            roll_deg: (seed * 137 % 360) as f32,
            seed,
            ..View::default()
        };
        let view = plate.seen_at(8.0, view);
        let lit = Lit::by(
            surface.clone(),
            &lighting.from((seed * 53 % 360) as f32, view.stands()),
        );
        sum.add(tally(&lit.photograph(&view)?)?);
    }
    Ok(sum)
}
