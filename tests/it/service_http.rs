//! HTTP that no honest client sends: each form has its answer or its end, and the next client is served.

use crate::dice::{Dice, rounds};
use crate::support::{Founded, Service, new_database};
use crate::wire::{answer, connect, exchange, status};
use std::io::{Read as _, Write as _};
use std::net::Shutdown;
use std::time::Duration;

fn started() -> (Founded, Service) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let founded = Founded::new(runtime.block_on(new_database()));
    let service = founded.serve();
    (founded, service)
}

fn is_alive(service: &Service) -> bool {
    let healthy = b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    exchange(&service.url, healthy).ends_with("ok\n")
}

/// Statuses of all answers on one connection.
fn statuses(answers: &str) -> Vec<u16> {
    let starts = answers.match_indices("HTTP/1.1 ");
    starts.map(|(at, _)| status(&answers[at..])).collect()
}

#[test]
fn heads_that_are_no_heads_are_refused() {
    let (_founded, service) = started();
    let long = "x".repeat(200_000);
    let many = "a: b\r\n".repeat(200);
    let cases: Vec<(&str, Vec<u8>, &[u16])> = vec![
        ("a long header", format!("GET / HTTP/1.1\r\nhost: x\r\nh: {long}\r\n\r\n").into(), &[431]),
        ("a long path", format!("GET /{long} HTTP/1.1\r\nhost: x\r\n\r\n").into(), &[414, 431]),
        ("many headers", format!("GET / HTTP/1.1\r\n{many}\r\n").into(), &[431]),
        ("a space before the colon", b"GET / HTTP/1.1\r\nhost : x\r\n\r\n".into(), &[400]),
        ("NUL in the path", b"GET /\0 HTTP/1.1\r\nhost: x\r\n\r\n".into(), &[400]),
        ("NUL in a header", b"GET / HTTP/1.1\r\nhost: x\r\na: b\0c\r\n\r\n".into(), &[400]),
        ("no version", b"GET /\r\n\r\n".into(), &[400]),
        ("HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".into(), &[0, 400, 505]),
        ("TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n".into(), &[400]),
        ("two lengths", b"POST /v1/statements HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\nabcd".into(), &[400]),
        ("a length list", b"POST /v1/statements HTTP/1.1\r\nhost: x\r\ncontent-length: 3, 3\r\n\r\nabc".into(), &[400]),
        ("a signed length", b"POST /v1/statements HTTP/1.1\r\nhost: x\r\ncontent-length: +3\r\n\r\nabc".into(), &[400]),
        ("an unknown coding", b"POST /v1/statements HTTP/1.1\r\nhost: x\r\ntransfer-encoding: gzip\r\n\r\n".into(), &[400]),
        ("chunked and more", b"POST /v1/statements HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n".into(), &[400]),
        ("a huge chunk", b"POST /v1/statements HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nfffffffffffffffff\r\n".into(), &[400]),
        ("an endless chunk line", [&b"POST /v1/statements HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n1;"[..], long.as_bytes()].concat(), &[400]),
    ];
    for (name, bytes, expected) in cases {
        let found = exchange(&service.url, &bytes);
        let told = found.lines().next().unwrap_or_default();
        assert!(expected.contains(&status(&found)), "{name}: {told}");
    }
    assert!(is_alive(&service));
}

#[test]
fn odd_requests_get_an_answer_and_nothing_else() {
    let (founded, service) = started();
    std::fs::write(founded.log_home().join("secret.txt"), "secret").unwrap();
    for (line, headers, expected) in [
        ("GET /../keys.json", "", 404),
        ("GET /%2e%2e/keys.json", "", 404),
        ("GET /v1/artifacts/..%2f..%2fsecret.txt", "", 401),
        ("GET //healthz", "", 404),
        ("GET /healthz/", "", 404),
        ("GET http://elsewhere.example/healthz", "", 200),
        ("GET /healthz?%00", "", 200),
        ("GET /v1/sync?from=%ff", "", 401),
        (
            "GET /v1/proofs/inclusion?index=-1&size=99999999999999999999",
            "",
            400,
        ),
        ("GET /m?mark=%00", "", 400),
        ("GET /m/%C3%28", "", 400),
        ("OPTIONS *", "", 404),
        ("TRACE /healthz", "", 405),
        ("BREW /healthz", "", 405),
        ("CONNECT elsewhere.example:443", "", 404),
        (
            "GET /healthz",
            "upgrade: websocket\r\nconnection: upgrade, close\r\nsec-websocket-version: 13\r\n",
            200,
        ),
        (
            "GET /healthz",
            "upgrade: h2c\r\nhttp2-settings: AAMAAABk\r\nconnection: upgrade, close\r\n",
            200,
        ),
        ("GET /v1/designs", "authorization: Bearer \u{202e}\r\n", 401),
        ("GET /v1/designs", "authorization: Bearer a.b.c\r\n", 401),
        ("GET /v1/designs", "authorization: Basic eDp5\r\n", 401),
    ] {
        let request = format!("{line} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{headers}\r\n");
        let found = exchange(&service.url, request.as_bytes());
        assert_eq!(statuses(&found), [expected], "{line}: {found}");
        assert!(!found.contains("secret"), "{line}: {found}");
    }
    assert!(is_alive(&service));
}

