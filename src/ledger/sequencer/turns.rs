//! Turns: while one batch is committed, the next one is drafted.
//!
//! Owns who waits for what, and what a failure means for it. A commit is waiting for a disk, and drafting is work, so they go on side
//! by side: the next draft stands on the batch that is under way, and is closed and committed only when that one has happened. When
//! it has not, what was drafted on it is drafted again from what is committed. So there is never more than one commit under way, and
//! a crash leaves what it leaves in [`super`]. Must never know HTTP or SQL.

use super::super::LedgerError;
use super::super::draft::{Draft, Ground};
use super::super::node::{BATCH_MAX, Fate, Fates, Pending, gather};
use super::super::recent::Recent;
use super::super::storage::{Batch, Place, Storage, StorageError};
use super::{Sequencer, lost};
use std::collections::{BTreeMap, BTreeSet};
use std::pin::pin;
use threadmark_protocol::code::Code;
use threadmark_protocol::key::KeyId;
use threadmark_protocol::lifecycle::Refusal;
use threadmark_protocol::statement::StatementId;
use tokio::sync::mpsc;

/// A batch in the making, and who waits for it.
struct Turn {
    draft: Draft,
    waiting: Vec<Pending>,
    /// What stands in the log before it.
    known: Fates,
    /// Storage did not tell what the rules must know: nothing of it is committed.
    is_broken: bool,
}

/// What is done beside a commit.
struct Beside {
    /// Who waits for what is being committed.
    waiting: Vec<Pending>,
    under_way: BTreeSet<StatementId>,
    next: Option<Turn>,
    /// Came when the log time of `next` was over.
    late: Vec<Pending>,
}

impl Beside {
    fn new(waiting: Vec<Pending>) -> Beside {
        Beside {
            under_way: waiting.iter().map(|of| of.statement.id).collect(),
            waiting,
            next: None,
            late: Vec::new(),
        }
    }

    /// How many may still join the next turn.
    fn room(&self, of: usize) -> usize {
        let is_closed = !self.late.is_empty() || self.next.as_ref().is_some_and(|it| it.is_broken);
        let taken = self.next.as_ref().map_or(0, |next| next.waiting.len());
        if is_closed {
            0
        } else {
            of.saturating_sub(taken)
        }
    }

    /// The next turn, and who joins it. Nobody joins one whose log time is over: they would be said to have come before they did.
    fn join(&mut self, came: Vec<Pending>, ground: Ground) -> Option<(&mut Turn, Vec<Pending>)> {
        let is_under_way = |of: &Pending| self.under_way.contains(&of.statement.id);
        let (same, new): (Vec<_>, Vec<_>) = came.into_iter().partition(is_under_way);
        self.waiting.extend(same);
        let is_over = |of: &Turn| of.draft.logged_at() < ground.logged_at;
        if self.next.as_ref().is_some_and(is_over) {
            self.late.extend(new);
            return None;
        }
        if new.is_empty() {
            return None;
        }
        let next = self
            .next
            .get_or_insert_with(|| Turn::new(Draft::new(ground)));
        Some((next, new))
    }
}

/// Goes on with both until the second has ended; what came of the first, if it has ended too.
async fn both<T>(mut first: impl Future<Output = T> + Unpin, second: impl Future) -> Option<T> {
    let (mut second, mut done) = (pin!(second), None);
    loop {
        tokio::select! {
            biased;
            answer = &mut first, if done.is_none() => done = Some(answer),
            _ = &mut second => return done,
        }
    }
}

impl Turn {
    fn new(draft: Draft) -> Turn {
        Turn {
            draft,
            waiting: Vec::new(),
            known: Fates::new(),
            is_broken: false,
        }
    }

    /// Whether a statement waits here already.
    fn has(&self, id: &StatementId) -> bool {
        self.draft.accepted.contains_key(id)
            || self.draft.refused.contains_key(id)
            || self.known.contains_key(id)
    }

    /// Drafts what came. Whoever sends the same again waits for the same.
    async fn take(
        &mut self,
        storage: &impl Storage,
        recent: &mut Recent,
        log_key: &KeyId,
        came: Vec<Pending>,
    ) -> Result<(), StorageError> {
        let mut seen = BTreeSet::new();
        let is_new = |of: &&Pending| !self.has(&of.statement.id) && seen.insert(of.statement.id);
        let new = came.iter().filter(is_new);
        let new: Vec<_> = new.map(|of| of.statement.clone()).collect();
        self.waiting.extend(came);
        let before = self.draft.statements_before().clone();
        let known = recent.look_up(storage, &new, log_key, &before).await;
        let known = known.inspect_err(|_| self.is_broken = true)?;
        let fresh = new.iter().filter(|of| !known.contains_key(&of.id));
        fresh.for_each(|statement| self.draft.add(recent.world(), statement));
        let known = known.into_iter();
        let known = known.map(|(id, place)| (id, Fate::logged(place, BTreeSet::new(), true)));
        self.known.extend(known);
        Ok(())
    }
}

