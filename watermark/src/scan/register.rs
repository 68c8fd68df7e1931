//! Owns: the pose that lays a scan over a surface, from any start, whole or partial, with outliers.
//! Must never know: tolerances. It says what fits best, not whether that is good.
//!
//! Hypotheses first: principal axes over principal axes by every rotation of the icosahedron and of the cube, so that neither
//! equal moments nor a partial scan leave the right pose far from all of them, with centres and with boxes over each other. The
//! best go on to iterated closest points, point to plane (Y. Chen, G. Medioni 1992), with trimmed correspondences (D. Chetverikov
//! et al. 2002). What decides between those that are left is how much of the scan lies near the surface, not a mean.

use super::cloud::Cloud;
use super::rigid::{Pose, Rows, axes, product, quaternion, solve, times, transposed};
use super::surface::{Foot, Surface};
use crate::vec3::{Vec3, add, cross, dot, length, scale, sub};

/// Points, and rounds, of each stage; then how many poses go on.
const STAGES: [(usize, usize, usize); 4] =
    [(100, 3, 48), (150, 6, 16), (400, 10, 5), (1_500, 15, 1)];
/// Points and rounds of the last.
const LAST: (usize, usize) = (10_000, 30);
/// Correspondences that are farther apart than this many medians say nothing.
const TRIM: f64 = 4.0;

/// The best pose.
pub(super) fn register(surface: &Surface, nominal: &Cloud, own: &Cloud) -> Pose {
    let size = nominal.size();
    let mut poses = hypotheses(nominal, own);
    for (points, rounds, keep) in STAGES {
        let points = own.some(points);
        let mut scored: Vec<(f64, Pose)> = poses
            .into_iter()
            .map(|pose| closer(surface, &points, pose, rounds, size))
            .map(|pose| (apart(surface, &points, &pose, size), pose))
            .collect();
        scored.sort_by(|a, b| a.0.total_cmp(&b.0));
        poses = different(scored.into_iter().map(|(_, pose)| pose), own, size);
        poses.truncate(keep);
    }
    let points = own.some(LAST.0);
    closer(surface, &points, poses[0], LAST.1, size)
}

/// Poses that put the scan elsewhere than those before them.
fn different(poses: impl Iterator<Item = Pose>, own: &Cloud, size: f64) -> Vec<Pose> {
    let marks = own.some(8);
    let mut kept: Vec<Pose> = Vec::new();
    for pose in poses {
        let is_near = |other: &Pose| {
            let mut marks = marks.iter();
            marks.all(|mark| length(sub(pose.of(*mark), other.of(*mark))) < size * 1e-3)
        };
        if !kept.iter().any(is_near) {
            kept.push(pose);
        }
    }
    kept
}

fn hypotheses(nominal: &Cloud, own: &Cloud) -> Vec<Pose> {
    let (to, from) = (transposed(&axes(nominal.moments())), axes(own.moments()));
    let places = [
        (nominal.centre(), own.centre()),
        (nominal.middle(), own.middle()),
    ];
    let rotations = rotations();
    let mut poses = Vec::with_capacity(2 * rotations.len());
    for turn in rotations {
        let rotation = product(&to, &product(&turn, &from));
        for (there, here) in places {
            let shift = sub(there, times(&rotation, here));
            poses.push(Pose { rotation, shift });
        }
    }
    poses
}

/// The even permutations of four.
const EVEN: [[usize; 4]; 12] = [
    [0, 1, 2, 3],
    [0, 2, 3, 1],
    [0, 3, 1, 2],
    [1, 0, 3, 2],
    [1, 2, 0, 3],
    [1, 3, 2, 0],
    [2, 0, 1, 3],
    [2, 1, 3, 0],
    [2, 3, 0, 1],
    [3, 0, 2, 1],
    [3, 1, 0, 2],
    [3, 2, 1, 0],
];

