//! Where parts are by their record, kept: only as long as what it was made of is what the database holds.

use crate::support::logged::logged;
use threadmark::ledger::standing;
use threadmark::ledger::storage::Storage as _;
use threadmark_protocol::body::governance::PartClass;
use threadmark_protocol::fixture::Consortium;
use tokio::runtime::Runtime;

#[test]
fn what_was_read_under_another_fence_is_not_kept() {
    let (mut of, licence) = Consortium::licensed(93, PartClass::C, 1);
    let parts = [of.make(&licence, 1)];
    Runtime::new().unwrap().block_on(async {
        let (_ledger, store) = logged(&of).await;
        let versioned = store.versioned(&parts).await.unwrap();
        let made = || [standing::make(&versioned, &parts[0]).unwrap()];
        let fence = versioned.fence;
        // States made anew from the log are under another fence: their versions say nothing of these.
        let raised = store.raise_fence("test", fence).await.unwrap().unwrap();
        store.keep_standings(&made(), fence).await.unwrap();
        assert!(store.standings(&parts).await.unwrap().is_empty());
        store.keep_standings(&made(), raised).await.unwrap();
        assert!(
            store
                .standings(&parts)
                .await
                .unwrap()
                .contains_key(&parts[0])
        );
    });
}
