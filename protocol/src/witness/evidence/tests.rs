use super::super::tests::{checkpoint, log, note, tree};
use super::*;
use crate::tree::Tree;

fn kept(first: &Tree, second: &Tree, proof: Vec<Digest>) -> Evidence {
    Evidence {
        log: log().verifier().to_string(),
        first: note(first),
        second: note(second),
        proof,
    }
}

fn found(evidence: &Evidence) -> Result<Finding, EvidenceError> {
    let again = Evidence::parse(&evidence.to_bytes()).unwrap();
    assert_eq!(again, *evidence);
    again.examine(&again.key().unwrap())
}

#[test]
fn two_roots_of_one_size_convict_in_either_order() {
    let (honest, forked) = (tree(5, 9), tree(5, 2));
    for (first, second) in [(&honest, &forked), (&forked, &honest)] {
        let finding = found(&kept(first, second, vec![])).unwrap();
        assert_eq!(finding, Finding::TwoRoots { size: 5 });
        assert!(finding.is_misbehaviour());
    }
}

#[test]
fn a_larger_tree_convicts_by_the_proof_of_its_own_past_and_by_nothing_less() {
    for (old, new) in [(3, 5), (5, 6), (6, 8), (7, 13), (9, 10), (100, 173)] {
        let (honest, forked) = (tree(old, 999), tree(new, 2));
        let proof = forked.consistency(old, new).unwrap();
        let finding = found(&kept(&honest, &forked, proof.clone())).unwrap();
        let expected = Finding::Rewritten {
            old_size: old,
            new_size: new,
            signed: honest.root(),
            shown: forked.root_at(old).unwrap(),
        };
        assert_eq!(finding, expected);
        let open = Finding::Open {
            old_size: old,
            new_size: new,
        };
        assert!(!open.is_misbehaviour());
        // Anybody can make a proof that fails: it says nothing.
        assert_eq!(found(&kept(&honest, &forked, vec![])), Ok(open.clone()));
        for at in 0..proof.len() {
            let mut spoilt = proof.clone();
            spoilt[at].0[0] ^= 1;
            assert_eq!(found(&kept(&honest, &forked, spoilt)), Ok(open.clone()));
        }
        // A log that only grew cannot be convicted by spoiling its proof.
        let grown = tree(new, 999);
        let proof = grown.consistency(old, new).unwrap();
        assert_eq!(
            found(&kept(&honest, &grown, proof.clone())),
            Ok(Finding::Consistent)
        );
        for at in 0..proof.len() {
            let mut spoilt = proof.clone();
            spoilt[at].0[31] ^= 128;
            assert_eq!(found(&kept(&honest, &grown, spoilt)), Ok(open.clone()));
        }
    }
}

#[test]
fn from_a_power_of_two_somebody_must_add_the_old_root() {
    let (honest, forked) = (tree(4, 9), tree(7, 2));
    let proof = forked.consistency(4, 7).unwrap();
    let open = Finding::Open {
        old_size: 4,
        new_size: 7,
    };
    assert_eq!(
        found(&kept(&honest, &forked, proof.clone())),
        Ok(open.clone())
    );
    // Whoever has the log's tiles puts the old root before the proof.
    let whole = |root: Digest| [&[root][..], &proof].concat();
    let shown = forked.root_at(4).unwrap();
    let rewritten = Finding::Rewritten {
        old_size: 4,
        new_size: 7,
        signed: honest.root(),
        shown,
    };
    assert_eq!(found(&kept(&honest, &forked, whole(shown))), Ok(rewritten));
    assert_eq!(
        found(&kept(&honest, &forked, whole(Digest([7; 32])))),
        Ok(open)
    );
    // A log that only grew is cleared by its own, and convicted by no other.
    let grown = tree(7, 9);
    let proof = grown.consistency(4, 7).unwrap();
    let whole = |root: Digest| [&[root][..], &proof].concat();
    assert_eq!(
        found(&kept(&honest, &grown, whole(honest.root()))),
        Ok(Finding::Consistent)
    );
    let other = found(&kept(&honest, &grown, whole(shown))).unwrap();
    assert!(!other.is_misbehaviour());
}

#[test]
fn a_signed_root_of_nothing_convicts() {
    let mut bad = checkpoint(&tree(0, 0));
    bad.root = Digest([7; 32]);
    let evidence = Evidence {
        second: bad.sign(&log()).unwrap(),
        ..kept(&tree(3, 9), &tree(3, 9), vec![])
    };
    assert_eq!(found(&evidence), Ok(Finding::NotEmpty));
    let empty = kept(&tree(0, 0), &tree(3, 9), vec![]);
    assert_eq!(found(&empty), Ok(Finding::Consistent));
}

#[test]
fn what_the_log_did_not_sign_says_nothing() {
    let good = kept(&tree(5, 9), &tree(5, 2), vec![]);
    let forged = Evidence {
        second: good.second.replacen("\n5\n", "\n6\n", 1),
        ..good.clone()
    };
    assert!(matches!(
        found(&forged),
        Err(EvidenceError::Unsigned("second", _))
    ));
    let stranger =
        crate::note::NoteSigner::new("other.example", crate::key::Signer::from_seed(&[4; 32]))
            .unwrap();
    let of_other = good.examine(stranger.verifier());
    assert!(matches!(of_other, Err(EvidenceError::Unsigned("first", _))));
    // Signed by the key, but as another log's.
    let mut named = checkpoint(&tree(5, 9));
    named.origin = "other.example".to_owned();
    let mut alien = Note::new(named.body()).unwrap();
    alien.add(log().sign(&named.body())).unwrap();
    let alien = Evidence {
        first: alien.to_string(),
        ..good.clone()
    };
    assert_eq!(found(&alien), Err(EvidenceError::OtherLog("first")));
    let witness = "witness.oem.example/w1+820f63b0+BD1AF8PoQ4lakrcKp00bfrycmCzPLsSWjMDNVfEq9GYM";
    assert!(
        Evidence {
            log: witness.to_owned(),
            ..good
        }
        .key()
        .is_err()
    );
    for bytes in [&b""[..], b"{}", b"[]", &[b' '; EVIDENCE_BYTES_MAX + 1]] {
        assert!(Evidence::parse(bytes).is_err());
    }
}
