//! The database that the service uses: somebody else's, or a private cluster that it looks after.
//!
//! Owns when a private server is started again. Must never know what is kept.

use crate::store::cluster::Cluster;
use anyhow::{Context as _, Result};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The database that is used.
pub enum Database {
    /// Somebody else runs it.
    Given(String),
    /// A private cluster, which stops when this is dropped, and its folder.
    Private(Arc<Mutex<Cluster>>, PathBuf),
}

/// Between two looks at the private PostgreSQL.
const LOOK: Duration = Duration::from_secs(1);
/// Room without which it does not start: some segments of its write-ahead log.
const ROOM_BYTES: u64 = 64 << 20;

fn lock(cluster: &Mutex<Cluster>) -> MutexGuard<'_, Cluster> {
    // Whoever panicked with it left it as the next look finds it.
    cluster.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Database {
    /// A cluster of our own in this folder.
    pub fn private(cluster: Cluster, folder: PathBuf) -> Database {
        Database::Private(Arc::new(Mutex::new(cluster)), folder)
    }

    /// URL for a connection.
    pub fn url(&self) -> String {
        match self {
            Database::Given(url) => url.clone(),
            Database::Private(cluster, _) => lock(cluster).url(),
        }
    }

    /// Looks after a private cluster: starts its server again when it has died, and says so; as soon as there is room, when its disk
    /// is full. Ends only when that fails; what somebody else runs is theirs to look after.
    ///
    /// # Errors
    /// The server does not start any more.
    pub async fn look_after(&self) -> Result<()> {
        let Database::Private(cluster, folder) = self else {
            return std::future::pending().await;
        };
        let mut waits = false;
        loop {
            tokio::time::sleep(LOOK).await;
            let cluster = cluster.clone();
            let looked = tokio::task::spawn_blocking(move || lock(&cluster).revive()).await?;
            match looked.context("the private PostgreSQL has died") {
                Ok(true) => {
                    tracing::error!("the private PostgreSQL had died; it was started again")
                }
                Ok(false) => {}
                Err(error) if has_no_room(folder) => {
                    if !waits {
                        let error = format!("{error:#}");
                        tracing::error!(
                            error,
                            "its disk is full; it is started again when there is room"
                        );
                    }
                    waits = true;
                    continue;
                }
                Err(error) => return Err(error),
            }
            waits = false;
        }
    }
}

fn has_no_room(folder: &Path) -> bool {
    let stat = rustix::fs::statvfs(folder);
    stat.is_ok_and(|stat| stat.f_bavail.saturating_mul(stat.f_frsize) < ROOM_BYTES)
}
