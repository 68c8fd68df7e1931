mod pinned;

use super::regions::{Beyond, Border};
use super::room::{Point, Room};
use super::square::{self, Wanted};
use super::*;
use crate::fixtures::{self, HOST, TEXT, cuboid};
use crate::mesh::MeshError;
use crate::process::Facing;
use crate::relief::embed;
use crate::symbol::{Symbol, SymbolForm, SymbolKind, forms};
use crate::vec3::{dot, length, sub};

fn wish(process: Process, forms: &[SymbolForm]) -> Wish<'_> {
    Wish {
        process,
        up: [0.0, 0.0, 1.0],
        forms,
        pin: None,
    }
}

fn found(mesh: &Mesh, process: Process) -> Result<Vec<Place>, NoPlace> {
    search(mesh, &wish(process, &forms(HOST).unwrap()))
}

/// A solid between two polygons with as many corners, the lower one given against the clock from above.
fn between(bottom: &[[f32; 3]], top: &[[f32; 3]]) -> Mesh {
    let count = bottom.len();
    let mut triangles = Vec::new();
    for i in 1..count - 1 {
        triangles.push([bottom[0], bottom[i + 1], bottom[i]]);
        triangles.push([top[0], top[i], top[i + 1]]);
    }
    for i in 0..count {
        let next = (i + 1) % count;
        triangles.push([bottom[i], bottom[next], top[next]]);
        triangles.push([bottom[i], top[next], top[i]]);
    }
    Mesh { triangles }
}

/// A block whose sides lean on purpose, so that only its ends are level.
fn frustum(below: f32, above: f32, height: f32) -> Mesh {
    let square = |half: f32, z: f32| {
        [
            [-half, -half, z],
            [half, -half, z],
            [half, half, z],
            [-half, half, z],
        ]
    };
    between(&square(below / 2.0, 0.0), &square(above / 2.0, height))
}

#[test]
fn every_fixture_has_a_place_that_takes_the_symbol_it_promises() {
    for part in fixtures::all() {
        for process in Process::ALL {
            let places = found(&part.mesh, process).unwrap();
            for place in &places {
                let symbol = Symbol::fitting(&place.zone, TEXT, HOST).unwrap();
                assert_eq!(symbol.kind, place.symbol.kind, "{} {place:?}", part.name);
                assert_eq!(symbol.size_with_quiet(), place.symbol.modules);
                let limits = process.limits();
                assert!(place.zone.module_um >= limits.module_um);
                assert!(place.zone.depth_um >= place.zone.module_um);
                assert_eq!(place.zone.wall_um, limits.wall_um);
            }
            let best = &places[0];
            let symbol = Symbol::fitting(&best.zone, TEXT, HOST).unwrap();
            embed(&part.mesh, &best.zone, &symbol).unwrap();
            assert!(places.is_sorted_by(|p, q| p.score >= q.score));
        }
    }
}

#[test]
fn the_same_part_has_the_same_place_on_every_machine() {
    let places = found(&fixtures::hinge_bracket().mesh, Process::Fdm).unwrap();
    let best = serde_json::to_string(&places[0].zone).unwrap();
    assert_eq!(best, include_str!("tests/hinge-bracket.json").trim_end());
}

#[test]
fn the_largest_square_is_found_at_any_rotation() {
    let plain = largest_flat_square(&cuboid([40.0, 36.0, 5.0])).unwrap();
    assert!((plain.side_mm - 36.0).abs() < 0.01, "{plain}");
    // 24 mm by 60 mm, turned by an angle that is nobody's step.
    for (cos, sin) in [(0.96, 0.28), (0.8, 0.6), (0.352, 0.936)] {
        let corner = |x: f32, y: f32, z: f32| [x * cos - y * sin, x * sin + y * cos, z];
        let at = |z: f32| {
            [
                corner(0.0, 0.0, z),
                corner(60.0, 0.0, z),
                corner(60.0, 24.0, z),
                corner(0.0, 24.0, z),
            ]
        };
        let turned = between(&at(0.0), &at(5.0));
        let miss = largest_flat_square(&turned).unwrap();
        assert!((miss.side_mm - 24.0).abs() < 0.01, "{miss}");
        let place = &found(&turned, Process::Fdm).unwrap()[0];
        let [long, short] = place.room_mm.map(|side| side.round());
        assert_eq!((long.max(short), long.min(short)), (60.0, 24.0));
        let (up, along) = (
            place.zone.up_e6.map(f64::from),
            [f64::from(cos), f64::from(sin), 0.0],
        );
        let lean = dot(up, along).abs() / 1e6;
        assert!(!(1e-4..=0.9999).contains(&lean), "{lean}");
    }
}

