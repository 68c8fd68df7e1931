//! Settings on the command line and in the environment.

use crate::config::{Config, Files, Filter, Hooks, Layer, LogFormat, PublicUrl, Secret};
use anyhow::{Context as _, Result};
use clap::Args;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Where a service's things are: for every command that works on them.
#[derive(Args)]
pub struct Place {
    /// Settings file; the default is threadmark.toml in the home, if it is there
    #[arg(long, env = "THREADMARK_CONFIG")]
    config: Option<PathBuf>,
    /// Folder with `genesis.cbor` and `keys.json` (see `threadmark genesis`);
    /// artifacts and the private database live here too
    #[arg(long, env = "THREADMARK_HOME")]
    home: Option<PathBuf>,
    /// PostgreSQL to use instead of a private one
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    database_url: Option<Secret>,
    /// Where sealed files and tiles are: a folder, or s3://BUCKET/PREFIX, whose address and
    /// credentials the AWS_… variables tell [default: objects in the home]
    #[arg(long, env = "THREADMARK_ARTIFACTS")]
    artifacts: Option<Files>,
}

impl Place {
    /// The settings, those of the file below.
    ///
    /// # Errors
    /// The file or a limit in the environment is wrong; says where.
    pub fn config(self) -> Result<Config> {
        self.with(Layer::default())
    }

    /// [`Place::config`] with what else the command line says.
    ///
    /// # Errors
    /// The same.
    pub fn with(self, told: Layer) -> Result<Config> {
        let told = Layer {
            home: self.home,
            database_url: self.database_url,
            artifacts: self.artifacts,
            ..told
        };
        let mut config = Config::load(told, self.config.as_deref())?;
        let limits = config.limits.overridden(|name| std::env::var(name).ok());
        config.limits = limits.context("a limit in the environment (THREADMARK_…)")?;
        Ok(config)
    }
}

/// Settings of a running service.
#[derive(Args)]
pub struct Running {
    /// Address to listen on [default: 127.0.0.1:8470]
    #[arg(long, env = "THREADMARK_LISTEN")]
    listen: Option<SocketAddr>,
    /// Address of /metrics, out of strangers' reach [default: 127.0.0.1:8471]
    #[arg(long, env = "THREADMARK_METRICS_LISTEN")]
    metrics_listen: Option<SocketAddr>,
    /// Where people reach the service, such as https://part.example
    #[arg(long, env = "THREADMARK_PUBLIC_URL")]
    public_url: Option<PublicUrl>,
    /// Where the other nodes of this log reach this one, such as http://10.0.0.5:8470
    /// [default: there are none]
    #[arg(long, env = "THREADMARK_NODE_ADDRESS")]
    node_address: Option<PublicUrl>,
    /// File that says which witnesses cosign the log, and how many must [default: none are asked]
    #[arg(long, env = "THREADMARK_WITNESS_POLICY")]
    witness_policy: Option<PathBuf>,
    /// What is told in the log [default: info,sqlx=warn]
    #[arg(long, env = "THREADMARK_LOG")]
    log: Option<Filter>,
    /// How the log is written [default: auto]
    #[arg(long, value_enum, env = "THREADMARK_LOG_FORMAT")]
    log_format: Option<LogFormat>,
    /// Where members' webhooks may be [default: public]
    #[arg(long, value_enum, env = "THREADMARK_HOOKS")]
    hooks: Option<Hooks>,
}

impl Running {
    /// What the command line and the environment say.
    ///
    /// # Errors
    /// `RUST_LOG` is no filter.
    pub fn layer(self) -> Result<Layer> {
        // The name that every Rust program knows.
        let rust_log = std::env::var("RUST_LOG")
            .ok()
            .filter(|text| !text.is_empty());
        let rust_log: Option<Filter> = rust_log
            .map(|text| text.parse().map_err(anyhow::Error::msg))
            .transpose()
            .context("RUST_LOG")?;
        Ok(Layer {
            listen: self.listen,
            metrics_listen: self.metrics_listen,
            public_url: self.public_url,
            node_address: self.node_address,
            witness_policy: self.witness_policy,
            log: self.log.or(rust_log),
            log_format: self.log_format,
            hooks: self.hooks,
            ..Layer::default()
        })
    }
}
