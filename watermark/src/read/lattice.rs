//! Owns: reading marks in relief by what is known of them: where pits lie close together a symbol is laid over the picture by the
//! modules that all marks have in common, and the others are told by what those look like. Must never know: what a mark
//! means.
//!
//! Decoders look for a finder pattern that is dark, and in relief of one colour none is: floors are nearly as bright as the face, one wall is
//! dark and another bright. But the lattice and a third of its modules are known beforehand. Only symbols that marks
//! have, dark ones recessed, and not mirrored.

mod fit;
mod known;
mod net;
mod normal;
mod region;
mod shade;
mod tell;

use super::budget::Work;
use super::find::{Found, Modules, Search, text_of};
use super::grey::Grey;
use super::plane::Point;
use super::sure;
use fit::{COARSE, FINE, Fit, Layer, moved};
use known::Known;

/// Longer sides, in pixels, at which pits are looked for, and the widest of those, in pixels.
const SIDES: [usize; 2] = [960, 480];
const WIDEST_PX: usize = 36;
/// Darker than the face by so much is a pit, in percent.
const DARKER: [u32; 2] = [8, 16];
/// Patches of pits that are looked at, of each size and darkness.
const PATCHES: usize = 3;
/// Patches whose corners are all this near to those of another, in pixels, are the same.
const SAME_PX: f32 = 6.0;
/// Fits of one patch that are tried further.
const PROMISING: usize = 6;
/// Below this agreement with what is known there is no mark.
const LEAST_SCORE: f32 = 0.55;
/// Odds of which one may be sure enough to lay the symbol anew by them.
const SURE: f32 = 2.0;
/// Dark modules among a hundred.
const DARK_PERCENT: [usize; 3] = [50, 47, 53];
/// One module in so many may be seen in the other colour.
const WRONG_AT_MOST: u32 = 8;
/// How much further in it is tried as well, in modules.
const INWARD: f32 = 0.4;
/// How often a symbol is laid anew.
const ROUNDS: usize = 3;

/// The marks that are seen.
pub(super) fn codes(picture: &Grey, work: &Work) -> Search {
    let mut search = Search::default();
    let looked = Looked::at(picture, work);
    let all = Known::all();
    for corners in &looked.patches {
        for (known, fit) in looked.promising(&all, corners, work) {
            if let Some(code) = looked.read(known, fit, work) {
                search.codes.push(code);
                return search;
            }
        }
    }
    search
}

/// A picture made ready.
struct Looked {
    soft: Grey,
    /// Against the brightness of the face.
    share: Grey,
    patches: Vec<[Point; 4]>,
}

impl Looked {
    fn at(picture: &Grey, work: &Work) -> Self {
        let soft = picture.blurred(1);
        let mut patches: Vec<[Point; 4]> = Vec::new();
        for side in SIDES {
            let sized = soft.resized(side.min(soft.longer_side()));
            let scale = soft.longer_side() as f32 / sized.longer_side().max(1) as f32;
            if !work.take(8 * sized.pixels().len() as u64) {
                break;
            }
            let share = shade::against_face(&sized, WIDEST_PX);
            for percent in DARKER {
                for quad in region::quads(&share, percent).into_iter().take(PATCHES) {
                    let quad = quad.map(|corner| corner.map(|c| c * scale));
                    if patches.iter().all(|patch| !is_same(patch, &quad)) {
                        patches.push(quad);
                    }
                }
            }
        }
        let share = shade::against_face(&soft, 2 * WIDEST_PX);
        Self {
            soft,
            share,
            patches,
        }
    }

