//! Pictures in every form that comes from outside: `fixtures/corpus/image` says by its names what each must lead to.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::path::Path;
use threadmark_watermark::read::{ReadError, ReadLimits, read};

const CORPUS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/corpus");
const TEXT: &str = "7ZK4M9QX2RT8VWHD";

fn mark(text: &str) -> Option<String> {
    let text = text.rsplit('/').next()?;
    (text.len() == 16).then(|| text.to_owned())
}

fn read_file(path: &Path) -> Result<Vec<String>, ReadError> {
    let bytes = std::fs::read(path).unwrap();
    let readings = read(&bytes, &ReadLimits::default(), mark)?;
    Ok(readings.into_iter().map(|reading| reading.mark).collect())
}

fn files(kind: &str) -> Vec<std::path::PathBuf> {
    let folder = std::fs::read_dir(Path::new(CORPUS).join("image")).unwrap();
    let of_kind = folder.map(|entry| entry.unwrap().path()).filter(|path| {
        let name = path.file_name().unwrap().to_string_lossy();
        name.starts_with(kind)
    });
    of_kind.collect()
}

/// Palette, 1 and 16 bits, alpha, CMYK, interlaced, progressive, animated, turned and mirrored by EXIF, followed by
/// another file, with metadata that unpack to megabytes.
#[test]
fn every_form_of_a_picture_is_read() {
    let files = files("marked");
    assert!(files.len() > 20);
    for path in files {
        assert_eq!(read_file(&path), Ok(vec![TEXT.to_owned()]), "{path:?}");
    }
}

/// One look shows seven of these ten, all looks together nine; none is ever made up.
#[test]
fn of_ten_marks_in_a_picture_nearly_all_are_read() {
    for path in files("ten") {
        let marks = read_file(&path).unwrap();
        let expected: Vec<String> = (0..10).map(|i| format!("{i:015}0")).collect();
        assert!(marks.len() >= 9, "{marks:?}");
        assert!(
            marks.iter().all(|mark| expected.contains(mark)),
            "{marks:?}"
        );
    }
}

#[test]
fn what_is_no_picture_or_cannot_be_held_is_refused_by_name() {
    let files = files("refused");
    assert!(files.len() > 10);
    for path in files {
        let told = read_file(&path).unwrap_err();
        let name = path.file_name().unwrap().to_string_lossy();
        let is_expected = match &told {
            ReadError::TooManyPixels { .. } => name.contains("bomb"),
            ReadError::NotAnImage => !name.contains("bomb") && !name.contains("cut"),
            ReadError::Damaged(_) | ReadError::NoCode(_) => name.contains("cut"),
            ReadError::TooMuchMemory => name.contains("2e31"),
            _ => false,
        };
        assert!(is_expected, "{name}: {told:?}");
    }
}

#[test]
fn sixteen_bits_and_alpha_of_sixty_megapixels_are_too_much() {
    let path = Path::new(CORPUS).join("big/60-megapixels-rgba16.png");
    assert_eq!(read_file(&path), Err(ReadError::TooMuchMemory));
}
