//! Which subjects belong into the bundle of a part, asked for step by step.
//!
//! Owns the closure: the mark with its parts and what is in them, the policy, everything above them, and whatever decides what the statements
//! about these do. Whoever has the log answers each step; so the same closure serves a database and a memory. What the
//! closure must be is checked by [`super::verify`]. Must never know storage.

use super::{
    BUNDLE_BYTES_MAX, Cosigned, ENTRIES_MAX, Entry, LINKS_MAX, List, PartBundle, SUBJECTS_MAX,
};
use crate::index::{Link, Map};
use crate::key::KeyId;
use crate::lifecycle;
use crate::mark::Mark;
use crate::statement::{Malformed, Statement, Submission};
use crate::text::{Origin, SubjectId};
use crate::tree::Tree;
use crate::world::{mark_subject, policy_subject, with_contents};
use std::collections::{BTreeMap, BTreeSet};

/// Why there is no bundle.
#[derive(Debug, thiserror::Error)]
pub enum TooMuch {
    /// More belongs into it than the limits of the file allow.
    #[error("more belongs into the bundle of this part than one file holds")]
    Limits,
    /// What was given as a statement is none.
    #[error("entry {0} is no statement: {1}")]
    Statement(u64, Malformed),
    /// What was given does not fit together.
    #[error("entries and checkpoint do not fit together")]
    Apart,
}

/// The log at the checkpoint that a bundle is for.
pub struct Moment<'a> {
    /// The signed note.
    pub checkpoint: String,
    /// Its size.
    pub size: u64,
    /// Size and note of the newest checkpoint, not beyond this one, that witnesses have cosigned.
    pub witnessed: Option<(u64, String)>,
    /// The tree, at least of this size.
    pub tree: &'a Tree,
    /// The index of statements at this checkpoint.
    pub statements: &'a Map,
}

/// A bundle that is being put together.
pub struct Collect {
    mark: Mark,
    origin: Origin,
    open: BTreeSet<SubjectId>,
    lists: BTreeMap<SubjectId, Vec<Link>>,
    entries: BTreeMap<u64, Statement>,
    links: usize,
    bytes: usize,
}

impl Collect {
    /// Begins with the mark.
    pub fn new(mark: Mark, origin: Origin) -> Collect {
        Collect {
            mark,
            origin,
            open: BTreeSet::from([mark_subject(&mark), policy_subject()]),
            lists: BTreeMap::new(),
            entries: BTreeMap::new(),
            links: 0,
            bytes: 0,
        }
    }

    /// The subjects that are asked for next: their lists, what stands directly above them, and of a mark its parts. None
    /// when nothing is missing any more.
    pub fn open(&self) -> &BTreeSet<SubjectId> {
        &self.open
    }

    /// The entries of `links` that are not here yet.
    ///
    /// # Errors
    /// [`TooMuch::Limits`], before anything of them is read.
    pub fn missing(&self, links: &[(SubjectId, Link)]) -> Result<BTreeSet<u64>, TooMuch> {
        let indices = links.iter().map(|(_, link)| link.index);
        let missing: BTreeSet<_> = indices
            .filter(|index| !self.entries.contains_key(index))
            .collect();
        let entries = self.entries.len() + missing.len();
        match self.links + links.len() <= LINKS_MAX && entries <= ENTRIES_MAX {
            true => Ok(missing),
            false => Err(TooMuch::Limits),
        }
    }

    /// Bytes of envelopes and bodies for which there still is room.
    pub fn room(&self) -> usize {
        BUNDLE_BYTES_MAX.saturating_sub(self.bytes)
    }

