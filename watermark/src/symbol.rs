//! Owns: which symbol a zone takes for a mark text, and its modules.
//! Must never know: meshes, or what a mark text means. Spec: ISO/IEC 18004 (QR), ISO/IEC 16022 (Data Matrix, ECC 200).
//!
//! The ladder: an address in a QR code, which any phone opens; the bare text in the smallest QR code; the bare text in a
//! Data Matrix of 16 modules, which takes half as much room and is read by the scan page. ASCII only.

mod forms;

pub use forms::{SymbolForm, forms};

use crate::zone::Zone;
use datamatrix::data::{DataEncodingError, EncodationType};
use datamatrix::{DataMatrix, DataMatrixBuilder, SymbolList, SymbolSize};
use qrcodegen::{QrCode, QrCodeEcc, QrSegment, Version};

/// Light modules that must surround a QR symbol.
pub const QUIET_MODULES: u32 = 4;
/// Light modules that must surround a Data Matrix symbol.
const DATA_MATRIX_QUIET_MODULES: u32 = 1;
/// Characters that MIL-STD-130N allows in a unique item identifier, with what ISO/IEC 15434 puts around them.
const MAX_UII_CHARS: usize = 78;
/// Characters in a mark text.
pub const MARK_TEXT_CHARS: usize = 16;

/// Strongest first.
const STRENGTHS: [QrCodeEcc; 4] = [
    QrCodeEcc::High,
    QrCodeEcc::Quartile,
    QrCodeEcc::Medium,
    QrCodeEcc::Low,
];

/// What stands in the symbol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SymbolKind {
    /// `HTTPS://<HOST>/M/<TEXT>`: any phone's camera opens it.
    QrUrl,
    /// The mark text alone, in a version 1 symbol: the scan page reads it.
    QrBare,
    /// The mark text alone, in a Data Matrix of 16 by 16 modules, half of which is error correction.
    DataMatrixBare,
    /// A unique item identifier as MIL-STD-130 has it, beside the mark and not instead of it.
    DataMatrixUii,
}

impl SymbolKind {
    /// For people and scripts.
    pub fn name(self) -> &'static str {
        match self {
            Self::QrUrl => "QR code with an address",
            Self::QrBare => "QR code",
            Self::DataMatrixBare => "Data Matrix",
            Self::DataMatrixUii => "Data Matrix with a UII",
        }
    }

    /// Light modules that must surround the symbol.
    pub fn quiet_modules(self) -> u32 {
        match self {
            Self::QrUrl | Self::QrBare => QUIET_MODULES,
            Self::DataMatrixBare | Self::DataMatrixUii => DATA_MATRIX_QUIET_MODULES,
        }
    }
}

/// A square of modules, ready to be cut into a face.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Symbol {
    /// Exactly what a decoder will say.
    pub text: String,
    /// Which form was chosen.
    pub kind: SymbolKind,
    /// Modules along a side, without the quiet zone.
    pub size: u32,
    /// Rows from the top, each from the left; `true` is dark.
    pub modules: Vec<bool>,
}

/// Why no symbol was made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SymbolError {
    /// The mark text is not 16 upper-case letters and digits.
    #[error("a mark text has 16 upper-case letters and digits")]
    BadText,
    /// The host cannot stand in an upper-case URL.
    #[error("the host {0:?} is not a host name, with or without a port")]
    BadHost(String),
    /// The identifier is empty, longer than 78 characters or not ASCII.
    #[error(
        "a unique item identifier has 1 to {MAX_UII_CHARS} ASCII characters, its envelope included"
    )]
    BadUii,
    /// Not even the smallest symbol fits.
    #[error(
        "the zone is {available_um} um wide, the smallest symbol with its quiet zone needs {needed_um} um"
    )]
    DoesNotFit {
        /// Side of the smallest symbol at the zone's module.
        needed_um: u64,
        /// The zone's shorter side.
        available_um: u32,
    },
}

impl Symbol {
    /// The best symbol for `mark_text` that fits in `zone` at its module with the full quiet zone: the URL with
    /// the strongest error correction that any fitting version allows (the smallest such version), else the bare
    /// text in a QR code of version 1, else in a Data Matrix. `host` may be in lower case: host names have none.
    ///
    /// # Errors
    /// [`SymbolError::BadText`], [`SymbolError::BadHost`], or [`SymbolError::DoesNotFit`].
    pub fn fitting(zone: &Zone, mark_text: &str, host: &str) -> Result<Self, SymbolError> {
        require_text(mark_text)?;
        require_host(host)?;
        let url = format!("HTTPS://{}/M/{mark_text}", host.to_ascii_uppercase());
        let qr = max_version(zone).and_then(|max| {
            qr(&url, max, SymbolKind::QrUrl)
                .or_else(|| qr(mark_text, Version::MIN, SymbolKind::QrBare))
        });
        let fitting = qr.map_or_else(|| bare_data_matrix(mark_text), Ok)?;
        fitting.require_fit(zone)?;
        Ok(fitting)
    }

    /// The smallest square Data Matrix for a unique item identifier, `uii` with its ISO/IEC 15434 envelope, that fits in
    /// `zone` at its module. Only with modules up to 0.64 mm it conforms to MIL-STD-130.
    ///
    /// # Errors
    /// [`SymbolError::BadUii`] or [`SymbolError::DoesNotFit`].
    pub fn uii(zone: &Zone, uii: &str) -> Result<Self, SymbolError> {
        let sound = uii.is_ascii() && (1..=MAX_UII_CHARS).contains(&uii.len());
        let made = DataMatrix::encode(uii.as_bytes(), SymbolList::default().enforce_square());
        let made = made.ok().filter(|_| sound).ok_or(SymbolError::BadUii)?;
        let symbol = data_matrix(uii, &made, SymbolKind::DataMatrixUii);
        symbol.require_fit(zone)?;
        Ok(symbol)
    }

