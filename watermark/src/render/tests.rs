use super::*;
use crate::fixtures::{self, TEXT, cuboid, top_zone};
use crate::mesh::Mesh;
use crate::read::{ReadLimits, Reading, Symbology, read};

const SIDES: [f32; 3] = [34.0, 33.0, 5.0];

fn small(camera: Camera) -> Camera {
    Camera {
        width_px: 64,
        height_px: 48,
        ..camera
    }
}

fn pixels(mesh: &Mesh, camera: &Camera) -> image::GrayImage {
    image::load_from_memory(&render(mesh, camera).unwrap())
        .unwrap()
        .into_luma8()
}

#[test]
fn a_seed_makes_one_picture() {
    let zone = top_zone(SIDES, 30.0);
    let shot = |seed| {
        render(
            &cuboid(SIDES),
            &small(Camera::facing(&zone, 20.0, 5.0, seed).unwrap()),
        )
        .unwrap()
    };
    assert_eq!(shot(1), shot(1));
    assert_ne!(shot(1), shot(2));
}

#[test]
fn a_picture_has_the_part_in_the_middle_and_the_background_around() {
    let zone = top_zone(SIDES, 30.0);
    let camera = Camera {
        noise: 0.0,
        fov_deg: 40.0,
        sun_strength: 0.0,
        ..small(Camera::facing(&zone, 0.0, 0.0, 1).unwrap())
    };
    let picture = pixels(&cuboid(SIDES), &camera);
    let expected = |light: f64| (light.powf(1.0 / 2.2) * 255.0).round() as u8;
    assert_eq!(picture.dimensions(), (64, 48));
    assert_eq!(picture.get_pixel(0, 0).0, [expected(0.1)]);
    assert_eq!(picture.get_pixel(32, 24).0, [expected(0.6 * 0.7)]);
}

#[test]
fn the_sun_shades_and_the_sky_darkens_a_recess() {
    let zone = top_zone(SIDES, 30.0);
    let symbol = crate::symbol::Symbol::fitting(&zone, TEXT, fixtures::HOST).unwrap();
    let marked = crate::relief::embed(&cuboid(SIDES), &zone, &symbol).unwrap();
    let bvh = Bvh::of(&marked.mesh.triangles);
    // The dark middle of the upper left finder pattern, and the quiet zone beside it.
    let half = f64::from(symbol.size) / 2.0;
    let floor = [
        17.0 + (1.5 + 1.0 - half) * 0.8,
        16.5 - (3.5 - half) * 0.8,
        3.8 + 1e-3,
    ];
    let face = [17.0 + (-2.0 - half) * 0.8, floor[1], 5.0 + 1e-3];
    let up = [0.05, 0.02, 1.0];
    let low = [-1.0, 0.03, 0.3];
    assert!(!bvh.blocked(floor, up) && !bvh.blocked(face, up));
    assert!(bvh.blocked(floor, low) && !bvh.blocked(face, low));
}

#[test]
fn the_nearest_triangle_is_the_nearest_of_all() {
    let part = fixtures::access_cover();
    let bvh = Bvh::of(&part.mesh.triangles);
    let mut dice = Dice::new(7, 0);
    let mut hits = 0;
    for _ in 0..200 {
        let from = [0; 3].map(|_| dice.unit() * 120.0 - 60.0);
        let to = [0; 3].map(|_| dice.unit() * 30.0 - 15.0);
        let ray = sub(to, from);
        let all = part
            .mesh
            .triangles
            .iter()
            .filter_map(|t| bvh::distance(t, from, ray));
        let slow = all.fold(f64::INFINITY, f64::min);
        let fast = bvh.nearest(from, ray).map_or(f64::INFINITY, |(_, d)| d);
        assert!(slow == fast || (slow - fast).abs() < 1e-9, "{slow} {fast}");
        assert_eq!(bvh.blocked(from, ray), slow.is_finite());
        hits += usize::from(slow.is_finite());
    }
    assert!(hits > 20, "{hits}");
}

