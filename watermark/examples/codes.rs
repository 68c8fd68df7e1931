//! Reads photographs of ordinary codes, ours beside the decoders alone:
//! `CORPUS=<folder> cargo run --release -p threadmark-watermark --example codes`.
//!
//! Owns: what counts as read. Each folder below the corpus is a row; a photograph with a `.txt` beside it is read when
//! exactly that text is, and one without must show nothing. `tests/interop/codes.py` makes the same table of `zxing-cpp`.

mod peers;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use threadmark_watermark::read::{ReadError, ReadLimits, codes};

/// One way to read, and what became of it in a folder.
#[derive(Default)]
struct Tally {
    exact: usize,
    /// Something else than the truth, or anything where there is nothing.
    wrong: usize,
    took: Vec<Duration>,
}

type Way = (&'static str, fn(&[u8]) -> Vec<String>);
const WAYS: [Way; 4] = [
    ("threadmark", cascade),
    ("frame", frame),
    ("rqrr", peers::areas),
    ("rxing", peers::edges),
];

fn main() -> Result<(), Box<dyn Error>> {
    let corpus = std::env::var("CORPUS").map_err(|_| "CORPUS names a folder of photographs")?;
    // Decoders panic; that is counted, not told.
    std::panic::set_hook(Box::new(|_| {}));
    let mut folders = vec![PathBuf::from(&corpus)];
    folders.extend(
        sorted(Path::new(&corpus))?
            .into_iter()
            .filter(|p| p.is_dir()),
    );
    println!(
        "{:<28}{:>7}  exact/wrong, then median, p95 and most milliseconds",
        "folder", "photos"
    );
    for folder in folders {
        let photos: Vec<PathBuf> = sorted(&folder)?
            .into_iter()
            .filter(|p| is_photo(p))
            .collect();
        if !photos.is_empty() {
            row(&folder, &photos)?;
        }
    }
    Ok(())
}

fn row(folder: &Path, photos: &[PathBuf]) -> Result<(), Box<dyn Error>> {
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    print!("{name:<28}{:>7}", photos.len());
    for (way, read) in WAYS {
        let mut tally = Tally::default();
        for photo in photos {
            tally.count(&std::fs::read(photo)?, truth(photo).as_deref(), read);
        }
        tally.took.sort();
        let at = |share: f64| {
            tally.took[((tally.took.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e3
        };
        let (exact, wrong) = (tally.exact, tally.wrong);
        print!(
            "  {way} {exact}/{wrong} {:.0} {:.0} {:.0}",
            at(0.5),
            at(0.95),
            at(1.0)
        );
    }
    println!();
    Ok(())
}

impl Tally {
    #[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
    fn count(&mut self, photo: &[u8], truth: Option<&str>, read: fn(&[u8]) -> Vec<String>) {
        let start = Instant::now();
        let texts = read(photo);
        self.took.push(start.elapsed());
        match truth {
            Some(truth) if texts.iter().any(|text| is_exact(text, truth)) => self.exact += 1,
            _ => self.wrong += usize::from(!texts.is_empty()),
        }
    }
}

fn sorted(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path()));
    let mut paths = entries.collect::<Result<Vec<_>, _>>()?;
    paths.sort();
    Ok(paths)
}

fn is_photo(path: &Path) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str());
    matches!(ending, Some("png" | "jpg" | "jpeg"))
}

fn truth(photo: &Path) -> Option<String> {
    let bytes = std::fs::read(photo.with_extension("txt")).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// A line end behind the text may be the code's or the file's.
fn is_exact(text: &str, truth: &str) -> bool {
    text == truth || text == truth.trim_end_matches(['\r', '\n'])
}

fn cascade(photo: &[u8]) -> Vec<String> {
    texts(photo, &ReadLimits::default())
}

fn frame(photo: &[u8]) -> Vec<String> {
    texts(photo, &ReadLimits::frame())
}

fn texts(photo: &[u8], limits: &ReadLimits) -> Vec<String> {
    match codes(photo, limits) {
        Ok(codes) => codes.into_iter().map(|code| code.text).collect(),
        Err(ReadError::NoCode(_) | ReadError::DecoderFailed) => Vec::new(),
        Err(error) => vec![error.to_string()],
    }
}
