//! Keys that follow each other, and what a thief with an administrator's key gets.

use super::*;
use crate::body::Core;
use crate::body::governance::{KeyAdded, KeyCard, KeyRotated, PartClass, Role, RoleGranted};
use crate::body::safety::QuarantinePlaced;
use crate::fixture::{Person, text};
use crate::key::KeyLevel;
use crate::lifecycle::Refusal;
use crate::statement::Statement;
use crate::world::{Data, Place, RoleHeld, key_subject};
use std::collections::BTreeMap;

fn code<T: std::fmt::Debug>(refused: Result<T, Refusal>) -> Code {
    refused.unwrap_err().code()
}

fn roles(c: &Consortium, of: &Person) -> BTreeMap<Role, RoleHeld> {
    match c.log.world().get(&key_subject(&of.signer.key_id())) {
        Some(Data::Key { roles, .. }) => roles.clone(),
        other => panic!("{other:?}"),
    }
}

/// What somebody with a key of their own says of a part.
fn says(c: &mut Consortium, person: &mut Person, part: &SubjectId) -> Statement {
    c.now += 60;
    let core = Core::QuarantinePlaced(QuarantinePlaced {
        after: None,
        reason: text("Dropped"),
    });
    let salt = crate::body::Bytes16(c.entropy().bytes());
    let body = person.body(part.clone(), core, c.now, salt);
    person.sign(body, BTreeMap::new())
}

#[test]
fn a_rotated_key_passes_on_what_its_person_was_trusted_with() {
    let (mut c, licence) = Consortium::licensed(1, PartClass::C, 3);
    let part = c.print(&licence, 1);
    let mut old = c.person(Who::Inspector).clone();
    let late = says(&mut c, &mut old, &part);
    c.people.insert(Who::Inspector, old);
    let (new, _) = c.rotate(Who::Inspector).unwrap();
    let held = roles(&c, &new);
    assert!(held[&Role::Inspector].accredited.is_some());
    // What the old key had numbered before counts as it is; what it signs afterwards does not.
    let found = c.log.submit(&late, c.now).unwrap().findings;
    assert_eq!(found, set([Code::Quarantined]));
    let after = c.inspect(Who::Inspector, &part).unwrap().id;
    assert_eq!(c.log.findings(&after), set([Code::Unvouched]));
    let again = c.rotate(Who::Inspector).map(drop);
    assert_eq!(code(again), Code::KeyRotated);
    c.people.insert(Who::Inspector, new);
    let inspection = c.inspect(Who::Inspector, &part).unwrap().id;
    assert_eq!(c.log.findings(&inspection), set([]));
}

#[test]
fn a_key_that_is_kept_less_well_inherits_no_accreditation() {
    let mut c = Consortium::founded(2);
    let mut person = c.person(Who::Inspector).clone();
    person.signer = c.entropy().signer();
    (person.seq, person.prev) = (0, None);
    let card = KeyCard {
        level: KeyLevel::AttestedHardware,
        ..person.card(None)
    };
    let sub = key_subject(&person.signer.key_id());
    c.must(Who::ShopAdmin, &sub, Core::KeyAdded(KeyAdded { card }));
    c.people.insert(Who::Inspector, person);
    c.grant(Who::Inspector, Role::Inspector);
    let (new, _) = c.rotate(Who::Inspector).unwrap();
    let held = roles(&c, &new);
    assert_eq!(held[&Role::Inspector].accredited, None);
}

#[test]
fn nobody_names_a_successor_but_the_person_and_of_a_machine_nobody() {
    let mut c = Consortium::founded(3);
    let card = |c: &mut Consortium, who: Who| KeyCard {
        public: c.entropy().signer().public(),
        ..c.person(who).card(None)
    };
    let sub = c.key_of(Who::Inspector);
    let foreign = card(&mut c, Who::Inspector);
    let core = Core::KeyRotated(KeyRotated { card: foreign });
    assert_eq!(code(c.say(Who::ShopAdmin, &sub, core)), Code::NotYours);
    let other = card(&mut c, Who::Signatory);
    let core = Core::KeyRotated(KeyRotated { card: other });
    assert_eq!(code(c.say(Who::Inspector, &sub, core)), Code::WrongActor);
    assert_eq!(code(c.rotate(Who::Machine).map(drop)), Code::WrongActor);
    c.recall(Who::Certifier, &[&sub]).unwrap();
    assert_eq!(code(c.rotate(Who::Inspector).map(drop)), Code::Recalled);
}

#[test]
fn one_line_of_keys_ends_and_an_administrator_begins_another() {
    let mut c = Consortium::founded(4);
    for _ in 0..crate::world::bounds::LINE_MAX {
        let (new, _) = c.rotate(Who::Custodian).unwrap();
        c.people.insert(Who::Custodian, new);
    }
    assert_eq!(
        code(c.rotate(Who::Custodian).map(drop)),
        Code::TooManyReports
    );
}

