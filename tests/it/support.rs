//! What the tests stand on: one private PostgreSQL for all, a database of its own for each, and the real service as a
//! process.

pub mod bucket;
pub mod liar;
pub mod logged;
pub mod stage;
pub mod witness;

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use threadmark::http::Around;
use threadmark::http::observe::Observer;
use threadmark::http::quota::Quotas;
use threadmark::ledger::witnesses::Witnesses;
use threadmark::metrics::Metrics;
use threadmark::store::cluster::Cluster;
use threadmark_agent::home::{Draft, Home};
use threadmark_agent::sync::Client;
use threadmark_agent::system::{self, SystemEntropy};
use threadmark_protocol::body::Core;
use threadmark_protocol::body::governance::Holder;
use threadmark_protocol::body::vote::{Change, Proposed};
use threadmark_protocol::text::{Moment, SubjectId};
use threadmark_protocol::witness::policy::Policy;

/// A proposal that is open for a day.
pub fn proposal(change: Change) -> Draft {
    let id: [u8; 16] = system::random(&mut SystemEntropy).unwrap();
    let core = Core::Proposed(Box::new(Proposed {
        change,
        reason: "Decided in the meeting".parse().unwrap(),
        expires: Moment::from_unix(system::now() + 86_400).unwrap(),
    }));
    Draft::new(SubjectId::new("proposal", hex::encode(id)).unwrap(), core)
}

/// What surrounds an application in this process.
pub fn around(quotas: Quotas) -> Around {
    Around {
        witnesses: Arc::new(no_witnesses()),
        quotas,
        observer: Observer {
            metrics: Metrics::default(),
            new_id: || Some([7; 8]),
            elapsed: Duration::default,
        },
        public_url: None,
    }
}

/// A log that asks no witness.
pub fn no_witnesses() -> Witnesses {
    Witnesses::new(Policy::none())
}

static CLUSTER: OnceLock<Cluster> = OnceLock::new();
static NEXT: AtomicU32 = AtomicU32::new(0);

/// The one cluster. It is left running and adopted by the next run of the tests.
fn cluster() -> &'static Cluster {
    CLUSTER.get_or_init(|| {
        let home = std::env::temp_dir().join("threadmark-tests");
        Cluster::start(&home).expect("a private PostgreSQL starts; see scripts/setup")
    })
}

/// A new, empty database.
pub async fn new_database() -> String {
    database_in(&cluster().url()).await
}

/// The same, in the cluster with this address.
pub async fn database_in(url: &str) -> String {
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let name = format!("t{}_{number}_{}", std::process::id(), system::now());
    let pool = sqlx::PgPool::connect(url).await.unwrap();
    let make = format!("create database {name}");
    sqlx::raw_sql(sqlx::AssertSqlSafe(make))
        .execute(&pool)
        .await
        .unwrap();
    pool.close().await;
    url.replacen("/threadmark?", &format!("/{name}?"), 1)
}

/// A founded log in a folder, and its governor.
pub struct Founded {
    pub folder: tempfile::TempDir,
    pub governor: Home,
    pub database: String,
}

impl Founded {
    /// Founds a log with the real command.
    pub fn new(database: String) -> Founded {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().join("governor");
        let (org, actor) = ("log.example".parse().unwrap(), "governor".parse().unwrap());
        Home::create(&home, org, actor, Holder::Person, &mut SystemEntropy).unwrap();
        let status = Command::new(env!("CARGO_BIN_EXE_threadmark"))
            .args([
                "genesis",
                "--origin",
                "log.example/am",
                "--host",
                "part.example",
                "--delay-s",
                "0",
            ])
            .args([
                Path::new("--home"),
                &home,
                Path::new("--out"),
                &folder.path().join("log"),
            ])
            .stdout(Stdio::null())
            .status()
            .unwrap();
        assert!(status.success());
        let governor = Home::open(&home).unwrap();
        Founded {
            folder,
            governor,
            database,
        }
    }

    pub fn log_home(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    /// Starts the real service and waits until it listens.
    pub fn serve(&self) -> Service {
        self.serve_with(&[])
    }

    /// [`Founded::serve`] with these in the environment.
    pub fn serve_with(&self, environment: &[(&str, &str)]) -> Service {
        let database = ("DATABASE_URL", &self.database[..]);
        let all = [&[database], environment].concat();
        self.start(&all, Stdio::inherit())
    }

    /// The service with nothing but these in its environment, and its log in a file.
    pub fn serve_logged(&self, environment: &[(&str, &str)], log: &Path) -> Service {
        self.start(environment, std::fs::File::create(log).unwrap().into())
    }

    /// The service on this founded log's database, which will be at `url`; waits for nothing.
    pub fn spawn(&self, environment: &[(&str, &str)], url: &str, log: Stdio) -> Service {
        let mut command = self.command(environment, log);
        let command = command.env("DATABASE_URL", &self.database);
        let child = command.stdout(Stdio::null()).spawn().unwrap();
        let url = url.to_owned();
        Service { child, url }
    }

    fn command(&self, environment: &[(&str, &str)], log: Stdio) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_threadmark"));
        command
            .args(["serve", "--home"])
            .arg(self.log_home())
            .env_remove("DATABASE_URL")
            .env("THREADMARK_LISTEN", "127.0.0.1:0")
            .env("RUST_LOG", "warn")
            .env("THREADMARK_METRICS_LISTEN", "127.0.0.1:0")
            .envs(environment.iter().copied())
            .stderr(log);
        command
    }

    fn start(&self, environment: &[(&str, &str)], log: Stdio) -> Service {
        let mut command = self.command(environment, log);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let url = line
            .split_whitespace()
            .find(|word| word.starts_with("http://"));
        let url = url
            .unwrap_or_else(|| panic!("the service did not start: {line:?}"))
            .to_owned();
        Service { child, url }
    }

    /// Runs the audit; its exit code and what it printed.
    pub fn audit(&self) -> (bool, String) {
        let output = Command::new(env!("CARGO_BIN_EXE_threadmark"))
            .arg("audit")
            .arg("--home")
            .arg(self.log_home())
            .env("DATABASE_URL", &self.database)
            .output()
            .unwrap();
        (
            output.status.success(),
            String::from_utf8(output.stdout).unwrap(),
        )
    }
}

/// A running service; killed without mercy when it is dropped.
pub struct Service {
    child: Child,
    pub url: String,
}

impl Service {
    pub fn client(&self) -> Client {
        Client::new(&self.url)
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The most memory that the process has held so far.
    pub fn peak_bytes(&self) -> u64 {
        let path = format!("/proc/{}/status", self.child.id());
        let status = std::fs::read_to_string(path).unwrap();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = peak.and_then(|peak| peak.split_whitespace().next());
        kib.unwrap().parse::<u64>().unwrap() << 10
    }

    /// Whether the process is gone by itself.
    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// SIGKILL: no handler runs, nothing is flushed.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// SIGTERM, as an operator stops it.
    pub fn terminate(self) -> bool {
        self.tell_to_stop();
        self.ends_well()
    }

    /// SIGTERM, without waiting.
    pub fn tell_to_stop(&self) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").arg(&pid).status().unwrap().success());
    }

    /// Whether it ends within ten seconds, with exit code 0.
    pub fn ends_well(mut self) -> bool {
        for _ in 0..200 {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.success();
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        false
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
