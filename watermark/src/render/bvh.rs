//! Owns: which triangle a ray meets, quickly. Must never know: cameras or light.

use crate::vec3::{Vec3, add, cross, dot, length, scale, sub, wide};

/// A hit nearer than this, in ray lengths, is the surface that the ray starts from.
const NEAR: f64 = 1e-9;
const LEAF_TRIANGLES: usize = 4;
/// Longer triangles are cut, as a share of the whole: flat faces of CAD parts are fans of needles, whose boxes all
/// overlap and would make each ray visit hundreds.
const LONGEST_SIDE: f64 = 0.02;

/// Boxes around boxes around triangles.
pub(super) struct Bvh {
    nodes: Vec<Node>,
    triangles: Vec<Corners>,
}

struct Corners {
    index: usize,
    at: Vec3,
    sides: [Vec3; 2],
}

struct Node {
    low: Vec3,
    high: Vec3,
    content: Content,
}

enum Content {
    Leaf {
        first: usize,
        end: usize,
    },
    /// The left child follows its parent.
    Branch {
        right: usize,
        axis: usize,
    },
}

impl Bvh {
    pub(super) fn of(triangles: &[[[f32; 3]; 3]]) -> Self {
        let whole: Vec<Corners> = triangles
            .iter()
            .enumerate()
            .map(|(index, t)| Corners::new(index, t.map(wide)))
            .collect();
        let (low, high) = bounds(&whole);
        let longest = length(sub(high, low)) * LONGEST_SIDE;
        let triangles = whole.iter().flat_map(|t| t.shattered(longest)).collect();
        let mut bvh = Self {
            nodes: Vec::new(),
            triangles,
        };
        bvh.split(0, bvh.triangles.len());
        bvh
    }

    fn split(&mut self, first: usize, end: usize) {
        let part = &mut self.triangles[first..end];
        let (low, high) = bounds(part);
        let node = self.nodes.len();
        self.nodes.push(Node {
            low,
            high,
            content: Content::Leaf { first, end },
        });
        if part.len() <= LEAF_TRIANGLES {
            return;
        }
        let axis = (0..3)
            .max_by(|&a, &b| (high[a] - low[a]).total_cmp(&(high[b] - low[b])))
            .unwrap_or(0);
        let middle = part.len() / 2;
        part.select_nth_unstable_by(middle, |a, b| {
            centre(a, axis)
                .total_cmp(&centre(b, axis))
                .then(a.index.cmp(&b.index))
        });
        self.split(first, first + middle);
        self.nodes[node].content = Content::Branch {
            right: self.nodes.len(),
            axis,
        };
        self.split(first + middle, end);
    }

    /// The nearest triangle along the ray, and how many ray lengths away.
    pub(super) fn nearest(&self, from: Vec3, ray: Vec3) -> Option<(usize, f64)> {
        let mut best: Option<(usize, f64)> = None;
        self.walk(from, ray, |triangle, distance| {
            if best.is_none_or(|(_, d)| distance < d) {
                best = Some((triangle, distance));
            }
            best.map_or(f64::INFINITY, |(_, d)| d)
        });
        best
    }

    /// Calls `meet` with triangles along the ray, in no order; what it returns is how far to look on.
    fn walk(&self, from: Vec3, ray: Vec3, mut meet: impl FnMut(usize, f64) -> f64) {
        let inverse = ray.map(|c| 1.0 / c);
        let mut limit = f64::INFINITY;
        // Halving makes the tree at most 64 deep, and each level leaves one node waiting.
        let mut waiting = [0_usize; 64];
        let mut count = 1;
        while count > 0 && limit > 0.0 {
            count -= 1;
            let index = waiting[count];
            let node = &self.nodes[index];
            if !node.crossed(from, inverse, limit) {
                continue;
            }
            match node.content {
                Content::Branch { right, axis } => {
                    // The nearer side last, so that it is looked at first and cuts the rest short.
                    let order = if ray[axis] < 0.0 {
                        [index + 1, right]
                    } else {
                        [right, index + 1]
                    };
                    waiting[count..count + 2].copy_from_slice(&order);
                    count += 2;
                }
                Content::Leaf { first, end } => {
                    for t in &self.triangles[first..end] {
                        if let Some(distance) = t.distance(from, ray).filter(|&d| d < limit) {
                            limit = meet(t.index, distance);
                        }
                    }
                }
            }
        }
    }
}

impl Node {
    fn crossed(&self, from: Vec3, inverse: Vec3, limit: f64) -> bool {
        let (mut enter, mut leave) = (0.0_f64, limit);
        for axis in 0..3 {
            let a = (self.low[axis] - from[axis]) * inverse[axis];
            let b = (self.high[axis] - from[axis]) * inverse[axis];
            enter = enter.max(a.min(b));
            leave = leave.min(a.max(b));
        }
        enter <= leave
    }
}

impl Corners {
    fn new(index: usize, [a, b, c]: [Vec3; 3]) -> Self {
        Self {
            index,
            at: a,
            sides: [sub(b, a), sub(c, a)],
        }
    }

    /// The same area in pieces whose sides are at most `longest`.
    fn shattered(&self, longest: f64) -> Vec<Self> {
        let [u, v] = self.sides;
        let mut open = vec![[self.at, add(self.at, u), add(self.at, v)]];
        let mut pieces = Vec::new();
        while let Some([a, b, c]) = open.pop() {
            let sides = [[a, b, c], [b, c, a], [c, a, b]];
            let side = |t: &[Vec3; 3]| length(sub(t[1], t[0]));
            let [p, q, r] = sides
                .into_iter()
                .max_by(|s, t| side(s).total_cmp(&side(t)))
                .unwrap_or([a, b, c]);
            if side(&[p, q, r]) <= longest {
                pieces.push(Self::new(self.index, [a, b, c]));
                continue;
            }
            let middle = scale(add(p, q), 0.5);
            open.extend([[p, middle, r], [middle, q, r]]);
        }
        pieces
    }

    /// By Moeller and Trumbore; both sides count.
    fn distance(&self, from: Vec3, ray: Vec3) -> Option<f64> {
        let [u, v] = self.sides;
        let p = cross(ray, v);
        let det = dot(u, p);
        if det == 0.0 {
            return None;
        }
        let offset = sub(from, self.at);
        let a = dot(offset, p) / det;
        let q = cross(offset, u);
        let b = dot(ray, q) / det;
        let distance = dot(v, q) / det;
        (a >= 0.0 && b >= 0.0 && a + b <= 1.0 && distance > NEAR).then_some(distance)
    }
}

/// Of one whole triangle, without any tree: what the tree is checked against.
#[cfg(test)]
pub(super) fn distance(t: &[[f32; 3]; 3], from: Vec3, ray: Vec3) -> Option<f64> {
    Corners::new(0, t.map(wide)).distance(from, ray)
}

fn centre(t: &Corners, axis: usize) -> f64 {
    t.at[axis] + (t.sides[0][axis] + t.sides[1][axis]) / 3.0
}

fn bounds(part: &[Corners]) -> (Vec3, Vec3) {
    let empty = ([f64::INFINITY; 3], [f64::NEG_INFINITY; 3]);
    part.iter().fold(empty, |(low, high), t| {
        let range = |axis: usize| {
            let [u, v] = t.sides.map(|s| t.at[axis] + s[axis]);
            (
                low[axis].min(t.at[axis]).min(u).min(v),
                high[axis].max(t.at[axis]).max(u).max(v),
            )
        };
        (
            std::array::from_fn(|axis| range(axis).0),
            std::array::from_fn(|axis| range(axis).1),
        )
    })
}
