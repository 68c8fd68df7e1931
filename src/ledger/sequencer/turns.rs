//! Turns: while one batch is committed, the next one is drafted.
//!
//! Owns who waits for what, and what a failure means for it. A commit is waiting for a disk, and drafting is work, so they go on side
//! by side: the next draft stands on the batch that is under way, and is closed and committed only when that one has happened. When
//! it has not, what was drafted on it is drafted again from what is committed. So there is never more than one commit under way, and
//! a crash leaves what it leaves in [`super`]. Must never know HTTP or SQL.

use super::super::LedgerError;
use super::super::draft::Draft;
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
        while let Some(waiting) = groups.pop() {
            // Who came before goes first: nobody joins as long as another group waits.
            let room = if groups.is_empty() { BATCH_MAX } else { 0 };
            groups.extend(self.turns(waiting, queue, room).await?);
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
        loop {
            let (mut draft, waiting) = (turn.draft, turn.waiting);
            let verdict = Verdict::of(&mut draft, turn.known);
            if verdict.accepted.is_empty() && !waiting.is_empty() {
                return self.answer_without_batch(waiting, verdict).await;
            }
            let batch = self.close(draft)?;
            let (logged_at, size) = (batch.checkpoint.logged_at, batch.checkpoint.size);
            // What is at hand begins anew between two turns only.
            let room = if self.recent.is_full() { 0 } else { room };
            let (done, next, waiting) = self.commit_beside(&batch, waiting, queue, room).await;
            if let Err(error) = self.committed(batch, done).await {
                let mut groups = self.divide(error, waiting)?;
                groups.insert(0, next.waiting);
                groups.retain(|group| !group.is_empty());
                return Ok(groups);
            }
            answer(waiting, &verdict.committed(logged_at, size));
            if next.waiting.is_empty() {
                return Ok(Vec::new());
            }
            if next.is_broken {
                // What it has changed of the states at hand is not committed.
                self.recent = Recent::default();
                return Ok(vec![next.waiting]);
            }
            turn = next;
        }
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

    /// Commits a batch, and drafts what comes meanwhile on top of it; and who waits for the batch by then.
    async fn commit_beside(
        &mut self,
        batch: &Batch,
        mut waiting: Vec<Pending>,
        queue: &mut mpsc::Receiver<Pending>,
        room: usize,
    ) -> (Result<(), StorageError>, Turn, Vec<Pending>) {
        let mut next = Turn::new(Draft::new(self.ground(Some(batch))));
        let log_key = self.keys.log().key_id();
        let under_way: BTreeSet<_> = waiting.iter().map(|of| of.statement.id).collect();
        let mut commit = pin!(self.storage.commit(batch));
        loop {
            let has_room = next.waiting.len() < room && !next.is_broken;
            let first = tokio::select! {
                biased;
                done = &mut commit => return (done, next, waiting),
                Some(first) = queue.recv(), if has_room => first,
            };
            let came = gather(first, room - next.waiting.len(), queue);
            let (same, came) = came
                .into_iter()
                .partition(|of| under_way.contains(&of.statement.id));
            waiting.extend::<Vec<_>>(same);
            // When storage fails, whoever drafts it again hears of it.
            let _ = next
                .take(&self.storage, &mut self.recent, &log_key, came)
                .await;
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
