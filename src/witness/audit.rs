//! The audit behind a cosignature: every entry of the tree was replayed through the rules before it is cosigned.
//!
//! Owns what is asked of the thread that replays, and what it has found so far. Who asks waits for a bounded time and is
//! told to come again; the replay goes on meanwhile. Must never cosign, nor believe what the log's service says: the
//! replica of a member's home verifies signatures, rules, batches, the index of statements, and the root.

mod objection;
mod replay;
#[cfg(test)]
mod tests;

pub use objection::Objection;

use super::folder::Folder;
use replay::{Replay, Step};
use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use threadmark_agent::home::{Home, HomeError};
use threadmark_agent::system::Entropy;
use threadmark_protocol::checkpoint::Checkpoint;
use threadmark_protocol::digest::Digest;
use threadmark_protocol::witness::evidence::Evidence;

/// Longest that a request waits for the replay: whoever pushes gives up after five seconds.
const PATIENCE: Duration = Duration::from_secs(3);
/// Requests that wait at the same time; the others are told to come again at once. Anybody can send a public checkpoint.
const WAITERS_MAX: usize = 4;
/// Checkpoints that are asked about, and answers that are remembered; beyond them the smallest are let go.
const REMEMBERED_MAX: usize = 64;
/// Pause after a page that could not be had; it doubles with each.
const PAUSE: Duration = Duration::from_millis(500);
/// Most doublings: half a minute.
const DOUBLINGS_MAX: u32 = 6;

/// A home whose replica is the audit, and the random source for its sessions.
pub struct Audited {
    /// A member's home, which has joined the log. Nobody else uses it.
    pub home: Home,
    /// Where random bytes come from.
    pub entropy: Box<dyn Entropy + Send>,
}

/// What the audit says of a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Every entry was replayed, and leads to its root.
    Good,
    /// It holds an entry that the rules refuse.
    Objected(Objection),
    /// The entries that the log gives to its members are another tree's.
    OtherEntries(Evidence),
    /// Not all of its entries are replayed yet; why.
    NotYet(String),
}

/// A checkpoint that the log has signed.
#[derive(Clone, Debug)]
struct Wanted {
    size: u64,
    root: Digest,
    note: String,
}

/// Size and root.
type Place = (u64, Digest);

#[derive(Default)]
struct Board {
    /// Entries that were replayed.
    replayed: u64,
    wanted: BTreeMap<Place, String>,
    settled: BTreeMap<Place, Result<(), Evidence>>,
    objection: Option<Objection>,
    /// Why there is no more, lately.
    trouble: Option<String>,
    waiting: usize,
    is_over: bool,
}

impl Board {
    fn verdict(&self, place: Place) -> Option<Verdict> {
        match self.settled.get(&place) {
            Some(Ok(())) => return Some(Verdict::Good),
            Some(Err(evidence)) => return Some(Verdict::OtherEntries(evidence.clone())),
            None => {}
        }
        let objection = self.objection.clone().filter(|_| place.0 > self.replayed);
        objection.map(Verdict::Objected)
    }

    fn not_yet(&self) -> Verdict {
        let trouble = self.trouble.clone();
        let so_far = || format!("{} entries are replayed so far", self.replayed);
        Verdict::NotYet(trouble.unwrap_or_else(so_far))
    }
}

#[derive(Default)]
struct Shared {
    board: Mutex<Board>,
    moved: Condvar,
}

impl Shared {
    fn board(&self) -> MutexGuard<'_, Board> {
        // Whatever a panic left was written whole: each change is one assignment.
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The audit of one log.
pub struct Auditor {
    shared: Arc<Shared>,
}

impl Auditor {
    /// Replays what the home has, which takes its time, and starts the thread that goes on. What was objected to before stays
    /// so: `folder` has it.
    ///
    /// # Errors
    /// The home cannot be read, or what it has does not verify.
    pub(super) fn start(
        audited: Audited,
        known: Option<Objection>,
        folder: Arc<Folder>,
        clock: fn() -> i64,
    ) -> Result<Auditor, HomeError> {
        let replay = Replay::open(audited, clock)?;
        let shared = Arc::new(Shared::default());
        shared.board().replayed = replay.size();
        shared.board().objection = known;
        let of_thread = shared.clone();
        std::thread::spawn(move || work(replay, &of_thread, &folder));
        Ok(Auditor { shared })
    }

