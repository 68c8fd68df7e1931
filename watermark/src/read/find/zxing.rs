//! Owns: asking `rxing` for QR codes and Data Matrix symbols, step by step, so that there is an end to each picture.
//! Must never know: what catches its panics.
//!
//! Its readers are not used: they look at a clock for each result, and cannot be stopped. The steps of which they
//! are made work on a matrix of bits, which also may be made by filters of ours.

use super::bent;
use super::{Found, Modules, Search, Symbology};
use crate::read::budget::Work;
use crate::read::grey::Grey;
use rxing::common::{BitMatrix, DetectorRXingResult, GlobalHistogramBinarizer, HybridBinarizer};
use rxing::datamatrix::decoder::Decoder;
use rxing::datamatrix::detector::zxing_cpp_detector;
use rxing::qrcode::cpp_port::decoder::Decode;
use rxing::qrcode::cpp_port::detector::{FindFinderPatterns, GenerateFinderPatternSets, SampleQR};
use rxing::qrcode::detector::QRCodeDetectorResult;
use rxing::{Binarizer, Luma8LuminanceSource, Point};

/// Runs that might be finder patterns, on every third row. A page of a hundred codes has three thousand; the search
/// compares each with all that were found before.
const MAX_CROSSINGS: usize = 20_000;
/// Finder patterns, the largest first: as many as some sixty codes have.
const MAX_FINDERS: usize = 200;
/// Threes of finder patterns that are tried as a code, the most plausible first.
const MAX_TRIALS: usize = 300;
/// Codes that are tried as bent, for each look.
const MAX_BENT: u32 = 2;
/// Smaller pictures hold no code, and `rxing` does not expect them.
const MIN_SIDE: usize = 16;

/// What is dark in a picture.
pub(in crate::read) struct Bits(BitMatrix);

impl Bits {
    /// Dark below the middle between black and white. `None` for pictures too small to hold a code.
    pub(in crate::read) fn of(grey: &Grey) -> Option<Self> {
        let mut bits = empty(grey)?;
        for y in 0..grey.height() {
            for (x, _) in grey.row(y).iter().enumerate().filter(|&(_, &p)| p < 128) {
                bits.set(x as u32, y as u32);
            }
        }
        Some(Self(bits))
    }

    /// Dark against the mean of the blocks around, by `rxing`. `None` for pictures too small to hold a code.
    pub(in crate::read) fn by_blocks(grey: &Grey) -> Option<Self> {
        let binarizer = HybridBinarizer::new(source(grey)?);
        Some(Self(binarizer.get_black_matrix().ok()?.clone()))
    }

    /// Dark below the valley of the histogram, by `rxing`. `None` also where there is none.
    pub(in crate::read) fn by_level(grey: &Grey) -> Option<Self> {
        let binarizer = GlobalHistogramBinarizer::new(source(grey)?);
        Some(Self(binarizer.get_black_matrix().ok()?.clone()))
    }

    fn pixels(&self) -> u64 {
        u64::from(self.0.width()) * u64::from(self.0.height())
    }
}

fn source(grey: &Grey) -> Option<Luma8LuminanceSource> {
    let size = empty(grey)?;
    Luma8LuminanceSource::new(grey.pixels().to_vec(), size.width(), size.height()).ok()
}

fn empty(grey: &Grey) -> Option<BitMatrix> {
    let large = grey.width() >= MIN_SIDE && grey.height() >= MIN_SIDE;
    large.then(|| BitMatrix::new(grey.width() as u32, grey.height() as u32).ok())?
}

pub(super) fn qr_codes(Bits(bits): &Bits, work: &Work) -> Search {
    let mut search = Search::default();
    let pixels = u64::from(bits.width()) * u64::from(bits.height());
    if !work.take(pixels) || crossings(bits) > MAX_CROSSINGS {
        return search;
    }
    let mut finders = FindFinderPatterns(bits, true, 0);
    finders.sort_by_key(|finder| std::cmp::Reverse(finder.size));
    finders.truncate(MAX_FINDERS);
    let sets = GenerateFinderPatternSets(&mut finders);
    search.unread_module_px = sets.first().map(|set| set.tl.size as f32 / 7.0);
    let mut used = Vec::new();
    let mut bent = MAX_BENT;
    for set in sets.iter().take(MAX_TRIALS) {
        let three = [set.bl, set.tl, set.tr];
        if three.iter().any(|finder| used.contains(finder)) {
            continue;
        }
        let Ok(sampled) = SampleQR(bits, set) else {
            continue;
        };
        let code = qr_text(sampled.getBits(), work)
            .and_then(|text| found(text, Symbology::Qr, sampled.getBits(), sampled.getPoints()));
        let code = code.or_else(|| {
            bent = bent.checked_sub(1)?;
            bent_qr_code(bits, &sampled, work)
        });
        if let Some(code) = code {
            used.extend(three);
            search.codes.push(code);
        }
    }
    if !search.codes.is_empty() {
        search.unread_module_px = None;
    }
    search
}

