//! Owns: what a process makes of a shape: round corners, soft edges, lines, grain. Must never know: marks.
//!
//! Sizes are what makers of machines and design guides tell of parts as they come from the machine (a 0.4 mm nozzle with
//! lines of 0.45 mm and layers of 0.2 mm; Ra of 8 to 12 µm for PA12 from a powder of some 60 µm; Ra of 6 to 12 µm for LPBF
//! with a powder of 15 to 45 µm; about 1 µm for resin). They were not measured on parts by us.

use super::surface::Surface;
use super::{Dice, noise};
use serde::{Deserialize, Serialize};

/// What a part was made by, and which of its faces is seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Finish {
    /// Ideal: the shape as it was drawn.
    Drawn,
    /// Fused filament, a face that looked up: lines of the last layer.
    FdmTop,
    /// Fused filament, an upright face: lines of all layers.
    FdmSide,
    /// Resin.
    Sla,
    /// Sintered polymer powder (also MJF).
    Sls,
    /// Metal powder, molten by a laser.
    Lpbf,
}

/// Lengths in micrometres.
struct Texture {
    /// Radius of corners in the plane of the face.
    corner: f32,
    /// How far steps in height are spread.
    soft: f32,
    /// How far material swells into a recess.
    swell: f32,
    /// Width of a line, and how deep the grooves between lines are.
    line: [f32; 2],
    /// Of the lines against the zone's lower edge, in degrees; floors of recesses have them turned by 90.
    line_deg: f32,
    /// Size of a grain, and root mean square of heights.
    grain: [f32; 2],
    /// How unequally bright grains are, as a share.
    speckle: f32,
    albedo: f32,
    gloss: f32,
}

impl Finish {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Drawn,
        Self::FdmTop,
        Self::FdmSide,
        Self::Sla,
        Self::Sls,
        Self::Lpbf,
    ];

    fn texture(self) -> Texture {
        match self {
            Self::Drawn => Texture::matt(0.6),
            Self::FdmTop => Texture {
                corner: 200.0,
                soft: 60.0,
                line: [450.0, 30.0],
                ..Texture::filament()
            },
            Self::FdmSide => Texture {
                corner: 150.0,
                soft: 90.0,
                line: [200.0, 45.0],
                line_deg: 0.0,
                ..Texture::filament()
            },
            Self::Sla => Texture {
                corner: 60.0,
                soft: 40.0,
                grain: [50.0, 1.0],
                gloss: 0.2,
                ..Texture::matt(0.5)
            },
            Self::Sls => Texture {
                corner: 120.0,
                soft: 80.0,
                swell: 30.0,
                grain: [70.0, 12.0],
                speckle: 0.08,
                ..Texture::matt(0.75)
            },
            Self::Lpbf => Texture::metal(),
        }
    }
}

impl Texture {
    fn matt(albedo: f32) -> Self {
        Self {
            corner: 0.0,
            soft: 0.0,
            swell: 0.0,
            line: [450.0, 0.0],
            line_deg: 45.0,
            grain: [60.0, 0.0],
            speckle: 0.0,
            albedo,
            gloss: 0.0,
        }
    }

    fn filament() -> Self {
        Self {
            swell: 50.0,
            gloss: 0.1,
            ..Self::matt(0.55)
        }
    }

    fn metal() -> Self {
        Self {
            corner: 60.0,
            soft: 50.0,
            swell: 20.0,
            grain: [50.0, 10.0],
            speckle: 0.15,
            gloss: 0.5,
            ..Self::matt(0.35)
        }
    }
}

