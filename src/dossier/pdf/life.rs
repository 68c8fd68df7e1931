//! The life of the part as a timeline, oldest first.
//!
//! Owns how a step looks: when on the left, what on the right, the rail between. Must never know what a step means.

use super::flow::Flow;
use super::sheet::{BOTTOM, Kind, LEFT, PAPER, RAIL, RIGHT, STEEL, STOP, Segment, TOP, circle};
use super::{BODY, HEADING, SMALL, STRONG, TINY};
use crate::dossier::report::Report;
use crate::web::words;
use threadmark_protocol::answer::Step;
use threadmark_protocol::key::KeyLevel;

const RAIL_X: f32 = LEFT + 92.0;
const TEXT_X: f32 = RAIL_X + 16.0;
const TEXT: f32 = RIGHT - TEXT_X;
/// What of a step stands together: when, what, by whom.
const STEP: f32 = 42.0;

/// Writes it.
pub fn write(flow: &mut Flow, report: &Report) {
    flow.heading(2, HEADING, "The life of the part, oldest first", 90.0);
    if report.life.is_empty() {
        flow.paragraph(BODY, "Nothing is recorded.");
    } else {
        flow.paragraph(
            SMALL,
            "Times are those that the signer gave. Each step stands in the log under the number of its entry; its text, its \
             envelope and the log's receipt are files of this dossier under that number.",
        );
    }
    flow.y += 6.0;
    for (at, one) in report.life.iter().enumerate() {
        let is_last = at + 1 == report.life.len();
        flow.room(STEP);
        let (page, top) = (flow.page(), flow.y);
        flow.element(Kind::Paragraph, |flow| step(flow, one));
        flow.y += 7.0;
        rail(flow, (page, top), is_last, !one.findings.is_empty());
    }
    flow.y += 10.0;
}

fn step(flow: &mut Flow, step: &Step) {
    let stamp = words::stamp(step.at);
    let top = flow.y;
    flow.label(LEFT, top + 11.1, STRONG, &stamp.day);
    flow.label(LEFT, top + 22.5, SMALL, &stamp.clock);
    flow.text(TEXT_X, TEXT, STRONG, &step.title);
    if let Some(detail) = &step.detail {
        flow.text(TEXT_X, TEXT, BODY, detail);
    }
    flow.text(TEXT_X, TEXT, SMALL, &by(step));
    for finding in &step.findings {
        let text = format!("! {} ({})", finding.title(), finding.name());
        flow.text(TEXT_X, TEXT, SMALL.ink(STOP), &text);
    }
    flow.text(TEXT_X, TEXT, TINY, &place(step));
}

/// Who signed, and how the key is kept.
fn by(step: &Step) -> String {
    let org = words::organisation(&step.org, step.org_name.as_ref());
    let actor = step.actor.as_ref().map(|actor| format!(", {actor}"));
    let holder = words::holder(step.signed_by);
    let key = words::key(step.key_level);
    format!("{org}{}: {holder}, {key}", actor.unwrap_or_default())
}

/// Where its proof is.
fn place(step: &Step) -> String {
    let entry = match step.index {
        Some(index) => format!("entry {index}"),
        None => "not logged yet".to_owned(),
    };
    let logged = step.logged_at.map(words::stamp);
    let logged = logged.map(|stamp| format!(", logged {} {}", stamp.day, stamp.clock));
    let statement = words::short(&step.statement);
    let strong = match step.key_level {
        Some(KeyLevel::AttestedHardware) => ", key in attested hardware",
        _ => "",
    };
    format!(
        "{entry}{} · statement {statement} …{strong}",
        logged.unwrap_or_default()
    )
}

/// The rail beside a step that began there, with its dot; it goes on to the next step.
fn rail(flow: &mut Flow, (page, top): (usize, f32), is_last: bool, is_found: bool) {
    let dot = top + 6.5;
    let end = if is_last { dot } else { flow.y };
    for at in page..=flow.page() {
        let from = if at == page { dot } else { TOP };
        let to = match at == flow.page() {
            true => end,
            false => BOTTOM,
        };
        if to > from && !(is_last && at > page) {
            let outline = vec![Segment::Move(RAIL_X, from), Segment::Line(RAIL_X, to)];
            flow.decorate_on(at, outline, None, Some((RAIL, 1.5)));
        }
    }
    let ink = if is_found { STOP } else { STEEL };
    flow.decorate_on(
        page,
        circle(RAIL_X, dot, 3.2),
        Some(PAPER),
        Some((ink, 1.8)),
    );
}
