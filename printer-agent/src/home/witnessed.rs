//! Whose cosignatures count here, and the newest checkpoint under which enough of them stand.
//!
//! Owns `witnesses.policy` and `witnessed.note`. The policy is the holder's own: who shows a log must not choose who vouches
//! for it. What stands on the disk is verified again whenever it is read. Must never know where notes come from.

use super::{Home, HomeError, lock};
use threadmark_protocol::answer::Witnessing;
use threadmark_protocol::bundle::Replica;
use threadmark_protocol::bundle::part::Verified;
use threadmark_protocol::checkpoint;
use threadmark_protocol::witness::policy::Policy;

const POLICY: &str = "witnesses.policy";
const WITNESSED: &str = "witnessed.note";

impl Home {
    /// Whose cosignatures count; nobody's where none was ever named.
    pub fn witness_policy(&self) -> Result<Policy, HomeError> {
        match self.read(POLICY)? {
            Some(file) => Policy::parse(&file).map_err(HomeError::WitnessPolicy),
            None => Ok(Policy::none()),
        }
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
        let policy = self.witness_policy()?;
        let Some((_, since)) = confirmed(&policy, replica, note) else {
            return Ok(());
        };
        let _lock = lock(self.folder())?;
        match self.kept(&policy, replica)? {
            Some((_, kept)) if kept >= since => Ok(()),
            _ => self.write(WITNESSED, note.as_bytes()),
        }
    }

    /// What the quorum has confirmed of the replica.
    pub fn witnessing(&self, replica: &Replica) -> Result<Witnessing, HomeError> {
        let policy = self.witness_policy()?;
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
        let policy = self.witness_policy()?;
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

/// Size and age of a checkpoint that the log has signed, the quorum has cosigned, and the replica contains.
fn confirmed(policy: &Policy, replica: &Replica, note: &str) -> Option<(u64, i64)> {
    let signed = checkpoint::open(note, &replica.trust().checkpoint_key).ok()?;
    let (size, root) = (signed.checkpoint().size, signed.checkpoint().root);
    if replica.tree().root_at(size) != Some(root) {
        return None;
    }
    Some((size, policy.since(&signed)?))
}
