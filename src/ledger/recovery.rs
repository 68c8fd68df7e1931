//! What a writer checks of what it finds before it goes on.
//!
//! Owns the questions whether the log is ours and whether its lists of statements lead to the root that it signed. Must
//! never know SQL.

use super::LedgerError;
use super::storage::Storage;
use threadmark_protocol::body::{Body, Core};
use threadmark_protocol::genesis::Trust;
use threadmark_protocol::index::Map;

/// Refuses a log that begins otherwise.
pub async fn check_genesis<S: Storage>(storage: &S, trust: &Trust) -> Result<(), LedgerError> {
    let entries = storage.entries(0, 2).await?;
    let expected = [&trust.policy_statement, &trust.anchors_statement].map(|of| &of.submission);
    let same = entries
        .iter()
        .zip(expected)
        .all(|(found, expected)| found == expected);
    if entries.len() == 2 && same {
        return Ok(());
    }
    Err(LedgerError::OtherLog("entries 0 and 1 differ".into()))
}

/// The index of statements of a log of `size` entries. Refuses lists that do not lead to the root that its last entry
/// signs: the next root would be a lie. An entry that is older than the index signs none.
pub async fn statements<S: Storage>(storage: &S, size: u64) -> Result<Map, LedgerError> {
    let map = Map::from_tallies(storage.tallies().await?);
    let Some(last) = size.checked_sub(1) else {
        return Ok(map);
    };
    let entries = storage.entries(last, 1).await?;
    let core = entries.first().map(|entry| Body::parse(&entry.body));
    let Some(Ok(Core::LogBatch(says))) = core.map(|body| body.map(|body| body.core)) else {
        let what = format!("entry {last} closes no batch");
        return Err(LedgerError::Diverged(what));
    };
    if says.index_root.is_none_or(|root| root == map.root()) {
        return Ok(map);
    }
    let what = "the lists of statements by subject do not lead to the root that the log signed";
    Err(LedgerError::Diverged(what.into()))
}
