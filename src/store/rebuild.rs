//! Writing every state anew, from a replay of the log. The log itself is not touched.

use super::commit::expect_rows;
use super::{PgStore, entry, lease, mention, sort_out, standing};
use crate::ledger::storage::StorageError;
use std::collections::BTreeMap;
use std::sync::Arc;
use threadmark_protocol::index::Mention;
use threadmark_protocol::text::SubjectId;
use threadmark_protocol::world::{STATE_FORM, State};

/// States written by one query.
const STATES_AT_ONCE: usize = 1000;

impl PgStore {
    /// Puts `states` and `mentions` in the place of all that are stored, in one transaction, and ends
    /// the lease with it.
    ///
    /// # Errors
    /// Storage fails, another writer has taken over since `fence`, or the log is not of `size` any more.
    pub async fn replace_states(
        &self,
        fence: i64,
        size: u64,
        states: &BTreeMap<SubjectId, Arc<State>>,
        mentions: &[Mention],
    ) -> Result<(), StorageError> {
        let mut transaction = self.pool.begin().await.map_err(sort_out)?;
        lease::hold(&mut transaction, fence).await?;
        let head = entry::head(&self.pool).await?;
        if head.map_or(0, |head| head.size) != size {
            return Err(StorageError::Conflict("the log has grown meanwhile".into()));
        }
        forget(&mut transaction).await?;
        let all: Vec<_> = states.iter().collect();
        for some in all.chunks(STATES_AT_ONCE) {
            insert_states(&mut transaction, some).await?;
            let edges = some.iter().flat_map(|(child, state)| {
                let up = state.parents().into_iter();
                up.map(|parent| (child.to_string(), parent.to_string()))
            });
            insert_edges(&mut transaction, edges).await?;
        }
        mention::replace(&mut transaction, mentions).await?;
        let done = sqlx::query!("update state_form set form = $1", STATE_FORM)
            .execute(&mut *transaction)
            .await
            .map_err(sort_out)?;
        expect_rows(done.rows_affected(), 1)?;
        // Versions begin anew, so what was read before may look as if it were still so.
        lease::end(&mut transaction, fence).await?;
        transaction.commit().await.map_err(sort_out)
    }
}

/// Everything that follows from the log. `truncate` would need nothing less, and waits for readers.
async fn forget(transaction: &mut sqlx::PgTransaction<'_>) -> Result<(), StorageError> {
    let parents = sqlx::query!("delete from parent");
    parents
        .execute(&mut **transaction)
        .await
        .map_err(sort_out)?;
    let states = sqlx::query!("delete from subject_state");
    states.execute(&mut **transaction).await.map_err(sort_out)?;
    standing::forget_all(transaction).await
}

async fn insert_states(
    transaction: &mut sqlx::PgTransaction<'_>,
    states: &[(&SubjectId, &Arc<State>)],
) -> Result<(), StorageError> {
    let ids: Vec<&str> = states.iter().map(|(id, _)| id.as_str()).collect();
    let kinds: Vec<&str> = states.iter().map(|(id, _)| id.kind()).collect();
    let json: Result<Vec<_>, _> = states
        .iter()
        .map(|(_, state)| serde_json::to_value(state.as_ref()))
        .collect();
    let json = json.map_err(|error| StorageError::Data(error.to_string()))?;
    let done = sqlx::query!(
        "insert into subject_state (id, kind, version, state)
         select id, kind, 1, state from unnest($1::text[], $2::text[], $3::json[])
             as new (id, kind, state)",
        &ids as &[&str],
        &kinds as &[&str],
        &json
    )
    .execute(&mut **transaction)
    .await
    .map_err(sort_out)?;
    expect_rows(done.rows_affected(), states.len())
}

async fn insert_edges(
    transaction: &mut sqlx::PgTransaction<'_>,
    edges: impl Iterator<Item = (String, String)>,
) -> Result<(), StorageError> {
    let (children, parents): (Vec<_>, Vec<_>) = edges.unzip();
    let done = sqlx::query!(
        "insert into parent (child, parent) select * from unnest($1::text[], $2::text[])",
        &children,
        &parents
    )
    .execute(&mut **transaction)
    .await
    .map_err(sort_out)?;
    expect_rows(done.rows_affected(), children.len())
}
