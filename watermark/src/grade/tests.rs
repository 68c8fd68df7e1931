use super::fixed::{Correction, Pattern, pattern};
use super::measure::Cells;
use super::*;
use crate::fixtures::{HOST, TEXT, top_zone};
use crate::symbol::{Symbol, SymbolKind};
use image::{DynamicImage, GrayImage, ImageFormat, Luma};
use std::io::Cursor;

const QUIET: u32 = 4;

fn symbol(side_mm: f32) -> Symbol {
    Symbol::fitting(&top_zone([60.0; 3], side_mm), TEXT, HOST).unwrap()
}

/// The symbol as a flat print; `shade` says how bright each module is.
fn printed(symbol: &Symbol, module_px: u32, shade: impl Fn(u32, u32, bool) -> u8) -> GrayImage {
    let side = (symbol.size + 2 * QUIET) * module_px;
    GrayImage::from_fn(side, side, |x, y| {
        let place = |p: u32| (p / module_px).wrapping_sub(QUIET);
        let (column, row) = (place(x), place(y));
        let dark = symbol.dark(i64::from(column as i32), i64::from(row as i32));
        Luma([shade(column, row, dark)])
    })
}

fn graded(picture: GrayImage) -> Quality<()> {
    let mut file = Cursor::new(Vec::new());
    DynamicImage::from(picture)
        .write_to(&mut file, ImageFormat::Png)
        .unwrap();
    let is_mark = |text: &str| text.contains(TEXT).then_some(());
    grade(file.get_ref(), &ReadLimits::default(), is_mark).unwrap()
}

fn of<T>(quality: &Quality<T>, parameter: Parameter) -> Graded {
    let mut all = quality.graded.iter().filter(|g| g.parameter == parameter);
    let (Some(one), None) = (all.next(), all.next()) else {
        panic!("{parameter:?} is not graded once");
    };
    *one
}

#[test]
fn a_clean_print_is_an_a_in_everything() {
    for side_mm in [30.0, 15.0] {
        let symbol = symbol(side_mm);
        let quality = graded(printed(
            &symbol,
            12,
            |_, _, dark| if dark { 20 } else { 230 },
        ));
        assert_eq!(quality.grade, Grade::A, "{:?}", quality.graded);
        assert_eq!(quality.graded.len(), 6);
        assert_eq!(quality.modules.len(), symbol.modules.len());
        assert!(!quality.wrong.contains(&true));
        assert_eq!(of(&quality, Parameter::UnusedErrorCorrection).value, 1.0);
    }
}

/// 255 and 224 on a screen are 1 and 0.752 of light: a contrast of a quarter.
#[test]
fn faint_contrast_is_graded_as_the_standard_has_it() {
    for (dark, expected) in [
        (210, Grade::A),
        (222, Grade::B),
        (228, Grade::C),
        (235, Grade::D),
    ] {
        let quality = graded(printed(
            &symbol(30.0),
            12,
            |_, _, is_dark| {
                if is_dark { dark } else { 255 }
            },
        ));
        let contrast = of(&quality, Parameter::CellContrast);
        let light = f64::from(dark) / 255.0;
        assert!(
            (contrast.value - (1.0 - light.powf(2.2))).abs() < 0.01,
            "{contrast:?}"
        );
        assert_eq!((contrast.grade, quality.grade), (expected, expected));
    }
}

#[test]
fn modules_of_the_other_colour_spend_error_correction_and_are_told() {
    let symbol = symbol(15.0);
    assert_eq!(symbol.kind, SymbolKind::DataMatrixBare);
    // Six codewords can be put right; two modules far from each other are wrong.
    let is_damaged = |column: u32, row: u32| [(4, 4), (10, 11)].contains(&(column, row));
    let quality = graded(printed(&symbol, 12, |column, row, dark| {
        if dark != is_damaged(column, row) {
            20
        } else {
            230
        }
    }));
    let unused = of(&quality, Parameter::UnusedErrorCorrection);
    assert_eq!((unused.value, unused.grade), (0.667, Grade::A));
    let wrong: Vec<usize> = (0..256).filter(|&at| quality.wrong[at]).collect();
    assert_eq!(wrong, [4 * 16 + 4, 11 * 16 + 10]);
    assert!(wrong.iter().all(|&at| quality.modules[at] == Grade::F));
}

