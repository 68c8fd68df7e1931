use super::*;
use coset::TaggedCborSerializable;
use proptest::prelude::*;
use serde::Deserialize;
use tree::Tree;

#[derive(Deserialize)]
struct Vectors {
    seed: Digest,
    receipts: Vec<Vector>,
}

#[derive(Deserialize)]
struct Vector {
    entry: String,
    iss: String,
    sub: String,
    iat: Option<i64>,
    size: u64,
    index: u64,
    root: Digest,
    receipt: String,
}

fn vectors() -> (Signer, Vec<Vector>) {
    let json = include_str!("../../../fixtures/vectors/receipt.json");
    let vectors: Vectors = serde_json::from_str(json).unwrap();
    (Signer::from_seed(&vectors.seed.0), vectors.receipts)
}

fn tree(size: u64) -> Tree {
    let mut tree = Tree::default();
    (0..size).for_each(|index| tree.push(tree::leaf_hash(format!("entry-{index}").as_bytes())));
    tree
}

fn inclusion(index: u64, size: u64) -> Inclusion {
    let path = tree(size).inclusion(index, size).unwrap();
    Inclusion {
        tree_size: size,
        leaf_index: index,
        path,
    }
}

#[test]
fn the_vectors_byte_for_byte() {
    let (signer, vectors) = vectors();
    for vector in vectors {
        let claims = Claims {
            iss: vector.iss,
            sub: vector.sub,
            iat: vector.iat,
        };
        let bytes = issue(
            &signer,
            &claims,
            &inclusion(vector.index, vector.size),
            &vector.root,
        );
        assert_eq!(hex::encode(&bytes), vector.receipt);
        let verified = Receipt::parse(&bytes).unwrap();
        let verified = verified
            .verify(vector.entry.as_bytes(), &signer.public())
            .unwrap();
        let expected = Verified {
            root: vector.root,
            size: vector.size,
            index: vector.index,
            claims,
        };
        assert_eq!(verified, expected);
    }
}

#[test]
fn coset_reads_and_verifies_ours() {
    let (signer, vectors) = vectors();
    for vector in vectors {
        let bytes = hex::decode(vector.receipt).unwrap();
        let theirs = coset::CoseSign1::from_tagged_slice(&bytes).unwrap();
        let header = &theirs.protected.header;
        assert_eq!(
            header.alg,
            Some(coset::Algorithm::Assigned(coset::iana::Algorithm::EdDSA))
        );
        assert_eq!(header.key_id, signer.key_id().0);
        let verify = |signature: &[u8], message: &[u8]| {
            key::verify(&signer.public(), message, signature.try_into().unwrap())
        };
        let root = &vector.root.0;
        theirs
            .verify_detached_signature(root, b"", |signature, message| {
                verify(signature, message).then_some(()).ok_or(())
            })
            .unwrap();
        assert_eq!(theirs.to_tagged_vec().unwrap(), bytes);
    }
}

/// A receipt over five entries, for the fourth.
fn one() -> (Signer, Vec<u8>) {
    let (signer, vectors) = vectors();
    (signer, hex::decode(&vectors[0].receipt).unwrap())
}

#[test]
fn another_entry_or_key_is_refused() {
    let (signer, bytes) = one();
    let receipt = Receipt::parse(&bytes).unwrap();
    let log = signer.public();
    assert!(receipt.verify(b"entry-3", &log).is_ok());
    assert_eq!(
        receipt.verify(b"entry-2", &log),
        Err(ReceiptError::Signature)
    );
    let other = Signer::from_seed(&[9; 32]).public();
    assert_eq!(
        receipt.verify(b"entry-3", &other),
        Err(ReceiptError::OtherKey(signer.key_id()))
    );
    let mut outside = receipt.clone();
    outside.inclusion.leaf_index = 5;
    assert_eq!(
        outside.verify(b"entry-3", &log),
        Err(ProofError::Range.into())
    );
    let mut short = receipt;
    short.inclusion.path.pop();
    assert_eq!(
        short.verify(b"entry-3", &log),
        Err(ProofError::Length.into())
    );
}

