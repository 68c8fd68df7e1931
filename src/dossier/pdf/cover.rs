//! The first page: the answer, which part it is, what speaks against it, what all this rests on.
//!
//! Owns the order of that page, which is the order of the page behind a mark. Must never weigh anything.

use super::face::{Glyph, width};
use super::flow::{Flow, Style, wrap};
use super::sheet::{Drawn, Kind, LEFT, PAPER, RIGHT, SOFT, WIDTH, rectangle};
use super::{BODY, HEADING, MONO, SMALL, STRONG, TITLE, shapes, style, tones};
use crate::dossier::pdf::face::Face;
use crate::dossier::report::Report;
use crate::web::{Pair, number_and_revision};
use threadmark_protocol::answer::Reason;

const BAND: f32 = 66.0;
const PAD: f32 = 14.0;
const GAP: f32 = 5.0;
const SHAPE: f32 = 40.0;
const SYMBOL: f32 = 124.0;
const LABEL: f32 = 86.0;
const WORDS: Style = style(Face::Bold, 25.0, 30.0, PAPER);
const WHY: Style = style(Face::Bold, 11.0, 15.0, super::INK);

/// Writes it.
pub fn write(flow: &mut Flow, report: &Report) {
    flow.heading(1, TITLE, &report.name, 0.0);
    flow.element(Kind::Paragraph, |flow| {
        let face = report.answer.part.as_ref();
        let number = face.and_then(number_and_revision);
        let number = number.map(|number| format!("{number} · "));
        let number = number.unwrap_or_default();
        let line = format!("{number}mark {}", report.grouped);
        flow.text(LEFT, WIDTH, BODY.ink(SOFT), &line);
    });
    flow.y += 10.0;
    answer(flow, report);
    flow.y += 16.0;
    part(flow, report);
    reasons(flow, &report.reasons);
    flow.heading(2, HEADING, "What this rests on", 60.0);
    flow.y += 2.0;
    pairs(flow, &report.basis, WIDTH);
    flow.y += 8.0;
    flow.paragraph(
        SMALL,
        "What it does not prove. A code can be copied from one part to another: the record shows what was signed about this \
         mark, not that the piece in the hand is the one that was marked. That the log's index of statements hides nothing \
         is for those to find who replay the whole log. The answer never authorises an installation; a person does.",
    );
}

/// The band, and why under it.
fn answer(flow: &mut Flow, report: &Report) {
    let (fill, tint) = tones(report.answer.verdict);
    let column = WIDTH - 2.0 * PAD;
    let why = wrap(WHY, column, &report.why.title);
    let advice = wrap(BODY, column, &report.why.advice);
    let first = report.answer.reasons.first().map(of_reason);
    let mut facts: Vec<_> = first.into_iter().chain(report.facts.clone()).collect();
    if report.answer.provisional {
        facts.push("Provisional: it leans on statements that are not logged yet".to_owned());
    }
    let facts: Vec<_> = facts
        .iter()
        .flat_map(|fact| wrap(SMALL, column, fact))
        .collect();
    let height = why.len() as f32 * WHY.lead
        + advice.len() as f32 * BODY.lead
        + facts.len() as f32 * SMALL.lead;
    let height = height + 2.0 * PAD + 2.0 + GAP;
    flow.room(BAND + height);
    let top = flow.y;
    flow.decorate(rectangle(LEFT, top, WIDTH, BAND), Some(fill), None);
    flow.decorate(rectangle(LEFT, top + BAND, WIDTH, height), Some(tint), None);
    let (x, y) = (LEFT + PAD, top + (BAND - SHAPE) / 2.0);
    for (outline, pen) in shapes::of(report.look.shape, x, y, SHAPE) {
        flow.decorate(outline, None, Some((PAPER, pen)));
    }
    flow.element(Kind::Heading(2, report.look.words.to_owned()), |flow| {
        flow.label(
            x + SHAPE + PAD,
            top + BAND / 2.0 + 9.0,
            WORDS,
            report.look.words,
        );
    });
    flow.y = top + BAND + PAD - 2.0;
    lines(flow, WHY, why);
    lines(flow, BODY, advice);
    flow.y += GAP;
    lines(flow, SMALL.ink(super::INK), facts);
    flow.y = top + BAND + height;
}

