//! Makes the fixture photographs: `cargo run --release -p threadmark-watermark --features render --example photograph`.
//! Owns: which parts are seen how. They are synthetic: a simulated camera, no print, no lens.

use image::codecs::jpeg::JpegEncoder;
use std::error::Error;
use std::path::Path;
use threadmark_watermark::mesh::{Mesh, MeshLimits};
use threadmark_watermark::relief::embed;
use threadmark_watermark::render::{Camera, render};
use threadmark_watermark::symbol::Symbol;
use threadmark_watermark::zone::Zone;

const HOST: &str = "mark.example";
const TEXT: &str = "7ZK4M9QX2RT8VWHD";

struct Sight {
    file: &'static str,
    part: &'static str,
    marked: bool,
    tilt_deg: f64,
    sun_elevation_deg: f64,
    sun_strength: f64,
}

/// Name, part, whether it carries the mark, tilt, then height and strength of the sun.
const SIGHTS: [Sight; 4] = [
    sight(
        "hinge-bracket-overcast.jpg",
        "hinge-bracket",
        true,
        8.0,
        25.0,
        0.0,
    ),
    sight(
        "hinge-bracket-high-sun.jpg",
        "hinge-bracket",
        true,
        20.0,
        60.0,
        0.6,
    ),
    sight(
        "sensor-clip-low-sun.jpg",
        "sensor-clip",
        true,
        32.0,
        25.0,
        0.5,
    ),
    sight(
        "access-cover-unmarked.jpg",
        "access-cover",
        false,
        15.0,
        25.0,
        0.5,
    ),
];

const fn sight(
    file: &'static str,
    part: &'static str,
    marked: bool,
    tilt_deg: f64,
    sun_elevation_deg: f64,
    sun_strength: f64,
) -> Sight {
    Sight {
        file,
        part,
        marked,
        tilt_deg,
        sun_elevation_deg,
        sun_strength,
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures");
    for (seed, sight) in (1..).zip(&SIGHTS) {
        let png = shoot(sight, seed, &fixtures.join("parts"))?;
        let mut jpeg = Vec::new();
        image::load_from_memory(&png)?
            .write_with_encoder(JpegEncoder::new_with_quality(&mut jpeg, 85))?;
        std::fs::write(fixtures.join("photos").join(sight.file), jpeg)?;
    }
    Ok(())
}

fn shoot(sight: &Sight, seed: u64, parts: &Path) -> Result<Vec<u8>, Box<dyn Error>> {
    let stl = std::fs::read(parts.join(format!("{}.stl", sight.part)))?;
    let zone = std::fs::read(parts.join(format!("{}.zone.json", sight.part)))?;
    let zone: Zone = serde_json::from_slice(&zone)?;
    let mut mesh = Mesh::from_stl(&stl, &MeshLimits::default())?;
    if sight.marked {
        mesh = embed(&mesh, &zone, &Symbol::fitting(&zone, TEXT, HOST)?)?.mesh;
    }
    let camera = Camera {
        width_px: 720,
        height_px: 540,
        fov_deg: 18.0,
        sky_rays: 24,
        ..Camera::facing(&zone, sight.tilt_deg, 23.0 * seed as f64, seed)?
    };
    let camera = camera.lit(
        &zone,
        50.0 * seed as f64,
        sight.sun_elevation_deg,
        sight.sun_strength,
    )?;
    Ok(render(&mesh, &camera)?)
}
