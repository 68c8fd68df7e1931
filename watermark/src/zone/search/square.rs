//! Owns: the largest free square in a plane, at any rotation. Must never know: meshes, symbols.
//!
//! For one rotation its middle is the point that is farthest from everything, where far is the larger of two coordinates.
//! Cells that halve are searched, the most promising first; each keeps only what may be nearest to a point in it. The first
//! halvings serve every rotation: a square holds a circle, and a circle does not turn. Work is counted, not timed; when it
//! is used up, what was found counts.

use super::room::{Point, Room, STEPS, Turn};
use std::collections::{BinaryHeap, VecDeque};
use std::rc::Rc;

/// Distances to be computed for one room: enough for ten thousand lines at every rotation.
pub(super) const MAX_WORK: u64 = 4_000_000;
/// A gain below this, as a share of the half side, is not looked for.
const PRECISION: f64 = 0.01;
const LEAST_GAIN_MM: f64 = 0.03;
/// Cells for all rotations are halved until there are this many, so few lines are near, or they are so small against the least
/// square.
const MAX_COARSE: usize = 1024;
const FEW: usize = 8;
const FINE: f64 = 0.15;
/// A cell's diagonal by its side.
const DIAGONAL: f64 = std::f64::consts::SQRT_2;

/// A square in the plane.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Square {
    pub(super) centre: Point,
    pub(super) half_mm: f64,
    pub(super) turn: Turn,
}

/// Which squares are looked for, by half their side in millimetres.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted {
    /// No smaller one.
    pub(super) above_mm: f64,
    /// One as large as this is as good as any.
    pub(super) enough_mm: f64,
}

/// The largest free square that is wanted, if there is one.
pub(super) fn largest(room: &Room, wanted: Wanted) -> Option<Square> {
    largest_counted(room, wanted).0
}

/// And how many distances it took.
pub(super) fn largest_counted(room: &Room, wanted: Wanted) -> (Option<Square>, u64) {
    let mut search = Search::new(room, wanted);
    let coarse = search.coarse();
    let turns = if coarse.is_empty() {
        Vec::new()
    } else {
        room.turns()
    };
    for turn in turns {
        search.at(turn, &coarse);
    }
    let mut step = 0.5 / f64::from(STEPS);
    while step > 0.002 {
        let Some(best) = search.best else { break };
        for side in [Turn::by(step), Turn::by(-step)] {
            search.at(best.turn.and(side), &coarse);
        }
        step /= 2.0;
    }
    (search.best, search.work)
}

struct Search<'a> {
    room: &'a Room,
    wanted: Wanted,
    best: Option<Square>,
    work: u64,
}

/// A square of the plane, and what may be nearest to a point in it.
struct Cell {
    /// No square with its middle in the cell is larger.
    bound: f64,
    /// Of equals the first is taken, on every machine.
    order: usize,
    centre: Point,
    half: f64,
    near: Rc<[u32]>,
    /// Whether all of it lies within the border.
    inside: bool,
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

impl Cell {
    fn quarters(&self) -> [Point; 4] {
        let [x, y] = self.centre;
        let step = self.half / 2.0;
        let sides = [[-step, -step], [step, -step], [-step, step], [step, step]];
        sides.map(|[right, up]| [x + right, y + up])
    }
}

impl<'a> Search<'a> {
    fn new(room: &'a Room, wanted: Wanted) -> Self {
        Self {
            room,
            wanted,
            best: None,
            work: 0,
        }
    }

    /// What a square must reach to be looked for.
    fn goal(&self) -> f64 {
        match self.best {
            Some(best) if best.half_mm >= self.wanted.enough_mm => f64::INFINITY,
            Some(best) => best.half_mm + (best.half_mm * PRECISION).max(LEAST_GAIN_MM),
            None => self.wanted.above_mm,
        }
    }

    /// Cells that hold every middle of a square that is large enough, at whatever rotation; the most promising first.
    fn coarse(&mut self) -> Vec<Cell> {
        let (low, high) = self.room.bounds(Turn::NONE);
        let half = [0, 1].map(|i| (high[i] - low[i]) / 2.0);
        let whole = Cell {
            bound: f64::INFINITY,
            order: 0,
            centre: [0, 1].map(|i| low[i] + half[i]),
            half: half[0].max(half[1]),
            near: (0..self.room.shapes() as u32).collect(),
            inside: false,
        };
        let fine = self.wanted.above_mm * FINE;
        let mut open = VecDeque::from([whole]);
        let mut done = Vec::new();
        let mut order = 0;
        while let Some(cell) = open.pop_front() {
            let many = open.len() + done.len() > MAX_COARSE || self.work > MAX_WORK / 2;
            if cell.near.len() <= FEW || cell.half <= fine || many {
                done.push(cell);
                continue;
            }
            for centre in cell.quarters() {
                order += 1;
                open.extend(self.coarse_cell(&cell, centre, order));
            }
        }
        done.sort_by(|p, q| q.cmp(p));
        done
    }

