//! Owns: distances of a laid scan from the surface, what of the surface it covers, and the verdict.
//! Must never know: how the scan was laid.

use super::Asked;
use super::cloud::Cloud;
use super::rigid::Pose;
use super::surface::Surface;
use crate::vec3::{Vec3, length, sub};
use serde::{Deserialize, Serialize};

/// A scan whose median is farther off than this share of the reference's size was not laid over it.
const APART_MAX: f64 = 0.01;
/// A place is covered by a point that is so many spacings away at most.
const REACH_SPACINGS: f64 = 2.5;
/// Fewer points beyond the tolerance than this are noise, however near to each other.
const PATCH_POINTS_MIN: usize = 5;
/// But never farther than this share of the reference's size: else a sparse scan covers everything.
const REACH_MAX: f64 = 0.05;

/// Whether the scan is the reference, as far as was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Enough of it is within the tolerance, it covers enough, and no patch beyond hangs together.
    Passed,
    /// It is not.
    Failed,
    /// It covers too little of the reference to say.
    CoversTooLittle,
    /// It could not be laid over the reference.
    NotRegistered,
}

/// Distances in micrometres; positive is outside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)] // p50 to max are of distances without their sign
pub struct Statistics {
    /// The farthest inside.
    pub lowest_um: i64,
    /// The farthest outside.
    pub highest_um: i64,
    /// Mean with the sign.
    pub mean_um: i64,
    pub p50_um: i64,
    pub p95_um: i64,
    pub p99_um: i64,
    pub max_um: i64,
}

pub(super) struct Measured {
    pub outcome: Outcome,
    pub statistics: Statistics,
    pub within_ppm: u32,
    pub coverage_ppm: u32,
    pub reach_mm: f64,
    pub patch_mm2_e2: u64,
    /// The scan as it was laid.
    pub at: Vec<Vec3>,
    pub deviation_mm: Vec<f64>,
}

pub(super) fn measure(
    surface: &Surface,
    nominal: &Cloud,
    own: Cloud,
    pose: &Pose,
    asked: &Asked,
) -> Measured {
    let at: Vec<Vec3> = own.at.iter().map(|point| pose.of(*point)).collect();
    let deviation_mm: Vec<f64> = surface
        .nearest_of_all(&at)
        .iter()
        .map(|foot| foot.signed)
        .collect();
    let tolerance_mm = f64::from(asked.tolerance_um) / 1000.0;
    let (size, count) = (nominal.size(), at.len() as f64);
    let area = nominal.each.unwrap_or(0.0) * nominal.at.len() as f64;
    // Points alone as if they were spread over all of the reference: that is the densest that they can be.
    let spacing = own.each.unwrap_or(area / count).sqrt();
    let reach_mm = (REACH_SPACINGS * spacing)
        .max(tolerance_mm)
        .min(REACH_MAX * size);
    let covered = covered(nominal, &at, reach_mm);
    let is_beyond = |of: &usize| deviation_mm[*of].abs() > tolerance_mm;
    let beyond: Vec<usize> = (0..at.len()).filter(is_beyond).collect();
    let ppm = |part: usize, of: usize| (part as u64 * 1_000_000 / of as u64) as u32;
    let share = covered as f64 / nominal.at.len() as f64;
    let each = own.each.unwrap_or(share * area / count);
    let patch_mm2 = largest_patch(&at, &beyond, 2.0 * spacing) as f64 * each;
    let mut measured = Measured {
        outcome: Outcome::Passed,
        statistics: statistics(&deviation_mm),
        within_ppm: ppm(at.len() - beyond.len(), at.len()),
        coverage_ppm: ppm(covered, nominal.at.len()),
        reach_mm,
        patch_mm2_e2: (patch_mm2 * 100.0).round() as u64,
        at,
        deviation_mm,
    };
    measured.outcome = outcome(&measured, asked, size);
    measured
}

