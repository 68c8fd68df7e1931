//! Every kind once as it should be, and once as it should not: a new kind without both fails here.

use super::*;
use crate::body::design::{ApprovalRevoked, DesignSuperseded, Effect};
use crate::body::governance::{Function, PartClass, Role};
use crate::body::marking::Grade;
use crate::body::physical::Match;
use crate::body::quality::Disposition;
use crate::body::vote::{Change, Expulsion, NewFunctions};
use crate::body::{Core, Nature};
use crate::fixture::{DesignSpec, text};
use crate::lifecycle::{At, Refusal, apply};
use crate::statement::{Statement, StatementId};
use std::collections::BTreeMap;

/// Whoever holds such a key says this without a role; their wrong cases stand apart.
const NEED_NO_ROLE: [&str; 3] = [
    "end.destruction_attested",
    "safety.quarantine_placed",
    "safety.suspicion_placed",
];

/// What newer rules refuse; under the older ones it stands apart: `votes`.
const OLD: [&str; 1] = ["governance.member_admitted"];

/// A log in which every kind stands at least once without a finding.
pub(super) fn every_kind() -> (Consortium, SubjectId) {
    let (mut c, licence) = Consortium::licensed(1, PartClass::C, 3);
    let part = c.print(&licence, 1);
    let order = c.order(&licence).unwrap();
    let failed = c.start(&licence, &order, 2);
    c.abort(&failed).unwrap();
    let lot = c.lot.clone();
    c.use_up(Who::Operator, &failed.id, &lot, 500_000).unwrap();
    c.scrap(Who::Production, &lot, 1_000).unwrap();
    c.blend(Who::Production, &[(&lot, 440_000)]).unwrap();
    c.revoke(Who::Inspector, None).unwrap();
    let doubted = c.inspect(Who::Inspector, &part).unwrap().id;
    c.vouch(Who::Mechanic, &part, doubted).unwrap();
    c.vouch(Who::Designer, &part, doubted).unwrap();
    c.grant(Who::Custodian, Role::Inspector);
    let inspection = c.inspect(Who::Custodian, &part).unwrap().id;
    go_through_quality(&mut c, &part, inspection);
    let placed = c.quarantine(Who::Custodian, &part).unwrap().id;
    c.lift(Who::Signatory, &part, placed).unwrap();
    c.hand_over(&part).unwrap();
    c.install(Who::Mechanic, &part).unwrap();
    assemble(&mut c, &part);
    go_through_service(&mut c, &part);
    let recall = c.recall(Who::Certifier, &[&licence]).unwrap();
    c.report_recall(Who::Certifier, &recall).unwrap();
    c.grant(Who::AuthorityAdmin, Role::Certifier);
    c.lift_recall(Who::AuthorityAdmin, &recall).unwrap();
    let destruction = c.destroy(Who::Mechanic, &part).unwrap().id;
    c.attest(Who::Custodian, &part, destruction).unwrap();
    compute_anew(&mut c);
    end_the_design(&mut c);
    vote_together(&mut c);
    (c, part)
}

fn go_through_quality(c: &mut Consortium, part: &SubjectId, inspection: StatementId) {
    c.release(Who::Signatory, part, inspection).unwrap();
    mark_it(c, part);
    c.treat(Who::Production, part).unwrap();
    c.test(Who::Custodian, part, 432).unwrap();
    let enrolment = c.enrol_piece(Who::Custodian, part).unwrap().id;
    c.compare_piece(Who::Custodian, part, enrolment, Match::Matched)
        .unwrap();
    let fault = c.fault(Who::Custodian, part).unwrap().id;
    c.dispose(Who::Designer, part, fault, Disposition::UseAsIs)
        .unwrap();
    let inspection = c.inspect(Who::Custodian, part).unwrap().id;
    c.release(Who::Signatory, part, inspection).unwrap();
    let given = c.give(Who::Custodian, part, c.org(Who::Mechanic)).unwrap();
    c.take(Who::Mechanic, part, given.id).unwrap();
}

