use super::*;
use crate::checkpoint::Cosigner;
use crate::key::Signer;
use crate::note::NoteSigner;
use crate::tree::Tree;
use serde::Deserialize;

#[derive(Deserialize)]
struct Vectors {
    origin_sha256: Digest,
    old_root: Digest,
    request: String,
    answer: String,
}

const ORIGIN: &str = "ledger.example/am-thread";

fn vectors() -> Vectors {
    let json = include_str!("../../../fixtures/vectors/witness.json");
    serde_json::from_str(json).unwrap()
}

/// RFC 8032 §7.1 TEST 1 and TEST 2.
fn seed(hex_seed: &str) -> Signer {
    Signer::from_seed(&hex_seed.parse::<Digest>().unwrap().0)
}

pub(super) fn log() -> NoteSigner {
    let seed = seed("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");
    NoteSigner::new(ORIGIN, seed).unwrap()
}

fn witness() -> Cosigner {
    let seed = seed("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb");
    Cosigner::new("witness.oem.example/w1", seed).unwrap()
}

/// A tree of `count` leaves, of which those from `fork` on are others than everybody's.
pub(super) fn tree(count: u64, fork: u64) -> Tree {
    let mut tree = Tree::default();
    for index in 0..count {
        let entry = if index < fork {
            format!("entry-{index}")
        } else {
            format!("other-{index}")
        };
        tree.push(tree::leaf_hash(entry.as_bytes()));
    }
    tree
}

pub(super) fn checkpoint(tree: &Tree) -> Checkpoint {
    Checkpoint {
        origin: ORIGIN.to_owned(),
        size: tree.size(),
        root: tree.root(),
    }
}

pub(super) fn note(tree: &Tree) -> String {
    checkpoint(tree).sign(&log()).unwrap()
}

fn request(old: u64, tree: &Tree) -> Request {
    let proof = tree.consistency(old, tree.size()).unwrap();
    Request::new(old, proof, &note(tree), log().verifier()).unwrap()
}

#[test]
fn the_request_of_the_vectors_is_read_written_and_answered_by_the_byte() {
    let vectors = vectors();
    let read = Request::parse(&vectors.request).unwrap();
    assert_eq!(read.to_string(), vectors.request);
    assert_eq!(read, request(3, &tree(5, 9)));
    assert_eq!((read.old(), read.proof().len()), (3, 4));
    assert_eq!(Digest::sha256(&[ORIGIN.as_bytes()]), vectors.origin_sha256);
    let last = checkpoint(&tree(3, 9));
    assert_eq!(last.root, vectors.old_root);
    let keys = [log().verifier().clone()];
    assert_eq!(read.judge(&keys, Some(&last)), Ok(()));
    let line = witness().cosign(read.note().text(), 1_767_225_600);
    assert_eq!(format!("{line}\n"), vectors.answer);
}

#[test]
fn only_the_logs_own_lines_are_sent() {
    let tree = tree(5, 9);
    let alone = note(&tree);
    let line = witness().cosign(checkpoint(&tree).body().as_str(), 7);
    let cosigned = format!("{alone}{line}\n— stranger.example AAAAAAA=\n");
    let sent = Request::new(0, vec![], &cosigned, log().verifier()).unwrap();
    assert_eq!(sent.to_string(), format!("old 0\n\n{alone}"));
}

