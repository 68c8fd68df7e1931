//! The table of faults: each call of the sequencer × {fails and is not done, fails but is done} × {once, from here on},
//! after each of which the whole log replays and every receipt that was given still verifies. While a fault lasts, whoever asks is
//! told by name that nothing was promised. The publisher's half stands in `ledger_tiles`, the lease's in `ledger_nodes`, that of what
//! witnesses say in `service_witnesses`.

use crate::memory::{Call, Fault, Memory};
use std::sync::Arc;
use threadmark::ledger::keys::LogKeys;
use threadmark::ledger::sequencer::Sequencer;
use threadmark::ledger::{Ledger, LedgerError, Outcome};
use threadmark_protocol::bundle::Replica;
use threadmark_protocol::code::Code;
use threadmark_protocol::fixture::Consortium;
use threadmark_protocol::receipt::Receipt;
use threadmark_protocol::statement::Statement;
use tokio::task::JoinHandle;

pub struct Running {
    pub ledger: Ledger,
    pub task: JoinHandle<()>,
}

pub async fn start(memory: &Memory, consortium: &Consortium) -> Running {
    try_start(memory, consortium).await.unwrap()
}

async fn try_start(memory: &Memory, consortium: &Consortium) -> Result<Running, LedgerError> {
    let (checkpoint, log) = consortium.log.signers();
    let keys = LogKeys::from_signers(consortium.origin(), checkpoint, log, [7; 32]);
    let now = consortium.now;
    let clock = Arc::new(move || now);
    let (ledger, task) =
        Sequencer::start(memory.clone(), keys, &consortium.genesis, "test", clock).await?;
    let task = tokio::spawn(async move {
        task.run().await.unwrap();
    });
    Ok(Running { ledger, task })
}

/// Everything that a consortium says while it is founded and one part is made, without the log's own entries.
pub fn statements() -> (Consortium, Vec<Statement>) {
    let class = threadmark_protocol::body::governance::PartClass::C;
    let (mut consortium, licence) = Consortium::licensed(11, class, 3);
    consortium.make(&licence, 1);
    let own = |statement: &&Statement| statement.body.core.kind() != "log.batch";
    let all = consortium
        .log
        .entries()
        .iter()
        .filter(own)
        .skip(2)
        .cloned()
        .collect();
    (consortium, all)
}

/// Sends everything until all of it is logged; every receipt must verify.
pub async fn log_all(running: &Running, consortium: &Consortium, statements: &[Statement]) {
    for statement in statements {
        for _ in 0..20 {
            match running.ledger.submit(statement.clone()).await {
                Some(Outcome::Logged { receipt, place, .. }) => {
                    let trust = consortium.trust();
                    let entry = &statement.submission.envelope;
                    let verified = Receipt::parse(&receipt)
                        .unwrap()
                        .verify(entry, &trust.log_key);
                    assert_eq!(verified.unwrap().index, place.index);
                    break;
                }
                Some(Outcome::Unavailable | Outcome::NoRoom) | None => {}
                Some(Outcome::Refused(refusal)) => panic!("{refusal}: {statement:?}"),
            }
        }
    }
}

/// A stranger replays everything that was committed.
pub fn check_all(memory: &Memory, consortium: &Consortium, statements: &[Statement]) {
    let mut replica = Replica::new(consortium.trust());
    for page in memory.pages() {
        replica.extend(&page).unwrap();
    }
    for statement in statements {
        assert!(
            replica.index_of(&statement.id).is_some(),
            "{:?} is lost",
            statement.id
        );
    }
    assert_eq!(replica.world().states, memory.world_now().states);
}

/// What the writer asks of storage for a batch and for the settling of a doubt, and how each can fail. A read has no second way.
const TABLE: [(Call, &[Fault]); 8] = [
    (Call::World, &[Fault::NotDone]),
    (Call::Newest, &[Fault::NotDone]),
    (Call::Places, &[Fault::NotDone]),
    (Call::Used, &[Fault::NotDone]),
    (Call::HoldsLease, &[Fault::NotDone]),
    (
        Call::Commit,
        &[
            Fault::NotDone,
            Fault::NoRoom,
            Fault::DoneAndLost,
            Fault::DoneLate,
        ],
    ),
    (Call::RaiseFence, &[Fault::NotDone, Fault::DoneAndLost]),
    (Call::Head, &[Fault::NotDone]),
];

/// How long a fault lasts.
#[derive(Clone, Copy, Debug)]
enum Lasts {
    Once,
    FromHereOn,
}

