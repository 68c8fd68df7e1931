//! Owns: the proof that a marked mesh is the part with just the relief in it. Must never know: how the relief was made.
//!
//! Watertight alone proves little: a floor may poke out of the back, a wall may run through a rib. So the result is checked
//! whoever made it: closed, manifold and oriented; nothing outside the zone's face changed; what is new is level with the
//! face, floor or wall, the floors are the dark modules and nothing else, to what the file's numbers round; and no wall or
//! floor crosses another surface. Since all of it is closed, the volume is then floors by depth. What lies behind and before
//! the face was asked before.

use super::{Marked, ReliefError, Task, Triangle, Way, closed, crossing};
use crate::mesh::Mesh;
use crate::vec3::{Vec3, area_vector, cross, dot, length, sub, wide};

/// Puts kept and added triangles together, if they pass.
pub(super) fn marked(
    task: &Task,
    kept: Vec<Triangle>,
    added: Vec<Triangle>,
    inlay: Mesh,
    way: Way,
) -> Result<Marked, ReliefError> {
    let (kept_triangles, added_triangles) = (kept.len(), added.len());
    let mut triangles = kept;
    triangles.extend_from_slice(&added);
    let mesh = Mesh { triangles };
    let replaced = replaced(task, &mesh.triangles[..kept_triangles])?;
    closed::require(&mesh.triangles[..kept_triangles], &replaced, &added)
        .map_err(ReliefError::NotSolid)?;
    require_inlay(task, &inlay)?;
    let surfaces = Surfaces::of(task, &replaced, &added)?;
    surfaces.require_floors(task)?;
    let relief = surfaces.floors.iter().chain(&surfaces.walls);
    let relief = relief.map(|at| kept_triangles + at).collect();
    crossing::require_none(&mesh, relief, &task.face.frame)?;
    let origin = task.face.frame.origin;
    Ok(Marked {
        removed_mm3: volume(&replaced, origin) - volume(&added, origin),
        mesh,
        kept_triangles,
        added_triangles,
        inlay,
        way,
    })
}

/// The triangles that are no longer there. All of them lie in the face: a boolean operation may touch a neighbour, too, but
/// none that leaves the plane.
fn replaced(task: &Task, kept: &[Triangle]) -> Result<Vec<Triangle>, ReliefError> {
    let bits = |t: &Triangle| t.map(|corner| corner.map(f32::to_bits));
    let mut kept = kept.iter().map(bits).peekable();
    let gone = task
        .mesh
        .triangles
        .iter()
        .filter(|t| kept.next_if_eq(&bits(t)).is_none());
    let gone: Vec<Triangle> = gone.copied().collect();
    let leaves_plane = |t: &&Triangle| deviation(task, t) > DEVIATION_MM;
    let triangles = gone.iter().filter(leaves_plane).count();
    match triangles + kept.count() {
        0 => Ok(gone),
        triangles => Err(ReliefError::ChangedElsewhere { triangles }),
    }
}

/// How far a replaced triangle may be from the plane of the face.
const DEVIATION_MM: f64 = 0.01;

fn deviation(task: &Task, triangle: &Triangle) -> f64 {
    let height = |corner: [f32; 3]| task.face.frame.local(wide(corner))[2].abs();
    triangle
        .iter()
        .map(|&corner| height(corner))
        .fold(0.0, f64::max)
}

/// Each corner may have moved by half a unit in the last place of the largest number along each axis: no further than this.
fn rounding_mm(triangles: &[Triangle]) -> f64 {
    let all = triangles.as_flattened().as_flattened().iter();
    let largest = all.fold(0.0_f32, |most, c| most.max(c.abs()));
    f64::from(largest) * f64::from(f32::EPSILON)
}

/// What fills the relief is what the modules, the depth and the trims at corners amount to.
fn require_inlay(task: &Task, inlay: &Mesh) -> Result<(), ReliefError> {
    let expected_mm3 = task.dark_mm2 * task.depth_mm;
    let areas = inlay.triangles.iter().map(area_vector).map(length);
    let slack = rounding_mm(&inlay.triangles) * areas.sum::<f64>() / 2.0;
    let removed_mm3 = volume(&inlay.triangles, task.face.frame.origin).copysign(task.depth_mm);
    match (removed_mm3 - expected_mm3).abs() > slack + 1e-9 * expected_mm3.abs() {
        true => Err(ReliefError::WrongVolume {
            removed_mm3,
            expected_mm3,
        }),
        false => Ok(()),
    }
}

/// What is new, by the heights of its corners: all on the face, all on the floor, or some on both.
struct Surfaces {
    /// Corners of each added triangle in the coordinates of the face.
    local: Vec<[Vec3; 3]>,
    floors: Vec<usize>,
    walls: Vec<usize>,
    rounding_mm: f64,
}

