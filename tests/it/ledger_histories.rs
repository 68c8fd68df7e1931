//! Random histories on PostgreSQL: service, offline answer, the bundle of each part and audit agree.

use crate::support::{new_database, no_witnesses};
use object_store::memory::InMemory;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use std::collections::BTreeSet;
use std::sync::Arc;
use threadmark::ledger::Outcome;
use threadmark::ledger::audit;
use threadmark::ledger::bundle;
use threadmark::ledger::keys::LogKeys;
use threadmark::ledger::sequencer::Sequencer;
use threadmark::ledger::standing;
use threadmark::ledger::storage::Storage as _;
use threadmark::store::PgStore;
use threadmark_protocol::answer::{Knowledge, Viewer, Witnessing, answer};
use threadmark_protocol::body::Core;
use threadmark_protocol::body::governance::{Function, PartClass, Policy};
use threadmark_protocol::body::part;
use threadmark_protocol::body::physical::Match;
use threadmark_protocol::body::quality::Disposition;
use threadmark_protocol::body::vote::{Change, Expulsion, NewFunctions};
use threadmark_protocol::bundle::part::PartBundle;
use threadmark_protocol::bundle::{Page, Replica};
use threadmark_protocol::fixture::{Consortium, Who, text};
use threadmark_protocol::life::{Impact, Scope};
use threadmark_protocol::mark::Mark;
use threadmark_protocol::statement::Statement;
use threadmark_protocol::text::SubjectId;
use threadmark_protocol::world::{Data, World, mark_subject, policy_subject};

/// One thing that happens; what is impossible at its moment is refused or noted, which is part of the test.
#[derive(Clone, Copy, Debug)]
enum Happening {
    Make(u32),
    Inspect(usize),
    HandOver(usize),
    Install(usize),
    /// One part is put into another.
    Assemble(usize, usize),
    Destroy(usize),
    Quarantine(usize),
    Recall,
    /// Powder is blended and builds go on from the blend, or a build tells what it took, or some is thrown away.
    Powder(usize),
    /// Treated, tested, faulted and decided, used, given, repaired or taken out of use.
    Service(usize, usize),
    Sail,
    ComeHome,
    /// A second governor, a delay, or the mechanic's organisation goes.
    Decide(usize),
    Rotate(usize),
    /// The administrator's key was stolen a while ago.
    Steal,
}

fn happening() -> impl Strategy<Value = Happening> {
    use Happening::*;
    prop_oneof![
        4 => (1..5u32).prop_map(Make),
        2 => (0..4usize).prop_map(Inspect),
        3 => (0..4usize).prop_map(HandOver),
        3 => (0..4usize).prop_map(Install),
        3 => (0..4usize, 0..4usize).prop_map(|(part, into)| Assemble(part, into)),
        1 => (0..4usize).prop_map(Destroy),
        1 => (0..4usize).prop_map(Quarantine),
        1 => Just(Recall),
        2 => (0..4usize).prop_map(Powder),
        3 => (0..15usize, 0..4usize).prop_map(|(what, at)| Service(what, at)),
        2 => Just(Sail),
        2 => Just(ComeHome),
        1 => (0..4usize).prop_map(Decide),
        1 => (0..4usize).prop_map(Rotate),
        1 => Just(Steal),
    ]
}

