//! Owns: points that stand for a surface, each for so much of it, and the guess of their unit.
//! Must never know: what they are compared with.

use super::grid::Cells;
use super::rigid::Rows;
use super::{Scan, ScanError, Unit};
use crate::vec3::{Vec3, add, cross, length, scale, sub, wide};

/// How many points stand for a reference.
pub(super) const REFERENCE_POINTS: usize = 40_000;
/// How many stand for a scan's mesh: as many as it has triangles, within these.
const SCAN_POINTS: [usize; 2] = [120_000, 1_000_000];
/// Steps of the R2 sequence: the powers of 1 / 1.32471795…, the root of x³ = x + 1.
const R2: [f64; 2] = [0.754_877_666_246_692_7, 0.569_840_290_998_053_2];
/// By how much a scan may be smaller or larger than the reference and still be taken for millimetres: scans are partial.
const SMALLEST: f64 = 0.3;
const LARGEST: f64 = 1.5;

/// Points that stand for a surface.
pub(super) struct Cloud {
    /// In millimetres, once the unit is known.
    pub at: Vec<Vec3>,
    /// Area that each stands for; unknown of points alone.
    pub each: Option<f64>,
    /// Of points alone: how much each stands for beside the others. Scanners dwell on some places, and what is dense weighs no more.
    weights: Option<Vec<f64>>,
}

/// How often the side of the cells is found anew; it stays the same sooner.
const ROUNDS: usize = 6;
/// Cells that hold a point, of so many points that are spread evenly, when the sides stay the same: x = 1.5 x (1 - e^(-1 / 1.5 x)), since a
/// surface meets about one and a half cells for each square of their side.
const CELLS_OF_POINTS: f64 = 0.6;

impl Cloud {
    /// Of a mesh its surface, else the points.
    pub fn of(scan: &Scan) -> Result<Cloud, ScanError> {
        if !scan.triangles.is_empty() {
            let about = scan.triangles.len().clamp(SCAN_POINTS[0], SCAN_POINTS[1]);
            return Cloud::of_surface(&scan.triangles, about);
        }
        Ok(Cloud {
            at: scan.points.iter().copied().map(wide).collect(),
            each: None,
            weights: None,
        })
    }

    /// Points that stand for equal areas: as many on each triangle as its area asks for, in the order of the file, spread by the
    /// R2 sequence (M. Roberts 2018). Slivers cost no more than other triangles.
    pub fn of_surface(triangles: &[[[f32; 3]; 3]], about: usize) -> Result<Cloud, ScanError> {
        let area = |[a, b, c]: [Vec3; 3]| length(cross(sub(b, a), sub(c, a))) / 2.0;
        let all: f64 = triangles.iter().map(|of| area(of.map(wide))).sum();
        if all <= 0.0 {
            return Err(ScanError::NoSurface);
        }
        let each = all / about as f64;
        let mut at = Vec::with_capacity(about);
        let mut passed = 0.0;
        for triangle in triangles {
            let [a, b, c] = triangle.map(wide);
            passed += area([a, b, c]);
            while (at.len() as f64 + 0.5) * each <= passed && at.len() < about {
                let of = at.len() as f64;
                let (u, v) = ((of * R2[0]).fract(), (of * R2[1]).fract());
                let (u, v) = if u + v > 1.0 {
                    (1.0 - u, 1.0 - v)
                } else {
                    (u, v)
                };
                at.push(add(a, add(scale(sub(b, a), u), scale(sub(c, a), v))));
            }
        }
        Ok(Cloud {
            each: Some(each),
            weights: None,
            at,
        })
    }

    /// In millimetres.
    pub fn scaled(mut self, unit_mm: f64) -> Cloud {
        self.at.iter_mut().for_each(|at| *at = scale(*at, unit_mm));
        self.each = self.each.map(|each| each * unit_mm * unit_mm);
        self
    }

    /// Points alone weighed so that each cell of a grid counts as much as any other, and one point of each cell, for laying. The cells
    /// are as large as the points are far apart where they are not dense. `area_mm2` is the reference's.
    pub fn evened(mut self, area_mm2: f64) -> (Cloud, Cloud) {
        let whole = |at: &[Vec3]| Cloud {
            at: at.to_vec(),
            each: self.each,
            weights: None,
        };
        if self.each.is_some() {
            let all = whole(&self.at);
            return (self, all);
        }
        let cells = self.cells(area_mm2);
        let mut weights = vec![0.0; self.at.len()];
        let mut first = Vec::new();
        for cell in cells.each() {
            first.extend(cell.iter().map(|(_, of)| *of).min());
            for (_, of) in cell {
                weights[*of] = 1.0 / cell.len() as f64;
            }
        }
        first.sort_unstable();
        let thin: Vec<Vec3> = first.into_iter().map(|of| self.at[of]).collect();
        let thin = whole(&thin);
        self.weights = Some(weights);
        (self, thin)
    }