#[tokio::test]
async fn every_fault_leaves_a_log_that_replays_and_receipts_that_verify() {
    let (consortium, statements) = statements();
    for (call, faults) in TABLE {
        for fault in faults {
            for lasts in [Lasts::Once, Lasts::FromHereOn] {
                for at in [0, statements.len() / 2, statements.len() - 1] {
                    println!("{call:?} {fault:?} {lasts:?} at {at}");
                    suffer(&consortium, &statements, (call, *fault, lasts), at).await;
                }
            }
        }
    }
}

async fn suffer(
    consortium: &Consortium,
    statements: &[Statement],
    (call, fault, lasts): (Call, Fault, Lasts),
    at: usize,
) {
    let memory = Memory::default();
    let running = start(&memory, consortium).await;
    log_all(&running, consortium, &statements[..at]).await;
    let times = match lasts {
        Lasts::Once => 1,
        Lasts::FromHereOn => u32::MAX,
    };
    if [Call::RaiseFence, Call::Head].contains(&call) {
        // Asked for when the answer of a commit is lost.
        memory.inject(Call::Commit, Fault::DoneAndLost, 1);
    }
    memory.inject(call, fault, times);
    // One that stands there already, one that is refused, one that is new: together they make every call.
    let old = statements[..at].first().into_iter();
    let premature = statements.last().into_iter();
    for statement in old.chain(premature).chain([&statements[at]]) {
        let outcome = running.ledger.submit(statement.clone()).await;
        let outcome = outcome.expect("the writer goes on");
        if let (Call::Commit, Outcome::Logged { place, .. }) = (call, &outcome) {
            let was_known = place.index < 2 + 2 * at as u64;
            let is_honest =
                was_known || matches!(lasts, Lasts::Once) || fault == Fault::DoneAndLost;
            assert!(is_honest, "logged, and nothing can be committed");
        }
        if fault == Fault::NoRoom {
            assert!(
                !matches!(outcome, Outcome::Unavailable),
                "it is known what is the case"
            );
        }
    }
    memory.heal(call);
    log_all(&running, consortium, statements).await;
    check_all(&memory, consortium, statements);
    running.task.abort();
}

/// What a start asks of storage.
#[tokio::test]
async fn a_start_refuses_by_name_or_goes_well() {
    let (consortium, statements) = statements();
    let memory = Memory::default();
    let running = start(&memory, &consortium).await;
    log_all(&running, &consortium, &statements[..5]).await;
    running.task.abort();
    let writes = [Fault::NotDone, Fault::DoneAndLost].map(|fault| (Call::TakeLease, fault));
    let reads = [Call::Head, Call::Leaves, Call::Tallies, Call::Entries];
    let reads = reads.map(|call| (call, Fault::NotDone));
    for (call, fault) in writes.into_iter().chain(reads) {
        for times in [1, 2, 3] {
            memory.inject(call, fault, times);
            let refused = try_start(&memory, &consortium).await.err();
            let by_name = |error: &LedgerError| matches!(error, LedgerError::Storage(_));
            assert!(refused.as_ref().is_none_or(by_name), "{refused:?}");
            memory.heal(call);
            let running = start(&memory, &consortium).await;
            log_all(&running, &consortium, &statements[..10]).await;
            check_all(&memory, &consortium, &statements[..10]);
            running.task.abort();
        }
    }
}

#[tokio::test]
async fn a_crash_between_any_two_statements_loses_nothing() {
    let (consortium, statements) = statements();
    let memory = Memory::default();
    for at in 0..statements.len() {
        // A new writer each time, and all of the past sent again: known statements keep their place.
        let running = start(&memory, &consortium).await;
        log_all(&running, &consortium, &statements[..=at]).await;
        running.task.abort();
    }
    check_all(&memory, &consortium, &statements);
    assert_eq!(
        memory.pages().last().map(|page| page.from),
        Some(3 + 2 * (statements.len() as u64 - 1))
    );
}

#[tokio::test]
async fn doubt_is_settled_though_answers_of_settling_are_lost_too() {
    let (consortium, statements) = statements();
    for fault in [Fault::NotDone, Fault::DoneAndLost] {
        let memory = Memory::default();
        let running = start(&memory, &consortium).await;
        memory.inject(Call::Commit, Fault::DoneLate, 1);
        memory.inject(Call::RaiseFence, fault, 2);
        log_all(&running, &consortium, &statements).await;
        check_all(&memory, &consortium, &statements);
    }
}

