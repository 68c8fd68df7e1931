//! The life of a part, and what a lot of powder became, among 20,000 parts and among 200,000 (three million statements).
//!
//! Every mark is asked for once, so that nothing of it is at hand. Making the population takes half an hour, so it runs only when it
//! is named.

use crate::Figure;
use crate::ground::Ground;
use crate::load::{Expect, drive};
use crate::population::{self, CHARGE, Charge};
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::time::Instant;
use threadmark_protocol::fixture::Who;
use threadmark_protocol::mark::Mark;

/// Parts of the small population and of the large one.
const POPULATIONS: [(usize, &str); 2] = [(20_000, "_at_20k_parts"), (200_000, "_at_200k_parts")];
/// Marks that are asked for by one client, one after the other.
const ASKED: usize = 1_000;
/// Lots that are asked for; the one in the middle counts.
const LISTS: usize = 5;
/// So many seconds without a change are rest: it looks every second, and steps take less.
const AT_REST_S: u32 = 5;
/// Largest list that is read.
const LIST_BYTES_MAX: u64 = 64 << 20;

/// The figures of both populations.
pub fn figures(tell: &mut dyn FnMut(Figure)) -> Result<()> {
    let mut ground = Ground::new()?;
    let mut charges = Vec::new();
    for (parts, suffix) in POPULATIONS {
        while charges.len() * CHARGE < parts {
            charges.push(population::add(&mut ground)?);
            eprintln!("{} parts of {parts}", charges.len() * CHARGE);
        }
        // The service is at rest again after the load.
        wait_for_standings(&ground)?;
        of_parts(&ground, &charges, suffix, tell)?;
        of_lots(&ground, &charges, Kept::AtHand, suffix, tell)?;
        of_lots(&ground, &charges, Kept::Forgotten, suffix, tell)?;
    }
    Ok(())
}

/// Marks all over the population, other ones for each figure.
fn marks(charges: &[Charge], figure: usize) -> Vec<Mark> {
    let at = |n: usize| (n * 7919 + figure * 3571) % CHARGE;
    (0..ASKED)
        .map(|n| charges[n % charges.len()].marks[at(n)])
        .collect()
}

fn of_parts(
    ground: &Ground,
    charges: &[Charge],
    suffix: &str,
    tell: &mut dyn FnMut(Figure),
) -> Result<()> {
    let token = ground.session(Who::Mechanic)?;
    let member = format!("authorization: Bearer {token}\r\n");
    let asked = [
        ("part_life_ms_p99", &member[..], "Use reported"),
        ("hold_status_ms_p99", "", "\"verdict\""),
    ];
    for (figure, (name, header, holds)) in asked.into_iter().enumerate() {
        let marks = marks(charges, figure);
        let request =
            |mark: &Mark| format!("GET /v1/marks/{mark} HTTP/1.1\r\nhost: bench\r\n{header}\r\n");
        let script = marks.iter().map(|mark| request(mark).into_bytes());
        let status = "200";
        let run = drive(
            &ground.address,
            1,
            &[script.collect()],
            Expect { status, holds },
        )
        .context(name)?;
        tell(Figure {
            name: format!("{name}{suffix}"),
            value: run.quantile_ms(0.99),
            unit: "ms",
            against: "one indexed select of the part's row",
            peer: one_row_ms_p99(ground, &marks)?,
        });
    }
    Ok(())
}

fn one_row_ms_p99(ground: &Ground, marks: &[Mark]) -> Result<f64> {
    let sql = "select state::text from parent join subject_state on id = child where parent = $1";
    tokio::runtime::Runtime::new()?.block_on(async {
        let pool = sqlx::PgPool::connect(&ground.database()).await?;
        let mut took = Vec::new();
        for mark in marks {
            let begin = Instant::now();
            let row = sqlx::query_scalar::<_, String>(sql).bind(format!("mark:{mark}"));
            row.fetch_one(&pool).await?;
            took.push(begin.elapsed().as_secs_f64() * 1e3);
        }
        took.sort_by(f64::total_cmp);
        Ok(took[took.len() * 99 / 100])
    })
}

