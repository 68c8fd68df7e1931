//! Owns: rotations and shifts, and the small linear algebra that finds them. Must never know: surfaces.
//!
//! No sine or cosine anywhere: they differ in their last bit between machines, and a report is compared by its digest. What is
//! here are sums, products, quotients and square roots, which IEEE 754 rounds the same everywhere.

use crate::vec3::{Vec3, add, cross, dot, scale, sub};

/// Rows of a matrix.
pub(super) type Rows = [Vec3; 3];

pub(super) const IDENTITY: Rows = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];

/// A rotation, then a shift in millimetres.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Pose {
    pub rotation: Rows,
    pub shift: Vec3,
}

impl Pose {
    /// Where a point comes to stand.
    pub fn of(&self, point: Vec3) -> Vec3 {
        add(times(&self.rotation, point), self.shift)
    }

    /// This pose, then a turn about `centre` by the Cayley vector `turn` and a shift.
    pub fn moved(&self, centre: Vec3, turn: Vec3, shift: Vec3) -> Pose {
        let rotation = cayley(turn);
        let from_centre = sub(self.shift, centre);
        Pose {
            rotation: product(&rotation, &self.rotation),
            shift: add(add(times(&rotation, from_centre), centre), shift),
        }
    }
}

pub(super) fn times(rows: &Rows, v: Vec3) -> Vec3 {
    rows.map(|row| dot(row, v))
}

pub(super) fn transposed(rows: &Rows) -> Rows {
    std::array::from_fn(|i| std::array::from_fn(|j| rows[j][i]))
}

pub(super) fn product(a: &Rows, b: &Rows) -> Rows {
    let columns = transposed(b);
    a.map(|row| columns.map(|column| dot(row, column)))
}

/// The rotation about `turn` by twice the angle whose tangent is half its length: for small turns, by its length.
fn cayley(turn: Vec3) -> Rows {
    let [x, y, z] = scale(turn, 0.5);
    quaternion([1.0, x, y, z])
}

/// The rotation of a quaternion of any length above 0.
pub(super) fn quaternion([w, x, y, z]: [f64; 4]) -> Rows {
    let s = 2.0 / (w * w + x * x + y * y + z * z);
    [
        [
            1.0 - s * (y * y + z * z),
            s * (x * y - w * z),
            s * (x * z + w * y),
        ],
        [
            s * (x * y + w * z),
            1.0 - s * (x * x + z * z),
            s * (y * z - w * x),
        ],
        [
            s * (x * z - w * y),
            s * (y * z + w * x),
            1.0 - s * (x * x + y * y),
        ],
    ]
}

/// The principal axes of a symmetric matrix as rows, the longest first, right-handed. Cyclic Jacobi rotations.
pub(super) fn axes(symmetric: Rows) -> Rows {
    let mut a = symmetric;
    let mut vectors = IDENTITY;
    for _ in 0..32 {
        for (p, q) in [(0, 1), (0, 2), (1, 2)] {
            if a[p][q] == 0.0 {
                continue;
            }
            let theta = (a[q][q] - a[p][p]) / (2.0 * a[p][q]);
            let t = theta.signum() / (theta.abs() + (theta * theta + 1.0).sqrt());
            let c = 1.0 / (t * t + 1.0).sqrt();
            let s = t * c;
            let mut turn = IDENTITY;
            (turn[p][p], turn[q][q], turn[p][q], turn[q][p]) = (c, c, -s, s);
            a = product(&product(&turn, &a), &transposed(&turn));
            vectors = product(&turn, &vectors);
        }
    }
    let mut order = [0, 1, 2];
    order.sort_by(|i, j| a[*j][*j].total_cmp(&a[*i][*i]));
    let [first, second] = [vectors[order[0]], vectors[order[1]]];
    [first, second, cross(first, second)]
}

/// Solves a symmetric positive system of six by Cholesky; nothing where it is not positive.
pub(super) fn solve(mut m: [[f64; 6]; 6], mut v: [f64; 6]) -> Option<[f64; 6]> {
    for i in 0..6 {
        for j in 0..=i {
            let sum: f64 = (0..j).map(|k| m[i][k] * m[j][k]).sum();
            if i == j {
                let left = m[i][i] - sum;
                if left <= 0.0 || !left.is_finite() {
                    return None;
                }
                m[i][i] = left.sqrt();
            } else {
                m[i][j] = (m[i][j] - sum) / m[j][j];
            }
        }
    }
    for i in 0..6 {
        let sum: f64 = (0..i).map(|k| m[i][k] * v[k]).sum();
        v[i] = (v[i] - sum) / m[i][i];
    }
    for i in (0..6).rev() {
        let sum: f64 = (i + 1..6).map(|k| m[k][i] * v[k]).sum();
        v[i] = (v[i] - sum) / m[i][i];
    }
    Some(v)
}
