//! The check of a dossier: it is made again from its bundle, and every byte is compared.
//!
//! Owns what must hold of a dossier beside its bundle, whose own check is `protocol`'s. Must never know whom the reader
//! believes.

use super::container;
use super::documents::{self, Documents};
use super::files::{self, File};
use super::index::{self, INDEX, Index};
use super::{BUNDLE, DossierError, Sources};
use std::collections::{BTreeMap, BTreeSet};
use threadmark_protocol::bundle::part::{PartBundle, Verified};
use threadmark_protocol::digest::Digest;

/// Seconds by which a maker's clock may be behind the log's.
const BEHIND_MAX_S: i64 = 3600;

/// A dossier that can be read; nothing of it is believed.
pub struct Opened {
    /// What its maker says of it.
    pub index: Index,
    /// The bundle, unchecked.
    pub bundle: PartBundle,
    documents: Documents,
    files: Vec<(String, Vec<u8>)>,
    /// Of the whole zip.
    sha256: Digest,
}

/// A file that is not as it must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// Which.
    pub path: String,
    /// Why.
    pub why: String,
}

impl Wrong {
    fn new(path: impl Into<String>, why: impl Into<String>) -> Wrong {
        Wrong {
            path: path.into(),
            why: why.into(),
        }
    }
}

impl Opened {
    /// Takes the zip apart.
    ///
    /// # Errors
    /// [`DossierError`]: it is none, or so broken that nothing in it can be checked.
    pub fn parse(bytes: &[u8]) -> Result<Opened, DossierError> {
        let files = container::read(bytes)?;
        let find = |path| {
            let found = files.iter().find(|(name, _)| name == path);
            found
                .map(|(_, bytes)| &bytes[..])
                .ok_or(DossierError::Missing(path))
        };
        let index = Index::parse(find(INDEX)?)?;
        let bundle = PartBundle::parse(find(BUNDLE)?)?;
        Ok(Opened {
            documents: documents_in(&files, &bundle),
            index,
            bundle,
            sha256: Digest::sha256(&[bytes]),
            files,
        })
    }

    /// How many files it has.
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// Whether it has none; it has at least index and bundle.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// How many documents it has that statements name.
    pub fn documents(&self) -> usize {
        self.documents.len()
    }

    /// Everything that does not follow from the bundle, whose check has found `verified`.
    ///
    /// # Errors
    /// [`DossierError`]: it cannot be made again.
    pub fn compare(&self, verified: &Verified) -> Result<Vec<Wrong>, DossierError> {
        let sources = Sources {
            bundle: &self.bundle,
            verified,
            about: &self.index.about,
            documents: &self.documents,
        };
        let made = files::all(&sources)?;
        let mut wrong = self.differences(&made);
        if self.index.about.made_at.unix() < verified.as_of - BEHIND_MAX_S {
            let why = "it says that it was made before the log had what is in it";
            wrong.push(Wrong::new(INDEX, why));
        }
        // The same files in another zip: something else stands between, before or behind them.
        if wrong.is_empty() && Digest::sha256(&[&container::write(&made)?]) != self.sha256 {
            let why = "it holds more than its files, or in another form than dossiers have";
            wrong.push(Wrong::new("the zip", why));
        }
        Ok(wrong)
    }

    fn differences(&self, made: &[File]) -> Vec<Wrong> {
        let there: BTreeMap<_, _> = self
            .files
            .iter()
            .map(|(path, of)| (&path[..], of))
            .collect();
        let due: BTreeSet<_> = made.iter().map(|file| &file.path[..]).collect();
        let differs = |file: &File| match there.get(&file.path[..]) {
            None => Some(Wrong::new(&file.path, "it is missing")),
            Some(bytes) if **bytes != file.bytes => Some(self.other(&file.path)),
            Some(_) => None,
        };
        let more = self
            .files
            .iter()
            .filter(|(path, _)| !due.contains(&path[..]));
        let why = "nothing that the bundle says leads to this file";
        let more = more.map(|(path, _)| Wrong::new(path, why));
        made.iter().filter_map(differs).chain(more).collect()
    }

    fn other(&self, path: &str) -> Wrong {
        let (made_by, own) = (&self.index.program, index::program());
        let why = match path {
            _ if *made_by != own => format!(
                "it is not what this program, {own}, makes of the bundle; the dossier says that {} made it: check it \
                 with that one, or make it anew",
                threadmark_protocol::text::shown(made_by)
            ),
            INDEX => "it is not the list of these files".to_owned(),
            _ => "it is not what follows from the bundle".to_owned(),
        };
        Wrong::new(path, why)
    }
}

/// The files that statements of the bundle name by their digest.
fn documents_in(files: &[(String, Vec<u8>)], bundle: &PartBundle) -> Documents {
    let named: BTreeSet<_> = documents::named(bundle)
        .into_iter()
        .map(|of| of.sha3)
        .collect();
    let papers = files
        .iter()
        .filter(|(path, _)| path.starts_with("documents/"));
    let papers = papers.map(|(_, bytes)| (Digest::sha3(&[bytes]), bytes));
    let papers = papers.filter(|(sha3, _)| named.contains(sha3));
    papers.map(|(sha3, bytes)| (sha3, bytes.clone())).collect()
}
