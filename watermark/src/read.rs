//! Owns: finding a mark in a photograph. Must never know: what a mark means; the caller says which texts are marks.
//! Codes are read turned by any angle; a mirrored picture is turned over as its EXIF orientation says.
//!
//! Relief of the part's own colour has little contrast, so one decoder pass is not enough: the picture is looked at
//! in several ways, cheap ones first, until one of them shows a mark. Two layers: what codes there are ([`codes`]), and
//! which of them are marks ([`read`]).

mod advice;
mod budget;
mod decode;
mod filter;
mod find;
mod frames;
mod grey;
mod lattice;
mod plane;
mod seen;
mod sure;
mod through;
mod views;

pub use advice::Advice;
pub use budget::Stop;
pub use find::Symbology;
pub use frames::Frames;
pub use sure::Sureness;

pub(crate) use grey::Grey;
pub(crate) use plane::{Plane, Point};
pub(crate) use seen::seen;
pub(crate) use sure::Made;

use budget::Work;
use find::Found;
use std::ops::ControlFlow;
use through::Outcome;

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
    /// 32 MiB, 60 megapixels, 256 MiB: above what phones make. A photograph without a mark takes less than 100 million
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

impl ReadLimits {
    /// For one frame of a camera, when the next one comes at once: only the looks that read most for their cost.
    pub fn frame() -> Self {
        Self {
            max_work_pixels: 3_500_000,
            ..Self::default()
        }
    }
}

/// One code in a photograph, whatever it says.
#[derive(Debug, Clone, PartialEq)]
pub struct Code {
    /// What stands in the code.
    pub text: String,
    /// Which kind of code it is.
    pub symbology: Symbology,
    /// Corners of the symbol in pixels of the picture as it is looked at, around it, x from the left and y from the top.
    pub corners: [[f32; 2]; 4],
    /// How well it is preserved, where its text is written as we write it.
    pub sureness: Option<Sureness>,
}

impl From<Found> for Code {
    fn from(found: Found) -> Self {
        Self {
            sureness: sure::of(&found),
            text: found.text,
            symbology: found.symbology,
            corners: found.corners,
        }
    }
}

/// One mark in a photograph.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading<T> {
    /// What the caller made of the text.
    pub mark: T,
    /// Where it was read from.
    pub code: Code,
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
    #[error("no code is readable in the picture: {0}")]
    NoCode(Advice),
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
/// `is_mark` decides what is a mark. Runs for a second at worst, on a picture without a mark; meant for a
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
    let mut readings: Vec<Reading<T>> = Vec::new();
    let mut others: Vec<String> = Vec::new();
    let search = search(stop, &picture, limits, |found| {
        for found in found {
            match is_mark(&found.text) {
                Some(_) if readings.iter().any(|r| r.code.text == found.text) => {}
                Some(mark) => readings.push(Reading {
                    mark,
                    code: found.into(),
                }),
                None if others.contains(&found.text) => {}
                None => others.push(found.text),
            }
        }
        // Where there are several, each look may miss some of them.
        if readings.len() == 1 {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    });
    match search {
        Err(error) if readings.is_empty() => Err(match (error, others.is_empty()) {
            (ReadError::NoCode(_) | ReadError::DecoderFailed, false) => {
                ReadError::NotAMark { texts: others }
            }
            (error, _) => error,
        }),
        _ => Ok(readings),
    }
}

/// The codes of the first look that shows any, marks or not, each text once.
///
/// # Errors
/// [`ReadError`], but never [`ReadError::NotAMark`].
pub fn codes(image_bytes: &[u8], limits: &ReadLimits) -> Result<Vec<Code>, ReadError> {
    let mut codes: Vec<Code> = Vec::new();
    let picture = decode::picture(image_bytes, limits)?;
    search(&Stop::default(), &picture, limits, |found| {
        for found in found {
            if codes.iter().all(|code| code.text != found.text) {
                codes.push(found.into());
            }
        }
        ControlFlow::Break(())
    })?;
    Ok(codes)
}

/// Hands over what each look shows until `enough` breaks.
///
/// # Errors
/// [`ReadError`]; of a search that showed no more than `enough` was given, [`ReadError::NoCode`],
/// [`ReadError::DecoderFailed`] or [`ReadError::Stopped`] says why it ended.
fn search(
    stop: &Stop,
    picture: &Grey,
    limits: &ReadLimits,
    mut enough: impl FnMut(Vec<Found>) -> ControlFlow<()>,
) -> Result<(), ReadError> {
    let work = Work::new(limits.max_work_pixels, stop);
    let mut done = false;
    let outcome = through::looks(picture, &work, |found| {
        let flow = enough(found);
        done = flow.is_break();
        flow
    });
    match outcome {
        _ if done => Ok(()),
        _ if stop.is_asked_for() => Err(ReadError::Stopped),
        Outcome { failed: true, .. } => Err(ReadError::DecoderFailed),
        outcome => Err(ReadError::NoCode(Advice::on(&outcome))),
    }
}

#[cfg(test)]
mod tests;
