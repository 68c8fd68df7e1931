//! Storage in memory that fails where it is told to: the other implementation of `ledger::Storage`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use threadmark::ledger::lease::{Claim, LEASE, Lease};
use threadmark::ledger::storage::{Batch, Head, Numbers, Place, Storage, StorageError};
use threadmark_protocol::bundle::Page;
use threadmark_protocol::digest::Digest;
use threadmark_protocol::index::{Mention, Tally};
use threadmark_protocol::key::KeyId;
use threadmark_protocol::statement::{Statement, StatementId, Submission};
use threadmark_protocol::text::SubjectId;
use threadmark_protocol::tree::leaf_hash;
use threadmark_protocol::world::World;

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The call fails and nothing was done.
    NotDone,
    /// The same, because there is no room.
    NoRoom,
    /// The call fails although it was done: its answer was lost.
    DoneAndLost,
    /// The call fails, and what it asked for is done after the head was asked for, if it still may be.
    DoneLate,
    /// The same, and the call never returns: who asked is dead by then.
    Outlives,
    /// The data of this statement cannot be stored.
    BadData(StatementId),
}

/// Which call fails, and how: every one that storage has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Call {
    TakeLease,
    RaiseFence,
    Lease,
    RenewLease,
    HoldsLease,
    ReleaseLease,
    Head,
    Leaves,
    Tallies,
    Places,
    World,
    Used,
    Newest,
    Entries,
    Envelopes,
    TilesPublished,
    NoteTiles,
    Commit,
}

#[derive(Default)]
pub struct State {
    entries: Vec<Statement>,
    places: BTreeMap<StatementId, Place>,
    world: World,
    checkpoints: Vec<Head>,
    mentions: Vec<Mention>,
    lease: Row,
    /// A commit that is under way.
    late: Option<Batch>,
    tiles_published: u64,
    /// A commit takes its time: others go on meanwhile.
    is_slow: bool,
    /// The fault, and how often it strikes.
    faults: BTreeMap<Call, (Fault, u32)>,
}

/// The lease.
#[derive(Clone, Default)]
struct Row {
    holder: String,
    address: Option<String>,
    fence: i64,
    left: Duration,
    /// Its time is up, and no sign of life comes in time any more.
    is_over: bool,
}

fn injected() -> StorageError {
    StorageError::Unavailable("injected".into())
}

/// The answer to what was done, unless it is lost.
fn answered<T>(fault: Option<Fault>, answer: T) -> Result<T, StorageError> {
    match fault {
        None | Some(Fault::BadData(_)) => Ok(answer),
        Some(_) => Err(injected()),
    }
}

/// Shared memory: a sequencer that is dropped and started again finds what was committed.
#[derive(Clone, Default)]
pub struct Memory(Arc<Mutex<State>>);

impl Memory {
    pub fn inject(&self, call: Call, fault: Fault, times: u32) {
        self.0.lock().unwrap().faults.insert(call, (fault, times));
    }

    /// From now on a commit takes its time.
    pub fn slow_down(&self) {
        self.0.lock().unwrap().is_slow = true;
    }

    /// From now on the call succeeds.
    pub fn heal(&self, call: Call) {
        self.0.lock().unwrap().faults.remove(&call);
    }

    /// The whole committed log as pages, one a batch.
    pub fn pages(&self) -> Vec<Page> {
        let state = self.0.lock().unwrap();
        let mut from = 0;
        state
            .checkpoints
            .iter()
            .map(|head| {
                let entries = &state.entries[from as usize..head.size as usize];
                let page = Page {
                    from,
                    entries: entries
                        .iter()
                        .map(|entry| entry.submission.clone())
                        .collect(),
                    checkpoint: head.note.clone(),
                };
                from = head.size;
                page
            })
            .collect()
    }

    /// As if nothing had been published.
    pub fn forget_tiles(&self) {
        self.0.lock().unwrap().tiles_published = 0;
    }

    pub fn world_now(&self) -> World {
        self.0.lock().unwrap().world.clone()
    }

    fn strike(&self, call: Call) -> Option<Fault> {
        let mut state = self.0.lock().unwrap();
        let (fault, times) = state.faults.get_mut(&call)?;
        let fault = *fault;
        if matches!(fault, Fault::BadData(_)) {
            return Some(fault);
        }
        *times = times.checked_sub(1)?;
        Some(fault)
    }

    fn fail(&self, call: Call) -> Result<(), StorageError> {
        match self.strike(call) {
            None | Some(Fault::BadData(_)) => Ok(()),
            Some(_) => Err(injected()),
        }
    }

