//! The headline figures: each is measured and set against a peer or a physical limit in the same run.
//!
//! Owns the list of figures and their output, one JSON line each. `make bench` runs all; `make bench ONLY=submit` those whose
//! group is named. Must never assert a time: machines differ, ratios less. `docs/speed.md` says where the time goes.

// A benchmark is where clocks are read.
#![allow(clippy::disallowed_methods)]

mod artifact;
mod audit;
mod build;
mod embed;
mod ground;
mod growth;
mod index;
mod life;
mod lives;
mod load;
mod population;
mod read;
mod resolve;
mod submit;

use anyhow::Result;
use ground::Ground;

/// Full lives of the small log; the large one has ten times as many. Three for each client that submits: with hardly more lives than
/// clients most of the time is the end, when most have nothing left to send.
const LIVES: usize = 768;
/// How much larger the large log is.
const GROWTH: usize = 10;

/// One figure.
pub struct Figure {
    /// Stable name; the unit is part of it.
    pub name: String,
    /// What was measured.
    pub value: f64,
    /// Unit of value and peer.
    pub unit: &'static str,
    /// What the peer is.
    pub against: &'static str,
    /// What the peer made of the same work, in the same unit.
    pub peer: f64,
}

impl Figure {
    /// Prints the line. The ratio is value by peer.
    fn print(&self) {
        let line = serde_json::json!({
            "name": self.name, "value": round(self.value), "unit": self.unit,
            "against": self.against, "ratio": round(self.value / self.peer),
        });
        println!("{line}");
    }
}

/// Three digits are more than two runs agree in.
fn round(value: f64) -> f64 {
    format!("{value:.3e}").parse().unwrap_or(value)
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [word, url] = &arguments[..]
        && word == "--peer"
    {
        return resolve::serve_peer(url);
    }
    let only: Vec<&String> = arguments
        .iter()
        .filter(|word| !word.starts_with("--"))
        .collect();
    let wanted = |group: &str| only.is_empty() || only.iter().any(|word| *word == group);
    if wanted("artifact") {
        artifact::figures()?.iter().for_each(Figure::print);
    }
    if wanted("index") {
        index::figures()?.iter().for_each(Figure::print);
    }
    if wanted("embed") {
        embed::figures()?.iter().for_each(Figure::print);
    }
    if ["submit", "resolve", "read", "audit"]
        .into_iter()
        .any(wanted)
    {
        log_figures(&wanted)?;
    }
    if only.iter().any(|word| *word == "growth") {
        growth::figures()?.iter().for_each(Figure::print);
    }
    if only.iter().any(|word| *word == "life") {
        life::figures(&mut |figure| figure.print())?;
    }
    if wanted("build") {
        build::figures(&mut |figure| figure.print())?;
    }
    Ok(())
}

/// Figures of the log: of a small one, and of one with ten times the data.
fn log_figures(wanted: &dyn Fn(&str) -> bool) -> Result<()> {
    let mut ground = Ground::new()?;
    for (lives, suffix) in [(LIVES, ""), (LIVES * (GROWTH - 1), "_at_10x")] {
        let lives = ground.sign(lives);
        if suffix.is_empty() || wanted("submit") {
            let figures = submit::figures(&mut ground, &lives, suffix)?;
            figures
                .iter()
                .filter(|_| wanted("submit"))
                .for_each(Figure::print);
        } else {
            submit::fill(&ground, &lives)?;
        }
        if wanted("resolve") {
            resolve::figures(&ground, &lives, suffix)?
                .iter()
                .for_each(Figure::print);
        }
        if wanted("read") {
            read::figures(&ground, suffix)?
                .iter()
                .for_each(Figure::print);
        }
        if wanted("audit") {
            audit::figures(&ground, suffix)?
                .iter()
                .for_each(Figure::print);
        }
    }
    Ok(())
}
