//! Owns: the form in which packages are written. Must never know: how others write theirs.
//! Spec: 3MF Core 1.3, 3MF Production 1.1.2, ECMA-376 part 2.
//!
//! A body and its inlay are two objects under one that holds both, so that no slicer moves them apart, and every triangle
//! names its base material: slicers that do not read materials still see two volumes.

use super::{Item, ObjectKind, Package, ThreemfError, Uuid};
use crate::mesh::{Mesh, VertexKey, vertex_key};
use quick_xml::escape::escape;
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::io::{Cursor, Write};
use zip::result::ZipError;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, System, ZipWriter};

const CONTENT_TYPES: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="model" ContentType="application/vnd.ms-package.3dmanufacturing-3dmodel+xml"/></Types>
"#;
const RELATIONSHIPS: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Target="/3D/3dmodel.model" Id="model" Type="http://schemas.microsoft.com/3dmanufacturing/2013/01/3dmodel"/></Relationships>
"#;
const MODEL: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<model unit="millimeter" xml:lang="en-US" xmlns="http://schemas.microsoft.com/3dmanufacturing/core/2015/02" xmlns:p="http://schemas.microsoft.com/3dmanufacturing/production/2015/06">
"#;
/// What the two materials look like on a screen, and the id that they have in the model.
const MATERIALS: &str = r##"  <basematerials id="1"><base name="Body" displaycolor="#F0F0F0FF"/><base name="Mark" displaycolor="#101010FF"/></basematerials>
"##;

/// A base material, as an object's default, which the specification asks for, and on each of its triangles.
struct Material {
    object: &'static str,
    triangle: &'static str,
}

const NONE: Material = Material {
    object: "",
    triangle: "",
};
const BODY: Material = Material {
    object: r#" pid="1" pindex="0""#,
    triangle: r#" pid="1" p1="0""#,
};
const MARK: Material = Material {
    object: r#" pid="1" pindex="1""#,
    triangle: r#" pid="1" p1="1""#,
};

pub(super) fn file(package: &Package) -> Result<Vec<u8>, ThreemfError> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .last_modified_time(DateTime::default())
        .unix_permissions(0o644)
        .system(System::Unix);
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in [
        ("[Content_Types].xml", CONTENT_TYPES),
        ("_rels/.rels", RELATIONSHIPS),
    ] {
        zip.start_file(name, options)?;
        zip.write_all(content.as_bytes()).map_err(ZipError::Io)?;
    }
    zip.start_file("3D/3dmodel.model", options)?;
    model(&mut zip, package).map_err(ZipError::Io)?;
    Ok(zip.finish()?.into_inner())
}

