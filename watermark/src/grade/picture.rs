//! Owns: the picture of a graded symbol. Must never know: how grades come about.

use super::Grade;
use image::codecs::png::PngEncoder;
use image::{ExtendedColorType, ImageEncoder};

/// Pixels to a module.
pub(super) const MODULE_PX: usize = 16;

/// As shares of red, green and blue.
fn colour(grade: Grade) -> [u16; 3] {
    match grade {
        Grade::A => [90, 220, 110],
        Grade::B => [170, 220, 80],
        Grade::C => [240, 215, 60],
        Grade::D => [250, 150, 40],
        Grade::F => [240, 60, 50],
    }
}

/// `rectified` is the symbol in grey; a PNG comes back.
pub(super) fn png(rectified: &[u8], size: usize, grades: &[Grade], wrong: &[bool]) -> Vec<u8> {
    let side = size * MODULE_PX;
    let pixel = |i: usize| {
        let (x, y) = (i % side, i / side);
        let module = y / MODULE_PX * size + x / MODULE_PX;
        let (inner_x, inner_y) = (x % MODULE_PX, y % MODULE_PX);
        let is_crossed = inner_x == inner_y || inner_x + inner_y == MODULE_PX - 1;
        if wrong[module] && is_crossed {
            return [0; 3];
        }
        // Light enough that the colour is told also where the symbol is dark.
        let grey = 90 + u16::from(rectified[i]) * 165 / 255;
        colour(grades[module]).map(|share| (share * grey / 255) as u8)
    };
    let pixels: Vec<u8> = (0..side * side).flat_map(pixel).collect();
    let mut file = Vec::new();
    PngEncoder::new(&mut file)
        .write_image(&pixels, side as u32, side as u32, ExtendedColorType::Rgb8)
        .expect("a picture has side times side pixels, and memory takes all that is written");
    file
}
