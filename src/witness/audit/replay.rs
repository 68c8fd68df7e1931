//! The home of the member who audits: its entries, fetched and replayed page by page.
//!
//! Owns the session with the log's service, and what a page that does not verify means. Must never know who asks, nor
//! hold anybody up: it works on a thread of its own.

use super::objection::{Objection, object, split};
use super::{Audited, Wanted};
use threadmark_agent::home::{Home, HomeError};
use threadmark_agent::sync::{Client, Session, SyncError};
use threadmark_agent::system::Entropy;
use threadmark_protocol::bundle::{Page, Replica};
use threadmark_protocol::note::VerifierKey;
use threadmark_protocol::tree::{Tree, leaf_hash};
use threadmark_protocol::witness::evidence::Evidence;

/// Status of a session that is over.
const NO_SESSION: u16 = 401;

pub(super) struct Replay {
    home: Home,
    client: Client,
    session: Option<Session>,
    replica: Replica,
    clock: fn() -> i64,
    entropy: Box<dyn Entropy + Send>,
}

/// What became of the next page.
pub(super) enum Step {
    /// It was replayed and kept.
    Grown,
    /// It cannot be had, or is not what the log signed; for now.
    Trouble(String),
    /// The log signed what the rules refuse.
    Objected(Objection),
    /// It leads to another history than one that the log has signed before, and that was verified here.
    Split(Objection, Evidence),
}

impl Replay {
    /// Replays what the home has. A stored page that is cut off or damaged is fetched again.
    pub fn open(audited: Audited, clock: fn() -> i64) -> Result<Replay, HomeError> {
        let Audited { home, entropy } = audited;
        let replica = match home.replica_to_extend() {
            Err(HomeError::ReplicaDamaged { .. }) => {
                home.forget_replica()?;
                home.replica_to_extend()?
            }
            other => other?,
        };
        Ok(Replay {
            client: Client::new(&home.service()?),
            home,
            session: None,
            replica,
            clock,
            entropy,
        })
    }

    /// The log's key.
    pub fn log(&self) -> &VerifierKey {
        &self.replica.trust().checkpoint_key
    }

    /// Entries that were replayed.
    pub fn size(&self) -> u64 {
        self.replica.size()
    }

    /// Fetches one page and replays it.
    pub fn step(&mut self) -> Step {
        match self.fetch() {
            Ok(Some(page)) => self.take(&page),
            Ok(None) => Step::Trouble(format!(
                "the log gives its members no more than {} entries",
                self.size()
            )),
            Err(error) => Step::Trouble(error.to_string()),
        }
    }

    fn fetch(&mut self) -> Result<Option<Page>, SyncError> {
        let (mut session, is_new) = match self.session.take() {
            Some(session) => (session, false),
            None => (self.sign_in()?, true),
        };
        let mut fetched = self.client.page(&session, self.size());
        let is_over =
            |error: &SyncError| matches!(error, SyncError::Problem(of) if of.status == NO_SESSION);
        if !is_new && fetched.as_ref().is_err_and(is_over) {
            session = self.sign_in()?;
            fetched = self.client.page(&session, self.size());
        }
        self.session = Some(session);
        fetched
    }

    fn sign_in(&mut self) -> Result<Session, SyncError> {
        let now = (self.clock)();
        self.client.session(&self.home, now, &mut *self.entropy)
    }

    fn take(&mut self, page: &Page) -> Step {
        match self.home.extend(&mut self.replica, page) {
            Ok(()) => Step::Grown,
            Err(HomeError::Replica { source, .. }) => {
                match object(&self.replica, page, &source, (self.clock)()) {
                    Some(objection) => Step::Objected(objection),
                    None => Step::Trouble(format!("what the log gives to its members: {source}")),
                }
            }
            Err(HomeError::SplitView(size)) => {
                let objection = split(page, size, (self.clock)());
                Step::Split(objection, self.two_histories(page, size))
            }
            Err(error) => Step::Trouble(error.to_string()),
        }
    }

    /// The checkpoint that was verified once, beside the one of a page whose entries lead to another tree at its size.
    fn two_histories(&self, page: &Page, size: u64) -> Evidence {
        let mut tree = self.replica.tree().clone();
        for entry in &page.entries {
            tree.push(leaf_hash(&entry.envelope));
        }
        let known = self.home.highest_checkpoint().ok().flatten();
        evidence(
            self.log(),
            known.unwrap_or_default(),
            &page.checkpoint,
            &tree,
            size,
        )
    }

    /// Whether the replayed entries lead to the tree that is wanted; if not, what that proves.
    pub fn compare(&self, wanted: &Wanted) -> Result<(), Evidence> {
        let (old, tree) = (wanted.size, self.replica.tree());
        if tree.root_at(old) == Some(wanted.root) {
            return Ok(());
        }
        let second = self.replica.checkpoint().unwrap_or_default();
        Err(evidence(self.log(), wanted.note.clone(), second, tree, old))
    }
}

/// Two checkpoints of one log, of which the second is that of `tree`, which has not the root that the first has signed at `old`.
fn evidence(log: &VerifierKey, first: String, second: &str, tree: &Tree, old: u64) -> Evidence {
    // From a size that is a power of two, a proof does not hold the old root.
    let own = tree.root_at(old);
    let own = own.filter(|_| old.is_power_of_two() && old < tree.size());
    let rest = tree.consistency(old, tree.size()).unwrap_or_default();
    Evidence {
        log: log.to_string(),
        first,
        second: second.to_owned(),
        proof: own.into_iter().chain(rest).collect(),
    }
}
