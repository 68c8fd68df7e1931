//! Owns: a simulated camera, so that marks can be read back in tests and benchmarks without a printer.
//! Must never know: symbols or decoders. What it makes is synthetic: it ranks choices, it predicts no field rate.
//!
//! Three steps, so that what is costly is done once for many pictures: the face of a part as a field of heights
//! ([`Surface`]), with what its process makes of it ([`Finish`]) and what happened to it since ([`Damage`]); the light on it
//! ([`Lit`]), with soft shadows, an open or covered sky, and light that comes from the walls; and a photograph of that
//! ([`View`]), with perspective, a lens, a shake, and a sensor. No translucency, and gloss of lamps alone.

mod beads;
mod bvh;
mod damage;
mod finish;
mod lens;
mod light;
mod lighting;
mod surface;
mod view;

pub use beads::{BeadError, beads};
pub use damage::Damage;
pub use finish::Finish;
pub use lens::Photo;
pub use light::{Lamp, Light, Lit};
pub use lighting::Lighting;
pub use surface::Surface;
pub use view::View;

use crate::zone::ZoneError;

/// Why no picture was taken.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// The zone has no axes, or no size.
    #[error(transparent)]
    Zone(#[from] ZoneError),
    /// A size, an angle or a distance is out of its range.
    #[error("the camera is set to something that it cannot see")]
    BadCamera,
    /// The surface would have too many points, or none.
    #[error("the surface is {columns} by {rows} points at this fineness; 1 to {max} are possible")]
    BadPitch {
        /// Points from left to right.
        columns: u64,
        /// Points from top to bottom.
        rows: u64,
        /// Most points along a side.
        max: u64,
    },
    /// The picture could not be encoded.
    #[error("the picture could not be encoded")]
    Encoding(#[source] image::ImageError),
}

/// SplitMix64: small, seeded, and the same everywhere.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64, stream: u64) -> Self {
        Self(seed ^ stream.wrapping_mul(0xd134_2543_de82_ef95))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From 0 to below 1.
    pub(crate) fn unit(&mut self) -> f32 {
        (self.next() >> 40) as f32 / (1u64 << 24) as f32
    }

    /// From `low` to below `high`.
    fn between(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.unit()
    }

    /// Near enough to a normal deviate: the sum of four sixteenths of one number, of variance 1.
    fn normal(&mut self) -> f32 {
        let bits = self.next();
        let sum: u64 = (0..4).map(|i| bits >> (16 * i) & 0xffff).sum();
        (sum as f32 / 65_536.0 - 2.0) * 1.732
    }
}

/// Smooth noise from -1 to 1, the same at the same place: values on a lattice of one unit, and between them their mean.
fn noise(seed: u64, x: f32, y: f32) -> f32 {
    let (left, top) = (x.floor(), y.floor());
    let at = |dx: f32, dy: f32| {
        let key = ((left + dx) as i64 as u64) << 32 ^ ((top + dy) as i64 as u64 & 0xffff_ffff);
        Dice::new(seed, key).unit() * 2.0 - 1.0
    };
    let ease = |t: f32| t * t * (3.0 - 2.0 * t);
    let (across, along) = (ease(x - left), ease(y - top));
    let upper = at(0.0, 0.0) * (1.0 - across) + at(1.0, 0.0) * across;
    let lower = at(0.0, 1.0) * (1.0 - across) + at(1.0, 1.0) * across;
    upper * (1.0 - along) + lower * along
}

#[cfg(test)]
mod tests;
