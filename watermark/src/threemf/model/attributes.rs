//! Owns: what the attributes of a model's elements say, each checked where it is read. Must never know: where the elements
//! stand. Spec: 3MF Core 3 and 4, 3MF Production 4.

use super::{Body, Object, is_core, is_production};
use crate::threemf::transform::Transform;
use crate::threemf::xml::{Element, malformed};
use crate::threemf::{ObjectKind, ThreemfError, Uuid};
use std::borrow::Cow;

/// Longest name or number of a part, in bytes.
const MAX_NAME_BYTES: usize = 4096;

/// The length that a coordinate of 1 stands for.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(in crate::threemf) struct Unit {
    micron: f64,
}

impl Unit {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let micron = match text {
            "micron" => 1.0,
            "millimeter" => 1_000.0,
            "centimeter" => 10_000.0,
            "inch" => 25_400.0,
            "foot" => 304_800.0,
            "meter" => 1_000_000.0,
            _ => return None,
        };
        Some(Self { micron })
    }

    /// Millimetres of a coordinate of 1. The specification's default is the millimetre.
    pub(in crate::threemf) fn mm(self) -> f64 {
        match self.micron {
            0.0 => 1.0,
            micron => micron / 1_000.0,
        }
    }
}

/// An object within another.
pub(in crate::threemf) struct Component {
    pub(in crate::threemf) object: u32,
    pub(in crate::threemf) path: Option<String>,
    pub(in crate::threemf) transform: Transform,
}

/// An object on the build plate.
pub(in crate::threemf) struct Placed {
    pub(in crate::threemf) component: Component,
    pub(in crate::threemf) uuid: Option<Uuid>,
    pub(in crate::threemf) part_number: Option<String>,
}

pub(super) fn id(text: &str) -> Result<u32, ThreemfError> {
    let parsed = text.trim().parse::<u32>().ok();
    parsed
        .filter(|id| (1..1 << 31).contains(id))
        .ok_or(ThreemfError::Model(
            "an id is no positive number below 2^31",
        ))
}

fn parse_uuid(text: &str) -> Result<Uuid, ThreemfError> {
    Uuid::parse(text).ok_or(ThreemfError::Model("a UUID is malformed"))
}

/// The UUID of the production extension, where the element has one.
pub(super) fn uuid(element: &Element) -> Result<Option<Uuid>, ThreemfError> {
    let mut found = None;
    element.attributes(|space, name, value| {
        if is_production(space) && name == b"UUID" {
            found = Some(parse_uuid(&value)?);
        }
        Ok(())
    })?;
    Ok(found)
}

/// Text that can be written to XML again.
pub(super) fn plain(text: String) -> Result<String, ThreemfError> {
    let allowed = |c: char| !c.is_control() || matches!(c, '\t' | '\n' | '\r');
    match text.chars().all(allowed) && !text.contains(['\u{fffe}', '\u{ffff}']) {
        true => Ok(text),
        false => Err(malformed("a text has characters that XML does not allow")),
    }
}

fn name(value: Cow<str>) -> Result<Option<String>, ThreemfError> {
    if value.len() > MAX_NAME_BYTES {
        return Err(ThreemfError::Limit("a name is too long"));
    }
    plain(value.into_owned()).map(Some)
}

pub(super) fn object(element: &Element) -> Result<(u32, Object), ThreemfError> {
    let mut found = Object {
        kind: ObjectKind::Model,
        name: None,
        part_number: None,
        uuid: None,
        body: Body::Components(Vec::new()),
    };
    let (mut own, mut property, mut index) = (None, false, false);
    element.attributes(|space, key, value| {
        match (is_core(space), key) {
            (true, b"id") => own = Some(id(&value)?),
            (true, b"name") => found.name = name(value)?,
            (true, b"partnumber") => found.part_number = name(value)?,
            (true, b"type") => found.kind = kind(&value)?,
            (true, b"pid") => property = true,
            (true, b"pindex") => index = true,
            (false, b"UUID") if is_production(space) => found.uuid = Some(parse_uuid(&value)?),
            _ => {}
        }
        Ok(())
    })?;
    if index && !property {
        return Err(ThreemfError::Model(
            "an object has a property index and no property",
        ));
    }
    let own = own.ok_or(ThreemfError::Model("an object has no id"))?;
    Ok((own, found))
}

