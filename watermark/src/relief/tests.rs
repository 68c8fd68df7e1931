mod forms;

pub(super) use forms::stepped;

use super::*;
use crate::fixtures::{self, Part, TEXT, cuboid, top_zone};
use crate::symbol::SymbolKind;
use crate::vec3::{add, cross, dot, narrow, scale, unit};
use proptest::prelude::*;
use sha2::{Digest, Sha256};

const SIDES: [f32; 3] = [34.0, 33.0, 5.0];

fn drawn(size: u32, dark: impl Fn(u32, u32) -> bool) -> Symbol {
    let modules = (0..size * size).map(|i| dark(i % size, i / size)).collect();
    Symbol {
        text: String::new(),
        kind: SymbolKind::QrBare,
        size,
        modules,
    }
}

/// Everything that a marked part owes to the part it was made from, whatever the symbol.
fn assert_marked(mesh: &Mesh, zone: &Zone, symbol: &Symbol) -> Marked {
    let marked = embed(mesh, zone, symbol).unwrap();
    marked.mesh.require_solid().unwrap();
    assert_eq!(
        marked.kept_triangles + marked.added_triangles,
        marked.mesh.triangles.len()
    );
    assert_kept(mesh, &marked, zone);
    let side = zone.module_mm();
    let full = symbol.dark_modules() as f64 * side * side * zone.depth_mm();
    // Each pinch costs less than a thousandth of a module, and a dark module has at most half of four.
    let lost = full - marked.removed_mm3;
    assert!(
        (-1e-4 * full - 1e-3..=2e-3 * full + 1e-3).contains(&lost),
        "{full} {lost}"
    );
    marked
}

/// The kept triangles are the old ones bit by bit and in order, without those of the face under the zone.
fn assert_kept(mesh: &Mesh, marked: &Marked, zone: &Zone) {
    let bits = |t: &Triangle| t.map(|v| v.map(f32::to_bits));
    let mut kept = marked.mesh.triangles[..marked.kept_triangles]
        .iter()
        .map(bits)
        .peekable();
    let frame = zone.frame().unwrap();
    for t in &mesh.triangles {
        if kept.next_if_eq(&bits(t)).is_none() {
            assert!(
                t.iter().all(|&v| frame.local(wide(v))[2].abs() < 0.01),
                "{t:?} was changed"
            );
        }
    }
    assert_eq!(kept.next(), None);
}

#[test]
fn every_fixture_takes_its_mark() {
    for part in fixtures::all() {
        let symbol = part.symbol(TEXT);
        let bare = part.name == "sensor-clip";
        assert_eq!(symbol.kind == SymbolKind::QrBare, bare, "{}", part.name);
        assert_marked(&part.mesh, &part.zone, &symbol);
    }
}

/// Height of the surface that faces up at a point of the top, by the triangles above and below it.
fn height_at(mesh: &Mesh, x: f64, y: f64) -> f64 {
    let over = |t: &Triangle| {
        let [a, b, c] = t.map(wide);
        let side = |p: Vec3, q: Vec3| (q[0] - p[0]) * (y - p[1]) - (q[1] - p[1]) * (x - p[0]);
        let sides = [side(a, b), side(b, c), side(c, a)];
        let area: f64 = sides.iter().sum();
        (sides.iter().all(|&s| s > 0.0))
            .then(|| (sides[1] * a[2] + sides[2] * b[2] + sides[0] * c[2]) / area)
    };
    mesh.triangles
        .iter()
        .filter_map(over)
        .fold(f64::NEG_INFINITY, f64::max)
}

#[test]
fn dark_modules_are_recessed_upright_and_not_mirrored() {
    let zone = top_zone(SIDES, 30.0);
    let symbol = Symbol::fitting(&zone, TEXT, "m.ex").unwrap();
    let marked = assert_marked(&cuboid(SIDES), &zone, &symbol);
    for row in -4..i64::from(symbol.size) + 4 {
        for column in -4..i64::from(symbol.size) + 4 {
            // Off the middle, so that no edge is hit; x runs right and y up for who looks down on the part.
            let x = 17.0 + (column as f64 + 0.43 - f64::from(symbol.size) / 2.0) * 0.8;
            let y = 16.5 - (row as f64 + 0.58 - f64::from(symbol.size) / 2.0) * 0.8;
            let expected = if symbol.dark(column, row) { 3.8 } else { 5.0 };
            let height = height_at(&marked.mesh, x, y);
            assert!((height - expected).abs() < 1e-5, "{column} {row}: {height}");
        }
    }
}

