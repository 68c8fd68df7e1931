//! `index.json`: what is in a dossier, and what its maker says of it.
//!
//! Owns the form of that file. Must never know how the files come about.

use super::DossierError;
use super::files::File;
use serde::{Deserialize, Serialize};
use threadmark_protocol::bundle::part::Verified;
use threadmark_protocol::digest::Digest;
use threadmark_protocol::mark::Mark;
use threadmark_protocol::text::{Line, Moment, OrgId};

/// Its place in the zip: the first file.
pub const INDEX: &str = "index.json";
/// Largest index: a line for each of the most files.
pub const INDEX_BYTES_MAX: usize = 32 << 20;

const FORM: &str = "threadmark-dossier-v1";

/// What whoever made a dossier says of it; nobody else vouches for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct About {
    /// When it was made: the report's answer is as of then.
    pub made_at: Moment,
    /// The member that the report answers: only the custodian is told whether the part may be installed.
    pub org: OrgId,
    /// Type of the asset that the part is for, where one was named.
    pub asset_type: Option<Line>,
}

/// The index.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Index {
    form: String,
    /// The program that made it: another may lay out the report in another way.
    pub program: String,
    /// The part's mark.
    pub mark: Mark,
    /// The log's origin.
    log: String,
    /// Entries that the log had.
    size: u64,
    /// When and for whom.
    pub about: About,
    files: Vec<Listed>,
}

/// A file of the dossier.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Listed {
    path: String,
    bytes: u64,
    sha256: Digest,
    is: String,
}

/// This program, as an index names it.
pub fn program() -> String {
    format!("threadmark {}", env!("CARGO_PKG_VERSION"))
}

impl Index {
    /// Of these files.
    pub fn of(about: &About, verified: &Verified, files: &[File]) -> Index {
        let listed = |file: &File| Listed {
            path: file.path.clone(),
            bytes: file.bytes.len() as u64,
            sha256: Digest::sha256(&[&file.bytes]),
            is: file.is.clone(),
        };
        Index {
            form: FORM.to_owned(),
            program: program(),
            mark: verified.mark,
            log: verified.checkpoint.origin.clone(),
            size: verified.checkpoint.size,
            about: about.clone(),
            files: files.iter().map(listed).collect(),
        }
    }

    /// Indented JSON with a line feed at the end.
    pub fn to_bytes(&self) -> Vec<u8> {
        let json = serde_json::to_string_pretty(self);
        let mut json = json.expect("an index has text keys and no failing serializer");
        json.push('\n');
        json.into_bytes()
    }

    /// Reads what it needs; that the rest is right is found by making it again.
    ///
    /// # Errors
    /// [`DossierError::Index`].
    pub fn parse(bytes: &[u8]) -> Result<Index, DossierError> {
        if bytes.len() > INDEX_BYTES_MAX {
            return Err(DossierError::Index("it is larger than 32 MiB".to_owned()));
        }
        let index: Index = serde_json::from_slice(bytes).map_err(|error| {
            DossierError::Index(threadmark_protocol::text::shown(&error.to_string()))
        })?;
        if index.form != FORM {
            let other = threadmark_protocol::text::shown(&index.form);
            return Err(DossierError::Index(format!(
                "its form is {other}, and this program knows {FORM}"
            )));
        }
        Ok(index)
    }
}
