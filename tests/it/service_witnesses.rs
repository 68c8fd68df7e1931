//! The service and its witnesses, good and bad: what is witnessed, what is believed, and what a restored old backup meets.

use crate::postgres;
use crate::service_crash::{admission, submit};
use crate::support::witness::{Actor, WitnessProcess, eventually};
use crate::support::{Founded, Service, new_database};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;
use threadmark_agent::system::{self, SystemEntropy};
use threadmark_protocol::answer::Witnessing;
use threadmark_protocol::checkpoint::{self, Cosigner, SignedCheckpoint};
use threadmark_protocol::key::Signer;
use threadmark_protocol::note::VerifierKey;
use threadmark_protocol::statement::StatementId;
use threadmark_protocol::tlog_proof::TlogProof;
use threadmark_protocol::witness::Request;
use tokio::runtime::Runtime;

/// A log, and the lines of its policy.
pub struct Scene {
    pub founded: Founded,
    pub log: VerifierKey,
    lines: Vec<String>,
    names: Vec<String>,
}

impl Scene {
    pub fn new() -> Scene {
        let founded = Founded::new(Runtime::new().unwrap().block_on(new_database()));
        let log = founded.governor.trust().unwrap().checkpoint_key;
        Scene {
            founded,
            log,
            lines: Vec::new(),
            names: Vec::new(),
        }
    }

    pub fn folder(&self, name: &str) -> PathBuf {
        self.founded.folder.path().join(name)
    }

    pub fn add(&mut self, name: &str, key: &VerifierKey, url: &str) {
        self.lines.push(format!("witness {name} {key} {url}"));
        self.names.push(name.to_owned());
    }

    /// A real witness that counts.
    fn witness(&mut self, name: &str) -> WitnessProcess {
        let witness = WitnessProcess::make(&self.folder(name), &[self.log.to_string()]);
        self.add(name, &witness.key(), &witness.url);
        witness
    }

    /// A log with one witness, which has cosigned a statement.
    fn with_one() -> (Scene, WitnessProcess, Service) {
        let mut scene = Scene::new();
        let witness = scene.witness("one");
        let service = scene.serve("1");
        let (id, _) = scene.submit(&service, "first");
        eventually("it cosigns", || scene.is_witnessed(&service, &id));
        (scene, witness, service)
    }

    /// The policy file: so many of all.
    fn policy(&self, needed: &str) -> PathBuf {
        let path = self.folder("witnesses.policy");
        let (lines, names) = (self.lines.join("\n"), self.names.join(" "));
        let text = format!(
            "log {}\n{lines}\ngroup all-of-them {needed} {names}\nquorum all-of-them\n",
            self.log
        );
        std::fs::write(&path, text).unwrap();
        path
    }

    pub fn serve(&self, needed: &str) -> Service {
        let policy = self.policy(needed);
        let policy = policy.to_str().unwrap();
        self.founded
            .serve_with(&[("THREADMARK_WITNESS_POLICY", policy)])
    }

    /// A start that must fail, or that is stopped by what it finds; its end.
    fn end_of(&self, database: &str) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_threadmark"));
        command
            .args(["serve", "--home"])
            .arg(self.founded.log_home());
        command
            .env("DATABASE_URL", database)
            .env("THREADMARK_WITNESS_POLICY", self.policy("1"));
        command
            .env("THREADMARK_LISTEN", "127.0.0.1:0")
            .env("THREADMARK_METRICS_LISTEN", "127.0.0.1:0");
        command.output().unwrap()
    }

    pub fn submit(&self, service: &Service, name: &str) -> (StatementId, u64) {
        submit(service, &admission(&self.founded, name)).expect("the service runs")
    }

    /// What the service tells the governor of a statement.
    fn told(&self, service: &Service, id: &StatementId) -> Value {
        let session =
            service
                .client()
                .session(&self.founded.governor, system::now(), &mut SystemEntropy);
        let mut answer = ureq::get(format!("{}/v1/statements/{id}", service.url))
            .header("authorization", session.unwrap().authorization().as_str())
            .call()
            .unwrap();
        answer.body_mut().read_json().unwrap()
    }

    pub fn is_witnessed(&self, service: &Service, id: &StatementId) -> bool {
        let told = self.told(service, id);
        assert_eq!(
            told["witnessed"] == true,
            told["witnessed_at"].is_i64(),
            "{told}"
        );
        told["witnessed"] == true
    }

    fn checkpoint(&self, service: &Service) -> SignedCheckpoint {
        checkpoint::open(&service.client().checkpoint().unwrap(), &self.log).unwrap()
    }
}

