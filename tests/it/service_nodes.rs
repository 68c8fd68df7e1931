//! Two processes on one database: both accept, one writes; whatever becomes of the one that writes, the other goes on, history is one,
//! and nothing acknowledged is lost.

use crate::crowd::{Author, Crowd, UNLIMITED, free_port};
use crate::service_crash::admission;
use crate::support::witness::{WitnessProcess, eventually};
use crate::support::{Founded, Service, new_database};
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;
use threadmark_agent::sync::Submitted;
use threadmark_agent::system::{self, SystemEntropy};
use threadmark_protocol::checkpoint;
use threadmark_protocol::statement::{Statement, StatementId};
use tokio::runtime::Runtime;

/// Longest that one waits for something that takes seconds.
const PATIENCE: Duration = Duration::from_secs(60);

/// A log with two places for nodes.
pub struct Pair {
    pub founded: Founded,
    ports: [u16; 2],
    runtime: Runtime,
}

impl Pair {
    pub fn new() -> Pair {
        let runtime = Runtime::new().unwrap();
        let founded = Founded::new(runtime.block_on(new_database()));
        let ports = [free_port(), free_port()];
        Pair {
            founded,
            ports,
            runtime,
        }
    }

    pub fn url(&self, at: usize) -> String {
        format!("http://127.0.0.1:{}", self.ports[at])
    }

    pub fn urls(&self) -> Vec<String> {
        vec![self.url(0), self.url(1)]
    }

    pub fn serve(&self, at: usize) -> Service {
        self.serve_as(at, &self.url(at))
    }

    /// One that tells the others this address.
    fn serve_as(&self, at: usize, address: &str) -> Service {
        let listen = format!("127.0.0.1:{}", self.ports[at]);
        let policy = self.policy();
        let mut own = vec![
            ("THREADMARK_LISTEN", &listen[..]),
            ("THREADMARK_NODE_ADDRESS", address),
        ];
        if policy.exists() {
            own.push(("THREADMARK_WITNESS_POLICY", policy.to_str().unwrap()));
        }
        self.founded.serve_with(&[&own[..], &UNLIMITED].concat())
    }

    /// Who witnesses the log, if somebody does.
    fn policy(&self) -> PathBuf {
        self.founded.folder.path().join("witnesses.policy")
    }

    /// Address, fence, and whether the lease is good, as the database has it.
    fn lease(&self) -> (Option<String>, i64, bool) {
        self.runtime.block_on(async {
            let pool = sqlx::PgPool::connect(&self.founded.database).await.unwrap();
            let asked = "select address, fence, expires_at > clock_timestamp() from lease";
            let row = sqlx::query_as(asked).fetch_optional(&pool).await.unwrap();
            pool.close().await;
            row.unwrap_or_default()
        })
    }

