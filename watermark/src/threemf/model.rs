//! Owns: one model part of a package as the specification has it: objects, components, build. Must never know: the zip, or
//! how objects are put together. Spec: 3MF Core 3 and 4, 3MF Production 2 to 4.

mod attributes;
mod place;
mod unread;

pub(super) use attributes::{Component, Placed, Unit};

use super::xml::{Element, Visitor, malformed};
use super::{ObjectKind, PackageLimits, ThreemfError, Uuid};
use crate::mesh::MeshError;
use place::{PRODUCTION, Place};
use std::collections::{BTreeMap, BTreeSet};

/// What the core specification names; everything else that stands in metadata belongs to whoever wrote it.
const METADATA: [&str; 9] = [
    "Title",
    "Designer",
    "Description",
    "Copyright",
    "LicenseTerms",
    "Rating",
    "CreationDate",
    "ModificationDate",
    "Application",
];
/// Most names and resources of one part.
const MAX_RESOURCES: usize = 100_000;

/// A model part as read.
#[derive(Default)]
pub(super) struct ModelPart {
    pub(super) unit: Unit,
    pub(super) metadata: Vec<(String, String)>,
    /// In the order of the file, in which nothing refers forward.
    pub(super) objects: Vec<Object>,
    pub(super) by_id: BTreeMap<u32, usize>,
    pub(super) build_uuid: Option<Uuid>,
    pub(super) items: Vec<Placed>,
    pub(super) left_out: BTreeSet<String>,
    /// The first thing in it that others may build otherwise.
    pub(super) unread: Option<String>,
}

pub(super) struct Object {
    pub(super) kind: ObjectKind,
    pub(super) name: Option<String>,
    pub(super) part_number: Option<String>,
    pub(super) uuid: Option<Uuid>,
    pub(super) body: Body,
}

/// Either triangles or components, never both.
pub(super) enum Body {
    Mesh {
        vertices: Vec<[f64; 3]>,
        triangles: Vec<[u32; 3]>,
    },
    Components(Vec<Component>),
}

/// A model part in the making.
pub(super) struct Reading<'a> {
    pub(super) part: ModelPart,
    limits: &'a PackageLimits,
    places: Vec<Place>,
    /// Names of metadata and ids of resources that were met.
    names: BTreeSet<String>,
    ids: BTreeSet<u32>,
    text: Option<(String, String)>,
    triangles: usize,
    instances: u64,
    sections: [bool; 2],
}

impl<'a> Reading<'a> {
    pub(super) fn new(limits: &'a PackageLimits) -> Self {
        Self {
            part: ModelPart::default(),
            limits,
            places: Vec::new(),
            names: BTreeSet::new(),
            ids: BTreeSet::new(),
            text: None,
            triangles: 0,
            instances: 0,
            sections: [false; 2],
        }
    }

    /// The part, when it has been walked through.
    pub(super) fn finish(self) -> Result<ModelPart, ThreemfError> {
        match self.sections {
            [true, true] => Ok(self.part),
            _ => Err(ThreemfError::Model(
                "a model lacks its resources or its build",
            )),
        }
    }

    fn enter(&mut self, place: Place, element: &Element) -> Result<(), ThreemfError> {
        match place {
            Place::Model => self.model(element)?,
            Place::Metadata => self.metadata(element)?,
            Place::Resources => self.section(0)?,
            Place::Build => {
                self.section(1)?;
                self.part.build_uuid = attributes::uuid(element)?;
            }
            Place::Resource => self.resource(element)?,
            Place::Object => self.object(element)?,
            Place::Mesh => self.body(false)?,
            Place::Components => self.body(true)?,
            Place::Vertex => self.vertex(element)?,
            Place::Triangle => self.triangle(element)?,
            Place::Component => self.component(element)?,
            Place::Item => {
                self.instance()?;
                self.part.items.push(attributes::item(element)?);
            }
            Place::Vertices | Place::Triangles => self.list(place)?,
            Place::Foreign => self.foreign(element)?,
        }
        self.places.push(place);
        Ok(())
    }

