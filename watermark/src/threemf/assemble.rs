//! Owns: putting the objects of a package together as its build has them, in millimetres. Must never know: XML.
//!
//! What a build would cost is counted before anything is built: components within components multiply.

use super::container::Container;
use super::model::{Body, Component, ModelPart, Object, Placed, Reading};
use super::transform::Transform;
use super::{Item, ObjectKind, Package, PackageLimits, ThreemfError};
use crate::mesh::{Mesh, MeshError};
use crate::vec3::narrow;
use std::collections::{BTreeMap, BTreeSet};

/// Reads all models that the build needs, and builds.
pub(super) fn package(container: &mut Container, start: &str) -> Result<Package, ThreemfError> {
    let limits = container.limits;
    let root = read(container, start, &limits)?;
    let mut paths: BTreeSet<String> = BTreeSet::new();
    let within = root.objects.iter().flat_map(components);
    let placed = root.items.iter().map(|item| &item.component);
    paths.extend(within.chain(placed).filter_map(|one| one.path.clone()));
    let mut parts = BTreeMap::new();
    for path in paths {
        let part = read(container, &path, &limits)?;
        let leads_on = part
            .objects
            .iter()
            .flat_map(components)
            .any(|one| one.path.is_some());
        if leads_on || part.unit.mm() != root.unit.mm() {
            return Err(ThreemfError::Model(
                "a model that is referred to leads on to others, or has another unit",
            ));
        }
        parts.insert(path, part);
    }
    let mut assembly = Assembly {
        root,
        parts,
        limits,
        costs: BTreeMap::new(),
    };
    assembly.count()?;
    assembly.build()
}

fn read(
    container: &mut Container,
    name: &str,
    limits: &PackageLimits,
) -> Result<ModelPart, ThreemfError> {
    let mut reading = Reading::new(limits);
    container.xml(name)?.walk(&mut reading)?;
    reading.finish()
}

fn components(object: &Object) -> &[Component] {
    match &object.body {
        Body::Components(components) => components,
        Body::Mesh { .. } => &[],
    }
}

/// An object of the root (no path) or of another model, by its place there.
type Key<'a> = (Option<&'a str>, usize);

/// What it takes to build an object once.
#[derive(Debug, Clone, Copy, Default)]
struct Cost {
    triangles: u64,
    instances: u64,
    nesting: u32,
}

struct Assembly {
    root: ModelPart,
    parts: BTreeMap<String, ModelPart>,
    limits: PackageLimits,
    costs: BTreeMap<(Option<String>, usize), Cost>,
}

impl Assembly {
    fn part(&self, path: Option<&str>) -> &ModelPart {
        path.map_or(&self.root, |path| &self.parts[path])
    }

