//! Owns: where each module of a symbol is in a picture, as exactly as its known modules tell. Must never know: grades.
//!
//! A reader tells corners to within a module or so, and begins wherever it likes. What every module must be is known by
//! now, so the corners are moved until light and dark differ most.

use crate::read::{Grey, Plane, Point};

/// Samples along a module: of its middle four fifths, as the aperture of ISO/IEC 15415.
const SAMPLES: usize = 5;
const APERTURE: f32 = 0.8;
/// How far corners are moved, in modules: coarse steps first.
const STEPS: [f32; 6] = [1.0, 0.5, 0.25, 0.12, 0.06, 0.03];
/// Rounds over all corners for each step.
const ROUNDS: usize = 4;
/// The symbol is cut into so many squares along a side, to see which of them is off its place.
const PATCHES: usize = 4;
/// How far a square is looked for, in tenths of a module.
const OFF_TENTHS: i32 = 8;

pub(super) struct Net<'a> {
    picture: &'a Grey,
    plane: Plane,
    dark: &'a [bool],
    size: usize,
}

impl<'a> Net<'a> {
    /// `None` where the corners are no quadrilateral.
    pub(super) fn over(
        picture: &'a Grey,
        corners: [Point; 4],
        dark: &'a [bool],
        size: usize,
    ) -> Option<Self> {
        let fit = |corners: &[Point; 4]| {
            let plane = Plane::through(*corners, size as f32)?;
            Some(difference(
                picture,
                &plane,
                dark,
                size,
                [0.0; 2],
                0..size * size,
            ))
        };
        let mut best = (f32::MIN, corners);
        for start in (0..4).flat_map(|turn| [false, true].map(|over| turned(corners, turn, over))) {
            best = better(best, start, &fit);
        }
        let best = settled(best, size, &fit);
        let plane = Plane::through(best.1, size as f32)?;
        (best.0 > 0.0).then_some(Self {
            picture,
            plane,
            dark,
            size,
        })
    }

    /// Brightness of each module, 0 to 1, of light and not of what a screen shows.
    pub(super) fn bright(&self) -> Vec<f64> {
        let module = |at: usize| {
            let light: f64 = samples(at, self.size, [0.0; 2])
                .map(|place| linear(self.at(place)))
                .sum();
            light / (SAMPLES * SAMPLES) as f64
        };
        (0..self.size * self.size).map(module).collect()
    }

    /// How far the worst of sixteen squares is off its place, in modules.
    pub(super) fn unevenness(&self) -> f64 {
        let patch = self.size.div_ceil(PATCHES);
        let off = |which: usize| {
            let (left, top) = (which % PATCHES * patch, which / PATCHES * patch);
            let inside = |at: &usize| {
                (left..left + patch).contains(&(at % self.size))
                    && (top..top + patch).contains(&(at / self.size))
            };
            let cells: Vec<usize> = (0..self.size * self.size).filter(inside).collect();
            self.off(&cells)
        };
        let worst = (0..PATCHES * PATCHES).map(off).fold(0.0, f32::max);
        f64::from(worst)
    }

    fn off(&self, cells: &[usize]) -> f32 {
        let tenths = -OFF_TENTHS..=OFF_TENTHS;
        let mut best = (f32::MIN, 0.0);
        for (x, y) in tenths
            .clone()
            .flat_map(|x| tenths.clone().map(move |y| (x, y)))
        {
            let offset = [x, y].map(|tenths| tenths as f32 / 10.0);
            let away = offset[0].hypot(offset[1]);
            let clear = difference(
                self.picture,
                &self.plane,
                self.dark,
                self.size,
                offset,
                cells.iter().copied(),
            );
            // Where it makes no difference, it is in its place.
            if clear - away > best.0 {
                best = (clear - away, away);
            }
        }
        best.1
    }

    /// The symbol from straight ahead, so many pixels to a module.
    pub(super) fn rectified(&self, module_px: usize) -> Vec<u8> {
        let side = self.size * module_px;
        let place = |p: usize| (p as f32 + 0.5) / module_px as f32;
        (0..side * side)
            .map(|i| self.at([place(i % side), place(i / side)]) as u8)
            .collect()
    }

    fn at(&self, place: Point) -> f32 {
        let [x, y] = self.plane.to_picture(place);
        self.picture.between(x, y)
    }
}

/// The corners moved until nothing gets better.
fn settled(
    mut best: (f32, [Point; 4]),
    size: usize,
    fit: &impl Fn(&[Point; 4]) -> Option<f32>,
) -> (f32, [Point; 4]) {
    let side = (best.1[0][0] - best.1[1][0]).hypot(best.1[0][1] - best.1[1][1]);
    for step in STEPS.map(|step| step * side / size as f32) {
        for _ in 0..ROUNDS {
            let before = best.0;
            for (corner, axis) in (0..4).flat_map(|corner| [0, 1].map(|axis| (corner, axis))) {
                for way in [-step, step] {
                    let mut moved = best.1;
                    moved[corner][axis] += way;
                    best = better(best, moved, fit);
                }
            }
            if best.0 <= before {
                break;
            }
        }
    }
    best
}

fn better(
    best: (f32, [Point; 4]),
    corners: [Point; 4],
    fit: &impl Fn(&[Point; 4]) -> Option<f32>,
) -> (f32, [Point; 4]) {
    match fit(&corners) {
        Some(clear) if clear > best.0 => (clear, corners),
        _ => best,
    }
}

/// The same corners, begun elsewhere and gone around the other way.
fn turned(corners: [Point; 4], turn: usize, over: bool) -> [Point; 4] {
    let mut turned = corners;
    turned.rotate_left(turn);
    if over {
        turned.swap(1, 3);
    }
    turned
}

/// How much brighter light modules are than dark ones in the mean, of 255, where all are off by `offset` modules.
fn difference(
    picture: &Grey,
    plane: &Plane,
    dark: &[bool],
    size: usize,
    [right, down]: Point,
    cells: impl Iterator<Item = usize>,
) -> f32 {
    let (mut sums, mut counts) = ([0.0_f32; 2], [0.0_f32; 2]);
    for at in cells {
        let middle = [at % size, at / size].map(|place| place as f32 + 0.5);
        for aside in [[-0.4, -0.4], [0.4, -0.4], [-0.4, 0.4], [0.4, 0.4]] {
            let [x, y] =
                plane.to_picture([middle[0] + aside[0] + right, middle[1] + aside[1] + down]);
            sums[usize::from(dark[at])] += picture.between(x, y);
        }
        counts[usize::from(dark[at])] += 4.0;
    }
    sums[0] / counts[0].max(1.0) - sums[1] / counts[1].max(1.0)
}

/// Places in a module.
fn samples(at: usize, size: usize, [right, down]: Point) -> impl Iterator<Item = Point> {
    let place = |i: usize| APERTURE * ((i as f32 + 0.5) / SAMPLES as f32 - 0.5) + 0.5;
    let (column, row) = ((at % size) as f32 + right, (at / size) as f32 + down);
    (0..SAMPLES * SAMPLES).map(move |i| [column + place(i % SAMPLES), row + place(i / SAMPLES)])
}

/// Cameras write brightness about as sRGB has it.
fn linear(level: f32) -> f64 {
    f64::from(level / 255.0).powf(2.2)
}
