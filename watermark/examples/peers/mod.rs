//! The decoders alone, without anything of ours around them: what a photograph shows to each. Shared by the examples.

use image::GrayImage;
use rxing::common::HybridBinarizer;
use rxing::{BinaryBitmap, DecodeHints, Luma8LuminanceSource, Reader};
use std::panic::catch_unwind;

/// By `rqrr`, QR codes only.
pub fn areas(photo: &[u8]) -> Vec<String> {
    let read = |grey: GrayImage| {
        let mut prepared = rqrr::PreparedImage::prepare(grey);
        let grids = prepared.detect_grids();
        let decoded = grids.iter().filter_map(|grid| grid.decode().ok());
        decoded.map(|(_, text)| text).collect()
    };
    catch_unwind(|| grey(photo).map(read))
        .ok()
        .flatten()
        .unwrap_or_default()
}

/// By `rxing`, as its own helpers do: both kinds of codes, trying hard.
pub fn edges(photo: &[u8]) -> Vec<String> {
    let text = catch_unwind(|| edges_in(grey(photo)?)).ok().flatten();
    text.into_iter().collect()
}

fn edges_in(grey: GrayImage) -> Option<String> {
    let hints = DecodeHints {
        TryHarder: Some(true),
        ..DecodeHints::default()
    };
    let (width, height) = grey.dimensions();
    let source = Luma8LuminanceSource::new(grey.into_raw(), width, height).ok()?;
    let mut bitmap = BinaryBitmap::new(HybridBinarizer::new(source));
    let qr = rxing::qrcode::cpp_port::QrReader.decode_with_hints(&mut bitmap, &hints);
    let code =
        qr.or_else(|_| rxing::datamatrix::DataMatrixReader.decode_with_hints(&mut bitmap, &hints));
    Some(code.ok()?.getText().to_owned())
}

/// What can be seen through lies on white.
fn grey(photo: &[u8]) -> Option<GrayImage> {
    let both = image::load_from_memory(photo).ok()?.into_luma_alpha8();
    let blend = |&[luma, alpha]: &[u8; 2]| {
        let [luma, alpha] = [luma, alpha].map(u16::from);
        ((luma * alpha + 255 * (255 - alpha)) / 255) as u8
    };
    let pixels = both.as_raw().as_chunks::<2>().0.iter().map(blend).collect();
    GrayImage::from_raw(both.width(), both.height(), pixels)
}
