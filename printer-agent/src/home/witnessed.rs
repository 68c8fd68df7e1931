//! Whose cosignatures count here, and the newest checkpoint under which enough of them stand.
//!
//! Owns `witnesses.policy`, `witnesses.followed` and `witnessed.note`. The policy is the holder's own choice, because who shows a
//! log must not choose who vouches for it. Who has made none follows the witnesses that the log's policy names, and goes from
//! one quorum to the next only when the old one has cosigned the decision and the new one has begun: so neither the
//! operator nor the governors put witnesses in place whom nobody confirmed. What stands on the disk is verified again
//! whenever it is read. Must never know where notes come from.

use super::{Home, HomeError, lock};
use threadmark_protocol::answer::Witnessing;
use threadmark_protocol::body::governance::{self, Quorum};
use threadmark_protocol::bundle::Replica;
use threadmark_protocol::bundle::part::Verified;
use threadmark_protocol::checkpoint;
use threadmark_protocol::statement::StatementId;
use threadmark_protocol::witness::policy::Policy;
use threadmark_protocol::world::{Decided, Place};

const POLICY: &str = "witnesses.policy";
const FOLLOWED: &str = "witnesses.followed";
const WITNESSED: &str = "witnessed.note";

impl Home {
    /// Whose cosignatures count by the holder's own choice, where there is one.
    pub fn witness_policy(&self) -> Result<Option<Policy>, HomeError> {
        let file = self.read(POLICY)?;
        let policy = file.map(|file| Policy::parse(&file).map_err(HomeError::WitnessPolicy));
        policy.transpose()
    }

    /// Whose cosignatures count: the holder's choice, or else the quorum that is followed.
    fn quorum(&self, replica: &Replica) -> Result<Policy, HomeError> {
        if let Some(own) = self.witness_policy()? {
            return Ok(own);
        }
        let decided = self.decisions(replica)?;
        decided.first().map_or(Ok(Policy::none()), named)
    }

    /// The policies of the log that are in force, in their order, from the one on whose witnesses are followed. Until the log
    /// names witnesses there is nobody who could confirm their change.
    fn decisions(&self, replica: &Replica) -> Result<Vec<Decided<governance::Policy>>, HomeError> {
        let place = Place::newest(replica.as_of().unwrap_or(i64::MIN));
        let all = replica.world().policies().iter();
        let mut decided: Vec<_> = all.filter(|policy| policy.binds(place)).cloned().collect();
        // What was taken back before its time never was in force, and its witnesses were nobody's choice.
        let later = decided.clone();
        let mut at = 0;
        decided.retain(|policy| {
            at += 1;
            !is_overtaken(policy, &later[at..])
        });
        let followed = self.read(FOLLOWED)?.unwrap_or_default();
        let followed = String::from_utf8_lossy(&followed)
            .parse::<StatementId>()
            .ok();
        // A statement may have decided twice: what binds at once, and behind it what was to come.
        let at = decided
            .iter()
            .rposition(|policy| Some(policy.by.statement) == followed)
            .or_else(|| {
                decided
                    .iter()
                    .position(|policy| policy.says.quorum != Quorum::None)
            });
        decided.drain(..at.unwrap_or(0));
        Ok(decided)
    }

    /// Goes over to the next quorum when `note` has it, and what is kept proves that the old one has seen the decision.
    fn follow(&self, replica: &Replica, note: &str) -> Result<(), HomeError> {
        if self.witness_policy()?.is_some() {
            return Ok(());
        }
        let decided = self.decisions(replica)?;
        let Some((followed, later)) = decided.split_first() else {
            return Ok(());
        };
        let other = |next: &&Decided<governance::Policy>| next.says.quorum != followed.says.quorum;
        let is_another = later.last().as_ref().is_some_and(other);
        let Some(next) = later.iter().find(other).filter(|_| is_another) else {
            return Ok(());
        };
        let kept = self.kept(&named(followed)?, replica)?;
        let has_seen = kept.is_some_and(|(size, _)| next.by.index.is_some_and(|at| at < size));
        let new = named(next)?;
        let has_begun = !new.asks_for_witnesses() || confirmed(&new, replica, note).is_some();
        if has_seen && has_begun {
            // A crash in between leaves the new quorum without a note of its own, and the next one brings it.
            self.write(FOLLOWED, next.by.statement.to_hex().as_bytes())?;
            self.write(WITNESSED, note.as_bytes())?;
        }
        Ok(())
    }

