//! Owns: where a camera stands, and what each of its pixels meets. Must never know: what a lens or a sensor adds.

use super::RenderError;
use super::lens::{Exposed, Photo};
use super::light::{Lit, dot};
use super::surface::TABLE_UM;

/// A camera before the zone, in focus on its middle.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct View {
    /// Width of the picture, 1 to 8192 pixels.
    pub width_px: u32,
    /// Height of the picture, 1 to 8192 pixels.
    pub height_px: u32,
    /// Angle that the width of the picture spans, in degrees, above 0 and below 170. The main camera of a phone has
    /// about 65.
    pub fov_deg: f32,
    /// From the middle of the zone, in millimetres.
    pub distance_mm: f32,
    /// How far the camera leans away from the normal of the face, in degrees, below 85.
    pub tilt_deg: f32,
    /// Towards where it leans, from the zone's right towards its up, in degrees.
    pub lean_deg: f32,
    /// How far it is turned about its line of sight, in degrees.
    pub roll_deg: f32,
    /// Blur of the lens and of missed focus: standard deviation in pixels.
    pub blur_px: f32,
    /// How far the hand moves during the exposure, in pixels.
    pub motion_px: f32,
    /// Standard deviation of the noise of a white pixel, where 1 is white; darker ones have less.
    pub noise: f32,
    /// Same view, same seed, same picture.
    pub seed: u64,
}

impl Default for View {
    /// A phone at 100 mm, leaning by 15 degrees towards the zone's lower edge.
    fn default() -> Self {
        Self {
            width_px: 1280,
            height_px: 960,
            fov_deg: 65.0,
            distance_mm: 100.0,
            tilt_deg: 15.0,
            lean_deg: -90.0,
            roll_deg: 0.0,
            blur_px: 0.7,
            motion_px: 0.0,
            noise: 0.01,
            seed: 1,
        }
    }
}

/// Eye, and the picture's right, down and line of sight, the first two scaled to a pixel at distance 1.
struct Pose {
    eye: [f32; 3],
    right: [f32; 3],
    down: [f32; 3],
    sight: [f32; 3],
}

impl View {
    /// Azimuth and elevation of the camera, in degrees: where its flash is.
    pub fn stands(&self) -> [f32; 2] {
        [self.lean_deg, 90.0 - self.tilt_deg]
    }

    fn pose(&self) -> Option<Pose> {
        let sizes = 1..=8192;
        let is_sane = sizes.contains(&self.width_px)
            && sizes.contains(&self.height_px)
            && (0.1..170.0).contains(&self.fov_deg)
            && (1.0..100_000.0).contains(&self.distance_mm)
            && (0.0..85.0).contains(&self.tilt_deg)
            && (0.0..=100.0).contains(&self.blur_px)
            && (0.0..=200.0).contains(&self.motion_px)
            && (0.0..=1.0).contains(&self.noise)
            && self.lean_deg.is_finite()
            && self.roll_deg.is_finite();
        if !is_sane {
            return None;
        }
        let (sin_tilt, cos_tilt) = self.tilt_deg.to_radians().sin_cos();
        let (sin_lean, cos_lean) = self.lean_deg.to_radians().sin_cos();
        let sight = [-sin_tilt * cos_lean, -sin_tilt * sin_lean, -cos_tilt];
        // Level with the face, then turned so that the zone is upright where the camera is not rolled.
        let level = [-sin_lean, cos_lean, 0.0];
        let steep = [cos_tilt * cos_lean, cos_tilt * sin_lean, -sin_tilt];
        let turn = (self.roll_deg - self.lean_deg - 90.0).to_radians();
        let (sin, cos) = turn.sin_cos();
        let pixel = 2.0 * (self.fov_deg.to_radians() / 2.0).tan() / self.width_px as f32;
        let mix = |a: f32, b: f32| [0, 1, 2].map(|i| (a * level[i] + b * steep[i]) * pixel);
        Some(Pose {
            eye: sight.map(|c| -c * self.distance_mm * 1e3),
            right: mix(cos, -sin),
            down: mix(sin, cos),
            sight,
        })
    }
}

