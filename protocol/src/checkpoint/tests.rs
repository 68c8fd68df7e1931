use super::*;
use proptest::prelude::*;
use serde::Deserialize;

#[derive(Deserialize)]
struct Vectors {
    entries: Vec<String>,
    log: Key,
    witness: Key,
    time: u64,
    body: String,
    log_line: String,
    witness_line: String,
}

#[derive(Deserialize)]
struct Key {
    name: String,
    seed: Digest,
    vkey: String,
}

struct Case {
    vectors: Vectors,
    checkpoint: Checkpoint,
    log: NoteSigner,
    witness: Cosigner,
}

fn case() -> Case {
    let json = include_str!("../../../fixtures/vectors/checkpoint.json");
    let vectors: Vectors = serde_json::from_str(json).unwrap();
    let mut tree = tree::Tree::default();
    vectors
        .entries
        .iter()
        .for_each(|entry| tree.push(tree::leaf_hash(entry.as_bytes())));
    let checkpoint = Checkpoint {
        origin: vectors.log.name.clone(),
        size: tree.size(),
        root: tree.root(),
    };
    let log = NoteSigner::new(&vectors.log.name, Signer::from_seed(&vectors.log.seed.0)).unwrap();
    let witness = Signer::from_seed(&vectors.witness.seed.0);
    let witness = Cosigner::new(&vectors.witness.name, witness).unwrap();
    Case {
        vectors,
        checkpoint,
        log,
        witness,
    }
}

fn signed(case: &Case) -> SignedCheckpoint {
    open(
        &case.checkpoint.sign(&case.log).unwrap(),
        case.log.verifier(),
    )
    .unwrap()
}

#[test]
fn vectors() {
    let case = case();
    let Vectors {
        body,
        log_line,
        witness_line,
        time,
        log,
        witness,
        ..
    } = &case.vectors;
    assert_eq!(case.checkpoint.body(), *body);
    assert_eq!(Checkpoint::parse(body).unwrap(), case.checkpoint);
    assert_eq!(case.log.verifier().to_string(), log.vkey);
    assert_eq!(case.witness.verifier().to_string(), witness.vkey);
    let note = case.checkpoint.sign(&case.log).unwrap();
    assert_eq!(note, format!("{body}\n{log_line}\n"));
    let line = case.witness.cosign(&case.checkpoint.body(), *time);
    assert_eq!(line.to_string(), *witness_line);

    let mut signed = signed(&case);
    assert_eq!(signed.checkpoint(), &case.checkpoint);
    let cosignature = signed.attach(line, case.witness.verifier()).unwrap();
    assert_eq!(
        cosignature,
        Cosignature {
            witness: case.witness.verifier().clone(),
            time: *time
        }
    );
    assert_eq!(
        signed.note().to_string(),
        format!("{body}\n{log_line}\n{witness_line}\n")
    );
    assert_eq!(
        signed.cosignatures(std::slice::from_ref(case.witness.verifier())),
        Ok(vec![cosignature])
    );
}

#[test]
fn a_witness_counts_once_with_its_newest_time() {
    let case = case();
    let mut signed = signed(&case);
    let witness = case.witness.verifier().clone();
    assert_eq!(
        signed.cosignatures(std::slice::from_ref(&witness)),
        Ok(vec![])
    );
    for time in [20, 30, 10] {
        signed
            .attach(case.witness.cosign(&case.checkpoint.body(), time), &witness)
            .unwrap();
    }
    let newest = Cosignature {
        witness: witness.clone(),
        time: 30,
    };
    assert_eq!(signed.cosignatures(&[witness]), Ok(vec![newest]));
}

