use super::*;
use crate::fixtures::{TEXT, top_zone};

fn zone(side_mm: f32, module_um: u32) -> Zone {
    Zone {
        module_um,
        ..top_zone([100.0, 100.0, 10.0], side_mm)
    }
}

/// What a decoder makes of the modules alone, and the strength that it finds declared.
fn decoded(symbol: &Symbol) -> (String, u16) {
    let grid =
        rqrr::SimpleGrid::from_func(symbol.size as usize, |x, y| symbol.dark(x as i64, y as i64));
    let (meta, text) = rqrr::Grid::new(grid).decode().unwrap();
    (text, meta.ecc_level)
}

/// As the format information of ISO/IEC 18004 numbers the error correction levels.
const MEDIUM: u16 = 0;
const LOW: u16 = 1;
const HIGH: u16 = 2;
const QUARTILE: u16 = 3;

#[test]
fn the_best_symbol_that_fits_is_taken() {
    let url = |host: &str| format!("HTTPS://{}/M/{TEXT}", host.to_uppercase());
    // Side of the zone, host, then: text, modules, strength. A URL to `m.ex` has 31 characters.
    let cases = [
        (23.2, "m.ex", TEXT.to_owned(), 21, QUARTILE),
        (26.3, "m.ex", TEXT.to_owned(), 21, QUARTILE),
        (26.4, "m.ex", url("m.ex"), 25, MEDIUM),
        (26.4, "mark.example.org", url("mark.example.org"), 25, LOW),
        (29.6, "m.ex", url("m.ex"), 29, HIGH),
        (
            29.6,
            "mark.example.org",
            url("mark.example.org"),
            29,
            QUARTILE,
        ),
        (32.8, "mark.example.org", url("mark.example.org"), 33, HIGH),
        (80.0, "mark.example.org", url("mark.example.org"), 33, HIGH),
        (29.6, "Localhost:8080", url("Localhost:8080"), 29, QUARTILE),
    ];
    for (side_mm, host, text, size, strength) in cases {
        let symbol = Symbol::fitting(&zone(side_mm, 800), TEXT, host).unwrap();
        let bare = text == TEXT;
        assert_eq!(symbol.kind == SymbolKind::QrBare, bare, "{side_mm} {host}");
        assert_eq!(
            (&symbol.text, symbol.size),
            (&text, size),
            "{side_mm} {host}"
        );
        assert_eq!(decoded(&symbol), (text, strength), "{side_mm} {host}");
    }
}

#[test]
fn the_shorter_side_and_the_module_decide() {
    let narrow = Zone {
        height_um: 14_399,
        ..zone(60.0, 800)
    };
    let refusal = SymbolError::DoesNotFit {
        needed_um: 14_400,
        available_um: 14_399,
    };
    assert_eq!(Symbol::fitting(&narrow, TEXT, "m.ex"), Err(refusal));
    let fine = Symbol::fitting(&zone(14.5, 500), TEXT, "m.ex").unwrap();
    assert_eq!(fine.kind, SymbolKind::QrBare);
    assert!(matches!(
        Symbol::fitting(&zone(14.5, 0), TEXT, "m.ex"),
        Err(SymbolError::DoesNotFit { .. })
    ));
}

#[test]
fn texts_and_hosts_are_checked() {
    let zone = zone(60.0, 800);
    for text in [
        "",
        "7ZK4M9QX2RT8VWH",
        "7ZK4M9QX2RT8VWHDD",
        "7zk4m9qx2rt8vwhd",
        "7ZK4M9QX2RT8VW-D",
    ] {
        assert_eq!(
            Symbol::fitting(&zone, text, "m.ex"),
            Err(SymbolError::BadText),
            "{text}"
        );
    }
    for host in [
        "",
        ":80",
        "a/b",
        "m.ex:",
        "m.ex:99999",
        "m.ex:1:2",
        "\u{e4}.ex",
        "a b",
    ] {
        let refusal = SymbolError::BadHost(host.to_owned());
        assert_eq!(Symbol::fitting(&zone, TEXT, host), Err(refusal), "{host}");
    }
    let long = "a".repeat(253);
    let symbol = Symbol::fitting(&zone, TEXT, &long).unwrap();
    assert_eq!(
        decoded(&symbol).0,
        format!("HTTPS://{}/M/{TEXT}", long.to_uppercase())
    );
}