    /// As if the time of the lease had gone by.
    pub fn let_lease_run_out(&self) {
        let mut state = self.0.lock().unwrap();
        (state.lease.left, state.lease.is_over) = (Duration::ZERO, true);
    }

    fn write(&self, batch: &Batch) -> Result<(), StorageError> {
        let mut state = self.0.lock().unwrap();
        let size = state.checkpoints.last().map_or(0, |head| head.size);
        if batch.fence != state.lease.fence || batch.first != size {
            return Err(StorageError::Conflict("another writer".into()));
        }
        for (at, entry) in batch.entries.iter().enumerate() {
            let place = Place {
                index: batch.first + at as u64,
                logged_at: batch.checkpoint.logged_at,
                tree_size: batch.checkpoint.size,
            };
            assert!(
                state.places.insert(entry.id, place).is_none(),
                "an entry stands twice"
            );
            state.world.record(entry, BTreeMap::new());
            state.entries.push(entry.as_ref().clone());
        }
        state.world.states.extend(batch.states.clone());
        for line in &batch.mentions {
            let of_subject = |of: &&Mention| of.subject == line.subject;
            let before = state.mentions.iter().rfind(of_subject);
            let before = before.map_or(0, |line| line.tally.count);
            assert_eq!(line.tally.count, before + 1, "a line is missing");
            state.mentions.push(line.clone());
        }
        state.checkpoints.push(batch.checkpoint.clone());
        Ok(())
    }
}

impl Storage for Memory {
    async fn take_lease(&self, claim: &Claim) -> Result<Option<i64>, StorageError> {
        let fault = self.strike(Call::TakeLease);
        if fault == Some(Fault::NotDone) {
            return Err(injected());
        }
        let mut state = self.0.lock().unwrap();
        let is_own = state.lease.holder == claim.holder;
        if claim.address.is_some() && !is_own && !state.lease.left.is_zero() {
            return Ok(None);
        }
        state.lease = Row {
            holder: claim.holder.clone(),
            address: claim.address.clone(),
            fence: state.lease.fence + 1,
            left: LEASE,
            is_over: false,
        };
        answered(fault, Some(state.lease.fence))
    }

    async fn raise_fence(&self, holder: &str, fence: i64) -> Result<Option<i64>, StorageError> {
        let fault = self.strike(Call::RaiseFence);
        if fault == Some(Fault::NotDone) {
            return Err(injected());
        }
        let mut state = self.0.lock().unwrap();
        if state.lease.holder != holder || state.lease.fence < fence {
            return Ok(None);
        }
        state.lease.fence += 1;
        answered(fault, Some(state.lease.fence))
    }

    async fn lease(&self) -> Result<Option<Lease>, StorageError> {
        self.fail(Call::Lease)?;
        let row = self.0.lock().unwrap().lease.clone();
        Ok((row.fence > 0).then_some(Lease {
            holder: row.holder,
            address: row.address,
            fence: row.fence,
            left: row.left,
        }))
    }

    async fn renew_lease(&self, fence: i64) -> Result<bool, StorageError> {
        let fault = self.strike(Call::RenewLease);
        if fault == Some(Fault::NotDone) {
            return Err(injected());
        }
        let mut state = self.0.lock().unwrap();
        let holds = state.lease.fence == fence;
        if holds && !state.lease.is_over {
            state.lease.left = LEASE;
        }
        answered(fault, holds)
    }

    async fn holds_lease(&self, fence: i64) -> Result<bool, StorageError> {
        self.fail(Call::HoldsLease)?;
        Ok(self.0.lock().unwrap().lease.fence == fence)
    }

    async fn release_lease(&self, fence: i64) -> Result<(), StorageError> {
        let fault = self.strike(Call::ReleaseLease);
        if fault == Some(Fault::NotDone) {
            return Err(injected());
        }
        let mut state = self.0.lock().unwrap();
        if state.lease.fence == fence {
            state.lease.left = Duration::ZERO;
        }
        answered(fault, ())
    }

    async fn head(&self) -> Result<Option<Head>, StorageError> {
        self.fail(Call::Head)?;
        let (head, late) = {
            let mut state = self.0.lock().unwrap();
            (state.checkpoints.last().cloned(), state.late.take())
        };
        if let Some(batch) = late {
            // Whatever comes of it, nobody hears.
            let _ = self.write(&batch);
        }
        Ok(head)
    }

