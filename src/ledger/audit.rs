//! The audit: replays the whole log and compares it with everything that was stored.
//!
//! Owns the comparison. It uses the same replica as any stranger, so what it accepts, a stranger accepts. Must
//! never change anything.

mod lists;
mod rows;
mod standings;
mod tiles;

use super::storage::{Head, StorageError};
use crate::ledger::storage::Storage as _;
use crate::store::PgStore;
use crate::store::world::StoredState;
use object_store::ObjectStore;
use rows::Batches;
use std::collections::{BTreeMap, BTreeSet};
use threadmark_protocol::bundle::{PAGE_ENTRIES_MAX, Page, Replica};
use threadmark_protocol::genesis::Trust;
use threadmark_protocol::text::SubjectId;
use threadmark_protocol::tree;
use threadmark_protocol::world::State;

/// States compared at a time.
const STATES_AT_ONCE: i64 = 1000;

/// One thing that is not as the log says.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Discrepancy {
    /// Where: an entry, a checkpoint, a state, an edge.
    pub place: String,
    /// What is wrong.
    pub what: String,
}

/// What the audit saw.
#[derive(Debug, serde::Serialize)]
pub struct Report {
    /// Entries replayed.
    pub entries: u64,
    /// Checkpoints compared.
    pub checkpoints: usize,
    /// States compared.
    pub states: usize,
    /// Published files compared.
    pub tiles: usize,
    /// Files that are not published yet, though the log is long enough for them.
    pub tiles_to_come: usize,
    /// Everything that differs; empty is good.
    pub discrepancies: Vec<Discrepancy>,
}

/// Replays and compares. `progress` is told how many entries are done, of how many.
///
/// # Errors
/// Storage fails. What is wrong in the data is in the report.
pub async fn audit(
    store: &PgStore,
    files: &dyn ObjectStore,
    trust: Trust,
    mut progress: impl FnMut(u64, u64),
) -> Result<Report, StorageError> {
    let mut replica = Replica::new(trust);
    let checkpoints = store.checkpoints().await?;
    let size = checkpoints.last().map_or(0, |head| head.size);
    let (mut found, mut batches) = (Vec::new(), Batches::new());
    let replayed = async {
        while replica.size() < size {
            if let Err(discrepancy) = replay(store, &mut replica, &mut found, &mut batches).await? {
                return Ok(Err(discrepancy));
            }
            progress(replica.size(), size);
        }
        Ok::<_, StorageError>(Ok(()))
    };
    if let Err(discrepancy) = replayed.await? {
        // Everything behind an entry that does not replay would differ too: name the cause only.
        found.push(discrepancy);
        let entries = replica.size();
        return Ok(Report {
            entries,
            checkpoints: 0,
            states: 0,
            tiles: 0,
            tiles_to_come: 0,
            discrepancies: found,
        });
    }
    if !store.entries(size, 1).await?.is_empty() {
        let (place, what) = (format!("entry {size}"), "no checkpoint covers it".into());
        found.push(Discrepancy { place, what });
    }
    compare_checkpoints(&replica, &checkpoints, &batches, &mut found);
    compare_growth(&replica, &checkpoints, &mut found);
    compare_chain(&store.checkpoint_chain().await?, &mut found);
    let states = compare_states(store, &replica, batches.len(), &mut found).await?;
    compare_parents(store, &replica, &mut found).await?;
    standings::compare(store, replica.world(), &mut found).await?;
    let published = tiles::compare(store, files, replica.tree(), &mut found).await?;
    lists::compare(store, replica.statements(), &mut found).await?;
    Ok(Report {
        entries: replica.size(),
        checkpoints: checkpoints.len(),
        states,
        tiles: published.files,
        tiles_to_come: published.to_come,
        discrepancies: found,
    })
}

/// Replays and compares one page; the outer result is storage's, the inner one names why it cannot be replayed.
async fn replay(
    store: &PgStore,
    replica: &mut Replica,
    found: &mut Vec<Discrepancy>,
    batches: &mut Batches,
) -> Result<Result<(), Discrepancy>, StorageError> {
    let from = replica.size();
    let wrong = |what: String| Discrepancy {
        place: format!("entries from {from} on"),
        what,
    };
    let Some(head) = store.checkpoint_within(from, PAGE_ENTRIES_MAX).await? else {
        return Ok(Err(wrong("no checkpoint ends a batch here".into())));
    };
    let count = (head.size - from) as usize;
    let entries = store.entries(from, count).await?;
    if entries.len() != count {
        return Ok(Err(wrong(format!(
            "{} entries are missing",
            count - entries.len()
        ))));
    }
    let rows: Vec<_> = store
        .rows(from, count)
        .await?
        .into_iter()
        .zip(entries)
        .collect();
    match rows::compare(replica.trust().origin(), from, &rows, batches) {
        Ok(differing) => found.extend(differing),
        Err(discrepancy) => return Ok(Err(discrepancy)),
    }
    let entries = rows.into_iter().map(|(_, entry)| entry).collect();
    let page = Page {
        from,
        entries,
        checkpoint: head.note,
    };
    Ok(replica
        .extend(&page)
        .map(drop)
        .map_err(|error| wrong(error.to_string())))
}