#[test]
fn a_wall_that_is_too_thin_is_said_with_what_would_do() {
    let thin = found(&cuboid([40.0, 36.0, 0.3]), Process::Fdm).unwrap_err();
    let NoPlace::TooThin {
        thickness_mm,
        needed_mm,
        wall_mm,
        fits,
        ..
    } = thin
    else {
        panic!("{thin}");
    };
    assert!((thickness_mm - 0.3).abs() < 1e-6);
    assert_eq!((needed_mm, wall_mm, fits), (1.6, 0.4, None));
    let told = thin.to_string();
    let end = "needs 1.60 mm, a raised mark 0.40 mm";
    assert!(told.ends_with(end), "{told}");
    // Where what stands out would lift it off the plate, another colour helps.
    let over = {
        let block = frustum(40.0, 14.0, 1.3);
        found(&block, Process::Fdm).unwrap().remove(0)
    };
    assert_eq!(
        (over.zone.manner, over.facing),
        (Manner::TwoColours, Facing::OnPlate)
    );
    assert_eq!(over.zone.depth_um, 300);
    // What is too thin for a recess may take a raised mark, but not on the plate.
    let foil = &found(&cuboid([40.0, 36.0, 0.5]), Process::Fdm).unwrap()[0];
    assert_eq!((foil.zone.manner, foil.zone.wall_um), (Manner::Raised, 500));
    let raised = found(&cuboid([40.0, 36.0, 1.0]), Process::Fdm).unwrap();
    assert!(raised.iter().all(
        |place| place.zone.manner == Manner::Raised && place.remarks.contains(&Remark::Raised)
    ));
    assert!(
        raised.iter().all(|place| place.facing == Facing::Up),
        "{raised:?}"
    );
    let sla = &found(&cuboid([40.0, 36.0, 1.0]), Process::Sla).unwrap()[0];
    assert_eq!((sla.zone.module_um, sla.zone.depth_um), (500, 500));
    assert!(sla.remarks.contains(&Remark::Shallow) && sla.zone.manner == Manner::Recessed);
    // As deep as is best, and no deeper, where there is enough.
    let thick = &found(&cuboid([40.0, 36.0, 5.0]), Process::Fdm).unwrap()[0];
    assert_eq!(thick.zone.depth_um, thick.zone.module_um * 3 / 2 / 10 * 10);
    assert_eq!(thick.thickness_mm, 5.0);
}

#[test]
fn a_place_keeps_clear_of_what_is_hollow_behind_it() {
    // The left half of the plate is hollow 1 mm below its face.
    let mut mesh = cuboid([40.0, 20.0, 6.0]);
    let hollow = cuboid([18.0, 16.0, 3.0])
        .triangles
        .into_iter()
        .map(|mut t| {
            t.swap(0, 1);
            t.map(|[x, y, z]| [x + 2.0, y + 2.0, z + 2.0])
        });
    mesh.triangles.extend(hollow);
    let places = found(&mesh, Process::Fdm).unwrap();
    let top = places.iter().find(|place| place.facing == Facing::Up);
    let zone = top.unwrap().zone;
    assert!(
        zone.centre_um[0] - i64::from(zone.width_um / 2) > 19_990,
        "{zone:?}"
    );
    assert_eq!(top.unwrap().thickness_mm, 6.0);
}

#[test]
fn a_part_without_a_place_hears_what_came_nearest() {
    let small = found(&cuboid([9.1, 9.1, 9.1]), Process::Fdm)
        .unwrap_err()
        .to_string();
    let start = "the largest flat square is 9.1 mm, around (";
    let end = "a Data Matrix of 0.8 mm modules needs 14.4 mm; with SLA it would fit";
    assert!(small.starts_with(start) && small.ends_with(end), "{small}");
    found(&cuboid([9.1, 9.1, 9.1]), Process::Sls).unwrap();
    let tiny = found(&cuboid([4.0, 4.0, 4.0]), Process::Fdm).unwrap_err();
    assert!(
        matches!(tiny, NoPlace::TooSmall { fits: None, .. }),
        "{tiny}"
    );
}