    async fn leaves(&self, from: u64) -> Result<Vec<Digest>, StorageError> {
        self.fail(Call::Leaves)?;
        let state = self.0.lock().unwrap();
        let entries = &state.entries[from as usize..];
        Ok(entries
            .iter()
            .map(|entry| leaf_hash(&entry.submission.envelope))
            .collect())
    }

    async fn tallies(
        &self,
        from: u64,
        size: u64,
    ) -> Result<BTreeMap<SubjectId, Tally>, StorageError> {
        self.fail(Call::Tallies)?;
        let state = self.0.lock().unwrap();
        let asked = state.mentions.iter();
        let asked = asked.filter(|of| (from..size).contains(&of.index));
        Ok(asked.map(|of| (of.subject.clone(), of.tally)).collect())
    }

    async fn places(
        &self,
        ids: &[StatementId],
    ) -> Result<BTreeMap<StatementId, Place>, StorageError> {
        self.fail(Call::Places)?;
        let state = self.0.lock().unwrap();
        Ok(ids
            .iter()
            .filter_map(|id| Some((*id, *state.places.get(id)?)))
            .collect())
    }

    async fn world(&self, subjects: &BTreeSet<SubjectId>) -> Result<World, StorageError> {
        self.fail(Call::World)?;
        let all = self.world_now().states;
        let mut open: Vec<_> = subjects.iter().cloned().collect();
        let mut told = World::default();
        while let Some(id) = open.pop() {
            if let Some(state) = all.get(&id)
                && !told.states.contains_key(&id)
            {
                open.extend(state.parents());
                told.states.insert(id, state.clone());
            }
        }
        Ok(told)
    }

    async fn used(&self, numbers: &[(KeyId, u64)]) -> Result<Numbers, StorageError> {
        self.fail(Call::Used)?;
        let used = self.world_now().sequences.into_iter();
        Ok(used.filter(|(key, _)| numbers.contains(key)).collect())
    }

    async fn newest(&self, keys: &BTreeSet<KeyId>) -> Result<Numbers, StorageError> {
        self.fail(Call::Newest)?;
        let sequences = self.world_now().sequences;
        let newest = |key: &KeyId| {
            let mut of_key = sequences.range((*key, 0)..=(*key, u64::MAX));
            of_key.next_back().map(|(number, id)| (*number, *id))
        };
        Ok(keys.iter().filter_map(newest).collect())
    }

    async fn entries(&self, from: u64, most: usize) -> Result<Vec<Submission>, StorageError> {
        self.fail(Call::Entries)?;
        let state = self.0.lock().unwrap();
        let entries = state.entries.iter().skip(from as usize).take(most);
        Ok(entries.map(|entry| entry.submission.clone()).collect())
    }

    async fn envelopes(&self, from: u64, most: usize) -> Result<Vec<Vec<u8>>, StorageError> {
        self.fail(Call::Envelopes)?;
        let state = self.0.lock().unwrap();
        let entries = state.entries.iter().skip(from as usize).take(most);
        Ok(entries
            .map(|entry| entry.submission.envelope.clone())
            .collect())
    }

    async fn tiles_published(&self) -> Result<u64, StorageError> {
        self.fail(Call::TilesPublished)?;
        Ok(self.0.lock().unwrap().tiles_published)
    }

    async fn note_tiles_published(&self, size: u64) -> Result<(), StorageError> {
        match self.strike(Call::NoteTiles) {
            Some(Fault::NotDone) => Err(injected()),
            fault => {
                self.0.lock().unwrap().tiles_published = size;
                answered(fault, ())
            }
        }
    }

    async fn commit(&self, batch: &Batch) -> Result<(), StorageError> {
        if self.0.lock().unwrap().is_slow {
            tokio::time::sleep(Duration::from_millis(3)).await;
        }
        match self.strike(Call::Commit) {
            Some(Fault::NotDone) => Err(injected()),
            Some(Fault::NoRoom) => Err(StorageError::Full("injected".into())),
            Some(Fault::DoneLate) => {
                self.0.lock().unwrap().late = Some(batch.clone());
                Err(injected())
            }
            Some(Fault::Outlives) => {
                self.0.lock().unwrap().late = Some(batch.clone());
                std::future::pending().await
            }
            Some(Fault::DoneAndLost) => {
                self.write(batch)?;
                Err(injected())
            }
            Some(Fault::BadData(id)) if batch.entries.iter().any(|entry| entry.id == id) => {
                Err(StorageError::Data("injected".into()))
            }
            _ => self.write(batch),
        }
    }
}
