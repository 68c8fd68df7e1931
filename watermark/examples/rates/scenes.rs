//! Owns: process, depth, light, angle, distance and noise against each other, and what good conditions are.

use crate::cores;
use crate::plate::{Plate, module_um, tally};
use crate::tally::Tally;
use serde_json::{Value, json};
use std::error::Error;
use threadmark_watermark::render::{Finish, Lighting, Lit, Surface, View};
use threadmark_watermark::symbol::SymbolKind;

const FINISHES: [Finish; 5] = [
    Finish::FdmTop,
    Finish::FdmSide,
    Finish::Sla,
    Finish::Sls,
    Finish::Lpbf,
];
const KINDS: [SymbolKind; 2] = [SymbolKind::QrUrl, SymbolKind::DataMatrixBare];
/// In modules. What is two-coloured is filled up to the face.
const DEPTHS: [(&str, f32); 4] = [
    ("1.0", 1.0),
    ("1.5", 1.5),
    ("2.0", 2.0),
    ("two colours", 0.5),
];
const TILTS_DEG: [f32; 5] = [0.0, 15.0, 30.0, 45.0, 55.0];
const PX_PER_MODULE: [f32; 4] = [4.0, 6.0, 9.0, 14.0];
/// A dark room also takes longer to expose: the hand moves by a hundred pixels for each unit of noise.
const NOISES: [f32; 3] = [0.005, 0.02, 0.06];
const MOVED_PX: f32 = 100.0;
/// Of the filling, in another colour.
const DARK_ALBEDO: f32 = 0.12;

/// How a photograph was taken, each as an index into its list.
#[derive(Clone, Copy)]
struct Taken {
    finish: usize,
    kind: usize,
    depth: usize,
    light: usize,
    tilt: usize,
    distance: usize,
    noise: usize,
}

/// Name, levels, and which of them are good.
struct Factor {
    name: &'static str,
    levels: Vec<Value>,
    good: &'static [usize],
    of: fn(&Taken) -> usize,
}

fn factors() -> [Factor; 7] {
    let factor = |name, levels, good, of| Factor {
        name,
        levels,
        good,
        of,
    };
    let numbers = |list: &[f32]| {
        list.iter()
            .map(|n| json!((n * 1e3).round() / 1e3))
            .collect()
    };
    [
        factor(
            "process",
            FINISHES.map(|f| json!(f)).to_vec(),
            &[0, 1, 2, 3, 4],
            |t| t.finish,
        ),
        factor(
            "symbol",
            KINDS.map(|k| json!(k.name())).to_vec(),
            &[0, 1],
            |t| t.kind,
        ),
        factor(
            "depth_modules",
            DEPTHS.map(|d| json!(d.0)).to_vec(),
            &[1, 2, 3],
            |t| t.depth,
        ),
        factor(
            "light",
            Lighting::ALL.map(|l| json!(l)).to_vec(),
            &[0, 1, 2],
            |t| t.light,
        ),
        factor("angle_deg", numbers(&TILTS_DEG), &[0, 1, 2], |t| t.tilt),
        factor("px_per_module", numbers(&PX_PER_MODULE), &[2, 3], |t| {
            t.distance
        }),
        factor("noise", numbers(&NOISES), &[0, 1], |t| t.noise),
    ]
}

/// Photographs of one plate.
const OF_A_PLATE: usize = Lighting::ALL.len() * TILTS_DEG.len();

/// Prints the tables of this many photographs, rounded up to whole plates of 25.
pub fn print(photographs: usize) -> Result<(), Box<dyn Error>> {
    let kinds = FINISHES.len() * KINDS.len() * DEPTHS.len();
    let numbers: Vec<usize> = (0..photographs.div_ceil(OF_A_PLATE)).collect();
    let plates = cores::on_all(&numbers, |number| {
        // In an order in which few plates are already of all kinds: 7 has no divisor in common with their number.
        let which = number * 7 % kinds;
        let finish = which % FINISHES.len();
        let kind = which / FINISHES.len() % KINDS.len();
        let depth = which / FINISHES.len() / KINDS.len();
        plate((number / kinds) as u64, [finish, kind, depth])
    })?;
    tables(&plates.concat());
    Ok(())
}

