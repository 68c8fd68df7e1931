//! Owns: greyscale pictures and the few filters that bring out relief. Must never know: codes.

/// Rows of brightness, 0 is black.
#[derive(Clone)]
pub(super) struct Grey {
    width: usize,
    pixels: Vec<u8>,
}

impl Grey {
    /// `pixels` are whole rows of `width`.
    pub(super) fn new(width: usize, pixels: Vec<u8>) -> Self {
        Self { width, pixels }
    }

    pub(super) fn width(&self) -> usize {
        self.width
    }

    pub(super) fn height(&self) -> usize {
        self.pixels.len().checked_div(self.width).unwrap_or(0)
    }

    pub(super) fn at(&self, x: usize, y: usize) -> u8 {
        self.pixels[y * self.width + x]
    }

    pub(super) fn longer_side(&self) -> usize {
        self.width.max(self.height())
    }

    /// Scaled so that the longer side is `side` pixels. Shrinking averages, so that noise goes and no module is
    /// missed; enlarging interpolates.
    pub(super) fn resized(&self, side: usize) -> Self {
        let from = self.longer_side().max(1);
        let scaled = |len: usize| (len * side).div_ceil(from).max(1);
        let (width, height) = (scaled(self.width), scaled(self.height()));
        let narrow = resample_rows(&self.pixels, self.width, width);
        let tall = Self::new(width, narrow).transposed();
        let small = resample_rows(&tall.pixels, tall.width, height);
        Self::new(height, small).transposed()
    }

    fn transposed(&self) -> Self {
        let height = self.height();
        let pixels = (0..self.width)
            .flat_map(|x| (0..height).map(move |y| (x, y)))
            .map(|(x, y)| self.at(x, y))
            .collect();
        Self::new(height, pixels)
    }

    pub(super) fn inverted(&self) -> Self {
        Self::new(self.width, self.pixels.iter().map(|p| !p).collect())
    }

    /// Mean over squares of `2 * radius + 1`, twice: near to a Gaussian.
    pub(super) fn blurred(&self, radius: usize) -> Self {
        let mut out = self.clone();
        for _ in 0..2 {
            out = out.along_both(|row, to| mean_row(row, radius, to));
        }
        out
    }

    /// Black where a pixel is darker, by `percent` or more, than the brightest way to fill its surroundings; white
    /// elsewhere. Pits narrower than `kernel` pixels stand out whatever the light does across the part; a share
    /// and not a difference, because a shadow dims face and floor alike.
    pub(super) fn pits(&self, kernel: usize, percent: u16) -> Self {
        let radius = kernel / 2;
        let filled = self
            .along_both(|row, to| extreme_row(row, radius, u8::max, to))
            .along_both(|row, to| extreme_row(row, radius, u8::min, to));
        let is_pit = |filled: u8, pixel: u8| {
            u16::from(pixel) * 100 < u16::from(filled) * (100 - percent.min(100))
        };
        let pixels = filled
            .pixels
            .iter()
            .zip(&self.pixels)
            .map(|(&f, &p)| if is_pit(f, p) { 0 } else { u8::MAX })
            .collect();
        Self::new(self.width, pixels)
    }

    fn along_both(&self, filter: impl Fn(&[u8], &mut Vec<u8>)) -> Self {
        let rows = |grey: &Self| {
            let mut out = Vec::with_capacity(grey.pixels.len());
            for row in grey.pixels.chunks_exact(grey.width.max(1)) {
                filter(row, &mut out);
            }
            Self::new(grey.width, out)
        };
        rows(&rows(self).transposed()).transposed()
    }
}

/// Each row of `width` pixels at the new width.
fn resample_rows(pixels: &[u8], width: usize, to: usize) -> Vec<u8> {
    let step = width as f32 / to as f32;
    let spans: Vec<Span> = (0..to).map(|i| Span::of(i, step, width)).collect();
    pixels
        .chunks_exact(width.max(1))
        .flat_map(|row| spans.iter().map(|span| span.sample(row)))
        .collect()
}

/// What one pixel of the result takes from a row: whole pixels and a share of the last one.
struct Span {
    first: usize,
    last: usize,
    /// Weight of `last` against that of each of the others.
    share: f32,
}

