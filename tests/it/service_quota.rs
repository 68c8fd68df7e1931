//! Quotas against the real service: who floods waits, nobody else does, and nothing is lost.

use crate::support::{Founded, Service, new_database, proposal};
use serde_json::Value;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;
use threadmark_agent::home::{Draft, Home, Outcome};
use threadmark_agent::sync;
use threadmark_agent::system::{self, SystemEntropy};
use threadmark_protocol::body::Core;
use threadmark_protocol::body::build::BuildAborted;
use threadmark_protocol::body::governance::{Function, Holder, MemberAdmitted};
use threadmark_protocol::body::vote::Change;
use threadmark_protocol::statement::Statement;
use threadmark_protocol::text::OrgId;

fn started(limits: &[(&str, &str)]) -> (Founded, Service) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let founded = Founded::new(runtime.block_on(new_database()));
    let service = founded.serve_with(limits);
    (founded, service)
}

/// A report about a part of its own, which the log takes from every key.
pub fn report(home: &Home, number: usize) -> Statement {
    let core = Core::BuildAborted(BuildAborted {
        parts: vec![format!("part:q{number}").parse().unwrap()],
        reason: "the powder ran out".parse().unwrap(),
    });
    let subject = format!("build:q{number}").parse().unwrap();
    let draft = Draft::new(subject, core);
    home.sign(draft, system::now(), &mut SystemEntropy).unwrap()
}

/// Admits a member and gives its administrator's home.
fn neighbour(founded: &Founded, service: &Service) -> Home {
    let organisation: OrgId = "shop.example".parse().unwrap();
    let folder = founded.folder.path().join("shop");
    let admin = "admin".parse().unwrap();
    let entropy = &mut SystemEntropy;
    let home = Home::create(
        &folder,
        organisation.clone(),
        admin,
        Holder::Person,
        entropy,
    )
    .unwrap();
    let change = Change::Admit(MemberAdmitted {
        organisation,
        name: "Shop".parse().unwrap(),
        functions: [Function::Shop].into(),
        admin: home.card(),
    });
    let draft = proposal(change);
    let admission = founded
        .governor
        .sign(draft, system::now(), entropy)
        .unwrap();
    let sent = service.client().submit(&admission.submission);
    assert!(matches!(sent, Ok(sync::Submitted::Logged(_))), "{sent:?}");
    let genesis = service.client().genesis().unwrap();
    home.join(&genesis, &service.url, None).unwrap();
    home
}

/// What a request with headers of the caller's choice is answered.
struct Told {
    status: u16,
    retry_after: Option<u64>,
    media_type: String,
    body: Vec<u8>,
}

