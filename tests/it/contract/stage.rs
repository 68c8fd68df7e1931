//! The service in this process, over a known history: the same keys, ids, marks and times in every run.

use crate::support::new_database;
use object_store::ObjectStoreExt as _;
use serde_json::{Value, json};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;
use threadmark::http::quota::{Limits, Quotas};
use threadmark::http::{self, App, Shared};
use threadmark::ledger::keys::LogKeys;
use threadmark::ledger::sequencer::Sequencer;
use threadmark::store::PgStore;
use threadmark_protocol::body::Core;
use threadmark_protocol::body::governance::PartClass;
use threadmark_protocol::digest::Digest;
use threadmark_protocol::fixture::{Consortium, HOST, Who};
use threadmark_protocol::mark::Mark;
use threadmark_protocol::statement::Statement;
use threadmark_protocol::text::SubjectId;
use tokio::task::JoinHandle;

/// What `/v1/artifacts/` holds.
pub const ARTIFACT: &[u8] = b"age-encryption.org/v1 and then what nobody here can read";

/// The service, what it knows, and a member's session.
pub struct Stage {
    pub url: String,
    pub of: Consortium,
    /// What the service's clock says, Unix seconds.
    pub now: i64,
    pub licence: SubjectId,
    pub design: SubjectId,
    pub artifact: Digest,
    /// A session of the mechanic, who holds the first part.
    pub token: String,
    /// Signed, and not sent.
    pub unsent: Statement,
    tasks: [JoinHandle<()>; 2],
}

/// Units of the licence: the first part is with the mechanic, the second is recalled, the third was received and its
/// sender's journal is not here, and nobody has made the fourth.
const UNITS: u32 = 4;

fn history() -> (Consortium, SubjectId) {
    let (mut of, licence) = Consortium::licensed(5, PartClass::C, UNITS);
    of.publish_allowable(None);
    let first = of.make(&licence, 1);
    of.hand_over(&first).unwrap();
    let second = of.make(&licence, 2);
    of.recall(Who::Certifier, &[&second]).unwrap();
    let third = of.make(&licence, 3);
    of.at_sea = true;
    let shipment = of
        .ship(Who::Custodian, &third, of.org(Who::Mechanic))
        .unwrap();
    of.at_sea = false;
    of.receive(Who::Mechanic, &third, shipment.id).unwrap();
    (of, licence)
}

/// The service over a log that has the history.
async fn service(of: &Consortium) -> (Shared, JoinHandle<()>) {
    let store = PgStore::open(&new_database().await).await.unwrap();
    let (checkpoint, log) = of.log.signers();
    let keys = LogKeys::from_signers(of.origin(), checkpoint, log, [7; 32]);
    let now = of.now;
    let clock: threadmark::ledger::Clock = Arc::new(move || now);
    let started = Sequencer::start(store.clone(), keys, &of.genesis, "test", clock.clone()).await;
    let (ledger, task) = started.unwrap();
    let writer = tokio::spawn(async move { task.run().await.unwrap() });
    for statement in of.log.entries().iter().skip(2) {
        if statement.body.core.kind() != "log.batch" {
            ledger.submit(statement.clone()).await.unwrap();
        }
    }
    let files = Arc::new(object_store::memory::InMemory::new());
    let name = Digest::sha3(&[ARTIFACT]).to_hex();
    let place = format!("artifacts/{}/{name}", &name[..2]);
    files.put(&place.into(), ARTIFACT.into()).await.unwrap();
    // The document says what an answer looks like, and 429 is one of them; what a quota does is another test's.
    let unlimited = Limits {
        requests_per_second: 0,
        statements_per_second: 0,
        unsigned_per_second: 0,
        lookups_per_second: 0,
        scans_per_second: 0,
        sessions_per_second: 0,
        artifact_bytes_per_second: 0,
        ..Limits::default()
    };
    let quotas = Quotas::new(unlimited, Duration::default);
    let genesis = of.genesis.to_bytes();
    (
        App::new(
            ledger,
            store,
            files,
            clock,
            genesis,
            crate::support::around(quotas),
        ),
        writer,
    )
}

impl Stage {
    pub async fn new() -> Stage {
        let (mut of, licence) = history();
        let now = of.now;
        let (app, writer) = service(&of).await;
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let served = http::listen::serve(listener, app, std::future::pending());
        let server = tokio::spawn(served);
        let token = session(&url, &of).await;
        let is_design = |one: &&Statement| matches!(one.body.core, Core::DesignPublished(_));
        let design = of
            .log
            .entries()
            .iter()
            .find(is_design)
            .unwrap()
            .body
            .sub
            .clone();
        let part = of
            .log
            .entries()
            .iter()
            .find_map(|one| match &one.body.core {
                Core::PartReleased(_) => Some(one.body.sub.clone()),
                _ => None,
            });
        let unsent = of.install(Who::Mechanic, &part.unwrap()).unwrap();
        let artifact = Digest::sha3(&[ARTIFACT]);
        let tasks = [writer, server];
        Stage {
            url,
            of,
            now,
            licence,
            design,
            artifact,
            token,
            unsent,
            tasks,
        }
    }