impl Span {
    fn of(i: usize, step: f32, width: usize) -> Self {
        let end = width.saturating_sub(1);
        if step <= 1.0 {
            let at = ((i as f32 + 0.5) * step - 0.5).max(0.0);
            let first = (at as usize).min(end);
            return Self {
                first,
                last: (first + 1).min(end),
                share: at.fract() / (1.0 - at.fract()).max(1e-3),
            };
        }
        let first = ((i as f32 * step) as usize).min(end);
        let last = (((i + 1) as f32 * step) as usize).clamp(first, end);
        Self {
            first,
            last,
            share: ((i + 1) as f32 * step).fract(),
        }
    }

    fn sample(&self, row: &[u8]) -> u8 {
        let whole: u32 = row[self.first..self.last]
            .iter()
            .copied()
            .map(u32::from)
            .sum();
        let count = (self.last - self.first) as f32;
        if count == 0.0 {
            return row[self.last];
        }
        ((whole as f32 + self.share * f32::from(row[self.last])) / (count + self.share)).round()
            as u8
    }
}

/// Running mean; beyond its ends a row repeats its last pixel.
fn mean_row(row: &[u8], radius: usize, to: &mut Vec<u8>) {
    let end = row.len() - 1;
    let window = (2 * radius + 1) as u32;
    let mut sum = u32::from(row[0]) * (radius as u32 + 1);
    sum += (1..=radius)
        .map(|i| u32::from(row[i.min(end)]))
        .sum::<u32>();
    for i in 0..row.len() {
        to.push(((sum + window / 2) / window) as u8);
        sum += u32::from(row[(i + radius + 1).min(end)]);
        sum -= u32::from(row[i.saturating_sub(radius)]);
    }
}

/// Running extreme in constant time a pixel, by van Herk: extremes from the start of each block forward and from
/// its end backward; a window spans at most two blocks.
fn extreme_row(row: &[u8], radius: usize, pick: fn(u8, u8) -> u8, to: &mut Vec<u8>) {
    let window = 2 * radius + 1;
    let len = row.len();
    let mut forward = row.to_vec();
    let mut backward = row.to_vec();
    for i in 1..len {
        if !i.is_multiple_of(window) {
            forward[i] = pick(forward[i], forward[i - 1]);
        }
        let j = len - 1 - i;
        if !(j + 1).is_multiple_of(window) {
            backward[j] = pick(backward[j], backward[j + 1]);
        }
    }
    for i in 0..len {
        let (first, last) = (i.saturating_sub(radius), (i + radius).min(len - 1));
        to.push(if last - first + 1 == window {
            pick(backward[first], forward[last])
        } else {
            // Cut off by an end of the row, the window is short.
            row[first..=last].iter().copied().fold(row[i], pick)
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ramp(len: usize) -> Vec<u8> {
        (0..len).map(|i| (i * 89 % 251) as u8).collect()
    }

    #[test]
    fn a_running_extreme_is_that_of_every_window() {
        for (len, radius) in [
            (1, 0),
            (1, 5),
            (7, 1),
            (50, 3),
            (50, 24),
            (51, 25),
            (50, 80),
        ] {
            let row = ramp(len);
            let mut fast = Vec::new();
            extreme_row(&row, radius, u8::max, &mut fast);
            let slow: Vec<u8> = (0..len)
                .map(|i| {
                    row[i.saturating_sub(radius)..(i + radius + 1).min(len)]
                        .iter()
                        .copied()
                        .max()
                        .unwrap()
                })
                .collect();
            assert_eq!(fast, slow, "{len} {radius}");
        }
    }

    #[test]
    fn a_pit_stands_out_on_a_slope_of_light() {
        let (width, height) = (60, 20);
        let mut pixels: Vec<u8> = (0..width * height)
            .map(|i| 60 + (i % width) as u8 * 2)
            .collect();
        let pit = 10 * width + 30;
        pixels[pit] -= 20;
        let grey = Grey::new(width, pixels);
        for (percent, expected) in [(10, 0), (30, 255)] {
            let pits = grey.pits(7, percent);
            assert_eq!(pits.at(30, 10), expected);
            assert_eq!(pits.at(10, 10), 255);
        }
    }

    #[test]
    fn resizing_keeps_the_mean_and_the_shape() {
        let grey = Grey::new(40, ramp(40 * 30));
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
    fn a_blur_leaves_an_even_picture_alone() {
        let even = Grey::new(9, vec![77; 9 * 5]);
        assert_eq!(even.blurred(3).pixels, even.pixels);
    }
}
