//! Owns: what a strict reader must not pass over: content of no known meaning where it could make another part of the one that is
//! read. Must never know: what is done about it.
//!
//! Extensions that a file demands are refused anyway. Of the others, readers that know them may build something else: so an
//! unknown element in a mesh, an object, the resources or the build counts, and an unknown attribute of whatever is placed.
//! Properties of corners and triangles do not: 3MF has colours there, and demands that others' be passed over.

use super::place::{CORE, MATERIALS, PRODUCTION, Place, TRIANGLE_SETS};
use crate::threemf::ThreemfError;
use crate::threemf::xml::Element;

/// An element that was passed over, and where it stands; in words where it counts.
pub(super) fn element(outer: Place, element: &Element) -> Option<String> {
    let (space, name) = element.name();
    let shapes = matches!(
        outer,
        Place::Resources
            | Place::Object
            | Place::Mesh
            | Place::Vertices
            | Place::Vertex
            | Place::Triangles
            | Place::Triangle
            | Place::Components
            | Place::Component
            | Place::Build
            | Place::Item
    );
    let harmless = match (outer, space, name) {
        (_, MATERIALS | TRIANGLE_SETS, _) => true,
        (Place::Resources, CORE, b"basematerials") => true,
        // 3MF Core 1.3 has groups of metadata in both.
        (Place::Object | Place::Item, CORE, b"metadatagroup") => true,
        _ => !shapes,
    };
    (!harmless).then(|| words(name))
}

/// The first attribute that says something unknown of what is built.
pub(super) fn attribute(place: Place, element: &Element) -> Result<Option<String>, ThreemfError> {
    let known: &[&[u8]] = match place {
        Place::Object => &[
            b"id",
            b"name",
            b"partnumber",
            b"type",
            b"pid",
            b"pindex",
            b"thumbnail",
        ],
        Place::Item => &[b"objectid", b"transform", b"partnumber", b"printable"],
        Place::Component => &[b"objectid", b"transform"],
        Place::Mesh | Place::Vertices | Place::Triangles | Place::Components | Place::Build => &[],
        _ => return Ok(None),
    };
    let mut found = None;
    element.attributes(|space, name, _| {
        let is_known = match space {
            b"" => known.contains(&name),
            PRODUCTION => [&b"UUID"[..], b"path"].contains(&name),
            _ => false,
        };
        if !is_known && found.is_none() {
            found = Some(words(name));
        }
        Ok(())
    })?;
    Ok(found)
}

fn words(name: &[u8]) -> String {
    let name = String::from_utf8_lossy(name);
    let printable = |c: &char| c.is_ascii_graphic();
    name.chars().filter(printable).take(60).collect()
}