#[test]
fn cameras_that_see_nothing_are_refused() {
    let zone = top_zone(SIDES, 30.0);
    let changes = [
        |c: &mut Camera| c.width_px = 0,
        |c: &mut Camera| c.height_px = 10_000,
        |c: &mut Camera| c.fov_deg = 180.0,
        |c: &mut Camera| c.fov_deg = f64::NAN,
        |c: &mut Camera| c.target_mm = c.eye_mm,
        |c: &mut Camera| c.up = sub(c.target_mm, c.eye_mm),
        |c: &mut Camera| c.sun = [0.0; 3],
    ];
    for change in changes {
        let mut camera = Camera::facing(&zone, 0.0, 0.0, 1).unwrap();
        change(&mut camera);
        assert!(matches!(
            render(&cuboid(SIDES), &camera),
            Err(RenderError::BadCamera)
        ));
    }
}

fn read_back(png: &[u8], text: &str) -> Vec<Reading<()>> {
    read(png, &ReadLimits::default(), |t| {
        t.contains(text).then_some(())
    })
    .unwrap_or_default()
}

/// Part, mark, photograph, mark: the whole way round, under a grey sky, a low sun and a high one.
#[test]
fn a_mark_comes_back_from_its_photograph() {
    let sights = [
        (1, 0.0, 25.0, 0.0),
        (2, 12.0, 25.0, 0.5),
        (3, 24.0, 60.0, 0.5),
        (4, 35.0, 25.0, 0.5),
        (5, 35.0, 40.0, 0.5),
    ];
    for part in [fixtures::hinge_bracket(), fixtures::sensor_clip()] {
        let marked = part.marked(TEXT);
        for (seed, tilt_deg, elevation_deg, sun_strength) in sights {
            let turned = Camera::facing(&part.zone, tilt_deg, 40.0 * seed as f64, seed).unwrap();
            let lit = turned.lit(&part.zone, 70.0 * seed as f64, elevation_deg, sun_strength);
            let camera = Camera {
                width_px: 400,
                height_px: 400,
                ..lit.unwrap()
            };
            let readings = read_back(&render(&marked.mesh, &camera).unwrap(), TEXT);
            assert_eq!(readings.len(), 1, "{} seed {seed}", part.name);
            assert_eq!(readings[0].code.text, part.symbol(TEXT).text);
        }
    }
}

/// A face of 15 mm takes a Data Matrix alone.
#[test]
fn a_mark_on_a_small_face_comes_back_from_its_photograph() {
    let sides = [20.0, 20.0, 6.0];
    let zone = top_zone(sides, 15.0);
    let symbol = crate::symbol::Symbol::fitting(&zone, TEXT, fixtures::HOST).unwrap();
    assert_eq!(symbol.size, 16);
    let marked = crate::relief::embed(&cuboid(sides), &zone, &symbol).unwrap();
    for (seed, tilt_deg, elevation_deg, sun_strength) in [
        (1, 0.0, 25.0, 0.0),
        (2, 20.0, 25.0, 0.4),
        (3, 30.0, 40.0, 0.4),
    ] {
        let turned = Camera::facing(&zone, tilt_deg, 50.0 * seed as f64, seed).unwrap();
        let lit = turned.lit(&zone, 70.0 * seed as f64, elevation_deg, sun_strength);
        let camera = Camera {
            width_px: 480,
            height_px: 480,
            ..lit.unwrap()
        };
        let readings = read_back(&render(&marked.mesh, &camera).unwrap(), TEXT);
        assert_eq!(readings.len(), 1, "seed {seed}");
        let code = &readings[0].code;
        assert_eq!(
            (code.text.as_str(), code.symbology),
            (TEXT, Symbology::DataMatrix)
        );
        let sureness = code.sureness.unwrap();
        assert_eq!(sureness.modules, 256);
        assert!(sureness.wrong < 40, "{sureness:?}");
    }
}

#[test]
fn a_part_without_a_mark_shows_none() {
    let part = fixtures::sensor_clip();
    let camera = Camera::facing(&part.zone, 10.0, 0.0, 1).unwrap();
    let png = render(&part.mesh, &small(camera)).unwrap();
    let outcome = read(&png, &ReadLimits::default(), |_| Some(()));
    assert!(
        matches!(outcome, Err(crate::read::ReadError::NoCode(_))),
        "{outcome:?}"
    );
}
