//! Owns: which modules of a symbol are the same in every mark: light ones around it, and those by which it is found. Must
//! never know: pictures. Spec: ISO/IEC 18004 (QR), ISO/IEC 16022 (Data Matrix, ECC 200).

use crate::read::find::Symbology;

/// Column and row, and whether it is dark. Light modules around the symbol have columns and rows beyond it.
pub(super) type Module = ([i32; 2], bool);

/// What is alike in all marks of one size.
pub(super) struct Known {
    pub(super) symbology: Symbology,
    /// Modules along a side.
    pub(super) size: i32,
    pub(super) modules: Vec<Module>,
}

/// Light modules around the symbol: a Data Matrix has no more of them for sure.
const QUIET: i32 = 1;
/// Versions of QR codes that marks have, from the bare text to an address with a host of some sixty letters.
const VERSIONS: [i32; 5] = [1, 2, 3, 4, 5];

impl Known {
    /// Of all the sizes that marks have.
    pub(super) fn all() -> Vec<Self> {
        let codes = VERSIONS.map(|version| Self::qr(17 + 4 * version));
        std::iter::once(Self::data_matrix(16))
            .chain(codes)
            .collect()
    }

    pub(super) fn holds(&self, module: [i32; 2]) -> bool {
        self.modules.iter().any(|&(known, _)| known == module)
    }

    fn of(symbology: Symbology, size: i32, dark: impl Fn(i32, i32) -> Option<bool>) -> Self {
        let inside = 0..size;
        let known = |at @ [column, row]: [i32; 2]| {
            let is_inside = inside.contains(&column) && inside.contains(&row);
            let is_dark = if is_inside {
                dark(column, row)
            } else {
                Some(false)
            };
            is_dark.map(|is_dark| (at, is_dark))
        };
        let reach = || -QUIET..size + QUIET;
        let places = reach().flat_map(|row| reach().map(move |column| [column, row]));
        Self {
            symbology,
            size,
            modules: places.filter_map(known).collect(),
        }
    }

    /// Two solid sides, and two on which every other module is dark.
    fn data_matrix(size: i32) -> Self {
        let last = size - 1;
        Self::of(Symbology::DataMatrix, size, |column, row| {
            match (column, row) {
                (0, _) => Some(true),
                (_, row) if row == last => Some(true),
                (column, 0) => Some(column % 2 == 0),
                (column, row) if column == last => Some(row % 2 == 1),
                _ => None,
            }
        })
    }

    /// Three finder patterns with their separators, the timing patterns, and one alignment pattern from version 2 to 6.
    fn qr(size: i32) -> Self {
        let far = size - 7;
        let ring = |column: i32, row: i32, middle: [i32; 2]| {
            (column - middle[0]).abs().max((row - middle[1]).abs())
        };
        Self::of(Symbology::Qr, size, |column, row| {
            let finders = [[3, 3], [far + 3, 3], [3, far + 3]];
            let finder = finders.into_iter().find_map(|middle| {
                let ring = ring(column, row, middle);
                (ring <= 4).then_some(ring != 2 && ring != 4)
            });
            let ring = ring(column, row, [far, far]);
            let alignment = (size > 21 && ring <= 2).then_some(ring != 1);
            let timing = (column == 6 || row == 6).then_some((column + row) % 2 == 0);
            finder.or(alignment).or(timing)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{HOST, TEXT, top_zone};
    use crate::symbol::Symbol;

    #[test]
    fn known_modules_are_those_of_the_symbols_that_are_made() {
        let known = Known::all();
        for side_mm in [14.4, 23.2, 26.4, 29.6, 32.8] {
            let symbol = Symbol::fitting(&top_zone([60.0; 3], side_mm), TEXT, HOST).unwrap();
            let known = known.iter().find(|k| k.size == symbol.size as i32).unwrap();
            assert!(known.modules.len() >= 128);
            for &([column, row], is_dark) in &known.modules {
                let made = symbol.dark(i64::from(column), i64::from(row));
                assert_eq!(made, is_dark, "{side_mm} {column} {row}");
            }
        }
    }
}
