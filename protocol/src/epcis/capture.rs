//! Somebody's events on their way in.
//!
//! Owns what of a document is captured and how an event is made to stand alone: under its own `@context`, with the things
//! that it names in one form. That it is valid is the schema's to say, before. Captured events are unsigned: they can never
//! bear our own terms, by which those of the log are known. Must never know storage.

use super::hash::{self, prefixes_of};
use super::{CONTEXT, Event, PREFIX, VOCABULARY, name_of};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use thiserror::Error;

/// Most events of one capture.
pub const EVENTS_MAX: usize = 500;
/// Deepest that a document is nested.
pub const DEPTH_MAX: usize = 32;
/// Most things that one event names.
pub const NAMES_MAX: usize = 1_000;

/// Longest `@context` as JSON: every event is kept with its document's.
pub const CONTEXT_BYTES_MAX: usize = 16 << 10;
/// Longest text that a prefix stands for: it is written out wherever the prefix is used.
pub const IRI_BYTES_MAX: usize = 256;
/// Longest event as JSON.
pub const EVENT_BYTES_MAX: usize = 64 << 10;

/// Why a document is not captured, although the schema may take it.
#[derive(Debug, PartialEq, Eq, Error)]
#[allow(missing_docs)] // the messages say it
pub enum NotCaptured {
    #[error("an EPCISDocument or one event is captured; a document of type {0:?} is neither")]
    NotADocument(String),
    #[error("nested deeper than {DEPTH_MAX} levels")]
    TooDeep,
    #[error("{0} events; at most {EVENTS_MAX} are captured at once")]
    TooMany(usize),
    #[error("one event names more than {NAMES_MAX} things")]
    TooManyNames,
    #[error("one event is longer than {EVENT_BYTES_MAX} bytes")]
    TooLong,
    #[error(
        "a @context is at most {CONTEXT_BYTES_MAX} bytes long, and what a prefix stands for {IRI_BYTES_MAX}"
    )]
    Context,
    #[error(
        "the terms of {VOCABULARY} are the log's own; what is captured is nobody's signed statement"
    )]
    OwnTerms,
}

/// An event that stands alone.
#[derive(Debug)]
pub struct Unsigned {
    /// Its event hash id.
    pub id: String,
    /// Whether it declares that the event of this id was an error.
    pub is_declaration: bool,
    /// The things that it names, in one form.
    pub names: Vec<String>,
    /// The event, with the context that its document had.
    pub event: Event,
}

/// Whether a document is nested too deep to be looked at any further.
pub fn is_too_deep(document: &Value) -> bool {
    let mut open = vec![(document, 1)];
    while let Some((value, depth)) = open.pop() {
        let inner: Vec<_> = match value {
            Value::Array(list) => list.iter().collect(),
            Value::Object(fields) => fields.values().collect(),
            _ => continue,
        };
        if depth > DEPTH_MAX {
            return true;
        }
        open.extend(inner.into_iter().map(|value| (value, depth + 1)));
    }
    false
}

/// The events of a valid document; `host` is that of marks.
pub fn events_of(document: &Value, host: &str) -> Result<Vec<Unsigned>, NotCaptured> {
    if has_own_terms(document) {
        return Err(NotCaptured::OwnTerms);
    }
    let of_type = document["type"].as_str().unwrap_or_default();
    let events = match of_type {
        "EPCISDocument" => document["epcisBody"]["eventList"].as_array().cloned(),
        "EPCISQueryDocument" => None,
        _ => Some(vec![document.clone()]),
    };
    let events = events.ok_or_else(|| NotCaptured::NotADocument(of_type.to_owned()))?;
    if events.len() > EVENTS_MAX {
        return Err(NotCaptured::TooMany(events.len()));
    }
    let context = document.get("@context");
    let alone = events.into_iter().filter_map(|event| match event {
        Value::Object(event) => Some(stand_alone(event, context, host)),
        _ => None,
    });
    alone.collect()
}

