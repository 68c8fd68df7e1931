//! Powder: blends of blends, masses that do not add up, and what they hold.

use super::*;
use crate::body::Core;
use crate::body::governance::PartClass;
use crate::fixture::{Build, DesignSpec, MATERIAL, text};
use crate::lifecycle::Refusal;

fn class_c() -> (Consortium, SubjectId) {
    Consortium::licensed(21, PartClass::C, 6)
}

/// A virgin lot, a blend of it, a blend of that with other powder, and a part that is printed from it.
fn twice_blended() -> (Consortium, SubjectId, [SubjectId; 3], SubjectId) {
    let (mut c, licence) = class_c();
    let virgin = c.lot.clone();
    let other = c.receive_lot("lot:other", MATERIAL);
    let once = c.blend(Who::Production, &[(&virgin, 5_000_000)]).unwrap();
    let shares = [(&once, 2_000_000), (&other, 1_000_000)];
    let twice = c.blend(Who::Production, &shares).unwrap();
    c.lot = twice.clone();
    let part = c.make(&licence, 1);
    (c, licence, [virgin, once, twice], part)
}

fn build_of(c: &mut Consortium, licence: &SubjectId, unit: u32) -> Build {
    let order = c.order(licence).unwrap();
    let build = c.start(licence, &order, unit);
    c.complete(&build).unwrap();
    build
}

fn held(c: &Consortium, part: &SubjectId) -> BTreeSet<Code> {
    holds(c.log.world(), part)
}

#[test]
fn a_part_of_a_blend_of_a_blend_is_good_and_tells_where_its_powder_came_from() {
    let (c, licence, _, part) = twice_blended();
    assert_eq!(held(&c, &part), set([]));
    let answer = ask(&c, c.mark(&licence, 1), Who::Custodian);
    assert_eq!(answer.verdict, Verdict::EligibleByRecord);
    let titles = answer.life.iter().map(|step| step.title.as_str());
    let of_powder: Vec<_> = titles
        .filter(|title| title.starts_with("Material"))
        .collect();
    let told =
        ["received", "received", "blended", "blended"].map(|what| format!("Material {what}"));
    assert_eq!(of_powder, told);
    let face = answer.part.unwrap();
    assert_eq!(face.lot_number, Some(text("BLEND-1")));
}

#[test]
fn a_recall_of_a_virgin_lot_holds_what_was_printed_from_a_blend_of_a_blend() {
    let (mut c, licence, [virgin, ..], part) = twice_blended();
    c.recall(Who::Production, &[&virgin]).unwrap();
    assert_eq!(held(&c, &part), set([Code::Recalled]));
    // Nor is anything new made from it, knowingly; what is made all the same is held at birth.
    assert_eq!(c.order(&licence).unwrap_err().code(), Code::Recalled);
    let order = c.new_subject("order");
    let born = c.start(&licence, &order, 2).parts[0].clone();
    assert!(held(&c, &born).contains(&Code::Recalled));
    // Powder that has nothing to do with it stays free.
    let (mut c, _, [.., twice], part) = twice_blended();
    let other = c.receive_lot("lot:aside", MATERIAL);
    c.recall(Who::Production, &[&other]).unwrap();
    assert_eq!(held(&c, &part), set([]));
    c.recall(Who::Production, &[&twice, &other]).unwrap();
    assert_eq!(held(&c, &part), set([]), "not below both");
}

#[test]
fn a_blend_that_is_reported_late_brings_its_recall_along() {
    let (mut c, licence) = class_c();
    let virgin = c.lot.clone();
    c.set_sail();
    let blend = c.blend(Who::Production, &[(&virgin, 1_000_000)]).unwrap();
    c.lot = blend;
    let part = c.print(&licence, 1);
    let recall = c.ashore(|c| c.recall(Who::Production, &[&virgin]));
    recall.unwrap();
    // The part comes home before the blend.
    let (late, first): (Vec<_>, Vec<_>) = (c.at_hand().into_iter())
        .partition(|statement| statement.body.core.kind() == "material.blended");
    c.log.deliver(&first, c.now);
    assert_eq!(held(&c, &part), set([Code::LotUnknown]));
    c.log.deliver(&late, c.now);
    assert_eq!(held(&c, &part), set([Code::Recalled]));
}

