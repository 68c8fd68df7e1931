//! Where parts are, as it is kept: what is true by the versions noted with it must be what the replay says.

use super::Discrepancy;
use crate::ledger::storage::StorageError;
use crate::store::PgStore;
use threadmark_protocol::life::Standing;
use threadmark_protocol::world::World;

/// Standings compared at a time.
const AT_ONCE: i64 = 1_000;

/// Compares every standing that would be believed now.
pub async fn compare(
    store: &PgStore,
    world: &World,
    found: &mut Vec<Discrepancy>,
) -> Result<(), StorageError> {
    let mut after = String::new();
    loop {
        let parts = store.parts_with_standings(&after, AT_ONCE).await?;
        let Some(last) = parts.last() else {
            return Ok(());
        };
        after = last.to_string();
        for (part, kept) in store.standings(&parts).await? {
            if Standing::of(world, &part) != Some(kept) {
                found.push(Discrepancy {
                    place: format!("standing {part}"),
                    what: "it is not what follows from the log; `threadmark rebuild` drops it"
                        .into(),
                });
            }
        }
    }
}
