//! Logs that were founded before there were votes, and the way over.

use super::*;
use crate::body::safety::QuarantinePlaced;

fn founded(seed: u64) -> Consortium {
    Consortium::founded_with(Founding {
        seed,
        rules_version: 1,
        ..Founding::default()
    })
}

/// A governor whom another admitted alone, under version 1.
fn direct(c: &mut Consortium) -> Person {
    let (person, admit) = newcomer(c, "direct.example");
    let Change::Admit(mut says) = admit else {
        unreachable!()
    };
    says.functions = [Function::Governor].into();
    let sub = crate::world::org_subject(&says.organisation);
    c.must(Who::Governor, &sub, Core::MemberAdmitted(says));
    person
}

fn go_over(c: &mut Consortium) {
    let policy = Policy {
        rules_version: RULES_VERSION,
        ..in_force(c)
    };
    propose(c, Who::Governor, Change::Policy(Box::new(policy))).unwrap();
    assert_eq!(in_force(c).rules_version, RULES_VERSION);
}

fn proposes(c: &mut Consortium, person: &mut Person, change: Change) -> Result<Statement, Refusal> {
    c.now += 60;
    let (id, core) = c.proposal(change);
    let salt = crate::body::Bytes16([5; 16]);
    let body = person.body(id, core, c.now, salt);
    let statement = person.sign(body, BTreeMap::new());
    c.log.submit(&statement, c.now).map(|_| statement)
}

#[test]
fn who_governed_before_there_were_votes_takes_its_seat_with_the_first() {
    let mut c = founded(30);
    let mut second = direct(&mut c);
    let org = second.org.clone();
    let expulsion = expel(&c, Who::MroAdmin);
    let early = proposes(&mut c, &mut second, expulsion.clone());
    assert_eq!(code(early), Code::FunctionMissing);
    go_over(&mut c);
    let proposed = proposes(&mut c, &mut second, expulsion).unwrap();
    assert_eq!(governors(&c), [c.org(Who::Governor), org].into());
    assert_eq!(decision(&c, &proposed), None, "two govern now");
    c.vote(Who::Governor, &proposed, true).unwrap();
    assert_eq!(decision(&c, &proposed).unwrap().needed(), 2);
    let mut replica = crate::bundle::Replica::new(c.trust());
    replica.extend(&c.log.page(0)).unwrap();
    assert_eq!(replica.world().states, c.log.world().states);
}

#[test]
fn who_lost_the_function_has_no_seat_to_take() {
    let mut c = founded(31);
    let mut second = direct(&mut c);
    go_over(&mut c);
    let organisation = second.org.clone();
    let change = Change::Functions(NewFunctions {
        organisation,
        functions: [Function::Oem].into(),
    });
    propose(&mut c, Who::Governor, change).unwrap();
    let expulsion = expel(&c, Who::MroAdmin);
    let refused = proposes(&mut c, &mut second, expulsion);
    assert_eq!(code(refused), Code::FunctionMissing);
}

/// The shop's administrator enrols a key, which reports; then the administrator's key is revoked as stolen before that. What
/// is found about the report.
fn planted(c: &mut Consortium) -> BTreeSet<Code> {
    let before = c.now;
    let mut planted = c.person(Who::Production).clone();
    planted.signer = c.entropy().signer();
    (planted.seq, planted.prev) = (0, None);
    let card = planted.card(None);
    let sub = key_subject(&planted.signer.key_id());
    c.must(Who::ShopAdmin, &sub, Core::KeyAdded(KeyAdded { card }));
    c.now += 60;
    let core = Core::QuarantinePlaced(QuarantinePlaced {
        after: None,
        reason: text("Dropped"),
    });
    let part: crate::text::SubjectId = text("part:old");
    let salt = crate::body::Bytes16([6; 16]);
    let body = planted.body(part.clone(), core, c.now, salt);
    let report = planted.sign(body, BTreeMap::new());
    c.log.submit(&report, c.now).unwrap();
    c.revoke(Who::ShopAdmin, Some(before)).unwrap();
    holds(c.log.world(), &part)
}

#[test]
fn what_was_said_under_the_old_rules_is_doubted_by_them() {
    let mut c = founded(32);
    assert!(!planted(&mut c).contains(&Code::KeyCompromised));
    go_over(&mut c);
    let part: crate::text::SubjectId = text("part:old");
    assert!(!holds(c.log.world(), &part).contains(&Code::KeyCompromised));
    assert!(planted(&mut Consortium::founded(32)).contains(&Code::KeyCompromised));
}