fn answer(service: &Service) -> Value {
    let url = format!("{}/v1/marks/9KA26R2VZSS95ZCJ", service.url);
    ureq::get(url)
        .call()
        .unwrap()
        .body_mut()
        .read_json()
        .unwrap()
}

/// The row of the table of faults for what witnesses say: it fails and is not stored, once and from here on. Whatever is stored twice,
/// because the answer to the first time was lost, stands there once: its key is the checkpoint and the witness.
#[test]
fn a_line_that_cannot_be_stored_is_not_shown_and_is_asked_for_again() {
    for lasts in [1, 1_000_000] {
        let mut scene = Scene::new();
        let witness = scene.witness("one");
        let service = scene.serve("1");
        let sql = |text: &str| {
            let told = postgres::sql(&scene.founded.database, text);
            Runtime::new().unwrap().block_on(told).unwrap()
        };
        // A sequence counts on whatever is undone.
        sql(&format!(
            "create sequence strikes;
             create function strike() returns trigger language plpgsql as $$
             begin
                 if nextval('strikes') <= {lasts} then raise exception 'injected' using errcode = 'disk_full'; end if;
                 return new;
             end $$;
             create trigger strike before insert or update on cosignature for each row execute function strike()"
        ));
        let (id, _) = scene.submit(&service, "first");
        eventually("it is struck", || {
            let struck = "do $$ begin if (select last_value from strikes where is_called) is null then raise 'not yet'; end if; end $$";
            let told = postgres::sql(&scene.founded.database, struck);
            Runtime::new().unwrap().block_on(told).is_ok()
        });
        if lasts > 1 {
            assert!(!scene.is_witnessed(&service, &id));
            let shown = scene.checkpoint(&service);
            assert!(shown.cosignatures(&[witness.key()]).unwrap().is_empty());
            sql("drop trigger strike on cosignature");
        }
        eventually("it is stored and shown", || {
            scene.is_witnessed(&service, &id)
        });
        assert!(scene.founded.audit().0);
    }
}

