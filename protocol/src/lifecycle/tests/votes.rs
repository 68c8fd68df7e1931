//! What the governors decide together, rule by rule, and over random orders of arrival.

use super::*;
use crate::body::Core;
use crate::body::governance::{
    Function, KeyAdded, KeyCard, KeyRevoked, KeyRotated, MemberAdmitted,
};
use crate::body::governance::{PartClass, Policy, Role, RoleGranted};
use crate::body::vote::{Cancellation, Change, Expulsion, NewAdmin, NewFunctions, Voted};
use crate::fixture::{DAY_S, Founding, Person, text};
use crate::lifecycle::{RULES_VERSION, Refusal};
use crate::statement::Statement;
use crate::text::{Moment, OrgId};
use crate::world::{Data, Decision, Place, key_subject};
use std::collections::BTreeMap;

mod arrival;
mod doubt;
mod over;
mod room;
mod table;

const ADMINS: [Who; 5] = [
    Who::Governor,
    Who::AuthorityAdmin,
    Who::OemAdmin,
    Who::ShopAdmin,
    Who::MroAdmin,
];

/// What an organisation does in the fixture, as a governor too.
fn functions(who: Who) -> BTreeSet<Function> {
    let own = match who {
        Who::OemAdmin => Function::Oem,
        Who::AuthorityAdmin => Function::Authority,
        Who::ShopAdmin => Function::Shop,
        Who::MroAdmin => Function::Maintenance,
        _ => Function::Governor,
    };
    [own, Function::Governor].into()
}

fn propose(c: &mut Consortium, who: Who, change: Change) -> Result<Statement, Refusal> {
    let (id, core) = c.proposal(change);
    c.say(who, &id, core)
}

fn set_functions(c: &Consortium, who: Who, functions: BTreeSet<Function>) -> Change {
    let organisation = c.org(who);
    Change::Functions(NewFunctions {
        organisation,
        functions,
    })
}

fn expel(c: &Consortium, who: Who) -> Change {
    let organisation = c.org(who);
    Change::Expel(Expulsion { organisation })
}

/// The first `count` of [`ADMINS`] govern.
fn governed_by(seed: u64, count: usize) -> Consortium {
    let mut c = Consortium::founded(seed);
    for at in 1..count {
        let change = set_functions(&c, ADMINS[at], functions(ADMINS[at]));
        let proposed = propose(&mut c, ADMINS[0], change).unwrap();
        // Everybody who governs already is in favour.
        for who in &ADMINS[1..at] {
            c.vote(*who, &proposed, true).unwrap();
        }
    }
    assert_eq!(governors(&c).len(), count);
    c
}

fn here(c: &Consortium) -> Place {
    Place::newest(c.now)
}

fn governors(c: &Consortium) -> BTreeSet<OrgId> {
    c.log.world().governors(here(c))
}

fn decision(c: &Consortium, proposed: &Statement) -> Option<Decision> {
    match c.log.world().get(&proposed.body.sub) {
        Some(Data::Proposal(ballot)) => ballot.decided.clone(),
        other => panic!("{other:?}"),
    }
}

fn code<T: std::fmt::Debug>(refused: Result<T, Refusal>) -> Code {
    refused.unwrap_err().code()
}

fn in_force(c: &Consortium) -> Policy {
    c.log.world().policy(here(c)).unwrap().clone()
}

/// A policy under which what opens opens a day later.
fn with_delay(c: &mut Consortium) {
    let policy = Policy {
        delay_s: 86_400,
        ..in_force(c)
    };
    propose(c, Who::Governor, Change::Policy(Box::new(policy))).unwrap();
    // More delay closes: it binds at once.
    assert_eq!(in_force(c).delay_s, 86_400);
}

