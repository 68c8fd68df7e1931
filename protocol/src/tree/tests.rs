use super::*;
use proptest::prelude::*;
use serde::Deserialize;
use std::sync::LazyLock;
use tlog_tiles::tlog;

/// Leaves of the largest tree that is compared.
const LEAVES: u64 = 600;

static TREE: LazyLock<Tree> = LazyLock::new(|| {
    let mut tree = Tree::default();
    (0..LEAVES).for_each(|index| tree.push(leaf_hash(&entry(index))));
    tree
});

fn entry(index: u64) -> Vec<u8> {
    format!("entry-{index}").into_bytes()
}

fn root(size: u64) -> Digest {
    TREE.root_at(size).unwrap()
}

fn inclusion(index: u64, size: u64) -> Vec<Digest> {
    TREE.inclusion(index, size).unwrap()
}

fn consistency(old: u64, new: u64) -> Vec<Digest> {
    TREE.consistency(old, new).unwrap()
}

#[derive(Deserialize)]
struct Vectors {
    entries: Vec<String>,
    roots: Vec<Digest>,
    inclusion: Vec<Path>,
    consistency: Vec<Growth>,
}

#[derive(Deserialize)]
struct Path {
    index: u64,
    size: u64,
    proof: Vec<Digest>,
}

#[derive(Deserialize)]
struct Growth {
    old: u64,
    new: u64,
    proof: Vec<Digest>,
}

#[test]
fn vectors() {
    let json = include_str!("../../../fixtures/vectors/tree.json");
    let vectors: Vectors = serde_json::from_str(json).unwrap();
    let mut tree = Tree::default();
    assert_eq!((tree.size(), tree.root()), (0, empty_root()));
    for (entry, root) in vectors.entries.iter().zip(&vectors.roots[1..]) {
        tree.push(leaf_hash(&hex::decode(entry).unwrap()));
        assert_eq!(tree.root(), *root);
    }
    for (size, root) in (0..).zip(&vectors.roots) {
        assert_eq!(tree.root_at(size), Some(*root));
    }
    for Path { index, size, proof } in vectors.inclusion {
        assert_eq!(tree.inclusion(index, size), Some(proof));
    }
    for Growth { old, new, proof } in vectors.consistency {
        assert_eq!(tree.consistency(old, new), Some(proof));
    }
}

/// The example of the receipts and checkpoints: `entry-0` to `entry-4`.
#[test]
fn the_hashes_of_a_level() {
    let leaves: Vec<u8> = (0..5)
        .flat_map(|index| TREE.leaf(index).unwrap().0)
        .collect();
    let expected = "989366cfb10f5dd2da8b8bbc2edde16e26bab99ce76da96f93e2cc246fe2f758";
    assert_eq!(Digest::sha256(&[&leaves]).to_hex(), expected);
    assert_eq!(TREE.leaf(LEAVES), None);
}

#[test]
fn every_small_proof_is_accepted() {
    for new in 0..=70 {
        for old in 0..=new {
            let proof = consistency(old, new);
            assert_eq!(
                check_consistency(old, &root(old), new, &root(new), &proof),
                Ok(())
            );
        }
        for index in 0..new {
            let (leaf, proof) = (TREE.leaf(index).unwrap(), inclusion(index, new));
            assert_eq!(
                check_inclusion(leaf, index, new, &proof, &root(new)),
                Ok(())
            );
        }
    }
}

#[test]
fn out_of_range_is_no_proof() {
    assert_eq!(TREE.root_at(LEAVES + 1), None);
    assert_eq!(TREE.inclusion(5, 5), None);
    assert_eq!(TREE.inclusion(0, u64::MAX), None);
    assert_eq!(TREE.consistency(6, 5), None);
    assert_eq!(TREE.consistency(1, u64::MAX), None);
    let (five, six) = (root(5), root(6));
    assert_eq!(
        check_consistency(6, &six, 5, &five, &[]),
        Err(ProofError::Range)
    );
    assert_eq!(
        check_consistency(0, &five, 5, &five, &[]),
        Err(ProofError::Root)
    );
    assert_eq!(
        check_consistency(0, &empty_root(), 0, &five, &[]),
        Err(ProofError::Root)
    );
    assert_eq!(
        check_consistency(5, &five, 5, &six, &[]),
        Err(ProofError::Root)
    );
    assert_eq!(
        check_consistency(5, &five, 5, &five, &[six]),
        Err(ProofError::Length)
    );
    assert_eq!(
        check_inclusion(five, 1, 1, &[], &five),
        Err(ProofError::Range)
    );
}

