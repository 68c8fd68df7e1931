//! Owns: making a solid of a mesh that nearly is one, by changes that cannot alter the part, each of them said.
//! Must never know: file formats or marks.
//!
//! For whoever prepares a file and writes a new one. Who builds by a signed digest must refuse what would need this: see
//! [`super::Mesh::require_solid`]. Holes are not closed and walls not invented: what is open after this stays refused.

use super::check::{Ids, vertex_key};
use super::{Mesh, MeshError};
use crate::vec3::{cross, dot, wide};
use std::collections::HashMap;

type Triangle = [[f32; 3]; 3];

/// Corners nearer than this are one corner that an exporter wrote in two ways.
const WELD_MM: f64 = 0.001;

/// One thing that was done to a mesh or to the file that it came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Repair {
    /// The count field of a binary STL was wrong, and the size of the file went for it.
    Count {
        /// What the field says.
        declared: u32,
        /// Records that were read.
        held: usize,
    },
    /// Bytes behind the last triangle were passed over.
    Trailing {
        /// How many.
        bytes: usize,
    },
    /// The text form has no `endsolid`.
    Unended,
    /// The text form has words behind `endloop`, where the grammar has none.
    Words,
    /// Coordinates were scaled to millimetres, because somebody said which unit they are in.
    Scaled {
        /// The unit.
        unit: &'static str,
    },
    /// Corners within a micrometre of each other were made one.
    Welded {
        /// Corners that moved.
        corners: usize,
    },
    /// Triangles that name a corner twice were left out.
    Degenerate {
        /// How many.
        triangles: usize,
    },
    /// Triangles that stood there before were left out.
    Duplicate {
        /// How many.
        triangles: usize,
    },
    /// Triangles that lay on each other back to back, enclosing nothing, were left out.
    BackToBack {
        /// How many.
        triangles: usize,
    },
    /// Triangles that faced the other way than their neighbours, or inwards, were turned.
    Turned {
        /// How many.
        triangles: usize,
    },
}

impl std::fmt::Display for Repair {
    fn fmt(&self, out: &mut std::fmt::Formatter) -> std::fmt::Result {
        match self {
            Self::Count { declared, held } => {
                write!(
                    out,
                    "the count field said {declared} triangles, the file holds {held}"
                )
            }
            Self::Trailing { bytes } => {
                write!(
                    out,
                    "{bytes} bytes behind the last triangle were passed over"
                )
            }
            Self::Unended => write!(out, "the text has no endsolid"),
            Self::Words => write!(out, "words behind endloop were passed over"),
            Self::Scaled { unit } => write!(out, "scaled from {unit} to millimetres, as told"),
            Self::Welded { corners } => {
                write!(
                    out,
                    "{corners} corners moved by less than 1 um to meet others"
                )
            }
            Self::Degenerate { triangles } => {
                write!(out, "{triangles} triangles without area left out")
            }
            Self::Duplicate { triangles } => {
                write!(out, "{triangles} triangles that stood there twice left out")
            }
            Self::BackToBack { triangles } => {
                write!(out, "{triangles} triangles that lay back to back left out")
            }
            Self::Turned { triangles } => write!(out, "{triangles} triangles turned outwards"),
        }
    }
}

impl Mesh {
    /// The mesh as a solid, and what it took: nothing where it was one, so that the file need not change.
    ///
    /// # Errors
    /// [`MeshError`]: what [`Mesh::require_solid`] says when everything safe has been done.
    pub fn repaired(mut self) -> Result<(Self, Vec<Repair>), MeshError> {
        let mut repairs = Vec::new();
        self.require_readable()?;
        if self.require_solid().is_ok() {
            return Ok((self, repairs));
        }
        sweep(&mut self.triangles, &mut repairs);
        if !self.check().closed() {
            let corners = weld(&mut self.triangles);
            if corners > 0 {
                repairs.push(Repair::Welded { corners });
                sweep(&mut self.triangles, &mut repairs);
            }
        }
        let report = self.check();
        if report.closed() && report.manifold() && report.require_solid().is_err() {
            turn(&mut self.triangles, &mut repairs)?;
        }
        self.require_solid()?;
        Ok((self, repairs))
    }
}

