//! Owns: asking `rqrr` for QR codes. Must never know: what catches its panics.

use super::{Found, Modules, Search, Symbology};
use crate::read::budget::{Budgeted, Work};
use crate::read::grey::Grey;
use rqrr::BitGrid;

pub(super) fn codes(grey: &Grey, work: &Work) -> Search {
    let mut prepared = rqrr::PreparedImage::prepare(Budgeted::of(grey, work));
    let grids = prepared.detect_grids();
    let unread_module_px = grids.first().map(|grid| {
        let [a, b, ..] = grid.bounds.map(|p| [p.x as f32, p.y as f32]);
        (a[0] - b[0]).hypot(a[1] - b[1]) / grid.grid.size() as f32
    });
    let codes: Vec<Found> = grids.iter().filter_map(code).collect();
    Search {
        unread_module_px: unread_module_px.filter(|_| codes.is_empty()),
        codes,
    }
}

fn code(grid: &rqrr::Grid<impl BitGrid>) -> Option<Found> {
    let (_, text) = grid.decode().ok()?;
    let width = grid.grid.size();
    let dark = (0..width * width).map(|i| grid.grid.bit(i / width, i % width));
    Some(Found {
        text,
        symbology: Symbology::Qr,
        corners: grid.bounds.map(|p| [p.x as f32, p.y as f32]),
        modules: Modules {
            width,
            dark: dark.collect(),
        },
    })
}