/// Lines that are set already, as one paragraph.
fn lines(flow: &mut Flow, style: Style, lines: Vec<Vec<Glyph>>) {
    flow.element(Kind::Paragraph, |flow| {
        for line in lines {
            flow.y += style.lead;
            let baseline = flow.y - (style.lead - style.size) * 0.6;
            flow.line(LEFT + PAD, baseline, style, line);
        }
    });
}

/// Where a reason hangs, and what was said.
fn of_reason(reason: &Reason) -> String {
    let said = reason.detail.as_ref().map(|detail| format!("“{detail}”"));
    let subject = reason
        .subject
        .as_ref()
        .map(|subject| format!("on {subject}"));
    let hold = reason
        .hold
        .map(|hold| format!("hold: {}", crate::web::words::hold(hold)));
    let code = Some(format!("code {}", reason.code));
    let all: Vec<_> = [said, subject, hold, code].into_iter().flatten().collect();
    all.join(" · ")
}

fn part(flow: &mut Flow, report: &Report) {
    let top = flow.y;
    let symbol_x = RIGHT - SYMBOL;
    let mark = report.answer.mark.to_string();
    let symbol = shapes::symbol(&mark, &report.host, symbol_x, top, SYMBOL);
    if let Some(outline) = symbol {
        let shows = format!("The mark {} as a QR code", report.grouped);
        flow.element(Kind::Figure(shows), |flow| {
            flow.draw(Drawn::Shape {
                outline,
                fill: Some(super::INK),
                pen: None,
            });
        });
        let caption = MONO.face.set(&report.grouped);
        let x = symbol_x + (SYMBOL - width(&caption, MONO.size)) / 2.0;
        flow.element(Kind::Paragraph, |flow| {
            flow.line(x, top + SYMBOL + 6.0, MONO, caption)
        });
    }
    if report.part.is_empty() {
        flow.element(Kind::Paragraph, |flow| {
            let text = "Nothing is recorded of a part with this mark.";
            flow.text(LEFT, WIDTH - SYMBOL - PAD, BODY, text);
        });
    }
    pairs(flow, &report.part, WIDTH - SYMBOL - PAD);
    if flow.page() == 0 {
        flow.y = flow.y.max(top + SYMBOL + 12.0);
    }
    flow.y += 14.0;
}

/// Names and values in two columns.
fn pairs(flow: &mut Flow, pairs: &[Pair], column: f32) {
    for pair in pairs {
        flow.element(Kind::Paragraph, |flow| {
            let style = if pair.mono { MONO } else { BODY };
            flow.room(BODY.lead);
            let label = BODY.ink(SOFT);
            flow.label(LEFT, flow.y + 11.1, label, pair.label);
            flow.text(
                LEFT + LABEL,
                column - LABEL,
                Style {
                    lead: BODY.lead,
                    ..style
                },
                &pair.value,
            );
            if let Some(more) = &pair.more {
                flow.text(LEFT + LABEL, column - LABEL, SMALL, more);
            }
        });
    }
}

fn reasons(flow: &mut Flow, reasons: &[Reason]) {
    if reasons.is_empty() {
        return;
    }
    flow.heading(2, HEADING, "What else speaks against it", 50.0);
    for reason in reasons {
        flow.element(Kind::Paragraph, |flow| {
            flow.text(LEFT, WIDTH, STRONG, &reason.title);
            flow.text(LEFT, WIDTH, BODY, &reason.advice);
            flow.text(LEFT, WIDTH, SMALL, &of_reason(reason));
        });
        flow.y += 4.0;
    }
    flow.y += 8.0;
}
