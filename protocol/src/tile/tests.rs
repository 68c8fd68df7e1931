use super::*;
use crate::digest::Digest;
use crate::tree::{check_consistency, check_inclusion, leaf_hash, node_hash};
use proptest::prelude::*;
use serde::Deserialize;
use tlog_tiles::tile as theirs;
use tlog_tiles::tlog;

#[derive(Deserialize)]
struct Vectors {
    paths: Vec<Place>,
    entries: Vec<String>,
    hashes: String,
    bundle: String,
}

#[derive(Deserialize)]
struct Place {
    index: u64,
    path: String,
}

fn vectors() -> Vectors {
    let json = include_str!("../../../fixtures/vectors/tiles.json");
    serde_json::from_str(json).unwrap()
}

fn tree_of(entries: impl IntoIterator<Item = Vec<u8>>) -> Tree {
    let mut tree = Tree::default();
    for entry in entries {
        tree.push(leaf_hash(&entry));
    }
    tree
}

fn tile(path: &str) -> Tile {
    path.parse().unwrap()
}

#[test]
fn paths_of_the_specification() {
    for Place { index, path } in vectors().paths {
        for (row, name) in [
            (Row::Entries, "entries"),
            (Row::Hashes(0), "0"),
            (Row::Hashes(63), "63"),
        ] {
            let full = Tile::full(row, index);
            assert_eq!(full.to_string(), format!("tile/{name}/{path}"));
            assert_eq!(tile(&full.to_string()), full);
            for width in [1, 17, 255] {
                let partial = Tile::partial(row, index, width).unwrap();
                assert_eq!(partial.to_string(), format!("tile/{name}/{path}.p/{width}"));
                assert_eq!(tile(&partial.to_string()), partial);
            }
        }
    }
    // From the text of the specification.
    assert_eq!(
        Tile::full(Row::Hashes(0), 1_234_067).to_string(),
        "tile/0/x001/x234/067"
    );
    assert_eq!(Tile::partial(Row::Entries, 0, 0), None);
    assert_eq!(Tile::partial(Row::Entries, 0, 256), None);
}

#[test]
fn every_other_form_of_a_path_is_refused() {
    for path in [
        "",
        "tile",
        "tile/",
        "tile/0",
        "tile/0/",
        "tile/0/0",
        "tile/0/00",
        "tile/0/0000",
        "tile/0/x000/000",
        "tile/0/x000/001",
        "tile/0/x001",
        "tile/0/001/000",
        "tile/0/xx01/000",
        "tile/0/x001/x000",
        "tile/0/1000",
        "tile/0/+00",
        "tile/0/ 00",
        "tile/0/-01",
        "tile/0/000/",
        "tile/0//000",
        "/tile/0/000",
        "tile/00/000",
        "tile/+0/000",
        "tile/64/000",
        "tile/256/000",
        "tile/-1/000",
        "tile/data/000",
        "tile/Entries/000",
        "tile/0/000.p",
        "tile/0/000.p/",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/01",
        "tile/0/000.p/+1",
        "tile/0/000.p/1/",
        "tile/0/000.p/1.p/1",
        "tile/0/000.P/1",
        "tile/8/0/000",
        // One more than 2^64 - 1.
        "tile/0/x018/x446/x744/x073/x709/x551/616",
        "tile/0/x999/x999/x999/x999/x999/x999/x999/999",
        "tile/0/٠٠٠",
    ] {
        assert_eq!(path.parse::<Tile>(), Err(TileError::Path), "{path}");
    }
}

/// The sizes that the specification names.
#[test]
fn which_tiles_a_log_has() {
    let has = |size: u64, path: &str| tile(path).is_within(size);
    assert!(has(70_000, "tile/0/272") && !has(70_000, "tile/0/273"));
    assert!(has(70_000, "tile/0/273.p/112") && !has(70_000, "tile/0/273.p/113"));
    assert!(has(70_000, "tile/1/000") && has(70_000, "tile/1/001.p/17"));
    assert!(!has(70_000, "tile/1/001.p/18") && !has(70_000, "tile/1/001"));
    assert!(has(70_000, "tile/2/000.p/1") && !has(70_000, "tile/2/000.p/2"));
    assert!(has(256, "tile/0/000") && has(256, "tile/1/000.p/1") && !has(256, "tile/0/001.p/1"));
    // Every historic partial is still there when its tile is full.
    assert!((1..256).all(|width| has(256, &format!("tile/0/000.p/{width}"))));
    for path in ["tile/0/000.p/1", "tile/entries/000.p/1", "tile/63/000.p/1"] {
        assert!(!has(0, path), "{path}");
    }
    assert!(!has(u64::MAX, "tile/8/000.p/1") && !has(u64::MAX, "tile/63/000.p/1"));
    assert!(!has(u64::MAX, "tile/0/x018/x446/x744/x073/x709/x551/615"));
}

