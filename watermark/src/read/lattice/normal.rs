//! Owns: a normal distribution of what is seen of modules, and how unlikely a module is under it. Must never know: pictures.

/// What is seen of one module.
pub(super) const FEATURES: usize = 27;
pub(super) type Seen = [f32; FEATURES];

/// What is added to each variance: shades of grey are whole numbers.
const LEAST_VARIANCE: f32 = 4.0;
/// By how much each variance is larger than it was seen to be, as a share: the examples are few.
const CALM: f32 = 0.03;

/// Mean and covariance of weighted examples.
#[derive(Clone)]
pub(super) struct Moments {
    mean: Seen,
    covariance: [Seen; FEATURES],
}

/// A normal distribution, ready to be asked.
pub(super) struct Normal {
    mean: Seen,
    /// The lower triangle that, times its transpose, is the covariance (Cholesky).
    lower: [Seen; FEATURES],
    log_det: f32,
}

impl Moments {
    /// `None` without examples.
    pub(super) fn of<'a>(examples: impl Iterator<Item = (&'a Seen, f32)> + Clone) -> Option<Self> {
        let (mut mean, mut count) = ([0.0; FEATURES], 0.0_f32);
        for (seen, weight) in examples.clone() {
            (0..FEATURES).for_each(|i| mean[i] += weight * seen[i]);
            count += weight;
        }
        if count < 1.0 {
            return None;
        }
        let mean = mean.map(|sum| sum / count);
        let mut covariance = [[0.0; FEATURES]; FEATURES];
        for (seen, weight) in examples {
            let off: Seen = std::array::from_fn(|i| seen[i] - mean[i]);
            for (row, a) in covariance.iter_mut().zip(off) {
                (0..FEATURES).for_each(|j| row[j] += weight / count * a * off[j]);
            }
        }
        Some(Self { mean, covariance })
    }

    /// With a share of the covariance of `other` mixed in. `None` where the numbers do not suffice.
    pub(super) fn normal(&self, other: &Self, share: f32) -> Option<Normal> {
        let mixed = |i: usize, j: usize| {
            let both = (self.covariance[i][j] + other.covariance[i][j]) / 2.0;
            let mixed = (1.0 - share) * self.covariance[i][j] + share * both;
            if i == j {
                mixed * (1.0 + CALM) + LEAST_VARIANCE
            } else {
                mixed
            }
        };
        let (mut lower, mut log_det) = ([[0.0; FEATURES]; FEATURES], 0.0);
        for i in 0..FEATURES {
            for j in 0..=i {
                let done: f32 = (0..j).map(|k| lower[i][k] * lower[j][k]).sum();
                let left = mixed(i, j) - done;
                if i > j {
                    lower[i][j] = left / lower[j][j];
                } else if left > 1e-6 {
                    lower[i][i] = left.sqrt();
                    log_det += left.ln();
                } else {
                    return None;
                }
            }
        }
        Some(Normal {
            mean: self.mean,
            lower,
            log_det,
        })
    }
}

impl Normal {
    /// The negative logarithm of the density, up to a constant.
    pub(super) fn cost(&self, seen: &Seen) -> f32 {
        let mut away = [0.0; FEATURES];
        let mut sum = self.log_det;
        for i in 0..FEATURES {
            let done: f32 = (0..i).map(|k| self.lower[i][k] * away[k]).sum();
            away[i] = (seen[i] - self.mean[i] - done) / self.lower[i][i];
            sum += away[i] * away[i];
        }
        sum / 2.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_like_the_examples_costs_less() {
        let example = |i: usize, middle: f32| -> Seen {
            std::array::from_fn(|f| middle + ((i * 37 + f * 11) % 17) as f32)
        };
        let of = |middle: f32| -> Vec<Seen> { (0..60).map(|i| example(i, middle)).collect() };
        let (light, dark) = (of(120.0), of(60.0));
        let moments = |all: &[Seen]| Moments::of(all.iter().map(|seen| (seen, 1.0))).unwrap();
        let (a, b) = (moments(&light), moments(&dark));
        let (a, b) = (a.normal(&b, 0.1).unwrap(), b.normal(&a, 0.1).unwrap());
        for i in 60..80 {
            assert!(a.cost(&example(i, 118.0)) < b.cost(&example(i, 118.0)));
            assert!(a.cost(&example(i, 64.0)) > b.cost(&example(i, 64.0)));
        }
        assert!(Moments::of(light.iter().map(|seen| (seen, 0.0))).is_none());
    }
}