    /// The symbols that may lie on a patch, the likeliest first, coarsely laid.
    fn promising<'a>(
        &self,
        all: &'a [Known],
        corners: &[Point; 4],
        work: &Work,
    ) -> Vec<(&'a Known, Fit)> {
        // So that a corner that is off by half a module still tells.
        let blur_px = region::area(corners).sqrt() / 75.0;
        let blurred = self.share.blurred((blur_px as usize).max(1));
        let layer = |known: &'a Known| Layer {
            size: known.size,
            modules: &known.modules,
            picture: &blurred,
            places: &COARSE,
        };
        let turned = (0..4).map(|turn| std::array::from_fn(|i| corners[(i + turn) % 4]));
        let mut fits: Vec<(&Known, Fit)> = turned
            .flat_map(|corners| all.iter().map(move |known| (known, corners)))
            .map(|(known, corners)| (known, layer(known).at(corners)))
            .collect();
        let better = |a: &(&Known, Fit), b: &(&Known, Fit)| b.1.score.total_cmp(&a.1.score);
        fits.sort_by(better);
        fits.truncate(PROMISING);
        for (known, fit) in &mut fits {
            if work.take(layer(known).cost(1)) {
                *fit = layer(known).refined(*fit, &[0.5]);
            }
        }
        fits.sort_by(better);
        fits.truncate(2);
        fits.retain(|(_, fit)| fit.score > LEAST_SCORE);
        fits
    }

    /// From where the known modules fit best, and from a little further in: rims that are darker than floors draw outward.
    fn read(&self, known: &Known, fit: Fit, work: &Work) -> Option<Found> {
        let laid = self.laid(known, &known.modules, fit.corners, &[0.5, 0.25, 0.12], work)?;
        let middle = [0, 1].map(|axis| laid.iter().map(|corner| corner[axis]).sum::<f32>() / 4.0);
        let inward = [0.0, INWARD].map(|modules| {
            let share = 2.0 * modules / known.size as f32;
            laid.map(|corner| [0, 1].map(|i| corner[i] + share * (middle[i] - corner[i])))
        });
        inward
            .into_iter()
            .find_map(|corners| self.read_from(known, corners, work))
    }

    /// Told, laid anew by what was told, and told again.
    fn read_from(&self, known: &Known, mut corners: [Point; 4], work: &Work) -> Option<Found> {
        for _ in 0..ROUNDS {
            let odds = self.told(known, corners, work)?;
            if let Some(found) = decoded(known, &odds, corners) {
                return Some(found);
            }
            let modules = believed(known, &odds);
            corners = self.laid(known, &modules, corners, &[0.25, 0.12, 0.06], work)?;
        }
        // What light does to the walls moves all that is seen of them a little to one side.
        let pixels = 0.25 * fit::module_px(&corners, known.size);
        let aside = [[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]];
        aside.into_iter().find_map(|way| {
            let corners = moved(&corners, &[way; 4], pixels);
            decoded(known, &self.told(known, corners, work)?, corners)
        })
    }

    fn laid(
        &self,
        known: &Known,
        modules: &[known::Module],
        corners: [Point; 4],
        steps: &[f32],
        work: &Work,
    ) -> Option<[Point; 4]> {
        let layer = Layer {
            size: known.size,
            modules,
            picture: &self.share,
            places: &FINE,
        };
        work.take(layer.cost(steps.len()))
            .then(|| layer.refined(layer.at(corners), steps).corners)
    }

    fn told(&self, known: &Known, corners: [Point; 4], work: &Work) -> Option<Vec<f32>> {
        let is_left = work.take(tell::cost(known.size));
        is_left.then(|| tell::darkness(known, &self.soft, corners))?
    }
}

fn is_same(one: &[Point; 4], other: &[Point; 4]) -> bool {
    let mut pairs = one.iter().zip(other);
    pairs.all(|(a, b)| (a[0] - b[0]).hypot(a[1] - b[1]) < SAME_PX)
}

/// What is known, and what one may be sure of.
fn believed(known: &Known, odds: &[f32]) -> Vec<known::Module> {
    let place = |i: usize| [i as i32 % known.size, i as i32 / known.size];
    let sure = odds
        .iter()
        .enumerate()
        .filter(|(_, odds)| odds.abs() > SURE);
    let told = sure.map(|(i, &odds)| (place(i), odds > 0.0));
    let new = told.filter(|&(at, _)| !known.holds(at));
    known.modules.iter().copied().chain(new).collect()
}

/// Whatever error correction makes of the modules, with one threshold after the other.
fn decoded(known: &Known, odds: &[f32], corners: [Point; 4]) -> Option<Found> {
    thresholds(known, odds).into_iter().find_map(|threshold| {
        let modules = Modules {
            width: known.size as usize,
            dark: odds.iter().map(|&odds| odds > threshold).collect(),
        };
        let found = Found {
            text: text_of(known.symbology, &modules)?,
            symbology: known.symbology,
            corners,
            modules,
        };
        is_ours(&found).then_some(found)
    })
}

/// Whether the text, written as we write it, makes the symbol that was seen: many thresholds and places are tried, and error correction
/// takes one of many millions of random symbols for its own.
fn is_ours(found: &Found) -> bool {
    sure::of(found).is_some_and(|sureness| WRONG_AT_MOST * sureness.wrong <= sureness.modules)
}

/// That of equal odds, and those by which so many of the modules that are not known are dark as masks make them.
fn thresholds(known: &Known, odds: &[f32]) -> Vec<f32> {
    let place = |i: usize| [i as i32 % known.size, i as i32 / known.size];
    let unknown = (0..odds.len()).filter(|&i| !known.holds(place(i)));
    let mut sorted: Vec<f32> = unknown.map(|i| odds[i]).collect();
    sorted.sort_by(f32::total_cmp);
    let light = DARK_PERCENT.map(|dark| sorted.len() * (100 - dark) / 100);
    let by_share = light.into_iter().filter_map(|at| sorted.get(at).copied());
    std::iter::once(0.0).chain(by_share).collect()
}

#[cfg(test)]
mod tests;