/// Every checkpoint that was ever signed must be a state that the tree went through.
fn compare_checkpoints(
    replica: &Replica,
    checkpoints: &[Head],
    batches: &Batches,
    found: &mut Vec<Discrepancy>,
) {
    for head in checkpoints {
        let signed =
            threadmark_protocol::checkpoint::open(&head.note, &replica.trust().checkpoint_key);
        let same = signed.is_ok_and(|signed| {
            let signed = signed.checkpoint();
            (signed.size, Some(signed.root)) == (head.size, replica.tree().root_at(head.size))
                && signed.root == head.root
                && batches.get(&head.size) == Some(&head.logged_at)
        });
        if !same {
            let place = format!("checkpoint {}", head.size);
            found.push(Discrepancy {
                place,
                what: "it is not what the entries lead to".into(),
            });
        }
    }
}

/// Each checkpoint continues the one before it, by a proof that any stranger could check.
fn compare_growth(replica: &Replica, checkpoints: &[Head], found: &mut Vec<Discrepancy>) {
    for pair in checkpoints.windows(2) {
        let [old, new] = pair else { continue };
        let proof = replica.tree().consistency(old.size, new.size);
        let checked = proof
            .map(|proof| tree::check_consistency(old.size, &old.root, new.size, &new.root, &proof));
        if checked != Some(Ok(())) {
            found.push(Discrepancy {
                place: format!("checkpoint {}", new.size),
                what: format!("it does not continue checkpoint {}", old.size),
            });
        }
    }
}

/// Each checkpoint names the one before it: that is what keeps two writers from going on from one state.
fn compare_chain(chain: &[(i64, Option<i64>)], found: &mut Vec<Discrepancy>) {
    let mut before = None;
    for (size, previous) in chain {
        if *previous != before {
            found.push(Discrepancy {
                place: format!("checkpoint {size}"),
                what: "it does not name the checkpoint before it".into(),
            });
        }
        before = Some(*size);
    }
}

async fn compare_states(
    store: &PgStore,
    replica: &Replica,
    batches: usize,
    found: &mut Vec<Discrepancy>,
) -> Result<usize, StorageError> {
    let expected = &replica.world().states;
    let mut missing: BTreeSet<&SubjectId> = expected.keys().collect();
    let (mut after, mut compared) = (String::new(), 0);
    loop {
        let page = store.states(&after, STATES_AT_ONCE).await?;
        let Some(last) = page.last() else { break };
        after.clone_from(&last.id);
        for stored in page {
            compared += 1;
            let id: Option<SubjectId> = stored.id.parse().ok();
            let place = format!("state {}", stored.id);
            let should = id.as_ref().and_then(|id| expected.get_key_value(id));
            let what = match should {
                None => Some("the log knows nothing of it".to_owned()),
                Some((id, state)) => {
                    missing.remove(id);
                    let version = stored.version;
                    difference(id, state, stored)
                        .or_else(|| difference_of_versions(version, batches))
                }
            };
            found.extend(what.map(|what| Discrepancy { place, what }));
        }
    }
    for id in missing {
        let place = format!("state {id}");
        found.push(Discrepancy {
            place,
            what: "it is missing".into(),
        });
    }
    Ok(compared)
}

/// A state is written at most once a batch, and from its first on.
fn difference_of_versions(version: i64, batches: usize) -> Option<String> {
    let possible = 1..=batches as i64;
    (!possible.contains(&version))
        .then(|| format!("its version is {version}, after {batches} batches"))
}

fn difference(id: &SubjectId, should: &State, stored: StoredState) -> Option<String> {
    if stored.kind != id.kind() {
        return Some("its kind is not that of its id".to_owned());
    }
    let stored = stored.state;
    let expected = serde_json::to_value(should).unwrap_or_default();
    if expected == stored {
        return None;
    }
    let path = first_difference(&expected, &stored, String::new());
    Some(format!("it is not what the log leads to, at {path}"))
}

fn first_difference(
    should: &serde_json::Value,
    stored: &serde_json::Value,
    path: String,
) -> String {
    use serde_json::Value::{Array, Object};
    match (should, stored) {
        (Object(should), Object(stored)) => {
            let names: BTreeSet<_> = should.keys().chain(stored.keys()).collect();
            for name in names {
                match (should.get(name), stored.get(name)) {
                    (Some(a), Some(b)) if a == b => {}
                    (Some(a), Some(b)) => return first_difference(a, b, format!("{path}/{name}")),
                    _ => return format!("{path}/{name}"),
                }
            }
            path
        }
        (Array(should), Array(stored)) if should.len() == stored.len() => {
            let pairs = should.iter().zip(stored).enumerate();
            let differing = pairs.into_iter().find(|(_, (a, b))| a != b);
            differing.map_or(path.clone(), |(at, (a, b))| {
                first_difference(a, b, format!("{path}/{at}"))
            })
        }
        _ => path,
    }
}

async fn compare_parents(
    store: &PgStore,
    replica: &Replica,
    found: &mut Vec<Discrepancy>,
) -> Result<(), StorageError> {
    let stored = store.parents().await?;
    let mut expected = BTreeMap::new();
    for (child, state) in &replica.world().states {
        for parent in state.parents() {
            expected.insert((child.to_string(), parent.to_string()), ());
        }
    }
    for edge in &stored {
        if !expected.contains_key(edge) {
            let place = format!("edge {} → {}", edge.0, edge.1);
            found.push(Discrepancy {
                place,
                what: "the log knows nothing of it".into(),
            });
        }
    }
    for edge in expected.keys() {
        if !stored.contains(edge) {
            let place = format!("edge {} → {}", edge.0, edge.1);
            found.push(Discrepancy {
                place,
                what: "it is missing: holds above would be missed".into(),
            });
        }
    }
    Ok(())
}
