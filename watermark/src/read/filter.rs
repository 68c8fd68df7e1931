//! Owns: the filters that bring out relief, and what is dark after them. Must never know: codes.

use super::grey::Grey;

const DARK: u8 = 0;
const LIGHT: u8 = u8::MAX;

impl Grey {
    /// Mean over squares of `2 * radius + 1`, twice: near to a Gaussian.
    pub(super) fn blurred(&self, radius: usize) -> Self {
        self.both_ways(|grey| mean_down(&mean_down(grey, radius), radius))
    }

    /// Every place as bright as the brightest way to fill its surroundings: pits narrower than `kernel` pixels are
    /// gone (a grey closing by a square).
    pub(super) fn filled(&self, kernel: usize) -> Self {
        let radius = kernel / 2;
        let widened = extreme_down(self, radius, u8::max).transposed();
        let along = extreme_down(&extreme_down(&widened, radius, u8::max), radius, u8::min);
        extreme_down(&along.transposed(), radius, u8::min)
    }

    /// Black where a pixel is darker, by `percent` or more, than in `light`, which is the picture without what is
    /// looked for; white elsewhere. A share and not a difference, because a shadow dims face and floor alike.
    pub(super) fn darker_than(&self, light: &Self, percent: u16) -> Self {
        let share = 100 - percent.min(100);
        self.with(light, |pixel, light| {
            let is_dark = u16::from(pixel) * 100 < u16::from(light) * share;
            if is_dark { DARK } else { LIGHT }
        })
    }
}

/// Running mean; beyond its ends a column repeats its last pixel.
fn mean_down(grey: &Grey, radius: usize) -> Grey {
    let Some(end) = grey.height().checked_sub(1) else {
        return grey.clone();
    };
    let row = |y: usize| grey.row(y.min(end));
    let window = (2 * radius + 1) as u32;
    let share = ((1 << 16) + window / 2) / window;
    let mut sums: Vec<u32> = row(0)
        .iter()
        .map(|&p| u32::from(p) * (radius as u32 + 1))
        .collect();
    for y in 1..=radius {
        let pairs = sums.iter_mut().zip(row(y));
        pairs.for_each(|(sum, &pixel)| *sum += u32::from(pixel));
    }
    let mut pixels = Vec::with_capacity(grey.pixels().len());
    for y in 0..=end {
        pixels.extend(
            sums.iter()
                .map(|sum| ((sum * share + (1 << 15)) >> 16) as u8),
        );
        let (comes, goes) = (row(y + radius + 1), row(y.saturating_sub(radius)));
        let pairs = sums.iter_mut().zip(comes.iter().zip(goes));
        pairs.for_each(|(sum, (&comes, &goes))| *sum = *sum + u32::from(comes) - u32::from(goes));
    }
    Grey::new(grey.width(), pixels)
}

/// Running extreme in constant time a pixel, by van Herk: extremes from the start of each block of rows downward and
/// from its end upward; a window spans at most two blocks. At an end of the column the window is cut off.
fn extreme_down(grey: &Grey, radius: usize, pick: impl Fn(u8, u8) -> u8 + Copy) -> Grey {
    let (width, height, window) = (grey.width(), grey.height(), 2 * radius + 1);
    let mut down = grey.pixels().to_vec();
    let mut up = grey.pixels().to_vec();
    for y in 1..height {
        if !y.is_multiple_of(window) {
            let (before, from) = down.split_at_mut(y * width);
            merge(&mut from[..width], &before[(y - 1) * width..], pick);
        }
        let y = height - 1 - y;
        if !(y + 1).is_multiple_of(window) {
            let (to, after) = up.split_at_mut((y + 1) * width);
            merge(&mut to[y * width..], &after[..width], pick);
        }
    }
    let mut pixels = Vec::with_capacity(down.len());
    for y in 0..height {
        let (first, last) = (y.saturating_sub(radius), (y + radius).min(height - 1));
        let above = &up[first * width..][..width];
        let below = &down[last * width..][..width];
        // Within one block, one of them reaches beyond the window: the one that an end of the column did not cut off.
        let (one, other) = match first / window == last / window {
            true if first == 0 => (below, below),
            true => (above, above),
            false => (above, below),
        };
        pixels.extend(one.iter().zip(other).map(|(&a, &b)| pick(a, b)));
    }
    Grey::new(width, pixels)
}

fn merge(row: &mut [u8], neighbour: &[u8], pick: impl Fn(u8, u8) -> u8) {
    let pairs = row.iter_mut().zip(neighbour);
    pairs.for_each(|(pixel, &beside)| *pixel = pick(*pixel, beside));
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
            let column = Grey::new(1, ramp(len));
            let fast = extreme_down(&column, radius, u8::max);
            let around = |i: usize| i.saturating_sub(radius)..(i + radius + 1).min(len);
            let slow: Vec<u8> = (0..len)
                .map(|i| *column.pixels()[around(i)].iter().max().unwrap())
                .collect();
            assert_eq!(fast.pixels(), slow, "{len} {radius}");
        }
    }

    #[test]
    fn a_pit_stands_out_on_a_slope_of_light() {
        let (width, height) = (60, 20);
        let mut pixels: Vec<u8> = (0..width * height)
            .map(|i| 60 + (i % width) as u8 * 2)
            .collect();
        pixels[10 * width + 30] -= 20;
        let grey = Grey::new(width, pixels);
        for (percent, expected) in [(10, DARK), (30, LIGHT)] {
            let pits = grey.darker_than(&grey.filled(7), percent);
            assert_eq!(pits.at(30, 10), expected);
            assert_eq!(pits.at(10, 10), LIGHT);
        }
    }

    #[test]
    fn a_blur_leaves_an_even_picture_alone_and_spreads_a_point_evenly() {
        let even = Grey::new(9, vec![77; 9 * 5]);
        for radius in [0, 1, 3, 40] {
            assert_eq!(even.blurred(radius).pixels(), even.pixels(), "{radius}");
        }
        let mut pixels = vec![0; 21 * 21];
        pixels[10 * 21 + 10] = 243;
        let spread = Grey::new(21, pixels).blurred(1);
        assert_eq!(
            [spread.at(10, 10), spread.at(11, 10), spread.at(12, 12)],
            [27, 18, 3]
        );
        assert_eq!(spread.at(8, 12), spread.at(12, 8));
    }
}
