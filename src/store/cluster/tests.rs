//! The private PostgreSQL through stops, kills and what they leave behind.

use super::*;
use sqlx::{Connection as _, PgConnection, Row as _};
use std::{fs::DirBuilder, os::unix::fs::DirBuilderExt as _, process::Command, time::Duration};

/// As a temporary folder is made, nobody else may enter it; the server's user must.
fn folder() -> tempfile::TempDir {
    tempfile::Builder::new()
        .permissions(Permissions::from_mode(0o755))
        .tempdir()
        .unwrap()
}

/// The service dies of `kill -9`: its lock goes, nobody stops the server.
fn abandon(mut cluster: Cluster) {
    cluster.stopped = true;
}

fn kill_9(pid: u32) {
    assert!(
        Command::new("kill")
            .args(["-9", &pid.to_string()])
            .status()
            .unwrap()
            .success()
    );
}

async fn execute(cluster: &Cluster, sql: &'static str) {
    let mut connection = PgConnection::connect(&cluster.url()).await.unwrap();
    sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
}

async fn text(cluster: &Cluster, sql: &'static str) -> String {
    let mut connection = PgConnection::connect(&cluster.url()).await.unwrap();
    sqlx::query(sql)
        .fetch_one(&mut connection)
        .await
        .unwrap()
        .get(0)
}

#[tokio::test]
async fn data_outlives_stop_and_start() {
    let folder = folder();
    let home = folder.path().join("a home, isn't it");
    let cluster = Cluster::start(&home).unwrap();
    execute(
        &cluster,
        "create table note (text text); insert into note values ('é kept')",
    )
    .await;
    assert_eq!(
        Cluster::running_url(&home).as_deref(),
        Some(cluster.url().as_str())
    );
    let sockets = cluster.server.sockets.clone();
    cluster.stop().unwrap();
    assert!(!sockets.exists());
    assert_eq!(Cluster::running_url(&home), None);

    let cluster = Cluster::start(&home).unwrap();
    assert_eq!(text(&cluster, "select text from note").await, "é kept");
    for (setting, value) in [
        ("show fsync", "on"),
        ("show synchronous_commit", "on"),
        ("show listen_addresses", ""),
        ("show server_encoding", "UTF8"),
        ("show lc_collate", "C"),
        ("show data_checksums", "on"),
        ("show is_superuser", "off"),
    ] {
        assert_eq!(text(&cluster, setting).await, value, "{setting}");
    }
}

#[tokio::test]
async fn recovers_from_kill_9_of_the_server_with_a_session_at_work() {
    let folder = folder();
    let cluster = Cluster::start(folder.path()).unwrap();
    execute(
        &cluster,
        "create table note (text text); insert into note values ('kept')",
    )
    .await;
    let url = cluster.url();
    let busy = tokio::spawn(async move {
        let mut connection = PgConnection::connect(&url).await.unwrap();
        let sql = "begin; insert into note values ('lost'); select pg_sleep(2); commit";
        sqlx::raw_sql(sql).execute(&mut connection).await
    });
    while text(
        &cluster,
        "select count(*)::text from pg_locks where mode = 'RowExclusiveLock'",
    )
    .await
        == "0"
    {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    kill_9(cluster.server.pid().unwrap());
    drop(cluster);

    let cluster = Cluster::start(folder.path()).unwrap();
    assert!(busy.await.unwrap().is_err());
    assert_eq!(
        text(&cluster, "select string_agg(text, ' ') from note").await,
        "kept"
    );
}

/// It is at work for ever and never looks whether its server lives, as one that waits for a lock whose holder is dead.
#[tokio::test]
async fn a_session_that_does_not_end_by_itself_does_not_stop_a_start() {
    let folder = folder();
    let cluster = Cluster::start(folder.path()).unwrap();
    let url = cluster.url();
    let busy = tokio::spawn(async move {
        let mut connection = PgConnection::connect(&url).await.unwrap();
        let sql = "do $$ begin loop null; end loop; end $$";
        sqlx::raw_sql(sql).execute(&mut connection).await
    });
    let at_work = "select count(*)::text from pg_stat_activity where query like 'do $$%' and state = 'active'";
    while text(&cluster, at_work).await == "0" {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    kill_9(cluster.server.pid().unwrap());
    drop(cluster);

    let cluster = Cluster::start(folder.path()).unwrap();
    assert!(busy.await.unwrap().is_err());
    assert_eq!(text(&cluster, "select 'it runs'").await, "it runs");
}

#[tokio::test]
async fn adopts_the_server_of_a_killed_service_and_refuses_a_second_one() {
    let folder = folder();
    let cluster = Cluster::start(folder.path()).unwrap();
    let pid = cluster.server.pid();
    let refused = Cluster::start(folder.path()).unwrap_err();
    assert!(matches!(refused, ClusterError::InUse { .. }), "{refused}");
    abandon(cluster);

    let cluster = Cluster::start(folder.path()).unwrap();
    assert_eq!(cluster.server.pid(), pid);
    assert_eq!(text(&cluster, "select 'here'").await, "here");
    fs::remove_file(cluster.server.sockets.join(SOCKET)).unwrap();
    abandon(cluster);

    let cluster = Cluster::start(folder.path()).unwrap();
    assert_ne!(cluster.server.pid(), pid);
    assert_eq!(text(&cluster, "select 'here'").await, "here");
}

#[tokio::test]
async fn what_a_crash_left_behind_does_not_stop_a_start() {
    let folder = folder();
    let half = folder.path().join("postgres.new-1");
    fs::create_dir_all(half.join("base")).unwrap();
    let cluster = Cluster::start(folder.path()).unwrap();
    assert!(!half.exists());
    let file = cluster.server.data().join("postmaster.pid");
    let lines = fs::read_to_string(&file).unwrap();
    let pid = cluster.server.pid().unwrap().to_string();
    cluster.stop().unwrap();

    // After a reboot the pid can be another process's, here ours.
    let stale = lines.replacen(&pid, &std::process::id().to_string(), 1);
    fs::write(&file, stale).unwrap();
    let cluster = Cluster::start(folder.path()).unwrap();
    assert_eq!(text(&cluster, "select 'here'").await, "here");
}

#[test]
fn a_failed_start_shows_the_end_of_the_log() {
    let folder = folder();
    Cluster::start(folder.path()).unwrap().stop().unwrap();
    fs::remove_file(folder.path().join("postgres/global/pg_control")).unwrap();
    let error = Cluster::start(folder.path()).unwrap_err();
    assert!(matches!(error, ClusterError::Start { .. }));
    assert!(error.to_string().contains("pg_control"), "{error}");
}

#[test]
fn a_closed_folder_above_the_home_is_named() {
    let folder = folder();
    let closed = folder.path().join("closed");
    DirBuilder::new().mode(0o700).create(&closed).unwrap();
    let home = closed.join("home");
    match Cluster::start(&home) {
        Ok(_) => assert!(!is_root()),
        Err(ClusterError::Unreachable { folder }) => assert_eq!(folder, closed),
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn a_socket_folder_of_somebody_else_is_refused() {
    let folder = folder();
    let sockets = socket_folder(&folder.path().canonicalize().unwrap());
    DirBuilder::new().mode(0o755).create(&sockets).unwrap();
    fs::set_permissions(&sockets, Permissions::from_mode(0o755)).unwrap();
    let error = Cluster::start(folder.path()).unwrap_err();
    fs::remove_dir(&sockets).unwrap();
    assert!(matches!(error, ClusterError::SocketTaken { .. }), "{error}");
}
