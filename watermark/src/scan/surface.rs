//! Owns: the nearest point of a triangle surface, and on which side of it a point lies. Must never know: scans or poses.
//!
//! A tree of boxes of our own: geometry libraries that have one bring a linear algebra with them whose compile time is a
//! multiple of this crate's.

use crate::vec3::{Vec3, add, cross, dot, length, scale, sub, unit, wide};

const LEAF: usize = 4;
/// So many points are one core's work.
const ALONE_MAX: usize = 5_000;
/// Up to so many triangles the long ones are cut: boxes around them would overlap everywhere. More are small by themselves.
const CUT_MAX: usize = 200_000;
/// Distances that differ by less are one: a point above an edge is as near to both faces.
const TIE: f64 = 1e-9;

/// Triangles in a tree of boxes.
pub(super) struct Surface {
    triangles: Vec<Triangle>,
    nodes: Vec<Node>,
}

/// The nearest point of the surface.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Foot {
    pub at: Vec3,
    /// Outward unit normal there.
    pub normal: Vec3,
    /// In millimetres, never negative.
    pub distance: f64,
    /// The same, negative inside.
    pub signed: f64,
}

struct Triangle {
    corners: [Vec3; 3],
    normal: Vec3,
    /// Place in the order of the file.
    number: usize,
}

struct Node {
    low: Vec3,
    high: Vec3,
    content: Content,
}

enum Content {
    /// The left child is the next node.
    Branch {
        right: usize,
    },
    Leaf {
        first: usize,
        end: usize,
    },
}

/// The best so far: square of the distance, how squarely the face is met, its number, the point.
struct Best {
    square: f64,
    facing: f64,
    number: usize,
    foot: Option<(Vec3, Vec3)>,
}

impl Surface {
    /// Triangles without area are left out; nothing is left where there is no other.
    pub fn of(triangles: &[[[f32; 3]; 3]]) -> Option<Surface> {
        let longest = longest_side(triangles);
        let whole = triangles.iter().flat_map(|corners| {
            let corners = corners.map(wide);
            let [a, b, c] = corners;
            let normal = unit(cross(sub(b, a), sub(c, a)));
            let pieces = normal.map(|normal| (normal, cut(corners, longest)));
            pieces.into_iter().flat_map(move |(normal, pieces)| {
                pieces.into_iter().map(move |corners| Triangle {
                    corners,
                    normal,
                    number: 0,
                })
            })
        });
        let mut triangles: Vec<Triangle> = whole.collect();
        (0..)
            .zip(&mut triangles)
            .for_each(|(number, of)| of.number = number);
        let mut nodes = Vec::with_capacity(triangles.len());
        if triangles.is_empty() {
            return None;
        }
        build(&mut triangles, 0, &mut nodes);
        Some(Surface { triangles, nodes })
    }

    /// [`Surface::nearest`] of each. On all cores where there are many: each is found by itself, so their number and order change
    /// nothing.
    pub fn nearest_of_all(&self, points: &[Vec3]) -> Vec<Foot> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let each = points.len().div_ceil(cores).max(ALONE_MAX);
        let find = |part: &[Vec3]| -> Vec<Foot> {
            part.iter().map(|point| self.nearest(*point)).collect()
        };
        if points.len() <= each {
            return find(points);
        }
        std::thread::scope(|scope| {
            let parts = points.chunks(each);
            let parts: Vec<_> = parts.map(|part| scope.spawn(move || find(part))).collect();
            let found = parts.into_iter().map(|part| part.join());
            let found = found.map(|part| part.expect("looking for a point does not panic"));
            found.flatten().collect()
        })
    }

    /// The nearest point to `point`.
    pub fn nearest(&self, point: Vec3) -> Foot {
        let mut best = Best {
            square: f64::INFINITY,
            facing: 0.0,
            number: usize::MAX,
            foot: None,
        };
        // Halving makes the tree at most 64 deep, and each level leaves one node waiting.
        let mut waiting = [(0_usize, 0.0_f64); 64];
        let mut count = 1;
        while count > 0 {
            count -= 1;
            let (index, square) = waiting[count];
            if square > best.limit() {
                continue;
            }
            match self.nodes[index].content {
                Content::Branch { right } => {
                    let [left, right] = [index + 1, right].map(|child| {
                        let square = self.nodes[child].square_distance(point);
                        (child, square)
                    });
                    // The nearer side last, so that it is looked at first and cuts the rest short.
                    let order = if left.1 < right.1 {
                        [right, left]
                    } else {
                        [left, right]
                    };
                    waiting[count..count + 2].copy_from_slice(&order);
                    count += 2;
                }
                Content::Leaf { first, end } => {
                    let own = &self.triangles[first..end];
                    own.iter().for_each(|triangle| best.meet(triangle, point));
                }
            }
        }
        best.foot(point)
    }
}

impl Best {
    fn foot(&self, point: Vec3) -> Foot {
        let found = self.foot;
        let (at, normal) = found.expect("a surface has a triangle, and coordinates are finite");
        let offset = sub(point, at);
        let distance = dot(offset, offset).sqrt();
        let is_in = dot(offset, normal) < 0.0;
        let signed = if is_in { -distance } else { distance };
        Foot {
            at,
            normal,
            distance,
            signed,
        }
    }

    fn limit(&self) -> f64 {
        self.square * (1.0 + TIE) + TIE * TIE
    }

    /// Of faces that are as near, the one that is met most squarely tells the side; of those the first.
    fn meet(&mut self, triangle: &Triangle, point: Vec3) {
        let at = nearest_of(triangle.corners, point);
        let offset = sub(point, at);
        let square = dot(offset, offset);
        if square > self.limit() {
            return;
        }
        let facing = dot(offset, triangle.normal).abs();
        let is_tie = self.square <= square * (1.0 + TIE) + TIE * TIE;
        let is_better =
            facing > self.facing || (facing == self.facing && triangle.number < self.number);
        if !is_tie || is_better {
            self.square = square.min(self.square);
            (self.facing, self.number) = (facing, triangle.number);
            self.foot = Some((at, triangle.normal));
        }
    }
}