/// The rotations of the icosahedron and of the cube as unit quaternions, each once.
fn rotations() -> Vec<Rows> {
    let golden = (1.0 + 5.0_f64.sqrt()) / 2.0;
    let (long, short) = (golden / 2.0, 0.5 / golden);
    let half = 0.5;
    let mut all: Vec<[f64; 4]> = Vec::new();
    let signs = |values: [f64; 4]| {
        (0..16_u32).map(move |bits| {
            // Adding zero takes the sign off a zero.
            let sign = |i: usize| if bits >> i & 1 == 1 { -1.0 } else { 1.0 };
            std::array::from_fn(|i| sign(i) * values[i] + 0.0)
        })
    };
    let values = [long, half, short, 0.0];
    for order in EVEN {
        all.extend(signs(order.map(|of| values[of])));
    }
    all.extend(signs([half; 4]));
    for axis in 0..4 {
        all.push(std::array::from_fn(|i| if i == axis { 1.0 } else { 0.0 }));
        for other in axis + 1..4 {
            let pair = std::array::from_fn(|i| if i == axis || i == other { 1.0 } else { 0.0 });
            all.extend(signs(pair));
        }
    }
    // A quaternion and its negative are one rotation; 0 and −0 one number.
    all.retain(|of| {
        of.iter()
            .find(|value| **value != 0.0)
            .is_some_and(|first| *first > 0.0)
    });
    all.sort_by_key(|of| of.map(f64::to_bits));
    all.dedup();
    all.into_iter().map(quaternion).collect()
}

/// How far the scan is from the surface: the mean of distances, none of which counts for more than a twentieth of the size.
fn apart(surface: &Surface, points: &[Vec3], pose: &Pose, size: f64) -> f64 {
    let most = size / 20.0;
    let distances = points
        .iter()
        .map(|point| surface.nearest(pose.of(*point)).distance.min(most));
    distances.sum::<f64>() / points.len() as f64
}

/// Iterates closest points until the pose stands.
fn closer(surface: &Surface, points: &[Vec3], mut pose: Pose, rounds: usize, size: f64) -> Pose {
    for _ in 0..rounds {
        let placed: Vec<Vec3> = points.iter().map(|point| pose.of(*point)).collect();
        let feet = surface.nearest_of_all(&placed);
        let mut distances: Vec<f64> = feet.iter().map(|foot| foot.distance).collect();
        distances.sort_by(f64::total_cmp);
        let limit = TRIM * distances[distances.len() / 2] + size * 1e-9;
        let pairs = placed.iter().zip(&feet);
        let pairs: Vec<(Vec3, &Foot)> = pairs
            .filter(|(_, foot)| foot.distance <= limit)
            .map(|(point, foot)| (*point, foot))
            .collect();
        let Some((centre, turn, shift)) = step(&pairs, size) else {
            return pose;
        };
        pose = pose.moved(centre, turn, shift);
        if length(turn) + length(shift) / size < 1e-8 {
            break;
        }
    }
    pose
}

/// The small motion that brings the points into the planes at their feet: least squares, with a little resistance, so that a
/// direction in which nothing holds the scan, as on a sphere, leaves it where it is.
fn step(pairs: &[(Vec3, &Foot)], size: f64) -> Option<(Vec3, Vec3, Vec3)> {
    let sum = pairs
        .iter()
        .fold([0.0; 3], |sum, (point, _)| add(sum, *point));
    let centre = scale(sum, 1.0 / pairs.len() as f64);
    let (mut matrix, mut right) = ([[0.0; 6]; 6], [0.0; 6]);
    for (point, foot) in pairs {
        let lever = scale(cross(sub(*point, centre), foot.normal), 1.0 / size);
        let [a, b, c] = lever;
        let [d, e, f] = foot.normal;
        let row = [a, b, c, d, e, f];
        let miss = dot(sub(*point, foot.at), foot.normal);
        for i in 0..6 {
            right[i] -= row[i] * miss;
            for j in 0..6 {
                matrix[i][j] += row[i] * row[j];
            }
        }
    }
    let resistance = 1e-4 * pairs.len() as f64;
    (0..6).for_each(|i| matrix[i][i] += resistance);
    let [a, b, c, d, e, f] = solve(matrix, right)?;
    Some((centre, scale([a, b, c], 1.0 / size), [d, e, f]))
}
