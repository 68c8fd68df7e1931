use super::*;
use crate::fixtures::{self, HOST, TEXT, cuboid, top_zone};
use crate::mesh::Mesh;
use crate::read::{Frames, ReadError, ReadLimits, Symbology, read};
use crate::relief::embed;
use crate::symbol::Symbol;
use crate::zone::Zone;

const SIDES: [f32; 3] = [34.0, 33.0, 5.0];

fn marked(sides: [f32; 3], side_mm: f32) -> (Mesh, Zone, Symbol) {
    let zone = top_zone(sides, side_mm);
    let symbol = Symbol::fitting(&zone, TEXT, HOST).unwrap();
    let mesh = embed(&cuboid(sides), &zone, &symbol).unwrap().mesh;
    (mesh, zone, symbol)
}

fn coarse(mesh: &Mesh, zone: &Zone) -> Surface {
    Surface::of_mesh(mesh, zone, 100.0).unwrap()
}

fn even_sky(strength: f32) -> Light {
    Light {
        sky: strength,
        lamps: Vec::new(),
    }
}

fn small() -> View {
    View {
        width_px: 160,
        height_px: 120,
        ..View::default()
    }
}

#[test]
fn a_seed_makes_one_picture() {
    let (mesh, zone, _) = marked(SIDES, 30.0);
    let surface = Surface::of_mesh(&mesh, &zone, 200.0).unwrap();
    let shot = |seed| {
        let finished = surface.clone().finished(Finish::Sls, seed);
        let lit = Lit::by(finished, &Lighting::Window.from(30.0, small().stands()));
        lit.photograph(&View { seed, ..small() }).unwrap()
    };
    assert_eq!(shot(1), shot(1));
    assert_ne!(shot(1), shot(2));
}

#[test]
fn a_surface_is_as_deep_as_the_recess_and_ends_with_the_part() {
    let (mesh, zone, symbol) = marked(SIDES, 30.0);
    let surface = coarse(&mesh, &zone);
    let depth_um = zone.depth_um as f32;
    for (column, row) in (0..symbol.size).flat_map(|c| (0..symbol.size).map(move |r| (c, r))) {
        let place = |p: u32| (p as f32 + 0.5 - symbol.size as f32 / 2.0) * zone.module_um as f32;
        let at = surface.at(place(column), -place(row)).unwrap();
        let expected = if symbol.dark(i64::from(column), i64::from(row)) {
            -depth_um
        } else {
            0.0
        };
        assert!(
            (surface.height_um[at] - expected).abs() < 2.0,
            "{column} {row}"
        );
    }
    let beside = surface.at(17_500.0, 0.0).unwrap();
    assert!(!surface.is_part(beside));
}

#[test]
fn an_open_face_has_all_the_sky_and_a_recess_less_and_a_bright_recess_more() {
    let (mesh, zone, symbol) = marked(SIDES, 30.0);
    let light = |albedo: f32| {
        let mut surface = coarse(&mesh, &zone);
        surface.albedo.fill(albedo);
        Lit::by(surface, &even_sky(0.8))
    };
    let lit = light(0.5);
    // The quiet zone, and the dark module at the upper left corner of the symbol.
    let module_um = zone.module_um as f32;
    let corner = (0.5 - symbol.size as f32 / 2.0) * module_um;
    let [face, floor] = [-2.0, 0.0].map(|modules| {
        lit.surface
            .at(corner + modules * module_um, -corner)
            .unwrap()
    });
    assert!(
        (lit.radiance[face] - 0.4).abs() < 0.01,
        "{}",
        lit.radiance[face]
    );
    assert!(
        lit.radiance[floor] < 0.7 * lit.radiance[face],
        "{}",
        lit.radiance[floor]
    );
    // Light from wall to wall: of a bright material more of it arrives than its share.
    let share = |albedo: f32| light(albedo).radiance[floor] / albedo;
    assert!(
        share(0.9) > share(0.1) * 1.1,
        "{} {}",
        share(0.9),
        share(0.1)
    );
}

#[test]
fn a_point_casts_a_hard_shadow_and_a_window_a_soft_one() {
    let (mesh, zone, _) = marked(SIDES, 30.0);
    let seen = |radius_deg| {
        let lamp = Lamp {
            azimuth_deg: 20.0,
            elevation_deg: 30.0,
            radius_deg,
            strength: 0.8,
        };
        let light = Light {
            sky: 0.1,
            lamps: vec![lamp],
        };
        let lit = Lit::by(coarse(&mesh, &zone), &light);
        let partly = |&&seen: &&f32| seen > 0.01 && seen < 0.99;
        lit.beams[0].seen.iter().filter(partly).count()
    };
    assert_eq!(seen(0.0), 0);
    assert!(seen(15.0) > 1_000, "{}", seen(15.0));
}

