//! Owns: corners that should be one, and triangles that bound nothing. Must never know: which way is out.

use super::Repair;
use crate::mesh::check::{Ids, vertex_key};
use std::collections::HashMap;

type Triangle = [[f32; 3]; 3];

/// Corners nearer than this are one corner that an exporter wrote in two ways.
const WELD_MM: f64 = 0.001;

/// A triangle by its corners in ascending order, whether that runs the same way round, and its place.
type Canonical = ([u32; 3], bool, usize);

/// Leaves out triangles that take no part in the surface, and says how many of which kind.
pub(super) fn leave_out(triangles: &mut Vec<Triangle>, repairs: &mut Vec<Repair>) {
    let ids = Ids::of(triangles);
    let mut stays = vec![false; triangles.len()];
    let mut sorted = Vec::with_capacity(triangles.len());
    for (at, &[a, b, c]) in ids.corners.iter().enumerate() {
        stays[at] = a != b && b != c && c != a;
        if stays[at] {
            let (corners, outward) = canonical([a, b, c]);
            sorted.push((corners, outward, at));
        }
    }
    drop(ids);
    let degenerate = triangles.len() - sorted.len();
    let [duplicate, folded] = leave_out_doubles(sorted, &mut stays);
    let mut stays = stays.into_iter();
    triangles.retain(|_| stays.next().unwrap_or(true));
    let found = [
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
    let found = found.into_iter().filter(|(triangles, _)| *triangles > 0);
    repairs.extend(found.map(|(_, repair)| repair));
}

/// Of triangles with the same corners one stays, and none of two that look away from each other. Says how many were doubles, and how
/// many stood back to back.
fn leave_out_doubles(mut sorted: Vec<Canonical>, stays: &mut [bool]) -> [usize; 2] {
    sorted.sort_unstable();
    let (mut duplicate, mut folded) = (0, 0);
    for same in sorted.chunk_by(|one, other| one.0 == other.0) {
        // Sorted: those that run the other way stand first.
        let inward = same.iter().filter(|one| !one.1).count();
        let (inward, outward) = same.split_at(inward);
        let superfluous = [inward, outward].map(|side| side.get(1..).unwrap_or_default());
        duplicate += superfluous.iter().map(|side| side.len()).sum::<usize>();
        let back_to_back = !inward.is_empty() && !outward.is_empty();
        folded += if back_to_back { 2 } else { 0 };
        let gone = if back_to_back {
            vec![same]
        } else {
            superfluous.to_vec()
        };
        for one in gone.concat() {
            stays[one.2] = false;
        }
    }
    [duplicate, folded]
}

/// The corners in ascending order, and whether that runs the same way round.
fn canonical(corners: [u32; 3]) -> ([u32; 3], bool) {
    let [a, b, c] = corners;
    let mut sorted = corners;
    sorted.sort_unstable();
    (sorted, [[a, b, c], [b, c, a], [c, a, b]].contains(&sorted))
}

/// Moves corners onto the first of those within reach, in the order of their bits. Says how many moved.
pub(super) fn weld(triangles: &mut [Triangle]) -> usize {
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
