//! Auditing: the whole log replayed and every state compared, by the command, against verifying the same signatures bare.

use crate::Figure;
use crate::ground::Ground;
use anyhow::{Context, Result, ensure};
use std::collections::BTreeMap;
use std::process::Command;
use std::time::Instant;
use threadmark_protocol::key::{KeyId, PublicKey};
use threadmark_protocol::statement::Envelope;

/// The figure, for what the log holds now.
pub fn figures(ground: &Ground, suffix: &str) -> Result<Vec<Figure>> {
    let envelopes = envelopes(ground)?;
    let begin = Instant::now();
    let output = Command::new(env!("CARGO_BIN_EXE_threadmark"))
        .args(["audit", "--home"])
        .arg(ground.home.path())
        .env("DATABASE_URL", ground.database())
        .output()?;
    let mine = begin.elapsed();
    ensure!(
        output.status.success(),
        "the audit found: {}",
        String::from_utf8_lossy(&output.stdout)
    );
    let people = ground.consortium.people.values();
    let keys: BTreeMap<KeyId, PublicKey> = people
        .map(|one| (one.signer.key_id(), one.signer.public()))
        .collect();
    let begin = Instant::now();
    for envelope in &envelopes {
        let key = keys.get(&envelope.kid).context("a key of the fixture")?;
        ensure!(envelope.is_signed_by(key), "a signature in the log is bad");
    }
    let theirs = begin.elapsed();
    let rate = |time: std::time::Duration| envelopes.len() as f64 / time.as_secs_f64();
    Ok(vec![Figure {
        name: format!("audit_statements_per_second{suffix}"),
        value: rate(mine),
        unit: "1/s",
        against: "verify_strict of the same signatures on one core",
        peer: rate(theirs),
    }])
}

fn envelopes(ground: &Ground) -> Result<Vec<Envelope>> {
    let bytes: Vec<Vec<u8>> = tokio::runtime::Runtime::new()?.block_on(async {
        let pool = sqlx::PgPool::connect(&ground.database()).await?;
        sqlx::query_scalar("select envelope from entry order by index")
            .fetch_all(&pool)
            .await
    })?;
    bytes
        .iter()
        .map(|bytes| Ok(Envelope::parse(bytes)?))
        .collect()
}