fn stand_alone(
    mut event: Event,
    context: Option<&Value>,
    host: &str,
) -> Result<Unsigned, NotCaptured> {
    // Before anything is written out: a long prefix that is used often takes the memory of the machine.
    for context in [context, event.get("@context")].into_iter().flatten() {
        is_bounded(context)
            .then_some(())
            .ok_or(NotCaptured::Context)?;
    }
    if json!(event).to_string().len() > EVENT_BYTES_MAX {
        return Err(NotCaptured::TooLong);
    }
    let id = hash::event_id(&event, &prefixes_of(context));
    let own = event.remove("@context");
    let mut contexts: Vec<Value> = Vec::new();
    for one in [context.cloned(), own].into_iter().flatten() {
        match one {
            Value::Array(list) => contexts.extend(list),
            one => contexts.push(one),
        }
    }
    let mut seen = BTreeSet::new();
    contexts.retain(|one| *one != json!(CONTEXT) && seen.insert(one.to_string()));
    if !contexts.is_empty() {
        event.insert("@context".into(), Value::Array(contexts));
    }
    let names: BTreeSet<_> = names_in(&event).map(|name| name_of(name, host)).collect();
    if names.len() > NAMES_MAX {
        return Err(NotCaptured::TooManyNames);
    }
    let is_declaration = event.contains_key("errorDeclaration");
    event.entry("eventID").or_insert_with(|| json!(id));
    Ok(Unsigned {
        id,
        is_declaration,
        names: names.into_iter().collect(),
        event,
    })
}

fn is_bounded(context: &Value) -> bool {
    let prefixes = prefixes_of(Some(context));
    context.to_string().len() <= CONTEXT_BYTES_MAX
        && prefixes.values().all(|iri| iri.len() <= IRI_BYTES_MAX)
}

/// The things that an event names as its own, as what goes in or comes out, or as what they are in (`MATCH_anyEPC`).
pub fn names_in(event: &Event) -> impl Iterator<Item = &str> {
    const PLACES: [&str; 5] = [
        "epcList",
        "childEPCs",
        "inputEPCList",
        "outputEPCList",
        "parentID",
    ];
    let values = PLACES.iter().filter_map(|place| event.get(*place));
    let each = values.flat_map(|value| match value {
        Value::Array(list) => list.iter().collect(),
        one => vec![one],
    });
    each.filter_map(Value::as_str)
}

/// Whether the name of a field, or what a prefix stands for, is of our vocabulary.
fn has_own_terms(document: &Value) -> bool {
    let is_own = |text: &str| {
        let head = |own: &str| {
            text.get(..own.len())
                .is_some_and(|head| head.eq_ignore_ascii_case(own))
        };
        head("urn:threadmark:voc") || head(&format!("{PREFIX}:")) || text == PREFIX
    };
    let mut open = vec![(document, false)];
    while let Some((value, in_context)) = open.pop() {
        match value {
            Value::Object(fields) => {
                if fields.keys().any(|name| is_own(name)) {
                    return true;
                }
                open.extend(
                    fields
                        .iter()
                        .map(|(name, value)| (value, in_context || name == "@context")),
                );
            }
            Value::Array(list) => open.extend(list.iter().map(|value| (value, in_context))),
            Value::String(text) if in_context && is_own(text) => return true,
            // A base to which names would be added.
            Value::String(text) if in_context && begins_own_terms(text) => return true,
            _ => {}
        }
    }
    false
}

