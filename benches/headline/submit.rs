//! Submitting: full lives by 256 clients, every signature verified, a receipt in every answer.
//!
//! The peer verifies the same signatures on all cores and inserts the same bytes into the same PostgreSQL in durable
//! batches of 256: no rules, no states, no tree, no receipts, no HTTP.

use crate::Figure;
use crate::ground::Ground;
use crate::lives::Life;
use crate::load::{Expect, Run, Script, drive};
use anyhow::{Result, ensure};
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::time::Instant;
use threadmark_protocol::key::{KeyId, PublicKey};
use threadmark_protocol::statement::Statement;

/// As many as keep two cores busy with a durable commit under way.
const CLIENTS: usize = 256;
const PEER_BATCH: usize = 256;
/// Lives of the idle measurement: one client, one statement at a time.
const IDLE_LIVES: usize = 6;
const LOGGED: Expect = Expect {
    status: "201",
    holds: "\"receipt\":\"d2",
};

/// Submits the lives, and measures.
pub fn figures(ground: &mut Ground, lives: &[Life], suffix: &str) -> Result<Vec<Figure>> {
    let idle_lives = ground.sign(IDLE_LIVES);
    let loaded = fill(ground, lives)?;
    let idle = drive(&ground.address, 1, &scripts(ground, &idle_lives), LOGGED)?;
    let (peer_rate, peer_ms) = peer(ground, lives)?;
    let figure = |name: &str, value, unit, against, peer| {
        let name = format!("{name}{suffix}");
        Figure {
            name,
            value,
            unit,
            against,
            peer,
        }
    };
    let same = "the same signatures verified and the same bytes inserted, in batches of 256";
    let one = "one durable insert of the same bytes";
    Ok(vec![
        figure(
            "submit_statements_per_second",
            loaded.rate(),
            "1/s",
            same,
            peer_rate,
        ),
        figure(
            "submit_latency_ms_p50_idle",
            idle.quantile_ms(0.5),
            "ms",
            one,
            peer_ms,
        ),
        figure(
            "submit_latency_ms_p99_loaded",
            loaded.quantile_ms(0.99),
            "ms",
            one,
            peer_ms,
        ),
    ])
}

/// Submits the lives.
pub fn fill(ground: &Ground, lives: &[Life]) -> Result<Run> {
    drive(&ground.address, CLIENTS, &scripts(ground, lives), LOGGED)
}

/// Submits statements, each list one after the other.
pub fn send(ground: &Ground, lists: &[Vec<Statement>]) -> Result<Run> {
    let lists = lists.iter().map(|list| requests(ground, list));
    drive(&ground.address, CLIENTS, &lists.collect::<Vec<_>>(), LOGGED)
}

fn scripts(ground: &Ground, lives: &[Life]) -> Vec<Script> {
    let lives = lives.iter();
    lives
        .map(|life| requests(ground, &life.statements))
        .collect()
}

fn requests(ground: &Ground, statements: &[Statement]) -> Script {
    let request = |statement: &Statement| {
        let body = statement.submission.to_bytes();
        let head = format!(
            "POST /v1/statements HTTP/1.1\r\nhost: {}\r\ncontent-type: application/cbor\r\ncontent-length: {}\r\n\r\n",
            ground.address,
            body.len()
        );
        [head.as_bytes(), &body].concat()
    };
    statements.iter().map(request).collect()
}

/// Statements a second of the peer, and milliseconds of one durable insert.
fn peer(ground: &Ground, lives: &[Life]) -> Result<(f64, f64)> {
    let keys: BTreeMap<KeyId, PublicKey> = ground
        .consortium
        .people
        .values()
        .map(|one| (one.signer.key_id(), one.signer.public()))
        .collect();
    let statements: Vec<&Statement> = lives.iter().flat_map(|life| &life.statements).collect();
    tokio::runtime::Runtime::new()?.block_on(async {
        let pool = sqlx::PgPool::connect(&ground.database()).await?;
        sqlx::raw_sql(
            "drop table if exists peer;
             create table peer (id bytea primary key, envelope bytea not null, body bytea not null)",
        )
        .execute(&pool)
        .await?;
        let begin = Instant::now();
        for batch in statements.chunks(PEER_BATCH) {
            let is_good = |of: &&Statement| of.envelope.is_signed_by(&keys[&of.envelope.kid]);
            ensure!(batch.par_iter().all(is_good), "a signature of the fixture is bad");
            insert(&pool, batch).await?;
        }
        let rate = statements.len() as f64 / begin.elapsed().as_secs_f64();
        sqlx::raw_sql("truncate peer").execute(&pool).await?;
        let mut singles = Vec::new();
        for one in statements.chunks(1).take(100) {
            let begin = Instant::now();
            insert(&pool, one).await?;
            singles.push(begin.elapsed());
        }
        singles.sort();
        sqlx::raw_sql("drop table peer").execute(&pool).await?;
        Ok((rate, singles[singles.len() / 2].as_secs_f64() * 1e3))
    })
}

async fn insert(pool: &sqlx::PgPool, batch: &[&Statement]) -> Result<()> {
    let column =
        |of: fn(&Statement) -> &[u8]| -> Vec<&[u8]> { batch.iter().map(|one| of(one)).collect() };
    sqlx::query("insert into peer select * from unnest($1::bytea[], $2::bytea[], $3::bytea[])")
        .bind(column(|one| &one.id.0))
        .bind(column(|one| &one.submission.envelope))
        .bind(column(|one| &one.submission.body))
        .execute(pool)
        .await?;
    Ok(())
}
