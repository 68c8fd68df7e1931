//! Owns: the largest square between lines and areas in a plane, at any rotation. Must never know: meshes, symbols.
//!
//! For one rotation it is the point that is farthest from everything, where far is the larger of two coordinates. Cells that
//! halve are searched, the most promising first; each keeps only what may be nearest to a point in it. Work is counted, not
//! timed, and what is found when it is used up counts. Angles are made without a sine, so that every machine has the same.

use crate::zone::thickness::clip_to_prism;
use std::collections::{BTreeMap, BinaryHeap};
use std::rc::Rc;

/// A point in the plane, in millimetres.
pub(super) type Point = [f64; 2];

/// Distances to be computed for one plane: enough for thousands of lines at every angle.
const MAX_WORK: u64 = 6_000_000;
/// A gain below this, as a share of the half side, is not looked for.
const PRECISION: f64 = 0.004;
const LEAST_GAIN_MM: f64 = 0.01;
/// Steps of a quarter turn that are tried whatever the lines are.
const STEPS: u32 = 16;
/// Directions of lines that are tried.
const MAX_DIRECTIONS: usize = 8;

/// What only touches the way does not bar it.
const SHY: f64 = 0.999;

/// A rotation, as cosine and sine.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Turn(pub(super) [f64; 2]);

impl Turn {
    const NONE: Turn = Turn([1.0, 0.0]);

    /// By twice the angle whose tangent is `half`.
    fn by(half: f64) -> Turn {
        let square = half * half;
        Turn([
            (1.0 - square) / (1.0 + square),
            2.0 * half / (1.0 + square),
        ])
    }

    fn and(self, other: Turn) -> Turn {
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
}

/// A square in the plane.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Square {
    pub(super) centre: Point,
    pub(super) half_mm: f64,
    pub(super) turn: Turn,
}

/// What is free: left of all border lines, and outside of all blocked areas.
pub(super) struct Room<'a> {
    /// Closed outlines in any order, what is free on their left.
    pub(super) border: &'a [[Point; 2]],
    /// Convex areas.
    pub(super) blocked: &'a [Vec<Point>],
}

