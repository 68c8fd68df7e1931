//! SCRAPI against the real service: one COSE message in, a receipt or a reason out, in CBOR.

use crate::service_crash::admission;
use crate::support::{Founded, new_database};
use minicbor::decode::Decoder;
use std::collections::BTreeMap;
use threadmark_protocol::cbor;
use threadmark_protocol::key::key_id;
use threadmark_protocol::receipt::Receipt;
use threadmark_protocol::statement::{Statement, Submission};

struct Heard {
    status: u16,
    headers: axum::http::HeaderMap,
    body: Vec<u8>,
}

impl Heard {
    fn of(mut told: axum::http::Response<ureq::Body>) -> Heard {
        Heard {
            status: told.status().as_u16(),
            headers: told.headers().clone(),
            body: told.body_mut().read_to_vec().unwrap(),
        }
    }

    fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    /// Title and detail of concise problem details (RFC 9290).
    fn problem(&self) -> (String, String) {
        assert_eq!(
            self.header("content-type"),
            "application/concise-problem-details+cbor"
        );
        let mut from = Decoder::new(&self.body);
        let labels = from.map().unwrap().unwrap();
        let mut texts = BTreeMap::new();
        for _ in 0..labels.min(2) {
            let label = from.i64().unwrap();
            texts.insert(label, from.str().unwrap().to_owned());
        }
        (texts[&-1].clone(), texts[&-2].clone())
    }
}

fn agent() -> ureq::Agent {
    ureq::Agent::config_builder()
        .http_status_as_error(false)
        .build()
        .into()
}

fn get(address: String) -> Heard {
    Heard::of(agent().get(address).call().unwrap())
}

fn post(url: &str, message: &[u8]) -> Heard {
    let request = agent()
        .post(format!("{url}/entries"))
        .content_type("application/cose");
    Heard::of(request.send(message).unwrap())
}

/// The envelope with its body in the unprotected header: behind tag, head of the array, and the protected header.
fn message(submission: &Submission) -> Vec<u8> {
    let envelope = &submission.envelope;
    assert_eq!(
        (&envelope[..3], envelope[3] > 23),
        (&[0xd2, 0x84, 0x58][..], true)
    );
    let at = 4 + usize::from(envelope[3]);
    assert_eq!(envelope[at], 0xa0);
    let header = cbor::write(|to| to.map(1)?.str("body")?.bytes(&submission.body)?.ok());
    [&envelope[..at], &header, &envelope[at + 1..]].concat()
}

#[test]
fn a_message_is_registered_once_and_answered_with_its_receipt() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let founded = Founded::new(runtime.block_on(new_database()));
    let service = founded.serve();
    let url = &service.url;
    let trust = founded.governor.trust().unwrap();
    let Statement { submission, id, .. } = admission(&founded, "yard");
    // Nothing can be registered of an envelope alone.
    let alone = post(url, &submission.envelope);
    assert_eq!(
        (alone.status, &alone.problem().0[..]),
        (400, "Payload Missing")
    );
    assert_eq!(get(format!("{url}/entries/{id}")).status, 404);
    let logged = post(url, &message(&submission));
    assert_eq!(
        (logged.status, logged.header("content-type")),
        (201, "application/cose")
    );
    let place = format!("/entries/{id}");
    assert_eq!(logged.header("location"), place);
    let receipt = Receipt::parse(&logged.body).unwrap();
    receipt
        .verify(&submission.envelope, &trust.log_key)
        .unwrap();
    // The same again, whole or alone: the same place, the same receipt.
    for again in [message(&submission), submission.envelope.clone()] {
        let again = post(url, &again);
        assert_eq!((again.status, again.header("location")), (201, &place[..]));
        assert_eq!(again.body, logged.body);
    }
    // What members do is not for strangers.
    let stranger = get(format!("{url}{place}"));
    assert_eq!(
        (stranger.status, &stranger.problem().0[..]),
        (404, "Not Found")
    );
    let client = service.client();
    let now = threadmark_agent::system::now();
    let session = client.session(
        &founded.governor,
        now,
        &mut threadmark_agent::system::SystemEntropy,
    );
    let asked = agent().get(format!("{url}{place}"));
    let asked = asked.header("authorization", session.unwrap().authorization().as_str());
    let member = Heard::of(asked.call().unwrap());
    assert_eq!(
        (member.status, member.header("location")),
        (200, &place[..])
    );
    assert_eq!(member.body, logged.body);
    drop(service);
    assert!(founded.audit().0);
}

#[test]
fn what_is_not_registered_has_its_reason_in_cbor() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let founded = Founded::new(runtime.block_on(new_database()));
    let service = founded.serve_with(&[
        ("THREADMARK_UNSIGNED_BURST", "6"),
        ("THREADMARK_UNSIGNED_PER_SECOND", "1"),
    ]);
    let url = &service.url;
    let good = admission(&founded, "yard").submission;
    let mut forged = good.clone();
    *forged.envelope.last_mut().unwrap() ^= 1;
    let mut other = good.clone();
    other.body.push(b' ');
    for (bytes, title, code) in [
        (message(&forged), "Rejected", "bad-signature"),
        (message(&other), "Malformed request", "malformed"),
        (b"\xd2\x84".to_vec(), "Malformed request", "malformed"),
        (vec![], "Malformed request", "malformed"),
    ] {
        let heard = post(url, &bytes);
        let (told, detail) = heard.problem();
        assert_eq!((heard.status, &told[..]), (400, title), "{detail}");
        assert!(detail.starts_with(&format!("{code}: ")), "{detail}");
    }
    let text = agent()
        .post(format!("{url}/entries"))
        .content_type("text/plain")
        .send("x")
        .unwrap();
    assert_eq!(Heard::of(text).problem().0, "Malformed request");
    for id in ["0".repeat(64), "x".into(), "%00".into()] {
        let heard = get(format!("{url}/entries/{id}"));
        assert_eq!(
            (heard.status, &heard.problem().0[..]),
            (404, "Not Found"),
            "{id}"
        );
    }
    // Who sends what nobody signed is slowed down.
    let slowed = (0..20)
        .map(|_| post(url, b""))
        .find(|heard| heard.status == 429)
        .unwrap();
    assert_eq!(slowed.problem().0, "Too Many Requests");
    assert!(slowed.header("retry-after").parse::<u64>().unwrap() >= 1);
}

#[test]
fn the_key_of_receipts_is_found_by_its_thumbprint() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let founded = Founded::new(runtime.block_on(new_database()));
    let service = founded.serve();
    let place = format!("{}/.well-known/scitt-keys", service.url);
    let public = founded.governor.trust().unwrap().log_key;
    let set = get(place.clone());
    assert_eq!(
        (set.status, set.header("content-type"), set.body[0]),
        (200, "application/cbor", 0x81)
    );
    let kid = key_id(&public);
    let name = base64url(&kid.0);
    let key = get(format!("{place}/{name}"));
    assert_eq!((key.status, &key.body[..]), (200, &set.body[1..]));
    assert!(key.body.ends_with(&public.0) && key.body.windows(32).any(|part| part == kid.0));
    for other in [
        kid.to_hex(),
        format!("{name}="),
        base64url(&[0; 32]),
        "%2e%2e".into(),
    ] {
        let heard = get(format!("{place}/{other}"));
        assert_eq!(
            (heard.status, &heard.problem().0[..]),
            (404, "No such key"),
            "{other}"
        );
    }
}

/// RFC 4648 section 5, without padding.
fn base64url(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::prelude::BASE64_URL_SAFE_NO_PAD.encode(bytes)
}
