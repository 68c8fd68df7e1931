//! Bad input at the border: a clear named error, and nothing changed.

use crate::support::{Founded, Service, new_database};
use threadmark_agent::home::Draft;
use threadmark_agent::sync::Submitted;
use threadmark_agent::system::{self, SystemEntropy};
use threadmark_protocol::body::Core;
use threadmark_protocol::body::governance::Role;
use threadmark_protocol::body::governance::RoleGranted;
use threadmark_protocol::statement::{Statement, Submission};
use threadmark_protocol::world::key_subject;

fn post(url: &str, path: &str, bytes: &[u8]) -> (u16, serde_json::Value) {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .build()
        .into();
    let mut response = agent.post(format!("{url}{path}")).send(bytes).unwrap();
    let status = response.status().as_u16();
    let text = response.body_mut().read_to_string().unwrap();
    (
        status,
        serde_json::from_str(&text).unwrap_or(serde_json::Value::String(text)),
    )
}

fn get(url: &str, path: &str) -> (u16, String) {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .build()
        .into();
    let mut response = agent.get(format!("{url}{path}")).call().unwrap();
    (
        response.status().as_u16(),
        response.body_mut().read_to_string().unwrap(),
    )
}

/// Status for a submission that announces a length and sends nothing of it.
fn announce(url: &str, length: usize) -> u16 {
    use std::io::{Read as _, Write as _};
    let host = url.trim_start_matches("http://");
    let mut stream = std::net::TcpStream::connect(host).unwrap();
    let head = format!(
        "POST /v1/statements HTTP/1.1\r\nhost: {host}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
        .split_whitespace()
        .nth(1)
        .and_then(|status| status.parse().ok())
        .unwrap_or(0)
}

fn started() -> (Founded, Service) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let founded = Founded::new(runtime.block_on(new_database()));
    let service = founded.serve();
    (founded, service)
}

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
fn bytes_that_are_no_statement_change_nothing() {
    let (founded, service) = started();
    let checkpoint = get(&service.url, "/log/checkpoint");
    let statement = good(&founded);
    let whole = statement.submission.to_bytes();
    let refused = |bytes: &[u8], expected: &[u16]| {
        let (status, problem) = post(&service.url, "/v1/statements", bytes);
        assert!(expected.contains(&status), "{status} {problem}");
        assert!(
            problem["code"].is_string() && problem["advice"].is_string(),
            "{problem}"
        );
        assert_eq!(
            problem["type"],
            format!(
                "urn:threadmark:problem:{}",
                problem["code"].as_str().unwrap()
            )
        );
    };
    refused(b"", &[400]);
    refused(b"{}", &[400]);
    for cut in (0..whole.len()).step_by(37) {
        refused(&whole[..cut], &[400]);
    }
    for at in (0..whole.len()).step_by(29) {
        let mut changed = whole.clone();
        changed[at] ^= 1;
        refused(&changed, &[400, 422]);
    }
    let with_body = |body: Vec<u8>| {
        Submission {
            body,
            ..statement.submission.clone()
        }
        .to_bytes()
    };
    refused(&with_body(vec![b' '; 256 << 10]), &[400]);
    refused(&[0; 3], &[400]);
    assert_eq!(
        get(&service.url, "/log/checkpoint"),
        checkpoint,
        "something was logged"
    );
    assert_eq!(
        announce(&service.url, 4 << 20),
        413,
        "a length beyond the limit is refused before it is read"
    );
}

#[test]
fn a_replayed_statement_gets_its_first_receipt() {
    let (founded, service) = started();
    let statement = good(&founded);
    let (status, first) = post(
        &service.url,
        "/v1/statements",
        &statement.submission.to_bytes(),
    );
    assert_eq!(status, 201, "{first}");
    let other = founded.governor.sign(
        Draft::new(
            key_subject(&founded.governor.identity().key_id()),
            Core::RoleGranted(RoleGranted {
                role: Role::Production,
            }),
        ),
        system::now(),
        &mut SystemEntropy,
    );
    let Submitted::Logged(_) = service.client().submit(&other.unwrap().submission).unwrap() else {
        panic!("not logged");
    };
    let (status, again) = post(
        &service.url,
        "/v1/statements",
        &statement.submission.to_bytes(),
    );
    assert_eq!(status, 200);
    for same in ["id", "index", "logged_at", "tree_size", "receipt"] {
        assert_eq!(first[same], again[same], "{same}");
    }
    let (status, told) = get(&service.url, &format!("/v1/statements/{}", statement.id));
    assert_eq!(status, 404, "a stranger sees who governs: {told}");
}