/// The thief has the administrator's key of the shop: a new key with a role, and a role for a key that was there.
fn robbed(c: &mut Consortium) -> Person {
    let mut planted = c.person(Who::Production).clone();
    planted.signer = c.entropy().signer();
    (planted.seq, planted.prev) = (0, None);
    let card = planted.card(None);
    let sub = key_subject(&planted.signer.key_id());
    c.must(Who::ShopAdmin, &sub, Core::KeyAdded(KeyAdded { card }));
    let grant = |role| Core::RoleGranted(RoleGranted { role });
    c.must(Who::ShopAdmin, &sub, grant(Role::Admin));
    let known = c.key_of(Who::Custodian);
    c.must(Who::ShopAdmin, &known, grant(Role::Production));
    planted
}

#[test]
fn what_a_thief_with_an_administrators_key_made_goes_with_the_key() {
    let (mut c, licence) = Consortium::licensed(5, PartClass::C, 3);
    let part = c.print(&licence, 1);
    let before = c.now;
    let mut planted = robbed(&mut c);
    let quarantine = says(&mut c, &mut planted, &part);
    c.log.submit(&quarantine, c.now).unwrap();
    let by_role = c.quarantine(Who::Custodian, &part).unwrap();
    let acts = |c: &Consortium| {
        let key = key_subject(&planted.signer.key_id());
        let place = Place::newest(c.now);
        crate::lifecycle::acting(c.log.world(), &key, place).is_some()
    };
    assert!(acts(&c), "nobody knows yet");
    c.revoke(Who::ShopAdmin, Some(before)).unwrap();
    assert!(!acts(&c), "a planted key opens no session either");
    let doubted = |c: &Consortium, id| {
        let life = Life::of(c.log.world(), &part).unwrap();
        let mut holds = life.holds.iter();
        holds.any(|hold| hold.code == Code::KeyCompromised && hold.statement == Some(id))
    };
    assert!(doubted(&c, quarantine.id), "a planted key");
    assert!(
        doubted(&c, by_role.id),
        "signed while a thief's role was held"
    );
    // From here on the planted key does nothing, and the role that the thief granted counts no more.
    let card = KeyCard {
        public: c.entropy().signer().public(),
        ..planted.card(None)
    };
    let sub = key_subject(&crate::key::key_id(&card.public));
    let salt = crate::body::Bytes16(c.entropy().bytes());
    let body = planted.body(sub, Core::KeyAdded(KeyAdded { card }), c.now, salt);
    let more = planted.sign(body, BTreeMap::new());
    assert_eq!(code(c.log.submit(&more, c.now)), Code::KeyCompromised);
    assert_eq!(code(accept(&mut c)), Code::RoleMissing);
    // Whoever was trusted before goes on.
    let honest = c.quarantine(Who::Custodian, &part).unwrap();
    assert!(!doubted(&c, honest.id));
}

/// The custodian enrols a machine, with the role that the thief granted.
fn accept(c: &mut Consortium) -> Result<Statement, Refusal> {
    let key = c.person(Who::Machine).signer.key_id();
    let core = Core::MachineEnrolled(crate::body::resource::MachineEnrolled {
        model: text("Example Ember 280"),
        serial: text("S-3"),
        machine_class: text("LPBF-280"),
        key,
    });
    c.say(Who::Custodian, &text("machine:m3"), core)
}

#[test]
fn what_was_granted_before_the_theft_stays() {
    let (mut c, licence) = Consortium::licensed(6, PartClass::C, 3);
    let part = c.print(&licence, 1);
    let since = c.now;
    c.revoke(Who::ShopAdmin, Some(since)).unwrap();
    c.revoke(Who::Certifier, Some(since)).unwrap();
    let inspection = c.inspect(Who::Inspector, &part).unwrap().id;
    assert_eq!(c.log.findings(&inspection), set([]));
    assert_eq!(holds(c.log.world(), &part), set([]));
}

#[test]
fn the_successor_of_a_stolen_key_is_the_thiefs() {
    let (mut c, licence) = Consortium::licensed(7, PartClass::C, 3);
    let part = c.print(&licence, 1);
    let since = c.now;
    let (mut new, _) = c.rotate(Who::Inspector).unwrap();
    let report = says(&mut c, &mut new, &part);
    c.log.submit(&report, c.now).unwrap();
    assert!(!holds(c.log.world(), &part).contains(&Code::KeyCompromised));
    c.revoke(Who::Inspector, Some(since)).unwrap();
    assert!(holds(c.log.world(), &part).contains(&Code::KeyCompromised));
}
