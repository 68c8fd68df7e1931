//! Sealed files that wait for a network.
//!
//! Owns the folder `outbox` of a home: a file stays there until the service has it. Must never hold a plaintext.

use anyhow::{Context, Result};
use std::path::PathBuf;
use threadmark_agent::home::{Home, file};
use threadmark_agent::sync::{Client, Session, patiently};
use threadmark_protocol::digest::Digest;

fn folder(home: &Home) -> PathBuf {
    home.folder().join("outbox")
}

/// Keeps a sealed file until it is uploaded.
pub fn queue(home: &Home, sealed: &[u8]) -> Result<()> {
    let folder = folder(home);
    std::fs::create_dir_all(&folder)?;
    let path = folder.join(Digest::sha3(&[sealed]).to_hex());
    file::replace(&path, sealed).with_context(|| format!("writing {}", path.display()))
}

/// Whether nothing waits.
pub fn is_empty(home: &Home) -> bool {
    std::fs::read_dir(folder(home)).map_or(true, |mut entries| entries.next().is_none())
}

/// Uploads what waits, and says how many files that were.
pub fn flush(
    home: &Home,
    client: &Client,
    session: &Session,
    progress: &mut dyn FnMut(&str),
) -> Result<usize> {
    let names = match std::fs::read_dir(folder(home)) {
        Ok(entries) => entries.collect::<Result<Vec<_>, _>>()?,
        Err(_) => return Ok(0),
    };
    let mut uploaded = 0;
    for entry in names {
        let name = entry.file_name();
        let Some(digest) = name.to_str().and_then(|name| name.parse::<Digest>().ok()) else {
            continue;
        };
        let sealed = std::fs::read(entry.path())?;
        progress(&format!("uploading {} bytes", sealed.len()));
        let told = format!("{uploaded} files uploaded");
        let put = || client.put_artifact(session, &digest, &sealed);
        patiently(progress, &told, put)?;
        std::fs::remove_file(entry.path())?;
        uploaded += 1;
    }
    Ok(uploaded)
}
