//! What the figures of the log stand on: a private PostgreSQL, a founded consortium, and the real service as a process.
//!
//! Owns their start and end. Must never measure.

use crate::lives::{Life, sign_life};
use anyhow::{Context, Result, bail};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Child, Command, Stdio};
use threadmark::ledger::keys::KeyFile;
use threadmark::store::cluster::Cluster;
use threadmark_agent::system;
use threadmark_protocol::body::Seen;
use threadmark_protocol::checkpoint;
use threadmark_protocol::fixture::{Consortium, DAY_S, Founding, Who};
use threadmark_protocol::statement::Statement;

/// The load comes from one address and a dozen keys: without quotas for them.
const UNLIMITED: [&str; 3] = ["REQUESTS", "STATEMENTS", "LOOKUPS"];

/// The service with its log, and the people who submit.
pub struct Ground {
    /// Where the service listens, `127.0.0.1:port`.
    pub address: String,
    /// Where the log's keys and genesis are.
    pub home: tempfile::TempDir,
    /// The consortium; it is at sea, so that signing does not order.
    pub consortium: Consortium,
    service: Child,
    // Stop and go in this order, after the service.
    cluster: Cluster,
    _database: tempfile::TempDir,
}

impl Ground {
    /// A founded log, served.
    pub fn new() -> Result<Ground> {
        let home = tempfile::tempdir()?;
        let mut consortium = Consortium::founded_with(Founding {
            start_s: system::now() - DAY_S,
            ..Founding::default()
        });
        let keys = KeyFile {
            checkpoint_seed: consortium.checkpoint_seed,
            log_seed: consortium.person(Who::Log).seed,
            session_seed: [7; 32],
        };
        std::fs::write(home.path().join("keys.json"), serde_json::to_vec(&keys)?)?;
        let genesis = home.path().join("genesis.cbor");
        std::fs::write(genesis, consortium.genesis.to_bytes())?;
        // Run as root, PostgreSQL is another user, and must reach its folder.
        let database = tempfile::Builder::new()
            .permissions(std::fs::Permissions::from_mode(0o755))
            .tempdir()?;
        let cluster = Cluster::start(database.path())?;
        let (service, address) = serve(&home, &cluster.url())?;
        let founding = own(consortium.log.entries());
        consortium.set_sail();
        let mut ground = Ground {
            address,
            home,
            consortium,
            service,
            cluster,
            _database: database,
        };
        ground.submit_founding(&founding)?;
        ground.consortium.seen = Some(ground.seen()?);
        Ok(ground)
    }

    /// URL of the service's database.
    pub fn database(&self) -> String {
        self.cluster.url()
    }

    /// Signs so many lives of parts. Nobody has sent them yet.
    pub fn sign(&mut self, count: usize) -> Vec<Life> {
        (0..count)
            .map(|_| sign_life(&mut self.consortium))
            .collect()
    }

    /// Token of a session of one of the people (RFC 7519), for five minutes.
    pub fn session(&self, who: Who) -> Result<String> {
        let person = self.consortium.person(who);
        let kid = person.signer.key_id().to_hex();
        let now = system::now();
        let header = json!({ "alg": "EdDSA", "typ": "threadmark-assertion+jwt", "kid": kid });
        let claims = json!({ "iss": person.org, "sub": kid, "aud": self.consortium.origin(),
                             "iat": now, "exp": now + 60, "jti": format!("{kid} {now}") });
        let part = |json: &Value| BASE64_URL_SAFE_NO_PAD.encode(json.to_string());
        let signed = format!("{}.{}", part(&header), part(&claims));
        let signature = BASE64_URL_SAFE_NO_PAD.encode(person.session.sign(signed.as_bytes()));
        let asked = json!({ "assertion": format!("{signed}.{signature}") });
        let url = format!("http://{}/v1/sessions", self.address);
        let mut opened = ureq::post(&url).send_json(asked)?;
        let opened: Value = opened.body_mut().read_json()?;
        Ok(opened["token"].as_str().context("a token")?.to_owned())
    }

    fn submit_founding(&mut self, founding: &[Statement]) -> Result<()> {
        let url = format!("http://{}/v1/statements", self.address);
        for statement in founding {
            ureq::post(&url)
                .header("content-type", "application/cbor")
                .send(&statement.submission.to_bytes()[..])
                .context("submitting the founding")?;
        }
        Ok(())
    }

    /// What an author has seen who is up to date.
    fn seen(&self) -> Result<Seen> {
        let url = format!("http://{}/log/checkpoint", self.address);
        let note = ureq::get(&url).call()?.body_mut().read_to_string()?;
        let signed = checkpoint::open(&note, &self.consortium.trust().checkpoint_key)?;
        let of = signed.checkpoint();
        Ok(Seen {
            size: of.size,
            root: of.root,
        })
    }
}

impl Drop for Ground {
    fn drop(&mut self) {
        let _ = self.service.kill();
        let _ = self.service.wait();
    }
}

/// What people signed, without genesis and the log's own entries.
fn own(entries: &[Statement]) -> Vec<Statement> {
    let by_people = |entry: &&Statement| entry.body.core.kind() != "log.batch";
    entries[2..].iter().filter(by_people).cloned().collect()
}

fn serve(home: &tempfile::TempDir, database: &str) -> Result<(Child, String)> {
    let mut child = Command::new(env!("CARGO_BIN_EXE_threadmark"))
        .args(["serve", "--listen", "127.0.0.1:0", "--home"])
        .arg(home.path())
        .env("DATABASE_URL", database)
        .env("RUST_LOG", "warn")
        .envs(UNLIMITED.map(|what| (format!("THREADMARK_{what}_PER_SECOND"), "0")))
        .stdout(Stdio::piped())
        .spawn()?;
    let mut line = String::new();
    let out = child.stdout.take().context("the service's output")?;
    BufReader::new(out).read_line(&mut line)?;
    let address = line
        .split_whitespace()
        .find_map(|word| word.strip_prefix("http://"));
    match address {
        Some(address) => Ok((child, address.to_owned())),
        None => bail!("the service did not start: {line:?}"),
    }
}