#[test]
fn the_face_on_the_plate_is_the_last_resort() {
    let part = frustum(40.0, 20.0, 8.0);
    let places = found(&part, Process::Fdm).unwrap();
    let on_plate = places
        .iter()
        .find(|place| place.facing == Facing::OnPlate)
        .unwrap();
    assert!(matches!(on_plate.remarks[0], Remark::Facing(_)));
    assert_eq!(places[0].facing, Facing::Up);
    assert_eq!(places.last(), Some(on_plate));
    // Turned over, the same face is the best of all: it takes an address.
    let forms = forms(HOST).unwrap();
    let over = Wish {
        up: [0.0, 0.0, -2.0],
        ..wish(Process::Fdm, &forms)
    };
    let best = &search(&part, &over).unwrap()[0];
    assert_eq!(
        (best.facing, best.symbol.kind),
        (Facing::Up, SymbolKind::QrUrl)
    );
    assert_eq!(best.zone.normal_e6, [0, 0, -1_000_000]);
    // Held up, it hangs over nothing.
    let table = {
        let mut table = part;
        table.triangles.extend(
            cuboid([2.0, 2.0, 1.0])
                .triangles
                .iter()
                .map(|t| t.map(|[x, y, z]| [x + 50.0, y, z - 20.0])),
        );
        table
    };
    let hanging = found(&table, Process::Fdm).unwrap();
    assert!(hanging.iter().any(|place| place.facing == Facing::OverGap));
}

#[test]
fn a_face_that_no_camera_sees_is_no_place() {
    // A box in a box: the inner one has faces, and nobody sees them.
    let mut mesh = cuboid([60.0, 60.0, 60.0]);
    mesh.triangles.extend(
        cuboid([40.0, 40.0, 40.0])
            .triangles
            .into_iter()
            .map(|mut t| {
                t.swap(0, 1);
                t.map(|[x, y, z]| [x + 10.0, y + 10.0, z + 10.0])
            }),
    );
    for place in found(&mesh, Process::Fdm).unwrap() {
        let [x, y, z] = place.zone.centre_um;
        assert!(
            [x, y, z].iter().any(|c| [0, 60_000].contains(c)),
            "{place:?}"
        );
        assert_eq!(place.seen_e3, 1000);
    }
    // Across a slot of 4 mm, the walls are seen from nowhere, from the open end of a wide one from some sides.
    let frame = crate::fixtures::top_zone([60.0, 60.0, 60.0], 20.0)
        .frame()
        .unwrap();
    let lid = |gap: f32| Mesh {
        triangles: cuboid([60.0, 60.0, 1.0])
            .triangles
            .into_iter()
            .map(|t| t.map(|[x, y, z]| [x, y, z + 60.0 + gap]))
            .collect(),
    };
    assert_eq!(seen::seen_e3(&lid(4.0), &frame, 10.0), 0);
    assert_eq!(seen::seen_e3(&lid(-0.99), &frame, 10.0), 1000);
    let beside = Mesh {
        triangles: lid(30.0)
            .triangles
            .into_iter()
            .map(|t| t.map(|[x, y, z]| [x + 45.0, y, z]))
            .collect(),
    };
    let some = seen::seen_e3(&beside, &frame, 10.0);
    assert!((500..1000).contains(&some), "{some}");
}

#[test]
fn hostile_meshes_are_refused_by_name() {
    let refused = |mesh: &Mesh| match found(mesh, Process::Fdm) {
        Err(NoPlace::Zone(ZoneError::Mesh(error))) => error,
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(&Mesh { triangles: vec![] }), MeshError::Empty);
    let mut mesh = cuboid([20.0, 20.0, 20.0]);
    mesh.triangles[3][1][2] = f32::NAN;
    assert_eq!(refused(&mesh), MeshError::NotFinite { triangle: 3 });
    mesh.triangles[3][1][2] = 1e30;
    assert_eq!(refused(&mesh), MeshError::OutOfRange { triangle: 3 });
    let mesh = cuboid([20.0, 20.0, 20.0]);
    let forms = forms(HOST).unwrap();
    for up in [[0.0; 3], [f64::NAN, 0.0, 1.0]] {
        let wish = Wish {
            up,
            ..wish(Process::Fdm, &forms)
        };
        assert_eq!(search(&mesh, &wish), Err(ZoneError::BadFrame.into()));
    }
    assert_eq!(
        search(&mesh, &wish(Process::Fdm, &[])),
        Err(NoPlace::NoSymbol)
    );
}

