//! Verifying an artifact by its chunk list, on all cores, against `openssl dgst -sha3-256` on one.

use crate::Figure;
use anyhow::{Context, Result, ensure};
use std::io::Write as _;
use std::process::Command;
use std::time::Instant;
use threadmark_protocol::digest::FileDigest;

const BYTES: usize = 512 << 20;

/// The figure.
pub fn figures() -> Result<Vec<Figure>> {
    let mut word = 1_u64;
    let mut next = || {
        word = word.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        word.to_le_bytes()
    };
    let bytes: Vec<u8> = (0..BYTES / 8).flat_map(|_| next()).collect();
    let mut file = tempfile::NamedTempFile::new()?;
    file.write_all(&bytes)?;
    let digest = FileDigest::of(&bytes);
    let begin = Instant::now();
    ensure!(
        digest.matches(&bytes),
        "the digest of the file is not the file's"
    );
    let mine = begin.elapsed();
    let begin = Instant::now();
    let status = Command::new("openssl")
        .args(["dgst", "-sha3-256"])
        .arg(file.path())
        .output();
    ensure!(
        status.context("openssl is installed")?.status.success(),
        "openssl failed"
    );
    let theirs = begin.elapsed();
    let rate = |time: std::time::Duration| BYTES as f64 / 1e9 / time.as_secs_f64();
    Ok(vec![Figure {
        name: "artifact_verify_gb_per_second".into(),
        value: rate(mine),
        unit: "GB/s",
        against: "openssl dgst -sha3-256 on one core",
        peer: rate(theirs),
    }])
}
