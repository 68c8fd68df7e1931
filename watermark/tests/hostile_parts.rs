//! Parts and zones that nobody made in good faith: each is refused by name or marked rightly, and none ends the process.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use proptest::prelude::*;
use threadmark_watermark::mesh::{Mesh, MeshError, MeshLimits};
use threadmark_watermark::relief::{ReliefError, embed};
use threadmark_watermark::symbol::Symbol;
use threadmark_watermark::zone::{Manner, Zone, ZoneError};

type Triangle = [[f32; 3]; 3];

fn read(bytes: &[u8]) -> Result<Mesh, MeshError> {
    Mesh::from_stl(bytes, &MeshLimits::default())
}

fn cube(low: [f32; 3], side: f32) -> Vec<Triangle> {
    let at = |bits: usize| -> [f32; 3] {
        std::array::from_fn(|axis| low[axis] + if bits >> axis & 1 == 1 { side } else { 0.0 })
    };
    let faces = [
        [0, 2, 3, 1],
        [4, 5, 7, 6],
        [0, 1, 5, 4],
        [2, 6, 7, 3],
        [0, 4, 6, 2],
        [1, 3, 7, 5],
    ];
    let halves = faces.map(|[a, b, c, d]| [[a, b, c], [a, c, d]].map(|t| t.map(at)));
    halves.into_iter().flatten().collect()
}

fn solid(triangles: Vec<Triangle>) -> Result<(), MeshError> {
    let mesh = Mesh { triangles };
    let again = read(&mesh.to_stl())?;
    assert_eq!(again, mesh);
    again.require_solid()
}

/// On the upper face of a cube of 60 mm that begins at the origin.
fn zone() -> Zone {
    Zone {
        centre_um: [30_000, 30_000, 60_000],
        normal_e6: [0, 0, 1_000_000],
        up_e6: [0, 1_000_000, 0],
        width_um: 30_000,
        height_um: 30_000,
        module_um: 600,
        depth_um: 400,
        wall_um: 1_000,
        manner: Manner::Recessed,
    }
}

fn mark(mesh: &Mesh, zone: &Zone) -> Result<(), ReliefError> {
    // Fitted to a good zone where it does not fit this one, so that `embed` has to judge for itself.
    let fitted = Symbol::fitting(zone, "7ZK4M9QX2RT8VWHD", "mark.example");
    let symbol = fitted
        .or_else(|_| Symbol::fitting(&self::zone(), "7ZK4M9QX2RT8VWHD", "mark.example"))
        .unwrap();
    let marked = embed(mesh, zone, &symbol)?;
    marked.mesh.require_solid().unwrap();
    assert!(marked.removed_mm3 > 0.0);
    Ok(())
}

#[test]
fn shells_are_judged_together() {
    let one = cube([0.0; 3], 60.0);
    let beside = cube([100.0, 0.0, 0.0], 60.0);
    assert_eq!(solid(one.clone()), Ok(()));
    assert_eq!(solid([one.clone(), beside].concat()), Ok(()));
    // Two that share an edge, two that are one, one facet twice, one facet missing, one turned over.
    let in_an_edge = [one.clone(), cube([60.0, 60.0, 0.0], 60.0)].concat();
    let twice = [one.clone(), one.clone()].concat();
    for several in [in_an_edge, twice, [one.clone(), vec![one[0]]].concat()] {
        let told = solid(several);
        assert!(
            matches!(told, Err(MeshError::NonManifold { .. })),
            "{told:?}"
        );
    }
    assert_eq!(solid(one[1..].to_vec()), Err(MeshError::Open { edges: 3 }));
    let mut turned = one.clone();
    turned[0].reverse();
    assert_eq!(solid(turned), Err(MeshError::Misoriented { edges: 3 }));
    // Touching in a corner is no edge; a facet without area changes nothing.
    assert_eq!(solid([one.clone(), cube([60.0; 3], 60.0)].concat()), Ok(()));
    let needle = [[1.0; 3], [1.0; 3], [2.0; 3]];
    assert_eq!(solid([one, vec![needle]].concat()), Ok(()));
    let flat = vec![[[0.0; 3], [9.0, 0.0, 0.0], [0.0, 9.0, 0.0]]];
    let both_sides = [flat.clone(), vec![[flat[0][0], flat[0][2], flat[0][1]]]].concat();
    assert_eq!(
        solid(both_sides),
        Err(MeshError::InsideOut { volume_mm3: 0.0 })
    );
}