/// A plate whose top is a grid of so many cells, each raised in its middle.
fn quilt(cells: u16, raised: f32) -> Mesh {
    let side = 100.0 / f32::from(cells);
    let at = |i: u16, j: u16| [f32::from(i) * side, f32::from(j) * side, 5.0];
    let mut mesh = Mesh { triangles: vec![] };
    for (i, j) in (0..cells).flat_map(|i| (0..cells).map(move |j| (i, j))) {
        let ring = [at(i, j), at(i + 1, j), at(i + 1, j + 1), at(i, j + 1)];
        let [x, y, z] = ring[0];
        let tip = [x + side / 2.0, y + side / 2.0, z + raised];
        mesh.triangles
            .extend((0..4).map(|k| [ring[k], ring[(k + 1) % 4], tip]));
    }
    let rim: Vec<[f32; 3]> = (0..cells)
        .map(|i| at(i, 0))
        .chain((0..cells).map(|i| at(cells, i)))
        .chain((0..cells).map(|i| at(cells - i, cells)))
        .chain((0..cells).map(|i| at(0, cells - i)))
        .collect();
    let middle = [50.0, 50.0, 0.0];
    for (i, &from) in rim.iter().enumerate() {
        mesh.triangles
            .push([from, middle, rim[(i + 1) % rim.len()]]);
    }
    mesh
}

#[test]
fn a_face_of_many_triangles_is_one_face_and_many_small_faces_are_none() {
    let flat = quilt(160, 0.0);
    assert!(flat.triangles.len() > 100_000);
    let place = &found(&flat, Process::Fdm).unwrap()[0];
    assert_eq!(
        (place.facing, place.symbol.kind),
        (Facing::Up, SymbolKind::QrUrl)
    );
    let rough = quilt(160, 0.2);
    // Its four lower sides remain.
    let places = found(&rough, Process::Fdm).unwrap();
    assert_eq!(places.len(), 4);
    assert!(
        places.iter().all(|place| place.facing == Facing::OverGap),
        "{places:?}"
    );
}

#[test]
fn a_search_is_bounded_by_counted_work() {
    // A comb of ten thousand teeth, and as many blocked needles across it.
    let mut corners: Vec<Point> = Vec::new();
    for tooth in 0..5_000 {
        let x = f64::from(tooth) * 0.02;
        corners.extend([[x, 0.0], [x + 0.01, 60.0]]);
    }
    corners.extend([[100.0, 90.0], [0.0, 90.0]]);
    let next = corners.iter().cycle().skip(1);
    let border: Vec<Border> = corners
        .iter()
        .zip(next)
        .map(|(&from, &to)| Border {
            ends: [from, to],
            beyond: Beyond::Falls,
        })
        .collect();
    let needle = |i: u32| {
        let x = f64::from(i) * 0.01;
        vec![[x, 80.0], [x + 0.005, 89.0], [x, 89.0]]
    };
    let blocked: Vec<Vec<Point>> = (0..10_000).map(needle).collect();
    let room = Room::new(&border, &blocked);
    let wanted = Wanted {
        above_mm: 5.0,
        enough_mm: f64::INFINITY,
    };
    let (square, work) = square::largest_counted(&room, wanted);
    let side_mm = 2.0 * square.unwrap().half_mm;
    assert!((15.0..20.01).contains(&side_mm), "{side_mm}");
    assert!(work < 3 * square::MAX_WORK, "{work}");
}

#[test]
fn forms_are_those_that_fitting_makes() {
    let made = forms("mark.example.org").unwrap();
    let kinds: Vec<(SymbolKind, u32)> = made.iter().map(|form| (form.kind, form.modules)).collect();
    assert_eq!(
        kinds,
        [
            (SymbolKind::QrUrl, 41),
            (SymbolKind::QrUrl, 37),
            (SymbolKind::QrUrl, 33),
            (SymbolKind::QrBare, 29),
            (SymbolKind::DataMatrixBare, 18),
        ]
    );
    assert!(forms("").is_err());
}

#[test]
fn what_is_found_touches_nothing() {
    // Every corner of every zone lies within the part's box, and clear of its sides.
    for sides in [[14.45, 30.0, 8.0], [33.0, 14.42, 14.42]] {
        for place in found(&cuboid(sides), Process::Fdm).unwrap() {
            let frame = place.zone.frame().unwrap();
            let half = f64::from(place.zone.width_um) / 2000.0;
            for (x, y) in [(-half, -half), (half, -half), (half, half), (-half, half)] {
                let corner = frame.world([x, y, 0.0]);
                for axis in 0..3 {
                    assert!((-1e-6..=f64::from(sides[axis]) + 1e-6).contains(&corner[axis]));
                }
                assert!(length(sub(corner, frame.origin)) > half);
            }
        }
    }
}