impl Told {
    fn problem(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

fn ask(url: &str, method: &str, path: &str, via: &str, body: &[u8]) -> Told {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .build()
        .into();
    let url = format!("{url}{path}");
    let mut told = match method {
        "GET" => agent.get(url).header("x-forwarded-for", via).call(),
        _ => agent
            .post(url)
            .content_type("application/cbor")
            .header("x-forwarded-for", via)
            .send(body),
    }
    .unwrap();
    let header = |name| {
        told.headers()
            .get(name)
            .and_then(|value| value.to_str().ok())
    };
    let retry_after = header("retry-after").and_then(|text| text.parse().ok());
    let media_type = header("content-type").unwrap_or_default().to_owned();
    Told {
        status: told.status().as_u16(),
        retry_after,
        media_type,
        body: told.body_mut().read_to_vec().unwrap(),
    }
}

/// Asks `count` times and tells how many were not let through; those say when to come back.
fn refused(count: usize, mut send: impl FnMut(usize) -> Told) -> usize {
    let told = (0..count).map(&mut send);
    let late = told.filter(|told| told.status == 429);
    late.map(|told| assert!(told.retry_after.is_some())).count()
}

#[test]
fn one_key_far_beyond_its_quota_hinders_nobody_and_loses_nothing() {
    let limits = [
        ("THREADMARK_STATEMENTS_PER_SECOND", "3"),
        ("THREADMARK_STATEMENTS_BURST", "10"),
    ];
    let (founded, service) = started(&limits);
    let other = neighbour(&founded, &service);
    let url = service.url.clone();
    let journal: Vec<_> = (0..24).map(|at| report(&founded.governor, at)).collect();
    let flood: Vec<_> = journal.iter().map(|of| of.submission.to_bytes()).collect();
    let send = |at: usize| ask(&url, "POST", "/v1/statements", "", &flood[at % flood.len()]);
    assert!(refused(60, send) > 0);
    // What is refused says so by its stable name.
    let late = (0..200).map(send).find(|told| told.status == 429).unwrap();
    let problem = late.problem();
    assert_eq!(problem["type"], "urn:threadmark:problem:quota");
    assert!(
        problem["detail"]
            .as_str()
            .unwrap()
            .contains("statements of this key")
    );
    // Meanwhile another key of the same address gets through.
    let theirs = report(&other, 1000);
    let sent = ask(
        &url,
        "POST",
        "/v1/statements",
        "",
        &theirs.submission.to_bytes(),
    );
    assert_eq!(sent.status, 201, "{:?}", sent.problem());
    // Whoever waits as long as asked delivers everything.
    let genesis = service.client().genesis().unwrap();
    founded.governor.join(&genesis, &url, None).unwrap();
    let mut told = Vec::new();
    let mut progress = |text: &str| told.push(text.to_owned());
    let client = service.client();
    let outcomes = sync::deliver_all(&founded.governor, &client, &mut progress).unwrap();
    let logged = |of: &Statement| matches!(outcomes.get(&of.id), Some(Outcome::Logged { .. }));
    assert!(journal.iter().all(logged), "{outcomes:?}");
    assert!(founded.governor.undelivered().unwrap().is_empty());
    assert!(
        told.iter().any(|text| text.contains("asks to wait")),
        "{told:?}"
    );
}

#[test]
fn what_no_enrolled_key_signed_is_counted_by_address() {
    let limits = [
        ("THREADMARK_UNSIGNED_PER_SECOND", "1"),
        ("THREADMARK_UNSIGNED_BURST", "5"),
        ("THREADMARK_TRUSTED_PROXIES", "127.0.0.1"),
    ];
    let (founded, service) = started(&limits);
    let send = |via: &str, bytes: &[u8]| ask(&service.url, "POST", "/v1/statements", via, bytes);
    let garbage = |via: &str| refused(20, |_| send(via, b"nonsense"));
    assert!(garbage("192.0.2.1") > 10);
    // A bad signature counts too, and so do all addresses of one small network.
    let mut forged = report(&founded.governor, 1).submission;
    *forged.envelope.last_mut().unwrap() ^= 1;
    let from = |at: usize| format!("2001:db8::{at:x}:1");
    assert!(refused(20, |at| send(&from(at), &forged.to_bytes())) > 10);
    // Whoever sends something good from there is late and not lost; from elsewhere nobody waits.
    let good = report(&founded.governor, 2).submission.to_bytes();
    let late = send("192.0.2.1", &good);
    assert_eq!(
        (late.status, late.problem()["code"].as_str()),
        (429, Some("quota"))
    );
    assert_eq!(send("192.0.2.2", &good).status, 201);
    assert_eq!(
        refused(250, |at| send(&format!("10.0.{at}.1"), b"nonsense")),
        0
    );
}

#[test]
fn a_header_from_anybody_is_not_believed() {
    let limits = [
        ("THREADMARK_LOOKUPS_PER_SECOND", "1"),
        ("THREADMARK_LOOKUPS_BURST", "5"),
    ];
    let (_founded, service) = started(&limits);
    let mark = threadmark_protocol::mark::Mark::derive(&[9; 32], 1);
    let look = |path: &str, at: usize| {
        let via = format!("10.0.0.{at}");
        ask(&service.url, "GET", path, &via, b"")
    };
    let page = format!("/m/{mark}");
    assert!(refused(20, |at| look(&page, at)) > 10);
    let late = look(&page, 99);
    assert_eq!(late.status, 429);
    assert!(
        late.media_type.starts_with("text/html"),
        "{}",
        late.media_type
    );
    let text = String::from_utf8(late.body).unwrap();
    assert!(text.contains("has room again"), "{text}");
    // Who watches over the service is never turned away.
    assert_eq!(refused(50, |at| look("/healthz", at)), 0);
}

#[test]
fn pictures_and_sessions_are_counted_before_anything_is_read() {
    let limits = [
        ("THREADMARK_SCANS_PER_SECOND", "1"),
        ("THREADMARK_SCANS_BURST", "3"),
        ("THREADMARK_SESSIONS_PER_SECOND", "1"),
        ("THREADMARK_SESSIONS_BURST", "3"),
        ("THREADMARK_REQUESTS_PER_SECOND", "5"),
        ("THREADMARK_REQUESTS_BURST", "40"),
    ];
    let (_founded, service) = started(&limits);
    let post = |path: &'static str| {
        let url = service.url.clone();
        move |_| ask(&url, "POST", path, "", b"x")
    };
    assert!(refused(20, post("/v1/scan")) > 10);
    assert!(
        refused(5, post("/scan")) > 0,
        "the page counts with the API"
    );
    assert!(refused(20, post("/v1/sessions")) > 10);
    // And everything together.
    let other = |_| ask(&service.url, "GET", "/v1/genesis", "", b"");
    assert!(refused(200, other) > 50);
}

#[test]
fn connections_of_one_address_are_bounded() {
    let (_founded, service) = started(&[("THREADMARK_CONNECTIONS_PER_ADDRESS", "5")]);
    let host = service.url.trim_start_matches("http://").to_owned();
    let connect = || {
        let stream = TcpStream::connect(&host).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(10)))
            .unwrap();
        stream
    };
    // A whole exchange, so that each is surely counted.
    let held: Vec<_> = (0..5)
        .map(|_| {
            let mut stream = connect();
            stream
                .write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n")
                .unwrap();
            let mut answer = [0; 12];
            stream.read_exact(&mut answer).unwrap();
            assert_eq!(&answer, b"HTTP/1.1 200");
            stream
        })
        .collect();
    let mut told = String::new();
    connect().read_to_string(&mut told).unwrap();
    assert!(
        told.starts_with("HTTP/1.1 429") && told.contains("retry-after"),
        "{told}"
    );
    drop(held);
    let freed = (0..100).any(|_| {
        std::thread::sleep(Duration::from_millis(50));
        let mut stream = connect();
        let head = b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
        let _ = stream.write_all(head);
        let mut told = String::new();
        let _ = stream.read_to_string(&mut told);
        told.starts_with("HTTP/1.1 200")
    });
    assert!(freed, "the places are given back");
}
