use super::*;
use crate::fixtures::{HOST, TEXT, top_zone};
use crate::read::budget::Stop;
use crate::symbol::Symbol;

const QUIET: usize = 4;

fn work() -> Work {
    Work::new(1_000_000_000, &Stop::default())
}

/// The symbol drawn flat, with modules of so many pixels.
fn drawn(symbol: &Symbol, module_px: usize) -> Grey {
    let side = (symbol.size as usize + 2 * QUIET) * module_px;
    let module = |px: usize| (px / module_px) as i64 - QUIET as i64;
    let pixel = |i: usize| symbol.dark(module(i % side), module(i / side));
    let pixels = (0..side * side).map(|i| if pixel(i) { 20 } else { 230 });
    Grey::new(side, pixels.collect())
}

fn qr() -> Symbol {
    Symbol::fitting(&top_zone([60.0; 3], 30.0), TEXT, HOST).unwrap()
}

fn data_matrix_symbol() -> Symbol {
    Symbol::fitting(&top_zone([60.0; 3], 14.4), TEXT, HOST).unwrap()
}

fn only(search: Result<Search, Unwound>) -> Found {
    let mut codes = search.ok().unwrap().codes;
    assert_eq!(codes.len(), 1);
    codes.remove(0)
}

/// The corners are around the symbol, to within a module and what is lost by whole pixels.
fn require_place(found: &Found, symbol: &Symbol, module_px: usize) {
    let near = (QUIET * module_px) as f32;
    let far = near + (symbol.size as usize * module_px) as f32;
    for expected in [[near, near], [far, near], [far, far], [near, far]] {
        let off = found
            .corners
            .map(|c| (c[0] - expected[0]).hypot(c[1] - expected[1]));
        let nearest = off.into_iter().fold(f32::INFINITY, f32::min);
        assert!(
            nearest <= 1.5 * module_px as f32 + 2.0,
            "{:?} lacks {expected:?}",
            found.corners
        );
    }
}

#[test]
fn each_decoder_says_what_it_saw_where() {
    for module_px in [3, 8] {
        let picture = drawn(&qr(), module_px);
        let bits = Bits::of(&picture).unwrap();
        for search in [by_areas(&picture, &work()), qr_by_edges(&bits, &work())] {
            let found = only(search);
            assert_eq!(found.symbology, Symbology::Qr);
            assert_eq!(found.text, qr().text);
            assert_eq!(found.modules.dark, qr().modules);
            require_place(&found, &qr(), module_px);
        }
    }
}

#[test]
fn a_data_matrix_is_found_from_whichever_side() {
    let symbol = data_matrix_symbol();
    let mut picture = drawn(&symbol, 6);
    for _ in 0..4 {
        let search = data_matrix(&Bits::of(&picture).unwrap(), &work())
            .ok()
            .unwrap();
        assert!(!search.codes.is_empty());
        for found in &search.codes {
            assert_eq!(
                (&found.text, found.symbology),
                (&symbol.text, Symbology::DataMatrix)
            );
            assert_eq!(found.modules.dark, symbol.modules);
            require_place(found, &symbol, 6);
        }
        // A quarter turn: over the diagonal, and back to front.
        let over = picture.transposed();
        let rows = over.pixels().chunks_exact(over.width()).rev();
        picture = Grey::new(over.width(), rows.flatten().copied().collect());
    }
}

#[test]
fn no_work_is_done_when_none_is_left() {
    let picture = drawn(&qr(), 4);
    let bits = Bits::of(&picture).unwrap();
    let none = Work::new(10, &Stop::default());
    assert!(by_areas(&picture, &none).is_err());
    assert!(qr_by_edges(&bits, &none).ok().unwrap().codes.is_empty());
    assert!(data_matrix(&bits, &none).ok().unwrap().codes.is_empty());
}

#[test]
fn a_decoders_panic_is_an_error() {
    assert!(guarded(|| panic!("a decoder's own")).is_err());
}

#[test]
fn pictures_too_small_for_a_code_have_no_bits() {
    let small = Grey::new(15, vec![0; 15 * 400]);
    assert!(Bits::of(&small).is_none());
    assert!(Bits::by_blocks(&small).is_none());
    assert!(Bits::by_level(&small).is_none());
}

/// Rows that rise and fall by two modules across the symbol, as on cloth.
#[test]
fn a_code_that_does_not_lie_flat_is_read() {
    let module_px = 8;
    let flat = drawn(&qr(), module_px);
    let side = flat.width();
    let shift = |x: usize| ((x as f32 / side as f32 * 6.5).sin() * 1.1 * module_px as f32) as i32;
    let pixel = |i: usize| {
        let row = (i / side) as i32 + shift(i % side);
        flat.row(row.clamp(0, side as i32 - 1) as usize)[i % side]
    };
    let bent = Grey::new(side, (0..side * side).map(pixel).collect());
    assert!(by_areas(&bent, &work()).ok().unwrap().codes.is_empty());
    let found = only(qr_by_edges(&Bits::of(&bent).unwrap(), &work()));
    let made = qr();
    let pairs = found.modules.dark.iter().zip(&made.modules);
    let wrong = pairs.filter(|(seen, made)| seen != made).count();
    let few = wrong < made.modules.len() / 10;
    assert!(found.text == made.text && few, "{wrong} wrong");
}
