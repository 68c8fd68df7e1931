//! Scans of generated parts against their geometry: each case is one whose answer is known beforehand.

use super::rigid::{Pose, quaternion};
use super::*;
use crate::vec3::{Vec3, add, length, scale, unit, wide};

mod density;
mod reading;

type Triangles = Vec<[[f32; 3]; 3]>;

/// SplitMix64.
struct Dice(u64);

impl Dice {
    fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }

    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.unit()).sum::<f64>() - 6.0
    }
}

/// The surface of a solid of cubes: watertight, and of any shape.
fn cubes(side_mm: f32, size: [i32; 3], is_full: impl Fn([i32; 3]) -> bool) -> Triangles {
    let is_in =
        |at: [i32; 3]| (0..3).all(|axis| (0..size[axis]).contains(&at[axis])) && is_full(at);
    let mut triangles = Vec::new();
    let cells = (0..size[0])
        .flat_map(|x| (0..size[1]).flat_map(move |y| (0..size[2]).map(move |z| [x, y, z])));
    for cell in cells.filter(|cell| is_in(*cell)) {
        for axis in 0..3 {
            for up in [0, 1] {
                let mut other = cell;
                other[axis] += 2 * up - 1;
                if is_in(other) {
                    continue;
                }
                let corner = |u: i32, v: i32| {
                    let mut at = cell;
                    at[axis] += up;
                    at[(axis + 1) % 3] += u;
                    at[(axis + 2) % 3] += v;
                    at.map(|c| c as f32 * side_mm)
                };
                let mut quad = [corner(0, 0), corner(1, 0), corner(1, 1), corner(0, 1)];
                if up == 0 {
                    quad.reverse();
                }
                let [a, b, c, d] = quad;
                triangles.extend([[a, b, c], [a, c, d]]);
            }
        }
    }
    triangles
}

const SIZE: [i32; 3] = [20, 12, 10];

/// A bracket of 40 × 24 × 20 mm without any symmetry: foot, wall, a rib on one side, and a block at one end.
fn is_bracket([x, y, z]: [i32; 3]) -> bool {
    let foot = z < 3;
    let wall = x < 4;
    let rib = (6..9).contains(&y) && z + x < 16;
    let block = x >= 15 && y < 4 && z < 6;
    foot || wall || rib || block
}

fn bracket() -> Triangles {
    cubes(2.0, SIZE, is_bracket)
}

fn mesh(triangles: Triangles) -> Scan {
    Scan {
        points: Vec::new(),
        triangles,
    }
}

/// So many points of a surface.
fn points_of(triangles: &Triangles, about: usize) -> Vec<Vec3> {
    Cloud::of_surface(triangles, about).unwrap().at
}

fn cloud(points: impl IntoIterator<Item = Vec3>) -> Scan {
    Scan {
        points: points.into_iter().map(crate::vec3::narrow).collect(),
        triangles: Vec::new(),
    }
}

fn moved(points: Vec<Vec3>, turn: [f64; 4], shift: Vec3) -> Vec<Vec3> {
    let rotation = quaternion(turn);
    let pose = Pose { rotation, shift };
    points.into_iter().map(|point| pose.of(point)).collect()
}

/// A pose far from where the part stands.
fn elsewhere(points: Vec<Vec3>) -> Vec<Vec3> {
    moved(points, [0.3, -0.7, 0.5, 0.9], [130.0, -55.0, 80.0])
}

fn asked() -> Asked {
    Asked {
        tolerance_um: 100,
        within_min_ppm: 990_000,
        coverage_min_ppm: 900_000,
        patch_max_mm2_e2: 100,
        gap_max_mm2_e2: 2_500,
        unit: None,
    }
}

fn compared(reference: Triangles, scan: &Scan, asked: &Asked) -> Compared {
    let laid = compare(&mesh(reference), scan, asked).unwrap();
    laid.compared().clone()
}

fn of_bracket(scan: &Scan) -> Compared {
    compared(bracket(), scan, &asked())
}

