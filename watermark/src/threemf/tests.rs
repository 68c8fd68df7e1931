mod hostile;
mod written;

use super::*;
use crate::fixtures::cuboid;
use std::io::{Cursor, Write as _};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

const SIDES: [f32; 3] = [30.0, 20.0, 5.0];
const TYPES: &str = r#"<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="model" ContentType="application/vnd.ms-package.3dmanufacturing-3dmodel+xml"/></Types>"#;
const RELS: &str = r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Target="/3D/3dmodel.model" Id="r" Type="http://schemas.microsoft.com/3dmanufacturing/2013/01/3dmodel"/></Relationships>"#;

fn read(bytes: &[u8]) -> Result<Package, ThreemfError> {
    Package::read(bytes, &PackageLimits::default())
}

/// A zip of these files, deflated as others do it.
fn zipped(files: &[(&str, &[u8])]) -> Vec<u8> {
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        zip.start_file(*name, options).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn package(model: &str) -> Vec<u8> {
    zipped(&[
        ("[Content_Types].xml", TYPES.as_bytes()),
        ("_rels/.rels", RELS.as_bytes()),
        ("3D/3dmodel.model", model.as_bytes()),
    ])
}

fn mesh_xml() -> String {
    let mesh = cuboid([1.0, 1.0, 1.0]);
    let mut corners: Vec<[f32; 3]> = mesh.triangles.as_flattened().to_vec();
    corners.sort_by(|a, b| a.partial_cmp(b).unwrap());
    corners.dedup();
    let at = |v: &[f32; 3]| corners.iter().position(|c| c == v).unwrap();
    let vertices: String = corners
        .iter()
        .map(|[x, y, z]| format!(r#"<vertex x="{x}" y="{y}" z="{z}"/>"#))
        .collect();
    let triangles: String = mesh
        .triangles
        .iter()
        .map(|[a, b, c]| {
            format!(
                r#"<triangle v1="{}" v2="{}" v3="{}"/>"#,
                at(a),
                at(b),
                at(c)
            )
        })
        .collect();
    format!("<mesh><vertices>{vertices}</vertices><triangles>{triangles}</triangles></mesh>")
}

/// A model with the cube of side 1 as object 1.
fn model(attributes: &str, more: &str, build: &str) -> String {
    let mesh = mesh_xml();
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?><model xmlns="http://schemas.microsoft.com/3dmanufacturing/core/2015/02" xmlns:p="http://schemas.microsoft.com/3dmanufacturing/production/2015/06" {attributes}><resources><object id="1" p:UUID="11111111-aaaa-4bbb-8ccc-000000000001">{mesh}</object>{more}</resources><build p:UUID="AAAAAAAA-aaaa-4bbb-8ccc-000000000002">{build}</build></model>"#
    )
}

fn built(attributes: &str, more: &str, build: &str) -> Result<Package, ThreemfError> {
    read(&package(&model(attributes, more, build)))
}

#[test]
fn units_and_transforms_are_applied_and_solids_stay_solids() {
    for (unit, mm) in [
        ("millimeter", 1.0),
        ("inch", 25.4),
        ("meter", 1000.0),
        ("centimeter", 10.0),
        ("foot", 304.8),
    ] {
        let item = r#"<item objectid="1"/>"#;
        let read = built(&format!(r#"unit="{unit}""#), "", item).unwrap();
        let report = read.items[0].mesh.check();
        report.require_solid().unwrap();
        assert!(
            (report.volume_mm3 / f64::powi(mm, 3) - 1.0).abs() < 1e-6,
            "{unit}"
        );
    }
    let moved = r#"<item objectid="1" transform="0 2 0 -2 0 0 0 0 2 10 20 30"/>"#;
    let report = built("", "", moved).unwrap().items[0].mesh.check();
    report.require_solid().unwrap();
    assert_eq!(report.bbox_mm, [[8.0, 20.0, 30.0], [10.0, 22.0, 32.0]]);
    // What is mirrored would be inside out.
    let mirrored = r#"<item objectid="1" transform="-3 0 0 0 1 0 0 0 1 0 0 0"/>"#;
    let report = built("", "", mirrored).unwrap().items[0].mesh.check();
    report.require_solid().unwrap();
    assert!((report.volume_mm3 - 3.0).abs() < 1e-6);
}

#[test]
fn components_are_put_together() {
    let two = r#"<object id="2"><components><component objectid="1" transform="1 0 0 0 1 0 0 0 1 5 0 0"/><component objectid="1"/></components></object>
        <object id="3" name="pair &amp; pair" partnumber="P-1"><components><component objectid="2" transform="2 0 0 0 2 0 0 0 2 0 0 1"/></components></object>"#;
    let package = built(
        "",
        two,
        r#"<item objectid="3" partnumber="I-1"/><item objectid="1"/>"#,
    )
    .unwrap();
    assert_eq!(package.items.len(), 2);
    let item = &package.items[0];
    assert_eq!(
        (item.name.as_deref(), item.part_number.as_deref()),
        (Some("pair & pair"), Some("P-1"))
    );
    assert_eq!(item.item_part_number.as_deref(), Some("I-1"));
    let report = item.mesh.check();
    report.require_solid().unwrap();
    assert_eq!((report.triangles, report.volume_mm3.round()), (24, 16.0));
    assert_eq!(report.bbox_mm, [[0.0, 0.0, 1.0], [12.0, 2.0, 3.0]]);
}

#[test]
fn other_models_of_the_package_are_read() {
    let other = model("", "", "").replace("00000001", "0000000f");
    let root = r#"<?xml version="1.0"?><model xmlns="http://schemas.microsoft.com/3dmanufacturing/core/2015/02" xmlns:q="http://schemas.microsoft.com/3dmanufacturing/production/2015/06" requiredextensions="q"><resources/><build><item objectid="1" q:path="/3D/parts/one.model"/></build></model>"#;
    let files = |root: &str, other: &str| {
        zipped(&[
            ("[Content_Types].xml", TYPES.as_bytes()),
            ("_rels/.rels", RELS.as_bytes()),
            ("3D/3dmodel.model", root.as_bytes()),
            ("3D/parts/one.model", other.as_bytes()),
        ])
    };
    let read_one = read(&files(root, &other)).unwrap();
    assert_eq!(
        read_one.items[0].object_uuid.as_ref().unwrap().as_str(),
        "11111111-aaaa-4bbb-8ccc-00000000000f"
    );
    for path in [
        "/3D/parts/none.model",
        "3D/parts/one.model",
        "/3D/../one.model",
        "http://there/x",
    ] {
        let root = root.replace("/3D/parts/one.model", path);
        assert!(read(&files(&root, &other)).is_err(), "{path}");
    }
    let inches = other.replace("<model ", r#"<model unit="inch" "#);
    assert!(matches!(
        read(&files(root, &inches)),
        Err(ThreemfError::Model(_))
    ));
    let leads_on = model(
        "",
        r#"<object id="2"><components><component objectid="1" p:path="/3D/3dmodel.model"/></components></object>"#,
        "",
    );
    assert!(matches!(
        read(&files(root, &leads_on)),
        Err(ThreemfError::Model(_))
    ));
}

#[test]
fn supports_are_no_parts_and_unknown_content_is_said() {
    let support = r#"<object id="2" type="support"><components><component objectid="1"/></components></object>"#;
    let package = built("", support, r#"<item objectid="1"/><item objectid="2"/>"#).unwrap();
    assert_eq!(
        [package.items[0].kind, package.items[1].kind],
        [ObjectKind::Model, ObjectKind::Support]
    );
    assert!(matches!(
        package.clone().only_part(),
        Err(ThreemfError::Model(_))
    ));
    let colours = r##"<m:colorgroup xmlns:m="http://schemas.microsoft.com/3dmanufacturing/material/2015/02" id="9"><m:color color="#FFFFFF"/></m:colorgroup><basematerials id="8"><base name="a" displaycolor="red"/></basematerials>"##;
    let left_out = built("", colours, r#"<item objectid="1"/>"#)
        .unwrap()
        .left_out;
    assert_eq!(
        left_out.into_iter().collect::<Vec<_>>(),
        ["colours and materials"]
    );
}
