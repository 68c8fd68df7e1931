//! The published files, each compared with what the replay leads to.

use super::Discrepancy;
use crate::ledger::storage::{Storage as _, StorageError};
use crate::ledger::tiles::{bundle, stored, unavailable};
use crate::store::PgStore;
use futures_util::TryStreamExt as _;
use object_store::ObjectStore;
use threadmark_protocol::tile::{self, Row, Tile};
use threadmark_protocol::tree::Tree;

/// What was looked at.
pub struct Compared {
    /// Files that are there.
    pub files: usize,
    /// Files that the log is long enough for and nobody has noted as published.
    pub to_come: usize,
}

/// Compares every file with `tree`, which is the committed one, and with the entries.
///
/// # Errors
/// Storage or the store of files fails.
pub async fn compare(
    store: &PgStore,
    files: &dyn ObjectStore,
    tree: &Tree,
    found: &mut Vec<Discrepancy>,
) -> Result<Compared, StorageError> {
    let published = store.tiles_published().await?;
    let mut compared = Compared {
        files: 0,
        to_come: 0,
    };
    for tile in tile::completed(0, tree.size()) {
        let expected = match tile.row() {
            Row::Hashes(_) => tile.hashes(tree).map(Into::into),
            Row::Entries => bundle(store, tile).await?,
        };
        let what = match (stored(files, tile).await?, expected) {
            (Some(bytes), Some(expected)) => {
                compared.files += 1;
                difference(tile, &bytes, &expected)
            }
            (None, _) if tile.is_within(published) => {
                Some("it is missing; `threadmark tiles rebuild` makes it again".to_owned())
            }
            (None, _) => {
                compared.to_come += 1;
                None
            }
            (Some(_), None) => Some("its entries are missing".to_owned()),
        };
        let place = tile.to_string();
        found.extend(what.map(|what| Discrepancy { place, what }));
    }
    strangers(store, files, tree.size(), found).await?;
    Ok(compared)
}

/// The first item that differs.
fn difference(tile: Tile, bytes: &[u8], expected: &[u8]) -> Option<String> {
    if bytes == expected {
        return None;
    }
    let first = tile.first().unwrap_or(0);
    let (item, at) = match tile.row() {
        Row::Hashes(_) => ("hash", differing(bytes.chunks(32), expected.chunks(32))),
        Row::Entries => (
            "entry",
            differing(tile::entries(bytes), tile::entries(expected)),
        ),
    };
    Some(match at {
        Some(at) => format!("{item} {} in it is not the log's", first + at as u64),
        None => format!(
            "it has {} bytes, and should have {}",
            bytes.len(),
            expected.len()
        ),
    })
}

fn differing<T: PartialEq>(
    is: impl Iterator<Item = T>,
    should: impl Iterator<Item = T>,
) -> Option<usize> {
    is.zip(should).position(|(is, should)| is != should)
}

/// Files that a log of this size has not published.
async fn strangers(
    store: &PgStore,
    files: &dyn ObjectStore,
    size: u64,
    found: &mut Vec<Discrepancy>,
) -> Result<(), StorageError> {
    let mut listed = files.list(Some(&"log".into()));
    let mut strangers: Vec<(String, Option<Tile>)> = Vec::new();
    while let Some(file) = listed.try_next().await.map_err(unavailable)? {
        let name = file.location.as_ref().trim_start_matches("log/");
        let tile = name.parse().ok().filter(Tile::is_full);
        if tile.is_none_or(|tile: Tile| !tile.is_within(size)) {
            strangers.push((name.to_owned(), tile));
        }
    }
    // A service beside this may have gone on since.
    let size = store.head().await?.map_or(0, |head| head.size);
    strangers.retain(|(_, tile)| tile.is_none_or(|tile| !tile.is_within(size)));
    found.extend(strangers.into_iter().map(|(place, _)| Discrepancy {
        place,
        what: "the log has no such file".into(),
    }));
    Ok(())
}