/// Whether our vocabulary begins with a text, as `urn:` does.
fn begins_own_terms(text: &str) -> bool {
    let head = VOCABULARY.get(..text.len());
    !text.is_empty() && head.is_some_and(|head| head.eq_ignore_ascii_case(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(event: Value) -> Value {
        json!({
            "@context": [CONTEXT, { "x": "urn:x:" }], "type": "EPCISDocument", "schemaVersion": "2.0",
            "creationDate": "2026-01-01T00:00:00Z", "epcisBody": { "eventList": [event] },
        })
    }

    #[test]
    fn an_event_stands_alone_and_keeps_its_id() {
        let event = json!({
            "type": "ObjectEvent", "eventTime": "2026-01-01T00:00:00Z", "eventTimeZoneOffset": "+00:00",
            "action": "OBSERVE", "epcList": ["urn:epc:id:giai:4012345.A1", "https://PART.example/M/7k3q9xwd2m8tv0ay"],
            "x:note": 1,
        });
        let found = events_of(&document(event.clone()), "part.example")
            .unwrap()
            .remove(0);
        assert_eq!(found.event["@context"], json!([{ "x": "urn:x:" }]));
        assert_eq!(found.event["eventID"], json!(found.id));
        let names = [
            "https://id.gs1.org/8004/4012345A1",
            "https://part.example/m/7K3Q9XWD2M8TV0AY",
        ];
        assert_eq!(found.names, names);
        assert_eq!(hash::event_id(&found.event, &Default::default()), found.id);
        let mut declared = event;
        declared["errorDeclaration"] = json!({ "declarationTime": "2026-01-02T00:00:00Z" });
        let declared = events_of(&document(declared), "part.example")
            .unwrap()
            .remove(0);
        assert_eq!((&declared.id, declared.is_declaration), (&found.id, true));
    }

    #[test]
    fn nobody_speaks_for_the_log() {
        for bad in [
            document(json!({ "type": "ObjectEvent", "threadmark:statement": "00" })),
            document(json!({ "type": "ObjectEvent", "urn:threadmark:voc:statement": "00" })),
            document(json!({ "@context": [{ "t": "URN:threadmark:voc:" }], "t:statement": "00" })),
            document(json!({ "@context": { "t": { "@id": "urn:threadmark:voc:statement" } } })),
            document(json!({ "@context": { "t": "urn:threadmark:" } })),
            document(json!({ "@context": { "t": "URN:" }, "t:threadmark:voc:statement": "00" })),
            json!({ "@context": { "threadmark": "urn:other:" }, "type": "ObjectEvent" }),
        ] {
            assert_eq!(
                events_of(&bad, "part.example").unwrap_err(),
                NotCaptured::OwnTerms,
                "{bad}"
            );
        }
        let named =
            document(json!({ "type": "ObjectEvent", "parentID": "urn:threadmark:asset:N1" }));
        assert!(events_of(&named, "part.example").is_ok());
    }

    #[test]
    fn there_are_limits() {
        let many = json!({ "type": "EPCISDocument", "epcisBody": { "eventList": vec![json!({}); EVENTS_MAX + 1] } });
        assert_eq!(
            events_of(&many, "h").unwrap_err(),
            NotCaptured::TooMany(EVENTS_MAX + 1)
        );
        let names: Vec<_> = (0..=NAMES_MAX)
            .map(|number| format!("urn:a:{number}"))
            .collect();
        let wide = document(json!({ "epcList": names }));
        assert_eq!(
            events_of(&wide, "h").unwrap_err(),
            NotCaptured::TooManyNames
        );
        let long = document(json!({ "x:note": "a".repeat(EVENT_BYTES_MAX) }));
        assert_eq!(events_of(&long, "h").unwrap_err(), NotCaptured::TooLong);
        let of_context = |context: Value| {
            let mut document = document(json!({ "p:x": vec!["p:"; 1_000] }));
            document["@context"] = context;
            events_of(&document, "h").unwrap_err()
        };
        let far = json!([CONTEXT, { "p": format!("urn:{}", "a".repeat(IRI_BYTES_MAX)) }]);
        assert_eq!(of_context(far), NotCaptured::Context);
        let wide = json!([CONTEXT, { "p": "urn:p:", "@vocab": { "note": "a".repeat(CONTEXT_BYTES_MAX) } }]);
        assert_eq!(of_context(wide), NotCaptured::Context);
        let answer = json!({ "type": "EPCISQueryDocument" });
        assert!(matches!(
            events_of(&answer, "h"),
            Err(NotCaptured::NotADocument(_))
        ));
        let nested = |depth| (0..depth).fold(json!(1), |inner, _| json!([inner]));
        assert!(!is_too_deep(&nested(DEPTH_MAX)) && is_too_deep(&nested(DEPTH_MAX + 1)));
    }
}