/// RFC 9942 signs neither size nor index; a carrier can change them within what the path allows.
#[test]
fn size_and_index_are_hints_until_a_checkpoint_has_the_root() {
    let (signer, _) = one();
    let claims = Claims {
        iss: "iss".into(),
        sub: "sub".into(),
        iat: None,
    };
    let root = tree(3).root();
    let mut changed = inclusion(2, 3);
    (changed.leaf_index, changed.tree_size) = (1, 2);
    let bytes = issue(&signer, &claims, &changed, &root);
    let verified = Receipt::parse(&bytes)
        .unwrap()
        .verify(b"entry-2", &signer.public())
        .unwrap();
    assert_eq!((verified.root, verified.size, verified.index), (root, 2, 1));
    assert_ne!(verified.root, tree(verified.size).root());
}

#[test]
fn no_flipped_bit_changes_what_is_signed() {
    let (signer, bytes) = one();
    let truth = Receipt::parse(&bytes)
        .unwrap()
        .verify(b"entry-3", &signer.public())
        .unwrap();
    for bit in 0..bytes.len() * 8 {
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        let verified =
            Receipt::parse(&flipped).and_then(|it| it.verify(b"entry-3", &signer.public()));
        if let Ok(verified) = verified {
            assert_eq!(
                (verified.root, &verified.claims),
                (truth.root, &truth.claims)
            );
            assert_ne!((verified.size, verified.index), (truth.size, truth.index));
        }
    }
}

/// The same receipt under the algorithm whose one-byte number is `number`.
fn with_algorithm(number: u8) -> (Signer, Vec<u8>) {
    let (signer, mut bytes) = one();
    let receipt = Receipt::parse(&bytes).unwrap();
    let mut protected = receipt.protected.clone();
    assert_eq!(protected[..3], [0xa4, 1, 0x27]);
    protected[2] = number;
    let signature = signer.sign(&to_be_signed(&protected, &tree(5).root()));
    let at = bytes
        .windows(3)
        .position(|window| window == [0xa4, 1, 0x27])
        .unwrap();
    bytes[at + 2] = number;
    let signature_at = bytes.len() - 64;
    bytes[signature_at..].copy_from_slice(&signature);
    (signer, bytes)
}

#[test]
fn the_successor_algorithm_is_read_and_no_other() {
    let (signer, bytes) = with_algorithm(0x32);
    assert!(
        Receipt::parse(&bytes)
            .unwrap()
            .verify(b"entry-3", &signer.public())
            .is_ok()
    );
    let (_, bytes) = with_algorithm(0x26);
    assert_eq!(
        Receipt::parse(&bytes),
        Err(ReceiptError::Profile("the algorithm is Ed25519"))
    );
}

#[test]
fn an_empty_path_and_trailing_bytes_are_refused() {
    let (signer, bytes) = one();
    let claims = Claims {
        iss: "iss".into(),
        sub: "sub".into(),
        iat: None,
    };
    let alone = Inclusion {
        tree_size: 1,
        leaf_index: 0,
        path: vec![],
    };
    let alone = issue(&signer, &claims, &alone, &tree(1).root());
    assert_eq!(
        Receipt::parse(&alone),
        Err(ReceiptError::Profile("a path of 1 to 63 hashes"))
    );
    let longer = [&bytes[..], &[0]].concat();
    let trailing = CborError::Trailing { at: bytes.len() };
    assert_eq!(Receipt::parse(&longer), Err(trailing.into()));
}

proptest! {
    #[test]
    fn every_leaf_has_a_receipt(size in 2..200_u64, index: prop::sample::Index, iss: String, sub: String, iat: Option<i64>) {
        let index = index.index(size as usize) as u64;
        let claims = Claims { iss, sub, iat };
        let (signer, root) = (Signer::from_seed(&[3; 32]), tree(size).root());
        let bytes = issue(&signer, &claims, &inclusion(index, size), &root);
        let receipt = Receipt::parse(&bytes).unwrap();
        let entry = format!("entry-{index}");
        let verified = receipt.verify(entry.as_bytes(), &signer.public());
        prop_assert_eq!(verified, Ok(Verified { root, size, index, claims }));
        prop_assert!(coset::CoseSign1::from_tagged_slice(&bytes).is_ok());
    }

    #[test]
    fn no_bytes_panic(bytes: Vec<u8>, at: prop::sample::Index, with: Vec<u8>) {
        let (signer, good) = one();
        let spoilt = [&good[..at.index(good.len())], &with].concat();
        for bytes in [bytes, spoilt] {
            if let Ok(receipt) = Receipt::parse(&bytes) {
                let _ = receipt.verify(b"", &signer.public());
            }
        }
    }
}
