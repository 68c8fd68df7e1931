//! Tests of verification without a network.

use super::*;
use threadmark_protocol::body::governance::PartClass;
use threadmark_protocol::fixture::Consortium;

fn page() -> (Consortium, Page) {
    let (consortium, _) = Consortium::licensed(1, PartClass::C, 1);
    let page = consortium.log.page(0);
    (consortium, page)
}

#[test]
fn a_page_from_the_start_proves_itself_and_a_changed_one_does_not() {
    let (_, mut page) = page();
    let mut proof = Proof::default();
    Base::default()
        .check_page(&page.to_bytes(), &mut proof)
        .unwrap();
    assert!(proof.is_good() && proof.checked == 2);
    page.entries.remove(3);
    let mut proof = Proof::default();
    Base::default()
        .check_page(&page.to_bytes(), &mut proof)
        .unwrap();
    assert!(!proof.is_good());
}

#[test]
fn a_journal_is_checked_with_the_keys_of_the_log() {
    let (consortium, page) = page();
    let mut replica = Replica::new(consortium.trust());
    replica.extend(&page).unwrap();
    let bytes: Vec<u8> = page.entries.iter().flat_map(journal::frame).collect();
    let base = Base {
        trust: Some(consortium.trust()),
        replica: Some(replica),
    };
    let mut proof = Proof::default();
    base.check_journal(&bytes, &mut proof).unwrap();
    assert!(proof.is_good(), "{}", proof.to_text());
    let mut proof = Proof::default();
    base.check_journal(&bytes[..bytes.len() - 1], &mut proof)
        .unwrap();
    assert!(!proof.is_good());
    assert_eq!(origin_of(&bytes).unwrap(), *consortium.trust().origin());
}

#[test]
fn genesis_is_recognised() {
    let (consortium, page) = page();
    let [policy, anchors, ..] = &page.entries[..] else {
        panic!("a log has a genesis")
    };
    let genesis = Genesis {
        policy: policy.clone(),
        anchors: anchors.clone(),
    };
    let mut proof = Proof::default();
    check_genesis(&genesis.to_bytes(), &mut proof).unwrap();
    let fingerprint = consortium.trust().fingerprint().to_hex();
    assert!(proof.is_good() && proof.rests_on[0].contains(&fingerprint));
}

#[test]
fn a_proof_of_an_entry_is_checked_with_the_log_of_the_home() {
    let (consortium, page) = page();
    let mut replica = Replica::new(consortium.trust());
    replica.extend(&page).unwrap();
    let size = replica.size();
    let file = |index| TlogProof {
        index,
        hashes: replica.tree().inclusion(index, size).unwrap(),
        checkpoint: page.checkpoint.clone(),
    };
    let (good, other) = (file(7), file(8));
    let base = Base {
        trust: Some(consortium.trust()),
        replica: Some(replica),
    };
    let check = |file: &TlogProof| {
        let mut proof = Proof::default();
        let text = file.to_string();
        base.check_tlog_proof(text.as_bytes(), &mut proof).unwrap();
        proof
    };
    assert!(check(&good).is_good() && check(&other).is_good());
    let elsewhere = TlogProof { index: 8, ..good };
    assert!(!check(&elsewhere).is_good());
    let beyond = TlogProof {
        index: size,
        ..other
    };
    let mut proof = Proof::default();
    let text = beyond.to_string();
    assert!(base.check_tlog_proof(text.as_bytes(), &mut proof).is_err());
    let nothing = Base::default().check_tlog_proof(text.as_bytes(), &mut proof);
    assert!(nothing.unwrap_err().to_string().contains("--home"));
}