/// A root does not say its size: one path can be walked as another place of another tree. Whoever
/// checks takes size and root together, from a checkpoint.
#[test]
fn a_root_alone_does_not_bind_index_and_size() {
    let (leaf, proof) = (TREE.leaf(2).unwrap(), inclusion(2, 3));
    assert_eq!(check_inclusion(leaf, 2, 3, &proof, &root(3)), Ok(()));
    assert_eq!(check_inclusion(leaf, 1, 2, &proof, &root(3)), Ok(()));
    assert_eq!(
        check_inclusion(leaf, 1, 2, &proof, &root(2)),
        Err(ProofError::Root)
    );
}

fn bytes(proof: &[Digest]) -> Vec<u8> {
    proof.iter().flat_map(|hash| hash.0).collect()
}

/// What `tlog_tiles` reads hashes from.
struct Stored(Vec<tlog::Hash>);

impl tlog::HashReader for Stored {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<tlog::Hash>, tlog::Error> {
        Ok(indexes
            .iter()
            .map(|index| self.0[*index as usize])
            .collect())
    }
}

static STORED: LazyLock<Stored> = LazyLock::new(|| {
    let mut stored = Stored(Vec::new());
    for index in 0..LEAVES {
        let hashes = tlog::stored_hashes(index, &entry(index), &stored).unwrap();
        stored.0.extend(hashes);
    }
    stored
});

fn theirs(proof: Vec<tlog::Hash>) -> Vec<Digest> {
    proof.into_iter().map(|hash| Digest(hash.0)).collect()
}

/// A size, a smaller size, an index in it.
fn places() -> impl Strategy<Value = (u64, u64, u64)> {
    (2..=LEAVES)
        .prop_flat_map(|new| (Just(new), 1..new))
        .prop_flat_map(|(new, old)| (Just(new), Just(old), 0..new))
}

proptest! {
    #[test]
    fn as_tlog_tiles((new, old, index) in places()) {
        prop_assert_eq!(root(new).0, tlog::tree_hash(new, &*STORED).unwrap().0);
        prop_assert_eq!(inclusion(index, new), theirs(tlog::prove_record(new, index, &*STORED).unwrap()));
        prop_assert_eq!(consistency(old, new), theirs(tlog::prove_tree(new, old, &*STORED).unwrap()));
    }

    #[test]
    fn as_ct_merkle((new, old, index) in places()) {
        let mut other = ct_merkle::mem_backed_tree::MemoryBackedTree::<sha2::Sha256, _>::new();
        (0..new).for_each(|index| other.push(entry(index)));
        let theirs = other.root();
        prop_assert_eq!(&root(new).0[..], &theirs.as_bytes()[..]);
        let theirs = other.prove_inclusion(index as usize);
        prop_assert_eq!(bytes(&inclusion(index, new)), theirs.as_bytes());
        let theirs = other.prove_consistency((new - old) as usize);
        prop_assert_eq!(bytes(&consistency(old, new)), theirs.as_bytes());
    }

    #[test]
    fn a_wrong_inclusion_is_refused((size, other, index) in places(), shift in 1..LEAVES, bit in 0..256_usize) {
        let (leaf, proof, root_) = (TREE.leaf(index).unwrap(), inclusion(index, size), root(size));
        prop_assert_eq!(check_inclusion(leaf, index, size, &proof, &root_), Ok(()));
        let wrong = (index + shift) % size;
        prop_assert!(wrong == index || check_inclusion(leaf, wrong, size, &proof, &root_).is_err());
        prop_assert!(check_inclusion(leaf, index, other, &proof, &root(other)).is_err());
        let wrong = TREE.leaf((index + 1) % size).unwrap();
        prop_assert_eq!(check_inclusion(wrong, index, size, &proof, &root_), Err(ProofError::Root));
        spoil(&proof, bit, |proof| check_inclusion(leaf, index, size, proof, &root_))?;
    }

    #[test]
    fn a_wrong_consistency_is_refused((new, old, other) in places(), bit in 0..256_usize) {
        let (proof, old_root, new_root) = (consistency(old, new), root(old), root(new));
        let check = |proof: &[Digest]| check_consistency(old, &old_root, new, &new_root, proof);
        prop_assert_eq!(check(&proof), Ok(()));
        if other > 0 && other != old {
            let wrong = check_consistency(other, &root(other), new, &new_root, &proof);
            prop_assert!(wrong.is_err());
            let wrong = check_consistency(old, &root(other), new, &new_root, &proof);
            prop_assert_eq!(wrong, Err(ProofError::Root));
        }
        let wrong = check_consistency(old, &old_root, new, &leaf_hash(b"fork"), &proof);
        prop_assert_eq!(wrong, Err(ProofError::Root));
        spoil(&proof, bit, check)?;
    }

    #[test]
    fn no_sizes_panic(sizes: (u64, u64), small: (u8, u8), count in 0..70_usize) {
        let hash = leaf_hash(b"");
        let proof = vec![hash; count];
        for (a, b) in [sizes, (small.0.into(), small.1.into()), (sizes.0, u64::MAX)] {
            let _ = check_inclusion(hash, a, b, &proof, &hash);
            let _ = check_consistency(a, &hash, b, &hash, &proof);
        }
    }
}