impl Room<'_> {
    /// The largest square with more than `above_mm` from its middle to its sides, if there is one.
    pub(super) fn largest_square(&self, above_mm: f64) -> Option<Square> {
        let mut search = Search {
            room: self,
            best: None,
            floor: above_mm,
            work: 0,
        };
        for turn in self.turns() {
            search.at(turn);
        }
        let mut step = 0.5 / f64::from(STEPS);
        while step > 0.001 {
            let Some(best) = search.best else { break };
            for side in [Turn::by(step), Turn::by(-step)] {
                search.at(best.turn.and(side));
            }
            step /= 2.0;
        }
        search.best
    }

    /// How far everything is from a point at a rotation; zero where the point is not free.
    pub(super) fn reach(&self, centre: Point, turn: Turn) -> f64 {
        if !self.is_inside(centre) {
            return 0.0;
        }
        let shapes = Shapes::of(self, turn);
        let at = turn.into(centre);
        let distances = (0..shapes.len()).map(|shape| shapes.distance(shape, at));
        distances.fold(f64::INFINITY, f64::min)
    }

    /// The larger of the two rectangles that the square becomes when it is widened first, or heightened first.
    pub(super) fn around(&self, square: &Square) -> Point {
        let middle = square.turn.into(square.centre);
        let shapes = Shapes::of(self, square.turn);
        let half = square.half_mm;
        let wide = shapes.free(0, middle, [half; 2]);
        let high = shapes.free(1, middle, [half; 2]);
        let first = [wide, shapes.free(1, middle, [wide / 2.0, half])];
        let other = [shapes.free(0, middle, [half, high / 2.0]), high];
        if first[0] * first[1] >= other[0] * other[1] {
            first
        } else {
            other
        }
    }

    /// As it stands first, then along the longest lines, then all around.
    pub(super) fn turns(&self) -> Vec<Turn> {
        let mut lengths: BTreeMap<u32, (f64, f64, Point)> = BTreeMap::new();
        for [from, to] in self.border {
            let side = [to[0] - from[0], to[1] - from[1]];
            let length = (side[0] * side[0] + side[1] * side[1]).sqrt();
            let direction = first_quadrant(side).map(|c| c / length);
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

    /// By the number of times that the border winds around the point.
    fn is_inside(&self, [x, y]: Point) -> bool {
        let mut winds = 0;
        for [from, to] in self.border {
            if (from[1] <= y) != (to[1] <= y) {
                let crosses =
                    from[0] + (y - from[1]) / (to[1] - from[1]) * (to[0] - from[0]) > x;
                winds += i32::from(crosses) * if to[1] > from[1] { 1 } else { -1 };
            }
        }
        winds > 0
    }
}

/// The same direction, turned by quarters until it points to the right and not down.
fn first_quadrant([x, y]: Point) -> Point {
    match (x > 0.0, y >= 0.0) {
        (true, true) => [x, y],
        (false, true) if y > 0.0 => [y, -x],
        (false, _) => first_quadrant([-x, -y]),
        (true, false) => [-y, x],
    }
}

/// Border lines and blocked areas, turned.
struct Shapes {
    points: Vec<Point>,
    /// First point of each, and behind the last the end.
    firsts: Vec<usize>,
    lines: usize,
}

impl Shapes {
    fn of(room: &Room, turn: Turn) -> Self {
        let mut shapes = Self {
            points: Vec::new(),
            firsts: vec![0],
            lines: room.border.len(),
        };
        let lines = room.border.iter().map(|line| line.as_slice());
        for shape in lines.chain(room.blocked.iter().map(Vec::as_slice)) {
            shapes.points.extend(shape.iter().map(|&p| turn.into(p)));
            shapes.firsts.push(shapes.points.len());
        }
        shapes
    }

    fn len(&self) -> usize {
        self.firsts.len() - 1
    }

    fn distance(&self, shape: usize, at: Point) -> f64 {
        let points = &self.points[self.firsts[shape]..self.firsts[shape + 1]];
        if shape < self.lines {
            return line_distance(points[0], points[1], at);
        }
        let next = points.iter().cycle().skip(1);
        let (mut left, mut right, mut nearest) = (false, false, f64::INFINITY);
        for (&p, &q) in points.iter().zip(next) {
            let side = (q[0] - p[0]) * (at[1] - p[1]) - (q[1] - p[1]) * (at[0] - p[0]);
            left |= side > 0.0;
            right |= side < 0.0;
            nearest = nearest.min(line_distance(p, q, at));
        }
        if left != right { 0.0 } else { nearest }
    }

    /// How far the rectangle around a point reaches along an axis, both ways together, as wide as it is across.
    fn free(&self, axis: usize, middle: Point, half: Point) -> f64 {
        let (mut below, mut above) = (f64::INFINITY, f64::INFINITY);
        for shape in 0..self.len() {
            let points = &self.points[self.firsts[shape]..self.firsts[shape + 1]];
            let from = points
                .iter()
                .map(|p| [p[axis] - middle[axis], p[1 - axis] - middle[1 - axis], 0.0]);
            // Only what passes across the way counts, so all of it is clipped to that.
            let way = clip_to_prism(from.collect(), [f64::INFINITY, half[1 - axis] * SHY]);
            for [along, ..] in way {
                if along >= 0.0 {
                    above = above.min(along);
                } else {
                    below = below.min(-along);
                }
            }
        }
        above.max(half[axis]) + below.max(half[axis])
    }

    fn bounds(&self) -> (Point, Point) {
        let ends = ([f64::INFINITY; 2], [f64::NEG_INFINITY; 2]);
        let points = &self.points[..self.firsts[self.lines]];
        points.iter().fold(ends, |(low, high), p| {
            (
                [low[0].min(p[0]), low[1].min(p[1])],
                [high[0].max(p[0]), high[1].max(p[1])],
            )
        })
    }
}

/// The larger coordinate is smallest at an end, or where both are equal.
fn line_distance(from: Point, to: Point, at: Point) -> f64 {
    let a = [from[0] - at[0], from[1] - at[1]];
    let b = [to[0] - at[0], to[1] - at[1]];
    let larger = |p: Point| p[0].abs().max(p[1].abs());
    let mut nearest = larger(a).min(larger(b));
    for side in [1.0, -1.0] {
        let (p, q) = (a[0] - side * a[1], b[0] - side * b[1]);
        if p * q < 0.0 {
            let share = p / (p - q);
            nearest = nearest.min((a[1] + share * (b[1] - a[1])).abs());
        }
    }
    nearest
}

struct Search<'a> {
    room: &'a Room<'a>,
    best: Option<Square>,
    floor: f64,
    work: u64,
}

