//! Owns: a simulated camera, so that marks can be read back in tests and benchmarks without a printer.
//! Must never know: symbols or decoders. What it makes is synthetic: it ranks choices, it predicts no field rate.
//!
//! One diffuse surface under one sun and an even sky: shadow and ambient occlusion are what make a recess of
//! the part's own colour visible at all. No inter-reflection, so real floors are somewhat brighter.

mod bvh;

use crate::mesh::Mesh;
use crate::vec3::{Vec3, add, area_vector, cross, dot, scale, sub, unit};
use crate::zone::{Zone, ZoneError};
use bvh::Bvh;

/// Where the camera stands, what lights the part, and how noisy the sensor is. Lengths in millimetres.
#[derive(Debug, Clone, PartialEq)]
pub struct Camera {
    /// Width of the picture, 1 to 8192 pixels.
    pub width_px: u32,
    /// Height of the picture, 1 to 8192 pixels.
    pub height_px: u32,
    /// The pinhole.
    pub eye_mm: [f64; 3],
    /// The point in the middle of the picture.
    pub target_mm: [f64; 3],
    /// Which way is up in the picture; not along the line of sight.
    pub up: [f64; 3],
    /// Angle that the width of the picture spans, in degrees, above 0 and below 180.
    pub fov_deg: f64,
    /// Direction from the part towards the sun.
    pub sun: [f64; 3],
    /// Light of the sun on a surface that faces it, where 1 is white.
    pub sun_strength: f64,
    /// Light of an unobstructed sky, where 1 is white.
    pub sky_strength: f64,
    /// Rays towards the sky for each pixel: more are slower and less grainy.
    pub sky_rays: u32,
    /// Share of light that the material returns, 0 to 1.
    pub albedo: f64,
    /// Brightness of what lies behind the part, 0 to 1.
    pub background: f64,
    /// Standard deviation of surface and sensor noise, where 1 is white.
    pub noise: f64,
    /// Same camera, same seed, same picture.
    pub seed: u64,
}

impl Camera {
    /// A camera that sees `zone` from above its middle, leaning `tilt_deg` from the normal towards the zone's
    /// lower edge and turned by `roll_deg`, under a grey sky with a low sun whose compass point `seed` chooses.
    ///
    /// # Errors
    /// [`ZoneError::BadFrame`] where the zone has no axes.
    pub fn facing(zone: &Zone, tilt_deg: f64, roll_deg: f64, seed: u64) -> Result<Self, ZoneError> {
        let frame = zone.frame()?;
        let side_mm = f64::from(zone.width_um.max(zone.height_um)) / 1000.0;
        let tilt = tilt_deg.to_radians();
        let lean = |normal: f64, up: f64| add(scale(frame.normal, normal), scale(frame.up, up));
        let roll = roll_deg.to_radians();
        let camera = Self {
            width_px: 640,
            height_px: 640,
            eye_mm: add(
                frame.origin,
                scale(lean(tilt.cos(), -tilt.sin()), 6.0 * side_mm),
            ),
            target_mm: frame.origin,
            up: add(
                scale(lean(tilt.sin(), tilt.cos()), roll.cos()),
                scale(frame.right, roll.sin()),
            ),
            fov_deg: 14.0,
            sun: frame.normal,
            sun_strength: 0.0,
            sky_strength: 0.7,
            sky_rays: 8,
            albedo: 0.6,
            background: 0.1,
            noise: 0.02,
            seed,
        };
        let azimuth_deg = Dice::new(seed, 0).unit() * 360.0;
        camera.lit(zone, azimuth_deg, 25.0, 0.5)
    }

    /// The same camera under a sun at `azimuth_deg` (from the zone's right towards its up) and `elevation_deg`
    /// above the face, of the given strength.
    ///
    /// # Errors
    /// [`ZoneError::BadFrame`] where the zone has no axes.
    pub fn lit(
        self,
        zone: &Zone,
        azimuth_deg: f64,
        elevation_deg: f64,
        strength: f64,
    ) -> Result<Self, ZoneError> {
        let frame = zone.frame()?;
        let (azimuth, elevation) = (azimuth_deg.to_radians(), elevation_deg.to_radians());
        let flat = add(
            scale(frame.right, azimuth.cos()),
            scale(frame.up, azimuth.sin()),
        );
        Ok(Self {
            sun: add(
                scale(flat, elevation.cos()),
                scale(frame.normal, elevation.sin()),
            ),
            sun_strength: strength,
            ..self
        })
    }

    /// Axes of the picture, right and down, scaled to one pixel at distance 1, and the line of sight.
    fn axes(&self) -> Option<[Vec3; 3]> {
        let sight = unit(sub(self.target_mm, self.eye_mm))?;
        let right = unit(cross(sight, self.up))?;
        let down = cross(sight, right);
        let pixel = 2.0 * (self.fov_deg.to_radians() / 2.0).tan() / f64::from(self.width_px);
        Some([scale(right, pixel), scale(down, pixel), sight])
    }
}

