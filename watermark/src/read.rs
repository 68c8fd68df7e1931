//! Owns: finding a mark in a photograph. Must never know: what a mark means; the caller says which texts are marks.
//! QR codes are read turned by any angle; a mirrored picture is turned over as its EXIF orientation says.
//!
//! Relief of the part's own colour has little contrast, so one decoder pass is not enough: the picture is looked at
//! in several ways, cheap ones first, until one of them shows a mark.

mod budget;
mod decode;
mod grey;
mod views;

pub use budget::Stop;
use budget::Work;
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
    /// Most pixels that the search for codes may look at, each as often as it does: work, which is the same on every
    /// machine, where time is not.
    pub max_work_pixels: u64,
}

impl Default for ReadLimits {
    /// 32 MiB, 60 megapixels, 256 MiB: above what phones make. A photograph without a mark takes 50 to 120 million
    /// pixels of work.
    fn default() -> Self {
        Self {
            max_bytes: 32 << 20,
            max_pixels: 60_000_000,
            max_alloc_bytes: 256 << 20,
            max_work_pixels: 1_000_000_000,
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
    /// Corners of the symbol in pixels of the picture as it is looked at, around it, x from the left and y from the top.
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
    /// Its pixels take more memory than allowed: too many for what each of them holds.
    #[error("the picture takes too much memory: use fewer pixels, or 8 bits a colour")]
    TooMuchMemory,
    /// Begins as a picture and is cut short or broken.
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
    /// Stopped from outside.
    #[error("the reading was stopped")]
    Stopped,
}

/// The mark that the first fruitful look at the picture shows; where it shows several, those of all looks, in no
/// particular order, each text once. Of many, some may be missed; no more than some sixty are found. Which of them is
/// meant is for the caller to ask.
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
    read_until(&Stop::default(), image_bytes, limits, is_mark)
}

/// As [`read`], until `stop` is asked for.
///
/// # Errors
/// As [`read`], and [`ReadError::Stopped`].
pub fn read_until<T>(
    stop: &Stop,
    image_bytes: &[u8],
    limits: &ReadLimits,
    is_mark: impl Fn(&str) -> Option<T>,
) -> Result<Vec<Reading<T>>, ReadError> {
    if stop.is_asked_for() {
        return Err(ReadError::Stopped);
    }
    let picture = decode::picture(image_bytes, limits)?;
    let work = Work::new(limits.max_work_pixels, stop);
    let mut readings: Vec<Reading<T>> = Vec::new();
    let mut others: Vec<String> = Vec::new();
    let mut failed = false;
    for view in views::of(&picture).take_while(|_| work.is_left()) {
        let Ok(codes) = decode::codes(&view.grey, &work) else {
            failed = true;
            continue;
        };
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
        // Where there are several, each look may miss some of them.
        if readings.len() == 1 {
            break;
        }
    }
    if !readings.is_empty() {
        return Ok(readings);
    }
    if stop.is_asked_for() {
        return Err(ReadError::Stopped);
    }
    Err(match (others.is_empty(), failed) {
        (false, _) => ReadError::NotAMark { texts: others },
        (true, true) => ReadError::DecoderFailed,
        (true, false) => ReadError::NoCode,
    })
}

#[cfg(test)]
mod tests;
