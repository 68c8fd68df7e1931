//! The check of a part's bundle: signatures, inclusion, completeness, and the replay that follows from them.
//!
//! Owns what must hold of a bundle. It is closed: the policy, the mark, its parts, what is in them, everything above them, and whatever
//! decides what their statements do have lists, and every list is whole. Then [`crate::lifecycle::apply`] on these
//! statements alone leads to the states that the whole log leads to, because nothing else touches these subjects and
//! nothing else is read. What is withheld is told and decides nothing; then the answer is that nobody can tell. That the
//! index itself is right is found by whoever replays the whole log. Must never know clocks.

use super::{BundleError, PartBundle};
use crate::answer::{self, Answer, Knowledge, Verdict, Viewer, Witnessing};
use crate::body::Core;
use crate::checkpoint::{self, Checkpoint, SignedCheckpoint};
use crate::code::Code;
use crate::digest::Digest;
use crate::genesis::Trust;
use crate::index::{self, Link};
use crate::lifecycle::{self, At};
use crate::mark::Mark;
use crate::receipt::Receipt;
use crate::statement::Statement;
use crate::text::SubjectId;
use crate::tree::{self, ProofError, leaf_hash};
use crate::witness::policy::Policy;
use crate::world::{Data, World, mark_subject, policy_subject, with_contents};
use std::collections::{BTreeMap, BTreeSet};

/// What a good bundle says.
#[derive(Clone, Debug)]
pub struct Verified {
    /// The mark that it is about.
    pub mark: Mark,
    /// Up to where the lists are whole.
    pub checkpoint: Checkpoint,
    /// Checkpoints of this history under which lines of witnesses may stand, the newest first. Whose lines count is for the
    /// reader to say.
    pub signed: Vec<SignedCheckpoint>,
    /// Log time of the newest batch, Unix seconds.
    pub as_of: i64,
    /// The states of its subjects.
    pub world: World,
    /// Statements that were verified and replayed.
    pub statements: usize,
    /// Subjects of which all statements are known.
    pub subjects: usize,
    /// Statements that count and are not there.
    pub withheld: Vec<Link>,
}

impl Verified {
    /// What those whom the reader believes have confirmed of this history: the newest of its checkpoints under which enough
    /// of their lines stand.
    pub fn witnessing(&self, policy: &Policy) -> Witnessing {
        if !policy.asks_for_witnesses() {
            return Witnessing::Unasked;
        }
        let confirmed = |signed: &SignedCheckpoint| {
            let (size, since) = (signed.checkpoint().size, policy.since(signed)?);
            Some(Witnessing::Witnessed { size, since })
        };
        let newest = self.signed.iter().find_map(confirmed);
        newest.unwrap_or(Witnessing::Waiting)
    }

    /// The answer about the part at `now` (Unix seconds). Where statements are withheld, nobody can tell: what is not seen
    /// may have been a recall. Whose cosignatures suffice is not said in the bundle: the reader knows, and says what they
    /// have confirmed of its checkpoint.
    pub fn answer(&self, now: i64, viewer: &Viewer, witnessing: Witnessing) -> Answer {
        let knowledge = Knowledge {
            logged_until: Some(self.as_of),
            // Of a mark without statements it is proved that the whole log has none.
            is_whole_log: true,
            witnessing,
        };
        let mut answer = answer::answer(&self.world, self.mark, now, viewer, knowledge);
        if !self.withheld.is_empty() {
            answer.verdict = Verdict::CannotDetermine;
            answer.reasons.insert(0, Code::Withheld.into());
        }
        answer
    }
}

/// A statement that lists name.
struct Listed<'a> {
    link: Link,
    by: BTreeSet<&'a SubjectId>,
}

type Listing<'a> = BTreeMap<u64, Listed<'a>>;

