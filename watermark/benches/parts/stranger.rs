//! Owns: what the independent checker says of the marked parts. `tests/interop/solids.py`, none of it ours.

use crate::figure;
use crate::part::{Outcome, Part};
use std::error::Error;
use std::path::Path;
use std::process::Command;

/// Lists what it refuses. Without its environment (`scripts/setup test`) there is no figure.
pub fn figure_of(marked: &Path, parts: &[Part]) -> Result<(), Box<dyn Error>> {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/interop"));
    let python = folder.join("venv/bin/python");
    if !python.exists() {
        eprintln!("no independent check: `scripts/setup test` installs it");
        return Ok(());
    }
    let output = Command::new(python)
        .arg(folder.join("solids.py"))
        .arg(marked)
        .output()?;
    let told = String::from_utf8(output.stdout)?;
    let lines: Vec<serde_json::Value> = told
        .lines()
        .map(serde_json::from_str)
        .collect::<Result<_, _>>()?;
    if lines.is_empty() {
        return Err(String::from_utf8_lossy(&output.stderr).into());
    }
    let sound = lines.iter().filter(|line| line["sound"] == true).count();
    lines
        .iter()
        .filter(|line| line["sound"] != true)
        .for_each(|line| eprintln!("{line}"));
    let made = parts
        .iter()
        .filter(|part| matches!(part.outcome, Outcome::Marked { .. }));
    figure(
        "marked_sound_to_strangers_percent",
        100.0 * sound as f64 / made.count().max(1) as f64,
        "%",
        "marked parts, by trimesh and manifold3d",
        100.0,
    );
    Ok(())
}