/// Leaves out triangles that take no part in the surface.
fn sweep(triangles: &mut Vec<Triangle>, repairs: &mut Vec<Repair>) {
    let ids = Ids::of(triangles);
    let count = triangles.len();
    let mut stays = vec![true; count];
    let degenerate = ids
        .corners
        .iter()
        .zip(&mut stays)
        .filter_map(|([a, b, c], stays)| {
            *stays = a != b && b != c && c != a;
            (!*stays).then_some(())
        });
    let degenerate = degenerate.count();
    let mut sorted: Vec<([u32; 3], bool, usize)> = (0..count)
        .filter(|&at| stays[at])
        .map(|at| {
            let (corners, outward) = canonical(ids.corners[at]);
            (corners, outward, at)
        })
        .collect();
    sorted.sort_unstable();
    let (mut duplicate, mut folded) = (0, 0);
    for same in sorted.chunk_by(|one, other| one.0 == other.0) {
        let outward = same.iter().filter(|one| one.1).count();
        let inward = same.len() - outward;
        for side in [true, false] {
            for one in same.iter().filter(|one| one.1 == side).skip(1) {
                stays[one.2] = false;
                duplicate += 1;
            }
        }
        if outward > 0 && inward > 0 {
            for one in same.iter().filter(|one| stays[one.2]).collect::<Vec<_>>() {
                stays[one.2] = false;
                folded += 1;
            }
        }
    }
    let mut stays = stays.into_iter();
    triangles.retain(|_| stays.next().unwrap_or(true));
    let said = [
        (
            degenerate,
            Repair::Degenerate {
                triangles: degenerate,
            },
        ),
        (
            duplicate,
            Repair::Duplicate {
                triangles: duplicate,
            },
        ),
        (folded, Repair::BackToBack { triangles: folded }),
    ];
    repairs.extend(said.into_iter().filter(|one| one.0 > 0).map(|one| one.1));
}

/// The corners in ascending order, and whether that runs the same way round.
fn canonical(corners: [u32; 3]) -> ([u32; 3], bool) {
    let [a, b, c] = corners;
    let mut sorted = corners;
    sorted.sort_unstable();
    (sorted, [[a, b, c], [b, c, a], [c, a, b]].contains(&sorted))
}

/// Moves corners onto the first of those within reach, in the order of their bits. Says how many moved.
fn weld(triangles: &mut [Triangle]) -> usize {
    let cell = |v: [f32; 3]| v.map(|c| (f64::from(c) / WELD_MM).floor() as i64);
    let mut distinct: Vec<[f32; 3]> = triangles.as_flattened().to_vec();
    distinct.sort_unstable_by_key(|&v| vertex_key(v));
    distinct.dedup_by_key(|v| vertex_key(*v));
    let mut kept: HashMap<[i64; 3], Vec<[f32; 3]>> = HashMap::new();
    let mut moved = HashMap::new();
    for &corner in &distinct {
        let around = neighbours(cell(corner));
        let mut near = around.iter().filter_map(|at| kept.get(at)).flatten();
        match near.find(|other| distance(**other, corner) < WELD_MM) {
            Some(&other) => drop(moved.insert(vertex_key(corner), other)),
            None => kept.entry(cell(corner)).or_default().push(corner),
        }
    }
    for corner in triangles.as_flattened_mut() {
        if let Some(&other) = moved.get(&vertex_key(*corner)) {
            *corner = other;
        }
    }
    moved.len()
}

fn neighbours([x, y, z]: [i64; 3]) -> Vec<[i64; 3]> {
    let steps = || -1..=1;
    steps()
        .flat_map(|dx| steps().flat_map(move |dy| steps().map(move |dz| [x + dx, y + dy, z + dz])))
        .collect()
}

fn distance(a: [f32; 3], b: [f32; 3]) -> f64 {
    let squares = (0..3).map(|i| (f64::from(a[i]) - f64::from(b[i])).powi(2));
    squares.sum::<f64>().sqrt()
}

