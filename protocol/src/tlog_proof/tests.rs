use super::*;
use crate::tree::leaf_hash;
use proptest::prelude::*;

const LOG: &str = "ledger.example/am-thread+a1e84a49+AddamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea";
const WITNESS: &str =
    "witness.oem.example/w1+820f63b0+BD1AF8PoQ4lakrcKp00bfrycmCzPLsSWjMDNVfEq9GYM";

/// The example of c2sp.org/tlog-proof over five entries, as the vectors have it.
fn vector() -> String {
    let json = include_str!("../../../fixtures/vectors/tiles.json");
    let vectors: serde_json::Value = serde_json::from_str(json).unwrap();
    vectors["proof"].as_str().unwrap().to_owned()
}

fn log() -> VerifierKey {
    LOG.parse().unwrap()
}

#[test]
fn the_vector_is_read_written_and_verified() {
    let proof: TlogProof = vector().parse().unwrap();
    assert_eq!(proof.to_string(), vector());
    assert_eq!((proof.index, proof.hashes.len()), (3, 3));
    let signed = proof.verify(leaf_hash(b"entry-3"), &log()).unwrap();
    assert_eq!(signed.checkpoint().size, 5);
    let witnesses = [WITNESS.parse().unwrap()];
    let cosigned = signed.cosignatures(&witnesses).unwrap();
    assert_eq!((cosigned.len(), cosigned[0].time), (1, 1_767_225_600));
    // The lines of the specification's example.
    let lines: Vec<&str> = vector_lines();
    assert_eq!(lines[..2], ["c2sp.org/tlog-proof@v1", "index 3"]);
    assert_eq!(lines[2], "BJ19zbVrz+vTEzBMmDnxlqPUtu873AsIKY+TrIGR8Kg=");
}

fn vector_lines() -> Vec<&'static str> {
    vector().leak().lines().collect()
}

#[test]
fn what_anybody_may_have_put_there_changes_nothing() {
    let with = vector().replacen("index", "extra aGVsbG8=\nindex", 1);
    assert_eq!(with.parse::<TlogProof>(), vector().parse());
}

#[test]
fn every_other_form_is_refused() {
    let good = vector();
    let long = format!("extra {}\nindex", "A".repeat(64_000));
    for (from, to) in [
        ("c2sp.org/tlog-proof@v1", "c2sp.org/tlog-proof@v2"),
        ("index 3", "index 03"),
        ("index 3", "index +3"),
        ("index 3", "index -1"),
        ("index 3", "index 18446744073709551616"),
        ("index 3\n", ""),
        ("index", "extra a\nindex"),
        ("index", "extra YQ==\nextra YQ==\nindex"),
        ("index", &long),
        ("BJ19", "BJ1"),
        ("BJ19zbVr", "BJ19zbVrAAAA"),
        ("\n\n", "\n"),
        (
            "GUu1otW9EOXRqm",
            &"GUu1otW9EOXRqm/V1CmAs1bK8dpiPNmYfEv6L4F3Htc=\n".repeat(64),
        ),
    ] {
        assert!(good.contains(from), "{from}");
        let wrong = good.replacen(from, to, 1).parse::<TlogProof>();
        assert!(
            matches!(wrong, Err(TlogProofError::Malformed(_))),
            "{to}: {wrong:?}"
        );
    }
}

#[test]
fn another_entry_place_log_or_checkpoint_is_refused() {
    let good: TlogProof = vector().parse().unwrap();
    let leaf = leaf_hash(b"entry-3");
    let root = Err(TlogProofError::Proof(ProofError::Root));
    assert_eq!(good.verify(leaf_hash(b"entry-4"), &log()), root);
    let elsewhere = TlogProof {
        index: 2,
        ..good.clone()
    };
    assert_eq!(elsewhere.verify(leaf, &log()), root);
    let witness: VerifierKey = WITNESS.parse().unwrap();
    assert!(matches!(
        good.verify(leaf, &witness),
        Err(TlogProofError::Checkpoint(_))
    ));
    let larger = good.checkpoint.replacen("\n5\n", "\n6\n", 1);
    let other = TlogProof {
        checkpoint: larger,
        ..good
    };
    assert!(matches!(
        other.verify(leaf, &log()),
        Err(TlogProofError::Checkpoint(_))
    ));
}

proptest! {
    #[test]
    fn no_text_panics(text in "(c2sp.org/tlog-proof@v1\n)?(index [0-9]{1,3}\n)?[A-Za-z0-9=\n ]{0,80}") {
        if let Ok(proof) = text.parse::<TlogProof>() {
            let _ = proof.verify(leaf_hash(b""), &log());
            prop_assert_eq!(proof.to_string().parse(), Ok(proof));
        }
    }
}
