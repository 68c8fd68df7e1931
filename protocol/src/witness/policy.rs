//! Whose cosignatures suffice: the trust policy of a log's readers (c2sp.org/tlog-policy).
//!
//! Owns the file's form, its limits, and what a set of cosignatures is worth under it. Must never know who asks, nor
//! what time it is.

mod parse;

use crate::{
    checkpoint::{Cosignature, SignedCheckpoint},
    note::VerifierKey,
};
pub use parse::{PolicyError, Reason};

/// Largest policy file.
pub const POLICY_BYTES_MAX: usize = 64 << 10;

/// Most logs, most witnesses, and most groups of a policy. A note with all their lines is within its limit.
pub const NAMES_MAX: usize = 64;

/// How a group is named whose members replay every entry before they cosign, and are of other organisations than the log's
/// operator. The specification has no word for it; a reader says it by this name, of witnesses that he knows.
pub const INDEPENDENT_AUDITORS: &str = "independent-auditors";

/// Logs, witnesses, and which witnesses must have cosigned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    logs: Vec<PolicyLog>,
    witnesses: Vec<PolicyWitness>,
    groups: Vec<Group>,
    quorum: Option<Member>,
}

/// A log that is accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyLog {
    /// Its key; the name is the log's origin.
    pub key: VerifierKey,
    /// Where it is.
    pub url: Option<String>,
}

/// A witness that counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyWitness {
    /// What the policy calls it; bytes that are no UTF-8 are shown as replacement characters.
    pub name: String,
    /// Its key.
    pub key: VerifierKey,
    /// Its submission prefix, without a slash at the end.
    pub url: Option<String>,
}

/// So many of the members, each a witness or another group.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Group {
    name: String,
    needed: usize,
    members: Vec<Member>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Member {
    Witness(usize),
    /// A group that was defined before.
    Group(usize),
}

/// What the cosignatures of one checkpoint are worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// The policy asks for no witness: nobody but the log vouches for it.
    Unwitnessed,
    /// The quorum has not cosigned.
    Waiting,
    /// The quorum has cosigned.
    Witnessed {
        /// Age of knowledge: the newest time, Unix seconds, at which a quorum had the checkpoint for the largest.
        /// For k of n, the time of the k-th newest cosignature.
        since: u64,
    },
}

impl PolicyWitness {
    /// The organisation that it says to be of: the domain of its key's name, which is a URL without scheme.
    pub fn organisation(&self) -> &str {
        let name = &self.key.name;
        name.split_once('/').map_or(&name[..], |(domain, _)| domain)
    }
}

impl Policy {
    /// The policy that asks for nobody, as the file `quorum none` has it.
    pub fn none() -> Policy {
        Policy {
            logs: Vec::new(),
            witnesses: Vec::new(),
            groups: Vec::new(),
            quorum: None,
        }
    }

    /// Reads a policy file, whole.
    ///
    /// # Errors
    /// [`PolicyError`] names the first line that is wrong.
    pub fn parse(file: &[u8]) -> Result<Policy, PolicyError> {
        parse::parse(file)
    }

    /// The logs in their order.
    pub fn logs(&self) -> &[PolicyLog] {
        &self.logs
    }

    /// The witnesses in their order.
    pub fn witnesses(&self) -> &[PolicyWitness] {
        &self.witnesses
    }

    /// Whether it accepts the log with this key; one that names no log is about any.
    pub fn is_about(&self, log: &VerifierKey) -> bool {
        self.logs.is_empty() || self.logs.iter().any(|of| of.key == *log)
    }

    /// Whether any cosignature is asked for.
    pub fn asks_for_witnesses(&self) -> bool {
        self.quorum.is_some()
    }

    /// The witnesses in the group of that name: see [`INDEPENDENT_AUDITORS`].
    pub fn independent_auditors(&self) -> Vec<&PolicyWitness> {
        let named = |group: &Group| group.name == INDEPENDENT_AUDITORS;
        let at = self.groups.iter().position(named);
        let mut open: Vec<Member> = at.map(Member::Group).into_iter().collect();
        let mut found = Vec::new();
        while let Some(member) = open.pop() {
            match member {
                Member::Witness(at) => found.extend(self.witnesses.get(at)),
                // Groups name earlier ones only, so this ends.
                Member::Group(at) => {
                    open.extend(self.groups.get(at).iter().flat_map(|of| &of.members))
                }
            }
        }
        found
    }

    /// Whether no quorum comes about without one of [`Policy::independent_auditors`].
    pub fn asks_for_independent_audit(&self) -> bool {
        let auditors = self.independent_auditors();
        let others = self.witnesses.iter().filter(|of| !auditors.contains(of));
        let all_others = others.map(|witness| Cosignature {
            witness: witness.key.clone(),
            time: 1,
        });
        self.standing(&all_others.collect::<Vec<_>>()) == Standing::Waiting
    }

    /// What verified cosignatures of one checkpoint are worth. Those of others than the policy's witnesses count
    /// nothing; of several by one witness, the newest counts.
    pub fn standing(&self, cosignatures: &[Cosignature]) -> Standing {
        let Some(quorum) = self.quorum else {
            return Standing::Unwitnessed;
        };
        match self.time(quorum, cosignatures) {
            Some(since) => Standing::Witnessed { since },
            None => Standing::Waiting,
        }
    }

    /// When the quorum had this checkpoint for the largest, by the lines under it, Unix seconds; `None` while it has not.
    pub fn since(&self, signed: &SignedCheckpoint) -> Option<i64> {
        let keys = self.witnesses.iter().map(|witness| witness.key.clone());
        let cosignatures = signed.cosignatures(&keys.collect::<Vec<_>>()).ok()?;
        match self.standing(&cosignatures) {
            Standing::Witnessed { since } => i64::try_from(since).ok(),
            Standing::Unwitnessed | Standing::Waiting => None,
        }
    }

    /// The latest time at which all of some sufficient set had cosigned.
    fn time(&self, member: Member, cosignatures: &[Cosignature]) -> Option<u64> {
        match member {
            Member::Witness(at) => {
                let key = &self.witnesses.get(at)?.key;
                let by_it = cosignatures.iter().filter(|of| of.witness == *key);
                by_it.map(|cosignature| cosignature.time).max()
            }
            Member::Group(at) => {
                let Group {
                    needed, members, ..
                } = self.groups.get(at)?;
                // Groups name earlier ones only, so this ends.
                let times = members.iter().map(|of| self.time(*of, cosignatures));
                let mut times: Vec<u64> = times.flatten().collect();
                times.sort_unstable_by(|left, right| right.cmp(left));
                times.get(needed.checked_sub(1)?).copied()
            }
        }
    }
}

#[cfg(test)]
mod tests;