/// A new organisation with the person who administrates it.
fn newcomer(c: &mut Consortium, name: &str) -> (Person, Change) {
    let mut person = c.person(Who::MroAdmin).clone();
    person.signer = c.entropy().signer();
    (person.seq, person.prev) = (0, None);
    person.org = text(name);
    let admit = Change::Admit(MemberAdmitted {
        organisation: person.org.clone(),
        name: text("Newcomer"),
        functions: [Function::Oem].into(),
        admin: person.card(None),
    });
    (person, admit)
}

/// The newcomer's administrator enrols a further key.
fn acts(c: &mut Consortium, person: &mut Person) -> Result<(), Refusal> {
    let card = KeyCard {
        public: c.entropy().signer().public(),
        ..person.card(None)
    };
    let id = key_subject(&crate::key::key_id(&card.public));
    let salt = crate::body::Bytes16([1; 16]);
    let body = person.body(id, Core::KeyAdded(KeyAdded { card }), c.now, salt);
    let statement = person.sign(body, BTreeMap::new());
    c.log.submit(&statement, c.now).map(drop)
}

#[test]
fn the_founder_decides_alone_until_there_is_a_second_governor() {
    let mut c = Consortium::founded(1);
    let (_, admit) = newcomer(&mut c, "first.example");
    let alone = propose(&mut c, Who::Governor, admit).unwrap();
    assert_eq!(decision(&c, &alone).unwrap().needed(), 1);
    let mut c = governed_by(1, 2);
    let (_, admit) = newcomer(&mut c, "second.example");
    let proposed = propose(&mut c, Who::Governor, admit).unwrap();
    assert_eq!(decision(&c, &proposed), None);
    c.vote(Who::AuthorityAdmin, &proposed, true).unwrap();
    assert_eq!(decision(&c, &proposed).unwrap().needed(), 2);
}

#[test]
fn an_operator_with_any_number_of_keys_and_puppets_decides_nothing_alone() {
    let mut c = governed_by(2, 3);
    // A second administrator's key of the operator.
    let mut second = c.person(Who::Governor).clone();
    second.signer = c.entropy().signer();
    (second.seq, second.prev) = (0, None);
    let card = second.card(None);
    let sub = key_subject(&second.signer.key_id());
    c.must(Who::Governor, &sub, Core::KeyAdded(KeyAdded { card }));
    let role = Role::Admin;
    c.must(Who::Governor, &sub, Core::RoleGranted(RoleGranted { role }));
    let mut puppets = Vec::new();
    for at in 0..4 {
        let (person, mut admit) = newcomer(&mut c, &format!("puppet{at}.example"));
        if let Change::Admit(says) = &mut admit {
            says.functions = [Function::Governor].into();
        }
        let proposed = propose(&mut c, Who::Governor, admit).unwrap();
        let core = Core::Voted(Voted {
            proposal: proposed.id,
            in_favour: true,
        });
        let salt = crate::body::Bytes16([2; 16]);
        let body = second.body(proposed.body.sub.clone(), core, c.now, salt);
        let again = second.sign(body, BTreeMap::new());
        assert_eq!(code(c.log.submit(&again, c.now)), Code::AlreadyExists);
        assert_eq!(decision(&c, &proposed), None);
        puppets.push(person);
    }
    // The puppets are nobody, and cannot vote for each other.
    for puppet in &mut puppets {
        assert_eq!(code(acts(&mut c, puppet)), Code::UnknownKey);
    }
    assert_eq!(governors(&c).len(), 3);
    // Nor does it silence the others by taking their keys.
    let core = Core::KeyRevoked(KeyRevoked {
        reason: text("None"),
        compromised_since: None,
    });
    let key = c.key_of(Who::AuthorityAdmin);
    assert_eq!(code(c.say(Who::Governor, &key, core)), Code::NeedsVotes);
}

