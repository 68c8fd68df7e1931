//! Owns: where in a model an element stands, by the namespaces and names of the specifications. Must never know: attributes.

use crate::threemf::ThreemfError;

pub(super) const CORE: &[u8] = b"http://schemas.microsoft.com/3dmanufacturing/core/2015/02";
pub(super) const PRODUCTION: &[u8] =
    b"http://schemas.microsoft.com/3dmanufacturing/production/2015/06";
/// The form of the specification before it was published.
const CORE_2013: &[u8] = b"http://schemas.microsoft.com/3dmanufacturing/2013/01";
pub(super) const MATERIALS: &[u8] =
    b"http://schemas.microsoft.com/3dmanufacturing/material/2015/02";
pub(super) const TRIANGLE_SETS: &[u8] =
    b"http://schemas.microsoft.com/3dmanufacturing/trianglesets/2021/07";
const SLICES: &[u8] = b"http://schemas.microsoft.com/3dmanufacturing/slice/2015/07";

/// Beginnings of the namespaces of extensions that add to the shape of an object or replace it.
const GEOMETRY: [&[u8]; 4] = [
    b"http://schemas.microsoft.com/3dmanufacturing/beamlattice/",
    b"http://schemas.3mf.io/3dmanufacturing/booleanoperations/",
    b"http://schemas.microsoft.com/3dmanufacturing/displacement/",
    b"http://schemas.3mf.io/3dmanufacturing/displacement/",
];

/// An element that the reader knows what to do with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Model,
    Metadata,
    Resources,
    /// A resource that is no object.
    Resource,
    Object,
    Mesh,
    Vertices,
    Vertex,
    Triangles,
    Triangle,
    Components,
    Component,
    Build,
    Item,
    /// Passed over, with everything in it.
    Foreign,
}

impl Place {
    /// The place of an element within another.
    pub(super) fn within(
        outer: Option<Self>,
        (space, name): (&[u8], &[u8]),
    ) -> Result<Self, ThreemfError> {
        let Some(outer) = outer else {
            return match (space, name) {
                (CORE, b"model") => Ok(Self::Model),
                (CORE_2013, _) => Err(ThreemfError::Model(
                    "it is of the draft of 2013, not of 3MF Core",
                )),
                _ => Err(ThreemfError::Model("its root is no model of 3MF Core")),
            };
        };
        if space != CORE {
            let among = outer == Self::Resources;
            return Ok(if among { Self::Resource } else { Self::Foreign });
        }
        Ok(match (outer, name) {
            (Self::Model, b"metadata") => Self::Metadata,
            (Self::Model, b"resources") => Self::Resources,
            (Self::Model, b"build") => Self::Build,
            (Self::Resources, b"object") => Self::Object,
            (Self::Resources, _) => Self::Resource,
            (Self::Object, b"mesh") => Self::Mesh,
            (Self::Object, b"components") => Self::Components,
            (Self::Mesh, b"vertices") => Self::Vertices,
            (Self::Mesh, b"triangles") => Self::Triangles,
            (Self::Vertices, b"vertex") => Self::Vertex,
            (Self::Triangles, b"triangle") => Self::Triangle,
            (Self::Components, b"component") => Self::Component,
            (Self::Build, b"item") => Self::Item,
            _ => Self::Foreign,
        })
    }
}

/// Whether a file may demand the extension: what it adds is read, or does not change the shape.
pub(super) fn is_read(space: &[u8]) -> bool {
    [CORE, PRODUCTION, MATERIALS, TRIANGLE_SETS].contains(&space)
}

pub(super) fn is_geometry(space: &[u8]) -> bool {
    GEOMETRY
        .iter()
        .any(|beginning| space.starts_with(beginning))
}

/// What is left out, for people.
pub(super) fn words(space: &[u8]) -> String {
    match space {
        CORE | MATERIALS => "colours and materials".to_owned(),
        TRIANGLE_SETS => "sets of triangles".to_owned(),
        SLICES => crate::threemf::SLICES.to_owned(),
        other => {
            let printable = |c: &char| c.is_ascii_graphic();
            let name = String::from_utf8_lossy(other);
            name.chars().filter(printable).take(120).collect()
        }
    }
}
