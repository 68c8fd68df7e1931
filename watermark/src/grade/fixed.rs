//! Owns: what a symbol has whatever it says: its fixed patterns, and how much damage it can put right. Must never know:
//! pictures. Spec: ISO/IEC 18004 (table 9, up to version 10), ISO/IEC 16022 (table 7, square symbols).

use crate::read::Symbology;

/// Codewords of error correction in a block, by strength from the weakest, then by version from 1.
const QR_CODEWORDS: [[u32; 10]; 4] = [
    [7, 10, 15, 20, 26, 18, 20, 24, 30, 18],
    [10, 16, 26, 18, 24, 16, 18, 22, 22, 26],
    [13, 22, 18, 26, 18, 24, 18, 22, 20, 24],
    [17, 28, 22, 16, 22, 28, 26, 26, 24, 28],
];
/// Blocks, likewise.
const QR_BLOCKS: [[u32; 10]; 4] = [
    [1, 1, 1, 1, 1, 2, 2, 2, 2, 4],
    [1, 1, 1, 2, 2, 4, 4, 4, 5, 5],
    [1, 1, 2, 2, 4, 4, 6, 6, 8, 8],
    [1, 1, 2, 4, 4, 4, 5, 6, 8, 8],
];
/// Codewords of the smallest versions that protect from misreading and put nothing right, likewise.
const QR_PROTECTION: [[u32; 3]; 4] = [[3, 2, 1], [2, 0, 0], [1, 0, 0], [1, 0, 0]];
/// Side of a square Data Matrix, and its codewords of error correction.
const DATA_MATRIX_CODEWORDS: [(usize, u32); 12] = [
    (10, 5),
    (12, 7),
    (14, 10),
    (16, 12),
    (18, 14),
    (20, 18),
    (22, 20),
    (24, 24),
    (26, 28),
    (32, 36),
    (36, 42),
    (40, 48),
];

/// Codewords that can be put right. `None` for symbols larger than marks are.
pub(super) fn correctable(symbology: Symbology, size: usize, strength: usize) -> Option<u32> {
    if symbology == Symbology::DataMatrix {
        let sizes = DATA_MATRIX_CODEWORDS.iter();
        return sizes
            .filter(|(side, _)| *side == size)
            .map(|(_, words)| words / 2)
            .next();
    }
    let version = size.checked_sub(21)? / 4;
    let codewords = QR_CODEWORDS.get(strength)?.get(version)?;
    let protection = QR_PROTECTION[strength].get(version).unwrap_or(&0);
    Some((codewords - protection) / 2 * QR_BLOCKS[strength][version])
}

/// Which pattern a module belongs to: `None` is data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pattern {
    /// One of the three finder patterns with its separator, by number.
    Finder(u8),
    Timing,
    Alignment,
    /// Left or lower side of a Data Matrix.
    Solid(u8),
    /// Its upper or right side.
    Clock,
}

pub(super) fn pattern(
    symbology: Symbology,
    size: usize,
    column: usize,
    row: usize,
) -> Option<Pattern> {
    let far = size - 1;
    if symbology == Symbology::DataMatrix {
        return match (column, row) {
            (0, _) => Some(Pattern::Solid(0)),
            (_, row) if row == far => Some(Pattern::Solid(1)),
            (column, row) if row == 0 || column == far => Some(Pattern::Clock),
            _ => None,
        };
    }
    let is_near = |place: usize| place < 8;
    let is_far = |place: usize| place + 8 > far;
    // The fourth corner has none; from version 2 to 6 there is one alignment pattern near it.
    let is_aligned = |place: usize| (far - 8..=far - 4).contains(&place);
    match (column, row) {
        (c, r) if is_near(c) && is_near(r) => Some(Pattern::Finder(0)),
        (c, r) if is_far(c) && is_near(r) => Some(Pattern::Finder(1)),
        (c, r) if is_near(c) && is_far(r) => Some(Pattern::Finder(2)),
        (6, _) | (_, 6) => Some(Pattern::Timing),
        (c, r) if size > 21 && is_aligned(c) && is_aligned(r) => Some(Pattern::Alignment),
        _ => None,
    }
}
