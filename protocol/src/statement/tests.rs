use super::*;
use crate::fixture::{Consortium, ORIGIN, Who, text};
use crate::key::Signer;
use coset::TaggedCborSerializable;
use proptest::prelude::*;
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
struct Vectors {
    origin: Origin,
    seed: Digest,
    statements: Vec<Vector>,
}

#[derive(Deserialize)]
struct Vector {
    name: String,
    alg: i64,
    body: String,
    id: Digest,
    envelope: String,
    submission: String,
}

fn vectors() -> (Origin, Signer, Vec<Vector>) {
    let json = include_str!("../../../fixtures/vectors/statement.json");
    let vectors: Vectors = serde_json::from_str(json).unwrap();
    let signer = Signer::from_seed(&vectors.seed.0);
    (vectors.origin, signer, vectors.statements)
}

/// A real statement with a sealed section.
fn statement() -> Statement {
    let (origin, _, vectors) = vectors();
    let bytes = hex::decode(&vectors[1].submission).unwrap();
    Statement::open(Submission::parse(&bytes).unwrap(), &origin).unwrap()
}

fn signer() -> Signer {
    vectors().1
}

#[test]
fn vectors_of_a_second_implementation() {
    let (origin, signer, vectors) = vectors();
    for vector in vectors {
        let bytes = hex::decode(&vector.submission).unwrap();
        let submission = Submission::parse(&bytes).unwrap();
        assert_eq!(submission.to_bytes(), bytes);
        let statement = Statement::open(submission, &origin).unwrap();
        assert_eq!(statement.id, vector.id, "{}", vector.name);
        assert_eq!(hex::encode(statement.envelope.to_bytes()), vector.envelope);
        assert_eq!(statement.submission.body, vector.body.as_bytes());
        assert!(statement.envelope.is_signed_by(&signer.public()) && statement.is_whole());
        let sections = statement.submission.sections.clone();
        let again = Statement::sign(statement.body.clone(), sections, &origin, &signer);
        assert_eq!(again.body, statement.body);
        assert_eq!(again.submission.body, statement.submission.body);
        if vector.alg == ALG_EDDSA {
            assert_eq!(again.submission, statement.submission);
        }
    }
}

#[test]
fn coset_reads_our_envelope_and_signs_the_same_bytes() {
    let statement = statement();
    let read = coset::CoseSign1::from_tagged_slice(&statement.submission.envelope).unwrap();
    let signed = read.tbs_data(&[]);
    assert_eq!(Digest::sha256(&[&signed]), statement.id);
    assert_eq!(read.protected.header.key_id, statement.envelope.kid.0);
    assert!(read.unprotected.is_empty());
    assert_eq!(read.payload.unwrap(), statement.envelope.body_sha256.0);
}

#[test]
fn the_hash_envelope_of_another_profile_is_none_of_ours() {
    // RFC 9995 as SCITT writes it: no audience, no time, a kid that is no thumbprint.
    let foreign = format!(
        "d284583ca5012704426b310fa2016b6f656d2e6578616d706c65026c75726e3a706172743a313233190102\
         2f190103706170706c69636174696f6e2f6a736f6ea05820{}58402dc78fcbcb40f119799018d8be9c1546d\
         798ba0cc79f7f4052b1b1aea149a8fe24f7e4d34886c1ea065158f969dd3e5e7d3e843d3e5c7523b9028fee\
         7099a307",
        "00".repeat(32)
    );
    let bytes = hex::decode(foreign).unwrap();
    assert!(coset::CoseSign1::from_tagged_slice(&bytes).is_ok());
    assert!(matches!(
        Envelope::parse(&bytes),
        Err(Malformed::Envelope(_))
    ));
}

#[test]
fn cut_extended_or_changed_at_any_byte_it_is_refused_or_not_signed() {
    let statement = statement();
    let bytes = &statement.submission.envelope;
    let public = signer().public();
    let is_good =
        |bytes: &[u8]| Envelope::parse(bytes).is_ok_and(|envelope| envelope.is_signed_by(&public));
    assert!(is_good(bytes));
    for at in 0..bytes.len() {
        assert!(!is_good(&bytes[..at]), "cut at {at}");
        for bit in 0..8 {
            let mut changed = bytes.clone();
            changed[at] ^= 1 << bit;
            assert!(!is_good(&changed), "bit {bit} of byte {at}");
        }
    }
    assert!(!is_good(&[bytes, &[0][..]].concat()));
    assert!(!is_good(&[&[0xd2][..], bytes].concat()));
}

