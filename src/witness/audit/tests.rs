//! What is held against a log, and what only against who sent it.

use super::objection::object;
use super::*;
use threadmark_protocol::body::Core;
use threadmark_protocol::body::governance::{PartClass, Role, RoleGranted};
use threadmark_protocol::body::vote::Change;
use threadmark_protocol::bundle::{Page, Replica};
use threadmark_protocol::code::Code;
use threadmark_protocol::fixture::{Consortium, Lie, Who};

const NOW: i64 = 1_900_000_000;

/// A replica of all but the last page, and that page.
fn before_last(of: &Consortium) -> (Replica, Page) {
    let mut pages = of.log.pages();
    let last = pages.pop().unwrap();
    let mut replica = Replica::new(of.trust());
    for page in &pages {
        replica.extend(page).unwrap();
    }
    (replica, last)
}

/// What is held against the log when it gives this page.
fn held(replica: &Replica, page: &Page) -> Option<Objection> {
    let error = replica.clone().extend(page).unwrap_err();
    object(replica, page, &error, NOW)
}

/// A mechanic grants a role: what the rules refuse.
fn breaks_rules(of: &mut Consortium) {
    let key = of.key_of(Who::Mechanic);
    let role = Role::ReleaseSignatory;
    let grant = Core::RoleGranted(RoleGranted { role });
    assert!(of.say(Who::Mechanic, &key, grant.clone()).is_err());
    of.log.lie(Lie::BreaksRules);
    of.say(Who::Mechanic, &key, grant).unwrap();
}

#[test]
fn an_act_that_the_rules_refuse_is_named_with_its_place_and_reason() {
    let mut of = Consortium::founded(1);
    let index = of.log.size();
    breaks_rules(&mut of);
    let (replica, page) = before_last(&of);
    let objection = held(&replica, &page).unwrap();
    assert_eq!(objection.index, index);
    assert_eq!(
        objection.statement,
        Some(of.log.entries()[index as usize].id)
    );
    assert!(Code::ALL.iter().any(|code| code.name() == objection.code));
    assert!(objection.reason.contains("breaks a rule"), "{objection}");
    assert_eq!(objection.found_at, NOW);
}

#[test]
fn a_lying_index_root_is_the_logs_doing() {
    let (mut of, _) = Consortium::licensed(1, PartClass::C, 1);
    let lot = of.lot.clone();
    of.log.lie(Lie::SignsNone);
    of.recall(Who::Production, &[&lot]).unwrap();
    let (replica, page) = before_last(&of);
    let objection = held(&replica, &page).unwrap();
    let last = of.log.size() - 1;
    assert_eq!((objection.index, &objection.code[..]), (last, "index-root"));
}

#[test]
fn what_a_service_changes_on_the_way_is_not_held_against_the_log() {
    let mut of = Consortium::founded(1);
    of.receive_lot("lot:l7", "AlSi10Mg AMS7035");
    let (replica, page) = before_last(&of);
    assert!(replica.clone().extend(&page).is_ok());
    let mut body = page.clone();
    body.entries[0].body[40] ^= 1;
    let mut envelope = page.clone();
    let at = envelope.entries[0].envelope.len() - 1;
    envelope.entries[0].envelope[at] ^= 1;
    let mut without = page.clone();
    without.entries[0].body.clear();
    let mut section = page.clone();
    let name = "seed".parse().unwrap();
    section.entries[0].sections.insert(name, vec![1]);
    let mut checkpoint = page.clone();
    checkpoint.checkpoint = of.log.pages()[0].checkpoint.clone();
    let mut short = page.clone();
    short.entries.pop();
    let mut gap = page.clone();
    gap.from += 1;
    for changed in [body, envelope, without, section, checkpoint, short, gap] {
        assert_eq!(held(&replica, &changed), None, "{changed:?}");
    }
}

#[test]
fn rules_that_only_a_newer_program_knows_are_held_against_nobody() {
    let mut of = Consortium::founded(1);
    let mut policy = of.trust().policy;
    policy.rules_version = threadmark_protocol::lifecycle::RULES_VERSION + 1;
    let (id, core) = of.proposal(Change::Policy(Box::new(policy)));
    of.log.lie(Lie::BreaksRules);
    of.say(Who::Governor, &id, core).unwrap();
    let (replica, page) = before_last(&of);
    assert!(replica.clone().extend(&page).is_err());
    assert_eq!(held(&replica, &page), None);
}