#[test]
fn strangers_and_oddities_get_named_problems() {
    let (founded, service) = started();
    let url = &service.url;
    for (path, status) in [
        ("/v1/marks/7K3Q9XWD2M8TV0AR", 400),
        ("/v1/marks/%00", 400),
        ("/v1/statements/zz", 400),
        (&format!("/v1/statements/{}", "0".repeat(64)), 404),
        ("/v1/sync?from=0", 401),
        ("/v1/sync", 401),
        ("/v1/designs", 401),
        ("/v1/allowables", 401),
        (&format!("/v1/artifacts/{}", "0".repeat(64)), 401),
        ("/v1/proofs/inclusion?index=9&size=99", 404),
        ("/v1/proofs/consistency?old=1&new=99", 404),
        ("/nowhere", 404),
    ] {
        let (found, text) = get(url, path);
        assert_eq!(found, status, "{path}: {text}");
        assert!(text.contains("urn:threadmark:problem:"), "{path}: {text}");
    }
    let (status, problem) = post(url, "/v1/scan", b"no picture at all");
    assert_eq!(
        (status, problem["code"].as_str()),
        (400, Some("not-a-picture"))
    );
    let (status, problem) = post(url, "/v1/sessions", br#"{"assertion":"a.b.c"}"#);
    assert!(
        status == 401 || status == 415 || status == 400,
        "{status} {problem}"
    );
    // A mark that nobody made: no pedigree.
    let mark = threadmark_protocol::mark::Mark::derive(&[9; 32], 1);
    let (status, text) = get(url, &format!("/v1/marks/{mark}"));
    assert_eq!(status, 200);
    assert!(
        text.contains("do_not_install") && text.contains("unknown-mark"),
        "{text}"
    );
    let (status, text) = get(url, "/healthz");
    assert_eq!((status, text.as_str()), (200, "ok\n"));
    drop(founded);
}

#[test]
fn a_session_is_short_single_use_and_needs_the_session_key() {
    let (founded, service) = started();
    let home = &founded.governor;
    let client = service.client();
    let session = client
        .session(home, system::now(), &mut SystemEntropy)
        .unwrap();
    assert!(
        client.page(&session, 0).unwrap().is_some(),
        "a member may read the log"
    );
    // An assertion from the past is not taken.
    assert!(
        client
            .session(home, system::now() - 3600, &mut SystemEntropy)
            .is_err()
    );
}

#[test]
fn a_stranger_cannot_put_his_key_in_the_place_of_anothers() {
    let (founded, service) = started();
    let statement = good(&founded);
    let mut anchors = founded.governor.trust().unwrap().anchors_statement;
    let Core::Anchors(says) = &mut anchors.body.core else {
        unreachable!()
    };
    let stranger = threadmark_protocol::key::Signer::from_seed(&[66; 32]);
    says.governor.public = stranger.public();
    let origin = anchors.envelope.aud.clone();
    let forged = Statement::sign(anchors.body, [].into(), &origin, &stranger);
    let mut submission = forged.submission;
    let named = forged.envelope.kid.0;
    let mut places = submission.envelope.windows(32);
    let at = places.position(|at| at == named).unwrap();
    submission.envelope[at..at + 32].copy_from_slice(&statement.envelope.kid.0);
    let (status, _) = post(&service.url, "/v1/statements", &submission.to_bytes());
    assert_eq!(status, 422);
    let bytes = statement.submission.to_bytes();
    let (status, problem) = post(&service.url, "/v1/statements", &bytes);
    assert_eq!(status, 201, "{problem}");
}
