use super::*;
use crate::fixtures::{HOST, TEXT, top_zone};
use crate::symbol::Symbol;
use image::{DynamicImage, GrayImage, ImageFormat, Luma};
use std::io::Cursor;

mod frames;

fn symbol() -> Symbol {
    Symbol::fitting(&top_zone([60.0; 3], 30.0), TEXT, HOST).unwrap()
}

fn mark(text: &str) -> Option<String> {
    let at = text.strip_prefix("HTTPS://MARK.EXAMPLE/M/")?;
    (at.len() == 16).then(|| at.to_owned())
}

fn read_all(bytes: &[u8]) -> Result<Vec<Reading<String>>, ReadError> {
    read(bytes, &ReadLimits::default(), mark)
}

/// The symbol printed flat, its upper left corner at `at`.
fn print(
    onto: &mut GrayImage,
    symbol: &Symbol,
    at: [u32; 2],
    module_px: u32,
    [dark, light]: [u8; 2],
) {
    let quiet = 4;
    for y in 0..(symbol.size + 2 * quiet) * module_px {
        for x in 0..(symbol.size + 2 * quiet) * module_px {
            let module = |p: u32| i64::from(p / module_px) - i64::from(quiet);
            let value = if symbol.dark(module(x), module(y)) {
                dark
            } else {
                light
            };
            let corner = at.map(|c| c - quiet * module_px);
            onto.put_pixel(corner[0] + x, corner[1] + y, Luma([value]));
        }
    }
}

fn encoded(picture: GrayImage, format: ImageFormat) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    DynamicImage::from(picture)
        .write_to(&mut out, format)
        .unwrap();
    out.into_inner()
}

fn page(side: u32) -> GrayImage {
    GrayImage::from_pixel(side, side, Luma([200]))
}

#[test]
fn a_flat_print_is_read_where_it_is() {
    for (side, module_px, format) in [
        (500, 4, ImageFormat::Png),
        (900, 12, ImageFormat::Jpeg),
        (3000, 20, ImageFormat::Jpeg),
    ] {
        let mut picture = page(side);
        let at = [side / 5, side / 4];
        print(&mut picture, &symbol(), at, module_px, [20, 230]);
        let readings = read_all(&encoded(picture, format)).unwrap();
        assert_eq!(readings.len(), 1);
        assert_eq!(
            (readings[0].mark.as_str(), &readings[0].code.text),
            (TEXT, &symbol().text)
        );
        let far = symbol().size * module_px;
        for [x, y] in [[0, 0], [far, 0], [far, far], [0, far]] {
            let expected = [at[0] + x, at[1] + y].map(|c| c as f32);
            let near = |c: &[f32; 2]| {
                (c[0] - expected[0]).hypot(c[1] - expected[1]) < 2.0 * module_px as f32
            };
            assert!(
                readings[0].code.corners.iter().any(near),
                "{:?} lacks {expected:?}",
                readings[0].code.corners
            );
        }
    }
}

#[test]
fn light_on_dark_and_faint_contrast_are_read() {
    for tones in [[230, 20], [150, 170]] {
        let mut picture = GrayImage::from_pixel(700, 700, Luma([tones[1]]));
        print(&mut picture, &symbol(), [200, 200], 8, tones);
        assert_eq!(
            read_all(&encoded(picture, ImageFormat::Png)).unwrap()[0].mark,
            TEXT,
            "{tones:?}"
        );
    }
}

#[test]
fn every_mark_of_a_picture_is_told_once() {
    let zone = top_zone([60.0; 3], 30.0);
    let mut picture = page(1000);
    let texts = [TEXT, TEXT, "0123456789ABCDEF"];
    for (text, at) in texts.iter().zip([[60, 60], [560, 60], [60, 560]]) {
        let symbol = Symbol::fitting(&zone, text, HOST).unwrap();
        print(&mut picture, &symbol, at, 8, [20, 230]);
    }
    let mut marks: Vec<String> = read_all(&encoded(picture, ImageFormat::Png))
        .unwrap()
        .into_iter()
        .map(|r| r.mark)
        .collect();
    marks.sort();
    assert_eq!(marks, ["0123456789ABCDEF", TEXT]);
}

#[test]
fn a_code_that_is_no_mark_is_not_no_code() {
    let mut picture = page(600);
    print(&mut picture, &symbol(), [100, 100], 8, [20, 230]);
    let bytes = encoded(picture, ImageFormat::Png);
    let refusal = read::<()>(&bytes, &ReadLimits::default(), |_| None).unwrap_err();
    let texts = vec![symbol().text];
    assert_eq!(refusal, ReadError::NotAMark { texts });
}