/// Makes neighbours agree and every shell face outwards, of a closed manifold mesh.
///
/// Refused where a shell's box lies within another's: whether it is a cavity, only whoever drew it knows.
fn turn(triangles: &mut [Triangle], repairs: &mut Vec<Repair>) -> Result<(), MeshError> {
    let ids = Ids::of(triangles);
    let shells = Shells::of(&ids)?;
    let mut turned = vec![false; triangles.len()];
    let mut boxes = Vec::new();
    for shell in &shells.members {
        let origin = wide(triangles[shell[0].0][0]);
        let volume: f64 = shell
            .iter()
            .map(|&(at, flipped)| {
                let [a, b, c] = triangles[at].map(|v| crate::vec3::sub(wide(v), origin));
                let signed = dot(a, cross(b, c));
                if flipped { -signed } else { signed }
            })
            .sum();
        for &(at, flipped) in shell {
            turned[at] = flipped != (volume < 0.0);
        }
        let corners: Vec<Triangle> = shell.iter().map(|&(at, _)| triangles[at]).collect();
        boxes.push(super::check::bounding_box(&corners));
    }
    if (0..boxes.len()).any(|i| (0..boxes.len()).any(|j| i != j && within(boxes[i], boxes[j]))) {
        let report = super::check::report(triangles);
        return report.require_solid();
    }
    let count = turned.iter().filter(|&&turned| turned).count();
    for (triangle, _) in triangles.iter_mut().zip(turned).filter(|one| one.1) {
        triangle.swap(1, 2);
    }
    repairs.push(Repair::Turned { triangles: count });
    Ok(())
}

fn within(inner: [[f32; 3]; 2], outer: [[f32; 3]; 2]) -> bool {
    (0..3).all(|i| inner[0][i] >= outer[0][i] && inner[1][i] <= outer[1][i])
}

/// Triangles that are joined by edges, each with whether it runs the other way than the first of its shell.
struct Shells {
    members: Vec<Vec<(usize, bool)>>,
}

impl Shells {
    fn of(ids: &Ids) -> Result<Self, MeshError> {
        // Each edge with who has it and in which direction; of two, because the mesh is closed and manifold.
        let mut edges: Vec<(u32, u32, bool, usize)> = Vec::with_capacity(ids.corners.len() * 3);
        for (at, &[a, b, c]) in ids.corners.iter().enumerate() {
            for (from, to) in [(a, b), (b, c), (c, a)] {
                edges.push((from.min(to), from.max(to), from < to, at));
            }
        }
        edges.sort_unstable();
        let mut beside: Vec<Vec<(usize, bool)>> = vec![Vec::new(); ids.corners.len()];
        for pair in edges.chunk_by(|one, other| (one.0, one.1) == (other.0, other.1)) {
            if let [one, other] = pair {
                beside[one.3].push((other.3, one.2 == other.2));
                beside[other.3].push((one.3, one.2 == other.2));
            }
        }
        let mut side: Vec<Option<bool>> = vec![None; beside.len()];
        let mut members = Vec::new();
        for start in 0..beside.len() {
            if side[start].is_none() {
                members.push(Self::gather(start, &beside, &mut side)?);
            }
        }
        Ok(Self { members })
    }

    fn gather(
        start: usize,
        beside: &[Vec<(usize, bool)>],
        side: &mut [Option<bool>],
    ) -> Result<Vec<(usize, bool)>, MeshError> {
        let mut shell = Vec::new();
        let mut open = vec![start];
        side[start] = Some(false);
        while let Some(at) = open.pop() {
            let own = side[at].unwrap_or_default();
            shell.push((at, own));
            for &(next, opposed) in &beside[at] {
                match side[next] {
                    None => {
                        side[next] = Some(own != opposed);
                        open.push(next);
                    }
                    // A surface with one side only, like a Klein bottle's.
                    Some(known) if known != (own != opposed) => {
                        return Err(MeshError::Misoriented { edges: 1 });
                    }
                    Some(_) => {}
                }
            }
        }
        Ok(shell)
    }
}
