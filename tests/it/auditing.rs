//! A cosigner that replays every entry before it signs: what it cosigns, what it refuses and says why, and what it waits
//! for.

use crate::service_crash::submit;
use crate::service_witnesses::Scene;
use crate::support::liar::Liar;
use crate::support::witness::{ANY_PORT, Answer, WitnessProcess, eventually, post};
use serde_json::Value;
use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use tempfile::TempDir;
use threadmark_agent::home::Home;
use threadmark_protocol::body::Core;
use threadmark_protocol::body::governance::{PartClass, Role, RoleGranted};
use threadmark_protocol::checkpoint;
use threadmark_protocol::fixture::{Consortium, Lie, ORIGIN, Who};
use threadmark_protocol::witness::Request;
use threadmark_protocol::witness::evidence::Evidence;

/// `threadmark witness report`: exit code and document.
fn report(folder: &Path) -> (i32, Value) {
    let run = Command::new(env!("CARGO_BIN_EXE_threadmark"))
        .args(["witness", "report", "--json", "--home"])
        .arg(folder)
        .output()
        .unwrap();
    let told = serde_json::from_slice(&run.stdout).unwrap();
    (run.status.code().unwrap(), told)
}

/// An auditor over a log that a test plays with.
struct Stage {
    folder: TempDir,
    liar: Liar,
    auditor: WitnessProcess,
}

impl Stage {
    fn new(of: &Consortium) -> Stage {
        let folder = tempfile::tempdir().unwrap();
        let liar = Liar::of(of);
        liar.member(of, &folder.path().join("member"));
        WitnessProcess::keygen(&folder.path().join("auditor"));
        let auditor = start(folder.path(), true).unwrap();
        Stage {
            folder,
            liar,
            auditor,
        }
    }

    fn home(&self) -> PathBuf {
        self.folder.path().join("auditor")
    }

    fn again(&mut self) {
        self.auditor.kill();
        self.auditor = start(self.folder.path(), false).unwrap();
    }

    fn ask(&self, body: &str) -> Answer {
        post(&self.auditor.url, body)
    }

    /// Asks again, as a log does, until it is answered otherwise.
    fn settled(&self, body: &str) -> Answer {
        let mut answer = self.ask(body);
        eventually("the audit comes to an end", || {
            if answer.status == 503 {
                answer = self.ask(body);
            }
            answer.status != 503
        });
        answer
    }

    fn refused(&self) -> Value {
        let (code, told) = report(&self.home());
        assert_eq!(code, 1, "{told:#}");
        told["logs"][0]["refused"].clone()
    }
}

fn start(folder: &Path, is_new: bool) -> Option<WitnessProcess> {
    let member = folder.join("member");
    let mut words = vec!["--audit", member.to_str().unwrap()];
    if is_new {
        words.push("--new");
    }
    WitnessProcess::try_start(&folder.join("auditor"), ANY_PORT, &words)
}

/// The request for the newest checkpoint of a log, from a size on.
fn request(of: &Consortium, old: u64) -> String {
    let proof = of.log.tree().consistency(old, of.log.size()).unwrap();
    let key = of.trust().checkpoint_key;
    let request = Request::new(old, proof, of.log.checkpoint(), &key);
    request.unwrap().to_string()
}

/// The same, cosigned by a witness that only looks whether the log grows.
fn plain_cosigns(of: &Consortium) {
    let folder = tempfile::tempdir().unwrap();
    let key = of.trust().checkpoint_key.to_string();
    let plain = WitnessProcess::make(folder.path(), &[key]);
    assert_eq!(post(&plain.url, &request(of, 0)).status, 200);
}

#[test]
fn an_honest_log_is_cosigned_after_every_entry_was_replayed() {
    let mut scene = Scene::new();
    let service = scene.founded.serve();
    scene.submit(&service, "member");
    assert!(service.terminate());
    let port = TcpListener::bind(ANY_PORT).unwrap();
    let address = port.local_addr().unwrap().to_string();
    let folder = scene.folder("auditor");
    let key = WitnessProcess::keygen(&folder);
    scene.add("auditor", &key, &format!("http://{address}"));
    let service = scene.serve("1");
    let member = Home::open(&scene.folder("member")).unwrap();
    let genesis = service.client().genesis().unwrap();
    member.join(&genesis, &service.url, None).unwrap();
    drop(port);
    let at = scene.folder("member");
    let words = ["--new", "--audit", at.to_str().unwrap()];
    let auditor = WitnessProcess::try_start(&folder, &address, &words).unwrap();
    for number in 0..5 {
        scene.submit(&service, &format!("other{number}"));
    }
    let (id, index) = scene.submit(&service, "last");
    eventually("it cosigns", || scene.is_witnessed(&service, &id));
    let note = auditor.monitored(&scene.log.name).unwrap();
    let size = checkpoint::open(&note, &scene.log)
        .unwrap()
        .checkpoint()
        .size;
    assert!(size > index);
    // What it has cosigned it has replayed, and kept.
    assert!(member.replica().unwrap().size() >= size);
    let (code, told) = report(&folder);
    assert_eq!(code, 0, "{told:#}");
    let log = &told["logs"][0];
    assert_eq!(
        (&log["audited"], &log["refused"]),
        (&true.into(), &Value::Null)
    );
    assert_eq!(log["cosigned_size"].as_u64(), Some(size));
    drop(auditor);
    // Its readers rely on the audit: the same key does not go on without.
    let plain = ["--log", &scene.log.to_string()];
    assert!(WitnessProcess::try_start(&folder, ANY_PORT, &plain).is_none());
    submit(
        &service,
        &crate::service_crash::admission(&scene.founded, "after"),
    )
    .unwrap();
}

