use super::*;
use crate::fixtures::cuboid;
use std::io::Cursor;

const SIDES: [f32; 3] = [30.0, 20.0, 5.0];

fn parse(bytes: &[u8]) -> Result<Mesh, MeshError> {
    Mesh::from_stl(bytes, &MeshLimits::default())
}

fn text_of(mesh: &Mesh) -> String {
    let facets: String = mesh
        .triangles
        .iter()
        .map(|t| {
            let corners: String = t
                .iter()
                .map(|[x, y, z]| format!("      vertex {x} {y} {z:e}\n"))
                .collect();
            format!("  facet normal nan 0 0\n    outer loop\n{corners}    endloop\n  endfacet\n")
        })
        .collect();
    format!("solid a facetted part\n{facets}endsolid a facetted part\n")
}

#[test]
fn binary_stl_round_trips_and_others_read_it() {
    let mesh = cuboid(SIDES);
    let bytes = mesh.to_stl();
    assert_eq!(bytes.len(), 84 + 50 * 12);
    assert_eq!(parse(&bytes).unwrap(), mesh);
    assert_eq!(bytes, mesh.to_stl());

    let foreign = stl_io::read_stl(&mut Cursor::new(&bytes)).unwrap();
    foreign.validate().unwrap();
    for (theirs, ours) in foreign.into_triangle_vec().iter().zip(&mesh.triangles) {
        assert_eq!(theirs.vertices.map(|v| v.0), *ours);
        assert_eq!(theirs.normal.0, normal(ours));
    }
}

#[test]
fn text_stl_reads_as_the_same_mesh() {
    let mesh = cuboid(SIDES);
    let text = text_of(&mesh);
    assert_eq!(parse(text.as_bytes()).unwrap(), mesh);
    assert_eq!(parse(text.replace('\n', "\r").as_bytes()).unwrap(), mesh);
    assert_eq!(
        parse(text.to_uppercase().replace("NAN", "nan").as_bytes()).unwrap(),
        mesh
    );

    let twice = parse(format!("{text}{text}").as_bytes()).unwrap();
    assert_eq!(twice.triangles.len(), 24);
}

#[test]
fn a_binary_file_that_begins_with_solid_is_binary() {
    let mesh = cuboid(SIDES);
    let mut bytes = mesh.to_stl();
    bytes[..5].copy_from_slice(b"solid");
    assert_eq!(parse(&bytes).unwrap(), mesh);
}

/// The cuboid's file with one field overwritten.
fn patched(at: usize, field: &[u8]) -> Vec<u8> {
    let mut bytes = cuboid(SIDES).to_stl();
    bytes[at..at + field.len()].copy_from_slice(field);
    bytes
}