impl Node {
    fn square_distance(&self, point: Vec3) -> f64 {
        let gap = |axis: usize| {
            let below = self.low[axis] - point[axis];
            let above = point[axis] - self.high[axis];
            below.max(above).max(0.0)
        };
        let gaps = [gap(0), gap(1), gap(2)];
        dot(gaps, gaps)
    }
}

/// How long a side may be: some times that of triangles which are all alike, and no less than a share of the longest.
fn longest_side(triangles: &[[[f32; 3]; 3]]) -> f64 {
    if triangles.len() > CUT_MAX {
        return f64::INFINITY;
    }
    let (mut area, mut longest) = (0.0, 0.0_f64);
    for [a, b, c] in triangles.iter().map(|of| of.map(wide)) {
        area += length(cross(sub(b, a), sub(c, a))) / 2.0;
        let sides = [sub(b, a), sub(c, b), sub(a, c)].map(length);
        longest = sides.into_iter().fold(longest, f64::max);
    }
    (4.0 * (area / triangles.len().max(2000) as f64).sqrt()).max(longest / 64.0)
}

/// The same area in triangles whose sides are no longer.
fn cut(corners: [Vec3; 3], longest: f64) -> Vec<[Vec3; 3]> {
    let (mut open, mut pieces) = (vec![corners], Vec::new());
    while let Some([a, b, c]) = open.pop() {
        let sides = [sub(b, a), sub(c, b), sub(a, c)].map(length);
        if sides.iter().all(|side| *side <= longest) {
            pieces.push([a, b, c]);
        } else {
            open.extend(halves([a, b, c], sides));
        }
    }
    pieces
}

/// Two triangles, by the middle of the longest side.
fn halves([a, b, c]: [Vec3; 3], sides: [f64; 3]) -> [[Vec3; 3]; 2] {
    let [p, q, r] = match () {
        () if sides[0] >= sides[1] && sides[0] >= sides[2] => [a, b, c],
        () if sides[1] >= sides[2] => [b, c, a],
        () => [c, a, b],
    };
    let middle = scale(add(p, q), 0.5);
    [[p, middle, r], [middle, q, r]]
}

/// Depth first; the order among equals is settled by their numbers, so that it is the same everywhere.
fn build(part: &mut [Triangle], first: usize, nodes: &mut Vec<Node>) {
    let (low, high) = bounds(part);
    let own = nodes.len();
    let end = first + part.len();
    nodes.push(Node {
        low,
        high,
        content: Content::Leaf { first, end },
    });
    if part.len() <= LEAF {
        return;
    }
    let sides = sub(high, low);
    let axis = (0..3).fold(0, |most, axis| {
        if sides[axis] > sides[most] {
            axis
        } else {
            most
        }
    });
    let middle = part.len() / 2;
    let centre = |of: &Triangle| of.corners[0][axis] + of.corners[1][axis] + of.corners[2][axis];
    part.select_nth_unstable_by(middle, |a, b| {
        centre(a)
            .total_cmp(&centre(b))
            .then(a.number.cmp(&b.number))
    });
    let (left, right) = part.split_at_mut(middle);
    build(left, first, nodes);
    nodes[own].content = Content::Branch { right: nodes.len() };
    build(right, first + middle, nodes);
}

fn bounds(part: &[Triangle]) -> (Vec3, Vec3) {
    let empty = ([f64::INFINITY; 3], [f64::NEG_INFINITY; 3]);
    let corners = part.iter().flat_map(|triangle| triangle.corners);
    corners.fold(empty, |(low, high), corner| {
        (
            std::array::from_fn(|axis| low[axis].min(corner[axis])),
            std::array::from_fn(|axis| high[axis].max(corner[axis])),
        )
    })
}

/// C. Ericson, Real-Time Collision Detection, 5.1.5: by the Voronoi regions of corners, edges and face.
fn nearest_of([a, b, c]: [Vec3; 3], p: Vec3) -> Vec3 {
    let (ab, ac, ap) = (sub(b, a), sub(c, a), sub(p, a));
    let (d1, d2) = (dot(ab, ap), dot(ac, ap));
    if d1 <= 0.0 && d2 <= 0.0 {
        return a;
    }
    let bp = sub(p, b);
    let (d3, d4) = (dot(ab, bp), dot(ac, bp));
    if d3 >= 0.0 && d4 <= d3 {
        return b;
    }
    let vc = d1 * d4 - d3 * d2;
    if vc <= 0.0 && d1 >= 0.0 && d3 <= 0.0 {
        return add(a, scale(ab, d1 / (d1 - d3)));
    }
    let cp = sub(p, c);
    let (d5, d6) = (dot(ab, cp), dot(ac, cp));
    if d6 >= 0.0 && d5 <= d6 {
        return c;
    }
    let vb = d5 * d2 - d1 * d6;
    if vb <= 0.0 && d2 >= 0.0 && d6 <= 0.0 {
        return add(a, scale(ac, d2 / (d2 - d6)));
    }
    let va = d3 * d6 - d5 * d4;
    if va <= 0.0 && d4 - d3 >= 0.0 && d5 - d6 >= 0.0 {
        let along = (d4 - d3) / ((d4 - d3) + (d5 - d6));
        return add(b, scale(sub(c, b), along));
    }
    let whole = 1.0 / (va + vb + vc);
    add(a, add(scale(ab, vb * whole), scale(ac, vc * whole)))
}