#[test]
fn logged_becomes_witnessed_when_the_quorum_has_cosigned() {
    let mut scene = Scene::new();
    let (one, mut two) = (scene.witness("one"), scene.witness("two"));
    scene.add("three", &key_of("dead.example"), "http://127.0.0.1:9");
    let service = scene.serve("2");
    let (id, index) = scene.submit(&service, "first");
    eventually("two of three cosign", || scene.is_witnessed(&service, &id));
    let signed = scene.checkpoint(&service);
    assert!(signed.checkpoint().size > index);
    let cosignatures = signed.cosignatures(&[one.key(), two.key()]).unwrap();
    assert_eq!(cosignatures.len(), 2);
    let since = cosignatures.iter().map(|of| of.time).min().unwrap();
    // Knowledge is as old as the second newest of the two, not as the service's own time.
    let answered = answer(&service);
    assert_eq!(
        (&answered["witnessed"], answered["as_of"].as_u64()),
        (&true.into(), Some(since))
    );
    let page = ureq::get(format!("{}/m/9KA26R2VZSS95ZCJ", service.url))
        .call()
        .unwrap()
        .body_mut()
        .read_to_string()
        .unwrap();
    assert!(page.contains("<b>Witnessed</b>") && !page.contains("unwitnessed"));

    // What strangers take home has the quorum's lines: the proof of an entry, and the list of checkpoints.
    let fetched = |path: &str| {
        let mut answer = ureq::get(format!("{}{path}", service.url)).call().unwrap();
        answer.body_mut().read_to_string().unwrap()
    };
    let proof: TlogProof = fetched(&format!("/log/proof/{index}")).parse().unwrap();
    assert_eq!(proof.checkpoint, signed.note().to_string());
    let listed: Value = serde_json::from_str(&fetched("/log/checkpoints")).unwrap();
    let last = listed["items"].as_array().unwrap().last().unwrap();
    let last = checkpoint::open(last["checkpoint"].as_str().unwrap(), &scene.log).unwrap();
    let keys = [one.key(), two.key()];
    assert_eq!(last.cosignatures(&keys).unwrap().len(), 2);

    // One of the two is lost: statements are logged as before, and stay unwitnessed.
    two.kill();
    let (later, _) = scene.submit(&service, "second");
    eventually("the other one cosigns", || {
        one.monitored(&scene.log.name)
            .unwrap()
            .lines()
            .nth(1)
            .unwrap()
            .parse::<u64>()
            .unwrap()
            > index + 2
    });
    assert!(!scene.is_witnessed(&service, &later) && scene.is_witnessed(&service, &id));
    // What is shown to all is what the quorum has cosigned; who has more, has it in order.
    assert_eq!(scene.checkpoint(&service).checkpoint(), signed.checkpoint());
    let session = service
        .client()
        .session(&scene.founded.governor, system::now(), &mut SystemEntropy)
        .unwrap();
    let replica = service
        .client()
        .pull(&scene.founded.governor, &session, &mut |_| {})
        .unwrap();
    assert!(replica.size() > signed.checkpoint().size);
    // A member who names whom he believes knows the log as it was confirmed, not as the service claims.
    let governor = &scene.founded.governor;
    assert_eq!(governor.witnessing(&replica).unwrap(), Witnessing::Unasked);
    governor
        .set_witness_policy(&std::fs::read(scene.policy("2")).unwrap())
        .unwrap();
    assert_eq!(governor.witnessing(&replica).unwrap(), Witnessing::Waiting);
    let session = service
        .client()
        .session(governor, system::now(), &mut SystemEntropy)
        .unwrap();
    service
        .client()
        .pull(governor, &session, &mut |_| {})
        .unwrap();
    let (size, since) = (signed.checkpoint().size, since as i64);
    let confirmed = Witnessing::Witnessed { size, since };
    assert_eq!(governor.witnessing(&replica).unwrap(), confirmed);

    // The next process knows what was witnessed before it asks anybody.
    drop((one, two));
    assert!(service.terminate());
    let service = scene.serve("2");
    assert!(scene.is_witnessed(&service, &id) && !scene.is_witnessed(&service, &later));
    assert_eq!(scene.checkpoint(&service).note(), signed.note());
}

fn key_of(name: &str) -> VerifierKey {
    cosigner(name).verifier().clone()
}

/// A key that a test plays with.
fn cosigner(name: &str) -> Cosigner {
    let seed = threadmark_protocol::digest::Digest::sha256(&[name.as_bytes()]);
    Cosigner::new(name, Signer::from_seed(&seed.0)).unwrap()
}

/// The line that a witness answers with.
fn line(name: &str, body: &str) -> String {
    let request = Request::parse(body).unwrap();
    let time = system::now().unsigned_abs();
    format!("{}\n", cosigner(name).cosign(request.note().text(), time))
}

#[test]
fn without_a_policy_everything_is_unwitnessed() {
    let scene = Scene::new();
    let service = scene.founded.serve();
    let (id, _) = scene.submit(&service, "first");
    assert!(!scene.is_witnessed(&service, &id));
    let answered = answer(&service);
    assert_eq!(answered["witnessed"], false);
    let page = ureq::get(format!("{}/m/9KA26R2VZSS95ZCJ", service.url))
        .call()
        .unwrap()
        .body_mut()
        .read_to_string()
        .unwrap();
    assert!(page.contains("unwitnessed"));
}

