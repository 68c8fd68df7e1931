//! The published vectors of the reference implementation, and what they do not reach.

use super::*;
use serde_json::json;
use std::path::Path;

/// Every event of a document, with the document's prefixes.
fn events(document: &Value) -> (Vec<Map<String, Value>>, Prefixes) {
    let body = &document["epcisBody"];
    let list = [
        &body["eventList"],
        &body["queryResults"]["resultsBody"]["eventList"],
    ];
    let list = list.into_iter().find_map(Value::as_array).cloned();
    let list = list.unwrap_or_else(|| vec![body["event"].clone()]);
    let events = list
        .into_iter()
        .map(|event| event.as_object().unwrap().clone());
    (events.collect(), prefixes_of(document.get("@context")))
}

#[test]
fn published_vectors_have_their_hashes() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/epcis/event-hash");
    let (mut count, mut wrong) = (0, Vec::new());
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path
            .extension()
            .is_none_or(|extension| extension != "jsonld")
        {
            continue;
        }
        let document: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        let (events, prefixes) = events(&document);
        let lines = |extension| {
            let text = std::fs::read_to_string(path.with_extension(extension)).unwrap_or_default();
            let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
            lines.sort();
            lines
        };
        let of_all = |of: fn(&Map<String, Value>, &Prefixes) -> String| {
            let mut all: Vec<_> = events.iter().map(|event| of(event, &prefixes)).collect();
            all.sort();
            all
        };
        // Not all files list the events in the document's order, and one lacks the strings.
        for (found, expected) in [
            (of_all(pre_hash), lines("prehashes")),
            (of_all(event_id), lines("hashes")),
        ] {
            if found != expected && !expected.is_empty() {
                wrong.push(format!(
                    "{}: {found:#?} is not {expected:#?}",
                    path.display()
                ));
            }
        }
        assert_eq!(lines("hashes").len(), events.len());
        count += events.len();
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(count, 34);
}

#[test]
fn what_is_left_out_changes_nothing_and_all_else_does() {
    let event = json!({
        "type": "ObjectEvent", "eventTime": "2026-01-01T10:00:00+01:00", "eventTimeZoneOffset": "+01:00",
        "action": "OBSERVE", "epcList": ["urn:b:1", "urn:a:1"], "x:note": "one",
    });
    let prefixes: Prefixes = [("x".to_owned(), "urn:x:".to_owned())].into();
    let id = |change: Value| {
        let mut event = event.as_object().unwrap().clone();
        event.extend(change.as_object().unwrap().clone());
        event_id(&event, &prefixes)
    };
    let plain = id(json!({}));
    for same in [
        json!({ "eventID": "urn:uuid:1" }),
        json!({ "recordTime": "2026-01-02T10:00:00Z" }),
        json!({ "errorDeclaration": { "declarationTime": "2026-01-02T10:00:00Z" } }),
        json!({ "eventTime": "2026-01-01T09:00:00.000Z" }),
        json!({ "epcList": ["urn:a:1", "urn:b:1"] }),
        json!({ "@context": [{ "x": "urn:x:" }] }),
    ] {
        assert_eq!(id(same.clone()), plain, "{same}");
    }
    for other in [
        json!({ "eventTime": "2026-01-01T09:00:00.001Z" }),
        json!({ "eventTimeZoneOffset": "+00:00" }),
        json!({ "epcList": ["urn:a:1"] }),
        json!({ "x:note": "two" }),
        json!({ "x:more": [1, [2]] }),
        json!({ "@context": [{ "x": "urn:y:" }] }),
        json!({ "action": "ADD" }),
        json!({ "readPoint": { "id": "urn:c:1" } }),
    ] {
        assert_ne!(id(other.clone()), plain, "{other}");
    }
}

#[test]
fn numbers_and_times_have_one_form() {
    for (text, expected) in [
        ("1.0", "1"),
        ("+0.340", "0.34"),
        ("007", "7"),
        ("-0", "0"),
        ("1e3", "1000"),
        ("0.00001", "1e-05"),
    ] {
        assert_eq!(canonical(text), expected);
    }
    for text in ["", "nan", "inf", "1-2", "1.2.3", "2026-01-01", "é", "-"] {
        assert_eq!(canonical(text), text);
    }
    assert_eq!(utc("2023-01-18T11:04:03.1425Z"), "2023-01-18T11:04:03.143Z");
    assert_eq!(
        utc("2023-12-31T23:59:59.9999-01:00"),
        "2024-01-01T01:00:00.000Z"
    );
    assert_eq!(utc("yesterday"), "yesterday");
}
