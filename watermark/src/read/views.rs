//! Owns: the ways to look at a picture, and their order. Must never know: codes or marks.

use super::Grey;

/// A picture made from another, and the way back.
pub(super) struct View {
    pub(super) grey: Grey,
    /// Pixels of the original to one of the view.
    scale: f32,
}

impl View {
    /// From pixels of the view to pixels of the original.
    pub(super) fn to_picture(&self, corner: [f32; 2]) -> [f32; 2] {
        corner.map(|c| c * self.scale)
    }
}

#[derive(Clone, Copy)]
enum Filter {
    /// As it is: prints, screens and two-coloured parts.
    Plain,
    /// Light on dark.
    Inverted,
    /// Pits narrower than a share of the longer side, in thousandths, and darker by a percentage: relief. Little
    /// contrast finds floors in full sun, much leaves out shadows on the face.
    Pits(usize, u16),
}

/// Longer side in pixels, and filter; what reads most for its cost comes first.
const LOOKS: [(usize, Filter); 13] = [
    (1000, Filter::Plain),
    (1000, Filter::Pits(110, 12)),
    (1000, Filter::Pits(110, 6)),
    (1000, Filter::Pits(60, 20)),
    (600, Filter::Plain),
    (600, Filter::Pits(110, 8)),
    (1600, Filter::Plain),
    (1600, Filter::Pits(60, 10)),
    (1000, Filter::Inverted),
    (1000, Filter::Pits(60, 30)),
    (600, Filter::Pits(60, 20)),
    (400, Filter::Plain),
    (400, Filter::Pits(80, 10)),
];

/// The largest side that any look wants.
const LARGEST: usize = 1600;

/// The views of a picture, each made when it is asked for. A large picture is shrunk once, not for each look.
pub(super) fn of(picture: &Grey) -> impl Iterator<Item = View> {
    let original = picture.longer_side();
    // An empty picture has nothing to look at, and no filter is made for it.
    let looks = if original == 0 { &[][..] } else { &LOOKS[..] };
    let base = if original > LARGEST {
        picture.resized(LARGEST)
    } else {
        picture.clone()
    };
    looks.iter().map(move |&(side, filter)| {
        let sized = base.resized(side);
        let grey = match filter {
            Filter::Plain => sized,
            Filter::Inverted => sized.inverted(),
            Filter::Pits(share, percent) => sized.blurred(1).pits(side * share / 1000, percent),
        };
        View {
            grey,
            scale: original as f32 / side as f32,
        }
    })
}
