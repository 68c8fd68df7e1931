//! Owns: which decoder looks at which view, and what became of it. Must never know: marks.

use super::budget::Work;
use super::find::{self, Found, Search, Unwound};
use super::grey::Grey;
use super::views::{View, Views};
use std::ops::ControlFlow;

/// How the search of a picture went.
#[derive(Default)]
pub(super) struct Outcome {
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
    let mut outcome = Outcome::default();
    for view in Views::of(picture, work) {
        let mut codes = Vec::new();
        for search in searches(&view, work) {
            match search {
                Ok(search) => {
                    let module_px = search.unread_module_px.map(|px| px * view.scale);
                    outcome.unread_module_px = outcome.unread_module_px.or(module_px);
                    codes.extend(search.codes);
                }
                Err(Unwound) => outcome.failed |= work.is_left(),
            }
        }
        for code in &mut codes {
            code.corners = code.corners.map(|corner| view.to_picture(corner));
        }
        if !codes.is_empty() && enough(codes).is_break() {
            break;
        }
    }
    outcome
}

/// What each decoder finds, the quick ones first. The slow one is asked only where they found nothing.
fn searches(view: &View, work: &Work) -> Vec<Result<Search, Unwound>> {
    let bits = match find::guarded(|| view.bits()) {
        Ok(bits) => bits,
        Err(unwound) => return vec![Err(unwound)],
    };
    let mut searches = Vec::new();
    if let Some(bits) = &bits {
        searches.push(find::qr_by_edges(bits, work));
        searches.push(find::data_matrix(bits, work));
    }
    let found = |search: &Result<Search, _>| search.as_ref().is_ok_and(|s| !s.codes.is_empty());
    if view.look.by_areas && !searches.iter().any(found) {
        searches.push(find::by_areas(&view.grey, work));
    }
    searches
}
