//! `threadmark evidence` and `threadmark verify evidence`: copied keys and other histories, found in a home and checked
//! without one.

use crate::support::liar::Liar;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;
use threadmark_agent::home::Home;
use threadmark_protocol::body::Seen;
use threadmark_protocol::fixture::{Consortium, Who};
use threadmark_protocol::journal;
use threadmark_protocol::statement::Statement;

/// Runs a command: its exit code and its document.
fn run(words: &[&str]) -> (i32, Value) {
    let run = Command::new(env!("CARGO_BIN_EXE_threadmark"))
        .args(words)
        .arg("--json")
        .env_remove("THREADMARK_HOME")
        .output()
        .unwrap();
    let told = serde_json::from_slice(&run.stdout).unwrap_or_default();
    (run.status.code().unwrap(), told)
}

/// A member's home, and what it knows of a log.
struct Member {
    folder: TempDir,
    liar: Liar,
    home: Home,
}

impl Member {
    fn of(of: &Consortium) -> Member {
        let folder = tempfile::tempdir().unwrap();
        let liar = Liar::of(of);
        let home = liar.member(of, &folder.path().join("home"));
        Member { folder, liar, home }
    }

    fn learn(&self, of: &Consortium) {
        let mut replica = self.home.replica_to_extend().unwrap();
        let page = of.log.page(replica.size());
        self.home.extend(&mut replica, &page).unwrap();
    }

    /// `threadmark evidence`: exit code, and the files.
    fn evidence(&self, more: &[&str]) -> (i32, Vec<PathBuf>) {
        let (home, out) = (
            self.folder.path().join("home"),
            self.folder.path().join("out"),
        );
        let words = [
            "--home",
            home.to_str().unwrap(),
            "--out",
            out.to_str().unwrap(),
        ];
        let (code, told) = run(&[&["evidence"], &words[..], more].concat());
        let files = told["files"].as_array().unwrap().iter();
        let paths = files.map(|file| PathBuf::from(file["file"].as_str().unwrap()));
        (code, paths.collect())
    }
}

fn verify(file: &Path, more: &[&str]) -> (i32, Value) {
    run(&[&["verify", "evidence", file.to_str().unwrap()], more].concat())
}

/// Two lots arrive at once, by each of two copies of a key; one report is logged.
fn report_twice(of: &mut Consortium) -> (Statement, Statement) {
    let report = |of: &mut Consortium, lot: &str| {
        of.set_sail();
        of.receive_lot(lot, "AlSi10Mg AMS7035");
        of.at_hand().pop().unwrap()
    };
    let mut copy = of.clone();
    let (one, other) = (report(of, "lot:t1"), report(&mut copy, "lot:t2"));
    assert!(of.come_home().is_empty());
    (one, other)
}

#[test]
fn a_copied_key_is_found_in_log_and_journals_and_proved_offline() {
    let mut of = Consortium::founded(1);
    let member = Member::of(&of);
    let (logged, other) = report_twice(&mut of);
    member.learn(&of);
    assert_eq!(member.evidence(&[]), (0, Vec::new()));
    // Somebody brings the other one as a file.
    member
        .home
        .import(&journal::frame(&other.submission))
        .unwrap();
    let (code, files) = member.evidence(&[]);
    assert_eq!((code, files.len()), (1, 1));
    let key = of.trust().checkpoint_key.to_string();
    let (code, told) = verify(&files[0], &["--log", &key]);
    assert_eq!(
        (code, &told["finding"]),
        (0, &"one-number".into()),
        "{told:#}"
    );
    assert_eq!(told["misbehaviour"], true);
    let kid = logged.envelope.kid.to_hex();
    assert_eq!(told["key"], format!("key:{kid}"));
    // It is about that log, and nothing in it can be changed.
    let elsewhere = crate::support::witness::Forest::new("other.example/log").vkey();
    assert_eq!(verify(&files[0], &["--log", &elsewhere]).0, 1);
    let text = std::fs::read_to_string(&files[0]).unwrap();
    let mut changed: Value = serde_json::from_str(&text).unwrap();
    changed["second"]["body"] = changed["first"]["body"].clone();
    std::fs::write(&files[0], changed.to_string()).unwrap();
    assert_eq!(verify(&files[0], &[]).0, 1);
    // When it is logged too, the log says it to all.
    of.log.submit(&other, of.now).unwrap();
    member.learn(&of);
    let (code, files) = member.evidence(&[]);
    assert_eq!((code, files.len()), (1, 1));
    assert_eq!(verify(&files[0], &[]).0, 0);
    let home = member.folder.path().join("home");
    member.liar.show(&of);
    let (code, told) = run(&["sync", "--home", home.to_str().unwrap()]);
    assert_eq!(code, 0, "{told:#}");
    assert_eq!(told["forked_keys"][0], format!("key:{kid}"));
}

#[test]
fn who_saw_another_log_is_named_and_with_what_was_kept_the_log_is_convicted() {
    let mut of = Consortium::founded(1);
    let mut other = of.clone();
    other.receive_lot("lot:x2", "AlSi10Mg AMS7035");
    of.receive_lot("lot:x3", "AlSi10Mg AMS7035");
    of.receive_lot("lot:x4", "AlSi10Mg AMS7035");
    // The other history, as an author verified it at home.
    let author = Member::of(&other);
    author.learn(&other);
    let highest = author.folder.path().join("home/highest.json");
    of.set_sail();
    let (size, root) = (other.log.size(), other.log.tree().root());
    of.seen = Some(Seen { size, root });
    let lot = of.lot.clone();
    of.recall(Who::Production, &[&lot]).unwrap();
    let said = of.at_hand().pop().unwrap();
    assert!(of.come_home().is_empty());
    let member = Member::of(&of);
    member.learn(&of);
    let replica = member.home.replica().unwrap();
    let saw: Vec<_> = replica.saw_otherwise().values().copied().collect();
    assert_eq!(saw, [said.id]);
    let (code, files) = member.evidence(&[]);
    assert_eq!((code, files.len()), (1, 1));
    let (code, told) = verify(&files[0], &[]);
    assert_eq!(
        (code, &told["finding"]),
        (1, &"other-root".into()),
        "{told:#}"
    );
    assert_eq!(told["misbehaviour"], false);
    let (code, files) = member.evidence(&["--kept", highest.to_str().unwrap()]);
    assert_eq!((code, files.len()), (1, 1));
    let key = of.trust().checkpoint_key.to_string();
    let (code, told) = verify(&files[0], &["--log", &key]);
    assert_eq!((code, &told["misbehaviour"]), (0, &true.into()), "{told:#}");
    assert_eq!(told["finding"], "rewritten");
    // And the member is told with each synchronisation.
    let home = member.folder.path().join("home");
    let (code, told) = run(&["sync", "--home", home.to_str().unwrap()]);
    assert_eq!(code, 0, "{told:#}");
    assert_eq!(told["saw_another_log"][0], said.id.to_hex());
}
