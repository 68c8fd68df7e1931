//! Databases of other releases, backups, and states of another form.

use crate::postgres::{dump, restore, sql};
use crate::support::{Founded, Service, new_database};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use threadmark_agent::home::Home;
use threadmark_agent::sync::{Submitted, SyncError};
use threadmark_agent::system::{self, SystemEntropy};
use tokio::runtime::Runtime;

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/database")
}

/// The release before: its database, restored, with its log's home and its governor.
fn of_the_release_before(runtime: &Runtime) -> Founded {
    let database = runtime.block_on(new_database());
    restore(&database, &fixtures().join("20261121000003.sql"));
    let folder = tempfile::tempdir().unwrap();
    for (from, to) in [("", "log"), ("governor", "governor")] {
        let to = folder.path().join(to);
        std::fs::create_dir(&to).unwrap();
        for file in std::fs::read_dir(fixtures().join(from)).unwrap() {
            let file = file.unwrap().path();
            if file.is_file() {
                std::fs::copy(&file, to.join(file.file_name().unwrap())).unwrap();
            }
        }
    }
    let governor = Home::open(&folder.path().join("governor")).unwrap();
    Founded {
        folder,
        governor,
        database,
    }
}

/// A command that ends by itself.
fn threadmark(founded: &Founded, words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_threadmark"))
        .args(words)
        .args(["--home".as_ref(), founded.log_home().as_os_str()])
        .env("DATABASE_URL", &founded.database)
        .output()
        .unwrap()
}

/// What a command that must fail said.
fn refused(founded: &Founded, words: &[&str]) -> String {
    let output = threadmark(founded, words);
    assert!(!output.status.success(), "{words:?} was taken");
    String::from_utf8(output.stderr).unwrap()
}

fn rebuild(founded: &Founded) {
    let rebuilt = threadmark(founded, &["rebuild", "--json"]);
    assert!(rebuilt.status.success(), "{rebuilt:?}");
}

/// Refused at the start, before anything is served.
const SERVE: [&str; 3] = ["serve", "--listen", "127.0.0.1:0"];

/// The governor admits one more member.
fn submit_one_more(founded: &Founded, service: &Service, name: &str) -> u64 {
    let statement = crate::service_crash::admission(founded, name);
    crate::service_crash::submit(service, &statement).unwrap().1
}

#[test]
fn a_database_of_the_release_before_is_brought_up_to_date_and_audits_clean() {
    let runtime = Runtime::new().unwrap();
    let founded = of_the_release_before(&runtime);
    // The audit changes nothing, so it says who does.
    let told = refused(&founded, &["audit"]);
    assert!(
        told.contains("20261121000003") && told.contains("threadmark serve"),
        "{told}"
    );
    // It has no lists of statements by subject yet: the service asks to have them made.
    let told = refused(&founded, &SERVE);
    assert!(
        told.contains("form 1") && told.contains("threadmark rebuild"),
        "{told}"
    );
    rebuild(&founded);
    let (good, told) = founded.audit();
    assert!(good, "{told}");
    let service = founded.serve();
    assert!(submit_one_more(&founded, &service, "later") >= 215);
    assert!(service.terminate());
    let (good, told) = founded.audit();
    assert!(good, "{told}");
    // A second start finds nothing to do.
    drop(founded.serve());
}

#[test]
fn a_database_of_a_newer_release_is_refused() {
    let runtime = Runtime::new().unwrap();
    let founded = Founded::new(runtime.block_on(new_database()));
    drop(founded.serve());
    let newer =
        "insert into _sqlx_migrations (version, description, success, checksum, execution_time)
                 values (99991231000001, 'later', true, '\\x00', 0)";
    runtime.block_on(sql(&founded.database, newer)).unwrap();
    for command in [&SERVE[..], &["audit"], &["rebuild"]] {
        let told = refused(&founded, command);
        assert!(
            told.contains("newer threadmark") && told.contains("99991231000001"),
            "{told}"
        );
    }
    let altered = "delete from _sqlx_migrations where version > 99990000000000;
                   update _sqlx_migrations set checksum = '\\x00' where version = 20261121000002";
    runtime.block_on(sql(&founded.database, altered)).unwrap();
    for command in [&SERVE[..], &["audit"]] {
        let told = refused(&founded, command);
        assert!(told.contains("migration 20261121000002"), "{told}");
    }
}