#[test]
fn what_fills_and_when() {
    let paths = |old, new| {
        completed(old, new)
            .map(|tile| tile.to_string())
            .collect::<Vec<_>>()
    };
    assert_eq!(paths(0, 255), Vec::<String>::new());
    assert_eq!(paths(255, 256), ["tile/entries/000", "tile/0/000"]);
    assert_eq!(
        paths(65_535, 65_536),
        ["tile/entries/255", "tile/0/255", "tile/1/000"]
    );
    let all: Vec<Tile> = completed(0, 70_000).collect();
    assert_eq!(all.len(), 273 + 273 + 1);
    for tile in &all {
        assert!(tile.is_full() && tile.is_within(70_000));
    }
    let stepwise = (0..70_000)
        .step_by(77)
        .map(|old| (old, (old + 77).min(70_000)));
    let stepwise: Vec<Tile> = stepwise
        .flat_map(|(old, new)| completed(old, new))
        .collect();
    assert_eq!(stepwise, all);
}

/// ledger.md's example of tlog-tiles, from the vectors and in the words of the specification.
#[test]
fn the_tiles_of_five_entries() {
    let vectors = vectors();
    let entries: Vec<&[u8]> = vectors.entries.iter().map(String::as_bytes).collect();
    let tree = tree_of(entries.iter().map(|entry| entry.to_vec()));
    let bytes = tile("tile/0/000.p/5").hashes(&tree).unwrap();
    assert_eq!(hex::encode(&bytes), vectors.hashes);
    assert_eq!(
        Digest::sha256(&[&bytes]).to_hex(),
        "989366cfb10f5dd2da8b8bbc2edde16e26bab99ce76da96f93e2cc246fe2f758"
    );
    assert_eq!(tile("tile/0/000.p/6").hashes(&tree), None);
    assert_eq!(tile("tile/entries/000.p/5").hashes(&tree), None);
    let found = bundle(entries.iter().copied()).unwrap();
    assert_eq!(hex::encode(&found), vectors.bundle);
    assert_eq!(
        vectors.bundle,
        "0007656e7472792d300007656e7472792d310007656e7472792d320007656e7472792d330007656e7472792d34"
    );
    let read: Vec<&[u8]> = super::entries(&found).map(Result::unwrap).collect();
    assert_eq!(read, entries);
    for width in 1..=5 {
        let partial = Tile::partial(Row::Entries, 0, width).unwrap();
        let shorter = bundle(entries[..width as usize].iter().copied()).unwrap();
        assert_eq!(partial.within(&found), Some(&shorter[..]));
        let partial = Tile::partial(Row::Hashes(0), 0, width).unwrap();
        assert_eq!(partial.within(&bytes), Some(&bytes[..32 * width as usize]));
    }
    for row in [Row::Entries, Row::Hashes(0)] {
        let wider = Tile::partial(row, 0, 6).unwrap();
        assert_eq!(
            (wider.within(&bytes[..160]), wider.within(&found)),
            (None, None)
        );
    }
}

#[test]
fn bundles_have_no_other_form() {
    let (most, more) = (vec![7; 65_535], vec![7; 65_536]);
    assert_eq!(bundle([&more[..]]), Err(TileError::EntryTooLong));
    let good = bundle([&most[..], b"", b"x"]).unwrap();
    let read = |bytes| super::entries(bytes).collect::<Result<Vec<_>, _>>();
    assert_eq!(read(&good), Ok(vec![&most[..], b"", b"x"]));
    assert_eq!(read(b""), Ok(vec![]));
    for cut in [1, 2, 100, good.len() - 4, good.len() - 1] {
        let broken = &good[..cut];
        assert_eq!(read(broken), Err(TileError::BrokenOff), "{cut}");
    }
}

/// What `tlog_tiles` reads hashes from.
#[derive(Default)]
struct Stored(Vec<tlog::Hash>);

impl tlog::HashReader for Stored {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<tlog::Hash>, tlog::Error> {
        let found = indexes.iter().map(|index| self.0[*index as usize]);
        Ok(found.collect())
    }
}

/// A random log in three implementations.
struct Logs {
    entries: Vec<Vec<u8>>,
    ours: Tree,
    tlog: Stored,
    merkle: ct_merkle::mem_backed_tree::MemoryBackedTree<sha2::Sha256, Vec<u8>>,
}

impl Logs {
    fn new(seed: u64, size: u64) -> Logs {
        let entry = |index: u64| {
            let bytes = Digest::sha256(&[&seed.to_be_bytes(), &index.to_be_bytes()]).0;
            bytes[..usize::from(bytes[0] % 33)].to_vec()
        };
        let entries: Vec<Vec<u8>> = (0..size).map(entry).collect();
        let (mut tlog, mut merkle) = (
            Stored::default(),
            ct_merkle::mem_backed_tree::MemoryBackedTree::new(),
        );
        for (index, entry) in (0..).zip(&entries) {
            let hashes = tlog::stored_hashes(index, entry, &tlog).unwrap();
            tlog.0.extend(hashes);
            merkle.push(entry.clone());
        }
        let ours = tree_of(entries.iter().cloned());
        Logs {
            entries,
            ours,
            tlog,
            merkle,
        }
    }

