//! Owns: how much light each point of a surface sends back. Must never know: cameras.
//!
//! A point sees the sky down to its horizon in twelve directions, and below the horizon the surface itself, which is as
//! bright as the light on it: one bounce.

use super::surface::Surface;

const DIRECTIONS: usize = 12;
/// Points to the left and right that a horizon is made of: near ones one by one.
const STEPS: [i32; 12] = [1, 2, 3, 4, 5, 7, 10, 14, 19, 26, 35, 48];
const BOUNCES: usize = 1;
/// Points of a lamp that is no point.
const LAMP_POINTS: usize = 6;

/// A lamp, or the sun.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lamp {
    /// From the zone's right towards its up, in degrees.
    pub azimuth_deg: f32,
    /// Above the face, in degrees: 90 is straight above.
    pub elevation_deg: f32,
    /// Half the angle that it fills, in degrees: 0 is a point, and casts hard shadows.
    pub radius_deg: f32,
    /// Light on a surface that faces it, where 1 is white.
    pub strength: f32,
}

/// What lights a part.
#[derive(Debug, Clone, PartialEq)]
pub struct Light {
    /// Light of an unobstructed even sky, where 1 is white.
    pub sky: f32,
    /// Lamps beside it.
    pub lamps: Vec<Lamp>,
}

/// A lamp, as one point of the surface has it.
pub(super) struct Beam {
    /// Towards the lamp: right, up and out.
    pub(super) towards: [f32; 3],
    pub(super) strength: f32,
    /// Share of the lamp that each point sees.
    pub(super) seen: Vec<f32>,
}

/// A surface with light on it.
pub struct Lit {
    pub(super) surface: Surface,
    pub(super) normals: Vec<[f32; 3]>,
    /// What each point sends back to every side, where 1 is white.
    pub(super) radiance: Vec<f32>,
    pub(super) beams: Vec<Beam>,
}

impl Lit {
    /// Lights `surface`.
    pub fn by(surface: Surface, light: &Light) -> Self {
        let normals: Vec<_> = (0..surface.height_um.len())
            .map(|at| surface.normal(at))
            .collect();
        let beams: Vec<Beam> = light
            .lamps
            .iter()
            .map(|lamp| beam(&surface, lamp))
            .collect();
        let direct = |at: usize| {
            let of = |beam: &Beam| {
                beam.strength * dot(normals[at], beam.towards).max(0.0) * beam.seen[at]
            };
            beams.iter().map(of).sum::<f32>()
        };
        let direct: Vec<f32> = (0..normals.len()).map(direct).collect();
        let mut radiance = vec![0.0; normals.len()];
        for _ in 0..=BOUNCES {
            let around = gather(&surface, &normals, light.sky, &radiance);
            let all = direct.iter().zip(around).zip(&surface.albedo);
            radiance = all
                .map(|((direct, around), albedo)| albedo * (direct + around))
                .collect();
        }
        Self {
            surface,
            normals,
            radiance,
            beams,
        }
    }
}

pub(super) fn dot(a: [f32; 3], b: [f32; 3]) -> f32 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

/// Towards an azimuth and an elevation in degrees: right, up and out.
pub(super) fn towards(azimuth_deg: f32, elevation_deg: f32) -> [f32; 3] {
    let (azimuth, elevation) = (azimuth_deg.to_radians(), elevation_deg.to_radians());
    [
        azimuth.cos() * elevation.cos(),
        azimuth.sin() * elevation.cos(),
        elevation.sin(),
    ]
}

fn beam(surface: &Surface, lamp: &Lamp) -> Beam {
    let points: Vec<[f32; 3]> = if lamp.radius_deg < 1.0 {
        vec![towards(lamp.azimuth_deg, lamp.elevation_deg)]
    } else {
        let around = |i: usize| {
            let angle = std::f32::consts::TAU * i as f32 / LAMP_POINTS as f32;
            // Half of the disc lies within 0.7 of its radius.
            let out = lamp.radius_deg * if i.is_multiple_of(2) { 0.45 } else { 0.85 };
            let aside = out * angle.cos() / lamp.elevation_deg.to_radians().cos().max(0.2);
            towards(
                lamp.azimuth_deg + aside,
                lamp.elevation_deg + out * angle.sin(),
            )
        };
        (0..LAMP_POINTS).map(around).collect()
    };
    let highest_um = surface.height_um.iter().copied().fold(f32::MIN, f32::max);
    let share = 1.0 / points.len() as f32;
    let mut seen = vec![0.0; surface.height_um.len()];
    for point in points {
        for (at, seen) in seen.iter_mut().enumerate() {
            if is_seen(surface, at, point, highest_um) {
                *seen += share;
            }
        }
    }
    Beam {
        towards: towards(lamp.azimuth_deg, lamp.elevation_deg),
        strength: lamp.strength,
        seen,
    }
}

