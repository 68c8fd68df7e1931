//! What people and scripts read.
//!
//! Owns the one document that a command prints, as aligned lines or as JSON, progress, and the way a refusal is told.
//! Must never know what a command does.

use serde::Serialize;
use serde_json::{Map, Value};
use std::fmt;
use std::io::Write as _;
use std::process::ExitCode;
use threadmark_agent::system;
use threadmark_protocol::code::Code;
use threadmark_protocol::text::{Moment, unhidden};

/// Refused by a rule.
pub const EXIT_REFUSED: u8 = 3;
/// The answer is DO NOT INSTALL.
pub const EXIT_DO_NOT_INSTALL: u8 = 4;
/// The answer is CANNOT DETERMINE.
pub const EXIT_CANNOT_DETERMINE: u8 = 5;

/// What a command has to say, line by line.
#[derive(Default)]
pub struct Document {
    lines: Vec<Line>,
}

struct Line {
    name: &'static str,
    json: Value,
    text: String,
}

impl Document {
    /// Nothing yet.
    pub fn new() -> Document {
        Document::default()
    }

    /// Adds a value that reads the same for people and scripts. Nothing is printed for what is absent.
    pub fn with(self, name: &'static str, value: impl Serialize) -> Document {
        let json = serde_json::to_value(value).unwrap_or_default();
        let text = plain(&json);
        self.with_text(name, json, text)
    }

    /// Adds a value with words of its own for people; without words it is for scripts alone.
    pub fn with_text(
        mut self,
        name: &'static str,
        value: impl Serialize,
        text: impl Into<String>,
    ) -> Document {
        let json = serde_json::to_value(value).unwrap_or_default();
        let text = text.into();
        self.lines.push(Line { name, json, text });
        self
    }

    /// The lines of another document behind these.
    pub fn and(mut self, other: Document) -> Document {
        self.lines.extend(other.lines);
        self
    }

    /// Prints to standard output.
    pub fn print(&self, as_json: bool) {
        say(&if as_json {
            self.to_json()
        } else {
            unhidden(&self.to_text())
        });
    }

    fn to_json(&self) -> String {
        let pairs = self
            .lines
            .iter()
            .map(|line| (line.name.to_owned(), line.json.clone()));
        format!("{:#}\n", Value::Object(pairs.collect::<Map<_, _>>()))
    }

    /// What people read: aligned lines.
    pub fn to_text(&self) -> String {
        let shown = || self.lines.iter().filter(|line| !line.text.is_empty());
        let width = shown().map(|line| line.name.len()).max().unwrap_or(0);
        let mut out = String::new();
        for line in shown() {
            for (at, text) in line.text.lines().enumerate() {
                let name = if at == 0 {
                    line.name.replace('_', " ")
                } else {
                    String::new()
                };
                out.push_str(&format!("{name:width$}  {text}\n"));
            }
        }
        out
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

/// Writes to standard output. A reader that has seen enough, such as `head`, is no failure.
pub fn say(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// A function that tells how far something long has come, once it has taken longer than a second.
pub fn progress() -> impl FnMut(&str) {
    let start = system::now();
    let mut last = start + 1;
    move |text| {
        let now = system::now();
        if now > last {
            last = now;
            eprintln!("{text}");
        }
    }
}

/// A refusal with its stable name.
#[derive(Debug)]
pub struct Refused {
    code: String,
    detail: String,
}

impl Refused {
    /// A rule says no, or what it asks for is not known here.
    pub fn new(code: &str, detail: impl Into<String>) -> Refused {
        Refused {
            code: code.to_owned(),
            detail: detail.into(),
        }
    }

    /// The exit code.
    pub fn exit(&self) -> ExitCode {
        ExitCode::from(EXIT_REFUSED)
    }

    /// Code, title, detail and advice for scripts.
    pub fn to_json(&self) -> Value {
        let known = known_code(&self.code);
        serde_json::json!({
            "is": "refused", "code": self.code, "detail": self.detail,
            "title": known.map(Code::title), "advice": known.map(Code::advice),
        })
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.code)?;
        let known = known_code(&self.code);
        let title = known.map_or("", Code::title);
        // What the service says of a case begins with the title.
        let detail = self
            .detail
            .strip_prefix(title)
            .unwrap_or(&self.detail)
            .trim();
        for text in [title, detail, known.map_or("", Code::advice)] {
            if !text.is_empty() {
                write!(out, "\n  {text}")?;
            }
        }
        Ok(())
    }
}

impl std::error::Error for Refused {}

fn known_code(name: &str) -> Option<Code> {
    Code::ALL.iter().copied().find(|code| code.name() == name)
}

/// A Unix time as people read it.
pub fn time(unix: i64) -> String {
    Moment::from_unix(unix).map_or_else(|_| unix.to_string(), |moment| moment.to_string())
}

/// Tells scripts that a command was not understood.
pub fn say_misused(error: &clap::Error) {
    let error = serde_json::json!({ "is": "misused", "detail": error.to_string() });
    say(&format!("{:#}\n", serde_json::json!({ "error": error })));
}

/// Tells why a command failed, and gives its exit code.
pub fn fail(error: &anyhow::Error, as_json: bool) -> ExitCode {
    let refused = error.downcast_ref::<Refused>();
    if as_json {
        let plain = || serde_json::json!({ "is": "failed", "detail": format!("{error:#}") });
        let error = refused.map_or_else(plain, Refused::to_json);
        say(&format!("{:#}\n", serde_json::json!({ "error": error })));
    }
    match refused {
        Some(refused) => {
            eprintln!("threadmark: {}", unhidden(&refused.to_string()));
            refused.exit()
        }
        None => {
            eprintln!("threadmark: {}", unhidden(&format!("{error:#}")));
            ExitCode::FAILURE
        }
    }
}

/// Findings, each with what happened and what to do.
pub fn findings(codes: &[Code]) -> String {
    let lines = codes
        .iter()
        .map(|code| format!("{code}: {} {}", code.title(), code.advice()));
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_aligned_and_absent_values_leave_no_line() {
        let document = Document::new()
            .with("statement", "abc")
            .with("at", 7)
            .with("why", None::<u8>)
            .with_text("delivery", "x", "one\ntwo");
        assert_eq!(
            document.to_text(),
            "statement  abc\nat         7\ndelivery   one\n           two\n"
        );
        let json: Value = serde_json::from_str(&document.to_json()).unwrap();
        assert_eq!(json["at"], 7);
        assert_eq!(json["why"], Value::Null);
    }

    #[test]
    fn a_refusal_says_each_thing_once() {
        let detail = format!("{} part:1", Code::Held.title());
        let text = Refused::new("held", detail).to_string();
        assert_eq!(text.matches(Code::Held.title()).count(), 1);
        assert!(text.starts_with("held\n") && text.contains("part:1"));
        assert!(text.ends_with(Code::Held.advice()));
        assert_eq!(Refused::new("http-500", "").to_string(), "http-500");
    }
}
