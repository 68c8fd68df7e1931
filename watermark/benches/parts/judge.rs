//! Owns: whether a marked part is the part with a mark and nothing else. Knows the two meshes and the zone, and nothing of how
//! marking is done.

use std::collections::HashMap;
use threadmark_watermark::mesh::{Mesh, MeshLimits};
use threadmark_watermark::symbol::Symbol;
use threadmark_watermark::zone::Zone;
use threadmark_watermark::zone::search::Place;

type Vector = [f64; 3];
type Triangle = [[f32; 3]; 3];

/// How far a new corner may be from the plane of the face, and areas apart by rounding, in millimetres.
const ROUNDING_MM: f64 = 0.005;

/// Reads what was written and compares triangle by triangle.
pub fn fault(before: &Mesh, stl: &[u8], place: &Place, symbol: &Symbol) -> Result<(), String> {
    let after = Mesh::from_stl(stl, &MeshLimits::default()).map_err(|why| why.to_string())?;
    after.require_solid().map_err(|why| why.to_string())?;
    let gone = without(before, &after);
    let new = without(&after, before);
    let plane = Plane::of(&place.zone);
    if let Some(triangle) = gone.iter().find(|t| !plane.holds(t)) {
        return Err(format!("a triangle outside the face is gone: {triangle:?}"));
    }
    if let Some(triangle) = new
        .iter()
        .find(|t| !plane.holds(t) && !plane.is_over_zone(t))
    {
        return Err(format!("a triangle outside the zone is new: {triangle:?}"));
    }
    let lost = plane.area(&gone);
    let level: Vec<Triangle> = new.iter().copied().filter(|t| plane.holds(t)).collect();
    let module_mm = f64::from(place.zone.module_um) / 1000.0;
    let dark_mm2 = symbol.dark_modules() as f64 * module_mm * module_mm;
    let shared = lost - plane.area(&level);
    // Dark modules that touch in a corner are cut there, by 3 % of a module each.
    if (shared - dark_mm2).abs() > 0.002 * dark_mm2 + ROUNDING_MM {
        return Err(format!(
            "the face lost {shared:.3} mm2 for {dark_mm2:.3} mm2 of dark modules"
        ));
    }
    Ok(())
}

/// Triangles of one mesh that the other has not, each as often as it is missing.
fn without(mesh: &Mesh, other: &Mesh) -> Vec<Triangle> {
    let mut left: HashMap<[[u32; 3]; 3], usize> = HashMap::new();
    for triangle in &other.triangles {
        *left.entry(bits(triangle)).or_default() += 1;
    }
    let is_missing = |triangle: &&Triangle| match left.get_mut(&bits(triangle)) {
        Some(count) if *count > 0 => {
            *count -= 1;
            false
        }
        _ => true,
    };
    mesh.triangles.iter().filter(is_missing).copied().collect()
}

/// The corners to the bit, begun at the lowest.
fn bits(triangle: &Triangle) -> [[u32; 3]; 3] {
    let mut corners = triangle.map(|corner| corner.map(|c| (c + 0.0).to_bits()));
    let lowest = (0..3).min_by_key(|&i| corners[i]).unwrap_or(0);
    corners.rotate_left(lowest);
    corners
}

/// The plane and the axes of a zone.
struct Plane {
    centre: Vector,
    axes: [Vector; 3],
    half: [f64; 2],
}

impl Plane {
    fn of(zone: &Zone) -> Self {
        let vector = |v: [i32; 3]| v.map(|c| f64::from(c) / 1e6);
        let (normal, up) = (vector(zone.normal_e6), vector(zone.up_e6));
        let right = [
            up[1] * normal[2] - up[2] * normal[1],
            up[2] * normal[0] - up[0] * normal[2],
            up[0] * normal[1] - up[1] * normal[0],
        ];
        Self {
            centre: zone.centre_um.map(|um| um as f64 / 1000.0),
            axes: [right, up, normal],
            half: [zone.width_um, zone.height_um].map(|um| f64::from(um) / 2000.0),
        }
    }

    fn local(&self, corner: [f32; 3]) -> Vector {
        let from: Vector = std::array::from_fn(|i| f64::from(corner[i]) - self.centre[i]);
        self.axes
            .map(|axis| (0..3).map(|i| axis[i] * from[i]).sum())
    }

    fn holds(&self, triangle: &Triangle) -> bool {
        triangle
            .iter()
            .all(|&corner| self.local(corner)[2].abs() <= ROUNDING_MM)
    }

    fn is_over_zone(&self, triangle: &Triangle) -> bool {
        triangle.iter().all(|&corner| {
            let at = self.local(corner);
            (0..2).all(|i| at[i].abs() <= self.half[i])
        })
    }

    /// Signed, as seen from outside.
    fn area(&self, triangles: &[Triangle]) -> f64 {
        let of = |triangle: &Triangle| {
            let [a, b, c] = triangle.map(|corner| self.local(corner));
            ((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])) / 2.0
        };
        triangles.iter().map(of).sum()
    }
}