/// A label on the part, another one in its place, and a part that no build made.
fn mark_it(c: &mut Consortium, part: &SubjectId) {
    let (label, new) = (c.new_mark(), c.new_mark());
    c.label(Who::Custodian, part, label).unwrap();
    c.mark_again(Who::Custodian, part, label, new).unwrap();
    c.verify_mark(Who::Custodian, part, new, Grade::B).unwrap();
    let suspicion = c.suspect(Who::Mechanic, part).unwrap().id;
    c.clear(Who::Custodian, part, suspicion).unwrap();
    let other = c.new_subject("part");
    c.enter(Who::Custodian, &other).unwrap();
    c.retire(Who::Production, &Who::SecondMachine.machine())
        .unwrap();
}

/// What is in it comes and goes.
fn assemble(c: &mut Consortium, part: &SubjectId) {
    let screw = c.new_subject("part");
    c.enter(Who::Custodian, &screw).unwrap();
    c.assemble(Who::Mechanic, &screw, part).unwrap();
}

fn go_through_service(c: &mut Consortium, part: &SubjectId) {
    c.report_use(Who::Mechanic, part, 10, 4).unwrap();
    let reading = c.use_asset(Who::Mechanic, 100, 10).unwrap().id;
    let asset = c.asset(Who::Mechanic, "N123TM");
    let declared = c.err(Who::Mechanic, &asset, reading).unwrap().id;
    c.agree(Who::Certifier, &asset, declared).unwrap();
    let entries = c.log.entries().iter();
    let mut granted = entries.filter(|entry| matches!(entry.body.core, Core::ApprovalGranted(_)));
    let approval = granted.next().unwrap().body.sub.clone();
    c.limit(Who::Certifier, &approval, 1000).unwrap();
    c.remove(Who::Mechanic, part).unwrap();
    c.repair(Who::Mechanic, part, false).unwrap();
    c.repair(Who::Mechanic, part, true).unwrap();
    c.decommission(Who::Mechanic, part).unwrap();
}

/// A second governor, and a decision of both.
fn vote_together(c: &mut Consortium) {
    let organisation = c.org(Who::AuthorityAdmin);
    let functions = [Function::Authority, Function::Governor].into();
    let (id, core) = c.proposal(Change::Functions(NewFunctions {
        organisation,
        functions,
    }));
    c.must(Who::Governor, &id, core);
    let organisation = c.org(Who::OemAdmin);
    let (id, core) = c.proposal(Change::Expel(Expulsion { organisation }));
    let proposed = c.must(Who::Governor, &id, core);
    c.vote(Who::AuthorityAdmin, &proposed, false).unwrap();
    c.rotate(Who::Mechanic).unwrap();
}

fn compute_anew(c: &mut Consortium) {
    let lot = c.lot.clone();
    let says = crate::body::allowable::AllowablePublished {
        data_of: [lot.clone()].into(),
        ..Consortium::allowable()
    };
    let allowable = c.publish_allowable(Some(&says));
    let said = c.recompute(Who::Designer, &allowable, &lot, 380_000);
    said.unwrap();
}

fn end_the_design(c: &mut Consortium) {
    let old = text("design:d1");
    let by = c.publish(&DesignSpec {
        revision: text("B"),
        ..DesignSpec::default()
    });
    let effect = Effect::NewBuilds;
    let superseded = Core::DesignSuperseded(DesignSuperseded { by, effect });
    c.must(Who::Designer, &old, superseded);
    c.withdraw(&old, Effect::All).unwrap();
    let entries = c.log.entries().iter();
    let granted = |entry: &&Statement| matches!(entry.body.core, Core::ApprovalGranted(_));
    let approval = entries.clone().find(granted).unwrap().body.sub.clone();
    let reason = text("Data withdrawn");
    let revoked = Core::ApprovalRevoked(ApprovalRevoked { effect, reason });
    c.must(Who::Certifier, &approval, revoked);
}

