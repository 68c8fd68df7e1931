//! Owns: the outlines of the dark areas of a symbol. Must never know: meshes.
//!
//! Dark modules belong together when they share a side. Where two touch only in a corner, one wall edge would join
//! four walls; there each outline takes a short cut instead and leaves a bridge of light between them.

use crate::symbol::Symbol;

/// How much of a module's side an outline leaves out at a corner where dark meets dark.
const TRIM: f64 = 0.03;

/// Closed outlines with the dark on their left, in millimetres, right and up from the middle of the symbol.
pub(super) struct Outlines {
    /// No corner is shared between loops, and none is straight.
    pub(super) loops: Vec<Vec<[f64; 2]>>,
    /// Dark area, trims taken off, in square millimetres: counted in modules, not measured on `loops`.
    pub(super) area_mm2: f64,
}

/// A corner of the module grid: column from the left, row from the top.
type Corner = [i64; 2];
/// A unit step along the grid. Rows count downward.
type Step = [i64; 2];

/// Around a dark module against the clock as seen: along its bottom, right, top and left side.
const AROUND: [Step; 4] = [[1, 0], [0, -1], [-1, 0], [0, 1]];

pub(super) fn trace(symbol: &Symbol, module_mm: f64) -> Outlines {
    let size = i64::from(symbol.size);
    let tracer = Tracer { symbol };
    let mut seen = std::collections::HashSet::new();
    let mut loops = Vec::new();
    for row in 0..=size {
        for column in 0..=size {
            for step in AROUND {
                let start = ([column, row], step);
                if tracer.is_outline(start) && !seen.contains(&start) {
                    let ring = tracer.ring(start, &mut seen);
                    loops.push(
                        ring.into_iter()
                            .map(|p| place(p, size, module_mm))
                            .collect(),
                    );
                }
            }
        }
    }
    let trims = tracer.pinches() as f64 * TRIM * TRIM;
    Outlines {
        loops,
        area_mm2: (symbol.dark_modules() as f64 - trims) * module_mm * module_mm,
    }
}

fn place([column, row]: [f64; 2], size: i64, module_mm: f64) -> [f64; 2] {
    let middle = size as f64 / 2.0;
    [(column - middle) * module_mm, (middle - row) * module_mm]
}

struct Tracer<'a> {
    symbol: &'a Symbol,
}

impl Tracer<'_> {
    /// Whether walking from the corner along the step has dark on the left and light on the right.
    fn is_outline(&self, (corner, step): (Corner, Step)) -> bool {
        let [left, right] = beside(corner, step);
        self.symbol.dark(left[0], left[1]) && !self.symbol.dark(right[0], right[1])
    }

    /// Whether exactly two modules around the corner are dark, and they face each other across it.
    fn is_pinch(&self, [column, row]: Corner) -> bool {
        let dark = |dc, dr| self.symbol.dark(column + dc, row + dr);
        let (nw, ne, sw, se) = (dark(-1, -1), dark(0, -1), dark(-1, 0), dark(0, 0));
        nw == se && ne == sw && nw != ne
    }

    fn pinches(&self) -> usize {
        let size = i64::from(self.symbol.size);
        (0..=size)
            .flat_map(|row| (0..=size).map(move |column| [column, row]))
            .filter(|&c| self.is_pinch(c))
            .count()
    }

    /// One closed outline, straight corners left out and pinched ones cut.
    fn ring(
        &self,
        start: (Corner, Step),
        seen: &mut std::collections::HashSet<(Corner, Step)>,
    ) -> Vec<[f64; 2]> {
        let mut points = Vec::new();
        let mut at = start;
        while seen.insert(at) {
            let (corner, step) = at;
            let end = [corner[0] + step[0], corner[1] + step[1]];
            let next = self.turn(end, step);
            if self.is_pinch(end) {
                points.push(shift(end, step, -TRIM));
                points.push(shift(end, next, TRIM));
            } else if next != step {
                points.push(end.map(|c| c as f64));
            }
            at = (end, next);
        }
        points
    }

    /// Hugs the dark module on the left: sharpest left turn first, so that a pinch never joins two modules.
    fn turn(&self, corner: Corner, step: Step) -> Step {
        let left = [step[1], -step[0]];
        let right = [-step[1], step[0]];
        [left, step, right]
            .into_iter()
            .find(|&s| self.is_outline((corner, s)))
            .expect("an outline that enters a corner leaves it: dark and light change an even number of times around it")
    }
}

fn shift([column, row]: Corner, step: Step, by: f64) -> [f64; 2] {
    [
        column as f64 + step[0] as f64 * by,
        row as f64 + step[1] as f64 * by,
    ]
}

/// The modules to the left and right of the side that leads from the corner along the step, as seen.
fn beside([column, row]: Corner, step: Step) -> [[i64; 2]; 2] {
    let (nw, ne) = ([column - 1, row - 1], [column, row - 1]);
    let (sw, se) = ([column - 1, row], [column, row]);
    match step {
        [1, 0] => [ne, se],
        [-1, 0] => [sw, nw],
        [0, -1] => [nw, ne],
        _ => [se, sw],
    }
}