/// One plate under all lights, from all angles.
fn plate(
    round: u64,
    [finish, kind, depth]: [usize; 3],
) -> Result<Vec<(Taken, Tally)>, Box<dyn Error>> {
    let mut all = Vec::new();
    let module_um = module_um(FINISHES[finish]);
    let (name, ratio) = DEPTHS[depth];
    let plate = Plate::new(KINDS[kind], module_um, (ratio * module_um as f32) as u32)?;
    let mut seed = round << 32 | (finish << 16 | kind << 8 | depth) as u64;
    let mut surface = plate.surface()?;
    if name == "two colours" {
        surface = surface.inlaid(plate.zone.depth_um as f32, DARK_ALBEDO);
    }
    let surface = surface.finished(FINISHES[finish], seed);
    for light in 0..Lighting::ALL.len() {
        let mut lit: Option<Lit> = None;
        for tilt in 0..TILTS_DEG.len() {
            seed = seed
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let chance = |bits: u32, levels: usize| (seed >> bits) as usize % 65_536 % levels;
            let taken = Taken {
                finish,
                kind,
                depth,
                light,
                tilt,
                distance: chance(20, PX_PER_MODULE.len()),
                noise: chance(36, NOISES.len()),
            };
            let view = plate.seen_at(PX_PER_MODULE[taken.distance], view(&taken, seed));
            let lighting = Lighting::ALL[light];
            let fresh = |surface: &Surface| {
                let azimuth_deg = (seed >> 40) as f32 % 360.0;
                Lit::by(surface.clone(), &lighting.from(azimuth_deg, view.stands()))
            };
            // The flash moves with the camera, everything else stays where it is.
            if lit.is_none() || lighting == Lighting::Flash {
                lit = Some(fresh(&surface));
            }
            let photo = lit.as_ref().map(|lit| lit.photograph(&view)).transpose()?;
            all.push((taken, tally(&photo.ok_or("no light")?)?));
        }
    }
    Ok(all)
}

fn view(taken: &Taken, seed: u64) -> View {
    View {
        width_px: 960,
        height_px: 720,
        tilt_deg: TILTS_DEG[taken.tilt],
        lean_deg: (seed >> 24) as f32 % 360.0,
        roll_deg: (seed >> 32) as f32 % 360.0,
        motion_px: MOVED_PX * NOISES[taken.noise],
        noise: NOISES[taken.noise],
        seed,
        ..View::default()
    }
}

fn tables(all: &[(Taken, Tally)]) {
    let factors = factors();
    let is_good = |taken: &Taken, but: &[usize]| {
        let good = |(i, factor): (usize, &Factor)| {
            but.contains(&i) || factor.good.contains(&(factor.of)(taken))
        };
        factors.iter().enumerate().all(good)
    };
    let sum = |holds: &dyn Fn(&Taken) -> bool| {
        let mut sum = Tally::default();
        all.iter()
            .filter(|(taken, _)| holds(taken))
            .for_each(|(_, tally)| sum.add(*tally));
        sum
    };
    sum(&|_| true).print("read_rate_all", &[]);
    sum(&|taken| is_good(taken, &[])).print("read_rate_good", &[]);
    for (i, factor) in factors.iter().enumerate() {
        for (level, value) in factor.levels.iter().enumerate() {
            let counted = sum(&|taken| (factor.of)(taken) == level && is_good(taken, &[i]));
            counted.print("read_rate", &[(factor.name, value.clone())]);
        }
    }
    // What a designer chooses, against what a user has.
    let [process, _, depth, light, ..] = &factors;
    for (p, process_name) in process.levels.iter().enumerate() {
        for (d, depth_name) in depth.levels.iter().enumerate() {
            for (l, light_name) in light.levels.iter().enumerate() {
                let counted =
                    sum(&|t| (t.finish, t.depth, t.light) == (p, d, l) && is_good(t, &[0, 2, 3]));
                let what = [
                    ("process", process_name),
                    ("depth_modules", depth_name),
                    ("light", light_name),
                ];
                counted.print(
                    "read_rate_cell",
                    &what.map(|(key, value)| (key, value.clone())),
                );
            }
        }
    }
}
