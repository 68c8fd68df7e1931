//! Scans without a network, which are told later.
//!
//! Owns the folder `sightings` of a home: a file for each mark, hour and place, there until the service has it. It is bounded, for nobody was
//! promised that a scan is kept. Must never hold who scanned.

use anyhow::{Context, Result, ensure};
use std::path::{Path, PathBuf};
use threadmark_agent::home::{Home, file};
use threadmark_agent::sync::{Client, Seen, Session, SyncError, patiently};
use threadmark_protocol::digest::Digest;

/// Most that wait: a year of a busy workshop.
const WAITING_MAX: usize = 10_000;
/// What the service says of a scan that it will never take.
const BAD_REQUEST: u16 = 400;

fn folder(home: &Home) -> PathBuf {
    home.folder().join("sightings")
}

fn waiting(home: &Home) -> Result<Vec<PathBuf>> {
    let entries = match std::fs::read_dir(folder(home)) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.context("reading the scans that wait")?,
    };
    let paths = entries.map(|entry| entry.map(|entry| entry.path()));
    Ok(paths.collect::<Result<_, _>>()?)
}

/// Keeps a scan until there is a network; the same mark in the same hour at the same place once.
pub fn queue(home: &Home, seen: &Seen) -> Result<()> {
    ensure!(
        waiting(home)?.len() < WAITING_MAX,
        "{WAITING_MAX} scans wait already; run `threadmark sync` where there is a network"
    );
    let folder = folder(home);
    std::fs::create_dir_all(&folder)?;
    let bytes = serde_json::to_vec(seen)?;
    let path = folder.join(Digest::sha3(&[&bytes]).to_hex());
    file::replace(&path, &bytes).with_context(|| format!("writing {}", path.display()))
}

/// Whether nothing waits.
pub fn is_empty(home: &Home) -> bool {
    waiting(home).is_ok_and(|waiting| waiting.is_empty())
}

/// Tells what waits, and says how many scans that were. One that the service will never take is dropped, and said.
pub fn flush(
    home: &Home,
    client: &Client,
    session: &Session,
    progress: &mut dyn FnMut(&str),
) -> Result<usize> {
    let mut told = 0;
    for path in waiting(home)? {
        let Some(seen) = read(&path)? else {
            continue;
        };
        let done = format!("{told} scans told");
        let tell = || client.tell_sighting(Some(session), &seen);
        match patiently(progress, &done, tell) {
            Ok(()) => told += 1,
            Err(SyncError::Problem(problem)) if problem.status == BAD_REQUEST => {
                progress(&format!("a scan of {} is dropped: {problem}", seen.mark));
            }
            Err(error) => return Err(error.into()),
        }
        std::fs::remove_file(&path)?;
    }
    Ok(told)
}

/// `None` of a file that is none of ours: it stays.
fn read(path: &Path) -> Result<Option<Seen>> {
    let bytes = std::fs::read(path).with_context(|| format!("reading {}", path.display()))?;
    Ok(serde_json::from_slice(&bytes).ok())
}