/// The same words from somebody who has no right to them: a machine, or, of builds, a mechanic.
fn by_the_wrong_author(c: &Consortium, statement: &Statement) -> Statement {
    let who = match statement.body.core.kind().split_once('.') {
        Some(("build", _)) => Who::Mechanic,
        _ => Who::SecondMachine,
    };
    let mut author = c.person(who).clone();
    let mut body = statement.body.clone();
    (body.iss, body.actor) = (author.org.clone(), author.actor.clone());
    body.seq = 1_000_000;
    author.sign(body, BTreeMap::new())
}

/// Replays the log; calls `visit` with the world before each entry, the entry, and its place.
pub(super) fn replay(entries: &[Statement], mut visit: impl FnMut(&World, &Statement, At)) {
    let mut world = World::default();
    for (index, entry) in entries.iter().enumerate() {
        let batches = entries[index..].iter();
        let logged_at = batches
            .filter_map(|entry| match &entry.body.core {
                Core::LogBatch(says) => Some(says.logged_at),
                _ => None,
            })
            .next()
            .unwrap();
        let at = At {
            index: Some(index as u64),
            logged_at,
        };
        visit(&world, entry, at);
        let changes = apply(&world, entry, at).unwrap();
        world.record(entry, changes.states);
    }
}

fn all_kinds() -> BTreeSet<&'static str> {
    let kinds = Core::KINDS.iter().copied();
    kinds.filter(|kind| !OLD.contains(kind)).collect()
}

#[test]
fn every_kind_is_accepted_once() {
    let (c, _) = every_kind();
    // That these hold the part is what they say, and no fault of theirs.
    let none = set([Code::Quarantined, Code::BuildAborted, Code::Nonconforming]);
    let clean = |entry: &&Statement| c.log.findings(&entry.id).is_subset(&none);
    let entries = c.log.entries().iter().filter(clean);
    let kinds: BTreeSet<_> = entries.map(|entry| entry.body.core.kind()).collect();
    assert_eq!(kinds, all_kinds());
}

#[test]
fn of_every_kind_an_act_is_refused_and_a_report_noted_when_the_wrong_author_says_it() {
    let (c, _) = every_kind();
    let mut tried = BTreeSet::from(NEED_NO_ROLE);
    let strangers = [Who::Mechanic, Who::SecondMachine].map(|who| c.key_of(who));
    replay(c.log.entries(), |world, entry, at| {
        let kind = entry.body.core.kind();
        let are_known = strangers.iter().all(|key| world.get(key).is_some());
        // Before there are keys nobody is the wrong author: what comes first is tried again at the end.
        if !are_known || NEED_NO_ROLE.contains(&kind) {
            return;
        }
        let wrong = by_the_wrong_author(&c, entry);
        match (entry.body.core.nature(), apply(world, &wrong, at)) {
            (Nature::Report, Ok(changes)) => assert!(!changes.findings.is_empty(), "{kind}"),
            (Nature::Act | Nature::Log, Err(_)) => {}
            (_, other) => panic!("{kind}: {:?}", other.map(|changes| changes.findings)),
        }
        tried.insert(kind);
    });
    tried.extend(what_comes_first_is_refused_at_the_end(&c));
    assert_eq!(tried, all_kinds());
}

fn what_comes_first_is_refused_at_the_end(c: &Consortium) -> BTreeSet<&'static str> {
    let first = c.log.entries().iter().filter(|entry| {
        let once = [
            "governance.policy",
            "governance.anchors",
            "governance.proposed",
            "governance.key_added",
        ];
        once.contains(&entry.body.core.kind())
    });
    let at = At {
        index: Some(c.log.size()),
        logged_at: c.now,
    };
    let mut tried = BTreeSet::new();
    for entry in first {
        for statement in [entry.clone(), by_the_wrong_author(c, entry)] {
            let refusal: Refusal = apply(c.log.world(), &statement, at).unwrap_err();
            assert_ne!(refusal.code(), Code::WaitsFor);
        }
        tried.insert(entry.body.core.kind());
    }
    tried
}