#[test]
fn everything_around_a_symbol_is_light() {
    let symbol = Symbol::fitting(&zone(30.0, 800), TEXT, "m.ex").unwrap();
    let size = i64::from(symbol.size);
    assert!(symbol.dark(0, 0) && symbol.dark(size - 1, 0) && symbol.dark(0, size - 1));
    for outside in [-1, size, i64::MIN, i64::MAX] {
        assert!(!symbol.dark(outside, 0) && !symbol.dark(0, outside));
    }
    let all = (0..size).flat_map(|y| (0..size).map(move |x| (x, y)));
    let dark = all.filter(|&(x, y)| symbol.dark(x, y)).count();
    assert_eq!(dark, symbol.dark_modules());
}

#[test]
fn where_no_qr_code_fits_a_data_matrix_carries_the_bare_text() {
    for (side_mm, module_um) in [(14.4, 800), (23.199, 800), (9.0, 500), (14.499, 500)] {
        let symbol = Symbol::fitting(&zone(side_mm, module_um), TEXT, "m.ex").unwrap();
        assert_eq!(symbol.kind, SymbolKind::DataMatrixBare, "{side_mm}");
        assert_eq!((symbol.size, symbol.size_with_quiet()), (16, 18));
        let decoded = DataMatrix::decode(&symbol.modules, 16).unwrap();
        assert_eq!(decoded, TEXT.as_bytes());
    }
    for text in ["0000000000000000", "ZZZZZZZZZZZZZZZZ", "7K3Q9XWD2M8TV0AY"] {
        let symbol = Symbol::fitting(&zone(14.4, 800), text, "m.ex").unwrap();
        let decoded = DataMatrix::decode(&symbol.modules, 16).unwrap();
        assert_eq!(decoded, text.as_bytes(), "every mark text fits");
    }
}

/// Half of a Data Matrix of this size is error correction: six of its 24 bytes may be wrong.
#[test]
fn a_damaged_data_matrix_still_says_its_text() {
    let mut symbol = Symbol::fitting(&zone(14.4, 800), TEXT, "m.ex").unwrap();
    for row in 6..9 {
        for column in 6..10 {
            let module = &mut symbol.modules[row * 16 + column];
            *module = !*module;
        }
    }
    let decoded = DataMatrix::decode(&symbol.modules, 16).unwrap();
    assert_eq!(decoded, TEXT.as_bytes());
}

#[test]
fn a_unique_item_identifier_is_a_data_matrix_of_its_own() {
    let uii = "[)>\x1e06\x1d25SLE0VV1234567K3Q9XWD2M8TV0AY\x1e\x04";
    let symbol = Symbol::uii(&zone(20.0, 500), uii).unwrap();
    assert_eq!(symbol.kind, SymbolKind::DataMatrixUii);
    let decoded = DataMatrix::decode(&symbol.modules, symbol.size as usize).unwrap();
    assert_eq!(String::from_utf8(decoded).unwrap(), uii);
    let needed_um = 500 * u64::from(symbol.size_with_quiet());
    assert!(matches!(
        Symbol::uii(&zone(5.0, 500), uii),
        Err(SymbolError::DoesNotFit { needed_um: n, .. }) if n == needed_um
    ));
    for bad in ["", "\u{e4}", &"A".repeat(MAX_UII_CHARS + 1)] {
        assert_eq!(Symbol::uii(&zone(80.0, 500), bad), Err(SymbolError::BadUii));
    }
}

/// What the encoder makes shortest did not fit for one text in 130, of those that end in digits.
#[test]
fn texts_that_end_in_digits_fit_a_data_matrix_too() {
    for text in ["HW61AGZK6YQN1859", "ZGDBXQHRR26Z9569", "0123456789012345"] {
        let symbol = Symbol::fitting(&zone(14.4, 800), text, "m.ex").unwrap();
        assert_eq!((symbol.kind, symbol.size), (SymbolKind::DataMatrixBare, 16));
        let decoded = DataMatrix::decode(&symbol.modules, 16).unwrap();
        assert_eq!(decoded, text.as_bytes());
    }
}
