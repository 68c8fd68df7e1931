//! Pushing checkpoints to witnesses.
//!
//! Owns the pace: one target for all witnesses at a time, so that a quorum meets on one checkpoint however fast the log
//! grows; at most one call a second to each; ever longer pauses for who fails. Statements are acknowledged long before,
//! and wait for nothing here. Must never believe a line that was not verified, nor show one that is not stored.

use super::memory::{self, CheckError, Forked, Remembered};
use super::wire::Wire;
use crate::ledger::storage::{Head, StorageError};
use crate::ledger::witnesses::{Heard, Line, Trouble, Witnesses, heard};
use crate::ledger::{Clock, Ledger};
use crate::metrics::Pushing;
use crate::store::PgStore;
use std::collections::BTreeSet;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use threadmark_protocol::witness::Request;
use threadmark_protocol::witness::policy::{PolicyWitness, Standing};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Between two calls to one witness.
const PACE: Duration = Duration::from_secs(1);
/// Between two looks at the log.
const LOOK: Duration = Duration::from_millis(100);
/// Longest that all stay with one target for the sake of slow witnesses.
const TARGET_TIMEOUT: Duration = Duration::from_secs(10);
/// Longest pause after failures.
const PAUSE_MAX: Duration = Duration::from_secs(60);
/// Cosigned checkpoints that are looked at for the newest witnessed one at the start.
const RESTORED_MAX: usize = 1000;
/// The same at each look while another process asks: more than come between two.
const FOLLOWED_MAX: usize = 16;

/// Who has answered or failed for the target of which size.
type Answered = Arc<Mutex<BTreeSet<(u64, usize)>>>;

/// What the tasks share.
#[derive(Clone)]
pub struct Cosigning {
    /// The log.
    pub ledger: Ledger,
    /// Where lines are kept.
    pub store: PgStore,
    /// Who is asked, and what was heard.
    pub witnesses: Arc<Witnesses>,
    /// Unix seconds.
    pub clock: Clock,
    /// Where pushes are counted.
    pub pushing: Pushing,
    /// Time since some moment, by a clock that never goes back.
    pub elapsed: fn() -> Duration,
}

/// Takes what was stored by a process before this one.
///
/// # Errors
/// [`StorageError`].
pub async fn restore(store: &PgStore, witnesses: &Witnesses) -> Result<(), StorageError> {
    restore_newest(store, witnesses, RESTORED_MAX).await
}

/// Shows what the process that writes has heard, as long as this one does not ask itself.
pub async fn follow(cosigning: &Cosigning) -> Infallible {
    if cosigning.witnesses.asked().next().is_none() {
        return std::future::pending().await;
    }
    loop {
        tokio::time::sleep(PACE).await;
        if cosigning.ledger.role().is_writer() {
            continue;
        }
        let read = restore_newest(&cosigning.store, &cosigning.witnesses, FOLLOWED_MAX).await;
        if let Err(error) = read {
            tracing::debug!(%error, "reading cosignatures");
        }
    }
}

async fn restore_newest(
    store: &PgStore,
    witnesses: &Witnesses,
    most: usize,
) -> Result<(), StorageError> {
    let heads = store.cosigned_checkpoints(most).await?;
    let sizes: Vec<u64> = heads.iter().map(|head| head.size).collect();
    let lines = store.cosignatures(&sizes).await?;
    for head in heads.iter().rev() {
        let lines = lines.get(&head.size).map_or(&[][..], Vec::as_slice);
        witnesses.restore(head, lines);
    }
    Ok(())
}

/// Works until a witness shows that history was forked.
///
/// # Errors
/// Only ever ends with one: the service must stop signing.
pub async fn run(cosigning: Cosigning) -> CheckError {
    let (target, targets) = watch::channel(None);
    let answered = Answered::default();
    let mut workers = JoinSet::new();
    for (at, witness, url) in cosigning.witnesses.asked() {
        let worker = Worker {
            at,
            witness: witness.clone(),
            url: url.to_owned(),
            wire: Wire::default(),
            known: None,
            shared: cosigning.clone(),
            answered: answered.clone(),
        };
        workers.spawn(worker.run(targets.clone()));
    }
    if workers.is_empty() {
        return std::future::pending().await;
    }
    let count = workers.len();
    loop {
        tokio::select! {
            () = lead(&cosigning, &target, &answered, count) => {}
            ended = workers.join_next() => match ended {
                Some(Ok(error)) => return error,
                // A bug of ours must not end the service; the others go on.
                Some(Err(error)) => tracing::error!(%error, "pushing to a witness has ended"),
                None => return std::future::pending().await,
            }
        }
    }
}

