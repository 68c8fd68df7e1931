//! Owns: which decoder looks at which view, and what became of it. Must never know: marks.

use super::budget::Work;
use super::find::{self, Found, Search, Unwound};
use super::grey::Grey;
use super::lattice;
use super::views::{Asked, View, Views};
use std::ops::ControlFlow;

/// How the search of a picture went.
pub(super) struct Outcome {
    /// The picture, no larger than it was looked at.
    pub(super) seen: Grey,
    /// A decoder panicked, or gave up before the work was done.
    pub(super) failed: bool,
    /// Side of a module, in pixels of the picture, of what looks like a code and could not be read.
    pub(super) unread_module_px: Option<f32>,
}

/// Looks at the picture in one way after the other, and hands over the codes that each look shows, with corners in
/// pixels of the picture, until `enough` breaks, all looks are done, or the work is.
pub(super) fn looks(
    picture: &Grey,
    work: &Work,
    mut enough: impl FnMut(Vec<Found>) -> ControlFlow<()>,
) -> Outcome {
    let mut views = Views::of(picture, work);
    let (mut failed, mut unread_module_px) = (false, None);
    for view in &mut views {
        let mut codes = Vec::new();
        for search in searches(&view, work) {
            match search {
                Ok(search) => {
                    let module_px = search.unread_module_px.map(|px| px * view.scale);
                    unread_module_px = unread_module_px.or(module_px);
                    codes.extend(search.codes);
                }
                Err(Unwound) => failed |= work.is_left(),
            }
        }
        for code in &mut codes {
            code.corners = code.corners.map(|corner| view.to_picture(corner));
        }
        if !codes.is_empty() && enough(codes).is_break() {
            break;
        }
    }
    Outcome {
        seen: views.into_picture(),
        failed,
        unread_module_px,
    }
}

/// What each decoder that is asked finds.
fn searches(view: &View, work: &Work) -> Vec<Result<Search, Unwound>> {
    match view.look.asked {
        Asked::Areas => return vec![find::by_areas(&view.grey, work)],
        Asked::Lattice => return vec![find::guarded(|| lattice::codes(&view.grey, work))],
        Asked::Edges => {}
    }
    match find::guarded(|| view.bits()) {
        Ok(Some(bits)) => vec![
            find::qr_by_edges(&bits, work),
            find::data_matrix(&bits, work),
        ],
        Ok(None) => Vec::new(),
        Err(unwound) => vec![Err(unwound)],
    }
}
