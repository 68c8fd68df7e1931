//! Random histories on PostgreSQL: service, offline answer, the bundle of each part and audit agree.

mod play;

use crate::support::{new_database, no_witnesses};
use object_store::memory::InMemory;
use play::{Happening, happening, play};
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
use threadmark_protocol::bundle::part::PartBundle;
use threadmark_protocol::bundle::{Page, Replica};
use threadmark_protocol::fixture::{Consortium, Who, text};
use threadmark_protocol::life::{Impact, Scope};
use threadmark_protocol::mark::Mark;
use threadmark_protocol::text::SubjectId;
use threadmark_protocol::world::{Data, World, mark_subject, policy_subject};

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
