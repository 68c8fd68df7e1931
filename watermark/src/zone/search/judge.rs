//! Owns: how good a place is, and what speaks against it. Must never know: how places are found.

use super::place::{DEPTHS_E3, MODULE_MOST_E3, Place, Placing};
use super::regions::{Beyond, Region};
use super::square::Square;
use crate::symbol::SymbolKind;
use crate::vec3::{length, sub};
use crate::zone::{Manner, Zone, clearance};

/// What other manners are worth beside a recess, in thousandths.
const RAISED_E3: u32 = 600;
const TWO_COLOURS_E3: u32 = 500;

/// Something that speaks against a place, but does not rule it out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remark {
    /// What the process makes of a face that looks this way.
    Facing(&'static str),
    /// Raised modules break off more easily, and shadows fall beside them.
    Raised,
    /// Only another colour makes so shallow a recess readable.
    TwoColours,
    /// A phone's own camera reads no address from it.
    NoAddress,
    /// The wall leaves less depth than is best: light must be soft or low.
    Shallow,
    /// Parts of the part stand in the way of a camera.
    PartlyHidden,
    /// A wall rises beside it and shades it.
    Shaded,
    /// A rounding begins beside it, where light changes slowly.
    Rounded,
}

impl Remark {
    /// For people.
    pub fn text(self) -> &'static str {
        match self {
            Remark::Facing(text) => text,
            Remark::Raised => "the wall is too thin for a recess: raise the dark modules",
            Remark::TwoColours => {
                "the wall is too thin for a deep recess: fill it with another colour"
            }
            Remark::NoAddress => {
                "no room for an address: the scan page reads it, a phone's own camera does not"
            }
            Remark::Shallow => {
                "the wall allows less depth than is best: it needs soft light, or light from a side"
            }
            Remark::PartlyHidden => "from some sides the part hides it",
            Remark::Shaded => "a wall beside it throws a shadow",
            Remark::Rounded => "a rounding begins beside it",
        }
    }
}

/// Everything counts as a share of what is left, so that nothing makes up for a face that cannot be used.
pub(super) fn judge(place: &mut Place, placing: &Placing, region: &Region, square: &Square) {
    let zone = &place.zone;
    let (favour_e3, against) = placing.wish.process.favour(place.facing);
    let symbol_e3 = match place.symbol.kind {
        SymbolKind::QrUrl => 1000,
        SymbolKind::QrBare => 700,
        SymbolKind::DataMatrixBare | SymbolKind::DataMatrixUii => 600,
    };
    let larger_e3 = zone.module_um * 1000 / placing.limits.module_um;
    let module_e3 = 800 + (larger_e3 - 1000) * 200 / (MODULE_MOST_E3 - 1000);
    let ratio_e3 = (zone.depth_um * 1000 / zone.module_um).min(DEPTHS_E3[0]);
    let depth_e3 = 850 + (ratio_e3.max(1000) - 1000) * 150 / 500;
    let (manner_e3, manner) = manner(zone.manner);
    let beside = Beside::of(region, square, zone);
    let factors = [
        favour_e3,
        symbol_e3,
        manner_e3,
        module_e3,
        depth_e3,
        place.seen_e3,
        1000 - beside.rises_e3 * 150 / 1000,
        1000 - beside.rounds_e3 * 100 / 1000,
    ];
    place.score = factors
        .into_iter()
        .fold(1000, |score, factor| score * factor / 1000);
    let spoken = [
        against.map(Remark::Facing),
        manner,
        (symbol_e3 < 1000).then_some(Remark::NoAddress),
        (ratio_e3 < DEPTHS_E3[0] && manner.is_none()).then_some(Remark::Shallow),
        (place.seen_e3 < 1000).then_some(Remark::PartlyHidden),
        (beside.rises_e3 > 250).then_some(Remark::Shaded),
        (beside.rounds_e3 > 250).then_some(Remark::Rounded),
    ];
    place.remarks = spoken.into_iter().flatten().collect();
}

/// What a manner is worth, and what is said of it.
fn manner(of: Manner) -> (u32, Option<Remark>) {
    match of {
        Manner::Recessed => (1000, None),
        Manner::Raised => (RAISED_E3, Some(Remark::Raised)),
        Manner::TwoColours => (TWO_COLOURS_E3, Some(Remark::TwoColours)),
    }
}

/// What begins within two modules of the zone, in thousandths of its outline.
struct Beside {
    rises_e3: u32,
    rounds_e3: u32,
}

impl Beside {
    fn of(region: &Region, square: &Square, zone: &Zone) -> Self {
        let half = f64::from(zone.width_um) / 2000.0 + 2.0 * zone.module_mm();
        let middle = square.turn.into(square.centre);
        let (mut rises, mut rounds) = (0.0, 0.0);
        for border in &region.border {
            let ends = border.ends.map(|end| {
                let at = square.turn.into(end);
                [at[0] - middle[0], at[1] - middle[1], 0.0]
            });
            let near = clearance::clip_to_prism(ends.to_vec(), [half; 2]);
            let along = match near[..] {
                [a, b, ..] => length(sub(b, a)),
                _ => 0.0,
            };
            match border.beyond {
                Beyond::Rises => rises += along,
                Beyond::Rounds => rounds += along,
                Beyond::Falls => {}
            }
        }
        let share = |length: f64| ((length / (8.0 * half)).min(1.0) * 1000.0) as u32;
        Self {
            rises_e3: share(rises),
            rounds_e3: share(rounds),
        }
    }
}
