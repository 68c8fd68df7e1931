//! Server-rendered pages: what a person sees who follows a mark.
//!
//! Owns the HTML, its one stylesheet and the words of the pages. They work without JavaScript, and need nothing
//! from any other host. Must never know HTTP routing, storage or clocks: a page is a function of values, and what
//! an answer says is decided in `threadmark_protocol::answer` alone.

pub mod docs;
mod frame;
mod record;
#[cfg(test)]
mod tests;
pub(crate) mod verdict;
pub(crate) mod words;

pub use frame::response_headers;
pub use record::record;
pub(crate) use record::{Pair, names, number_and_revision, pairs};

use askama::Template;
use threadmark_protocol::answer::Answer;
use threadmark_protocol::digest::Digest;
use verdict::Look;

/// Name of the field that carries the photograph in the form that `/scan` posts to itself.
pub const PHOTO_FIELD: &str = "photo";

/// Name of the parameter of `GET /m?mark=` that carries what was typed; `Mark` reads it as people write it.
pub const MARK_FIELD: &str = "mark";

/// What every page says of the service that serves it.
#[derive(Clone, Debug)]
pub struct Page {
    /// Scheme and host at which the service is reached, without a slash at the end.
    pub public_url: String,
    /// Origin of the log.
    pub origin: String,
    /// Entries in the log.
    pub log_size: u64,
    /// Root of the tree of that size; `None` before the first checkpoint.
    pub root: Option<Digest>,
    /// Entries that a quorum of witnesses has cosigned; `None` where nobody has.
    pub witnessed_size: Option<u64>,
    /// Name of the member that asks; `None` for anybody.
    pub viewer: Option<String>,
}

/// The start page.
pub fn home(page: &Page) -> String {
    render(&Home {
        page,
        size: words::count(page.log_size),
        root: page.root.as_ref().map(words::short),
    })
}

/// The page that takes a photograph or sixteen characters.
pub fn scan() -> String {
    render(&Scan)
}

/// What a photograph showed: several marks to choose from, or none and how to do better.
pub fn scanned(answers: &[Answer], page: &Page) -> String {
    let heading = match answers.len() {
        0 => "No mark could be read".to_owned(),
        1 => "One mark in the picture".to_owned(),
        many => format!("{many} marks in the picture"),
    };
    render(&Scanned {
        page,
        heading,
        hits: answers.iter().map(Hit::of).collect(),
    })
}

/// A page for what went wrong: what happened, and what to do now.
pub fn problem(status: u16, title: &str, detail: &str, advice: &str) -> String {
    render(&Problem {
        status,
        title,
        detail,
        advice,
    })
}

/// Renders into memory.
fn render(template: &impl Template) -> String {
    template
        .render()
        .expect("no field of a page fails to display, and memory takes every write")
}

#[derive(Template)]
#[template(path = "home.html")]
struct Home<'a> {
    page: &'a Page,
    size: String,
    root: Option<String>,
}

#[derive(Template)]
#[template(path = "scan.html")]
struct Scan;

#[derive(Template)]
#[template(path = "scanned.html")]
struct Scanned<'a> {
    page: &'a Page,
    heading: String,
    hits: Vec<Hit>,
}

/// One mark in a picture.
struct Hit {
    verdict: Look,
    mark: String,
    grouped: String,
    name: String,
    why: String,
}

impl Hit {
    fn of(answer: &Answer) -> Hit {
        Hit {
            verdict: Look::of(answer.verdict),
            mark: answer.mark.to_string(),
            grouped: answer.mark.grouped(),
            name: verdict::name(answer),
            why: verdict::why(answer).title,
        }
    }
}

#[derive(Template)]
#[template(path = "problem.html")]
struct Problem<'a> {
    status: u16,
    title: &'a str,
    detail: &'a str,
    advice: &'a str,
}
