//! `threadmark serve`: the service.

use super::logs;
use super::settings::{Place, Running};
use crate::config::{Config, Database, Hooks};
use crate::http::observe::Observer;
use crate::http::quota::Quotas;
use crate::http::{self, App, Around, Shared};
use crate::jobs::cosigning::{self, Cosigning};
use crate::jobs::{hooks, memory, notices, standing, watching, while_writing};
use crate::ledger::keys::LogKeys;
use crate::ledger::lease::Claim;
use crate::ledger::measured::Measured;
use crate::ledger::node::Node;
use crate::ledger::sequencer::Sequencer;
use crate::ledger::storage::Storage;
use crate::ledger::tiles;
use crate::ledger::witnesses::Witnesses;
use crate::ledger::{Clock, Ledger, LedgerError};
use crate::metrics::Metrics;
use crate::store::PgStore;
use anyhow::{Context, Result, anyhow, bail};
use clap::Args;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use threadmark_agent::system::{self, SystemEntropy};
use threadmark_protocol::genesis::Genesis;
use threadmark_protocol::note::NoteSigner;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

/// Connections of one address to `/metrics`.
const METRICS_CONNECTIONS_MAX: usize = 16;

/// Seconds after which a file that nobody writes to any more is taken for one that nobody will finish: many times what one part of
/// it may take.
const UNFINISHED_S: i64 = 3600;

/// Longest that giving up the lease holds up the end.
const LEAVE_TIMEOUT: Duration = Duration::from_secs(2);

/// Longest that work under way holds up the end.
const END_TIMEOUT: Duration = Duration::from_secs(5);

/// Run the service
#[derive(Args)]
#[command(after_help = "Examples:
  threadmark serve --home ./log       private PostgreSQL in ./log, keys and genesis from there
  threadmark serve --config /etc/threadmark.toml
  threadmark serve --home ./log --database-url postgres://user@host/threadmark")]
pub struct Serve {
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    running: Running,
}