#[test]
fn a_witness_that_stalls_delays_nothing_and_is_not_hurried() {
    let mut scene = Scene::new();
    let stalling = Actor::new(|_, _| None);
    let quick = Actor::new(|_, body| Some((200, line("quick.example", body))));
    scene.add("stalling", &key_of("stalling.example"), &stalling.url);
    scene.add("quick", &key_of("quick.example"), &quick.url);
    let service = scene.serve("1");
    let mut last = None;
    for number in 0..12 {
        last = Some(scene.submit(&service, &format!("member{number}")));
        std::thread::sleep(Duration::from_millis(200));
    }
    let (id, _) = last.unwrap();
    eventually("the quick one suffices", || {
        scene.is_witnessed(&service, &id)
    });
    for actor in [&stalling, &quick] {
        let asked = actor.asked();
        // The first is the question at the start; sending and hearing take their time, sleeping takes no less than its own.
        let gaps: Vec<_> = asked[1..]
            .windows(2)
            .map(|pair| pair[1].0 - pair[0].0)
            .collect();
        assert!(
            gaps.iter().all(|gap| *gap > Duration::from_millis(500)),
            "{gaps:?}"
        );
        for (_, body) in asked {
            let request = Request::parse(&body).unwrap();
            assert_eq!(
                request.note().signatures().len(),
                1,
                "more than the log's own line was sent"
            );
        }
    }
    assert!(service.terminate());
}

#[test]
fn a_witness_that_lies_is_not_believed() {
    let mut scene = Scene::new();
    // Signs with another key; cosigns another tree; from the future; with another's name.
    let forged = Actor::new(|_, body| {
        let mut signature = line("forged.example", body)
            .trim()
            .parse::<threadmark_protocol::note::NoteSignature>()
            .unwrap();
        signature.signature[20] ^= 1;
        Some((200, format!("{signature}\n")))
    });
    let other = Actor::new(|_, body| {
        Some((
            200,
            line("other.example", body).replace("other.example", "mine.example"),
        ))
    });
    let future = Actor::new(|_, body| {
        let request = Request::parse(body).unwrap();
        let time = system::now().unsigned_abs() + 86_400;
        Some((
            200,
            format!(
                "{}\n",
                cosigner("future.example").cosign(request.note().text(), time)
            ),
        ))
    });
    let garbage = Actor::new(|_, _| Some((200, "\u{0}— \n".repeat(2000))));
    scene.add("forged", &key_of("forged.example"), &forged.url);
    scene.add("mine", &key_of("mine.example"), &other.url);
    scene.add("future", &key_of("future.example"), &future.url);
    scene.add("garbage", &key_of("garbage.example"), &garbage.url);
    let service = scene.serve("any");
    let (id, _) = scene.submit(&service, "first");
    eventually("all were asked", || {
        [&forged, &other, &future, &garbage]
            .iter()
            .all(|actor| actor.asked().len() > 2)
    });
    assert!(!scene.is_witnessed(&service, &id));
    assert_eq!(scene.checkpoint(&service).note().signatures().len(), 1);
    let rows = Runtime::new().unwrap().block_on(async {
        let pool = sqlx::PgPool::connect(&scene.founded.database)
            .await
            .unwrap();
        sqlx::query_scalar::<_, i64>("select count(*) from cosignature")
            .fetch_one(&pool)
            .await
            .unwrap()
    });
    assert_eq!(rows, 0);
}

#[test]
fn answers_beside_the_specification_are_coped_with() {
    let mut scene = Scene::new();
    // As an older witness: a conflict without a size, until it is asked from 0; then too busy; then it cosigns.
    let terse = Actor::new(|number, body| {
        Some(match number {
            0 => (409, "2\n".to_owned()),
            1 => (409, String::new()),
            2 => (429, String::new()),
            _ => (200, line("terse.example", body)),
        })
    });
    scene.add("terse", &key_of("terse.example"), &terse.url);
    // The size that it names at the start must be one that the log has.
    let first = scene.founded.serve();
    scene.submit(&first, "before");
    assert!(first.terminate());
    let service = scene.serve("any");
    let (id, _) = scene.submit(&service, "first");
    eventually("it cosigns in the end", || {
        scene.is_witnessed(&service, &id)
    });
    assert!(terse.asked().len() >= 4);
}