impl PartBundle {
    /// Checks everything that can be checked, and replays. Rests on the pinned genesis and on nothing else.
    ///
    /// # Errors
    /// [`BundleError`]: the first thing that is not as it must be.
    pub fn verify(&self, trust: &Trust) -> Result<Verified, BundleError> {
        let signed = checkpoint::open(&self.checkpoint, &trust.checkpoint_key)?;
        let checkpoint = signed.checkpoint().clone();
        let statements = self.statements(trust)?;
        let mut ids = BTreeSet::new();
        if let Some((index, _)) = statements.iter().find(|(_, of)| !ids.insert(of.id)) {
            return Err(BundleError::Doubled(*index));
        }
        self.check_inclusion(&checkpoint)?;
        self.check_receipts(&checkpoint, &statements, trust)?;
        let witnessed = self.check_witnessed(&checkpoint, trust)?;
        let signed = std::iter::once(signed).chain(witnessed).collect();
        let (as_of, root) = newest_batch(&statements, &checkpoint, trust)?;
        for list in &self.lists {
            list.check(&root)?;
        }
        let listing = self.listing(&statements)?;
        let is_withheld = |listed: &&Listed| !statements.contains_key(&listed.link.index);
        let withheld = listing.values().filter(is_withheld);
        let withheld: Vec<_> = withheld.map(|listed| listed.link).collect();
        let mut replay = Replay {
            bundle: self,
            trust,
            world: World::default(),
            is_partial: !withheld.is_empty(),
        };
        for (index, statement) in &statements {
            replay.one(*index, statement, listing.get(index))?;
        }
        self.must_be_closed(&replay, &statements, &listing)?;
        Ok(Verified {
            mark: self.mark,
            checkpoint,
            signed,
            as_of,
            world: replay.world,
            statements: statements.len(),
            subjects: self.lists.len(),
            withheld,
        })
    }

    fn statements(&self, trust: &Trust) -> Result<BTreeMap<u64, Statement>, BundleError> {
        let open = |entry: &super::Entry| {
            let opened = Statement::open(entry.submission.clone(), trust.origin());
            let opened = opened.map_err(|error| BundleError::Statement(entry.index, error))?;
            Ok((entry.index, opened))
        };
        self.entries.iter().map(open).collect()
    }

    fn check_inclusion(&self, checkpoint: &Checkpoint) -> Result<(), BundleError> {
        let leaf = |entry: &super::Entry| (entry.index, leaf_hash(&entry.submission.envelope));
        let leaves: Vec<_> = self.entries.iter().map(leaf).collect();
        let root = tree::root_from_inclusions(&leaves, checkpoint.size, &self.path)?;
        match root == checkpoint.root {
            true => Ok(()),
            false => Err(ProofError::Root.into()),
        }
    }

    /// Each entry has the log's receipt, in a tree that is not beyond the checkpoint.
    fn check_receipts(
        &self,
        checkpoint: &Checkpoint,
        statements: &BTreeMap<u64, Statement>,
        trust: &Trust,
    ) -> Result<(), BundleError> {
        for (entry, statement) in self.entries.iter().zip(statements.values()) {
            let wrong = |error| BundleError::Receipt(entry.index, error);
            let receipt = Receipt::parse(&entry.receipt).map_err(wrong)?;
            let envelope = &statement.submission.envelope;
            let says = receipt.verify(envelope, &trust.log_key).map_err(wrong)?;
            let is_its = says.index == entry.index
                && says.size <= checkpoint.size
                && (says.size < checkpoint.size || says.root == checkpoint.root)
                && says.claims.iss == trust.origin().as_str()
                && says.claims.sub == statement.envelope.sub.as_str();
            if !is_its {
                return Err(BundleError::OtherReceipt(entry.index));
            }
        }
        Ok(())
    }

    fn check_witnessed(
        &self,
        checkpoint: &Checkpoint,
        trust: &Trust,
    ) -> Result<Option<SignedCheckpoint>, BundleError> {
        let Some(cosigned) = &self.witnessed else {
            return Ok(None);
        };
        let signed = checkpoint::open(&cosigned.note, &trust.checkpoint_key)?;
        let (old, new) = (signed.checkpoint(), checkpoint);
        tree::check_consistency(old.size, &old.root, new.size, &new.root, &cosigned.path)
            .map_err(BundleError::Witnessed)?;
        Ok(Some(signed))
    }

