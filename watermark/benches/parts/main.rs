//! A folder of real parts: how many have a place for a mark, and what becomes of those that are marked.
//!
//! Owns the list of figures over a corpus, one JSON line each: `make bench ONLY=embed CORPUS=<folder>`, the fixtures without a
//! folder. Every STL below it is a part, made by FDM, as it lies. `MARKED=<folder>` keeps what was made. What is timed is a file
//! in memory until a file in memory; the clock is the processor's where the system tells it, because corpora are run beside
//! other work. Must never assert a time.

// A benchmark is where clocks are read.
#![allow(clippy::disallowed_methods, missing_docs)]

mod clock;
mod judge;
mod part;
mod shares;
mod stranger;

use part::{Outcome, Part};
use std::error::Error;
use std::path::{Path, PathBuf};
use threadmark_watermark::zone::Manner;

/// As long as an organisation's host is.
const HOST: &str = "part.example";

/// One JSON line.
fn figure(name: &str, value: f64, unit: &str, against: &str, peer: f64) {
    let digits = |value: f64| format!("{value:.3e}").parse().unwrap_or(value);
    let line = serde_json::json!({
        "name": name, "value": digits(value), "unit": unit, "against": against, "ratio": digits(value / peer),
    });
    println!("{line}");
}

fn main() -> Result<(), Box<dyn Error>> {
    let fixtures = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/parts");
    let corpus = std::env::var("CORPUS")
        .ok()
        .filter(|folder| !folder.is_empty());
    let corpus = corpus.unwrap_or_else(|| fixtures.to_owned());
    let folder = tempfile::tempdir()?;
    let marked = std::env::var("MARKED").map_or_else(|_| folder.path().to_owned(), PathBuf::from);
    std::fs::create_dir_all(&marked)?;
    let files = files(Path::new(&corpus))?;
    let mut parts = Vec::new();
    for (index, file) in files.iter().enumerate() {
        let bytes = std::fs::read(file)?;
        let name = file.strip_prefix(&corpus)?.display().to_string();
        let part = part::tried(name, &bytes, &marked.join(format!("{index:05}.stl")))?;
        if let Some(line) = part.complaint() {
            eprintln!("{line}");
        }
        parts.push(part);
    }
    shares::figures(&parts);
    marks(&parts);
    manners(&parts);
    times(&parts);
    stranger::figure_of(&marked, &parts)
}

/// All STL files below a folder, in order.
fn files(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let (mut open, mut found) = (vec![folder.to_owned()], Vec::new());
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            let ending = path.extension().and_then(|ending| ending.to_str());
            if path.is_dir() {
                open.push(path);
            } else if ending.is_some_and(|ending| ending.eq_ignore_ascii_case("stl")) {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

fn marks(parts: &[Part]) {
    let with_place: Vec<&Part> = parts.iter().filter(|part| part.has_place()).collect();
    let marked = |part: &&&Part| matches!(part.outcome, Outcome::Marked { .. });
    let sound = |part: &&Part| matches!(part.outcome, Outcome::Marked { fault: None, .. });
    let every = parts.iter().filter(|part| marked(&part)).count();
    let percent = |some: usize, all: usize| 100.0 * some as f64 / all.max(1) as f64;
    figure(
        "parts_in_corpus",
        parts.len() as f64,
        "parts",
        "the 758 of the reference scan",
        758.0,
    );
    figure(
        "parts_with_place_marked_percent",
        percent(
            with_place.iter().filter(|part| marked(part)).count(),
            with_place.len(),
        ),
        "%",
        "solids whose largest flat square takes a Data Matrix of 0.8 mm modules, whatever is behind it",
        100.0,
    );
    figure(
        "marked_sound_percent",
        percent(parts.iter().filter(sound).count(), every),
        "%",
        "marked parts: read again, solid, and only the zone changed",
        100.0,
    );
}

/// How those that have a place were marked.
fn manners(parts: &[Part]) {
    let with_place: Vec<&Part> = parts.iter().filter(|part| part.has_place()).collect();
    let percent = |some: usize| 100.0 * some as f64 / with_place.len().max(1) as f64;
    for manner in Manner::ALL {
        let so = |part: &&Part| matches!(part.outcome, Outcome::Marked { manner: how, .. } if how == manner);
        figure(
            &format!("parts_with_place_marked_{}_percent", manner.name()),
            percent(with_place.iter().filter(|part| so(part)).count()),
            "%",
            "of the same",
            100.0,
        );
    }
    figure(
        "parts_with_place",
        with_place.len() as f64,
        "parts",
        "all of the corpus",
        parts.len() as f64,
    );
}

fn times(parts: &[Part]) {
    let marked = |part: &Part| match part.outcome {
        Outcome::Marked { embed_ms, .. } => Some((embed_ms, part.copy_ms)),
        _ => None,
    };
    let embed: Vec<(f64, f64)> = parts.iter().filter_map(marked).collect();
    let find = |part: &Part| Some((part.find_ms?, part.copy_ms));
    let find: Vec<(f64, f64)> = parts.iter().filter_map(find).collect();
    for (name, times) in [("embed", embed), ("find", find)] {
        let at = |share: f64, which: fn(&(f64, f64)) -> f64| {
            let mut times: Vec<f64> = times.iter().map(which).collect();
            times.sort_by(f64::total_cmp);
            times
                .get(((times.len().max(1) - 1) as f64 * share).round() as usize)
                .copied()
                .unwrap_or(0.0)
        };
        for (word, share) in [("p50", 0.5), ("p99", 0.99)] {
            figure(
                &format!("part_{name}_ms_{word}"),
                at(share, |times| times.0),
                "ms",
                "reading and writing the same STL",
                at(share, |times| times.1),
            );
        }
    }
}