    fn section(&mut self, which: usize) -> Result<(), ThreemfError> {
        match std::mem::replace(&mut self.sections[which], true) {
            true => Err(ThreemfError::Model(
                "a model has its resources or its build twice",
            )),
            false => Ok(()),
        }
    }

    fn model(&mut self, element: &Element) -> Result<(), ThreemfError> {
        if let Some(text) = element.attribute("unit")? {
            self.part.unit =
                Unit::parse(&text).ok_or(ThreemfError::Model("its unit is unknown"))?;
        }
        let demanded = element.attribute("requiredextensions")?.unwrap_or_default();
        for prefix in demanded.split_ascii_whitespace() {
            let space = element
                .namespace_of(prefix)
                .ok_or_else(|| malformed("it has a prefix that is not declared"))?;
            if !place::is_read(space.as_bytes()) {
                return Err(ThreemfError::Extension(space));
            }
        }
        Ok(())
    }

    fn metadata(&mut self, element: &Element) -> Result<(), ThreemfError> {
        let name = element
            .attribute("name")?
            .ok_or(ThreemfError::Model("a metadata entry has no name"))?;
        if self.names.len() == MAX_RESOURCES {
            return Err(ThreemfError::Limit("too many metadata entries"));
        }
        if !self.names.insert(name.clone()) {
            return Err(ThreemfError::Model(
                "two metadata entries have the same name",
            ));
        }
        self.text = Some((name, String::new()));
        Ok(())
    }

    /// Anything among the resources that is no object: its id is taken, what it says is not kept.
    fn resource(&mut self, element: &Element) -> Result<(), ThreemfError> {
        self.foreign(element)?;
        if let Some(text) = element.attribute("id")? {
            self.take_id(attributes::id(&text)?)?;
        }
        Ok(())
    }

    fn take_id(&mut self, id: u32) -> Result<(), ThreemfError> {
        if self.ids.len() == MAX_RESOURCES {
            return Err(ThreemfError::Limit("too many resources"));
        }
        match self.ids.insert(id) {
            true => Ok(()),
            false => Err(ThreemfError::Model("two resources have the same id")),
        }
    }

    fn object(&mut self, element: &Element) -> Result<(), ThreemfError> {
        let (id, object) = attributes::object(element)?;
        self.take_id(id)?;
        // It can be referred to only when it is whole: see `close`.
        self.part.objects.push(object);
        self.part.by_id.insert(id, self.part.objects.len() - 1);
        Ok(())
    }

    fn current(&mut self) -> Result<&mut Body, ThreemfError> {
        let object = self.part.objects.last_mut();
        object
            .map(|object| &mut object.body)
            .ok_or(ThreemfError::Model("there is geometry outside of objects"))
    }

    fn body(&mut self, components: bool) -> Result<(), ThreemfError> {
        let body = self.current()?;
        match body {
            Body::Components(known) if known.is_empty() => {}
            _ => return Err(ThreemfError::Model("an object has two bodies")),
        }
        if !components {
            *body = Body::Mesh {
                vertices: Vec::new(),
                triangles: Vec::new(),
            };
        }
        Ok(())
    }

    fn vertex(&mut self, element: &Element) -> Result<(), ThreemfError> {
        let corner = attributes::vertex(element)?;
        // A solid has about half as many corners as triangles; a soup has three to one.
        let most = self.limits.mesh.max_triangles.saturating_mul(3);
        match self.current()? {
            Body::Mesh { vertices, .. } if vertices.len() < most => vertices.push(corner),
            _ => return Err(ThreemfError::Limit("too many vertices")),
        }
        Ok(())
    }

    fn triangle(&mut self, element: &Element) -> Result<(), ThreemfError> {
        let corners = attributes::triangle(element)?;
        self.triangles += 1;
        let max = self.limits.mesh.max_triangles;
        if self.triangles > max {
            let triangles = self.triangles;
            return Err(MeshError::TooManyTriangles { triangles, max }.into());
        }
        if let Body::Mesh {
            vertices,
            triangles,
        } = self.current()?
        {
            if corners.iter().any(|&at| at as usize >= vertices.len()) {
                return Err(ThreemfError::Model(
                    "a triangle names a vertex that is not there",
                ));
            }
            triangles.push(corners);
        }
        Ok(())
    }