#[test]
fn what_opens_waits_for_the_delay_and_what_closes_does_not() {
    let mut c = Consortium::founded(3);
    with_delay(&mut c);
    let (mut person, admit) = newcomer(&mut c, "later.example");
    propose(&mut c, Who::Governor, admit).unwrap();
    assert_eq!(code(acts(&mut c, &mut person)), Code::NotInForce);
    c.now += DAY_S;
    acts(&mut c, &mut person).unwrap();
    // It loses a function at once, and gets another a day later.
    let change = Change::Functions(NewFunctions {
        organisation: person.org.clone(),
        functions: [Function::Shop].into(),
    });
    propose(&mut c, Who::Governor, change).unwrap();
    let has = |c: &Consortium, function| {
        let world = c.log.world();
        world.has_function(&text("later.example"), function, here(c))
    };
    assert!(!has(&c, Function::Oem) && !has(&c, Function::Shop));
    c.now += DAY_S;
    assert!(!has(&c, Function::Oem) && has(&c, Function::Shop));
    let organisation = person.org.clone();
    propose(
        &mut c,
        Who::Governor,
        Change::Expel(Expulsion { organisation }),
    )
    .unwrap();
    assert_eq!(code(acts(&mut c, &mut person)), Code::Expelled);
}

#[test]
fn until_it_opens_it_can_be_cancelled_and_then_no_more() {
    let mut c = governed_by(4, 3);
    with_delay_by_vote(&mut c);
    let (mut person, admit) = newcomer(&mut c, "never.example");
    let proposed = decided(&mut c, admit);
    let cancel = |of: &Statement| {
        Change::Cancel(Cancellation {
            proposal: of.body.sub.clone(),
        })
    };
    decided(&mut c, cancel(&proposed));
    c.now += DAY_S;
    assert_eq!(code(acts(&mut c, &mut person)), Code::Expelled);
    let (mut person, admit) = newcomer(&mut c, "member.example");
    let proposed = decided(&mut c, admit);
    c.now += DAY_S;
    let late = propose(&mut c, Who::Governor, cancel(&proposed));
    assert_eq!(code(late), Code::VoteClosed);
    acts(&mut c, &mut person).unwrap();
}

/// Two of three are in favour.
fn decided(c: &mut Consortium, change: Change) -> Statement {
    let proposed = propose(c, Who::Governor, change).unwrap();
    c.vote(Who::AuthorityAdmin, &proposed, true).unwrap();
    assert!(decision(c, &proposed).is_some());
    proposed
}

fn with_delay_by_vote(c: &mut Consortium) {
    let policy = Policy {
        delay_s: 86_400,
        ..in_force(c)
    };
    decided(c, Change::Policy(Box::new(policy)));
}

#[test]
fn a_policy_tightens_at_once_and_loosens_later() {
    let mut c = Consortium::founded(5);
    with_delay(&mut c);
    let before = in_force(&c);
    let mut after = before.clone();
    after.host = text("other.example");
    let of_a = after.classes.get_mut(&PartClass::A).unwrap();
    of_a.knowledge_age_max_s += 1;
    let of_c = after.classes.get_mut(&PartClass::C).unwrap();
    of_c.three_people = true;
    propose(
        &mut c,
        Who::Governor,
        Change::Policy(Box::new(after.clone())),
    )
    .unwrap();
    let now = in_force(&c);
    assert_eq!(now.classes[&PartClass::A], before.classes[&PartClass::A]);
    assert_eq!(now.host, before.host);
    assert!(now.classes[&PartClass::C].three_people);
    c.now += DAY_S;
    assert_eq!(in_force(&c), after);
    // What is so already is not decided again, and the log's founder does not change.
    let again = propose(
        &mut c,
        Who::Governor,
        Change::Policy(Box::new(after.clone())),
    );
    assert_eq!(code(again), Code::AlreadyExists);
    after.governor = text("thief.example");
    let stolen = propose(&mut c, Who::Governor, Change::Policy(Box::new(after)));
    assert_eq!(code(stolen), Code::WrongSubject);
}

