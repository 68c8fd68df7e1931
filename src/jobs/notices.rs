//! Who is told of a recall, a withdrawal, a revocation, or that one is lifted.
//!
//! Owns what a notice says and whom it goes to: who has a part that is concerned, who was sent one, and whose one is. Behind the
//! writer, entry by entry: the notices of one are kept in one transaction with how far the log was looked at, so that a crash at any
//! point neither forgets nor doubles one. Must never decide what is reached (`life::Scope`), nor how it is sent (`hooks`).

use crate::ledger::storage::{Storage as _, StorageError};
use crate::ledger::{Clock, Ledger, standing};
use crate::store::PgStore;
use serde::Serialize;
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::time::Duration;
use threadmark_protocol::life::{Reached, Scope};
use threadmark_protocol::statement::Statement;
use threadmark_protocol::text::{OrgId, SubjectId};

/// Between two looks at the log.
const LOOK: Duration = Duration::from_secs(1);
/// Parts that one walk down finds.
const WALK: i64 = 200_000;
/// Parts that are read at a time.
const PAGE: usize = 5_000;
/// Parts that a notice names; all are counted, and `/v1/impact` lists them.
const NAMED_MAX: usize = 500;

/// What one organisation is told of one entry.
#[derive(Debug, Serialize)]
struct Notice<'a> {
    origin: &'a str,
    index: u64,
    statement: String,
    kind: &'a str,
    subject: &'a SubjectId,
    logged_at: i64,
    /// What its author says: the reason, or why it ends.
    core: serde_json::Value,
    /// How many parts are concerned of which the organisation has something.
    parts_total: usize,
    parts: Vec<Reached>,
}

/// Looks for ever. What fails is tried again at the next look.
pub async fn keep_noticing(ledger: &Ledger, store: &PgStore, clock: &Clock) -> Infallible {
    loop {
        if let Err(error) = notice(ledger, store, clock).await {
            tracing::warn!(%error, "notices of recalls; they are made at the next look");
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Makes the notices of everything that was logged since the last time.
async fn notice(ledger: &Ledger, store: &PgStore, clock: &Clock) -> Result<(), StorageError> {
    let mut from = store.noticed().await?;
    let size = ledger.published(|log| log.tree.size());
    while from < size {
        let found = store.next_that_holds(from).await?;
        let Some((index, logged_at)) = found.filter(|(index, _)| *index < size) else {
            return store
                .keep_notices(size, &BTreeMap::new(), size, clock())
                .await;
        };
        let bodies = of_entry(ledger, store, index, logged_at).await?;
        let told = bodies.len();
        store
            .keep_notices(index, &bodies, index + 1, clock())
            .await?;
        tracing::info!(index, organisations = told, "noticed");
        from = index + 1;
    }
    Ok(())
}

/// The notices of one entry.
async fn of_entry(
    ledger: &Ledger,
    store: &PgStore,
    index: u64,
    logged_at: i64,
) -> Result<BTreeMap<OrgId, String>, StorageError> {
    let wrong = |why: String| StorageError::Inconsistent(format!("entry {index}: {why}"));
    let mut entries = store.entries(index, 1).await?;
    let entry = entries.pop().ok_or_else(|| wrong("missing".to_owned()))?;
    let statement = Statement::open(entry, ledger.trust().origin())
        .map_err(|error| wrong(error.to_string()))?;
    let about = store.world(&[statement.body.sub.clone()].into()).await?;
    let Some(scope) = Scope::of_statement(&about, &statement) else {
        return Ok(BTreeMap::new());
    };
    let concerned = concerned(store, &scope).await?;
    let body = |(total, parts)| {
        let notice = Notice {
            origin: ledger.trust().origin().as_str(),
            index,
            statement: statement.id.to_string(),
            kind: statement.body.core.kind(),
            subject: &statement.body.sub,
            logged_at,
            core: serde_json::to_value(&statement.body.core).unwrap_or_default()["core"].take(),
            parts_total: total,
            parts,
        };
        serde_json::to_string(&notice).expect("text keys and no failing serializer")
    };
    Ok(concerned
        .into_iter()
        .map(|(org, told)| (org, body(told)))
        .collect())
}

/// How many of its parts are reached, by organisation, and the first of them.
async fn concerned(
    store: &PgStore,
    scope: &Scope,
) -> Result<BTreeMap<OrgId, (usize, Vec<Reached>)>, StorageError> {
    let mut concerned: BTreeMap<_, (usize, Vec<_>)> = BTreeMap::new();
    each_part(store, scope, |reached| {
        for org in reached.concerned() {
            let (total, parts) = concerned.entry(org.clone()).or_default();
            *total += 1;
            if parts.len() < NAMED_MAX {
                parts.push(reached.clone());
            }
        }
    })
    .await?;
    Ok(concerned)
}

/// Goes through all parts that a scope reaches, some thousands at a time.
async fn each_part(
    store: &PgStore,
    scope: &Scope,
    mut visit: impl FnMut(&Reached),
) -> Result<(), StorageError> {
    let mut after = String::new();
    loop {
        let below = store.parts_below(&scope.anchors, &after, WALK).await?;
        let Some(last) = below.last() else {
            return Ok(());
        };
        after = last.to_string();
        let below: Vec<_> = below.into_iter().collect();
        for some in below.chunks(PAGE) {
            let parts = reached(store, scope, some).await?;
            parts.iter().for_each(&mut visit);
        }
    }
}

/// Those of some parts that a scope reaches. One that cannot be read keeps nobody from hearing of the others.
async fn reached(
    store: &PgStore,
    scope: &Scope,
    some: &[SubjectId],
) -> Result<Vec<Reached>, StorageError> {
    match standing::reached(store, scope, some).await {
        Err(StorageError::Inconsistent(_)) if some.len() > 1 => {
            let mut found = Vec::new();
            for part in some {
                found.extend(Box::pin(reached(store, scope, std::slice::from_ref(part))).await?);
            }
            Ok(found)
        }
        Err(StorageError::Inconsistent(why)) => {
            tracing::error!(
                ?some,
                why,
                "a part that cannot be read is announced to nobody; run `threadmark audit`"
            );
            Ok(Vec::new())
        }
        read => read,
    }
}