/// An envelope around a protected header, signed rightly: only its form can be wrong.
fn around(protected: &[u8], unprotected: &[u8], tag: u8) -> Vec<u8> {
    let body = [9; 32];
    let signed = cbor::write(|to| {
        to.array(4)?.str("Signature1")?.bytes(protected)?;
        to.bytes(&[])?.bytes(&body)?;
        Ok(())
    });
    let mut out = vec![tag, 0x84];
    out.extend(cbor::write(|to| {
        to.bytes(protected)?;
        Ok(())
    }));
    out.extend(unprotected);
    out.extend(cbor::write(|to| {
        to.bytes(&body)?.bytes(&signer().sign(&signed))?;
        Ok(())
    }));
    out
}

/// The protected header of a good statement in hexadecimal.
fn header() -> String {
    hex::encode(&statement().envelope.protected)
}

#[test]
fn a_header_in_any_other_form_is_refused() {
    let good = header();
    let parse =
        |header: &str| Envelope::parse(&around(&hex::decode(header).unwrap(), &[0xa0], 0xd2));
    assert!(parse(&good).is_ok());
    let kid = format!("045820{}", signer().key_id());
    let claims = &good[good.find("0fa4").unwrap() + 2..good.find("190102").unwrap()];
    for (what, from, to) in [
        ("ES256", "a50127", "a50126"),
        ("ML-DSA-44", "a50127", "a501382f"),
        ("no algorithm", "a50127", "a4"),
        ("a number longer than needed", "a50127", "a5180127"),
        ("an indefinite map", "a50127", "bf0127"),
        ("a label twice", "a50127", "a601270127"),
        (
            "labels out of order",
            &format!("0127{kid}"),
            &format!("{kid}0127"),
        ),
        ("a content type too many", "a50127", "a601270300"),
        ("SHA-384", "1901022f", "190102382a"),
        ("a critical header", "a50127", "a601270281190102"),
        (
            "an issuer twice",
            "0fa4016c736869702e6578616d706c65",
            "0fa5016c736869702e6578616d706c65016c736869702e6578616d706c65",
        ),
        ("no claims", &format!("0f{claims}"), "0fa0"),
        ("claims that are none", &format!("0f{claims}"), "0f40"),
        (
            "an indefinite text",
            "016c736869702e6578616d706c65",
            "017f6c736869702e6578616d706c65ff",
        ),
        ("an issuer in capitals", "016c736869702e", "016c534849502e"),
        ("a float for the time", "061a69", "06fa69"),
        ("a time of 8 bytes", "061a69", "061b0000000069"),
    ] {
        let bad = good.replacen(from, to, 1);
        assert_ne!(bad, good, "{what}");
        assert!(matches!(parse(&bad), Err(Malformed::Envelope(_))), "{what}");
    }
}

#[test]
fn an_outer_form_that_is_no_statement_is_refused() {
    let protected = hex::decode(header()).unwrap();
    let good = around(&protected, &[0xa0], 0xd2);
    assert!(Envelope::parse(&good).is_ok());
    for (what, bytes) in [
        ("COSE_Mac0", around(&protected, &[0xa0], 0xd1)),
        ("untagged", good[1..].to_vec()),
        (
            "an unprotected header",
            around(&protected, &[0xa1, 0x04, 0x40], 0xd2),
        ),
        (
            "an indefinite unprotected map",
            around(&protected, &[0xbf, 0xff], 0xd2),
        ),
        ("no map", around(&protected, &[0x80], 0xd2)),
        ("five parts", [&[0xd2, 0x85], &good[2..], &[0xf6]].concat()),
        (
            "an indefinite array",
            [&[0xd2, 0x9f], &good[2..], &[0xff]].concat(),
        ),
        ("a tag of two bytes", [&[0xd8, 0x12], &good[1..]].concat()),
        ("detached", detached(&good)),
    ] {
        assert!(
            matches!(Envelope::parse(&bytes), Err(Malformed::Envelope(_))),
            "{what}"
        );
    }
    let huge = around(&vec![0; ENVELOPE_BYTES_MAX], &[0xa0], 0xd2);
    assert!(matches!(
        Envelope::parse(&huge),
        Err(Malformed::TooLarge(..))
    ));
}

