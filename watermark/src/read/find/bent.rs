//! Owns: sampling a QR code that does not lie flat: on cloth, on a cylinder, on a warped print. Must never know: what
//! finds codes, or what they say.
//!
//! A perspective fits the four corners and misses what is between them. So each module looks for its place near where
//! its neighbours found theirs, beginning at the finder patterns: where modules are, a whole square has one colour; off
//! them, it has two.

use crate::read::plane::{Plane, Point};
use rxing::common::BitMatrix;

/// Samples along a side of a module.
const SAMPLES: i32 = 3;
/// How far, in modules, a module looks for its place around where its neighbours say it is.
const STEP: f32 = 0.2;
/// What a step costs, so that even areas stay where they are.
const STEP_COST: f32 = 0.02;
/// Sweeps over all modules.
const SWEEPS: usize = 3;

/// Looks at a pixel for each module and sweep.
pub(super) const PASSES: u64 = 9 * 9 * (SAMPLES * SAMPLES) as u64;

/// The modules after each sweep, which the caller may find good enough. `corners` are those of the symbol, upper left,
/// upper right, lower right and lower left; `size` is its modules along a side.
pub(super) fn samples(
    bits: &BitMatrix,
    corners: [Point; 4],
    size: u32,
) -> impl Iterator<Item = BitMatrix> {
    let mut net = Net::over(bits, corners, size);
    (0..SWEEPS).map_while(move |sweep| {
        let net = net.as_mut()?;
        net.sweep(sweep == 0);
        net.sample()
    })
}

struct Net<'a> {
    bits: &'a BitMatrix,
    plane: Plane,
    size: i32,
    /// How far each module is from where the perspective has it, in modules.
    offsets: Vec<Point>,
}

impl<'a> Net<'a> {
    fn over(bits: &'a BitMatrix, corners: [Point; 4], size: u32) -> Option<Self> {
        Some(Self {
            bits,
            plane: Plane::through(corners, size as f32)?,
            size: size as i32,
            offsets: vec![[0.0; 2]; (size * size) as usize],
        })
    }

    fn index(&self, column: i32, row: i32) -> Option<usize> {
        let inside = 0..self.size;
        (inside.contains(&column) && inside.contains(&row))
            .then_some((row * self.size + column) as usize)
    }

    /// From the finder patterns outward; after the first time also by what later neighbours know better.
    fn sweep(&mut self, first: bool) {
        let order = self.outward();
        let before = self.offsets.clone();
        let mut known = vec![!first; self.offsets.len()];
        for (column, row) in order {
            let at = (row * self.size + column) as usize;
            let best = self.best(column, row, self.neighbours(column, row, &known));
            self.offsets[at] = if first {
                best
            } else {
                [0, 1].map(|axis| (best[axis] + before[at][axis]) / 2.0)
            };
            known[at] = true;
        }
    }

    fn sample(&self) -> Option<BitMatrix> {
        let mut modules = BitMatrix::new(self.size as u32, self.size as u32).ok()?;
        for (column, row) in self.modules() {
            let at = (row * self.size + column) as usize;
            if self.share(column, row, self.offsets[at]) > 0.5 {
                modules.set(column as u32, row as u32);
            }
        }
        Some(modules)
    }

    fn modules(&self) -> impl Iterator<Item = (i32, i32)> + use<> {
        let size = self.size;
        (0..size).flat_map(move |row| (0..size).map(move |column| (column, row)))
    }

    /// All modules, those nearest to a finder pattern first.
    fn outward(&self) -> Vec<(i32, i32)> {
        let far = self.size - 4;
        let away = |&(column, row): &(i32, i32)| {
            let from = |c: i32, r: i32| (column - c).pow(2) + (row - r).pow(2);
            from(3, 3).min(from(far, 3)).min(from(3, far))
        };
        let mut order: Vec<_> = self.modules().collect();
        order.sort_by_key(away);
        order
    }

    /// The mean offset of the neighbours that are known.
    fn neighbours(&self, column: i32, row: i32, known: &[bool]) -> Point {
        let (mut sum, mut count) = ([0.0; 2], 0.0);
        for (c, r) in around(column, row) {
            if let Some(at) = self.index(c, r).filter(|&at| known[at]) {
                sum = [0, 1].map(|axis| sum[axis] + self.offsets[at][axis]);
                count += 1.0;
            }
        }
        if count == 0.0 {
            sum
        } else {
            sum.map(|s| s / count)
        }
    }

    fn best(&self, column: i32, row: i32, expected: Point) -> Point {
        let mut best = (f32::NEG_INFINITY, expected);
        for (c, r) in around(0, 0) {
            let offset = [expected[0] + c as f32 * STEP, expected[1] + r as f32 * STEP];
            let cost = STEP_COST * (c.abs() + r.abs()) as f32;
            let clear = self.clearness(column, row, offset) - cost;
            if clear > best.0 {
                best = (clear, offset);
            }
        }
        best.1
    }

    /// How much the modules around are of one colour each, if all of them are off by this much: 0 to 1.
    fn clearness(&self, column: i32, row: i32, offset: Point) -> f32 {
        let squares = around(column, row).filter(|&(c, r)| self.index(c, r).is_some());
        let (mut sum, mut count) = (0.0, 0.0);
        for (c, r) in squares {
            sum += (2.0 * self.share(c, r, offset) - 1.0).powi(2);
            count += 1.0;
        }
        sum / count
    }

    /// Share of the module that is dark.
    fn share(&self, column: i32, row: i32, offset: Point) -> f32 {
        let half = (SAMPLES - 1) as f32 / 2.0;
        // The rims of a module belong to its neighbours as often as to itself.
        let spread = 0.8 / SAMPLES as f32;
        let middle = [
            column as f32 + 0.5 + offset[0],
            row as f32 + 0.5 + offset[1],
        ];
        let dark = (0..SAMPLES * SAMPLES).filter(|i| {
            let across = ((i % SAMPLES) as f32 - half) * spread;
            let along = ((i / SAMPLES) as f32 - half) * spread;
            let [x, y] = self
                .plane
                .to_picture([middle[0] + across, middle[1] + along]);
            x >= 0.0 && y >= 0.0 && self.bits.try_get(x as u32, y as u32) == Some(true)
        });
        dark.count() as f32 / (SAMPLES * SAMPLES) as f32
    }
}

/// A module and the eight around it.
fn around(column: i32, row: i32) -> impl Iterator<Item = (i32, i32)> {
    // The module itself comes first: of equals it is taken.
    const AROUND: [(i32, i32); 9] = [
        (0, 0),
        (-1, 0),
        (1, 0),
        (0, -1),
        (0, 1),
        (-1, -1),
        (1, -1),
        (-1, 1),
        (1, 1),
    ];
    AROUND.into_iter().map(move |(c, r)| (column + c, row + r))
}