/// What is told when the batch is committed: a refusal may rest on what the same batch logs.
struct Verdict {
    accepted: BTreeMap<StatementId, (u64, BTreeSet<Code>)>,
    refused: BTreeMap<StatementId, Refusal>,
    fates: Fates,
}

impl Verdict {
    fn of(draft: &mut Draft, known: Fates) -> Verdict {
        Verdict {
            accepted: std::mem::take(&mut draft.accepted),
            refused: std::mem::take(&mut draft.refused),
            fates: known,
        }
    }

    /// Where the accepted ones stand.
    fn committed(self, logged_at: i64, tree_size: u64) -> Fates {
        let accepted = self.accepted.into_iter();
        let accepted = accepted.map(|(id, (index, findings))| {
            let place = Place {
                index,
                logged_at,
                tree_size,
            };
            (id, Fate::logged(place, findings, false))
        });
        let refused = self.refused.into_iter();
        let refused = refused.map(|(id, refusal)| (id, Fate::Refused(refusal)));
        let mut fates = self.fates;
        fates.extend(accepted.chain(refused));
        fates
    }
}

fn answer(waiting: Vec<Pending>, fates: &Fates) {
    for one in waiting {
        let fate = fates.get(&one.statement.id).cloned();
        one.answer(fate.unwrap_or(Fate::Unavailable));
    }
}

fn without_empty(mut groups: Vec<Vec<Pending>>) -> Vec<Vec<Pending>> {
    groups.retain(|group| !group.is_empty());
    groups
}

impl<S: Storage> Sequencer<S> {
    /// Logs what can be logged of `first` and of what comes meanwhile, and answers who waits. Of nobody it is the log's sign of life.
    ///
    /// # Errors
    /// Every [`LedgerError`] after which this process must not write.
    pub(in crate::ledger) async fn work_off(
        &mut self,
        first: Vec<Pending>,
        queue: &mut mpsc::Receiver<Pending>,
    ) -> Result<(), LedgerError> {
        let mut groups = vec![first];
        let mut may_join = true;
        while let Some(waiting) = groups.pop() {
            let room = if may_join { BATCH_MAX } else { 0 };
            groups.extend(self.turns(waiting, queue, room).await?);
            // Who came before goes first; and where something fails, the lease wants a beat before others are tried.
            may_join = may_join && groups.is_empty();
            self.note_heartbeat();
            if self.recent.is_full() {
                self.recent = Recent::default();
            }
        }
        Ok(())
    }

    /// One turn after the other, as long as somebody has come meanwhile, up to `room` in each; groups of those who must be drafted
    /// again, the last one first.
    async fn turns(
        &mut self,
        first: Vec<Pending>,
        queue: &mut mpsc::Receiver<Pending>,
        room: usize,
    ) -> Result<Vec<Vec<Pending>>, LedgerError> {
        let mut turn = match self.open(first).await {
            Ok(turn) => turn,
            Err((waiting, error)) => return self.divide(error, waiting),
        };
        let mut late = Vec::new();
        loop {
            let (mut draft, waiting) = (turn.draft, turn.waiting);
            let verdict = Verdict::of(&mut draft, turn.known);
            if verdict.accepted.is_empty() && !waiting.is_empty() {
                let mut groups = self.answer_without_batch(waiting, verdict).await?;
                groups.insert(0, late);
                return Ok(without_empty(groups));
            }
            let batch = self.close(draft)?;
            let (logged_at, size) = (batch.checkpoint.logged_at, batch.checkpoint.size);
            let (done, beside) = self.commit_beside(&batch, waiting, late, queue, room).await;
            if let Err(error) = self.committed(batch, done).await {
                return self.drafted_again(error, beside, &verdict.fates);
            }
            answer(beside.waiting, &verdict.committed(logged_at, size));
            late = beside.late;
            match beside.next {
                None => return Ok(without_empty(vec![late])),
                Some(next) if next.is_broken => {
                    // What it has changed of the states at hand is not committed.
                    self.recent = Recent::default();
                    return Ok(without_empty(vec![late, next.waiting]));
                }
                Some(next) => turn = next,
            }
        }
    }