#[test]
fn each_refusal_has_its_status_in_the_order_of_the_specification() {
    let keys = [log().verifier().clone()];
    let (three, five, forked) = (tree(3, 9), tree(5, 9), tree(5, 2));
    let last = checkpoint(&three);
    let status = |request: &Request, last: Option<&Checkpoint>| {
        let judged = request.judge(&keys, last);
        judged.map_or_else(|refusal| refusal.status(), |()| 200)
    };
    assert_eq!(status(&request(3, &five), Some(&last)), 200);
    assert_eq!(status(&request(0, &five), None), 200);
    // The same again, and the empty tree.
    assert_eq!(status(&request(3, &three), Some(&last)), 200);
    assert_eq!(status(&request(0, &tree(0, 0)), None), 200);
    // Another size was cosigned last, or none.
    assert_eq!(status(&request(2, &five), Some(&last)), 409);
    assert_eq!(status(&request(0, &five), Some(&last)), 409);
    let conflict = request(3, &five).judge(&keys, None);
    assert_eq!(conflict, Err(Refusal::Conflict(0)));
    // Another tree, larger or of the same size.
    assert_eq!(status(&request(3, &forked), Some(&last)), 422);
    assert_eq!(status(&request(3, &tree(3, 2)), Some(&last)), 422);
    let mut longer = request(0, &five);
    longer.proof.push(Digest([0; 32]));
    assert_eq!(status(&longer, None), 422);
    // A root of the empty tree that is none.
    let mut empty = request(0, &tree(0, 0));
    empty.checkpoint.root = Digest([1; 32]);
    empty.note = Note::parse(&empty.checkpoint.sign(&log()).unwrap()).unwrap();
    let spoilt = Request::parse(&empty.to_string()).unwrap();
    assert_eq!(spoilt.judge(&keys, None), Err(Refusal::NotEmpty));
    let mut backwards = request(3, &five);
    backwards.old = 6;
    assert_eq!(status(&backwards, Some(&last)), 400);
    let stranger = NoteSigner::new(ORIGIN, Signer::from_seed(&[9; 32])).unwrap();
    let strangers = [stranger.verifier().clone()];
    let unsigned = request(3, &five).judge(&strangers, Some(&last));
    assert_eq!(unsigned.unwrap_err().status(), 403);
    assert_eq!(
        request(3, &five).judge(&[], None).unwrap_err().status(),
        404
    );
}

#[test]
fn a_line_that_claims_the_log_and_fails_is_403_though_another_is_good() {
    let five = tree(5, 9);
    let other = checkpoint(&tree(4, 9)).sign(&log()).unwrap();
    let spoilt = other.lines().last().unwrap();
    let body = format!("old 0\n\n{}{spoilt}\n", note(&five));
    let request = Request::parse(&body).unwrap();
    let keys = [log().verifier().clone()];
    assert_eq!(request.judge(&keys, None).unwrap_err().status(), 403);
}

#[test]
fn a_log_with_two_keys_and_extension_lines_is_cosigned_whole() {
    let (old, new) = (
        log(),
        NoteSigner::new(ORIGIN, Signer::from_seed(&[9; 32])).unwrap(),
    );
    let body = format!(
        "{}extension one\nextension two\n",
        checkpoint(&tree(5, 9)).body()
    );
    let mut signed = Note::new(body.clone()).unwrap();
    signed.add(new.sign(&body)).unwrap();
    let request = Request::parse(&format!("old 0\n\n{signed}")).unwrap();
    let keys = [old.verifier().clone(), new.verifier().clone()];
    assert_eq!(request.judge(&keys, None), Ok(()));
    assert_eq!(*request.checkpoint(), checkpoint(&tree(5, 9)));
    let line = witness().cosign(request.note().text(), 5);
    let found = witness()
        .verifier()
        .check(&body, &line.signature)
        .unwrap()
        .time;
    assert_eq!(found, Some(5));
}

#[test]
fn what_is_not_of_the_form_is_no_request() {
    let good = request(3, &tree(5, 9)).to_string();
    let hash_line = format!("{}\n", BASE64_STANDARD.encode([7; 32]));
    let note = note(&tree(5, 9));
    let most = format!("old 3\n{}\n{note}", hash_line.repeat(PROOF_LINES_MAX));
    // Real witnesses are known to read 16 KiB.
    assert!(Request::parse(&most).is_ok() && most.len() < 16 << 10);
    let bad = [
        String::new(),
        note.clone(),
        good.replacen("old 3", "old 03", 1),
        good.replacen("old 3", "old -3", 1),
        good.replacen("old 3", "old +3", 1),
        good.replacen("old 3", "old 3 ", 1),
        good.replacen("old 3", "old 18446744073709551616", 1),
        good.replacen("old 3\n", "old 3\nAAAA\n", 1),
        good.replacen("old 3\n", "old 3\r\n", 1),
        good.replacen("\n5\n", "\n05\n", 1),
        good.trim_end().to_owned(),
        format!("old 3\n{}\n{note}", hash_line.repeat(PROOF_LINES_MAX + 1)),
        format!("old 3\n\n{}", checkpoint(&tree(5, 9)).body()),
    ];
    for body in bad {
        assert!(Request::parse(&body).is_err(), "{body}");
    }
}
