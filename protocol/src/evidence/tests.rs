//! Copied keys, and authors who saw another log.

use super::*;
use crate::body::governance::PartClass;
use crate::body::{Core, Seen};
use crate::evidence::collect::{Chains, saw_otherwise};
use crate::fixture::{Consortium, Who};

/// Two statements that a copy of the mechanic's key makes possible, and the key.
fn forked() -> (PublicKey, Statement, Statement) {
    let (mut one, mut other) = (Consortium::founded(1), Consortium::founded(1));
    let lot = one.lot.clone();
    let recall = |of: &mut Consortium| {
        of.recall(Who::Production, &[&lot]).unwrap();
        let said = of.log.entries().iter().rev();
        let mut said = said.filter(|said| matches!(said.body.core, Core::RecallPlaced(_)));
        said.next().cloned().unwrap()
    };
    let key = one.person(Who::Production).signer.public();
    let first = recall(&mut one);
    other.now += 1;
    (key, first, recall(&mut other))
}

fn two(key: PublicKey, first: &Statement, second: &Statement) -> AuthorEvidence {
    let [first, second] = [first, second].map(|one| Said::of(&one.submission));
    AuthorEvidence::TwoStatements { key, first, second }
}

#[test]
fn one_number_twice_convicts_the_key_and_survives_the_file() {
    let (key, first, second) = forked();
    assert_ne!(first.id, second.id);
    let evidence = AuthorEvidence::parse(&two(key, &first, &second).to_bytes()).unwrap();
    let found = evidence.examine().unwrap();
    let ids = [first.id, second.id];
    let seq = first.body.seq;
    assert_eq!(found, AuthorFinding::OneNumber { seq, ids });
    assert!(found.is_misbehaviour());
    let mut chains = Chains::default();
    for one in [&first, &second, &first, &second] {
        chains.add(one);
    }
    let pairs: Vec<_> = chains.pairs().iter().copied().collect();
    assert_eq!(pairs, [(first.id, second.id)]);
    // One statement is no pair.
    let same = two(key, &first, &first).examine().unwrap();
    assert_eq!(same, AuthorFinding::OneChain);
}

#[test]
fn one_predecessor_of_two_numbers_convicts_too() {
    let (key, first, second) = forked();
    let signer = Consortium::founded(1)
        .person(Who::Production)
        .signer
        .clone();
    let mut body = second.body.clone();
    body.seq += 1;
    let origin = &first.envelope.aud;
    let later = Statement::sign(body.clone(), BTreeMap::new(), origin, &signer);
    let found = two(key, &first, &later).examine().unwrap();
    let prev = first.body.prev.unwrap();
    assert!(matches!(found, AuthorFinding::OnePredecessor { prev: of, .. } if of == prev));
    body.prev = Some(first.id);
    let next = Statement::sign(body, BTreeMap::new(), origin, &signer);
    let found = two(key, &first, &next).examine().unwrap();
    assert_eq!(found, AuthorFinding::OneChain);
    let mut chains = Chains::default();
    for one in [&first, &next] {
        chains.add(one);
    }
    assert!(chains.pairs().is_empty());
    chains.add(&later);
    assert_eq!(chains.pairs().len(), 1);
}

#[test]
fn what_the_key_did_not_sign_says_nothing_about_its_holder() {
    let (key, first, second) = forked();
    let other = Consortium::founded(1).person(Who::Mechanic).signer.public();
    let refused = two(other, &first, &second).examine();
    assert!(matches!(refused, Err(AuthorEvidenceError::Unsigned(_))));
    let AuthorEvidence::TwoStatements {
        first: good,
        second: said,
        ..
    } = two(key, &first, &second)
    else {
        unreachable!("made above")
    };
    let mut body = said.clone();
    body.body[50] ^= 1;
    let mut signature = said;
    *signature.envelope.last_mut().unwrap() ^= 1;
    for second in [body, signature] {
        let first = good.clone();
        let changed = AuthorEvidence::TwoStatements { key, first, second };
        assert!(changed.examine().is_err());
    }
    // Statements for two logs have a chain for each.
    let signer = Consortium::founded(1)
        .person(Who::Production)
        .signer
        .clone();
    let elsewhere = "other.example/log".parse().unwrap();
    let there = Statement::sign(second.body.clone(), BTreeMap::new(), &elsewhere, &signer);
    let refused = two(key, &first, &there).examine();
    assert!(matches!(refused, Err(AuthorEvidenceError::OtherLog)));
}

