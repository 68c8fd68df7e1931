//! `threadmark doctor` on installations that are really broken: each is named, with what to do, and nothing is changed.

use crate::postgres::sql;
use crate::service_crash::{admission, submit};
use crate::support::{Founded, new_database};
use serde_json::Value;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;
use threadmark_protocol::world::STATE_FORM;
use tokio::runtime::Runtime;

/// An address that is free for now.
fn free() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().to_string()
}

/// Runs the doctor: whether nothing is wrong, and the checks.
fn examined(founded: &Founded, environment: &[(&str, &str)]) -> (bool, Vec<Value>) {
    let output = Command::new(env!("CARGO_BIN_EXE_threadmark"))
        .args(["doctor", "--json", "--home"])
        .arg(founded.log_home())
        .env("DATABASE_URL", &founded.database)
        .env("THREADMARK_LISTEN", free())
        .env("THREADMARK_METRICS_LISTEN", free())
        .envs(environment.iter().copied())
        .output()
        .unwrap();
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["good"], output.status.success());
    let checks = document["checks"].as_array().unwrap().clone();
    (output.status.success(), checks)
}

/// The one check of a name.
fn one<'a>(checks: &'a [Value], name: &str) -> &'a Value {
    let found: Vec<_> = checks
        .iter()
        .filter(|check| check["name"] == name)
        .collect();
    assert_eq!(found.len(), 1, "{name}: {checks:#?}");
    found[0]
}

/// Only this is wrong, with these words, and something can be done.
fn only_problem(examined: &(bool, Vec<Value>), name: &str, words: &str) {
    let (good, checks) = examined;
    let problems: Vec<_> = checks
        .iter()
        .filter(|check| check["state"] == "problem")
        .collect();
    assert!(!good && problems.len() == 1, "{problems:#?}");
    let told = one(checks, name);
    assert_eq!(told["state"], "problem", "{told}");
    assert!(told["found"].as_str().unwrap().contains(words), "{told}");
    assert!(
        told["advice"]
            .as_str()
            .is_some_and(|advice| !advice.is_empty())
    );
}

/// Every file below, with its mode and its time of change.
fn picture(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let about = std::fs::metadata(&path).unwrap();
        found.push(format!(
            "{path:?} {:o} {:?} {}",
            about.permissions().mode(),
            about.modified().unwrap(),
            about.len()
        ));
        if about.is_dir() {
            found.extend(picture(&path));
        }
    }
    found.sort();
    found
}

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

fn founded() -> (Runtime, Founded) {
    let runtime = Runtime::new().unwrap();
    let founded = Founded::new(runtime.block_on(new_database()));
    (runtime, founded)
}

#[test]
fn a_good_installation_before_its_first_start_while_it_runs_and_after() {
    let (_, founded) = founded();
    let before = picture(founded.folder.path());
    let (good, checks) = examined(&founded, &[]);
    assert!(good, "{checks:#?}");
    assert_eq!(
        picture(founded.folder.path()),
        before,
        "the doctor changed something"
    );
    assert!(
        one(&checks, "service")["found"]
            .as_str()
            .unwrap()
            .contains("does not run")
    );

    let (listen, metrics) = (free(), free());
    let public = format!("http://{listen}");
    let environment = [
        ("THREADMARK_LISTEN", &listen[..]),
        ("THREADMARK_METRICS_LISTEN", &metrics[..]),
        ("THREADMARK_PUBLIC_URL", &public[..]),
    ];
    let service = founded.serve_with(&environment);
    submit(&service, &admission(&founded, "member")).unwrap();
    let before = picture(founded.folder.path());
    let (good, checks) = examined(&founded, &environment);
    assert!(good, "{checks:#?}");
    assert!(
        checks.iter().all(|check| check["state"] == "ok"),
        "{checks:#?}"
    );
    for (name, words) in [
        ("service", "it runs"),
        ("metrics", "told at"),
        ("public address", "leads to this service"),
        ("newest checkpoint", "of size 5, signed by this log"),
        ("schema", &format!("states of form {STATE_FORM}")[..]),
        ("keys fit genesis", "they do"),
    ] {
        assert!(
            one(&checks, name)["found"]
                .as_str()
                .unwrap()
                .contains(words),
            "{checks:#?}"
        );
    }
    assert_eq!(
        picture(founded.folder.path()),
        before,
        "the doctor changed something"
    );
    assert!(service.terminate());
    assert!(examined(&founded, &[]).0);
}

