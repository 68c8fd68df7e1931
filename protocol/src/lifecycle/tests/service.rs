//! Work, tests, nonconformances and what is decided about them; use, limits of life, owners, and the end.

use super::*;
use crate::body::Core;
use crate::body::governance::PartClass;
use crate::body::quality::Disposition;
use crate::body::usage::LifeLimit;
use crate::fixture::DesignSpec;
use crate::life::Phase;
use crate::lifecycle::Refusal;
use crate::statement::Statement;
use std::fmt::Debug;

fn class_c() -> (Consortium, SubjectId) {
    Consortium::licensed(41, PartClass::C, 4)
}

/// A part in an asset, whose approval allows 1000 hours.
fn limited() -> (Consortium, SubjectId, SubjectId) {
    let spec = DesignSpec {
        life: Some(LifeLimit {
            duration_s: Some(1000 * 3600),
            cycles: None,
            landings: Some(500),
        }),
        ..DesignSpec::default()
    };
    let (mut c, licence) = Consortium::licensed_as(41, &spec, 3);
    let part = c.make(&licence, 1);
    c.hand_over(&part).unwrap();
    c.install(Who::Mechanic, &part).unwrap();
    (c, licence, part)
}

fn approval(c: &Consortium) -> SubjectId {
    let mut entries = c.log.entries().iter();
    let granted = |entry: &&Statement| matches!(entry.body.core, Core::ApprovalGranted(_));
    entries.find(granted).unwrap().body.sub.clone()
}

fn held(c: &Consortium, part: &SubjectId) -> BTreeSet<Code> {
    holds(c.log.world(), part)
}

fn life(c: &Consortium, part: &SubjectId) -> Life {
    Life::of(c.log.world(), part).unwrap()
}

fn code(said: Result<impl Debug, Refusal>) -> Code {
    said.unwrap_err().code()
}

fn findings(c: &Consortium, said: Result<Statement, Refusal>) -> BTreeSet<Code> {
    c.log.findings(&said.unwrap().id)
}

#[test]
fn the_life_of_a_part_is_over_by_itself() {
    let (mut c, licence, part) = limited();
    let within = c.report_use(Who::Mechanic, &part, 999, 499);
    assert_eq!(findings(&c, within), set([]));
    assert_eq!(held(&c, &part), set([]));
    c.report_use(Who::Mechanic, &part, 1000, 499).unwrap();
    assert_eq!(held(&c, &part), set([Code::LifeExpired]));
    let told = codes(&ask(&c, c.mark(&licence, 1), Who::Mechanic));
    assert_eq!(told, (Verdict::DoNotInstall, vec![Code::LifeExpired]));
    // Nor is it released for another one.
    c.remove(Who::Mechanic, &part).unwrap();
    let inspection = c.inspect(Who::Inspector, &part).unwrap().id;
    let released = c.release(Who::Signatory, &part, inspection);
    assert_eq!(code(released), Code::LifeExpired);
}

#[test]
fn a_limit_that_the_authority_sets_reaches_all_parts_and_another_takes_its_place() {
    let (mut c, _, part) = limited();
    c.report_use(Who::Mechanic, &part, 800, 100).unwrap();
    let approval = approval(&c);
    assert_eq!(
        code(c.limit(Who::Designer, &approval, 1)),
        Code::RoleMissing
    );
    c.limit(Who::Certifier, &approval, 700).unwrap();
    assert_eq!(held(&c, &part), set([Code::LifeExpired]));
    c.limit(Who::Certifier, &approval, 900).unwrap();
    assert_eq!(held(&c, &part), set([]));
    let unknown = crate::fixture::text("approval:none");
    assert_eq!(code(c.limit(Who::Certifier, &unknown, 1)), Code::WaitsFor);
}

#[test]
fn use_never_falls() {
    let (mut c, _, part) = limited();
    c.report_use(Who::Mechanic, &part, 800, 100).unwrap();
    let again = c.report_use(Who::Mechanic, &part, 800, 100);
    assert_eq!(findings(&c, again), set([]));
    let fewer = c.report_use(Who::Mechanic, &part, 900, 99);
    assert_eq!(findings(&c, fewer), set([Code::UsageFell]));
    assert_eq!(held(&c, &part), set([Code::UsageFell]));
    let total = life(&c, &part).used.total;
    assert_eq!((total.duration_s, total.landings), (900 * 3600, 100));
    // Nobody counts but who has it.
    let strangers = c.report_use(Who::Custodian, &part, 5000, 5000);
    assert_eq!(findings(&c, strangers), set([Code::NotCustodian]));
    assert_eq!(life(&c, &part).used.total.landings, 100);
}

