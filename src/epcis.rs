//! The official JSON schema of EPCIS 2.0, and what it says of a document.
//!
//! Owns the schema, read once, with its formats asserted: without that it takes any word for a business step. Nothing is
//! fetched. Must never know where documents come from.

use jsonschema::{Draft, Validator};
use serde_json::Value;
use std::sync::LazyLock;

/// Reasons that are told of one document.
const REASONS_MAX: usize = 8;
/// Longest document of which several are told.
const SEVERAL_BYTES_MAX: usize = 64 << 10;
/// Bytes of one reason.
const REASON_BYTES_MAX: usize = 300;

static SCHEMA: LazyLock<Validator> = LazyLock::new(|| {
    let schema = include_str!("../fixtures/epcis/EPCIS-JSON-Schema.json");
    let schema = serde_json::from_str(schema).expect("the official schema is JSON");
    jsonschema::options()
        .with_draft(Draft::Draft7)
        .should_validate_formats(true)
        .build(&schema)
        .expect("the official schema is one")
});

/// Why the schema refuses a document of so many bytes: the place and what is wrong there, the first few; empty where it is valid. Of a
/// long document the first alone: to find several the validator makes all, and a hostile one has millions.
pub fn problems(document: &Value, bytes: usize) -> Vec<String> {
    let first = match SCHEMA.validate(document) {
        Ok(()) => return Vec::new(),
        Err(error) => error,
    };
    let all: Vec<_> = match bytes {
        0..=SEVERAL_BYTES_MAX => SCHEMA.iter_errors(document).take(REASONS_MAX).collect(),
        _ => vec![first],
    };
    let told = all.into_iter().map(|error| {
        let place = error.instance_path().to_string();
        let why = match error.to_string() {
            short if short.len() <= REASON_BYTES_MAX => short,
            // Without what was found, which may be long.
            _ => error.masked().to_string(),
        };
        format!("{}: {why}", if place.is_empty() { "/" } else { &place })
    });
    told.collect()
}
