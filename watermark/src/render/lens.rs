//! Owns: what a lens, a hand, a sensor and a file format make of light. Must never know: what is in the picture.

use super::view::View;
use super::{Dice, RenderError};
use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::{ExtendedColorType, ImageEncoder};

/// The mean that the middle of a picture is exposed to, where 1 is white.
const EXPOSED_TO: f32 = 0.3;
/// What of the middle is brighter than all but a fiftieth is exposed to no more.
const BRIGHT_TO: f32 = 0.8;

/// Light on a sensor, where 1 is what white paper sends back.
pub(super) struct Exposed {
    width: usize,
    light: Vec<f32>,
}

/// A picture in shades of grey.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Photo {
    width_px: u32,
    pixels: Vec<u8>,
}

impl Photo {
    /// Of whole rows of `width_px`.
    pub(super) fn new(width_px: u32, pixels: Vec<u8>) -> Self {
        Self { width_px, pixels }
    }

    /// Rows from the top, each from the left; 0 is black.
    pub fn pixels(&self) -> &[u8] {
        &self.pixels
    }

    /// Width and height, in pixels.
    pub fn size_px(&self) -> [u32; 2] {
        [
            self.width_px,
            self.pixels.len() as u32 / self.width_px.max(1),
        ]
    }

    /// The picture as PNG.
    ///
    /// # Errors
    /// [`RenderError::Encoding`].
    pub fn png(&self) -> Result<Vec<u8>, RenderError> {
        let mut file = Vec::new();
        self.write(PngEncoder::new(&mut file))?;
        Ok(file)
    }

    /// The picture as JPEG of a quality of 1 to 100.
    ///
    /// # Errors
    /// [`RenderError::Encoding`].
    pub fn jpeg(&self, quality: u8) -> Result<Vec<u8>, RenderError> {
        let mut file = Vec::new();
        self.write(JpegEncoder::new_with_quality(
            &mut file,
            quality.clamp(1, 100),
        ))?;
        Ok(file)
    }

    fn write(&self, encoder: impl ImageEncoder) -> Result<(), RenderError> {
        let [width, height] = self.size_px();
        encoder
            .write_image(&self.pixels, width, height, ExtendedColorType::L8)
            .map_err(RenderError::Encoding)
    }
}

impl Exposed {
    pub(super) fn new(width: usize, light: Vec<f32>) -> Self {
        Self { width, light }
    }

    fn height(&self) -> usize {
        self.light.len() / self.width
    }

    /// Blurred, shaken, exposed as a camera would by itself, with noise, in 8 bits.
    pub(super) fn developed(mut self, view: &View) -> Photo {
        self.blur(view.blur_px);
        let mut dice = Dice::new(view.seed, 0x1e45);
        self.shake(view.motion_px, dice.compass());
        let gain = self.gain();
        let develop = |&light: &f32| {
            let exposed = light * gain;
            // Light comes in grains: of twice as much the noise is larger by the root of two; something is left of none.
            let noise = view.noise * (exposed.max(0.0) + 0.05).sqrt() * dice.normal();
            let seen = (exposed + noise).clamp(0.0, 1.0);
            (seen.powf(1.0 / 2.2) * 255.0).round() as u8
        };
        let pixels = self.light.iter().map(develop).collect();
        Photo::new(view.width_px, pixels)
    }

    /// As a camera would expose by itself: by the middle quarter, and so that what is bright there keeps its shades.
    fn gain(&self) -> f32 {
        let (width, height) = (self.width, self.height());
        let columns = width / 4..width - width / 4;
        let rows = height / 4..height - height / 4;
        let mut middle: Vec<f32> = rows
            .flat_map(|y| self.light[y * width..][..width][columns.clone()].to_vec())
            .collect();
        middle.sort_by(f32::total_cmp);
        let mean = middle.iter().sum::<f32>() / middle.len().max(1) as f32;
        let bright = middle.get(middle.len() * 49 / 50).copied().unwrap_or(1.0);
        (EXPOSED_TO / mean.max(1e-3)).min(BRIGHT_TO / bright.max(1e-3))
    }

    /// A Gaussian of this standard deviation, to three of them.
    fn blur(&mut self, sigma_px: f32) {
        let reach = (3.0 * sigma_px).ceil() as isize;
        if reach == 0 {
            return;
        }
        let bell = |i: isize| (-(i as f32 / sigma_px).powi(2) / 2.0).exp();
        let weights: Vec<(isize, f32)> = (-reach..=reach).map(|i| (i, bell(i))).collect();
        self.mixed(&weights.iter().map(|&(i, w)| (i, 0, w)).collect::<Vec<_>>());
        self.mixed(&weights.iter().map(|&(i, w)| (0, i, w)).collect::<Vec<_>>());
    }

    /// Moved evenly along a line.
    fn shake(&mut self, length_px: f32, [right, down]: [f32; 2]) {
        let count = length_px.ceil() as isize + 1;
        if count < 2 {
            return;
        }
        let place = |i: isize| length_px * (i as f32 / (count - 1) as f32 - 0.5);
        let line = (0..count).map(|i| {
            let [x, y] = [right, down].map(|c| (c * place(i)).round() as isize);
            (x, y, 1.0)
        });
        self.mixed(&line.collect::<Vec<_>>());
    }

    /// Each pixel of its neighbours at these places, by weight; beyond an edge, of the last before it.
    fn mixed(&mut self, taps: &[(isize, isize, f32)]) {
        let (width, height) = (self.width, self.height());
        let whole: f32 = taps.iter().map(|tap| tap.2).sum();
        let mut light = vec![0.0; self.light.len()];
        for y in 0..height {
            for &(right, down, weight) in taps {
                let row = y.saturating_add_signed(down).min(height - 1) * width;
                let weight = weight / whole;
                let out = &mut light[y * width..][..width];
                for (x, out) in out.iter_mut().enumerate() {
                    let x = x.saturating_add_signed(right).min(width - 1);
                    *out += weight * self.light[row + x];
                }
            }
        }
        self.light = light;
    }
}
