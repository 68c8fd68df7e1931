//! The four shapes of the answers, and the mark as a symbol.
//!
//! Owns outlines. Must never know which answer has which shape: its name says it.

use super::sheet::Segment::{self, Close, Line, Move};
use super::sheet::{circle, rectangle};
use threadmark_watermark::symbol::{QUIET_MODULES, Symbol};
use threadmark_watermark::zone::{Manner, Zone};

/// An outline, and how wide the pen is.
pub type Stroked = (Vec<Segment>, f32);

/// Points on a grid of 64.
type Points = &'static [(f32, f32)];

const CHECK: Points = &[(19.0, 33.0), (28.0, 42.0), (46.0, 22.0)];
const SHEET: Points = &[
    (10.0, 4.0),
    (42.0, 4.0),
    (54.0, 16.0),
    (54.0, 60.0),
    (10.0, 60.0),
    (10.0, 4.0),
];
const SHEET_LINES: [Points; 3] = [
    &[(20.0, 26.0), (44.0, 26.0)],
    &[(20.0, 37.0), (44.0, 37.0)],
    &[(20.0, 48.0), (34.0, 48.0)],
];
const OCTAGON: Points = &[
    (20.5, 4.0),
    (43.5, 4.0),
    (60.0, 20.5),
    (60.0, 43.5),
    (43.5, 60.0),
    (20.5, 60.0),
    (4.0, 43.5),
    (4.0, 20.5),
    (20.5, 4.0),
];
const BAR: Points = &[(17.0, 32.0), (47.0, 32.0)];
const TRIANGLE: Points = &[(32.0, 6.0), (60.0, 57.0), (4.0, 57.0), (32.0, 6.0)];
const STROKE: Points = &[(32.0, 24.0), (32.0, 41.0)];
const POINT: Points = &[(32.0, 46.0), (32.0, 52.0)];

/// The shape of this name in a square of this side.
pub fn of(name: &str, x: f32, y: f32, side: f32) -> Vec<Stroked> {
    let unit = side / 64.0;
    let through = |points: Points, width: f32| {
        let mut outline: Vec<_> = points
            .iter()
            .map(|(px, py)| Line(x + px * unit, y + py * unit))
            .collect();
        if let Some(Line(px, py)) = outline.first().copied() {
            outline[0] = Move(px, py);
        }
        if points.first() == points.last() {
            outline.pop();
            outline.push(Close);
        }
        (outline, width * unit)
    };
    match name {
        "circle" => {
            let ring = circle(x + 32.0 * unit, y + 32.0 * unit, 28.0 * unit);
            vec![(ring, 5.0 * unit), through(CHECK, 6.0)]
        }
        "sheet" => {
            let lines = SHEET_LINES.map(|line| through(line, 5.0));
            std::iter::once(through(SHEET, 5.0)).chain(lines).collect()
        }
        "octagon" => vec![through(OCTAGON, 5.0), through(BAR, 9.0)],
        _ => vec![
            through(TRIANGLE, 5.0),
            through(STROKE, 6.0),
            through(POINT, 6.0),
        ],
    }
}

/// A zone of 100 modules: any symbol fits.
const ROOM: Zone = Zone {
    centre_um: [0; 3],
    normal_e6: [0, 0, 1_000_000],
    up_e6: [0, 1_000_000, 0],
    width_um: 100_000,
    height_um: 100_000,
    module_um: 1000,
    depth_um: 1000,
    wall_um: 1000,
    manner: Manner::Recessed,
};

/// The mark as any phone's camera reads it, in a square of this side with its quiet zone; `None` where no host is known.
pub fn symbol(mark: &str, host: &str, x: f32, y: f32, side: f32) -> Option<Vec<Segment>> {
    let symbol = Symbol::fitting(&ROOM, mark, host).ok()?;
    let modules = symbol.size + 2 * QUIET_MODULES;
    let unit = side / modules as f32;
    let mut outline = Vec::new();
    for row in 0..i64::from(symbol.size) {
        let mut column = 0;
        while column < i64::from(symbol.size) {
            let start = column;
            while symbol.dark(column, row) {
                column += 1;
            }
            if column > start {
                let place = |at: i64| (at + i64::from(QUIET_MODULES)) as f32 * unit;
                let length = (column - start) as f32 * unit;
                outline.extend(rectangle(x + place(start), y + place(row), length, unit));
            }
            column += 1;
        }
    }
    Some(outline)
}