/// An octahedron, each face quartered so many times.
fn sphere(radius_mm: f64, rounds: u32) -> Triangles {
    let mut faces: Vec<[Vec3; 3]> = Vec::new();
    for bits in 0..8_u32 {
        let sign = |axis: u32| if bits >> axis & 1 == 1 { -1.0 } else { 1.0 };
        let [a, b, c] = [
            [sign(0), 0.0, 0.0],
            [0.0, sign(1), 0.0],
            [0.0, 0.0, sign(2)],
        ];
        let is_odd = bits.count_ones() % 2 == 1;
        faces.push(if is_odd { [a, c, b] } else { [a, b, c] });
    }
    for _ in 0..rounds {
        let quarters = faces.into_iter().flat_map(|[a, b, c]| {
            let middle = |p, q| unit(add(p, q)).unwrap();
            let (p, q, r) = (middle(a, b), middle(b, c), middle(c, a));
            [[a, p, r], [p, b, q], [r, q, c], [p, q, r]]
        });
        faces = quarters.collect();
    }
    let at = |at| crate::vec3::narrow(scale(at, radius_mm));
    faces.into_iter().map(|face| face.map(at)).collect()
}

#[test]
fn a_sphere_that_grew_by_50_um_is_50_um_outside_everywhere() {
    let directions = points_of(&sphere(1.0, 4), 20_000);
    let grown = directions.iter().map(|at| scale(unit(*at).unwrap(), 20.05));
    let scan = cloud(elsewhere(grown.collect()));
    // Facets of the reference lie some micrometres below its sphere.
    let reference = sphere(20.0, 6);
    let found = compared(reference.clone(), &scan, &asked());
    assert_eq!(found.outcome, Outcome::Passed, "{found:?}");
    let of = &found.deviation;
    assert!(of.lowest_um >= 49 && of.highest_um <= 60, "{of:?}");
    assert!((50..=56).contains(&of.mean_um), "{of:?}");
    let shrunk = directions.iter().map(|at| scale(unit(*at).unwrap(), 19.95));
    let found = compared(reference, &cloud(shrunk), &asked());
    assert!(found.deviation.highest_um <= -38 && found.deviation.lowest_um >= -51);
}

#[test]
fn a_scan_is_found_from_any_start() {
    let points = points_of(&bracket(), 20_000);
    let turns = [
        [1.0, 0.0, 0.0, 0.0],
        [0.0, 1.0, 0.0, 0.0],
        [0.0, 0.0, 0.0, 1.0],
        [0.9, 0.2, -0.3, 0.1],
        [0.3, -0.7, 0.5, 0.9],
        [-0.4, 0.8, 0.1, 0.5],
        [0.5, 0.5, -0.5, 0.5],
    ];
    for (index, turn) in turns.into_iter().enumerate() {
        let shift = [90.0 * index as f64, -40.0, 17.0];
        let found = of_bracket(&cloud(moved(points.clone(), turn, shift)));
        assert_eq!(found.outcome, Outcome::Passed, "{turn:?}: {found:?}");
        assert!(found.deviation.max_um <= 2, "{turn:?}: {found:?}");
        assert!(found.coverage_ppm > 995_000, "{turn:?}: {found:?}");
        assert_eq!((found.unit, found.unit_guessed), (Unit::Millimetre, true));
    }
    // The mesh itself, in another place.
    let own = mesh(
        bracket()
            .iter()
            .map(|of| of.map(|[x, y, z]| [50.0 - y, x, z + 9.0]))
            .collect(),
    );
    let found = of_bracket(&own);
    assert_eq!(
        (found.outcome, found.deviation.max_um),
        (Outcome::Passed, 0)
    );
}

