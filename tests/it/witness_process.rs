//! `threadmark witness` as a process: what it answers on the wire, and what it remembers when it is killed.

use crate::dice::Dice;
use crate::support::witness::{Answer, Forest, WitnessProcess, post};
use std::process::Command;
use threadmark_protocol::note::Note;
use threadmark_protocol::witness::Request;

#[test]
fn every_status_of_the_specification() {
    let forest = Forest::new("log.example/am");
    let folder = tempfile::tempdir().unwrap();
    let witness = WitnessProcess::make(folder.path(), &[forest.vkey()]);
    let trunk = forest.tree(5, 99);
    let ask = |body: &str| post(&witness.url, body);

    assert_eq!(witness.monitored(&forest.origin), None);
    let Answer {
        status,
        body,
        media_type,
    } = ask(&forest.request(0, &trunk));
    assert_eq!((status, media_type.starts_with("text/plain")), (200, true));
    let key = witness.key();
    let cosigned = format!("{}{body}", forest.note(&trunk));
    let note = Note::parse(&cosigned).unwrap();
    let verified = note.verify(std::slice::from_ref(&key)).unwrap();
    assert!(verified[0].time.unwrap() > 1_700_000_000);
    assert_eq!(witness.monitored(&forest.origin), Some(cosigned));

    let grown = forest.tree(9, 99);
    let conflict = ask(&forest.request(3, &grown));
    assert_eq!((conflict.status, &conflict.body[..]), (409, "5\n"));
    assert_eq!(conflict.media_type, "text/x.tlog.size");
    assert_eq!(ask(&forest.request(0, &grown)).body, "5\n");
    assert_eq!(ask(&forest.request(5, &forest.tree(9, 2))).status, 422);
    assert_eq!(ask(&forest.request(5, &forest.tree(5, 2))).status, 422);
    assert_eq!(
        ask(&Forest::new("other.example").request(0, &grown)).status,
        404
    );
    let forger = Forest::with_seed("log.example/am", [9; 32]);
    assert_eq!(ask(&forger.request(5, &grown)).status, 403);
    let backwards = forest.request(5, &grown).replacen("old 5", "old 10", 1);
    assert_eq!(ask(&backwards).status, 400);
    for nonsense in ["", "old 5\n", "\u{0}", "{}"] {
        assert_eq!(ask(nonsense).status, 400, "{nonsense:?}");
    }
    assert_eq!(ask(&"x".repeat((64 << 10) + 1)).status, 413);
    assert_eq!(ask(&forest.request(5, &grown)).status, 200);
    assert_eq!(witness.monitored("nobody"), None);
}

#[test]
fn a_crowd_that_repeats_what_everybody_has_is_answered_or_told_to_come_back() {
    let forest = Forest::new("log.example/am");
    let folder = tempfile::tempdir().unwrap();
    let witness = WitnessProcess::make(folder.path(), &[forest.vkey()]);
    let trunk = forest.tree(5, 99);
    assert_eq!(post(&witness.url, &forest.request(0, &trunk)).status, 200);
    let again = forest.request(5, &trunk);
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let one = || scope.spawn(|| post(&witness.url, &again).status);
        let crowd: Vec<_> = (0..100).map(|_| one()).collect();
        crowd.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert!(statuses.contains(&200), "{statuses:?}");
    let others = statuses
        .iter()
        .filter(|status| ![200, 429].contains(status));
    assert_eq!(others.count(), 0, "{statuses:?}");
    let grown = forest.tree(9, 99);
    assert_eq!(post(&witness.url, &forest.request(5, &grown)).status, 200);
}

