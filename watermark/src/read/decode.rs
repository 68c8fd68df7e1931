//! Owns: the border to the picture decoders, which are strangers' code on strangers' input: limits before, a net for
//! panics behind. Must never know: codes.

use super::find::{Unwound, guarded};
use super::grey::Grey;
use super::{ReadError, ReadLimits};
use image::metadata::Orientation;
use image::{DynamicImage, GrayImage, ImageDecoder as _, ImageError, ImageReader};
use std::io::Cursor;

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
    let mut reader = ImageReader::new(Cursor::new(bytes))
        .with_guessed_format()
        .ok()
        .filter(|r| r.format().is_some_and(|f| f.reading_enabled()))
        .ok_or(ReadError::NotAnImage)?;
    let mut spend = image::Limits::default();
    spend.max_alloc = Some(limits.max_alloc_bytes);
    reader.limits(spend.clone());
    let mut decoder = reader.into_decoder().map_err(undecoded)?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > limits.max_pixels {
        return Err(ReadError::TooManyPixels {
            width,
            height,
            max: limits.max_pixels,
        });
    }
    spend.reserve(decoder.total_bytes()).map_err(undecoded)?;
    // Damaged metadata is no damaged picture.
    let upright = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let picture = DynamicImage::from_decoder(decoder).map_err(undecoded)?;
    let mut luma = DynamicImage::ImageLuma8(on_white(picture));
    // Turned codes are read as they are; mirrored ones are not.
    luma.apply_orientation(upright);
    let luma = luma.into_luma8();
    Ok(Grey::new(luma.width() as usize, luma.into_raw()))
}

/// In grey, what can be seen through lies on white paper.
fn on_white(picture: DynamicImage) -> GrayImage {
    if !picture.color().has_alpha() {
        return picture.into_luma8();
    }
    let both = picture.into_luma_alpha8();
    let (width, height) = both.dimensions();
    let blended = both
        .as_raw()
        .as_chunks::<2>()
        .0
        .iter()
        .map(|&[luma, alpha]| {
            let [luma, alpha] = [luma, alpha].map(u16::from);
            ((luma * alpha + 255 * (255 - alpha)) / 255) as u8
        });
    GrayImage::from_raw(width, height, blended.collect()).expect("there is one grey for each pixel")
}

fn undecoded(error: ImageError) -> ReadError {
    match error {
        ImageError::Limits(_) => ReadError::TooMuchMemory,
        error => ReadError::Damaged(error.to_string()),
    }
}