impl Lit {
    /// Takes a photograph.
    ///
    /// # Errors
    /// [`RenderError::BadCamera`] for a view out of its ranges.
    pub fn photograph(&self, view: &View) -> Result<Photo, RenderError> {
        let pose = view.pose().ok_or(RenderError::BadCamera)?;
        let top_um = self
            .surface
            .height_um
            .iter()
            .copied()
            .fold(f32::MIN, f32::max);
        let mut light = Vec::with_capacity((view.width_px * view.height_px) as usize);
        let middle = [view.width_px, view.height_px].map(|side| side as f32 / 2.0);
        let pixel_um = dot(pose.right, pose.right).sqrt() * view.distance_mm * 1e3;
        // Finer than the surface there is nothing to see.
        let rays: &[[f32; 2]] = if pixel_um < 1.2 * self.surface.pitch_um {
            &[[0.5, 0.5]]
        } else {
            &[[0.25, 0.25], [0.75, 0.25], [0.25, 0.75], [0.75, 0.75]]
        };
        for y in 0..view.height_px {
            for x in 0..view.width_px {
                let at = |&[dx, dy]: &[f32; 2]| {
                    let [across, along] = [x as f32 + dx - middle[0], y as f32 + dy - middle[1]];
                    let ray = [0, 1, 2]
                        .map(|i| pose.sight[i] + across * pose.right[i] + along * pose.down[i]);
                    self.along(pose.eye, ray, top_um)
                };
                light.push(rays.iter().map(at).sum::<f32>() / rays.len() as f32);
            }
        }
        Ok(Exposed::new(view.width_px as usize, light).developed(view))
    }

    /// Light that comes back along a ray.
    fn along(&self, eye: [f32; 3], ray: [f32; 3], top_um: f32) -> f32 {
        const BESIDE: f32 = 0.06;
        let surface = &self.surface;
        let [x, y, z] = ray;
        if z >= 0.0 {
            return BESIDE;
        }
        let flat = x.hypot(y).max(1e-6);
        let step = 0.7 * surface.pitch_um / flat;
        let [(left, right), (lower, upper)] =
            [(0, surface.columns), (1, surface.rows)].map(|(axis, points)| {
                within(eye[axis], ray[axis], points as f32 * surface.pitch_um / 2.0)
            });
        let mut t = ((top_um - eye[2]) / z).max(left).max(lower);
        let mut before: Option<usize> = None;
        loop {
            let height_um = eye[2] + t * z;
            let Some(at) = surface.at(eye[0] + t * x, eye[1] + t * y) else {
                // The edge itself may round to beside.
                if t + step < right.min(upper) && before.is_none() && height_um >= TABLE_UM {
                    t += step;
                    continue;
                }
                return BESIDE;
            };
            if before.is_none() && height_um < TABLE_UM {
                return BESIDE;
            }
            if height_um <= surface.height_um[at] {
                return self.seen(at, before.unwrap_or(at), height_um, ray);
            }
            before = Some(at);
            t += step;
        }
    }

    /// Of a point that is met at this height, coming from over the point `before`: a wall is as bright as what is above
    /// and below it.
    fn seen(&self, at: usize, before: usize, height_um: f32, ray: [f32; 3]) -> f32 {
        let own = self.radiance[at] + self.mirrored(at, ray);
        let (top, foot) = (self.surface.height_um[at], self.surface.height_um[before]);
        if top - foot < 2.0 * self.surface.pitch_um {
            return own;
        }
        let down = ((top - height_um) / (top - foot)).clamp(0.0, 1.0);
        own * (1.0 - down) + self.radiance[before] * down
    }

    fn mirrored(&self, at: usize, ray: [f32; 3]) -> f32 {
        if self.surface.gloss == 0.0 {
            return 0.0;
        }
        let length = dot(ray, ray).sqrt();
        let of = |beam: &super::light::Beam| {
            let half = [0, 1, 2].map(|i| beam.towards[i] - ray[i] / length);
            let half_length = dot(half, half).sqrt().max(1e-6);
            let facing = dot(self.normals[at], half) / half_length;
            beam.strength * beam.seen[at] * facing.max(0.0).powi(24)
        };
        self.surface.gloss * self.beams.iter().map(of).sum::<f32>()
    }
}

/// From where to where along a ray, in ray lengths, one coordinate is between plus and minus `half`.
fn within(from: f32, ray: f32, half: f32) -> (f32, f32) {
    let (a, b) = ((-half - from) / ray, (half - from) / ray);
    if ray == 0.0 {
        (f32::MIN, f32::MAX)
    } else {
        (a.min(b), a.max(b))
    }
}

impl View {
    /// A distance at which the longer side of the zone fills `share` of the width of the picture, in millimetres.
    pub fn distance_for(zone_um: u32, share: f32, fov_deg: f32) -> f32 {
        zone_um as f32 / 1e3 / share / (2.0 * (fov_deg.to_radians() / 2.0).tan())
    }
}
