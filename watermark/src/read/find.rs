//! Owns: the border to the decoders of codes, which are strangers' code on strangers' input: a net for panics behind
//! them. Must never know: marks, or how a picture was made ready.
//!
//! Two families see different things. `rqrr` (of quirc) follows whole areas: it finds faint relief whose edges are
//! ragged. `rxing` (of zxing) follows edges: it is many times faster, takes smaller and more tilted codes, and
//! reads Data Matrix.

mod bent;
mod quirc;
mod zxing;

use super::budget::Work;
use super::grey::Grey;
use std::panic::{AssertUnwindSafe, catch_unwind};

pub(super) use zxing::Bits;

/// Which kind of code it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Symbology {
    /// ISO/IEC 18004.
    Qr,
    /// ISO/IEC 16022, ECC 200.
    DataMatrix,
}

/// One code in a picture.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Found {
    pub(super) text: String,
    pub(super) symbology: Symbology,
    /// In pixels of the picture that was searched.
    pub(super) corners: [[f32; 2]; 4],
    pub(super) modules: Modules,
}

/// The square or rectangle of modules as it was sampled, before any correction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Modules {
    pub(super) width: usize,
    /// Rows from the top, each from the left; `true` is dark.
    pub(super) dark: Vec<bool>,
}

/// What a search brought.
#[derive(Default)]
pub(super) struct Search {
    pub(super) codes: Vec<Found>,
    /// Side of a module, in pixels, of what looks like a code and could not be read.
    pub(super) unread_module_px: Option<f32>,
}

/// The decoder panicked, or was stopped.
pub(super) struct Unwound;

/// QR codes by areas. The decoder has a threshold of its own.
pub(super) fn by_areas(grey: &Grey, work: &Work) -> Result<Search, Unwound> {
    guarded(|| quirc::codes(grey, work))
}

/// QR codes by edges.
pub(super) fn qr_by_edges(bits: &Bits, work: &Work) -> Result<Search, Unwound> {
    guarded(|| zxing::qr_codes(bits, work))
}

/// Data Matrix symbols by edges.
pub(super) fn data_matrix(bits: &Bits, work: &Work) -> Result<Search, Unwound> {
    guarded(|| zxing::data_matrix(bits, work))
}

/// What modules say that were told by others. `None` where error correction does not put them right.
pub(super) fn text_of(symbology: Symbology, modules: &Modules) -> Option<String> {
    guarded(|| zxing::text_of(symbology, modules)).ok()?
}

/// Nothing that `work` touches outlives a panic, so there is no broken state to see.
pub(super) fn guarded<T>(work: impl FnOnce() -> T) -> Result<T, Unwound> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|_| Unwound)
}

#[cfg(test)]
mod tests;