    /// Takes the answers about the open subjects: lines of their lists in the order of the log, entries that were missing,
    /// and related subjects. More related subjects than there are do no harm.
    ///
    /// # Errors
    /// [`TooMuch`].
    pub fn take(
        &mut self,
        links: Vec<(SubjectId, Link)>,
        entries: Vec<(u64, Submission)>,
        related: BTreeSet<SubjectId>,
    ) -> Result<(), TooMuch> {
        self.links += links.len();
        let mut next = related;
        if self.open.contains(&mark_subject(&self.mark)) {
            let parts = next.iter().filter(|id| id.kind() == "part");
            next.append(&mut with_contents(parts));
        }
        for subject in std::mem::take(&mut self.open) {
            self.lists.insert(subject, Vec::new());
        }
        for (subject, link) in links {
            self.lists.entry(subject).or_default().push(link);
        }
        for (index, statement) in self.opened(entries)? {
            next.extend(lifecycle::rests_on(&statement));
            self.insert(index, statement);
        }
        next.retain(|subject| !self.lists.contains_key(subject));
        self.open = next;
        let subjects = self.lists.len() + self.open.len();
        if subjects > SUBJECTS_MAX || self.links > LINKS_MAX || self.room() == 0 {
            return Err(TooMuch::Limits);
        }
        Ok(())
    }

    fn insert(&mut self, index: u64, statement: Statement) {
        let submission = &statement.submission;
        self.bytes += submission.envelope.len() + submission.body.len();
        self.entries.insert(index, statement);
    }

    /// Which numbers of which keys the statements have: where another statement had the number before, the key exists
    /// twice, and that one must stand in the bundle too.
    pub fn numbers(&self) -> Vec<(KeyId, u64)> {
        let statements = self.entries.values();
        let numbers = statements.map(|of| (of.envelope.kid, of.body.seq));
        numbers.collect()
    }

    /// Takes entries that stand beside the lists: the first with a number that was used twice, and the log's own that
    /// closes the newest batch.
    ///
    /// # Errors
    /// [`TooMuch`].
    pub fn take_beside(&mut self, entries: Vec<(u64, Submission)>) -> Result<(), TooMuch> {
        for (index, statement) in self.opened(entries)? {
            self.insert(index, statement);
        }
        Ok(())
    }

    /// The statements that receipts are asked for.
    pub fn statements(&self) -> impl Iterator<Item = (u64, &Statement)> {
        self.entries.iter().map(|(index, of)| (*index, of))
    }

    /// Proves everything for the checkpoint, from the tree and the index of its size; the tree may be larger.
    ///
    /// # Errors
    /// [`TooMuch::Apart`]: an entry or what is witnessed lies beyond the checkpoint, or a receipt is missing.
    pub fn finish(
        self,
        mut receipts: BTreeMap<u64, Vec<u8>>,
        moment: Moment,
    ) -> Result<PartBundle, TooMuch> {
        let Moment {
            checkpoint,
            size,
            witnessed,
            tree,
            statements,
        } = moment;
        let indices: Vec<_> = self.entries.keys().copied().collect();
        let path = tree.inclusions(&indices, size).ok_or(TooMuch::Apart)?;
        let cosigned = |(old, note)| {
            let path = tree.consistency(old, size);
            path.map(|path| Cosigned { note, path })
        };
        let witnessed = witnessed.map(|of| cosigned(of).ok_or(TooMuch::Apart));
        let lists = self.lists.into_iter().map(|(subject, links)| List {
            proof: statements.prove(&subject),
            subject,
            links,
        });
        let entries = self.entries.into_iter().map(|(index, statement)| {
            Ok(Entry {
                index,
                submission: statement.submission,
                receipt: receipts.remove(&index).ok_or(TooMuch::Apart)?,
            })
        });
        Ok(PartBundle {
            mark: self.mark,
            checkpoint,
            witnessed: witnessed.transpose()?,
            entries: entries.collect::<Result<_, _>>()?,
            path,
            lists: lists.collect(),
        })
    }

    fn opened(&self, entries: Vec<(u64, Submission)>) -> Result<Vec<(u64, Statement)>, TooMuch> {
        let open = |(index, mut submission): (u64, Submission)| {
            submission.sections.clear();
            let statement = Statement::open(submission, &self.origin);
            statement
                .map(|statement| (index, statement))
                .map_err(|error| TooMuch::Statement(index, error))
        };
        entries.into_iter().map(open).collect()
    }
}