#[test]
fn a_broken_finder_pattern_lowers_its_grade_alone() {
    let symbol = symbol(30.0);
    // Two modules in the corner of the first finder pattern.
    let is_damaged = |column: u32, row: u32| row == 0 && (column == 0 || column == 1);
    let quality = graded(printed(&symbol, 12, |column, row, dark| {
        if dark != is_damaged(column, row) {
            20
        } else {
            230
        }
    }));
    let damage = of(&quality, Parameter::FixedPatternDamage);
    assert_eq!(damage.grade, Grade::C);
    assert_eq!(quality.grade, Grade::C);
    assert_eq!(
        of(&quality, Parameter::UnusedErrorCorrection).grade,
        Grade::A
    );
    assert!(damage.parameter.what_to_do(damage.grade).is_some());
}

#[test]
fn a_bent_symbol_has_an_uneven_grid() {
    let flat = printed(&symbol(30.0), 12, |_, _, dark| if dark { 20 } else { 230 });
    let (width, height) = flat.dimensions();
    let bent = GrayImage::from_fn(width, height, |x, y| {
        let wave = (y as f32 / height as f32 * std::f32::consts::PI).sin() * 7.0;
        *flat.get_pixel((x as f32 + wave).clamp(0.0, width as f32 - 1.0) as u32, y)
    });
    let [even, uneven] =
        [flat, bent].map(|picture| of(&graded(picture), Parameter::GridNonUniformity));
    assert!(even.value <= 0.1 && even.grade == Grade::A, "{even:?}");
    assert!(uneven.value > even.value + 0.15, "{uneven:?}");
}

#[test]
fn the_picture_shows_each_module_in_the_colour_of_its_grade() {
    let symbol = symbol(15.0);
    let quality = graded(printed(&symbol, 12, |column, row, dark| {
        match (column, row) {
            (4, 4) => {
                if dark {
                    230
                } else {
                    20
                }
            }
            _ if dark => 20,
            _ => 230,
        }
    }));
    let picture = image::load_from_memory(&quality.picture())
        .unwrap()
        .into_rgb8();
    let side = 16 * picture::MODULE_PX as u32;
    assert_eq!(picture.dimensions(), (side, side));
    let at = |column: u32, row: u32| {
        let place = |p: u32| p * picture::MODULE_PX as u32 + 3;
        picture.get_pixel(place(column), place(row) + 2).0
    };
    let ([red, green, _], [red_good, green_good, _]) = (at(4, 4), at(7, 7));
    assert!(
        red > 2 * green && green_good > red_good,
        "{:?} {:?}",
        at(4, 4),
        at(7, 7)
    );
}

#[test]
fn what_is_unread_or_foreign_is_told() {
    let blank = GrayImage::from_pixel(300, 300, Luma([200]));
    let mut file = Cursor::new(Vec::new());
    DynamicImage::from(blank)
        .write_to(&mut file, ImageFormat::Png)
        .unwrap();
    let told = grade(file.get_ref(), &ReadLimits::default(), |_| Some(())).unwrap_err();
    assert!(
        matches!(told, GradeError::Unread(ReadError::NoCode(_))),
        "{told:?}"
    );
}