/// Of a code whose modules are not where a perspective has them.
fn bent_qr_code(bits: &BitMatrix, flat: &QRCodeDetectorResult, work: &Work) -> Option<Found> {
    let (points, size) = (flat.getPoints(), flat.getBits().width());
    let sweep = u64::from(size) * u64::from(size) * bent::PASSES;
    bent::samples(bits, corners(points)?, size)
        .take_while(|_| work.take(sweep))
        .find_map(|modules| {
            let text = qr_text(&modules, work)?;
            found(text, Symbology::Qr, &modules, points)
        })
}

fn qr_text(modules: &BitMatrix, work: &Work) -> Option<String> {
    let side = u64::from(modules.width());
    let code = work.take(side * side).then(|| Decode(modules).ok())??;
    code.isValid().then(|| code.text())
}

/// What a square of modules says.
pub(super) fn text_of(symbology: Symbology, modules: &Modules) -> Option<String> {
    let side = modules.width as u32;
    let mut bits = BitMatrix::new(side, side).ok()?;
    for (i, _) in (0..).zip(&modules.dark).filter(|(_, dark)| **dark) {
        bits.set(i % side, i / side);
    }
    match symbology {
        Symbology::Qr => {
            let code = Decode(&bits).ok()?;
            code.isValid().then(|| code.text())
        }
        Symbology::DataMatrix => {
            let code = Decoder::new().decode(&bits).ok()?;
            Some(code.getText().to_owned())
        }
    }
}

pub(super) fn data_matrix(bits: &Bits, work: &Work) -> Search {
    let mut search = Search::default();
    if !work.take(bits.pixels()) {
        return search;
    }
    let decoder = Decoder::new();
    let symbols = zxing_cpp_detector::detect(&bits.0, true, true).unwrap_or_default();
    for sampled in &symbols {
        // It comes from up to four sides, and the same symbol from each.
        if let Ok(code) = decoder.decode(sampled.getBits()) {
            let text = code.getText().to_owned();
            let (bits, points) = (sampled.getBits(), sampled.getPoints());
            search
                .codes
                .extend(found(text, Symbology::DataMatrix, bits, points));
        }
    }
    search
}

fn found(text: String, symbology: Symbology, bits: &BitMatrix, points: &[Point]) -> Option<Found> {
    let (width, height) = (bits.width(), bits.height());
    let dark = (0..height).flat_map(|y| (0..width).map(move |x| bits.get(x, y)));
    Some(Found {
        text,
        symbology,
        corners: corners(points)?,
        modules: Modules {
            width: width as usize,
            dark: dark.collect(),
        },
    })
}

/// Around the symbol, beginning at its upper left. `rxing` tells those of a QR code row by row.
fn corners(points: &[Point]) -> Option<[[f32; 2]; 4]> {
    let [a, b, c, d] = points
        .iter()
        .map(|p| [p.x, p.y])
        .collect::<Vec<_>>()
        .try_into()
        .ok()?;
    let (upper, lower) = ([b[0] - a[0], b[1] - a[1]], [d[0] - c[0], d[1] - c[1]]);
    let row_by_row = upper[0] * lower[0] + upper[1] * lower[1] > 0.0;
    Some(if row_by_row {
        [a, b, d, c]
    } else {
        [a, b, c, d]
    })
}

/// Rows of runs of about 1, 1, 3, 1 and 1 modules, on every third row.
fn crossings(bits: &BitMatrix) -> usize {
    let mut crossings = 0;
    for y in (0..bits.height()).step_by(3) {
        let mut runs = [0_u32; 5];
        let mut is_dark = false;
        for x in 0..bits.width() {
            if bits.get(x, y) != is_dark {
                crossings += usize::from(is_dark && may_be_finder(runs));
                runs.rotate_left(1);
                runs[4] = 0;
                is_dark = !is_dark;
            }
            runs[4] += 1;
        }
    }
    crossings
}

/// As the quick test of `rxing` has it.
fn may_be_finder([a, b, middle, c, d]: [u32; 5]) -> bool {
    a > 0
        && middle >= 3
        && middle >= 2 * a.max(d)
        && middle >= b.max(c)
        && 8 * middle >= 3 * (b + c)
}
