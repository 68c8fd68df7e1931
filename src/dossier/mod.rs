//! The dossier: everything about one part for a reviewer, in one zip.
//!
//! Owns what a dossier consists of: the part's bundle, and whatever follows from it, laid out for people and for strangers'
//! tools. Each file is a function of the bundle, of [`About`], and of the documents that statements name; so who checks a
//! dossier makes it again and compares every byte. Must never know files, networks, clocks or storage, nor decide what an
//! answer is. The form is told in `docs/dossier.md`.

mod check;
mod container;
mod documents;
mod files;
mod index;
mod pdf;
mod report;
#[cfg(test)]
mod tests;

pub use check::{Opened, Wrong};
pub use container::ContainerError;
pub use documents::{DOCUMENT_BYTES_MAX, DOCUMENTS_BYTES_MAX, DOCUMENTS_MAX, Documents, named};
pub use index::{About, INDEX, Index};
pub use pdf::Unwritable;

use threadmark_protocol::bundle::part::{BundleError, PartBundle, Verified};

/// Largest dossier: twice the largest bundle, which is in it once as it is and once in pieces, with documents and report.
pub const DOSSIER_BYTES_MAX: usize = 256 << 20;

/// Where the bundle stands in it.
pub const BUNDLE: &str = "part.bundle";

/// Why there is no dossier, or why a file is none.
#[derive(Debug, thiserror::Error)]
pub enum DossierError {
    /// The zip is not as dossiers are.
    #[error(transparent)]
    Container(#[from] ContainerError),
    /// A file without which nothing else can be checked is not there.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// The index is of another form.
    #[error("index.json is none: {0}")]
    Index(String),
    /// The report breaks a standard that it keeps.
    #[error(transparent)]
    Report(#[from] pdf::Unwritable),
    /// What stands there as the bundle is none.
    #[error("part.bundle: {0}")]
    Bundle(#[from] BundleError),
}

/// What a dossier is made of.
#[derive(Clone, Copy)]
pub struct Sources<'a> {
    /// The bundle.
    pub bundle: &'a PartBundle,
    /// What its check has found.
    pub verified: &'a Verified,
    /// When and for whom.
    pub about: &'a About,
    /// What statements name by digest, as far as it is at hand.
    pub documents: &'a Documents,
}

/// The dossier as one file. Equal sources give equal bytes.
///
/// # Errors
/// [`DossierError::Container`]: it would be larger than [`DOSSIER_BYTES_MAX`]. [`DossierError::Report`].
pub fn make(sources: &Sources) -> Result<Vec<u8>, DossierError> {
    Ok(container::write(&files::all(sources)?)?)
}
