//! The log's own keys: one signs checkpoints, one receipts and the log's entries, one sessions.
//!
//! Owns their file form. Must never know what is signed.

use serde::{Deserialize, Serialize};
use threadmark_protocol::digest::Digest;
use threadmark_protocol::genesis::Trust;
use threadmark_protocol::key::{PublicKey, Signer};
use threadmark_protocol::note::NoteSigner;
use threadmark_protocol::text::Origin;

/// The secret seeds, as they stand in `keys.json`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyFile {
    /// Of the checkpoint key.
    #[serde(with = "hex::serde")]
    pub checkpoint_seed: [u8; 32],
    /// Of the key of receipts and of the log's entries.
    #[serde(with = "hex::serde")]
    pub log_seed: [u8; 32],
    /// Of the key of session tokens.
    #[serde(with = "hex::serde")]
    pub session_seed: [u8; 32],
}

/// The keys, ready to sign.
pub struct LogKeys {
    origin: Origin,
    checkpoint: NoteSigner,
    log: Signer,
    session_seed: [u8; 32],
}

impl LogKeys {
    /// The keys of the log `origin`; `None` when the origin cannot be the name of a note's key.
    pub fn new(origin: Origin, file: &KeyFile) -> Option<LogKeys> {
        let checkpoint = Signer::from_seed(&file.checkpoint_seed);
        let checkpoint = NoteSigner::new(origin.as_str(), checkpoint).ok()?;
        let log = Signer::from_seed(&file.log_seed);
        Some(LogKeys::from_signers(
            origin,
            checkpoint,
            log,
            file.session_seed,
        ))
    }

    /// The keys from their signers.
    pub fn from_signers(
        origin: Origin,
        checkpoint: NoteSigner,
        log: Signer,
        session_seed: [u8; 32],
    ) -> LogKeys {
        LogKeys {
            origin,
            checkpoint,
            log,
            session_seed,
        }
    }

    /// Whether genesis names these keys.
    pub fn belong_to(&self, trust: &Trust) -> bool {
        *self.checkpoint.verifier() == trust.checkpoint_key && self.log.public() == trust.log_key
    }

    /// Name of the log.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Signs checkpoints.
    pub fn checkpoint(&self) -> &NoteSigner {
        &self.checkpoint
    }

    /// Signs receipts and the log's entries.
    pub fn log(&self) -> &Signer {
        &self.log
    }

    /// Public half of the key of receipts.
    pub fn log_public(&self) -> PublicKey {
        self.log.public()
    }

    /// Signs what one node hands on to another: made from a secret that they share, and of use for nothing else.
    pub fn hop(&self) -> Signer {
        let seed = Digest::sha3(&[b"threadmark hop v1\0", &self.session_seed]);
        Signer::from_seed(&seed.0)
    }

    /// Seed of the key that signs session tokens.
    pub fn session_seed(&self) -> &[u8; 32] {
        &self.session_seed
    }
}
