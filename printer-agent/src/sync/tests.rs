//! Tests of the exchange with the service, against a small one over the log in memory.

mod service;

use super::*;
use crate::fixture::{Ship, draft, entropy};
use crate::prefetch::prefetch;
use service::{Service, Trick};
use threadmark_protocol::fixture::Who;

fn quiet() -> impl FnMut(&str) {
    |_: &str| {}
}

#[test]
fn a_session_assertion_is_what_a_second_implementation_reads() {
    use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
    let ship = Ship::ready();
    let now = ship.c.now;
    let token = session::assertion(&ship.home, now, &mut entropy(1)).unwrap();
    let header = decode_header(token.as_str()).unwrap();
    let kid = ship.home.identity().key_id().to_hex();
    assert_eq!(header.alg, Algorithm::EdDSA);
    assert_eq!(header.typ.as_deref(), Some("threadmark-assertion+jwt"));
    assert_eq!(header.kid.as_deref(), Some(kid.as_str()));
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.set_audience(&[threadmark_protocol::fixture::ORIGIN]);
    validation.validate_exp = false;
    let card = ship.home.card();
    let read = |key: &threadmark_protocol::key::PublicKey| {
        let key = DecodingKey::from_ed_der(&key.0);
        decode::<serde_json::Value>(token.as_str(), &key, &validation)
    };
    let claims = read(&card.session.unwrap()).unwrap().claims;
    assert_eq!(claims["iss"], "ship.example");
    assert_eq!(claims["sub"], kid);
    let life = claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap();
    assert!((1..=300).contains(&life));
    assert_eq!(claims["jti"].as_str().unwrap().len(), 32);
    // The statement key did not sign it.
    assert!(read(&card.public).is_err());
}

#[test]
fn a_print_at_sea_comes_home_in_any_order_and_twice() {
    let mut ship = Ship::ready();
    ship.c.set_sail();
    let order = ship.order();
    ship.print(&order).unwrap();
    let service = Service::start(&ship);
    let client = Client::new(&service.url);
    let mut all = ship.home.own_statements().unwrap();
    all.extend(ship.home.imported_statements().unwrap());
    all.reverse();
    let trust = ship.c.trust();
    for _ in 0..2 {
        let mut outcomes = Delivered::new();
        client
            .deliver(&all, &trust, &mut outcomes, &mut quiet())
            .unwrap();
        assert_eq!(outcomes.len(), 3);
        for outcome in outcomes.values() {
            assert!(matches!(outcome, Outcome::Logged { .. }), "{outcome:?}");
        }
    }
    let outcomes = deliver_all(&ship.home, &client, &mut quiet()).unwrap();
    assert_eq!(outcomes.len(), 3);
    assert!(ship.home.undelivered().unwrap().is_empty());
    let session = client
        .session(&ship.home, ship.c.now, &mut entropy(1))
        .unwrap();
    let replica = client.pull(&ship.home, &session, &mut quiet()).unwrap();
    assert_eq!(Some(replica.size()), service.size());
    assert_eq!(ship.home.replica().unwrap().size(), replica.size());
}

#[test]
fn what_waits_is_neither_lost_nor_remembered() {
    let mut ship = Ship::ready();
    ship.c.set_sail();
    // The key that signs is known to nobody yet.
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path().join("h");
    let holder = threadmark_protocol::body::governance::Holder::Person;
    let home = crate::fixture::home(&ship.c, &at, "new", holder, 40);
    home.sign(draft(), ship.c.now, &mut entropy(1)).unwrap();
    let service = Service::start(&ship);
    let client = Client::new(&service.url);
    let outcomes = deliver_all(&home, &client, &mut quiet()).unwrap();
    assert!(matches!(
        outcomes.values().next(),
        Some(Outcome::Waiting { .. })
    ));
    assert_eq!(home.undelivered().unwrap().len(), 1);
}

#[test]
fn a_refused_act_is_remembered_with_its_reason() {
    let mut ship = Ship::ready();
    ship.c.set_sail();
    let licence = ship.licence.clone();
    ship.c
        .order_by(Who::Inspector, &licence, Who::Machine)
        .unwrap();
    ship.learn();
    let service = Service::start(&ship);
    let outcomes = deliver_all(&ship.home, &Client::new(&service.url), &mut quiet()).unwrap();
    let Some(Outcome::Refused { code, .. }) = outcomes.values().next() else {
        panic!("not refused: {outcomes:?}");
    };
    assert_eq!(code, "role-missing");
    assert!(ship.home.undelivered().unwrap().is_empty());
}

