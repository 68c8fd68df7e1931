//! Owns: what a symbol has whatever it says: its fixed patterns, which codeword each module belongs to, and how much damage
//! each block of codewords puts right. Must never know: pictures. Spec: ISO/IEC 18004 (7.7.3, tables 1, 9 and E.1, up to version
//! 10), ISO/IEC 16022 (table 7, square symbols of one region).

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
/// Middles of the alignment patterns along a side, by version from 1.
const QR_ALIGNMENT: [&[usize]; 10] = [
    &[],
    &[6, 18],
    &[6, 22],
    &[6, 26],
    &[6, 30],
    &[6, 34],
    &[6, 22, 38],
    &[6, 24, 42],
    &[6, 26, 46],
    &[6, 28, 50],
];
/// Side of a square Data Matrix of one region and one block, and its codewords of error correction.
const DATA_MATRIX_CODEWORDS: [(usize, u32); 9] = [
    (10, 5),
    (12, 7),
    (14, 10),
    (16, 12),
    (18, 14),
    (20, 18),
    (22, 20),
    (24, 24),
    (26, 28),
];

/// How damage is put right.
pub(super) struct Correction {
    /// The codeword that each module belongs to, and the block of that; none where the module is no data.
    pub(super) codewords: Vec<Option<(u32, usize)>>,
    /// Blocks of codewords, which are put right each by itself.
    pub(super) blocks: usize,
    /// Codewords that can be put right in each of them.
    pub(super) correctable: u32,
}

impl Correction {
    /// `None` for symbols larger than marks are: QR codes above version 10, and Data Matrix of several regions.
    pub(super) fn of(symbology: Symbology, size: usize, strength: usize) -> Option<Self> {
        if symbology == Symbology::DataMatrix {
            let mut sizes = DATA_MATRIX_CODEWORDS.iter();
            let (_, words) = sizes.find(|(side, _)| *side == size)?;
            // Each module counts as though in a codeword of its own: never better than a verifier finds it.
            let own = |at| pattern(symbology, size, at % size, at / size).is_none();
            let codewords = (0..size * size).map(|at| own(at).then_some((at as u32, 0)));
            return Some(Self {
                codewords: codewords.collect(),
                blocks: 1,
                correctable: words / 2,
            });
        }
        let version = version(size)?;
        let words = *QR_CODEWORDS.get(strength)?.get(version)?;
        let protection = QR_PROTECTION[strength].get(version).unwrap_or(&0);
        let blocks = QR_BLOCKS[strength][version] as usize;
        Some(Self {
            codewords: qr_codewords(size, words as usize, blocks),
            blocks,
            correctable: (words - protection) / 2,
        })
    }
}

/// From 0; none for what is no square QR code or above version 10.
fn version(size: usize) -> Option<usize> {
    let beyond = size.checked_sub(21)?;
    (beyond.is_multiple_of(4) && beyond / 4 < QR_ALIGNMENT.len()).then_some(beyond / 4)
}

/// Codewords run in columns of two modules from the right, up and down by turns, eight modules each, and come from the blocks
/// by turns; shorter blocks, which are the first, miss the last turn of the data.
fn qr_codewords(size: usize, correction: usize, blocks: usize) -> Vec<Option<(u32, usize)>> {
    let is_data = |at: usize| pattern(Symbology::Qr, size, at % size, at / size).is_none();
    let columns = (0..size).rev().filter(|&column| column != 6);
    let columns: Vec<usize> = columns.collect();
    let mut path = Vec::new();
    for (pair, upward) in columns.chunks(2).zip([true, false].into_iter().cycle()) {
        for step in 0..size {
            let row = if upward { size - 1 - step } else { step };
            let both = pair.iter().map(|column| row * size + column);
            path.extend(both.filter(|&at| is_data(at)));
        }
    }
    let all = path.len() / 8;
    let (long, shortest) = (all % blocks, all / blocks - correction);
    let turns = (0..=shortest).flat_map(|turn| (0..blocks).map(move |block| (turn, block)));
    let data = turns.filter(|&(turn, block)| turn < shortest || block >= blocks - long);
    let blocks_of: Vec<usize> = data
        .map(|(_, block)| block)
        .chain((0..correction).flat_map(|_| 0..blocks))
        .collect();
    let mut codewords = vec![None; size * size];
    for (number, modules) in path.as_chunks::<8>().0.iter().enumerate() {
        for &at in modules {
            codewords[at] = Some((number as u32, blocks_of[number]));
        }
    }
    codewords
}

/// Which pattern a module belongs to: `None` is data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pattern {
    /// One of the three finder patterns with its separator, by number.
    Finder(u8),
    Timing,
    Alignment,
    /// Mask, strength and version, twice each: the only pattern that is not the same in all symbols of a size.
    Format,
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
    let is_version =
        |long: usize, short: usize| size >= 45 && short < 6 && long + 11 > far && !is_far(long);
    match (column, row) {
        (c, r) if is_near(c) && is_near(r) => Some(Pattern::Finder(0)),
        (c, r) if is_far(c) && is_near(r) => Some(Pattern::Finder(1)),
        (c, r) if is_near(c) && is_far(r) => Some(Pattern::Finder(2)),
        (c, r) if is_alignment(size, c, r) => Some(Pattern::Alignment),
        (6, _) | (_, 6) => Some(Pattern::Timing),
        (8, r) if r <= 8 || is_far(r) => Some(Pattern::Format),
        (c, 8) if c <= 8 || is_far(c) => Some(Pattern::Format),
        (c, r) if is_version(c, r) || is_version(r, c) => Some(Pattern::Format),
        _ => None,
    }
}

/// Around every crossing of the middles that no finder pattern holds.
fn is_alignment(size: usize, column: usize, row: usize) -> bool {
    let middles = version(size).map_or(&[][..], |version| QR_ALIGNMENT[version]);
    let last = middles.len().saturating_sub(1);
    let near = |place: usize| {
        middles
            .iter()
            .position(|&middle| middle.abs_diff(place) <= 2)
    };
    match (near(column), near(row)) {
        (Some(c), Some(r)) => ![(0, 0), (0, last), (last, 0)].contains(&(c, r)),
        _ => false,
    }
}
