//! The pages in a real browser: phone and desktop, with and without JavaScript.

use crate::support::{around, new_database};
use std::process::Command;
use std::sync::Arc;
use threadmark::http::quota::{Limits, Quotas};
use threadmark::http::{self, App};
use threadmark::ledger::keys::LogKeys;
use threadmark::ledger::sequencer::Sequencer;
use threadmark::store::PgStore;
use threadmark_protocol::body::governance::PartClass;
use threadmark_protocol::fixture::Consortium;

#[tokio::test(flavor = "multi_thread")]
async fn the_page_behind_a_mark_in_a_browser() {
    let (mut of, licence) = Consortium::licensed(5, PartClass::C, 3);
    of.make(&licence, 1);
    let mark = of.mark(&licence, 1);
    let store = PgStore::open(&new_database().await).await.unwrap();
    let (checkpoint, log) = of.log.signers();
    let keys = LogKeys::from_signers(of.origin(), checkpoint, log, [7; 32]);
    let now = of.now;
    let clock: threadmark::ledger::Clock = Arc::new(move || now);
    let (ledger, task) = Sequencer::start(store.clone(), keys, &of.genesis, "test", clock.clone())
        .await
        .unwrap();
    let writer = tokio::spawn(task.run());
    for statement in of.log.entries().iter().skip(2) {
        if statement.body.core.kind() != "log.batch" {
            ledger.submit(statement.clone()).await.unwrap();
        }
    }
    let folder = Arc::new(object_store::memory::InMemory::new());
    let quotas = Quotas::new(Limits::default(), std::time::Duration::default);
    let around = around(quotas);
    let app = App::new(ledger, store, folder, clock, of.genesis.to_bytes(), around);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = tokio::spawn(async move { axum::serve(listener, http::router(app)).await });
    let output = tokio::task::spawn_blocking(move || {
        Command::new("node")
            .arg(concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/tests/browser/run.mjs"
            ))
            .args([url, mark.to_string()])
            .output()
            .expect("node runs; see scripts/setup test")
    })
    .await
    .unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}\n{errors}");
    assert!(told.contains(" passed, 0 failed"), "{told}");
    server.abort();
    writer.abort();
}
