//! What witnesses have said of this log: which checkpoint the quorum has cosigned, and how each witness is.
//!
//! Owns the meaning of a witness's answer (c2sp.org/tlog-witness, and what real ones do beside it), and how old knowledge
//! of the log is. A line is believed after its signature was verified, and shown after it was stored. Must never know
//! HTTP or SQL, nor delay a statement: *logged* and *witnessed* are two states.

mod answer;

use super::storage::Head;
pub use answer::{Heard, Trouble, heard};
use std::collections::BTreeMap;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use threadmark_protocol::checkpoint::Cosignature;
use threadmark_protocol::digest::Digest;
use threadmark_protocol::note::{Note, NoteSignature};
use threadmark_protocol::witness::policy::{Policy, PolicyWitness, Standing};

/// Most checkpoints that lines are collected for. At a checkpoint a second that is a minute in which witnesses may answer;
/// those that a quorum never cosigns must not add up.
const CHECKPOINTS_MAX: usize = 64;

/// A verified line of a witness under a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Who, and when.
    pub cosignature: Cosignature,
    /// The line.
    pub signature: NoteSignature,
}

/// The newest checkpoint that the quorum has cosigned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Witnessed {
    /// Number of entries; every entry below it is witnessed.
    pub size: u64,
    /// Root of that tree.
    pub root: Digest,
    /// Age of knowledge: the time of the k-th newest cosignature, Unix seconds.
    pub since: i64,
    /// The note with the witnesses' lines.
    pub note: String,
}

/// The witnesses of a policy with what they have said.
pub struct Witnesses {
    policy: Policy,
    state: RwLock<State>,
}

#[derive(Default)]
struct State {
    newest: Option<Witnessed>,
    /// Lines under checkpoints that are not below the newest witnessed one, at most [`CHECKPOINTS_MAX`] of them.
    /// By size, then by place in the policy.
    collected: BTreeMap<u64, BTreeMap<usize, Line>>,
}

impl Witnesses {
    /// Nothing was said yet.
    pub fn new(policy: Policy) -> Witnesses {
        Witnesses {
            policy,
            state: RwLock::default(),
        }
    }

    /// Who counts.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The witnesses that can be asked: place in the policy, the witness, its address.
    pub fn asked(&self) -> impl Iterator<Item = (usize, &PolicyWitness, &str)> {
        let all = self.policy.witnesses().iter().enumerate();
        all.filter_map(|(at, witness)| Some((at, witness, witness.url.as_deref()?)))
    }

    /// The newest checkpoint that the quorum has cosigned. Never one, where the policy asks for nobody.
    pub fn witnessed(&self) -> Option<Witnessed> {
        self.read().newest.clone()
    }

    /// The note of a checkpoint with the lines that stand under it so far.
    pub fn note_of(&self, head: &Head) -> String {
        let state = self.read();
        let lines = state.collected.get(&head.size);
        with_lines(&head.note, lines.into_iter().flat_map(BTreeMap::values))
    }

    /// What the lines under the checkpoint of this size are worth.
    pub fn standing(&self, size: u64) -> Standing {
        let state = self.read();
        let lines = state.collected.get(&size);
        self.worth(lines.into_iter().flat_map(BTreeMap::values))
    }

    fn worth<'a>(&self, lines: impl Iterator<Item = &'a Line>) -> Standing {
        let cosignatures: Vec<_> = lines.map(|line| line.cosignature.clone()).collect();
        self.policy.standing(&cosignatures)
    }

    /// Takes a line that is stored, by the witness at this place in the policy.
    pub fn record(&self, head: &Head, at: usize, line: Line) {
        let mut state = self.write();
        let floor = state.newest.as_ref().map_or(0, |newest| newest.size);
        if head.size < floor {
            return;
        }
        let lines = state.collected.entry(head.size).or_default();
        lines.insert(at, line);
        if let Standing::Witnessed { since } = self.worth(lines.values()) {
            let note = with_lines(&head.note, lines.values());
            state.newest = Some(Witnessed {
                size: head.size,
                root: head.root,
                since: since.cast_signed(),
                note,
            });
            state.collected.retain(|size, _| *size >= head.size);
        }
        self.forget(&mut state);
    }

    /// Lets go of the lines under the oldest checkpoints: of all but the newest where no quorum can ever be met. The
    /// newest witnessed one stays.
    fn forget(&self, state: &mut State) {
        let most = match self.policy.asks_for_witnesses() {
            true => CHECKPOINTS_MAX,
            false => 1,
        };
        let witnessed = state.newest.as_ref().map(|newest| newest.size);
        while state.collected.len() > most {
            let mut sizes = state.collected.keys().copied();
            let Some(oldest) = sizes.find(|size| Some(*size) != witnessed) else {
                return;
            };
            state.collected.remove(&oldest);
        }
    }

    /// Takes lines that were stored by a process before this one. Those that the policy's keys did not sign are left out.
    pub fn restore(&self, head: &Head, lines: &[NoteSignature]) {
        let Ok(note) = Note::parse(&head.note) else {
            return;
        };
        for line in lines {
            let witnesses = self.policy.witnesses().iter().enumerate();
            for (at, witness) in witnesses.filter(|(_, of)| of.key.is_named_by(line)) {
                let found = witness.key.check(note.text(), &line.signature);
                if let Some(time) = found.and_then(|found| found.time) {
                    let cosignature = Cosignature {
                        witness: witness.key.clone(),
                        time,
                    };
                    let signature = line.clone();
                    let line = Line {
                        cosignature,
                        signature,
                    };
                    self.record(head, at, line);
                }
            }
        }
    }

    fn read(&self) -> RwLockReadGuard<'_, State> {
        // What a panic left is a line more or less.
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The note with further lines. Those that a note cannot hold are left out.
fn with_lines<'a>(note: &str, lines: impl Iterator<Item = &'a Line>) -> String {
    let Ok(mut whole) = Note::parse(note) else {
        return note.to_owned();
    };
    for line in lines {
        if whole.add(line.signature.clone()).is_err() {
            break;
        }
    }
    whole.to_string()
}

#[cfg(test)]
mod tests;
