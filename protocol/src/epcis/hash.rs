//! Event hash ids (CBV 2.0, section 8.9): one id for one event, whoever writes it down and in whichever form.
//!
//! Owns the canonical pre-hash string of an event in JSON-LD. It is that of the reference implementation
//! (github.com/RalphTro/epcis-event-hash-generator), whose published vectors are in `fixtures/epcis/event-hash`: business
//! transactions, sources and destinations stand with what is no standard field, and a type before its value. Left out
//! are `eventID`, `recordTime` and `errorDeclaration`, so a declaration of an error has the id of the event that it is
//! about. A hash is no signature. Must never know what an event means.

use super::digital_link;
use crate::digest::Digest;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime, UtcOffset};

/// Prefixes of names, with what they stand for.
pub type Prefixes = BTreeMap<String, String>;

/// Prefixes that the official context defines and values use.
const STANDARD: [(&str, &str); 4] = [
    ("cbv", "https://ref.gs1.org/cbv/"),
    ("cbvmda", "urn:epcglobal:cbv:mda:"),
    ("epcis", "https://ref.gs1.org/epcis/"),
    ("gs1", "https://gs1.org/voc/"),
];

/// The id of an event: `ni:///sha-256;…?ver=CBV2.0` (RFC 6920). Prefixes are those of the event's document; the event's own
/// `@context` adds to them.
pub fn event_id(event: &Map<String, Value>, prefixes: &Prefixes) -> String {
    let digest = Digest::sha256(&[pre_hash(event, prefixes).as_bytes()]);
    format!("ni:///sha-256;{digest}?ver=CBV2.0")
}

/// The prefixes that a JSON-LD context defines by name; addresses of contexts are not looked up.
pub fn prefixes_of(context: Option<&Value>) -> Prefixes {
    let mut found = Prefixes::new();
    let mut open: Vec<&Value> = context.into_iter().collect();
    while let Some(context) = open.pop() {
        match context {
            Value::Array(list) => open.extend(list),
            Value::Object(terms) => {
                found.extend(terms.iter().filter_map(|(name, meaning)| {
                    Some((name.clone(), meaning.as_str()?.to_owned()))
                }))
            }
            _ => {}
        }
    }
    found
}

/// The string that is hashed.
pub fn pre_hash(event: &Map<String, Value>, prefixes: &Prefixes) -> String {
    let mut known: Prefixes = STANDARD.map(|(name, iri)| (name.into(), iri.into())).into();
    known.extend(prefixes.clone());
    known.extend(prefixes_of(event.get("@context")));
    let mut fields = children_of(event, &known);
    let of_type = event
        .get("type")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let mut out = format!("eventType={}", expanded(of_type, &known, true));
    out.push_str(&in_order(&mut fields, EVENT));
    fields.retain(|field| !NOT_HASHED.contains(&&field.name[..]));
    out.push_str(&sorted(fields.iter().map(unordered)));
    out
}

const NOT_HASHED: [&str; 4] = ["recordTime", "eventID", "type", "errorDeclaration"];

/// A field with the order of those inside it.
struct Field(&'static str, &'static [Field]);

const EPCS: &[Field] = &[Field("epc", &[])];
const QUANTITIES: &[Field] = &[Field(
    "quantityElement",
    &[
        Field("epcClass", &[]),
        Field("quantity", &[]),
        Field("uom", &[]),
    ],
)];
const PLACE: &[Field] = &[Field("id", &[])];

/// The canonical order of an event's fields.
const EVENT: &[Field] = &[
    Field("eventTime", &[]),
    Field("eventTimeZoneOffset", &[]),
    Field("certificationInfo", &[]),
    Field("parentID", &[]),
    Field("epcList", EPCS),
    Field("inputEPCList", EPCS),
    Field("childEPCs", EPCS),
    Field("quantityList", QUANTITIES),
    Field("childQuantityList", QUANTITIES),
    Field("inputQuantityList", QUANTITIES),
    Field("outputEPCList", EPCS),
    Field("outputQuantityList", QUANTITIES),
    Field("action", &[]),
    Field("transformationID", &[]),
    Field("bizStep", &[]),
    Field("disposition", &[]),
    Field(
        "persistentDisposition",
        &[Field("set", &[]), Field("unset", &[])],
    ),
    Field("readPoint", PLACE),
    Field("bizLocation", PLACE),
    Field("sensorElementList", &[Field("sensorElement", SENSOR)]),
];

