//! Owns: telling dark modules from light ones by what the known modules of the same picture look like. Must never know:
//! what they say.
//!
//! Which walls of a recess are dark and which are bright is for the light to say, and it says so on the known modules of the
//! very same picture. Two normal distributions are learnt from those: light modules are much alike, dark ones are not. A wide
//! floor is brighter than a narrow one, so what a module is depends on those around it: all are told again, with what
//! was told of their neighbours, until that settles.

use super::known::Known;
use super::net::{AROUND, Field, Net};
use super::normal::{FEATURES, Moments, Seen};
use crate::read::grey::Grey;
use crate::read::plane::Point;

/// How often all modules are told again.
const PASSES: usize = 5;
/// How much of the other kind's covariance each of the two takes.
const MIXED: f32 = 0.05;
/// What is believed of a neighbour, against shades of grey.
const BELIEF: f32 = 20.0;
/// A difference of the two costs of which one may be sure.
const SURE: f32 = 6.0;
/// Odds of what is known.
const CERTAIN: f32 = 1e6;

/// How sure it is that each module is dark, row by row: above 0 is dark, the logarithm of the odds as far as both kinds are
/// normal. `None` where the known ones do not tell light from dark.
pub(super) fn darkness(known: &Known, picture: &Grey, corners: [Point; 4]) -> Option<Vec<f32>> {
    let mut told = Told {
        net: Net::over(known.size, picture, corners)?,
        known,
        unknown: places(known.size).filter(|&at| !known.holds(at)).collect(),
        believed: Field::of(known.size, |_| -1.0),
        odds: Field::of(known.size, |_| 0.0),
    };
    told.begin();
    for pass in 0..=PASSES {
        told.again(pass > 0)?;
    }
    Some(places(known.size).map(|at| told.odds.at(at)).collect())
}

/// Looks at a pixel that it takes, arithmetic counted as such.
pub(super) fn cost(size: i32) -> u64 {
    let modules = (size * size) as u64;
    Net::cost(size) + modules * (PASSES as u64 + 1) * (FEATURES * FEATURES / 8) as u64
}

fn places(size: i32) -> impl Iterator<Item = [i32; 2]> {
    (0..size).flat_map(move |row| (0..size).map(move |column| [column, row]))
}

struct Told<'a> {
    net: Net,
    known: &'a Known,
    unknown: Vec<[i32; 2]>,
    /// -1 is light, 1 is dark.
    believed: Field<f32>,
    odds: Field<f32>,
}

impl Told<'_> {
    fn begin(&mut self) {
        for &at in &self.unknown {
            self.believed.set(at, 0.0);
        }
        for &(at, is_dark) in &self.known.modules {
            let belief = if is_dark { 1.0 } else { -1.0 };
            self.believed.set(at, belief);
            self.odds.set(at, belief * CERTAIN);
        }
    }

    fn seen(&self, at @ [column, row]: [i32; 2], with_beliefs: bool) -> Seen {
        let mut seen = self.net.seen(at);
        if with_beliefs {
            let beliefs = AROUND.map(|[c, r]| BELIEF * self.believed.at([column + c, row + r]));
            seen[FEATURES - AROUND.len()..].copy_from_slice(&beliefs);
        }
        seen
    }

    /// Learns from what is known and, the second time, from what is believed; and tells the unknown ones.
    fn again(&mut self, with_beliefs: bool) -> Option<()> {
        let known = self
            .known
            .modules
            .iter()
            .map(|&(at, is_dark)| (at, is_dark, 1.0));
        let believed = self.unknown.iter().map(|&at| {
            let belief = self.believed.at(at);
            (at, belief > 0.0, belief * belief)
        });
        let all = known.chain(believed.filter(|_| with_beliefs));
        let examples: Vec<(Seen, bool, f32)> = all
            .map(|(at, is_dark, weight)| (self.seen(at, with_beliefs), is_dark, weight))
            .collect();
        let of = |dark: bool| {
            let same = examples.iter().filter(move |example| example.1 == dark);
            Moments::of(same.map(|(seen, _, weight)| (seen, *weight)))
        };
        let (light, dark) = (of(false)?, of(true)?);
        let (light, dark) = (light.normal(&dark, MIXED)?, dark.normal(&light, MIXED)?);
        let odds = self.unknown.iter().map(|&at| {
            let seen = self.seen(at, with_beliefs);
            light.cost(&seen) - dark.cost(&seen)
        });
        let odds: Vec<f32> = odds.collect();
        for (&at, odds) in self.unknown.iter().zip(odds) {
            self.odds.set(at, odds);
            self.believed.set(at, (odds / SURE).tanh());
        }
        Some(())
    }
}