#[test]
fn of_a_part_that_is_nearly_symmetric_the_right_way_round_is_found() {
    // A plate with one notch of 2 × 2 mm in one corner.
    let plate = |corner: bool| {
        cubes(2.0, [20, 20, 3], |[x, y, z]| {
            !(corner && x == 0 && y == 1 && z == 2)
        })
    };
    let points = points_of(&plate(true), 20_000);
    for turn in [
        [0.0, 0.0, 0.0, 1.0],
        [1.0, 0.0, 0.0, 1.0],
        [0.0, 1.0, 0.0, 0.0],
    ] {
        let found = compared(
            plate(true),
            &cloud(moved(points.clone(), turn, [9.0; 3])),
            &asked(),
        );
        assert_eq!(found.outcome, Outcome::Passed, "{turn:?} {found:?}");
    }
    // And without the notch it is another part, though 998 of 1000 points lie within the tolerance.
    let found = compared(
        plate(true),
        &cloud(points_of(&plate(false), 20_000)),
        &asked(),
    );
    assert_eq!(found.outcome, Outcome::Failed, "{found:?}");
    assert!(found.within_ppm > 990_000, "{found:?}");
}

#[test]
fn a_mirror_image_fails() {
    let mirrored = points_of(&bracket(), 20_000)
        .into_iter()
        .map(|[x, y, z]| [-x, y, z]);
    for scan in [
        cloud(mirrored.clone()),
        cloud(elsewhere(mirrored.collect())),
    ] {
        let found = of_bracket(&scan);
        assert_ne!(found.outcome, Outcome::Passed);
        assert!(found.within_ppm < 900_000, "{found:?}");
    }
}

#[test]
fn a_missing_feature_and_extra_material_fail() {
    let without_block = cubes(2.0, SIZE, |at| {
        is_bracket(at) && !(at[0] >= 15 && at[2] >= 3)
    });
    let with_lug = cubes(2.0, SIZE, |at| {
        is_bracket(at) || (at[0] == 12 && at[1] == 10 && at[2] < 5)
    });
    for (scan, is_inside) in [(without_block, true), (with_lug, false)] {
        let found = of_bracket(&cloud(elsewhere(points_of(&scan, 20_000))));
        assert_eq!(found.outcome, Outcome::Failed, "{found:?}");
        let of = &found.deviation;
        let (deep, high) = (of.lowest_um, of.highest_um);
        assert!(
            if is_inside { deep < -1500 } else { high > 1500 },
            "{found:?}"
        );
        assert!(found.patch_mm2_e2 > 1000, "{found:?}");
        // What is the same still lies where it should.
        assert!(of.p50_um <= 5, "{found:?}");
    }
}

#[test]
fn a_part_that_is_one_percent_larger_fails() {
    for factor in [1.01, 0.99] {
        let scaled = points_of(&bracket(), 20_000)
            .into_iter()
            .map(|at| scale(at, factor));
        let found = of_bracket(&cloud(elsewhere(scaled.collect())));
        assert_eq!(found.outcome, Outcome::Failed, "{found:?}");
        assert!(found.deviation.max_um > 150, "{found:?}");
    }
}

#[test]
fn noise_within_the_tolerance_passes_and_is_measured() {
    let mut dice = Dice(7);
    let mut noisy = |sigma_mm: f64| {
        let points = elsewhere(points_of(&bracket(), 20_000)).into_iter();
        let noise = points.map(|at| at.map(|value| value + sigma_mm * dice.normal()));
        cloud(noise.collect::<Vec<_>>())
    };
    let found = of_bracket(&noisy(0.02));
    assert_eq!(found.outcome, Outcome::Passed, "{found:?}");
    // The median of a normal deviate's size is 0.6745 of its deviation: 13.5 µm.
    assert!((12..=15).contains(&found.deviation.p50_um), "{found:?}");
    assert!((36..=42).contains(&found.deviation.p95_um), "{found:?}");
    assert_eq!(of_bracket(&noisy(0.08)).outcome, Outcome::Failed);
}

