//! Owns: the ways to look at a picture, and their order. Must never know: codes or marks.

use super::budget::Work;
use super::find::Bits;
use super::grey::Grey;

/// A way to make a picture ready, and who looks at it then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Look {
    /// Longer side in pixels; [`OWN`] for the picture's own.
    side: usize,
    filter: Filter,
    pub(super) asked: Asked,
}

/// Which decoders look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    /// Those that follow edges, for both kinds of codes.
    Edges,
    /// The one that follows areas: several times slower.
    Areas,
    /// The one that knows what marks in relief look like.
    Lattice,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Filter {
    /// As it is: prints, screens and two-coloured parts.
    Plain,
    /// The same, with one threshold for the whole picture: what is neither near nor evenly lit falls apart with many.
    Level,
    /// Light on dark.
    Inverted,
    /// Darker than its surroundings, which reach as far as a share of the longer side in thousandths, by a
    /// percentage: printed codes in uneven light.
    Around(usize, u16),
    /// Pits narrower than a share of the longer side, in thousandths, and darker by a percentage: relief. Little
    /// contrast finds floors in full sun, much leaves out shadows on the face.
    Pits(usize, u16),
}

/// The size that the picture has, up to [`LARGEST`].
const OWN: usize = 0;
/// The largest side that any look wants, in pixels.
const LARGEST: usize = 1200;
/// What a filter costs, in looks at a pixel.
const PASSES: u64 = 4;

const fn look(side: usize, filter: Filter, asked: Asked) -> Look {
    Look {
        side,
        filter,
        asked,
    }
}

/// What reads most for its cost comes first: measured on the photographs of `zxing` and on simulated relief, of which
/// the first three read nine in ten.
const LOOKS: [Look; 15] = [
    look(OWN, Filter::Plain, Asked::Edges),
    look(400, Filter::Pits(110, 12), Asked::Edges),
    look(400, Filter::Pits(110, 6), Asked::Edges),
    look(OWN, Filter::Level, Asked::Edges),
    look(700, Filter::Pits(110, 6), Asked::Edges),
    look(700, Filter::Pits(30, 8), Asked::Edges),
    look(400, Filter::Pits(110, 6), Asked::Areas),
    look(700, Filter::Around(125, 3), Asked::Edges),
    look(700, Filter::Around(125, 3), Asked::Areas),
    look(700, Filter::Inverted, Asked::Edges),
    look(700, Filter::Inverted, Asked::Areas),
    look(1000, Filter::Pits(60, 10), Asked::Edges),
    look(1000, Filter::Pits(60, 10), Asked::Areas),
    look(1000, Filter::Pits(110, 6), Asked::Edges),
    look(OWN, Filter::Plain, Asked::Lattice),
];

/// A picture made ready.
pub(super) struct View {
    pub(super) look: Look,
    /// For the decoder that has a threshold of its own.
    pub(super) grey: Grey,
    /// Pixels of the original to one of the view.
    pub(super) scale: f32,
}

impl View {
    /// From pixels of the view to pixels of the original.
    pub(super) fn to_picture(&self, corner: [f32; 2]) -> [f32; 2] {
        corner.map(|c| c * self.scale)
    }

    /// What is dark, for the decoders that have none. `None` where the picture is too small to hold a code.
    pub(super) fn bits(&self) -> Option<Bits> {
        match self.look.filter {
            Filter::Plain | Filter::Inverted => Bits::by_blocks(&self.grey),
            Filter::Level => Bits::by_level(&self.grey),
            Filter::Around(..) | Filter::Pits(..) => Bits::of(&self.grey),
        }
    }
}

/// Makes views one after the other; what two of them have in common is made once.
pub(super) struct Views {
    original: usize,
    /// No larger than any look wants: a large picture is shrunk once, not for each look.
    base: Grey,
    sized: Grey,
    soft: Option<Grey>,
    filled: Option<(usize, Grey)>,
    left: std::slice::Iter<'static, Look>,
    work: Work,
}

impl Views {
    pub(super) fn of(picture: &Grey, work: &Work) -> Self {
        let original = picture.longer_side();
        let base = picture.resized(original.min(LARGEST));
        Self {
            original,
            sized: base.clone(),
            base,
            soft: None,
            filled: None,
            // An empty picture has nothing to look at, and no filter is made for it.
            left: if original == 0 {
                [].iter()
            } else {
                LOOKS.iter()
            },
            work: work.clone(),
        }
    }

    /// The picture, no larger than any look wants.
    pub(super) fn into_picture(self) -> Grey {
        self.base
    }

    fn resize(&mut self, side: usize) {
        if side != self.sized.longer_side() {
            self.sized = self.base.resized(side);
            self.soft = None;
            self.filled = None;
        }
    }

    fn filtered(&mut self, filter: Filter) -> Grey {
        let pixels = |share: usize| (self.sized.longer_side() * share / 1000).max(1);
        match filter {
            Filter::Plain | Filter::Level => self.sized.clone(),
            Filter::Inverted => self.sized.inverted(),
            Filter::Around(share, percent) => {
                let around = self.sized.blurred(pixels(share) / 2);
                self.sized.darker_than(&around, percent)
            }
            Filter::Pits(share, percent) => {
                let kernel = pixels(share);
                let soft = self.soft.get_or_insert_with(|| self.sized.blurred(1));
                if self.filled.as_ref().is_none_or(|(k, _)| *k != kernel) {
                    self.filled = Some((kernel, soft.filled(kernel)));
                }
                let filled = self.filled.as_ref().map_or(&*soft, |(_, filled)| filled);
                soft.darker_than(filled, percent)
            }
        }
    }
}

impl Iterator for Views {
    type Item = View;

    /// `None` at the end, or when no more work is left.
    fn next(&mut self) -> Option<View> {
        let look = *self.left.next()?;
        self.resize(match look.side {
            OWN => self.base.longer_side(),
            side => side,
        });
        let pixels = self.sized.pixels().len() as u64;
        self.work.take(PASSES * pixels).then(|| View {
            grey: self.filtered(look.filter),
            scale: self.original as f32 / self.sized.longer_side() as f32,
            look,
        })
    }
}
