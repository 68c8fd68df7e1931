//! Owns: what to do for a better photograph, from how the one at hand looks. Must never know: codes or marks.

use super::grey::Grey;
use super::through::Outcome;

/// What would most likely make the mark readable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Advice {
    /// Most of the picture is nearly black.
    #[error("it is too dark: make more light")]
    MoreLight,
    /// Much of the picture is blown out.
    #[error("the light is reflected: use no flash, and tilt the part away from the lamp")]
    NoFlash,
    /// No edge in the picture is sharp.
    #[error("it is blurred: hold the camera still, and let it focus on the mark")]
    HoldStill,
    /// There is something like a code, with too few pixels for each of its modules.
    #[error(
        "the mark is too small in the picture: go closer, until it fills a quarter of the width"
    )]
    Closer,
    /// Nothing else is wrong: the relief has too little contrast.
    #[error(
        "let soft light, or low light from one side, fall on the mark, and fill a quarter of the picture with it"
    )]
    TiltTheLight,
}

/// The longer side, in pixels, at which a picture is judged.
const JUDGED_AT: usize = 800;
/// Fewer pixels for a module are not enough for relief.
const MODULE_PX: f32 = 3.0;
/// A shorter picture has no room for a code at that size.
const SIDE_PX: usize = 200;

impl Advice {
    pub(super) fn on(outcome: &Outcome) -> Self {
        let side = outcome.seen.longer_side();
        let judged = outcome.seen.resized(side.min(JUDGED_AT));
        let levels = Levels::of(judged.pixels().iter().copied());
        if levels.at(0.95) < 50 {
            Self::MoreLight
        } else if levels.above(250) > 0.08 && levels.at(0.5) < 235 {
            Self::NoFlash
        } else if is_blurred(&judged) {
            Self::HoldStill
        } else if side < SIDE_PX || outcome.unread_module_px.is_some_and(|px| px < MODULE_PX) {
            Self::Closer
        } else {
            Self::TiltTheLight
        }
    }
}

/// How often each brightness occurs.
struct Levels {
    counts: [usize; 256],
    all: usize,
}

impl Levels {
    fn of(values: impl Iterator<Item = u8>) -> Self {
        let mut counts = [0; 256];
        let all = values.map(|value| counts[usize::from(value)] += 1).count();
        Self { counts, all }
    }

    /// The level that a share of all does not exceed.
    fn at(&self, share: f64) -> usize {
        let wanted = (self.all as f64 * share) as usize;
        let mut seen = 0;
        let reached = self.counts.iter().position(|&count| {
            seen += count;
            seen > wanted
        });
        reached.unwrap_or(255)
    }

    fn above(&self, level: usize) -> f64 {
        self.counts[level..].iter().sum::<usize>() as f64 / self.all.max(1) as f64
    }
}

/// Whether the strongest steps in brightness are spread over many pixels.
fn is_blurred(grey: &Grey) -> bool {
    let step = |apart: usize| {
        let rows = (0..grey.height()).map(|y| grey.row(y));
        let steps = rows.flat_map(move |row| {
            let ahead = row.iter().skip(apart);
            row.iter().zip(ahead).map(|(a, b)| a.abs_diff(*b))
        });
        Levels::of(steps).at(0.995)
    };
    let (near, far) = (step(1), step(6));
    far > 20 && near * 10 < far * 3
}
