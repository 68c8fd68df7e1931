//! Owns: what is free in a plane, between lines and outside of areas, and how far everything is from a point in it.
//! Must never know: meshes, symbols. Angles are made without a sine, so that every machine has the same.

use super::regions::Border;
use crate::zone::clearance::clip_to_prism;
use std::collections::BTreeMap;

/// A point in the plane, in millimetres.
pub(super) type Point = [f64; 2];

/// Steps of a quarter turn that are tried whatever the lines are.
pub(super) const STEPS: u32 = 16;
/// Directions of lines that are tried.
const MAX_DIRECTIONS: usize = 8;
/// What only touches the way does not bar it.
const SHY: f64 = 0.999;

/// A rotation, as cosine and sine.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Turn(Point);

impl Turn {
    pub(super) const NONE: Turn = Turn([1.0, 0.0]);

    /// By twice the angle whose tangent is `half`.
    pub(super) fn by(half: f64) -> Turn {
        let square = half * half;
        Turn([(1.0 - square) / (1.0 + square), 2.0 * half / (1.0 + square)])
    }

    pub(super) fn and(self, other: Turn) -> Turn {
        let ([a, b], [c, d]) = (self.0, other.0);
        Turn([a * c - b * d, a * d + b * c])
    }

    /// The point as seen from axes that are turned.
    pub(super) fn into(self, [x, y]: Point) -> Point {
        let [cos, sin] = self.0;
        [x * cos + y * sin, y * cos - x * sin]
    }

    /// And back.
    pub(super) fn back(self, [x, y]: Point) -> Point {
        let [cos, sin] = self.0;
        [x * cos - y * sin, y * cos + x * sin]
    }

    /// How much wider a square around a square is whose sides are turned by this.
    pub(super) fn widens(self) -> f64 {
        self.0[0].abs() + self.0[1].abs()
    }
}

/// What is free: left of all border lines, and outside of all blocked areas.
pub(super) struct Room {
    points: Vec<Point>,
    /// First point of each line and area, and behind the last the end.
    firsts: Vec<usize>,
    lines: usize,
}

impl Room {
    /// Closed outlines in any order, what is free on their left, and convex areas that are not free.
    pub(super) fn new(border: &[Border], blocked: &[Vec<Point>]) -> Self {
        let mut room = Self {
            points: Vec::new(),
            firsts: vec![0],
            lines: border.len(),
        };
        let lines = border.iter().map(|line| line.ends.as_slice());
        for shape in lines.chain(blocked.iter().map(Vec::as_slice)) {
            room.points.extend(shape);
            room.firsts.push(room.points.len());
        }
        room
    }

    /// How many lines and areas there are.
    pub(super) fn shapes(&self) -> usize {
        self.firsts.len() - 1
    }

    /// How many of them are lines, which come first.
    pub(super) fn lines(&self) -> usize {
        self.lines
    }

    fn shape(&self, shape: usize) -> &[Point] {
        &self.points[self.firsts[shape]..self.firsts[shape + 1]]
    }

    /// How far a line or an area is from a point, as the compass measures it.
    pub(super) fn distance(&self, shape: usize, at: Point) -> f64 {
        self.nearest(shape, |p| [p[0] - at[0], p[1] - at[1]], line_distance)
    }

    /// Half the side of the square around a point, turned, that it touches.
    pub(super) fn square_distance(&self, shape: usize, at: Point, turn: Turn) -> f64 {
        let seen = |p: Point| turn.into([p[0] - at[0], p[1] - at[1]]);
        self.nearest(shape, seen, line_square_distance)
    }

    /// Zero within an area.
    fn nearest(
        &self,
        shape: usize,
        seen: impl Fn(Point) -> Point,
        line: impl Fn(Point, Point) -> f64,
    ) -> f64 {
        let points = self.shape(shape);
        if shape < self.lines {
            return line(seen(points[0]), seen(points[1]));
        }
        let (mut left, mut right, mut nearest) = (false, false, f64::INFINITY);
        let mut from = seen(points[points.len() - 1]);
        for &point in points {
            let to = seen(point);
            let side = from[0] * to[1] - from[1] * to[0];
            left |= side > 0.0;
            right |= side < 0.0;
            nearest = nearest.min(line(from, to));
            from = to;
        }
        if left != right { 0.0 } else { nearest }
    }

    /// Half the side of the largest free square around a point at a rotation; zero where the point is not free.
    pub(super) fn reach(&self, at: Point, turn: Turn) -> f64 {
        if !self.is_inside(at) {
            return 0.0;
        }
        let distances = (0..self.shapes()).map(|shape| self.square_distance(shape, at, turn));
        distances.fold(f64::INFINITY, f64::min)
    }