#[test]
fn every_finish_and_every_damage_changes_the_face_and_stays_a_face() {
    let (mesh, zone, symbol) = marked(SIDES, 30.0);
    let ideal = coarse(&mesh, &zone);
    let sizes = [symbol.size, 1, 0].map(|n| n as f32 * zone.module_um as f32);
    let sizes = [sizes[0], sizes[1], zone.depth_um as f32];
    let finishes = Finish::ALL
        .into_iter()
        .skip(1)
        .map(|finish| ideal.clone().finished(finish, 3));
    let damages = Damage::ALL.map(|damage| ideal.clone().damaged(damage, 0.2, sizes, 3));
    for surface in finishes.chain(damages) {
        assert_ne!(surface, ideal);
        assert!(
            surface
                .height_um
                .iter()
                .all(|h| (-6_000.0..4_000.0).contains(h))
        );
        assert!(surface.albedo.iter().all(|a| (0.0..=1.0).contains(a)));
    }
    for damage in Damage::ALL {
        let none = ideal.clone().damaged(damage, 0.0, sizes, 3);
        assert_eq!(none, ideal, "{damage:?}");
    }
}

#[test]
fn views_that_see_nothing_are_refused() {
    let surface = Surface::flat([1_000, 1_000], 100.0).unwrap();
    let lit = Lit::by(surface, &even_sky(0.5));
    let changes = [
        |v: &mut View| v.width_px = 0,
        |v: &mut View| v.height_px = 10_000,
        |v: &mut View| v.fov_deg = 180.0,
        |v: &mut View| v.distance_mm = f32::NAN,
        |v: &mut View| v.tilt_deg = 90.0,
        |v: &mut View| v.blur_px = -1.0,
        |v: &mut View| v.noise = 2.0,
        |v: &mut View| v.lean_deg = f32::INFINITY,
    ];
    for change in changes {
        let mut view = small();
        change(&mut view);
        assert!(
            matches!(lit.photograph(&view), Err(RenderError::BadCamera)),
            "{view:?}"
        );
    }
    for pitch_um in [0.0, -1.0, f32::NAN, 0.01, 1e9] {
        let told = Surface::flat([1_000, 1_000], pitch_um);
        assert!(
            matches!(told, Err(RenderError::BadPitch { .. })),
            "{pitch_um}"
        );
    }
}

/// A view from straight ahead has the zone upright in the middle; one that leans has the near side larger.
#[test]
fn a_picture_has_the_part_in_the_middle_and_upright() {
    let (mesh, zone, symbol) = marked(SIDES, 30.0);
    let surface = coarse(&mesh, &zone).inlaid(zone.depth_um as f32, 0.05);
    for lean_deg in [-90.0, 0.0, 200.0] {
        let view = View {
            width_px: 480,
            height_px: 480,
            distance_mm: 40.0,
            tilt_deg: 10.0,
            lean_deg,
            ..View::default()
        };
        let photo = Lit::by(surface.clone(), &even_sky(0.8))
            .photograph(&view)
            .unwrap();
        let readings = read(&photo.png().unwrap(), &ReadLimits::default(), |t| {
            t.contains(TEXT).then_some(())
        });
        let code = readings.unwrap().remove(0).code;
        assert_eq!(code.text, symbol.text);
        let [upper_left, upper_right, ..] = code.corners;
        assert!(
            upper_left[0] < upper_right[0] - 100.0,
            "{lean_deg} {:?}",
            code.corners
        );
        assert!(
            (upper_left[1] - upper_right[1]).abs() < 60.0,
            "{lean_deg} {:?}",
            code.corners
        );
    }
}

/// Part, mark, photograph, mark: the whole way round, by processes that colour the recesses, in three lights.
#[test]
fn a_two_coloured_mark_comes_back_from_its_photograph() {
    let part = fixtures::hinge_bracket();
    let (small_mesh, small_zone, _) = marked([20.0, 20.0, 6.0], 15.0);
    let marks = [
        (part.marked(TEXT).mesh, part.zone, Symbology::Qr),
        (small_mesh, small_zone, Symbology::DataMatrix),
    ];
    for (mesh, zone, symbology) in marks {
        let ideal = Surface::of_mesh(&mesh, &zone, 160.0).unwrap();
        let ideal = ideal.inlaid(zone.depth_um as f32, 0.1);
        for (seed, finish, lighting) in [
            (1, Finish::FdmTop, Lighting::Overcast),
            (2, Finish::Sls, Lighting::Window),
            (3, Finish::Lpbf, Lighting::Ceiling),
        ] {
            let view = View {
                width_px: 640,
                height_px: 480,
                tilt_deg: 10.0 * seed as f32,
                roll_deg: 40.0 * seed as f32,
                seed,
                ..View::default()
            };
            let view = View {
                distance_mm: View::distance_for(zone.width_um, 0.5, view.fov_deg),
                ..view
            };
            let surface = ideal.clone().finished(finish, seed);
            let lit = Lit::by(surface, &lighting.from(70.0 * seed as f32, view.stands()));
            let photo = lit.photograph(&view).unwrap().jpeg(85).unwrap();
            let readings = read(&photo, &ReadLimits::default(), |t| {
                t.contains(TEXT).then_some(())
            });
            let code = readings.unwrap().remove(0).code;
            assert_eq!(code.symbology, symbology, "{finish:?}");
        }
    }
}