/// A square of the plane, and what may be nearest to a point in it.
struct Cell {
    /// No point in it is farther from everything.
    bound: f64,
    /// Later is less: of equals the first is taken, on every machine.
    order: u64,
    centre: Point,
    half: f64,
    near: Rc<[u32]>,
}

impl Ord for Cell {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let by_bound = self.bound.total_cmp(&other.bound);
        by_bound.then(other.order.cmp(&self.order))
    }
}

impl PartialOrd for Cell {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Cell {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Cell {}

impl Search<'_> {
    /// What a square must reach to be looked for.
    fn goal(&self) -> f64 {
        match self.best {
            Some(best) => best.half_mm + (best.half_mm * PRECISION).max(LEAST_GAIN_MM),
            None => self.floor,
        }
    }

    /// Looks for a larger square at this rotation.
    fn at(&mut self, turn: Turn) {
        let shapes = Shapes::of(self.room, turn);
        let (low, high) = shapes.bounds();
        let half = [0, 1].map(|i| (high[i] - low[i]) / 2.0);
        // No square is larger than what it must fit into.
        if half[0].min(half[1]) <= self.goal() {
            return;
        }
        let all: Rc<[u32]> = (0..shapes.len() as u32).collect();
        let mut open = BinaryHeap::new();
        let mut order = 0;
        let middle = [0, 1].map(|i| low[i] + half[i]);
        let first = (middle, half[0].max(half[1]));
        open.extend(self.cell(&shapes, turn, first, &all, order));
        while let Some(cell) = open.pop() {
            if cell.bound <= self.goal() || self.work > MAX_WORK {
                return;
            }
            let half = cell.half / 2.0;
            for [right, up] in [[-1.0, -1.0], [1.0, -1.0], [-1.0, 1.0], [1.0, 1.0]] {
                order += 1;
                let centre = [cell.centre[0] + right * half, cell.centre[1] + up * half];
                open.extend(self.cell(&shapes, turn, (centre, half), &cell.near, order));
            }
        }
    }

    /// The cell, if a larger square may have its middle in it. Its own middle is tried.
    fn cell(
        &mut self,
        shapes: &Shapes,
        turn: Turn,
        (centre, half): (Point, f64),
        near: &Rc<[u32]>,
        order: u64,
    ) -> Option<Cell> {
        self.work += near.len() as u64;
        let distances: Vec<f64> = near
            .iter()
            .map(|&shape| shapes.distance(shape as usize, centre))
            .collect();
        let nearest = distances.iter().copied().fold(f64::INFINITY, f64::min);
        let bound = nearest + half;
        if bound <= self.goal() {
            return None;
        }
        // Where no border passes, all of the cell is on one side.
        if nearest > half || nearest > self.goal() {
            self.work += self.room.border.len() as u64 / 4;
            let middle = turn.back(centre);
            let is_inside = self.room.is_inside(middle);
            if !is_inside && nearest > half {
                return None;
            }
            if is_inside && nearest > self.best.map_or(self.floor, |best| best.half_mm) {
                self.best = Some(Square {
                    centre: middle,
                    half_mm: nearest,
                    turn,
                });
            }
        }
        let may_be_nearest = nearest + 2.0 * half;
        let near = near
            .iter()
            .zip(distances)
            .filter(|(_, distance)| *distance <= may_be_nearest)
            .map(|(&shape, _)| shape)
            .collect();
        Some(Cell {
            bound,
            order,
            centre,
            half,
            near,
        })
    }
}
