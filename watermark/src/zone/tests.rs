mod clearance;

use super::*;
use crate::fixtures::{self, cuboid, top_zone};
use crate::vec3::{add, narrow, wide};

const SIDES: [f32; 3] = [40.0, 36.0, 5.0];

fn check(mesh: &Mesh, change: impl FnOnce(&mut Zone)) -> Result<ZoneFit, ZoneError> {
    let mut zone = top_zone(SIDES, 30.0);
    change(&mut zone);
    zone.check(mesh)
}

fn refusal(change: impl FnOnce(&mut Zone)) -> ZoneError {
    check(&cuboid(SIDES), change).unwrap_err()
}

#[test]
fn every_fixture_offers_its_zone() {
    for part in fixtures::all() {
        let fit = part.zone.check(&part.mesh).unwrap();
        let plate_mm = part.zone.centre_um[2] as f64 / 1000.0;
        assert!(
            (fit.thickness_mm - plate_mm).abs() < 1e-9,
            "{} {fit:?}",
            part.name
        );
        assert!(fit.thickness_mm >= 3.0);
        assert!(
            fit.face_triangles < part.mesh.triangles.len() / 4,
            "{fit:?}"
        );
    }
}

#[test]
fn a_zone_may_fill_its_face_to_the_edge_and_no_further() {
    let all = |z: &mut Zone| {
        z.width_um = 40_000;
        z.height_um = 36_000;
    };
    let fit = check(&cuboid(SIDES), all).unwrap();
    assert_eq!((fit.face_triangles, fit.thickness_mm), (2, 5.0));
    let wider = |z: &mut Zone| {
        all(z);
        z.width_um += 4;
    };
    assert!(matches!(refusal(wider), ZoneError::LeavesFace { .. }));
}

#[test]
fn unusable_declarations_are_refused_by_name() {
    let bad_frame = [
        |z: &mut Zone| z.normal_e6 = [0, 0, 0],
        |z: &mut Zone| z.normal_e6 = [0, 0, 2_000_000],
        |z: &mut Zone| z.up_e6 = [0, 0, 1_000_000],
        |z: &mut Zone| z.up_e6 = [0, 700_000, 700_000],
        |z: &mut Zone| z.up_e6 = [i32::MAX; 3],
    ];
    for change in bad_frame {
        assert_eq!(refusal(change), ZoneError::BadFrame);
    }
    assert_eq!(refusal(|z| z.width_um = 0), ZoneError::BadSize("width"));
    assert_eq!(
        refusal(|z| z.height_um = u32::MAX),
        ZoneError::BadSize("height")
    );
    assert_eq!(refusal(|z| z.module_um = 0), ZoneError::BadSize("module"));
    assert_eq!(refusal(|z| z.depth_um = 0), ZoneError::BadSize("depth"));
    assert_eq!(refusal(|z| z.wall_um = 0), ZoneError::BadSize("wall"));
}

#[test]
fn a_zone_beside_its_face_is_refused() {
    assert_eq!(refusal(|z| z.centre_um[2] += 20), ZoneError::NotOnFace);
    assert_eq!(refusal(|z| z.centre_um[0] = 45_000), ZoneError::NotOnFace);
    assert_eq!(
        refusal(|z| z.centre_um = [i64::MAX, i64::MIN, 0]),
        ZoneError::NotOnFace
    );
    // Facing inward, and leaning by 3 mrad.
    assert_eq!(
        refusal(|z| z.normal_e6 = [0, 0, -1_000_000]),
        ZoneError::NotOnFace
    );
    assert_eq!(
        refusal(|z| z.normal_e6 = [3_000, 0, 999_996]),
        ZoneError::NotOnFace
    );
}