#[test]
fn a_receipt_over_something_else_is_not_believed() {
    let ship = Ship::ready();
    let now = ship.c.now;
    ship.home.sign(draft(), now, &mut entropy(1)).unwrap();
    for trick in [Trick::ForgedReceipt, Trick::OtherIndex] {
        let service = Service::playing(&ship, trick);
        let found = deliver_all(&ship.home, &Client::new(&service.url), &mut quiet());
        assert!(matches!(
            found,
            Err(SyncError::Receipt { .. } | SyncError::Unexpected(_))
        ));
        assert_eq!(ship.home.undelivered().unwrap().len(), 1);
    }
}

#[test]
fn a_page_with_one_changed_byte_is_not_taken() {
    let mut ship = Ship::ready();
    ship.c.receive_lot("lot:l7", "AlSi10Mg AMS7035");
    let before = ship.home.replica().unwrap().size();
    let service = Service::playing(&ship, Trick::ChangedPage);
    let client = Client::new(&service.url);
    let session = client
        .session(&ship.home, ship.c.now, &mut entropy(1))
        .unwrap();
    assert!(client.pull(&ship.home, &session, &mut quiet()).is_err());
    assert_eq!(ship.home.replica().unwrap().size(), before);
}

#[test]
fn a_busy_service_is_asked_again_and_nothing_is_given_up() {
    let ship = Ship::ready();
    ship.home
        .sign(draft(), ship.c.now, &mut entropy(1))
        .unwrap();
    let service = Service::playing(&ship, Trick::BusyTwice);
    let outcomes = deliver_all(&ship.home, &Client::new(&service.url), &mut quiet()).unwrap();
    assert!(matches!(
        outcomes.values().next(),
        Some(Outcome::Logged { .. })
    ));
}

#[test]
fn beyond_a_quota_one_waits_and_everything_gets_through() {
    let ship = Ship::ready();
    for seed in 1..=5 {
        let entropy = &mut entropy(seed);
        ship.home.sign(draft(), ship.c.now, entropy).unwrap();
    }
    let service = Service::playing(&ship, Trick::Quota);
    let mut told = Vec::new();
    let mut progress = |text: &str| told.push(text.to_owned());
    let outcomes = deliver_all(&ship.home, &Client::new(&service.url), &mut progress).unwrap();
    let logged = |outcome: &Outcome| matches!(outcome, Outcome::Logged { .. });
    assert_eq!(outcomes.len(), 5);
    assert!(outcomes.values().all(logged), "{outcomes:?}");
    assert!(ship.home.undelivered().unwrap().is_empty());
    // The third and the sixth were sent twice, and nothing was sent while it was asked to wait.
    assert_eq!(service.asked(), 7);
    let wait = "2 of 5 statements sent; the service asks to wait 1 s, then it goes on";
    assert_eq!(told[0], wait, "{told:?}");
    assert_eq!(told.len(), 2, "{told:?}");
}

#[test]
fn no_network_is_an_error_of_its_own() {
    let ship = Ship::ready();
    let found = synchronise(&ship.home, ship.c.now, &mut entropy(1), &mut quiet());
    assert!(matches!(found, Err(SyncError::Offline { .. })));
}

#[test]
fn sealed_files_are_fetched_once_and_again_when_damaged() {
    let ship = Ship::ready();
    let service = Service::start(&ship);
    let client = Client::new(&service.url);
    let now = ship.c.now;
    let session = client.session(&ship.home, now, &mut entropy(1)).unwrap();
    let fetch = || prefetch(&ship.home, &client, &session, now, &mut quiet());
    assert_eq!(fetch().unwrap(), 0);
    let digest = &ship.file.artifact.sealed;
    ship.home.keep_artifact(digest, b"damaged").unwrap();
    assert_eq!(fetch().unwrap(), 1);
    let bytes = ship.home.artifact(digest).unwrap().unwrap();
    assert!(digest.matches(&bytes));
    assert_eq!(fetch().unwrap(), 0);
    client.put_artifact(&session, &digest.sha3, &bytes).unwrap();
    assert_eq!(client.genesis().unwrap(), ship.c.genesis.to_bytes());
    // A session's token stands in no text.
    assert_eq!(format!("{session:?}"), "Session");
}

#[test]
fn a_problem_shows_what_happened_and_what_to_do() {
    let problem = Problem {
        status: 422,
        code: "role-missing".into(),
        title: "The role is missing.".into(),
        detail: "Operator.".into(),
        advice: "Have it granted.".into(),
        retry_after_s: None,
    };
    let shown = SyncError::Problem(problem).to_string();
    assert!(shown.contains("role-missing") && shown.contains("Have it granted."));
}
