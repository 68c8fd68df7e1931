//! Clients that send, and send again until they hear; what they were promised, and whether it is kept: the load under which things
//! are killed.

use crate::support::Founded;
use std::collections::{BTreeMap, BTreeSet};
use std::net::TcpListener;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;
use threadmark_agent::sync::{Client, Logged, Submitted};
use threadmark_agent::system;
use threadmark_protocol::body::build::BuildAborted;
use threadmark_protocol::body::{Body, Bytes16, Core};
use threadmark_protocol::checkpoint::{self, Checkpoint};
use threadmark_protocol::fixture::text;
use threadmark_protocol::genesis::{Genesis, Trust};
use threadmark_protocol::key::Signer;
use threadmark_protocol::receipt::Receipt;
use threadmark_protocol::statement::Statement;
use threadmark_protocol::text::{ActorId, Moment, OrgId};
use threadmark_protocol::tree::{Tree, leaf_hash};

/// Longest that a client goes without an answer before the test has failed: many times what a take-over or a start needs.
const PATIENCE: Duration = Duration::from_secs(120);
/// Between two attempts.
const PAUSE: Duration = Duration::from_millis(20);

/// What lets a crowd through: quotas are another test's.
pub const UNLIMITED: [(&str, &str); 5] = [
    ("THREADMARK_STATEMENTS_PER_SECOND", "0"),
    ("THREADMARK_REQUESTS_PER_SECOND", "0"),
    ("THREADMARK_UNSIGNED_PER_SECOND", "0"),
    ("THREADMARK_LOOKUPS_PER_SECOND", "0"),
    ("THREADMARK_SESSIONS_PER_SECOND", "0"),
];

/// A port that was free a moment ago.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// The governor's hand, without his journal: thousands of reports a minute.
pub struct Author {
    trust: Trust,
    signer: Signer,
    org: OrgId,
    actor: ActorId,
    next: AtomicU64,
}

impl Author {
    pub fn of(founded: &Founded) -> Author {
        let genesis = std::fs::read(founded.log_home().join("genesis.cbor")).unwrap();
        let identity = founded.folder.path().join("governor/identity.json");
        let identity: serde_json::Value =
            serde_json::from_slice(&std::fs::read(identity).unwrap()).unwrap();
        let mut seed = [0; 32];
        hex::decode_to_slice(identity["signing_seed"].as_str().unwrap(), &mut seed).unwrap();
        let of = founded.governor.identity();
        Author {
            trust: Genesis::parse(&genesis).unwrap().trust().unwrap(),
            signer: Signer::from_seed(&seed),
            org: of.org.clone(),
            actor: of.actor.clone(),
            // Behind what the governor's own journal may say.
            next: 1_000_000.into(),
        }
    }

    /// A report that nobody has made before.
    pub fn report(&self) -> Statement {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let now = system::now();
        let body = Body {
            iss: self.org.clone(),
            sub: format!("build:t{number}").parse().unwrap(),
            actor: self.actor.clone(),
            iat: now,
            occurred_at: Moment::from_unix(now).unwrap(),
            seq: number,
            prev: None,
            seen: None,
            salt: Bytes16([7; 16]),
            core: Core::BuildAborted(BuildAborted {
                parts: vec![format!("part:t{number}").parse().unwrap()],
                reason: text("the powder ran out"),
            }),
            sealed: BTreeMap::new(),
        };
        Statement::sign(body, BTreeMap::new(), self.trust.origin(), &self.signer)
    }
}

/// What a client was told with 201 or 200.
pub struct Promise {
    pub statement: Statement,
    pub logged: Logged,
}

struct Shared {
    author: Author,
    urls: Vec<String>,
    /// Before each statement.
    pause: Duration,
    acknowledged: AtomicUsize,
    stop: AtomicBool,
    /// Why clients were told to send again.
    heard: Mutex<BTreeSet<String>>,
    /// Every checkpoint that anybody was shown.
    shown: Mutex<BTreeSet<String>>,
}

/// Clients at work.
pub struct Crowd {
    shared: Arc<Shared>,
    clients: Vec<JoinHandle<Vec<Promise>>>,
    observer: JoinHandle<()>,
}

impl Crowd {
    /// So many clients, which send to these services in turn.
    pub fn at_work(author: Author, urls: Vec<String>, clients: usize) -> Crowd {
        Crowd::patient(author, urls, clients, Duration::ZERO)
    }

    /// The same; each waits so long before its next statement.
    pub fn patient(author: Author, urls: Vec<String>, clients: usize, pause: Duration) -> Crowd {
        let shared = Arc::new(Shared {
            author,
            urls,
            pause,
            acknowledged: 0.into(),
            stop: false.into(),
            heard: Mutex::default(),
            shown: Mutex::default(),
        });
        let client = |number| {
            let shared = shared.clone();
            std::thread::spawn(move || shared.send(number))
        };
        let clients = (0..clients).map(client).collect();
        let watching = shared.clone();
        let observer = std::thread::spawn(move || watching.watch());
        Crowd {
            shared,
            clients,
            observer,
        }
    }