/// Rotation about a skew axis, then a shift: where nothing is a round number.
fn moved(part: &Part, degrees: f64) -> (Mesh, Zone) {
    let axis = unit([0.3, -0.8, 0.5]).unwrap();
    let (sin, cos) = degrees.to_radians().sin_cos();
    let turn = |v: Vec3| {
        let along = scale(axis, dot(axis, v) * (1.0 - cos));
        add(add(scale(v, cos), scale(cross(axis, v), sin)), along)
    };
    let shift = [211.7, -95.3, 48.9];
    let triangles = part
        .mesh
        .triangles
        .iter()
        .map(|t| t.map(|v| narrow(add(turn(wide(v)), shift))))
        .collect();
    let round = |v: Vec3, by: f64| v.map(|c| (c * by).round());
    let centre = add(
        turn(part.zone.centre_um.map(|um| um as f64 / 1000.0)),
        shift,
    );
    let zone = Zone {
        centre_um: round(centre, 1000.0).map(|c| c as i64),
        normal_e6: round(turn([0.0, 0.0, 1.0]), 1e6).map(|c| c as i32),
        up_e6: round(turn([0.0, 1.0, 0.0]), 1e6).map(|c| c as i32),
        ..part.zone
    };
    (Mesh { triangles }, zone)
}

#[test]
fn a_part_takes_its_mark_in_any_attitude() {
    for part in [fixtures::access_cover(), fixtures::hinge_bracket()] {
        for degrees in [1.0, 37.0, 101.0, 179.0, 262.0] {
            let (mesh, zone) = moved(&part, degrees);
            assert_marked(&mesh, &zone, &part.symbol(TEXT));
        }
    }
}

#[test]
fn patterns_that_touch_in_corners_stay_manifold() {
    let zone = top_zone(SIDES, 30.0);
    let patterns: [fn(u32, u32) -> bool; 6] = [
        |x, y| (x + y) % 2 == 0,
        |x, y| x == y,
        |x, y| x != y,
        |_, _| true,
        |x, y| x % 4 < 2 && y % 4 < 2 || x % 4 >= 2 && y % 4 >= 2,
        // A ring pinched shut at its own corner, with light inside.
        |x, y| matches!((x, y), (4..=6, 4) | (4, 5) | (4..=5, 6) | (6, 5) | (7, 6)),
    ];
    for pattern in patterns {
        assert_marked(&cuboid(SIDES), &zone, &drawn(21, pattern));
    }
}

#[test]
fn a_symbol_without_dark_changes_no_volume() {
    let zone = top_zone(SIDES, 30.0);
    let marked = assert_marked(&cuboid(SIDES), &zone, &drawn(21, |_, _| false));
    assert_eq!(marked.removed_mm3, 0.0);
    assert_eq!(marked.added_triangles, 2);
}

#[test]
fn slivers_and_split_edges_in_the_face_are_taken_along() {
    let mut mesh = cuboid(SIDES);
    let [x, y, z] = SIDES;
    mesh.triangles.retain(|t| t.iter().any(|v| v[2] != z));
    // The diagonal is split on one side only; a triangle without area closes the gap.
    let (a, b, c, d) = ([0.0, 0.0, z], [x, 0.0, z], [x, y, z], [0.0, y, z]);
    let m = [x / 2.0, y / 2.0, z];
    mesh.triangles
        .extend([[a, b, c], [a, m, d], [m, c, d], [a, c, m]]);
    assert_eq!(mesh.check().degenerate_triangles, 1);
    let zone = top_zone(SIDES, 30.0);
    let symbol = Symbol::fitting(&zone, TEXT, "m.ex").unwrap();
    assert_marked(&mesh, &zone, &symbol);
}