    fn coarse_cell(&mut self, parent: &Cell, centre: Point, order: usize) -> Option<Cell> {
        self.work += parent.near.len() as u64;
        let half = parent.half / 2.0;
        let distance = |&shape: &u32| self.room.distance(shape as usize, centre);
        let distances: Vec<f64> = parent.near.iter().map(distance).collect();
        let nearest = distances.iter().copied().fold(f64::INFINITY, f64::min);
        let bound = nearest + half * DIAGONAL;
        if bound <= self.wanted.above_mm {
            return None;
        }
        let mut inside = parent.inside;
        if !inside && nearest > half * DIAGONAL {
            inside = self.is_inside(centre);
            if !inside {
                return None;
            }
        }
        // Turned, the square around the cell is wider, and what is nearest to a square may be farther by the compass.
        let may_be_nearest = DIAGONAL * (nearest + 2.0 * DIAGONAL * half);
        Some(Cell {
            bound,
            order,
            centre,
            half,
            near: kept(&parent.near, &distances, may_be_nearest),
            inside,
        })
    }

    /// Looks for a larger square at this rotation.
    fn at(&mut self, turn: Turn, coarse: &[Cell]) {
        if self.work > MAX_WORK {
            return;
        }
        // Nothing is larger than what it must fit into.
        let (low, high) = self.room.bounds(turn);
        if (high[0] - low[0]).min(high[1] - low[1]) / 2.0 <= self.goal() {
            return;
        }
        let mut open = BinaryHeap::new();
        for (order, cell) in coarse.iter().enumerate() {
            if cell.bound > self.goal() {
                let half = cell.half * turn.widens();
                open.extend(self.cell(cell, turn.into(cell.centre), half, turn, order));
            }
        }
        let mut order = coarse.len();
        while let Some(cell) = open.pop() {
            if cell.bound <= self.goal() || self.work > MAX_WORK {
                return;
            }
            for centre in cell.quarters() {
                order += 1;
                open.extend(self.cell(&cell, centre, cell.half / 2.0, turn, order));
            }
        }
    }

    fn is_inside(&mut self, at: Point) -> bool {
        self.work += self.room.lines() as u64 / 4;
        self.room.is_inside(at)
    }

    /// Keeps the square if it is the largest so far.
    fn offer(&mut self, centre: Point, half_mm: f64, turn: Turn) {
        let most = self.best.map(|best| best.half_mm);
        if half_mm > most.unwrap_or(self.wanted.above_mm) {
            self.best = Some(Square {
                centre,
                half_mm,
                turn,
            });
        }
    }

    /// The cell in turned axes, if a larger square may have its middle in it. Its own middle is tried.
    fn cell(
        &mut self,
        parent: &Cell,
        centre: Point,
        half: f64,
        turn: Turn,
        order: usize,
    ) -> Option<Cell> {
        self.work += parent.near.len() as u64;
        let middle = turn.back(centre);
        let distance = |&shape: &u32| self.room.square_distance(shape as usize, middle, turn);
        let distances: Vec<f64> = parent.near.iter().map(distance).collect();
        let nearest = distances.iter().copied().fold(f64::INFINITY, f64::min);
        let bound = nearest + half;
        if bound <= self.goal() {
            return None;
        }
        let mut inside = parent.inside;
        // Where no border passes, all of the cell is on one side.
        if nearest > half || nearest > self.goal() {
            let free = inside || self.is_inside(middle);
            if !free && nearest > half {
                return None;
            }
            inside |= nearest > half;
            if free {
                self.offer(middle, nearest, turn);
            }
        }
        Some(Cell {
            bound,
            order,
            centre,
            half,
            near: kept(&parent.near, &distances, nearest + 2.0 * half),
            inside,
        })
    }
}

fn kept(near: &[u32], distances: &[f64], may_be_nearest: f64) -> Rc<[u32]> {
    let both = near.iter().zip(distances);
    both.filter(|(_, distance)| **distance <= may_be_nearest)
        .map(|(&shape, _)| shape)
        .collect()
}