#[test]
fn a_partial_scan_is_laid_and_says_how_much_it_covers() {
    let points = points_of(&bracket(), 40_000);
    let part = |most: f64| {
        let kept = points
            .iter()
            .copied()
            .filter(|at| at[0] * 0.6 + at[2] < most);
        cloud(elsewhere(kept.collect()))
    };
    let most = part(24.0);
    let share = most.points.len() as f64 / points.len() as f64;
    assert!((0.55..0.9).contains(&share), "{share}");
    let less = Asked {
        coverage_min_ppm: 500_000,
        gap_max_mm2_e2: u32::MAX,
        ..asked()
    };
    let found = compared(bracket(), &most, &less);
    assert_eq!(found.outcome, Outcome::Passed, "{found:?}");
    assert!(found.deviation.max_um <= 5, "{found:?}");
    let covered = f64::from(found.coverage_ppm) / 1e6;
    assert!((covered - share).abs() < 0.05, "{covered} {share}");
    assert_eq!(of_bracket(&most).outcome, Outcome::CoversTooLittle);
    // The wall alone.
    let found = compared(
        bracket(),
        &cloud(points.iter().copied().filter(|at| at[0] < 0.1)),
        &less,
    );
    assert_eq!(found.outcome, Outcome::CoversTooLittle, "{found:?}");
}

#[test]
fn outliers_count_and_do_not_move_the_part() {
    let mut dice = Dice(9);
    let mut with = |share: f64| {
        let points = points_of(&bracket(), 20_000);
        let far = 0..(points.len() as f64 * share) as usize;
        let far: Vec<Vec3> = far
            .map(|_| [60.0, 40.0, 40.0].map(|of| of * dice.unit() - 8.0))
            .collect();
        of_bracket(&cloud(elsewhere(points.into_iter().chain(far).collect())))
    };
    let few = with(0.005);
    assert_eq!(few.outcome, Outcome::Passed, "{few:?}");
    assert!(
        few.deviation.p95_um <= 2 && few.deviation.max_um > 1000,
        "{few:?}"
    );
    let many = with(0.1);
    assert_eq!(many.outcome, Outcome::Failed, "{many:?}");
    assert!(many.deviation.p50_um <= 2, "{many:?}");
}

#[test]
fn another_part_is_not_laid_over_it() {
    let ball = points_of(&sphere(16.0, 4), 20_000);
    let found = of_bracket(&cloud(ball));
    assert_eq!(found.outcome, Outcome::NotRegistered, "{found:?}");
}

#[test]
fn a_unit_is_guessed_from_the_size_and_said() {
    let points = elsewhere(points_of(&bracket(), 20_000));
    for unit in [Unit::Inch, Unit::Metre] {
        let scan = cloud(points.iter().map(|at| scale(*at, 1.0 / unit.mm())));
        let found = of_bracket(&scan);
        assert_eq!((found.unit, found.unit_guessed), (unit, true));
        assert_eq!(found.outcome, Outcome::Passed, "{found:?}");
        let said = Asked {
            unit: Some(unit),
            ..asked()
        };
        let found = compared(bracket(), &scan, &said);
        assert_eq!((found.unit, found.unit_guessed), (unit, false));
    }
    let large = cloud(points.iter().map(|at| scale(*at, 4.0)));
    let refused = compare(&mesh(bracket()), &large, &asked()).err();
    let times_smaller_percent = 400;
    assert_eq!(
        refused,
        Some(ScanError::OtherSize {
            times_smaller_percent
        })
    );
}

#[test]
fn the_marked_part_is_nominal_for_itself_and_not_for_the_unmarked_one() {
    let part = crate::fixtures::hinge_bracket();
    let marked = part.marked(crate::fixtures::TEXT).mesh.triangles;
    let own = cloud(elsewhere(points_of(&marked, 40_000)));
    let found = compared(marked, &own, &asked());
    assert_eq!(found.outcome, Outcome::Passed, "{found:?}");
    let found = compared(part.mesh.triangles, &own, &asked());
    assert_eq!(found.outcome, Outcome::Failed, "{found:?}");
}