    /// What the audit says of a checkpoint that the log has signed. Blocks, for some seconds at most.
    pub fn ask(&self, checkpoint: &Checkpoint, note: &str) -> Verdict {
        let place = (checkpoint.size, checkpoint.root);
        let mut board = self.shared.board();
        if let Some(verdict) = board.verdict(place) {
            return verdict;
        }
        if board.wanted.len() >= REMEMBERED_MAX {
            board.wanted.pop_first();
        }
        board.wanted.insert(place, note.to_owned());
        self.shared.moved.notify_all();
        if board.waiting >= WAITERS_MAX {
            return board.not_yet();
        }
        board.waiting += 1;
        let is_open = |board: &mut Board| board.verdict(place).is_none();
        let waited = self
            .shared
            .moved
            .wait_timeout_while(board, PATIENCE, is_open);
        let (mut board, _) = waited.unwrap_or_else(PoisonError::into_inner);
        board.waiting -= 1;
        board.verdict(place).unwrap_or_else(|| board.not_yet())
    }
}

impl Drop for Auditor {
    fn drop(&mut self) {
        self.shared.board().is_over = true;
        self.shared.moved.notify_all();
    }
}

/// Replays as far as it is asked about, until the auditor is gone.
fn work(mut replay: Replay, shared: &Shared, folder: &Folder) {
    let mut failures = 0;
    while let Some(furthest) = next(shared) {
        settle(&replay, shared);
        if furthest <= replay.size() {
            continue;
        }
        let step = replay.step();
        let mut board = shared.board();
        let (objection, evidence) = match step {
            Step::Grown => {
                (board.replayed, board.trouble, failures) = (replay.size(), None, 0);
                continue;
            }
            Step::Objected(objection) => (Ok(objection), None),
            Step::Split(objection, evidence) => (Ok(objection), Some(evidence)),
            Step::Trouble(why) => (Err(why), None),
        };
        let why = match objection.map(|objection| keep(&replay, folder, objection, evidence)) {
            Ok(Ok(objection)) => {
                board.objection = Some(objection);
                shared.moved.notify_all();
                continue;
            }
            // Until it is on the disk nothing is said; nothing is cosigned either.
            Ok(Err(error)) => format!("the objection cannot be kept: {error}"),
            Err(why) => why,
        };
        if board.trouble.as_ref() != Some(&why) {
            tracing::warn!(log = replay.log().name, why, "the audit does not get on");
        }
        board.trouble = Some(why);
        let pause = PAUSE.saturating_mul(1 << failures);
        failures = (failures + 1).min(DOUBLINGS_MAX);
        let goes_on = |board: &mut Board| !board.is_over;
        drop(shared.moved.wait_timeout_while(board, pause, goes_on));
    }
}

/// Writes down why the log is not cosigned any more, and what proves it.
fn keep(
    replay: &Replay,
    folder: &Folder,
    objection: Objection,
    evidence: Option<Evidence>,
) -> std::io::Result<Objection> {
    let origin = &replay.log().name;
    tracing::error!(log = origin, %objection, "an audit refuses the log");
    if let Some(evidence) = evidence {
        let finding = evidence.examine(replay.log());
        let is_proof = finding.is_ok_and(|finding| finding.is_misbehaviour());
        folder.keep(origin, &evidence, is_proof)?;
    }
    folder.object(origin, &objection)?;
    Ok(objection)
}

/// Waits until something is asked that can be found out; the furthest size.
fn next(shared: &Shared) -> Option<u64> {
    let idle = |board: &mut Board| {
        if board.objection.is_some() {
            // Beyond what was objected to nothing is replayed any more.
            let replayed = board.replayed;
            board.wanted.retain(|(size, _), _| *size <= replayed);
        }
        board.wanted.is_empty() && !board.is_over
    };
    let waited = shared.moved.wait_while(shared.board(), idle);
    let board = waited.unwrap_or_else(PoisonError::into_inner);
    let furthest = board.wanted.keys().next_back().map(|(size, _)| *size);
    furthest.filter(|_| !board.is_over)
}

/// Answers what the replayed entries can answer.
fn settle(replay: &Replay, shared: &Shared) {
    let mut board = shared.board();
    let replayed = replay.size();
    let wanted = std::mem::take(&mut board.wanted);
    for ((size, root), note) in wanted {
        if size > replayed {
            board.wanted.insert((size, root), note);
            continue;
        }
        let found = replay.compare(&Wanted { size, root, note });
        if board.settled.len() >= REMEMBERED_MAX {
            board.settled.pop_first();
        }
        board.settled.insert((size, root), found);
    }
    shared.moved.notify_all();
}