/// Truncated, extended and with one bit flipped in any hash, the proof is refused.
fn spoil(
    proof: &[Digest],
    bit: usize,
    check: impl Fn(&[Digest]) -> Result<(), ProofError>,
) -> Result<(), TestCaseError> {
    prop_assert_eq!(check(&proof[..proof.len() - 1]), Err(ProofError::Length));
    prop_assert_eq!(
        check(&[proof, &[empty_root()]].concat()),
        Err(ProofError::Length)
    );
    for at in 0..proof.len() {
        let mut flipped = proof.to_vec();
        flipped[at].0[bit / 8] ^= 1 << (bit % 8);
        prop_assert_eq!(check(&flipped), Err(ProofError::Root));
    }
    Ok(())
}

#[test]
fn many_leaves_are_proved_at_once_and_no_others() {
    let mut tree = Tree::default();
    let leaf = |index: u64| leaf_hash(&index.to_be_bytes());
    for index in 0..70 {
        tree.push(leaf(index));
    }
    for size in 1..=70u64 {
        for step in [1, 2, 3, 7, 64] {
            let indices: Vec<u64> = (size % step..size).step_by(step as usize).collect();
            let Some(path) = tree.inclusions(&indices, size) else {
                assert!(indices.is_empty());
                continue;
            };
            let mut leaves: Vec<_> = indices.iter().map(|at| (*at, leaf(*at))).collect();
            let root = tree.root_at(size).unwrap();
            assert_eq!(root_from_inclusions(&leaves, size, &path), Ok(root));
            if let [index] = indices[..] {
                assert_eq!(path.len(), tree.inclusion(index, size).unwrap().len());
            }
            let longer = [&path[..], &[root]].concat();
            assert_eq!(
                root_from_inclusions(&leaves, size, &longer),
                Err(ProofError::Length)
            );
            if !path.is_empty() {
                let shorter = &path[1..];
                assert_eq!(
                    root_from_inclusions(&leaves, size, shorter),
                    Err(ProofError::Length)
                );
            }
            leaves[0].1 = leaf(1000);
            assert_ne!(root_from_inclusions(&leaves, size, &path), Ok(root));
            leaves.push(leaves[0]);
            let twice = root_from_inclusions(&leaves, size, &path);
            assert_eq!(twice, Err(ProofError::Range));
        }
    }
    assert_eq!(tree.inclusions(&[], 5), None);
    assert_eq!(tree.inclusions(&[5], 5), None);
    assert_eq!(tree.inclusions(&[3, 3], 5), None);
    assert_eq!(tree.inclusions(&[0], 71), None);
    assert_eq!(root_from_inclusions(&[], 5, &[]), Err(ProofError::Range));
    let far = [(u64::MAX - 1, leaf(0))];
    assert_eq!(
        root_from_inclusions(&far, u64::MAX, &[]),
        Err(ProofError::Length)
    );
}
