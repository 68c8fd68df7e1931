//! Owns: how bright each place of a picture is against the face around it. Must never know: codes.

use crate::read::grey::Grey;

/// As bright as the face.
pub(super) const FACE: u8 = 128;

/// Brightness against the brightest filling of pits narrower than `widest_px`: [`FACE`] is as bright, 0 is black.
pub(super) fn against_face(soft: &Grey, widest_px: usize) -> Grey {
    let face = soft.filled(widest_px);
    soft.with(&face, |pixel, face| {
        let share = u32::from(pixel) * u32::from(FACE) / u32::from(face).max(1);
        share.min(255) as u8
    })
}
