//! Checks of settings, folders, keys and disks.

use super::{Check, Founded, ok, problem, warning};
use crate::config::Config;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use threadmark_protocol::genesis::{Genesis, Trust};

/// Below this much room there is little time left: 1 GiB.
const ROOM_WARNING_BYTES: u64 = 1 << 30;
/// Below this much room PostgreSQL may stop at any moment: 100 MiB.
const ROOM_PROBLEM_BYTES: u64 = 100 << 20;

/// Which file is read, and that others cannot read a password in it.
pub fn settings(config: &Config) -> Check {
    let name = "settings";
    let Some(file) = &config.file else {
        return ok(name, "no file; flags, environment and defaults");
    };
    let found = format!("from {}", file.display());
    let open = std::fs::metadata(file).is_ok_and(|of| of.mode() & 0o077 != 0);
    if open && config.database_is_given() {
        let found = format!("{found}, which others may read, and it may hold a password");
        return warning(name, found, format!("chmod 600 {}", file.display()));
    }
    ok(name, found)
}

/// That nobody else can put files into the home.
pub fn home(config: &Config) -> Check {
    let (name, home) = ("home", config.home.display());
    match std::fs::metadata(&config.home) {
        Err(error) => problem(
            name,
            format!("{home}: {error}"),
            "name the right --home, or make one with `threadmark genesis`",
        ),
        Ok(of) if !of.is_dir() => problem(
            name,
            format!("{home} is no folder"),
            "name the right --home",
        ),
        Ok(of) if of.mode() & 0o022 != 0 => problem(
            name,
            format!("{home} can be written to by others: they could replace keys and genesis"),
            format!("chmod go-w {home}"),
        ),
        Ok(_) => ok(name, home),
    }
}

/// Genesis, which says which log this is.
pub fn genesis(config: &Config) -> (Check, Founded) {
    let name = "genesis";
    let advice = "restore genesis.cbor from a backup or from any member: each has pinned it";
    let bytes = match config.read_genesis() {
        Ok(bytes) => bytes,
        Err(error) => return (problem(name, format!("{error:#}"), advice), None),
    };
    let read = Genesis::parse(&bytes).and_then(|genesis| {
        let trust = genesis.trust()?;
        Ok((genesis, trust))
    });
    match read {
        Ok((genesis, trust)) => {
            let found = format!("{}, fingerprint {}", trust.origin(), trust.fingerprint());
            (ok(name, found), Some((genesis, trust)))
        }
        Err(error) => (problem(name, error, advice), None),
    }
}

/// That the keys are the service's alone.
pub fn keys_mode(config: &Config) -> Check {
    let (name, path) = ("keys are secret", config.keys_path());
    let shown = path.display();
    match std::fs::metadata(&path) {
        Err(error) => problem(
            name,
            format!("{shown}: {error}"),
            "restore keys.json from its backup, and start as the user who owns it",
        ),
        Ok(of) if of.mode() & 0o077 != 0 => problem(
            name,
            format!(
                "{shown} has mode {:o}: others may read it and sign as the log",
                of.mode() & 0o777
            ),
            format!("chmod 600 {shown}; if somebody may have read it, tell the governor"),
        ),
        Ok(_) => ok(name, shown),
    }
}

/// That the keys are those that genesis names.
pub fn keys(config: &Config, genesis: &Genesis, trust: &Trust) -> Check {
    let name = "keys fit genesis";
    match config.read_keys(genesis) {
        Err(error) => problem(
            name,
            format!("{error:#}"),
            "restore keys.json from its backup",
        ),
        Ok(keys) if keys.belong_to(trust) => ok(name, "they do"),
        Ok(_) => problem(
            name,
            "the keys are another log's",
            "put keys.json and genesis.cbor of the same log together",
        ),
    }
}

/// The nearest folder above that exists.
fn existing(path: &Path) -> PathBuf {
    let found = path.ancestors().find(|folder| folder.is_dir());
    found.unwrap_or(Path::new("/")).to_owned()
}

/// Room for the log and for the sealed files.
pub fn disk(config: &Config) -> Vec<Check> {
    let home = ("disk of the home", config.home.as_path());
    let folder = config.artifacts.folder();
    let artifacts = folder.map(|folder| ("disk of artifacts", folder));
    let check = |(name, folder): (&'static str, &Path)| {
        let folder = existing(folder);
        let stat = match rustix::fs::statvfs(&folder) {
            Ok(stat) => stat,
            Err(error) => {
                return warning(
                    name,
                    format!("{}: {error}", folder.display()),
                    "look at the disk",
                );
            }
        };
        let free = stat.f_bavail.saturating_mul(stat.f_frsize);
        let found = format!("{} MiB free at {}", free >> 20, folder.display());
        match free {
            ..ROOM_PROBLEM_BYTES => problem(
                name,
                found,
                "make room now: PostgreSQL stops when there is none",
            ),
            ROOM_PROBLEM_BYTES..ROOM_WARNING_BYTES => warning(name, found, "make room soon"),
            _ => ok(name, found),
        }
    };
    [home].into_iter().chain(artifacts).map(check).collect()
}

/// That a bucket answers.
fn bucket(name: &'static str, config: &Config) -> Check {
    let place = &config.artifacts;
    let asked = || -> anyhow::Result<()> {
        let files = place.open()?;
        let runtime = tokio::runtime::Runtime::new()?;
        runtime.block_on(files.list_with_delimiter(None))?;
        Ok(())
    };
    match asked() {
        Ok(()) => ok(name, format!("{place} answers")),
        Err(error) => problem(
            name,
            format!("{place} does not answer: {error:#}"),
            "look at the AWS_… variables, or set `artifacts`",
        ),
    }
}

/// That sealed files can be put down.
pub fn artifacts(config: &Config) -> Check {
    use rustix::fs::{Access, access};
    let name = "artifacts";
    let Some(folder) = config.artifacts.folder() else {
        return bucket(name, config);
    };
    let nearest = existing(folder);
    let shown = nearest.display();
    match access(&nearest, Access::WRITE_OK | Access::EXEC_OK) {
        Err(error) => problem(
            name,
            format!("{shown} cannot be written to: {error}"),
            "give it to the service's user, or set `artifacts`",
        ),
        Ok(()) if folder.is_dir() => ok(name, format!("{shown} can be written to")),
        Ok(()) => ok(
            name,
            format!("{} is made at the first start", folder.display()),
        ),
    }
}
