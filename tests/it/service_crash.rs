//! `kill -9` at every step of a submission: nothing acknowledged is lost, nothing is doubled, the audit agrees. At random moments:
//! `torture`.

use crate::support::{Founded, Service, new_database, proposal};
use std::time::Duration;
use threadmark_agent::home::Home;
use threadmark_agent::sync::Submitted;
use threadmark_agent::system::{self, SystemEntropy};
use threadmark_protocol::body::governance::{Function, Holder, MemberAdmitted};
use threadmark_protocol::body::vote::Change;
use threadmark_protocol::statement::{Statement, StatementId};

/// The governor admits a new member: a decision that touches three states.
pub fn admission(founded: &Founded, name: &str) -> Statement {
    let folder = founded.folder.path().join(name);
    let organisation: threadmark_protocol::text::OrgId = format!("{name}.example").parse().unwrap();
    let member = Home::create(
        &folder,
        organisation.clone(),
        "admin".parse().unwrap(),
        Holder::Person,
        &mut SystemEntropy,
    )
    .unwrap();
    let change = Change::Admit(MemberAdmitted {
        organisation,
        name: name.parse().unwrap(),
        functions: [Function::Shop].into(),
        admin: member.card(),
    });
    let draft = proposal(change);
    founded
        .governor
        .sign(draft, system::now(), &mut SystemEntropy)
        .unwrap()
}

pub fn submit(service: &Service, statement: &Statement) -> Option<(StatementId, u64)> {
    match service.client().submit(&statement.submission) {
        Ok(Submitted::Logged(logged)) => Some((statement.id, logged.index)),
        Ok(other) => panic!("{other:?}"),
        Err(_) => None,
    }
}

/// Everything acknowledged stands where it was acknowledged; everything sent stands once when it is sent again.
pub fn check(founded: &Founded, acknowledged: &[(StatementId, u64)], sent: &[Statement]) {
    let service = founded.serve();
    let mut places = std::collections::BTreeSet::new();
    for statement in sent {
        let (id, index) = submit(&service, statement).expect("the service runs");
        if let Some((_, promised)) = acknowledged.iter().find(|(known, _)| *known == id) {
            assert_eq!(index, *promised, "an acknowledged statement moved");
        }
        assert!(places.insert(index), "two statements at one place");
    }
    drop(service);
    let (good, told) = founded.audit();
    assert!(good, "{told}");
}

/// The tables that a commit writes, all in one statement: holding one stops the service before its commit.
const STEPS: [&str; 6] = [
    "lease",
    "entry",
    "sealed_section",
    "subject_state",
    "parent",
    "checkpoint",
];

#[test]
fn killed_at_each_write_of_the_commit() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let database = runtime.block_on(new_database());
    let founded = Founded::new(database.clone());
    let (mut sent, mut acknowledged) = (Vec::new(), Vec::new());
    for (round, table) in STEPS.iter().enumerate() {
        let service = founded.serve();
        let before = admission(&founded, &format!("before{round}"));
        acknowledged.push(submit(&service, &before).expect("the service runs"));
        let during = admission(&founded, &format!("during{round}"));
        sent.extend([before, during.clone()]);
        runtime.block_on(kill_while_locked(&database, table, service, during));
    }
    check(&founded, &acknowledged, &sent);
}

/// Locks the table against writers, submits, waits until the service's transaction stands before the lock, and kills.
async fn kill_while_locked(database: &str, table: &str, service: Service, statement: Statement) {
    let pool = sqlx::PgPool::connect(database).await.unwrap();
    let mut lock = pool.begin().await.unwrap();
    // The lease is locked by row, the others are written to.
    let take = match table {
        "lease" => "select fence from lease for update".to_owned(),
        _ => format!("lock table {table} in share mode"),
    };
    sqlx::raw_sql(sqlx::AssertSqlSafe(take))
        .execute(&mut *lock)
        .await
        .unwrap();
    let client = service.client();
    let sending =
        std::thread::spawn(move || client.submit(&statement.submission).map(|_| ()).is_ok());
    let waiting = "select count(*) from pg_stat_activity
                   where datname = current_database() and wait_event_type = 'Lock'";
    for _ in 0..400 {
        let blocked: i64 = sqlx::query_scalar(waiting).fetch_one(&pool).await.unwrap();
        if blocked > 0 || sending.is_finished() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    service.kill();
    let acknowledged = sending.join().unwrap();
    assert!(!acknowledged, "{table}: answered before the commit");
    lock.rollback().await.unwrap();
}

#[test]
fn stops_cleanly_when_told_and_names_an_altered_row() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let database = runtime.block_on(new_database());
    let founded = Founded::new(database.clone());
    let service = founded.serve();
    for name in ["honest", "second"] {
        submit(&service, &admission(&founded, name)).expect("the service runs");
    }
    assert!(
        service.terminate(),
        "exit code 0 within ten seconds of SIGTERM"
    );
    assert!(founded.audit().0);
    let altered = [
        ("update subject_state set state = jsonb_set(state::jsonb, '{name}', '\"Other\"')::json where kind = 'org'
          and state->>'name' = 'honest'", "state org:", "/name"),
        ("delete from parent where child like 'key:%'", "edge key:", "missing"),
        ("update checkpoint set signed_at = signed_at - 1 where size = 5", "checkpoint 5", ""),
        ("update checkpoint set previous_size = 3 where size = 7", "checkpoint 7", "the checkpoint before it"),
        ("update subject_state set version = 1000 where id = 'log:main'", "state log:main", "version"),
    ];
    for (statement, place, what) in altered {
        let told = runtime.block_on(audited_with(&database, statement, &founded));
        assert!(told.contains(place) && told.contains(what), "{told}");
    }
}

/// Alters the database, audits, and puts it back.
async fn audited_with(database: &str, alteration: &str, founded: &Founded) -> String {
    let pool = sqlx::PgPool::connect(database).await.unwrap();
    let keep =
        "alter table checkpoint disable trigger user;
         alter table checkpoint drop constraint if exists checkpoint_previous_size_key; create table kept_state as table subject_state; create table kept_parent as table parent;
                create table kept_checkpoint as table checkpoint";
    sqlx::raw_sql(keep).execute(&pool).await.unwrap();
    let changed = sqlx::query(sqlx::AssertSqlSafe(alteration.to_owned()))
        .execute(&pool)
        .await
        .unwrap();
    assert!(changed.rows_affected() > 0, "{alteration}");
    let (good, told) = founded.audit();
    assert!(!good, "the audit agreed with {alteration}");
    let back = "delete from subject_state; insert into subject_state (id, kind, version, state) select id, kind, version, state from kept_state;
                drop table kept_state;
                delete from parent; insert into parent table kept_parent; drop table kept_parent;
                delete from checkpoint; insert into checkpoint table kept_checkpoint; drop table kept_checkpoint;
                alter table checkpoint enable trigger user";
    sqlx::raw_sql(back).execute(&pool).await.unwrap();
    assert!(founded.audit().0);
    told
}
