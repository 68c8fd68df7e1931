//! Owns: the flat regions of a mesh, largest first, each with its border. Must never know: symbols, processes.
//!
//! A region grows from its largest triangle over every side to what lies in the same plane. Each side is looked at once
//! from either region that it may belong to, so the work is in proportion to the mesh, however it is cut up.

use super::graph::Graph;
use crate::mesh::Mesh;
use crate::vec3::{Vec3, add, area_vector, cross, dot, length, scale, sub, unit, wide};
use crate::zone::Frame;

/// How far a corner may be from the plane of the largest triangle, beyond what `f32` cannot hold. What a zone demands of
/// its face is half a micrometre less strict, because there the plane is fitted to all of it.
const FLATNESS_MM: f64 = 0.0015;
/// A triangle no higher than this over its longest side has no normal that could be trusted.
const SLIVER_MM: f64 = 0.001;
/// Cosine of the largest angle between a triangle of the region and its plane.
const COS_TOLERANCE: f64 = 0.9;
/// Cosine of the largest bend that is a rounding and not an edge: 30 degrees.
const COS_ROUNDING: f64 = 0.866;

/// What lies beyond a side of a region.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Beyond {
    /// An edge: light ends there.
    Falls,
    /// A rounding that falls away by less than 30 degrees at first: light changes slowly.
    Rounds,
    /// A wall that rises and shades.
    Rises,
}

/// A side of a region, the region on its left as seen from outside, in millimetres in its frame.
#[derive(Debug, Clone, Copy)]
pub(super) struct Border {
    pub(super) ends: [[f64; 2]; 2],
    pub(super) beyond: Beyond,
}

/// The outline of triangles in one plane that hang together.
pub(super) struct Region {
    /// In the plane, in the middle of the region; `up` towards the build's up where the plane leans.
    pub(super) frame: Frame,
    pub(super) border: Vec<Border>,
    pub(super) area_mm2: f64,
}

/// At most so many regions, the largest first.
pub(super) fn find(mesh: &Mesh, graph: &Graph, up: Vec3, most: usize) -> Vec<Region> {
    let mut found: Vec<(f64, Vec<usize>)> = Growth::new(mesh, graph).all();
    found.sort_by(|p, q| q.0.total_cmp(&p.0).then(p.1[0].cmp(&q.1[0])));
    found.truncate(most);
    found
        .into_iter()
        .filter_map(|(area_mm2, triangles)| region(mesh, graph, (area_mm2, &triangles), up))
        .collect()
}

struct Growth<'a> {
    mesh: &'a Mesh,
    graph: &'a Graph,
    areas: Vec<Vec3>,
    taken: Vec<bool>,
    /// What `f32` cannot hold, and the tolerance.
    slack_mm: f64,
}

impl<'a> Growth<'a> {
    fn new(mesh: &'a Mesh, graph: &'a Graph) -> Self {
        let corners = mesh.triangles.as_flattened().as_flattened();
        let largest = corners.iter().fold(0.0_f32, |m, c| m.max(c.abs()));
        Self {
            mesh,
            graph,
            areas: mesh.triangles.iter().map(area_vector).collect(),
            taken: vec![false; mesh.triangles.len()],
            slack_mm: FLATNESS_MM + 4.0 * f64::from(largest) * f64::from(f32::EPSILON),
        }
    }

    /// Area and triangles of every region.
    fn all(mut self) -> Vec<(f64, Vec<usize>)> {
        let sizes: Vec<f64> = self.areas.iter().map(|&area| length(area)).collect();
        let mut seeds: Vec<usize> = (0..sizes.len()).collect();
        seeds.sort_unstable_by(|&p, &q| sizes[q].total_cmp(&sizes[p]).then(p.cmp(&q)));
        let mut found = Vec::new();
        for seed in seeds {
            if self.taken[seed] {
                continue;
            }
            let Some(normal) = unit(self.areas[seed]) else {
                continue;
            };
            let mut triangles = self.from(seed, normal);
            let area_mm2 = triangles.iter().map(|&i| sizes[i]).sum::<f64>() / 2.0;
            triangles.sort_unstable();
            found.push((area_mm2, triangles));
        }
        found
    }

