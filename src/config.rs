//! Where the service keeps its things.
//!
//! Owns the folder layout and the choice of database and artifact storage. Must never know what is kept.

use crate::store::cluster::Cluster;
use anyhow::{Context, Result};
use object_store::ObjectStore;
use object_store::local::LocalFileSystem;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

/// What the service was told.
pub struct Config {
    home: PathBuf,
    /// Address to listen on.
    pub listen: SocketAddr,
    database_url: Option<String>,
}

/// The database that is used.
pub enum Database {
    /// Somebody else runs it.
    Given(String),
    /// A private cluster, which stops when this is dropped.
    Private(Box<Cluster>),
}

impl Database {
    /// URL for a connection.
    pub fn url(&self) -> String {
        match self {
            Database::Given(url) => url.clone(),
            Database::Private(cluster) => cluster.url(),
        }
    }
}

impl Config {
    /// Settings with their defaults.
    pub fn new(home: Option<PathBuf>, listen: SocketAddr, database_url: Option<String>) -> Config {
        let home = home.unwrap_or_else(default_home);
        Config {
            home,
            listen,
            database_url,
        }
    }

    /// The genesis file. Read before the database is touched: without it the home is not a service's.
    pub fn read_genesis(&self) -> Result<Vec<u8>> {
        let path = self.home.join("genesis.cbor");
        std::fs::read(&path).with_context(|| {
            format!(
                "no genesis at {}; make one with `threadmark genesis`, or name the right --home",
                path.display()
            )
        })
    }

    /// The log's private keys.
    pub fn keys_path(&self) -> PathBuf {
        self.home.join("keys.json")
    }

    /// The given database, or a private cluster that starts now.
    pub fn start_database(&self) -> Result<Database> {
        match &self.database_url {
            Some(url) => Ok(Database::Given(url.clone())),
            None => {
                let cluster = Cluster::start(&self.home.join("database"))
                    .context("starting a private PostgreSQL")?;
                Ok(Database::Private(Box::new(cluster)))
            }
        }
    }

    /// The database of a service that runs now, or the given one; starts a private cluster when none runs.
    pub fn reach_database(&self) -> Result<Database> {
        match (
            &self.database_url,
            Cluster::running_url(&self.home.join("database")),
        ) {
            (None, Some(url)) => Ok(Database::Given(url)),
            _ => self.start_database(),
        }
    }

    /// Removes what a process that was killed had begun to store, and nobody will finish. Only for the one writer.
    pub fn clear_unfinished_artifacts(&self) -> std::io::Result<()> {
        for folder in std::fs::read_dir(self.home.join("objects/artifacts"))
            .into_iter()
            .flatten()
        {
            for file in std::fs::read_dir(folder?.path())? {
                let file = file?;
                // As `object_store` names them; no digest has such a character.
                if file.file_name().as_encoded_bytes().contains(&b'#') {
                    std::fs::remove_file(file.path())?;
                }
            }
        }
        Ok(())
    }

    /// Sealed files: a folder.
    pub fn artifacts(&self) -> Result<Arc<dyn ObjectStore>> {
        let folder = self.home.join("objects");
        std::fs::create_dir_all(&folder)?;
        Ok(Arc::new(
            LocalFileSystem::new_with_prefix(folder)?
                .with_automatic_cleanup(true)
                // What was answered with 201 outlives a loss of power.
                .with_fsync(true),
        ))
    }
}

/// `/var/lib/threadmark` for root, else the user's data folder.
fn default_home() -> PathBuf {
    let data = std::env::var_os("XDG_DATA_HOME").map(PathBuf::from);
    let home = std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".local/share"));
    let is_root = home.as_ref().is_none_or(|home| home.starts_with("/root"));
    match data.or(home) {
        Some(data) if !is_root => data.join("threadmark"),
        _ => PathBuf::from("/var/lib/threadmark"),
    }
}