#[test]
fn a_blend_of_powder_that_nobody_received_is_a_gap_until_the_receipt_comes() {
    let (mut c, licence) = class_c();
    let unknown = text("lot:unknown");
    c.lot = c.blend(Who::Production, &[(&unknown, 1_000_000)]).unwrap();
    let part = c.print(&licence, 1);
    assert_eq!(held(&c, &part), set([Code::LotUnknown]));
    c.receive_lot("lot:unknown", MATERIAL);
    assert_eq!(held(&c, &part), set([]));
}

#[test]
fn a_blend_with_other_material_holds_what_is_made_of_it() {
    let (mut c, licence) = class_c();
    let (virgin, other) = (c.lot.clone(), c.receive_lot("lot:other", "Ti-6Al-4V"));
    let shares = [(&virgin, 1_000_000), (&other, 1_000)];
    c.lot = c.blend(Who::Production, &shares).unwrap();
    let part = c.print(&licence, 1);
    assert_eq!(held(&c, &part), set([Code::LotOtherMaterial]));
}

#[test]
fn more_than_there_was_is_logged_and_holds_everything_from_the_lot() {
    let (mut c, licence) = class_c();
    let lot = c.lot.clone();
    let part = c.print(&licence, 1);
    c.scrap(Who::Production, &lot, 19_000_000).unwrap();
    c.blend(Who::Production, &[(&lot, 1_000_000)]).unwrap();
    assert_eq!(held(&c, &part), set([]), "all of it, and no more");
    let last = c.scrap(Who::Production, &lot, 1).unwrap();
    assert_eq!(c.log.findings(&last.id), set([Code::LotOverdrawn]));
    assert_eq!(held(&c, &part), set([Code::LotOverdrawn]));
    // Also what comes from a blend of it: nobody knows which powder there was too much of.
    c.lot = text("lot:l1");
    let late = c.print(&licence, 2);
    assert_eq!(held(&c, &late), set([Code::LotOverdrawn]));
}

#[test]
fn a_blend_that_weighs_other_than_its_shares_holds_what_is_made_of_it() {
    let (mut c, licence) = class_c();
    let virgin = c.lot.clone();
    for (mass_mg, tolerance_mg, expected) in [
        (1_000_500, 1_000, set([])),
        (1_002_000, 1_000, set([Code::MassUnbalanced])),
        // A tolerance that lets everything through lets a twentieth through.
        (1_100_000, 900_000, set([Code::MassUnbalanced])),
    ] {
        let mut says = c.blend_of(&[(&virgin, 1_000_000)], mass_mg);
        says.tolerance_mg = tolerance_mg;
        let lot = c.new_subject("lot");
        let said = c.must(Who::Production, &lot, Core::MaterialBlended(says));
        assert_eq!(c.log.findings(&said.id), expected);
        c.lot = lot;
        let order = c.order(&licence).unwrap();
        let part = c.start(&licence, &order, 1).parts[0].clone();
        let held = held(&c, &part);
        assert_eq!(held.contains(&Code::MassUnbalanced), !expected.is_empty());
    }
}

#[test]
fn what_a_build_took_must_come_back_or_be_in_the_parts() {
    let (mut c, licence) = class_c();
    let lot = c.lot.clone();
    let (good, bad) = (build_of(&mut c, &licence, 1), build_of(&mut c, &licence, 2));
    let used = c.use_up(Who::Operator, &good.id, &lot, 500_000).unwrap();
    assert_eq!(c.log.findings(&used.id), set([]));
    let Core::MaterialUsed(mut says) = used.body.core else {
        unreachable!()
    };
    // A part that nobody wrote down weighs something.
    says.fused_mg = 40_000;
    let used = c.must(Who::Operator, &bad.id, Core::MaterialUsed(says));
    assert_eq!(c.log.findings(&used.id), set([Code::MassUnbalanced]));
    assert_eq!(held(&c, &good.parts[0]), set([]));
    assert_eq!(held(&c, &bad.parts[0]), set([Code::MassUnbalanced]));
    let again = c.use_up(Who::Operator, &good.id, &lot, 500_000).unwrap();
    assert_eq!(c.log.findings(&again.id), set([Code::Contradicted]));
    assert_eq!(held(&c, &good.parts[0]), set([Code::Contradicted]));
}

