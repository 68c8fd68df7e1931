//! The report as a document for people.
//!
//! Owns the order of its sections, its styles, and what stands at the head and the foot of each page. Must never know what the
//! words mean: what is told is `report`'s.

mod cover;
mod draw;
mod drawing;
mod face;
mod flow;
mod life;
mod lists;
mod shapes;
mod sheet;
mod table;
#[cfg(test)]
mod tests;

pub use draw::Unwritable;

use super::index::program;
use super::report::Report;
use face::{Face, width};
use flow::{Flow, Style};
use sheet::{BOTTOM, Drawn, INK, Ink, Item, LEFT, LINE, RIGHT, SOFT, STEEL, Segment, Sheets, TOP};
use threadmark_protocol::answer::Verdict;

const fn style(face: Face, size: f32, lead: f32, ink: Ink) -> Style {
    Style {
        face,
        size,
        lead,
        ink,
    }
}

const TITLE: Style = style(Face::Bold, 20.0, 26.0, INK);
const HEADING: Style = style(Face::Bold, 13.0, 19.0, STEEL);
const BODY: Style = style(Face::Regular, 9.5, 13.5, INK);
const STRONG: Style = style(Face::Bold, 9.5, 13.5, INK);
const SMALL: Style = style(Face::Regular, 8.0, 11.0, SOFT);
const MONO: Style = style(Face::Mono, 8.5, 12.5, INK);
const TINY: Style = style(Face::Mono, 7.0, 9.5, SOFT);

/// Fill and tint of an answer.
fn tones(verdict: Verdict) -> (Ink, Ink) {
    match verdict {
        Verdict::EligibleByRecord => ([0x0c, 0x5f, 0x37], [0xe3, 0xf1, 0xe8]),
        Verdict::RecordFound => (sheet::STEEL, sheet::STEEL_SOFT),
        Verdict::DoNotInstall => (sheet::STOP, sheet::STOP_TINT),
        Verdict::CannotDetermine => ([0x7a, 0x47, 0x00], [0xfb, 0xee, 0xd5]),
    }
}

/// The document. Equal reports give equal bytes.
///
/// # Errors
/// [`Unwritable`].
pub fn of(report: &Report) -> Result<Vec<u8>, Unwritable> {
    let about = draw::About {
        title: report.title(),
        description: format!(
            "{}: what the record says, and what it rests on",
            report.look.words
        ),
        producer: program(),
        made_at: report.made_at,
        id: report.foot.clone(),
    };
    draw::draw(&lay_out(report), &about)
}

fn lay_out(report: &Report) -> Sheets {
    let mut flow = Flow::new();
    cover::write(&mut flow, report);
    flow.next_page();
    life::write(&mut flow, report);
    drawing::write(&mut flow, &report.genealogy);
    lists::form(&mut flow, report);
    lists::signatures(&mut flow, report);
    lists::papers(&mut flow, report);
    lists::withheld(&mut flow, report);
    lists::how_to_check(&mut flow, report);
    let mut sheets = flow.finish();
    frame(&mut sheets, report);
    sheets
}

/// Head and foot of every page, which say nothing that does not stand elsewhere.
fn frame(sheets: &mut Sheets, report: &Report) {
    let pages = sheets.pages.len();
    let (fill, _) = tones(report.answer.verdict);
    let head = style(Face::Bold, 7.5, 10.0, fill);
    let foot = style(Face::Regular, 7.5, 10.0, SOFT);
    for (at, items) in sheets.pages.iter_mut().enumerate() {
        let mut say = |x: f32, y: f32, style: Style, text: &str, to_the_right: bool| {
            let glyphs = style.face.set(text);
            let x = if to_the_right {
                x - width(&glyphs, style.size)
            } else {
                x
            };
            let drawn = Drawn::Text {
                at: (x, y),
                glyphs,
                size: style.size,
                ink: style.ink,
            };
            items.push(Item { of: None, drawn });
        };
        say(
            LEFT,
            TOP - 22.0,
            style(Face::Bold, 7.5, 10.0, STEEL),
            "THREADMARK DOSSIER",
            false,
        );
        if at > 0 {
            say(RIGHT, TOP - 22.0, head, report.look.words, true);
        }
        say(LEFT, BOTTOM + 22.0, foot, &report.foot, false);
        let number = format!("Page {} of {pages}", at + 1);
        say(RIGHT, BOTTOM + 22.0, foot, &number, true);
        for y in [TOP - 16.0, BOTTOM + 11.0] {
            items.push(Item {
                of: None,
                drawn: Drawn::Shape {
                    outline: vec![Segment::Move(LEFT, y), Segment::Line(RIGHT, y)],
                    fill: None,
                    pen: Some((LINE, 0.75)),
                },
            });
        }
    }
}
