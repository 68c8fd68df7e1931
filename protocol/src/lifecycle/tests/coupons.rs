//! Test coupons.

use super::*;
use crate::body::Core;
use crate::body::build::BuildOrdered;
use crate::body::quality::Disposition;
use crate::fixture::{Build, DAY_S, DesignSpec, TENSILE, moment, text};
use crate::world::bounds::TESTS_MAX;

fn held(c: &Consortium, part: &SubjectId) -> BTreeSet<Code> {
    holds(c.log.world(), part)
}

/// A build of one part with the coupon C-1, ended.
fn built(spec: &DesignSpec) -> (Consortium, SubjectId, Build) {
    let (mut c, licence) = Consortium::licensed_as(71, spec, 4);
    let order = c.order(&licence).unwrap();
    let build = c.start(&licence, &order, 1);
    c.complete(&build).unwrap();
    (c, licence, build)
}

fn asking() -> DesignSpec {
    DesignSpec {
        coupon_tests: [text(TENSILE)].into(),
        ..DesignSpec::default()
    }
}

#[test]
fn a_coupon_that_fails_holds_the_parts_of_its_build_until_somebody_else_decides_it() {
    let (mut c, licence, build) = built(&DesignSpec::default());
    let (part, other) = (build.parts[0].clone(), c.print(&licence, 2));
    let failed = c.test_coupon(Who::Inspector, &build.id, "C-1", 399);
    let failed = failed.unwrap().id;
    assert_eq!(c.log.findings(&failed), set([Code::Nonconforming]));
    assert_eq!(held(&c, &part), set([Code::Nonconforming]));
    assert_eq!(held(&c, &other), set([]));
    c.grant(Who::Custodian, crate::body::governance::Role::Inspector);
    let inspection = c.inspect(Who::Custodian, &part).unwrap().id;
    let refused = c.release(Who::Signatory, &part, inspection).unwrap_err();
    assert_eq!(refused.code(), Code::Nonconforming);
    let own = c.dispose(Who::Inspector, &part, failed, Disposition::Rework);
    assert_eq!(own.unwrap_err().code(), Code::SameAuthor);
    c.dispose(Who::Designer, &part, failed, Disposition::UseAsIs)
        .unwrap();
    assert_eq!(held(&c, &part), set([]));
    c.release(Who::Signatory, &part, inspection).unwrap();
    assert_eq!(verdict(&c, &licence, 1).0, Verdict::EligibleByRecord);
}

#[test]
fn a_release_waits_for_the_test_of_a_coupon_that_the_approval_asks_for() {
    let (mut c, licence, build) = built(&asking());
    let part = build.parts[0].clone();
    assert_eq!(held(&c, &part), set([Code::TestMissing]));
    let inspection = c.inspect(Who::Inspector, &part).unwrap().id;
    let early = c.release(Who::Signatory, &part, inspection).unwrap_err();
    assert_eq!(early.code(), Code::WaitsFor);
    // Another's coupon, and another's word.
    c.test_coupon(Who::Inspector, &build.id, "C-9", 432)
        .unwrap();
    c.test_coupon(Who::Production, &build.id, "C-1", 432)
        .unwrap();
    assert_eq!(held(&c, &part), set([Code::TestMissing]));
    c.test_coupon(Who::Inspector, &build.id, "C-1", 432)
        .unwrap();
    c.release(Who::Signatory, &part, inspection).unwrap();
    let told = verdict(&c, &licence, 1);
    assert_eq!(told, (Verdict::EligibleByRecord, Vec::new()));
    let face = ask(&c, c.mark(&licence, 1), Who::Custodian);
    let mut titles = face.life.iter().map(|step| step.title.as_str());
    assert!(titles.any(|title| title == "Tested on a coupon: passed"));
}

#[test]
fn an_order_without_the_coupons_that_must_be_tested_is_refused() {
    let (mut c, licence, _) = built(&asking());
    let sub = c.new_subject("order");
    let core = Core::BuildOrdered(BuildOrdered {
        licence,
        machine: Who::Machine.machine(),
        lot: c.lot.clone(),
        parts: 1,
        mass_mg: 50_000,
        expires: moment(c.now + DAY_S),
        coupons: BTreeSet::new(),
        laboratories: BTreeSet::new(),
    });
    let refused = c.say(Who::Operator, &sub, core).unwrap_err();
    assert_eq!(refused.code(), Code::CouponsMissing);
}

#[test]
fn who_may_not_inspect_holds_no_build_by_a_test() {
    let (mut c, _, build) = built(&DesignSpec::default());
    let said = c.test_coupon(Who::Mechanic, &build.id, "C-1", 1).unwrap();
    let found = c.log.findings(&said.id);
    assert!(found.contains(&Code::RoleMissing), "{found:?}");
    assert_eq!(held(&c, &build.parts[0]), set([]));
}

#[test]
fn more_tests_than_a_build_keeps_hold_its_parts() {
    let (mut c, _, build) = built(&DesignSpec::default());
    for _ in 0..TESTS_MAX {
        c.test_coupon(Who::Inspector, &build.id, "C-1", 432)
            .unwrap();
    }
    assert_eq!(held(&c, &build.parts[0]), set([Code::TooManyReports]));
    let last = c.test_coupon(Who::Inspector, &build.id, "C-1", 399);
    let found = c.log.findings(&last.unwrap().id);
    assert!(found.contains(&Code::TooManyReports), "{found:?}");
}

#[test]
fn tests_that_count_for_nothing_make_no_failure_fall_out() {
    let (mut c, _, build) = built(&DesignSpec::default());
    // Of the laboratory's own organisation.
    for _ in 0..TESTS_MAX {
        let said = c
            .test_coupon(Who::Custodian, &build.id, "C-1", 432)
            .unwrap();
        assert!(!c.log.findings(&said.id).is_empty());
    }
    assert_eq!(held(&c, &build.parts[0]), set([]));
    c.test_coupon(Who::Inspector, &build.id, "C-1", 399)
        .unwrap();
    assert_eq!(held(&c, &build.parts[0]), set([Code::Nonconforming]));
}

#[test]
fn what_the_approval_asks_for_is_tested_against_a_limit_by_somebody_else_than_who_ordered() {
    let (mut c, _, build) = built(&asking());
    let part = build.parts[0].clone();
    let mut says = c.coupon_test("C-1", 1);
    says.at_least = None;
    c.must(Who::Inspector, &build.id, Core::PartTested(says.clone()));
    assert_eq!(held(&c, &part), set([Code::TestMissing]));
    (says.value, says.at_least) = (432, Some(400));
    c.must(Who::Inspector, &build.id, Core::PartTested(says));
    assert_eq!(held(&c, &part), set([]));
    let spec = DesignSpec {
        class: crate::body::governance::PartClass::B,
        ..asking()
    };
    let (mut c, _, build) = built(&spec);
    c.grant(Who::Operator, crate::body::governance::Role::Inspector);
    c.test_coupon(Who::Operator, &build.id, "C-1", 432).unwrap();
    let missing = held(&c, &build.parts[0]).contains(&Code::TestMissing);
    assert!(missing);
    c.test_coupon(Who::Inspector, &build.id, "C-1", 432)
        .unwrap();
    assert!(!held(&c, &build.parts[0]).contains(&Code::TestMissing));
}