#[test]
fn a_witness_that_has_forgotten_is_told_anew() {
    let (scene, mut witness, service) = Scene::with_one();
    witness.kill();
    for record in std::fs::read_dir(scene.folder("one").join("checkpoints")).unwrap() {
        std::fs::remove_file(record.unwrap().path()).unwrap();
    }
    let address = witness.url.trim_start_matches("http://").to_owned();
    // It must not begin anew by itself; its operator says that it may.
    let folder = scene.folder("one");
    assert!(
        WitnessProcess::try_start(&folder, &address, &["--log", &scene.log.to_string()]).is_none()
    );
    let consent = ["--new", "--log", &scene.log.to_string()];
    let _again = WitnessProcess::try_start(&folder, &address, &consent).unwrap();
    let (id, _) = scene.submit(&service, "second");
    eventually("it cosigns again", || scene.is_witnessed(&service, &id));
}

/// A copy of the database as it is, in a new one.
fn copied(database: &str, folder: &Path) -> String {
    let file = folder.join("backup.sql");
    std::fs::write(&file, postgres::dump(database)).unwrap();
    let copy = Runtime::new().unwrap().block_on(new_database());
    postgres::restore(&copy, &file);
    copy
}

#[test]
fn a_restored_old_backup_is_refused_by_what_the_witness_remembers() {
    let (scene, mut witness, service) = Scene::with_one();
    let backup = copied(&scene.founded.database, scene.founded.folder.path());
    let (id, index) = scene.submit(&service, "second");
    eventually("it cosigns more", || scene.is_witnessed(&service, &id));
    assert!(service.terminate());

    let refused = |database: &str| {
        let ended = scene.end_of(database);
        assert_eq!(ended.status.code(), Some(1));
        assert!(ended.stdout.is_empty(), "it has begun to serve");
        String::from_utf8(ended.stderr).unwrap()
    };
    let told = refused(&backup);
    for words in [
        "refusing to sign",
        "witness one",
        "old backup was restored",
        "restore the newest database",
    ] {
        assert!(told.contains(words), "{told}");
    }
    // Nor does an empty database begin the log anew.
    let told = refused(&Runtime::new().unwrap().block_on(new_database()));
    assert!(told.contains("the database holds 0"), "{told}");

    // At sea there is no witness: the service starts, and forks history without knowing. It ends when it is home.
    witness.kill();
    let policy = scene.policy("1");
    let environment = [
        ("DATABASE_URL", &backup[..]),
        ("THREADMARK_WITNESS_POLICY", policy.to_str().unwrap()),
        ("RUST_LOG", "warn"),
    ];
    let log = scene.folder("afloat.log");
    let mut service = scene.founded.serve_logged(&environment, &log);
    let (_, other) = scene.submit(&service, "instead");
    assert!(other <= index);
    assert!(
        std::fs::read_to_string(&log)
            .unwrap()
            .contains("starting without its memory")
    );
    let address = witness.url.trim_start_matches("http://").to_owned();
    let _home = WitnessProcess::start_at(&scene.folder("one"), &[scene.log.to_string()], &address);
    eventually("the service ends", || service.has_ended());
    let told = std::fs::read_to_string(&log).unwrap();
    assert!(told.contains("refusing to sign: witness one"), "{told}");

    // The newest database is fine.
    let service = scene.serve("1");
    let (id, _) = scene.submit(&service, "third");
    eventually("it goes on", || scene.is_witnessed(&service, &id));
}

#[test]
fn a_size_that_is_only_claimed_stops_a_start_and_says_how_to_go_on() {
    let mut scene = Scene::new();
    let first = scene.founded.serve();
    scene.submit(&first, "before");
    assert!(first.terminate());
    let claiming = Actor::new(|_, _| Some((409, "1000000\n".to_owned())));
    scene.add("claiming", &key_of("claiming.example"), &claiming.url);
    let ended = scene.end_of(&scene.founded.database);
    let told = String::from_utf8(ended.stderr).unwrap();
    assert_eq!(ended.status.code(), Some(1));
    assert!(
        told.contains("take the witness's URL out of the policy file"),
        "{told}"
    );
    // Of an empty database too: it asks with the checkpoint that every history begins with.
    let ended = scene.end_of(&Runtime::new().unwrap().block_on(new_database()));
    let told = String::from_utf8(ended.stderr).unwrap();
    assert_eq!(ended.status.code(), Some(1), "{told}");
    assert!(told.contains("the database holds 0"), "{told}");
}

