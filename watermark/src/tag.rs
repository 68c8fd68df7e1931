//! Owns: a small plate with a loop, for parts that offer no place for a mark: the mark goes onto the plate, the plate onto
//! the part. Must never know: what a mark means.

use crate::mesh::Mesh;
use crate::relief::{Marked, ReliefError, embed};
use crate::symbol::{Symbol, SymbolError};
use crate::zone::{Manner, Zone};

/// What a tag is made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TagSizes {
    /// Side of one module, in micrometres.
    pub module_um: u32,
    /// Depth of the recess, in micrometres.
    pub depth_um: u32,
    /// Material behind the recess, in micrometres.
    pub wall_um: u32,
    /// Clear width of the loop, in micrometres: what a cable tie, a wire or a screw needs. At least 1 mm.
    pub loop_um: u32,
}

/// A tag with its mark, and where it is: in the coordinates of the tag.
#[derive(Debug, Clone, PartialEq)]
pub struct Tag {
    /// The marked plate.
    pub marked: Marked,
    /// The zone that the mark was put into.
    pub zone: Zone,
    /// Which symbol.
    pub symbol: Symbol,
}

/// Why no tag was made.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum TagError {
    /// A size that no tag has.
    #[error(
        "a tag's {0} is out of range: modules from 0.1 to 5 mm, depth and wall from 0.1 to 20 mm, a loop from 1 to 50 mm"
    )]
    BadSize(&'static str),
    /// The symbol cannot be made.
    #[error(transparent)]
    Symbol(#[from] SymbolError),
    /// The relief cannot be made.
    #[error(transparent)]
    Relief(#[from] ReliefError),
}

/// Which modules a tag has room for: those of a QR code with an address of up to 30 characters, quiet zone included.
const MODULES: u32 = 37;
/// Bar around the loop, in micrometres.
const BAR_UM: u32 = 2_500;

/// Makes a tag: a square plate as thick as depth and wall, with a bar for a loop above the symbol.
///
/// # Errors
/// [`TagError`].
pub fn tag(mark_text: &str, host: &str, sizes: &TagSizes, manner: Manner) -> Result<Tag, TagError> {
    let TagSizes {
        module_um,
        depth_um,
        wall_um,
        loop_um,
    } = *sizes;
    for (name, um, range) in [
        ("module", module_um, 100..=5_000),
        ("depth", depth_um, 100..=20_000),
        ("wall", wall_um, 100..=20_000),
        ("loop", loop_um, 1_000..=50_000),
    ] {
        if !range.contains(&um) {
            return Err(TagError::BadSize(name));
        }
    }
    let largest = zone(MODULES * module_um, sizes, manner);
    // As small as its symbol lets it be, in whole modules.
    let symbol = Symbol::fitting(&largest, mark_text, host)?;
    let side_um = symbol.size_with_quiet() * module_um;
    let zone = zone(side_um, sizes, manner);
    let marked = embed(&plate(side_um, &zone, loop_um), &zone, &symbol)?;
    Ok(Tag {
        marked,
        zone,
        symbol,
    })
}

/// How thick the plate is.
fn thickness_um(sizes: &TagSizes, manner: Manner) -> u32 {
    match manner {
        Manner::Recessed | Manner::TwoColours => sizes.wall_um + sizes.depth_um,
        Manner::Raised => sizes.wall_um,
    }
}

fn zone(side_um: u32, sizes: &TagSizes, manner: Manner) -> Zone {
    let middle = i64::from(side_um / 2);
    Zone {
        centre_um: [middle, middle, i64::from(thickness_um(sizes, manner))],
        normal_e6: [0, 0, 1_000_000],
        up_e6: [0, 1_000_000, 0],
        width_um: side_um,
        height_um: side_um,
        module_um: sizes.module_um,
        depth_um: sizes.depth_um,
        wall_um: sizes.wall_um,
        manner,
    }
}

/// A plate with a rectangular loop above it: coordinates in whole micrometres, so that nothing depends on how a machine
/// rounds the sine of an angle.
fn plate(side_um: u32, zone: &Zone, loop_um: u32) -> Mesh {
    let half = (loop_um / 2)
        .min((side_um / 2).saturating_sub(BAR_UM))
        .max(500);
    let across = [0, side_um / 2 - half, side_um / 2 + half, side_um];
    let up = [
        0,
        side_um + BAR_UM,
        side_um + BAR_UM + loop_um,
        side_um + 2 * BAR_UM + loop_um,
    ];
    let mm = |um: u32| (f64::from(um) / 1000.0) as f32;
    let thickness = (zone.centre_um[2] as f64 / 1000.0) as f32;
    let corner = |i: usize, j: usize, top: bool| {
        [mm(across[i]), mm(up[j]), if top { thickness } else { 0.0 }]
    };
    let mut quads = Vec::new();
    let filled = |i: i32, j: i32| (0..3).contains(&i) && (0..3).contains(&j) && (i, j) != (1, 1);
    for (i, j) in (0..3).flat_map(|i| (0..3).map(move |j| (i, j))) {
        if !filled(i, j) {
            continue;
        }
        let (x, y) = (i as usize, j as usize);
        let around = [(x, y), (x + 1, y), (x + 1, y + 1), (x, y + 1)];
        let [a, b, c, d] = around.map(|(x, y)| corner(x, y, true));
        quads.push([a, b, c, d]);
        let [a, b, c, d] = around.map(|(x, y)| corner(x, y, false));
        quads.push([a, d, c, b]);
        // A wall wherever nothing is beside, along the bottom, right, top and left side.
        let beside = [(i, j - 1), (i + 1, j), (i, j + 1), (i - 1, j)];
        for (side, (i, j)) in beside.into_iter().enumerate() {
            if !filled(i, j) {
                let (from, to) = (around[side], around[(side + 1) % 4]);
                let low = [from, to].map(|(x, y)| corner(x, y, false));
                let high = [to, from].map(|(x, y)| corner(x, y, true));
                quads.push([low[0], low[1], high[0], high[1]]);
            }
        }
    }
    let halves = quads
        .iter()
        .flat_map(|&[a, b, c, d]| [[a, b, c], [a, c, d]]);
    Mesh {
        triangles: halves.collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{HOST, TEXT};

    const SIZES: TagSizes = TagSizes {
        module_um: 800,
        depth_um: 800,
        wall_um: 1_200,
        loop_um: 4_000,
    };

    #[test]
    fn a_tag_is_a_plate_with_a_loop_and_its_mark() {
        for manner in Manner::ALL {
            let made = tag(TEXT, HOST, &SIZES, manner).unwrap();
            assert!(made.symbol.text.starts_with("HTTPS://"));
            let side_mm = 0.8 * f64::from(made.symbol.size_with_quiet());
            assert_eq!(f64::from(made.zone.width_um) / 1000.0, side_mm);
            let report = made.marked.mesh.check();
            report.require_solid().unwrap();
            let thick = if manner == Manner::Raised { 1.2 } else { 2.0 };
            let plate_mm3 = (side_mm * (side_mm + 9.0) - 16.0) * thick;
            let expected = plate_mm3 - made.marked.removed_mm3;
            assert!((report.volume_mm3 - expected).abs() < 0.01, "{report:?}");
            assert_eq!(made, tag(TEXT, HOST, &SIZES, manner).unwrap());
            // A zone that was declared for this plate holds what it promises.
            assert!(made.marked.removed_mm3.abs() > 50.0);
        }
    }

    #[test]
    fn sizes_of_no_tag_are_refused_by_name() {
        let with = |change: fn(&mut TagSizes)| {
            let mut sizes = SIZES;
            change(&mut sizes);
            tag(TEXT, HOST, &sizes, Manner::Recessed)
        };
        assert_eq!(with(|s| s.module_um = 0), Err(TagError::BadSize("module")));
        assert_eq!(
            with(|s| s.depth_um = u32::MAX),
            Err(TagError::BadSize("depth"))
        );
        assert_eq!(with(|s| s.wall_um = 99), Err(TagError::BadSize("wall")));
        assert_eq!(with(|s| s.loop_um = 50_001), Err(TagError::BadSize("loop")));
        let small = with(|s| (s.module_um, s.loop_um) = (100, 50_000)).unwrap();
        small.marked.mesh.require_solid().unwrap();
        assert!(matches!(
            tag("no mark", HOST, &SIZES, Manner::Recessed),
            Err(TagError::Symbol(_))
        ));
    }
}
