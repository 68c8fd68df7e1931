//! The page in which entries of the log travel.
//!
//! Owns its form. Must never know whether the entries are good.

use super::ReplicaError;
use crate::cbor::{self, Reader};
use crate::statement::Submission;

/// Most entries of one page.
pub const PAGE_ENTRIES_MAX: usize = 4096;

/// Entries of the log from `from` on, with a checkpoint that covers them. Ends at the end of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Index of the first entry.
    pub from: u64,
    /// The entries with the sections that the reader may see.
    pub entries: Vec<Submission>,
    /// A signed checkpoint whose size is `from` + number of entries.
    pub checkpoint: String,
}

impl Page {
    /// `[from, [submission, …], checkpoint]` in CBOR.
    pub fn to_bytes(&self) -> Vec<u8> {
        cbor::write(|to| {
            to.array(3)?
                .u64(self.from)?
                .array(self.entries.len() as u64)?;
            for entry in &self.entries {
                to.bytes(&entry.to_bytes())?;
            }
            to.str(&self.checkpoint)?;
            Ok(())
        })
    }

    /// Reads [`Page::to_bytes`].
    pub fn parse(bytes: &[u8]) -> Result<Page, ReplicaError> {
        let mut from = Reader::new(bytes);
        let shape = from.array_len()?;
        let first = from.uint()?;
        let count = from.array_len()?;
        if shape != 3 || count > PAGE_ENTRIES_MAX {
            return Err(ReplicaError::Page);
        }
        let mut entries = Vec::new();
        for _ in 0..count {
            entries.push(Submission::parse(from.bytes()?)?);
        }
        let checkpoint = from.text()?.to_owned();
        from.finish()?;
        Ok(Page {
            from: first,
            entries,
            checkpoint,
        })
    }
}