/// Whether the service has come along with the log, or makes all of a list anew.
#[derive(Clone, Copy)]
enum Kept {
    AtHand,
    Forgotten,
}

impl Kept {
    fn suffix(self) -> &'static str {
        match self {
            Kept::AtHand => "",
            Kept::Forgotten => "_made_anew",
        }
    }
}

/// From the lot to all of its parts, each with where it is and who has it.
fn of_lots(
    ground: &Ground,
    charges: &[Charge],
    kept: Kept,
    suffix: &str,
    tell: &mut dyn FnMut(Figure),
) -> Result<()> {
    let token = ground.session(Who::Mechanic)?;
    let (mut took, mut peer) = (Vec::new(), Vec::new());
    for charge in charges.iter().cycle().take(LISTS) {
        if let Kept::Forgotten = kept {
            forget_standings(ground)?;
        }
        let url = format!("http://{}/v1/impact?anchors={}", ground.address, charge.lot);
        let begin = Instant::now();
        let request = ureq::get(&url).header("authorization", format!("Bearer {token}"));
        let mut answer = request.call()?;
        let read = answer.body_mut().with_config().limit(LIST_BYTES_MAX);
        let list = read.read_to_vec()?;
        took.push(begin.elapsed().as_secs_f64() * 1e3);
        let list: Value = serde_json::from_slice(&list)?;
        let parts = list["parts"].as_array().context("a list of parts")?;
        ensure!(parts.len() == CHARGE, "{} parts are listed", parts.len());
        let ids = parts.iter().map(|part| part["part"].as_str());
        let ids: Vec<&str> = ids.collect::<Option<_>>().context("ids of parts")?;
        peer.push(rows_ms(ground, &ids)?);
    }
    tell(Figure {
        name: format!("recall_list_of_10k_parts_ms{}{suffix}", kept.suffix()),
        value: middle(took),
        unit: "ms",
        against: "selecting the rows of the same parts by their ids",
        peer: middle(peer),
    });
    Ok(())
}

/// Until the service has come to the end of the log with what it keeps of parts.
/// Until the service has come along with the log: what it keeps has not grown for some seconds. What a list before forgot is not made again.
fn wait_for_standings(ground: &Ground) -> Result<()> {
    tokio::runtime::Runtime::new()?.block_on(async {
        let pool = sqlx::PgPool::connect(&ground.database()).await?;
        let (mut before, mut unchanged_s) = (0, 0);
        for _ in 0..1_200 {
            let kept = sqlx::query_scalar::<_, i64>("select count(*) from standing");
            let kept = kept.fetch_one(&pool).await?;
            unchanged_s = if kept == before { unchanged_s + 1 } else { 0 };
            if unchanged_s >= AT_REST_S {
                return Ok(());
            }
            before = kept;
            tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        }
        anyhow::bail!("where parts are is not kept within twenty minutes")
    })
}

fn forget_standings(ground: &Ground) -> Result<()> {
    tokio::runtime::Runtime::new()?.block_on(async {
        let pool = sqlx::PgPool::connect(&ground.database()).await?;
        sqlx::query("delete from standing").execute(&pool).await?;
        Ok(())
    })
}

fn rows_ms(ground: &Ground, ids: &[&str]) -> Result<f64> {
    let sql = "select state::text from subject_state where id = any($1)";
    tokio::runtime::Runtime::new()?.block_on(async {
        let pool = sqlx::PgPool::connect(&ground.database()).await?;
        let begin = Instant::now();
        let rows = sqlx::query_scalar::<_, String>(sql)
            .bind(ids)
            .fetch_all(&pool)
            .await?;
        ensure!(rows.len() == ids.len(), "a part without a row");
        Ok(begin.elapsed().as_secs_f64() * 1e3)
    })
}

fn middle(mut of: Vec<f64>) -> f64 {
    of.sort_by(f64::total_cmp);
    of[of.len() / 2]
}
