//! Owns: 3MF packages in and out: which parts a build has, as meshes in millimetres, with the identifiers of the production
//! extension. Must never know: marks, zones, slicers' settings.
//! Spec: 3MF Core 1.3, 3MF Production 1.1.2, Open Packaging Conventions (ECMA-376 part 2).
//!
//! A reader of its own over `zip` and `quick-xml`: of the crates for 3MF one leaves out a corner that it cannot read, so that
//! triangles get other corners, and both hold the whole document and ask no limits of a stranger's file. Colours, slices
//! and textures are not kept; that something was left out is said in [`Package::left_out`].

mod assemble;
mod container;
mod model;
mod relations;
mod transform;
mod write;
mod xml;

use crate::mesh::{Mesh, MeshError, MeshLimits};
use std::collections::BTreeSet;

/// How [`Package::left_out`] calls slices.
const SLICES: &str = "slices";

/// What a reader of strangers' 3MF files is willing to spend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PackageLimits {
    /// Of the file and of all triangles that it builds, instances counted each.
    pub mesh: MeshLimits,
    /// Entries in the zip.
    pub max_entries: usize,
    /// Bytes of all model parts, relationships and content types together, decompressed.
    pub max_xml_bytes: u64,
    /// How many times larger than its compressed form a part may be, once it is larger than 1 MiB.
    pub max_ratio: u64,
    /// Elements within elements.
    pub max_depth: usize,
    /// Objects within objects, by components.
    pub max_nesting: u32,
    /// Placed objects, components included.
    pub max_instances: u64,
}

impl Default for PackageLimits {
    /// As for STL; a part of XML 64 times its size, where what we have met is 10 times (sliced models 90 times, which are not
    /// read).
    fn default() -> Self {
        Self {
            mesh: MeshLimits::default(),
            max_entries: 10_000,
            max_xml_bytes: 1 << 30,
            max_ratio: 64,
            max_depth: 32,
            max_nesting: 64,
            max_instances: 100_000,
        }
    }
}

/// A UUID of the production extension, as it was written but for its case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uuid(String);

impl Uuid {
    /// Reads the usual form: 32 hexadecimal digits in groups of 8, 4, 4, 4 and 12.
    pub fn parse(text: &str) -> Option<Self> {
        let groups: Vec<&str> = text.split('-').collect();
        let lengths: Vec<usize> = groups.iter().map(|group| group.len()).collect();
        let hex = |group: &&str| group.bytes().all(|b| b.is_ascii_hexdigit());
        let good = lengths == [8, 4, 4, 4, 12] && groups.iter().all(hex);
        good.then(|| Self(text.to_ascii_lowercase()))
    }

    /// In lower case.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What an object is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ObjectKind {
    /// A part.
    Model,
    /// Support, solid or not: printed, and no part.
    Support,
    /// A surface that encloses nothing.
    Surface,
    /// Whatever it is, it must not be built by itself.
    Other,
}

/// One thing on the build plate: where it stands there, in millimetres.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// Its triangles, components put together and transforms applied.
    pub mesh: Mesh,
    /// What lies in the recesses of `mesh`, in another material, sharing its coordinates. Never read, only written.
    pub inlay: Option<Mesh>,
    /// What it is for.
    pub kind: ObjectKind,
    /// The object's name.
    pub name: Option<String>,
    /// The object's part number.
    pub part_number: Option<String>,
    /// The object's UUID.
    pub object_uuid: Option<Uuid>,
    /// The item's UUID.
    pub item_uuid: Option<Uuid>,
    /// The item's part number.
    pub item_part_number: Option<String>,
}

impl Item {
    /// A part without a name.
    pub fn of(mesh: Mesh) -> Self {
        Self {
            mesh,
            inlay: None,
            kind: ObjectKind::Model,
            name: None,
            part_number: None,
            object_uuid: None,
            item_uuid: None,
            item_part_number: None,
        }
    }
}