/// Why no picture was taken.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// A size, an angle or a direction is out of its range.
    #[error("the camera is set to something that it cannot see")]
    BadCamera,
    /// The picture could not be encoded.
    #[error("the picture could not be encoded")]
    Encoding(#[source] image::ImageError),
}

/// Photographs the mesh: an 8-bit greyscale PNG.
///
/// # Errors
/// [`RenderError::BadCamera`] for a camera out of its ranges.
pub fn render(mesh: &Mesh, camera: &Camera) -> Result<Vec<u8>, RenderError> {
    let sizes = 1..=8192;
    let sane = sizes.contains(&camera.width_px)
        && sizes.contains(&camera.height_px)
        && (f64::MIN_POSITIVE..180.0).contains(&camera.fov_deg);
    let axes = camera.axes().filter(|_| sane);
    let sun = unit(camera.sun).ok_or(RenderError::BadCamera)?;
    let scene = Scene {
        mesh,
        bvh: Bvh::of(&mesh.triangles),
        camera,
        axes: axes.ok_or(RenderError::BadCamera)?,
        sun,
    };
    let pixels: Vec<u8> = (0..camera.height_px)
        .flat_map(|y| (0..camera.width_px).map(move |x| (x, y)))
        .map(|(x, y)| scene.pixel(x, y))
        .collect();
    encode(&pixels, camera).map_err(RenderError::Encoding)
}

fn encode(pixels: &[u8], camera: &Camera) -> Result<Vec<u8>, image::ImageError> {
    use image::ImageEncoder;
    let mut png = Vec::new();
    image::codecs::png::PngEncoder::new(&mut png).write_image(
        pixels,
        camera.width_px,
        camera.height_px,
        image::ExtendedColorType::L8,
    )?;
    Ok(png)
}

struct Scene<'a> {
    mesh: &'a Mesh,
    bvh: Bvh,
    camera: &'a Camera,
    axes: [Vec3; 3],
    sun: Vec3,
}

impl Scene<'_> {
    fn pixel(&self, x: u32, y: u32) -> u8 {
        let camera = self.camera;
        let index = u64::from(y) * u64::from(camera.width_px) + u64::from(x);
        let mut dice = Dice::new(camera.seed, 1 + index);
        let [right, down, sight] = self.axes;
        let across = f64::from(x) + dice.unit() - f64::from(camera.width_px) / 2.0;
        let along = f64::from(y) + dice.unit() - f64::from(camera.height_px) / 2.0;
        let ray = add(sight, add(scale(right, across), scale(down, along)));
        let light = match self.bvh.nearest(camera.eye_mm, ray) {
            Some((triangle, distance)) => {
                let at = add(camera.eye_mm, scale(ray, distance));
                camera.albedo * self.light(triangle, at, ray, &mut dice)
            }
            None => camera.background,
        };
        let seen = (light + camera.noise * dice.normal()).clamp(0.0, 1.0);
        (seen.powf(1.0 / 2.2) * 255.0).round() as u8
    }

    /// Light that reaches the surface, where 1 is white.
    fn light(&self, triangle: usize, at: Vec3, ray: Vec3, dice: &mut Dice) -> f64 {
        let Some(normal) = unit(area_vector(&self.mesh.triangles[triangle])) else {
            return 0.0;
        };
        let normal = if dot(normal, ray) > 0.0 {
            scale(normal, -1.0)
        } else {
            normal
        };
        // Off the surface, so that it does not shade itself.
        let at = add(at, scale(normal, 1e-3));
        let facing = dot(normal, self.sun);
        let sun = if facing > 0.0 && !self.bvh.blocked(at, self.sun) {
            facing * self.camera.sun_strength
        } else {
            0.0
        };
        sun + self.camera.sky_strength * self.open_sky(at, normal, dice)
    }

    /// Share of the sky that the point sees, weighted by the cosine.
    fn open_sky(&self, at: Vec3, normal: Vec3, dice: &mut Dice) -> f64 {
        let side = if normal[0].abs() < 0.8 {
            [1.0, 0.0, 0.0]
        } else {
            [0.0, 1.0, 0.0]
        };
        let Some(u) = unit(cross(normal, side)) else {
            return 0.0;
        };
        let v = cross(normal, u);
        let rays = self.camera.sky_rays.max(1);
        let offset = dice.unit();
        let open = (0..rays).filter(|&i| {
            // Strata around the compass, so that few rays cover the sky evenly.
            let angle = std::f64::consts::TAU * (f64::from(i) + offset) / f64::from(rays);
            let height = dice.unit();
            let flat = add(scale(u, angle.cos()), scale(v, angle.sin()));
            let ray = add(
                scale(flat, height.sqrt()),
                scale(normal, (1.0 - height).sqrt()),
            );
            !self.bvh.blocked(at, ray)
        });
        open.count() as f64 / f64::from(rays)
    }
}

/// SplitMix64: small, seeded, and the same everywhere.
struct Dice(u64);

impl Dice {
    fn new(seed: u64, stream: u64) -> Self {
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
    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Near enough to a normal deviate: a sum of twelve.
    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.unit()).sum::<f64>() - 6.0
    }
}

#[cfg(test)]
mod tests;