const SENSOR: &[Field] = &[
    Field(
        "sensorMetadata",
        &[
            Field("time", &[]),
            Field("startTime", &[]),
            Field("endTime", &[]),
            Field("deviceID", &[]),
            Field("deviceMetadata", &[]),
            Field("rawData", &[]),
            Field("dataProcessingMethod", &[]),
            Field("bizRules", &[]),
        ],
    ),
    Field(
        "sensorReport",
        &[
            Field("type", &[]),
            Field("exception", &[]),
            Field("deviceID", &[]),
            Field("deviceMetadata", &[]),
            Field("rawData", &[]),
            Field("dataProcessingMethod", &[]),
            Field("time", &[]),
            Field("microorganism", &[]),
            Field("chemicalSubstance", &[]),
            Field("value", &[]),
            Field("component", &[]),
            Field("stringValue", &[]),
            Field("booleanValue", &[]),
            Field("hexBinaryValue", &[]),
            Field("uriValue", &[]),
            Field("minValue", &[]),
            Field("maxValue", &[]),
            Field("meanValue", &[]),
            Field("sDev", &[]),
            Field("percRank", &[]),
            Field("percValue", &[]),
            Field("uom", &[]),
            Field("coordinateReferenceSystem", &[]),
        ],
    ),
];

/// A field as both XML and JSON have it: lists name their members.
struct Node {
    name: String,
    text: String,
    inside: Vec<Node>,
}

fn children_of(object: &Map<String, Value>, prefixes: &Prefixes) -> Vec<Node> {
    const REMARKS: [&str; 4] = ["@context", "#text", "rdfs:comment", "comment"];
    let mut nodes: Vec<Node> = Vec::new();
    for (name, value) in object
        .iter()
        .filter(|(name, _)| !REMARKS.contains(&&name[..]))
    {
        let name = expanded(name, prefixes, false);
        let values = match value {
            Value::Array(list) => list.iter().collect(),
            one => vec![one],
        };
        let values = values.into_iter().map(|value| node(&name, value, prefixes));
        match member_of(&name) {
            Some(member) => {
                let inside = values
                    .map(|node| Node {
                        name: member.clone(),
                        ..node
                    })
                    .collect();
                nodes.push(Node {
                    name,
                    text: String::new(),
                    inside,
                });
            }
            None => nodes.extend(values),
        }
    }
    nodes
}

/// What the members of a list are called, of which JSON has the list only.
fn member_of(list: &str) -> Option<String> {
    Some(match list {
        "childEPCs" | "epcList" | "inputEPCList" | "outputEPCList" => "epc".into(),
        "quantityList" | "childQuantityList" | "inputQuantityList" | "outputQuantityList" => {
            "quantityElement".into()
        }
        // Members of these are pairs of a type and a value, without a name.
        "bizTransactionList" | "sourceList" | "destinationList" => String::new(),
        other => other.strip_suffix("List")?.to_owned(),
    })
}

fn node(name: &str, value: &Value, prefixes: &Prefixes) -> Node {
    let text = match value {
        Value::Object(object) => {
            let text = object
                .get("#text")
                .and_then(Value::as_str)
                .unwrap_or_default();
            let mut inside = children_of(object, prefixes);
            for field in &mut inside {
                field.text = worded(name, &field.name, std::mem::take(&mut field.text));
            }
            return Node {
                name: name.to_owned(),
                text: text.to_owned(),
                inside,
            };
        }
        Value::Array(_) | Value::Null => String::new(),
        Value::String(text) => expanded(text, prefixes, true),
        Value::Bool(yes) => yes.to_string(),
        Value::Number(number) => number.to_string(),
    };
    let text = worded("", name, text);
    Node {
        name: name.to_owned(),
        text,
        inside: Vec::new(),
    }
}

/// A word of the standard vocabulary as the address that it stands for.
fn worded(parent: &str, name: &str, text: String) -> String {
    if text.is_empty() || text.contains(':') {
        return text;
    }
    let vocabulary = match (parent, name) {
        (_, "bizStep") => "https://ref.gs1.org/cbv/BizStep-",
        (_, "disposition" | "set" | "unset") => "https://ref.gs1.org/cbv/Disp-",
        ("bizTransactionList", "type") => "https://ref.gs1.org/cbv/BTT-",
        ("sourceList" | "destinationList", "type") => "https://ref.gs1.org/cbv/SDT-",
        ("sensorReport", "type" | "exception") => "https://gs1.org/voc/",
        ("sensorReport", "component") => "https://ref.gs1.org/cbv/Comp-",
        _ => return text,
    };
    format!("{vocabulary}{text}")
}

