//! Owns: a mark together with the picture that it is in, for those who measure it. Must never know: what is measured.

use super::find::Found;
use super::{Grey, Made, ReadError, ReadLimits, Reading, Stop, decode, search, sure};
use std::ops::ControlFlow;

/// A mark, the picture that it is in, and what it must have been made as.
pub(crate) struct Seen<T> {
    pub(crate) reading: Reading<T>,
    pub(crate) picture: Grey,
    /// Modules along a side.
    pub(crate) size: usize,
    /// `None` where the text was not written as we write it.
    pub(crate) made: Option<Made>,
}

/// The first mark that any look shows.
///
/// # Errors
/// As [`read`].
pub(crate) fn seen<T>(
    image_bytes: &[u8],
    limits: &ReadLimits,
    is_mark: impl Fn(&str) -> Option<T>,
) -> Result<Seen<T>, ReadError> {
    let picture = decode::picture(image_bytes, limits)?;
    let mut first: Option<(T, Found)> = None;
    let mut others: Vec<String> = Vec::new();
    let search = search(&Stop::default(), &picture, limits, |found| {
        for found in found {
            match is_mark(&found.text) {
                Some(mark) => {
                    first = Some((mark, found));
                    return ControlFlow::Break(());
                }
                None => others.push(found.text),
            }
        }
        ControlFlow::Continue(())
    });
    let Some((mark, found)) = first else {
        return Err(unread(search.err(), others));
    };
    Ok(Seen {
        size: found.modules.width,
        made: sure::made(&found).map(|(made, _)| made),
        reading: Reading {
            mark,
            code: found.into(),
        },
        picture,
    })
}

/// Why no mark was seen, among codes that say something else.
fn unread(error: Option<ReadError>, mut others: Vec<String>) -> ReadError {
    others.sort();
    others.dedup();
    match error {
        Some(ReadError::NoCode(_)) if !others.is_empty() => ReadError::NotAMark { texts: others },
        error => error.unwrap_or(ReadError::DecoderFailed),
    }
}
