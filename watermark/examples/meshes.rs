//! What the reader of meshes says of a folder of files: `cargo run --example meshes -- FOLDER`.
//!
//! Prints one line a file: accepted or refused, and why. Used to compare with the verdicts of published collections of test
//! files, which are not part of this repository.

use std::path::{Path, PathBuf};
use threadmark_watermark::mesh::{Mesh, MeshLimits};
use threadmark_watermark::threemf::{Package, PackageLimits, looks_like_3mf};

fn files(folder: &Path, found: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let kind = path.extension().unwrap_or_default().to_ascii_lowercase();
        if path.is_dir() {
            files(&path, found)?;
        } else if kind == "stl" || kind == "3mf" {
            found.push(path);
        }
    }
    Ok(())
}

fn verdict(bytes: &[u8]) -> String {
    if looks_like_3mf(bytes) {
        return match Package::read(bytes, &PackageLimits::default()) {
            Err(error) => format!("REFUSED  {error}"),
            Ok(package) => {
                let solids = package
                    .items
                    .iter()
                    .filter(|item| item.mesh.require_solid().is_ok());
                let triangles: usize = package
                    .items
                    .iter()
                    .map(|item| item.mesh.triangles.len())
                    .sum();
                format!(
                    "ACCEPTED {} of {} items solid, {triangles} triangles; left out {:?}",
                    solids.count(),
                    package.items.len(),
                    package.left_out
                )
            }
        };
    }
    match Mesh::from_stl(bytes, &MeshLimits::default()) {
        Err(error) => format!("REFUSED  {error}"),
        Ok(mesh) => match mesh.require_solid() {
            Ok(()) => format!("ACCEPTED {} triangles", mesh.triangles.len()),
            Err(error) => format!("NO SOLID {error}"),
        },
    }
}

fn main() -> std::io::Result<()> {
    let mut found = Vec::new();
    for folder in std::env::args().skip(1) {
        files(Path::new(&folder), &mut found)?;
    }
    found.sort();
    for path in found {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        println!("{:<70} {}", name, verdict(&std::fs::read(&path)?));
    }
    Ok(())
}