    fn check_tile(&self, row: u8, index: u64, width: u64) {
        let ours = Tile::partial(Row::Hashes(row), index, width)
            .unwrap_or_else(|| Tile::full(Row::Hashes(row), index));
        let theirs = theirs::Tile::new(8, row, index, width as u32, false);
        // The crate writes paths as Go's checksum database does, with the height in them.
        assert_eq!(
            ours.to_string(),
            theirs.path().replacen("tile/8/", "tile/", 1)
        );
        let bytes = ours.hashes(&self.ours).unwrap();
        assert_eq!(bytes, theirs.read_data(&self.tlog).unwrap());
    }

    fn check_proofs(&self, index: u64, old: u64) {
        let (size, root) = (self.ours.size(), self.ours.root());
        assert_eq!(self.merkle.root().as_bytes()[..], root.0);
        assert_eq!(tlog::tree_hash(size, &self.tlog).unwrap().0, root.0);
        let proof = self.ours.inclusion(index, size).unwrap();
        let bytes: Vec<u8> = proof.iter().flat_map(|hash| hash.0).collect();
        assert_eq!(
            bytes,
            self.merkle.prove_inclusion(index as usize).as_bytes()
        );
        let theirs = tlog::prove_record(size, index, &self.tlog).unwrap();
        assert!(
            theirs
                .iter()
                .map(|hash| hash.0)
                .eq(proof.iter().map(|hash| hash.0))
        );
        let leaf = leaf_hash(&self.entries[index as usize]);
        assert_eq!(check_inclusion(leaf, index, size, &proof, &root), Ok(()));
        let proof = self.ours.consistency(old, size).unwrap();
        let bytes: Vec<u8> = proof.iter().flat_map(|hash| hash.0).collect();
        assert_eq!(
            bytes,
            self.merkle
                .prove_consistency((size - old) as usize)
                .as_bytes()
        );
        let theirs = tlog::prove_tree(size, old, &self.tlog).unwrap();
        assert!(
            theirs
                .iter()
                .map(|hash| hash.0)
                .eq(proof.iter().map(|hash| hash.0))
        );
        let before = self.ours.root_at(old).unwrap();
        assert_eq!(check_consistency(old, &before, size, &root, &proof), Ok(()));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]
    #[test]
    fn random_logs_are_as_tlog_tiles_and_ct_merkle_have_them(
        seed: u64, size in 2..=10_000_u64, picks in prop::collection::vec(any::<(u64, u64)>(), 8),
    ) {
        let logs = Logs::new(seed, size);
        for row in 0..=(size.ilog2() / 8) as u8 {
            let items = size >> (8 * row);
            for index in 0..items.div_ceil(256) {
                logs.check_tile(row, index, (items - index * 256).min(256));
            }
        }
        for (a, b) in picks {
            logs.check_proofs(a % size, 1 + b % (size - 1));
            let index = a % size / 256;
            logs.check_tile(0, index, 1 + b % (size - index * 256).min(256));
        }
    }

    /// A hash of a row is the root of the full tile below it, computed from that tile's bytes alone.
    #[test]
    fn rows_rest_on_each_other(seed: u64, size in 65_536..66_000_u64) {
        let tree = tree_of((0..size).map(|index| (index ^ seed).to_be_bytes().to_vec()));
        let above = Tile::full(Row::Hashes(1), 0).hashes(&tree).unwrap();
        for (index, root) in (0..).zip(above.chunks(32)).step_by(51) {
            let below = Tile::full(Row::Hashes(0), index).hashes(&tree).unwrap();
            let mut hashes: Vec<Digest> =
                below.chunks(32).map(|hash| Digest(hash.try_into().unwrap())).collect();
            while hashes.len() > 1 {
                hashes = hashes.chunks(2).map(|pair| node_hash(&pair[0], &pair[1])).collect();
            }
            prop_assert_eq!(&hashes[0].0[..], root);
        }
    }
}

proptest! {
    #[test]
    fn a_path_is_read_as_it_is_written(row in 0..=64_u8, index: u64, width in 1..=256_u64) {
        let row = if row == 64 { Row::Entries } else { Row::Hashes(row) };
        let tile = Tile::partial(row, index, width).unwrap_or_else(|| Tile::full(row, index));
        prop_assert_eq!(tile.to_string().parse(), Ok(tile));
        prop_assert_eq!((tile.row(), tile.width(), tile.whole().is_full()), (row, width, true));
    }

    #[test]
    fn no_text_and_no_bytes_panic(path in "(tile/)?[x0-9/.p+entris]{0,40}", bytes: Vec<u8>, size: u64) {
        if let Ok(tile) = path.parse::<Tile>() {
            prop_assert_eq!(tile.to_string(), path);
            tile.is_within(size);
            tile.within(&bytes);
            tile.hashes(&Tree::default());
        }
        let read: Vec<_> = super::entries(&bytes).collect();
        if read.iter().all(Result::is_ok) {
            let again = bundle(read.into_iter().map(Result::unwrap)).unwrap();
            prop_assert_eq!(again, bytes);
        }
    }
}
