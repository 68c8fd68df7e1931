//! Owns: laying modules that are known over a picture, by correlation. Must never know: what the other modules say.

use super::known::Module;
use crate::read::grey::Grey;
use crate::read::plane::{Plane, Point};

/// A square of modules laid over a picture.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fit {
    /// In pixels: upper left, upper right, lower right and lower left of the symbol.
    pub(super) corners: [Point; 4],
    /// How well known modules agree with the picture: -1 to 1.
    pub(super) score: f32,
}

/// What is laid over what.
pub(super) struct Layer<'a> {
    /// Modules along a side.
    pub(super) size: i32,
    pub(super) modules: &'a [Module],
    pub(super) picture: &'a Grey,
    /// Where in each module it is looked at.
    pub(super) places: &'static [Point],
}

/// In the middle alone: to find the place.
pub(super) const COARSE: [Point; 1] = [[0.5, 0.5]];
/// Near the rims also: what lies a little off is seen then.
pub(super) const FINE: [Point; 9] = [
    [0.5, 0.5],
    [0.18, 0.18],
    [0.5, 0.18],
    [0.82, 0.18],
    [0.18, 0.5],
    [0.82, 0.5],
    [0.18, 0.82],
    [0.5, 0.82],
    [0.82, 0.82],
];
/// Times that all ways are tried with one step.
const SWEEPS: usize = 6;

/// Ways that are tried in one sweep.
const WAYS: u64 = 36;

impl Layer<'_> {
    /// Looks at a pixel, at most, for [`Layer::refined`] with so many steps.
    pub(super) fn cost(&self, steps: usize) -> u64 {
        let samples = (self.modules.len() * self.places.len()) as u64;
        (steps * SWEEPS) as u64 * WAYS * samples
    }

    pub(super) fn at(&self, corners: [Point; 4]) -> Fit {
        Fit {
            corners,
            score: self.agreement(&corners),
        }
    }

    /// Moves corners, sides and all by steps of so many modules while known modules agree better.
    pub(super) fn refined(&self, mut fit: Fit, steps: &[f32]) -> Fit {
        for step in steps {
            for _ in 0..SWEEPS {
                let before = fit.score;
                let pixels = step * module_px(&fit.corners, self.size);
                for way in ways() {
                    let there = self.at(moved(&fit.corners, &way, pixels));
                    if there.score > fit.score {
                        fit = there;
                    }
                }
                if fit.score <= before {
                    break;
                }
            }
        }
        fit
    }

    /// The correlation of light and dark as known with brightness as seen.
    fn agreement(&self, corners: &[Point; 4]) -> f32 {
        let Some(plane) = Plane::through(*corners, self.size as f32) else {
            return -1.0;
        };
        let (mut sum, mut squares, mut light, mut lights) = (0.0, 0.0, 0.0, 0.0_f32);
        for &([column, row], is_dark) in self.modules {
            for [across, along] in self.places {
                let [x, y] = plane.to_picture([column as f32 + across, row as f32 + along]);
                let seen = self.picture.between(x, y);
                sum += seen;
                squares += seen * seen;
                if !is_dark {
                    light += seen;
                    lights += 1.0;
                }
            }
        }
        let n = (self.modules.len() * self.places.len()) as f32;
        let spread = (squares / n - (sum / n).powi(2)).max(1.0).sqrt();
        let (light_share, dark_share) = (lights / n, 1.0 - lights / n);
        (light / lights - sum / n) * (light_share / dark_share).sqrt() / spread
    }
}

/// Side of a module in the mean, in pixels.
pub(super) fn module_px(corners: &[Point; 4], size: i32) -> f32 {
    let long = |i: usize| {
        let (a, b) = (corners[i], corners[(i + 1) % 4]);
        (a[0] - b[0]).hypot(a[1] - b[1])
    };
    (0..4).map(long).sum::<f32>() / 4.0 / size as f32
}

/// The corners, each moved its way by so many pixels.
pub(super) fn moved(corners: &[Point; 4], way: &[Point; 4], pixels: f32) -> [Point; 4] {
    std::array::from_fn(|i| [0, 1].map(|axis| corners[i][axis] + way[i][axis] * pixels))
}

const AXES: [Point; 4] = [[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]];

/// Each corner, each side, and all of them together, along both axes.
fn ways() -> impl Iterator<Item = [Point; 4]> {
    let some = |moves: fn(usize, usize) -> bool| {
        (0..4).flat_map(move |first| {
            let way =
                move |axis| std::array::from_fn(|i| if moves(first, i) { axis } else { [0.0; 2] });
            AXES.into_iter().map(way)
        })
    };
    let corner = some(|first, i| i == first);
    let side = some(|first, i| i == first || i == (first + 1) % 4);
    corner
        .chain(side)
        .chain(AXES.into_iter().map(|axis| [axis; 4]))
}
