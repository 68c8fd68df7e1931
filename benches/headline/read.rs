//! Reading the log as strangers do: proof files, and what the published tiles take.
//!
//! The peer of a proof is an answer of the same service that is ready and only sent. The peer of the tiles is what their
//! hashes take themselves: 32 bytes a leaf, and a 256th of that for each row above. Statements are all entries, the log's own
//! among them: one a batch.

use crate::Figure;
use crate::ground::Ground;
use crate::load::{Expect, Script, drive};
use anyhow::{Context, Result, ensure};
use std::path::{Path, PathBuf};
use std::time::Duration;
use threadmark_protocol::tile::{Row, Tile};

const CLIENTS: usize = 32;
const REQUESTS: usize = 20_000;

/// What the hashes of a million leaves take: 32.1 MB.
const HASHES_BYTES: f64 = 32e6 * 256.0 / 255.0;

/// The figures, for what the log holds now.
pub fn figures(ground: &Ground, suffix: &str) -> Result<Vec<Figure>> {
    let size = size(ground)?;
    let proofs = |at: usize| format!("/log/proof/{}", at.wrapping_mul(7919) as u64 % size);
    let proven = asked(ground, proofs, "c2sp.org/tlog-proof@v1")?;
    let ready = asked(ground, |_| "/log/checkpoint".to_owned(), "\n\n— ")?;
    let full = size / 256 * 256;
    let folder = ground.home.path().join("objects/log/tile");
    let last = Tile::full(Row::Hashes(0), full / 256 - 1);
    wait_for(&ground.home.path().join(format!("objects/log/{last}")))?;
    let (tiles, bundles) = (
        bytes_in(&folder, "entries")?,
        bytes_in(&folder.join("entries"), "")?,
    );
    let per_million = |bytes: u64| bytes as f64 * 1e6 / full as f64;
    let figure = |name: &str, value, unit, against, peer| Figure {
        name: format!("{name}{suffix}"),
        value,
        unit,
        against,
        peer,
    };
    let own = envelope_bytes(ground, full)?;
    Ok(vec![
        figure(
            "proof_per_second",
            proven,
            "1/s",
            "the checkpoint in it, which is ready",
            ready,
        ),
        figure(
            "tile_bytes_per_million_statements",
            per_million(tiles),
            "B",
            "the hashes themselves: a leaf each, and what is above",
            HASHES_BYTES,
        ),
        figure(
            "bundle_bytes_per_million_statements",
            per_million(bundles),
            "B",
            "the same envelopes without their lengths",
            per_million(own),
        ),
    ])
}

fn size(ground: &Ground) -> Result<u64> {
    let url = format!("http://{}/log/checkpoint", ground.address);
    let note = ureq::get(&url).call()?.body_mut().read_to_string()?;
    Ok(note.lines().nth(1).context("a checkpoint")?.parse()?)
}

/// Answers a second.
fn asked(ground: &Ground, path: impl Fn(usize) -> String, holds: &'static str) -> Result<f64> {
    let request = |at| format!("GET {} HTTP/1.1\r\nhost: bench\r\n\r\n", path(at)).into_bytes();
    let scripts: Vec<Script> = (0..REQUESTS).map(|at| vec![request(at)]).collect();
    let status = "200";
    let expect = Expect { status, holds };
    drive(&ground.address, CLIENTS, &scripts[..REQUESTS / 10], expect).context("warming up")?;
    Ok(drive(&ground.address, CLIENTS, &scripts, expect)?.rate())
}

fn envelope_bytes(ground: &Ground, below: u64) -> Result<u64> {
    let sql = "select sum(octet_length(envelope))::bigint from entry where index < $1";
    let bytes: i64 = tokio::runtime::Runtime::new()?.block_on(async {
        let pool = sqlx::PgPool::connect(&ground.database()).await?;
        let asked = sqlx::query_scalar(sql).bind(below.cast_signed());
        asked.fetch_one(&pool).await
    })?;
    Ok(bytes.unsigned_abs())
}

fn wait_for(file: &Path) -> Result<()> {
    for _ in 0..600 {
        if file.exists() {
            // Rows above are put behind it.
            std::thread::sleep(Duration::from_secs(1));
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    anyhow::bail!("{} was not published", file.display())
}

/// Bytes of all files below a folder, but for those in the folder of that name.
fn bytes_in(folder: &Path, except: &str) -> Result<u64> {
    let (mut open, mut bytes): (Vec<PathBuf>, u64) = (vec![folder.to_owned()], 0);
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                if entry.file_name() != except {
                    open.push(entry.path());
                }
            } else {
                bytes += entry.metadata()?.len();
            }
        }
    }
    ensure!(bytes > 0, "nothing is published");
    Ok(bytes)
}
