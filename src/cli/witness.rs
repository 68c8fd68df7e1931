//! `threadmark witness`: watch that logs only grow, and on request that they keep the rules.
//!
//! Owns the witness's key file, and the lists of logs as people write them. Must never decide what is cosigned.

mod report;

use super::args;
use super::logs;
use super::output::Document;
use super::serve::stopped;
use crate::config::LogFormat;
use crate::http::listen;
use crate::witness::audit::Audited;
use crate::witness::{Duty, Witness as Watching, http};
use anyhow::{Context, Result, anyhow, bail};
use clap::{Args, Subcommand};
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use threadmark_agent::home::{Home, file};
use threadmark_agent::system::{self, SystemEntropy};
use threadmark_protocol::checkpoint::Cosigner;
use threadmark_protocol::key::Signer;
use threadmark_protocol::note::VerifierKey;

/// Connections of one address at the same time.
const CONNECTIONS_EACH: usize = 256;

/// Watch that logs only grow, and cosign what does
#[derive(Subcommand)]
pub enum Witness {
    /// Make the folder of a witness, with a new secret key
    Keygen(Keygen),
    /// Run a witness (C2SP tlog-witness)
    Serve(Serve),
    /// Say what was cosigned, what an audit refused and why, and what is held against logs
    Report(report::Report),
}

#[derive(Args)]
#[command(
    after_help = "The verifier key that is printed is public: logs and their readers put it into their policies.
Example:
  threadmark witness keygen --home ./witness --name witness.oem.example/w1"
)]
pub struct Keygen {
    /// Folder to make
    #[arg(long, env = "THREADMARK_WITNESS_HOME", value_name = "DIR")]
    home: PathBuf,
    /// Name of the witness: a URL without scheme, whose domain is yours
    #[arg(long)]
    name: String,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
#[command(
    after_help = "A log is named by its verifier key, as it publishes it; several keys of one name are one log's.
The folder is the witness's memory: never restore an older one under the same key, and never copy it to run twice.
What a log signed that is not consistent is kept in its folder `evidence`; see `threadmark verify evidence`.

With --audit, every entry of the log is fetched with a member's credential and replayed before it is cosigned:
signatures, rules, the index of statements. While that goes on, the answer is 503; what the rules refuse is never
cosigned, and `threadmark witness report` says what and why. The home is the audit's alone: make it with
`threadmark key new` and `threadmark join`, and have its key enrolled.
Examples:
  threadmark witness serve --home ./witness --new \\
    --log ledger.example/am-thread+a1e84a49+AddamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea
  threadmark witness serve --home ./witness --logs logs.txt --listen 0.0.0.0:8480
  threadmark witness serve --home ./auditor --audit ./auditor-member --new"
)]
pub struct Serve {
    /// Folder of the witness (see `threadmark witness keygen`)
    #[arg(long, env = "THREADMARK_WITNESS_HOME", value_name = "DIR")]
    home: PathBuf,
    /// Verifier key of a log to watch; may be given several times
    #[arg(long = "log", value_name = "VKEY")]
    log: Vec<VerifierKey>,
    /// File with verifier keys of logs, one a line; # begins a comment
    #[arg(long, value_name = "FILE")]
    logs: Option<PathBuf>,
    /// Home of a member whose log is replayed before it is cosigned; may be given several times. Who audits one log audits
    /// all that it watches, so that its key means one thing
    #[arg(long, value_name = "DIR", conflicts_with_all = ["log", "logs"])]
    audit: Vec<PathBuf>,
    /// Logs of which nothing is remembered were never cosigned: say so once, when a log is watched for the first time. Never
    /// to go on after the folder was lost
    #[arg(long)]
    new: bool,
    /// Address to listen on; TLS is the business of the proxy before it
    #[arg(long, default_value = "127.0.0.1:8480")]
    listen: SocketAddr,
}