    /// A mesh has one list of each: readers differ in what they make of a second one.
    fn list(&mut self, place: Place) -> Result<(), ThreemfError> {
        match self.current()? {
            Body::Mesh {
                vertices,
                triangles,
            } if triangles.is_empty() && (place == Place::Triangles || vertices.is_empty()) => {
                Ok(())
            }
            _ => Err(ThreemfError::Model(
                "a mesh has its vertices or its triangles twice",
            )),
        }
    }

    /// One more object that is placed, by the build or by another object: counted before anything is put together.
    fn instance(&mut self) -> Result<(), ThreemfError> {
        self.instances += 1;
        match self.instances > self.limits.max_instances {
            true => Err(ThreemfError::Limit("too many objects are placed")),
            false => Ok(()),
        }
    }

    /// Components refer to what stands before them, so that no chain of them closes.
    fn component(&mut self, element: &Element) -> Result<(), ThreemfError> {
        self.instance()?;
        let component = attributes::component(element)?;
        let own = self.part.objects.len() - 1;
        if component.path.is_none() {
            match self.part.by_id.get(&component.object) {
                Some(&at) if at < own => {}
                _ => {
                    return Err(ThreemfError::Model(
                        "a component refers to an object that is not defined before it",
                    ));
                }
            }
        }
        match self.current()? {
            Body::Components(known) => known.push(component),
            Body::Mesh { .. } => return Err(ThreemfError::Model("a component in a mesh")),
        }
        Ok(())
    }

    /// What belongs to no specification that is read: passed over and said, unless it is geometry.
    fn foreign(&mut self, element: &Element) -> Result<(), ThreemfError> {
        let (space, _) = element.name();
        if place::is_geometry(space) {
            return Err(ThreemfError::Extension(
                String::from_utf8_lossy(space).into(),
            ));
        }
        let in_foreign = self.places.last() == Some(&Place::Foreign);
        if !in_foreign && self.part.left_out.len() < 20 {
            self.part.left_out.insert(place::words(space));
        }
        Ok(())
    }
}

impl Visitor for Reading<'_> {
    fn open(&mut self, element: &Element) -> Result<(), ThreemfError> {
        let outer = self.places.last().copied();
        let place = Place::within(outer, element.name())?;
        if self.part.unread.is_none() {
            self.part.unread = match (outer, place) {
                (Some(outer), Place::Foreign | Place::Resource) => unread::element(outer, element),
                _ => unread::attribute(place, element)?,
            };
        }
        self.enter(place, element)
    }

    fn close(&mut self) -> Result<(), ThreemfError> {
        let place = self.places.pop();
        if place == Some(Place::Metadata)
            && let Some((name, text)) = self.text.take()
        {
            match METADATA.contains(&name.as_str()) {
                true => self.part.metadata.push((name, attributes::plain(text)?)),
                false => drop(self.part.left_out.insert(format!("metadata {name}"))),
            }
        }
        if place == Some(Place::Object)
            && matches!(self.part.objects.last(), Some(Object { body: Body::Components(known), .. }) if known.is_empty())
        {
            return Err(ThreemfError::Model("an object has no body"));
        }
        Ok(())
    }

    fn text(&mut self, text: &str) -> Result<(), ThreemfError> {
        if self.places.last() == Some(&Place::Metadata)
            && let Some((_, whole)) = &mut self.text
        {
            whole.push_str(text);
            if whole.len() > 1 << 16 {
                return Err(ThreemfError::Limit("a metadata entry is too long"));
            }
        }
        Ok(())
    }
}

/// Whether an attribute belongs to the production extension.
fn is_production(space: &[u8]) -> bool {
    space == PRODUCTION
}

/// Whether an attribute is the core's: it has no prefix. With the core's own prefix it is another attribute, which others do not read.
fn is_core(space: &[u8]) -> bool {
    space.is_empty()
}
