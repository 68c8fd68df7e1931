use super::*;
use proptest::prelude::*;

const FLAT: Triangle = [[0.0, 0.0, 0.0], [10.0, 0.0, 0.0], [0.0, 10.0, 0.0]];

fn both(one: &Triangle, other: &Triangle) -> bool {
    let found = cross(one, other);
    assert_eq!(found, cross(other, one), "{one:?} {other:?}");
    found
}

#[test]
fn what_meets_elsewhere_than_in_its_corners_crosses() {
    let cases: [(&str, Triangle, bool); 12] = [
        (
            "apart",
            [[0.0, 0.0, 1.0], [9.0, 0.0, 1.0], [0.0, 9.0, 2.0]],
            false,
        ),
        (
            "through",
            [[2.0, 2.0, -1.0], [3.0, 2.0, 1.0], [2.0, 3.0, 1.0]],
            true,
        ),
        (
            "a tip on it",
            [[2.0, 2.0, 0.0], [3.0, 2.0, 1.0], [2.0, 3.0, 1.0]],
            true,
        ),
        (
            "beside it in its plane",
            [[20.0, 0.0, 0.0], [30.0, 0.0, 0.0], [20.0, 9.0, 0.0]],
            false,
        ),
        (
            "within it in its plane",
            [[1.0, 1.0, 0.0], [2.0, 1.0, 0.0], [1.0, 2.0, 0.0]],
            true,
        ),
        (
            "around it in its plane",
            [[-9.0, -9.0, 0.0], [50.0, -9.0, 0.0], [-9.0, 50.0, 0.0]],
            true,
        ),
        (
            "a corner shared",
            [FLAT[0], [-5.0, 0.0, 3.0], [0.0, -5.0, 3.0]],
            false,
        ),
        (
            "a corner shared, and through",
            [FLAT[0], [5.0, 5.0, -3.0], [4.0, 5.0, 3.0]],
            true,
        ),
        (
            "a corner shared, within it",
            [FLAT[0], [2.0, 1.0, 0.0], [1.0, 2.0, 0.0]],
            true,
        ),
        (
            "an edge shared",
            [FLAT[1], FLAT[0], [3.0, -4.0, 2.0]],
            false,
        ),
        (
            "an edge shared, folded",
            [FLAT[1], FLAT[0], [3.0, 4.0, 0.0]],
            true,
        ),
        (
            "an edge shared, laid open",
            [FLAT[1], FLAT[0], [3.0, -4.0, 0.0]],
            false,
        ),
    ];
    for (name, other, expected) in cases {
        assert_eq!(both(&FLAT, &other), expected, "{name}");
    }
    assert!(both(&FLAT, &FLAT), "the same");
}

/// Whether a point of the other's edges comes near the first: sampled, so it may miss, and never finds too much.
fn sampled(one: &Triangle, other: &Triangle) -> bool {
    let t = one.map(wide);
    let normal = area_vector(one);
    (0..3).any(|i| {
        let (p, q) = (wide(other[i]), wide(other[(i + 1) % 3]));
        let (from, to) = (side(t, p), side(t, q));
        if from * to >= 0.0 {
            return false;
        }
        let share = from / (from - to);
        let at: Vec3 = std::array::from_fn(|axis| p[axis] + share * (q[axis] - p[axis]));
        (0..3).all(|i| {
            let edge = crate::vec3::sub(t[(i + 1) % 3], t[i]);
            let out = crate::vec3::cross(edge, crate::vec3::sub(at, t[i]));
            crate::vec3::dot(out, normal) > 1e-6 * crate::vec3::dot(normal, normal)
        })
    })
}

fn corner() -> impl Strategy<Value = [f32; 3]> {
    prop::array::uniform3((-8_i8..8).prop_map(f32::from))
}

proptest! {
    #[test]
    fn it_is_symmetric_and_finds_what_sampling_finds(one in prop::array::uniform3(corner()), other in prop::array::uniform3(corner())) {
        prop_assume!(area_vector(&one) != [0.0; 3] && area_vector(&other) != [0.0; 3]);
        let found = both(&one, &other);
        if sampled(&one, &other) || sampled(&other, &one) {
            prop_assert!(found);
        }
    }
}