    /// Modules along a side, with the quiet zone.
    pub fn size_with_quiet(&self) -> u32 {
        self.size + 2 * self.kind.quiet_modules()
    }

    fn require_fit(&self, zone: &Zone) -> Result<(), SymbolError> {
        let across = modules_across(zone).unwrap_or(0);
        if self.size_with_quiet() <= across {
            return Ok(());
        }
        Err(SymbolError::DoesNotFit {
            needed_um: u64::from(zone.module_um) * u64::from(self.size_with_quiet()),
            available_um: zone.width_um.min(zone.height_um),
        })
    }

    /// Whether the module is dark. Everything outside the symbol is light.
    pub fn dark(&self, column: i64, row: i64) -> bool {
        let inside = 0..i64::from(self.size);
        inside.contains(&column)
            && inside.contains(&row)
            && self.modules[row as usize * self.size as usize + column as usize]
    }

    /// How many modules are dark.
    pub fn dark_modules(&self) -> usize {
        self.modules.iter().filter(|&&dark| dark).count()
    }
}

fn side(version: Version) -> u32 {
    17 + 4 * u32::from(version.value())
}

fn modules_across(zone: &Zone) -> Option<u32> {
    let side = zone.width_um.min(zone.height_um);
    side.checked_div(zone.module_um)
}

/// The largest version that the zone takes with its quiet zone.
fn max_version(zone: &Zone) -> Option<Version> {
    let across = modules_across(zone)?;
    (1..=40)
        .rev()
        .map(Version::new)
        .find(|&v| side(v) + 2 * QUIET_MODULES <= across)
}

fn require_text(text: &str) -> Result<(), SymbolError> {
    let upper = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit();
    (text.len() == MARK_TEXT_CHARS && text.bytes().all(upper))
        .then_some(())
        .ok_or(SymbolError::BadText)
}

fn require_host(host: &str) -> Result<(), SymbolError> {
    let (name, port) = match host.split_once(':') {
        Some((name, port)) => (name, Some(port)),
        None => (host, None),
    };
    let in_name = |b: u8| b.is_ascii_alphanumeric() || b == b'.' || b == b'-';
    let good = (1..=253).contains(&name.len())
        && name.bytes().all(in_name)
        && port.is_none_or(|p| p.parse::<u16>().is_ok());
    good.then_some(())
        .ok_or_else(|| SymbolError::BadHost(host.to_owned()))
}

/// `None` where `text` does not fit in `max` even with the weakest correction.
fn qr(text: &str, max: Version, kind: SymbolKind) -> Option<Symbol> {
    let segments = [QrSegment::make_alphanumeric(text)];
    let code = STRENGTHS.into_iter().find_map(|strength| {
        QrCode::encode_segments_advanced(&segments, strength, Version::MIN, max, None, false).ok()
    })?;
    Some(Symbol {
        text: text.to_owned(),
        kind,
        size: code.size() as u32,
        modules: qr_modules(&code),
    })
}

/// Rows from the top, each from the left; `true` is dark.
pub(crate) fn qr_modules(code: &QrCode) -> Vec<bool> {
    let size = code.size();
    let at = |i: i32| code.get_module(i % size, i / size);
    (0..size * size).map(at).collect()
}

/// C40 packs three letters or digits into two bytes: 16 of them are what 16 by 16 modules hold.
fn bare_data_matrix(text: &str) -> Result<Symbol, SymbolError> {
    let made = encoded(text, SymbolSize::Square16);
    let made = made.map_err(|_| SymbolError::BadText)?;
    Ok(data_matrix(text, &made, SymbolKind::DataMatrixBare))
}

fn data_matrix(text: &str, made: &DataMatrix, kind: SymbolKind) -> Symbol {
    Symbol {
        text: text.to_owned(),
        kind,
        size: made.bitmap().width() as u32,
        modules: bitmap_modules(made),
    }
}

fn bitmap_modules(made: &DataMatrix) -> Vec<bool> {
    let bitmap = made.bitmap();
    let mut modules = vec![false; bitmap.width() * bitmap.height()];
    for (column, row) in bitmap.pixels() {
        modules[row * bitmap.width() + column] = true;
    }
    modules
}

/// The modules of the Data Matrix of this size that we would make for `text`; `None` where it does not fit.
pub(crate) fn data_matrix_modules(text: &str, size: u32) -> Option<Vec<bool>> {
    let sizes = SymbolList::default().enforce_width_in(size as usize..=size as usize);
    let made = encoded(text, sizes.enforce_square()).ok()?;
    Some(bitmap_modules(&made))
}

/// As short as may be, else as pairs and triples alone: where the last four characters are digits, the shortest way that the
/// crate finds for some texts does not end where the symbol does.
fn encoded(text: &str, sizes: impl Into<SymbolList>) -> Result<DataMatrix, DataEncodingError> {
    let sizes: SymbolList = sizes.into();
    DataMatrix::encode(text.as_bytes(), sizes.clone()).or_else(|_| {
        DataMatrixBuilder::new()
            .with_symbol_list(sizes)
            .with_encodation_types(EncodationType::Ascii | EncodationType::C40)
            .encode(text.as_bytes())
    })
}

#[cfg(test)]
mod tests;
