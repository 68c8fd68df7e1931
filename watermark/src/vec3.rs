//! Owns: the handful of 3-vector operations that the geometry needs, in `f64`, in millimetres unless a caller
//! says otherwise. Must never know what the vectors are of.

/// A point or direction.
pub(crate) type Vec3 = [f64; 3];

/// An STL vertex, widened without loss.
pub(crate) fn wide(v: [f32; 3]) -> Vec3 {
    v.map(f64::from)
}

/// The nearest STL vertex. Negative zero becomes zero, so that equal coordinates have equal bits.
pub(crate) fn narrow(v: Vec3) -> [f32; 3] {
    v.map(|c| c as f32 + 0.0)
}

pub(crate) fn add(a: Vec3, b: Vec3) -> Vec3 {
    [a[0] + b[0], a[1] + b[1], a[2] + b[2]]
}

pub(crate) fn sub(a: Vec3, b: Vec3) -> Vec3 {
    [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}

pub(crate) fn scale(a: Vec3, k: f64) -> Vec3 {
    [a[0] * k, a[1] * k, a[2] * k]
}

pub(crate) fn dot(a: Vec3, b: Vec3) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

pub(crate) fn cross(a: Vec3, b: Vec3) -> Vec3 {
    [
        a[1] * b[2] - a[2] * b[1],
        a[2] * b[0] - a[0] * b[2],
        a[0] * b[1] - a[1] * b[0],
    ]
}

pub(crate) fn length(a: Vec3) -> f64 {
    dot(a, a).sqrt()
}

/// The direction of `a`, or `None` where it has none.
pub(crate) fn unit(a: Vec3) -> Option<Vec3> {
    let len = length(a);
    (len > 0.0 && len.is_finite()).then(|| scale(a, 1.0 / len))
}

/// Twice the area of the triangle, as a vector along its outward normal.
pub(crate) fn area_vector(t: &[[f32; 3]; 3]) -> Vec3 {
    let [a, b, c] = t.map(wide);
    cross(sub(b, a), sub(c, a))
}
