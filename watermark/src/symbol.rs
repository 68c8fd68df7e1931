//! Owns: which QR symbol a zone takes for a mark text, and its modules.
//! Must never know: meshes, or what a mark text means. Spec: ISO/IEC 18004.

use crate::zone::Zone;
use qrcodegen::{QrCode, QrCodeEcc, QrSegment, Version};

/// Light modules that must surround a QR symbol.
pub const QUIET_MODULES: u32 = 4;
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
    /// text in version 1. `host` may be in lower case: host names have none.
    ///
    /// # Errors
    /// [`SymbolError::BadText`], [`SymbolError::BadHost`], or [`SymbolError::DoesNotFit`].
    pub fn fitting(zone: &Zone, mark_text: &str, host: &str) -> Result<Self, SymbolError> {
        require_text(mark_text)?;
        require_host(host)?;
        let url = format!("HTTPS://{}/M/{mark_text}", host.to_ascii_uppercase());
        max_version(zone)
            .and_then(|max| {
                encode(&url, max, SymbolKind::QrUrl)
                    .or_else(|| encode(mark_text, Version::MIN, SymbolKind::QrBare))
            })
            .ok_or(SymbolError::DoesNotFit {
                needed_um: u64::from(zone.module_um)
                    * u64::from(side(Version::MIN) + 2 * QUIET_MODULES),
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

/// The largest version that the zone takes with its quiet zone.
fn max_version(zone: &Zone) -> Option<Version> {
    let across = zone
        .width_um
        .min(zone.height_um)
        .checked_div(zone.module_um)?;
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
fn encode(text: &str, max: Version, kind: SymbolKind) -> Option<Symbol> {
    let segments = [QrSegment::make_alphanumeric(text)];
    let code = STRENGTHS.into_iter().find_map(|strength| {
        QrCode::encode_segments_advanced(&segments, strength, Version::MIN, max, None, false).ok()
    })?;
    let size = code.size();
    let modules = (0..size * size)
        .map(|i| code.get_module(i % size, i / size))
        .collect();
    Some(Symbol {
        text: text.to_owned(),
        kind,
        size: size as u32,
        modules,
    })
}

#[cfg(test)]
mod tests;