#[test]
fn a_part_without_a_mark_shows_none_in_any_number_of_frames() {
    let part = fixtures::sensor_clip();
    let surface = Surface::of_mesh(&part.mesh, &part.zone, 200.0).unwrap();
    let lit = Lit::by(
        surface.finished(Finish::FdmTop, 1),
        &Lighting::Raking.from(10.0, [0.0, 90.0]),
    );
    let mut frames = Frames::default();
    for seed in 0..4 {
        let photo = lit
            .photograph(&View { seed, ..small() })
            .unwrap()
            .png()
            .unwrap();
        assert!(matches!(
            read(&photo, &ReadLimits::default(), |_| Some(())),
            Err(ReadError::NoCode(_))
        ));
        assert_eq!(frames.add(&photo, |_| Some(())), Ok(None));
    }
    assert!(frames.advice().is_some());
}

fn upward() -> Zone {
    top_zone([20.0, 20.0, 2.0], 5.0)
}

/// Four beads side by side under a fifth, which lies across.
const BEADS: &str = "M83
;WIDTH:0.5
;HEIGHT:0.2
G1 Z1.8 F600
G0 X0 Y9.25
G1 X20 E1
G0 X0 Y9.75
G1 X20 Y9.75 E1
G0 X0 Y10.25
G1 X20 E1
G0 X0 Y10.75
G1 X20 E1
G1 Z2
G0 X10 Y0
G1 Y20 E1
G1 X12 E-1
";

#[test]
fn beads_lie_where_the_toolpath_lays_them() {
    let zone = upward();
    let surface = beads(BEADS, &zone, [0.0; 3], 50.0).unwrap();
    let height = |x: f32, y: f32| surface.height_um[surface.at(x, y).unwrap()];
    // On the crossing bead, on a lower one, in the groove between two, and where nothing is laid.
    assert!(height(25.0, 25.0).abs() < 2.0);
    assert!(
        (height(2_000.0, 225.0) + 200.0).abs() < 5.0,
        "{}",
        height(2_000.0, 225.0)
    );
    let groove = height(2_000.0, 1.0);
    assert!(groove < -220.0 && groove > -320.0, "{groove}");
    assert_eq!(height(2_000.0, 2_000.0), surface::TABLE_UM);
    let absolute = BEADS
        .replace("M83", "M82")
        .replace("E-1", "E0")
        .replace("X20 E1\nG0 X0 Y9.75", "X20 E1\nG92 E0\nG0 X0 Y9.75");
    let again = beads(&absolute, &zone, [0.0; 3], 50.0).unwrap();
    assert!((again.height_um[again.at(2_000.0, -225.0).unwrap()] + 200.0).abs() < 5.0);
}

#[test]
fn toolpaths_that_show_nothing_are_refused_by_name() {
    let zone = upward();
    let told = |gcode: &str, zone: &Zone| beads(gcode, zone, [0.0; 3], 50.0).unwrap_err();
    assert!(matches!(told("", &zone), BeadError::Nothing));
    assert!(matches!(
        told(
            &BEADS
                .replace("Y10", "Y100")
                .replace("Y9", "Y90")
                .replace("X10", "X90"),
            &zone
        ),
        BeadError::Nothing
    ));
    assert!(matches!(
        told("G1 X1\nG1 X1e Y2", &zone),
        BeadError::NotANumber { line: 2, .. }
    ));
    assert!(matches!(
        told("G1 XNaN", &zone),
        BeadError::NotANumber { line: 1, .. }
    ));
    assert!(matches!(
        told("G2 X1 Y1 I1", &zone),
        BeadError::Arc { line: 1 }
    ));
    assert!(matches!(told("G1 é", &zone), BeadError::Nothing));
    let upright = Zone {
        normal_e6: [1_000_000, 0, 0],
        up_e6: [0, 0, 1_000_000],
        ..zone
    };
    assert!(matches!(told(BEADS, &upright), BeadError::NotUpward));
}

#[test]
fn the_nearest_triangle_is_the_nearest_of_all() {
    let part = fixtures::access_cover();
    let bvh = bvh::Bvh::of(&part.mesh.triangles);
    let mut dice = Dice::new(7, 0);
    let mut hits = 0;
    for _ in 0..200 {
        let from = [0; 3].map(|_| f64::from(dice.unit()) * 120.0 - 60.0);
        let to = [0; 3].map(|_| f64::from(dice.unit()) * 30.0 - 15.0);
        let ray = [0, 1, 2].map(|i| to[i] - from[i]);
        let triangles = part.mesh.triangles.iter();
        let all = triangles.filter_map(|t| bvh::distance(t, from, ray));
        let slow = all.fold(f64::INFINITY, f64::min);
        let fast = bvh.nearest(from, ray).map_or(f64::INFINITY, |(_, d)| d);
        assert!(slow == fast || (slow - fast).abs() < 1e-9, "{slow} {fast}");
        hits += usize::from(slow.is_finite());
    }
    assert!(hits > 20, "{hits}");
}
