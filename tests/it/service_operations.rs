//! What an operator relies on: the log without secrets, the counters out of strangers' reach, an end that loses nothing,
//! and a private database that comes back.

use crate::service_crash::{admission, check, submit};
use crate::support::{Founded, Service, new_database};
use serde_json::Value;
use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;
use std::time::Duration;
use threadmark_agent::sync::Submitted;
use threadmark_agent::system::{self, SystemEntropy};
use tokio::runtime::Runtime;

/// One line each, and every one a document.
fn lines(log: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(log).unwrap();
    let read = |line: &str| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"));
    text.lines().map(read).collect()
}

fn get(url: &str, headers: &[(&str, &str)]) -> (u16, Option<String>, String) {
    let mut request = ureq::get(url).config().http_status_as_error(false).build();
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let mut response = request.call().unwrap();
    let id = response.headers().get("x-request-id");
    let id = id.map(|id| id.to_str().unwrap().to_owned());
    let text = response.body_mut().read_to_string().unwrap();
    (response.status().as_u16(), id, text)
}

/// Where the service says that its counters are.
fn metrics_url(log: &Path) -> String {
    let lines = lines(log);
    let line = lines.iter().find(|line| line["message"] == "metrics");
    line.unwrap()["url"].as_str().unwrap().to_owned()
}

const MARK: &str = "9KA26R2VZSS95ZCJ";

#[test]
fn the_log_tells_each_request_and_no_secret() {
    let founded = Founded::new(Runtime::new().unwrap().block_on(new_database()));
    let log = founded.folder.path().join("service.log");
    // The socket asks for no password; one in the address must still not be shown.
    let database = founded
        .database
        .replace("threadmark@", "threadmark:hunter2@");
    assert!(database.contains("hunter2"));
    let environment = [
        ("DATABASE_URL", &database[..]),
        ("RUST_LOG", "debug"),
        ("THREADMARK_METRICS_LISTEN", "127.0.0.1:0"),
    ];
    let service = founded.serve_logged(&environment, &log);
    let statement = admission(&founded, "member");
    submit(&service, &statement).unwrap();
    let session = service
        .client()
        .session(&founded.governor, system::now(), &mut SystemEntropy)
        .unwrap();
    service.client().page(&session, 0).unwrap();
    let address = |path: &str| format!("{}{path}", service.url);
    let (_, id, _) = get(
        &address(&format!("/v1/marks/{MARK}")),
        &[("x-request-id", "mine-0001")],
    );
    assert_eq!(id.as_deref(), Some("mine-0001"));
    let (status, id, problem) = get(
        &address("/v1/sync?from=0"),
        &[("authorization", "Bearer eyJhbGciOi.c2VjcmV0")],
    );
    let problem: Value = serde_json::from_str(&problem).unwrap();
    assert_eq!(status, 401);
    assert_eq!(
        problem["instance"],
        format!("urn:threadmark:request:{}", id.unwrap())
    );
    get(
        &address(&format!("/m/{MARK}?q=topsecret")),
        &[("cookie", "s=topsecret")],
    );
    get(
        &address(&format!("/nowhere/{MARK}")),
        &[("x-request-id", "not an id")],
    );
    assert!(service.terminate());

    let text = std::fs::read_to_string(&log).unwrap();
    let keys: Value =
        serde_json::from_slice(&std::fs::read(founded.log_home().join("keys.json")).unwrap())
            .unwrap();
    let keys = keys
        .as_object()
        .unwrap()
        .values()
        .map(|seed| seed.as_str().unwrap());
    for secret in ["hunter2", "topsecret", "eyJ", "Bearer", MARK, "not an id"]
        .into_iter()
        .chain(keys)
    {
        assert!(!text.contains(secret), "{secret} stands in the log");
    }
    let told: Vec<_> = lines(&log)
        .into_iter()
        .filter(|line| line["message"] == "answered")
        .collect();
    let routes: BTreeSet<_> = told
        .iter()
        .map(|line| line["route"].as_str().unwrap())
        .collect();
    for route in [
        "/v1/statements",
        "/v1/sessions",
        "/v1/sync",
        "/v1/marks/{mark}",
        "/m/{mark}",
        "unmatched",
    ] {
        assert!(routes.contains(route), "{route} is missing: {routes:?}");
    }
    let ids: BTreeSet<_> = told
        .iter()
        .map(|line| line["span"]["id"].as_str().unwrap())
        .collect();
    assert_eq!(ids.len(), told.len());
    assert!(ids.contains("mine-0001"));
    for line in &told {
        assert!(
            line["method"].is_string() && line["status"].is_u64() && line["duration_ms"].is_u64()
        );
    }
    let refused = told.iter().find(|line| line["status"] == 401).unwrap();
    assert_eq!(refused["code"], "session-refused");
}