    /// Takes a policy file over. It must be about the log that is joined, or about none.
    pub fn set_witness_policy(&self, file: &[u8]) -> Result<(), HomeError> {
        let policy = Policy::parse(file).map_err(HomeError::WitnessPolicy)?;
        let key = self.trust()?.checkpoint_key;
        if !policy.is_about(&key) {
            return Err(HomeError::OtherPolicy);
        }
        let _lock = lock(self.folder())?;
        self.write(POLICY, file)
    }

    /// Keeps a checkpoint, if the quorum has cosigned it, the replica contains it, and nothing younger is kept. What is not
    /// that is no error: witnesses may be away.
    pub fn keep_witnessed(&self, replica: &Replica, note: &str) -> Result<(), HomeError> {
        let policy = self.quorum(replica)?;
        let _lock = lock(self.folder())?;
        let kept = self.kept(&policy, replica)?.map(|(_, since)| since);
        let newer = confirmed(&policy, replica, note).map(|(_, since)| since);
        if newer > kept {
            self.write(WITNESSED, note.as_bytes())?;
        }
        self.follow(replica, note)
    }

    /// What the quorum has confirmed of the replica.
    pub fn witnessing(&self, replica: &Replica) -> Result<Witnessing, HomeError> {
        let policy = self.quorum(replica)?;
        if !policy.asks_for_witnesses() {
            return Ok(Witnessing::Unasked);
        }
        let kept = self.kept(&policy, replica)?;
        Ok(
            kept.map_or(Witnessing::Waiting, |(size, since)| Witnessing::Witnessed {
                size,
                since,
            }),
        )
    }

    /// What the quorum has confirmed of the history in somebody's bundle: by lines that are in it, or because what is kept
    /// here covers its checkpoint. Then it is no fresher than its newest batch.
    pub fn witnessing_of(
        &self,
        replica: &Replica,
        bundle: &Verified,
    ) -> Result<Witnessing, HomeError> {
        let policy = self.quorum(replica)?;
        let told = bundle.witnessing(&policy);
        if told != Witnessing::Waiting {
            return Ok(told);
        }
        let (size, root) = (bundle.checkpoint.size, bundle.checkpoint.root);
        let is_known = replica.tree().root_at(size) == Some(root);
        let kept = self.kept(&policy, replica)?;
        let covers = kept.filter(|(kept, _)| is_known && *kept >= size);
        Ok(covers.map_or(Witnessing::Waiting, |(_, since)| {
            let since = since.min(bundle.as_of);
            Witnessing::Witnessed { size, since }
        }))
    }

    fn kept(&self, policy: &Policy, replica: &Replica) -> Result<Option<(u64, i64)>, HomeError> {
        let note = self.read(WITNESSED)?.unwrap_or_default();
        let note = String::from_utf8(note).unwrap_or_default();
        Ok(confirmed(policy, replica, &note))
    }
}

/// The witnesses that a policy of the log names.
fn named(policy: &Decided<governance::Policy>) -> Result<Policy, HomeError> {
    match &policy.says.quorum {
        Quorum::None => Ok(Policy::none()),
        Quorum::TlogPolicy(file) => {
            Policy::parse(file.as_bytes()).map_err(HomeError::WitnessPolicy)
        }
    }
}

/// Whether something that was decided later was in force first.
fn is_overtaken(
    policy: &Decided<governance::Policy>,
    later: &[Decided<governance::Policy>],
) -> bool {
    let in_force = |of: &Decided<governance::Policy>| of.from.or(of.by.logged_at);
    let is_before = |from| {
        later
            .iter()
            .any(|of| in_force(of).is_some_and(|at| at <= from))
    };
    policy.from.is_some_and(is_before)
}

/// Size and age of a checkpoint that the log has signed, the quorum has cosigned, and the replica contains.
fn confirmed(policy: &Policy, replica: &Replica, note: &str) -> Option<(u64, i64)> {
    let signed = checkpoint::open(note, &replica.trust().checkpoint_key).ok()?;
    let (size, root) = (signed.checkpoint().size, signed.checkpoint().root);
    if replica.tree().root_at(size) != Some(root) {
        return None;
    }
    Some((size, policy.since(&signed)?))
}