    fn from(&mut self, seed: usize, normal: Vec3) -> Vec<usize> {
        let [a, b, c] = self.mesh.triangles[seed].map(wide);
        let origin = scale(add(a, add(b, c)), 1.0 / 3.0);
        let mut triangles = vec![seed];
        self.taken[seed] = true;
        let mut done = 0;
        while let Some(&triangle) = triangles.get(done) {
            done += 1;
            for side in 0..3 {
                if let Some(next) = self.graph.across(triangle, side)
                    && !self.taken[next]
                    && self.lies_in(next, origin, normal)
                {
                    self.taken[next] = true;
                    triangles.push(next);
                }
            }
        }
        triangles
    }

    fn lies_in(&self, triangle: usize, origin: Vec3, normal: Vec3) -> bool {
        let corners = self.mesh.triangles[triangle].map(wide);
        let near = |v: &Vec3| dot(sub(*v, origin), normal).abs() <= self.slack_mm;
        if !corners.iter().all(near) {
            return false;
        }
        let area = self.areas[triangle];
        let size = length(area);
        let [a, b, c] = corners;
        let longest = [sub(b, a), sub(c, b), sub(a, c)]
            .map(length)
            .into_iter()
            .fold(0.0, f64::max);
        size <= longest * SLIVER_MM || dot(area, normal) >= size * COS_TOLERANCE
    }
}

fn region(
    mesh: &Mesh,
    graph: &Graph,
    (area_mm2, triangles): (f64, &[usize]),
    up: Vec3,
) -> Option<Region> {
    let frame = frame(mesh, triangles, up)?;
    let inside = |i: &usize| triangles.binary_search(i).is_ok();
    let mut border = Vec::new();
    for &triangle in triangles {
        for side in 0..3 {
            let across = graph.across(triangle, side);
            if across.as_ref().is_some_and(inside) {
                continue;
            }
            let corners = mesh.triangles[triangle];
            let ends = [corners[side], corners[(side + 1) % 3]].map(|v| flat(&frame, v));
            if ends[0] != ends[1] {
                let beyond = across.map_or(Beyond::Rises, |next| beyond(mesh, next, &frame));
                border.push(Border { ends, beyond });
            }
        }
    }
    Some(Region {
        frame,
        border,
        area_mm2,
    })
}

fn flat(frame: &Frame, corner: [f32; 3]) -> [f64; 2] {
    let [x, y, _] = frame.local(wide(corner));
    [x, y]
}

fn beyond(mesh: &Mesh, next: usize, frame: &Frame) -> Beyond {
    let corners = mesh.triangles[next];
    let heights = corners.map(|v| frame.local(wide(v))[2]);
    let highest = heights.iter().fold(0.0_f64, |m, h| m.max(*h));
    let lowest = heights.iter().fold(0.0_f64, |m, h| m.min(*h));
    if highest > -lowest {
        return Beyond::Rises;
    }
    let area = area_vector(&corners);
    if dot(area, frame.normal) >= length(area) * COS_ROUNDING {
        Beyond::Rounds
    } else {
        Beyond::Falls
    }
}

/// Around the middle of the triangles, weighted by area.
fn frame(mesh: &Mesh, triangles: &[usize], up: Vec3) -> Option<Frame> {
    let start = wide(mesh.triangles[*triangles.first()?][0]);
    let (mut normal, mut middle, mut weight) = ([0.0; 3], [0.0; 3], 0.0);
    for &i in triangles {
        let triangle = &mesh.triangles[i];
        let area = area_vector(triangle);
        let size = length(area);
        let [a, b, c] = triangle.map(|v| sub(wide(v), start));
        normal = add(normal, area);
        middle = add(middle, scale(add(a, add(b, c)), size / 3.0));
        weight += size;
    }
    let normal = unit(normal)?;
    let origin = add(start, scale(middle, 1.0 / weight));
    Frame::new(origin, normal, upright(normal, up)?)
}

/// The direction in the plane that is most nearly up; in a level plane, the part's y, or x where the build's up is y.
fn upright(normal: Vec3, up: Vec3) -> Option<Vec3> {
    let level = length(cross(normal, up)) < 0.05;
    let towards = match level {
        false => up,
        true if normal[1].abs() < 0.7 => [0.0, 1.0, 0.0],
        true => [1.0, 0.0, 0.0],
    };
    unit(sub(towards, scale(normal, dot(towards, normal))))
}
