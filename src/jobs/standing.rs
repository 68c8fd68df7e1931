//! Keeping at hand where parts are, so that the list of a recall is there in a moment.
//!
//! Owns the pace: behind the writer, entry by entry, and only while it is not busy. What it has not come to, or a start skips, is
//! made when it is asked for. Must never decide what is kept: `ledger::standing`.

use crate::ledger::storage::StorageError;
use crate::ledger::{Ledger, standing};
use crate::store::PgStore;
use std::convert::Infallible;
use std::time::Duration;

/// Between two looks at the log.
const LOOK: Duration = Duration::from_secs(1);
/// Entries of one step.
const STEP: u64 = 2_000;
/// Entries between two looks from which on the writer needs all cores itself.
const BUSY: u64 = 200;

/// Goes along with the log from where it is now, for ever.
pub async fn keep_standings(ledger: &Ledger, store: &PgStore) -> Infallible {
    let size = || ledger.published(|log| log.tree.size());
    let mut done = size();
    loop {
        let before = size();
        tokio::time::sleep(LOOK).await;
        let is_busy = || size() - before >= BUSY;
        while done < size() && !is_busy() {
            let until = size().min(done + STEP);
            if let Err(error) = step(store, done, until).await {
                tracing::warn!(%error, "where parts are is not kept; it is made when it is asked for");
            }
            done = until;
        }
    }
}

async fn step(store: &PgStore, from: u64, until: u64) -> Result<(), StorageError> {
    let parts = store.parts_said_last(from, until).await?;
    let parts: Vec<_> = parts.into_iter().collect();
    standing::refresh(store, &parts).await
}
