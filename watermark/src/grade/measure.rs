//! Owns: the parameters and their limits. Must never know: pictures. Spec: ISO/IEC 15415 (7.8, annexes for QR codes and
//! Data Matrix), ISO/IEC 29158 (cell contrast and modulation).
//!
//! Damage of a QR code is counted in codewords, of a Data Matrix module by module as though each were in a codeword of its own,
//! which never flatters. Blocks of codewords are put right each by itself, so the one with the most damage counts.

use super::fixed::{Correction, Pattern, pattern};
use super::net::Net;
use super::{Grade, Graded, Parameter, is_qr};
use crate::read::Symbology;

const CONTRAST: [f64; 4] = [0.30, 0.25, 0.20, 0.15];
const MODULATION: [f64; 4] = [0.50, 0.40, 0.30, 0.20];
const UNUSED: [f64; 4] = [0.62, 0.50, 0.37, 0.25];
const GRID: [f64; 4] = [0.38, 0.50, 0.63, 0.75];

/// Each module's brightness, and what it should be.
pub(super) struct Cells<'a> {
    bright: Vec<f64>,
    dark: &'a [bool],
    size: usize,
    threshold: f64,
    light_mean: f64,
    dark_mean: f64,
}

impl<'a> Cells<'a> {
    pub(super) fn of(net: &Net, dark: &'a [bool], size: usize) -> Self {
        Self::new(net.bright(), dark, size)
    }

    pub(super) fn new(bright: Vec<f64>, dark: &'a [bool], size: usize) -> Self {
        let threshold = threshold(&bright);
        let mean = |is_light: bool| {
            let of: Vec<f64> = bright
                .iter()
                .copied()
                .filter(|&b| (b >= threshold) == is_light)
                .collect();
            of.iter().sum::<f64>() / of.len().max(1) as f64
        };
        let (light_mean, dark_mean) = (mean(true), mean(false));
        Self {
            threshold: (light_mean + dark_mean) / 2.0,
            bright,
            dark,
            size,
            light_mean,
            dark_mean,
        }
    }

    fn contrast(&self) -> f64 {
        (self.light_mean - self.dark_mean) / self.light_mean.max(1e-6)
    }

    /// How far a module is on its right side of the threshold, where 1 is as far as the mean of its colour.
    fn margin(&self, at: usize) -> f64 {
        let (above, reach) = match self.dark[at] {
            true => (
                self.threshold - self.bright[at],
                self.threshold - self.dark_mean,
            ),
            false => (
                self.bright[at] - self.threshold,
                self.light_mean - self.threshold,
            ),
        };
        above / reach.max(1e-6)
    }

    pub(super) fn wrong(&self) -> Vec<bool> {
        (0..self.bright.len())
            .map(|at| self.margin(at) < 0.0)
            .collect()
    }

    pub(super) fn modulation(&self) -> Vec<Grade> {
        let grade = |at| Grade::reaching(self.margin(at), MODULATION);
        (0..self.bright.len()).map(grade).collect()
    }

    fn pattern(&self, symbology: Symbology, at: usize) -> Option<Pattern> {
        pattern(symbology, self.size, at % self.size, at / self.size)
    }
}

/// The level that parts the modules into two groups that differ least within themselves.
fn threshold(bright: &[f64]) -> f64 {
    let mut sorted = bright.to_vec();
    sorted.sort_by(f64::total_cmp);
    let whole: f64 = sorted.iter().sum();
    let (mut below, mut best) = (0.0, (f64::MIN, 0.0));
    for (i, pair) in sorted.windows(2).enumerate() {
        below += pair[0];
        let count = (i + 1) as f64;
        let rest = sorted.len() as f64 - count;
        let apart = below / count - (whole - below) / rest;
        let between = count * rest * apart * apart;
        if between > best.0 {
            best = (between, (pair[0] + pair[1]) / 2.0);
        }
    }
    best.1
}