/// Whether nothing stands between a point and what lies in this direction.
fn is_seen(surface: &Surface, at: usize, [x, y, z]: [f32; 3], highest_um: f32) -> bool {
    let flat = x.hypot(y);
    if flat < 1e-3 {
        return true;
    }
    let climb_um = surface.pitch_um * z / flat;
    let (right, down) = (x / flat, -y / flat);
    let mut height_um = surface.height_um[at];
    let (mut column, mut row) = ((at % surface.columns) as f32, (at / surface.columns) as f32);
    loop {
        height_um += climb_um;
        column += right;
        row += down;
        let inside = column >= 0.0
            && row >= 0.0
            && column < surface.columns as f32 - 0.5
            && row < surface.rows as f32 - 0.5;
        if !inside || height_um > highest_um {
            return true;
        }
        let there = (row + 0.5) as usize * surface.columns + (column + 0.5) as usize;
        if surface.height_um[there] > height_um {
            return false;
        }
    }
}

/// Light from the sky and from the surface itself, which is as bright as `radiance` says.
fn gather(surface: &Surface, normals: &[[f32; 3]], sky: f32, radiance: &[f32]) -> Vec<f32> {
    let mut light = vec![0.0_f32; normals.len()];
    for direction in 0..DIRECTIONS {
        let angle = std::f32::consts::TAU * (direction as f32 + 0.5) / DIRECTIONS as f32;
        let slice = Slice::of(surface, angle);
        for row in 0..surface.rows {
            for column in 0..surface.columns {
                let at = row * surface.columns + column;
                light[at] += slice.light(surface, [column, row], normals[at], sky, radiance);
            }
        }
    }
    // An even face under an open sky gets all of it.
    light
        .iter_mut()
        .for_each(|light| *light *= 2.0 / DIRECTIONS as f32);
    light
}

/// What lies in one direction of a point.
struct Slice {
    right: f32,
    up: f32,
    steps: [Step; STEPS.len()],
}

struct Step {
    columns: i32,
    rows: i32,
    /// The same as one, in points.
    offset: isize,
    /// Share of a micrometre that it is away.
    per_um: f32,
}

impl Slice {
    fn of(surface: &Surface, angle: f32) -> Self {
        let (up, right) = angle.sin_cos();
        let step = |points: i32| {
            let [columns, rows] = [right, -up].map(|c| (c * points as f32).round());
            Step {
                columns: columns as i32,
                rows: rows as i32,
                offset: rows as isize * surface.columns as isize + columns as isize,
                per_um: 1.0 / (columns.hypot(rows) * surface.pitch_um),
            }
        };
        let steps = STEPS.map(step);
        Self { right, up, steps }
    }

    fn light(
        &self,
        surface: &Surface,
        [column, row]: [usize; 2],
        [x, y, out]: [f32; 3],
        sky: f32,
        radiance: &[f32],
    ) -> f32 {
        let at = row * surface.columns + column;
        let facing = [out, x * self.right + y * self.up];
        let reach = STEPS[STEPS.len() - 1] as usize;
        let is_inside = |place: usize, count: usize| place >= reach && place + reach < count;
        let is_inner = is_inside(column, surface.columns) && is_inside(row, surface.rows);
        let (mut slope, mut below, mut light) = (0.0, 0.0, 0.0);
        for step in &self.steps {
            let there = match is_inner {
                true => at.wrapping_add_signed(step.offset),
                false => surface.beside(at, step.columns, step.rows),
            };
            let rise = (surface.height_um[there] - surface.height_um[at]) * step.per_um;
            if rise > slope {
                let reached = up_to(rise, facing);
                light += (reached - below).max(0.0) * radiance[there];
                (slope, below) = (rise, reached);
            }
        }
        light + (up_to(f32::INFINITY, facing) - below).max(0.0) * sky
    }
}

/// What a slice of sky from the plane of the face up to this slope gives a point that faces [out, along the slice].
fn up_to(slope: f32, [out, along]: [f32; 2]) -> f32 {
    let (sin2, sincos, angle) = if slope.is_finite() {
        let square = slope * slope + 1.0;
        (slope * slope / square, slope / square, slope.atan())
    } else {
        (1.0, 0.0, std::f32::consts::FRAC_PI_2)
    };
    (out * sin2 + along * (angle + sincos)) / 2.0
}
