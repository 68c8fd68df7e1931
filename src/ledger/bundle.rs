//! The bundle of a part, from the database and the newest published batch.
//!
//! Owns that checkpoint, tree and index are of one moment; what is committed meanwhile is left out. Which subjects belong
//! into it stands in `protocol`. Must never know SQL, nor who asks.

use super::Ledger;
use super::storage::StorageError;
use crate::store::PgStore;
use threadmark_protocol::bundle::part::{Collect, LINKS_MAX, PartBundle, TooMuch};
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

/// Everything about the part with this mark, up to the newest published checkpoint. Of a mark that nobody has used it proves
/// just that.
///
/// # Errors
/// [`PartBundleError`].
pub async fn of_part(
    ledger: &Ledger,
    store: &PgStore,
    mark: Mark,
) -> Result<PartBundle, PartBundleError> {
    let moment = ledger.published(|log| Some((log.head.clone()?, log.statements.clone())));
    let (head, statements) = moment.ok_or(PartBundleError::Empty)?;
    let mut collect = Collect::new(mark, ledger.trust().origin().clone());
    while !collect.open().is_empty() {
        let open = collect.open();
        // One more than a file holds, so that a cut is noticed as what it is.
        let (links, around) = tokio::try_join!(
            store.links(open, head.size, LINKS_MAX + 1),
            store.around(open)
        )?;
        let entries = store.entries_at(collect.missing(&links)).await?;
        collect.take(links, entries, around)?;
    }
    let mut beside = store.first_with(&collect.numbers()).await?;
    beside.extend(store.entries_at([head.size - 1]).await?);
    collect.take_beside(beside)?;
    // The tree only grows: it still has what the checkpoint covers.
    let bundle =
        ledger.published(|log| collect.finish(head.note, head.size, &log.tree, &statements));
    Ok(bundle?)
}
