//! What a build fused, against what its parts weigh by their design.

use super::*;
use crate::body::Core;
use crate::body::build::{BuildAborted, BuildCompleted, BuildOrdered, PARTS_MAX, StartedPart};
use crate::body::design::PartMass;
use crate::digest::Digest;
use crate::fixture::{Build, DAY_S, DesignSpec, moment, text};

/// A design of so many cubic millimetres of aluminium, with 5 g of supports, give or take 2 %.
fn weighing(volume_mm3: i64) -> DesignSpec {
    DesignSpec {
        mass: Some(PartMass {
            volume_mm3,
            density_ug_per_mm3: 2_670,
            tolerance_permille: 20,
            supports_mg: 5_000,
            coupon_mg: 0,
        }),
        ..DesignSpec::default()
    }
}

/// A build of so many parts, of which nothing but the start is reported.
fn started(spec: &DesignSpec, parts: u32) -> (Consortium, Build) {
    let (mut c, licence) = Consortium::licensed_as(71, spec, 4);
    let order = c.new_subject("order");
    let core = Core::BuildOrdered(BuildOrdered {
        licence: licence.clone(),
        machine: Who::Machine.machine(),
        lot: c.lot.clone(),
        parts,
        mass_mg: 500_000,
        expires: moment(c.now + DAY_S),
        coupons: BTreeSet::new(),
        laboratories: BTreeSet::new(),
    });
    c.must(Who::Operator, &order, core);
    let units = (1..=parts).map(|unit| StartedPart {
        part: c.new_subject("part"),
        unit,
        mark: c.mark(&licence, unit),
    });
    let units: Vec<_> = units.collect();
    let build = c.start_as(Who::Machine, &licence, &order, units);
    (c, build)
}

fn complete(c: &mut Consortium, build: &Build, parts: Vec<SubjectId>) {
    let found_after = Digest::sha3(&[b"marked mesh"]);
    let core = Core::BuildCompleted(BuildCompleted { parts, found_after });
    c.must(Who::Machine, &build.id, core);
}

/// 58 g.
fn weigh(c: &mut Consortium, build: &Build) {
    let lot = c.lot.clone();
    c.use_up(Who::Operator, &build.id, &lot, 500_000).unwrap();
}

fn held(c: &Consortium, part: &SubjectId) -> BTreeSet<Code> {
    holds(c.log.world(), part)
}

#[test]
fn a_build_fuses_what_its_parts_weigh_by_their_design() {
    for (volume_mm3, codes) in [
        (20_000, set([])),
        (24_000, set([Code::FusedTooLittle])),
        (10_000, set([Code::FusedTooMuch])),
    ] {
        let (mut c, build) = started(&weighing(volume_mm3), 1);
        c.complete(&build).unwrap();
        weigh(&mut c, &build);
        assert_eq!(held(&c, &build.parts[0]), codes, "{volume_mm3}");
    }
    // Where no volume is published nothing is compared, and nobody has to weigh.
    let (mut c, build) = started(&DesignSpec::default(), 1);
    c.complete(&build).unwrap();
    assert_eq!(held(&c, &build.parts[0]), set([]));
    weigh(&mut c, &build);
    assert_eq!(held(&c, &build.parts[0]), set([]));
}

#[test]
fn a_release_waits_for_the_account_of_a_build_whose_parts_have_a_weight() {
    let (mut c, build) = started(&weighing(20_000), 1);
    c.complete(&build).unwrap();
    let part = &build.parts[0];
    assert_eq!(held(&c, part), set([Code::AccountMissing]));
    let inspection = c.inspect(Who::Inspector, part).unwrap().id;
    let early = c.release(Who::Signatory, part, inspection).unwrap_err();
    assert_eq!(early.code(), Code::WaitsFor);
    // Another's word of it is none.
    let lot = c.lot.clone();
    c.use_up(Who::Mechanic, &build.id, &lot, 500_000).unwrap();
    assert_eq!(held(&c, part), set([Code::AccountMissing]));
    weigh(&mut c, &build);
    c.release(Who::Signatory, part, inspection).unwrap();
    assert_eq!(held(&c, part), set([]));
}

#[test]
fn a_part_that_was_given_up_counts_for_the_most_and_not_for_the_least() {
    let (mut c, build) = started(&weighing(20_000), 2);
    let [good, given_up] = [&build.parts[0], &build.parts[1]];
    weigh(&mut c, &build);
    complete(&mut c, &build, vec![good.clone()]);
    let core = Core::BuildAborted(BuildAborted {
        parts: vec![given_up.clone()],
        reason: text("It came loose at layer 80"),
    });
    c.must(Who::Machine, &build.id, core);
    // The given up one is some of the 58 g: less than both weigh, and more than the good one needs.
    assert_eq!(held(&c, good), set([]));
    assert_eq!(held(&c, given_up), set([Code::BuildAborted]));
    // Both made, they weigh more than was fused, whichever was told first.
    let (mut c, build) = started(&weighing(20_000), 2);
    weigh(&mut c, &build);
    complete(&mut c, &build, vec![build.parts[0].clone()]);
    assert_eq!(held(&c, &build.parts[0]), set([]));
    complete(&mut c, &build, vec![build.parts[1].clone()]);
    for part in &build.parts {
        assert_eq!(held(&c, part), set([Code::FusedTooLittle]));
    }
}

#[test]
fn who_reports_more_parts_made_than_a_build_has_made_all_of_them() {
    let (mut c, build) = started(&weighing(20_000), 2);
    weigh(&mut c, &build);
    let others = (1..PARTS_MAX).map(|_| c.new_subject("part"));
    let others: Vec<_> = others.collect();
    complete(&mut c, &build, others);
    complete(&mut c, &build, vec![build.parts[0].clone()]);
    assert_eq!(held(&c, &build.parts[0]), set([Code::FusedTooLittle]));
    let full = serde_json::to_vec(&*c.log.world().states[&build.id]).unwrap();
    complete(&mut c, &build, vec![build.parts[1].clone()]);
    let more = serde_json::to_vec(&*c.log.world().states[&build.id]).unwrap();
    assert_eq!(full.len(), more.len(), "the state has stopped growing");
}

#[test]
fn who_weighed_with_a_key_that_a_thief_had_weighed_nothing() {
    let (mut c, build) = started(&weighing(20_000), 1);
    c.complete(&build).unwrap();
    weigh(&mut c, &build);
    let since = c.now - DAY_S;
    c.revoke(Who::Operator, Some(since)).unwrap();
    let held = held(&c, &build.parts[0]);
    assert!(held.contains(&Code::KeyCompromised), "{held:?}");
}