#[test]
fn its_evidence_is_a_proof_that_needs_no_witness() {
    let forest = Forest::new("log.example/am");
    let folder = tempfile::tempdir().unwrap();
    let witness = WitnessProcess::make(folder.path(), &[forest.vkey()]);
    assert_eq!(
        post(&witness.url, &forest.request(0, &forest.tree(5, 99))).status,
        200
    );
    assert_eq!(
        post(&witness.url, &forest.request(5, &forest.tree(9, 2))).status,
        422
    );
    assert_eq!(
        post(&witness.url, &forest.request(5, &forest.tree(5, 2))).status,
        422
    );
    // A stranger's wrong proof with an honest checkpoint.
    let wrong = forest.request(5, &forest.tree(9, 99)).replacen(
        '\n',
        &format!("\n{}=\n", "A".repeat(43)),
        1,
    );
    assert_eq!(post(&witness.url, &wrong).status, 422);
    drop(witness);

    let mut told = Vec::new();
    for path in evidence(folder.path()) {
        let verify = |more: &[&str]| {
            let run = Command::new(env!("CARGO_BIN_EXE_threadmark"))
                .args(["verify", "evidence", "--json"])
                .arg(&path)
                .args(more)
                .env_remove("THREADMARK_HOME")
                .output()
                .unwrap();
            (
                run.status.code().unwrap(),
                String::from_utf8(run.stdout).unwrap(),
            )
        };
        let (code, text) = verify(&["--log", &forest.vkey()]);
        let json: serde_json::Value = serde_json::from_str(&text).unwrap();
        let finding = json["finding"].as_str().unwrap().to_owned();
        assert_eq!(json["misbehaviour"], finding != "open");
        assert_eq!(code, i32::from(finding == "open"));
        let other = Forest::with_seed("log.example/am", [9; 32]).vkey();
        assert_eq!(verify(&["--log", &other]).0, 1, "convicted somebody else");
        told.push(finding);
    }
    told.sort();
    assert_eq!(told, ["open", "rewritten", "two-roots"]);
}

fn evidence(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let of_logs = std::fs::read_dir(folder.join("evidence")).unwrap();
    let files = of_logs.flat_map(|of_log| std::fs::read_dir(of_log.unwrap().path()).unwrap());
    files.map(|file| file.unwrap().path()).collect()
}

/// Two histories with one past are pushed at the same time, and the witness is killed again and again: whatever it has
/// answered, and whatever it shows, lies on one of them, and never shrinks.
#[test]
fn killed_at_any_moment_it_never_cosigns_two_histories() {
    let seed = std::env::var("SEED")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(4);
    let kills = std::env::var("KILLS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(12);
    println!("seed {seed}, {kills} kills");
    let mut dice = Dice::new(seed);
    let forest = Forest::new("log.example/am");
    let folder = tempfile::tempdir().unwrap();
    let vkeys = [forest.vkey()];
    let mut witness = WitnessProcess::make(folder.path(), &vkeys);
    let histories = [forest.tree(400, 999), forest.tree(400, 3)];
    assert_eq!(
        post(
            &witness.url,
            &forest.request(0, &forest.at(&histories[0], 2))
        )
        .status,
        200
    );
    let mut cosigned: Vec<Request> = Vec::new();
    let mut shown = 2;
    for _ in 0..kills {
        let wait_us = dice.below(120_000) as u64;
        let url = witness.url.clone();
        let (forest, histories) = (&forest, &histories);
        std::thread::scope(|scope| {
            let pushing: Vec<_> = histories
                .iter()
                .map(|history| scope.spawn(|| forest.push_until_dead(&url, history)))
                .collect();
            std::thread::sleep(std::time::Duration::from_micros(wait_us));
            witness.kill();
            for pushed in pushing {
                cosigned.extend(pushed.join().unwrap());
            }
        });
        witness = WitnessProcess::start(folder.path(), &vkeys);
        let note = Note::parse(&witness.monitored(&forest.origin).unwrap()).unwrap();
        let size: u64 = note.text().lines().nth(1).unwrap().parse().unwrap();
        assert!(size >= shown, "it forgot: {size} after {shown}");
        let answered = cosigned
            .iter()
            .map(|request| request.checkpoint().size)
            .max();
        assert!(
            answered.is_none_or(|answered| size >= answered),
            "it forgot what it had answered"
        );
        shown = size;
    }
    println!("{} cosignatures, up to size {shown}", cosigned.len());
    assert!(!cosigned.is_empty());
    let on = |history: usize| {
        let is_on = |request: &&Request| {
            let checkpoint = request.checkpoint();
            histories[history].root_at(checkpoint.size) == Some(checkpoint.root)
        };
        cosigned.iter().filter(is_on).count()
    };
    assert!(
        on(0) == cosigned.len() || on(1) == cosigned.len(),
        "two histories: {} and {}",
        on(0),
        on(1)
    );
}