/// Plays the happenings with the fixture's people; all statements that were ever signed, in an order that a carrier
/// might deliver them in, and the marks.
fn play(seed: u64, happenings: &[Happening]) -> (Consortium, Vec<Statement>, Vec<Mark>) {
    let (mut of, licence) = Consortium::licensed(seed, PartClass::C, 4);
    let (mut parts, mut builds) = (Vec::new(), Vec::new());
    let mut sent = Vec::new();
    for happening in happenings {
        let pick = |at: usize| parts.get(at % parts.len().max(1)).cloned();
        match *happening {
            // A unit beyond the licence has no mark that the fixture could make.
            Happening::Make(unit) if unit <= 4 => {
                // An agent that starts without an order is dishonest, and its report is logged all the same.
                let order = of
                    .order(&licence)
                    .unwrap_or_else(|_| of.new_subject("order"));
                let build = of.start(&licence, &order, unit);
                let _ = of.complete(&build);
                builds.push(build.id);
                parts.extend(build.parts);
            }
            Happening::Make(_) => {}
            Happening::Recall => {
                let lot = text("lot:l1");
                let _ = of.recall(Who::Certifier, &[&lot]);
            }
            Happening::Service(what, at) => {
                if let Some(part) = pick(at) {
                    serve(&mut of, what, &part);
                }
            }
            Happening::Powder(what) => powder(&mut of, what, builds.last()),
            Happening::Sail => of.set_sail(),
            Happening::ComeHome => {
                sent.extend(of.at_hand());
                of.come_home();
            }
            Happening::Inspect(at) => drop(pick(at).map(|part| of.inspect(Who::Inspector, &part))),
            Happening::HandOver(at) => drop(pick(at).map(|part| {
                let to = of.org(Who::Mechanic);
                let after = of.after(&part);
                let core = Core::PartShipped(part::Shipped { after, to });
                of.say(Who::Custodian, &part, core)
            })),
            Happening::Install(at) => drop(pick(at).map(|part| of.install(Who::Mechanic, &part))),
            Happening::Assemble(at, into) => {
                if let Some((part, into)) = pick(at).zip(pick(into)) {
                    let _ = of.assemble(Who::Mechanic, &part, &into);
                }
            }
            Happening::Destroy(at) => drop(pick(at).map(|part| of.destroy(Who::Mechanic, &part))),
            Happening::Decide(what) => of.ashore(|of| decide(of, what)),
            Happening::Rotate(at) => {
                let who = [Who::Inspector, Who::Mechanic, Who::Operator, Who::Custodian][at];
                if let Ok((next, _)) = of.rotate(who) {
                    of.people.insert(who, next);
                }
            }
            Happening::Steal => {
                let since = of.now - 600;
                let _ = of.ashore(|of| of.revoke(Who::ShopAdmin, Some(since)));
            }
            Happening::Quarantine(at) => {
                drop(pick(at).map(|part| of.quarantine(Who::Inspector, &part)));
            }
        }
    }
    sent.extend(of.at_hand());
    of.come_home();
    let own = |statement: &&Statement| statement.body.core.kind() != "log.batch";
    let mut all: Vec<_> = of
        .log
        .entries()
        .iter()
        .filter(own)
        .skip(2)
        .cloned()
        .collect();
    // The journals once more: what is known keeps its place.
    all.extend(sent);
    let marks = (1..=4).map(|unit| of.mark(&licence, unit)).collect();
    (of, all, marks)
}

fn serve(of: &mut Consortium, what: usize, part: &SubjectId) {
    let _ = match what {
        0 => of.treat(Who::Production, part),
        1 => of.test(Who::Inspector, part, 399),
        2 => of
            .fault(Who::Inspector, part)
            .and_then(|fault| of.dispose(Who::Designer, part, fault.id, Disposition::UseAsIs)),
        3 => of
            .fault(Who::Designer, part)
            .and_then(|fault| of.dispose(Who::Signatory, part, fault.id, Disposition::Rework)),
        4 => of.report_use(Who::Custodian, part, 10, 2),
        5 => of
            .give(Who::Custodian, part, of.org(Who::Mechanic))
            .and_then(|given| of.take(Who::Mechanic, part, given.id)),
        6 => of.repair(Who::Mechanic, part, false),
        7 => {
            let (label, new) = (of.new_mark(), of.new_mark());
            let labelled = of.label(Who::Custodian, part, label);
            labelled.and_then(|_| of.mark_again(Who::Custodian, part, label, new))
        }
        8 => of.enter(Who::Custodian, part),
        9 => {
            let hours = of.now.unsigned_abs() / 3600;
            let reading = of.use_asset(Who::Mechanic, hours, 3);
            let used = of.report_use(Who::Mechanic, part, 400, 2);
            let _ = used.and_then(|used| of.err(Who::Mechanic, part, used.id));
            reading
        }
        10 => {
            let declared = of.after(part).unwrap();
            of.agree(Who::Designer, part, declared)
        }
        11 => of.suspect(Who::Designer, part),
        12 => of.enrol_piece(Who::Custodian, part).and_then(|enrolment| {
            of.compare_piece(Who::Mechanic, part, enrolment.id, Match::Matched)?;
            of.compare_piece(Who::Inspector, part, enrolment.id, Match::Differs)
        }),
        13 => of.retire(Who::Production, &Who::Machine.machine()),
        _ => of.decommission(Who::Custodian, part),
    };
}

