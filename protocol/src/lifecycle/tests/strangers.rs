//! What somebody whom a part does not concern can do to it by a report: it is logged and shown, and holds nothing.

use super::*;
use crate::body::Core;
use crate::body::build::{BuildOrdered, LABORATORIES_MAX, StartedPart};
use crate::body::governance::Role;
use crate::body::marking::Grade;
use crate::body::physical::Match;
use crate::body::quality::Disposition;
use crate::fixture::{Build, DAY_S, DesignSpec, TENSILE, moment, text};
use crate::life::Phase;

fn held(c: &Consortium, part: &SubjectId) -> BTreeSet<Code> {
    holds(c.log.world(), part)
}

/// What is ordered of one part, with the maintainer as a laboratory or without.
fn order(c: &Consortium, licence: &SubjectId, is_contracted: bool) -> BuildOrdered {
    BuildOrdered {
        licence: licence.clone(),
        machine: Who::Machine.machine(),
        lot: c.lot.clone(),
        parts: 1,
        mass_mg: 50_000,
        expires: moment(c.now + DAY_S),
        coupons: [text("C-1")].into(),
        laboratories: is_contracted
            .then(|| c.org(Who::Mechanic))
            .into_iter()
            .collect(),
    }
}

/// A part that is built and stays where it was; the maintainer's mechanic is an accredited inspector.
fn built(spec: &DesignSpec, is_contracted: bool) -> (Consortium, Build) {
    let (mut c, licence) = Consortium::licensed_as(71, spec, 4);
    c.grant(Who::Mechanic, Role::Inspector);
    let (sub, part) = (c.new_subject("order"), c.new_subject("part"));
    let says = order(&c, &licence, is_contracted);
    c.must(Who::Operator, &sub, Core::BuildOrdered(says));
    let (unit, mark) = (1, c.mark(&licence, 1));
    let parts = vec![StartedPart { part, unit, mark }];
    let build = c.start_as(Who::Machine, &licence, &sub, parts);
    c.complete(&build).unwrap();
    (c, build)
}

/// Everything that an inspector can find wrong.
fn find_fault(c: &mut Consortium, build: &Build, mark: Mark) {
    let part = &build.parts[0];
    let who = Who::Mechanic;
    c.test_coupon(who, &build.id, "C-1", 1).unwrap();
    c.test(who, part, 1).unwrap();
    c.inspect_with(who, part, 11).unwrap();
    c.verify_mark(who, part, mark, Grade::F).unwrap();
}

#[test]
fn an_inspector_whom_the_build_does_not_concern_holds_no_part_of_it() {
    let (mut c, build) = built(&DesignSpec::default(), false);
    let part = build.parts[0].clone();
    let mark = Life::of(c.log.world(), &part).unwrap().mark.unwrap();
    find_fault(&mut c, &build, mark);
    assert_eq!(held(&c, &part), set([]));
    let enrolled = c.enrol_piece(Who::Production, &part).unwrap().id;
    c.compare_piece(Who::Mechanic, &part, enrolled, Match::Differs)
        .unwrap();
    assert_eq!(held(&c, &part), set([]));
    // It is shown.
    let face = ask(&c, mark, Who::Custodian);
    let shown = face
        .life
        .iter()
        .filter(|step| step.org == c.org(Who::Mechanic));
    assert_eq!(shown.count(), 5);
    // And somebody who may, confirms it.
    c.test_coupon(Who::Inspector, &build.id, "C-1", 1).unwrap();
    assert_eq!(held(&c, &part), set([Code::Nonconforming]));
}

#[test]
fn an_inspector_whom_the_build_does_not_concern_passes_no_part_of_it() {
    let (mut c, build) = built(&DesignSpec::default(), false);
    let part = &build.parts[0];
    let passed = |c: &mut Consortium, who| c.inspect(who, part).unwrap().id;
    let theirs = passed(&mut c, Who::Mechanic);
    let life = |c: &Consortium| Life::of(c.log.world(), part).unwrap();
    assert_eq!(life(&c).phase, Phase::Built);
    let refused = c.release(Who::Signatory, part, theirs).unwrap_err();
    assert_eq!(refused.code(), Code::NotInspected);
    let own = passed(&mut c, Who::Inspector);
    // Nor does it take the place of the one that counts.
    passed(&mut c, Who::Mechanic);
    assert_eq!(life(&c).inspection.unwrap().statement, own);
    c.release(Who::Signatory, part, own).unwrap();
    assert_eq!(held(&c, part), set([]));
}

#[test]
fn whom_the_order_names_as_a_laboratory_holds_and_clears_as_the_makers_own_inspector() {
    let spec = DesignSpec {
        coupon_tests: [text(TENSILE)].into(),
        ..DesignSpec::default()
    };
    let (mut c, build) = built(&spec, false);
    c.test_coupon(Who::Mechanic, &build.id, "C-1", 432).unwrap();
    assert_eq!(held(&c, &build.parts[0]), set([Code::TestMissing]));
    let (mut c, build) = built(&spec, true);
    let part = build.parts[0].clone();
    c.test_coupon(Who::Mechanic, &build.id, "C-1", 432).unwrap();
    assert_eq!(held(&c, &part), set([]));
    let failed = c.test(Who::Mechanic, &part, 1).unwrap().id;
    assert_eq!(held(&c, &part), set([Code::Nonconforming]));
    c.dispose(Who::Designer, &part, failed, Disposition::UseAsIs)
        .unwrap();
    assert_eq!(held(&c, &part), set([]));
}

#[test]
fn who_has_the_part_holds_it_by_a_test_of_its_coupon_and_who_made_it_does_still() {
    for who in [Who::Mechanic, Who::Inspector, Who::Certifier] {
        let (mut c, build) = built(&DesignSpec::default(), false);
        c.grant(Who::Certifier, Role::Inspector);
        let part = build.parts[0].clone();
        let inspection = c.inspect(Who::Inspector, &part).unwrap().id;
        c.release(Who::Signatory, &part, inspection).unwrap();
        c.hand_over(&part).unwrap();
        assert_eq!(held(&c, &part), set([]));
        c.test_coupon(who, &build.id, "C-1", 1).unwrap();
        assert_eq!(held(&c, &part), set([Code::Nonconforming]), "{who:?}");
    }
}

#[test]
fn an_order_names_so_many_laboratories() {
    let (mut c, licence) = Consortium::licensed_as(71, &DesignSpec::default(), 4);
    let mut says = order(&c, &licence, false);
    says.laboratories = (0..=LABORATORIES_MAX)
        .map(|n| text(&format!("lab{n}.example")))
        .collect();
    let sub = c.new_subject("order");
    let refused = c.say(Who::Operator, &sub, Core::BuildOrdered(says.clone()));
    assert_eq!(refused.unwrap_err().code(), Code::WrongSubject);
    says.laboratories.pop_last();
    c.must(Who::Operator, &sub, Core::BuildOrdered(says));
}
