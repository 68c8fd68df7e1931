//! What an audit holds against a log: which entry breaks which rule.
//!
//! Owns the record, and the difference between what the log has signed and what a service merely sent. An entry is held
//! against the log only where its envelope stands under a root that the log signed and its body is the one that the
//! envelope names: then everybody who has them comes to the same result. What a service sends beside that proves
//! nothing, and is not cosigned either.

use serde::{Deserialize, Serialize};
use std::fmt;
use threadmark_protocol::bundle::{Page, Replica, ReplicaError};
use threadmark_protocol::checkpoint;
use threadmark_protocol::code::Code;
use threadmark_protocol::digest::Digest;
use threadmark_protocol::lifecycle::RULES_VERSION;
use threadmark_protocol::statement::{Envelope, Statement, StatementId, Submission};
use threadmark_protocol::text::{Origin, shown};
use threadmark_protocol::tree::leaf_hash;

/// Why no tree with this entry, nor one up to the checkpoint that showed it, is cosigned any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Objection {
    /// Which entry.
    pub index: u64,
    /// Its statement, where it is one.
    pub statement: Option<StatementId>,
    /// Stable name of what is wrong: that of the rule that refuses it, or one of those in [`object`] and [`split`].
    pub code: String,
    /// What is wrong, in a sentence.
    pub reason: String,
    /// The checkpoint by which the log has signed the entry, a note.
    pub checkpoint: String,
    /// When it was found, Unix seconds.
    pub found_at: i64,
    /// Version of the rules that were asked: a program that knows newer ones asks again.
    pub rules_version: u32,
}

impl fmt::Display for Objection {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "entry {}: {} ({})", self.index, self.reason, self.code)
    }
}

/// What `error`, by which `replica` did not take `page`, says against the log; nothing, where the log has not signed it.
pub(super) fn object(
    replica: &Replica,
    page: &Page,
    error: &ReplicaError,
    now: i64,
) -> Option<Objection> {
    let (index, code) = match error {
        ReplicaError::Rule { index, refusal } => (*index, refusal.code().name()),
        ReplicaError::Signature(index) => (*index, Code::BadSignature.name()),
        ReplicaError::Doubled(index) => (*index, "doubled"),
        ReplicaError::Batch(index) => (*index, "batch-not-closed"),
        ReplicaError::Index(index) => (*index, "index-root"),
        ReplicaError::Malformed(_) => (malformed(page, replica.trust().origin())?, "malformed"),
        ReplicaError::Genesis => (page.from, "other-genesis"),
        // A page that is none, or that is not what the log signed; or rules that only a newer program can judge.
        ReplicaError::Page
        | ReplicaError::RulesUnknown { .. }
        | ReplicaError::Cbor(_)
        | ReplicaError::Gap { .. }
        | ReplicaError::Root
        | ReplicaError::Checkpoint(_) => return None,
    };
    if !is_signed(replica, page) {
        return None;
    }
    let at = usize::try_from(index.checked_sub(page.from)?).ok()?;
    let envelope = page.entries.get(at).map(|entry| &entry.envelope);
    let statement = envelope.and_then(|bytes| Some(Envelope::parse(bytes).ok()?.id()));
    Some(Objection {
        index,
        statement,
        code: code.to_owned(),
        reason: shown(&error.to_string()),
        checkpoint: page.checkpoint.clone(),
        found_at: now,
        rules_version: RULES_VERSION,
    })
}

/// That a page leads to another tree than one that the log has signed and this audit's home has verified, at this size.
pub(super) fn split(page: &Page, size: u64, now: i64) -> Objection {
    Objection {
        index: size,
        statement: None,
        code: "split-view".to_owned(),
        reason: format!("the log has signed two histories that differ before size {size}"),
        checkpoint: page.checkpoint.clone(),
        found_at: now,
        rules_version: RULES_VERSION,
    }
}

/// Whether the envelopes lead to the root that the log has signed, whatever they say.
fn is_signed(replica: &Replica, page: &Page) -> bool {
    let key = &replica.trust().checkpoint_key;
    let Ok(signed) = checkpoint::open(&page.checkpoint, key) else {
        return false;
    };
    let mut tree = replica.tree().clone();
    for entry in &page.entries {
        tree.push(leaf_hash(&entry.envelope));
    }
    let checkpoint = signed.checkpoint();
    checkpoint.size == tree.size() && checkpoint.root == tree.root()
}

/// The first entry that is no statement, if that is the log's doing: its envelope is of another form, or the body that it
/// names is. A body or a section that it does not name is only what was sent.
fn malformed(page: &Page, origin: &Origin) -> Option<u64> {
    let open = |entry: &Submission| Statement::open(entry.clone(), origin).is_err();
    let at = page.entries.iter().position(open)?;
    let bare = Submission {
        sections: Default::default(),
        ..page.entries[at].clone()
    };
    let names_body = Envelope::parse(&bare.envelope)
        .map_or(true, |of| of.body_sha256 == Digest::sha256(&[&bare.body]));
    let is_wrong = names_body && Statement::open(bare, origin).is_err();
    is_wrong.then_some(page.from + at as u64)
}
