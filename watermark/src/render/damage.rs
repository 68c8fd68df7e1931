//! Owns: what happens to a mark after it was made. Must never know: symbols, or how light falls.

use super::surface::Surface;
use super::{Dice, noise};
use serde::{Deserialize, Serialize};

/// A kind of damage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Damage {
    /// Straight scratches, a quarter of a module wide and as deep: the share is of the area.
    Scratches,
    /// Drops of light paint that fill recesses and make all one shade: the share is of the area.
    Paint,
    /// The face rubbed down and its edges round: the share is of the relief that is gone.
    Wear,
    /// Ridges along the edges of recesses, half a module high: the share is of the edges.
    Burrs,
    /// One corner of the symbol broken off: the share is of the area.
    MissingCorner,
}

/// Most strokes or drops: a share that is never reached ends there.
const MAX_STROKES: usize = 10_000;

impl Damage {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Scratches,
        Self::Paint,
        Self::Wear,
        Self::Burrs,
        Self::MissingCorner,
    ];
}

/// The square in the middle that is damaged.
#[derive(Clone, Copy)]
struct Target {
    side_um: f32,
    module_um: f32,
}

impl Target {
    fn holds(&self, [x, y]: [f32; 2]) -> bool {
        x.abs().max(y.abs()) < self.side_um / 2.0
    }
}

impl Surface {
    /// The surface after `damage` to the square of `side_um` in its middle, whose recesses are `depth_um` deep and whose
    /// modules have sides of `module_um`, all in micrometres. `share` is 0 to 1.
    pub fn damaged(
        mut self,
        damage: Damage,
        share: f32,
        [side_um, module_um, depth_um]: [f32; 3],
        seed: u64,
    ) -> Self {
        if share <= 0.0 {
            return self;
        }
        let target = Target { side_um, module_um };
        let mut dice = Dice::new(seed, 0xda3a);
        match damage {
            Damage::Scratches => self.strokes(target, share, &mut dice, Self::scratch),
            Damage::Paint => self.strokes(target, share, &mut dice, Self::drop_of_paint),
            Damage::Wear => self.wear(share, depth_um, module_um),
            Damage::Burrs => self.burr(share, target, depth_um, seed),
            Damage::MissingCorner => self.break_off(share, target, depth_um, &mut dice),
        }
        self
    }

    /// One after the other until the share is reached; each says which points it has changed.
    fn strokes(
        &mut self,
        target: Target,
        share: f32,
        dice: &mut Dice,
        stroke: fn(&mut Self, Target, &mut Dice) -> Vec<usize>,
    ) {
        let inside = (0..self.height_um.len()).filter(|&at| target.holds(self.place(at)));
        let wanted = inside.count() as f32 * share;
        let mut touched = vec![false; self.height_um.len()];
        let mut count = 0;
        for _ in 0..MAX_STROKES {
            if count as f32 >= wanted {
                return;
            }
            for at in stroke(self, target, dice) {
                let is_new = target.holds(self.place(at)) && !touched[at];
                count += usize::from(is_new);
                touched[at] = true;
            }
        }
    }

    fn somewhere(target: Target, dice: &mut Dice) -> [f32; 2] {
        [0; 2].map(|_| dice.between(-0.5, 0.5) * target.side_um)
    }

    fn scratch(&mut self, target: Target, dice: &mut Dice) -> Vec<usize> {
        let [x, y] = Self::somewhere(target, dice);
        let [right, up] = dice.compass();
        let half_um = dice.between(0.15, 0.5) * target.side_um;
        let width_um = target.module_um / 8.0;
        let hit = |at: &usize| {
            let [px, py] = self.place(*at);
            let along = (px - x) * right + (py - y) * up;
            let across = (py - y) * right - (px - x) * up;
            along.abs() < half_um && across.abs() < width_um && self.is_part(*at)
        };
        let hits: Vec<usize> = (0..self.height_um.len()).filter(hit).collect();
        for &at in &hits {
            self.height_um[at] = self.height_um[at].min(-target.module_um / 4.0);
            self.albedo[at] = (self.albedo[at] * 1.15).min(0.9);
        }
        hits
    }

    fn drop_of_paint(&mut self, target: Target, dice: &mut Dice) -> Vec<usize> {
        let [x, y] = Self::somewhere(target, dice);
        let radius_um = dice.between(0.7, 2.0) * target.module_um;
        let hit = |at: &usize| {
            let [px, py] = self.place(*at);
            (px - x).hypot(py - y) < radius_um && self.is_part(*at)
        };
        let hits: Vec<usize> = (0..self.height_um.len()).filter(hit).collect();
        for &at in &hits {
            self.height_um[at] = self.height_um[at].max(0.0);
            self.albedo[at] = 0.7;
        }
        hits
    }

    fn wear(&mut self, share: f32, depth_um: f32, module_um: f32) {
        self.soften(share * module_um / 2.0);
        for at in 0..self.height_um.len() {
            if self.is_part(at) {
                self.height_um[at] = self.height_um[at].min(-share * depth_um);
            }
        }
    }

    fn burr(&mut self, share: f32, target: Target, depth_um: f32, seed: u64) {
        let reach = (target.module_um / 8.0 / self.pitch_um).ceil() as i32;
        let is_edge = |at: usize| {
            let around = [(reach, 0), (-reach, 0), (0, reach), (0, -reach)];
            self.height_um[at] > -depth_um / 4.0
                && around
                    .iter()
                    .any(|&(c, r)| self.height_um[self.beside(at, c, r)] < -depth_um / 2.0)
        };
        let ragged = |at: usize| {
            let [x, y] = self.place(at).map(|c| c / target.module_um);
            // Even from 0 to 1, or nearly.
            (noise(seed, x, y) * 0.75 + 0.5).clamp(0.0, 1.0)
        };
        let burrs: Vec<(usize, f32)> = (0..self.height_um.len())
            .filter(|&at| self.is_part(at) && is_edge(at))
            .map(|at| (at, ragged(at)))
            .filter(|&(_, ragged)| ragged < share)
            .collect();
        for (at, ragged) in burrs {
            self.height_um[at] += target.module_um / 2.0 * (1.0 - ragged / 2.0);
        }
    }

    fn break_off(&mut self, share: f32, target: Target, depth_um: f32, dice: &mut Dice) {
        let [right, up] = [0; 2].map(|_| if dice.unit() < 0.5 { -1.0 } else { 1.0 });
        // A right triangle of that area, a little ragged along its long side.
        let leg_um = target.side_um * (2.0 * share).sqrt();
        for at in 0..self.height_um.len() {
            let [x, y] = self.place(at);
            let from_corner_um = target.side_um - x * right - y * up;
            let ragged_um = target.module_um * noise(7, x / target.module_um, y / target.module_um);
            if self.is_part(at) && from_corner_um + ragged_um < leg_um {
                let rough = noise(8, x / 300.0, y / 300.0);
                self.height_um[at] = -depth_um * (1.5 + 0.5 * rough);
            }
        }
    }
}
