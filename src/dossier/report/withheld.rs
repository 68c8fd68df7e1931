//! What is not in a dossier, and why.
//!
//! Owns the list of documents with where they are, and the list of what no dossier holds. Must never know where anything is
//! kept.

use super::super::{Sources, documents};
use threadmark_protocol::body::{Body, Core};
use threadmark_protocol::digest::Digest;

/// A document that a statement names.
pub struct Paper {
    /// Entry of the statement.
    pub index: u64,
    /// What it is, of which kind of statement.
    pub what: String,
    /// SHA3-256 of it.
    pub sha3: Digest,
    /// Where it stands in the dossier, if it does.
    pub path: Option<String>,
}

/// Something that is not in the dossier.
pub struct Withheld {
    /// What.
    pub what: String,
    /// Why.
    pub why: &'static str,
}

/// Every document that is named.
pub fn papers(sources: &Sources) -> Vec<Paper> {
    let named = documents::named(sources.bundle).into_iter();
    let paper = |named: documents::Named| Paper {
        index: named.index,
        what: format!("{} of {}", named.what, named.kind),
        sha3: named.sha3,
        path: sources
            .documents
            .get(&named.sha3)
            .map(|bytes| named.path(bytes)),
    };
    named.map(paper).collect()
}

/// Statements without bodies, sealed sections, files of designs.
pub fn of(sources: &Sources) -> Vec<Withheld> {
    let links = sources.verified.withheld.iter();
    let statements = links.map(|link| Withheld {
        what: format!("Statement {} at entry {}", link.statement, link.index),
        why: "It counts, and its text is not here: who made the bundle may not see it. So nobody can tell what the record says.",
    });
    let mut list: Vec<_> = statements.collect();
    for entry in &sources.bundle.entries {
        if let Ok(body) = Body::parse(&entry.submission.body) {
            list.extend(of_body(entry.index, &body));
        }
    }
    list
}

fn of_body(index: u64, body: &Body) -> Vec<Withheld> {
    let kind = body.core.kind();
    let names: Vec<_> = body.sealed.keys().map(|name| name.as_str()).collect();
    let sections = (!names.is_empty()).then(|| Withheld {
        what: format!("Sealed in entry {index}, {kind}: {}", names.join(", ")),
        why: "Sections are encrypted to those whom they are for, and travel apart; no dossier holds any.",
    });
    let files = match &body.core {
        Core::DesignPublished(design) => design.files.len(),
        _ => 0,
    };
    let design = (files > 0).then(|| Withheld {
        what: format!("The {files} files of the design of entry {index}"),
        why: "Geometry goes only to the machine that may print it, encrypted. The statement has the digest of each file.",
    });
    sections.into_iter().chain(design).collect()
}
