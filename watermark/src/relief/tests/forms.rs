//! Raised marks, inlays, and what the local way cannot do.

use super::*;
use crate::mesh::MeshLimits;

fn raised_in(zone: &Zone) -> Zone {
    Zone {
        manner: Manner::Raised,
        ..*zone
    }
}

fn volume(mesh: &Mesh) -> f64 {
    mesh.require_solid().unwrap();
    mesh.check().volume_mm3
}

#[test]
fn a_raised_mark_adds_just_what_a_recess_takes() {
    let zone = top_zone(SIDES, 30.0);
    let symbol = Symbol::fitting(&zone, TEXT, "m.ex").unwrap();
    let mesh = cuboid(SIDES);
    let recessed = embed(&mesh, &zone, &symbol).unwrap();
    let raised = embed(&mesh, &raised_in(&zone), &symbol).unwrap();
    assert!((recessed.removed_mm3 + raised.removed_mm3).abs() < 1e-3);
    assert_eq!(recessed.kept_triangles, raised.kept_triangles);
    assert_eq!(raised.mesh.check().bbox_mm[1][2], 6.2);
    assert_eq!(
        height_at(&raised.mesh, 17.0, 16.5) > 5.5,
        symbol.dark(12, 12)
    );
    for marked in [&recessed, &raised] {
        let share = volume(&marked.inlay) / marked.removed_mm3.abs();
        assert!((share - 1.0).abs() < 1e-5, "{share}");
        assert_eq!(marked.way, Way::Local);
    }
    // With what fills the recesses, the part is whole again; without what is raised, too.
    assert!((volume(&recessed.mesh) + volume(&recessed.inlay) - volume(&mesh)).abs() < 1e-3);
    assert!((volume(&raised.mesh) - volume(&raised.inlay) - volume(&mesh)).abs() < 1e-3);
}

#[test]
fn a_wall_that_is_too_thin_for_a_recess_takes_a_raised_mark() {
    let sides = [34.0, 33.0, 1.6];
    let zone = top_zone(sides, 30.0);
    let symbol = Symbol::fitting(&zone, TEXT, "m.ex").unwrap();
    let recessed = embed(&cuboid(sides), &zone, &symbol).unwrap_err();
    assert!(matches!(
        recessed,
        ReliefError::Zone(ZoneError::TooThin { .. })
    ));
    embed(&cuboid(sides), &raised_in(&zone), &symbol).unwrap();
    let thinner = [34.0, 33.0, 1.4];
    let refused = embed(
        &cuboid(thinner),
        &raised_in(&top_zone(thinner, 30.0)),
        &symbol,
    );
    assert!(matches!(
        refused,
        Err(ReliefError::Zone(ZoneError::TooThin { .. }))
    ));
}

#[test]
fn the_inlay_shares_its_corners_with_the_recess() {
    let marked = fixtures::access_cover().marked(TEXT);
    let bits = |v: &[f32; 3]| v.map(f32::to_bits);
    let part: std::collections::HashSet<_> = marked
        .mesh
        .triangles
        .as_flattened()
        .iter()
        .map(bits)
        .collect();
    assert!(
        marked
            .inlay
            .triangles
            .as_flattened()
            .iter()
            .all(|v| part.contains(&bits(v)))
    );
}

/// A shelf that hangs over the zone, as a shell of its own, `gap` above the face.
fn under_a_shelf(gap: f32) -> Mesh {
    let mut mesh = cuboid(SIDES);
    let shelf = cuboid([10.0, 10.0, 3.0]);
    let up = |[x, y, z]: [f32; 3]| [x + 12.0, y + 12.0, z + SIDES[2] + gap];
    mesh.triangles
        .extend(shelf.triangles.iter().map(|t| t.map(up)));
    mesh
}

#[test]
fn a_relief_crosses_nothing() {
    let zone = top_zone(SIDES, 30.0);
    let symbol = drawn(25, |x, y| (x + y) % 3 == 0);
    let raise = |gap| embed(&under_a_shelf(gap), &raised_in(&zone), &symbol);
    assert!(raise(1.3).is_ok());
    for gap in [1.2, 0.6] {
        let told = raise(gap);
        assert!(
            matches!(told, Err(ReliefError::Zone(ZoneError::Obstructed { .. }))),
            "{gap} {told:?}"
        );
    }
    // A shell that reaches into the face from above, and a recess cut around it.
    let refused = embed(&under_a_shelf(-0.5), &zone, &symbol);
    assert!(refused.is_err(), "{refused:?}");
}