impl Surface {
    /// The surface as the process leaves it; `seed` chooses the grain.
    pub fn finished(mut self, finish: Finish, seed: u64) -> Self {
        let texture = finish.texture();
        self.round(texture.corner);
        self.swell(texture.swell);
        self.soften(texture.soft);
        let floor_um = self.floor_um();
        let (sin, cos) = texture.line_deg.to_radians().sin_cos();
        for at in 0..self.height_um.len() {
            if !self.is_part(at) {
                continue;
            }
            let [x, y] = self.place(at);
            let is_floor = self.height_um[at] < floor_um / 2.0 && texture.line_deg != 0.0;
            let across = if is_floor {
                cos * x + sin * y
            } else {
                cos * y - sin * x
            };
            let [width, groove] = texture.line;
            // No line is quite straight.
            let wander = 0.12 * noise(seed ^ 1, x / 4_000.0, y / 4_000.0);
            let phase = std::f32::consts::TAU * (across / width + wander);
            let [size, rms] = texture.grain;
            let grains = noise(seed ^ 2, x / size, y / size)
                + 0.6 * noise(seed ^ 3, x / size / 3.0, y / size / 3.0);
            self.height_um[at] += groove * (phase.cos() - 1.0) / 2.0 + rms * 2.0 * grains;
            let speckle = 1.0 + texture.speckle * 2.0 * noise(seed ^ 4, x / size, y / size);
            // A painted or two-coloured place keeps its shade against the face's.
            self.albedo[at] *= texture.albedo / 0.6 * speckle;
        }
        self.gloss = texture.gloss;
        self
    }

    /// Of the deepest twentieth of the part: a recess's floor where there is one, in micrometres.
    fn floor_um(&self) -> f32 {
        let mut heights: Vec<f32> = (0..self.height_um.len())
            .filter(|&at| self.is_part(at))
            .map(|at| self.height_um[at])
            .collect();
        heights.sort_by(f32::total_cmp);
        heights.get(heights.len() / 20).copied().unwrap_or(0.0)
    }

    /// No corner of what is high, nor of what is low, is sharper than this radius.
    fn round(&mut self, radius_um: f32) {
        let disc = self.disc(radius_um);
        if disc.len() > 1 {
            self.extreme(&disc, f32::min);
            self.extreme(&disc, f32::max);
            self.extreme(&disc, f32::max);
            self.extreme(&disc, f32::min);
        }
    }

    /// What is high grows sideways.
    fn swell(&mut self, by_um: f32) {
        let disc = self.disc(by_um);
        if disc.len() > 1 {
            self.extreme(&disc, f32::max);
        }
    }

    fn extreme(&mut self, disc: &[[i32; 2]], pick: fn(f32, f32) -> f32) {
        let best = |at: usize| {
            let around = disc
                .iter()
                .map(|&[c, r]| self.height_um[self.beside(at, c, r)]);
            around.fold(self.height_um[at], pick)
        };
        let heights = (0..self.height_um.len()).map(best).collect();
        self.height_um = heights;
    }

    fn disc(&self, radius_um: f32) -> Vec<[i32; 2]> {
        let reach = (radius_um / self.pitch_um) as i32;
        let squared = (radius_um / self.pitch_um).powi(2);
        (-reach..=reach)
            .flat_map(|c| (-reach..=reach).map(move |r| [c, r]))
            .filter(|[c, r]| (c * c + r * r) as f32 <= squared)
            .collect()
    }

    pub(super) fn soften(&mut self, by_um: f32) {
        let reach = (by_um / self.pitch_um).round() as i32;
        for (columns, rows) in [(1, 0), (0, 1)] {
            let mean = |at: usize| {
                let along = (-reach..=reach).map(|i| self.beside(at, i * columns, i * rows));
                let sum: f32 = along.map(|beside| self.height_um[beside]).sum();
                sum / (2 * reach + 1) as f32
            };
            let heights = (0..self.height_um.len()).map(|at| {
                if self.is_part(at) {
                    mean(at)
                } else {
                    self.height_um[at]
                }
            });
            self.height_um = heights.collect();
        }
    }
}

impl Dice {
    /// A direction in the plane.
    pub(super) fn compass(&mut self) -> [f32; 2] {
        let angle = self.unit() * std::f32::consts::TAU;
        [angle.cos(), angle.sin()]
    }
}
