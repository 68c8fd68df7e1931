//! Parts that were made otherwise, marks after the making, and machines that build no more.

use super::*;
use crate::body::governance::PartClass;
use crate::body::marking::Grade;
use crate::body::quality::Disposition;
use crate::fixture::DesignSpec;
use crate::life::Phase;

fn class_c() -> (Consortium, SubjectId) {
    Consortium::licensed(51, PartClass::C, 4)
}

fn held(c: &Consortium, part: &SubjectId) -> BTreeSet<Code> {
    holds(c.log.world(), part)
}

fn verdict_of(c: &Consortium, mark: Mark) -> Verdict {
    ask(c, mark, Who::Custodian).verdict
}

#[test]
fn a_mark_that_takes_the_place_of_a_worn_one_leads_to_the_part_and_so_does_the_old_one() {
    let (mut c, licence) = class_c();
    let part = c.make(&licence, 1);
    let (old, new) = (c.mark(&licence, 1), c.new_mark());
    assert_eq!(verdict_of(&c, new), Verdict::DoNotInstall, "nobody has it");
    c.mark_again(Who::Custodian, &part, old, new).unwrap();
    c.verify_mark(Who::Inspector, &part, new, Grade::B).unwrap();
    assert_eq!(held(&c, &part), set([]));
    assert_eq!(verdict_of(&c, new), Verdict::EligibleByRecord);
    let of_the_old = codes(&ask(&c, old, Who::Custodian));
    assert_eq!(
        of_the_old,
        (Verdict::CannotDetermine, vec![Code::MarkReplaced])
    );
    let replaced = |mark| ask(&c, mark, Who::Custodian).part.unwrap().replaced_by;
    assert_eq!((replaced(old), replaced(new)), (Some(new), None));
    let newest = c.new_mark();
    c.mark_again(Who::Custodian, &part, new, newest).unwrap();
    let replaced = |mark| ask(&c, mark, Who::Custodian).part.unwrap().replaced_by;
    assert_eq!(
        [old, new, newest].map(replaced),
        [Some(newest), Some(newest), None]
    );
    c.mark_again(Who::Custodian, &part, newest, old).unwrap();
    let replaced = |mark| ask(&c, mark, Who::Custodian).part.unwrap().replaced_by;
    assert_eq!(
        [old, new, newest].map(replaced),
        [None, Some(old), Some(old)]
    );
}

#[test]
fn a_second_mark_takes_no_place() {
    let (mut c, licence) = class_c();
    let (part, first) = (c.make(&licence, 1), c.mark(&licence, 1));
    let label = c.new_mark();
    c.label(Who::Custodian, &part, label).unwrap();
    for mark in [first, label] {
        let answer = ask(&c, mark, Who::Custodian);
        assert_eq!(answer.verdict, Verdict::EligibleByRecord);
        assert_eq!(answer.part.unwrap().replaced_by, None);
    }
}

#[test]
fn a_mark_that_another_part_has_holds_both() {
    let (mut c, licence) = class_c();
    let (one, two) = (c.make(&licence, 1), c.make(&licence, 2));
    let marks = [1, 2].map(|unit| c.mark(&licence, unit));
    let said = c.mark_again(Who::Custodian, &one, marks[0], marks[1]);
    let found = c.log.findings(&said.unwrap().id);
    assert_eq!(found, set([Code::MarkDuplicated]));
    for part in [&one, &two] {
        assert_eq!(held(&c, part), set([Code::MarkDuplicated]));
    }
}

#[test]
fn only_who_has_the_part_marks_it_and_only_a_mark_that_it_has_is_replaced() {
    let (mut c, licence) = class_c();
    let (one, two) = (c.make(&licence, 1), c.make(&licence, 2));
    let old = c.mark(&licence, 1);
    let (new, other, label) = (c.new_mark(), c.new_mark(), c.new_mark());
    let labelled = c.label(Who::Custodian, &one, label).unwrap();
    assert_eq!(c.log.findings(&labelled.id), set([]));
    c.mark_again(Who::Custodian, &one, old, other).unwrap();
    assert_eq!(held(&c, &one), set([]));
    let strangers = c.label(Who::Mechanic, &one, new).unwrap();
    assert_eq!(c.log.findings(&strangers.id), set([Code::NotCustodian]));
    let (never, fresh) = (c.new_mark(), c.new_mark());
    let wrong = c.mark_again(Who::Custodian, &two, never, fresh);
    let found = c.log.findings(&wrong.unwrap().id);
    assert_eq!(found, set([Code::Contradicted]));
}

#[test]
fn a_mark_that_fails_its_grading_holds_the_part_until_somebody_else_decides() {
    let (mut c, licence) = class_c();
    let (part, mark) = (c.make(&licence, 1), c.mark(&licence, 1));
    c.verify_mark(Who::Inspector, &part, mark, Grade::D)
        .unwrap();
    assert_eq!(held(&c, &part), set([]));
    let failed = c.verify_mark(Who::Inspector, &part, mark, Grade::F);
    assert_eq!(held(&c, &part), set([Code::Nonconforming]));
    let failed = failed.unwrap().id;
    c.dispose(Who::Designer, &part, failed, Disposition::UseAsIs)
        .unwrap();
    assert_eq!(held(&c, &part), set([]));
    let read = c.new_mark();
    let read = c.verify_mark(Who::Inspector, &part, read, Grade::A);
    let found = c.log.findings(&read.unwrap().id);
    assert_eq!(found, set([Code::Contradicted]));
}