    /// By the number of times that the border winds around the point.
    pub(super) fn is_inside(&self, [x, y]: Point) -> bool {
        let mut winds = 0;
        for line in self.points[..self.firsts[self.lines]].as_chunks::<2>().0 {
            let [from, to] = line;
            if (from[1] <= y) != (to[1] <= y) {
                let at = from[0] + (y - from[1]) / (to[1] - from[1]) * (to[0] - from[0]);
                winds += i32::from(at > x) * if to[1] > from[1] { 1 } else { -1 };
            }
        }
        winds > 0
    }

    /// The box around the border, turned.
    pub(super) fn bounds(&self, turn: Turn) -> (Point, Point) {
        let ends = ([f64::INFINITY; 2], [f64::NEG_INFINITY; 2]);
        let points = self.points[..self.firsts[self.lines]].iter();
        points.map(|&p| turn.into(p)).fold(ends, |(low, high), p| {
            (
                [low[0].min(p[0]), low[1].min(p[1])],
                [high[0].max(p[0]), high[1].max(p[1])],
            )
        })
    }

    /// Rotations worth trying: as it stands first, then along the longest lines, then all around.
    pub(super) fn turns(&self) -> Vec<Turn> {
        let mut lengths: BTreeMap<u32, (f64, f64, Point)> = BTreeMap::new();
        for line in 0..self.lines {
            let [from, to] = [self.shape(line)[0], self.shape(line)[1]];
            let side = [to[0] - from[0], to[1] - from[1]];
            let length = (side[0] * side[0] + side[1] * side[1]).sqrt();
            let direction = first_quadrant(side.map(|c| c / length));
            let about = (direction[1] / (direction[0] + direction[1]) * 500.0).round() as u32;
            let entry = lengths.entry(about).or_insert((0.0, 0.0, direction));
            entry.0 += length;
            if length > entry.1 {
                (entry.1, entry.2) = (length, direction);
            }
        }
        let mut along: Vec<_> = lengths.into_values().collect();
        along.sort_by(|p, q| q.0.total_cmp(&p.0));
        let along = along.into_iter().take(MAX_DIRECTIONS);
        let around = (1..STEPS).map(|step| Turn::by(f64::from(step) / f64::from(STEPS)));
        [Turn::NONE]
            .into_iter()
            .chain(along.map(|(_, _, direction)| Turn(direction)))
            .chain(around)
            .collect()
    }

    /// The larger of the two rectangles that a free square becomes when it is widened first, or heightened first.
    pub(super) fn around(&self, at: Point, half: f64, turn: Turn) -> Point {
        let wide = self.free(0, at, half, turn);
        let high = self.free(1, at, half, turn);
        let first = [wide, self.free(1, at, wide / 2.0, turn)];
        let other = [self.free(0, at, high / 2.0, turn), high];
        let larger = first[0] * first[1] >= other[0] * other[1];
        let found = if larger { first } else { other };
        found.map(|side| side.max(2.0 * half))
    }

    /// How far a way through a point reaches along an axis, both ends together, when it is twice `half` wide.
    fn free(&self, axis: usize, at: Point, half: f64, turn: Turn) -> f64 {
        let (mut below, mut above) = (f64::INFINITY, f64::INFINITY);
        for shape in 0..self.shapes() {
            let seen = self.shape(shape).iter().map(|p| {
                let p = turn.into([p[0] - at[0], p[1] - at[1]]);
                [p[axis], p[1 - axis], 0.0]
            });
            for [along, ..] in clip_to_prism(seen.collect(), [f64::INFINITY, half * SHY]) {
                if along >= 0.0 {
                    above = above.min(along);
                } else {
                    below = below.min(-along);
                }
            }
        }
        above + below
    }
}

/// The same direction, turned by quarters until it points to the right and not down.
fn first_quadrant([x, y]: Point) -> Point {
    match (x > 0.0, y >= 0.0) {
        (true, true) => [x, y],
        (false, _) if y > 0.0 => [y, -x],
        (true, false) => [-y, x],
        _ => first_quadrant([-x, -y]),
    }
}

/// From the origin to a line.
fn line_distance(from: Point, to: Point) -> f64 {
    let side = [to[0] - from[0], to[1] - from[1]];
    let square = side[0] * side[0] + side[1] * side[1];
    let along = -(from[0] * side[0] + from[1] * side[1]);
    let share = if square > 0.0 {
        (along / square).clamp(0.0, 1.0)
    } else {
        0.0
    };
    let [x, y] = [from[0] + share * side[0], from[1] + share * side[1]];
    (x * x + y * y).sqrt()
}

/// The larger coordinate is smallest at an end, or where both are equal.
fn line_square_distance(from: Point, to: Point) -> f64 {
    let larger = |p: Point| p[0].abs().max(p[1].abs());
    let mut nearest = larger(from).min(larger(to));
    for side in [1.0, -1.0] {
        let (p, q) = (from[0] - side * from[1], to[0] - side * to[1]);
        if p * q < 0.0 {
            let share = p / (p - q);
            nearest = nearest.min((from[1] + share * (to[1] - from[1])).abs());
        }
    }
    nearest
}
