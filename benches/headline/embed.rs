//! Embedding a mark into a part of 100,000 triangles, checked as the agent does it, against reading and writing the same file.

use crate::Figure;
use anyhow::{Context, Result, ensure};
use std::path::Path;
use std::time::{Duration, Instant};
use threadmark_protocol::mark::Mark;
use threadmark_watermark::mesh::{Mesh, MeshLimits};
use threadmark_watermark::relief::embed;
use threadmark_watermark::symbol::Symbol;
use threadmark_watermark::zone::Zone;

const TRIANGLES: usize = 100_000;
const RUNS: usize = 5;

/// The figure.
pub fn figures() -> Result<Vec<Figure>> {
    let parts = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/parts");
    let zone: Zone =
        serde_json::from_slice(&std::fs::read(parts.join("hinge-bracket.zone.json"))?)?;
    let mut mesh = read(&std::fs::read(parts.join("hinge-bracket.stl"))?)?;
    while mesh.triangles.len() < TRIANGLES {
        mesh = refine(&mesh);
    }
    let file = mesh.to_stl();
    let symbol = Symbol::fitting(
        &zone,
        &Mark::derive(&[7; 32], 1).to_string(),
        "part.example",
    )?;
    let marking = median(|| Ok(embed(&read(&file)?, &zone, &symbol)?.mesh.to_stl()))?;
    let copying = median(|| Ok(read(&file)?.to_stl()))?;
    let per_100k = TRIANGLES as f64 / mesh.triangles.len() as f64 * 1e3;
    Ok(vec![Figure {
        name: "embed_ms_100k_triangles".into(),
        value: marking.as_secs_f64() * per_100k,
        unit: "ms",
        against: "reading and writing the same STL",
        peer: copying.as_secs_f64() * per_100k,
    }])
}

fn read(bytes: &[u8]) -> Result<Mesh> {
    Mesh::from_stl(bytes, &MeshLimits::default()).context("reading the part")
}

/// Each triangle as four.
fn refine(mesh: &Mesh) -> Mesh {
    let middle = |a: [f32; 3], b: [f32; 3]| [0, 1, 2].map(|axis| (a[axis] + b[axis]) / 2.0);
    let quarters = |[a, b, c]: [[f32; 3]; 3]| {
        let [ab, bc, ca] = [middle(a, b), middle(b, c), middle(c, a)];
        [[a, ab, ca], [ab, b, bc], [ca, bc, c], [ab, bc, ca]]
    };
    Mesh {
        triangles: mesh.triangles.iter().copied().flat_map(quarters).collect(),
    }
}

fn median(mut work: impl FnMut() -> Result<Vec<u8>>) -> Result<Duration> {
    let mut times = Vec::new();
    for _ in 0..RUNS {
        let begin = Instant::now();
        let written = work()?;
        times.push(begin.elapsed());
        ensure!(!written.is_empty(), "an empty part");
    }
    times.sort();
    Ok(times[RUNS / 2])
}
