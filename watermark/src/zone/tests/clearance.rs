//! What lies behind a face and before it.

use super::*;
use crate::process::Process;
use crate::relief::{ReliefError, embed};
use crate::symbol::{Symbol, forms};
use crate::zone::search::{NoPlace, Wish, search};

/// The cuboid and another one, as two shells that nobody united.
fn with_another(sides: [f32; 3], at: [f32; 3]) -> Mesh {
    let mut mesh = cuboid(SIDES);
    let other = cuboid(sides).triangles;
    let moved = other
        .iter()
        .map(|t| t.map(|v| narrow(add(wide(v), wide(at)))));
    mesh.triangles.extend(moved);
    mesh
}

#[test]
fn a_foil_has_nothing_behind_its_face() {
    for thickness in [0.001, 0.005, 0.015, 0.019, 0.021, 0.3] {
        let foil = cuboid([40.0, 36.0, thickness]);
        let mut zone = top_zone([40.0, 36.0, thickness], 30.0);
        zone.centre_um[2] = (thickness * 1000.0).round() as i64;
        let told = zone.check(&foil);
        assert!(
            matches!(told, Err(ZoneError::TooThin { thickness_mm, .. })
                if (thickness_mm - f64::from(thickness)).abs() < 1e-6),
            "{thickness}: {told:?}"
        );
        let forms = forms(fixtures::HOST).unwrap();
        let wish = Wish {
            process: Process::Fdm,
            up: [0.0, 0.0, 1.0],
            forms: &forms,
            pin: None,
        };
        let found = search(&foil, &wish);
        assert!(
            matches!(found, Err(NoPlace::TooThin { .. })),
            "{thickness}: {found:?}"
        );
    }
}

/// A plate that is a foil under a part of its face only.
#[test]
fn a_foil_in_the_middle_of_a_plate_is_found() {
    let hollow = with_cavity([10.0, 10.0, 1.0], [6.0, 6.0, 3.99]);
    let told = check(&hollow, |_| {});
    assert!(
        matches!(told, Err(ZoneError::TooThin { thickness_mm, .. }) if thickness_mm < 0.011),
        "{told:?}"
    );
}

#[test]
fn a_face_that_another_solid_covers_or_shares_takes_no_mark() {
    // All of it within a larger block; on its top, standing there; beside it with one common face; sunk by a little.
    let covering = [
        ([60.0, 60.0, 20.0], [-10.0, -10.0, -5.0]),
        ([60.0, 60.0, 5.0], [-10.0, -10.0, 2.0]),
        ([60.0, 60.0, 5.0], [-10.0, -10.0, 0.0]),
        ([60.0, 60.0, 5.0], [-10.0, -10.0, 0.01]),
        ([60.0, 60.0, 5.0], [-10.0, -10.0, -0.01]),
    ];
    for (sides, at) in covering {
        let mesh = with_another(sides, at);
        mesh.require_solid().unwrap();
        assert_eq!(
            check(&mesh, |zone| zone.wall_um = 500),
            Err(ZoneError::Buried),
            "{at:?}"
        );
        let forms = forms(fixtures::HOST).unwrap();
        let wish = Wish {
            process: Process::Sls,
            up: [0.0, 0.0, 1.0],
            forms: &forms,
            pin: None,
        };
        for place in search(&mesh, &wish).unwrap_or_default() {
            let buried = place.zone.normal_e6[2] == 1_000_000
                && place.zone.centre_um[2] == 5_000
                && place.zone.check(&mesh).is_err();
            assert!(!buried, "{at:?} {place:?}");
        }
    }
    // One that stands on it, one that reaches through a part of it.
    for at in [[10.0, 10.0, 5.0], [10.0, 10.0, 4.0], [10.0, 10.0, 5.01]] {
        check(&with_another([6.0, 6.0, 6.0], at), |_| {}).unwrap_err();
    }
    // Beside, above and below it leaves it alone.
    for at in [[50.0, 0.0, 0.0], [10.0, 10.0, 9.0], [10.0, 10.0, -9.0]] {
        check(&with_another([6.0, 6.0, 6.0], at), |_| {}).unwrap();
    }
}

#[test]
fn a_cavity_is_no_solid_and_its_walls_are_not_buried() {
    // A box within a box: the lower wall's upper side is a face inside.
    let hollow = with_cavity([1.0, 1.0, 2.6], [38.0, 34.0, 1.5]);
    let inside = |zone: &mut Zone| {
        zone.centre_um[2] = 2_600;
        zone.wall_um = 500;
    };
    assert!((check(&hollow, inside).unwrap().thickness_mm - 2.6).abs() < 1e-6);
}

#[test]
fn raised_modules_need_room_in_front() {
    let zone = top_zone(SIDES, 30.0);
    let symbol = Symbol::fitting(&zone, fixtures::TEXT, fixtures::HOST).unwrap();
    let under = |gap: f32| with_another([6.0, 6.0, 3.0], [17.0, 15.0, SIDES[2] + gap]);
    let zone = Zone {
        manner: Manner::Raised,
        ..zone
    };
    let raised = |gap| embed(&under(gap), &zone, &symbol);
    raised(1.21).unwrap();
    for gap in [1.2, 0.6, 0.05] {
        let told = raised(gap);
        assert!(
            matches!(told, Err(ReliefError::Zone(ZoneError::Obstructed { .. }))),
            "{gap}: {told:?}"
        );
    }
}
