//! Genesis: the two entries that every log begins with, and what a client trusts because of them.
//!
//! Owns the file that holds both statements, and the check that they belong together. A client that pins
//! [`Trust::fingerprint`] has pinned the policy, the governor and the log's keys. Must never know members.

use crate::body::Core;
use crate::body::governance::{Anchors, Policy};
use crate::cbor::{self, Reader};
use crate::digest::Digest;
use crate::key::PublicKey;
use crate::note::VerifierKey;
use crate::statement::{Envelope, Malformed, Statement, Submission};
use crate::text::Origin;

/// The two statements.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Genesis {
    /// Entry 0.
    pub policy: Submission,
    /// Entry 1.
    pub anchors: Submission,
}

/// What follows from genesis.
#[derive(Clone, Debug)]
pub struct Trust {
    /// Entry 0.
    pub policy_statement: Statement,
    /// Entry 1.
    pub anchors_statement: Statement,
    /// The rules in force at the start.
    pub policy: Policy,
    /// Key of the log's checkpoints.
    pub checkpoint_key: VerifierKey,
    /// Key of the log's receipts and own entries.
    pub log_key: PublicKey,
}

/// Why a file is no genesis.
#[derive(Debug, thiserror::Error)]
pub enum GenesisError {
    /// Not the CBOR array of two submissions.
    #[error("not a genesis file")]
    NotGenesis,
    /// One of the statements is no statement.
    #[error(transparent)]
    Statement(#[from] Malformed),
    /// The statements do not belong together.
    #[error("the genesis statements do not belong together: {0}")]
    Apart(&'static str),
}

impl Genesis {
    /// A CBOR array of the two submissions.
    pub fn to_bytes(&self) -> Vec<u8> {
        cbor::write(|to| {
            to.array(2)?
                .bytes(&self.policy.to_bytes())?
                .bytes(&self.anchors.to_bytes())?;
            Ok(())
        })
    }

    /// Reads [`Genesis::to_bytes`].
    pub fn parse(bytes: &[u8]) -> Result<Genesis, GenesisError> {
        let mut from = Reader::new(bytes);
        let mut read = || -> Result<_, cbor::CborError> {
            Ok((
                from.array_len()?,
                from.bytes()?,
                from.bytes()?,
                from.is_at_end(),
            ))
        };
        let Ok((2, policy, anchors, true)) = read() else {
            return Err(GenesisError::NotGenesis);
        };
        Ok(Genesis {
            policy: Submission::parse(policy)?,
            anchors: Submission::parse(anchors)?,
        })
    }

    /// Checks both statements and their signatures by one key.
    pub fn trust(&self) -> Result<Trust, GenesisError> {
        let apart = GenesisError::Apart;
        // The policy names the origin that its own envelope must be for.
        let raw = crate::body::Body::parse(&self.policy.body)?;
        let Core::Policy(policy) = raw.core else {
            return Err(apart("entry 0 is no policy"));
        };
        let origin: Origin = policy.origin.clone();
        let policy_statement = Statement::open(self.policy.clone(), &origin)?;
        let anchors_statement = Statement::open(self.anchors.clone(), &origin)?;
        let Core::Anchors(anchors) = &anchors_statement.body.core else {
            return Err(apart("entry 1 names no trust anchors"));
        };
        let governor = &anchors.governor.public;
        let signed = policy_statement.envelope.is_signed_by(governor)
            && anchors_statement.envelope.is_signed_by(governor);
        if !signed {
            return Err(apart("the governor's key signed not both"));
        }
        let (checkpoint_key, log_key) = log_keys(anchors, &origin)?;
        Ok(Trust {
            policy_statement,
            anchors_statement,
            policy,
            checkpoint_key,
            log_key,
        })
    }
}

fn log_keys(anchors: &Anchors, origin: &Origin) -> Result<(VerifierKey, PublicKey), GenesisError> {
    let bad = GenesisError::Apart("the checkpoint key is not the log's");
    let Ok(checkpoint_key) = anchors.checkpoint_vkey.as_str().parse::<VerifierKey>() else {
        return Err(bad);
    };
    if checkpoint_key.name != origin.as_str() || checkpoint_key.public == anchors.log.public {
        return Err(bad);
    }
    Ok((checkpoint_key, anchors.log.public))
}

impl Trust {
    /// Whether this may stand there: entries 0 and 1 are pinned.
    pub fn allows(&self, index: u64, envelope: &Envelope) -> bool {
        match index {
            0 => *envelope == self.policy_statement.envelope,
            1 => *envelope == self.anchors_statement.envelope,
            _ => true,
        }
    }

    /// SHA-256 over the ids of the two statements: what clients pin.
    pub fn fingerprint(&self) -> Digest {
        Digest::sha256(&[&self.policy_statement.id.0, &self.anchors_statement.id.0])
    }

    /// The log's origin.
    pub fn origin(&self) -> &Origin {
        &self.policy.origin
    }
}