#[test]
fn a_root_that_hides_a_recall_is_cosigned_by_a_plain_witness_and_refused_by_the_auditor() {
    let (mut of, _) = Consortium::licensed(1, PartClass::C, 1);
    let lot = of.lot.clone();
    let mut honest = of.clone();
    honest.recall(Who::Production, &[&lot]).unwrap();
    let recall = honest.log.list(&lot).last().unwrap();
    of.log.lie(Lie::Hides(recall.statement, lot.clone()));
    let before = request(&of, 0);
    let begun = of.log.size();
    of.recall(Who::Production, &[&lot]).unwrap();
    plain_cosigns(&of);
    let mut stage = Stage::new(&of);
    // What it was before it lied is good.
    assert_eq!(stage.settled(&before).status, 200);
    let answer = stage.settled(&request(&of, begun));
    let last = of.log.size() - 1;
    assert_eq!(answer.status, 403, "{}", answer.body);
    let words = format!("the index of statements that entry {last} signs is not what");
    assert!(answer.body.contains(&words), "{}", answer.body);
    let refused = stage.refused();
    assert_eq!(refused["index"], last);
    assert_eq!(refused["code"], "index-root");
    assert_eq!(
        refused["statement"],
        of.log.entries()[last as usize].id.to_hex()
    );
    assert_eq!(refused["checkpoint"], of.log.checkpoint());
    // A restart changes nothing, nor does a log that has grown.
    stage.again();
    of.receive_lot("lot:l9", "AlSi10Mg AMS7035");
    stage.liar.show(&of);
    assert_eq!(stage.ask(&request(&of, begun)).status, 403);
    assert_eq!(stage.refused(), refused);
    assert_eq!(report(&stage.home()).1["logs"][0]["cosigned_size"], begun);
}

#[test]
fn a_second_history_that_is_found_while_replaying_is_kept_as_proof_and_never_cosigned() {
    let (mut of, _) = Consortium::licensed(1, PartClass::C, 1);
    let mut fork = of.clone();
    of.receive_lot("lot:x1", "AlSi10Mg AMS7035");
    for lot in ["lot:x2", "lot:x3"] {
        fork.receive_lot(lot, "AlSi10Mg AMS7035");
    }
    let mut stage = Stage::new(&of);
    assert_eq!(stage.settled(&request(&of, 0)).status, 200);
    // The same home behind another witness, which has cosigned nothing yet, and fetches everything anew.
    stage.auditor.kill();
    let member = Home::open(&stage.folder.path().join("member")).unwrap();
    member.forget_replica().unwrap();
    std::fs::remove_dir_all(stage.home()).unwrap();
    WitnessProcess::keygen(&stage.home());
    stage.liar.show(&fork);
    stage.auditor = start(stage.folder.path(), true).unwrap();
    for _ in 0..2 {
        let answer = stage.settled(&request(&fork, 0));
        assert_eq!(answer.status, 403, "{}", answer.body);
        assert!(answer.body.contains("two histories"), "{}", answer.body);
        let refused = stage.refused();
        assert_eq!(refused["code"], "split-view");
        let mut pages = fork.log.pages().into_iter();
        assert!(pages.any(|page| refused["checkpoint"] == page.checkpoint));
        stage.again();
    }
    let evidence = report(&stage.home()).1["logs"][0]["evidence"].clone();
    let file = evidence[0]["file"].as_str().or(evidence[0].as_str());
    let file = Path::new(file.unwrap()).to_owned();
    let evidence = Evidence::parse(&std::fs::read(file).unwrap()).unwrap();
    let finding = evidence.examine(&of.trust().checkpoint_key).unwrap();
    assert!(finding.is_misbehaviour(), "{finding:?}");
}

#[test]
fn an_act_that_the_rules_refuse_is_never_cosigned() {
    let mut of = Consortium::founded(1);
    let (key, index) = (of.key_of(Who::Mechanic), of.log.size());
    let role = Role::ReleaseSignatory;
    let grant = Core::RoleGranted(RoleGranted { role });
    assert!(of.say(Who::Mechanic, &key, grant.clone()).is_err());
    of.log.lie(Lie::BreaksRules);
    let said = of.say(Who::Mechanic, &key, grant).unwrap();
    plain_cosigns(&of);
    let mut stage = Stage::new(&of);
    assert_eq!(stage.settled(&request(&of, 0)).status, 403);
    let refused = stage.refused();
    assert_eq!(refused["index"], index);
    assert_eq!(refused["statement"], said.id.to_hex());
    assert!(
        refused["reason"]
            .as_str()
            .unwrap()
            .contains("breaks a rule")
    );
    // The service is gone: what was found stays.
    stage.liar.shown().pages.clear();
    stage.again();
    assert_eq!(stage.ask(&request(&of, 0)).status, 403);
    assert_eq!(stage.refused(), refused);
}