#[test]
fn the_same_files_give_the_same_numbers() {
    let mut dice = Dice(3);
    let points = elsewhere(points_of(&bracket(), 5_000)).into_iter();
    let scan = cloud(
        points
            .map(|at| at.map(|value| value + 0.03 * dice.normal()))
            .collect::<Vec<_>>(),
    );
    let found = of_bracket(&scan);
    // As they were found first: another machine or another order of sums would show here.
    let json = serde_json::to_string(&found).unwrap();
    assert_eq!(json, include_str!("tests/same.json").trim_end());
}

#[test]
fn what_says_nothing_is_refused() {
    let few = cloud(points_of(&bracket(), 20_000).into_iter().take(499));
    let refused = |reference: &Scan, scan: &Scan| compare(reference, scan, &asked()).err();
    assert_eq!(
        refused(&mesh(bracket()), &few),
        Some(ScanError::TooFew { held: 499 })
    );
    let whole = cloud(points_of(&bracket(), 20_000));
    assert_eq!(refused(&whole, &whole), Some(ScanError::NoSurface));
    let flat = mesh(vec![[[0.0; 3]; 3]; 3]);
    assert_eq!(refused(&flat, &whole), Some(ScanError::NoSurface));
    assert_eq!(refused(&mesh(bracket()), &flat), Some(ScanError::NoSurface));
}

/// The nearest point by asking every triangle.
#[test]
fn the_tree_finds_what_asking_every_triangle_finds() {
    let triangles = bracket();
    let surface = Surface::of(&triangles).unwrap();
    let alone: Vec<_> = triangles
        .iter()
        .map(|of| Surface::of(&[*of]).unwrap())
        .collect();
    let mut dice = Dice(5);
    for _ in 0..300 {
        let at = [50.0, 30.0, 26.0].map(|of| of * dice.unit() - 3.0);
        let nearest = alone
            .iter()
            .map(|one| one.nearest(at).distance)
            .fold(f64::INFINITY, f64::min);
        let foot = surface.nearest(at);
        assert!((foot.distance - nearest).abs() < 1e-9);
        let is_in = is_bracket(at.map(|value| (value / 2.0).floor() as i32))
            && at
                .iter()
                .zip(SIZE)
                .all(|(value, size)| (0.0..2.0 * f64::from(size)).contains(value));
        assert_eq!(foot.signed < 0.0, is_in, "{at:?} {foot:?}");
    }
    assert_eq!(length(wide([0.0, 3.0, 4.0])), 5.0);
}

#[test]
fn the_picture_shows_what_is_beyond_in_dark_and_what_is_not_covered_in_grey() {
    let with_lug = cubes(2.0, SIZE, |at| {
        is_bracket(at) || (at[0] == 12 && at[1] == 10 && at[2] < 5)
    });
    let kept = points_of(&with_lug, 60_000)
        .into_iter()
        .filter(|at| at[2] < 15.0 || at[0] > 5.0);
    let laid = compare(&mesh(bracket()), &cloud(kept), &asked()).unwrap();
    let png = laid.picture().unwrap();
    if let Some(file) = std::env::var_os("THREADMARK_KEEP_PICTURE") {
        std::fs::write(file, &png).unwrap();
    }
    let page = image::load_from_memory(&png).unwrap().into_rgb8();
    assert_eq!(page.dimensions(), (1600, 1240));
    let views = || page.enumerate_pixels().filter(|(_, row, _)| *row < 1040);
    let count = |is: fn(&[u8; 3]) -> bool| views().filter(|(_, _, pixel)| is(&pixel.0)).count();
    let orange = count(|[r, g, b]| *r > 70 && *b < 30 && *g < 100);
    let grey = count(|[r, g, b]| r == g && g == b && (100..=150).contains(r));
    let light = count(|[r, _, b]| *r > 170 && *b > 170 && *r < 250);
    assert!(
        orange > 300 && grey > 300 && light > 20_000,
        "{orange} {grey} {light}"
    );
}
