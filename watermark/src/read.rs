//! Owns: finding a mark in a photograph. Must never know: what a mark means; the caller says which texts are marks.
//! QR codes are read turned by any angle, so EXIF orientation does not matter.
//!
//! Relief of the part's own colour has little contrast, so one decoder pass is not enough: the picture is looked at
//! in several ways, cheap ones first, until one of them shows a mark.

mod budget;
mod decode;
mod grey;
mod views;

use grey::Grey;

/// What a reader of strangers' pictures is willing to spend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadLimits {
    /// Largest file, in bytes.
    pub max_bytes: usize,
    /// Largest picture, in pixels: checked against the header, before anything is decoded.
    pub max_pixels: u64,
    /// Largest memory for decoding, in bytes.
    pub max_alloc_bytes: u64,
}

impl Default for ReadLimits {
    /// 32 MiB, 60 megapixels, 256 MiB: above what phones make.
    fn default() -> Self {
        Self {
            max_bytes: 32 << 20,
            max_pixels: 60_000_000,
            max_alloc_bytes: 256 << 20,
        }
    }
}

/// One mark in a photograph.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading<T> {
    /// What the caller made of the text.
    pub mark: T,
    /// What stands in the code.
    pub text: String,
    /// Corners of the symbol in pixels of the picture, around it, x from the left and y from the top.
    pub corners: [[f32; 2]; 4],
}

/// Why no mark was read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// The file is larger than the limit.
    #[error("the picture has {bytes} bytes, more than the {max} allowed")]
    TooManyBytes {
        /// Size of the file.
        bytes: usize,
        /// The limit.
        max: usize,
    },
    /// The header promises more pixels than the limit.
    #[error("the picture is {width} by {height} pixels, more than the {max} allowed")]
    TooManyPixels {
        /// Pixels across.
        width: u32,
        /// Pixels down.
        height: u32,
        /// The limit.
        max: u64,
    },
    /// Neither PNG nor JPEG.
    #[error("this is not a PNG or JPEG picture")]
    NotAnImage,
    /// Begins as a picture and is cut short, broken, or wants more memory than allowed.
    #[error("the picture is damaged: {0}")]
    Damaged(String),
    /// A picture without a readable code.
    #[error("no code is readable in the picture")]
    NoCode,
    /// There are codes, and none is a mark. What they say is for the user to judge.
    #[error("the picture shows {} code(s), none of which is a mark", texts.len())]
    NotAMark {
        /// Their texts.
        texts: Vec<String>,
    },
    /// The decoder failed in its own code, or was stopped because the picture is full of what might be codes; and
    /// no other look at it showed a code.
    #[error("the decoder failed on this picture, or took too long")]
    DecoderFailed,
}

/// Every mark that the first fruitful look at the picture shows, in no particular order, each text once.
///
/// `is_mark` decides what is a mark. Runs for seconds at worst, on a picture without a mark; meant for a
/// blocking thread. The build must unwind on panics for [`ReadError::DecoderFailed`] to be told.
///
/// # Errors
/// [`ReadError`]; a picture without codes, and one with codes that are no marks, are told apart.
pub fn read<T>(
    image_bytes: &[u8],
    limits: &ReadLimits,
    is_mark: impl Fn(&str) -> Option<T>,
) -> Result<Vec<Reading<T>>, ReadError> {
    let picture = decode::picture(image_bytes, limits)?;
    let mut others: Vec<String> = Vec::new();
    let mut failed = false;
    for view in views::of(&picture) {
        let Ok(codes) = decode::codes(&view.grey) else {
            failed = true;
            continue;
        };
        let mut readings: Vec<Reading<T>> = Vec::new();
        for code in codes {
            match is_mark(&code.text) {
                Some(_) if readings.iter().any(|r| r.text == code.text) => {}
                Some(mark) => readings.push(Reading {
                    mark,
                    corners: code.corners.map(|c| view.to_picture(c)),
                    text: code.text,
                }),
                None if others.contains(&code.text) => {}
                None => others.push(code.text),
            }
        }
        if !readings.is_empty() {
            return Ok(readings);
        }
    }
    Err(match (others.is_empty(), failed) {
        (false, _) => ReadError::NotAMark { texts: others },
        (true, true) => ReadError::DecoderFailed,
        (true, false) => ReadError::NoCode,
    })
}

#[cfg(test)]
mod tests;
