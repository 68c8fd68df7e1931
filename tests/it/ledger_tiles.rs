//! Publishing: {each write of the publisher} × {fails and is not done, fails but is done} × {once, from here on}, after
//! which a new start has exactly the files that the log leads to; and a start that finds more files than entries.

use crate::files::{Broken, Files};
use crate::ledger_faults::{log_all, start};
use crate::memory::{Call, Fault, Memory};
use futures_util::TryStreamExt as _;
use object_store::memory::InMemory;
use object_store::{ObjectStore, ObjectStoreExt as _};
use std::collections::BTreeMap;
use std::sync::Arc;
use threadmark::ledger::LedgerError;
use threadmark::ledger::storage::Storage as _;
use threadmark::ledger::tiles::{Tiles, check, place};
use threadmark_protocol::body::Core;
use threadmark_protocol::body::build::BuildAborted;
use threadmark_protocol::fixture::{Consortium, Who, text};
use threadmark_protocol::statement::Statement;
use threadmark_protocol::tile::{self, Row, TILE_WIDTH, Tile};
use threadmark_protocol::tree::{Tree, leaf_hash};

/// Statements of the log: with the log's own entries two full tiles of each kind, and some more.
const STATEMENTS: usize = 270;

/// A founded log with so many reports in it, each in a batch of its own.
async fn log_of(seed: u64, statements: usize) -> (Memory, Consortium) {
    let mut of = Consortium::founded(seed);
    let report = |of: &mut Consortium, number: usize| -> Statement {
        let core = Core::BuildAborted(BuildAborted {
            parts: vec![format!("part:t{number}").parse().unwrap()],
            reason: text("the powder ran out"),
        });
        let subject = format!("build:t{number}").parse().unwrap();
        of.sign(Who::Governor, &subject, core)
    };
    let all: Vec<_> = (0..statements)
        .map(|number| report(&mut of, number))
        .collect();
    let memory = Memory::default();
    log_all(&start(&memory, &of).await, &of, &all).await;
    (memory, of)
}

/// Every file that the log leads to, made from its entries alone.
fn expected(memory: &Memory) -> BTreeMap<String, Vec<u8>> {
    let pages = memory.pages();
    let entries = pages.iter().flat_map(|page| &page.entries);
    let entries: Vec<&[u8]> = entries.map(|entry| &entry.envelope[..]).collect();
    let mut tree = Tree::default();
    entries.iter().for_each(|entry| tree.push(leaf_hash(entry)));
    let bytes = |tile: Tile| match tile.row() {
        Row::Hashes(_) => tile.hashes(&tree).unwrap(),
        Row::Entries => {
            let first = tile.first().unwrap() as usize;
            tile::bundle(entries[first..first + 256].iter().copied()).unwrap()
        }
    };
    let tiles = tile::completed(0, tree.size());
    tiles
        .map(|tile| (place(tile).to_string(), bytes(tile)))
        .collect()
}

async fn contents(files: &dyn ObjectStore) -> BTreeMap<String, Vec<u8>> {
    let listed: Vec<_> = files.list(None).try_collect().await.unwrap();
    let mut found = BTreeMap::new();
    for file in listed {
        let bytes = files
            .get(&file.location)
            .await
            .unwrap()
            .bytes()
            .await
            .unwrap();
        found.insert(file.location.to_string(), bytes.to_vec());
    }
    found
}

/// What readers get is right, whatever the files are.
async fn check_reading(tiles: &Tiles<Memory>, expected: &BTreeMap<String, Vec<u8>>) {
    for (name, whole) in expected {
        let tile: Tile = name.strip_prefix("log/").unwrap().parse().unwrap();
        assert_eq!(
            tiles.read(tile).await.unwrap().unwrap(),
            whole[..],
            "{name}"
        );
        for width in [1, 100, 255] {
            let partial = Tile::partial(tile.row(), tile.index(), width).unwrap();
            let slice = tiles.read(partial).await.unwrap().unwrap();
            assert_eq!(slice, partial.within(whole).unwrap(), "{partial}");
        }
    }
    let size = tiles.size();
    let edge = Tile::partial(Row::Hashes(0), size / TILE_WIDTH, size % TILE_WIDTH).unwrap();
    let bytes = tiles.read(edge).await.unwrap().unwrap();
    assert_eq!(bytes.len() as u64, 32 * (size % TILE_WIDTH));
    let beyond = Tile::partial(Row::Entries, size / TILE_WIDTH, size % TILE_WIDTH + 1).unwrap();
    assert_eq!(tiles.read(beyond).await.unwrap(), None);
}