    /// The lists by entry. They must say the same of it as each other, and as the entry that is there.
    fn listing(&self, statements: &BTreeMap<u64, Statement>) -> Result<Listing<'_>, BundleError> {
        let mut listing = Listing::new();
        let all = self.lists.iter();
        let all = all.flat_map(|list| list.links.iter().map(move |link| (&list.subject, link)));
        for (subject, link) in all {
            let listed = listing.entry(link.index).or_insert(Listed {
                link: *link,
                by: BTreeSet::new(),
            });
            let there = statements.get(&link.index);
            if listed.link != *link || there.is_some_and(|there| there.id != link.statement) {
                return Err(BundleError::Other(link.index));
            }
            listed.by.insert(subject);
        }
        Ok(listing)
    }

    /// Everything that is read has a list. What is withheld may hide more, and then nothing is decided.
    fn must_be_closed(
        &self,
        replay: &Replay,
        statements: &BTreeMap<u64, Statement>,
        listing: &Listing,
    ) -> Result<(), BundleError> {
        let need = |subject: &SubjectId, by: &dyn std::fmt::Display| match self.has(subject) {
            true => Ok(()),
            false => Err(BundleError::Open {
                subject: subject.clone(),
                by: by.to_string(),
            }),
        };
        for seed in [policy_subject(), mark_subject(&self.mark)] {
            need(&seed, &"every answer")?;
        }
        for (id, state) in &replay.world.states {
            let up = state.parents();
            up.iter().try_for_each(|parent| need(parent, id))?;
            if let Data::Mark { parts, .. } = &state.data
                && *id == mark_subject(&self.mark)
            {
                let parts = with_contents(parts);
                parts.iter().try_for_each(|part| need(part, id))?;
            }
        }
        let listed = statements
            .iter()
            .filter(|(index, _)| listing.contains_key(index));
        for (index, statement) in listed {
            let by = format!("entry {index}");
            let read = lifecycle::rests_on(statement);
            read.iter().try_for_each(|subject| need(subject, &by))?;
        }
        Ok(())
    }

    fn has(&self, subject: &SubjectId) -> bool {
        let found = self
            .lists
            .binary_search_by(|list| list.subject.cmp(subject));
        found.is_ok()
    }
}

/// Log time and root of the index in the log's own entry, which is the last of the checkpoint.
fn newest_batch(
    statements: &BTreeMap<u64, Statement>,
    checkpoint: &Checkpoint,
    trust: &Trust,
) -> Result<(i64, Digest), BundleError> {
    let Some((index, last)) = statements.last_key_value() else {
        return Err(BundleError::Batch);
    };
    let Core::LogBatch(batch) = &last.body.core else {
        return Err(BundleError::Batch);
    };
    if index + 1 != checkpoint.size {
        return Err(BundleError::Batch);
    }
    if !last.envelope.is_signed_by(&trust.log_key) {
        return Err(BundleError::Signature(*index));
    }
    let root = batch.index_root.ok_or(BundleError::NoIndex)?;
    Ok((batch.logged_at, root))
}

/// The world of the bundle's subjects, as far as its statements were replayed.
struct Replay<'a> {
    bundle: &'a PartBundle,
    trust: &'a Trust,
    world: World,
    /// Statements are withheld: what others rest on may be missing.
    is_partial: bool,
}

impl Replay<'_> {
    fn one(
        &mut self,
        index: u64,
        statement: &Statement,
        listed: Option<&Listed>,
    ) -> Result<(), BundleError> {
        if !self.trust.allows(index, &statement.envelope) {
            return Err(BundleError::Genesis);
        }
        if matches!(statement.body.core, Core::LogBatch(_)) {
            return Ok(());
        }
        let key = lifecycle::author_key(&self.world, statement);
        // Entry 0 is verified with entry 1, when the pinned genesis is opened.
        let is_signed = index == 0 || key.is_some_and(|key| statement.envelope.is_signed_by(&key));
        match (is_signed, key) {
            (true, _) => {}
            (false, None) if self.is_partial => return Ok(()),
            _ => return Err(BundleError::Signature(index)),
        }
        let Some(listed) = listed else {
            // Beside the lists: it shows that a later statement uses its number again.
            self.world.record(statement, BTreeMap::new());
            return Ok(());
        };
        self.apply(index, statement, listed)
    }

    fn apply(
        &mut self,
        index: u64,
        statement: &Statement,
        listed: &Listed,
    ) -> Result<(), BundleError> {
        let at = At {
            index: Some(index),
            logged_at: listed.link.logged_at,
        };
        let mut changes = match lifecycle::apply(&self.world, statement, at) {
            Ok(changes) => changes,
            Err(_) if self.is_partial => return Ok(()),
            Err(refusal) => return Err(BundleError::Rule { index, refusal }),
        };
        let touched = index::touched(statement, &changes);
        let counted = touched.iter().filter(|subject| self.bundle.has(subject));
        if !self.is_partial && !counted.eq(listed.by.iter().copied()) {
            return Err(BundleError::Counted(index));
        }
        // Of subjects without a list only a part is known: their states would be wrong.
        changes.states.retain(|subject, _| self.bundle.has(subject));
        self.world.record(statement, changes.states);
        Ok(())
    }
}