#[test]
fn nothing_that_exists_is_made_again() {
    let (c, _) = every_kind();
    let at = At {
        index: Some(c.log.size()),
        logged_at: c.now + 60,
    };
    for entry in c.log.entries() {
        let kind = entry.body.core.kind();
        let makes = [
            "governance.policy",
            "governance.anchors",
            "governance.proposed",
            "governance.voted",
            "governance.key_added",
            "governance.role_granted",
            "governance.role_accredited",
            "design.published",
            "allowable.published",
            "approval.requested",
            "approval.granted",
            "licence.issued",
            "licence.accepted",
            "machine.enrolled",
            "machine.retired",
            "build.ordered",
            "correction.error_confirmed",
            "safety.recall_placed",
            "safety.recall_lifted",
        ];
        let again = apply(c.log.world(), &fresh(&c, entry), at);
        assert_eq!(
            makes.contains(&kind),
            matches!(&again, Err(refusal) if refusal.code() == Code::AlreadyExists),
            "{kind}: {:?}",
            again.map(|changes| changes.findings)
        );
    }
}

/// The same words from the same author under a new number.
fn fresh(c: &Consortium, entry: &Statement) -> Statement {
    let is_author = |person: &&crate::fixture::Person| person.signer.key_id() == entry.envelope.kid;
    let mut author = c.people.values().find(is_author).unwrap().clone();
    let mut body = entry.body.clone();
    body.seq = 1_000_000;
    author.sign(body, BTreeMap::new())
}

#[test]
fn a_quarantine_after_destruction_is_noted() {
    let (mut c, part) = every_kind();
    let placed = c.quarantine(Who::Designer, &part).unwrap().id;
    assert_eq!(c.log.findings(&placed), set([Code::AfterDestruction]));
}

#[test]
fn nobody_attests_their_own_destruction_nor_one_that_is_not_known() {
    let (mut c, licence) = Consortium::licensed(1, PartClass::C, 3);
    let part = c.print(&licence, 1);
    c.set_sail();
    let destruction = c.destroy(Who::Custodian, &part).unwrap();
    let witness = c.attest(Who::Mechanic, &part, destruction.id).unwrap();
    let own = c.attest(Who::Custodian, &part, destruction.id).unwrap();
    for (statement, expected) in [
        (&witness, set([Code::WaitsFor])),
        (&destruction, set([])),
        (&own, set([Code::NotIndependent])),
    ] {
        let found = c.log.submit(statement, c.now).unwrap().findings;
        assert_eq!(found, expected);
    }
    assert_eq!(holds(c.log.world(), &part), set([Code::NotIndependent]));
}

/// The writer keeps states at hand, and whatever stands above them: so what a statement puts above a state is read with it.
#[test]
fn what_comes_to_stand_above_a_state_was_read() {
    let (c, _) = every_kind();
    let (mut assets, mut contents) = (0, 0);
    replay(c.log.entries(), |world, entry, at| {
        // As the loader does it: up every edge, those to who granted a key among them.
        let mut read = crate::lifecycle::subjects(entry);
        let mut open: Vec<_> = read.iter().cloned().collect();
        while let Some(id) = open.pop() {
            let parents = world.states.get(&id).map(|state| state.parents());
            let new = parents.unwrap_or_default().into_iter();
            open.extend(new.filter(|parent| read.insert(parent.clone())));
        }
        for (id, state) in apply(world, entry, at).unwrap().states {
            let before = world.states.get(&id).map(|state| state.parents());
            let before = before.unwrap_or_default();
            for new in state.parents().difference(&before) {
                assert!(
                    read.contains(new),
                    "{}: {new} above {id}",
                    entry.body.core.kind()
                );
                assets += usize::from(new.kind() == "asset");
                contents += usize::from(new.kind() == "contents");
            }
        }
    });
    assert!(assets > 0, "no part came to stand below an asset");
    assert!(contents > 0, "nothing was put into an assembly");
}
