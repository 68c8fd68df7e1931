//! Owns: why a part has no place for a mark, and what came nearest. Must never know: how places are ranked.

use super::place::{LEAST_WALL_UM, Placing, turned};
use super::regions::Region;
use super::room::Room;
use super::square::{self, Square, Wanted};
use crate::process::Process;
use crate::symbol::SymbolKind;
use crate::zone::{Clearance, ZoneError};

/// A square on a flat face that did not do.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Miss {
    /// Its side, in millimetres.
    pub side_mm: f64,
    /// Its middle, in millimetres, in the coordinates of the part.
    pub at_mm: [f64; 3],
    /// Outward normal of its face.
    pub normal: [f64; 3],
}

impl std::fmt::Display for Miss {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [x, y, z] = self.at_mm;
        let [u, v, w] = self.normal;
        write!(
            f,
            "{:.1} mm, around ({x:.1}, {y:.1}, {z:.1}) on the face that looks along ({u:.2}, {v:.2}, {w:.2})",
            self.side_mm
        )
    }
}

/// Why there is no place for a mark.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum NoPlace {
    /// The part is no solid, or the wish is no wish.
    #[error(transparent)]
    Zone(#[from] ZoneError),
    /// No form of the mark was offered.
    #[error("there is no symbol to find a place for")]
    NoSymbol,
    /// Nothing on the part is flat.
    #[error("nothing on the part is flat: mark it after the build, on a label or a tag")]
    NothingFlat,
    /// Flat faces are too small.
    #[error(
        "the largest flat square is {miss}; a {} of {module_mm} mm modules needs {needed_mm:.1} mm{}",
        kind.name(), hint(*fits)
    )]
    TooSmall {
        /// The largest flat square.
        miss: Miss,
        /// The smallest symbol.
        kind: SymbolKind,
        /// The least module of the process, in millimetres.
        module_mm: f64,
        /// What the smallest symbol needs, in millimetres.
        needed_mm: f64,
        /// A process with which it would fit, if there is one.
        fits: Option<Process>,
    },
    /// Faces are large enough, but what is behind them is too thin.
    #[error(
        "the part is {thickness_mm:.2} mm thick behind its best face ({miss}); a recess with the wall behind it needs {needed_mm:.2} mm, a raised mark {wall_mm:.2} mm{}",
        hint(*fits)
    )]
    TooThin {
        /// The face.
        miss: Miss,
        /// Least material behind it, in millimetres.
        thickness_mm: f64,
        /// Depth and wall together, in millimetres.
        needed_mm: f64,
        /// What is enough for a raised mark, in millimetres.
        wall_mm: f64,
        /// A process with which it would fit, if there is one.
        fits: Option<Process>,
    },
    /// The faces that would do cannot be seen from outside.
    #[error("the part hides its only suitable face from every camera: {miss}")]
    Hidden {
        /// The face.
        miss: Miss,
    },
    /// No flat face passes through the point that was pinned.
    #[error(
        "no flat face with this normal passes through the point: it must lie on the face, to 0.01 mm"
    )]
    PinOffFace,
    /// The pinned place is too small, or too thin.
    #[error(
        "at this point there is room for {side_mm:.1} mm with enough material behind it; {needed_mm:.1} mm are needed"
    )]
    PinTooSmall {
        /// Side of the largest square around the point.
        side_mm: f64,
        /// What was asked for, or what the smallest symbol needs.
        needed_mm: f64,
    },
}

fn hint(fits: Option<Process>) -> String {
    fits.map(|process| format!("; with {} it would fit", process.name()))
        .unwrap_or_default()
}

/// The reason, once it is known that no region will do: not those that are `large` enough either.
pub(super) fn why(placing: &Placing, regions: &[Region], large: &[(&Region, Square)]) -> NoPlace {
    let thick = large
        .iter()
        .find(|(region, _)| square::largest(&placing.thick(region), placing.wanted()).is_some());
    if let Some((region, square)) = thick {
        let miss = Placing::miss(region, square);
        return NoPlace::Hidden { miss };
    }
    if large.is_empty() {
        return too_small(placing, regions);
    }
    too_thin(placing, large)
}

fn too_small(placing: &Placing, regions: &[Region]) -> NoPlace {
    let Some(miss) = largest(regions) else {
        return NoPlace::NothingFlat;
    };
    let modules = placing.smallest.modules;
    let needed_mm = |process: Process| f64::from(modules * process.limits().module_um) / 1000.0;
    let fits = |process: &Process| needed_mm(*process) + 0.01 <= miss.side_mm;
    NoPlace::TooSmall {
        miss,
        kind: placing.smallest.kind,
        module_mm: f64::from(placing.limits.module_um) / 1000.0,
        needed_mm: needed_mm(placing.wish.process),
        fits: Process::ALL.into_iter().find(fits),
    }
}

fn too_thin(placing: &Placing, large: &[(&Region, Square)]) -> NoPlace {
    let mut best: Option<(f64, Miss)> = None;
    for (region, square) in large {
        let half_mm = placing.least_mm() / 2.0;
        let Some(frame) = turned(region, square) else {
            continue;
        };
        let behind_mm = Clearance::of(placing.mesh, &frame, [half_mm; 2]).behind_mm;
        if best.is_none_or(|(thickness_mm, _)| behind_mm > thickness_mm) {
            best = Some((behind_mm, Placing::miss(region, square)));
        }
    }
    let Some((thickness_mm, miss)) = best else {
        return NoPlace::NothingFlat;
    };
    let needed_mm = |process: Process| {
        let limits = process.limits();
        f64::from(limits.least_depth_um() + limits.wall_um) / 1000.0
    };
    NoPlace::TooThin {
        miss,
        thickness_mm,
        needed_mm: needed_mm(placing.wish.process),
        wall_mm: f64::from(LEAST_WALL_UM) / 1000.0,
        fits: Process::ALL
            .into_iter()
            .filter(|&process| process != placing.wish.process)
            .find(|&process| needed_mm(process) <= thickness_mm),
    }
}

/// The largest square on any of the regions.
pub(super) fn largest(regions: &[Region]) -> Option<Miss> {
    let mut best: Option<(&Region, Square)> = None;
    for region in regions {
        let above_mm = best.map_or(0.0, |(_, square)| square.half_mm);
        if let Some(square) = flat(region, above_mm) {
            best = Some((region, square));
        }
    }
    best.map(|(region, square)| Placing::miss(region, &square))
}

fn flat(region: &Region, above_mm: f64) -> Option<Square> {
    let wanted = Wanted {
        above_mm,
        enough_mm: f64::INFINITY,
    };
    square::largest(&Room::new(&region.border, &[]), wanted)
}