    /// The object that a component of a model means; a path leads away from the root alone.
    fn find<'a>(
        &'a self,
        from: Option<&'a str>,
        one: &'a Component,
    ) -> Result<Key<'a>, ThreemfError> {
        let path = one.path.as_deref().or(from);
        let at = self.part(path).by_id.get(&one.object);
        at.map(|&at| (path, at)).ok_or(ThreemfError::Model(
            "an item or component names an object that is not there",
        ))
    }

    /// Costs of all objects, the referred ones first: within a part nothing refers forward, and only the root refers away.
    fn count(&mut self) -> Result<(), ThreemfError> {
        let mut order: Vec<(Option<String>, usize)> = Vec::new();
        for (path, part) in &self.parts {
            order.extend((0..part.objects.len()).map(|at| (Some(path.clone()), at)));
        }
        order.extend((0..self.root.objects.len()).map(|at| (None, at)));
        for key in order {
            let path = key.0.as_deref();
            let cost = match &self.part(path).objects[key.1].body {
                Body::Mesh { triangles, .. } => Cost {
                    triangles: triangles.len() as u64,
                    instances: 1,
                    nesting: 1,
                },
                Body::Components(all) => self.sum(all.iter().map(|one| self.find(path, one)))?,
            };
            self.costs.insert(key, cost);
        }
        let placed = self.root.items.iter();
        self.sum(placed.map(|item| self.find(None, &item.component)))?;
        Ok(())
    }

    fn sum<'a>(
        &self,
        keys: impl Iterator<Item = Result<Key<'a>, ThreemfError>>,
    ) -> Result<Cost, ThreemfError> {
        let mut sum = Cost::default();
        for key in keys {
            let (path, at) = key?;
            let cost = self.costs[&(path.map(str::to_owned), at)];
            sum.triangles = sum.triangles.saturating_add(cost.triangles);
            sum.instances = sum.instances.saturating_add(cost.instances);
            sum.nesting = sum.nesting.max(cost.nesting);
        }
        sum.instances = sum.instances.saturating_add(1);
        sum.nesting += 1;
        let max = self.limits.mesh.max_triangles;
        if sum.triangles > max as u64 {
            let triangles = usize::try_from(sum.triangles).unwrap_or(usize::MAX);
            return Err(MeshError::TooManyTriangles { triangles, max }.into());
        }
        if sum.instances > self.limits.max_instances {
            return Err(ThreemfError::Limit("too many placed objects"));
        }
        if sum.nesting > self.limits.max_nesting {
            return Err(ThreemfError::Limit("objects are nested too deeply"));
        }
        Ok(sum)
    }

    fn build(self) -> Result<Package, ThreemfError> {
        let items = self.root.items.iter().map(|placed| self.item(placed));
        let items = items.collect::<Result<Vec<_>, _>>()?;
        if items.is_empty() {
            return Err(ThreemfError::Model("it builds nothing"));
        }
        let (mut left_out, mut unread) = (self.root.left_out, self.root.unread);
        for part in self.parts.into_values() {
            left_out.extend(part.left_out);
            unread = unread.or(part.unread);
        }
        Ok(Package {
            items,
            build_uuid: self.root.build_uuid,
            metadata: self.root.metadata,
            left_out,
            unread,
        })
    }

    fn item(&self, placed: &Placed) -> Result<Item, ThreemfError> {
        let key = self.find(None, &placed.component)?;
        let object = &self.part(key.0).objects[key.1];
        if object.kind == ObjectKind::Other {
            return Err(ThreemfError::Model(
                "it builds an object that must not be built by itself",
            ));
        }
        let to_mm = Transform::scaling(self.root.unit.mm());
        let mesh = Mesh {
            triangles: self.triangles(key, placed.component.transform.then(&to_mm))?,
        };
        mesh.require_readable()?;
        Ok(Item {
            inlay: None,
            kind: object.kind,
            name: object.name.clone(),
            part_number: object.part_number.clone(),
            object_uuid: object.uuid.clone(),
            item_uuid: placed.uuid.clone(),
            item_part_number: placed.part_number.clone(),
            mesh,
        })
    }

    /// The triangles of an object in place, by a list of what is still to do instead of by recursion.
    fn triangles(
        &self,
        key: Key,
        transform: Transform,
    ) -> Result<Vec<[[f32; 3]; 3]>, ThreemfError> {
        let room = self.costs[&(key.0.map(str::to_owned), key.1)].triangles;
        let mut built = Vec::with_capacity(room as usize);
        let mut open = vec![(key, transform)];
        while let Some(((path, at), transform)) = open.pop() {
            match &self.part(path).objects[at].body {
                Body::Mesh {
                    vertices,
                    triangles,
                } => {
                    let mirrored = transform.mirrors();
                    let place = |at: u32| narrow(transform.apply(vertices[at as usize]));
                    built.extend(triangles.iter().map(|&[a, b, c]| {
                        let [b, c] = if mirrored { [c, b] } else { [b, c] };
                        [a, b, c].map(place)
                    }));
                }
                Body::Components(all) => {
                    for one in all.iter().rev() {
                        open.push((self.find(path, one)?, one.transform.then(&transform)));
                    }
                }
            }
        }
        Ok(built)
    }
}