#[test]
fn states_of_another_form_are_made_again_from_the_log() {
    let runtime = Runtime::new().unwrap();
    let founded = of_the_release_before(&runtime);
    rebuild(&founded);
    let other =
        "update state_form set form = 99; update subject_state set state = '{}', version = 7;
                 delete from parent";
    runtime.block_on(sql(&founded.database, other)).unwrap();
    let told = refused(&founded, &SERVE);
    assert!(
        told.contains("form 99") && told.contains("threadmark rebuild"),
        "{told}"
    );
    assert!(!founded.audit().0);
    rebuild(&founded);
    let (good, told) = founded.audit();
    assert!(good, "{told}");
    let service = founded.serve();
    submit_one_more(&founded, &service, "later");
    drop(service);
    assert!(founded.audit().0);
}

#[test]
fn a_rebuild_ends_the_service_that_still_runs() {
    let runtime = Runtime::new().unwrap();
    let founded = Founded::new(runtime.block_on(new_database()));
    let service = founded.serve();
    assert!(threadmark(&founded, &["rebuild"]).status.success());
    let statement = crate::service_crash::admission(&founded, "late");
    let answer = service.client().submit(&statement.submission);
    assert!(
        matches!(answer, Ok(Submitted::Unanswered { .. }) | Err(_)),
        "{answer:?}"
    );
    assert!(founded.audit().0);
}

#[test]
fn a_backup_of_a_running_service_is_whole_and_an_old_one_is_noticed() {
    let runtime = Runtime::new().unwrap();
    let mut founded = Founded::new(runtime.block_on(new_database()));
    let service = founded.serve();
    submit_one_more(&founded, &service, "before");
    // Statements arrive while it is taken.
    let statements: Vec<_> = (0..20)
        .map(|at| crate::service_crash::admission(&founded, &format!("during{at}")))
        .collect();
    let client = service.client();
    let sending = std::thread::spawn(move || {
        for statement in statements {
            client.submit(&statement.submission).unwrap();
        }
    });
    let file = founded.folder.path().join("backup.sql");
    std::fs::write(&file, dump(&founded.database)).unwrap();
    sending.join().unwrap();
    let pull = |service: &Service, home: &Home| {
        let client = service.client();
        let session = client
            .session(home, system::now(), &mut SystemEntropy)
            .unwrap();
        client.pull(home, &session, &mut |_| {})
    };
    let known = pull(&service, &founded.governor).unwrap().size();
    drop(service);

    founded.database = runtime.block_on(new_database());
    restore(&founded.database, &file);
    let (good, told) = founded.audit();
    assert!(good, "{told}");
    let service = founded.serve();
    match pull(&service, &founded.governor).err() {
        Some(SyncError::Forked { verified, shown }) => assert!(verified == known && shown < known),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_log_under_rules_of_a_newer_program_is_not_served() {
    let runtime = Runtime::new().unwrap();
    let founded = Founded::new(runtime.block_on(new_database()));
    let service = founded.serve();
    assert!(service.terminate());
    let newer = threadmark_protocol::lifecycle::RULES_VERSION + 1;
    let change = format!(
        "update subject_state set version = version, \
         state = jsonb_set(state::jsonb, '{{policies,0,says,rules_version}}', '{newer}')::json where id = 'policy:main'"
    );
    runtime.block_on(sql(&founded.database, &change)).unwrap();
    let told = refused(&founded, &SERVE);
    assert!(
        told.contains(&format!("version {newer}")) && told.contains("Update the program"),
        "{told}"
    );
}
