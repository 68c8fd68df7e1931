//! The documents that statements name by their digest: certificates, reports, records.
//!
//! Owns which statements name which, and under which name one stands in a dossier. A document proves itself: its SHA3-256 was
//! signed. Must never know where documents are kept.

use std::collections::{BTreeMap, BTreeSet};
use threadmark_protocol::body::design::Substantiation;
use threadmark_protocol::body::physical::{Compared, Enrolled};
use threadmark_protocol::body::{Body, Core};
use threadmark_protocol::bundle::part::PartBundle;
use threadmark_protocol::digest::Digest;

/// Most documents of a dossier.
pub const DOCUMENTS_MAX: usize = 256;
/// Largest document: 16 MiB.
pub const DOCUMENT_BYTES_MAX: usize = 16 << 20;
/// All documents of a dossier together: 64 MiB.
pub const DOCUMENTS_BYTES_MAX: usize = 64 << 20;

/// Documents by their SHA3-256.
pub type Documents = BTreeMap<Digest, Vec<u8>>;

/// A document that a statement names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// Entry of the statement.
    pub index: u64,
    /// Kind of the statement.
    pub kind: &'static str,
    /// What it is to the statement.
    pub what: String,
    /// SHA3-256 of it.
    pub sha3: Digest,
}

impl Named {
    /// Where it stands in a dossier; the ending is a help for people, by the first bytes.
    pub fn path(&self, bytes: &[u8]) -> String {
        let ending = match bytes {
            [b'%', b'P', b'D', b'F', b'-', ..] => "pdf",
            [0x89, b'P', b'N', b'G', ..] => "png",
            [0xff, 0xd8, 0xff, ..] => "jpg",
            [b'<', b'?', b'x', b'm', b'l', ..] => "xml",
            [b'p', b'l', b'y', b'\n' | b'\r', ..] => "ply",
            [b'{', ..] => "json",
            _ => "bin",
        };
        let (index, kind, what) = (self.index, self.kind, &self.what);
        format!("documents/{index:08}-{kind}-{what}.{ending}")
    }
}

/// Every document that a statement of the bundle names, in the log's order, each once.
pub fn named(bundle: &PartBundle) -> Vec<Named> {
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    for entry in &bundle.entries {
        // What does not read as a body is refused with the bundle.
        let Ok(body) = Body::parse(&entry.submission.body) else {
            continue;
        };
        for (what, sha3) in of(&body.core) {
            if seen.insert(sha3) {
                let kind = body.core.kind();
                let index = entry.index;
                found.push(Named {
                    index,
                    kind,
                    what,
                    sha3,
                });
            }
        }
    }
    found
}

/// What a statement names. Design files and data sets are not among them: they are sealed, or too large for this.
fn of(core: &Core) -> Vec<(String, Digest)> {
    let one = |what: &str, sha3: &Digest| vec![(what.to_owned(), *sha3)];
    match core {
        Core::ApprovalRequested(says) => {
            let reports = says.substantiation.iter().map(|by| match by {
                Substantiation::Test { report, .. } | Substantiation::Analysis { report, .. } => {
                    report
                }
            });
            let numbered = (1..).zip(reports);
            numbered
                .map(|(at, sha3)| (format!("report-{at}"), *sha3))
                .collect()
        }
        Core::MaterialReceived(says) => one("certificate", &says.certificate),
        Core::MaterialBlended(says) => one("record", &says.record),
        Core::MachineQualified(says) => one("report", &says.report),
        Core::MachineCalibrated(says) => one("certificate", &says.certificate),
        Core::PartEntered(says) => one("papers", &says.papers),
        Core::PartMarkVerified(says) => one("report", &says.report),
        Core::PartPostProcessed(says) => one("record", &says.record),
        Core::PartTested(says) => one("report", &says.report),
        Core::PartEnrolled(says) => enrolled(says),
        Core::PartCompared(says) => compared(says),
        Core::PartInspected(says) => one("report", &says.report),
        Core::PartNonconforming(says) => one("report", &says.report),
        Core::PartRepaired(says) | Core::PartRemanufactured(says) => one("record", &says.record),
        _ => Vec::new(),
    }
}

/// Pictures and scan of a piece.
fn enrolled(says: &Enrolled) -> Vec<(String, Digest)> {
    let numbered = (1..).zip(&says.photographs);
    let photographs = numbered.map(|(at, one)| (format!("photograph-{at}"), one.file));
    let scan = says.scan.iter().map(|scan| ("scan".to_owned(), scan.file));
    photographs.chain(scan).collect()
}

/// The same of today, and the report of how the scan compares.
fn compared(says: &Compared) -> Vec<(String, Digest)> {
    let numbered = (1..).zip(&says.surfaces);
    let photographs = numbered.map(|(at, one)| (format!("photograph-{at}"), one.photograph));
    let scan = says.scan.iter();
    let scan = scan.flat_map(|of| {
        [("scan", of.scan), ("report", of.report)].map(|(what, sha3)| (what.to_owned(), sha3))
    });
    photographs.chain(scan).collect()
}