    /// Whatever becomes of a turn, what stood in the log before stands there. Who was drafted on it is drafted again.
    fn drafted_again(
        &mut self,
        error: LedgerError,
        beside: Beside,
        known: &Fates,
    ) -> Result<Vec<Vec<Pending>>, LedgerError> {
        let is_known = |of: &Pending| known.contains_key(&of.statement.id);
        let (told, waiting) = beside.waiting.into_iter().partition(is_known);
        answer(told, known);
        let mut groups = vec![beside.late];
        groups.extend(beside.next.map(|next| next.waiting));
        groups.extend(self.divide(error, waiting)?);
        Ok(without_empty(groups))
    }

    /// A turn on what is committed.
    async fn open(&mut self, first: Vec<Pending>) -> Result<Turn, (Vec<Pending>, LedgerError)> {
        if let Err(error) = self.settle().await {
            return Err((first, error));
        }
        let mut turn = Turn::new(Draft::new(self.ground(None)));
        let log_key = self.keys.log().key_id();
        let taken = turn.take(&self.storage, &mut self.recent, &log_key, first);
        match taken.await {
            Ok(()) => Ok(turn),
            Err(error) => Err((turn.waiting, error.into())),
        }
    }

    /// Commits a batch, and drafts what comes meanwhile on top of it, those in `came` first.
    async fn commit_beside(
        &mut self,
        batch: &Batch,
        waiting: Vec<Pending>,
        mut came: Vec<Pending>,
        queue: &mut mpsc::Receiver<Pending>,
        room: usize,
    ) -> (Result<(), StorageError>, Beside) {
        let log_key = self.keys.log().key_id();
        let mut beside = Beside::new(waiting);
        let mut commit = pin!(self.storage.commit(batch));
        loop {
            // What is at hand begins anew between two turns only.
            let room = if self.recent.is_full() {
                0
            } else {
                beside.room(room)
            };
            if came.is_empty() {
                tokio::select! {
                    biased;
                    done = &mut commit => return (done, beside),
                    Some(first) = queue.recv(), if room > 0 => came = gather(first, room, queue),
                }
            }
            let ground = self.ground(Some(batch));
            if let Some((next, new)) = beside.join(std::mem::take(&mut came), ground) {
                // When storage fails, whoever drafts it again hears of it.
                let taking = next.take(&self.storage, &mut self.recent, &log_key, new);
                if let Some(done) = both(&mut commit, taking).await {
                    return (done, beside);
                }
            }
        }
    }

    /// No commit finds out whether this is still the one who may refuse.
    async fn answer_without_batch(
        &mut self,
        waiting: Vec<Pending>,
        verdict: Verdict,
    ) -> Result<Vec<Vec<Pending>>, LedgerError> {
        if !verdict.refused.is_empty() {
            match self.storage.holds_lease(self.fence).await {
                Ok(true) => {}
                Ok(false) => return self.divide(lost(), waiting),
                Err(error) => return self.divide(error.into(), waiting),
            }
        }
        answer(waiting, &verdict.committed(0, 0));
        Ok(Vec::new())
    }

    /// What the failure of a turn means for those who wait. Who may hope is told to send again; a data error is bisected until the
    /// statement that causes it stands alone: the halves, the last one first.
    fn divide(
        &mut self,
        error: LedgerError,
        mut waiting: Vec<Pending>,
    ) -> Result<Vec<Vec<Pending>>, LedgerError> {
        // What was drafted is not committed, or nobody knows.
        self.recent = Recent::default();
        let is_one = |of: &[Pending]| of.iter().all(|one| one.statement.id == of[0].statement.id);
        if matches!(error, LedgerError::Storage(StorageError::Data(_))) && !is_one(&waiting) {
            let right = waiting.split_off(waiting.len() / 2);
            return Ok(vec![right, waiting]);
        }
        let (fate, ends) = fate_after(error);
        waiting.into_iter().for_each(|one| one.answer(fate.clone()));
        ends.map_or(Ok(Vec::new()), Err)
    }
}

/// What is told to those whose turn failed, and the error if it ends the writer.
fn fate_after(error: LedgerError) -> (Fate, Option<LedgerError>) {
    match error {
        LedgerError::Storage(StorageError::Data(detail)) => {
            let code = Code::Unstorable;
            (Fate::Refused(Refusal::Refused { code, detail }), None)
        }
        LedgerError::Storage(StorageError::Full(detail)) => {
            tracing::error!(detail, "storage has no room; waiters are told so");
            (Fate::NoRoom, None)
        }
        LedgerError::Storage(StorageError::Unavailable(detail)) => {
            tracing::warn!(
                detail,
                "storage is unavailable; waiters are told to send again"
            );
            (Fate::Unavailable, None)
        }
        error => (Fate::Unavailable, Some(error)),
    }
}