impl Serve {
    /// Runs until it is told to stop.
    pub fn run(self) -> Result<ExitCode> {
        let config = self.place.with(self.running.layer()?)?;
        logs::start(config.log_format, config.log.parse()?);
        let genesis_bytes = config.read_genesis()?;
        let genesis = Genesis::parse(&genesis_bytes)?;
        let keys = config.read_keys(&genesis)?;
        let database = config.start_database()?;
        let runtime = tokio::runtime::Runtime::new().context("starting the runtime")?;
        let served = runtime.block_on(serve(&config, &database, &genesis, genesis_bytes, keys));
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
) -> Result<ExitCode> {
    let store = PgStore::open(&database.url()).await?;
    let clock: Clock = Arc::new(system::now);
    let artifacts = config.artifacts.open()?;
    let listener = bind("listen", config.listen).await?;
    let metrics_listener = metrics_listener(config).await?;
    let observer = observer();
    let storage = Measured {
        storage: store.clone(),
        writing: observer.metrics.writing.clone(),
        elapsed: system::elapsed,
    };
    tiles::check(&storage, artifacts.as_ref()).await?;
    let witnesses = witnesses(config, &store, keys.checkpoint()).await?;
    // Last, because it ends the writer that has the lease.
    let (ledger, node) = start(config, storage, keys, genesis, clock.clone()).await?;
    clear_unfinished(config)?;
    let around = around(config, witnesses.clone(), observer);
    let cosigning = Cosigning {
        ledger: ledger.clone(),
        store: store.clone(),
        witnesses,
        clock: clock.clone(),
        pushing: around.observer.metrics.pushing.clone(),
        elapsed: system::elapsed,
    };
    let app = App::new(ledger, store, artifacts, clock, genesis_bytes, around);
    let stop = stopped();
    announce(&app, listener.local_addr()?);
    tell_metrics(metrics_listener, &app);
    work(
        (listener, stop),
        app,
        node,
        (cosigning, config.hooks),
        database,
    )
    .await
}

fn around(config: &Config, witnesses: Arc<Witnesses>, observer: Observer) -> Around {
    let public_url = config.public_url.as_ref();
    Around {
        witnesses,
        quotas: Quotas::new(config.limits.clone(), system::elapsed),
        public_url: public_url.map(|url| url.as_str().to_owned()),
        observer,
    }
}

/// One line for scripts: who starts us waits for it.
fn announce(app: &Shared, address: SocketAddr) {
    println!(
        "threadmark serves {} at http://{address} genesis {}",
        app.ledger.trust().origin(),
        app.ledger.trust().fingerprint()
    );
}

/// The log: alone, or as one of several nodes.
async fn start<S: Storage>(
    config: &Config,
    storage: S,
    keys: LogKeys,
    genesis: &Genesis,
    clock: Clock,
) -> Result<(Ledger, Node<S>)> {
    // Of this process alone: machines that share a database may well share process ids.
    let own = hex::encode(system::random::<8>(&mut SystemEntropy)?);
    let holder = format!("process {}, {own}", std::process::id());
    let started = match &config.node_address {
        None => Sequencer::start(storage, keys, genesis, &holder, clock).await,
        Some(address) => {
            let address = Some(address.as_str().to_owned());
            let claim = Claim { holder, address };
            Sequencer::join(storage, keys, genesis, claim, clock).await
        }
    };
    Ok(started?)
}

/// Removes what was begun and never finished, by whoever it was where there is no other node.
fn clear_unfinished(config: &Config) -> Result<()> {
    let before = match config.node_address {
        None => i64::MAX,
        Some(_) => system::now() - UNFINISHED_S,
    };
    let cleared = config.artifacts.clear_unfinished(before);
    cleared.context("clearing unfinished files")
}

/// Everything at once, until the first of it ends. What only the writer does is done as long as this process writes.
async fn work<S: Storage>(
    (listener, stop): (TcpListener, impl Future<Output = ()>),
    app: Shared,
    mut node: Node<S>,
    (cosigning, hooks): (Cosigning, Hooks),
    database: &Database,
) -> Result<ExitCode> {
    let (ledger, store, clock) = (&app.ledger, &app.store, &app.clock);
    let ended = tokio::select! {
        () = http::listen::serve(listener, app.clone(), stop) => Ok(ExitCode::SUCCESS),
        written = node.work() => explain(written),
        never = while_writing(&app.ledger, || app.tiles.keep_publishing()) => match never {},
        never = while_writing(ledger, || notices::keep_noticing(ledger, store, clock)) => match never {},
        never = while_writing(ledger, || hooks::keep_telling(ledger, store, clock, hooks)) => match never {},
        never = while_writing(ledger, || watching::keep_flagging(ledger, store, clock)) => match never {},
        never = while_writing(ledger, || standing::keep_standings(ledger, store)) => match never {},
        never = watching::keep_watching(ledger, store, &app.seen, clock, || system::random(&mut SystemEntropy).ok()) => match never {},
        error = while_writing(&app.ledger, || cosigning::run(cosigning.clone())) => Err(anyhow!("{error}")),
        never = cosigning::follow(&cosigning) => match never {},
        gone = database.look_after() => gone.map(|()| ExitCode::FAILURE),
    };
    match tokio::time::timeout(LEAVE_TIMEOUT, node.leave()).await {
        Ok(Ok(())) => {}
        _ => tracing::warn!("the lease was not given up; another node writes when it has run out"),
    }
    ended
}

/// Who witnesses the log. Asked before anything is signed: what they remember must be in the database.
async fn witnesses(config: &Config, store: &PgStore, log: &NoteSigner) -> Result<Arc<Witnesses>> {
    let policy = config.read_witness_policy(log.verifier())?;
    let witnesses = Arc::new(Witnesses::new(policy));
    memory::check(store, &witnesses, log, system::now()).await?;
    cosigning::restore(store, &witnesses).await?;
    Ok(witnesses)
}

async fn bind(setting: &str, address: SocketAddr) -> Result<TcpListener> {
    let about = || format!("{setting}: cannot listen on {address}");
    TcpListener::bind(address).await.with_context(about)
}

/// Nobody asked for the default address: when another service has it, this one runs all the same.
async fn metrics_listener(config: &Config) -> Result<Option<TcpListener>> {
    let address = config.metrics_address();
    let bound = bind("metrics_listen", address).await;
    if !config.metrics_are_asked_for()
        && let Err(error) = &bound
    {
        tracing::warn!(%error, "no metrics: set metrics_listen to a free address");
        return Ok(None);
    }
    let listener = bound?;
    let address = listener.local_addr()?;
    tracing::info!(url = %format!("http://{address}/metrics"), "metrics");
    Ok(Some(listener))
}

/// Serves `/metrics` as long as the process lives.
fn tell_metrics(listener: Option<TcpListener>, app: &Shared) {
    let Some(listener) = listener else {
        return;
    };
    let routes = http::observe::operators_routes(app.clone());
    let most = METRICS_CONNECTIONS_MAX;
    let for_ever = std::future::pending();
    tokio::spawn(http::listen::serve_routes(
        listener,
        routes,
        most,
        |_| false,
        for_ever,
    ));
}

fn observer() -> Observer {
    Observer {
        metrics: Metrics::default(),
        new_id: || system::random(&mut SystemEntropy).ok(),
        elapsed: system::elapsed,
    }
}

/// Without its writer the service must not go on: it would promise what it cannot keep.
fn explain(written: Result<(), LedgerError>) -> Result<ExitCode> {
    match written {
        Ok(()) => Ok(ExitCode::SUCCESS),
        Err(error) => bail!("the writer stopped: {error}"),
    }
}

/// Ends when the process is told to stop, from the call on: who starts us may tell at once.
pub(super) fn stopped() -> impl Future<Output = ()> {
    let terminated = signal(SignalKind::terminate());
    let interrupted = signal(SignalKind::interrupt());
    async move {
        match (terminated, interrupted) {
            (Ok(mut terminated), Ok(mut interrupted)) => tokio::select! {
                _ = terminated.recv() => {}
                _ = interrupted.recv() => {}
            },
            // Then the signal ends the process by itself.
            _ => std::future::pending().await,
        }
    }
}