/// A 3MF package, as far as we read and write one.
#[derive(Debug, Clone, PartialEq)]
pub struct Package {
    /// What is built, in the order of the file.
    pub items: Vec<Item>,
    /// The build's UUID.
    pub build_uuid: Option<Uuid>,
    /// The metadata that the core specification knows: name and text.
    pub metadata: Vec<(String, String)>,
    /// What the file held and is not here, in words.
    pub left_out: BTreeSet<String>,
    /// The name of something that was passed over and that others, who know it, may build otherwise. Never written.
    pub unread: Option<String>,
}

/// Why a 3MF file was refused.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ThreemfError {
    /// The zip cannot be read.
    #[error("this is no 3MF file: its zip cannot be read ({0})")]
    Zip(String),
    /// More than a reader of strangers' files spends.
    #[error("the 3MF file asks for more than is read: {0}")]
    Limit(&'static str),
    /// The package's structure breaks OPC, or lacks what 3MF demands.
    #[error("the 3MF package is damaged: {0}")]
    Package(&'static str),
    /// A relationship leads out of the package.
    #[error("the 3MF package refers to something outside of itself")]
    External,
    /// The XML is no XML, or has what 3MF forbids in it.
    #[error("a model in the 3MF file is malformed: {0}")]
    Xml(String),
    /// An element or attribute is missing, doubled or not as the specification says.
    #[error("a model in the 3MF file breaks the specification: {0}")]
    Model(&'static str),
    /// The file demands an extension that is not read.
    #[error("the 3MF file demands the extension {0}, which is not read here")]
    Extension(String),
    /// There is something in it of no known meaning, where it could make another part of this one to who knows it.
    #[error(
        "the 3MF file has {0:?} in what it builds, which other readers may heed and this one does not know: export the plain mesh"
    )]
    Unread(String),
    /// The triangles are refused.
    #[error(transparent)]
    Mesh(#[from] MeshError),
}

/// Whether these bytes are a zip, which no STL file is.
pub fn looks_like_3mf(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK\x03\x04")
}

impl Package {
    /// Parts without names or identifiers.
    pub fn of(items: Vec<Item>) -> Self {
        Self {
            items,
            build_uuid: None,
            metadata: Vec::new(),
            left_out: BTreeSet::new(),
            unread: None,
        }
    }

    /// Reads a 3MF file. Coordinates are scaled from the file's unit, which is never guessed.
    ///
    /// # Errors
    /// [`ThreemfError`]. Memory stays in proportion to the decompressed models, which are limited.
    pub fn read(bytes: &[u8], limits: &PackageLimits) -> Result<Self, ThreemfError> {
        let mut container = container::Container::open(bytes, limits)?;
        let start = relations::start_part(&mut container)?;
        assemble::package(&mut container, &start)
    }

    /// The one part that the file builds, and nothing besides.
    ///
    /// # Errors
    /// [`ThreemfError::Model`] where it builds none, or several things, or says in slices what else it may build;
    /// [`ThreemfError::Unread`] where it holds something else that others may build otherwise.
    pub fn only_part(self) -> Result<Mesh, ThreemfError> {
        if self.left_out.contains(SLICES) {
            return Err(ThreemfError::Model(
                "it has slices, which other readers build instead of its mesh",
            ));
        }
        if let Some(name) = self.unread {
            return Err(ThreemfError::Unread(name));
        }
        let [item] = <[Item; 1]>::try_from(self.items).map_err(|_| {
            ThreemfError::Model("it builds several things, and one part was expected")
        })?;
        match item.kind {
            ObjectKind::Model => Ok(item.mesh),
            _ => Err(ThreemfError::Model("what it builds is no part")),
        }
    }

    /// The package as a file: stored and not compressed, because how a compressor matches differs between its releases,
    /// and the digest of the file is signed. Same package, same bytes.
    ///
    /// # Errors
    /// [`ThreemfError::Zip`] where the file would be larger than a zip can be.
    pub fn write(&self) -> Result<Vec<u8>, ThreemfError> {
        write::file(self)
    }
}

#[cfg(test)]
mod tests;
