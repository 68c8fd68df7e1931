//! Owns: a picture that the QR decoder may work on for so long and no longer. Must never know: marks.
//!
//! The decoder tries every three finder patterns as a code, on a fresh copy of the picture each: a page of
//! nothing but finder patterns would keep it busy for hours. It cannot be told to stop, but it works on a buffer of
//! ours, so the buffer counts copies and patterns and unwinds out of the decoder when there are too many.

use super::Grey;
use image::{GenericImage, GenericImageView, GrayImage, Luma};
use std::cell::Cell;
use std::rc::Rc;

/// Copies for one look. A page of ten codes takes some hundred.
const MAX_TRIALS: u32 = 500;
/// Finder patterns for one look: some sixty codes.
const MAX_FINDERS: u32 = 200;
/// The decoder paints the finder patterns that it has found in this colour.
const FINDER: u8 = 2;

/// The decoder was stopped: not a fault of its code.
struct Spent;

/// Shared by a picture and all its copies.
#[derive(Default)]
struct Counts {
    trials: Cell<u32>,
    finders: Cell<u32>,
    last_painted: Cell<u8>,
}

pub(super) struct Budgeted {
    pixels: GrayImage,
    counts: Rc<Counts>,
}

impl Budgeted {
    pub(super) fn of(grey: &Grey) -> Self {
        let [width, height] = [grey.width(), grey.height()].map(|len| len as u32);
        Self {
            pixels: GrayImage::from_fn(width, height, |x, y| {
                Luma([grey.at(x as usize, y as usize)])
            }),
            counts: Rc::default(),
        }
    }
}

/// Counts one more; unwinds, without the noise of a panic, at the limit.
fn spend(count: &Cell<u32>, limit: u32) {
    count.set(count.get() + 1);
    if count.get() > limit {
        std::panic::resume_unwind(Box::new(Spent));
    }
}

impl Clone for Budgeted {
    fn clone(&self) -> Self {
        spend(&self.counts.trials, MAX_TRIALS);
        Self {
            pixels: self.pixels.clone(),
            counts: Rc::clone(&self.counts),
        }
    }
}

impl GenericImageView for Budgeted {
    type Pixel = Luma<u8>;

    fn dimensions(&self) -> (u32, u32) {
        self.pixels.dimensions()
    }

    fn get_pixel(&self, x: u32, y: u32) -> Luma<u8> {
        *self.pixels.get_pixel(x, y)
    }
}

impl GenericImage for Budgeted {
    fn get_pixel_mut(&mut self, x: u32, y: u32) -> &mut Luma<u8> {
        self.pixels.get_pixel_mut(x, y)
    }

    fn put_pixel(&mut self, x: u32, y: u32, pixel: Luma<u8>) {
        let [colour] = pixel.0;
        let before = self.counts.last_painted.replace(colour);
        if colour == FINDER && before != FINDER {
            spend(&self.counts.finders, MAX_FINDERS);
        }
        self.pixels.put_pixel(x, y, pixel);
    }

    fn blend_pixel(&mut self, x: u32, y: u32, pixel: Luma<u8>) {
        self.put_pixel(x, y, pixel);
    }
}
