//! Owns: which part of a package is the model to begin with, and that nothing leads outside.
//! Must never know: models. Spec: ECMA-376 part 2 (relationships, content types), 3MF Core 2.1.

use super::ThreemfError;
use super::container::Container;
use super::xml::{Element, Visitor};
use std::collections::BTreeMap;

const MODEL: &str = "http://schemas.microsoft.com/3dmanufacturing/2013/01/3dmodel";
const PRINT_TICKET: &str = "http://schemas.microsoft.com/3dmanufacturing/2013/01/printticket";
const THUMBNAIL: &str =
    "http://schemas.openxmlformats.org/package/2006/relationships/metadata/thumbnail";
const MODEL_TYPE: &str = "application/vnd.ms-package.3dmanufacturing-3dmodel+xml";
const CONTENT_TYPES: &[u8] = b"http://schemas.openxmlformats.org/package/2006/content-types";
const RELATIONSHIPS: &[u8] = b"http://schemas.openxmlformats.org/package/2006/relationships";
/// Most entries of one of these documents, so that no list grows with a stranger's file.
const MAX_ENTRIES: usize = 20_000;

/// The name of the model part that the package begins with.
pub(super) fn start_part(container: &mut Container) -> Result<String, ThreemfError> {
    let mut types = Types::default();
    container.xml("[Content_Types].xml")?.walk(&mut types)?;
    let roots = relationships(container, "_rels/.rels", "/")?;
    let mut models = roots.iter().filter(|one| one.kind == MODEL);
    let start = match (models.next(), models.next()) {
        (Some(one), None) => one.target.clone(),
        (None, _) => return Err(ThreemfError::Package("it names no model to begin with")),
        _ => {
            return Err(ThreemfError::Package(
                "it names several models to begin with",
            ));
        }
    };
    require_parts(container, &roots)?;
    types.require_model(&start)?;
    let (folder, name) = start.rsplit_once('/').unwrap_or(("", &start));
    let own = format!("{folder}/_rels/{name}.rels");
    if container.has(&own) {
        let of_model = relationships(container, &own, &start)?;
        if of_model
            .iter()
            .filter(|one| one.kind == PRINT_TICKET)
            .count()
            > 1
        {
            return Err(ThreemfError::Package("a model has several print tickets"));
        }
        require_parts(container, &of_model)?;
    }
    Ok(start)
}

/// Models and thumbnails that are named are there; what else is named is not read.
fn require_parts(container: &Container, named: &[Relationship]) -> Result<(), ThreemfError> {
    let needed = |one: &&Relationship| one.kind == MODEL || one.kind == THUMBNAIL;
    match named
        .iter()
        .filter(needed)
        .all(|one| container.has(&one.target))
    {
        true => Ok(()),
        false => Err(ThreemfError::Package("a part that it names is missing")),
    }
}

struct Relationship {
    kind: String,
    target: String,
}

fn relationships(
    container: &mut Container,
    part: &str,
    source: &str,
) -> Result<Vec<Relationship>, ThreemfError> {
    let folder = source.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut reading = Relationships {
        folder,
        found: Vec::new(),
    };
    container.xml(part)?.walk(&mut reading)?;
    Ok(reading.found)
}

struct Relationships<'a> {
    folder: &'a str,
    found: Vec<Relationship>,
}

impl Visitor for Relationships<'_> {
    fn open(&mut self, element: &Element) -> Result<(), ThreemfError> {
        if element.name() != (RELATIONSHIPS, b"Relationship") {
            return Ok(());
        }
        if self.found.len() == MAX_ENTRIES {
            return Err(ThreemfError::Limit("too many relationships"));
        }
        let needed = |text: Option<String>| {
            text.ok_or(ThreemfError::Package(
                "a relationship lacks its type or target",
            ))
        };
        let target = needed(element.attribute("Target")?)?;
        let mode = element.attribute("TargetMode")?;
        if mode.is_some_and(|mode| mode != "Internal") || target.contains(':') {
            return Err(ThreemfError::External);
        }
        self.found.push(Relationship {
            kind: needed(element.attribute("Type")?)?,
            target: absolute(self.folder, &target)?,
        });
        Ok(())
    }

    fn close(&mut self) -> Result<(), ThreemfError> {
        Ok(())
    }

    fn text(&mut self, _: &str) -> Result<(), ThreemfError> {
        Ok(())
    }
}

/// A part's name from a reference, which may be relative to the folder of who names it.
fn absolute(folder: &str, target: &str) -> Result<String, ThreemfError> {
    let whole = match target.starts_with('/') {
        true => target.to_owned(),
        false => format!("{folder}/{target}"),
    };
    let mut steps: Vec<&str> = Vec::new();
    for step in whole.split('/').filter(|step| !step.is_empty()) {
        match step {
            "." => {}
            ".." => {
                steps.pop().ok_or(ThreemfError::External)?;
            }
            _ => steps.push(step),
        }
    }
    Ok(format!("/{}", steps.join("/")))
}

/// Which content a part has, by its name or its extension.
#[derive(Default)]
struct Types {
    by_extension: BTreeMap<String, String>,
    by_name: BTreeMap<String, String>,
}

impl Types {
    fn require_model(&self, part: &str) -> Result<(), ThreemfError> {
        let part = part.to_ascii_lowercase();
        let extension = part.rsplit_once('.').map_or("", |(_, extension)| extension);
        let found = self
            .by_name
            .get(&part)
            .or_else(|| self.by_extension.get(extension));
        match found {
            Some(kind) if kind.eq_ignore_ascii_case(MODEL_TYPE) => Ok(()),
            _ => Err(ThreemfError::Package("its model has another content type")),
        }
    }
}

impl Visitor for Types {
    fn open(&mut self, element: &Element) -> Result<(), ThreemfError> {
        let (key, map) = match element.name() {
            (CONTENT_TYPES, b"Default") => ("Extension", &mut self.by_extension),
            (CONTENT_TYPES, b"Override") => ("PartName", &mut self.by_name),
            _ => return Ok(()),
        };
        if map.len() == MAX_ENTRIES {
            return Err(ThreemfError::Limit("too many content types"));
        }
        let (Some(key), Some(kind)) = (element.attribute(key)?, element.attribute("ContentType")?)
        else {
            return Err(ThreemfError::Package(
                "a content type lacks its name or type",
            ));
        };
        match map.insert(key.to_ascii_lowercase(), kind) {
            None => Ok(()),
            Some(_) => Err(ThreemfError::Package("a content type is stated twice")),
        }
    }

    fn close(&mut self) -> Result<(), ThreemfError> {
        Ok(())
    }

    fn text(&mut self, _: &str) -> Result<(), ThreemfError> {
        Ok(())
    }
}