/// A cuboid with a strip along its top that is half a micrometre higher: as flat as a file can say. Where the strip ends at
/// the side, two corners of the face's outline stand above each other, so no triangulation in the plane exists.
pub(in crate::relief) fn stepped() -> Mesh {
    let [x, y, low] = SIDES;
    let (high, m, n) = (low + 0.000_5, x / 2.0 - 3.0, x / 2.0 + 3.0);
    // From one side to the other along the top, and along the bottom below it.
    let top = [
        [0.0, low],
        [m, low],
        [m, high],
        [n, high],
        [n, low],
        [x, low],
    ];
    let bottom = [[0.0, 0.0], [m, 0.0], [n, 0.0], [x, 0.0]];
    let mut triangles = Vec::new();
    let mut along = |[from, to]: [[f32; 2]; 2]| {
        let at = |[x, z]: [f32; 2], y: f32| [x, y, z];
        let [a, b, c, d] = [at(from, 0.0), at(to, 0.0), at(to, y), at(from, y)];
        triangles.extend([[a, b, c], [a, c, d]]);
    };
    top.windows(2).for_each(|w| along([w[0], w[1]]));
    bottom.windows(2).for_each(|w| along([w[1], w[0]]));
    along([bottom[0], top[0]]);
    along([top[5], bottom[3]]);
    let caps = [
        [bottom[0], bottom[1], top[1]],
        [bottom[0], top[1], top[0]],
        [bottom[1], bottom[2], top[1]],
        [bottom[2], top[4], top[1]],
        [top[1], top[4], top[2]],
        [top[4], top[3], top[2]],
        [bottom[2], bottom[3], top[5]],
        [bottom[2], top[5], top[4]],
    ];
    for [a, b, c] in caps {
        triangles.push([a, b, c].map(|[x, z]| [x, 0.0, z]));
        triangles.push([a, c, b].map(|[x, z]| [x, y, z]));
    }
    Mesh { triangles }
}

#[test]
fn a_face_with_a_step_in_it_takes_its_mark_by_a_boolean() {
    let mesh = stepped();
    mesh.require_solid().unwrap();
    let zone = top_zone(SIDES, 30.0);
    let symbol = Symbol::fitting(&zone, TEXT, "m.ex").unwrap();
    for zone in [zone, raised_in(&zone)] {
        let marked = embed(&mesh, &zone, &symbol).unwrap();
        assert_eq!(marked.way, Way::Boolean);
        volume(&marked.mesh);
        let expected = symbol.dark_modules() as f64 * 0.64 * 1.2;
        assert!((marked.removed_mm3.abs() / expected - 1.0).abs() < 2e-3);
        let again = embed(&mesh, &zone, &symbol).unwrap();
        assert_eq!(marked.mesh.to_stl(), again.mesh.to_stl());
    }
}

/// The digest of what the boolean way makes, pinned like that of the local way.
#[test]
fn the_boolean_way_gives_the_same_bytes_always() {
    let zone = top_zone(SIDES, 30.0);
    let symbol = Symbol::fitting(&zone, TEXT, "m.ex").unwrap();
    let stl = embed(&stepped(), &zone, &symbol).unwrap().mesh.to_stl();
    assert!(Mesh::from_stl(&stl, &MeshLimits::default()).is_ok());
    let digest: String = Sha256::digest(stl)
        .iter()
        .map(|b| format!("{b:02x}"))
        .collect();
    assert_eq!(
        digest,
        "46b1f71db5eb4c1c2667bb4381c3a92d3ab42d36cd05a1e24441f307673e1271"
    );
}

#[test]
fn both_ways_make_the_same_part() {
    let zone = top_zone(SIDES, 30.0);
    let mesh = cuboid(SIDES);
    let symbol = Symbol::fitting(&zone, TEXT, "m.ex").unwrap();
    let face = zone.face(&mesh).unwrap();
    let outlines = outline::trace(&symbol, 0.8);
    let task = Task {
        mesh: &mesh,
        face: &face,
        rim: Rim::of(&outlines.loops, &face.frame, 1.2),
        symbol: &symbol,
        module_mm: 0.8,
        depth_mm: 1.2,
        dark_mm2: outlines.area_mm2,
    };
    let (local, boolean) = (task.local().unwrap(), task.by_boolean().unwrap());
    assert!((local.removed_mm3 - boolean.removed_mm3).abs() < 1e-3);
    assert!((local.mesh.check().area_mm2 - boolean.mesh.check().area_mm2).abs() < 1e-2);
}