fn powder(of: &mut Consortium, what: usize, build: Option<&SubjectId>) {
    let lot = of.lot.clone();
    match (what, build) {
        (0 | 1, _) => {
            if let Ok(blend) = of.blend(Who::Production, &[(&lot, 2_000_000)]) {
                of.lot = blend;
            }
        }
        (2, Some(build)) => drop(of.use_up(Who::Operator, build, &lot, 500_000)),
        _ => drop(of.scrap(Who::Production, &lot, 3_000_000)),
    }
}

/// The founder proposes, and whoever may be a governor by then is in favour.
fn decide(of: &mut Consortium, what: usize) {
    let organisation = of.org(Who::AuthorityAdmin);
    let policy = of.log.world().founding().unwrap().clone();
    let change = match what {
        0 => Change::Functions(NewFunctions {
            organisation,
            functions: [Function::Authority, Function::Governor].into(),
        }),
        1 => Change::Policy(Box::new(Policy {
            delay_s: 3600,
            ..policy
        })),
        2 => Change::Functions(NewFunctions {
            organisation: of.org(Who::MroAdmin),
            functions: [Function::Shop].into(),
        }),
        _ => Change::Expel(Expulsion {
            organisation: of.org(Who::MroAdmin),
        }),
    };
    let (id, core) = of.proposal(change);
    if let Ok(proposed) = of.say(Who::Governor, &id, core) {
        let _ = of.vote(Who::AuthorityAdmin, &proposed, true);
    }
}

async fn agree(seed: u64, happenings: Vec<Happening>) {
    let (of, statements, marks) = play(seed, &happenings);
    let store = PgStore::open(&new_database().await).await.unwrap();
    let (checkpoint, log) = of.log.signers();
    let keys = LogKeys::from_signers(of.origin(), checkpoint, log, [7; 32]);
    let now = of.now;
    let (ledger, task) = Sequencer::start(
        store.clone(),
        keys,
        &of.genesis,
        "test",
        Arc::new(move || now),
    )
    .await
    .unwrap();
    let running = tokio::spawn(task.run());
    for (at, statement) in statements.iter().enumerate() {
        // Kept in the midst of it, so that what changes it later must be seen.
        if at % 4 == 0 {
            let parts = store.parts_said_last(0, u64::MAX >> 1).await.unwrap();
            let parts: Vec<_> = parts.into_iter().collect();
            standing::refresh(&store, &parts).await.unwrap();
        }
        let outcome = ledger.submit(statement.clone()).await;
        assert!(
            !matches!(outcome, None | Some(Outcome::Unavailable)),
            "{outcome:?}"
        );
        for mark in &marks {
            // Kept from one statement to the next, and never older than what is committed.
            let kept = store.part(*mark).await.unwrap();
            let kept = &kept.world;
            let states = world_of(&store, *mark).await.states;
            let differs = kept
                .states
                .iter()
                .find(|(id, state)| states.get(*id) != Some(*state));
            assert_eq!(
                differs, None,
                "what is kept of {mark} is not what is stored"
            );
            let missing = states.keys().find(|id| !kept.states.contains_key(*id));
            assert_eq!(missing, None, "{mark}");
        }
    }
    let report = audit::audit(&store, &InMemory::new(), of.trust(), |_, _| {})
        .await
        .unwrap();
    assert_eq!(report.discrepancies, vec![]);
    let replica = replica_of(&store, &of).await;
    let as_of = replica.as_of();
    for mark in marks {
        let part = store.part(mark).await.unwrap();
        let bytes = bundle::of_part(&ledger, &store, &no_witnesses(), mark)
            .await
            .unwrap();
        let carried = PartBundle::parse(&bytes.to_bytes()).unwrap();
        let carried = carried.verify(&of.trust()).unwrap();
        for viewer in viewers(&of) {
            let knowledge = Knowledge {
                logged_until: as_of,
                is_whole_log: true,
                witnessing: Witnessing::Unasked,
            };
            let online = part.record.answer(now, &viewer, knowledge);
            let offline = answer(replica.world(), mark, now, &viewer, knowledge);
            assert_eq!(online, offline, "service and replica differ");
            let carried = carried.answer(now, &viewer, Witnessing::Unasked);
            assert_eq!(carried, offline, "the part's bundle and the replica differ");
        }
    }
    the_walk_down_finds_what_the_walk_up_does(&store, &replica).await;
    running.abort();
}

