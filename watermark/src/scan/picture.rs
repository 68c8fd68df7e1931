//! Owns: the deviation map: the part from four sides, coloured by distance, with its scale and numbers.
//! Must never know: how distances came about.
//!
//! Blue is inside, orange is outside: told apart with every common colour blindness (C. Brewer's PuOr and RdBu). What lies beyond the
//! tolerance is dark. Grey is the reference where the scan covers nothing.

use super::{Compared, Laid, Outcome, ScanError, glyphs};
use crate::vec3::{Vec3, cross, dot, length, sub, unit, wide};
use image::{ImageEncoder, Rgb, RgbImage};

pub(crate) const WIDTH: u32 = 1600;
pub(crate) const HEIGHT: u32 = 1240;
pub(crate) const VIEW: [u32; 2] = [800, 520];
const MARGIN: f64 = 40.0;
pub(crate) const PAPER: Rgb<u8> = Rgb([255, 255, 255]);
pub(crate) const INK: Rgb<u8> = Rgb([30, 30, 30]);
/// At so many tolerances each; between them colours are mixed.
const COLOURS: [(f64, [f64; 3]); 7] = [
    (-2.0, [5.0, 48.0, 97.0]),
    (-1.0, [33.0, 102.0, 172.0]),
    (-0.999, [120.0, 180.0, 220.0]),
    (0.0, [247.0, 247.0, 247.0]),
    (0.999, [253.0, 195.0, 120.0]),
    (1.0, [200.0, 95.0, 10.0]),
    (2.0, [100.0, 40.0, 0.0]),
];
/// Towards the viewer, and about up.
pub(crate) const SIDES: [(&str, Vec3, Vec3); 4] = [
    ("FROM +X -Y +Z", [1.0, -1.2, 0.8], [0.0, 0.0, 1.0]),
    ("FROM -X +Y -Z", [-1.0, 1.2, -0.8], [0.0, 0.0, 1.0]),
    ("FROM +Z", [0.0, 0.0, 1.0], [0.0, 1.0, 0.0]),
    ("FROM -Z", [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]),
];

pub(super) fn draw(laid: &Laid) -> Result<Vec<u8>, ScanError> {
    let mut page = RgbImage::from_pixel(WIDTH, HEIGHT, PAPER);
    let (middle, reach) = around(&laid.reference);
    for (index, (name, towards, up)) in SIDES.into_iter().enumerate() {
        let corner = [VIEW[0] * (index as u32 % 2), VIEW[1] * (index as u32 / 2)];
        if let Some(mut view) = View::new(middle, reach, towards, up) {
            view.fit(&laid.reference);
            view.reference(&laid.reference);
            view.scan(laid);
            view.put(&mut page, corner);
        }
        write(&mut page, [corner[0] + 20, corner[1] + 16], 2, name);
    }
    let tolerance_um = i64::from(laid.asked.tolerance_um);
    bar(&mut page, tolerance_um);
    numbers(&mut page, &laid.compared, tolerance_um);
    let mut png = Vec::new();
    image::codecs::png::PngEncoder::new(&mut png)
        .write_image(&page, WIDTH, HEIGHT, image::ExtendedColorType::Rgb8)
        .map_err(|_| ScanError::Picture)?;
    Ok(png)
}

/// Middle of the box around it, and half of the box's diagonal.
pub(crate) fn around(triangles: &[[[f32; 3]; 3]]) -> (Vec3, f64) {
    let corners = triangles.iter().flatten().copied().map(wide);
    let ends = ([f64::INFINITY; 3], [f64::NEG_INFINITY; 3]);
    let (low, high): (Vec3, Vec3) = corners.fold(ends, |(low, high), at| {
        (
            std::array::from_fn(|axis| low[axis].min(at[axis])),
            std::array::from_fn(|axis| high[axis].max(at[axis])),
        )
    });
    let middle = std::array::from_fn(|axis| (low[axis] + high[axis]) / 2.0);
    (middle, length(sub(high, low)) / 2.0)
}

/// One side of the part. Depths grow towards the viewer.
pub(crate) struct View {
    middle: Vec3,
    pub(crate) reach: f64,
    /// Right, up, towards the viewer.
    pub(crate) axes: [Vec3; 3],
    scale: f64,
    /// Of the reference: depth, and how squarely the viewer meets it.
    pub(crate) behind: Vec<(f64, f64)>,
    /// Of the scan: depth, sum of the distances in tolerances, and how many.
    front: Vec<(f64, f64, u32)>,
}

impl View {
    pub(crate) fn new(middle: Vec3, reach: f64, towards: Vec3, up: Vec3) -> Option<View> {
        let towards = unit(towards)?;
        let right = unit(cross(up, towards))?;
        let pixels = (VIEW[0] * VIEW[1]) as usize;
        Some(View {
            middle,
            reach,
            axes: [right, cross(towards, right), towards],
            scale: 1.0,
            behind: vec![(f64::NEG_INFINITY, 0.0); pixels],
            front: vec![(f64::NEG_INFINITY, 0.0, 0); pixels],
        })
    }