#[test]
fn what_a_build_really_took_stands_above_its_parts_but_not_what_strangers_say_of_it() {
    let (mut c, licence) = class_c();
    let (named, other) = (c.lot.clone(), c.receive_lot("lot:other", MATERIAL));
    let build = build_of(&mut c, &licence, 1);
    let part = &build.parts[0];
    let used = c.use_up(Who::Operator, &build.id, &named, 500_000).unwrap();
    let Core::MaterialUsed(mut says) = used.body.core else {
        unreachable!()
    };
    says.lots[0].lot = other.clone();
    c.must(Who::Mechanic, &build.id, Core::MaterialUsed(says.clone()));
    c.recall(Who::Production, &[&other]).unwrap();
    assert_eq!(held(&c, part), set([]));
    let second = build_of(&mut c, &licence, 2);
    c.must(Who::Production, &second.id, Core::MaterialUsed(says));
    let expected = set([Code::Recalled, Code::Contradicted]);
    assert_eq!(
        held(&c, &second.parts[0]),
        expected,
        "other powder than ordered"
    );
}

#[test]
fn powder_that_was_used_more_often_than_approved_holds_the_part() {
    for (reuse_max, expected) in [(1, set([Code::ReuseExceeded])), (2, set([]))] {
        let spec = DesignSpec {
            reuse_max: Some(reuse_max),
            ..DesignSpec::default()
        };
        let (mut c, licence) = Consortium::licensed_as(21, &spec, 3);
        let virgin = c.lot.clone();
        let fresh = c.receive_lot("lot:fresh", MATERIAL);
        let once = c.blend(Who::Production, &[(&virgin, 2_000_000)]).unwrap();
        // However little of the old is in it.
        let shares = [(&once, 1_000), (&fresh, 1_000_000)];
        c.lot = c.blend(Who::Production, &shares).unwrap();
        let part = c.print(&licence, 1);
        assert_eq!(held(&c, &part), expected);
    }
}

#[test]
fn lots_that_are_made_of_each_other_hold_what_is_made_of_them() {
    let (mut c, licence) = class_c();
    let [one, two]: [SubjectId; 2] = ["lot:one", "lot:two"].map(text);
    for (lot, of) in [(&one, &two), (&two, &one)] {
        let says = c.blend_of(&[(of, 1_000)], 1_000);
        c.must(Who::Production, lot, Core::MaterialBlended(says));
    }
    c.lot = one.clone();
    let part = c.print(&licence, 1);
    assert_eq!(held(&c, &part), set([Code::Contradicted]));
    let itself = c.blend_of(&[(&one, 1_000)], 1_000);
    let refused = c.say(Who::Production, &one, Core::MaterialBlended(itself));
    assert_eq!(refused.unwrap_err().code(), Code::WrongSubject);
}

#[test]
fn what_others_say_of_a_lot_holds_nobody_elses_parts() {
    let (mut c, licence) = class_c();
    let lot = c.lot.clone();
    let part = c.print(&licence, 1);
    c.grant(Who::Mechanic, crate::body::governance::Role::Production);
    c.scrap(Who::Mechanic, &lot, 100_000_000).unwrap();
    let says = c.blend_of(&[(&text("lot:nobodys"), 5)], 1_000_000);
    c.must(Who::Mechanic, &lot, Core::MaterialBlended(says));
    assert_eq!(held(&c, &part), set([]));
}

#[test]
fn masses_and_lots_that_cannot_be_are_refused() {
    let (mut c, _) = class_c();
    let lot = c.lot.clone();
    let refused = |said: Result<_, Refusal>| said.map(drop).unwrap_err().code();
    assert_eq!(
        refused(c.scrap(Who::Production, &lot, 0)),
        Code::WrongSubject
    );
    let none = c.blend(Who::Production, &[]).map(drop);
    assert_eq!(none.unwrap_err().code(), Code::WrongSubject);
    let twice = c.blend(Who::Production, &[(&lot, 1), (&lot, 1)]).map(drop);
    assert_eq!(twice.unwrap_err().code(), Code::WrongSubject);
    let build = text("build:b");
    // More came back than was loaded.
    assert_eq!(
        refused(c.use_up(Who::Operator, &build, &lot, 10)),
        Code::WrongSubject
    );
    assert_eq!(
        refused(c.use_up(Who::Operator, &lot, &lot, 70_000)),
        Code::WrongSubject
    );
}