#[test]
fn what_does_not_fit_is_refused() {
    let mesh = cuboid(SIDES);
    let zone = top_zone(SIDES, 30.0);
    let refused = |zone: &Zone, size| embed(&mesh, zone, &drawn(size, |_, _| true)).unwrap_err();
    assert_eq!(
        refused(&zone, 30),
        ReliefError::SymbolTooLarge {
            needed: 38,
            available: 37
        }
    );
    let through = Zone {
        depth_um: 3_501,
        ..zone
    };
    assert!(matches!(
        refused(&through, 21),
        ReliefError::Zone(ZoneError::TooThin { .. })
    ));
    let over = Zone {
        width_um: 34_100,
        ..zone
    };
    assert!(matches!(
        refused(&over, 21),
        ReliefError::Zone(ZoneError::LeavesFace { .. })
    ));
    let no_module = Zone {
        module_um: 0,
        ..zone
    };
    assert!(matches!(
        refused(&no_module, 21),
        ReliefError::Zone(ZoneError::BadSize("module"))
    ));
}

/// Pinned, so that another machine, another run or another version of a dependency that changes the bytes is seen:
/// the digest of a marked part is signed.
#[test]
fn the_bytes_of_a_marked_part_are_always_the_same() {
    let part = fixtures::access_cover();
    let marked = part.marked(TEXT);
    assert_eq!(marked, part.marked(TEXT));
    let digest: String = Sha256::digest(marked.mesh.to_stl())
        .iter()
        .map(|b| format!("{b:02x}"))
        .collect();
    assert_eq!(
        digest,
        "f2b373acd380accded2d822ac049e9bacf552aa96cdf523d311646d49cfead24"
    );
}

#[test]
fn two_texts_differ_in_the_face_only() {
    let part = fixtures::access_cover();
    let (one, other) = (part.marked(TEXT), part.marked("0000000000000000"));
    let kept = one.kept_triangles;
    assert_eq!(one.mesh.triangles[..kept], other.mesh.triangles[..kept]);
    assert_ne!(one.mesh.triangles[kept..], other.mesh.triangles[kept..]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_text_makes_a_solid(text in "[0-9A-HJKMNP-TV-Z]{16}", side in prop::sample::select(vec![24.0_f32, 30.0, 33.0])) {
        let zone = top_zone(SIDES, side);
        let symbol = Symbol::fitting(&zone, &text, fixtures::HOST).unwrap();
        assert_marked(&cuboid(SIDES), &zone, &symbol);
    }

    #[test]
    fn any_pattern_makes_a_solid(modules in prop::collection::vec(any::<bool>(), 13 * 13)) {
        let zone = top_zone(SIDES, 30.0);
        let symbol = drawn(13, |x, y| modules[(y * 13 + x) as usize]);
        assert_marked(&cuboid(SIDES), &zone, &symbol);
    }

    #[test]
    fn any_place_and_turn_on_the_face_will_do(x in 15_100_i64..18_900, y in 15_100_i64..17_900, quarter in 0_usize..4) {
        let up_e6 = [[0, 1, 0], [1, 0, 0], [0, -1, 0], [-1, 0, 0]][quarter].map(|c| c * 1_000_000);
        let zone = Zone { centre_um: [x, y, 5000], up_e6, ..top_zone(SIDES, 30.0) };
        let symbol = Symbol::fitting(&zone, TEXT, fixtures::HOST).unwrap();
        assert_marked(&cuboid(SIDES), &zone, &symbol);
    }
}

#[test]
fn outlines_enclose_the_dark_area() {
    for pattern in [
        |x: u32, y: u32| (x + y).is_multiple_of(2),
        |x: u32, y: u32| !x.is_multiple_of(3) || y == 4,
    ] {
        let symbol = drawn(9, pattern);
        let outlines = outline::trace(&symbol, 0.8);
        let area: f64 = outlines.loops.iter().map(|ring| enclosed(ring)).sum();
        assert!(
            (area - outlines.area_mm2).abs() < 1e-9,
            "{area} {}",
            outlines.area_mm2
        );
        let mut corners: Vec<_> = outlines
            .loops
            .concat()
            .iter()
            .map(|p| p.map(f64::to_bits))
            .collect();
        let count = corners.len();
        corners.sort_unstable();
        corners.dedup();
        assert_eq!(corners.len(), count, "two outlines share a corner");
    }
}

fn enclosed(ring: &[[f64; 2]]) -> f64 {
    let next = ring.iter().cycle().skip(1);
    let sum: f64 = ring
        .iter()
        .zip(next)
        .map(|(a, b)| a[0] * b[1] - b[0] * a[1])
        .sum();
    sum / 2.0
}
