//! Owns: distances of a laid scan from the surface, what of the surface it covers, and the verdict.
//! Must never know: how the scan was laid.

use super::Asked;
use super::cloud::Cloud;
use super::grid::{Cells, around};
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
    /// Enough of it is within the tolerance, it covers enough and leaves no gap, and no patch beyond hangs together.
    Passed,
    /// It is not.
    Failed,
    /// It covers too little of the reference to say, or leaves a gap in which something may be.
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
    pub gap_mm2_e2: u64,
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
    let size = nominal.size();
    let area = nominal.area();
    // Points alone as if they were spread over all of the reference: that is the densest that they can be.
    let spacing = own.each.unwrap_or(area / own.spread()).sqrt();
    let reach_mm = (REACH_SPACINGS * spacing)
        .max(tolerance_mm)
        .min(REACH_MAX * size);
    let bare = not_covered(nominal, &at, reach_mm);
    let is_beyond = |of: &usize| deviation_mm[*of].abs() > tolerance_mm;
    let beyond: Vec<usize> = (0..at.len()).filter(is_beyond).collect();
    let ppm = |part: f64, of: f64| (part * 1e6 / of).floor() as u32;
    let (all, places) = (own.weight_of(0..at.len()), nominal.at.len() as f64);
    let covered = places - bare.len() as f64;
    let each = own.each.unwrap_or(covered / places * area / all);
    let patch_mm2 = largest_patch(&own, &at, &beyond, 2.0 * spacing) * each;
    let place_mm2 = area / places;
    let gap_mm2 = largest_patch(nominal, &nominal.at, &bare, 2.0 * place_mm2.sqrt()) * place_mm2;
    let e2 = |mm2: f64| (mm2 * 100.0).round() as u64;
    let mut measured = Measured {
        outcome: Outcome::Passed,
        statistics: statistics(&own, &deviation_mm),
        within_ppm: ppm(all - own.weight_of(beyond.iter().copied()), all),
        coverage_ppm: ppm(covered, places),
        reach_mm,
        patch_mm2_e2: e2(patch_mm2),
        gap_mm2_e2: e2(gap_mm2),
        at,
        deviation_mm,
    };
    measured.outcome = outcome(&measured, asked, size);
    measured
}

/// The places of the reference that have no point of the scan within reach.
fn not_covered(nominal: &Cloud, at: &[Vec3], reach_mm: f64) -> Vec<usize> {
    let near = Cells::of(at.iter().copied().enumerate(), reach_mm);
    let covers = |place: Vec3| near.any(place, |of| length(sub(at[of], place)) <= reach_mm);
    let places = 0..nominal.at.len();
    places.filter(|of| !covers(nominal.at[*of])).collect()
}

fn outcome(measured: &Measured, asked: &Asked, size_mm: f64) -> Outcome {
    match () {
        () if measured.statistics.p50_um as f64 > APART_MAX * size_mm * 1000.0 => {
            Outcome::NotRegistered
        }
        () if measured.coverage_ppm < asked.coverage_min_ppm => Outcome::CoversTooLittle,
        () if measured.within_ppm < asked.within_min_ppm => Outcome::Failed,
        () if measured.patch_mm2_e2 > u64::from(asked.patch_max_mm2_e2) => Outcome::Failed,
        // Behind what is seen to be wrong: a feature that is missing leaves a gap too.
        () if measured.gap_mm2_e2 > u64::from(asked.gap_max_mm2_e2) => Outcome::CoversTooLittle,
        () => Outcome::Passed,
    }
}

fn statistics(own: &Cloud, deviation_mm: &[f64]) -> Statistics {
    let um = |mm: f64| (mm * 1000.0).round() as i64;
    let all = own.weight_of(0..deviation_mm.len());
    let mut sizes: Vec<(f64, usize)> = deviation_mm
        .iter()
        .enumerate()
        .map(|(of, mm)| (mm.abs(), of))
        .collect();
    sizes.sort_by(|one, other| one.0.total_cmp(&other.0).then(one.1.cmp(&other.1)));
    let last = sizes[sizes.len() - 1].0;
    let below = |percent: f64| {
        let mut passed = 0.0;
        let mut sizes = sizes.iter();
        let found = sizes.find(|(_, of)| {
            passed += own.weight(*of);
            passed * 100.0 >= all * percent
        });
        um(found.map_or(last, |(mm, _)| *mm))
    };
    let ends = deviation_mm
        .iter()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), mm| {
            (low.min(*mm), high.max(*mm))
        });
    let sum = deviation_mm.iter().enumerate();
    let sum: f64 = sum.map(|(of, mm)| own.weight(of) * mm).sum();
    Statistics {
        lowest_um: um(ends.0),
        highest_um: um(ends.1),
        mean_um: um(sum / all),
        p50_um: below(50.0),
        p95_um: below(95.0),
        p99_um: below(99.0),
        max_um: um(last),
    }
}

/// The most that points stand for whose cells touch: what hangs together is a feature, what lies alone is noise.
fn largest_patch(cloud: &Cloud, at: &[Vec3], these: &[usize], side: f64) -> f64 {
    let cells = Cells::of(these.iter().map(|of| (*of, at[*of])), side);
    let names = cells.names();
    let mut is_met = vec![false; names.len()];
    let mut largest: f64 = 0.0;
    for start in 0..names.len() {
        let mut open = vec![start];
        let (mut count, mut weight) = (0, 0.0);
        while let Some(index) = open.pop() {
            if std::mem::replace(&mut is_met[index], true) {
                continue;
            }
            let own = cells.own(names[index]);
            count += own.len();
            weight += own.iter().map(|(_, of)| cloud.weight(*of)).sum::<f64>();
            let near = around(names[index]);
            open.extend(near.filter_map(|cell| names.binary_search(&cell).ok()));
        }
        if count >= PATCH_POINTS_MIN {
            largest = largest.max(weight);
        }
    }
    largest
}