#[test]
fn an_expelled_member_reports_unvouched_and_may_come_back() {
    let (mut c, licence) = Consortium::licensed(6, PartClass::C, 3);
    let part = c.print(&licence, 1);
    let change = expel(&c, Who::ShopAdmin);
    propose(&mut c, Who::Governor, change).unwrap();
    let late = c.quarantine(Who::Custodian, &part).unwrap().id;
    assert!(c.log.findings(&late).contains(&Code::Unvouched));
    assert_eq!(code(c.order(&licence)), Code::Expelled);
    let change = set_functions(&c, Who::ShopAdmin, [Function::Shop].into());
    propose(&mut c, Who::Governor, change).unwrap();
    c.order(&licence).unwrap();
}

#[test]
fn a_vote_is_for_one_statement_is_cast_once_and_in_time_by_a_governor() {
    let mut c = governed_by(7, 3);
    let (_, admit) = newcomer(&mut c, "asked.example");
    let proposed = propose(&mut c, Who::Governor, admit).unwrap();
    let mut other = proposed.clone();
    other.id = crate::digest::Digest::sha256(&[b"another change under the same name"]);
    assert_eq!(
        code(c.vote(Who::OemAdmin, &other, true)),
        Code::WrongSubject
    );
    assert_eq!(
        code(c.vote(Who::MroAdmin, &proposed, true)),
        Code::FunctionMissing
    );
    assert_eq!(
        code(c.vote(Who::Certifier, &proposed, true)),
        Code::RoleMissing
    );
    c.vote(Who::OemAdmin, &proposed, false).unwrap();
    assert_eq!(
        code(c.vote(Who::OemAdmin, &proposed, true)),
        Code::AlreadyExists
    );
    assert_eq!(decision(&c, &proposed), None);
    c.now += 31 * DAY_S;
    assert_eq!(
        code(c.vote(Who::AuthorityAdmin, &proposed, true)),
        Code::VoteClosed
    );
    let (_, admit) = newcomer(&mut c, "mro2.example");
    assert_eq!(
        code(propose(&mut c, Who::MroAdmin, admit)),
        Code::FunctionMissing
    );
}

#[test]
fn the_last_governor_stays() {
    let mut c = Consortium::founded(8);
    let change = expel(&c, Who::Governor);
    assert_eq!(
        code(propose(&mut c, Who::Governor, change)),
        Code::WrongSubject
    );
    let mut c = governed_by(8, 2);
    let change = expel(&c, Who::Governor);
    let proposed = propose(&mut c, Who::AuthorityAdmin, change).unwrap();
    assert_eq!(decision(&c, &proposed), None);
    c.vote(Who::Governor, &proposed, true).unwrap();
    assert_eq!(governors(&c), [c.org(Who::AuthorityAdmin)].into());
}

#[test]
fn what_another_decision_left_no_room_for_is_without_effect() {
    let mut c = governed_by(9, 3);
    let (_, admit) = newcomer(&mut c, "twice.example");
    let one = propose(&mut c, Who::Governor, admit.clone()).unwrap();
    let two = propose(&mut c, Who::OemAdmin, admit).unwrap();
    c.vote(Who::AuthorityAdmin, &one, true).unwrap();
    let late = c.vote(Who::AuthorityAdmin, &two, true).unwrap();
    assert_eq!(c.log.findings(&late.id), set([Code::WithoutEffect]));
    assert_eq!(decision(&c, &two), None);
}

