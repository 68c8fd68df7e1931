use super::*;
use crate::fixtures::cuboid;

const SIDES: [f32; 3] = [30.0, 20.0, 15.0];

fn open(bytes: &[u8]) -> Result<Opened, PartError> {
    leniently(bytes, None, &MeshLimits::default(), None)
}

fn strict(bytes: &[u8]) -> Result<Mesh, PartError> {
    strictly(bytes, None, &MeshLimits::default())
}

/// Mended to the cuboid, said so, and refused by whoever must not mend.
fn mended(bytes: &[u8], expected: &[Repair]) {
    let opened = open(bytes).unwrap();
    assert_eq!(opened.repairs, expected);
    assert!(
        opened
            .repairs
            .iter()
            .all(|repair| repair.to_string().len() > 10)
    );
    let mesh = &opened.package.items[0].mesh;
    assert!((mesh.check().volume_mm3 - 9000.0).abs() < 0.1);
    let refused = strict(bytes).and_then(|mesh| Ok(mesh.require_solid()?));
    assert!(refused.is_err(), "{expected:?}");
    // What comes out needs nothing any more.
    let again = open(&mesh.to_stl()).unwrap();
    assert_eq!(
        (again.repairs.len(), &again.package.items[0].mesh),
        (0, mesh)
    );
    strict(&mesh.to_stl()).unwrap().require_solid().unwrap();
}

fn changed(change: impl FnOnce(&mut Vec<[[f32; 3]; 3]>)) -> Vec<u8> {
    let mut mesh = cuboid(SIDES);
    change(&mut mesh.triangles);
    mesh.to_stl()
}

#[test]
fn a_solid_is_taken_as_it_is() {
    let mesh = cuboid(SIDES);
    let opened = open(&mesh.to_stl()).unwrap();
    assert_eq!(
        (opened.package.items[0].mesh.clone(), opened.repairs),
        (mesh.clone(), vec![])
    );
    let package = Package::of(vec![Item::of(mesh.clone())]);
    let opened = open(&package.write().unwrap()).unwrap();
    assert_eq!((opened.package, opened.repairs), (package.clone(), vec![]));
    assert_eq!(strict(&package.write().unwrap()).unwrap(), mesh);
    let two = Package::of(vec![Item::of(mesh.clone()), Item::of(mesh)])
        .write()
        .unwrap();
    assert!(matches!(strict(&two), Err(PartError::Threemf(_))));
}

/// A package to whoever looks for a zip, and twelve triangles to whoever goes by the count field.
fn both_kinds() -> Vec<u8> {
    let mut bytes = Package::of(vec![Item::of(cuboid(SIDES))]).write().unwrap();
    // The first entry's name begins at byte 30, so the field stands in the first entry's content; the comment of the zip makes
    // up the length.
    let count = u32::from_le_bytes([bytes[80], bytes[81], bytes[82], bytes[83]]);
    assert!(count > 1 << 20);
    let held = bytes.len().div_ceil(50) + 1;
    bytes[80..84].copy_from_slice(&(held as u32).to_le_bytes());
    bytes.resize(84 + 50 * held, 0);
    bytes
}

#[test]
fn name_and_content_must_agree() {
    let mesh = cuboid(SIDES);
    let stl = mesh.to_stl();
    let threemf = Package::of(vec![Item::of(mesh.clone())]).write().unwrap();
    let limits = MeshLimits::default();
    let both = |bytes: &[u8], name: &str| {
        let strict = strictly(bytes, Some(name), &limits);
        let lenient = leniently(bytes, Some(name), &limits, None);
        assert_eq!(strict.is_ok(), lenient.is_ok(), "{name}");
        strict
    };
    for name in ["part.stl", "PART.STL", "part", "part.bin", "old.3mf.stl"] {
        assert_eq!(both(&stl, name).as_ref(), Ok(&mesh), "{name}");
    }
    for name in ["part.3mf", "PART.3MF", "part", "part.zip", "old.stl.3mf"] {
        assert_eq!(both(&threemf, name).as_ref(), Ok(&mesh), "{name}");
    }
    use FileKind::{Stl, Threemf};
    let misnamed = |named, found| Err(PartError::Misnamed { named, found });
    assert_eq!(both(&threemf, "part.stl"), misnamed(Stl, Threemf));
    assert_eq!(both(&stl, "part.3mf"), misnamed(Threemf, Stl));
    let polyglot = both_kinds();
    assert_eq!(both(&polyglot, "part.stl"), misnamed(Stl, Threemf));
    for unsaid in ["part", "part.obj"] {
        assert_eq!(both(&polyglot, unsaid), Err(PartError::TwoKinds));
    }
}

#[test]
fn what_stands_around_the_triangles_is_mended() {
    let good = cuboid(SIDES).to_stl();
    let count = |field: u32| {
        let mut bytes = good.clone();
        bytes[80..84].copy_from_slice(&field.to_le_bytes());
        bytes
    };
    for declared in [0, u32::MAX, 13] {
        mended(&count(declared), &[Repair::Count { declared, held: 12 }]);
    }
    let behind = |bytes: usize| [&good[..], &vec![7; bytes][..]].concat();
    for bytes in [1, 49, 50, 1000] {
        mended(&behind(bytes), &[Repair::Trailing { bytes }]);
    }
    // Too few are not the part: their edges are open.
    assert!(matches!(
        open(&count(11)),
        Err(PartError::Mesh(MeshError::Open { .. }))
    ));
    assert!(matches!(
        open(&good[..good.len() - 50]),
        Err(PartError::Mesh(MeshError::Open { .. }))
    ));
    assert_eq!(
        open(&good[..good.len() - 1]),
        Err(MeshError::Truncated.into())
    );
}