/// With a known prefix written out; in the name of a field the address stands in braces.
fn expanded(text: &str, prefixes: &Prefixes, is_value: bool) -> String {
    let known = text
        .split_once(':')
        .and_then(|(prefix, local)| Some((prefixes.get(prefix)?, local)));
    match known {
        Some((iri, local)) if is_value => format!("{iri}{local}"),
        Some((iri, local)) => format!("{{{iri}}}{local}"),
        None => text.to_owned(),
    }
}

/// The fields that have a place, which are taken out; at an inner level what else there is stands behind them.
fn in_order(fields: &mut Vec<Node>, order: &[Field]) -> String {
    let mut out = String::new();
    for Field(name, inner) in order {
        let taken = fields.extract_if(.., |field| field.name == *name);
        out.push_str(&sorted(taken.map(|field| placed(field, inner))));
    }
    out
}

fn placed(mut field: Node, order: &[Field]) -> String {
    let mut inside = in_order(&mut field.inside, order);
    inside.push_str(&sorted(field.inside.iter().map(unordered)));
    let text = field.text.trim();
    let is_time = field.name.to_lowercase().contains("time") && !field.name.contains("Offset");
    let text = if is_time { utc(text) } else { canonical(text) };
    match (text.is_empty(), inside.is_empty()) {
        (true, true) => String::new(),
        (true, false) => format!("{}{inside}", field.name),
        (false, _) => format!("{}={text}{inside}", field.name),
    }
}

fn unordered(field: &Node) -> String {
    let mut out = field.name.clone();
    let text = canonical(field.text.trim());
    if !text.is_empty() {
        out.push('=');
        out.push_str(&text);
    }
    let mut inside: Vec<_> = field.inside.iter().map(unordered).collect();
    if field.name.is_empty() {
        // A pair: its type first.
        inside.sort_by_key(|text| !text.starts_with("type="));
        out.extend(inside);
    } else {
        out.push_str(&sorted(inside));
    }
    out
}

fn sorted(texts: impl IntoIterator<Item = String>) -> String {
    let mut texts: Vec<_> = texts.into_iter().collect();
    texts.sort();
    texts.concat()
}

/// One form for the same time: UTC, milliseconds, rounded half up.
fn utc(text: &str) -> String {
    let Ok(time) = OffsetDateTime::parse(text, &Rfc3339) else {
        return text.to_owned();
    };
    let rounded = time
        .to_offset(UtcOffset::UTC)
        .checked_add(Duration::microseconds(500));
    let time = rounded.unwrap_or(time);
    let (date, clock) = (time.date(), time.time());
    format!(
        "{date}T{:02}:{:02}:{:02}.{:03}Z",
        clock.hour(),
        clock.minute(),
        clock.second(),
        clock.millisecond()
    )
}

/// One form for the same value: words of the older vocabulary, numbers, GS1 keys.
fn canonical(text: &str) -> String {
    const OLDER: [(&str, &str); 5] = [
        (
            "urn:epcglobal:cbv:bizstep:",
            "https://ref.gs1.org/cbv/BizStep-",
        ),
        ("urn:epcglobal:cbv:disp:", "https://ref.gs1.org/cbv/Disp-"),
        ("urn:epcglobal:cbv:btt:", "https://ref.gs1.org/cbv/BTT-"),
        ("urn:epcglobal:cbv:sdt:", "https://ref.gs1.org/cbv/SDT-"),
        ("urn:epcglobal:cbv:er:", "https://ref.gs1.org/cbv/ER-"),
    ];
    for (urn, iri) in OLDER {
        if let Some(word) = text.strip_prefix(urn) {
            return format!("{iri}{word}");
        }
    }
    let link = digital_link::canonical(text);
    link.or_else(|| number(text))
        .unwrap_or_else(|| text.to_owned())
}

/// A decimal number without superfluous zeros.
fn number(text: &str) -> Option<String> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let is_number = digits.starts_with(|first: char| first.is_ascii_digit() || first == '.')
        && digits
            .bytes()
            .all(|byte| byte.is_ascii_digit() || b".eE+-".contains(&byte));
    let value: f64 = text.parse().ok().filter(|_| is_number)?;
    if !value.is_finite() {
        return None;
    }
    if value == 0.0 {
        return Some("0".into());
    }
    // As the reference writes it: an exponent below a ten-thousandth.
    Some(match value.abs() < 1e-4 {
        true => {
            let text = format!("{value:e}");
            let (mantissa, exponent) = text.split_once("e-")?;
            format!("{mantissa}e-{exponent:0>2}")
        }
        false => value.to_string(),
    })
}

#[cfg(test)]
mod tests;
