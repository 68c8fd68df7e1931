//! Owns: how well a code that was read is preserved. Must never know: pictures.
//!
//! Error correction hides damage until there is too much of it. So what was read is made again as a symbol and compared
//! with what was seen, module by module.

use super::find::{Found, Modules, Symbology};
use qrcodegen::{Mask, QrCode, QrCodeEcc, QrSegment, Version};

/// How much of a symbol was seen as it must have been made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sureness {
    /// Modules of the symbol.
    pub modules: u32,
    /// Modules that were seen in the other colour, and that error correction put right.
    pub wrong: u32,
}

/// A symbol as it must have been made.
pub(crate) struct Made {
    /// Rows from the top, each from the left; `true` is dark.
    pub(crate) modules: Vec<bool>,
    /// Of a QR code: 0 is the weakest error correction, 3 the strongest.
    pub(crate) strength: usize,
}

/// `None` where the text can be written in other ways than ours, so that nothing can be compared.
pub(super) fn of(code: &Found) -> Option<Sureness> {
    Some(made(code)?.1)
}

/// The symbol that the text must have been made as, and how much of it was seen so. `None` as for [`of`].
pub(super) fn made(code: &Found) -> Option<(Made, Sureness)> {
    let made = match code.symbology {
        Symbology::Qr => qr_codes(&code.text, code.modules.width),
        Symbology::DataMatrix => data_matrix(&code.text, code.modules.width),
    };
    let modules = code.modules.dark.len();
    let seen = [&code.modules, &mirrored(&code.modules)];
    let wrong = |made: &Made| {
        let differing = |seen: &Modules| {
            let pairs = seen.dark.iter().zip(&made.modules);
            pairs.filter(|(seen, made)| seen != made).count()
        };
        seen.map(differing).into_iter().min().unwrap_or(modules)
    };
    let same_size = made
        .into_iter()
        .filter(|made| made.modules.len() == modules);
    let (wrong, made) = same_size
        .map(|made| (wrong(&made), made))
        .min_by_key(|(wrong, _)| *wrong)?;
    // A third of all modules cannot be put right by any correction: the text was written otherwise.
    let sureness = Sureness {
        modules: modules as u32,
        wrong: wrong as u32,
    };
    (3 * wrong < modules).then_some((made, sureness))
}

/// In every strength and mask, because what the symbol says of itself may be damaged too.
fn qr_codes(text: &str, width: usize) -> Vec<Made> {
    let version = width.checked_sub(17).map(|modules| modules / 4);
    let Some(version) = version.filter(|version| (1..=40).contains(version)) else {
        return Vec::new();
    };
    let version = Version::new(version as u8);
    let segments = if QrSegment::is_alphanumeric(text) {
        vec![QrSegment::make_alphanumeric(text)]
    } else {
        vec![QrSegment::make_bytes(text.as_bytes())]
    };
    let strengths = [
        QrCodeEcc::Low,
        QrCodeEcc::Medium,
        QrCodeEcc::Quartile,
        QrCodeEcc::High,
    ];
    let make = |strength, mask| {
        let mask = Some(Mask::new(mask));
        QrCode::encode_segments_advanced(&segments, strength, version, version, mask, false).ok()
    };
    let all = strengths
        .into_iter()
        .enumerate()
        .flat_map(|(i, strength)| (0..8).map(move |mask| (i, strength, mask)));
    all.filter_map(|(i, strength, mask)| {
        Some(Made {
            modules: crate::symbol::qr_modules(&make(strength, mask)?),
            strength: i,
        })
    })
    .collect()
}

fn data_matrix(text: &str, width: usize) -> Vec<Made> {
    let made = crate::symbol::data_matrix_modules(text, width as u32);
    made.into_iter()
        .map(|modules| Made {
            modules,
            strength: 0,
        })
        .collect()
}

fn mirrored(modules: &Modules) -> Modules {
    let (width, height) = (modules.width, modules.dark.len() / modules.width.max(1));
    let dark = (0..width).flat_map(|x| (0..height).map(move |y| modules.dark[y * width + x]));
    Modules {
        width: height,
        dark: dark.collect(),
    }
}