    /// As large as the view has room for.
    pub(crate) fn fit(&mut self, triangles: &[[[f32; 3]; 3]]) {
        let most = triangles
            .iter()
            .flatten()
            .fold([0.0_f64; 2], |most, corner| {
                let from = sub(wide(*corner), self.middle);
                [0, 1].map(|axis| most[axis].max(dot(self.axes[axis], from).abs()))
            });
        let room = [0, 1].map(|axis| (f64::from(VIEW[axis]) / 2.0 - MARGIN) / most[axis]);
        self.scale = room[0].min(room[1]).min(1e6);
    }

    /// Pixels to the right and down, and the depth.
    pub(crate) fn seen(&self, at: Vec3) -> Vec3 {
        let from = sub(at, self.middle);
        let [right, up, towards] = self.axes.map(|axis| dot(axis, from));
        let [width, height] = VIEW.map(f64::from);
        [
            width / 2.0 + right * self.scale,
            height / 2.0 - up * self.scale,
            towards,
        ]
    }

    pub(crate) fn reference(&mut self, triangles: &[[[f32; 3]; 3]]) {
        for triangle in triangles {
            let corners = triangle.map(wide);
            let [a, b, c] = corners;
            if let Some(normal) = unit(cross(sub(b, a), sub(c, a))) {
                let facing = dot(normal, self.axes[2]).abs();
                let seen = corners.map(|corner| self.seen(corner));
                let behind = &mut self.behind;
                Self::covered(seen, |pixel, depth| {
                    if depth > behind[pixel].0 {
                        behind[pixel] = (depth, facing);
                    }
                });
            }
        }
    }

    /// The pixels whose middle lies in the triangle, and how deep it is there.
    pub(crate) fn covered([a, b, c]: [Vec3; 3], mut each: impl FnMut(usize, f64)) {
        let range = |axis: usize| {
            let low = a[axis].min(b[axis]).min(c[axis]).floor().max(0.0);
            let high = a[axis].max(b[axis]).max(c[axis]).ceil();
            low as u32..(high.max(0.0) as u32).min(VIEW[axis])
        };
        let side = |p: Vec3, q: Vec3, x: f64, y: f64| {
            (q[0] - p[0]) * (y - p[1]) - (q[1] - p[1]) * (x - p[0])
        };
        let whole = side(a, b, c[0], c[1]);
        if whole == 0.0 {
            return;
        }
        for row in range(1) {
            for column in range(0) {
                let (x, y) = (f64::from(column) + 0.5, f64::from(row) + 0.5);
                let u = side(b, c, x, y) / whole;
                let v = side(c, a, x, y) / whole;
                let w = 1.0 - u - v;
                let depth = u * a[2] + v * b[2] + w * c[2];
                if u >= 0.0 && v >= 0.0 && w >= 0.0 {
                    each((row * VIEW[0] + column) as usize, depth);
                }
            }
        }
    }

    /// Points as squares that leave no gaps where the scan is dense enough. What a pixel shows is the mean of those that lie on
    /// top: the foremost alone would be the one that noise has pushed out.
    fn scan(&mut self, laid: &Laid) {
        let tolerance_mm = f64::from(laid.asked.tolerance_um) / 1000.0;
        let spacing_mm = f64::from(laid.compared.coverage_reach_um) / 2500.0;
        let half = (spacing_mm * self.scale).ceil().clamp(1.0, 9.0) as i64;
        let on_top = (self.reach / 100.0).max(tolerance_mm);
        for at in &laid.at {
            let [x, y, depth] = self.seen(*at);
            square(x, y, half).for_each(|pixel| {
                self.front[pixel].0 = self.front[pixel].0.max(depth);
            });
        }
        for (at, deviation) in laid.at.iter().zip(&laid.deviation_mm) {
            let [x, y, depth] = self.seen(*at);
            for pixel in square(x, y, half) {
                let (top, sum, count) = &mut self.front[pixel];
                if depth >= *top - on_top {
                    (*sum, *count) = (*sum + deviation / tolerance_mm, *count + 1);
                }
            }
        }
    }

    pub(crate) fn put(&self, page: &mut RgbImage, corner: [u32; 2]) {
        for (index, (behind, front)) in self.behind.iter().zip(&self.front).enumerate() {
            let (column, row) = (index as u32 % VIEW[0], index as u32 / VIEW[0]);
            // The far side of the scan is not seen through a place that it does not cover.
            let is_front = front.0 > behind.0 - self.reach / 25.0;
            let light = if behind.1 > 0.0 {
                0.72 + 0.28 * behind.1
            } else {
                1.0
            };
            let colour = match () {
                () if front.2 > 0 && is_front => colour(front.1 / f64::from(front.2)),
                () if behind.0.is_finite() => [150.0; 3],
                () => continue,
            };
            let pixel = Rgb(colour.map(|value| (value * light).round() as u8));
            page.put_pixel(corner[0] + column, corner[1] + row, pixel);
        }
    }
}