#[test]
fn what_is_withheld_is_waited_for_and_never_signed() {
    let mut of = Consortium::founded(1);
    let stage = Stage::new(&of);
    assert_eq!(stage.settled(&request(&of, 0)).status, 200);
    let size = of.log.size();
    of.receive_lot("lot:l7", "AlSi10Mg AMS7035");
    let body = request(&of, size);
    // Not shown at all.
    let answer = stage.ask(&body);
    assert_eq!(answer.status, 503, "{}", answer.body);
    // With another body than the log has signed.
    let mut page = of.log.pages().pop().unwrap();
    page.entries[0].body[40] ^= 1;
    stage.liar.shown().pages.insert(page.from, page);
    for _ in 0..3 {
        let answer = stage.ask(&body);
        assert_eq!(answer.status, 503, "{}", answer.body);
    }
    // That is nothing that the log has signed.
    let (code, told) = report(&stage.home());
    assert_eq!(code, 0, "{told:#}");
    assert_eq!(told["logs"][0]["cosigned_size"], size);
    // It comes in the end; the session is over meanwhile.
    let sessions = stage.liar.shown().sessions;
    stage.liar.show(&of);
    stage.liar.shown().expire = 1;
    assert_eq!(stage.settled(&body).status, 200);
    assert_eq!(stage.liar.shown().sessions, sessions + 1);
}

#[test]
fn who_shows_members_another_log_than_witnesses_is_convicted() {
    let of = Consortium::founded(1);
    let (mut one, mut other) = (of.clone(), of);
    one.receive_lot("lot:l7", "AlSi10Mg AMS7035");
    other.receive_lot("lot:l8", "AlSi10Mg AMS7035");
    let asked = request(&one, 0);
    other.receive_lot("lot:l9", "AlSi10Mg AMS7035");
    plain_cosigns(&one);
    let stage = Stage::new(&other);
    // All in one page: what its members have is longer than what is asked about.
    stage.liar.shown().pages = [(0, other.log.page(0))].into();
    let answer = stage.settled(&asked);
    assert_eq!(answer.status, 403, "{}", answer.body);
    let (code, told) = report(&stage.home());
    assert_eq!(code, 1, "{told:#}");
    let evidence = &told["logs"][0]["evidence"][0];
    assert_eq!(evidence["finding"], "rewritten", "{told:#}");
    let verified = Command::new(env!("CARGO_BIN_EXE_threadmark"))
        .args(["verify", "evidence", evidence["file"].as_str().unwrap()])
        .args(["--log", &one.trust().checkpoint_key.to_string()])
        .env_remove("THREADMARK_HOME")
        .status();
    assert_eq!(verified.unwrap().code(), Some(0));
    // The log that its members have is good.
    assert_eq!(stage.settled(&request(&other, 0)).status, 200);
}

/// Killed when it has kept what it cosigns and nobody has heard of it, and at other moments: what it answers afterwards
/// goes on from there.
#[test]
fn killed_between_the_record_and_the_answer_it_goes_on_from_the_record() {
    let mut of = Consortium::founded(1);
    let mut stage = Stage::new(&of);
    let mut cosigned = 0;
    for round in 0..4_u64 {
        let (size, body) = (of.log.size(), request(&of, cosigned));
        // Sent, and the answer is never read.
        let unheard = send(&stage.auditor.url, &body);
        if round % 2 == 0 {
            eventually("it is on the disk", || shown(&stage, &of) == Some(size));
        } else {
            std::thread::sleep(Duration::from_millis(20 * round));
        }
        stage.again();
        drop(unheard);
        let found = stage.settled(&body);
        match found.status {
            409 => assert_eq!(found.body, format!("{size}\n")),
            other => assert_eq!((other, round % 2), (200, 1), "it has lost its record"),
        }
        assert_eq!(stage.settled(&request(&of, size)).status, 200);
        cosigned = size;
        of.receive_lot(&format!("lot:k{round}"), "AlSi10Mg AMS7035");
        stage.liar.show(&of);
    }
}

/// The size that the auditor shows to monitors.
fn shown(stage: &Stage, of: &Consortium) -> Option<u64> {
    let note = stage.auditor.monitored(ORIGIN)?;
    let signed = checkpoint::open(&note, &of.trust().checkpoint_key);
    Some(signed.unwrap().checkpoint().size)
}

fn send(url: &str, body: &str) -> TcpStream {
    let mut stream = TcpStream::connect(url.trim_start_matches("http://")).unwrap();
    let head = format!(
        "POST /add-checkpoint HTTP/1.1\r\nhost: w\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream
}