#[test]
fn a_size_that_is_only_claimed_while_it_runs_is_told_at_once_and_ends_nothing() {
    let mut scene = Scene::new();
    // It behaves until the service runs.
    let claiming = Actor::new(|number, _| match number {
        0 => Some((200, String::new())),
        _ => Some((409, "1000000\n".to_owned())),
    });
    scene.add("claiming", &key_of("claiming.example"), &claiming.url);
    let policy = scene.policy("1");
    let environment = [
        ("DATABASE_URL", &scene.founded.database[..]),
        ("THREADMARK_WITNESS_POLICY", policy.to_str().unwrap()),
        ("RUST_LOG", "warn"),
    ];
    let log = scene.folder("service.log");
    let mut service = scene.founded.serve_logged(&environment, &log);
    let (id, _) = scene.submit(&service, "first");
    eventually("it is told", || {
        let told = std::fs::read_to_string(&log).unwrap();
        told.contains("more entries than the database holds") && told.contains("1000000")
    });
    assert!(!service.has_ended() && !scene.is_witnessed(&service, &id));
    assert!(service.terminate());
}

#[test]
fn a_policy_with_a_mistake_is_told_by_its_line() {
    let scene = Scene::new();
    let path = scene.folder("witnesses.policy");
    let start = |text: &str| {
        std::fs::write(&path, text).unwrap();
        let ended = Command::new(env!("CARGO_BIN_EXE_threadmark"))
            .args(["serve", "--home"])
            .arg(scene.founded.log_home())
            .arg("--witness-policy")
            .arg(&path)
            .env("DATABASE_URL", &scene.founded.database)
            .env("THREADMARK_LISTEN", "127.0.0.1:0")
            .output()
            .unwrap();
        assert_eq!(ended.status.code(), Some(1));
        String::from_utf8(ended.stderr).unwrap()
    };
    assert!(
        start("# ours\nquorum all\n")
            .contains("witnesses.policy: line 2: no earlier line defines all")
    );
    let other = crate::support::witness::Forest::new("other.example/log").vkey();
    assert!(start(&format!("log {other}\nquorum none\n")).contains("other logs than this one"));
}

#[test]
fn the_doctor_says_how_the_witnesses_are() {
    let mut scene = Scene::new();
    let witness = scene.witness("one");
    scene.add("gone", &key_of("gone.example"), "http://127.0.0.1:9");
    let service = scene.serve("1");
    let (id, _) = scene.submit(&service, "first");
    eventually("it cosigns", || scene.is_witnessed(&service, &id));
    let backup = copied(&scene.founded.database, scene.founded.folder.path());
    let (id, _) = scene.submit(&service, "second");
    eventually("it cosigns more", || scene.is_witnessed(&service, &id));
    drop(service);
    let examined = |database: &str, needed: &str| {
        let run = Command::new(env!("CARGO_BIN_EXE_threadmark"))
            .args(["doctor", "--json", "--home"])
            .arg(scene.founded.log_home())
            .env("DATABASE_URL", database)
            .env("THREADMARK_WITNESS_POLICY", scene.policy(needed))
            .output()
            .unwrap();
        let told: Value = serde_json::from_slice(&run.stdout).unwrap();
        let checks = told["checks"].as_array().unwrap().iter();
        let ours = checks.filter(|check| check["name"] == "witnesses");
        ours.map(|check| {
            format!(
                "{} {}",
                check["state"].as_str().unwrap(),
                check["found"].as_str().unwrap()
            )
        })
        .collect::<Vec<_>>()
    };
    let told = examined(&scene.founded.database, "1");
    assert!(told[0].starts_with("ok one has cosigned "), "{told:?}");
    assert!(
        told[1].starts_with("warning gone: it does not answer"),
        "{told:?}"
    );
    let audit = "warning no group independent-auditors: the quorum watches";
    assert!(told[2].starts_with(audit), "{told:?}");
    let told = examined(&backup, "1");
    assert!(
        told[0].starts_with("problem refusing to sign: witness one shows"),
        "{told:?}"
    );
    drop(witness);
    let told = examined(&scene.founded.database, "3");
    assert!(told[0].starts_with("problem "), "{told:?}");
}