impl Surfaces {
    fn of(task: &Task, replaced: &[Triangle], added: &[Triangle]) -> Result<Self, ReliefError> {
        let rounding_mm = 2.0 * rounding_mm(added);
        let rough_mm = replaced.iter().map(|t| deviation(task, t));
        let level_mm = rough_mm.fold(0.0, f64::max) + rounding_mm;
        let frame = &task.face.frame;
        let mut found = Self {
            local: Vec::with_capacity(added.len()),
            floors: Vec::new(),
            walls: Vec::new(),
            rounding_mm,
        };
        for (at, triangle) in added.iter().enumerate() {
            let local = triangle.map(|corner| frame.local(wide(corner)));
            let on_floor = local.map(|p| (p[2] + task.depth_mm).abs() <= rounding_mm);
            let on_face = local.map(|p| p[2].abs() <= level_mm);
            match (on_floor, on_face) {
                ([true, true, true], _) => found.floors.push(at),
                (_, [true, true, true]) => {}
                _ if (0..3).all(|i| on_floor[i] || on_face[i]) && found.is_upright(&local) => {
                    found.walls.push(at);
                }
                _ => return Err(ReliefError::ChangedElsewhere { triangles: 1 }),
            }
            found.local.push(local);
        }
        Ok(found)
    }

    /// Whether nothing of it is seen from in front, but for rounding.
    fn is_upright(&self, [a, b, c]: &[Vec3; 3]) -> bool {
        let sides = [sub(*b, *a), sub(*c, *b), sub(*a, *c)];
        let longest = sides.map(length).into_iter().fold(0.0, f64::max);
        area(&[*a, *b, *c]).abs() <= self.rounding_mm * longest
    }

    /// The floors are as large as the dark modules less the trims; each dark module has one at its middle, no other has. The
    /// outline may be off by rounding along all of its length.
    fn require_floors(&self, task: &Task) -> Result<(), ReliefError> {
        let found_mm2: f64 = self.floors.iter().map(|&at| area(&self.local[at])).sum();
        let slack_mm2 = self.rounding_mm * task.rim.length_mm();
        if (found_mm2 - task.dark_mm2).abs() > slack_mm2 + 1e-9 * task.dark_mm2 {
            return Err(ReliefError::WrongVolume {
                removed_mm3: found_mm2 * task.depth_mm,
                expected_mm3: task.dark_mm2 * task.depth_mm,
            });
        }
        let size = i64::from(task.symbol.size);
        let mut floors = vec![0_u32; (size * size) as usize];
        for &at in &self.floors {
            self.count_middles(task, &self.local[at], &mut floors);
        }
        let expected = task.symbol.modules.iter().map(|&dark| u32::from(dark));
        let wrong = expected
            .zip(&floors)
            .position(|(dark, &found)| dark != found);
        match wrong {
            Some(module) => Err(ReliefError::WrongModule { module }),
            None => Ok(()),
        }
    }

    /// Adds a floor to the modules whose middles it covers. Middles lie half a module from any outline; where two floors meet
    /// in one, it belongs to the one on its right or above.
    fn count_middles(&self, task: &Task, local: &[Vec3; 3], floors: &mut [u32]) {
        let size = task.symbol.size as usize;
        // In modules, from the left and from the bottom.
        let seen = local.map(|[x, y, _]| [x, y].map(|c| c / task.module_mm + size as f64 / 2.0));
        let range = |axis: usize| {
            let values = seen.map(|p| p[axis]);
            let low = values.into_iter().fold(f64::INFINITY, f64::min);
            let high = values.into_iter().fold(f64::NEG_INFINITY, f64::max);
            low.max(0.0) as usize..(high.max(0.0) as usize + 1).min(size)
        };
        for row in range(1) {
            for column in range(0) {
                let middle = [column as f64 + 0.5, row as f64 + 0.5];
                if covers(&seen, middle) {
                    floors[(size - 1 - row) * size + column] += 1;
                }
            }
        }
    }
}

/// Whether a triangle that is seen against the clock covers a point; of two that share a side with the point on it, just one.
fn covers(triangle: &[[f64; 2]; 3], [x, y]: [f64; 2]) -> bool {
    let coord = |p: [f64; 2]| robust::Coord { x: p[0], y: p[1] };
    let mut winds = 0;
    for i in 0..3 {
        let (from, to) = (triangle[i], triangle[(i + 1) % 3]);
        let side = robust::orient2d(coord(from), coord(to), coord([x, y]));
        match (from[1] <= y, to[1] <= y) {
            (true, false) => winds += i32::from(side > 0.0),
            (false, true) => winds -= i32::from(side < 0.0),
            _ => {}
        }
    }
    winds != 0
}

/// As seen from in front, against the clock.
fn area([a, b, c]: &[Vec3; 3]) -> f64 {
    ((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])) / 2.0
}

/// Six tetrahedra's share of a closed surface, or of one side of it: differences of surfaces with one border are volumes. About
/// a point nearby: the sum of a large part would lose digits.
fn volume(triangles: &[Triangle], origin: Vec3) -> f64 {
    let of = |t: &Triangle| {
        let [a, b, c] = t.map(|corner| sub(wide(corner), origin));
        dot(a, cross(b, c)) / 6.0
    };
    triangles.iter().map(of).sum()
}

#[cfg(test)]
mod tests;
