//! The files of a dossier, one after the other.
//!
//! Owns their order, their names, and what each is, in words. A new kind of file is one more line in [`all`]. Must never
//! know how they are packed.

use super::index::{INDEX, Index};
use super::report::Report;
use super::{BUNDLE, DossierError, Sources, documents, pdf};
use threadmark_protocol::answer::Viewer;
use threadmark_protocol::body::Body;
use threadmark_protocol::bundle::part::PartBundle;
use threadmark_protocol::epcis;
use threadmark_protocol::genesis::Genesis;

/// A file, and what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Its place in the zip.
    pub path: String,
    /// What is in it.
    pub bytes: Vec<u8>,
    /// What it is, for people.
    pub is: String,
}

fn file(path: impl Into<String>, is: impl Into<String>, bytes: impl Into<Vec<u8>>) -> File {
    File {
        path: path.into(),
        bytes: bytes.into(),
        is: is.into(),
    }
}

/// Every file in its order, the index first.
pub fn all(sources: &Sources) -> Result<Vec<File>, DossierError> {
    let bundle = sources.bundle;
    let mut files = vec![file(
        "report.pdf",
        "for people: the answer, the life of the part, what it was made of, its release, who signed, what is withheld \
         (PDF/A-2a, PDF/UA-1)",
        pdf::of(&Report::of(sources))?,
    )];
    files.push(file(
        BUNDLE,
        "the bundle: all statements about the part and about everything above it, with the proof that they stand in the \
         log and that there are no others; `threadmark verify bundle` reads it, and so does tests/interop/part.py",
        bundle.to_bytes(),
    ));
    files.extend(events(sources));
    files.extend(of_the_log(bundle));
    for entry in &bundle.entries {
        files.extend(of_a_statement(entry));
    }
    files.extend(papers(sources));
    let index = Index::of(sources.about, sources.verified, &files).to_bytes();
    files.insert(0, file(INDEX, "this list", index));
    Ok(files)
}

/// The life in the words of other systems, as the member that asks may see it; nothing of a mark that nobody has used.
fn events(sources: &Sources) -> Option<File> {
    let viewer = Viewer::Member {
        org: sources.about.org.clone(),
        asset_type: sources.about.asset_type.clone(),
    };
    let events = epcis::life(&sources.verified.world, sources.verified.mark, &viewer);
    let is = "the life of the part as an EPCIS 2.0 document (GS1), each event with the statement that it is told from";
    let text = |events| format!("{:#}\n", epcis::document(events));
    (!events.is_empty()).then(|| file("epcis.jsonld", is, text(events)))
}

/// What the log signed, and what one trusts it by.
fn of_the_log(bundle: &PartBundle) -> Vec<File> {
    let mut files = Vec::new();
    if let [policy, anchors, ..] = &bundle.entries[..] {
        let genesis = Genesis {
            policy: policy.submission.clone(),
            anchors: anchors.submission.clone(),
        };
        let is = "the log's two first entries; compare its fingerprint with what is published";
        files.push(file("genesis.cbor", is, genesis.to_bytes()));
    }
    let is = "the signed note (C2SP tlog-checkpoint) up to which the bundle is whole";
    files.push(file("checkpoint", is, bundle.checkpoint.as_bytes()));
    if let Some(cosigned) = &bundle.witnessed {
        let is = "the newest checkpoint with a quorum's lines (C2SP tlog-cosignature); that `checkpoint` continues it is \
                  proved in the bundle";
        files.push(file("checkpoint.witnessed", is, cosigned.note.as_bytes()));
    }
    files
}

/// A statement in the pieces that other tools read.
fn of_a_statement(entry: &threadmark_protocol::bundle::part::Entry) -> [File; 3] {
    let (index, submission) = (entry.index, &entry.submission);
    let body = Body::parse(&submission.body);
    let kind = body.map_or("unknown", |body| body.core.kind());
    let name = format!("{index:08}-{kind}");
    [
        file(
            format!("statements/{name}.json"),
            format!("what entry {index} says, byte for byte as it was signed"),
            submission.body.clone(),
        ),
        file(
            format!("statements/{name}.cose"),
            format!(
                "the envelope of entry {index}: COSE_Sign1 over the SHA-256 of the text (RFC 9052, RFC 9995)"
            ),
            submission.envelope.clone(),
        ),
        file(
            format!("receipts/{name}.cose"),
            format!("the log's receipt for entry {index} (RFC 9942)"),
            entry.receipt.clone(),
        ),
    ]
}

/// Documents that are at hand, and that a statement names.
fn papers(sources: &Sources) -> Vec<File> {
    let named = documents::named(sources.bundle).into_iter();
    let found = named.filter_map(|named| {
        let bytes = sources.documents.get(&named.sha3)?;
        let (what, index) = (&named.what, named.index);
        let is = format!("the {what} that entry {index} names by its SHA3-256");
        Some(file(named.path(bytes), is, bytes.clone()))
    });
    found.collect()
}
