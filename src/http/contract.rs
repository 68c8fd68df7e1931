//! The OpenAPI document: what stands in it beside what the handlers say of themselves.
//!
//! Owns what all operations share: the problems. Must never know what an operation does.

use super::codes::Kind;
use super::problem::Problem;
use serde_json::{Value, json};
use std::borrow::Cow;
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// A schema written as JSON.
fn schema(json: Value) -> RefOr<Schema> {
    serde_json::from_value(json).expect("what this module writes is a schema")
}

impl PartialSchema for Problem {
    fn schema() -> RefOr<Schema> {
        let urns: Vec<_> = Kind::all().map(Kind::urn).collect();
        let names: Vec<_> = Kind::all().map(Kind::name).collect();
        schema(json!({
            "type": "object",
            "description": "What went wrong, why, and what to do now (RFC 9457).",
            "required": ["type", "title", "status", "detail", "code", "advice", "help"],
            "properties": {
                "type": { "type": "string", "enum": urns, "description": "Stable type." },
                "title": { "type": "string", "description": "What happened; the same for every problem of the type." },
                "status": { "type": "integer", "minimum": 400, "maximum": 599, "description": "HTTP status." },
                "detail": { "type": "string", "description": "Why, in this case." },
                "code": { "type": "string", "enum": names, "description": "The last word of `type`." },
                "advice": { "type": "string", "description": "What to do now." },
                "help": { "type": "string", "pattern": "^/docs/problems#[a-z-]+$",
                    "description": "Page about the type, relative to the service." },
                "signed": { "type": "string", "pattern": "^[0-9a-f]+$",
                    "description": "For a refused statement: a COSE_Sign1 by the log's key over statement id, code and \
                                    time, in hexadecimal digits, so that the refusal cannot be denied later." },
            },
        }))
    }
}

impl ToSchema for Problem {
    fn name() -> Cow<'static, str> {
        "Problem".into()
    }
}
