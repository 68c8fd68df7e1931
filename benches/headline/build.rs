//! Building from nothing, and the story when everything is built, each against the processor time it uses spread over all cores:
//! what no schedule could beat.

use crate::Figure;
use anyhow::{Context, Result, ensure};
use std::path::Path;
use std::process::Command;
use std::time::Instant;

/// Both figures; the first takes minutes.
pub fn figures(print: &mut dyn FnMut(Figure)) -> Result<()> {
    let target = tempfile::tempdir()?;
    let demo = "ONCE=1 scripts/demo";
    let built = timed(
        "cargo build --locked --workspace --bins",
        target.path(),
        "cold_build_seconds",
    )?;
    print(built);
    timed(demo, target.path(), "warming up")?;
    print(timed(demo, target.path(), "demo_seconds_warm")?);
    Ok(())
}

fn timed(command: &str, target: &Path, name: &str) -> Result<Figure> {
    let cores = std::thread::available_parallelism()?.get() as f64;
    // `times` of the shell tells what its children used, the database's processes aside: on its last line, and not in a pipe,
    // where it would be that of another shell.
    let script = format!("{command} >&2 || exit 1; times");
    let begin = Instant::now();
    let output = Command::new("bash")
        .args(["-c", &script])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env("CARGO_TARGET_DIR", target)
        .env("SQLX_OFFLINE", "true")
        .stderr(std::process::Stdio::null())
        .output()?;
    let value = begin.elapsed().as_secs_f64();
    ensure!(output.status.success(), "`{command}` failed");
    let told = String::from_utf8(output.stdout)?;
    let children = told.lines().last().context("the output of `times`")?;
    let used: f64 = children
        .split_whitespace()
        .map(seconds)
        .collect::<Result<Vec<_>>>()?
        .iter()
        .sum();
    Ok(Figure {
        name: name.to_owned(),
        value,
        unit: "s",
        against: "the processor time it uses, spread over all cores",
        peer: used / cores,
    })
}

/// Of `1m2.345s`.
fn seconds(text: &str) -> Result<f64> {
    let (minutes, seconds) = text
        .trim_end_matches('s')
        .split_once('m')
        .context("the output of `times`")?;
    Ok(minutes.parse::<f64>()? * 60.0 + seconds.parse::<f64>()?)
}