    /// Cells of which most hold a point or two: larger than the dense places ask for, and no larger than the others do, though
    /// the scan be of a part of the reference alone.
    fn cells(&self, area_mm2: f64) -> Cells {
        let cells_of = |side: f64| Cells::of(self.at.iter().copied().enumerate(), side);
        let side_of = |held: usize| (area_mm2 / held as f64).sqrt();
        let mut held = self.at.len();
        let mut side = side_of(held);
        let mut cells = cells_of(side);
        for _ in 0..ROUNDS {
            let now = cells.each().count();
            if now * 20 >= held * 19 {
                break;
            }
            (held, side) = (now, side_of(now));
            cells = cells_of(side);
        }
        for _ in 0..ROUNDS {
            let mut counts: Vec<usize> = cells.each().map(<[_]>::len).collect();
            let middle = counts.len() / 2;
            let (_, median, _) = counts.select_nth_unstable(middle);
            if *median <= 2 {
                break;
            }
            side *= (1.6 / *median as f64).sqrt();
            cells = cells_of(side);
        }
        cells
    }

    /// How much a point stands for.
    pub fn weight(&self, of: usize) -> f64 {
        self.weights.as_ref().map_or(1.0, |weights| weights[of])
    }

    /// How much some of the points stand for.
    pub fn weight_of(&self, these: impl Iterator<Item = usize>) -> f64 {
        these.map(|of| self.weight(of)).sum()
    }

    /// How many points there would be if all lay as those that are not dense.
    pub fn spread(&self) -> f64 {
        let cells = self.weight_of(0..self.at.len());
        (cells / CELLS_OF_POINTS).min(self.at.len() as f64)
    }

    /// The area that it stands for; 0 of points alone.
    pub fn area(&self) -> f64 {
        self.each.unwrap_or(0.0) * self.at.len() as f64
    }

    pub fn centre(&self) -> Vec3 {
        let sum = self.at.iter().fold([0.0; 3], |sum, at| add(sum, *at));
        scale(sum, 1.0 / self.at.len() as f64)
    }

    /// Middle of the box around it.
    pub fn middle(&self) -> Vec3 {
        let ends = ([f64::INFINITY; 3], [f64::NEG_INFINITY; 3]);
        let (low, high): (Vec3, Vec3) = self.at.iter().fold(ends, |(low, high), at| {
            (
                std::array::from_fn(|axis| low[axis].min(at[axis])),
                std::array::from_fn(|axis| high[axis].max(at[axis])),
            )
        });
        scale(add(low, high), 0.5)
    }

    /// Second moments about the centre.
    pub fn moments(&self) -> Rows {
        let centre = self.centre();
        let mut moments = [[0.0; 3]; 3];
        for at in &self.at {
            let from = sub(*at, centre);
            for (row, of) in moments.iter_mut().zip(from) {
                *row = add(*row, scale(from, of));
            }
        }
        let count = self.at.len() as f64;
        moments.map(|row| scale(row, 1.0 / count))
    }

    /// Root mean square of the distance from the centre: a size that few outliers do not change much.
    pub fn size(&self) -> f64 {
        let moments = self.moments();
        (moments[0][0] + moments[1][1] + moments[2][2]).sqrt()
    }

    /// About `count` of the points, spread evenly over their list: steps of the golden section.
    pub fn some(&self, count: usize) -> Vec<Vec3> {
        if self.at.len() <= count {
            return self.at.clone();
        }
        let step = |of: usize| {
            let part = (of as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            ((u128::from(part) * self.at.len() as u128) >> 64) as usize
        };
        (0..count).map(|of| self.at[step(of)]).collect()
    }
}

/// Millimetres where the size allows; else the unit that makes the scan as large as the reference.
pub(super) fn guess(nominal: &Cloud, own: &Cloud) -> Result<Unit, ScanError> {
    let ratio = own.size() / nominal.size();
    let fits = |unit: &Unit| (SMALLEST..LARGEST).contains(&(ratio * unit.mm()));
    let found = Unit::ALL.into_iter().find(fits);
    found.ok_or(ScanError::OtherSize {
        times_smaller_percent: (ratio * 100.0).round() as u32,
    })
}
