//! The bundle of a part, from the database and the newest published batch.
//!
//! Owns that checkpoint, tree and index are of one moment; what is committed meanwhile is left out. Which subjects belong
//! into it stands in `protocol`. Must never know SQL, nor who asks.

use super::Ledger;
use super::storage::{Storage, StorageError};
use super::witnesses::Witnesses;
use crate::store::PgStore;
use std::collections::BTreeMap;
use threadmark_protocol::bundle::part::{Collect, LINKS_MAX, Moment, PartBundle, TooMuch};
use threadmark_protocol::mark::Mark;

/// Why there is no bundle.
#[derive(Debug, thiserror::Error)]
pub enum PartBundleError {
    /// Storage fails.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// More belongs into it than a file holds, or what is stored does not fit together.
    #[error(transparent)]
    Collect(#[from] TooMuch),
    /// There is no batch yet.
    #[error("the log is empty")]
    Empty,
}

/// Everything about the part with this mark, up to the newest published checkpoint. Of a mark that
/// nobody has used it proves just that.
///
/// # Errors
/// [`PartBundleError`].
pub async fn of_part(
    ledger: &Ledger,
    store: &PgStore,
    witnesses: &Witnesses,
    mark: Mark,
) -> Result<PartBundle, PartBundleError> {
    // Asked first, so that it is not beyond the checkpoint.
    let witnessed = witnesses.witnessed().map(|of| (of.size, of.note));
    let moment = ledger.published(|log| Some((log.head.clone()?, log.statements.clone())));
    let (head, statements) = moment.ok_or(PartBundleError::Empty)?;
    let collect = collected(ledger, store, mark, head.size).await?;
    let receipts = receipts(ledger, store, &collect).await?;
    // The tree only grows: it still has what the checkpoint covers.
    let bundle = ledger.published(|log| {
        let moment = Moment {
            checkpoint: witnesses.note_of(&head),
            size: head.size,
            witnessed: witnessed.filter(|(size, _)| *size <= head.size),
            tree: &log.tree,
            statements: &statements,
        };
        collect.finish(receipts, moment)
    })?;
    Ok(bundle)
}

/// Everything that belongs into the bundle, of the first `size` entries.
async fn collected(
    ledger: &Ledger,
    store: &PgStore,
    mark: Mark,
    size: u64,
) -> Result<Collect, PartBundleError> {
    let mut collect = Collect::new(mark, ledger.trust().origin().clone());
    while !collect.open().is_empty() {
        let open = collect.open();
        // One more than a file holds, so that a cut is noticed as what it is.
        let (links, around) =
            tokio::try_join!(store.links(open, size, LINKS_MAX + 1), store.around(open))?;
        let missing = collect.missing(&links)?;
        // Asked before anything large is read.
        if store.bytes_at(&missing).await? > collect.room() as u64 {
            return Err(TooMuch::Limits.into());
        }
        let entries = store.entries_at(missing).await?;
        collect.take(links, entries, around)?;
    }
    let mut beside = store.first_with(&collect.numbers()).await?;
    beside.extend(store.entries_at([size - 1]).await?);
    collect.take_beside(beside)?;
    Ok(collect)
}

/// The receipts that the statements were first given.
async fn receipts(
    ledger: &Ledger,
    store: &PgStore,
    collect: &Collect,
) -> Result<BTreeMap<u64, Vec<u8>>, PartBundleError> {
    let ids: Vec<_> = collect.statements().map(|(_, of)| of.id).collect();
    let places = store.places(&ids).await?;
    let receipts = collect.statements().filter_map(|(index, of)| {
        let place = places.get(&of.id)?;
        Some((index, ledger.receipt(of, *place)?))
    });
    Ok(receipts.collect())
}
