//! Owns: the affine transforms of 3MF. Must never know: what is transformed. Spec: 3MF Core 3.3 (row vectors, 4 by 3).

use super::ThreemfError;
use crate::vec3::{Vec3, add, cross, dot, scale};

/// Three rows that turn and scale, and one that shifts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Transform([Vec3; 4]);

impl Transform {
    pub(super) fn scaling(by: f64) -> Self {
        Self([[by, 0.0, 0.0], [0.0, by, 0.0], [0.0, 0.0, by], [0.0; 3]])
    }

    /// Twelve numbers with white space between.
    pub(super) fn parse(text: &str) -> Result<Self, ThreemfError> {
        let bad = ThreemfError::Model("a transform is not twelve numbers that keep a volume");
        let mut numbers = [0.0; 12];
        let mut words = text.split_ascii_whitespace();
        for number in &mut numbers {
            let parsed = words.next().and_then(|word| word.parse::<f64>().ok());
            *number = parsed
                .filter(|n| n.is_finite())
                .ok_or_else(|| bad.clone())?;
        }
        let row = |i: usize| [numbers[3 * i], numbers[3 * i + 1], numbers[3 * i + 2]];
        let parsed = Self([row(0), row(1), row(2), row(3)]);
        let keeps_volume = parsed.determinant().is_normal();
        match words.next().is_none() && keeps_volume {
            true => Ok(parsed),
            false => Err(bad),
        }
    }

    fn determinant(&self) -> f64 {
        let [a, b, c, _] = self.0;
        dot(a, cross(b, c))
    }

    /// Whether it turns the inside out.
    pub(super) fn mirrors(&self) -> bool {
        self.determinant() < 0.0
    }

    pub(super) fn apply(&self, point: Vec3) -> Vec3 {
        add(self.turn(point), self.0[3])
    }

    fn turn(&self, [x, y, z]: Vec3) -> Vec3 {
        let [a, b, c, _] = self.0;
        add(add(scale(a, x), scale(b, y)), scale(c, z))
    }

    /// First this one, then the other.
    pub(super) fn then(&self, other: &Self) -> Self {
        let [a, b, c, shift] = self.0;
        Self([
            other.turn(a),
            other.turn(b),
            other.turn(c),
            other.apply(shift),
        ])
    }
}
