//! How often marks are read, in simulated photographs: `cargo run --release -p threadmark-watermark --features render
//! --example rates`, or `make bench ONLY=rates`. One JSON line a figure; `docs/reading.md` says what follows.
//!
//! Owns the list of tables. `PHOTOS` is how many photographs the table of scenes takes: 1,000 where nothing is said, 5,000 by
//! `make bench`; the other tables grow with it. `ONLY` names tables: scenes, damage, sliced, frames.

mod cores;
mod damaged;
mod frames;
#[path = "../peers/mod.rs"]
mod peers;
mod plate;
mod scenes;
mod sliced;
mod tally;

use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    // Decoders panic; that is counted, not told.
    std::panic::set_hook(Box::new(|_| {}));
    let photographs: usize = std::env::var("PHOTOS").map_or(Ok(1_000), |photos| photos.parse())?;
    let rounds = (photographs as u64 / 1_000).max(1);
    let only = std::env::var("ONLY").unwrap_or_default();
    let is_wanted =
        |table: &str| only.is_empty() || only.split_whitespace().any(|word| word == table);
    if is_wanted("scenes") {
        scenes::print(photographs)?;
    }
    if is_wanted("damage") {
        damaged::print(rounds)?;
    }
    if is_wanted("sliced") {
        sliced::print(rounds)?;
    }
    if is_wanted("frames") {
        frames::print(rounds)?;
    }
    Ok(())
}
