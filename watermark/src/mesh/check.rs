//! Owns: what the edges and corners of a mesh say about it. Must never know: file formats or marks.
//!
//! Corners are one when their bits are: nothing is welded, because a slicer welds as it likes and we must not
//! call closed what only becomes closed by a guess.

use super::MeshError;
use super::corners::numbered;
use crate::vec3::{Vec3, area_vector, cross, dot, length, scale, sub, wide};

type Triangle = [[f32; 3]; 3];

/// The identity of a corner: its exact bits, with both zeros the same.
pub(crate) type VertexKey = [u32; 3];

pub(crate) fn vertex_key(v: [f32; 3]) -> VertexKey {
    v.map(|c| (c + 0.0).to_bits())
}

/// What [`super::Mesh::check`] found. Pure counts; [`MeshReport::require_solid`] judges them.
#[derive(Debug, Clone, PartialEq)]
pub struct MeshReport {
    /// Triangles in the mesh.
    pub triangles: usize,
    /// Distinct corners.
    pub vertices: usize,
    /// Edges with a triangle on one side only.
    pub open_edges: usize,
    /// Edges in which more than two triangles meet.
    pub non_manifold_edges: usize,
    /// Edges whose two triangles run along them in the same direction.
    pub misoriented_edges: usize,
    /// Triangles without area. Those that name a corner twice take no part in the edge counts.
    pub degenerate_triangles: usize,
    /// Signed volume in cubic millimetres; meaningful for a closed mesh only.
    pub volume_mm3: f64,
    /// Surface in square millimetres.
    pub area_mm2: f64,
    /// Smallest and largest corner of the bounding box, in millimetres.
    pub bbox_mm: [[f32; 3]; 2],
}

impl MeshReport {
    /// Whether no edge is open.
    pub fn closed(&self) -> bool {
        self.open_edges == 0
    }

    /// Whether no edge joins more than two triangles.
    pub fn manifold(&self) -> bool {
        self.non_manifold_edges == 0
    }

    /// Whether neighbours agree on the outside.
    pub fn oriented(&self) -> bool {
        self.misoriented_edges == 0
    }

    /// Judges the counts.
    ///
    /// # Errors
    /// As [`super::Mesh::require_solid`], coordinates aside.
    pub fn require_solid(&self) -> Result<(), MeshError> {
        if !self.manifold() {
            return Err(MeshError::NonManifold {
                edges: self.non_manifold_edges,
            });
        }
        if !self.closed() {
            return Err(MeshError::Open {
                edges: self.open_edges,
            });
        }
        if !self.oriented() {
            return Err(MeshError::Misoriented {
                edges: self.misoriented_edges,
            });
        }
        if self.volume_mm3 <= 0.0 {
            return Err(MeshError::InsideOut {
                volume_mm3: self.volume_mm3,
            });
        }
        Ok(())
    }
}

pub(super) fn report(triangles: &[Triangle]) -> MeshReport {
    let bbox_mm = bounding_box(triangles);
    let ids = Ids::of(triangles);
    let mut report = MeshReport {
        triangles: triangles.len(),
        vertices: ids.vertices,
        open_edges: 0,
        non_manifold_edges: 0,
        misoriented_edges: 0,
        degenerate_triangles: 0,
        volume_mm3: 0.0,
        area_mm2: 0.0,
        bbox_mm,
    };
    measure(triangles, &mut report);
    count_edges(&ids.edges(), &mut report);
    report
}

/// Refuses what encloses nothing or is inside out, of triangles that are closed.
pub(super) fn require_volume(triangles: &[Triangle]) -> Result<(), MeshError> {
    let volume_mm3 = volume_mm3(triangles, bounding_box(triangles));
    match volume_mm3 > 0.0 {
        true => Ok(()),
        false => Err(MeshError::InsideOut { volume_mm3 }),
    }
}

/// By tetrahedra from the middle of the box: about the origin, a part far from it would lose digits.
fn volume_mm3(triangles: &[Triangle], bbox_mm: [[f32; 3]; 2]) -> f64 {
    let [low, high] = bbox_mm.map(wide);
    let middle: Vec3 = std::array::from_fn(|i| (low[i] + high[i]) / 2.0);
    let of = |triangle: &Triangle| {
        let [a, b, c] = triangle.map(|v| sub(wide(v), middle));
        dot(a, cross(b, c)) / 6.0
    };
    triangles.iter().map(of).sum()
}

pub(super) fn bounding_box(triangles: &[Triangle]) -> [[f32; 3]; 2] {
    let corners = triangles.as_flattened();
    let Some(&first) = corners.first() else {
        return [[0.0; 3]; 2];
    };
    corners.iter().fold([first, first], |[low, high], v| {
        [
            std::array::from_fn(|i| low[i].min(v[i])),
            std::array::from_fn(|i| high[i].max(v[i])),
        ]
    })
}

fn measure(triangles: &[Triangle], report: &mut MeshReport) {
    report.volume_mm3 = volume_mm3(triangles, report.bbox_mm);
    for triangle in triangles {
        let area = length(scale(area_vector(triangle), 0.5));
        report.area_mm2 += area;
        if area == 0.0 {
            report.degenerate_triangles += 1;
        }
    }
}

/// Corners numbered by their bits.
pub(super) struct Ids {
    pub(super) corners: Vec<[u32; 3]>,
    vertices: usize,
}

impl Ids {
    pub(super) fn of(triangles: &[Triangle]) -> Self {
        let (corners, vertices) = numbered(triangles);
        Self { corners, vertices }
    }

    /// Every edge once for each triangle at it: lower corner, higher corner, and whether it runs upward, in one word. A mesh has
    /// fewer than 2^31 corners, because 2^32 triangles are no file.
    fn edges(&self) -> Vec<u64> {
        let word = |(from, to): (u32, u32)| {
            u64::from(from.min(to)) << 33 | u64::from(from.max(to)) << 1 | u64::from(from < to)
        };
        let mut edges: Vec<u64> = self
            .corners
            .iter()
            .filter(|[a, b, c]| a != b && b != c && c != a)
            .flat_map(|&[a, b, c]| [(a, b), (b, c), (c, a)])
            .map(word)
            .collect();
        edges.sort_unstable();
        edges
    }
}

fn count_edges(edges: &[u64], report: &mut MeshReport) {
    for edge in edges.chunk_by(|a, b| a >> 1 == b >> 1) {
        match edge {
            [_] => report.open_edges += 1,
            [one, other] if one == other => report.misoriented_edges += 1,
            [_, _] => {}
            _ => report.non_manifold_edges += 1,
        }
    }
}