/// The same with a null payload.
fn detached(good: &[u8]) -> Vec<u8> {
    let payload = good.len() - 66 - 34;
    [&good[..payload], &[0xf6], &good[payload + 34..]].concat()
}

#[test]
fn an_unprotected_header_is_stripped_and_the_rest_is_as_before() {
    let protected = hex::decode(header()).unwrap();
    let good = around(&protected, &[0xa0], 0xd2);
    // A map with a receipt-like array, a nested map, texts and an indefinite array inside.
    let stuffed = hex::decode("a219018a81a1016161636b657983f69f01ff1864").unwrap();
    for unprotected in [&[0xa0][..], &stuffed, &[0xa1, 0x04, 0x41, 0x00]] {
        let bytes = around(&protected, unprotected, 0xd2);
        let stripped = Envelope::strip_unprotected(&bytes).unwrap();
        assert_eq!(stripped, good);
        assert!(Envelope::parse(&stripped).is_ok());
    }
    for cut in 0..good.len() {
        assert!(Envelope::strip_unprotected(&good[..cut]).is_err(), "{cut}");
    }
}

/// What is changed, and how.
type Change = (&'static str, fn(&mut Value));

/// The good body with one change, signed: envelope and body agree.
fn with(change: impl FnOnce(&mut Value)) -> Result<Statement, Malformed> {
    let mut body: Value = serde_json::from_slice(&statement().submission.body).unwrap();
    change(&mut body);
    with_body(body.to_string().into_bytes())
}

/// Any bytes as body, under an envelope that signs them.
fn with_body(body: Vec<u8>) -> Result<Statement, Malformed> {
    let good = statement();
    let mut envelope = good.envelope;
    envelope.body_sha256 = Digest::sha256(&[&body]);
    envelope.signature = signer().sign(&envelope.signed_bytes());
    let submission = Submission {
        envelope: envelope.to_bytes(),
        body,
        sections: good.submission.sections,
    };
    Statement::open(submission, &text(ORIGIN))
}

#[test]
fn a_body_in_any_other_form_is_refused() {
    assert!(with(|_| {}).is_ok());
    let changes: [Change; 20] = [
        ("an unknown kind", |body| {
            body["kind"] = json!("part.cloned")
        }),
        ("a kind with another core", |body| {
            body["kind"] = json!("custody.shipped")
        }),
        ("an unknown field", |body| body["extra"] = json!(1)),
        ("an unknown field of the core", |body| {
            body["core"]["extra"] = json!(1)
        }),
        ("a missing field", |body| {
            drop(body.as_object_mut().unwrap().remove("seq"))
        }),
        ("a missing field of the core", |body| {
            body["core"] = json!({"after": null})
        }),
        ("another version", |body| body["v"] = json!(2)),
        ("a float", |body| body["seq"] = json!(1.5)),
        ("a negative number", |body| body["seq"] = json!(-1)),
        ("2^53", |body| body["seq"] = json!(1_u64 << 53)),
        ("a number as text", |body| body["seq"] = json!("41")),
        ("a time without offset", |body| {
            body["occurred_at"] = json!("2026-01-01T00:00:00")
        }),
        ("a NUL", |body| body["core"]["reason"] = json!("a\u{0}b")),
        ("3,000 bytes", |body| {
            body["core"]["reason"] = json!("x".repeat(3000))
        }),
        ("an empty text", |body| body["core"]["reason"] = json!("")),
        ("a subject without type", |body| body["sub"] = json!("p-1")),
        ("a short salt", |body| body["salt"] = json!("00")),
        ("a digest in capitals", |body| {
            body["prev"] = json!(body["prev"].as_str().unwrap().to_uppercase());
        }),
        ("a bad section name", |body| {
            body["sealed"]["Price"] = body["prev"].clone()
        }),
        ("17 sections", |body| {
            for number in 0..17 {
                body["sealed"][format!("s{number}")] = body["prev"].clone();
            }
        }),
    ];
    for (what, change) in changes {
        assert!(matches!(with(change), Err(Malformed::Body(_))), "{what}");
    }
}

#[test]
fn times_out_of_this_world_and_texts_that_deceive_are_refused() {
    let changes: [Change; 8] = [
        ("before 1970", |body| body["iat"] = json!(-1)),
        ("before the log", |body| body["iat"] = json!(0)),
        ("beyond time", |body| {
            body["iat"] = json!(9_007_199_254_740_991_i64)
        }),
        ("no date in UTC", |body| {
            body["occurred_at"] = json!("9999-12-31T23:59:59-23:59")
        }),
        ("read backwards", |body| {
            body["core"]["reason"] = json!("good \u{202e}dab")
        }),
        ("a mark of byte order", |body| {
            body["core"]["reason"] = json!("\u{feff}x")
        }),
        ("blank", |body| body["core"]["reason"] = json!(" \n ")),
        ("an escape for the terminal", |body| {
            body["kind"] = json!("\u{1b}]0;x\u{7}\u{202e}")
        }),
    ];
    for (what, change) in changes {
        let told = with(change).unwrap_err();
        assert!(matches!(told, Malformed::Body(_)), "{what}: {told:?}");
        let told = told.to_string();
        assert!(!told.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{told:?}");
    }
    let long = "x".repeat(100_000);
    let body = format!("{{\"{long}\":1}}").into_bytes();
    let told = crate::body::Body::parse(&body).unwrap_err().to_string();
    assert!(told.len() < 1000, "{} bytes of message", told.len());
}

#[test]
fn a_body_that_two_readers_read_differently_is_refused() {
    let good = String::from_utf8(statement().submission.body).unwrap();
    for (what, from, to) in [
        ("a duplicate key", "\"v\":1", "\"v\":1,\"v\":1"),
        (
            "a duplicate key in the core",
            "\"after\":null",
            "\"after\":null,\"after\":null",
        ),
        ("an escaped duplicate", "\"v\":1", "\"v\":1,\"\\u0076\":1"),
        ("an exponent", "\"v\":1", "\"v\":1e0"),
        ("a comma too many", "\"v\":1", "\"v\":1,"),
        ("two values", "{\"actor\"", "{}{\"actor\""),
        ("a mark of byte order", "{\"actor\"", "\u{feff}{\"actor\""),
        ("half a pair of surrogates", "1.000", "\\ud800"),
    ] {
        let bad = good.replacen(from, to, 1);
        assert_ne!(bad, good, "{what}");
        let opened = with_body(bad.into_bytes());
        assert!(matches!(opened, Err(Malformed::Body(_))), "{what}");
    }
    let not_utf8 = good
        .into_bytes()
        .into_iter()
        .map(|byte| if byte == b'h' { 0xff } else { byte });
    assert!(matches!(
        with_body(not_utf8.collect()),
        Err(Malformed::Body(_))
    ));
    let huge = vec![b' '; BODY_BYTES_MAX + 1];
    assert!(matches!(with_body(huge), Err(Malformed::TooLarge(..))));
}

#[test]
fn envelope_and_body_must_agree() {
    let changes: [Change; 3] = [
        ("iss", |body| body["iss"] = json!("mro.example")),
        ("sub", |body| body["sub"] = json!("part:p-2")),
        ("iat", |body| body["iat"] = json!(1_767_225_601)),
    ];
    for (claim, change) in changes {
        assert!(matches!(with(change), Err(Malformed::Mismatch(found)) if found == claim));
    }
    let good = statement();
    let mut other = good.submission.clone();
    other.body.push(b' ');
    let origin = text(ORIGIN);
    assert!(matches!(
        Statement::open(other, &origin),
        Err(Malformed::Mismatch(_))
    ));
    let elsewhere = Statement::open(good.submission, &text("log.example/other"));
    assert!(matches!(elsewhere, Err(Malformed::OtherLog(_))));
}

#[test]
fn sealed_sections_are_whole_or_absent_but_never_others() {
    let good = statement();
    let origin: Origin = text(ORIGIN);
    let open = |change: fn(&mut BTreeMap<SectionName, Vec<u8>>)| {
        let mut submission = statement().submission;
        change(&mut submission.sections);
        Statement::open(submission, &origin)
    };
    assert!(good.is_whole());
    let partial = open(|sections| drop(sections.pop_first())).unwrap();
    assert!(!partial.is_whole());
    assert_eq!(partial.id, good.id);
    for change in [
        (|sections| drop(sections.insert(text("price"), vec![0]))) as fn(&mut BTreeMap<_, _>),
        |sections| drop(sections.insert(text("unknown"), vec![0])),
    ] {
        assert!(matches!(open(change), Err(Malformed::Section(_))));
    }
    let large =
        open(|sections| drop(sections.insert(text("price"), vec![0; SECTION_BYTES_MAX + 1])));
    assert!(matches!(large, Err(Malformed::TooLarge(..))));
}

#[test]
fn a_submission_has_one_form() {
    let good = statement().submission;
    let bytes = good.to_bytes();
    assert_eq!(Submission::parse(&bytes).unwrap(), good);
    for cut in 0..bytes.len() {
        assert!(Submission::parse(&bytes[..cut]).is_err(), "{cut}");
    }
    // The longer name before the shorter, and a name twice.
    let section = |name: &str, byte| {
        cbor::write(|to| {
            to.str(name)?.bytes(&[byte])?;
            Ok(())
        })
    };
    let sections = |pairs: &[Vec<u8>]| {
        [
            &[0x83, 0x40, 0x40, 0xa0 | pairs.len() as u8],
            &pairs.concat()[..],
        ]
        .concat()
    };
    assert!(Submission::parse(&sections(&[section("b", 0), section("aa", 0)])).is_ok());
    for pairs in [
        [section("aa", 0), section("b", 0)],
        [section("b", 0), section("b", 1)],
        [section("B", 0), section("bb", 0)],
    ] {
        assert!(matches!(
            Submission::parse(&sections(&pairs)),
            Err(Malformed::Submission(_))
        ));
    }
    let extended = [&bytes[..], &[0]].concat();
    assert!(matches!(
        Submission::parse(&extended),
        Err(Malformed::Submission(_))
    ));
    let huge = vec![0; SUBMISSION_BYTES_MAX + 1];
    assert!(matches!(
        Submission::parse(&huge),
        Err(Malformed::TooLarge(..))
    ));
}

#[test]
fn every_statement_of_a_log_survives_the_journey() {
    let (mut c, licence) = Consortium::licensed(5, crate::body::governance::PartClass::C, 3);
    c.make(&licence, 1);
    for entry in c.log.entries() {
        let bytes = entry.submission.to_bytes();
        let opened = Statement::open(Submission::parse(&bytes).unwrap(), &c.origin()).unwrap();
        assert_eq!((&opened.id, &opened.body), (&entry.id, &entry.body));
        assert_eq!(opened.body.to_bytes(), entry.submission.body);
    }
    assert!(c.person(Who::Designer).seq > 0);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_panics_a_parser(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let origin: Origin = text(ORIGIN);
        let _ = Envelope::parse(&bytes);
        let _ = Envelope::strip_unprotected(&bytes);
        let _ = Submission::parse(&bytes);
        let _ = Body::parse(&bytes);
        let _ = crate::bundle::Page::parse(&bytes);
        let _ = crate::genesis::Genesis::parse(&bytes);
        let _ = crate::journal::read(&bytes, &origin);
    }

    #[test]
    fn nor_does_a_good_one_with_a_few_bytes_changed(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let good = statement().submission;
        let (mut whole, mut parts) = (good.to_bytes(), good);
        for (at, byte) in changes {
            let place = at.index(whole.len());
            whole[place] = byte;
            let place = at.index(parts.envelope.len());
            parts.envelope[place] = byte;
            let place = at.index(parts.body.len());
            parts.body[place] = byte;
        }
        let origin = text(ORIGIN);
        let _ = Body::parse(&parts.body);
        let _ = Envelope::strip_unprotected(&parts.envelope);
        let _ = Statement::open(parts, &origin);
        if let Ok(submission) = Submission::parse(&whole) {
            prop_assert_eq!(submission.to_bytes(), whole);
            let _ = Statement::open(submission, &origin);
        }
    }
}
