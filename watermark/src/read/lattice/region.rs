//! Owns: where in a picture there may be relief of modules, as quadrilaterals. Must never know: symbols.
//!
//! A mark is a patch of pits close together on an even face. So dark pixels are gathered that are near each other, and
//! the smallest quadrilateral around them is taken.

use super::shade::FACE;
use crate::read::grey::Grey;
use crate::read::plane::Point;

/// Side of a cell, in pixels.
const CELL: usize = 8;
/// Pixels of a cell that must be dark.
const DARK_PIXELS: usize = 6;
/// Cells that are this far apart belong together.
const REACH: usize = 2;
/// Fewer cells show no mark.
const MIN_CELLS: usize = 40;
/// Directions in which a patch is measured, in a full turn.
const DIRECTIONS: usize = 360;

/// Around each patch of pixels that are darker than the face by `percent`, the largest first.
pub(super) fn quads(share: &Grey, percent: u32) -> Vec<[Point; 4]> {
    let limit = (u32::from(FACE) * (100 - percent) / 100) as u8;
    let mut patches = Cells::of(share, limit).patches();
    patches.sort_by_key(|patch| std::cmp::Reverse(patch.len()));
    let around = |patch: &Vec<usize>| quad(&outline(share, limit, patch));
    patches.iter().filter_map(around).collect()
}

struct Cells {
    columns: usize,
    is_dark: Vec<bool>,
}

impl Cells {
    fn of(share: &Grey, limit: u8) -> Self {
        let (columns, rows) = (share.width() / CELL, share.height() / CELL);
        let mut is_dark = Vec::with_capacity(columns * rows);
        for row in 0..rows {
            let mut counts = vec![0; columns];
            for y in row * CELL..(row + 1) * CELL {
                let cells = share.row(y).chunks_exact(CELL).zip(&mut counts);
                cells.for_each(|(cell, count)| {
                    *count += cell.iter().filter(|&&p| p < limit).count()
                });
            }
            is_dark.extend(counts.iter().map(|&count| count >= DARK_PIXELS));
        }
        Self { columns, is_dark }
    }

    /// Cells that belong together.
    fn patches(mut self) -> Vec<Vec<usize>> {
        let mut patches = Vec::new();
        for start in 0..self.is_dark.len() {
            if !self.is_dark[start] {
                continue;
            }
            self.is_dark[start] = false;
            let mut patch = vec![start];
            let mut done = 0;
            while done < patch.len() {
                self.take_around(patch[done], &mut patch);
                done += 1;
            }
            if patch.len() >= MIN_CELLS {
                patches.push(patch);
            }
        }
        patches
    }

    fn take_around(&mut self, cell: usize, patch: &mut Vec<usize>) {
        let (column, row) = (cell % self.columns, cell / self.columns);
        let rows = self.is_dark.len() / self.columns;
        for y in row.saturating_sub(REACH)..(row + REACH + 1).min(rows) {
            for x in column.saturating_sub(REACH)..(column + REACH + 1).min(self.columns) {
                let beside = y * self.columns + x;
                if std::mem::take(&mut self.is_dark[beside]) {
                    patch.push(beside);
                }
            }
        }
    }
}

/// Dark pixels of a patch that have none to their left or none to their right in their cell.
fn outline(share: &Grey, limit: u8, patch: &[usize]) -> Vec<Point> {
    let columns = share.width() / CELL;
    let mut points = Vec::new();
    for cell in patch {
        let (left, top) = (cell % columns * CELL, cell / columns * CELL);
        for y in top..top + CELL {
            let row = &share.row(y)[left..left + CELL];
            let dark = |pixel: &u8| *pixel < limit;
            if let (Some(first), Some(last)) =
                (row.iter().position(dark), row.iter().rposition(dark))
            {
                points.push([(left + first) as f32, y as f32 + 0.5]);
                points.push([(left + last) as f32 + 1.0, y as f32 + 0.5]);
            }
        }
    }
    points
}

/// How far a patch reaches in each direction.
struct Reach(Vec<f32>);

impl Reach {
    fn of(points: &[Point]) -> Self {
        let far = |i: usize| {
            let [x, y] = facing(i);
            let along = points.iter().map(|p| p[0] * x + p[1] * y);
            along.fold(f32::NEG_INFINITY, f32::max)
        };
        Self((0..DIRECTIONS).map(far).collect())
    }

    /// Where two sides meet that look in these directions. `None` where they are nearly parallel.
    fn corner(&self, one: usize, other: usize) -> Option<Point> {
        let ([a, b], [c, d]) = (facing(one), facing(other));
        let area = a * d - b * c;
        let (e, f) = (self.0[one % DIRECTIONS], self.0[other % DIRECTIONS]);
        (area > 0.4).then(|| [(e * d - f * b) / area, (a * f - c * e) / area])
    }

    /// The corners of the quadrilateral whose sides look in these directions.
    fn around(&self, sides: [usize; 4]) -> Option<[Point; 4]> {
        let [a, b, c, d] = sides;
        Some([
            self.corner(d, a)?,
            self.corner(a, b)?,
            self.corner(b, c)?,
            self.corner(c, d)?,
        ])
    }
}

fn facing(direction: usize) -> Point {
    let angle = std::f32::consts::TAU * (direction % DIRECTIONS) as f32 / DIRECTIONS as f32;
    [angle.cos(), angle.sin()]
}

pub(super) fn area(corners: &[Point; 4]) -> f32 {
    let cross = |i: usize| {
        let (a, b) = (corners[i], corners[(i + 1) % 4]);
        a[0] * b[1] - a[1] * b[0]
    };
    (0..4).map(cross).sum::<f32>() / 2.0
}

/// The smallest quadrilateral around the points.
fn quad(points: &[Point]) -> Option<[Point; 4]> {
    let reach = Reach::of(&hull(points));
    let size = |sides: [usize; 4]| {
        let corners = reach.around(sides)?;
        let size = area(&corners);
        (size > 0.0).then_some((size, sides))
    };
    let quarter = DIRECTIONS / 4;
    let squares = (0..quarter).map(|i| [0, 1, 2, 3].map(|side| i + side * quarter));
    let smaller = |a: &(f32, [usize; 4]), b: &(f32, [usize; 4])| a.0.total_cmp(&b.0);
    let mut best = squares.filter_map(size).min_by(smaller)?;
    for step in [8, 4, 2, 1] {
        for _ in 0..6 {
            let mut tries = Vec::new();
            for side in 0..4 {
                for turn in [step, DIRECTIONS - step] {
                    let mut sides = best.1;
                    sides[side] = (sides[side] + turn) % DIRECTIONS;
                    tries.extend(size(sides));
                }
            }
            match tries.into_iter().min_by(smaller) {
                Some(better) if better.0 < best.0 => best = better,
                _ => break,
            }
        }
    }
    reach.around(best.1)
}

/// The convex hull, by Andrew's monotone chain.
fn hull(points: &[Point]) -> Vec<Point> {
    let mut sorted = points.to_vec();
    sorted.sort_by(|a, b| a[0].total_cmp(&b[0]).then(a[1].total_cmp(&b[1])));
    let mut hull: Vec<Point> = Vec::new();
    for half in 0..2 {
        let start = hull.len();
        for &p in &sorted {
            while let [.., a, b] = hull[start..] {
                if (b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0]) > 0.0 {
                    break;
                }
                hull.pop();
            }
            hull.push(p);
        }
        hull.pop();
        if half == 0 {
            sorted.reverse();
        }
    }
    hull
}