#[test]
fn a_life_limited_part_comes_out_with_its_hours() {
    let (mut c, _, part) = limited();
    c.remove(Who::Mechanic, &part).unwrap();
    assert_eq!(held(&c, &part), set([Code::UsageMissing]));
    c.report_use(Who::Mechanic, &part, 10, 2).unwrap();
    assert_eq!(held(&c, &part), set([]));
    let (mut c, licence) = class_c();
    let part = c.make(&licence, 1);
    c.hand_over(&part).unwrap();
    c.install(Who::Mechanic, &part).unwrap();
    c.remove(Who::Mechanic, &part).unwrap();
    assert_eq!(held(&c, &part), set([]), "no limit, nothing to report");
}

#[test]
fn a_repaired_part_needs_inspection_and_release_again_and_its_use_counts_on() {
    for is_remanufacture in [false, true] {
        let (mut c, _, part) = limited();
        c.report_use(Who::Mechanic, &part, 10, 2).unwrap();
        c.remove(Who::Mechanic, &part).unwrap();
        let before = c.inspect(Who::Inspector, &part).unwrap().id;
        let repaired = c.repair(Who::Mechanic, &part, is_remanufacture);
        assert_eq!(findings(&c, repaired), set([]));
        assert_eq!(life(&c, &part).phase, Phase::Removed);
        assert_eq!(life(&c, &part).used.total.landings, 2);
        let early = c.release(Who::Signatory, &part, before);
        assert_eq!(code(early), Code::NotInspected);
        let after = c.inspect(Who::Inspector, &part).unwrap().id;
        c.release(Who::Signatory, &part, after).unwrap();
        assert_eq!(held(&c, &part), set([]));
    }
}

#[test]
fn nobody_repairs_a_part_inside_an_asset_nor_one_that_they_have_not() {
    let (mut c, _, part) = limited();
    let inside = c.repair(Who::Mechanic, &part, false);
    assert_eq!(findings(&c, inside), set([Code::Installed]));
    assert_eq!(held(&c, &part), set([Code::Installed]));
    let (mut c, licence) = class_c();
    let part = c.make(&licence, 1);
    let strangers = c.repair(Who::Mechanic, &part, false);
    assert_eq!(findings(&c, strangers), set([Code::NotCustodian]));
    assert_eq!(life(&c, &part).phase, Phase::Released);
}

#[test]
fn a_part_that_is_out_of_use_is_not_used_again() {
    let (mut c, licence) = class_c();
    let part = c.make(&licence, 1);
    let strangers = c.decommission(Who::Mechanic, &part);
    assert_eq!(findings(&c, strangers), set([Code::NotCustodian]));
    let (mut c, licence) = class_c();
    let part = c.make(&licence, 1);
    let said = c.decommission(Who::Custodian, &part);
    assert_eq!(findings(&c, said), set([]));
    let told = verdict(&c, &licence, 1);
    assert_eq!(told, (Verdict::DoNotInstall, vec![Code::Decommissioned]));
    let again = c.inspect(Who::Inspector, &part);
    assert_eq!(findings(&c, again), set([Code::Decommissioned]));
    c.destroy(Who::Custodian, &part).unwrap();
    assert_eq!(life(&c, &part).phase, Phase::Destroyed);
}

#[test]
fn what_was_found_before_heat_treatment_counts_no_more() {
    let (mut c, licence) = class_c();
    let part = c.print(&licence, 1);
    let before = c.inspect(Who::Inspector, &part).unwrap().id;
    let treated = c.treat(Who::Production, &part);
    assert_eq!(findings(&c, treated), set([]));
    assert_eq!(
        code(c.release(Who::Signatory, &part, before)),
        Code::NotInspected
    );
    let after = c.inspect(Who::Inspector, &part).unwrap().id;
    c.release(Who::Signatory, &part, after).unwrap();
    assert_eq!(held(&c, &part), set([]));
    // Whoever treats a released part takes its release.
    c.treat(Who::Production, &part).unwrap();
    let told = verdict(&c, &licence, 1);
    assert_eq!(told, (Verdict::DoNotInstall, vec![Code::NotReleased]));
    let strangers = c.treat(Who::Mechanic, &part);
    assert_eq!(findings(&c, strangers), set([Code::NotCustodian]));
}

#[test]
fn a_test_that_fails_holds_the_part_and_one_that_passes_does_not() {
    let (mut c, licence) = class_c();
    let part = c.print(&licence, 1);
    c.test(Who::Inspector, &part, 400).unwrap();
    assert_eq!(held(&c, &part), set([]));
    let failed = c.test(Who::Inspector, &part, 399);
    assert_eq!(findings(&c, failed), set([Code::Nonconforming]));
    let inspection = c.inspect(Who::Inspector, &part).unwrap().id;
    let released = c.release(Who::Signatory, &part, inspection);
    assert_eq!(code(released), Code::Nonconforming);
}