/// The secret, as it stands in `witness.json`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyFile {
    name: String,
    #[serde(with = "hex::serde")]
    seed: [u8; 32],
}

fn key_path(home: &Path) -> PathBuf {
    home.join("witness.json")
}

impl Witness {
    /// Runs the command.
    pub fn run(self) -> Result<ExitCode> {
        match self {
            Witness::Keygen(keygen) => keygen.run(),
            Witness::Serve(serve) => serve.run(),
            Witness::Report(report) => report.run(),
        }
    }
}

impl Keygen {
    fn run(self) -> Result<ExitCode> {
        let path = key_path(&self.home);
        if path.exists() {
            bail!(
                "{} is there already: a new key would be another witness",
                path.display()
            );
        }
        let seed: [u8; 32] = system::random(&mut SystemEntropy)?;
        let cosigner = Cosigner::new(&self.name, Signer::from_seed(&seed))
            .with_context(|| format!("{:?} cannot name a witness", self.name))?;
        std::fs::create_dir_all(&self.home)
            .with_context(|| format!("making {}", self.home.display()))?;
        let file = KeyFile {
            name: self.name,
            seed,
        };
        file::replace(&path, &serde_json::to_vec_pretty(&file)?)
            .with_context(|| format!("writing {}", path.display()))?;
        Document::new()
            .with("witness", &file.name)
            .with("key", cosigner.verifier().to_string())
            .with("secret", &path)
            .print(self.json);
        Ok(ExitCode::SUCCESS)
    }
}

impl Serve {
    fn run(self) -> Result<ExitCode> {
        logs::start(LogFormat::default(), "info".parse()?);
        let mut duty = Duty {
            logs: self.log,
            audited: Vec::new(),
            may_be_new: self.new,
        };
        if let Some(path) = &self.logs {
            duty.logs.extend(read_logs(path)?);
        }
        for folder in &self.audit {
            let home = Home::open(folder)?;
            let entropy = Box::new(SystemEntropy);
            duty.audited.push(Audited { home, entropy });
        }
        let witness = Watching::open(&self.home, read_key(&self.home)?, duty, system::now)?;
        let runtime = tokio::runtime::Runtime::new().context("starting the runtime")?;
        runtime.block_on(serve(Arc::new(witness), self.listen))
    }
}

async fn serve(witness: Arc<Watching>, address: SocketAddr) -> Result<ExitCode> {
    let listener = tokio::net::TcpListener::bind(address)
        .await
        .with_context(|| format!("listening on {address}"))?;
    let address = listener.local_addr()?;
    let stop = stopped();
    // One line for scripts: who starts us waits for it.
    println!(
        "threadmark witness {} at http://{address} key {}",
        witness.key().name,
        witness.key()
    );
    let routes = http::routes(witness);
    listen::serve_routes(listener, routes, CONNECTIONS_EACH, |_| false, stop).await;
    Ok(ExitCode::SUCCESS)
}

fn read_key(home: &Path) -> Result<Cosigner> {
    let path = key_path(home);
    let text = std::fs::read(&path).with_context(|| {
        format!(
            "no key at {}; make one with `threadmark witness keygen`",
            path.display()
        )
    })?;
    // The parser's own message may quote what it read: keys must not reach a terminal.
    let Ok(file) = serde_json::from_slice::<KeyFile>(&text) else {
        bail!("{} is not a witness's key file", path.display());
    };
    Ok(Cosigner::new(&file.name, Signer::from_seed(&file.seed))?)
}

/// The verifier keys in a file.
fn read_logs(path: &Path) -> Result<Vec<VerifierKey>> {
    let text = String::from_utf8(args::read(path)?)
        .map_err(|_| anyhow!("{} is not text", path.display()))?;
    let mut keys = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let key = line.parse::<VerifierKey>();
        keys.push(key.with_context(|| format!("{}, line {number}", path.display()))?);
    }
    Ok(keys)
}
