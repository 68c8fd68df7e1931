//! How far the walk goes.

use super::*;
use crate::body::governance::{KeyAdded, KeyRevoked, KeyRotated, RoleGranted};
use crate::body::vote::{Change, NewAdmin, NewFunctions};
use crate::body::{Bytes16, Core};
use crate::fixture::{Consortium, Person, Who};
use crate::statement::Statement;
use crate::text::SubjectId;
use crate::world::bounds::ADMINS_MAX;

/// The next key of a person, which nobody knows yet.
fn next(c: &mut Consortium, of: &Person) -> Person {
    let mut next = of.clone();
    next.signer = c.entropy().signer();
    (next.seq, next.prev) = (0, None);
    next
}

fn says(c: &mut Consortium, person: &mut Person, sub: &SubjectId, core: Core) -> Statement {
    c.now += 1;
    let body = person.body(sub.clone(), core, c.now, Bytes16([9; 16]));
    let statement = person.sign(body, BTreeMap::new());
    c.log.submit(&statement, c.now).expect("the rules take it");
    statement
}

/// Rotations between two administrators; the rules let an organisation make [`LINE_MAX`](crate::world::bounds::LINE_MAX), which takes a test a minute.
const LINE: u32 = 1;

/// An organisation that makes as many administrators as the rules let it, each made by the successor of the one before.
fn chain(c: &mut Consortium) -> Person {
    let mut last = c.person(Who::ShopAdmin).clone();
    for _ in 0..ADMINS_MAX {
        for _ in 0..LINE {
            let mut new = next(c, &last);
            let card = new.card(None);
            let sub = key_subject(&last.signer.key_id());
            says(c, &mut last, &sub, Core::KeyRotated(KeyRotated { card }));
            std::mem::swap(&mut last, &mut new);
        }
        let new = next(c, &last);
        let sub = key_subject(&new.signer.key_id());
        let card = new.card(None);
        says(c, &mut last, &sub, Core::KeyAdded(KeyAdded { card }));
        let role = Role::Admin;
        says(c, &mut last, &sub, Core::RoleGranted(RoleGranted { role }));
        last = new;
    }
    last
}

#[test]
fn the_longest_chain_of_one_organisation_is_walked_to_its_end_and_has_one() {
    let mut c = Consortium::founded(50);
    let mut last = chain(&mut c);
    let new = next(&mut c, &last);
    let sub = key_subject(&new.signer.key_id());
    let card = new.card(None);
    let newest = says(&mut c, &mut last, &sub, Core::KeyAdded(KeyAdded { card }));
    let told = |c: &Consortium| {
        let world = c.log.world();
        let Some(Data::Key { source, .. }) = world.get(&sub) else {
            unreachable!()
        };
        assert_eq!(source.statement, newest.id);
        let mut walk = Walk::new(world);
        let found = walk.ask(Asked::signed(source, Rights::All));
        (found, walk.known.len())
    };
    let (found, asked) = told(&c);
    assert_eq!(found, None);
    // Each administrator: who enrolled it, who granted the role, and its rotations.
    let organisation = (ADMINS_MAX + 1) as usize * (LINE as usize + 2);
    assert!(
        asked > organisation - 8,
        "{asked}: the chain was not walked"
    );
    assert!(asked < organisation + 8, "{asked}");
    // What was wrong at its beginning reaches its end.
    let first = c.key_of(Who::ShopAdmin);
    let core = Core::KeyRevoked(KeyRevoked {
        reason: crate::fixture::text("Stolen"),
        compromised_since: Some(crate::fixture::moment(crate::fixture::START_S)),
    });
    says(&mut c, &mut last, &first, core);
    assert!(told(&c).0.is_some());
}

#[test]
fn a_member_with_many_keys_makes_nobody_elses_vote_doubtful() {
    let mut c = Consortium::founded(51);
    let functions = [crate::body::governance::Function::Governor];
    for who in [Who::ShopAdmin, Who::OemAdmin] {
        let change = Change::Functions(NewFunctions {
            organisation: c.org(who),
            functions: functions.into(),
        });
        let (id, core) = c.proposal(change);
        let proposed = c.say(Who::Governor, &id, core).expect("it may propose");
        if who == Who::OemAdmin {
            c.vote(Who::ShopAdmin, &proposed, true).expect("it governs");
        }
    }
    // The shop's vote rests on all of its keys, and comes before the others' in their order of names.
    let deep = chain(&mut c);
    c.people.insert(Who::ShopAdmin, deep);
    let mut new = c.person(Who::MroAdmin).clone();
    new.signer = c.entropy().signer();
    (new.seq, new.prev) = (0, None);
    let change = Change::Admin(NewAdmin {
        organisation: new.org.clone(),
        admin: new.card(None),
        replaces: c.person(Who::MroAdmin).signer.key_id(),
        compromised_since: None,
    });
    let (id, core) = c.proposal(change);
    let proposed = c.say(Who::ShopAdmin, &id, core).expect("it governs");
    c.vote(Who::OemAdmin, &proposed, true).expect("it governs");
    let key = key_subject(&new.signer.key_id());
    let world = c.log.world();
    let data = world.get(&key).expect("two of three decided");
    assert!(!is_planted(world, data));
    let Data::Key { roles, .. } = data else {
        unreachable!()
    };
    assert!(!is_usurped(world, &roles[&Role::Admin]));
}
