//! The OpenAPI document: what stands in it beside what the handlers say of themselves.
//!
//! Owns what operations share: tags, the session, how problems are described, and the examples, which are answers of
//! a real run. Must never know what an operation does.

use super::codes::{Border, Kind};
use super::problem::Problem;
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use std::borrow::Cow;
use std::collections::BTreeMap;
use threadmark_protocol::code::Code;
use utoipa::openapi::example::ExampleBuilder;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::response::Response;
use utoipa::openapi::{OpenApi, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// Requests and answers of a run on known data: `tests/it/contract/examples.rs` makes the file, and fails when an
/// answer changes.
const EXAMPLES: &str = include_str!("../../openapi/examples.json");

/// What any operation can answer instead.
const ANY: [Border; 5] = [
    Border::TooSlow,
    Border::Quota,
    Border::Internal,
    Border::Unavailable,
    Border::NoRoom,
];

/// Names what one operation can answer instead of what was asked for, beside what any can.
macro_rules! problems {
    ($name:ident: $($kind:expr),+ $(,)?) => {
        /// What the operation can answer instead.
        pub struct $name;

        impl utoipa::IntoResponses for $name {
            fn responses() -> std::collections::BTreeMap<
                String,
                utoipa::openapi::RefOr<utoipa::openapi::response::Response>,
            > {
                $crate::http::contract::responses([$($crate::http::codes::Kind::from($kind)),+])
            }
        }
    };
}
pub(super) use problems;

/// The part of the document that the macro writes from here.
#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Threadmark",
        description = "Digital thread and part verification for additive manufacturing: signed statements about \
                       printed parts in an append-only log, and what the record of a part says.\n\n\
                       Numbers are integers, times are Unix seconds, bytes in JSON are hexadecimal digits. Whatever \
                       goes wrong is an RFC 9457 problem with a stable type; every type is explained at \
                       `/docs/problems`. Clients ignore members that they do not know: new ones come without a new \
                       version."
    ),
    servers((url = "/", description = "The service that serves this document")),
    modifiers(&Security),
    components(schemas(Problem)),
    tags(
        (name = "marks", description = "What the record of a part says to whoever holds it. Open to everybody; a \
                                        member's session adds where the part is and what was said of it."),
        (name = "epcis", description = "EPCIS 2.0 (ISO/IEC 19987): the life of a part for systems that speak it."),
        (name = "statements", description = "Signed statements into the log, and their proofs out of it."),
        (name = "log", description = "What anybody may check: checkpoints and RFC 6962 proofs."),
        (name = "sync", description = "The log itself, for those who answer without a network."),
        (name = "catalogue", description = "Designs and design allowables, for members."),
        (name = "governance", description = "Who decides about members, keys and the policy, and what is decided."),
        (name = "notices", description = "Recalls and withdrawals that reach a member's parts: to be asked for, or to be sent."),
        (name = "artifacts", description = "Sealed files by their SHA3-256, for members. The service cannot read \
                                            them."),
        (name = "sessions", description = "Short sessions of members, opened by a key."),
        (name = "service", description = "The service as a process."),
    )
)]
pub struct Document;

struct Security;

impl utoipa::Modify for Security {
    fn modify(&self, document: &mut OpenApi) {
        use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
        let bearer = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format("JWT")
            .description(Some(
                "The token of `POST /v1/sessions`, for at most five minutes.",
            ))
            .build();
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("session", SecurityScheme::Http(bearer));
    }
}

/// A schema written as JSON.
pub fn schema(json: Value) -> RefOr<Schema> {
    serde_json::from_value(json).expect("what this crate writes is a schema")
}

/// The responses for these problems and those of [`ANY`], one for each status.
pub fn responses(kinds: impl IntoIterator<Item = Kind>) -> BTreeMap<String, RefOr<Response>> {
    let mut by_status = BTreeMap::<u16, Vec<Kind>>::new();
    for kind in kinds.into_iter().chain(ANY.map(Kind::from)) {
        by_status
            .entry(kind.status().as_u16())
            .or_default()
            .push(kind);
    }
    let described = by_status.into_iter().map(|(status, kinds)| {
        let response = serde_json::from_value(response(status, &kinds));
        let response = response.expect("what this module writes is a response");
        (status.to_string(), RefOr::T(response))
    });
    described.collect()
}