    /// A session of somebody else. Blocks.
    pub fn token_of(&self, who: Who) -> String {
        opened(&self.url, &assertion(&self.of, self.now, who, "another"))
    }

    /// The marks of all units, and one that nobody made.
    pub fn marks(&self) -> impl Iterator<Item = Mark> {
        let licensed = (1..=UNITS).map(|unit| self.of.mark(&self.licence, unit));
        licensed.chain([Mark::derive(&[9; 32], 1)])
    }

    /// A submission that is logged already.
    pub fn statement(&self) -> Vec<u8> {
        self.last_logged().submission.to_bytes()
    }

    pub fn statement_id(&self) -> String {
        self.last_logged().id.to_string()
    }

    fn last_logged(&self) -> &Statement {
        let mut entries = self.of.log.entries().iter().rev();
        entries
            .find(|one| one.body.core.kind() != "log.batch" && one.id != self.unsent.id)
            .unwrap()
    }

    /// A photograph of a part with the first mark, by the simulated camera.
    pub fn picture(&self) -> Vec<u8> {
        let folder = tempfile::tempdir().unwrap();
        let parts = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/parts/sensor-clip");
        let (zone, mesh) = (format!("{parts}.zone.json"), format!("{parts}.stl"));
        let mark = self.of.mark(&self.licence, 1).to_string();
        let run = |arguments: &[&str]| {
            let mut command = Command::new(env!("CARGO_BIN_EXE_threadmark"));
            command
                .args(["mark"])
                .args(arguments)
                .args(["--zone", &zone]);
            let output = command.current_dir(folder.path()).output().unwrap();
            assert!(output.status.success(), "{output:?}");
        };
        run(&[
            "embed",
            &mesh,
            "marked.stl",
            "--text",
            &mark,
            "--host",
            HOST,
        ]);
        run(&["render", "marked.stl", "picture.png", "--two-colours"]);
        std::fs::read(folder.path().join("picture.png")).unwrap()
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

/// An assertion of somebody's session key (RFC 7519), as the agent signs it.
pub fn assertion(of: &Consortium, now: i64, who: Who, jti: &str) -> String {
    assertion_with(of, now, who, jti, (json!({}), json!({})))
}

/// The same with more in its header and claims.
pub fn assertion_with(
    of: &Consortium,
    now: i64,
    who: Who,
    jti: &str,
    more: (Value, Value),
) -> String {
    let person = of.person(who);
    let kid = person.signer.key_id().to_hex();
    let mut header = json!({ "alg": "EdDSA", "typ": http::sessions::ASSERTION_TYPE, "kid": kid });
    let mut claims = json!({
        "iss": person.org, "sub": kid, "aud": of.origin(), "iat": now, "exp": now + 60, "jti": jti,
    });
    for (to, more) in [(&mut header, more.0), (&mut claims, more.1)] {
        let more = more.as_object().unwrap().clone();
        to.as_object_mut().unwrap().extend(more);
    }
    let part = |json: &Value| base64url(json.to_string().as_bytes());
    let signed = format!("{}.{}", part(&header), part(&claims));
    let signature = person.session.sign(signed.as_bytes());
    format!("{signed}.{}", base64url(&signature))
}

async fn session(url: &str, of: &Consortium) -> String {
    let (url, assertion) = (
        url.to_owned(),
        assertion(of, of.now, Who::Mechanic, "stage"),
    );
    let asked = tokio::task::spawn_blocking(move || opened(&url, &assertion));
    asked.await.unwrap()
}

/// Token of a session for an assertion.
fn opened(url: &str, assertion: &str) -> String {
    let body = json!({ "assertion": assertion });
    let mut response = ureq::post(format!("{url}/v1/sessions"))
        .send_json(body)
        .unwrap();
    let opened: Value = response.body_mut().read_json().unwrap();
    opened["token"].as_str().unwrap().to_owned()
}

/// RFC 4648 section 5, without padding.
fn base64url(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let bits = chunk
            .iter()
            .fold(0, |bits, byte| bits << 8 | u32::from(*byte));
        let bits = bits << (8 * (3 - chunk.len()));
        for place in 0..=chunk.len() {
            text.push(char::from(
                ALPHABET[(bits >> (18 - 6 * place) & 63) as usize],
            ));
        }
    }
    text
}
