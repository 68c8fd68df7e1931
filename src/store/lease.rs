//! The lease: who writes. All times are the database's own.

use super::sort_out;
use crate::ledger::lease::{Claim, LEASE, Lease};
use crate::ledger::storage::StorageError;
use sqlx::{PgPool, PgTransaction};
use std::time::Duration;

/// Raises the fence for who claims: from now on no older writer can commit. Waits for a commit that is under way. `None` when
/// another node has the lease. One that is good for longer than any lease was written before the database's clock went back: it
/// counts for nothing, or nobody could write until that hour comes again.
pub async fn take(pool: &PgPool, claim: &Claim) -> Result<Option<i64>, StorageError> {
    sqlx::query_scalar!(
        "insert into lease (holder, address, fence, expires_at)
         values ($1, $2, 1, clock_timestamp() + make_interval(secs => $3))
         on conflict (only_row) do update
         set holder = excluded.holder, address = excluded.address, fence = lease.fence + 1,
             expires_at = clock_timestamp() + make_interval(secs => $3)
         where $2 is null or lease.holder = excluded.holder
            or lease.expires_at <= clock_timestamp()
            or lease.expires_at > clock_timestamp() + make_interval(secs => $3)
         returning fence",
        claim.holder,
        claim.address,
        LEASE.as_secs_f64()
    )
    .fetch_optional(pool)
    .await
    .map_err(sort_out)
}

/// Raises a writer's own fence. Waits for a commit that is under way, which holds the row, and leaves none that comes later.
pub async fn raise_fence(
    pool: &PgPool,
    holder: &str,
    fence: i64,
) -> Result<Option<i64>, StorageError> {
    sqlx::query_scalar!(
        "update lease set fence = fence + 1, expires_at = clock_timestamp() + make_interval(secs => $3)
         where holder = $1 and fence >= $2 returning fence",
        holder,
        fence,
        LEASE.as_secs_f64()
    )
    .fetch_optional(pool)
    .await
    .map_err(sort_out)
}

/// Who has the lease; `None` when nobody ever had it.
pub async fn current(pool: &PgPool) -> Result<Option<Lease>, StorageError> {
    let row = sqlx::query!(
        r#"select holder, address, fence,
                  case when expires_at > clock_timestamp()
                        and expires_at <= clock_timestamp() + make_interval(secs => $1)
                       then extract(epoch from expires_at - clock_timestamp())::float8
                       else 0 end as "left_s!"
           from lease"#,
        LEASE.as_secs_f64()
    )
    .fetch_optional(pool)
    .await
    .map_err(sort_out)?;
    Ok(row.map(|row| Lease {
        holder: row.holder,
        address: row.address,
        fence: row.fence,
        // The clock may go on between the two readings.
        left: Duration::from_secs_f64(row.left_s.max(0.0)),
    }))
}

/// Gives the lease a whole length again; `false` when the fence is not the newest.
pub async fn renew(pool: &PgPool, fence: i64) -> Result<bool, StorageError> {
    let done = sqlx::query!(
        "update lease set expires_at = clock_timestamp() + make_interval(secs => $2) where fence = $1",
        fence,
        LEASE.as_secs_f64()
    )
    .execute(pool)
    .await
    .map_err(sort_out)?;
    Ok(done.rows_affected() == 1)
}

/// Whether the fence is the newest.
pub async fn holds(pool: &PgPool, fence: i64) -> Result<bool, StorageError> {
    let holds = sqlx::query_scalar!(
        r#"select exists (select from lease where fence = $1) as "holds!""#,
        fence
    );
    holds.fetch_one(pool).await.map_err(sort_out)
}

/// Lets the lease run out now, if the fence is the newest. It waits for a commit that is under way.
pub async fn release(pool: &PgPool, fence: i64) -> Result<(), StorageError> {
    sqlx::query!(
        "update lease set expires_at = '-infinity' where fence = $1",
        fence
    )
    .execute(pool)
    .await
    .map_err(sort_out)?;
    Ok(())
}

/// Locks the lease row until the end of the transaction, so that no other writer can take it in between.
pub(super) async fn hold(
    transaction: &mut PgTransaction<'_>,
    fence: i64,
) -> Result<(), StorageError> {
    let held = sqlx::query_scalar!("select fence from lease for update")
        .fetch_optional(&mut **transaction)
        .await
        .map_err(sort_out)?;
    if held == Some(fence) {
        return Ok(());
    }
    Err(StorageError::Conflict(
        "another process writes this log now".into(),
    ))
}

/// Ends the time of a fence with the transaction, and the lease with it. Whoever keeps what was read under that fence reads again.
pub(super) async fn end(
    transaction: &mut PgTransaction<'_>,
    fence: i64,
) -> Result<(), StorageError> {
    sqlx::query!(
        "update lease set fence = fence + 1, expires_at = '-infinity' where fence = $1",
        fence
    )
    .execute(&mut **transaction)
    .await
    .map_err(sort_out)?;
    Ok(())
}