/// A PNG of the given size with a good header and nothing behind it.
fn header_of(width: u32, height: u32) -> Vec<u8> {
    let body = [
        &b"IHDR"[..],
        &width.to_be_bytes(),
        &height.to_be_bytes(),
        &[8, 0, 0, 0, 0],
    ]
    .concat();
    let checksum = body.iter().fold(u32::MAX, |sum, &byte| {
        (0..8).fold(sum ^ u32::from(byte), |s, _| {
            (s >> 1) ^ (0xedb8_8320 * (s & 1))
        })
    });
    let chunk = |length: u32, body: &[u8], sum: u32| {
        [&length.to_be_bytes(), body, &sum.to_be_bytes()].concat()
    };
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    png.extend(chunk(13, &body, !checksum));
    png.extend(chunk(4, b"IDAT\x78\x9c\x03\x00", 0));
    png
}

#[test]
fn hostile_pictures_are_refused_by_name() {
    let png = encoded(page(64), ImageFormat::Png);
    let jpeg = encoded(page(64), ImageFormat::Jpeg);
    let bomb = ReadError::TooManyPixels {
        width: 60_000,
        height: 60_000,
        max: 60_000_000,
    };
    assert_eq!(read_all(&header_of(60_000, 60_000)), Err(bomb));
    for nothing in [
        &b""[..],
        b"solid part",
        b"GIF89a\x01\x00\x01\x00",
        b"BM",
        &[0xff; 64],
    ] {
        assert_eq!(read_all(nothing), Err(ReadError::NotAnImage), "{nothing:?}");
    }
    for broken in [
        &png[..png.len() / 2],
        &png[..10],
        &jpeg[..jpeg.len() / 2],
        &jpeg[..4],
        &header_of(7_000, 7_000),
        &header_of(0, 5),
    ] {
        let refusal = read_all(broken);
        assert!(
            matches!(refusal, Err(ReadError::Damaged(_) | ReadError::NoCode(_))),
            "{refusal:?}"
        );
    }
    for empty in [
        page(1),
        page(2),
        page(64),
        GrayImage::from_pixel(5000, 1, Luma([9])),
    ] {
        let refusal = read_all(&encoded(empty, ImageFormat::Png));
        assert!(matches!(refusal, Err(ReadError::NoCode(_))), "{refusal:?}");
    }
}

#[test]
fn limits_hold_before_anything_is_decoded() {
    let bytes = encoded(page(64), ImageFormat::Png);
    let small = ReadLimits {
        max_bytes: bytes.len() - 1,
        ..ReadLimits::default()
    };
    let few = ReadLimits {
        max_pixels: 64 * 64 - 1,
        ..ReadLimits::default()
    };
    let lean = ReadLimits {
        max_alloc_bytes: 64,
        ..ReadLimits::default()
    };
    let with = |limits| read(&bytes, &limits, mark).unwrap_err();
    assert!(matches!(with(small), ReadError::TooManyBytes { .. }));
    assert!(matches!(with(few), ReadError::TooManyPixels { .. }));
    assert_eq!(with(lean), ReadError::TooMuchMemory);
}

/// A whole wall of finder patterns is the worst that we know for the search for codes, and noise the next.
#[test]
fn pictures_made_to_be_slow_end() {
    let finder = |x: u32, y: u32| {
        let ring = [x % 8, y % 8].map(|c| c.abs_diff(3)).into_iter().max();
        matches!(ring, Some(0 | 1 | 3))
    };
    let noise = |x: u32, y: u32| {
        (x.wrapping_mul(2_654_435_761) ^ y.wrapping_mul(40_503)).wrapping_mul(69_069) >> 31 == 0
    };
    for dark in [finder as fn(u32, u32) -> bool, noise] {
        let tone = |x, y| Luma([if dark(x, y) { 0 } else { 255 }]);
        let picture = GrayImage::from_fn(1000, 1000, tone);
        let refusal = read_all(&encoded(picture, ImageFormat::Png));
        assert!(
            matches!(
                refusal,
                Err(ReadError::NoCode(_) | ReadError::DecoderFailed)
            ),
            "{refusal:?}"
        );
    }
}

/// Synthetic photographs, committed, so that a change of the renderer cannot hide a change of the reader.
#[test]
fn the_fixture_photographs_say_what_their_list_says() {
    macro_rules! photo {
        ($name:literal) => {
            &include_bytes!(concat!("../../../fixtures/photos/", $name))[..]
        };
    }
    for bytes in [
        photo!("hinge-bracket-overcast.jpg"),
        photo!("hinge-bracket-high-sun.jpg"),
    ] {
        let readings = read_all(bytes).unwrap();
        assert_eq!(readings.len(), 1);
        assert_eq!(readings[0].mark, TEXT);
    }
    let bare = |t: &str| (t == TEXT).then_some(());
    let clip = read(
        photo!("sensor-clip-low-sun.jpg"),
        &ReadLimits::default(),
        bare,
    )
    .unwrap();
    assert_eq!(clip.len(), 1);
    let unmarked = read_all(photo!("access-cover-unmarked.jpg"));
    assert!(
        matches!(unmarked, Err(ReadError::NoCode(_))),
        "{unmarked:?}"
    );
}

