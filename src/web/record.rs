//! The page behind a mark.
//!
//! Owns the order of that page: the answer, what the viewer can do, which part it is, its life newest first, and
//! what all this rests on. Must never decide or hide anything: what a viewer may not see is gone from the answer.

use super::verdict::{self, Look, Why};
use super::words::{self, Stamp};
use super::{Page, render};
use askama::Template;
use std::collections::BTreeMap;
use threadmark_protocol::answer::{Answer, Face, Reason, Step};
use threadmark_protocol::body::governance::Holder;
use threadmark_protocol::code::Code;
use threadmark_protocol::key::KeyLevel;
use threadmark_protocol::life::{Component, Place};
use threadmark_protocol::text::{Line, OrgId};

/// From this many seconds between signing and logging on, the page says that a statement came late.
const LATE_S: i64 = 3600;

/// The page that `GET /m/{mark}` answers with.
pub fn record(answer: &Answer, page: &Page) -> String {
    let (all, logged) = statements(&answer.life);
    let face = answer.part.as_ref();
    let names = names(&answer.life);
    let mut reasons = answer.reasons.iter().map(ReasonView::of);
    let first = reasons.next();
    render(&Record {
        page,
        answer,
        verdict: Look::of(answer.verdict),
        why: verdict::why(answer),
        first,
        also: words::plural(reasons.len() as u64, "further reason"),
        reasons: reasons.collect(),
        age: Age::of(answer),
        pending: words::plural(all - logged, "statement"),
        mark: answer.mark.to_string(),
        grouped: answer.mark.grouped(),
        name: verdict::name(answer),
        number: face.and_then(number_and_revision),
        pairs: face.map_or_else(Vec::new, |face| pairs(face, &names)),
        steps: answer.life.iter().rev().map(StepView::of).collect(),
        signed: signed(all, logged),
        size: words::count(page.log_size),
        witnessed: page.witnessed_size.map(words::count),
        root: page.root.as_ref().map(words::short),
        asked: words::stamp(answer.now),
        script: super::frame::SCRIPT,
    })
}

/// How many statements a life has, and how many of them are logged.
fn statements(life: &[Step]) -> (u64, u64) {
    let logged = life.iter().filter(|step| step.index.is_some()).count();
    (life.len() as u64, logged as u64)
}

/// What the answer rests on, in words.
fn signed(all: u64, logged: u64) -> String {
    match all {
        0 => "none".to_owned(),
        _ => format!(
            "{} signed, {} of them logged",
            words::count(all),
            words::count(logged)
        ),
    }
}

#[derive(Template)]
#[template(path = "record.html")]
struct Record<'a> {
    page: &'a Page,
    answer: &'a Answer,
    verdict: Look,
    why: Why,
    first: Option<ReasonView<'a>>,
    also: String,
    reasons: Vec<ReasonView<'a>>,
    age: Option<Age>,
    pending: String,
    mark: String,
    grouped: String,
    name: String,
    number: Option<String>,
    pairs: Vec<Pair>,
    steps: Vec<StepView<'a>>,
    signed: String,
    size: String,
    witnessed: Option<String>,
    root: Option<String>,
    asked: Stamp,
    /// In every page of a record, so that its hash is one.
    script: &'static str,
}

/// How old the knowledge is.
struct Age {
    words: String,
    as_of: Stamp,
}

impl Age {
    fn of(answer: &Answer) -> Option<Age> {
        let (as_of, age) = answer.as_of.zip(answer.age_s)?;
        Some(Age {
            words: format!("{} old", words::span(age)),
            as_of: words::stamp(as_of),
        })
    }
}

/// A reason with everything that this viewer sees of it.
struct ReasonView<'a> {
    title: &'a str,
    advice: &'a str,
    code: Code,
    hold: Option<&'static str>,
    subject: Option<&'a str>,
    detail: Option<&'a str>,
}

impl ReasonView<'_> {
    fn of(reason: &Reason) -> ReasonView<'_> {
        ReasonView {
            title: &reason.title,
            advice: &reason.advice,
            code: reason.code,
            hold: reason.hold.map(words::hold),
            subject: reason.subject.as_ref().map(|subject| subject.as_str()),
            detail: reason.detail.as_deref(),
        }
    }
}

/// One statement in the life.
struct StepView<'a> {
    title: &'a str,
    detail: Option<&'a str>,
    at: Stamp,
    org: &'a str,
    signer: &'static str,
    actor: Option<&'a str>,
    is_machine: bool,
    key: &'static str,
    is_hardware: bool,
    late: Option<String>,
    entry: Option<String>,
    statement: String,
    short: String,
    findings: Vec<Finding>,
}

impl StepView<'_> {
    fn of(step: &Step) -> StepView<'_> {
        let name = step.org_name.as_ref().map(|name| name.as_str());
        StepView {
            title: &step.title,
            detail: step.detail.as_deref(),
            at: words::stamp(step.at),
            org: name.unwrap_or(step.org.as_str()),
            signer: words::holder(step.signed_by),
            actor: step.actor.as_ref().map(|actor| actor.as_str()),
            is_machine: step.signed_by == Some(Holder::Machine),
            key: words::key(step.key_level),
            is_hardware: step.key_level == Some(KeyLevel::AttestedHardware),
            late: late(step),
            entry: step.index.map(words::count),
            statement: step.statement.to_hex(),
            short: words::short(&step.statement),
            findings: step.findings.iter().copied().map(Finding::of).collect(),
        }
    }
}