#[test]
fn a_nonconformance_holds_until_somebody_else_decides_it() {
    use Disposition::{Rework, Scrap, UseAsIs};
    let (mut c, licence) = class_c();
    let part = c.make(&licence, 1);
    let fault = c.fault(Who::Inspector, &part).unwrap().id;
    assert_eq!(held(&c, &part), set([Code::Nonconforming]));
    let own = c.dispose(Who::Inspector, &part, fault, Rework);
    assert_eq!(code(own), Code::SameAuthor);
    let shop = c.dispose(Who::Signatory, &part, fault, UseAsIs);
    assert_eq!(code(shop), Code::RoleMissing);
    c.dispose(Who::Designer, &part, fault, UseAsIs).unwrap();
    assert_eq!(
        verdict(&c, &licence, 1),
        (Verdict::EligibleByRecord, vec![])
    );
    let second = c.fault(Who::Inspector, &part).unwrap().id;
    c.dispose(Who::Signatory, &part, second, Rework).unwrap();
    assert_eq!(held(&c, &part), set([]));
    assert_eq!(life(&c, &part).phase, Phase::Built);
    let inspection = c.inspect(Who::Inspector, &part).unwrap().id;
    c.release(Who::Signatory, &part, inspection).unwrap();
    let third = c.fault(Who::Inspector, &part).unwrap().id;
    c.dispose(Who::Signatory, &part, third, Scrap).unwrap();
    assert_eq!(life(&c, &part).phase, Phase::Decommissioned);
    let nothing = c.dispose(Who::Signatory, &part, inspection, Rework);
    assert_eq!(code(nothing), Code::WrongSubject);
}

#[test]
fn a_failed_inspection_that_the_design_authority_takes_as_it_is_carries_a_release() {
    let (mut c, licence) = class_c();
    let part = c.print(&licence, 1);
    let failed = c.inspect_with(Who::Inspector, &part, 11).unwrap().id;
    let released = c.release(Who::Signatory, &part, failed);
    assert_eq!(code(released), Code::Nonconforming);
    c.dispose(Who::Designer, &part, failed, Disposition::UseAsIs)
        .unwrap();
    c.release(Who::Signatory, &part, failed).unwrap();
    assert_eq!(
        verdict(&c, &licence, 1),
        (Verdict::EligibleByRecord, vec![])
    );
}

#[test]
fn another_members_nonconformance_is_a_report_that_holds_nothing() {
    let (mut c, licence) = class_c();
    let part = c.make(&licence, 1);
    c.fault(Who::Mechanic, &part).unwrap();
    assert_eq!(held(&c, &part), set([]));
    c.fault(Who::Designer, &part).unwrap();
    assert_eq!(held(&c, &part), set([Code::Nonconforming]));
}

#[test]
fn an_owner_gives_and_another_takes_and_only_then_may_set_it_aside() {
    let (mut c, licence) = class_c();
    let part = c.make(&licence, 1);
    let to = c.org(Who::Mechanic);
    let given = c.give(Who::Custodian, &part, to.clone()).unwrap().id;
    assert_eq!(life(&c, &part).owner, None);
    c.quarantine(Who::Mechanic, &part).unwrap();
    assert_eq!(held(&c, &part), set([]), "not its owner yet");
    c.take(Who::Mechanic, &part, given).unwrap();
    assert_eq!(life(&c, &part).owner, Some(to));
    let again = c.take(Who::Mechanic, &part, given);
    assert_eq!(findings(&c, again), set([Code::NotOwner]));
    let late = c.give(Who::Custodian, &part, c.org(Who::Designer));
    assert_eq!(findings(&c, late), set([Code::NotOwner]));
    c.quarantine(Who::Mechanic, &part).unwrap();
    assert!(held(&c, &part).contains(&Code::Quarantined));
}

#[test]
fn nobody_gives_away_what_is_anothers() {
    let (mut c, licence) = class_c();
    let part = c.make(&licence, 1);
    let to = c.org(Who::Designer);
    let given = c.give(Who::Mechanic, &part, to);
    assert_eq!(findings(&c, given), set([Code::NotOwner]));
    assert_eq!(held(&c, &part), set([Code::NotOwner]));
}

#[test]
fn what_is_decided_at_sea_stands_at_home() {
    let (mut c, licence) = class_c();
    let part = c.make(&licence, 1);
    c.set_sail();
    let fault = c.fault(Who::Inspector, &part).unwrap().id;
    c.dispose(Who::Signatory, &part, fault, Disposition::Rework)
        .unwrap();
    let inspection = c.inspect(Who::Inspector, &part).unwrap().id;
    c.release(Who::Signatory, &part, inspection).unwrap();
    assert_eq!(c.come_home(), []);
    assert_eq!(held(&c, &part), set([]));
    assert_eq!(life(&c, &part).phase, Phase::Released);
}
