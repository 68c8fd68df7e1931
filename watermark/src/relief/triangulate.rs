//! Owns: the constrained Delaunay triangulation of a face with outlines in it. Must never know: symbols, depth.
//!
//! All triangles come out in index order, so the result does not depend on how the triangulation was built.

use super::{ReliefError, in_plane};
use crate::mesh::{VertexKey, vertex_key};
use crate::zone::Frame;
use spade::handles::{FixedVertexHandle, InnerTag};
use spade::{ConstrainedDelaunayTriangulation, Point2, Triangulation};
use std::collections::HashMap;

type Face = spade::handles::FixedFaceHandle<InnerTag>;

/// Closed outlines over a list of corners, dark on their left.
pub(super) struct Loops<'a> {
    pub(super) corners: &'a [[f32; 3]],
    pub(super) rings: &'a [Vec<usize>],
}

/// The face, divided.
pub(super) struct Plan {
    /// What stays at the height of the face.
    pub(super) light: Vec<[[f32; 3]; 3]>,
    /// What becomes floor, as indices of the outline corners.
    pub(super) dark: Vec<[usize; 3]>,
}

/// What lies on one side of a constraint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Outside,
    Light,
    Dark,
}

/// Triangulates the area inside `border` (directed edges, face on their left) around `outlines`.
pub(super) fn plan(
    border: &[[[f32; 3]; 2]],
    outlines: &Loops,
    frame: &Frame,
) -> Result<Plan, ReliefError> {
    let mut sheet = Sheet::default();
    for ring in outlines.rings {
        for &corner in ring {
            sheet.insert(outlines.corners[corner], frame)?;
        }
    }
    for edge in border {
        let [from, to] = [sheet.insert(edge[0], frame)?, sheet.insert(edge[1], frame)?];
        sheet.constrain(from, to, [Side::Light, Side::Outside])?;
    }
    for ring in outlines.rings {
        for (i, &corner) in ring.iter().enumerate() {
            let next = ring[(i + 1) % ring.len()];
            sheet.constrain(corner, next, [Side::Dark, Side::Light])?;
        }
    }
    sheet.divide(outlines.corners.len())
}

/// The triangulation in progress. Vertices are numbered in order of insertion: the outlines' first.
#[derive(Default)]
struct Sheet {
    cdt: ConstrainedDelaunayTriangulation<Point2<f64>>,
    corners: Vec<[f32; 3]>,
    known: HashMap<VertexKey, usize>,
    /// What lies to the left of each constrained, directed edge.
    sides: HashMap<(usize, usize), Side>,
}

impl Sheet {
    /// Two corners that fall on one point of the plane cannot be told apart there, so that is refused.
    fn insert(&mut self, corner: [f32; 3], frame: &Frame) -> Result<usize, ReliefError> {
        if let Some(&index) = self.known.get(&vertex_key(corner)) {
            return Ok(index);
        }
        let [x, y] = in_plane(frame, corner);
        // Insertion refuses coordinates nearer to zero than this, though not zero.
        let snapped = [x, y].map(|c| if c.abs() < 1e-30 { 0.0 } else { c });
        let handle = self
            .cdt
            .insert(Point2::new(snapped[0], snapped[1]))
            .map_err(|_| ReliefError::TangledFace)?;
        if handle.index() != self.corners.len() {
            return Err(ReliefError::TangledFace);
        }
        self.known.insert(vertex_key(corner), self.corners.len());
        self.corners.push(corner);
        Ok(handle.index())
    }

    fn constrain(
        &mut self,
        from: usize,
        to: usize,
        [left, right]: [Side; 2],
    ) -> Result<(), ReliefError> {
        let [a, b] = [from, to].map(FixedVertexHandle::from_index);
        if !self.cdt.can_add_constraint(a, b) {
            return Err(ReliefError::TangledFace);
        }
        self.cdt.add_constraint(a, b);
        // A constraint that runs through a third corner is split there, and no wall would fit it.
        if !self.cdt.exists_constraint(a, b) {
            return Err(ReliefError::TangledFace);
        }
        self.sides.insert((from, to), left);
        self.sides.insert((to, from), right);
        Ok(())
    }

    fn divide(&self, outline_corners: usize) -> Result<Plan, ReliefError> {
        let mut light = Vec::new();
        let mut dark = Vec::new();
        for (triangle, side) in self.classified()? {
            match side {
                Side::Outside => {}
                Side::Light => light.push(triangle),
                Side::Dark if triangle.iter().all(|&v| v < outline_corners) => dark.push(triangle),
                Side::Dark => return Err(ReliefError::TangledFace),
            }
        }
        light.sort_unstable();
        dark.sort_unstable();
        let light = light
            .into_iter()
            .map(|t| t.map(|v| self.corners[v]))
            .collect();
        Ok(Plan { light, dark })
    }

    /// Every triangle with its side. Areas bounded by constraints are walked once; each constraint must agree.
    fn classified(&self) -> Result<Vec<([usize; 3], Side)>, ReliefError> {
        let mut done = vec![false; self.cdt.num_all_faces()];
        let mut triangles = Vec::with_capacity(self.cdt.num_inner_faces());
        for face in self.cdt.inner_faces() {
            if done[face.index()] {
                continue;
            }
            let (area, side) = self.area(face.fix(), &mut done)?;
            triangles.extend(area.into_iter().map(|t| (t, side)));
        }
        Ok(triangles)
    }

    fn area(&self, start: Face, done: &mut [bool]) -> Result<(Vec<[usize; 3]>, Side), ReliefError> {
        // What the hull leaves without a constraint is outside.
        let mut side = None;
        let mut agree = |found: Side| *side.get_or_insert(found) == found;
        let mut area = Vec::new();
        let mut open = vec![start];
        done[start.index()] = true;
        while let Some(face) = open.pop() {
            let face = self.cdt.face(face);
            area.push(canonical(face.vertices().map(|v| v.fix().index())));
            for edge in face.adjacent_edges() {
                let ends = (edge.from().fix().index(), edge.to().fix().index());
                let found = match (self.sides.get(&ends), edge.rev().face().as_inner()) {
                    (Some(&found), _) => found,
                    (None, None) => Side::Outside,
                    (None, Some(next)) => {
                        if !std::mem::replace(&mut done[next.index()], true) {
                            open.push(next.fix());
                        }
                        continue;
                    }
                };
                if !agree(found) {
                    return Err(ReliefError::TangledFace);
                }
            }
        }
        Ok((area, side.unwrap_or(Side::Outside)))
    }
}

/// The same triangle, begun at its lowest corner.
fn canonical([a, b, c]: [usize; 3]) -> [usize; 3] {
    match a.min(b).min(c) {
        low if low == a => [a, b, c],
        low if low == b => [b, c, a],
        _ => [c, a, b],
    }
}
