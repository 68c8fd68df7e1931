//! What a decision is worth when the key behind one of its votes turns out to have been in wrong hands.

use super::*;

/// Proposed by the first and voted for by the others, of whom the last decides.
fn by(c: &mut Consortium, who: &[Who], change: Change) -> Statement {
    let proposed = propose(c, who[0], change).unwrap();
    for who in &who[1..] {
        assert_eq!(decision(c, &proposed), None);
        c.vote(*who, &proposed, true).unwrap();
    }
    assert!(decision(c, &proposed).is_some());
    proposed
}

/// The authority gets another administrator's key; what the old one put in since then is in doubt.
fn doubt_the_authority(c: &mut Consortium, who: &[Who], since: i64) {
    let old = c.person(Who::AuthorityAdmin).clone();
    let change = Change::Admin(NewAdmin {
        organisation: old.org.clone(),
        admin: KeyCard {
            public: c.entropy().signer().public(),
            ..old.card(None)
        },
        replaces: old.signer.key_id(),
        compromised_since: Some(Moment::from_unix(since).unwrap()),
    });
    by(c, who, change);
}

/// Somebody outside the fixture votes.
fn vote_of(c: &mut Consortium, person: &mut Person, of: &Statement) {
    let core = Core::Voted(Voted {
        proposal: of.id,
        in_favour: true,
    });
    let salt = crate::body::Bytes16([3; 16]);
    let body = person.body(of.body.sub.clone(), core, c.now, salt);
    let vote = person.sign(body, BTreeMap::new());
    c.log.submit(&vote, c.now).unwrap();
}

#[test]
fn an_admitted_administrator_stands_on_all_votes_and_not_on_the_deciding_one() {
    let mut c = governed_by(20, 3);
    let since = c.now;
    let deciders = [Who::Governor, Who::AuthorityAdmin];
    let (mut by_three, admit) = newcomer(&mut c, "three.example");
    let proposed = by(&mut c, &deciders, admit);
    c.vote(Who::OemAdmin, &proposed, true).unwrap();
    let (mut by_two, admit) = newcomer(&mut c, "two.example");
    by(&mut c, &deciders, admit);
    doubt_the_authority(&mut c, &[Who::OemAdmin, Who::Governor], since);
    acts(&mut c, &mut by_three).unwrap();
    assert_eq!(code(acts(&mut c, &mut by_two)), Code::KeyCompromised);
}

#[test]
fn the_successor_of_an_admitted_key_stands_on_the_same_votes() {
    let mut c = governed_by(23, 3);
    let since = c.now;
    let (mut person, admit) = newcomer(&mut c, "rotates.example");
    let proposed = by(&mut c, &[Who::Governor, Who::AuthorityAdmin], admit);
    c.vote(Who::OemAdmin, &proposed, true).unwrap();
    let mut next = person.clone();
    next.signer = c.entropy().signer();
    (next.seq, next.prev) = (0, None);
    let card = next.card(None);
    let core = Core::KeyRotated(KeyRotated { card });
    let old = key_subject(&person.signer.key_id());
    let body = person.body(old, core, c.now, crate::body::Bytes16([4; 16]));
    let rotated = person.sign(body, BTreeMap::new());
    c.log.submit(&rotated, c.now).unwrap();
    doubt_the_authority(&mut c, &[Who::OemAdmin, Who::Governor], since);
    acts(&mut c, &mut next).unwrap();
}

#[test]
fn nobody_supports_the_decision_that_let_him_in() {
    let mut c = governed_by(21, 5);
    let since = c.now;
    let (mut puppet, mut admit) = newcomer(&mut c, "puppet.example");
    if let Change::Admit(says) = &mut admit {
        says.functions = [Function::Governor].into();
    }
    let deciders = [Who::Governor, Who::OemAdmin, Who::AuthorityAdmin];
    let proposed = by(&mut c, &deciders, admit);
    vote_of(&mut c, &mut puppet, &proposed);
    // Nor does a governor by a key that came afterwards.
    let (new, _) = c.rotate(Who::ShopAdmin).unwrap();
    c.people.insert(Who::ShopAdmin, new);
    c.vote(Who::ShopAdmin, &proposed, true).unwrap();
    acts(&mut c, &mut puppet).unwrap();
    let others = [Who::Governor, Who::OemAdmin, Who::ShopAdmin, Who::MroAdmin];
    doubt_the_authority(&mut c, &others, since);
    assert_eq!(code(acts(&mut c, &mut puppet)), Code::KeyCompromised);
    // One who governed before, by a key that was there before, does.
    c.vote(Who::MroAdmin, &proposed, true).unwrap();
    acts(&mut c, &mut puppet).unwrap();
}