#[tokio::test]
async fn a_commit_that_outlives_its_process_does_not_stop_the_next_start() {
    let (consortium, statements) = statements();
    let memory = Memory::default();
    let running = start(&memory, &consortium).await;
    log_all(&running, &consortium, &statements[..2]).await;
    memory.inject(Call::Commit, Fault::Outlives, 1);
    let waiting = running.ledger.submit(statements[2].clone());
    let waited = tokio::time::timeout(std::time::Duration::from_millis(200), waiting).await;
    assert!(waited.is_err(), "it was answered before it was committed");
    running.task.abort();
    // The database works on it while the next process reads.
    let running = start(&memory, &consortium).await;
    log_all(&running, &consortium, &statements).await;
    check_all(&memory, &consortium, &statements);
}

#[tokio::test]
async fn what_cannot_be_stored_is_refused_alone() {
    let (consortium, statements) = statements();
    let memory = Memory::default();
    let running = start(&memory, &consortium).await;
    let bad = statements
        .iter()
        .find(|of| of.body.core.kind() == "material.received")
        .unwrap();
    memory.inject(Call::Commit, Fault::BadData(bad.id), 1);
    // All at once, so that they share batches.
    let sent: Vec<_> = statements[..20]
        .iter()
        .chain([bad])
        .map(|statement| {
            let (ledger, statement) = (running.ledger.clone(), statement.clone());
            tokio::spawn(async move { (statement.id, ledger.submit(statement).await) })
        })
        .collect();
    for task in sent {
        let (id, outcome) = task.await.unwrap();
        match outcome.unwrap() {
            Outcome::Refused(refusal) if id == bad.id => {
                // It may come before its predecessor; then it waits. What was tried is refused by name.
                assert!(
                    [Code::Unstorable, Code::WaitsFor].contains(&refusal.code()),
                    "{refusal}"
                );
            }
            Outcome::Refused(refusal) => assert_ne!(refusal.code(), Code::Unstorable),
            Outcome::Logged { .. } => assert_ne!(id, bad.id),
            Outcome::Unavailable | Outcome::NoRoom => panic!("storage is there"),
        }
    }
    log_all(&running, &consortium, &statements[..10]).await;
    check_all(&memory, &consortium, &statements[..10]);
}

/// While a batch is committed the next one is drafted on top of it. When it fails, that draft is worth nothing.
#[tokio::test]
async fn what_was_drafted_on_a_batch_that_did_not_happen_is_drafted_again() {
    let (consortium, statements) = statements();
    let commits = [
        Fault::NotDone,
        Fault::NoRoom,
        Fault::DoneAndLost,
        Fault::DoneLate,
    ];
    let commits = commits.map(|fault| (Call::Commit, fault));
    for (call, fault) in commits.into_iter().chain([(Call::World, Fault::NotDone)]) {
        let memory = Memory::default();
        let running = start(&memory, &consortium).await;
        memory.slow_down();
        let sent: Vec<_> = statements
            .iter()
            .map(|statement| tokio::spawn(insist(running.ledger.clone(), statement.clone())))
            .collect();
        for _ in 0..10 {
            tokio::time::sleep(std::time::Duration::from_millis(4)).await;
            memory.inject(call, fault, 1);
        }
        memory.heal(call);
        for task in sent {
            task.await.unwrap();
        }
        check_all(&memory, &consortium, &statements);
        let batches = memory.pages().len();
        assert!(batches < statements.len(), "nothing was drafted together");
    }
}

/// Sends it again until it stands in the log: it may come before what it rests on.
async fn insist(ledger: Ledger, statement: Statement) {
    for _ in 0..2_000 {
        if let Some(Outcome::Logged { .. }) = ledger.submit(statement.clone()).await {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    }
    panic!("{:?} is not logged", statement.id);
}

#[tokio::test]
async fn an_older_writer_stops() {
    let (consortium, statements) = statements();
    let memory = Memory::default();
    let old = start(&memory, &consortium).await;
    log_all(&old, &consortium, &statements[..3]).await;
    let new = start(&memory, &consortium).await;
    // It would be refused, and nothing is committed that would tell the writer that it is none any more.
    let premature = statements.last().unwrap().clone();
    let outcome = new.ledger.submit(premature.clone()).await;
    assert!(matches!(outcome, Some(Outcome::Refused(_))), "{outcome:?}");
    let outcome = old.ledger.submit(premature).await;
    assert!(
        matches!(outcome, None | Some(Outcome::Unavailable)),
        "{outcome:?}"
    );
    let outcome = old.ledger.submit(statements[3].clone()).await;
    assert!(
        matches!(outcome, None | Some(Outcome::Unavailable)),
        "{outcome:?}"
    );
    log_all(&new, &consortium, &statements).await;
    check_all(&memory, &consortium, &statements);
    assert!(
        old.task.await.is_err(),
        "the older writer must stop, loudly"
    );
}