/// A start: goes on from the note.
async fn publish(memory: &Memory, files: Arc<dyn ObjectStore>) -> bool {
    let tiles = Tiles::load(memory.clone(), files).await.unwrap();
    let mut done = memory.tiles_published().await.unwrap();
    tiles.publish(&mut done, |_, _| {}).await.is_ok()
}

#[tokio::test]
async fn each_write_of_the_publisher_may_fail() {
    let (memory, _of) = log_of(21, STATEMENTS).await;
    let expected = expected(&memory);
    let writes = expected.len() as u32;
    assert_eq!(writes, 4, "two tiles, two bundles");
    for at in 0..writes {
        for (arrives, once) in [(false, false), (false, true), (true, false), (true, true)] {
            let broken = Broken { at, arrives, once };
            let files = Arc::new(Files::new(broken));
            memory.forget_tiles();
            assert!(!publish(&memory, files.clone()).await, "{broken:?}");
            let before = contents(&files.inner).await;
            let is_good = |(name, bytes)| expected.get(name) == Some(bytes);
            assert!(before.iter().all(is_good), "{broken:?}");
            let tiles = Tiles::load(memory.clone(), files.clone() as _)
                .await
                .unwrap();
            check_reading(&tiles, &expected).await;
            files.heal();
            assert!(publish(&memory, files.clone()).await, "{broken:?}");
            assert_eq!(contents(&files.inner).await, expected, "{broken:?}");
        }
    }
}

#[tokio::test]
async fn the_note_may_fail_and_the_entries_may_not_answer() {
    let (memory, _of) = log_of(22, STATEMENTS).await;
    let expected = expected(&memory);
    for (call, fault) in [
        (Call::NoteTiles, Fault::NotDone),
        (Call::NoteTiles, Fault::DoneAndLost),
        (Call::Envelopes, Fault::NotDone),
    ] {
        let files = Arc::new(InMemory::new());
        memory.forget_tiles();
        let tiles = Tiles::load(memory.clone(), files.clone() as _)
            .await
            .unwrap();
        memory.inject(call, fault, 1);
        let mut done = 0;
        assert!(
            tiles.publish(&mut done, |_, _| {}).await.is_err(),
            "{call:?}"
        );
        assert_eq!(done, 0);
        assert!(publish(&memory, files.clone()).await);
        assert_eq!(
            contents(files.as_ref()).await,
            expected,
            "{call:?} {fault:?}"
        );
        assert_eq!(memory.tiles_published().await.unwrap(), 512);
    }
}

#[tokio::test]
async fn a_file_that_is_lost_or_short_is_made_for_who_asks() {
    let (memory, _of) = log_of(23, STATEMENTS).await;
    let expected = expected(&memory);
    let files = Arc::new(InMemory::new());
    assert!(publish(&memory, files.clone()).await);
    for (at, name) in expected.keys().enumerate() {
        let name = name.as_str().into();
        if at % 2 == 0 {
            files.delete(&name).await.unwrap();
        } else {
            files.put(&name, b"short".as_slice().into()).await.unwrap();
        }
    }
    let tiles = Tiles::load(memory, files).await.unwrap();
    check_reading(&tiles, &expected).await;
}

#[tokio::test]
async fn a_database_that_went_back_or_is_another_is_not_written_to() {
    let (memory, of) = log_of(24, STATEMENTS).await;
    let files = Arc::new(InMemory::new());
    check(&memory, files.as_ref()).await.unwrap();
    assert!(publish(&memory, files.clone()).await);
    check(&memory, files.as_ref()).await.unwrap();
    let went_back = Memory::default();
    drop(start(&went_back, &of).await);
    let refused = check(&went_back, files.as_ref()).await;
    assert!(
        matches!(&refused, Err(LedgerError::Diverged(_))),
        "{refused:?}"
    );
    let told = refused.unwrap_err().to_string();
    assert!(told.contains("tile/0/000 is published already"), "{told}");
    let (other, _) = log_of(25, STATEMENTS).await;
    let told = check(&other, files.as_ref()).await.unwrap_err().to_string();
    assert!(
        told.contains("holds other entries than the database"),
        "{told}"
    );
}
