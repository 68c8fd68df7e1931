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
        height_um: 23_199,
        ..zone(60.0, 800)
    };
    let refusal = SymbolError::DoesNotFit {
        needed_um: 23_200,
        available_um: 23_199,
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
