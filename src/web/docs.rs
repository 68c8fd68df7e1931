//! The page that describes the interface, and the one that explains every problem.
//!
//! Owns how an OpenAPI document reads: operations by tag, what each takes and answers, and a line that can be pasted
//! into a terminal. Must never know the interface itself: everything comes from the document.

mod schema;

use super::{Page, render};
use askama::Template;
use schema::{Field, Shape, Text, Type, shapes, text_of};
use serde_json::{Map, Value};
use std::fmt::Write as _;

/// Types of problems that an operation names one by one; of more, the page says how many.
const PROBLEMS_NAMED_MAX: usize = 8;

/// With what the lines on the page work on this very service.
pub struct Samples<'a> {
    /// Values of parameters, by name.
    pub values: &'a [(&'a str, String)],
    /// Operations whose sample only a member may ask for, though a session is optional.
    pub for_members: &'a [&'a str],
}

/// A type of problem, as `/docs/problems` explains it.
pub struct Explained {
    /// Stable name.
    pub name: &'static str,
    /// Its URI.
    pub urn: String,
    /// HTTP status.
    pub status: u16,
    /// What happened.
    pub title: &'static str,
    /// What to do now.
    pub advice: &'static str,
}

/// The page about the interface that an OpenAPI document describes.
pub fn docs(document: &Value, page: &Page, samples: &Samples<'_>) -> String {
    let base = page.public_url.as_str();
    let tags = list(&document["tags"]).iter();
    let groups = tags.map(|tag| Group::of(tag, document, base, samples));
    render(&Docs {
        base,
        version: string(&document["info"]["version"]),
        about: text_of(&document["info"]["description"]),
        groups: groups.collect(),
        shapes: shapes(&document["components"]["schemas"]),
    })
}

/// The page that explains every type of problem: the border's, and the rules'.
pub fn problems(border: &[Explained], rules: &[Explained]) -> String {
    render(&Problems { border, rules })
}

#[derive(Template)]
#[template(path = "docs.html")]
struct Docs<'a> {
    base: &'a str,
    version: &'a str,
    about: Vec<Text>,
    groups: Vec<Group<'a>>,
    shapes: Vec<Shape<'a>>,
}

#[derive(Template)]
#[template(path = "problems.html")]
struct Problems<'a> {
    border: &'a [Explained],
    rules: &'a [Explained],
}

/// The operations of one tag.
struct Group<'a> {
    name: &'a str,
    about: Vec<Text>,
    operations: Vec<Operation<'a>>,
}

struct Operation<'a> {
    id: &'a str,
    method: String,
    path: &'a str,
    summary: &'a str,
    about: Vec<Text>,
    session: &'static str,
    parameters: Vec<Field<'a>>,
    bodies: Vec<Content<'a>>,
    answers: Vec<Answer<'a>>,
    problems: Vec<Refusal<'a>>,
    curl: String,
}

/// A body in one media type.
struct Content<'a> {
    media_type: &'a str,
    kind: Vec<Type<'a>>,
    examples: Vec<Example<'a>>,
}

struct Example<'a> {
    summary: &'a str,
    text: String,
}

/// What comes when all is well.
struct Answer<'a> {
    status: &'a str,
    about: Vec<Text>,
    headers: Vec<Field<'a>>,
    contents: Vec<Content<'a>>,
}

/// The problems of one status.
struct Refusal<'a> {
    status: &'a str,
    names: Vec<&'a str>,
    /// How many, where they are not named.
    many: usize,
}

