//! Owns: finding places for a mark on a part, ranking them, and saying why there is none.
//! Must never know: what a mark means, or photographs.
//!
//! Every flat region is searched for its largest square with enough material behind it; the square takes the best symbol for
//! the process; what is left is how the face looks, to the build and to a camera. A place is handed out only when the zone
//! on it passes the check that embedding makes. Same part, same wish: same places, on every machine.

mod behind;
mod graph;
mod judge;
mod picture;
mod place;
mod reason;
mod regions;
mod room;
mod seen;
mod square;

pub use judge::Remark;
pub use picture::picture;
pub use place::Place;
pub use reason::{Miss, NoPlace};

use super::{Manner, ZoneError};
use crate::mesh::Mesh;
use crate::process::Process;
use crate::symbol::SymbolForm;
use crate::vec3::unit;
use graph::Graph;
use place::Placing;
use regions::Region;
use square::Square;

/// Regions of a part that are looked at, the largest first.
const MAX_REGIONS: usize = 64;
/// Places that are handed out.
const MAX_PLACES: usize = 8;

/// What is looked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Wish<'a> {
    /// How the part is made.
    pub process: Process,
    /// Which way is up while it is made, in the coordinates of the part. Any length but zero.
    pub up: [f64; 3],
    /// The forms that the mark may take, the best first: [`crate::symbol::forms`].
    pub forms: &'a [SymbolForm],
    /// Where the mark must be, if its designer has said so.
    pub pin: Option<Pin>,
}

/// A place that a designer has chosen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pin {
    /// Middle of the mark on the face, in millimetres.
    pub point_mm: [f64; 3],
    /// Outward normal of the face. Any length but zero.
    pub normal: [f64; 3],
    /// Side of the square that the mark may take, in millimetres; as large as there is room without it.
    pub side_mm: Option<f64>,
}

/// Places for a mark, the best first.
///
/// # Errors
/// [`NoPlace`]: why there is none, with what came nearest.
pub fn search(mesh: &Mesh, wish: &Wish) -> Result<Vec<Place>, NoPlace> {
    let graph = Graph::of_solid(mesh).map_err(ZoneError::from)?;
    let up = unit(wish.up).ok_or(ZoneError::BadFrame)?;
    let placing = Placing::new(mesh, wish, up).ok_or(NoPlace::NoSymbol)?;
    if let Some(pin) = wish.pin {
        let regions = regions::find(mesh, &graph, up, usize::MAX);
        return placing.pinned(&regions, &pin).map(|place| vec![place]);
    }
    let regions = regions::find(mesh, &graph, up, MAX_REGIONS);
    // What is large enough is rare, and quick to see.
    let large: Vec<(&Region, Square)> = regions
        .iter()
        .filter_map(|region| Some((region, placing.any(region)?)))
        .collect();
    for manner in Manner::ALL {
        let places = ranked(&placing.by(manner), &large);
        if !places.is_empty() {
            return Ok(places);
        }
    }
    Err(reason::why(&placing, &regions, &large))
}

/// The places that embedding takes, the best first.
fn ranked(placing: &Placing, large: &[(&Region, Square)]) -> Vec<Place> {
    let mut places: Vec<Place> = large
        .iter()
        .filter_map(|(region, _)| placing.on(region))
        .collect();
    places.sort_by_key(|place| std::cmp::Reverse(place.score));
    let mut sound: Vec<Place> = Vec::new();
    for place in places {
        if sound.len() < MAX_PLACES && placing.is_sound(&place) {
            sound.push(place);
        }
    }
    sound
}

/// The largest square on any flat face, and where it is; without regard to what is behind it.
pub fn largest_flat_square(mesh: &Mesh) -> Option<Miss> {
    let up = [0.0, 0.0, 1.0];
    let regions = regions::find(mesh, &Graph::of(mesh), up, MAX_REGIONS);
    reason::largest(&regions)
}

#[cfg(test)]
mod tests;
