//! Several processes of one log over one storage: one writes, the others read what it commits, and the lease moves when its time is up.

use crate::ledger_faults::{Running, check_all, log_all, statements};
use crate::memory::{Call, Fault, Memory};
use std::sync::Arc;
use std::time::Duration;
use threadmark::ledger::keys::LogKeys;
use threadmark::ledger::lease::{Claim, Role};
use threadmark::ledger::sequencer::Sequencer;
use threadmark::ledger::storage::Storage as _;
use threadmark::ledger::{Ledger, Outcome};
use threadmark_protocol::fixture::Consortium;

async fn join(memory: &Memory, of: &Consortium, name: &str, now: i64) -> Running {
    let (checkpoint, log) = of.log.signers();
    let keys = LogKeys::from_signers(of.origin(), checkpoint, log, [7; 32]);
    let claim = Claim {
        holder: name.to_owned(),
        address: Some(format!("http://{name}")),
    };
    let clock = Arc::new(move || now);
    let joined = Sequencer::join(memory.clone(), keys, &of.genesis, claim, clock).await;
    let (ledger, node) = joined.unwrap();
    let task = tokio::spawn(async move { node.run().await.unwrap() });
    Running { ledger, task }
}

async fn until(ledger: &Ledger, wanted: impl FnMut(&Role) -> bool) {
    let mut roles = ledger.roles();
    let waited = tokio::time::timeout(Duration::from_secs(60), roles.wait_for(wanted)).await;
    drop(waited.expect("the role never comes").unwrap());
}

/// The writer beats once a second, and the other looks ten times: one of those looks comes before the next beat.
async fn moves_to(memory: &Memory, ledger: &Ledger) {
    while !ledger.role().is_writer() {
        memory.let_lease_run_out();
        tokio::time::sleep(Duration::from_millis(150)).await;
    }
}

fn reads_of(name: &str) -> impl FnMut(&Role) -> bool {
    let writer = Some(format!("http://{name}"));
    move |role| {
        *role
            == Role::Reader {
                writer: writer.clone(),
            }
    }
}

#[tokio::test]
async fn the_lease_moves_and_history_goes_on() {
    let (of, statements) = statements();
    let memory = Memory::default();
    let one = join(&memory, &of, "one", of.now).await;
    until(&one.ledger, Role::is_writer).await;
    // Its clock is an hour behind: log time never falls.
    let two = join(&memory, &of, "two", of.now - 3600).await;
    until(&two.ledger, reads_of("one")).await;
    let third = statements.len() / 3;
    log_all(&one, &of, &statements[..third]).await;
    let size = one.ledger.published(|log| log.tree.size());
    assert!(two.ledger.reaches(size).await);
    let published = |of: &Ledger| of.published(|log| (log.head.clone(), log.statements.root()));
    assert_eq!(published(&one.ledger), published(&two.ledger));
    let outcome = two.ledger.submit(statements[third].clone()).await;
    assert!(matches!(outcome, Some(Outcome::Unavailable)), "{outcome:?}");
    moves_to(&memory, &two.ledger).await;
    until(&one.ledger, reads_of("two")).await;
    log_all(&two, &of, &statements[..2 * third]).await;
    moves_to(&memory, &one.ledger).await;
    log_all(&one, &of, &statements).await;
    check_all(&memory, &of, &statements);
}

#[tokio::test]
async fn a_reader_reads_on_whatever_fails() {
    let (of, statements) = statements();
    for call in [
        Call::Head,
        Call::Leaves,
        Call::Tallies,
        Call::Entries,
        Call::Lease,
    ] {
        let memory = Memory::default();
        let one = join(&memory, &of, "one", of.now).await;
        until(&one.ledger, Role::is_writer).await;
        let two = join(&memory, &of, "two", of.now).await;
        until(&two.ledger, reads_of("one")).await;
        memory.inject(call, Fault::NotDone, 3);
        log_all(&one, &of, &statements[..5]).await;
        let size = one.ledger.published(|log| log.tree.size());
        assert!(two.ledger.reaches(size).await, "{call:?}");
        one.task.abort();
        two.task.abort();
    }
}

#[tokio::test]
async fn a_take_over_goes_on_whatever_fails() {
    let (of, statements) = statements();
    let writes = [Fault::NotDone, Fault::DoneAndLost];
    let reads = [
        Call::Head,
        Call::Leaves,
        Call::Tallies,
        Call::Entries,
        Call::Lease,
    ];
    let reads = reads.map(|call| (call, Fault::NotDone));
    for (call, fault) in writes
        .map(|fault| (Call::TakeLease, fault))
        .into_iter()
        .chain(reads)
    {
        let memory = Memory::default();
        let one = join(&memory, &of, "one", of.now).await;
        until(&one.ledger, Role::is_writer).await;
        let two = join(&memory, &of, "two", of.now).await;
        log_all(&one, &of, &statements[..5]).await;
        one.task.abort();
        memory.inject(call, fault, 2);
        memory.let_lease_run_out();
        until(&two.ledger, Role::is_writer).await;
        log_all(&two, &of, &statements[..10]).await;
        check_all(&memory, &of, &statements[..10]);
        two.task.abort();
    }
}

#[tokio::test]
async fn beats_that_fail_end_nothing_and_a_lost_release_only_waits() {
    let (of, statements) = statements();
    for fault in [Fault::NotDone, Fault::DoneAndLost] {
        let memory = Memory::default();
        memory.inject(Call::RenewLease, fault, 2);
        let one = join(&memory, &of, "one", of.now).await;
        until(&one.ledger, Role::is_writer).await;
        tokio::time::sleep(Duration::from_millis(1100)).await;
        log_all(&one, &of, &statements[..5]).await;
        assert!(one.ledger.role().is_writer());
        let fence = memory.lease().await.unwrap().unwrap().fence;
        memory.inject(Call::ReleaseLease, fault, 1);
        assert!(memory.release_lease(fence).await.is_err());
        one.task.abort();
        memory.let_lease_run_out();
        let two = join(&memory, &of, "two", of.now).await;
        until(&two.ledger, Role::is_writer).await;
        log_all(&two, &of, &statements[..10]).await;
        check_all(&memory, &of, &statements[..10]);
        two.task.abort();
    }
}

#[tokio::test]
async fn who_has_lost_the_word_refuses_nothing() {
    let (of, statements) = statements();
    let memory = Memory::default();
    let one = join(&memory, &of, "one", of.now).await;
    until(&one.ledger, Role::is_writer).await;
    // What nothing came before is refused, by who has the word.
    let late = statements.last().unwrap();
    let told = one.ledger.submit(late.clone()).await;
    assert!(matches!(told, Some(Outcome::Refused(_))), "{told:?}");
    // It does not hear that it has lost it, and its world is that of before.
    memory.inject(Call::RenewLease, Fault::NotDone, u32::MAX);
    let two = join(&memory, &of, "two", of.now).await;
    moves_to(&memory, &two.ledger).await;
    log_all(&two, &of, &statements[..statements.len() - 1]).await;
    let told = one.ledger.submit(late.clone()).await;
    assert!(matches!(told, Some(Outcome::Unavailable)), "{told:?}");
    until(&one.ledger, reads_of("two")).await;
    log_all(&two, &of, &statements).await;
    check_all(&memory, &of, &statements);
}