/// Of every subject, and of every subject together with the lot.
async fn the_walk_down_finds_what_the_walk_up_does(store: &PgStore, replica: &Replica) {
    let world = replica.world();
    let lot: SubjectId = text("lot:l1");
    for id in world.states.keys() {
        for anchors in [[id.clone()].into(), [id.clone(), lot.clone()].into()] {
            let scope = Scope {
                anchors,
                from: None,
                until: None,
                effect: None,
            };
            let below = store.parts_below(&scope.anchors, "", 100).await.unwrap();
            let listed = Impact::of(world, scope.clone(), replica.size()).parts;
            let listed: BTreeSet<_> = listed.into_iter().map(|reached| reached.part).collect();
            // What was in an assembly once leads to it still.
            assert!(listed.is_subset(&below), "{:?}", scope.anchors);
            let among: Vec<_> = below.iter().collect();
            let asked = Impact::among(world, scope.clone(), replica.size(), &among).parts;
            assert_eq!(asked.len(), listed.len(), "{:?}", scope.anchors);
            let among: Vec<_> = below.iter().cloned().collect();
            let kept = standing::reached(store, &scope, &among).await.unwrap();
            assert_eq!(kept, asked, "{:?}", scope.anchors);
            let has_assemblies = world.states.keys().any(|id| id.kind() == "contents");
            assert!(has_assemblies || below == listed, "{:?}", scope.anchors);
        }
    }
}

fn viewers(of: &Consortium) -> [Viewer; 3] {
    let member = |who| Viewer::Member {
        org: of.org(who),
        asset_type: None,
    };
    [
        Viewer::Public,
        member(Who::Mechanic),
        member(Who::Custodian),
    ]
}

async fn replica_of(store: &PgStore, of: &Consortium) -> Replica {
    let mut replica = Replica::new(of.trust());
    while let Some(head) = store.checkpoint_within(replica.size(), 64).await.unwrap() {
        let from = replica.size();
        let entries = store
            .entries(from, (head.size - from) as usize)
            .await
            .unwrap();
        replica
            .extend(&Page {
                from,
                entries,
                checkpoint: head.note,
            })
            .unwrap();
    }
    replica
}

/// What a mark's answer rests on, read afresh.
async fn world_of(store: &PgStore, mark: Mark) -> World {
    let subject = mark_subject(&mark);
    let seeds = [subject.clone(), policy_subject()].into();
    let mut world = store.world(&seeds).await.unwrap();
    if let Some(Data::Mark { parts, .. }) = world.get(&subject) {
        let parts: Vec<_> = parts.iter().cloned().collect();
        world
            .states
            .extend(store.versioned(&parts).await.unwrap().world.states);
    }
    world
}

#[test]
fn service_offline_answer_and_audit_agree_on_random_histories() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let cases = std::env::var("PROPTEST_CASES")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(12);
    let mut runner = TestRunner::new(Config {
        cases,
        max_shrink_iters: 40,
        ..Config::default()
    });
    let histories = (any::<u64>(), prop::collection::vec(happening(), 1..25));
    runner
        .run(&histories, |(seed, happenings)| {
            runtime.block_on(agree(seed, happenings));
            Ok(())
        })
        .unwrap();
}
