//! The journal: every statement that a key has signed, durable before it is acted upon.
//!
//! Owns the record format and what it promises: after [`Journal::append`] returns, the statement survives a
//! crash; a record that was cut off by one is dropped, because nobody acted on it. The file behind it is a
//! trait. Journals travel as files, so that people on one ship see each other's statements. Must never know
//! what statements mean.

use crate::digest::Digest;
use crate::statement::{Malformed, SUBMISSION_BYTES_MAX, Statement, StatementId, Submission};
use crate::text::Origin;

/// Durable bytes that only grow.
pub trait Durable {
    /// Everything that was appended.
    fn read(&mut self) -> std::io::Result<Vec<u8>>;
    /// Appends and returns when the bytes survive a crash.
    fn append(&mut self, bytes: &[u8]) -> std::io::Result<()>;
    /// Cuts off what stands behind `length_bytes`: a record that a crash left unfinished.
    fn truncate(&mut self, length_bytes: u64) -> std::io::Result<()>;
}

/// Why a journal cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The file fails.
    #[error("the journal cannot be read or written: {0}")]
    File(#[from] std::io::Error),
    /// A record in its middle has other bytes than were written. Nothing is dropped silently.
    #[error(
        "record {record} of the journal is damaged; restore the file, do not sign with this key"
    )]
    Damaged {
        /// Which, from 0.
        record: usize,
    },
    /// A record is no statement for this log.
    #[error("record {record} of the journal: {malformed}")]
    Malformed {
        /// Which, from 0.
        record: usize,
        /// Why.
        malformed: Malformed,
    },
}

/// A journal with its statements in the order of signing.
pub struct Journal<D> {
    file: D,
    statements: Vec<Statement>,
    /// Bytes of whole records.
    length_bytes: u64,
    /// Whether a part of a record may stand behind them, because appending failed.
    is_torn: bool,
}

impl<D: Durable> Journal<D> {
    /// Opens a journal for the log `origin`.
    pub fn open(mut file: D, origin: &Origin) -> Result<Journal<D>, JournalError> {
        let bytes = file.read()?;
        let (statements, whole) = read(&bytes, origin)?;
        if whole < bytes.len() {
            file.truncate(whole as u64)?;
        }
        Ok(Journal {
            file,
            statements,
            length_bytes: whole as u64,
            is_torn: false,
        })
    }

    /// Adds a statement. **Commit point**: when this returns, the statement counts; a crash before leaves it
    /// unsaid, because the caller acts only afterwards.
    pub fn append(&mut self, statement: Statement) -> Result<(), JournalError> {
        let frame = frame(&statement.submission);
        if frame.len() > SUBMISSION_BYTES_MAX + FRAMING_BYTES {
            return Err(JournalError::Malformed {
                record: self.statements.len(),
                malformed: Malformed::TooLarge("the submission", SUBMISSION_BYTES_MAX),
            });
        }
        if self.is_torn {
            self.file.truncate(self.length_bytes)?;
        }
        self.is_torn = true;
        self.file.append(&frame)?;
        self.is_torn = false;
        self.length_bytes += frame.len() as u64;
        self.statements.push(statement);
        Ok(())
    }

    /// All statements, oldest first.
    pub fn statements(&self) -> &[Statement] {
        &self.statements
    }

    /// Bytes of all records.
    pub fn length_bytes(&self) -> u64 {
        self.length_bytes
    }

    /// Number and predecessor for the next statement.
    pub fn next(&self) -> (u64, Option<StatementId>) {
        let newest = self.statements.last();
        (
            newest.map_or(0, |last| last.body.seq + 1),
            newest.map(|last| last.id),
        )
    }
}

/// Bytes of a record around its submission: length and check.
const FRAMING_BYTES: usize = 4 + 32;

/// One record: length, submission, SHA-256 of both.
pub fn frame(submission: &Submission) -> Vec<u8> {
    let bytes = submission.to_bytes();
    let mut frame = (bytes.len() as u32).to_be_bytes().to_vec();
    frame.extend(bytes);
    let check = Digest::sha256(&[&frame]);
    frame.extend(check.0);
    frame
}

/// The statements of a journal's bytes, and how many bytes hold whole records.
pub fn read(bytes: &[u8], origin: &Origin) -> Result<(Vec<Statement>, usize), JournalError> {
    let mut statements = Vec::new();
    let mut at = 0;
    while let Some(framed) = whole_frame(&bytes[at..]).and_then(sound) {
        let record = statements.len();
        let malformed = |malformed| JournalError::Malformed { record, malformed };
        let submission = Submission::parse(&framed[4..]).map_err(malformed)?;
        statements.push(Statement::open(submission, origin).map_err(malformed)?);
        at += framed.len() + 32;
    }
    // The last record may be half written; one with others behind it, or of an impossible length, is damaged.
    let rest = &bytes[at..];
    let is_last = whole_frame(rest).is_none_or(|frame| frame.len() == rest.len());
    let is_possible = rest.len() < 4 || length(rest) <= SUBMISSION_BYTES_MAX;
    if is_last && is_possible && !hides_a_record(rest) {
        return Ok((statements, at));
    }
    Err(JournalError::Damaged {
        record: statements.len(),
    })
}

/// A frame without its check, when that is right.
fn sound(frame: &[u8]) -> Option<&[u8]> {
    let (framed, check) = frame.split_at(frame.len() - 32);
    (Digest::sha256(&[framed]).0 == check).then_some(framed)
}

/// Bytes that are hashed in the search for a record: a record torn off at random has a few that might be one, and bytes
/// that were made to have a hundred thousand are no torn record.
const SEARCH_BYTES_MAX: usize = 16 * SUBMISSION_BYTES_MAX;

/// Whether a whole record stands inside: a wrong length must not swallow what follows. Where it takes too much to tell,
/// it is taken to be so.
fn hides_a_record(rest: &[u8]) -> bool {
    let mut left_bytes = SEARCH_BYTES_MAX;
    for frame in (1..rest.len()).filter_map(|at| whole_frame(&rest[at..])) {
        // Every submission is an array of three.
        if frame[4] != 0x83 {
            continue;
        }
        let Some(left) = left_bytes.checked_sub(frame.len()) else {
            return true;
        };
        left_bytes = left;
        if sound(frame).is_some() {
            return true;
        }
    }
    false
}

fn length(bytes: &[u8]) -> usize {
    bytes
        .first_chunk()
        .map_or(0, |head: &[u8; 4]| u32::from_be_bytes(*head) as usize)
}

fn whole_frame(bytes: &[u8]) -> Option<&[u8]> {
    let length = Some(length(bytes)).filter(|_| bytes.len() >= 4)?;
    bytes
        .get(..length + FRAMING_BYTES)
        .filter(|_| length <= SUBMISSION_BYTES_MAX)
}

#[cfg(test)]
mod tests;
