//! The bundle of one part: all statements about it and about everything above it up to a checkpoint, in one file.
//!
//! Owns the file. It holds the statements with their receipts, one proof that they stand in the log, for every subject the
//! list of its statements with the proof that the list is whole ([`crate::index`]), and what witnesses have cosigned. [`PartBundle::verify`] replays it and asks nobody;
//! [`Collect`] says which subjects belong into it. A statement that its reader may not see stands in the lists by its id,
//! and its body is missing. Sealed sections are never in it. Must never know files or networks.

mod collect;
mod error;
#[cfg(test)]
mod tests;
mod verify;

pub use collect::{Collect, Moment, TooMuch};
pub use error::BundleError;
pub use verify::Verified;

use crate::cbor::{self, CborError, Reader};
use crate::digest::Digest;
use crate::index::{IndexError, Link, Proof};
use crate::mark::Mark;
use crate::statement::Submission;
use crate::text::SubjectId;
use crate::world::ANCESTORS_MAX;

/// Largest file: 64 MiB.
pub const BUNDLE_BYTES_MAX: usize = 64 << 20;
/// Most statements of one file.
pub const ENTRIES_MAX: usize = 20_000;
/// Most lines of all lists together.
pub const LINKS_MAX: usize = 4 * ENTRIES_MAX;
/// Most subjects.
pub const SUBJECTS_MAX: usize = ANCESTORS_MAX;

/// What such a file begins with.
const NAME: &str = "threadmark-bundle-v2";

/// Everything about one part, as it travels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartBundle {
    /// The part's mark.
    pub mark: Mark,
    /// The signed note up to which the lists are whole.
    pub checkpoint: String,
    /// What witnesses have cosigned of it, if they have.
    pub witnessed: Option<Cosigned>,
    /// Statements by ascending index; the last is the log's own that closes the newest batch.
    pub entries: Vec<Entry>,
    /// Proof that they stand in the tree of the checkpoint ([`crate::tree::Tree::inclusions`]).
    pub path: Vec<Digest>,
    /// Every subject that matters, ascending.
    pub lists: Vec<List>,
}

/// A statement with its place in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Where.
    pub index: u64,
    /// Without sealed sections.
    pub submission: Submission,
    /// The RFC 9942 receipt that it was first given: with it the envelope is a transparent statement (RFC 9943), which
    /// strangers' tools check without this file.
    pub receipt: Vec<u8>,
}

/// A checkpoint with the lines of witnesses, and the proof that the bundle's checkpoint continues it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cosigned {
    /// The signed note.
    pub note: String,
    /// RFC 6962 consistency proof from its size to the bundle's.
    pub path: Vec<Digest>,
}

/// All statements that count for a subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct List {
    /// The subject.
    pub subject: SubjectId,
    /// The statements in the order of the log; none is as good a list as any.
    pub links: Vec<Link>,
    /// That there is no other.
    pub proof: Proof,
}

impl PartBundle {
    /// `[name, mark, checkpoint, [] or [note, hashes], [[index, submission, receipt], …], hashes,
    /// [[subject, [[index, time, id], …], proof], …]]` in CBOR; hashes are one string of 32 bytes each.
    pub fn to_bytes(&self) -> Vec<u8> {
        cbor::write(|to| {
            to.array(7)?.str(NAME)?.str(&self.mark.to_string())?;
            to.str(&self.checkpoint)?;
            match &self.witnessed {
                Some(of) => to.array(2)?.str(&of.note)?.bytes(&joined(&of.path))?,
                None => to.array(0)?,
            };
            to.array(self.entries.len() as u64)?;
            for entry in &self.entries {
                let bytes = entry.submission.to_bytes();
                to.array(3)?.u64(entry.index)?.bytes(&bytes)?;
                to.bytes(&entry.receipt)?;
            }
            to.bytes(&joined(&self.path))?;
            to.array(self.lists.len() as u64)?;
            for list in &self.lists {
                to.array(3)?.str(list.subject.as_str())?;
                to.array(list.links.len() as u64)?;
                for link in &list.links {
                    to.array(3)?.u64(link.index)?.i64(link.logged_at)?;
                    to.bytes(&link.statement.0)?;
                }
                to.bytes(&list.proof.to_bytes())?;
            }
            Ok(())
        })
    }