#[test]
fn a_cosignature_over_something_else_is_refused() {
    let case = case();
    let mut signed = signed(&case);
    let witness = case.witness.verifier();
    let bad = Err(NoteError::BadSignature(witness.name.clone()).into());
    let other = Checkpoint {
        size: 6,
        ..case.checkpoint.clone()
    };
    assert_eq!(
        signed.attach(case.witness.cosign(&other.body(), 1), witness),
        bad
    );
    let mut backdated = case.witness.cosign(&case.checkpoint.body(), 1);
    backdated.signature[7] ^= 2;
    assert_eq!(signed.attach(backdated.clone(), witness), bad);
    let beyond = case.witness.cosign(&case.checkpoint.body(), 1 << 63);
    assert_eq!(signed.attach(beyond, witness), bad);
    let renamed = NoteSignature {
        name: "other".into(),
        ..backdated.clone()
    };
    assert!(signed.attach(renamed, witness).is_err());
    let note = format!("{}{backdated}\n", signed.note());
    let spoilt = open(&note, case.log.verifier()).unwrap();
    let refused = spoilt.cosignatures(std::slice::from_ref(witness));
    assert_eq!(
        refused,
        Err(NoteError::BadSignature(witness.name.clone()).into())
    );
}

#[test]
fn a_checkpoint_of_another_log_is_refused() {
    let case = case();
    let seed = Signer::from_seed(&case.vectors.log.seed.0);
    let other = NoteSigner::new("other.example", seed).unwrap();
    let origin = Err(CheckpointError::Origin(case.checkpoint.origin.clone()));
    assert_eq!(case.checkpoint.sign(&other), origin);
    let note = case.checkpoint.sign(&case.log).unwrap();
    assert_eq!(open(&note, other.verifier()).map(|_| String::new()), origin);
    assert_eq!(
        open(&note, case.witness.verifier()).map(|_| String::new()),
        origin
    );
    let forged = note.replace("\n5\n", "\n6\n");
    let bad = NoteError::BadSignature(case.checkpoint.origin.clone());
    assert_eq!(open(&forged, case.log.verifier()), Err(bad.into()));
}

#[test]
fn the_text_has_one_form() {
    let Case { checkpoint, .. } = case();
    let body = checkpoint.body();
    for broken in [
        body.replace("\n5\n", "\n05\n"),
        body.replace("\n5\n", "\n+5\n"),
        body.replace("\n5\n", "\n0\n"),
        body.replace("\n5\n", "\n18446744073709551616\n"),
        body.replace("UCw=", "UCw"),
        body.replace("UCw=", "UCx="),
        body.replace("UCw=", ""),
        body.replace("ledger.example/am-thread", ""),
        format!("{body}extension\n"),
        format!("{body}\n"),
        body.trim_end().to_owned(),
        String::new(),
    ] {
        let refused = Checkpoint::parse(&broken);
        assert!(
            matches!(refused, Err(CheckpointError::Malformed(_))),
            "{broken:?}"
        );
    }
    let empty = Checkpoint {
        size: 0,
        root: tree::empty_root(),
        ..checkpoint
    };
    assert!(
        empty
            .body()
            .ends_with("\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n")
    );
    assert_eq!(Checkpoint::parse(&empty.body()), Ok(empty));
}

proptest! {
    #[test]
    fn tlog_tiles_reads_ours(origin in "[a-z./]{1,20}", size in 1..u64::MAX >> 1, root: [u8; 32]) {
        let checkpoint = Checkpoint { origin, size, root: Digest(root) };
        let body = checkpoint.body();
        let theirs = tlog_tiles::Checkpoint::from_bytes(body.as_bytes()).unwrap();
        prop_assert_eq!((theirs.origin(), theirs.size()), (&*checkpoint.origin, size));
        prop_assert_eq!(theirs.hash().0, root);
        prop_assert_eq!(Checkpoint::parse(&body), Ok(checkpoint));
    }

    #[test]
    fn no_text_panics(text: String, near in "[a0-9=\n]{0,60}") {
        let key = case().log.verifier().clone();
        for text in [text, near] {
            let _ = open(&text, &key);
            if let Ok(checkpoint) = Checkpoint::parse(&text) {
                prop_assert_eq!(checkpoint.body(), text);
            }
        }
    }
}
