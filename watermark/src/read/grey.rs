//! Owns: greyscale pictures at any size. Must never know: codes, or what a filter is for.
//!
//! Every pass runs down the columns, row by row, so that the processor takes many pixels at once; along the rows a
//! picture is turned over before and after.

/// Rows of brightness, 0 is black.
#[derive(Clone)]
pub(crate) struct Grey {
    width: usize,
    pixels: Vec<u8>,
}

impl Grey {
    /// `pixels` are whole rows of `width`.
    pub(super) fn new(width: usize, pixels: Vec<u8>) -> Self {
        Self { width, pixels }
    }

    pub(crate) fn width(&self) -> usize {
        self.width
    }

    pub(crate) fn height(&self) -> usize {
        self.pixels.len().checked_div(self.width).unwrap_or(0)
    }

    #[cfg(test)]
    pub(super) fn at(&self, x: usize, y: usize) -> u8 {
        self.pixels[y * self.width + x]
    }

    /// Row after row.
    pub(super) fn pixels(&self) -> &[u8] {
        &self.pixels
    }

    pub(crate) fn row(&self, y: usize) -> &[u8] {
        &self.pixels[y * self.width..][..self.width]
    }

    /// Brightness at a place, of the four pixels around it; beyond an edge, of the last before it. 0 of an empty picture.
    pub(crate) fn between(&self, x: f32, y: f32) -> f32 {
        let (Some(last_x), Some(last_y)) =
            (self.width.checked_sub(1), self.height().checked_sub(1))
        else {
            return 0.0;
        };
        let place = |c: f32, last: usize| (c - 0.5).clamp(0.0, last as f32);
        let (x, y) = (place(x, last_x), place(y, last_y));
        let (left, top) = (x as usize, y as usize);
        let (across, along) = (x - left as f32, y - top as f32);
        let row = |y: usize| {
            let row = self.row(y);
            let right = row[(left + 1).min(last_x)];
            f32::from(row[left]) * (1.0 - across) + f32::from(right) * across
        };
        row(top) * (1.0 - along) + row((top + 1).min(last_y)) * along
    }

    pub(super) fn longer_side(&self) -> usize {
        self.width.max(self.height())
    }

    /// Scaled so that the longer side is `side` pixels. Shrinking averages, so that noise goes and no module is
    /// missed; enlarging interpolates.
    pub(super) fn resized(&self, side: usize) -> Self {
        let from = self.longer_side().max(1);
        if from == side {
            return self.clone();
        }
        let scaled = |len: usize| (len * side).div_ceil(from).max(1);
        let (width, height) = (scaled(self.width), scaled(self.height()));
        let low = self.resampled_down(height).transposed();
        low.resampled_down(width).transposed()
    }

    /// Each pixel made of two pictures of one size.
    pub(super) fn with(&self, other: &Self, pixel: impl Fn(u8, u8) -> u8) -> Self {
        let pairs = self.pixels.iter().zip(&other.pixels);
        Self::new(self.width, pairs.map(|(&a, &b)| pixel(a, b)).collect())
    }

    pub(super) fn inverted(&self) -> Self {
        Self::new(self.width, self.pixels.iter().map(|p| !p).collect())
    }

    /// `pass` down the columns and along the rows.
    pub(super) fn both_ways(&self, pass: impl Fn(&Self) -> Self) -> Self {
        pass(&pass(self).transposed()).transposed()
    }

    /// Block by block, because a whole column is on as many lines of the cache as it has pixels.
    pub(super) fn transposed(&self) -> Self {
        const BLOCK: usize = 16;
        let (width, height) = (self.width, self.height());
        let mut pixels = vec![0; self.pixels.len()];
        for top in (0..height).step_by(BLOCK) {
            let rows = top..(top + BLOCK).min(height);
            for left in (0..width).step_by(BLOCK) {
                for x in left..(left + BLOCK).min(width) {
                    for y in rows.clone() {
                        pixels[x * height + y] = self.pixels[y * width + x];
                    }
                }
            }
        }
        Self::new(height, pixels)
    }

    fn resampled_down(&self, height: usize) -> Self {
        let step = self.height() as f64 / height as f64;
        let mut pixels = Vec::with_capacity(self.width * height);
        let mut sums = vec![0_u32; self.width];
        for y in 0..height {
            sums.fill(HALF);
            for (row, weight) in taps(y, step, self.height()) {
                let pairs = sums.iter_mut().zip(self.row(row));
                pairs.for_each(|(sum, &pixel)| *sum += weight * u32::from(pixel));
            }
            pixels.extend(sums.iter().map(|sum| (sum >> SHIFT) as u8));
        }
        Self::new(self.width, pixels)
    }
}

/// Weights are in parts of 2 to this power.
const SHIFT: u32 = 16;
const HALF: u32 = 1 << (SHIFT - 1);

/// The rows that make up row `at` of the result, and their weights, which come to one.
fn taps(at: usize, step: f64, height: usize) -> Vec<(usize, u32)> {
    let last = height.saturating_sub(1);
    let one = f64::from(1 << SHIFT);
    if step <= 1.0 {
        let middle = ((at as f64 + 0.5) * step - 0.5).max(0.0);
        let below = (middle.fract() * one) as u32;
        let row = (middle as usize).min(last);
        return vec![(row, (1 << SHIFT) - below), ((row + 1).min(last), below)];
    }
    let (start, end) = (at as f64 * step, (at + 1) as f64 * step);
    (start as usize..(end.ceil() as usize).min(height))
        .map(|row| {
            let covered = end.min((row + 1) as f64) - start.max(row as f64);
            (row, (covered / step * one) as u32)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resizing_keeps_the_mean_and_the_shape() {
        let pixels = (0..40 * 30).map(|i| (i * 89 % 251) as u8).collect();
        let grey = Grey::new(40, pixels);
        for side in [10, 13, 40, 80] {
            let resized = grey.resized(side);
            assert_eq!(resized.longer_side(), side);
            assert_eq!(resized.height(), (30 * side).div_ceil(40));
            let mean = |g: &Grey| {
                g.pixels.iter().map(|&p| f64::from(p)).sum::<f64>() / g.pixels.len() as f64
            };
            assert!((mean(&resized) - mean(&grey)).abs() < 4.0, "{side}");
        }
    }

    #[test]
    fn white_stays_white_at_every_size() {
        let white = Grey::new(97, vec![255; 97 * 61]);
        for side in [1, 7, 50, 96, 98, 300] {
            assert!(
                white.resized(side).pixels().iter().all(|&p| p >= 254),
                "{side}"
            );
        }
    }

    #[test]
    fn a_picture_turned_over_twice_is_itself() {
        for (width, height) in [(1, 1), (16, 16), (17, 33), (5, 40)] {
            let grey = Grey::new(width, (0..width * height).map(|i| (i * 7) as u8).collect());
            let over = grey.transposed();
            assert_eq!((over.width(), over.height()), (height, width));
            assert_eq!(over.at(0, width - 1), grey.at(width - 1, 0));
            assert_eq!(over.transposed().pixels(), grey.pixels());
        }
    }
}
