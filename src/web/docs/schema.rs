//! Schemas and texts of the document in words.
//!
//! Owns how a type and its limits read. Must never know which operation uses it.

use super::{list, members, string};
use serde_json::Value;

/// Names that are listed one by one; of more, the page says how many.
const NAMES_MAX: usize = 12;

/// A paragraph, in which what stood in backticks is code.
pub struct Text(pub Vec<(bool, String)>);

/// A piece of a type: words, and for a schema its name.
pub struct Type<'a> {
    pub text: String,
    pub schema: Option<&'a str>,
}

/// A parameter, a header, or a member of an object.
pub struct Field<'a> {
    pub name: &'a str,
    /// Where it stands, and whether it must.
    pub place: String,
    pub kind: Vec<Type<'a>>,
    pub about: Vec<Text>,
}

/// A schema with a name.
pub struct Shape<'a> {
    pub name: &'a str,
    pub about: Vec<Text>,
    /// Of what is no object.
    pub kind: Vec<Type<'a>>,
    pub fields: Vec<Field<'a>>,
}

/// The paragraphs of a description.
pub fn text_of(description: &Value) -> Vec<Text> {
    let paragraphs = string(description)
        .split("\n\n")
        .filter(|text| !text.trim().is_empty());
    let spans = |paragraph: &str| {
        let pieces = paragraph.split('`').enumerate();
        let spans = pieces.map(|(at, piece)| (at % 2 == 1, piece.replace('\n', " ")));
        spans.filter(|(_, piece)| !piece.is_empty()).collect()
    };
    paragraphs.map(|paragraph| Text(spans(paragraph))).collect()
}

/// Every schema that has a name.
pub fn shapes(schemas: &Value) -> Vec<Shape<'_>> {
    members(schemas)
        .map(|(name, schema)| Shape {
            name,
            about: text_of(&schema["description"]),
            kind: match schema["properties"].is_object() {
                true => Vec::new(),
                false => Type::of(schema),
            },
            fields: members(&schema["properties"])
                .map(|(field, of)| Field::of_member(field, of, list(&schema["required"])))
                .collect(),
        })
        .collect()
}

impl<'a> Type<'a> {
    fn words(text: impl Into<String>) -> Type<'a> {
        Type {
            text: text.into(),
            schema: None,
        }
    }

    /// A type in words, with the schemas that it names.
    pub fn of(schema: &'a Value) -> Vec<Type<'a>> {
        if let Some(reference) = schema["$ref"].as_str() {
            let name = reference.rsplit('/').next().unwrap_or_default();
            return vec![Type {
                text: name.to_owned(),
                schema: Some(name),
            }];
        }
        if let [one, null] = list(&schema["oneOf"])
            && null["type"] == "null"
        {
            let mut kind = Type::of(one);
            kind.push(Type::words(" or null"));
            return kind;
        }
        if let Some(first) = list(&schema["allOf"]).first() {
            return Type::of(first);
        }
        let names = kinds(&schema["type"]);
        if names.first() == Some(&"array") {
            let mut kind = vec![Type::words(format!("list{} of ", size(schema)))];
            kind.extend(Type::of(&schema["items"]));
            if names.contains(&"null") {
                kind.push(Type::words(" or null"));
            }
            return kind;
        }
        vec![Type::words(format!(
            "{}{}",
            names.join(" or "),
            limits(schema)
        ))]
    }
}

fn kinds(kind: &Value) -> Vec<&str> {
    match kind {
        Value::String(one) => vec![one],
        many => list(many).iter().map(string).collect(),
    }
}

fn size(schema: &Value) -> String {
    match (&schema["minItems"], &schema["maxItems"]) {
        (Value::Null, Value::Null) => String::new(),
        (Value::Null, most) => format!(" of at most {most}"),
        (least, Value::Null) => format!(" of at least {least}"),
        (least, most) if least == most => format!(" of {most}"),
        (least, most) => format!(" of {least} to {most}"),
    }
}

/// What a value must be beside its type.
fn limits(schema: &Value) -> String {
    let mut told = Vec::new();
    let names: Vec<_> = list(&schema["enum"]).iter().map(name).collect();
    match names.len() {
        0 => {}
        1..=NAMES_MAX => told.push(names.join(", ")),
        many => told.push(format!("one of {many} names")),
    }
    if schema["format"] == "binary" {
        told.push("bytes as they are".to_owned());
    }
    let is_of_one_length = schema["minLength"] == schema["maxLength"];
    for (limit, words) in [
        ("minimum", "at least"),
        ("maximum", "at most"),
        (
            "minLength",
            if is_of_one_length {
                "length"
            } else {
                "length at least"
            },
        ),
        ("maxLength", "length at most"),
        ("pattern", "pattern"),
    ] {
        let is_told = limit == "maxLength" && is_of_one_length;
        if !schema[limit].is_null() && !is_told {
            told.push(format!("{words} {}", name(&schema[limit])));
        }
    }
    let told = told.join(", ");
    if told.is_empty() {
        told
    } else {
        format!(": {told}")
    }
}

fn name(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

impl<'a> Field<'a> {
    /// A parameter of an operation.
    pub fn of_parameter(parameter: &'a Value) -> Field<'a> {
        let required = if parameter["required"] == true {
            ""
        } else {
            ", optional"
        };
        Field {
            name: string(&parameter["name"]),
            place: format!("{}{required}", string(&parameter["in"])),
            kind: Type::of(&parameter["schema"]),
            about: text_of(&parameter["description"]),
        }
    }

    /// A header of an answer.
    pub fn of_header(name: &'a str, header: &'a Value) -> Field<'a> {
        Field {
            name,
            place: "header".to_owned(),
            kind: Type::of(&header["schema"]),
            about: text_of(&header["description"]),
        }
    }

    fn of_member(name: &'a str, schema: &'a Value, required: &[Value]) -> Field<'a> {
        let is_required = required.iter().any(|required| required == name);
        let described = match schema["oneOf"][0].get("description") {
            Some(description) => description,
            None => &schema["description"],
        };
        Field {
            name,
            place: if is_required {
                String::new()
            } else {
                "not always there".to_owned()
            },
            kind: Type::of(schema),
            about: text_of(described),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn told(schema: Value) -> String {
        Type::of(&schema)
            .iter()
            .map(|piece| piece.text.as_str())
            .collect()
    }

    #[test]
    fn types_read_as_words() {
        assert_eq!(told(json!({ "$ref": "#/components/schemas/Mark" })), "Mark");
        let nullable = json!({ "oneOf": [{ "$ref": "#/x/Mark" }, { "type": "null" }] });
        assert_eq!(told(nullable), "Mark or null");
        let list = json!({ "type": "array", "maxItems": 3, "items": { "type": "integer" } });
        assert_eq!(told(list), "list of at most 3 of integer");
        let limited = json!({ "type": ["string", "null"], "minLength": 1, "enum": ["a", "b"] });
        assert_eq!(told(limited), "string or null: a, b, length at least 1");
    }

    #[test]
    fn backticks_are_code_and_empty_lines_paragraphs() {
        let text = text_of(&json!("Ask `GET /x`\nuntil 204.\n\nThen stop."));
        assert_eq!(text.len(), 2);
        assert_eq!(text[0].0[1], (true, "GET /x".to_owned()));
        assert_eq!(text[0].0[2], (false, " until 204.".to_owned()));
    }
}
