//! Owns: which symbols a mark may become for one host, and how much room each needs. Must never know: meshes, processes.

use super::{
    DATA_MATRIX_QUIET_MODULES, MARK_TEXT_CHARS, QUIET_MODULES, Symbol, SymbolError, SymbolKind,
};
use crate::zone::{Manner, Zone};

/// A form that a mark may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SymbolForm {
    /// What stands in it.
    pub kind: SymbolKind,
    /// Modules along a side, with the quiet zone.
    pub modules: u32,
}

/// Every form that [`Symbol::fitting`] makes of a mark text for `host`, the one that it likes best first. All mark texts have
/// the same.
///
/// # Errors
/// [`SymbolError::BadHost`].
pub fn forms(host: &str) -> Result<Vec<SymbolForm>, SymbolError> {
    let text = "0".repeat(MARK_TEXT_CHARS);
    let data_matrix = 16 + 2 * DATA_MATRIX_QUIET_MODULES;
    let codes = (1..=40).map(|version| 17 + 4 * version + 2 * QUIET_MODULES);
    let mut found: Vec<SymbolForm> = Vec::new();
    for across in std::iter::once(data_matrix).chain(codes) {
        let symbol = match Symbol::fitting(&square(across), &text, host) {
            Ok(symbol) => symbol,
            Err(SymbolError::DoesNotFit { .. }) => continue,
            Err(error) => return Err(error),
        };
        let size = SymbolForm {
            kind: symbol.kind,
            modules: symbol.size_with_quiet(),
        };
        // Where more room makes no larger address, the strongest correction is in.
        if found.last() == Some(&size) && size.kind == SymbolKind::QrUrl {
            break;
        }
        if found.last() != Some(&size) {
            found.push(size);
        }
    }
    found.reverse();
    Ok(found)
}

/// A zone of so many modules of a micrometre. Where it lies does not matter to a symbol.
fn square(modules: u32) -> Zone {
    Zone {
        centre_um: [0; 3],
        normal_e6: [0, 0, 1_000_000],
        up_e6: [0, 1_000_000, 0],
        width_um: modules,
        height_um: modules,
        module_um: 1,
        depth_um: 1,
        wall_um: 1,
        manner: Manner::Recessed,
    }
}