#[test]
fn a_hole_in_the_zone_is_found() {
    let part = fixtures::hinge_bracket();
    let over_a_screw = Zone {
        centre_um: [-26_000, -10_000, 6_000],
        ..part.zone
    };
    let Err(ZoneError::LeavesFace { at_mm }) = over_a_screw.check(&part.mesh) else {
        panic!("the zone covers a screw hole");
    };
    assert!(
        at_mm[0] < -10.0 && (at_mm[2] - 6.0).abs() < 1e-9,
        "{at_mm:?}"
    );
}

/// A closed box within the part whose outside is in: a cavity.
fn with_cavity(from: [f32; 3], sides: [f32; 3]) -> Mesh {
    let mut mesh = cuboid(SIDES);
    let hollow = cuboid(sides).triangles.into_iter().map(|mut t| {
        t.swap(0, 1);
        t.map(|v| narrow(add(wide(v), wide(from))))
    });
    mesh.triangles.extend(hollow);
    mesh
}

#[test]
fn thickness_is_exact_down_to_the_smallest_cavity() {
    let needed = |um: u32| move |z: &mut Zone| z.wall_um = um - z.depth_um;
    // A quarter of a millimetre wide, under no module's corner or middle.
    let pinhole = with_cavity([11.3, 9.1, 1.0], [0.25, 0.25, 1.5]);
    let fit = check(&pinhole, needed(2_500)).unwrap();
    assert_eq!(fit.thickness_mm, 2.5);
    assert_eq!(
        check(&pinhole, needed(2_501)),
        Err(ZoneError::TooThin {
            thickness_mm: 2.5,
            needed_mm: 2.501
        })
    );
    // The same cavity beside the zone does not matter.
    let beside = with_cavity([1.0, 1.0, 1.0], [2.0, 2.0, 1.5]);
    assert_eq!(check(&beside, needed(5_000)).unwrap().thickness_mm, 5.0);
}

#[test]
fn a_part_that_is_no_solid_has_no_zone() {
    let mut mesh = cuboid(SIDES);
    mesh.triangles.pop();
    assert_eq!(
        check(&mesh, |_| {}),
        Err(MeshError::Open { edges: 3 }.into())
    );
}

/// The cuboid with its top split at a point that stands `bump` above it.
fn with_bump(bump: f32) -> Mesh {
    let mut mesh = cuboid(SIDES);
    let tip = [22.0, 15.0, SIDES[2] + bump];
    let on_top = |t: &[[f32; 3]; 3]| t.iter().all(|v| v[2] == SIDES[2]);
    let under_tip = mesh.triangles.iter().position(|t| {
        let [a, b, c] = t.map(wide);
        let turn = |p: [f64; 3], q: [f64; 3]| {
            (q[0] - p[0]) * (15.0 - p[1]) - (q[1] - p[1]) * (22.0 - p[0])
        };
        on_top(t) && turn(a, b) > 0.0 && turn(b, c) > 0.0 && turn(c, a) > 0.0
    });
    let [a, b, c] = mesh.triangles.swap_remove(under_tip.unwrap());
    mesh.triangles
        .extend([[a, b, tip], [b, c, tip], [c, a, tip]]);
    mesh
}

#[test]
fn a_face_must_be_flat_to_a_micrometre() {
    check(&with_bump(0.0), |_| {}).unwrap();
    check(&with_bump(0.0005), |_| {}).unwrap();
    assert!(matches!(
        check(&with_bump(0.005), |_| {}),
        Err(ZoneError::NotFlat { deviation_um }) if (2.0..5.0).contains(&deviation_um)
    ));
    assert!(matches!(
        check(&with_bump(0.05), |_| {}),
        Err(ZoneError::LeavesFace { .. })
    ));
}

#[test]
fn a_zone_reads_and_writes_json_and_knows_all_its_fields() {
    let zone = top_zone(SIDES, 30.0);
    let json = serde_json::to_string(&zone).unwrap();
    assert_eq!(serde_json::from_str::<Zone>(&json).unwrap(), zone);
    let more = json.replacen('{', "{\"colour\":1,", 1);
    assert!(serde_json::from_str::<Zone>(&more).is_err());
}