    /// The node that writes, when one does; not the one at `but`.
    pub fn writer(&self, but: Option<usize>) -> usize {
        let started = system::elapsed();
        loop {
            let (address, _, is_good) = self.lease();
            let of = |at: &usize| address.as_deref() == Some(&self.url(*at)) && Some(*at) != but;
            if let Some(at) = (0..2).find(of).filter(|_| is_good) {
                return at;
            }
            assert!(
                system::elapsed() - started < PATIENCE,
                "nobody writes: {address:?}"
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// Sends a signal.
fn signal(service: &Service, name: &str) {
    let pid = service.pid().to_string();
    let sent = Command::new("kill").args([name, &pid]).status();
    assert!(sent.unwrap().success());
}

/// Sends until it is logged, as every client does; where it stands.
fn submit(service: &Service, statement: &Statement) -> (StatementId, u64) {
    for _ in 0..600 {
        match service.client().submit(&statement.submission) {
            Ok(Submitted::Logged(logged)) => return (statement.id, logged.index),
            Ok(Submitted::Unanswered { .. }) | Err(_) => {
                std::thread::sleep(Duration::from_millis(50));
            }
            Ok(other) => panic!("{other:?}"),
        }
    }
    panic!("nobody logs it");
}

/// Status, headers but for those of the moment, and body of an answer.
fn post(url: &str, body: &[u8]) -> (u16, Vec<(String, String)>, Vec<u8>) {
    let request = ureq::post(format!("{url}/v1/statements"));
    let request = request.config().http_status_as_error(false).build();
    let request = request.header("x-request-id", "mine-0001");
    let mut answer = request.content_type("application/cbor").send(body).unwrap();
    let headers = answer.headers().iter();
    let headers = headers.filter(|(name, _)| *name != "date");
    let headers =
        headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()));
    let mut headers: Vec<_> = headers.collect();
    headers.sort();
    let body = answer.body_mut().read_to_vec().unwrap();
    (answer.status().as_u16(), headers, body)
}

#[test]
fn both_accept_and_answer_the_same() {
    let pair = Pair::new();
    let nodes = [pair.serve(0), pair.serve(1)];
    let writer = pair.writer(None);
    let author = Author::of(&pair.founded);
    for node in &nodes {
        submit(node, &author.report());
    }
    for at in [writer, 1 - writer, writer, 1 - writer] {
        let report = author.report().submission.to_bytes();
        let (status, _, first) = post(&nodes[at].url, &report);
        assert_eq!(status, 201, "{}", String::from_utf8_lossy(&first));
        // Whoever of them is asked again: the same answer, byte for byte.
        let [one, other] = [&nodes[0], &nodes[1]].map(|node| post(&node.url, &report));
        assert_eq!(one.0, 200);
        assert_eq!(one, other);
        let receipt = |body: &[u8]| {
            let answer: serde_json::Value = serde_json::from_slice(body).unwrap();
            answer["receipt"].as_str().unwrap().to_owned()
        };
        assert_eq!(receipt(&one.2), receipt(&first));
    }
    let [one, other] = [&nodes[0], &nodes[1]].map(|node| post(&node.url, b"nonsense"));
    assert_eq!(one.0, 400);
    assert_eq!(one, other);
    // What one has logged, the other has read when it is asked for it.
    let member = admission(&pair.founded, "member");
    let (id, index) = submit(&nodes[writer], &member);
    let client = nodes[1 - writer].client();
    let session = client.session(&pair.founded.governor, system::now(), &mut SystemEntropy);
    let session = session.unwrap();
    let found = client.statement(Some(&session), &id).unwrap();
    assert_eq!(found.index, index);
    assert!(client.page(&session, index + 2).unwrap().is_none());
    assert_eq!(
        client.page(&session, index).unwrap().unwrap().entries.len(),
        2
    );
    assert_eq!(pair.lease().1, 1, "the lease has moved");
}

#[test]
fn the_writer_is_killed_under_load() {
    let pair = Pair::new();
    let mut nodes = [Some(pair.serve(0)), Some(pair.serve(1))];
    let crowd = Crowd::at_work(Author::of(&pair.founded), pair.urls(), 4);
    for _ in 0..2 {
        crowd.wait_for(40);
        let writer = pair.writer(None);
        nodes[writer].take().unwrap().kill();
        let killed = system::elapsed();
        assert_eq!(pair.writer(Some(writer)), 1 - writer);
        crowd.wait_for(1);
        println!("the lease moved within {:?}", system::elapsed() - killed);
        nodes[writer] = Some(pair.serve(writer));
    }
    crowd.wait_for(40);
    crowd.end().check(&pair.founded, &pair.urls());
}

#[test]
fn the_writer_sleeps_past_its_lease_and_wakes_up() {
    let pair = Pair::new();
    let nodes = [pair.serve(0), pair.serve(1)];
    let crowd = Crowd::at_work(Author::of(&pair.founded), pair.urls(), 4);
    for _ in 0..2 {
        crowd.wait_for(40);
        let writer = pair.writer(None);
        // Somewhere in the middle of its batches.
        signal(&nodes[writer], "-STOP");
        assert_eq!(pair.writer(Some(writer)), 1 - writer);
        signal(&nodes[writer], "-CONT");
        crowd.wait_for(40);
        assert_eq!(pair.writer(None), 1 - writer, "who slept took it back");
    }
    crowd.end().check(&pair.founded, &pair.urls());
}

#[test]
fn what_is_committed_while_its_writer_sleeps_is_acknowledged_as_committed() {
    let pair = Pair::new();
    let nodes = [pair.serve(0), pair.serve(1)];
    let writer = pair.writer(None);
    // From the second time on a connection sends a commit whole, and no part of it waits for us.
    for name in ["one", "two", "three"] {
        submit(&nodes[writer], &admission(&pair.founded, name));
    }
    let statement = admission(&pair.founded, "asleep");
    let lock = pair.runtime.block_on(async {
        let pool = sqlx::PgPool::connect(&pair.founded.database).await.unwrap();
        let mut lock = pool.begin().await.unwrap();
        let text = "lock table entry in share mode";
        sqlx::raw_sql(text).execute(&mut *lock).await.unwrap();
        lock
    });
    let (client, sent) = (nodes[writer].client(), statement.clone());
    let sending = std::thread::spawn(move || client.submit(&sent.submission));
    pair.runtime.block_on(wait_for_lock(&pair.founded.database));
    signal(&nodes[writer], "-STOP");
    // The database goes on with what it was told.
    pair.runtime.block_on(lock.rollback()).unwrap();
    assert_eq!(pair.writer(Some(writer)), 1 - writer);
    let (_, index) = submit(&nodes[1 - writer], &statement);
    signal(&nodes[writer], "-CONT");
    match sending.join().unwrap().unwrap() {
        Submitted::Logged(logged) => assert_eq!(logged.index, index),
        // On a new connection a commit goes in two parts, and the second one was never sent.
        Submitted::Unanswered { .. } => assert_eq!(submit(&nodes[writer], &statement).1, index),
        other => panic!("{other:?}"),
    }
    assert!(pair.founded.audit().0);
}

/// Until a commit stands before the lock.
async fn wait_for_lock(database: &str) {
    let pool = sqlx::PgPool::connect(database).await.unwrap();
    let waiting = "select count(*) from pg_stat_activity
                   where datname = current_database() and wait_event_type = 'Lock'";
    while sqlx::query_scalar::<_, i64>(waiting)
        .fetch_one(&pool)
        .await
        .unwrap()
        == 0
    {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    pool.close().await;
}

#[test]
fn who_is_told_to_stop_gives_the_lease_up() {
    let pair = Pair::new();
    let mut nodes = [Some(pair.serve(0)), Some(pair.serve(1))];
    let writer = pair.writer(None);
    let before = admission(&pair.founded, "before");
    submit(nodes[writer].as_ref().unwrap(), &before);
    let reader = nodes[1 - writer].take().unwrap();
    // Alone, so that nobody takes it meanwhile.
    assert!(reader.terminate());
    assert!(pair.lease().2);
    assert!(nodes[writer].take().unwrap().terminate());
    assert!(!pair.lease().2, "the lease was kept");
    let other = pair.serve(1 - writer);
    let started = system::elapsed();
    assert_eq!(pair.writer(None), 1 - writer);
    println!("taken within {:?}", system::elapsed() - started);
    submit(&other, &admission(&pair.founded, "after"));
    assert!(pair.founded.audit().0);
}

#[test]
fn one_asks_the_witnesses_and_all_show_what_they_say() {
    let pair = Pair::new();
    let log = pair.founded.governor.trust().unwrap().checkpoint_key;
    let folder = pair.founded.folder.path().join("witness");
    let witness = WitnessProcess::make(&folder, &[log.to_string()]);
    let (key, url) = (witness.key(), &witness.url);
    let policy = format!("log {log}\nwitness one {key} {url}\ngroup all 1 one\nquorum all\n");
    std::fs::write(pair.policy(), policy).unwrap();
    let mut nodes = [Some(pair.serve(0)), Some(pair.serve(1))];
    let author = Author::of(&pair.founded);
    let is_shown = |node: &Service, index: u64| {
        let note = node.client().checkpoint().unwrap();
        let signed = checkpoint::open(&note, &log).unwrap();
        let lines = signed.cosignatures(std::slice::from_ref(&key)).unwrap();
        signed.checkpoint().size > index && lines.len() == 1
    };
    let writer = pair.writer(None);
    let (_, index) = submit(nodes[writer].as_ref().unwrap(), &author.report());
    for node in nodes.iter().flatten() {
        eventually("both show it", || is_shown(node, index));
    }
    // Who takes over goes on asking from where the other one was.
    assert!(nodes[writer].take().unwrap().terminate());
    let other = nodes[1 - writer].as_ref().unwrap();
    let (_, index) = submit(other, &author.report());
    eventually("it asks now", || is_shown(other, index));
    assert!(pair.founded.audit().0);
}

#[test]
fn an_address_that_leads_elsewhere_goes_in_no_circles() {
    let pair = Pair::new();
    // It tells the others that it is where the reader is.
    let writer = pair.serve_as(0, &pair.url(1));
    submit(&writer, &admission(&pair.founded, "first"));
    let reader = pair.serve(1);
    let report = Author::of(&pair.founded).report().submission.to_bytes();
    let (status, headers, body) = post(&reader.url, &report);
    assert_eq!(status, 503, "{}", String::from_utf8_lossy(&body));
    assert!(headers.iter().any(|(name, _)| name == "retry-after"));
}

#[test]
fn states_are_made_anew_while_nodes_run() {
    let pair = Pair::new();
    let nodes = [pair.serve(0), pair.serve(1)];
    let crowd = Crowd::at_work(Author::of(&pair.founded), pair.urls(), 2);
    crowd.wait_for(20);
    let (_, before, _) = pair.lease();
    // It may be overtaken between reading and writing; then it says so, and changes nothing.
    let rebuilt = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_threadmark"));
        let command = command
            .arg("rebuild")
            .arg("--home")
            .arg(pair.founded.log_home());
        let command = command.env("DATABASE_URL", &pair.founded.database);
        command.output().unwrap().status.success()
    };
    assert!((0..5).any(|_| rebuilt()), "it is never done");
    crowd.wait_for(20);
    assert!(
        pair.lease().1 > before + 1,
        "what was kept under the old fence may be used"
    );
    crowd.end().check(&pair.founded, &pair.urls());
    drop(nodes);
}
