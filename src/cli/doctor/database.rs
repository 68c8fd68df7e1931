//! Checks of the database and of what stands in it.

use super::{Check, ok, problem, warning};
use crate::config::Config;
use crate::ledger::storage::Storage as _;
use crate::store::PgStore;
use crate::store::cluster;
use crate::store::open::{OpenError, newest_migration};
use anyhow::Result;
use threadmark_agent::system;
use threadmark_protocol::genesis::Trust;
use threadmark_protocol::world::STATE_FORM;

/// Seconds by which a clock may be behind the newest batch.
const CLOCK_LEEWAY_S: i64 = 120;

/// Checks of programs, server, schema and log.
pub fn checks(config: &Config, trust: Option<&Trust>, lives: bool) -> Result<Vec<Check>> {
    let mut checks: Vec<_> = programs(config).into_iter().collect();
    let name = "database";
    let Some(url) = config.running_database_url() else {
        checks.push(ok(
            name,
            "the private PostgreSQL does not run; its checks need a running service",
        ));
        return Ok(checks);
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let store = match PgStore::open_to_examine(&url).await {
            Ok(store) => store,
            Err(error) => {
                let advice = match config.database_is_given() {
                    true => "look at the server, DATABASE_URL and the network between",
                    false => "start the service: it starts its PostgreSQL again",
                };
                checks.push(problem(name, error, advice));
                return;
            }
        };
        // The address of a given one may hold a password; a private one's is only a socket's.
        let found = match config.database_is_given() {
            true => "it can be reached".to_owned(),
            false => format!("private, at {url}"),
        };
        checks.push(ok(name, found));
        checks.push(server(&store).await);
        checks.push(schema(&store).await);
        checks.extend(writer(&store).await);
        checks.extend(log(&store, trust, lives).await);
    });
    Ok(checks)
}

fn programs(config: &Config) -> Option<Check> {
    if config.database_is_given() {
        return None;
    }
    let name = "PostgreSQL programs";
    Some(match cluster::programs(&config.cluster_home()) {
        Ok((folder, major)) => ok(name, format!("version {major} in {}", folder.display())),
        Err(error) => problem(name, error, "install what is missing, then start again"),
    })
}

async fn server(store: &PgStore) -> Check {
    let name = "database settings";
    let settings = match store.settings().await {
        Ok(settings) => settings,
        Err(error) => return problem(name, error, "look at the server's log"),
    };
    // Our own connection is read-only by our own wish.
    let settings = crate::store::open::Settings {
        transaction_read_only: "off".to_owned(),
        ..settings
    };
    match (settings.check(), settings.warning()) {
        (Err(error), _) => problem(
            name,
            error,
            "change the setting, then start the service again",
        ),
        (Ok(()), Some(warned)) => warning(name, "safe, with one thing to do", warned),
        (Ok(()), None) => ok(name, format!("safe; server version {}", settings.version)),
    }
}

async fn schema(store: &PgStore) -> Check {
    let (name, known) = ("schema", newest_migration());
    match store.schema_version().await {
        Err(error @ OpenError::NewerSchema { .. }) => {
            problem(name, error, "use the newer program here too")
        }
        Err(error) => problem(name, error, "restore a backup into an empty database"),
        Ok(0) => ok(name, "none yet; the first start makes it"),
        Ok(found) if found < known => warning(
            name,
            format!("at migration {found}; this program has {known}"),
            "back up, then start the service: it brings the schema up to date",
        ),
        Ok(found) => match store.state_form().await {
            Ok((form, _)) if form == STATE_FORM => {
                ok(name, format!("migration {found}, states of form {form}"))
            }
            Ok((form, _)) => problem(
                name,
                format!("states of form {form}, this program writes form {STATE_FORM}"),
                "stop the service and run `threadmark rebuild`",
            ),
            Err(error) => problem(name, error, "look at the server's log"),
        },
    }
}

/// Who writes.
async fn writer(store: &PgStore) -> Option<Check> {
    let name = "writer";
    if store.schema_version().await.ok()? != newest_migration() {
        return None;
    }
    let lease = match store.lease().await {
        Ok(lease) => lease?,
        Err(error) => return Some(problem(name, error, "look at the server's log")),
    };
    let holder = lease.holder;
    Some(match lease.address {
        None => ok(name, format!("{holder}, alone")),
        Some(address) if lease.left.is_zero() => warning(
            name,
            format!("nobody; {holder} at {address} was the last"),
            "start a node; one that runs takes over within a second, so look at its log",
        ),
        Some(address) => ok(
            name,
            format!(
                "{holder} at {address}; {:.1} s left without a sign of life",
                lease.left.as_secs_f64()
            ),
        ),
    })
}

async fn log(store: &PgStore, trust: Option<&Trust>, lives: bool) -> Vec<Check> {
    let name = "log";
    let head = match (store.schema_version().await, trust) {
        (Ok(version), Some(_)) if version > 0 => store.head().await,
        _ => return Vec::new(),
    };
    let (head, trust) = match (head, trust) {
        (Ok(Some(head)), Some(trust)) => (head, trust),
        (Err(error), _) => return vec![problem(name, error, "look at the server's log")],
        _ => return vec![ok(name, "empty; the first start writes genesis")],
    };
    let signed = threadmark_protocol::checkpoint::open(&head.note, &trust.checkpoint_key);
    let same = signed.is_ok_and(|signed| {
        let signed = signed.checkpoint();
        (signed.size, signed.root) == (head.size, head.root)
    });
    let signature = match same {
        true => ok(
            "newest checkpoint",
            format!("of size {}, signed by this log", head.size),
        ),
        false => problem(
            "newest checkpoint",
            "this log's key has not signed it",
            "the database is another log's, or was altered: run `threadmark audit`",
        ),
    };
    vec![signature, clock(head.logged_at, trust, lives)]
}

fn clock(newest: i64, trust: &Trust, lives: bool) -> Check {
    let (name, now) = ("clock", system::now());
    let (age, heartbeat) = (now - newest, i64::from(trust.policy.heartbeat_s));
    if age < -CLOCK_LEEWAY_S {
        let found = format!("it is {} s behind the newest batch", -age);
        return problem(
            name,
            found,
            "set this machine's clock, and keep it set (NTP)",
        );
    }
    if lives && age > 2 * heartbeat + CLOCK_LEEWAY_S {
        let found = format!("the newest batch is {age} s old, the heartbeat {heartbeat} s");
        return warning(
            name,
            found,
            "the writer does not write, or the clock is ahead; read the log",
        );
    }
    ok(name, format!("{age} s after the newest batch"))
}
