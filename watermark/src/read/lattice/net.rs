//! Owns: what is seen of each module of a symbol that is laid over a picture. Must never know: which modules are dark.

use super::normal::{FEATURES, Seen};
use crate::read::grey::Grey;
use crate::read::plane::{Plane, Point};

/// Samples along a side of a module.
const SAMPLES: usize = 5;
/// Of the samples of a module, row by row, the nine in the middle.
const INNER: [usize; 9] = [6, 7, 8, 11, 12, 13, 16, 17, 18];
/// And those along its upper, left, lower and right side.
const SIDES: [[usize; 3]; 4] = [[1, 2, 3], [5, 10, 15], [21, 22, 23], [9, 14, 19]];
/// The eight modules around one, columns and rows away; those beyond its sides first, in the same order.
pub(super) const AROUND: [[i32; 2]; 8] = [
    [0, -1],
    [-1, 0],
    [0, 1],
    [1, 0],
    [-1, -1],
    [1, -1],
    [-1, 1],
    [1, 1],
];
/// Modules around the symbol that are looked at: those beside the light ones around it.
const MARGIN: i32 = 2;

/// A value for each module of a symbol, and for those around it.
#[derive(Clone)]
pub(super) struct Field<T> {
    across: i32,
    values: Vec<T>,
}

impl<T: Copy> Field<T> {
    pub(super) fn of(size: i32, value: impl Fn([i32; 2]) -> T) -> Self {
        let across = size + 2 * MARGIN;
        let place = |i: i32| [i % across - MARGIN, i / across - MARGIN];
        let values = (0..across * across).map(|i| value(place(i))).collect();
        Self { across, values }
    }

    fn index(&self, [column, row]: [i32; 2]) -> usize {
        ((row + MARGIN) * self.across + column + MARGIN) as usize
    }

    pub(super) fn at(&self, module: [i32; 2]) -> T {
        self.values[self.index(module)]
    }

    pub(super) fn set(&mut self, module: [i32; 2], value: T) {
        let index = self.index(module);
        self.values[index] = value;
    }
}

/// Samples of all modules.
pub(super) struct Net {
    samples: Field<[f32; SAMPLES * SAMPLES]>,
    middles: Field<f32>,
}

impl Net {
    /// Looks at a pixel that it takes.
    pub(super) fn cost(size: i32) -> u64 {
        let across = (size + 2 * MARGIN) as u64;
        across * across * (SAMPLES * SAMPLES) as u64
    }

    /// `None` where the corners are no quadrilateral.
    pub(super) fn over(size: i32, picture: &Grey, corners: [Point; 4]) -> Option<Self> {
        let plane = Plane::through(corners, size as f32)?;
        let samples = Field::of(size, |[column, row]| {
            std::array::from_fn(|i| {
                let place = |c: i32, i: usize| c as f32 + (i as f32 + 0.5) / SAMPLES as f32;
                let module = [place(column, i % SAMPLES), place(row, i / SAMPLES)];
                let [x, y] = plane.to_picture(module);
                picture.between(x, y)
            })
        });
        let middles = Field::of(size, |at| mean(&samples.at(at), &INNER));
        Some(Self { samples, middles })
    }

    /// Of a module no further out than one beside the symbol: its middle, darkest and brightest, its sides, the middles
    /// around it, and the sides that its neighbours turn to it. The last eight are for what is believed of those around.
    pub(super) fn seen(&self, at @ [column, row]: [i32; 2]) -> Seen {
        let own = self.samples.at(at);
        let inner = INNER.map(|i| own[i]);
        let beside = AROUND.map(|[c, r]| self.middles.at([column + c, row + r]));
        let mut seen = [0.0; FEATURES];
        seen[0] = self.middles.at(at);
        seen[1] = inner.into_iter().fold(f32::MAX, f32::min);
        seen[2] = inner.into_iter().fold(f32::MIN, f32::max);
        for (i, side) in SIDES.iter().enumerate() {
            seen[3 + i] = mean(&own, side);
        }
        seen[7..15].copy_from_slice(&beside);
        for (i, [c, r]) in AROUND.into_iter().take(SIDES.len()).enumerate() {
            let facing = &SIDES[(i + 2) % SIDES.len()];
            seen[15 + i] = mean(&self.samples.at([column + c, row + r]), facing);
        }
        seen
    }
}

fn mean(samples: &[f32], which: &[usize]) -> f32 {
    which.iter().map(|&i| samples[i]).sum::<f32>() / which.len() as f32
}
