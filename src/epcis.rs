//! The official JSON schema of EPCIS 2.0, and what it says of a document.
//!
//! Owns the schema, read once, with its formats asserted: without that it takes any word for a business step. Nothing is
//! fetched. Must never know where documents come from.

use jsonschema::{Draft, Validator};
use serde_json::Value;
use std::sync::LazyLock;

/// Reasons that are told of one document.
const REASONS_MAX: usize = 8;
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

/// Why the schema refuses a document: the place and what is wrong there, the first few; empty where it is valid.
pub fn problems(document: &Value) -> Vec<String> {
    let errors = SCHEMA.iter_errors(document).take(REASONS_MAX);
    let told = errors.map(|error| {
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