#[test]
fn broken_files() {
    let (_, founded) = founded();
    let home = founded.log_home();
    let keys = home.join("keys.json");
    set_mode(&keys, 0o644);
    only_problem(
        &examined(&founded, &[]),
        "keys are secret",
        "others may read it",
    );
    set_mode(&keys, 0o600);
    set_mode(&home, 0o777);
    only_problem(&examined(&founded, &[]), "home", "could replace keys");
    set_mode(&home, 0o755);
    let kept = std::fs::read_to_string(&keys).unwrap();
    let seed = serde_json::from_str::<Value>(&kept).unwrap()["log_seed"].clone();
    let seed = seed.as_str().unwrap();
    std::fs::write(&keys, kept.replace(seed, &"7".repeat(64))).unwrap();
    only_problem(
        &examined(&founded, &[]),
        "keys fit genesis",
        "another log's",
    );
    std::fs::write(&keys, "{").unwrap();
    only_problem(
        &examined(&founded, &[]),
        "keys fit genesis",
        "not a key file",
    );
    std::fs::write(&keys, kept).unwrap();
    let artifacts = home.join("genesis.cbor/objects");
    let artifacts = [("THREADMARK_ARTIFACTS", artifacts.to_str().unwrap())];
    assert_eq!(
        one(&examined(&founded, &artifacts).1, "artifacts")["state"],
        "ok"
    );
    std::fs::write(home.join("threadmark.toml"), "lisen = 1").unwrap();
    only_problem(
        &examined(&founded, &[]),
        "settings",
        "line 1, `lisen`: unknown field",
    );
    std::fs::write(home.join("threadmark.toml"), "").unwrap();
    set_mode(&home.join("threadmark.toml"), 0o644);
    let (good, checks) = examined(&founded, &[]);
    assert!(
        good && one(&checks, "settings")["state"] == "warning",
        "{checks:#?}"
    );
    std::fs::remove_file(home.join("genesis.cbor")).unwrap();
    only_problem(&examined(&founded, &[]), "genesis", "no genesis at");
}

#[test]
fn broken_databases() {
    let (runtime, founded) = founded();
    let alter = |text: &str| {
        runtime.block_on(sql(&founded.database, text)).unwrap();
    };
    let service = founded.serve();
    submit(&service, &admission(&founded, "member")).unwrap();
    drop(service);
    let unreachable = [(
        "DATABASE_URL",
        "postgres://threadmark:hunter2@127.0.0.1:1/none",
    )];
    let found = examined(&founded, &unreachable);
    only_problem(&found, "database", "cannot be reached");
    assert!(!format!("{found:?}").contains("hunter2"));
    alter("update state_form set form = 99");
    only_problem(&examined(&founded, &[]), "schema", "form 99");
    alter(&format!("update state_form set form = {STATE_FORM}"));
    alter(
        "insert into _sqlx_migrations (version, description, success, checksum, execution_time)
           values (99991231000001, 'later', true, '\\x00', 0)",
    );
    only_problem(&examined(&founded, &[]), "schema", "newer threadmark");
    alter("delete from _sqlx_migrations where version = 99991231000001");
    alter(
        "alter table checkpoint disable trigger user;
           update checkpoint set note = replace(note, split_part(note, '— ', 2), 'x AAAA')",
    );
    only_problem(
        &examined(&founded, &[]),
        "newest checkpoint",
        "has not signed it",
    );
    let (good, told) = founded.audit();
    assert!(!good, "{told}");
}

#[test]
fn a_clock_that_went_back_and_an_unsafe_server() {
    let (runtime, founded) = founded();
    let alter = |text: &str| {
        runtime.block_on(sql(&founded.database, text)).unwrap();
    };
    let service = founded.serve();
    submit(&service, &admission(&founded, "member")).unwrap();
    drop(service);
    // As if the machine's clock had gone back a day since the newest batch.
    alter(
        "alter table checkpoint disable trigger user; update checkpoint set signed_at = signed_at + 86400",
    );
    only_problem(
        &examined(&founded, &[]),
        "clock",
        "s behind the newest batch",
    );
    alter("update checkpoint set signed_at = signed_at - 86400");
    let name = crate::postgres::database_name(&founded.database);
    alter(&format!(
        "alter database {name} set synchronous_commit = off"
    ));
    only_problem(
        &examined(&founded, &[]),
        "database settings",
        "synchronous_commit = off",
    );
}

#[test]
fn addresses_that_others_have() {
    let (_, founded) = founded();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let listen = [("THREADMARK_LISTEN", &address[..])];
    only_problem(&examined(&founded, &listen), "service", "cannot be had");
    let metrics = [("THREADMARK_METRICS_LISTEN", &address[..])];
    only_problem(&examined(&founded, &metrics), "metrics", "cannot be had");
    let open = [("THREADMARK_METRICS_LISTEN", "0.0.0.0:8471")];
    let (good, checks) = examined(&founded, &open);
    assert!(
        good && one(&checks, "metrics")["state"] == "warning",
        "{checks:#?}"
    );
}
