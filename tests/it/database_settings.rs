//! A database with a setting that could lose what was acknowledged is refused at the start, by the setting's name.

use crate::postgres::{Server, database_name, sql};
use crate::support::new_database;
use threadmark::store::PgStore;

async fn refusal(url: &str) -> String {
    match PgStore::open(url).await {
        Ok(_) => panic!("{url} was taken"),
        Err(error) => error.to_string(),
    }
}

/// These are the server's own: they cannot be set for one database.
#[tokio::test]
async fn settings_of_the_server() {
    let mut server = Server::create(&[]);
    for setting in ["fsync", "full_page_writes"] {
        server.start(&[&format!("{setting}=off")]);
        let told = refusal(&server.url("postgres")).await;
        assert!(
            told.contains(&format!("{setting} = off")) && told.contains("Set"),
            "{told}"
        );
        server.stop();
    }
    // Without checksums the service works, and says so.
    server.start(&[]);
    let store = PgStore::open(&server.url("postgres")).await.unwrap();
    let warning = store.settings().await.unwrap().warning();
    assert!(warning.is_some_and(|text| text.contains("data_checksums = off")));
    drop(store);
    server.stop();
    server.touch("standby.signal");
    server.start(&[]);
    let told = refusal(&server.url("postgres")).await;
    assert!(
        told.contains("standby") && told.contains("primary"),
        "{told}"
    );
    server.stop();
}

/// These anybody can set for one database or role, and forget.
#[tokio::test]
async fn settings_of_the_database() {
    for (setting, value) in [
        ("synchronous_commit", "off"),
        ("default_transaction_read_only", "on"),
        ("standard_conforming_strings", "off"),
    ] {
        let url = new_database().await;
        PgStore::open(&url).await.unwrap();
        let name = database_name(&url);
        let set = format!("alter database {name} set {setting} = {value}");
        sql(&url, &set).await.unwrap();
        let told = refusal(&url).await;
        assert!(
            told.contains(setting) && told.contains("and start again"),
            "{told}"
        );
    }
}

#[tokio::test]
async fn another_encoding() {
    let url = new_database().await;
    let name = format!("ascii_{}", database_name(&url));
    let make = format!("create database {name} encoding 'SQL_ASCII' template template0");
    sql(&url, &make).await.unwrap();
    let other = url.replacen(database_name(&url), &name, 1);
    let told = refusal(&other).await;
    assert!(
        told.contains("encoding SQL_ASCII") && told.contains("UTF8"),
        "{told}"
    );
}
