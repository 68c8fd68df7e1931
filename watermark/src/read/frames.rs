//! Owns: what several frames of one camera say together. Must never know: pictures, or what a mark means.
//!
//! A frame is looked at quickly, and the next one is a little different: another noise, another angle, another shadow. So
//! what one misses, one of the next shows. But each frame is also another chance to read what is not there; if any frame
//! were believed, a stream of thirty would err thirty times as often as a photograph. So a mark counts when two frames say
//! the same. Where a frame says a false mark with probability p, thirty say the same false one twice with at most
//! 30 · 29 / 2 · p², which is less than p for every p below 1 in 435; on 47 photographs without codes p was seen to be 0.

use super::{Advice, ReadError, ReadLimits, Reading, read};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeSet;

/// Frames that must say the same.
const AGREEING: usize = 2;
/// Frames of one stream: from then on the argument above does not hold, and a new stream begins.
const MAX_FRAMES: usize = 30;
/// Marks that are remembered of one stream.
const MAX_MARKS: usize = 64;

/// A stream of frames, of which one is added after the other.
#[derive(Debug)]
pub struct Frames<T> {
    seen: Vec<(Reading<T>, usize)>,
    /// Digests of the frames: the same picture again says nothing new.
    looked_at: BTreeSet<[u8; 32]>,
    frames: usize,
    advice: Option<Advice>,
}

impl<T> Default for Frames<T> {
    /// No frame yet.
    fn default() -> Self {
        Self {
            seen: Vec::new(),
            looked_at: BTreeSet::new(),
            frames: 0,
            advice: None,
        }
    }
}

impl<T: Clone> Frames<T> {
    /// Looks at one more frame, PNG or JPEG, within [`ReadLimits::frame`]. `Some` is the mark that two frames have said by
    /// now, as this frame shows it. `is_mark` is as for [`read`].
    ///
    /// # Errors
    /// [`ReadError`] for a frame that cannot be looked at; a frame that shows nothing is no error.
    pub fn add(
        &mut self,
        frame: &[u8],
        is_mark: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<Reading<T>>, ReadError> {
        if self.frames == MAX_FRAMES {
            *self = Self::default();
        }
        self.frames += 1;
        if !self.looked_at.insert(Sha256::digest(frame).into()) {
            return Ok(None);
        }
        let readings = match read(frame, &ReadLimits::frame(), is_mark) {
            Ok(readings) => readings,
            Err(ReadError::NoCode(advice)) => {
                self.advice = Some(advice);
                return Ok(None);
            }
            Err(ReadError::NotAMark { .. } | ReadError::DecoderFailed) => return Ok(None),
            Err(error) => return Err(error),
        };
        // All are counted, also when one of them is told.
        let counted = readings.into_iter().map(|reading| self.count(reading));
        let agreed: Vec<_> = counted.collect();
        Ok(agreed.into_iter().flatten().next())
    }

    /// What would make the newest unread frame readable.
    pub fn advice(&self) -> Option<Advice> {
        self.advice
    }

    fn count(&mut self, reading: Reading<T>) -> Option<Reading<T>> {
        let same = |(seen, _): &&mut (Reading<T>, usize)| seen.code.text == reading.code.text;
        match self.seen.iter_mut().find(same) {
            Some((_, times)) => {
                *times += 1;
                (*times >= AGREEING).then_some(reading)
            }
            None => {
                if self.seen.len() < MAX_MARKS {
                    self.seen.push((reading, 1));
                }
                None
            }
        }
    }
}
