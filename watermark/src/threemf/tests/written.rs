//! What is written: read again by us and by another implementation's rules.

use super::*;
use crate::fixtures::{TEXT, access_cover};

#[test]
fn what_is_written_reads_as_the_same() {
    let mut package = Package::of(vec![Item::of(cuboid(SIDES)), Item::of(access_cover().mesh)]);
    package.metadata = vec![("Title".to_owned(), "a < b & \"c\"".to_owned())];
    package.items[0].name = Some("<left>".to_owned());
    package.items[1].kind = ObjectKind::Support;
    let bytes = package.write().unwrap();
    assert!(looks_like_3mf(&bytes));
    assert_eq!(read(&bytes).unwrap(), package);
    assert_eq!(bytes, package.write().unwrap());
}

#[test]
fn every_coordinate_comes_back_bit_by_bit() {
    let mut mesh = cuboid([30.0, 20.0, 5.0]);
    let odd = [
        1.0e-7,
        0.1 + 0.2,
        9_999.999,
        -3.3333333,
        1.0e-40,
        16_777_216.0 / 1_678.0,
    ];
    for (corner, value) in mesh
        .triangles
        .as_flattened_mut()
        .iter_mut()
        .zip(odd.iter().cycle())
    {
        corner[0] = *value;
    }
    let package = Package::of(vec![Item::of(mesh)]);
    assert_eq!(read(&package.write().unwrap()).unwrap(), package);
}

#[test]
fn identifiers_are_kept() {
    let build = r#"<item objectid="1" p:UUID="22222222-aaaa-4bbb-8ccc-000000000003"/>"#;
    let mut package = built("", "", build).unwrap();
    package.items[0].mesh = cuboid(SIDES);
    let again = read(&package.write().unwrap()).unwrap();
    assert_eq!(again, package);
    let uuids = [
        &again.build_uuid,
        &again.items[0].object_uuid,
        &again.items[0].item_uuid,
    ];
    let texts = uuids.map(|uuid| uuid.as_ref().unwrap().as_str().to_owned());
    assert_eq!(
        texts,
        [
            "aaaaaaaa-aaaa-4bbb-8ccc-000000000002",
            "11111111-aaaa-4bbb-8ccc-000000000001",
            "22222222-aaaa-4bbb-8ccc-000000000003"
        ]
    );
}

/// The text of the model in a package of ours.
fn model_of(package: &Package) -> String {
    let bytes = package.write().unwrap();
    let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut text = String::new();
    std::io::Read::read_to_string(&mut zip.by_name("3D/3dmodel.model").unwrap(), &mut text)
        .unwrap();
    text
}

#[test]
fn two_colours_are_two_objects_with_a_material_on_every_triangle() {
    let marked = access_cover().marked(TEXT);
    let mut item = Item::of(marked.mesh.clone());
    item.inlay = Some(marked.inlay.clone());
    item.object_uuid = Uuid::parse("11111111-aaaa-4bbb-8ccc-000000000001");
    let package = Package::of(vec![item]);
    let text = model_of(&package);
    let triangles = marked.mesh.triangles.len();
    let count = |what: &str| text.matches(what).count();
    assert_eq!(count(r#" pid="1" p1="0"/>"#), triangles);
    assert_eq!(count(r#" pid="1" p1="1"/>"#), marked.inlay.triangles.len());
    assert_eq!(
        (count("<mesh>"), count("<component "), count("<item ")),
        (2, 2, 1)
    );
    assert!(text.find("<basematerials").unwrap() < text.find("<object").unwrap());
    assert!(!text.contains("colorgroup"));
    // Each of ours has an identifier of its own, made of the part's.
    let uuids: BTreeSet<&str> = text
        .split("p:UUID=\"")
        .skip(1)
        .map(|rest| &rest[..36])
        .collect();
    assert_eq!(uuids.len(), 5);
    assert!(uuids.iter().all(|uuid| Uuid::parse(uuid).is_some()));
    let again = read(&package.write().unwrap()).unwrap();
    let together = marked.mesh.triangles.len() + marked.inlay.triangles.len();
    assert_eq!(again.items[0].mesh.triangles.len(), together);
    assert_eq!(again.items[0].object_uuid, package.items[0].object_uuid);
}