fn response(status: u16, kinds: &[Kind]) -> Value {
    let told = |kind: &Kind| format!("`{}`: {}", kind.name(), kind.title());
    let description = match kinds.len() {
        0..=5 => kinds.iter().map(told).collect::<Vec<_>>().join("\n\n"),
        many => format!("Refused by a rule: one of {many} types."),
    };
    let names: Vec<_> = kinds.iter().map(|kind| kind.name()).collect();
    let narrowed = json!({ "type": "object", "properties": {
        "code": { "type": "string", "enum": names },
        "status": { "type": "integer", "enum": [status] },
    } });
    let schema = json!({ "allOf": [{ "$ref": "#/components/schemas/Problem" }, narrowed] });
    json!({
        "description": description,
        "headers": headers(status, kinds),
        "content": { "application/problem+json": { "schema": schema } },
    })
}

/// Headers that come with these problems.
fn headers(status: u16, kinds: &[Kind]) -> Value {
    let text =
        |description: &str| json!({ "description": description, "schema": { "type": "string" } });
    let mut headers = serde_json::Map::new();
    let is_to_wait =
        |kind: &Kind| *kind == Kind::Border(Border::Quota) || kind.retry_after_s().is_some();
    if kinds.iter().all(is_to_wait) {
        let schema = json!({ "type": "integer", "minimum": 1 });
        let description = "Seconds after which the same request may succeed, unchanged.";
        headers.insert(
            "Retry-After".into(),
            json!({ "description": description, "schema": schema }),
        );
    }
    if status == StatusCode::UNAUTHORIZED.as_u16() {
        headers.insert("WWW-Authenticate".into(), text("`Bearer` (RFC 6750)."));
    }
    if status == StatusCode::RANGE_NOT_SATISFIABLE.as_u16() {
        headers.insert(
            "Content-Range".into(),
            text("`bytes */` and the size of the file."),
        );
    }
    Value::Object(headers)
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
                "instance": { "type": "string", "pattern": "^urn:threadmark:request:[A-Za-z0-9._-]+$",
                    "description": "The request, as the header X-Request-Id and the service's log name it." },
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

/// Bytes as they are.
pub struct Binary;

impl PartialSchema for Binary {
    fn schema() -> RefOr<Schema> {
        schema(json!({ "type": "string", "format": "binary" }))
    }
}

impl ToSchema for Binary {}

/// Codes that a statement can be refused with: those of answers come from no rule.
pub fn refusals() -> impl Iterator<Item = Kind> {
    let of_answers = [
        Code::UnknownMark,
        Code::NotInBundle,
        Code::UnpinnedLog,
        Code::Withheld,
        Code::KnowledgeTooOld,
        Code::Provisional,
        Code::PhysicalMatchMissing,
        Code::NotYourCustody,
        Code::AssetNotNamed,
    ];
    let mut rules = Code::ALL.to_vec();
    rules.retain(|code| !of_answers.contains(code));
    rules.into_iter().map(Kind::Rule)
}

/// One request of a real run, and what came back.
#[derive(Deserialize)]
struct Example {
    operation: String,
    name: String,
    summary: String,
    status: u16,
    /// Media type of the body.
    media_type: Option<String>,
    /// JSON, or a text; nothing where the body is neither.
    body: Option<Value>,
}

/// Puts the examples where they belong.
pub fn with_examples(mut document: OpenApi) -> OpenApi {
    let examples: Vec<Example> =
        serde_json::from_str(EXAMPLES).expect("the examples are made by a test");
    for item in document.paths.paths.values_mut() {
        for operation in operations(item) {
            let id = operation.operation_id.clone().unwrap_or_default();
            let of_this = examples.iter().filter(|example| example.operation == id);
            of_this.for_each(|example| add(operation, example));
        }
    }
    document
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [&mut item.get, &mut item.put, &mut item.post]
        .into_iter()
        .flatten()
}

fn add(operation: &mut Operation, example: &Example) {
    let response = operation
        .responses
        .responses
        .get_mut(&example.status.to_string());
    let (Some(RefOr::T(response)), Some(body)) = (response, &example.body) else {
        return;
    };
    let media_type = example.media_type.as_deref().unwrap_or_default();
    if let Some(RefOr::T(content)) = response.content.get_mut(media_type) {
        let shown = ExampleBuilder::new()
            .summary(&example.summary)
            .value(Some(body.clone()));
        content
            .examples
            .insert(example.name.clone(), RefOr::T(shown.build()));
    }
}