/// A log, and a statement whose author says to have seen another one.
fn saw_other(of_first: bool) -> (Consortium, Consortium, Statement) {
    let (mut of, _) = Consortium::licensed(1, PartClass::C, 1);
    let mut other = of.clone();
    if of_first {
        other.receive_lot("lot:x1", "AlSi10Mg AMS7035");
    }
    other.receive_lot("lot:x2", "AlSi10Mg AMS7035");
    of.receive_lot("lot:x3", "AlSi10Mg AMS7035");
    let (size, root) = (other.log.size(), other.log.tree().root());
    while of.log.size() <= size {
        of.receive_lot(&format!("lot:y{}", of.log.size()), "AlSi10Mg AMS7035");
    }
    of.set_sail();
    of.seen = Some(Seen { size, root });
    let lot = of.lot.clone();
    of.recall(Who::Production, &[&lot]).unwrap();
    let said = of.at_hand().pop().unwrap();
    assert!(of.come_home().is_empty());
    (of, other, said)
}

fn evidence(of: &Consortium, said: &Statement, kept: Option<String>) -> OtherSeen {
    let size = said.body.seen.as_ref().unwrap().size;
    let tree = of.log.tree();
    let own = tree.root_at(size).filter(|_| size.is_power_of_two());
    let proof = tree.consistency(size, tree.size()).unwrap();
    OtherSeen {
        key: of.person(Who::Production).signer.public(),
        said: Said::of(&said.submission),
        log: of.trust().checkpoint_key.to_string(),
        checkpoint: of.log.checkpoint().to_owned(),
        proof: own.into_iter().chain(proof).collect(),
        kept,
    }
}

#[test]
fn what_was_seen_alone_convicts_nobody_and_with_the_logs_signature_the_log() {
    for of_first in [true, false] {
        let (of, other, said) = saw_other(of_first);
        assert!(saw_otherwise(&said, of.log.tree()));
        assert!(!saw_otherwise(&said, other.log.tree()));
        let alone = evidence(&of, &said, None);
        let bytes = AuthorEvidence::OtherSeen(alone).to_bytes();
        let found = AuthorEvidence::parse(&bytes).unwrap().examine().unwrap();
        let AuthorFinding::OtherRoot { size, seen, logged } = &found else {
            panic!("{found:?}")
        };
        assert_eq!(other.log.tree().root_at(*size), Some(*seen));
        assert_eq!(of.log.tree().root_at(*size), Some(*logged));
        assert!(!found.is_misbehaviour());
        // The author has kept what the log had signed.
        let kept = Some(other.log.checkpoint().to_owned());
        let found = AuthorEvidence::OtherSeen(evidence(&of, &said, kept)).examine();
        let found = found.unwrap();
        assert!(matches!(found, AuthorFinding::Log(_)) && found.is_misbehaviour());
        // Another checkpoint of the log is not what was seen.
        let kept = Some(of.log.pages()[0].checkpoint.clone());
        let found = AuthorEvidence::OtherSeen(evidence(&of, &said, kept)).examine();
        assert!(matches!(found.unwrap(), AuthorFinding::OtherRoot { .. }));
        // A proof that leads nowhere says nothing.
        let mut wrong = evidence(&of, &said, None);
        wrong.proof.push(Digest([7; 32]));
        let found = AuthorEvidence::OtherSeen(wrong).examine().unwrap();
        assert_eq!(found, AuthorFinding::Open);
    }
}

#[test]
fn an_honest_author_is_not_accused() {
    let (of, _) = Consortium::licensed(1, PartClass::C, 1);
    let mut chains = Chains::default();
    for said in of.log.entries() {
        assert!(!saw_otherwise(said, of.log.tree()), "{said:?}");
        chains.add(said);
    }
    assert!(chains.pairs().is_empty(), "{:?}", chains.pairs());
    let said = of.log.entries().iter().rev();
    let production = of.person(Who::Production).signer.key_id();
    let mut said = said.filter(|said| said.envelope.kid == production && said.body.seen.is_some());
    let found = AuthorEvidence::OtherSeen(evidence(&of, said.next().unwrap(), None)).examine();
    assert_eq!(found.unwrap(), AuthorFinding::SameRoot);
}

#[test]
fn a_replica_names_who_saw_another_log_and_a_page_that_fails_names_nobody() {
    let (of, _, said) = saw_other(true);
    let mut pages = of.log.pages();
    let last = pages.pop().unwrap();
    let mut replica = crate::bundle::Replica::new(of.trust());
    for page in &pages {
        replica.extend(page).unwrap();
    }
    let mut unsigned = last.clone();
    unsigned.checkpoint.clone_from(&pages[0].checkpoint);
    assert!(replica.extend(&unsigned).is_err());
    assert!(replica.saw_otherwise().is_empty());
    replica.extend(&last).unwrap();
    let saw: Vec<_> = replica.saw_otherwise().values().copied().collect();
    assert_eq!(saw, [said.id]);
}