fn string(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

impl<'a> Group<'a> {
    fn of(tag: &'a Value, document: &'a Value, base: &str, samples: &Samples<'_>) -> Group<'a> {
        let name = string(&tag["name"]);
        let operations = members(&document["paths"]).flat_map(|(path, item)| {
            members(item).map(move |(method, operation)| (method, path, operation))
        });
        let of_tag = operations.filter(|(_, _, operation)| operation["tags"][0] == tag["name"]);
        Group {
            name,
            about: text_of(&tag["description"]),
            operations: of_tag
                .map(|(method, path, it)| Operation::of(method, path, it, base, samples))
                .collect(),
        }
    }
}

impl<'a> Operation<'a> {
    fn of(
        method: &str,
        path: &'a str,
        it: &'a Value,
        base: &str,
        samples: &Samples<'_>,
    ) -> Operation<'a> {
        let method = method.to_ascii_uppercase();
        let (good, bad): (Vec<_>, Vec<_>) =
            members(&it["responses"]).partition(|(status, _)| status.starts_with('2'));
        Operation {
            id: string(&it["operationId"]),
            summary: string(&it["summary"]),
            about: text_of(&it["description"]),
            session: session(it),
            parameters: list(&it["parameters"])
                .iter()
                .map(Field::of_parameter)
                .collect(),
            bodies: contents(&it["requestBody"]["content"]),
            answers: good.into_iter().map(Answer::of).collect(),
            problems: bad.into_iter().map(Refusal::of).collect(),
            curl: curl(&method, path, it, base, samples),
            method,
            path,
        }
    }
}

impl<'a> Answer<'a> {
    fn of((status, response): (&'a String, &'a Value)) -> Answer<'a> {
        Answer {
            status,
            about: text_of(&response["description"]),
            headers: members(&response["headers"])
                .map(|(name, header)| Field::of_header(name, header))
                .collect(),
            contents: contents(&response["content"]),
        }
    }
}

impl<'a> Refusal<'a> {
    fn of((status, response): (&'a String, &'a Value)) -> Refusal<'a> {
        let schema = &response["content"]["application/problem+json"]["schema"];
        let names = list(&schema["allOf"][1]["properties"]["code"]["enum"]);
        let many = if names.len() > PROBLEMS_NAMED_MAX {
            names.len()
        } else {
            0
        };
        let named = if many > 0 { &[] } else { names };
        Refusal {
            status,
            names: named.iter().map(string).collect(),
            many,
        }
    }
}

fn contents(content: &Value) -> Vec<Content<'_>> {
    members(content)
        .map(|(media_type, content)| Content {
            media_type,
            kind: Type::of(&content["schema"]),
            examples: members(&content["examples"])
                .map(|(_, example)| Example::of(example))
                .collect(),
        })
        .collect()
}

impl<'a> Example<'a> {
    fn of(example: &'a Value) -> Example<'a> {
        let value = &example["value"];
        let text = match value.as_str() {
            Some(text) => text.to_owned(),
            None => serde_json::to_string_pretty(value).unwrap_or_default(),
        };
        Example {
            summary: string(&example["summary"]),
            text,
        }
    }
}

fn session(operation: &Value) -> &'static str {
    let schemes = list(&operation["security"]);
    let is_none = |scheme: &Value| scheme.as_object().is_some_and(Map::is_empty);
    match schemes {
        [] => "not needed",
        _ if schemes.iter().any(is_none) => "optional: a member is told more",
        _ => "needed",
    }
}

/// A line for a terminal. What it cannot know stands in variables and files, whose names say what they are.
fn curl(method: &str, path: &str, it: &Value, base: &str, samples: &Samples<'_>) -> String {
    let mut line = String::from("curl");
    let is_for_members = samples.for_members.contains(&string(&it["operationId"]));
    if session(it) == "needed" || is_for_members {
        line.push_str(" -H \"Authorization: Bearer $TOKEN\"");
    }
    let body = members(&it["requestBody"]["content"]).next();
    if let Some((media_type, _)) = body {
        let file = match media_type.as_str() {
            "application/json" => "body.json",
            "application/ld+json" => "events.jsonld",
            "application/cbor" => "statement.cbor",
            "application/octet-stream" => "sealed.age",
            _ => "picture.png",
        };
        let put = if method == "PUT" { " -X PUT" } else { "" };
        let _ = write!(
            line,
            "{put} -H \"Content-Type: {media_type}\" --data-binary @{file}"
        );
    }
    let _ = write!(line, " \"{base}{}\"", address(path, it, samples));
    line
}

fn address(path: &str, it: &Value, samples: &Samples<'_>) -> String {
    let (mut address, mut separator) = (path.to_owned(), '?');
    for parameter in list(&it["parameters"]) {
        let name = string(&parameter["name"]);
        let sample = samples.values.iter().find(|(known, _)| *known == name);
        let value = sample.map_or_else(
            || format!("${}", name.to_ascii_uppercase()),
            |(_, value)| value.clone(),
        );
        match string(&parameter["in"]) {
            "path" => address = address.replace(&format!("{{{name}}}"), &value),
            "query" if parameter["required"] == true => {
                let _ = write!(address, "{separator}{name}={value}");
                separator = '&';
            }
            _ => {}
        }
    }
    address
}
