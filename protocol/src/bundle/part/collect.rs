//! Which subjects belong into the bundle of a part, asked for step by step.
//!
//! Owns the closure: the mark with its parts, the policy, everything above them, and whatever decides what the statements
//! about these do. Whoever has the log answers each step; so the same closure serves a database and a memory. What the
//! closure must be is checked by [`super::verify`]. Must never know storage.

use super::{ENTRIES_MAX, Entry, LINKS_MAX, List, PartBundle, SUBJECTS_MAX};
use crate::index::{Link, Map};
use crate::key::KeyId;
use crate::lifecycle;
use crate::mark::Mark;
use crate::statement::{Malformed, Statement, Submission};
use crate::text::{Origin, SubjectId};
use crate::tree::Tree;
use crate::world::{mark_subject, policy_subject};
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

/// A bundle that is being put together.
pub struct Collect {
    mark: Mark,
    origin: Origin,
    open: BTreeSet<SubjectId>,
    lists: BTreeMap<SubjectId, Vec<Link>>,
    entries: BTreeMap<u64, Statement>,
    links: usize,
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
        }
    }

    /// The subjects that are asked for next: their lists, what stands directly above them, and of a mark its parts. None
    /// when nothing is missing any more.
    pub fn open(&self) -> &BTreeSet<SubjectId> {
        &self.open
    }

    /// The entries of `links` that are not here yet.
    pub fn missing(&self, links: &[(SubjectId, Link)]) -> BTreeSet<u64> {
        let indices = links.iter().map(|(_, link)| link.index);
        indices
            .filter(|index| !self.entries.contains_key(index))
            .collect()
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
        for subject in std::mem::take(&mut self.open) {
            self.lists.insert(subject, Vec::new());
        }
        for (subject, link) in links {
            self.lists.entry(subject).or_default().push(link);
        }
        let mut next = related;
        for (index, statement) in self.opened(entries)? {
            next.extend(lifecycle::rests_on(&statement));
            self.entries.insert(index, statement);
        }
        next.retain(|subject| !self.lists.contains_key(subject));
        self.open = next;
        let subjects = self.lists.len() + self.open.len();
        if subjects > SUBJECTS_MAX || self.links > LINKS_MAX || self.entries.len() > ENTRIES_MAX {
            return Err(TooMuch::Limits);
        }
        Ok(())
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
        let opened = self.opened(entries)?;
        self.entries.extend(opened);
        Ok(())
    }

    /// Proves everything for the checkpoint of `size`, from the tree and the index of that size; the tree may be larger.
    ///
    /// # Errors
    /// [`TooMuch::Apart`]: an entry lies beyond the checkpoint.
    pub fn finish(
        self,
        checkpoint: String,
        size: u64,
        tree: &Tree,
        statements: &Map,
    ) -> Result<PartBundle, TooMuch> {
        let indices: Vec<_> = self.entries.keys().copied().collect();
        let path = tree.inclusions(&indices, size).ok_or(TooMuch::Apart)?;
        let lists = self.lists.into_iter().map(|(subject, links)| List {
            proof: statements.prove(&subject),
            subject,
            links,
        });
        let entries = self.entries.into_iter().map(|(index, statement)| Entry {
            index,
            submission: statement.submission,
        });
        Ok(PartBundle {
            mark: self.mark,
            checkpoint,
            entries: entries.collect(),
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
