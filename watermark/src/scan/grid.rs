//! Owns: points by the cells of a grid. Must never know: what the points are.

use crate::vec3::Vec3;

pub(super) type Cell = [i64; 3];

/// Points by the cells of a grid.
pub(super) struct Cells {
    side: f64,
    /// In the order of cells, then of points.
    points: Vec<(Cell, usize)>,
}

impl Cells {
    pub fn of(points: impl Iterator<Item = (usize, Vec3)>, side: f64) -> Cells {
        let mut points: Vec<(Cell, usize)> = points.map(|(of, at)| (cell(at, side), of)).collect();
        points.sort_unstable();
        Cells { side, points }
    }

    /// The cells that hold a point, in their order.
    pub fn names(&self) -> Vec<Cell> {
        let mut names: Vec<Cell> = self.points.iter().map(|(cell, _)| *cell).collect();
        names.dedup();
        names
    }

    /// The points of each cell that holds one, in the order of cells.
    pub fn each(&self) -> impl Iterator<Item = &[(Cell, usize)]> {
        self.points.chunk_by(|one, other| one.0 == other.0)
    }

    pub fn own(&self, cell: Cell) -> &[(Cell, usize)] {
        let first = self.points.partition_point(|(other, _)| *other < cell);
        let rest = &self.points[first..];
        &rest[..rest.partition_point(|(other, _)| *other == cell)]
    }

    /// Whether it is so of a point in the cell of `at` or in one beside it.
    pub fn any(&self, at: Vec3, is: impl Fn(usize) -> bool) -> bool {
        let middle = cell(at, self.side);
        around(middle).any(|cell| self.own(cell).iter().any(|(_, of)| is(*of)))
    }
}

fn cell(at: Vec3, side: f64) -> Cell {
    at.map(|value| (value / side).floor() as i64)
}

pub(super) fn around([x, y, z]: Cell) -> impl Iterator<Item = Cell> {
    let near = || -1..=1_i64;
    near().flat_map(move |i| near().flat_map(move |j| near().map(move |k| [x + i, y + j, z + k])))
}