#[test]
fn a_reading_ends_when_nobody_waits_or_the_work_is_done() {
    let bytes = encoded(page(900), ImageFormat::Png);
    let stop = Stop::default();
    stop.now();
    let stopped = read_until(&stop, &bytes, &ReadLimits::default(), mark);
    assert_eq!(stopped, Err(ReadError::Stopped));
    let lazy = ReadLimits {
        max_work_pixels: 900 * 900 / 2,
        ..ReadLimits::default()
    };
    for limits in [lazy, ReadLimits::default()] {
        let refusal = read(&bytes, &limits, mark);
        assert!(matches!(refusal, Err(ReadError::NoCode(_))), "{refusal:?}");
    }
}

#[test]
fn codes_of_both_kinds_are_told_whatever_they_say() {
    let mut picture = page(900);
    print(&mut picture, &symbol(), [80, 80], 8, [20, 230]);
    let small = Symbol::fitting(&top_zone([60.0; 3], 15.0), TEXT, HOST).unwrap();
    print(&mut picture, &small, [600, 600], 8, [20, 230]);
    let codes = codes(&encoded(picture, ImageFormat::Png), &ReadLimits::default()).unwrap();
    let mut texts: Vec<_> = codes
        .iter()
        .map(|c| (c.text.as_str(), c.symbology))
        .collect();
    texts.sort_by_key(|(text, _)| text.len());
    let address = symbol().text;
    assert_eq!(
        texts,
        [
            (TEXT, Symbology::DataMatrix),
            (address.as_str(), Symbology::Qr)
        ]
    );
    assert!(codes.iter().all(|code| code.sureness.unwrap().wrong == 0));
}

#[test]
fn damage_is_put_right_and_told() {
    let mut scratched = symbol();
    let width = scratched.size as usize;
    for column in 12..16 {
        scratched.modules[14 * width + column] ^= true;
    }
    let mut picture = page(500);
    print(&mut picture, &scratched, [100, 100], 8, [20, 230]);
    let codes = codes(&encoded(picture, ImageFormat::Png), &ReadLimits::default()).unwrap();
    let sureness = Sureness {
        modules: (width * width) as u32,
        wrong: 4,
    };
    assert_eq!(
        (&codes[0].text, codes[0].sureness),
        (&symbol().text, Some(sureness))
    );
}

#[test]
fn a_mark_is_read_from_one_frame_of_a_camera() {
    let mut picture = GrayImage::from_pixel(640, 480, Luma([200]));
    print(&mut picture, &symbol(), [200, 100], 6, [60, 150]);
    let bytes = encoded(picture, ImageFormat::Jpeg);
    assert_eq!(
        read(&bytes, &ReadLimits::frame(), mark).unwrap()[0].mark,
        TEXT
    );
    let empty = encoded(
        GrayImage::from_pixel(640, 480, Luma([90])),
        ImageFormat::Jpeg,
    );
    let refusal = read(&empty, &ReadLimits::frame(), mark);
    assert!(matches!(refusal, Err(ReadError::NoCode(_))), "{refusal:?}");
}

/// What is wrong with a photograph is told by what would help.
#[test]
fn advice_goes_by_what_the_picture_lacks() {
    let checks = |x: u32, y: u32| (x / 40 + y / 40).is_multiple_of(2);
    let drawn = |side: u32, tone: &dyn Fn(u32, u32) -> u8| {
        let picture = GrayImage::from_fn(side, side, |x, y| Luma([tone(x, y)]));
        match read_all(&encoded(picture, ImageFormat::Png)) {
            Err(ReadError::NoCode(advice)) => advice,
            other => panic!("{other:?}"),
        }
    };
    let wave = |at: u32| (f64::from(at) / 10.0).sin() * 60.0;
    assert_eq!(
        drawn(500, &|x, y| if checks(x, y) { 8 } else { 30 }),
        Advice::MoreLight
    );
    assert_eq!(
        drawn(500, &|x, _| if x < 100 { 255 } else { 120 }),
        Advice::NoFlash
    );
    assert_eq!(
        drawn(500, &|x, _| (120.0 + wave(x)) as u8),
        Advice::HoldStill
    );
    assert_eq!(
        drawn(120, &|x, y| if checks(x, y) { 90 } else { 140 }),
        Advice::Closer
    );
    assert_eq!(
        drawn(500, &|x, y| if checks(x, y) { 90 } else { 140 }),
        Advice::TiltTheLight
    );
}