/// Sets one target after the other.
async fn lead(
    cosigning: &Cosigning,
    target: &watch::Sender<Option<Head>>,
    answered: &Mutex<BTreeSet<(u64, usize)>>,
    count: usize,
) {
    let mut since = (cosigning.elapsed)();
    loop {
        tokio::time::sleep(LOOK).await;
        let newest = cosigning.ledger.published(|log| log.head.clone());
        let current = target.borrow().as_ref().map(|head| head.size);
        if newest.is_none() || newest.as_ref().map(|head| head.size) == current {
            continue;
        }
        let stayed = (cosigning.elapsed)().saturating_sub(since);
        let is_witnessed = |size| {
            matches!(
                cosigning.witnesses.standing(size),
                Standing::Witnessed { .. }
            )
        };
        let of_current = |(size, _): &&(u64, usize)| Some(*size) == current;
        let all_answered = lock(answered).iter().filter(of_current).count() >= count;
        let is_done = current.is_none_or(is_witnessed) || all_answered;
        if current.is_none() || stayed >= PACE && (is_done || stayed >= TARGET_TIMEOUT) {
            lock(answered).clear();
            target.send_replace(newest);
            since = (cosigning.elapsed)();
        }
    }
}

fn lock<T>(of: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Who pushes to one witness.
struct Worker {
    at: usize,
    witness: PolicyWitness,
    url: String,
    wire: Wire,
    /// The size that it has cosigned last, as far as we know.
    known: Option<u64>,
    shared: Cosigning,
    answered: Answered,
}

impl Worker {
    async fn run(mut self, mut targets: watch::Receiver<Option<Head>>) -> CheckError {
        let mut failures = 0_u32;
        let (mut done, mut again) = (None, None);
        loop {
            // The newest target, not each: who was slow or away joins the others.
            let newest = targets.borrow_and_update().clone();
            let target = again.take().or(newest);
            let Some(target) = target.filter(|target| done != Some(target.size)) else {
                if targets.changed().await.is_err() {
                    return std::future::pending().await;
                }
                continue;
            };
            let ended = self.push(&target).await;
            lock(&self.answered).insert((target.size, self.at));
            let witness = &self.witness.name;
            match ended {
                Ok(pushed) => {
                    if pushed == Pushed::Cosigned {
                        self.shared.pushing.pushed("cosigned");
                    }
                    if failures > 0 {
                        tracing::info!(witness, "a witness cosigns again");
                    }
                    (done, failures) = (Some(target.size), 0);
                }
                Err(Failed::Forked(error)) => return error,
                // Asked again about the same, which it replays meanwhile: with a newer one each time it would never be so far.
                Err(Failed::Trouble(Trouble::NotYet(why))) => {
                    tracing::debug!(witness, why, "a witness that audits is not so far yet");
                    (again, failures) = (Some(target), 0);
                }
                Err(Failed::Trouble(trouble)) => {
                    self.shared.pushing.pushed("failed");
                    if failures == 0 {
                        tracing::warn!(witness, %trouble, "a witness does not cosign");
                    }
                    failures = failures.saturating_add(1);
                }
            }
            let pause = PACE.saturating_mul(1 << failures.min(6));
            tokio::time::sleep(pause.min(PAUSE_MAX)).await;
        }
    }

    /// Asks for a cosignature, again from where the witness says that it is.
    async fn push(&mut self, target: &Head) -> Result<Pushed, Failed> {
        for _ in 0..3 {
            let old = self
                .known
                .filter(|known| *known <= target.size)
                .unwrap_or(0);
            match self.ask(old, target).await? {
                Heard::Cosigned(line) => return self.keep(target, line).await,
                Heard::Knows(size) => {
                    self.learn(size);
                    if size > target.size {
                        return Ok(Pushed::IsAhead);
                    }
                }
                Heard::Trouble(trouble) => {
                    match trouble {
                        Trouble::Ahead(said) => self.look_for_fork(Some(said)).await?,
                        Trouble::Conflict | Trouble::Inconsistent => {
                            self.look_for_fork(None).await?;
                        }
                        _ => {}
                    }
                    return Err(Failed::Trouble(trouble));
                }
            }
            tokio::time::sleep(PACE).await;
        }
        Err(Failed::Trouble(Trouble::Conflict))
    }

    /// Stores a line, and shows it then.
    async fn keep(&mut self, target: &Head, line: Line) -> Result<Pushed, Failed> {
        let stored = self.shared.store.add_cosignature(target.size, &line).await;
        stored
            .map_err(|error| Failed::Forked(error.into()))
            .or_else(temporary)?;
        self.shared.witnesses.record(target, self.at, line);
        self.known = Some(target.size);
        Ok(Pushed::Cosigned)
    }

    /// Takes the witness's word for what it has cosigned last.
    fn learn(&mut self, size: u64) {
        if let Some(known) = self.known.filter(|known| *known > size) {
            let witness = &self.witness.name;
            self.shared.pushing.pushed("forgot");
            tracing::warn!(
                witness,
                size,
                known,
                "a witness has forgotten what it had cosigned"
            );
        }
        self.known = Some(size);
    }

    async fn ask(&self, old: u64, target: &Head) -> Result<Heard, Failed> {
        let log = &self.shared.ledger.trust().checkpoint_key;
        let published = |read: &crate::ledger::Published| {
            let size = read.head.as_ref().map_or(0, |head| head.size);
            (size, read.tree.consistency(old, target.size))
        };
        let (head_size, proof) = self.shared.ledger.published(published);
        let request = Request::new(old, proof.unwrap_or_default(), &target.note, log);
        let request = request.map_err(|_| Failed::Trouble(Trouble::Misunderstood))?;
        let (wire, url, sent) = (self.wire.clone(), self.url.clone(), request.clone());
        let answer = tokio::task::spawn_blocking(move || wire.add_checkpoint(&url, &sent)).await;
        let answer = answer.map_err(|error| Trouble::Unreachable(error.to_string()));
        let (status, body) = answer.and_then(|answer| answer).map_err(Failed::Trouble)?;
        let now = (self.shared.clock)();
        Ok(heard(
            &self.witness,
            &request,
            head_size,
            (status, &body),
            now,
        ))
    }

    /// Compares what the witness shows, and the size that it has just said, with the database. Against a service that runs
    /// only what it shows with our own signature counts: that page may lag by an hour, so what it says is told at once.
    async fn look_for_fork(&self, said: Option<u64>) -> Result<(), Failed> {
        let log = self.shared.ledger.trust().checkpoint_key.clone();
        let (wire, url) = (self.wire.clone(), self.url.clone());
        let shown = tokio::task::spawn_blocking(move || wire.shown(&url, &log)).await;
        let shown = shown.ok().and_then(Result::ok).flatten();
        let remembered = Remembered::of(shown, said);
        let witness = &self.witness.name;
        match memory::compare(&self.shared.store, witness, &remembered).await {
            Err(CheckError::Forked(Forked::Claimed { said, held, .. })) => {
                tracing::error!(
                    witness,
                    said,
                    held,
                    "a witness says that it has cosigned more entries than the database holds, and shows no such \
                     checkpoint yet: if an old backup was restored, stop this service now"
                );
                Ok(())
            }
            compared => compared.map_err(Failed::Forked).or_else(temporary),
        }
    }
}

/// What came of a push.
#[derive(PartialEq, Eq)]
enum Pushed {
    /// Its line is stored.
    Cosigned,
    /// It has cosigned a newer tree of ours: the next target is for it.
    IsAhead,
}

/// Why a push failed.
enum Failed {
    Trouble(Trouble),
    /// The service must stop.
    Forked(CheckError),
}

/// A database that is away for a moment ends nothing: the push is tried again.
fn temporary(failed: Failed) -> Result<(), Failed> {
    match failed {
        Failed::Forked(CheckError::Storage(error)) => {
            let error = format!("storing its line: {error}");
            Err(Failed::Trouble(Trouble::Unreachable(error)))
        }
        other => Err(other),
    }
}