/// How much later than its time a statement reached the log, where that is worth a word.
fn late(step: &Step) -> Option<String> {
    let behind = step.logged_at?.checked_sub(step.at)?;
    let behind = (behind >= LATE_S).then_some(behind.unsigned_abs())?;
    Some(format!("delivered {} later", words::span(behind)))
}

/// What was found about a statement.
struct Finding {
    title: &'static str,
    advice: &'static str,
    code: &'static str,
}

impl Finding {
    fn of(code: Code) -> Finding {
        Finding {
            title: code.title(),
            advice: code.advice(),
            code: code.name(),
        }
    }
}

/// A line in the description of the part.
pub(crate) struct Pair {
    /// What it is.
    pub label: &'static str,
    /// What is so.
    pub value: String,
    /// Beside it, in softer words.
    pub more: Option<String>,
    /// An identifier.
    pub mono: bool,
}

impl Pair {
    /// A line of these words.
    pub fn new(label: &'static str, value: impl ToString) -> Pair {
        Pair {
            label,
            value: value.to_string(),
            more: None,
            mono: false,
        }
    }

    /// Its value is an identifier.
    pub fn mono(self) -> Pair {
        Pair { mono: true, ..self }
    }
}

/// The names of organisations, as their statements in the life carry them.
pub(crate) fn names(life: &[Step]) -> BTreeMap<&OrgId, &str> {
    life.iter()
        .filter_map(|step| Some((&step.org, step.org_name.as_ref()?.as_str())))
        .collect()
}

/// An organisation by its name, with its id beside it.
fn org(label: &'static str, id: &OrgId, names: &BTreeMap<&OrgId, &str>) -> Pair {
    match names.get(id) {
        Some(name) if *name != id.as_str() => Pair {
            more: Some(id.to_string()),
            ..Pair::new(label, name)
        },
        _ => Pair::new(label, id),
    }
}

/// As it stands on drawings.
pub(crate) fn number_and_revision(face: &Face) -> Option<String> {
    let number = face.part_number.as_ref()?;
    Some(match &face.revision {
        Some(revision) => format!("{number} rev {revision}"),
        None => number.to_string(),
    })
}

/// Everything known of the part, in the order in which a person compares it with the piece.
pub(crate) fn pairs(face: &Face, names: &BTreeMap<&OrgId, &str>) -> Vec<Pair> {
    let by = |label, id: &Option<OrgId>| id.as_ref().map(|id| org(label, id, names));
    let subject = face.part.as_ref();
    let who = [
        by("Design", &face.design_authority),
        by("Printed by", &face.maker),
        by("Custody", &face.custodian),
        subject.map(|subject| Pair::new("Subject", subject).mono()),
    ];
    let inside = face.contains.iter().map(contained);
    let all = identity(face)
        .into_iter()
        .chain(use_of(face))
        .chain(who)
        .chain(inside);
    all.flatten().collect()
}

/// A part of this assembly.
fn contained(part: &Component) -> Option<Pair> {
    let name = match part.mark {
        Some(mark) => mark.grouped(),
        None => part.part.to_string(),
    };
    Some(Pair::new("Contains", format!("{name}, {}", part.position)).mono())
}

fn identity(face: &Face) -> [Option<Pair>; 10] {
    let line = |label, text: &Option<Line>| text.as_ref().map(|text| Pair::new(label, text));
    let unit = |(unit, of)| Pair::new("Unit", format!("{unit} of {of} licensed"));
    let place = |at: &Place| Pair::new("Installed in", at);
    [
        line("Part number", &face.part_number).map(Pair::mono),
        line("Revision", &face.revision),
        Some(Pair::new("Mark", face.mark.grouped()).mono()),
        face.replaced_by
            .map(|newest| Pair::new("Replaced by mark", newest.grouped()).mono()),
        Some(Pair::new("Stage", words::phase(face.phase))),
        face.installed.as_ref().map(place),
        face.class
            .map(|class| Pair::new("Class", words::class(class))),
        line("Material", &face.material),
        line("Material lot", &face.lot_number).map(Pair::mono),
        face.unit.map(unit),
    ]
}

/// What it has been through and how much of its life is left.
fn use_of(face: &Face) -> [Option<Pair>; 2] {
    let used = face.used.map(|used| {
        let peak = used.peak_milli_g.map(|peak| {
            let (whole, part) = (peak / 1000, peak % 1000);
            format!("hardest landing {whole}.{part:03} g")
        });
        let counts = [
            Some(words::hours(used.duration_s)),
            Some(words::plural(used.cycles, "cycle")),
            Some(words::plural(used.landings, "landing")),
            peak,
        ];
        let counts: Vec<_> = counts.into_iter().flatten().collect();
        Pair::new("Used", counts.join(", "))
    });
    let left = face.life_left.map(|left| {
        let counts = [
            left.duration_s.map(words::hours),
            left.cycles.map(|cycles| words::plural(cycles, "cycle")),
            left.landings
                .map(|landings| words::plural(landings, "landing")),
        ];
        let counts: Vec<_> = counts.into_iter().flatten().collect();
        let ends = left.ends_at.map(|at| {
            let day = words::stamp(at).day;
            format!("until about {day} at the present rate")
        });
        Pair {
            more: ends,
            ..Pair::new("Left of its life", counts.join(", "))
        }
    });
    [used, left]
}