#[test]
fn other_units_are_named() {
    let told = solid(cube([0.0; 3], 0.06)).unwrap_err();
    assert_eq!(told, MeshError::TooSmall { longest_mm: 0.06 });
    assert!(told.to_string().contains("export it in millimetres"));
    let told = solid(cube([0.0; 3], 1e9)).unwrap_err();
    assert!(
        told.to_string().contains("is the file in millimetres?"),
        "{told}"
    );
    // Ten metres, exported in metres: no mesh says so, but its zone does.
    let mesh = Mesh {
        triangles: cube([0.0; 3], 10.0),
    };
    let told = mark(&mesh, &zone()).unwrap_err();
    assert!(
        matches!(told, ReliefError::Zone(ZoneError::LargerThanPart { .. })),
        "{told}"
    );
}

#[test]
fn numbers_in_texts_have_any_length() {
    let facet = |number: &str| {
        format!(
            "solid x\nfacet normal 0 0 0\nouter loop\nvertex {number} 0 0\nvertex 5 0 0\nvertex 0 5 0\nendloop\nendfacet\nendsolid x\n"
        )
    };
    let digits = "1".repeat(1_000_000);
    for (number, expected) in [
        (format!("0.{digits}"), Ok(0.111_111_11)),
        ("-0".to_owned(), Ok(-0.0)),
        (digits.clone(), Err(MeshError::NotFinite { triangle: 0 })),
        ("1e9".to_owned(), Err(MeshError::OutOfRange { triangle: 0 })),
        ("nan".to_owned(), Err(MeshError::NotFinite { triangle: 0 })),
        (
            "-infinity".to_owned(),
            Err(MeshError::NotFinite { triangle: 0 }),
        ),
        (
            "0x10".to_owned(),
            Err(MeshError::MalformedText {
                word: 10,
                expected: "a number",
            }),
        ),
        (
            "１".to_owned(),
            Err(MeshError::MalformedText {
                word: 10,
                expected: "a number",
            }),
        ),
    ] {
        let found = read(facet(&number).as_bytes()).map(|mesh| mesh.triangles[0][0][0]);
        assert_eq!(found, expected, "{}", &number[..number.len().min(20)]);
    }
    let name = "x".repeat(5_000_000);
    assert!(
        read(
            facet("0")
                .replace("solid x", &format!("solid {name}"))
                .as_bytes()
        )
        .is_ok()
    );
}

fn extreme() -> impl Strategy<Value = i64> {
    prop_oneof![
        Just(0),
        Just(i64::MAX),
        Just(i64::MIN),
        Just(1 << 53),
        -100_000_i64..100_000,
    ]
}

fn size() -> impl Strategy<Value = u32> {
    prop_oneof![
        Just(0),
        Just(1),
        Just(u32::MAX),
        Just(10_000_000),
        1..100_000_u32
    ]
}

proptest! {
    /// Zones with absurd boxes, axes, modules and depths: one field or all of them.
    #[test]
    fn no_zone_ends_the_process(
        centre in prop::array::uniform3(extreme()),
        normal in prop::array::uniform3(prop_oneof![Just(0), Just(1_000_000), Just(i32::MIN), any::<i32>()]),
        sizes in prop::array::uniform5(size()),
        which in 0_u8..128,
    ) {
        let mesh = Mesh { triangles: cube([0.0; 3], 60.0) };
        let mut zone = zone();
        let pick = |bit: u8| which >> bit & 1 == 1;
        if pick(0) { zone.centre_um = centre; }
        if pick(1) { zone.normal_e6 = normal; }
        if pick(2) { zone.width_um = sizes[0]; }
        if pick(3) { zone.height_um = sizes[1]; }
        if pick(4) { zone.module_um = sizes[2]; }
        if pick(5) { zone.depth_um = sizes[3]; }
        if pick(6) { zone.wall_um = sizes[4]; }
        let _ = zone.check(&mesh);
        let _ = mark(&mesh, &zone);
    }

    /// Meshes of a few corners, joined at random: whatever is called a solid takes a mark or says why not.
    #[test]
    fn no_mesh_ends_the_process(
        corners in prop::collection::vec(prop::array::uniform3(prop_oneof![Just(0.0_f32), Just(60.0), Just(-0.0), Just(1e-40), Just(9_999.0)]), 1..6),
        joined in prop::collection::vec(prop::array::uniform3(0_usize..6), 0..30),
    ) {
        let corner = |i: usize| corners[i % corners.len()];
        let mut triangles = cube([0.0; 3], 60.0);
        triangles.extend(joined.iter().map(|t| t.map(corner)));
        let mesh = Mesh { triangles };
        let _ = mark(&mesh, &zone());
        let _ = Mesh { triangles: mesh.triangles[12..].to_vec() }.require_solid();
    }
}
