//! Owns: the border to the picture and QR decoders, which are strangers' code on strangers' input: limits before,
//! a net for panics behind. Must never know: marks.

use super::budget::Budgeted;
use super::{Grey, ReadError, ReadLimits};
use image::ImageReader;
use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// One code in a picture.
pub(super) struct Code {
    pub(super) text: String,
    /// In pixels of the picture that was decoded.
    pub(super) corners: [[f32; 2]; 4],
}

/// The decoder panicked, or was stopped.
pub(super) struct Unwound;

/// Decodes a PNG or JPEG to grey.
pub(super) fn picture(bytes: &[u8], limits: &ReadLimits) -> Result<Grey, ReadError> {
    if bytes.len() > limits.max_bytes {
        return Err(ReadError::TooManyBytes {
            bytes: bytes.len(),
            max: limits.max_bytes,
        });
    }
    guarded(|| decode(bytes, limits))
        .unwrap_or_else(|Unwound| Err(ReadError::Damaged("the picture decoder failed".into())))
}

fn decode(bytes: &[u8], limits: &ReadLimits) -> Result<Grey, ReadError> {
    let damaged = |e: image::ImageError| ReadError::Damaged(e.to_string());
    let open = || {
        let mut reader = ImageReader::new(Cursor::new(bytes))
            .with_guessed_format()
            .ok()
            .filter(|r| r.format().is_some_and(|f| f.reading_enabled()))
            .ok_or(ReadError::NotAnImage)?;
        let mut spend = image::Limits::default();
        spend.max_alloc = Some(limits.max_alloc_bytes);
        reader.limits(spend);
        Ok(reader)
    };
    let (width, height) = open()?.into_dimensions().map_err(damaged)?;
    if u64::from(width) * u64::from(height) > limits.max_pixels {
        return Err(ReadError::TooManyPixels {
            width,
            height,
            max: limits.max_pixels,
        });
    }
    let luma = open()?.decode().map_err(damaged)?.into_luma8();
    Ok(Grey::new(luma.width() as usize, luma.into_raw()))
}

/// Every code that the decoder reads as text.
pub(super) fn codes(grey: &Grey) -> Result<Vec<Code>, Unwound> {
    guarded(|| {
        let mut prepared = rqrr::PreparedImage::prepare(Budgeted::of(grey));
        let grids = prepared.detect_grids();
        grids
            .iter()
            .filter_map(|grid| {
                let (_, text) = grid.decode().ok()?;
                Some(Code {
                    text,
                    corners: grid.bounds.map(|p| [p.x as f32, p.y as f32]),
                })
            })
            .collect()
    })
}

/// Nothing that `work` touches outlives a panic, so there is no broken state to see.
fn guarded<T>(work: impl FnOnce() -> T) -> Result<T, Unwound> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|_| Unwound)
}