#[test]
fn a_majority_without_effect_is_over() {
    let mut c = governed_by(12, 3);
    let more = BTreeSet::from([Function::Maintenance, Function::Shop]);
    let change = set_functions(&c, Who::MroAdmin, more);
    let one = propose(&mut c, Who::Governor, change.clone()).unwrap();
    let two = propose(&mut c, Who::OemAdmin, change).unwrap();
    c.vote(Who::AuthorityAdmin, &one, true).unwrap();
    let late = c.vote(Who::AuthorityAdmin, &two, true).unwrap();
    assert_eq!(c.log.findings(&late.id), set([Code::WithoutEffect]));
    let organisation = c.org(Who::MroAdmin);
    let gone = expel(&c, Who::MroAdmin);
    let expulsion = propose(&mut c, Who::Governor, gone).unwrap();
    c.vote(Who::AuthorityAdmin, &expulsion, true).unwrap();
    // The last vote, even against it, does not bring back what two once wanted.
    c.vote(Who::Governor, &two, false).unwrap();
    assert_eq!(decision(&c, &two), None);
    let place = Place::newest(c.log.logged_at());
    assert_eq!(c.log.world().standing(&organisation, place), Some(&None));
}

#[test]
fn doubt_that_reaches_far_is_for_a_vote() {
    let mut c = governed_by(13, 3);
    let since = Moment::from_unix(crate::fixture::START_S).unwrap();
    let revoked = |compromised_since| {
        Core::KeyRevoked(KeyRevoked {
            reason: text("None"),
            compromised_since,
        })
    };
    // One's own, on which what was decided rests; and another's, on which a fleet may rest.
    for who in [Who::Governor, Who::Inspector] {
        let key = c.key_of(who);
        let refused = c.say(Who::Governor, &key, revoked(Some(since)));
        assert_eq!(code(refused), Code::NeedsVotes);
    }
    let key = c.key_of(Who::Inspector);
    c.say(Who::Governor, &key, revoked(None)).unwrap();
    c.say(Who::ShopAdmin, &key, revoked(Some(since))).unwrap();
}

#[test]
fn a_lost_administrator_is_replaced_by_a_vote() {
    let mut c = Consortium::founded(10);
    let mut person = c.person(Who::MroAdmin).clone();
    person.signer = c.entropy().signer();
    (person.seq, person.prev) = (0, None);
    let change = Change::Admin(NewAdmin {
        organisation: person.org.clone(),
        admin: person.card(None),
        replaces: c.person(Who::MroAdmin).signer.key_id(),
        compromised_since: None,
    });
    propose(&mut c, Who::Governor, change).unwrap();
    acts(&mut c, &mut person).unwrap();
    let mut old = c.person(Who::MroAdmin).clone();
    assert_eq!(code(acts(&mut c, &mut old)), Code::KeyRevoked);
}

#[test]
fn a_log_under_older_rules_goes_on_and_goes_over_by_a_vote() {
    let founding = Founding {
        seed: 11,
        rules_version: 1,
        ..Founding::default()
    };
    let mut c = Consortium::founded_with(founding);
    let (_, admit) = newcomer(&mut c, "direct.example");
    let Change::Admit(says) = admit else {
        unreachable!()
    };
    let sub = crate::world::org_subject(&says.organisation);
    c.must(Who::Governor, &sub, Core::MemberAdmitted(says.clone()));
    let to = |c: &Consortium, rules_version| {
        Change::Policy(Box::new(Policy {
            rules_version,
            ..in_force(c)
        }))
    };
    let change = to(&c, RULES_VERSION + 1);
    assert_eq!(
        code(propose(&mut c, Who::Governor, change)),
        Code::RulesUnknown
    );
    let change = to(&c, RULES_VERSION);
    propose(&mut c, Who::Governor, change).unwrap();
    let direct = c.say(Who::Governor, &sub, Core::MemberAdmitted(says));
    assert_eq!(code(direct), Code::NeedsVotes);
    let change = to(&c, 1);
    assert_eq!(
        code(propose(&mut c, Who::Governor, change)),
        Code::WrongSubject
    );
    // Each entry under the rules that were in force at its place.
    let mut replica = crate::bundle::Replica::new(c.trust());
    replica.extend(&c.log.page(0)).unwrap();
    assert_eq!(replica.world().states, c.log.world().states);
}
