//! Hostile input, neighbours and databases: each is answered by name, costs little, and ends nobody else's work.

use crate::support::{Founded, Service, new_database};
use crate::wire::exchange;
use std::process::Command;
use threadmark_agent::home::{Draft, Home};
use threadmark_agent::sync::SyncError;
use threadmark_agent::system::{self, SystemEntropy};
use threadmark_protocol::body::Core;
use threadmark_protocol::body::governance::{Role, RoleGranted};
use threadmark_protocol::statement::Statement;
use threadmark_protocol::world::key_subject;

fn started() -> (Founded, Service) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let founded = Founded::new(runtime.block_on(new_database()));
    let service = founded.serve();
    (founded, service)
}

/// A statement that the log takes.
fn good(founded: &Founded) -> Statement {
    let kid = founded.governor.identity().key_id();
    let core = Core::RoleGranted(RoleGranted {
        role: Role::Certifier,
    });
    let draft = Draft::new(key_subject(&kid), core);
    founded
        .governor
        .sign(draft, system::now(), &mut SystemEntropy)
        .unwrap()
}

#[test]
fn pages_answer_nonsense_with_a_page() {
    let (_founded, service) = started();
    for request in [
        "GET /m/%ff",
        "GET /m?mark=a&mark=b",
        "GET /m/%00",
        "POST /scan",
    ] {
        let bytes = format!(
            "{request} HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
        );
        let answer = exchange(&service.url, bytes.as_bytes());
        assert!(answer.starts_with("HTTP/1.1 400"), "{request}: {answer}");
        assert!(answer.contains("text/html"), "{request}: {answer}");
    }
}

#[test]
fn a_body_that_breaks_off_is_not_called_too_large() {
    let (_founded, service) = started();
    let head =
        "POST /v1/statements HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nZZ\r\n";
    let answer = exchange(&service.url, head.as_bytes());
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    assert!(answer.contains("problem:bad-request"), "{answer}");
}

#[test]
fn who_never_says_what_it_wants_is_let_go() {
    let (_founded, service) = started();
    let begun = std::thread::spawn({
        let url = service.url.clone();
        move || exchange(&url, b"GET / HTTP/1.1\r\nhost: x\r\n")
    });
    assert_eq!(exchange(&service.url, b""), "");
    begun.join().unwrap();
}

#[test]
fn a_start_that_fails_does_not_end_the_service_that_runs() {
    let (founded, service) = started();
    let other = Founded::new(founded.database.clone());
    let taken = service.url.trim_start_matches("http://");
    for (home, listen) in [
        (other.log_home(), "127.0.0.1:0"),
        (founded.log_home(), taken),
    ] {
        let failed = Command::new(env!("CARGO_BIN_EXE_threadmark"))
            .args(["serve", "--listen", listen, "--home"])
            .arg(home)
            .env("DATABASE_URL", &founded.database)
            .output()
            .unwrap();
        assert!(!failed.status.success());
    }
    let statement = good(&founded);
    let submitted = service.client().submit(&statement.submission);
    assert!(submitted.is_ok(), "{submitted:?}");
}

#[test]
fn serve_and_audit_make_nothing_where_no_service_is() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("nothing");
    for command in ["serve", "audit"] {
        let failed = Command::new(env!("CARGO_BIN_EXE_threadmark"))
            .arg(command)
            .arg("--home")
            .arg(&home)
            .output()
            .unwrap();
        let told = String::from_utf8(failed.stderr).unwrap();
        assert!(told.contains("no genesis at"), "{told}");
        assert!(!home.exists(), "{command} made a folder");
    }
}

#[test]
fn every_column_of_an_entry_is_audited() {
    let (founded, service) = started();
    let statement = good(&founded);
    service.client().submit(&statement.submission).unwrap();
    assert!(service.terminate());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let last = "where index = (select max(index) - 1 from entry)";
    for (column, value, told) in [
        ("id", "decode(repeat('00', 32), 'hex')", "its id"),
        ("kid", "decode(repeat('00', 32), 'hex')", "its kid"),
        ("seq", "seq + 1", "its seq"),
        ("kind", "'x'", "its kind"),
        ("subject", "'x:y'", "its subject"),
        ("logged_at", "logged_at - 1", "its log time"),
        ("body", "'{}'", "the body"),
    ] {
        let pool = runtime
            .block_on(sqlx::PgPool::connect(&founded.database))
            .unwrap();
        let run = |sql: String| {
            let done = runtime.block_on(sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&pool));
            done.unwrap();
        };
        // Whoever owns the tables can do this; nobody does it by mistake.
        run("alter table entry disable trigger user".to_owned());
        run(format!("create table kept as select * from entry {last}"));
        run(format!("update entry set {column} = {value} {last}"));
        let (good, found) = founded.audit();
        run(format!(
            "update entry set {column} = kept.{column} from kept where entry.index = kept.index;
             drop table kept; alter table entry enable trigger user"
        ));
        assert!(
            !good && found.starts_with("entry ") && found.contains(told),
            "{column}: {found}"
        );
    }
    assert!(founded.audit().0);
}

#[test]
fn a_log_that_went_back_is_noticed() {
    let (mut founded, service) = started();
    let pull = |service: &Service, home: &Home| {
        let client = service.client();
        let session = client
            .session(home, system::now(), &mut SystemEntropy)
            .unwrap();
        client.pull(home, &session, &mut |_| {})
    };
    let statement = good(&founded);
    service.client().submit(&statement.submission).unwrap();
    let known = pull(&service, &founded.governor).unwrap().size();
    drop(service);
    // An old copy of the database, which has no more than genesis.
    let runtime = tokio::runtime::Runtime::new().unwrap();
    founded.database = runtime.block_on(new_database());
    let service = founded.serve();
    match pull(&service, &founded.governor).err() {
        Some(SyncError::Forked { verified, shown }) => assert!(verified == known && shown < known),
        other => panic!("{other:?}"),
    }
}