    /// Reads [`PartBundle::to_bytes`].
    ///
    /// # Errors
    /// [`BundleError::Malformed`] and its like: another form, or more than the limits of this file allow.
    pub fn parse(bytes: &[u8]) -> Result<PartBundle, BundleError> {
        if bytes.len() > BUNDLE_BYTES_MAX {
            return Err(BundleError::Malformed("it is larger than 64 MiB"));
        }
        let mut from = Reader::new(bytes);
        array(&mut from, 7)?;
        if from.text()? != NAME {
            return Err(BundleError::Malformed("it has another name"));
        }
        let text = from.text()?;
        // People may write a mark in several ways, files in one.
        let mark: Option<Mark> = text.parse().ok();
        let mark = mark.filter(|mark| mark.to_string() == text);
        let mark = mark.ok_or(BundleError::Malformed("its mark is none"))?;
        let checkpoint = from.text()?.to_owned();
        let witnessed = witnessed(&mut from)?;
        let entries = entries(&mut from)?;
        let path = hashes(&mut from, entries.len() * 64)?;
        let lists = lists(&mut from)?;
        from.finish()?;
        Ok(PartBundle {
            mark,
            checkpoint,
            witnessed,
            entries,
            path,
            lists,
        })
    }
}

fn joined(hashes: &[Digest]) -> Vec<u8> {
    hashes.iter().flat_map(|hash| hash.0).collect()
}

/// At most `most` hashes.
fn hashes(from: &mut Reader, most: usize) -> Result<Vec<Digest>, BundleError> {
    let (hashes, rest) = from.bytes()?.as_chunks::<32>();
    match rest.is_empty() && hashes.len() <= most {
        true => Ok(hashes.iter().map(|hash| Digest(*hash)).collect()),
        false => Err(BundleError::Malformed(
            "its hashes are cut off, or too many",
        )),
    }
}

fn witnessed(from: &mut Reader) -> Result<Option<Cosigned>, BundleError> {
    match from.array_len()? {
        0 => Ok(None),
        2 => Ok(Some(Cosigned {
            note: from.text()?.to_owned(),
            // Two for each level of the tree.
            path: hashes(from, 128)?,
        })),
        _ => Err(BundleError::Malformed("an array has another length")),
    }
}

fn array(from: &mut Reader, wanted: usize) -> Result<(), BundleError> {
    match from.array_len()? {
        found if found == wanted => Ok(()),
        _ => Err(BundleError::Malformed("an array has another length")),
    }
}

/// An array of at most `most`.
fn count(from: &mut Reader, most: usize) -> Result<usize, BundleError> {
    match from.array_len()? {
        count if count <= most => Ok(count),
        _ => Err(BundleError::Malformed("it holds more than is read")),
    }
}

fn entries(from: &mut Reader) -> Result<Vec<Entry>, BundleError> {
    let mut entries = Vec::new();
    for _ in 0..count(from, ENTRIES_MAX)? {
        array(from, 3)?;
        let index = from.uint()?;
        let submission = Submission::parse(from.bytes()?)
            .map_err(|error| BundleError::Statement(index, error))?;
        if !submission.sections.is_empty() {
            return Err(BundleError::Malformed("it holds a sealed section"));
        }
        entries.push(Entry {
            index,
            submission,
            receipt: from.bytes()?.to_vec(),
        });
    }
    if !entries.is_sorted_by(|one: &Entry, next| one.index < next.index) {
        return Err(BundleError::Malformed("its statements are out of order"));
    }
    Ok(entries)
}

fn lists(from: &mut Reader) -> Result<Vec<List>, BundleError> {
    let (mut lists, mut room) = (Vec::new(), LINKS_MAX);
    for _ in 0..count(from, SUBJECTS_MAX)? {
        array(from, 3)?;
        let subject = from.text()?.parse();
        let subject: SubjectId =
            subject.map_err(|_| BundleError::Malformed("a subject is none"))?;
        let length = count(from, room)?;
        room -= length;
        let links = (0..length)
            .map(|_| link(from))
            .collect::<Result<Vec<_>, _>>()?;
        if !links.is_sorted_by(|one, next| one.index < next.index) {
            return Err(BundleError::Malformed("a list is out of order"));
        }
        let proof = Proof::parse(from.bytes()?).map_err(|source| BundleError::Incomplete {
            subject: subject.clone(),
            source,
        })?;
        lists.push(List {
            subject,
            links,
            proof,
        });
    }
    if !lists.is_sorted_by(|one: &List, next| one.subject < next.subject) {
        return Err(BundleError::Malformed("its lists are out of order"));
    }
    Ok(lists)
}

fn link(from: &mut Reader) -> Result<Link, BundleError> {
    array(from, 3)?;
    Ok(Link {
        index: from.uint()?,
        logged_at: from.int()?,
        statement: Digest(from.array()?),
    })
}

impl From<CborError> for BundleError {
    fn from(error: CborError) -> BundleError {
        BundleError::Cbor(error)
    }
}

impl List {
    /// Checks that the list is whole under this root of the index.
    fn check(&self, root: &Digest) -> Result<(), BundleError> {
        let tally = crate::index::Tally::of(&self.links);
        let done = self.proof.check(&self.subject, &tally, root);
        done.map_err(|source: IndexError| BundleError::Incomplete {
            subject: self.subject.clone(),
            source,
        })
    }
}