/// The tables of both standards: what a block of version 1 to 4 and the smallest Data Matrix put right.
#[test]
fn what_can_be_put_right_is_as_the_standards_say() {
    let correctable = |symbology, size, strength| {
        Correction::of(symbology, size, strength).map(|of| (of.blocks, of.correctable))
    };
    let qr = |size, strength| correctable(Symbology::Qr, size, strength);
    let of_one_block = |codewords: u32| Some((1, codewords));
    assert_eq!(
        [0, 1, 2, 3].map(|s| qr(21, s)),
        [2, 4, 6, 8].map(of_one_block)
    );
    assert_eq!(
        [0, 1, 2, 3].map(|s| qr(25, s)),
        [4, 8, 11, 14].map(of_one_block)
    );
    assert_eq!(qr(33, 3), Some((4, 8)));
    assert_eq!(
        (qr(61, 0), qr(97, 0), qr(23, 0), qr(5, 0)),
        (None, None, None, None)
    );
    assert_eq!(correctable(Symbology::DataMatrix, 16, 0), Some((1, 6)));
    assert_eq!(correctable(Symbology::DataMatrix, 17, 0), None);
    assert_eq!(
        correctable(Symbology::DataMatrix, 32, 0),
        None,
        "it has four regions"
    );
}

/// Table 9: data codewords of each block, from the capacity of the symbol.
#[test]
fn codewords_fall_into_blocks_as_the_standard_has_it() {
    // Size, strength, codewords in each block, long ones last; bits that belong to none.
    let cases: [(usize, usize, &[usize], usize); 6] = [
        (21, 2, &[26], 0),
        (25, 3, &[44], 7),
        (33, 3, &[25, 25, 25, 25], 7),
        (37, 2, &[33, 33, 34, 34], 7),
        (45, 3, &[39, 39, 39, 39, 40], 0),
        (57, 3, &[43, 43, 43, 43, 43, 43, 44, 44], 0),
    ];
    for (size, strength, expected, rest) in cases {
        let of = Correction::of(Symbology::Qr, size, strength).unwrap();
        let mut modules: Vec<(usize, u32)> = of
            .codewords
            .iter()
            .flatten()
            .map(|&(codeword, block)| (block, codeword))
            .collect();
        let data = (0..size * size)
            .filter(|at| pattern(Symbology::Qr, size, at % size, at / size).is_none())
            .count();
        assert_eq!(data - modules.len(), rest, "{size}");
        modules.sort_unstable();
        assert!(modules.chunk_by(|p, q| p == q).all(|one| one.len() == 8));
        modules.dedup();
        let lengths: Vec<usize> = modules
            .chunk_by(|p, q| p.0 == q.0)
            .map(<[_]>::len)
            .collect();
        assert_eq!(lengths, expected, "{size}");
    }
}

/// The data of a code that is made by others stands where the mapping has it: its first codeword is mode and length.
#[test]
fn codewords_stand_where_encoders_put_them() {
    use qrcodegen::{Mask, QrCode, QrCodeEcc, QrSegment, Version};
    for version in [1, 4, 5, 7, 10] {
        let made = |text: &str| {
            let segments = [QrSegment::make_bytes(text.as_bytes())];
            let v = Version::new(version);
            let mask = Some(Mask::new(3));
            QrCode::encode_segments_advanced(&segments, QrCodeEcc::High, v, v, mask, false).unwrap()
        };
        let (one, other) = (made("AAAA"), made("AAAB"));
        let size = one.size() as usize;
        let of = Correction::of(Symbology::Qr, size, 3).unwrap();
        let differs = |at: usize| {
            let (x, y) = ((at % size) as i32, (at / size) as i32);
            one.get_module(x, y) != other.get_module(x, y)
        };
        let changed = (0..size * size).filter(|&at| differs(at));
        let mut changed: Vec<_> = changed.map(|at| of.codewords[at]).collect();
        changed.sort_unstable();
        changed.dedup();
        // Mode and length are 12 bits, from version 10 on 20, so the last letter ends in this codeword of the first block; all
        // else that changes is correction of it.
        let byte = if version < 10 { 5 } else { 6 };
        assert!(
            changed
                .iter()
                .all(|of| of.is_some_and(|(_, block)| block == 0)),
            "{version}"
        );
        assert!(
            changed.contains(&Some((byte * of.blocks as u32, 0))),
            "{version} {changed:?}"
        );
        assert!(changed.len() > 1 + of.correctable as usize);
    }
}

