//! Where the service keeps its things, and how it is set.
//!
//! Owns the folder layout, the defaults, and the choice of database and artifact storage. Must never know what is kept.

mod database;
mod files;
mod layer;
mod secret;

pub use database::Database;
pub use files::Files;
pub use layer::{FileError, Filter, Hooks, Layer, LogFormat, PublicUrl};
pub use secret::Secret;

use crate::http::quota::Limits;
use crate::ledger::keys::{KeyFile, LogKeys};
use crate::store::cluster::Cluster;
use anyhow::{Context, Result, bail};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use threadmark_protocol::genesis::Genesis;
use threadmark_protocol::note::VerifierKey;
use threadmark_protocol::witness::policy::Policy;

/// Of the service.
const LISTEN: ([u8; 4], u16) = ([127, 0, 0, 1], 8470);
/// Of `/metrics`.
const METRICS_LISTEN: ([u8; 4], u16) = ([127, 0, 0, 1], 8471);
/// What is told in the log.
const FILTER: &str = "info,sqlx=warn";
/// The file that is read when it lies in the home.
const FILE: &str = "threadmark.toml";

/// The settings in force.
#[derive(Clone, Debug)]
pub struct Config {
    /// The service's folder.
    pub home: PathBuf,
    /// Address to listen on.
    pub listen: SocketAddr,
    metrics_listen: Option<SocketAddr>,
    database_url: Option<Secret>,
    /// Where people reach the service.
    pub public_url: Option<PublicUrl>,
    /// Where the other nodes of this log reach this one; without it there are none.
    pub node_address: Option<PublicUrl>,
    /// Where sealed files and tiles are.
    pub artifacts: Files,
    /// File that says which witnesses cosign the log; none asks nobody.
    pub witness_policy: Option<PathBuf>,
    /// What is told in the log.
    pub log: String,
    /// How the log is written.
    pub log_format: LogFormat,
    /// Where members' hooks may be.
    pub hooks: Hooks,
    /// What one key and one address may use.
    pub limits: Limits,
    /// The file that was read.
    pub file: Option<PathBuf>,
}

impl Config {
    /// What was told over the file's settings over the defaults.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn load(told: Layer, file: Option<&Path>) -> Result<Config, FileError> {
        let in_home = told.home.clone().unwrap_or_else(default_home).join(FILE);
        let (file, below) = match file {
            Some(file) => (Some(file.to_owned()), Layer::read(file)?),
            None if in_home.exists() => {
                let below = Layer::read(&in_home)?;
                if below.home.is_some() {
                    return Err(FileError::HomeInHome(in_home));
                }
                (Some(in_home), below)
            }
            None => (None, Layer::default()),
        };
        Ok(Config {
            file,
            ..Config::of(told.over(below))
        })
    }

    /// The settings that a layer says, with the defaults below.
    pub fn of(layer: Layer) -> Config {
        let home = layer.home.unwrap_or_else(default_home);
        Config {
            listen: layer.listen.unwrap_or(LISTEN.into()),
            metrics_listen: layer.metrics_listen,
            database_url: layer.database_url,
            public_url: layer.public_url,
            node_address: layer.node_address,
            artifacts: layer
                .artifacts
                .unwrap_or_else(|| Files::Folder(home.join("objects"))),
            witness_policy: layer.witness_policy,
            log: layer
                .log
                .map_or(FILTER.to_owned(), |log| log.as_str().to_owned()),
            log_format: layer.log_format.unwrap_or_default(),
            hooks: layer.hooks.unwrap_or_default(),
            limits: layer.limits,
            file: None,
            home,
        }
    }

    /// Address of `/metrics`.
    pub fn metrics_address(&self) -> SocketAddr {
        self.metrics_listen.unwrap_or(METRICS_LISTEN.into())
    }

    /// Whether somebody asked for that address; then the service does not start without it.
    pub fn metrics_are_asked_for(&self) -> bool {
        self.metrics_listen.is_some()
    }

    /// Whether somebody else runs the database.
    pub fn database_is_given(&self) -> bool {
        self.database_url.is_some()
    }

    /// Folder of the private database.
    pub fn cluster_home(&self) -> PathBuf {
        self.home.join("database")
    }

    /// The database of a service that runs now, or the given one.
    pub fn running_database_url(&self) -> Option<String> {
        match &self.database_url {
            Some(url) => Some(url.expose().to_owned()),
            None => Cluster::running_url(&self.cluster_home()),
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

    /// The log's private keys, which must be those that genesis' origin can name.
    pub fn read_keys(&self, genesis: &Genesis) -> Result<LogKeys> {
        let path = self.keys_path();
        let text =
            std::fs::read(&path).with_context(|| format!("no keys at {}", path.display()))?;
        // The parser's own message may quote what it read: keys must not reach a terminal.
        let Ok(file) = serde_json::from_slice::<KeyFile>(&text) else {
            bail!("{} is not a key file", path.display());
        };
        let origin = genesis.trust()?.origin().clone();
        LogKeys::new(origin, &file).context("the log's origin cannot name a key")
    }

    /// The policy about the witnesses of the log with this key.
    ///
    /// # Errors
    /// The file is wrong, which says where, or it is about other logs.
    pub fn read_witness_policy(&self, log: &VerifierKey) -> Result<Policy> {
        let Some(path) = &self.witness_policy else {
            return Ok(Policy::none());
        };
        let file = std::fs::read(path)
            .with_context(|| format!("witness_policy: reading {}", path.display()))?;
        let policy = Policy::parse(&file);
        let policy = policy.with_context(|| format!("witness_policy: {}", path.display()))?;
        if !policy.is_about(log) {
            bail!(
                "witness_policy: {} names other logs than this one, whose key is {log}",
                path.display()
            );
        }
        Ok(policy)
    }

    /// The given database, or a private cluster that starts now.
    pub fn start_database(&self) -> Result<Database> {
        match &self.database_url {
            None if self.node_address.is_some() => bail!(
                "node_address: several nodes share one database, and a private PostgreSQL serves one process; name the database \
                 with database_url"
            ),
            Some(url) => Ok(Database::Given(url.expose().to_owned())),
            None => {
                let cluster = Cluster::start(&self.cluster_home())
                    .context("starting a private PostgreSQL")?;
                Ok(Database::private(cluster, self.cluster_home()))
            }
        }
    }

    /// The database of a service that runs now, or the given one; starts a private cluster when none runs.
    pub fn reach_database(&self) -> Result<Database> {
        match self.running_database_url() {
            Some(url) => Ok(Database::Given(url)),
            None => self.start_database(),
        }
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
