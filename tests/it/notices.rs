//! Who is told of a recall, and how a member's own program is.

use crate::support::new_database;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use threadmark::config::Hooks;
use threadmark::jobs::{hooks, notices};
use threadmark::ledger::keys::LogKeys;
use threadmark::ledger::sequencer::Sequencer;
use threadmark::ledger::{Clock, Ledger, Outcome};
use threadmark::store::PgStore;
use threadmark::store::notice::{Delivery, Notice};
use threadmark_protocol::body::governance::PartClass;
use threadmark_protocol::fixture::{Consortium, Who, text};
use threadmark_protocol::key::verify;
use threadmark_protocol::statement::Statement;
use threadmark_protocol::text::{OrgId, SubjectId};

/// A log on PostgreSQL with what the fixture's people sign, and a clock that the test moves.
pub struct Ground {
    pub of: Consortium,
    sent: usize,
    pub database: String,
    pub store: PgStore,
    pub ledger: Ledger,
    pub now: Arc<AtomicI64>,
    pub clock: Clock,
}

impl Ground {
    pub async fn new(of: Consortium) -> Ground {
        let database = new_database().await;
        let store = PgStore::open(&database).await.unwrap();
        let (checkpoint, log) = of.log.signers();
        let keys = LogKeys::from_signers(of.origin(), checkpoint, log, [7; 32]);
        let now = Arc::new(AtomicI64::new(of.now));
        let moved = now.clone();
        let clock: Clock = Arc::new(move || moved.load(Ordering::Relaxed));
        let started = Sequencer::start(store.clone(), keys, &of.genesis, "test", clock.clone());
        let (ledger, task) = started.await.unwrap();
        tokio::spawn(task.run());
        let mut ground = Ground {
            of,
            sent: 2,
            database,
            store,
            ledger,
            now,
            clock,
        };
        ground.log().await;
        ground
    }

    /// Logs what the people have signed since.
    pub async fn log(&mut self) {
        self.now.store(self.of.now + 60, Ordering::Relaxed);
        let own = |statement: &&Statement| statement.body.core.kind() != "log.batch";
        let new: Vec<_> = self.of.log.entries()[self.sent..]
            .iter()
            .filter(own)
            .cloned()
            .collect();
        self.sent = self.of.log.entries().len();
        for statement in new {
            let outcome = self.ledger.submit(statement).await;
            assert!(
                matches!(outcome, Some(Outcome::Logged { .. })),
                "{outcome:?}"
            );
        }
    }

    /// Makes notices in the background, as the service does.
    fn notice(&self) {
        let (ledger, store, clock) = (self.ledger.clone(), self.store.clone(), self.clock.clone());
        tokio::spawn(async move { match notices::keep_noticing(&ledger, &store, &clock).await {} });
    }

    fn tell(&self, hooks: Hooks) {
        let (ledger, store, clock) = (self.ledger.clone(), self.store.clone(), self.clock.clone());
        tokio::spawn(
            async move { match hooks::keep_telling(&ledger, &store, &clock, hooks).await {} },
        );
    }

    pub fn org(&self, who: Who) -> OrgId {
        self.of.org(who)
    }

    async fn notices(&self, who: Who) -> Vec<Notice> {
        self.store
            .notices(&self.org(who), None, false, 50)
            .await
            .unwrap()
    }

