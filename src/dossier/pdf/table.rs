//! Tables over the width of the page.
//!
//! Owns that a row does not break, and that the titles stand again at the top of a further page. Must never know what a cell
//! says.

use super::face::Face;
use super::flow::{Flow, Style, wrap_within};
use super::sheet::{INK, Kind, LEFT, LINE, RIGHT, SOFT, Segment};
use super::style;

/// Of cells.
pub const CELL: Style = style(Face::Regular, 7.5, 9.8, INK);
const HEAD: Style = style(Face::Bold, 7.5, 9.8, SOFT);
const PAD: f32 = 4.0;
/// Most lines of a cell: less than a page.
const CELL_LINES_MAX: usize = 60;
/// So much of a table stands together with its titles.
const START: f32 = 60.0;

/// A column.
pub struct Column {
    title: &'static str,
    width: f32,
    style: Style,
}

/// A column of this width in points.
pub const fn column(title: &'static str, width: f32, style: Style) -> Column {
    Column {
        title,
        width,
        style,
    }
}

/// A table of these rows.
pub fn table(flow: &mut Flow, columns: &[Column], rows: &[Vec<String>]) {
    flow.element(Kind::Table, |flow| {
        flow.room(START);
        flow.element(Kind::Row, |flow| titles(flow, columns, true));
        for cells in rows {
            if flow.room(height(columns, cells)) {
                titles(flow, columns, false);
            }
            row(flow, columns, cells);
        }
    });
    flow.y += 6.0;
}

/// The titles; who goes through the table cell by cell has heard them the first time.
fn titles(flow: &mut Flow, columns: &[Column], are_new: bool) {
    let (mut x, baseline) = (LEFT, flow.y + HEAD.lead - 1.0);
    for column in columns {
        match are_new {
            true => flow.element(Kind::Head, |flow| {
                flow.label(x, baseline, HEAD, column.title)
            }),
            false => flow.label_again(x, baseline, HEAD, column.title),
        }
        x += column.width;
    }
    flow.y += HEAD.lead + 4.0;
    rule(flow);
}

fn row(flow: &mut Flow, columns: &[Column], cells: &[String]) {
    let top = flow.y;
    flow.element(Kind::Row, |flow| {
        let mut x = LEFT;
        for (column, text) in columns.iter().zip(cells) {
            let style = column.style;
            flow.element(Kind::Cell, |flow| {
                let mut baseline = top - 1.0;
                for line in wrap_within(style, column.width - PAD, text, CELL_LINES_MAX) {
                    baseline += style.lead;
                    flow.line(x, baseline, style, line);
                }
            });
            x += column.width;
        }
    });
    flow.y = top + height(columns, cells);
    rule(flow);
}

fn height(columns: &[Column], cells: &[String]) -> f32 {
    let heights = columns.iter().zip(cells).map(|(column, text)| {
        let lines = wrap_within(column.style, column.width - PAD, text, CELL_LINES_MAX);
        column.style.lead * lines.len() as f32
    });
    heights.fold(0.0, f32::max) + 4.0
}

fn rule(flow: &mut Flow) {
    let rule = vec![Segment::Move(LEFT, flow.y), Segment::Line(RIGHT, flow.y)];
    flow.decorate(rule, None, Some((LINE, 0.5)));
}
