//! The rules as stories, kind by kind, and over random histories.

mod allowable;
mod assembly;
mod attacks;
mod bounds;
mod contents;
mod coupons;
mod forms;
mod fused;
mod histories;
mod impact;
mod keys;
mod kinds;
mod marking;
mod material;
mod physical;
mod safety;
mod service;
mod story;
mod strangers;
mod table;
mod usage;
mod votes;

use crate::answer::{Answer, Knowledge, Verdict, Viewer, Witnessing, answer};
use crate::code::Code;
use crate::fixture::{Consortium, Who};
use crate::life::Life;
use crate::mark::Mark;
use crate::text::SubjectId;
use crate::world::World;
use std::collections::BTreeSet;

/// The answer of the whole log to somebody.
fn ask(c: &Consortium, mark: Mark, who: Who) -> Answer {
    let knowledge = Knowledge {
        logged_until: Some(c.log.logged_at()),
        is_whole_log: true,
        witnessing: Witnessing::Unasked,
    };
    let viewer = Viewer::Member {
        org: c.org(who),
        asset_type: None,
    };
    answer(c.log.world(), mark, c.now, &viewer, knowledge)
}

/// Verdict and codes of the whole log's answer to the ship's custodian.
fn verdict(c: &Consortium, licence: &SubjectId, unit: u32) -> (Verdict, Vec<Code>) {
    codes(&ask(c, c.mark(licence, unit), Who::Custodian))
}

fn codes(answer: &Answer) -> (Verdict, Vec<Code>) {
    let reasons = answer.reasons.iter().map(|reason| reason.code);
    (answer.verdict, reasons.collect())
}

/// Codes of everything that holds a part.
fn holds(world: &World, part: &SubjectId) -> BTreeSet<Code> {
    let life = Life::of(world, part).expect("a part");
    life.holds.iter().map(|hold| hold.code).collect()
}

fn set<const N: usize>(codes: [Code; N]) -> BTreeSet<Code> {
    codes.into()
}
