//! Making every state and every list of statements again from the log, when a program writes them in another form than the one before.
//!
//! Owns the replay; what is written follows from it alone. Must never know SQL.

use super::lease::Claim;
use super::storage::{Storage as _, StorageError};
use crate::store::PgStore;
use threadmark_protocol::bundle::{PAGE_ENTRIES_MAX, Page, Replica, ReplicaError};
use threadmark_protocol::genesis::Trust;

/// Why states were not made again. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum RebuildError {
    /// Storage failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The log itself does not replay: its states cannot be trusted to be anything.
    #[error("the log does not replay from entry {0} on: {1}. Restore a backup")]
    Log(u64, ReplicaError),
    /// Entries and checkpoints do not fit together.
    #[error("no checkpoint ends a batch behind entry {0}. Restore a backup")]
    Gap(u64),
}

/// What was made.
#[derive(Debug, serde::Serialize)]
pub struct Rebuilt {
    /// Entries replayed.
    pub entries: u64,
    /// States written.
    pub states: usize,
}

fn lost() -> StorageError {
    StorageError::Conflict("it has taken the lease".into())
}

/// Replays the log and replaces all states and lists. Takes the lease: a service that still runs stops at its next commit, or
/// reads on if it is one of several nodes, and writes again when this is done.
///
/// # Errors
/// [`RebuildError`]; nothing was changed then.
pub async fn rebuild(
    store: &PgStore,
    trust: Trust,
    holder: &str,
    mut progress: impl FnMut(u64, u64),
) -> Result<Rebuilt, RebuildError> {
    let claim = Claim {
        holder: holder.to_owned(),
        address: None,
    };
    let taken = store.take_lease(&claim).await?;
    let fence = taken.ok_or_else(lost)?;
    let size = store.head().await?.map_or(0, |head| head.size);
    let mut replica = Replica::new(trust);
    let mut mentions = Vec::new();
    while replica.size() < size {
        let from = replica.size();
        let head = store.checkpoint_within(from, PAGE_ENTRIES_MAX).await?;
        let head = head.ok_or(RebuildError::Gap(from))?;
        let page = Page {
            from,
            entries: store.entries(from, (head.size - from) as usize).await?,
            checkpoint: head.note,
        };
        let new = replica
            .extend(&page)
            .map_err(|error| RebuildError::Log(from, error))?;
        mentions.extend(new);
        // Other nodes would begin to write when it runs out.
        if !store.renew_lease(fence).await? {
            return Err(lost().into());
        }
        progress(replica.size(), size);
    }
    let states = &replica.world().states;
    store.replace_states(fence, size, states, &mentions).await?;
    Ok(Rebuilt {
        entries: size,
        states: states.len(),
    })
}