    /// Waits until so many more statements are acknowledged.
    pub fn wait_for(&self, more: usize) {
        let target = self.acknowledged() + more;
        let started = system::elapsed();
        while self.acknowledged() < target {
            assert!(
                system::elapsed() - started < PATIENCE,
                "nothing is logged any more"
            );
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Waits until a client is told to send again for this reason.
    pub fn wait_to_hear(&self, why: &str) {
        let started = system::elapsed();
        while !self.shared.heard.lock().unwrap().contains(why) {
            let heard = &self.shared.heard;
            assert!(system::elapsed() - started < PATIENCE, "{heard:?}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub fn acknowledged(&self) -> usize {
        self.shared.acknowledged.load(Ordering::Relaxed)
    }

    /// Every client ends with an answer to what it has sent last.
    pub fn end(self) -> Kept {
        self.shared.stop.store(true, Ordering::Relaxed);
        let ended = self
            .clients
            .into_iter()
            .map(|client| client.join().unwrap());
        let promises = ended.flatten().collect();
        self.observer.join().unwrap();
        let shared = Arc::into_inner(self.shared).unwrap();
        Kept {
            author: shared.author,
            promises,
            shown: shared.shown.into_inner().unwrap(),
        }
    }
}

impl Shared {
    fn send(&self, number: usize) -> Vec<Promise> {
        let clients: Vec<_> = self.urls.iter().map(|url| Client::new(url)).collect();
        let mut promises = Vec::new();
        let mut at = number;
        while !self.stop.load(Ordering::Relaxed) {
            std::thread::sleep(self.pause);
            let statement = self.author.report();
            let started = system::elapsed();
            let logged = loop {
                at += 1;
                match clients[at % clients.len()].submit(&statement.submission) {
                    Ok(Submitted::Logged(logged)) => break logged,
                    Ok(Submitted::Unanswered { detail }) => {
                        self.heard.lock().unwrap().insert(detail);
                    }
                    Err(_) => {}
                    Ok(other) => panic!("{other:?}"),
                }
                let waited = system::elapsed() - started;
                assert!(waited < PATIENCE, "nobody answers");
                std::thread::sleep(PAUSE);
            };
            self.acknowledged.fetch_add(1, Ordering::Relaxed);
            promises.push(Promise { statement, logged });
        }
        promises
    }

    /// Takes down what the services show to the world.
    fn watch(&self) {
        let clients: Vec<_> = self.urls.iter().map(|url| Client::new(url)).collect();
        while !self.stop.load(Ordering::Relaxed) {
            let shown = clients.iter().filter_map(|client| client.checkpoint().ok());
            self.shown.lock().unwrap().extend(shown);
            std::thread::sleep(PAUSE);
        }
    }
}

/// What was promised in the end.
pub struct Kept {
    pub author: Author,
    pub promises: Vec<Promise>,
    shown: BTreeSet<String>,
}

impl Kept {
    /// Nothing acknowledged is lost or has moved, every receipt verifies, every checkpoint that was ever shown is of the one tree,
    /// and the audit agrees. A client that sends again gets its first receipt from each of `urls`.
    pub fn check(&self, founded: &Founded, urls: &[String]) {
        let envelopes = envelopes(&founded.database);
        let mut tree = Tree::default();
        envelopes
            .iter()
            .for_each(|entry| tree.push(leaf_hash(entry)));
        for Promise { statement, logged } in &self.promises {
            let found = envelopes.get(logged.index as usize);
            let is_there = found == Some(&statement.submission.envelope);
            assert!(is_there, "{} is not at {}", statement.id, logged.index);
            let receipt = Receipt::parse(&logged.receipt).unwrap();
            let entry = &statement.submission.envelope;
            let verified = receipt.verify(entry, &self.author.trust.log_key).unwrap();
            assert_eq!(verified.index, logged.index);
            assert_eq!(tree.root_at(verified.size), Some(verified.root));
        }
        let distinct: BTreeSet<_> = envelopes.iter().collect();
        assert_eq!(distinct.len(), envelopes.len(), "an entry stands twice");
        self.check_shown(&tree);
        for url in urls {
            self.check_again(url);
        }
        let (good, told) = founded.audit();
        assert!(good, "{told}");
    }

    fn check_shown(&self, tree: &Tree) {
        for note in &self.shown {
            let signed = checkpoint::open(note, &self.author.trust.checkpoint_key).unwrap();
            let Checkpoint { size, root, .. } = signed.checkpoint();
            assert_eq!(tree.root_at(*size), Some(*root), "a fork at {size}");
        }
    }

    fn check_again(&self, url: &str) {
        let client = Client::new(url);
        let every = self.promises.len().div_ceil(20).max(1);
        for Promise { statement, logged } in self.promises.iter().step_by(every) {
            match client.submit(&statement.submission).unwrap() {
                Submitted::Logged(again) => {
                    assert_eq!(again.index, logged.index);
                    assert_eq!(again.receipt, logged.receipt, "not the first receipt");
                }
                other => panic!("{other:?}"),
            }
        }
    }
}

/// The log's entries as they stand in the database.
fn envelopes(database: &str) -> Vec<Vec<u8>> {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let pool = sqlx::PgPool::connect(database).await.unwrap();
        let all = "select envelope from entry order by index";
        let rows = sqlx::query_scalar(all).fetch_all(&pool).await.unwrap();
        pool.close().await;
        rows
    })
}