#[test]
fn nothing_is_smuggled_behind_a_body() {
    let (_founded, service) = started();
    let inner = "GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    // Two lengths for one body: refused, and the connection ends with it.
    let both = format!(
        "POST /v1/scan HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n{inner}",
        inner.len() + 5
    );
    let other_order = both.replacen(
        "host: x\r\n",
        "host: x\r\ntransfer-encoding: chunked\r\n",
        1,
    );
    for request in [both, other_order] {
        assert_eq!(statuses(&exchange(&service.url, request.as_bytes())), [400]);
    }
    // The other way round the inner request is body, and never answered.
    let body = format!(
        "POST /v1/scan HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{inner}",
        inner.len()
    );
    assert_eq!(statuses(&exchange(&service.url, body.as_bytes())), [400]);
    // HTTP/1.0 has no chunks.
    let old =
        format!("POST /v1/scan HTTP/1.0\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n{inner}");
    let found = exchange(&service.url, old.as_bytes());
    assert!(!found.contains("ok\n"), "{found}");
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let (_founded, service) = started();
    let one = "GET /healthz HTTP/1.1\r\nhost: x\r\n\r\nGET /nowhere HTTP/1.1\r\nhost: x\r\n\r\n";
    let last = "GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    let found = exchange(&service.url, (one.repeat(100) + last).as_bytes());
    let mut expected = [200, 404].repeat(100);
    expected.push(200);
    assert_eq!(statuses(&found), expected);
}

#[test]
fn leave_to_send_is_given_only_to_who_may() {
    let (_founded, service) = started();
    let ask = |path: &str, length: u64| {
        let mut stream = connect(&service.url);
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: {length}\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).unwrap();
        stream
    };
    assert_eq!(answer(&ask("/v1/scan", 5)).0, 100);
    assert_eq!(answer(&ask("/v1/scan", 1 << 40)).0, 413);
    assert_eq!(answer(&ask("/v1/designs", 5)).0, 405);
}

#[test]
fn a_body_that_trickles_ends() {
    let (_founded, service) = started();
    let mut stream = connect(&service.url);
    stream
        .write_all(b"POST /v1/statements HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n")
        .unwrap();
    let reader = stream.try_clone().unwrap();
    let answered = std::thread::spawn(move || answer(&reader).0);
    // Twice as long as it may take, if nobody ends it.
    for _ in 0..120 {
        if answered.is_finished() || stream.write_all(b"x").is_err() {
            break;
        }
        std::thread::sleep(Duration::from_secs(1));
    }
    assert_eq!(answered.join().unwrap(), 408);
}

#[test]
fn mutated_requests_are_answered_or_dropped() {
    const REQUESTS: [&str; 9] = [
        "GET /v1/marks/7K3Q9XWD2M8TV0AY?asset_type=H-60 HTTP/1.1\r\nhost: x\r\n\r\n",
        "GET /m/7K3Q9XWD2M8TV0AY HTTP/1.1\r\nhost: part.example\r\n\r\n",
        "GET /v1/statements/00000000000000000000000000000000000000000000000000000000000000ff HTTP/1.1\r\nhost: x\r\n\r\n",
        "GET /v1/proofs/inclusion?index=1&size=2 HTTP/1.1\r\nhost: x\r\n\r\n",
        "GET /v1/proofs/consistency?old=1&new=2 HTTP/1.1\r\nhost: x\r\n\r\n",
        "GET /v1/sync?from=0 HTTP/1.1\r\nhost: x\r\nauthorization: Bearer eyJhbGciOiJFZERTQSIsInR5cCI6InRocmVhZG1hcmstc2Vzc2lvbitqd3QiLCJraWQiOiIwMCJ9.e30.AAAA\r\n\r\n",
        "POST /v1/sessions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 33\r\n\r\n{\"assertion\":\"eyJhIjoxfQ.e30.AAA\"}",
        "POST /scan HTTP/1.1\r\nhost: x\r\ncontent-type: multipart/form-data; boundary=b\r\ncontent-length: 66\r\n\r\n--b\r\ncontent-disposition: form-data; name=\"photo\"\r\n\r\nxxxxxx\r\n--b--",
        "GET /v1/artifacts/00 HTTP/1.1\r\nhost: x\r\nrange: bytes=0-1\r\nauthorization: Bearer x\r\n\r\n",
    ];
    let (_founded, service) = started();
    let mut dice = Dice::new(0);
    for request in REQUESTS {
        for _ in 0..rounds(40) {
            let mut bytes = request.as_bytes().to_vec();
            let other = REQUESTS[dice.below(REQUESTS.len())].as_bytes();
            dice.mutate(&mut bytes, other);
            let mut stream = connect(&service.url);
            let _ = stream.write_all(&bytes);
            let _ = stream.shutdown(Shutdown::Write);
            let mut found = Vec::new();
            let _ = stream.read_to_end(&mut found);
            let found = String::from_utf8_lossy(&found);
            let made_a_mistake = statuses(&found).contains(&500);
            assert!(!made_a_mistake, "{}: {found}", bytes.escape_ascii());
        }
    }
    assert!(is_alive(&service));
}