#[test]
fn the_counters_are_told_to_the_operator_alone() {
    let founded = Founded::new(Runtime::new().unwrap().block_on(new_database()));
    let log = founded.folder.path().join("service.log");
    let environment = [
        ("DATABASE_URL", &founded.database[..]),
        ("RUST_LOG", "info"),
        ("THREADMARK_METRICS_LISTEN", "127.0.0.1:0"),
    ];
    let service = founded.serve_logged(&environment, &log);
    assert_eq!(get(&format!("{}/metrics", service.url), &[]).0, 404);
    let statement = admission(&founded, "member");
    submit(&service, &statement).unwrap();
    submit(&service, &statement).unwrap();
    get(&format!("{}/v1/marks/{MARK}", service.url), &[]);
    get(&format!("{}/v1/marks/no-mark", service.url), &[]);
    let (status, _, text) = get(&metrics_url(&log), &[]);
    assert_eq!(status, 200);
    for line in [
        "threadmark_requests_total{method=\"POST\",route=\"/v1/statements\",status=\"201\"} 1",
        "threadmark_requests_total{method=\"POST\",route=\"/v1/statements\",status=\"200\"} 1",
        "threadmark_requests_total{method=\"GET\",route=\"/v1/marks/{mark}\",status=\"200\"} 1",
        "threadmark_problems_total{route=\"/v1/marks/{mark}\",code=\"bad-request\"} 1",
        // Genesis, which are two statements, and the admission.
        "threadmark_statements_logged_total 3",
        "threadmark_log_entries 5",
        "threadmark_commits_failed_total 0",
        "threadmark_queue_statements 0",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
    for secret in [MARK, "member", "org:", "key:", "example"] {
        assert!(!text.contains(secret), "{secret} stands in a label");
    }
    // Somebody asked for this address, so the service does not start without it.
    let taken = metrics_url(&log)
        .replace("http://", "")
        .replace("/metrics", "");
    let second = Command::new(env!("CARGO_BIN_EXE_threadmark"))
        .args([
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--metrics-listen",
            &taken,
            "--home",
        ])
        .arg(founded.log_home())
        .env("DATABASE_URL", &founded.database)
        .output()
        .unwrap();
    let told = String::from_utf8(second.stderr).unwrap();
    assert!(
        !second.status.success() && told.contains("metrics_listen: cannot listen on"),
        "{told}"
    );
    submit(&service, &admission(&founded, "later")).unwrap();
}

#[test]
fn what_is_under_way_when_it_is_told_to_stop_gets_its_receipt() {
    let runtime = Runtime::new().unwrap();
    let founded = Founded::new(runtime.block_on(new_database()));
    let service = founded.serve();
    let statement = admission(&founded, "member");
    // Somebody holds the table: the commit stands before it.
    let url = founded.database.clone();
    let pool = runtime.block_on(sqlx::PgPool::connect(&url)).unwrap();
    let mut lock = runtime.block_on(pool.begin()).unwrap();
    let hold = sqlx::raw_sql("lock table checkpoint in share mode");
    runtime.block_on(hold.execute(&mut *lock)).unwrap();
    let (client, submission) = (service.client(), statement.submission.clone());
    let sending = std::thread::spawn(move || client.submit(&submission));
    let waiting = "select count(*) from pg_stat_activity
                   where datname = current_database() and wait_event_type = 'Lock'";
    for _ in 0..2_000 {
        let blocked: i64 = runtime
            .block_on(sqlx::query_scalar(waiting).fetch_one(&pool))
            .unwrap();
        if blocked > 0 {
            break;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    service.tell_to_stop();
    // Nobody new is let in; who was in is waited for.
    for _ in 0..2_000 {
        if ureq::get(format!("{}/healthz", service.url))
            .call()
            .is_err()
        {
            break;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    assert!(!sending.is_finished());
    runtime.block_on(lock.rollback()).unwrap();
    let answer = sending.join().unwrap();
    let Ok(Submitted::Logged(logged)) = answer else {
        panic!("{answer:?}")
    };
    assert!(service.ends_well());
    check(&founded, &[(statement.id, logged.index)], &[statement]);
}

#[test]
fn many_at_once_when_it_is_told_to_stop_and_nothing_acknowledged_is_lost() {
    let founded = Founded::new(Runtime::new().unwrap().block_on(new_database()));
    let service = founded.serve();
    let name = |sender: usize, at: usize| format!("s{sender}n{at}");
    let statements: Vec<Vec<_>> = (0..4)
        .map(|sender| {
            (0..15)
                .map(|at| admission(&founded, &name(sender, at)))
                .collect()
        })
        .collect();
    let senders: Vec<_> = statements
        .iter()
        .cloned()
        .map(|statements| {
            let client = service.client();
            std::thread::spawn(move || {
                let mut done = Vec::new();
                for statement in statements {
                    match client.submit(&statement.submission) {
                        Ok(Submitted::Logged(logged)) => done.push((statement.id, logged.index)),
                        Ok(Submitted::Unanswered { .. }) | Err(_) => break,
                        Ok(other) => panic!("{other:?}"),
                    }
                }
                done
            })
        })
        .collect();
    std::thread::sleep(Duration::from_millis(60));
    service.tell_to_stop();
    let acknowledged: Vec<_> = senders
        .into_iter()
        .flat_map(|sender| sender.join().unwrap())
        .collect();
    assert!(service.ends_well());
    check(&founded, &acknowledged, &statements.concat());
}

/// The first line of the server's own pid file.
fn postmaster(founded: &Founded) -> String {
    let file = founded.log_home().join("database/postgres/postmaster.pid");
    let text = std::fs::read_to_string(file).unwrap_or_default();
    text.lines().next().unwrap_or_default().to_owned()
}

fn served_again(service: &Service) -> bool {
    (0..600).any(|_| {
        std::thread::sleep(Duration::from_millis(100));
        ureq::get(format!("{}/healthz", service.url)).call().is_ok()
    })
}

#[test]
fn the_private_database_comes_back_when_it_is_killed() {
    let founded = Founded::new(String::new());
    // The server's user must reach its folder.
    let reachable = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(founded.folder.path(), reachable).unwrap();
    let log = founded.folder.path().join("service.log");
    let service = founded.serve_logged(&[("THREADMARK_LOG_FORMAT", "text")], &log);
    let before = admission(&founded, "before");
    let place = submit(&service, &before).unwrap();
    for _ in 0..2 {
        let killed = postmaster(&founded);
        let kill = Command::new("kill").args(["-9", &killed]).status();
        assert!(kill.unwrap().success());
        for _ in 0..600 {
            if postmaster(&founded) != killed {
                break;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        assert!(
            served_again(&service),
            "{}",
            std::fs::read_to_string(&log).unwrap()
        );
        assert_ne!(postmaster(&founded), killed);
    }
    // The doctor names its socket, for a backup.
    let doctor = Command::new(env!("CARGO_BIN_EXE_threadmark"))
        .args(["doctor", "--listen", "127.0.0.1:0", "--home"])
        .arg(founded.log_home())
        .env_remove("DATABASE_URL")
        .output()
        .unwrap();
    let found = String::from_utf8(doctor.stdout).unwrap();
    assert!(
        found.contains("private, at postgres://threadmark@"),
        "{found}"
    );
    assert_eq!(submit(&service, &before), Some(place));
    submit(&service, &admission(&founded, "after")).unwrap();
    let told = std::fs::read_to_string(&log).unwrap();
    assert_eq!(
        told.matches("had died; it was started again").count(),
        2,
        "{told}"
    );
    assert!(service.terminate());
    assert_eq!(
        postmaster(&founded),
        "",
        "the server stops with the service"
    );
}

#[test]
fn a_private_database_that_cannot_come_back_ends_the_service_with_its_reason() {
    let founded = Founded::new(String::new());
    let reachable = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(founded.folder.path(), reachable).unwrap();
    let log = founded.folder.path().join("service.log");
    let service = founded.serve_logged(&[("THREADMARK_LOG_FORMAT", "text")], &log);
    let data = founded.log_home().join("database/postgres");
    let killed = postmaster(&founded);
    std::fs::remove_file(data.join("global/pg_control")).unwrap();
    assert!(
        Command::new("kill")
            .args(["-9", &killed])
            .status()
            .unwrap()
            .success()
    );
    assert!(!service.ends_well());
    let told = std::fs::read_to_string(&log).unwrap();
    assert!(
        told.contains("the private PostgreSQL has died") && told.contains("pg_control"),
        "{told}"
    );
}

#[test]
fn settings_come_from_flags_environment_file_and_defaults_in_that_order() {
    let founded = Founded::new(Runtime::new().unwrap().block_on(new_database()));
    let log = founded.folder.path().join("service.log");
    let file = founded.log_home().join("threadmark.toml");
    let settings = format!(
        "listen = \"127.0.0.1:1\"\nlog = \"error\"\npublic_url = \"https://part.example\"\ndatabase_url = {:?}\n",
        founded.database
    );
    std::fs::write(&file, &settings).unwrap();
    // The environment goes before the file's port 1 and its log; the rest is the file's.
    let service = founded.serve_logged(&[("RUST_LOG", "info")], &log);
    submit(&service, &admission(&founded, "member")).unwrap();
    assert!(lines(&log).iter().any(|line| line["message"] == "answered"));
    let (_, _, page) = get(&format!("{}/m/{MARK}", service.url), &[]);
    assert!(page.contains("https://part.example"), "{page}");
    drop(service);
    // The audit reads the same file.
    let audit = |text: &str| {
        std::fs::write(&file, text).unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_threadmark"))
            .arg("audit")
            .arg("--home")
            .arg(founded.log_home())
            .env_remove("DATABASE_URL")
            .output()
            .unwrap();
        (
            output.status.success(),
            String::from_utf8(output.stderr).unwrap(),
        )
    };
    assert!(audit(&settings).0);
    let (good, told) = audit(&format!("{settings}lisen = 1\n"));
    assert!(
        !good && told.contains("threadmark.toml, line 5, `lisen`: unknown field"),
        "{told}"
    );
    let (good, told) = audit(&format!("{settings}home = \"/elsewhere\"\n"));
    assert!(
        !good && told.contains("name the file with --config"),
        "{told}"
    );
}