/// How many places of the reference have a point of the scan within reach.
fn covered(nominal: &Cloud, at: &[Vec3], reach_mm: f64) -> usize {
    let near = Cells::of(at.iter().copied().enumerate(), reach_mm);
    let covers = |place: &&Vec3| near.any(**place, |of| length(sub(at[of], **place)) <= reach_mm);
    nominal.at.iter().filter(covers).count()
}

fn outcome(measured: &Measured, asked: &Asked, size_mm: f64) -> Outcome {
    match () {
        () if measured.statistics.p50_um as f64 > APART_MAX * size_mm * 1000.0 => {
            Outcome::NotRegistered
        }
        () if measured.coverage_ppm < asked.coverage_min_ppm => Outcome::CoversTooLittle,
        () if measured.within_ppm < asked.within_min_ppm => Outcome::Failed,
        () if measured.patch_mm2_e2 > u64::from(asked.patch_max_mm2_e2) => Outcome::Failed,
        () => Outcome::Passed,
    }
}

fn statistics(deviation_mm: &[f64]) -> Statistics {
    let um = |mm: f64| (mm * 1000.0).round() as i64;
    let mut signed = deviation_mm.to_vec();
    signed.sort_by(f64::total_cmp);
    let mut sizes: Vec<f64> = signed.iter().map(|of| of.abs()).collect();
    sizes.sort_by(f64::total_cmp);
    let last = sizes.len() - 1;
    let below = |percent: usize| um(sizes[(sizes.len() * percent).div_ceil(100).max(1) - 1]);
    Statistics {
        lowest_um: um(signed[0]),
        highest_um: um(signed[last]),
        mean_um: um(deviation_mm.iter().sum::<f64>() / deviation_mm.len() as f64),
        p50_um: below(50),
        p95_um: below(95),
        p99_um: below(99),
        max_um: um(sizes[last]),
    }
}

type Cell = [i64; 3];

/// Points by the cells of a grid.
struct Cells {
    side: f64,
    /// In the order of cells, then of points.
    points: Vec<(Cell, usize)>,
}

impl Cells {
    fn of(points: impl Iterator<Item = (usize, Vec3)>, side: f64) -> Cells {
        let mut points: Vec<(Cell, usize)> = points.map(|(of, at)| (cell(at, side), of)).collect();
        points.sort_unstable();
        Cells { side, points }
    }

    fn own(&self, cell: Cell) -> &[(Cell, usize)] {
        let first = self.points.partition_point(|(other, _)| *other < cell);
        let rest = &self.points[first..];
        &rest[..rest.partition_point(|(other, _)| *other == cell)]
    }

    /// Whether it is so of a point in the cell of `at` or in one beside it.
    fn any(&self, at: Vec3, is: impl Fn(usize) -> bool) -> bool {
        let middle = cell(at, self.side);
        around(middle).any(|cell| self.own(cell).iter().any(|(_, of)| is(*of)))
    }
}

fn cell(at: Vec3, side: f64) -> Cell {
    at.map(|value| (value / side).floor() as i64)
}

fn around([x, y, z]: Cell) -> impl Iterator<Item = Cell> {
    let near = || -1..=1_i64;
    near().flat_map(move |i| near().flat_map(move |j| near().map(move |k| [x + i, y + j, z + k])))
}

/// The most points whose cells touch: what hangs together is a feature, what lies alone is noise.
fn largest_patch(at: &[Vec3], beyond: &[usize], side: f64) -> usize {
    let cells = Cells::of(beyond.iter().map(|of| (*of, at[*of])), side);
    let mut names: Vec<Cell> = cells.points.iter().map(|(cell, _)| *cell).collect();
    names.dedup();
    let mut is_met = vec![false; names.len()];
    let mut largest = 0;
    for start in 0..names.len() {
        let mut open = vec![start];
        let mut count = 0;
        while let Some(index) = open.pop() {
            if std::mem::replace(&mut is_met[index], true) {
                continue;
            }
            count += cells.own(names[index]).len();
            let near = around(names[index]);
            open.extend(near.filter_map(|cell| names.binary_search(&cell).ok()));
        }
        largest = largest.max(count);
    }
    if largest >= PATCH_POINTS_MIN {
        largest
    } else {
        0
    }
}
