//! Places on which the scanner dwelt, and places that it did not see.

use super::*;

/// A corner of the block's face, 4 mm wide: what of the scan lies in it is taken for what is wrong there.
fn is_corner(at: &Vec3) -> bool {
    at[0] > 36.0 && at[1] < 4.0 && at[2] > 8.0
}

#[test]
fn what_is_dense_weighs_no_more_than_any_other_place() {
    let even = points_of(&bracket(), 20_000);
    // One place of some mm² is wrong by half a millimetre: a hundredth of the surface at most, and twice as many points elsewhere hide it.
    let wrong = |points: &[Vec3]| -> Vec<Vec3> {
        let moved = |at: &Vec3| {
            if is_corner(at) {
                add(*at, [0.3, -0.3, 0.3])
            } else {
                *at
            }
        };
        points.iter().map(moved).collect()
    };
    let asked = Asked {
        patch_max_mm2_e2: u32::MAX,
        ..asked()
    };
    let plain = compared(bracket(), &cloud(wrong(&even)), &asked);
    let share = 1_000_000 - plain.within_ppm;
    assert!((5_000..30_000).contains(&share), "{plain:?}");
    // 300,000 points more on a wall that is right.
    let mut dense = wrong(&even);
    let wall = points_of(&bracket(), 4_000_000);
    dense.extend(wall.into_iter().filter(|at| at[0] < 0.1).take(300_000));
    assert!(dense.len() > 300_000);
    let found = compared(bracket(), &cloud(elsewhere(dense)), &asked);
    let hidden = 1_000_000 - found.within_ppm;
    assert!(hidden * 3 > share * 2, "{share} {found:?}");
    assert!(found.coverage_ppm > 990_000, "{found:?}");
    // And the other way round: many points on what is wrong make no bad part of a good one.
    let spot: Vec<Vec3> = points_of(&bracket(), 4_000_000)
        .into_iter()
        .filter(is_corner)
        .collect();
    let mut dense = wrong(&even);
    dense.extend(wrong(&spot));
    let found = compared(bracket(), &cloud(elsewhere(dense)), &asked);
    assert!(
        1_000_000 - found.within_ppm < share * 2,
        "{share} {found:?}"
    );
}

#[test]
fn a_hole_in_the_scan_may_hide_what_is_wrong() {
    // 7 mm by 7 mm of the foot's underside: less than a hundredth of the surface.
    let seen = |side: f64| {
        let hole = move |at: &Vec3| {
            at[2] < 0.1
                && (14.0..14.0 + side).contains(&at[0])
                && (6.0..6.0 + side).contains(&at[1])
        };
        let points = points_of(&bracket(), 40_000).into_iter();
        cloud(elsewhere(points.filter(|at| !hole(at)).collect()))
    };
    let whole = of_bracket(&seen(0.0));
    assert_eq!((whole.outcome, whole.gap_mm2_e2), (Outcome::Passed, 0));
    let found = of_bracket(&seen(9.0));
    assert_eq!(found.outcome, Outcome::CoversTooLittle, "{found:?}");
    assert!(found.coverage_ppm > 980_000, "{found:?}");
    assert!((4_000..8_200).contains(&found.gap_mm2_e2), "{found:?}");
    // Who asks for less is told what there was.
    let asked = Asked {
        gap_max_mm2_e2: 8_200,
        ..asked()
    };
    let allowed = compared(bracket(), &seen(9.0), &asked);
    assert_eq!(allowed.outcome, Outcome::Passed, "{allowed:?}");
    assert_eq!(allowed.gap_mm2_e2, found.gap_mm2_e2);
}
