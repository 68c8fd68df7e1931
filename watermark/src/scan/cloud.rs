//! Owns: points that stand for a surface, each for so much of it, and the guess of their unit.
//! Must never know: what they are compared with.

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

/// Points, each of which stands for as much as any other.
pub(super) struct Cloud {
    /// In millimetres, once the unit is known.
    pub at: Vec<Vec3>,
    /// Area that each stands for; unknown of points alone.
    pub each: Option<f64>,
}

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
            at,
        })
    }

    /// In millimetres.
    pub fn scaled(mut self, unit_mm: f64) -> Cloud {
        self.at.iter_mut().for_each(|at| *at = scale(*at, unit_mm));
        self.each = self.each.map(|each| each * unit_mm * unit_mm);
        self
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
