//! Owns: where the part is too thin behind a region. Must never know: symbols.
//!
//! What lies behind the face within the depth is drawn onto its plane: exact, where rays would pass beside a small cavity.

use super::regions::Region;
use super::room::Point;
use crate::mesh::Mesh;
use crate::vec3::{dot, sub, wide};
use crate::zone::clearance::{clip, ends_below};

/// Nothing above this is behind the face.
const HIGHEST_MM: f64 = 0.002;

/// Areas in the plane of the region with less than `depth_mm` of material behind them. Convex, any winding.
pub(super) fn thin(mesh: &Mesh, region: &Region, depth_mm: f64) -> Vec<Vec<Point>> {
    let frame = &region.frame;
    let (low, high) = bounds(region);
    let height = |v: &[f32; 3]| dot(sub(wide(*v), frame.origin), frame.normal);
    let mut areas = Vec::new();
    for triangle in &mesh.triangles {
        let heights = triangle.each_ref().map(height);
        let (top, bottom) = heights
            .iter()
            .fold((f64::NEG_INFINITY, f64::INFINITY), |(top, bottom), h| {
                (top.max(*h), bottom.min(*h))
            });
        if bottom >= HIGHEST_MM || top <= -depth_mm {
            continue;
        }
        let local = triangle.map(|v| frame.local(wide(v)));
        if (0..2)
            .any(|i| local.iter().all(|p| p[i] < low[i]) || local.iter().all(|p| p[i] > high[i]))
        {
            continue;
        }
        let below = clip(local.to_vec(), 2, 1.0, ends_below(&local));
        let slab = clip(below, 2, -1.0, depth_mm);
        if slab.len() >= 3 {
            areas.push(slab.into_iter().map(|[x, y, _]| [x, y]).collect());
        }
    }
    areas
}

fn bounds(region: &Region) -> (Point, Point) {
    let ends = ([f64::INFINITY; 2], [f64::NEG_INFINITY; 2]);
    let points = region.border.iter().flat_map(|border| border.ends);
    points.fold(ends, |(low, high), p| {
        (
            [low[0].min(p[0]), low[1].min(p[1])],
            [high[0].max(p[0]), high[1].max(p[1])],
        )
    })
}
