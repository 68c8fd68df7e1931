//! Where parts are by their record: what is kept and still true, and what is made anew.
//!
//! Owns the one way to a list of parts, which a recall's list and its notices go, and the work behind the writer that keeps standings
//! at hand. Must never decide what a standing is, nor what it rests on (`threadmark_protocol::life`).

use super::storage::StorageError;
use crate::store::PgStore;
use crate::store::standing::{Made, Versioned};
use rayon::prelude::*;
use std::collections::BTreeMap;
use threadmark_protocol::life::{Impact, Reached, Scope, Standing};
use threadmark_protocol::text::SubjectId;

/// Parts that are made anew at a time, which bounds memory.
const AT_ONCE: usize = 1_000;

/// Of parts that one finds walking down from all anchors of a scope, those that it reaches, in the order of their ids.
///
/// # Errors
/// Storage fails, or a state cannot be read.
pub async fn reached(
    store: &PgStore,
    scope: &Scope,
    parts: &[SubjectId],
) -> Result<Vec<Reached>, StorageError> {
    let kept = store.standings(parts).await?;
    let unknown = without(parts, &kept);
    let meant = kept.into_values().filter(|one| scope.means(one));
    let mut found: Vec<_> = meant.map(|one| one.reached).collect();
    for some in unknown.chunks(AT_ONCE) {
        let (scope, parts) = (scope.clone(), some.to_vec());
        let ask = move |versioned: &Versioned| {
            let parts: Vec<_> = parts.iter().collect();
            Impact::among(&versioned.world, scope, 0, &parts).parts
        };
        found.extend(made(store, some, ask).await?);
    }
    found.sort_by(|one, other| one.part.cmp(&other.part));
    Ok(found)
}

/// Makes those that are not kept, or not true any more.
///
/// # Errors
/// As [`reached`].
pub async fn refresh(store: &PgStore, parts: &[SubjectId]) -> Result<(), StorageError> {
    let kept = store.standings(parts).await?;
    for some in without(parts, &kept).chunks(AT_ONCE) {
        made(store, some, |_| ()).await?;
    }
    Ok(())
}

fn without(parts: &[SubjectId], kept: &BTreeMap<SubjectId, Standing>) -> Vec<SubjectId> {
    let unknown = parts.iter().filter(|part| !kept.contains_key(*part));
    unknown.cloned().collect()
}

/// Makes and keeps the standings of some parts, and asks something else of the same states.
async fn made<T: Send + 'static>(
    store: &PgStore,
    parts: &[SubjectId],
    ask: impl FnOnce(&Versioned) -> T + Send + 'static,
) -> Result<T, StorageError> {
    let versioned = store.versioned(parts).await?;
    let fence = versioned.fence;
    let parts = parts.to_vec();
    let work = tokio::task::spawn_blocking(move || {
        let made = parts.par_iter().filter_map(|part| make(&versioned, part));
        (made.collect::<Vec<_>>(), ask(&versioned))
    });
    let (made, asked) = work
        .await
        .map_err(|error| StorageError::Unavailable(error.to_string()))?;
    // Who asks has his answer, whether it can be kept or not.
    if let Err(error) = store.keep_standings(&made, fence).await {
        tracing::warn!(%error, "where parts are is not kept");
    }
    Ok(asked)
}

/// A standing that can be kept; `None` where something that it rests on was not read.
pub fn make(of: &Versioned, part: &SubjectId) -> Option<Made> {
    let standing = Standing::of(&of.world, part)?;
    let rests = Standing::rests_on(&of.world, part)?;
    let version = |id: &SubjectId| of.versions.get(id).copied();
    let own = rests.own.into_iter();
    let own = own.map(|id| Some((id.clone(), version(&id)?)));
    let shared = rests.shared.iter().filter_map(version);
    Some(Made {
        standing,
        own: own.collect::<Option<_>>()?,
        stamp: shared.sum::<i64>() + i64::try_from(rests.edges).ok()?,
        shared: rests.shared,
        by_edges: rests.by_edges,
    })
}
