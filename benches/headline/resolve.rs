//! Resolving: the full public answer about a mark, with the part's life.
//!
//! The peer is a bare axum handler, a process of its own too, which does one indexed select from the same database and answers
//! with the row.

use crate::Figure;
use crate::ground::Ground;
use crate::lives::Life;
use crate::load::{Expect, Script, drive};
use anyhow::{Context, Result};
use axum::Router;
use axum::extract::{Path, State};
use axum::response::IntoResponse;
use axum::routing::get;
use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

const CLIENTS: usize = 32;
const REQUESTS: usize = 20_000;

/// Asks for the marks of the lives, again and again.
pub fn figures(ground: &Ground, lives: &[Life], suffix: &str) -> Result<Vec<Figure>> {
    let mine = Expect {
        status: "200",
        holds: "\"phase\":\"destroyed\"",
    };
    let marks = scripts(lives, "/v1/marks/");
    drive(&ground.address, CLIENTS, &marks[..marks.len() / 10], mine).context("warming up")?;
    let measured = drive(&ground.address, CLIENTS, &marks, mine)?;
    let mut peer = Command::new(std::env::current_exe()?)
        .args(["--peer", &ground.database()])
        .stdout(Stdio::piped())
        .spawn()?;
    let mut address = String::new();
    BufReader::new(peer.stdout.take().context("the peer's output")?).read_line(&mut address)?;
    let row = Expect {
        status: "200",
        holds: "\"is\"",
    };
    let theirs = drive(address.trim(), CLIENTS, &scripts(lives, "/mark:"), row);
    peer.kill()?;
    peer.wait()?;
    let against = "a bare axum handler with one indexed select";
    let figure = |name: &str, value, unit, peer| Figure {
        name: format!("{name}{suffix}"),
        value,
        unit,
        against,
        peer,
    };
    let theirs = theirs?;
    Ok(vec![
        figure(
            "resolve_mark_per_second",
            measured.rate(),
            "1/s",
            theirs.rate(),
        ),
        figure(
            "resolve_mark_latency_ms_p99",
            measured.quantile_ms(0.99),
            "ms",
            theirs.quantile_ms(0.99),
        ),
    ])
}

fn scripts(lives: &[Life], before: &str) -> Vec<Script> {
    let request = |life: &Life| {
        format!("GET {before}{} HTTP/1.1\r\nhost: bench\r\n\r\n", life.mark).into_bytes()
    };
    lives
        .iter()
        .cycle()
        .take(REQUESTS)
        .map(|life| vec![request(life)])
        .collect()
}

/// The peer: serves until it is killed.
pub fn serve_peer(url: &str) -> Result<()> {
    tokio::runtime::Runtime::new()?.block_on(async {
        let pool = sqlx::postgres::PgPoolOptions::new()
            .max_connections(16)
            .connect(url)
            .await?;
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        println!("{}", listener.local_addr()?);
        Ok(axum::serve(
            listener,
            Router::new().route("/{id}", get(row)).with_state(pool),
        )
        .await?)
    })
}

async fn row(State(pool): State<sqlx::PgPool>, Path(id): Path<String>) -> impl IntoResponse {
    let found: Option<String> =
        sqlx::query_scalar("select state::text from subject_state where id = $1")
            .bind(id)
            .fetch_optional(&pool)
            .await
            .unwrap_or_default();
    found.unwrap_or_default()
}
