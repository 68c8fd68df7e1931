//! Owns: what may be done for one picture, and a picture that `rqrr` may work on for so long and no longer. Must never know: marks.
//!
//! The decoder tries every three finder patterns as a code, on a fresh copy of the picture each: a page of
//! nothing but finder patterns would keep it busy for hours. It cannot be told to stop, but it works on a buffer of
//! ours, so the buffer counts copies, patterns and pixels and unwinds out of the decoder when there are too many, or
//! when nobody waits for the answer any more. Work is counted and not timed: the same picture gets the same answer
//! on every machine.

use super::grey::Grey;
use image::{GenericImage, GenericImageView, GrayImage, Luma};
use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Copies for one look. A page of ten codes takes some hundred.
const MAX_TRIALS: u32 = 500;
/// Finder patterns for one look: some sixty codes.
const MAX_FINDERS: u32 = 200;
/// The decoder paints the finder patterns that it has found in this colour.
const FINDER: u8 = 2;

/// Copying a row costs less than looking at its pixels one by one.
const PIXELS_COPIED_AT_ONCE: u64 = 16;

/// The decoder was stopped: not a fault of its code.
struct Spent;

/// Ends a reading from outside: nobody waits for its answer any more.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// From now on nothing more is looked at.
    pub fn now(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_asked_for(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// What may still be done for one picture, by all looks at it together.
#[derive(Clone)]
pub(super) struct Work {
    left_pixels: Rc<Cell<u64>>,
    stop: Stop,
}

impl Work {
    pub(super) fn new(max_pixels: u64, stop: &Stop) -> Self {
        Self {
            left_pixels: Rc::new(Cell::new(max_pixels)),
            stop: stop.clone(),
        }
    }

    pub(super) fn is_left(&self) -> bool {
        self.left_pixels.get() > 0 && !self.stop.is_asked_for()
    }

    /// For decoders that take no buffer of ours: their work is counted before it is done. False at the end.
    pub(super) fn take(&self, pixels: u64) -> bool {
        let left = self.left_pixels.get().saturating_sub(pixels);
        self.left_pixels.set(left);
        self.is_left()
    }

    /// Unwinds, without the noise of a panic, at the end.
    fn spend(&self, pixels: u64) {
        let left = self.left_pixels.get().saturating_sub(pixels);
        self.left_pixels.set(left);
        if left == 0 {
            std::panic::resume_unwind(Box::new(Spent));
        }
    }
}

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
    work: Work,
}

impl Budgeted {
    pub(super) fn of(grey: &Grey, work: &Work) -> Self {
        let [width, height] = [grey.width(), grey.height()].map(|len| len as u32);
        Self {
            pixels: GrayImage::from_raw(width, height, grey.pixels().to_vec())
                .expect("a picture has width times height pixels"),
            counts: Rc::default(),
            work: work.clone(),
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
        let copied = self.pixels.len() as u64 / PIXELS_COPIED_AT_ONCE;
        // Nobody waits: what is left does not matter.
        self.work.spend(if self.work.stop.is_asked_for() {
            u64::MAX
        } else {
            copied
        });
        Self {
            pixels: self.pixels.clone(),
            counts: Rc::clone(&self.counts),
            work: self.work.clone(),
        }
    }
}

impl GenericImageView for Budgeted {
    type Pixel = Luma<u8>;

    fn dimensions(&self) -> (u32, u32) {
        self.pixels.dimensions()
    }

    fn get_pixel(&self, x: u32, y: u32) -> Luma<u8> {
        self.work.spend(1);
        *self.pixels.get_pixel(x, y)
    }
}

impl GenericImage for Budgeted {
    fn get_pixel_mut(&mut self, x: u32, y: u32) -> &mut Luma<u8> {
        self.work.spend(1);
        self.pixels.get_pixel_mut(x, y)
    }

    fn put_pixel(&mut self, x: u32, y: u32, pixel: Luma<u8>) {
        self.work.spend(1);
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
