//! `threadmark serve`: the service.

use crate::config::{Config, Database};
use crate::http::quota::{Limits, Quotas};
use crate::http::{self, App};
use crate::ledger::keys::{KeyFile, LogKeys};
use crate::ledger::sequencer::Sequencer;
use crate::ledger::{Clock, LedgerError};
use crate::store::PgStore;
use anyhow::{Context, Result, bail};
use clap::Args;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use threadmark_agent::system;
use threadmark_protocol::genesis::Genesis;

/// Longest that work under way holds up the end.
const END_TIMEOUT: Duration = Duration::from_secs(5);

/// Run the service
#[derive(Args)]
#[command(after_help = "Examples:
  threadmark serve --home ./log                       private PostgreSQL in ./log, keys and genesis from there
  threadmark serve --home ./log --database-url postgres://user@host/threadmark")]
pub struct Serve {
    /// Folder with `genesis.cbor` and `keys.json` (see `threadmark genesis`); artifacts and the private database live
    /// here too
    #[arg(long, env = "THREADMARK_HOME")]
    home: Option<PathBuf>,
    /// Address to listen on
    #[arg(long, default_value = "127.0.0.1:8470", env = "THREADMARK_LISTEN")]
    listen: SocketAddr,
    /// PostgreSQL to use instead of a private one
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    database_url: Option<String>,
}

impl Serve {
    /// Runs until it is told to stop.
    pub fn run(self) -> Result<ExitCode> {
        let filter = tracing_subscriber::EnvFilter::try_from_default_env()
            .unwrap_or_else(|_| "info,sqlx=warn".into());
        tracing_subscriber::fmt()
            .with_env_filter(filter)
            .with_writer(std::io::stderr)
            .init();
        let limits = Limits::default().overridden(|name| std::env::var(name).ok());
        let limits = limits.context("a limit in the environment (THREADMARK_…)")?;
        let config = Config::new(self.home, self.listen, self.database_url);
        let genesis_bytes = config.read_genesis()?;
        let genesis = Genesis::parse(&genesis_bytes)?;
        let keys = read_keys(&config, &genesis)?;
        let database = config.start_database()?;
        let runtime = tokio::runtime::Runtime::new().context("starting the runtime")?;
        let served = serve(&config, &database, &genesis, genesis_bytes, keys, limits);
        let served = runtime.block_on(served);
        // Not for ever: a picture may be under way.
        runtime.shutdown_timeout(END_TIMEOUT);
        // `database` is dropped here, after the runtime's last connection: a private cluster stops with us.
        served
    }
}

async fn serve(
    config: &Config,
    database: &Database,
    genesis: &Genesis,
    genesis_bytes: Vec<u8>,
    keys: LogKeys,
    limits: Limits,
) -> Result<ExitCode> {
    let store = PgStore::open(&database.url()).await?;
    let clock: Clock = Arc::new(system::now);
    let holder = format!("process {}", std::process::id());
    let artifacts = config.artifacts()?;
    let listener = tokio::net::TcpListener::bind(config.listen)
        .await
        .with_context(|| format!("listening on {}", config.listen))?;
    // Last, because it ends the writer that has the lease.
    let (ledger, task) =
        Sequencer::start(store.clone(), keys, genesis, &holder, clock.clone()).await?;
    config
        .clear_unfinished_artifacts()
        .context("clearing unfinished sealed files")?;
    let fingerprint = ledger.trust().fingerprint();
    let quotas = Quotas::new(limits, system::elapsed);
    let app = App::new(ledger, store, artifacts, clock, genesis_bytes, quotas);
    let address = listener.local_addr()?;
    // One line for scripts: who starts us waits for it.
    println!(
        "threadmark serves {} at http://{address} genesis {fingerprint}",
        app.ledger.trust().origin()
    );
    tokio::select! {
        () = http::listen::serve(listener, app, stopped()) => Ok(ExitCode::SUCCESS),
        written = task.run() => explain(written),
    }
}

/// Without its writer the service must not go on: it would promise what it cannot keep.
fn explain(written: Result<(), LedgerError>) -> Result<ExitCode> {
    match written {
        Ok(()) => Ok(ExitCode::SUCCESS),
        Err(error) => bail!("the writer stopped: {error}"),
    }
}

fn read_keys(config: &Config, genesis: &Genesis) -> Result<LogKeys> {
    let path = config.keys_path();
    let text = std::fs::read(&path).with_context(|| format!("no keys at {}", path.display()))?;
    // The parser's own message may quote what it read: keys must not reach a terminal.
    let Ok(file) = serde_json::from_slice::<KeyFile>(&text) else {
        bail!("{} is not a key file", path.display());
    };
    let origin = genesis.trust()?.origin().clone();
    LogKeys::new(origin, &file).context("the log's origin cannot name a key")
}

async fn stopped() {
    let interrupted = tokio::signal::ctrl_c();
    let mut terminated =
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(signal) => signal,
            Err(_) => return drop(interrupted.await),
        };
    tokio::select! {
        _ = interrupted => {}
        _ = terminated.recv() => {}
    }
}
