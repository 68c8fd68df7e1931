//! Results that somebody else's code might make: almost right, and refused.

use super::*;
use crate::fixtures::{HOST, TEXT, cuboid, top_zone};
use crate::mesh::Mesh;
use crate::relief::tests::stepped;
use crate::relief::{Rim, outline};
use crate::symbol::Symbol;
use crate::zone::{Face, Zone};

struct Bench {
    mesh: Mesh,
    zone: Zone,
    face: Face,
}

impl Bench {
    fn of(mesh: Mesh, zone: Zone) -> Self {
        let face = zone.face(&mesh).unwrap();
        Self { mesh, zone, face }
    }

    fn task<'a>(&'a self, symbol: &'a Symbol) -> Task<'a> {
        let outlines = outline::trace(symbol, self.zone.module_mm());
        Task {
            mesh: &self.mesh,
            face: &self.face,
            rim: Rim::of(&outlines.loops, &self.face.frame, self.zone.depth_mm()),
            symbol,
            module_mm: self.zone.module_mm(),
            depth_mm: self.zone.depth_mm(),
            dark_mm2: outlines.area_mm2,
        }
    }

    fn symbol(&self) -> Symbol {
        Symbol::fitting(&self.zone, TEXT, HOST).unwrap()
    }
}

/// A large plate whose top is as uneven as a face may be.
fn uneven() -> Bench {
    let sides = [220.0, 210.0, 5.0];
    let mut mesh = cuboid(sides);
    let [x, y, z] = sides;
    mesh.triangles.retain(|t| t.iter().any(|v| v[2] != z));
    let tip = [3.0, 3.0, z + 0.000_8];
    let ring = [[0.0, 0.0, z], [x, 0.0, z], [x, y, z], [0.0, y, z]];
    mesh.triangles
        .extend((0..4).map(|i| [ring[i], ring[(i + 1) % 4], tip]));
    mesh.require_solid().unwrap();
    Bench::of(mesh, top_zone(sides, 30.0))
}

/// The symbol with one dark module, far from others of its colour, made light, or two of both colours exchanged.
fn changed(symbol: &Symbol, exchanged: bool) -> Symbol {
    let mut other = symbol.clone();
    let dark = other.modules.iter().rposition(|&dark| dark).unwrap();
    other.modules[dark] = false;
    if exchanged {
        let size = other.size as usize;
        let apart = |at: usize| {
            let (row, column) = (at / size, at % size);
            (1..size - 1).contains(&row)
                && (1..size - 1).contains(&column)
                && [row - 1, row, row + 1]
                    .iter()
                    .all(|r| (column - 1..=column + 1).all(|c| !other.modules[r * size + c]))
        };
        let light = (0..size * size).rfind(|&at| apart(at));
        other.modules[light.unwrap_or(0)] = true;
    }
    other
}

#[test]
fn one_wrong_module_is_found_on_however_large_and_uneven_a_face() {
    let bench = uneven();
    let symbol = bench.symbol();
    let task = bench.task(&symbol);
    let right = task.local().unwrap();
    assert_eq!(right.way, Way::Local);
    for exchanged in [false, true] {
        let other = changed(&symbol, exchanged);
        let made = bench.task(&other).local().unwrap();
        let (kept, added) = made.mesh.triangles.split_at(made.kept_triangles);
        let told = marked(
            &task,
            kept.to_vec(),
            added.to_vec(),
            right.inlay.clone(),
            Way::Boolean,
        );
        assert!(
            matches!(
                told,
                Err(ReliefError::WrongModule { .. } | ReliefError::WrongVolume { .. })
            ),
            "{exchanged} {told:?}"
        );
    }
}

#[test]
fn a_floor_at_another_height_is_found() {
    let bench = Bench::of(cuboid([34.0, 33.0, 5.0]), top_zone([34.0, 33.0, 5.0], 30.0));
    let symbol = bench.symbol();
    let task = bench.task(&symbol);
    let right = task.local().unwrap();
    let (kept, added) = right.mesh.triangles.split_at(right.kept_triangles);
    let lower = |v: [f32; 3]| {
        if v[2] < 4.0 {
            [v[0], v[1], v[2] - 0.000_1]
        } else {
            v
        }
    };
    let added: Vec<Triangle> = added.iter().map(|t| t.map(lower)).collect();
    let told = marked(
        &task,
        kept.to_vec(),
        added,
        right.inlay.clone(),
        Way::Boolean,
    );
    assert!(
        matches!(told, Err(ReliefError::ChangedElsewhere { .. })),
        "{told:?}"
    );
}

/// A needle through a wall of the recess, in a result whose triangles are not those of the inlay.
#[test]
fn what_a_boolean_operation_made_is_looked_at_for_crossings_too() {
    let part = stepped();
    let zone = top_zone([34.0, 33.0, 5.0], 30.0);
    let bench = Bench::of(part.clone(), zone);
    let symbol = bench.symbol();
    let right = bench.task(&symbol).by_boolean().unwrap();
    let (kept, added) = right.mesh.triangles.split_at(right.kept_triangles);
    let needle = cuboid([20.0, 0.05, 0.05]).triangles;
    let needle = needle
        .iter()
        .map(|t| t.map(|[x, y, z]| [x + 7.0, y + 16.45, z + 4.3]));
    let with_needle = |of: &[Triangle]| of.iter().copied().chain(needle.clone()).collect();
    let pierced = Bench {
        mesh: Mesh {
            triangles: with_needle(&part.triangles),
        },
        ..bench
    };
    let task = pierced.task(&symbol);
    let told = marked(
        &task,
        with_needle(kept),
        added.to_vec(),
        right.inlay.clone(),
        Way::Boolean,
    );
    assert!(matches!(told, Err(ReliefError::Crosses { .. })), "{told:?}");
}
