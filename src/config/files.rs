//! Where files are kept: a folder, or a bucket of S3-compatible storage.
//!
//! Owns how the place is written in settings, and how it is opened. A bucket's address, region and credentials are told in
//! the environment (`AWS_ENDPOINT`, `AWS_REGION`, `AWS_ACCESS_KEY_ID`, …). Must never know what is kept.

use anyhow::{Context, Result};
use object_store::aws::AmazonS3Builder;
use object_store::local::LocalFileSystem;
use object_store::prefix::PrefixStore;
use object_store::{ObjectStore, RetryConfig};
use std::fmt;
use std::fs::{DirEntry, Metadata};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

/// What a bucket's place begins with.
const SCHEME: &str = "s3://";

/// A place for files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Files {
    /// On this machine.
    Folder(PathBuf),
    /// In S3-compatible storage.
    Bucket {
        /// Of the bucket.
        name: String,
        /// What all names in it begin with; may be empty.
        prefix: String,
    },
}

impl Files {
    /// A relative folder counts from `base`.
    pub fn from_folder(self, base: &Path) -> Files {
        match self {
            Files::Folder(folder) => Files::Folder(base.join(folder)),
            bucket => bucket,
        }
    }

    /// The folder, if it is one.
    pub fn folder(&self) -> Option<&Path> {
        match self {
            Files::Folder(folder) => Some(folder),
            Files::Bucket { .. } => None,
        }
    }

    /// Opens the place; a folder is made. A bucket is not asked yet.
    ///
    /// # Errors
    /// The folder cannot be made, or the environment does not say enough of the bucket.
    pub fn open(&self) -> Result<Arc<dyn ObjectStore>> {
        let about = || format!("the files' place {self}");
        match self {
            Files::Folder(folder) => {
                std::fs::create_dir_all(folder).with_context(about)?;
                let store = LocalFileSystem::new_with_prefix(folder).with_context(about)?;
                // What was answered with 201 outlives a loss of power.
                let store = store.with_automatic_cleanup(true).with_fsync(true);
                Ok(Arc::new(store))
            }
            Files::Bucket { name, prefix } => {
                // Whoever else has installed one has installed the same.
                let _ = rustls::crypto::ring::default_provider().install_default();
                // Who waits for a tile gets it made instead; who uploads sends again.
                let patience = RetryConfig {
                    max_retries: 2,
                    retry_timeout: Duration::from_secs(5),
                    ..RetryConfig::default()
                };
                let bucket = AmazonS3Builder::from_env().with_bucket_name(name);
                let bucket = bucket.with_retry(patience);
                let bucket = bucket.build().with_context(about)?;
                Ok(Arc::new(PrefixStore::new(bucket, &prefix[..])))
            }
        }
    }

    /// Removes what a process that was killed had begun to store, and nobody will finish: what was not touched since `before`,
    /// Unix seconds. Another node may be at work on what was. A bucket shows nothing that is not finished.
    ///
    /// # Errors
    /// A folder cannot be read.
    pub fn clear_unfinished(&self, before: i64) -> std::io::Result<()> {
        let Files::Folder(folder) = self else {
            return Ok(());
        };
        let folders = ["artifacts", "log"].map(|name| folder.join(name));
        let there = folders.iter().filter(|folder| folder.exists());
        let mut there = there.map(PathBuf::as_path);
        there.try_for_each(|folder| clear(folder, before))
    }
}

fn clear(folder: &Path, before: i64) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            clear(&entry.path(), before)?;
        } else if entry.file_name().as_encoded_bytes().contains(&b'#') {
            // As `object_store` names them; no digest and no tile has such a character.
            match remove_if_older(&entry, before) {
                // Whoever was writing it has just put it into its place.
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
    }
    Ok(())
}

fn remove_if_older(file: &DirEntry, before: i64) -> std::io::Result<()> {
    match touched_at(&file.metadata()?)? < before {
        true => std::fs::remove_file(file.path()),
        false => Ok(()),
    }
}

/// Unix seconds.
fn touched_at(file: &Metadata) -> std::io::Result<i64> {
    let since = file.modified()?.duration_since(UNIX_EPOCH);
    Ok(since.map_or(0, |since| since.as_secs().cast_signed()))
}

impl fmt::Display for Files {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Files::Folder(folder) => write!(out, "{}", folder.display()),
            Files::Bucket { name, prefix } => write!(out, "{SCHEME}{name}/{prefix}"),
        }
    }
}

impl FromStr for Files {
    type Err = String;

    fn from_str(text: &str) -> Result<Files, String> {
        let Some(place) = text.strip_prefix(SCHEME) else {
            return Ok(Files::Folder(text.into()));
        };
        let (name, prefix) = place.split_once('/').unwrap_or((place, ""));
        let is_part = |part: &str| {
            let good = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
            !part.is_empty() && part != "." && part != ".." && part.bytes().all(good)
        };
        let prefix = prefix.trim_end_matches('/');
        if is_part(name) && (prefix.is_empty() || prefix.split('/').all(is_part)) {
            let (name, prefix) = (name.to_owned(), prefix.to_owned());
            Ok(Files::Bucket { name, prefix })
        } else {
            Err("expected a folder, or `s3://BUCKET` with `/PREFIX` where one is wanted".to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_folder_or_a_bucket() {
        let bucket = |name: &str, prefix: &str| {
            let (name, prefix) = (name.to_owned(), prefix.to_owned());
            Ok(Files::Bucket { name, prefix })
        };
        assert_eq!("s3://parts".parse(), bucket("parts", ""));
        assert_eq!("s3://parts/am/log/".parse(), bucket("parts", "am/log"));
        assert_eq!("objects".parse(), Ok(Files::Folder("objects".into())));
        for wrong in [
            "s3://",
            "s3:///x",
            "s3://a/../b",
            "s3://a//b",
            "s3://a?b",
            "s3://a/é",
        ] {
            assert!(wrong.parse::<Files>().is_err(), "{wrong}");
        }
        let relative: Files = "objects".parse().unwrap();
        let absolute = relative.from_folder(Path::new("/etc"));
        assert_eq!(absolute.folder(), Some(Path::new("/etc/objects")));
    }
}