fn model(out: &mut impl Write, package: &Package) -> std::io::Result<()> {
    out.write_all(MODEL.as_bytes())?;
    for (name, text) in &package.metadata {
        writeln!(
            out,
            r#" <metadata name="{}">{}</metadata>"#,
            escape(name),
            escape(text)
        )?;
    }
    writeln!(out, " <resources>")?;
    if package.items.iter().any(|item| item.inlay.is_some()) {
        out.write_all(MATERIALS.as_bytes())?;
    }
    let mut next_id = 2;
    let mut placed = Vec::with_capacity(package.items.len());
    for item in &package.items {
        placed.push((object(out, item, &mut next_id)?, item));
    }
    writeln!(
        out,
        " </resources>\n <build{}>",
        uuid(package.build_uuid.as_ref())
    )?;
    for (id, item) in placed {
        let number = attribute("partnumber", item.item_part_number.as_deref());
        let own = uuid(item.item_uuid.as_ref());
        writeln!(out, r#"  <item objectid="{id}"{number}{own}/>"#)?;
    }
    writeln!(out, " </build>\n</model>")
}

/// Writes the object or objects of an item; the id is that of the one to be built.
fn object(out: &mut impl Write, item: &Item, next_id: &mut u32) -> std::io::Result<u32> {
    let mut take = || {
        *next_id += 1;
        *next_id - 1
    };
    let own = Head {
        name: item.name.as_deref(),
        part_number: item.part_number.as_deref(),
        uuid: item.object_uuid.clone(),
        kind: item.kind,
    };
    let Some(inlay) = &item.inlay else {
        let id = take();
        mesh(out, id, &own, &item.mesh, &NONE)?;
        return Ok(id);
    };
    let derived = |role: &str| item.object_uuid.as_ref().map(|uuid| derive(uuid, role));
    let [body, mark, both] = [take(), take(), take()];
    let part = |name, role: &str| Head {
        name: Some(name),
        part_number: None,
        uuid: derived(role),
        kind: item.kind,
    };
    mesh(out, body, &part("body", "body"), &item.mesh, &BODY)?;
    mesh(out, mark, &part("mark", "mark"), inlay, &MARK)?;
    own.open(out, both, "")?;
    writeln!(out, "   <components>")?;
    for (id, role) in [(body, "body in place"), (mark, "mark in place")] {
        let placed = uuid(derived(role).as_ref());
        writeln!(out, r#"    <component objectid="{id}"{placed}/>"#)?;
    }
    writeln!(out, "   </components>\n  </object>")?;
    Ok(both)
}

struct Head<'a> {
    name: Option<&'a str>,
    part_number: Option<&'a str>,
    uuid: Option<Uuid>,
    kind: ObjectKind,
}

impl Head<'_> {
    fn open(&self, out: &mut impl Write, id: u32, property: &str) -> std::io::Result<()> {
        let kind = match self.kind {
            ObjectKind::Model => "model",
            ObjectKind::Support => "support",
            ObjectKind::Surface => "surface",
            ObjectKind::Other => "other",
        };
        let name = attribute("name", self.name);
        let number = attribute("partnumber", self.part_number);
        let own = uuid(self.uuid.as_ref());
        writeln!(
            out,
            r#"  <object id="{id}" type="{kind}"{name}{number}{own}{property}>"#
        )
    }
}

fn attribute(name: &str, value: Option<&str>) -> String {
    value.map_or_else(String::new, |value| {
        format!(r#" {name}="{}""#, escape(value))
    })
}

fn uuid(uuid: Option<&Uuid>) -> String {
    attribute("p:UUID", uuid.map(Uuid::as_str))
}

/// The UUID of what we make of an object: version 8 of RFC 9562, from a digest of the object's own and of the role.
fn derive(uuid: &Uuid, role: &str) -> Uuid {
    let digest = Sha256::digest(format!("threadmark 3mf {} {role}", uuid.as_str()));
    let mut bytes: [u8; 16] = std::array::from_fn(|at| digest[at]);
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let mut text = String::with_capacity(36);
    for (at, byte) in bytes.iter().enumerate() {
        let dash = if matches!(at, 4 | 6 | 8 | 10) {
            "-"
        } else {
            ""
        };
        write!(text, "{dash}{byte:02x}").expect("a string takes what is written to it");
    }
    Uuid(text)
}

fn mesh(
    out: &mut impl Write,
    id: u32,
    head: &Head,
    mesh: &Mesh,
    material: &Material,
) -> std::io::Result<()> {
    head.open(out, id, material.object)?;
    writeln!(out, "   <mesh>\n    <vertices>")?;
    let numbers = vertices(out, mesh)?;
    writeln!(out, "    </vertices>\n    <triangles>")?;
    let property = material.triangle;
    for [a, b, c] in numbers.as_chunks::<3>().0 {
        writeln!(
            out,
            r#"     <triangle v1="{a}" v2="{b}" v3="{c}"{property}/>"#
        )?;
    }
    writeln!(out, "    </triangles>\n   </mesh>\n  </object>")
}

/// Writes each corner once, in the order of their bits, and gives the number of each triangle's.
fn vertices(out: &mut impl Write, mesh: &Mesh) -> std::io::Result<Vec<u32>> {
    let mut corners: Vec<(VertexKey, u32)> = mesh
        .triangles
        .as_flattened()
        .iter()
        .zip(0..)
        .map(|(&corner, at)| (vertex_key(corner), at))
        .collect();
    corners.sort_unstable();
    let mut numbers = vec![0; corners.len()];
    for (same, number) in corners.chunk_by(|one, other| one.0 == other.0).zip(0..) {
        let [x, y, z] = same[0].0.map(f32::from_bits);
        writeln!(out, r#"     <vertex x="{x}" y="{y}" z="{z}"/>"#)?;
        for &(_, at) in same {
            numbers[at as usize] = number;
        }
    }
    Ok(numbers)
}