type Case = (&'static str, Vec<u8>, MeshError);

fn assert_refused(cases: Vec<Case>) {
    for (name, bytes, refusal) in cases {
        assert_eq!(parse(&bytes), Err(refusal), "{name}");
    }
}

#[test]
fn hostile_binary_files_are_refused_by_name() {
    let good = cuboid(SIDES).to_stl();
    let second_corner = 84 + 50 * 3 + 12;
    let not_finite = MeshError::NotFinite { triangle: 3 };
    let lying = |declared, held| MeshError::LyingCount { declared, held };
    assert_refused(vec![
        ("nothing", vec![], MeshError::Empty),
        ("half a header", good[..40].to_vec(), MeshError::Truncated),
        (
            "a header alone",
            [&good[..80], &[0; 4]].concat(),
            MeshError::Empty,
        ),
        (
            "cut in a record",
            good[..good.len() - 1].to_vec(),
            MeshError::Truncated,
        ),
        (
            "cut between records",
            good[..good.len() - 50].to_vec(),
            lying(12, 11),
        ),
        (
            "something behind",
            [&good[..], b"x"].concat(),
            lying(12, 12),
        ),
        ("count of none", patched(80, &[0; 4]), lying(0, 12)),
        ("count of all", patched(80, &[0xff; 4]), lying(u32::MAX, 12)),
        (
            "nan",
            patched(second_corner, &f32::NAN.to_le_bytes()),
            not_finite.clone(),
        ),
        (
            "inf",
            patched(second_corner, &f32::INFINITY.to_le_bytes()),
            not_finite,
        ),
        (
            "10 m and a hair",
            patched(second_corner, &10_001_f32.to_le_bytes()),
            MeshError::OutOfRange { triangle: 3 },
        ),
    ]);
}

#[test]
fn hostile_texts_are_refused_by_name() {
    let text = text_of(&cuboid(SIDES));
    let malformed = |word, expected| MeshError::MalformedText { word, expected };
    assert_refused(vec![
        (
            "text of none",
            b"solid\nendsolid\n".to_vec(),
            MeshError::Empty,
        ),
        (
            "text cut in a facet",
            text.as_bytes()[..200].to_vec(),
            MeshError::Truncated,
        ),
        (
            "text without end",
            text.split("endsolid").next().unwrap().into(),
            MeshError::Truncated,
        ),
        (
            "text with a word for a number",
            text.replacen("vertex 0", "vertex zero", 1).into(),
            malformed(12, "a number"),
        ),
        (
            "text with two corners",
            text.replacen("endloop", "endfacet", 1).into(),
            malformed(23, "endloop"),
        ),
        (
            "text with nan",
            text.replacen("vertex 0", "vertex nan", 1).into(),
            MeshError::NotFinite { triangle: 0 },
        ),
    ]);
}

#[test]
fn limits_hold_for_both_forms() {
    let mesh = cuboid(SIDES);
    let limits = MeshLimits {
        max_bytes: 100_000,
        max_triangles: 11,
    };
    for bytes in [mesh.to_stl(), text_of(&mesh).into_bytes()] {
        let refusal = MeshError::TooManyTriangles {
            triangles: 12,
            max: 11,
        };
        assert_eq!(Mesh::from_stl(&bytes, &limits), Err(refusal));
        let tight = MeshLimits {
            max_bytes: bytes.len() - 1,
            ..limits
        };
        assert!(matches!(
            Mesh::from_stl(&bytes, &tight),
            Err(MeshError::TooManyBytes { .. })
        ));
    }
}

#[test]
fn a_cuboid_is_a_solid_of_its_volume_wherever_it_lies() {
    for offset in [0.0, -40.0, 9_000.0] {
        let mut mesh = cuboid(SIDES);
        for v in mesh.triangles.as_flattened_mut() {
            *v = v.map(|c| c + offset);
        }
        let report = mesh.check();
        assert_eq!(
            (
                report.triangles,
                report.vertices,
                report.degenerate_triangles
            ),
            (12, 8, 0)
        );
        assert!((report.volume_mm3 - 3000.0).abs() < 1e-6, "{report:?}");
        assert!((report.area_mm2 - 1700.0).abs() < 1e-6, "{report:?}");
        assert_eq!(report.bbox_mm[0], [offset; 3]);
        mesh.require_solid().unwrap();
    }
}

#[test]
fn what_is_no_solid_is_refused_by_name() {
    let change = |f: fn(&mut Vec<[[f32; 3]; 3]>)| {
        let mut mesh = cuboid(SIDES);
        f(&mut mesh.triangles);
        mesh.require_solid().unwrap_err()
    };
    assert_eq!(change(Vec::clear), MeshError::Empty);
    assert_eq!(change(|t| t.truncate(11)), MeshError::Open { edges: 3 });
    assert_eq!(
        change(|t| t[4].swap(0, 1)),
        MeshError::Misoriented { edges: 3 }
    );
    assert_eq!(
        change(|t| t.iter_mut().for_each(|t| t.swap(0, 1))),
        MeshError::InsideOut {
            volume_mm3: -3000.0
        }
    );
    assert_eq!(
        change(|t| t[2][0][1] = f32::NAN),
        MeshError::NotFinite { triangle: 2 }
    );
    // A second box that shares the edge along z at the origin.
    let beside = |t: &mut Vec<[[f32; 3]; 3]>| {
        let turned = t.iter().map(|t| t.map(|[x, y, z]| [-x, -y, z]));
        t.extend(turned.collect::<Vec<_>>());
    };
    assert_eq!(change(beside), MeshError::NonManifold { edges: 1 });
}

#[test]
fn both_zeros_are_one_corner_and_needles_count_as_degenerate() {
    let mut mesh = cuboid(SIDES);
    for v in mesh.triangles[0].as_flattened_mut() {
        *v = if *v == 0.0 { -0.0 } else { *v };
    }
    let [a, b, _] = mesh.triangles[3];
    mesh.triangles.push([a, b, b]);
    let report = mesh.check();
    assert_eq!((report.vertices, report.degenerate_triangles), (8, 1));
    report.require_solid().unwrap();
}

#[test]
fn the_fixture_parts_are_solids() {
    for part in crate::fixtures::all() {
        part.mesh.require_solid().unwrap();
        assert_eq!(part.mesh.check().degenerate_triangles, 0, "{}", part.name);
        let again = parse(&part.mesh.to_stl()).unwrap();
        assert_eq!(again, part.mesh, "{}", part.name);
    }
}
