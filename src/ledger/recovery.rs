//! What a process reads of what is committed, and what it checks of it before it goes on.
//!
//! Owns the questions whether the log is ours, whether its entries lead to the checkpoint that was signed and its lists of statements
//! to the root in its last entry, and whether it is the log that this process has read before, and more of it. Must never know SQL.

use super::storage::{Head, Storage};
use super::{LedgerError, Published};
use std::sync::RwLock;
use threadmark_protocol::body::{Body, Core};
use threadmark_protocol::checkpoint;
use threadmark_protocol::digest::Digest;
use threadmark_protocol::genesis::Trust;
use threadmark_protocol::index::Map;
use threadmark_protocol::lifecycle;
use threadmark_protocol::world::policy_subject;

/// Refuses a log that begins otherwise, or that went on under rules that this program does not know: it would refuse everything that
/// comes in.
pub async fn check_log<S: Storage>(storage: &S, trust: &Trust) -> Result<(), LedgerError> {
    let entries = storage.entries(0, 2).await?;
    let expected = [&trust.policy_statement, &trust.anchors_statement].map(|of| &of.submission);
    let same = entries
        .iter()
        .zip(expected)
        .all(|(found, expected)| found == expected);
    if entries.len() != 2 || !same {
        return Err(LedgerError::OtherLog("entries 0 and 1 differ".into()));
    }
    let world = storage.world(&[policy_subject()].into()).await?;
    lifecycle::must_know(&world).map_err(LedgerError::RulesUnknown)
}

/// Reads what is committed beyond what is published, all of it at first, and publishes it. Others may commit meanwhile.
///
/// # Errors
/// [`LedgerError::Diverged`] when the entries do not lead to the checkpoint that was signed, or the log is not the one that was
/// published, and more of it: nobody may go on from there.
pub async fn catch_up<S: Storage>(
    storage: &S,
    trust: &Trust,
    published: &RwLock<Published>,
) -> Result<(), LedgerError> {
    let head = storage.head().await?;
    let (known, mut statements) = {
        let log = write(published);
        (log.head.clone(), log.statements.clone())
    };
    if head == known && head.is_some() {
        return Ok(());
    }
    let from = known.as_ref().map_or(0, |known| known.size);
    let size = head.as_ref().map_or(0, |head| head.size);
    if size < from {
        let what = format!("the log had {from} entries, and the database has {size}");
        return Err(LedgerError::Diverged(what));
    }
    let leaves = new_leaves(storage, from, size).await?;
    if let Some(head) = &head {
        check_signature(head, trust)?;
        statements.set(storage.tallies(from, size).await?);
        check_statements(storage, &statements, size).await?;
    }
    publish(published, head, leaves, statements)
}

/// The leaves of the entries from `from` to `size`. Those beyond must be covered by a checkpoint that came meanwhile.
async fn new_leaves<S: Storage>(
    storage: &S,
    from: u64,
    size: u64,
) -> Result<Vec<Digest>, LedgerError> {
    let mut leaves = storage.leaves(from).await?;
    let found = from + leaves.len() as u64;
    if found > size {
        let covered = storage.head().await?.map_or(0, |head| head.size);
        if found > covered {
            return Err(unexplained(found, covered));
        }
        leaves.truncate((size - from) as usize);
    }
    Ok(leaves)
}

fn unexplained(entries: u64, size: u64) -> LedgerError {
    let what = format!("{entries} entries do not lead to the checkpoint of size {size}");
    LedgerError::Diverged(what)
}

fn check_signature(head: &Head, trust: &Trust) -> Result<(), LedgerError> {
    let signed = checkpoint::open(&head.note, &trust.checkpoint_key);
    let same = signed.is_ok_and(|signed| {
        (signed.checkpoint().size, signed.checkpoint().root) == (head.size, head.root)
    });
    if same {
        return Ok(());
    }
    let what = "the newest checkpoint is not signed by this log";
    Err(LedgerError::Diverged(what.into()))
}

/// Refuses lists that do not lead to the root that the last of `size` entries signs: the next root would be a lie. An entry that is
/// older than the index signs none.
async fn check_statements<S: Storage>(
    storage: &S,
    statements: &Map,
    size: u64,
) -> Result<(), LedgerError> {
    let Some(last) = size.checked_sub(1) else {
        return Ok(());
    };
    let entries = storage.entries(last, 1).await?;
    let core = entries.first().map(|entry| Body::parse(&entry.body));
    let Some(Ok(Core::LogBatch(says))) = core.map(|body| body.map(|body| body.core)) else {
        let what = format!("entry {last} closes no batch");
        return Err(LedgerError::Diverged(what));
    };
    if says.index_root.is_none_or(|root| root == statements.root()) {
        return Ok(());
    }
    let what = "the lists of statements by subject do not lead to the root that the log signed";
    Err(LedgerError::Diverged(what.into()))
}

/// Puts the leaves on the tree, if they lead to the checkpoint.
fn publish(
    published: &RwLock<Published>,
    head: Option<Head>,
    leaves: Vec<Digest>,
    statements: Map,
) -> Result<(), LedgerError> {
    let mut log = write(published);
    let before = log.tree.size();
    leaves.into_iter().for_each(|leaf| log.tree.push(leaf));
    let found = (log.tree.size(), log.tree.root());
    let expected = head.as_ref().map(|head| (head.size, head.root));
    if found != expected.unwrap_or_else(|| (0, threadmark_protocol::tree::empty_root())) {
        log.tree.truncate(before);
        return Err(unexplained(found.0, expected.map_or(0, |(size, _)| size)));
    }
    log.head = head;
    log.statements = statements;
    Ok(())
}

pub(super) fn write(published: &RwLock<Published>) -> std::sync::RwLockWriteGuard<'_, Published> {
    // Whoever panicked with the lock left whole batches: the tree is cut back before anything can fail.
    published
        .write()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}
