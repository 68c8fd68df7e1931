//! Owns: the corners of the outlines on the face and on the floor, and the surfaces between them. Must never know: the rest
//! of the part.

use super::Triangle;
use super::triangulate::Loops;
use crate::mesh::Mesh;
use crate::vec3::narrow;
use crate::zone::Frame;

/// How far a cutter reaches beyond the face, so that no surface of it lies in the face.
const BEYOND_MM: f64 = 0.05;

/// The corners of the outlines, on the face and on the floor, rounded once so that all who share one agree.
pub(super) struct Rim {
    top: Vec<[f32; 3]>,
    bottom: Vec<[f32; 3]>,
    /// Corners of the outlines on the face, in millimetres, right and up.
    flat: Vec<[f64; 2]>,
    depth_mm: f64,
    /// Indices of `top`, loop by loop.
    rings: Vec<Vec<usize>>,
}

impl Rim {
    /// `depth_mm` is negative where the dark is raised.
    pub(super) fn of(loops: &[Vec<[f64; 2]>], frame: &Frame, depth_mm: f64) -> Self {
        let flat: Vec<[f64; 2]> = loops.concat();
        let at = |height: f64| {
            flat.iter()
                .map(|&[x, y]| narrow(frame.world([x, y, height])))
                .collect()
        };
        let mut first = 0;
        let rings = loops
            .iter()
            .map(|ring| {
                first += ring.len();
                (first - ring.len()..first).collect()
            })
            .collect();
        Self {
            top: at(0.0),
            bottom: at(-depth_mm),
            flat,
            depth_mm,
            rings,
        }
    }

    pub(super) fn top_loops(&self) -> Loops<'_> {
        Loops {
            corners: &self.top,
            rings: &self.rings,
        }
    }

    /// Length of all outlines, in millimetres.
    pub(super) fn length_mm(&self) -> f64 {
        let side = |&from: &usize, &to: &usize| {
            let [[a, b], [c, d]] = [self.flat[from], self.flat[to]];
            ((a - c) * (a - c) + (b - d) * (b - d)).sqrt()
        };
        let of = |ring: &Vec<usize>| -> f64 {
            let next = ring.iter().cycle().skip(1);
            ring.iter().zip(next).map(|(from, to)| side(from, to)).sum()
        };
        self.rings.iter().map(of).sum()
    }

    /// A rectangle around the outlines, against the clock as seen: what bounds them where the face itself does not.
    pub(super) fn border(&self, frame: &Frame) -> Vec<[[f32; 3]; 2]> {
        let all = || self.flat.iter().flatten();
        let side_mm = 1.0 + all().fold(0.0_f64, |most, c| most.max(c.abs()));
        let corner = |x: f64, y: f64| narrow(frame.world([x * side_mm, y * side_mm, 0.0]));
        let [a, b, c, d] = [
            corner(-1.0, -1.0),
            corner(1.0, -1.0),
            corner(1.0, 1.0),
            corner(-1.0, 1.0),
        ];
        vec![[a, b], [b, c], [c, d], [d, a]]
    }

    /// Walls and floors; of what is raised, walls and tops. Dark lies to the left of an outline, and a wall looks away from
    /// what it bounds, whichever way it goes.
    pub(super) fn relief(&self, dark: &[[usize; 3]]) -> Vec<Triangle> {
        let floors = dark.iter().map(|t| t.map(|at| self.bottom[at]));
        floors
            .chain(walls(&self.rings, &self.top, &self.bottom))
            .collect()
    }

    /// What fills the recesses up to the face, or what is raised over it.
    pub(super) fn inlay(&self, dark: &[[usize; 3]]) -> Mesh {
        let lids = dark.iter().map(|t| t.map(|at| self.top[at]));
        let mut triangles: Vec<Triangle> = lids.collect();
        triangles.extend(self.relief(dark).into_iter().map(turned));
        if self.depth_mm < 0.0 {
            triangles = triangles.into_iter().map(turned).collect();
        }
        Mesh { triangles }
    }

    /// The inlay, drawn out beyond the face on the side where a boolean operation must not leave a sheet.
    pub(super) fn cutter(&self, dark: &[[usize; 3]], frame: &Frame) -> Mesh {
        let beyond = BEYOND_MM.copysign(self.depth_mm);
        let drawn = self
            .flat
            .iter()
            .map(|&[x, y]| narrow(frame.world([x, y, beyond])));
        let longer = Self {
            top: drawn.collect(),
            bottom: self.bottom.clone(),
            flat: Vec::new(),
            depth_mm: self.depth_mm,
            rings: self.rings.clone(),
        };
        longer.inlay(dark)
    }
}

fn turned([a, b, c]: Triangle) -> Triangle {
    [a, c, b]
}

fn walls(rings: &[Vec<usize>], top: &[[f32; 3]], bottom: &[[f32; 3]]) -> Vec<Triangle> {
    let mut walls = Vec::new();
    for ring in rings {
        for (i, &a) in ring.iter().enumerate() {
            let b = ring[(i + 1) % ring.len()];
            walls.push([top[a], top[b], bottom[b]]);
            walls.push([top[a], bottom[b], bottom[a]]);
        }
    }
    walls
}