    /// The notices of somebody, as soon as they are as they should be.
    async fn until(&self, who: Who, good: impl Fn(&[Notice]) -> bool) -> Vec<Notice> {
        for _ in 0..600 {
            let notices = self.notices(who).await;
            if good(&notices) {
                return notices;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("not within half a minute: {:?}", self.notices(who).await);
    }
}

/// Three parts of one lot: one installed by the mechanic's organisation, one sent there, one on the ship.
fn three_parts() -> Consortium {
    let (mut of, licence) = Consortium::licensed(3, PartClass::C, 4);
    let [first, second, _] = [1, 2, 3].map(|unit| of.make(&licence, unit));
    of.hand_over(&first).unwrap();
    of.install(Who::Mechanic, &first).unwrap();
    of.ship(Who::Custodian, &second, of.org(Who::Mechanic))
        .unwrap();
    of
}

fn recall(of: &mut Consortium) -> SubjectId {
    of.recall(Who::Certifier, &[&text("lot:l1")]).unwrap()
}

fn body(notice: &Notice) -> Value {
    serde_json::from_str(&notice.body).unwrap()
}

fn is_told(notices: &[Notice]) -> bool {
    matches!(
        notices,
        [Notice {
            delivery: Delivery::Told { .. },
            ..
        }]
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_a_recalled_part_or_was_sent_one_is_told_and_nobody_else() {
    let mut ground = Ground::new(three_parts()).await;
    ground.notice();
    let id = recall(&mut ground.of);
    ground.log().await;
    let told = ground.until(Who::Mechanic, |told| told.len() == 1).await;
    let of_mechanic = body(&told[0]);
    assert_eq!(of_mechanic["kind"], "safety.recall_placed");
    assert_eq!(of_mechanic["subject"], id.to_string());
    assert_eq!(of_mechanic["core"]["reason"], "Porosity");
    assert_eq!(of_mechanic["parts_total"], 2);
    let assets: Vec<_> = of_mechanic["parts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|part| &part["installed"]["asset"])
        .collect();
    assert!(assets.contains(&&Value::from("N123TM")), "{assets:?}");
    // The second still has its sender as custodian.
    let of_ship = body(&ground.until(Who::Custodian, |told| told.len() == 1).await[0]);
    assert_eq!(of_ship["parts_total"], 2);
    assert!(ground.notices(Who::Designer).await.is_empty());
    ground.of.grant(
        Who::AuthorityAdmin,
        threadmark_protocol::body::governance::Role::Certifier,
    );
    ground.of.lift_recall(Who::AuthorityAdmin, &id).unwrap();
    ground.log().await;
    let told = ground.until(Who::Mechanic, |told| told.len() == 2).await;
    assert_eq!(body(&told[1])["kind"], "safety.recall_lifted");
    assert!(
        told.iter()
            .all(|notice| matches!(notice.delivery, Delivery::NotAsked))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_crash_left_is_noticed_once() {
    let mut ground = Ground::new(three_parts()).await;
    recall(&mut ground.of);
    ground.log().await;
    let first = notices::keep_noticing(&ground.ledger, &ground.store, &ground.clock);
    // Broken off somewhere: the next one goes on.
    let _ = tokio::time::timeout(Duration::from_millis(30), first).await;
    ground.notice();
    let told = ground.until(Who::Mechanic, |told| told.len() == 1).await;
    let size = ground.store.noticed().await.unwrap();
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert_eq!(ground.notices(Who::Mechanic).await.len(), told.len());
    assert!(size <= ground.store.noticed().await.unwrap());
}

/// Head and body of a request.
type Call = (Vec<String>, String);

/// A program of a member: keeps what it is sent, and answers one status after the other, the last for ever.
struct Receiver {
    url: String,
    /// Connections, whatever was said on them.
    knocks: Arc<AtomicUsize>,
    heard: Arc<Mutex<Vec<Call>>>,
}

impl Receiver {
    fn answering(statuses: &'static [&'static str]) -> Receiver {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let heard = Arc::new(Mutex::new(Vec::new()));
        let knocks = Arc::new(AtomicUsize::new(0));
        let (keep, knocked) = (heard.clone(), knocks.clone());
        std::thread::spawn(move || {
            for (at, stream) in listener.incoming().enumerate() {
                knocked.fetch_add(1, Ordering::Relaxed);
                let mut stream = stream.unwrap();
                let mut read = BufReader::new(stream.try_clone().unwrap());
                let head: Vec<String> = read
                    .by_ref()
                    .lines()
                    .map(Result::unwrap)
                    .take_while(|line| !line.is_empty())
                    .collect();
                let length = head.iter().find_map(|line| {
                    line.to_ascii_lowercase()
                        .strip_prefix("content-length: ")
                        .map(str::to_owned)
                });
                let mut body = vec![0; length.unwrap().parse().unwrap()];
                read.read_exact(&mut body).unwrap();
                keep.lock()
                    .unwrap()
                    .push((head, String::from_utf8(body).unwrap()));
                let status = statuses[at.min(statuses.len() - 1)];
                let answer =
                    format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
                stream.write_all(answer.as_bytes()).unwrap();
            }
        });
        Receiver { url, knocks, heard }
    }

    fn heard(&self) -> Vec<Call> {
        self.heard.lock().unwrap().clone()
    }
}

fn header<'a>(head: &'a [String], name: &str) -> &'a str {
    let found = head.iter().find_map(|line| {
        let (known, value) = line.split_once(": ")?;
        known.eq_ignore_ascii_case(name).then_some(value)
    });
    found.unwrap_or_else(|| panic!("no {name} in {head:?}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hook_is_asked_again_until_it_answers_and_knows_whose_word_it_is() {
    let mut ground = Ground::new(three_parts()).await;
    let receiver = Receiver::answering(&["500 Broken", "204 No Content"]);
    let mro = ground.org(Who::Mechanic);
    ground
        .store
        .set_hook(&mro, &receiver.url, ground.of.now)
        .await
        .unwrap();
    ground.notice();
    ground.tell(Hooks::Anywhere);
    recall(&mut ground.of);
    ground.log().await;
    let failed = |told: &[Notice]| {
        matches!(
            told,
            [Notice {
                delivery: Delivery::Waiting {
                    tried: 1,
                    trouble: Some(_),
                    ..
                },
                ..
            }]
        )
    };
    ground.until(Who::Mechanic, failed).await;
    ground.now.fetch_add(5, Ordering::Relaxed);
    let told = ground.until(Who::Mechanic, is_told).await;
    let heard = receiver.heard();
    let [(first, _), (second, sent)] = &heard[..] else {
        panic!("{} calls", heard.len());
    };
    assert_eq!(*sent, told[0].body);
    assert_eq!(header(first, "webhook-id"), header(second, "webhook-id"));
    let signed = format!(
        "{}.{}.{sent}",
        header(second, "webhook-id"),
        header(second, "webhook-timestamp")
    );
    let signature = header(second, "webhook-signature")
        .strip_prefix("v1a,")
        .unwrap();
    let signature: [u8; 64] = BASE64_STANDARD
        .decode(signature)
        .unwrap()
        .try_into()
        .unwrap();
    let key = ground.ledger.keys().log_public();
    assert!(verify(&key, signed.as_bytes(), &signature));
    assert!(!verify(&key, format!("{signed} ").as_bytes(), &signature));
    // Others have no hook, and their notices wait to be asked for.
    assert!(matches!(
        ground.notices(Who::Custodian).await[0].delivery,
        Delivery::NotAsked
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_never_taken_is_given_up_and_sent_again_when_the_hook_is_named_anew() {
    let mut ground = Ground::new(three_parts()).await;
    let receiver = Receiver::answering(&["503 Later"]);
    let mro = ground.org(Who::Mechanic);
    ground
        .store
        .set_hook(&mro, &receiver.url, ground.of.now)
        .await
        .unwrap();
    ground.notice();
    ground.tell(Hooks::Anywhere);
    recall(&mut ground.of);
    ground.log().await;
    for tries in 1..=10 {
        let tried = |told: &[Notice]| match told {
            [
                Notice {
                    delivery: Delivery::Waiting { tried, .. } | Delivery::GivenUp { tried, .. },
                    ..
                },
            ] => *tried >= tries,
            _ => false,
        };
        ground.until(Who::Mechanic, tried).await;
        ground.now.fetch_add(86_400, Ordering::Relaxed);
    }
    let given_up = ground.store.notices(&mro, None, true, 50).await.unwrap();
    assert!(
        matches!(&given_up[..], [Notice { delivery: Delivery::GivenUp { tried: 10, trouble: Some(why) }, .. }] if why.contains("503"))
    );
    assert_eq!(receiver.heard().len(), 10);
    let better = Receiver::answering(&["200 OK"]);
    ground
        .store
        .set_hook(&mro, &better.url, ground.now.load(Ordering::Relaxed))
        .await
        .unwrap();
    ground.until(Who::Mechanic, is_told).await;
    assert_eq!(better.heard().len(), 1);
    assert_eq!(receiver.heard().len(), 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn on_the_internet_no_door_inside_is_knocked_at() {
    let mut ground = Ground::new(three_parts()).await;
    let receiver = Receiver::answering(&["200 OK"]);
    let port = receiver.url.rsplit_once(':').unwrap().1;
    let mro = ground.org(Who::Mechanic);
    ground.notice();
    ground.tell(Hooks::Public);
    recall(&mut ground.of);
    ground
        .store
        .set_hook(&mro, &receiver.url, ground.of.now)
        .await
        .unwrap();
    ground.log().await;
    let failed = |least: i32| move |told: &[Notice]| matches!(told, [Notice { delivery: Delivery::Waiting { tried, .. }, .. }] if *tried >= least);
    ground.until(Who::Mechanic, failed(1)).await;
    for (tries, inside) in [
        (2, format!("https://localhost:{port}")),
        (3, format!("https://127.0.0.1:{port}")),
    ] {
        ground
            .store
            .set_hook(&mro, &inside, ground.now.load(Ordering::Relaxed))
            .await
            .unwrap();
        ground.now.fetch_add(86_400, Ordering::Relaxed);
        ground.until(Who::Mechanic, failed(tries)).await;
    }
    assert_eq!(receiver.knocks.load(Ordering::Relaxed), 0);
    ground.store.remove_hook(&mro).await.unwrap();
    ground.now.fetch_add(86_400, Ordering::Relaxed);
    let quiet = |told: &[Notice]| {
        matches!(
            told,
            [Notice {
                delivery: Delivery::GivenUp { .. },
                ..
            }]
        )
    };
    ground.until(Who::Mechanic, quiet).await;
}
