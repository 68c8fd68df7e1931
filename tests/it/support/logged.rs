//! A fixture's log, as the real writer logs it into a database of its own.

use super::new_database;
use std::sync::Arc;
use threadmark::ledger::keys::LogKeys;
use threadmark::ledger::sequencer::Sequencer;
use threadmark::ledger::{Ledger, Outcome};
use threadmark::store::PgStore;
use threadmark_protocol::fixture::Consortium;

/// Submits what people signed, one after the other.
pub async fn logged(of: &Consortium) -> (Ledger, PgStore) {
    let store = PgStore::open(&new_database().await).await.unwrap();
    let (checkpoint, log) = of.log.signers();
    let keys = LogKeys::from_signers(of.origin(), checkpoint, log, [7; 32]);
    let now = of.now;
    let clock = Arc::new(move || now);
    let started = Sequencer::start(store.clone(), keys, &of.genesis, "test", clock);
    let (ledger, task) = started.await.unwrap();
    tokio::spawn(task.run());
    for statement in of.log.entries().iter().skip(2) {
        if statement.body.core.kind() != "log.batch" {
            let outcome = ledger.submit(statement.clone()).await;
            assert!(
                matches!(outcome, Some(Outcome::Logged { .. })),
                "{outcome:?}"
            );
        }
    }
    (ledger, store)
}
