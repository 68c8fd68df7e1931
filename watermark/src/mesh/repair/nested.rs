//! Owns: whether one of many boxes lies within another. Must never know: what is in them.
//!
//! By a tree of boxes around boxes, halved along their longest side, so that a box is compared with few others. Boxes can be
//! laid so that no tree helps; then the work runs out, and the answer is that it cannot be told.

type Bounds = [[f32; 3]; 2];

/// Comparisons for each box, on average, before it counts as untold. Shells of real parts take a tenth of it.
const MAX_WORK_EACH: u64 = 400;

/// Whether no box lies within another, as far as that can be told with work in proportion to their number.
pub(super) fn none(boxes: &[Bounds]) -> bool {
    counted(boxes).0
}

/// And how many comparisons it took.
pub(super) fn counted(boxes: &[Bounds]) -> (bool, u64) {
    let Some(tree) = Tree::over(boxes) else {
        return (true, 0);
    };
    let most = boxes.len() as u64 * MAX_WORK_EACH;
    let mut work = 0;
    for at in 0..boxes.len() {
        if tree.holds(boxes, at, &mut work) || work > most {
            return (false, work);
        }
    }
    (true, work)
}

/// Boxes in an order, and what surrounds each half of it, each half of that and so on: a range's own box first, then those of
/// its first half, then those of its second.
struct Tree {
    order: Vec<u32>,
    around: Vec<Bounds>,
}

impl Tree {
    fn over(boxes: &[Bounds]) -> Option<Self> {
        let mut order: Vec<u32> = (0..boxes.len() as u32).collect();
        let mut around = Vec::with_capacity(2 * order.len());
        let mut open = vec![(0, order.len())];
        while let Some((start, end)) = open.pop() {
            let range = &mut order[start..end];
            let all = range.iter().map(|&at| boxes[at as usize]);
            let bounds = all.reduce(union)?;
            around.push(bounds);
            if range.len() > 1 {
                let half = range.len() / 2;
                let axis = longest(&bounds);
                let middle = |at: u32| boxes[at as usize][0][axis] + boxes[at as usize][1][axis];
                range.select_nth_unstable_by(half, |&p, &q| {
                    middle(p).total_cmp(&middle(q)).then(p.cmp(&q))
                });
                open.extend([(start + half, end), (start, start + half)]);
            }
        }
        Some(Self { order, around })
    }

    /// Whether another box holds this one.
    fn holds(&self, boxes: &[Bounds], inner: usize, work: &mut u64) -> bool {
        let mut open = vec![(0, self.order.len(), 0)];
        while let Some((start, end, node)) = open.pop() {
            *work += 1;
            if !within(&boxes[inner], &self.around[node]) {
                continue;
            }
            let half = (end - start) / 2;
            if half == 0 {
                if self.order[start] as usize != inner {
                    return true;
                }
                continue;
            }
            // A range of so many has twice as many nodes less one.
            let (first, second) = (node + 1, node + 2 * half);
            open.extend([(start + half, end, second), (start, start + half, first)]);
        }
        false
    }
}

fn within(inner: &Bounds, outer: &Bounds) -> bool {
    (0..3).all(|i| inner[0][i] >= outer[0][i] && inner[1][i] <= outer[1][i])
}

fn union(one: Bounds, other: Bounds) -> Bounds {
    [
        std::array::from_fn(|i| one[0][i].min(other[0][i])),
        std::array::from_fn(|i| one[1][i].max(other[1][i])),
    ]
}

fn longest(bounds: &Bounds) -> usize {
    let side = |axis: usize| bounds[1][axis] - bounds[0][axis];
    let mut axes = [0, 1, 2];
    axes.sort_by(|&p, &q| side(q).total_cmp(&side(p)));
    axes[0]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cube(at: [f32; 3], side: f32) -> Bounds {
        [at, at.map(|c| c + side)]
    }

    fn grid(across: u16) -> Vec<Bounds> {
        let at = |i: u16| [i % across, i / across % across, i / across / across].map(f32::from);
        (0..across * across * across)
            .map(|i| cube(at(i), 0.9))
            .collect()
    }

    #[test]
    fn many_shells_cost_little_more_than_few() {
        let each = |across: u16| {
            let (none, work) = counted(&grid(across));
            assert!(none);
            work as f64 / f64::from(across * across * across)
        };
        let (few, many) = (each(8), each(36));
        assert!(many < 2.5 * few, "{few} {many} comparisons for each box");
        let mut nested = grid(36);
        nested.push(cube([17.2, 5.3, 30.1], 0.1));
        assert!(!counted(&nested).0);
    }

    /// Rods along one axis, rods across, all through each other: none within another, whatever a tree is made of.
    #[test]
    fn boxes_that_defeat_the_tree_are_not_told_after_bounded_work() {
        let rod = |i: u16| {
            let at = f32::from(i);
            [
                [at, -at, at * 0.5],
                [at + 9_000.0, 9_000.0 - at, 9_000.0 + at * 0.5],
            ]
        };
        let crossed: Vec<Bounds> = (0..8_000).map(rod).collect();
        let (_, work) = counted(&crossed);
        assert!(work <= 8_000 * MAX_WORK_EACH + 2 * 8_000, "{work}");
        assert!(none(&crossed[..1]) && none(&[]));
    }

    proptest! {
        #[test]
        fn it_says_what_comparing_all_says(corners in prop::collection::vec((prop::array::uniform3(0_u8..20), prop::array::uniform3(0_u8..6)), 0..40)) {
            let boxes: Vec<Bounds> = corners
                .iter()
                .map(|(low, sides)| [low.map(f32::from), [0, 1, 2].map(|i| f32::from(low[i] + sides[i]))])
                .collect();
            let pairs = || (0..boxes.len()).flat_map(|i| (0..boxes.len()).map(move |j| (i, j)));
            let nested = pairs().any(|(i, j)| i != j && within(&boxes[i], &boxes[j]));
            prop_assert_eq!(none(&boxes), !nested);
        }
    }
}