/// Damage that one block cannot bear, though all blocks together could bear four times as much.
#[test]
fn the_block_with_the_most_damage_counts() {
    let size = 33;
    let correction = Correction::of(Symbology::Qr, size, 3).unwrap();
    let dark: Vec<bool> = (0..size * size).map(|at| at % 2 == 0).collect();
    let graded = |damaged: usize, only: Option<usize>| {
        let mut words: Vec<(u32, usize)> = correction.codewords.iter().flatten().copied().collect();
        words.sort_unstable();
        words.dedup();
        words.retain(|&(_, block)| only.is_none_or(|only| only == block));
        let wrong = &words[..damaged];
        let bright = |at: usize| {
            let is_wrong = correction.codewords[at].is_some_and(|word| wrong.contains(&word));
            if dark[at] != is_wrong { 0.1 } else { 0.9 }
        };
        let cells = Cells::new((0..size * size).map(bright).collect(), &dark, size);
        let all = super::measure::all(&cells, Symbology::Qr, &correction, 0.0);
        let one = all
            .iter()
            .find(|g| g.parameter == Parameter::UnusedErrorCorrection);
        let one = one.unwrap();
        (one.value, one.grade)
    };
    assert_eq!(
        graded(8, None),
        (0.75, Grade::A),
        "two in each of four blocks"
    );
    assert_eq!(graded(6, Some(2)), (0.25, Grade::D));
    assert_eq!(graded(8, Some(2)), (0.0, Grade::F));
}

#[test]
fn what_is_larger_than_a_mark_is_not_graded() {
    use qrcodegen::{QrCode, QrCodeEcc, QrSegment, Version};
    let segments = [QrSegment::make_alphanumeric(TEXT)];
    let v = Version::new(11);
    let code =
        QrCode::encode_segments_advanced(&segments, QrCodeEcc::High, v, v, None, false).unwrap();
    let symbol = Symbol {
        size: code.size() as u32,
        modules: crate::symbol::qr_modules(&code),
        ..symbol(30.0)
    };
    let picture = printed(&symbol, 8, |_, _, dark| if dark { 20 } else { 230 });
    let mut file = Cursor::new(Vec::new());
    DynamicImage::from(picture)
        .write_to(&mut file, ImageFormat::Png)
        .unwrap();
    let told = grade(file.get_ref(), &ReadLimits::default(), |_| Some(())).unwrap_err();
    assert!(matches!(told, GradeError::TooLarge(61)), "{told:?}");
}

#[test]
fn fixed_patterns_are_the_same_in_every_symbol() {
    let [one, other] = [TEXT, "0123456789ABCDEF"].map(|text| {
        let zone = top_zone([60.0; 3], 30.0);
        Symbol::fitting(&zone, text, HOST).unwrap()
    });
    let size = one.size as usize;
    for (column, row) in (0..size).flat_map(|c| (0..size).map(move |r| (c, r))) {
        let Some(found) = pattern(Symbology::Qr, size, column, row) else {
            continue;
        };
        if found == Pattern::Format {
            continue;
        }
        let same = one.modules[row * size + column] == other.modules[row * size + column];
        assert!(same, "{found:?} at {column}, {row}");
    }
    let is_clock = |c, r| pattern(Symbology::DataMatrix, 16, c, r) == Some(Pattern::Clock);
    assert!(is_clock(3, 0) && is_clock(15, 3) && !is_clock(3, 15));
}

/// Whatever brightness modules have, no grade is better than the worst module allows in a symbol without correction.
#[test]
fn even_brightness_fails() {
    let dark: Vec<bool> = (0..256).map(|at| at % 3 == 0).collect();
    let cells = Cells::new(vec![0.5; 256], &dark, 16);
    let correction = Correction::of(Symbology::DataMatrix, 16, 0).unwrap();
    let all = super::measure::all(&cells, Symbology::DataMatrix, &correction, 0.0);
    assert_eq!(all.iter().map(|g| g.grade).max(), Some(Grade::F));
}