/// The pixels of a view around a place.
fn square(x: f64, y: f64, half: i64) -> impl Iterator<Item = usize> {
    let range = |middle: f64, axis: usize| {
        let middle = middle.floor() as i64;
        (middle - half).max(0)..(middle + half + 1).clamp(0, VIEW[axis].into())
    };
    let columns = range(x, 0);
    range(y, 1).flat_map(move |row| {
        let row = row * i64::from(VIEW[0]);
        columns.clone().map(move |column| (row + column) as usize)
    })
}

/// Of a distance in tolerances.
fn colour(tolerances: f64) -> [f64; 3] {
    let of = tolerances.clamp(-2.0, 2.0);
    let above = COLOURS
        .iter()
        .position(|(at, _)| *at >= of)
        .unwrap_or(COLOURS.len() - 1)
        .max(1);
    let ((low, from), (high, to)) = (COLOURS[above - 1], COLOURS[above]);
    let share = (of - low) / (high - low);
    std::array::from_fn(|i| from[i] + (to[i] - from[i]) * share)
}

/// Colours, and which distance each is.
fn bar(page: &mut RgbImage, tolerance_um: i64) {
    const BAR: [u32; 4] = [60, 1090, 600, 36];
    for column in 0..BAR[2] {
        let of = f64::from(column) / f64::from(BAR[2] - 1) * 4.0 - 2.0;
        let pixel = Rgb(colour(of).map(|value| value.round() as u8));
        (0..BAR[3]).for_each(|row| page.put_pixel(BAR[0] + column, BAR[1] + row, pixel));
    }
    for step in -2..=2_i64 {
        let x = BAR[0] + (BAR[2] - 1) * (step + 2) as u32 / 4;
        (0..8).for_each(|row| page.put_pixel(x, BAR[1] + BAR[3] + row, INK));
        let sign = if step > 0 { "+" } else { "" };
        let text = format!("{sign}{}", step * tolerance_um);
        let half = text.chars().count() as u32 * 6;
        let top = BAR[1] + BAR[3] + 12;
        write(page, [x.saturating_sub(half), top], 2, &text);
    }
    let words = "µm FROM THE REFERENCE: - INSIDE, + OUTSIDE";
    write(page, [BAR[0], 1168], 2, words);
    let words = "DARK: BEYOND THE TOLERANCE.  GREY: NOT COVERED BY THE SCAN";
    write(page, [BAR[0], 1196], 2, words);
}

fn numbers(page: &mut RgbImage, compared: &Compared, tolerance_um: i64) {
    let title = match compared.outcome {
        Outcome::Passed => "PASSED",
        Outcome::Failed => "FAILED",
        Outcome::CoversTooLittle => "COVERS TOO LITTLE TO SAY",
        Outcome::NotRegistered => "CANNOT BE LAID OVER THE REFERENCE",
    };
    write(page, [820, 1080], 4, title);
    let of = &compared.deviation;
    let lines = [
        format!(
            "WITHIN {tolerance_um} µm: {} %",
            hundredths(u64::from(compared.within_ppm / 100))
        ),
        format!(
            "50 % {}, 95 % {}, 99 % {}, ALL {} µm",
            of.p50_um, of.p95_um, of.p99_um, of.max_um
        ),
        format!(
            "FROM {} TO +{} µm; {} POINTS",
            of.lowest_um, of.highest_um, compared.points
        ),
        format!(
            "COVERED: {} %; PATCH BEYOND: {} mm²",
            hundredths(u64::from(compared.coverage_ppm / 100)),
            hundredths(compared.patch_mm2_e2)
        ),
    ];
    for (row, line) in (0..).zip(&lines) {
        write(page, [820, 1124 + 28 * row], 2, line);
    }
}

fn hundredths(number: u64) -> String {
    format!("{}.{:02}", number / 100, number % 100)
}

pub(crate) fn write(page: &mut RgbImage, [left, top]: [u32; 2], size: u32, text: &str) {
    for (index, letter) in (0..).zip(text.chars()) {
        for (column, bits) in (0..).zip(glyphs::columns(letter)) {
            for row in (0..8).filter(|row| bits >> row & 1 == 1) {
                let (x, y) = (left + (index * 6 + column) * size, top + row * size);
                for (i, j) in (0..size).flat_map(|i| (0..size).map(move |j| (i, j))) {
                    if x + i < WIDTH && y + j < HEIGHT {
                        page.put_pixel(x + i, y + j, INK);
                    }
                }
            }
        }
    }
}