fn kind(text: &str) -> Result<ObjectKind, ThreemfError> {
    match text {
        "model" => Ok(ObjectKind::Model),
        "support" | "solidsupport" => Ok(ObjectKind::Support),
        "surface" => Ok(ObjectKind::Surface),
        "other" => Ok(ObjectKind::Other),
        _ => Err(ThreemfError::Model("an object is of an unknown type")),
    }
}

pub(super) fn component(element: &Element) -> Result<Component, ThreemfError> {
    Ok(item(element)?.component)
}

pub(super) fn item(element: &Element) -> Result<Placed, ThreemfError> {
    let (mut object, mut path, mut transform) = (None, None, Transform::scaling(1.0));
    let (mut uuid, mut part_number) = (None, None);
    element.attributes(|space, key, value| {
        match (is_core(space), key) {
            (true, b"objectid") => object = Some(id(&value)?),
            (true, b"transform") => transform = Transform::parse(&value)?,
            (true, b"partnumber") => part_number = name(value)?,
            // No word of the specification, but slicers write it, and heed it.
            (true, b"printable") if *value == *"0" => {
                return Err(ThreemfError::Model("an item is not to be printed"));
            }
            (false, b"path") if is_production(space) => path = Some(part_name(&value)?),
            (false, b"UUID") if is_production(space) => uuid = Some(parse_uuid(&value)?),
            _ => {}
        }
        Ok(())
    })?;
    let object = object.ok_or(ThreemfError::Model("a component or item names no object"))?;
    Ok(Placed {
        component: Component {
            object,
            path,
            transform,
        },
        uuid,
        part_number,
    })
}

/// An absolute name within the package.
fn part_name(text: &str) -> Result<String, ThreemfError> {
    let steps_back = text.split('/').any(|step| step == ".." || step == ".");
    if text.contains("://") || steps_back {
        return Err(ThreemfError::External);
    }
    match text.starts_with('/') && text.len() <= MAX_NAME_BYTES {
        true => Ok(text.to_owned()),
        false => Err(ThreemfError::Model(
            "a path to another model is not absolute",
        )),
    }
}

pub(super) fn vertex(element: &Element) -> Result<[f64; 3], ThreemfError> {
    let mut corner = [None; 3];
    element.attributes(|space, key, value| {
        let axis = match (is_core(space), key) {
            (true, b"x") => 0,
            (true, b"y") => 1,
            (true, b"z") => 2,
            _ => return Ok(()),
        };
        corner[axis] = value.trim().parse::<f64>().ok().filter(|c| c.is_finite());
        Ok(())
    })?;
    match corner {
        [Some(x), Some(y), Some(z)] => Ok([x, y, z]),
        _ => Err(ThreemfError::Model("a vertex is not three finite numbers")),
    }
}

pub(super) fn triangle(element: &Element) -> Result<[u32; 3], ThreemfError> {
    let mut corners = [None; 3];
    element.attributes(|space, key, value| {
        let which = match (is_core(space), key) {
            (true, b"v1") => 0,
            (true, b"v2") => 1,
            (true, b"v3") => 2,
            _ => return Ok(()),
        };
        corners[which] = value.trim().parse::<u32>().ok();
        Ok(())
    })?;
    match corners {
        [Some(a), Some(b), Some(c)] if a != b && b != c && c != a => Ok([a, b, c]),
        [Some(_), Some(_), Some(_)] => Err(ThreemfError::Model("a triangle names a vertex twice")),
        _ => Err(ThreemfError::Model(
            "a triangle does not name three vertices",
        )),
    }
}
