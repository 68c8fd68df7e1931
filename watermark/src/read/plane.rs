//! Owns: the perspective between a square of modules and a picture of it. Must never know: what is in either.

pub(crate) type Point = [f32; 2];

/// The perspective from modules to pixels.
pub(crate) struct Plane([f32; 8]);

impl Plane {
    /// The one that takes the corners of a square of `size` to `corners`, both from the upper left around. `None` where they are no quadrilateral.
    pub(crate) fn through([a, b, c, d]: [Point; 4], size: f32) -> Option<Self> {
        let sum = [0, 1].map(|i| a[i] - b[i] + c[i] - d[i]);
        let (u, v) = ([b[0] - c[0], b[1] - c[1]], [d[0] - c[0], d[1] - c[1]]);
        let area = u[0] * v[1] - v[0] * u[1];
        let g = (sum[0] * v[1] - v[0] * sum[1]) / area;
        let h = (u[0] * sum[1] - sum[0] * u[1]) / area;
        let row = |i: usize| {
            [
                (b[i] - a[i] + g * b[i]) / size,
                (d[i] - a[i] + h * d[i]) / size,
                a[i],
            ]
        };
        let ([p, q, r], [s, t, w]) = (row(0), row(1));
        let all = [p, q, r, s, t, w, g / size, h / size];
        all.iter().all(|c| c.is_finite()).then_some(Self(all))
    }

    /// From modules to pixels.
    pub(crate) fn to_picture(&self, [x, y]: Point) -> Point {
        let [p, q, r, s, t, w, g, h] = self.0;
        let depth = g * x + h * y + 1.0;
        [(p * x + q * y + r) / depth, (s * x + t * y + w) / depth]
    }
}