pub(super) fn all(
    cells: &Cells,
    symbology: Symbology,
    correction: &Correction,
    unevenness: f64,
) -> Vec<Graded> {
    let graded = |parameter, value: f64, grade| Graded {
        parameter,
        value: (value * 1e3).round() / 1e3,
        grade,
    };
    let contrast = cells.contrast();
    let (damage, damage_grade) = fixed_patterns(cells, symbology);
    let unused = unused(cells, correction, 0.0);
    let (margin, modulation) = modulation(cells, correction);
    vec![
        graded(Parameter::Decode, 1.0, Grade::A),
        graded(
            Parameter::CellContrast,
            contrast,
            Grade::reaching(contrast, CONTRAST),
        ),
        graded(Parameter::FixedPatternDamage, damage, damage_grade),
        graded(
            Parameter::GridNonUniformity,
            unevenness,
            Grade::within(unevenness, GRID),
        ),
        graded(Parameter::CellModulation, margin, modulation),
        graded(
            Parameter::UnusedErrorCorrection,
            unused,
            Grade::reaching(unused, UNUSED),
        ),
    ]
}

/// Share of its error correction that the worst block has left when every module below this margin is taken as damaged.
fn unused(cells: &Cells, correction: &Correction, margin: f64) -> f64 {
    let modules = correction.codewords.iter().enumerate();
    let mut damaged: Vec<(u32, usize)> = modules
        .filter_map(|(at, &codeword)| codeword.filter(|_| cells.margin(at) < margin))
        .collect();
    damaged.sort_unstable();
    damaged.dedup();
    let mut blocks = vec![0_u32; correction.blocks];
    for (_, block) in damaged {
        blocks[block] += 1;
    }
    let most = blocks.into_iter().max().unwrap_or(0);
    (1.0 - f64::from(most) / f64::from(correction.correctable.max(1))).max(0.0)
}

/// Each limit in turn: the lower of its grade and of the error correction that it leaves; of these the best. The value is
/// the margin that all but one module in twenty have.
fn modulation(cells: &Cells, correction: &Correction) -> (f64, Grade) {
    let levels = Grade::ALL.iter().zip(MODULATION);
    let at_level = |(&grade, limit): (&Grade, f64)| {
        let left = unused(cells, correction, limit);
        grade.max(Grade::reaching(left, UNUSED))
    };
    let best = levels.map(at_level).min().unwrap_or(Grade::F);
    let mut margins: Vec<f64> = (0..cells.bright.len()).map(|at| cells.margin(at)).collect();
    margins.sort_by(f64::total_cmp);
    (
        margins.get(margins.len() / 20).copied().unwrap_or(0.0),
        best,
    )
}

/// Share of all their modules that is wrong, and the lowest grade of any pattern.
fn fixed_patterns(cells: &Cells, symbology: Symbology) -> (f64, Grade) {
    let patterns: &[Pattern] = if is_qr(symbology) {
        &[
            Pattern::Finder(0),
            Pattern::Finder(1),
            Pattern::Finder(2),
            Pattern::Timing,
            Pattern::Alignment,
            Pattern::Format,
        ]
    } else {
        &[Pattern::Solid(0), Pattern::Solid(1), Pattern::Clock]
    };
    let (mut all, mut all_wrong, mut worst) = (0, 0, Grade::A);
    for &pattern in patterns {
        let of: Vec<usize> = (0..cells.bright.len())
            .filter(|&at| cells.pattern(symbology, at) == Some(pattern))
            .collect();
        let wrong = of.iter().filter(|&&at| cells.margin(at) < 0.0).count();
        let share = wrong as f64 / of.len().max(1) as f64;
        worst = worst.max(match pattern {
            Pattern::Finder(_) | Pattern::Format => {
                Grade::within(wrong as f64, [0.0, 1.0, 2.0, 3.0])
            }
            Pattern::Timing => Grade::within(share, [0.0, 0.07, 0.11, 0.14]),
            Pattern::Alignment => Grade::within(share, [0.0, 0.10, 0.20, 0.30]),
            Pattern::Solid(_) | Pattern::Clock => Grade::within(share, [0.0, 0.09, 0.13, 0.17]),
        });
        all += of.len();
        all_wrong += wrong;
    }
    (all_wrong as f64 / all.max(1) as f64, worst)
}
