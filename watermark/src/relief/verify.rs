//! Owns: the proof that a marked mesh is the part with just the relief in it. Must never know: how the relief was made.
//!
//! Watertight alone proves little: a floor may poke out of the back, a wall may run through a rib. So the result is checked
//! four ways, whoever made it: closed, manifold and oriented; no surface of the relief crosses another; nothing outside the
//! zone's face changed; and the volume differs by what the modules amount to. The thickness was asked before.

use super::{Marked, ReliefError, Task, Triangle, Way, crossing};
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
    mesh.check()
        .require_solid()
        .map_err(ReliefError::NotSolid)?;
    let replaced = replaced(task, &mesh.triangles[..kept_triangles])?;
    let removed_mm3 = require_volume(task, &replaced, &added, &inlay)?;
    crossing::require_none(&mesh, &inlay, &task.face.frame)?;
    Ok(Marked {
        mesh,
        removed_mm3,
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

/// The removed volume, in cubic millimetres. What was kept cancels, so only what was replaced and added is summed up, about
/// a point nearby: the sum of a large part would lose digits.
fn require_volume(
    task: &Task,
    replaced: &[Triangle],
    added: &[Triangle],
    inlay: &Mesh,
) -> Result<f64, ReliefError> {
    let origin = task.face.frame.origin;
    let removed_mm3 = volume(replaced, origin) - volume(added, origin);
    let area = |triangles: &[Triangle]| -> f64 {
        triangles.iter().map(|t| length(area_vector(t)) / 2.0).sum()
    };
    let largest = added.as_flattened().as_flattened();
    let largest = largest.iter().fold(0.0_f32, |most, c| most.max(c.abs()));
    // Each corner may have moved by half a unit in the last place: over the whole surface, a sheet that thick.
    let sheet_mm = f64::from(largest) * f64::from(f32::EPSILON);
    let wrong = |found: f64, slack: f64| (found - task.expected_mm3).abs() > slack;
    let failed = |removed_mm3| ReliefError::WrongVolume {
        removed_mm3,
        expected_mm3: task.expected_mm3,
    };
    // The relief itself is what the modules, the depth and the trims at corners amount to.
    let inlay_mm3 = volume(&inlay.triangles, origin).copysign(task.expected_mm3);
    if wrong(
        inlay_mm3,
        sheet_mm * area(&inlay.triangles) + 1e-9 * task.expected_mm3.abs(),
    ) {
        return Err(failed(inlay_mm3));
    }
    // The part lost just that, but for how flat its face is.
    let rough_mm = replaced
        .iter()
        .map(|t| deviation(task, t))
        .fold(0.0, f64::max);
    let slack = (sheet_mm + rough_mm) * (area(replaced) + area(added));
    match wrong(removed_mm3, slack + 1e-9 * task.expected_mm3.abs()) {
        true => Err(failed(removed_mm3)),
        false => Ok(removed_mm3),
    }
}

/// Six tetrahedra's share of a closed surface, or of one side of it: differences of surfaces with one border are volumes.
fn volume(triangles: &[Triangle], origin: Vec3) -> f64 {
    let of = |t: &Triangle| {
        let [a, b, c] = t.map(|corner| sub(wide(corner), origin));
        dot(a, cross(b, c)) / 6.0
    };
    triangles.iter().map(of).sum()
}