/// A licence whose approval qualifies no zone.
fn unqualified() -> (Consortium, SubjectId) {
    let spec = DesignSpec {
        zone_qualified: false,
        ..DesignSpec::default()
    };
    Consortium::licensed_as(52, &spec, 3)
}

#[test]
fn where_no_zone_is_qualified_the_mark_is_put_on_and_graded_before_anything_is_released() {
    let (mut c, licence) = unqualified();
    let built_in = c.print(&licence, 1);
    assert_eq!(held(&c, &built_in), set([Code::ZoneNotQualified]));
    c.unmarked = true;
    let (part, mark) = (c.print(&licence, 2), c.mark(&licence, 2));
    assert_eq!(held(&c, &part), set([Code::MarkMissing]));
    let inspection = c.inspect(Who::Inspector, &part).unwrap().id;
    let early = c.release(Who::Signatory, &part, inspection).unwrap_err();
    assert_eq!(early.code(), Code::WaitsFor);
    // What was read before anything was put on is not the mark that is missing.
    c.verify_mark(Who::Inspector, &part, mark, Grade::A)
        .unwrap();
    c.label(Who::Production, &part, mark).unwrap();
    assert_eq!(held(&c, &part), set([Code::MarkMissing]));
    c.verify_mark(Who::Inspector, &part, mark, Grade::C)
        .unwrap();
    c.release(Who::Signatory, &part, inspection).unwrap();
    assert_eq!(verdict_of(&c, mark), Verdict::EligibleByRecord);
}

/// A forged part of the ship, entered, marked, graded and released.
fn entered(c: &mut Consortium) -> (SubjectId, Mark) {
    let (part, mark) = (c.new_subject("part"), c.new_mark());
    c.enter(Who::Custodian, &part).unwrap();
    c.label(Who::Custodian, &part, mark).unwrap();
    c.verify_mark(Who::Inspector, &part, mark, Grade::B)
        .unwrap();
    let inspection = c.inspect(Who::Inspector, &part).unwrap().id;
    c.release(Who::Signatory, &part, inspection).unwrap();
    (part, mark)
}

#[test]
fn a_part_that_no_build_made_has_a_record_and_is_never_eligible() {
    let (mut c, _) = class_c();
    let (part, mark) = entered(&mut c);
    assert_eq!(held(&c, &part), set([]));
    let own = ask(&c, mark, Who::Custodian);
    let reported = vec![Code::OriginReported];
    assert_eq!(codes(&own), (Verdict::CannotDetermine, reported.clone()));
    let face = own.part.unwrap();
    assert_eq!(
        (face.name, face.maker),
        (Some("Hinge".parse().unwrap()), None)
    );
    let others = codes(&ask(&c, mark, Who::Mechanic));
    assert_eq!(others, (Verdict::RecordFound, reported.clone()));
    c.hand_over(&part).unwrap();
    c.install(Who::Mechanic, &part).unwrap();
    let installed = codes(&ask(&c, mark, Who::Mechanic));
    assert_eq!(installed, (Verdict::RecordFound, reported));
}

#[test]
fn a_part_is_entered_once_and_no_build_makes_it_again() {
    let (mut c, licence) = class_c();
    let (part, _) = entered(&mut c);
    let again = c.enter(Who::Custodian, &part).unwrap();
    assert_eq!(c.log.findings(&again.id), set([Code::Contradicted]));
    let made = c.make(&licence, 1);
    let claimed = c.enter(Who::Custodian, &made).unwrap();
    assert_eq!(c.log.findings(&claimed.id), set([Code::Contradicted]));
    assert_eq!(Life::of(c.log.world(), &made).unwrap().entered, None);
}

#[test]
fn who_entered_a_part_recalls_it_and_an_authority_does_and_nobody_else() {
    let (mut c, _) = class_c();
    let (part, mark) = entered(&mut c);
    let strangers = c.recall(Who::Designer, &[&part]).unwrap_err();
    assert_eq!(strangers.code(), Code::NotYours);
    c.recall(Who::Production, &[&part]).unwrap();
    assert_eq!(held(&c, &part), set([Code::Recalled]));
    assert_eq!(verdict_of(&c, mark), Verdict::DoNotInstall);
}

#[test]
fn what_a_retired_machine_builds_is_held_and_what_it_built_is_not() {
    let (mut c, licence) = class_c();
    let before = c.make(&licence, 1);
    let order = c.order(&licence).unwrap();
    let machine = Who::Machine.machine();
    let strangers = c.retire(Who::Certifier, &machine).unwrap_err();
    assert_eq!(strangers.code(), Code::RoleMissing);
    c.retire(Who::Production, &machine).unwrap();
    let again = c.retire(Who::Production, &machine).unwrap_err();
    assert_eq!(again.code(), Code::AlreadyExists);
    let ordered = c.order(&licence).unwrap_err();
    assert_eq!(ordered.code(), Code::MachineRetired);
    let build = c.start(&licence, &order, 2);
    assert_eq!(held(&c, &before), set([]));
    let part = &build.parts[0];
    assert_eq!(held(&c, part), set([Code::MachineRetired]));
    assert_eq!(
        Life::of(c.log.world(), part).unwrap().phase,
        Phase::Printing
    );
}