#[test]
fn texts_are_mended() {
    let facets: String = cuboid(SIDES)
        .triangles
        .iter()
        .map(|t| {
            let corners: String = t
                .iter()
                .map(|[x, y, z]| format!("vertex {x} {y} {z} "))
                .collect();
            format!("facet normal 0 0 0\nouter loop\n{corners}\nendloop\nendfacet\n")
        })
        .collect();
    mended(format!("solid\n{facets}").as_bytes(), &[Repair::Unended]);
    let names = facets
        .replace("endloop", "endloop of mine")
        .replace("endfacet", "endfacet this");
    mended(
        format!("solid\n{names}endsolid\n").as_bytes(),
        &[Repair::Words],
    );
    let many = facets.replace("endloop", "endloop a b c d e");
    assert!(matches!(
        open(format!("solid\n{many}endsolid\n").as_bytes()),
        Err(PartError::Mesh(MeshError::MalformedText { .. }))
    ));
}

#[test]
fn what_encloses_nothing_is_left_out() {
    mended(
        &changed(|t| t.push(t[3])),
        &[Repair::Duplicate { triangles: 1 }],
    );
    let all_twice = changed(|t| t.extend(t.clone()));
    mended(&all_twice, &[Repair::Duplicate { triangles: 12 }]);
    let fin = [[0.0, 0.0, 0.0], [30.0, 0.0, 0.0], [5.0, -9.0, 4.0]];
    let back_to_back = changed(|t| t.extend([fin, [fin[0], fin[2], fin[1]]]));
    mended(&back_to_back, &[Repair::BackToBack { triangles: 2 }]);
    // Two halves that were drawn beside each other become one.
    let halves = changed(|t| {
        *t = cuboid([15.0, 20.0, 15.0]).triangles;
        let other: Vec<_> = t
            .iter()
            .map(|t| t.map(|[x, y, z]| [30.0 - x, y, z]))
            .collect();
        t.extend(other.into_iter().map(|[a, b, c]| [a, c, b]));
    });
    let opened = open(&halves).unwrap();
    assert!((opened.package.items[0].mesh.check().volume_mm3 - 9000.0).abs() < 1e-3);
}

#[test]
fn seams_are_closed_and_triangles_turned() {
    let seam = changed(|t| {
        for v in t[..6].as_flattened_mut() {
            v[0] += 0.000_3;
        }
    });
    assert!(
        matches!(&open(&seam).unwrap().repairs[..], [Repair::Welded { corners }] if *corners >= 4)
    );
    let gap = changed(|t| t[0][0][2] -= 0.01);
    assert!(matches!(
        open(&gap),
        Err(PartError::Mesh(MeshError::Open { .. }))
    ));
    mended(
        &changed(|t| t[4].swap(0, 1)),
        &[Repair::Turned { triangles: 1 }],
    );
    mended(
        &changed(|t| t.iter_mut().for_each(|t| t.swap(0, 1))),
        &[Repair::Turned { triangles: 12 }],
    );
    // A shell within another may be a cavity or not: nobody guesses.
    let within = changed(|t| {
        t[4].swap(0, 1);
        let inner = cuboid([3.0; 3]).triangles;
        t.extend(inner.iter().map(|t| t.map(|v| v.map(|c| c + 5.0))));
    });
    assert!(matches!(
        open(&within),
        Err(PartError::Mesh(MeshError::Misoriented { .. }))
    ));
    let hole = changed(|t| t.truncate(11));
    assert_eq!(open(&hole), Err(MeshError::Open { edges: 3 }.into()));
    let edge = changed(|t| {
        let turned: Vec<_> = t.iter().map(|t| t.map(|[x, y, z]| [-x, -y, z])).collect();
        t.extend(turned);
    });
    assert_eq!(open(&edge), Err(MeshError::NonManifold { edges: 1 }.into()));
}

#[test]
fn doubtful_units_are_asked_for_and_never_guessed() {
    let in_unit = |mm: f64| {
        let mut mesh = cuboid(SIDES);
        mesh.scale(1.0 / mm);
        mesh.to_stl()
    };
    for unit in LengthUnit::ALL {
        let bytes = in_unit(unit.mm());
        let told = leniently(&bytes, None, &MeshLimits::default(), Some(unit)).unwrap();
        assert!((told.package.items[0].mesh.check().volume_mm3 - 9000.0).abs() < 0.1);
        assert_eq!(unit.symbol().parse(), Ok(unit));
        match unit {
            LengthUnit::Millimetre => assert_eq!(told.repairs, []),
            _ => {
                let unit_name = unit.symbol();
                assert_eq!(told.repairs, [Repair::Scaled { unit: unit_name }]);
                let refused = open(&bytes).unwrap_err().to_string();
                assert!(
                    refused.contains(&format!("if that is {unit_name}")),
                    "{refused}"
                );
            }
        }
    }
    let nothing = open(&in_unit(1e6)).unwrap_err().to_string();
    assert!(nothing.contains("no unit makes a part"), "{nothing}");
    let package = Package::of(vec![Item::of(cuboid(SIDES))]).write().unwrap();
    let told = leniently(
        &package,
        None,
        &MeshLimits::default(),
        Some(LengthUnit::Inch),
    );
    assert_eq!(told, Err(PartError::UnitTold));
    let nan = changed(|t| t[0][0][0] = f32::NAN);
    assert_eq!(open(&nan), Err(MeshError::NotFinite { triangle: 0 }.into()));
}
