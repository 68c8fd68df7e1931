//! thin
#![allow(clippy::disallowed_methods, missing_docs)]
use std::path::PathBuf;
use std::time::Instant;
use threadmark_watermark::mesh::{Mesh, MeshLimits};
use threadmark_watermark::process::Process;
use threadmark_watermark::relief::embed;
use threadmark_watermark::symbol::{Symbol, forms};
use threadmark_watermark::zone::search::{Wish, largest_flat_square, search};

fn main() {
    let corpus = std::env::var("CORPUS").unwrap();
    let out = std::env::var("MARKED").ok();
    let mut files = Vec::new();
    let mut open = vec![PathBuf::from(corpus)];
    while let Some(d) = open.pop() {
        for e in std::fs::read_dir(d).unwrap() {
            let p = e.unwrap().path();
            if p.is_dir() { open.push(p) } else if p.extension().is_some_and(|x| x.eq_ignore_ascii_case("stl")) { files.push(p) }
        }
    }
    files.sort();
    let process = match std::env::var("PROCESS").as_deref() { Ok("sls") => Process::Sls, Ok("sla") => Process::Sla, _ => Process::Fdm };
    let forms = forms("part.example").unwrap();
    eprintln!("{forms:?}");
    for (i, f) in files.iter().enumerate() {
        let name = f.file_name().unwrap().to_string_lossy().into_owned();
        let bytes = std::fs::read(f).unwrap();
        let t = cpu();
        let mesh = match Mesh::from_stl(&bytes, &MeshLimits::default()) { Ok(m) => m, Err(e) => { println!("{i}\t{name}\tREAD\t{e}"); continue } };
        let read_ms = (cpu()-t);
        let t = cpu();
        let flat = largest_flat_square(&mesh).map_or(0.0, |m| m.side_mm);
        let flat_ms = (cpu()-t);
        let wish = Wish { process, up: [0.0,0.0,1.0], forms: &forms, pin: None };
        let t = cpu();
        let found = search(&mesh, &wish);
        let find_ms = (cpu()-t);
        let n = mesh.triangles.len();
        match found {
            Err(e) => println!("{i}\t{name}\tNOPLACE\ttris={n} flat={flat:.2} read={read_ms:.1} flat_ms={flat_ms:.1} find={find_ms:.1}\t{e}"),
            Ok(places) => {
                let p = &places[0];
                let symbol = Symbol::fitting(&p.zone, "7ZK4M9QX2RT8VWHD", "part.example").unwrap();
                assert_eq!(symbol.kind, p.symbol.kind);
                let t = cpu();
                let r = embed(&mesh, &p.zone, &symbol).map(|m| { let s = m.mesh.to_stl(); (m, s) });
                let embed_ms = (cpu()-t);
                let what = match &r { Ok(_) => "OK".to_owned(), Err(e) => format!("EMBED {e}") };
                println!("{i}\t{name}\tPLACE\ttris={n} flat={flat:.2} n={} {:?} m={} d={} t={:.2} room={:.1?} {:?} seen={} score={} read={read_ms:.1} flat_ms={flat_ms:.1} find={find_ms:.1} embed={embed_ms:.1}\t{what}", places.len(), p.symbol.kind, p.zone.module_um, p.zone.depth_um, p.thickness_mm, p.room_mm, p.facing, p.seen_e3, p.score);
                if let (Ok((_, s)), Some(out)) = (&r, &out) { std::fs::write(format!("{out}/{i:04}.stl"), s).unwrap(); }
            }
        }
    }
}

fn cpu() -> f64 {
    let s = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    s.split(' ').next().unwrap().parse::<f64>().unwrap() / 1e6
}
