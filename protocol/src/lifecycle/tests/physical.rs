//! Physical evidence: what measurements amount to, whose enrolment counts, and what comparing does.

use super::*;
use crate::body::Core;
use crate::body::governance::PartClass;
use crate::body::physical::{Compared, Enrolled, Match, ScanCompared, ScanOutcome};
use crate::body::quality::Disposition;
use crate::digest::Digest;
use crate::fixture::physical::{bore, compared, enrolled, mass, surface};
use crate::fixture::text;
use crate::statement::{Statement, StatementId};

/// A part of class B, enrolled by its maker, inspected and released.
fn enrolled_part() -> (Consortium, Mark, SubjectId, StatementId) {
    let (mut c, licence) = Consortium::licensed(51, PartClass::B, 3);
    let part = c.print(&licence, 1);
    let enrolment = c.enrol_piece(Who::Custodian, &part).unwrap().id;
    let inspection = c.inspect(Who::Inspector, &part).unwrap().id;
    c.release(Who::Signatory, &part, inspection).unwrap();
    let mark = c.mark(&licence, 1);
    (c, mark, part, enrolment)
}

fn found(c: &Consortium, statement: &Statement) -> BTreeSet<Code> {
    c.log.findings(&statement.id)
}

fn life(c: &Consortium, part: &SubjectId) -> Life {
    Life::of(c.log.world(), part).unwrap()
}

const MISSING: (Verdict, [Code; 1]) = (Verdict::CannotDetermine, [Code::PhysicalMatchMissing]);

#[track_caller]
fn is_missing(c: &Consortium, mark: Mark, who: Who) {
    let (verdict, codes) = codes(&ask(c, mark, who));
    assert_eq!((verdict, &codes[..]), (MISSING.0, &MISSING.1[..]));
}

#[test]
fn a_class_b_part_is_eligible_when_who_has_the_piece_has_matched_it() {
    let (mut c, mark, part, enrolment) = enrolled_part();
    is_missing(&c, mark, Who::Custodian);
    for weak in [Match::Consistent, Match::ProvesNothing] {
        let said = c
            .compare_piece(Who::Custodian, &part, enrolment, weak)
            .unwrap();
        assert_eq!(found(&c, &said), set([]));
        assert_eq!(life(&c, &part).comparisons[&said.id], weak);
        is_missing(&c, mark, Who::Custodian);
    }
    // Who has not the piece has not matched it.
    c.compare_piece(Who::Mechanic, &part, enrolment, Match::Matched)
        .unwrap();
    is_missing(&c, mark, Who::Custodian);
    let matched = c.compare_piece(Who::Custodian, &part, enrolment, Match::Matched);
    let answer = ask(&c, mark, Who::Custodian);
    assert_eq!(codes(&answer), (Verdict::EligibleByRecord, vec![]));
    assert!(answer.life.iter().any(|step| {
        step.statement == matched.as_ref().unwrap().id && step.title.contains("the same")
    }));
    // It was out of sight since.
    c.hand_over(&part).unwrap();
    is_missing(&c, mark, Who::Mechanic);
    c.compare_piece(Who::Mechanic, &part, enrolment, Match::Matched)
        .unwrap();
    let answer = ask(&c, mark, Who::Mechanic);
    assert_eq!(codes(&answer), (Verdict::EligibleByRecord, vec![]));
}

#[test]
fn a_match_that_its_own_organisation_takes_back_falls_at_once() {
    let (mut c, mark, part, enrolment) = enrolled_part();
    let matched = c.compare_piece(Who::Custodian, &part, enrolment, Match::Matched);
    c.err(Who::Custodian, &part, matched.unwrap().id).unwrap();
    is_missing(&c, mark, Who::Custodian);
    // That it differs is taken back by two.
    let differs = c.compare_piece(Who::Custodian, &part, enrolment, Match::Differs);
    let declared = c.err(Who::Custodian, &part, differs.unwrap().id).unwrap();
    assert!(holds(c.log.world(), &part).contains(&Code::EvidenceDiffers));
    c.agree(Who::Certifier, &part, declared.id).unwrap();
    assert!(!holds(c.log.world(), &part).contains(&Code::EvidenceDiffers));
}

#[test]
fn a_piece_that_differs_is_held_by_those_who_may_and_shown_by_others() {
    for (who, holds_it) in [
        (Who::Custodian, true),
        (Who::Inspector, true),
        (Who::Designer, true),
        (Who::Certifier, true),
        (Who::Mechanic, false),
    ] {
        let (mut c, mark, part, enrolment) = enrolled_part();
        c.compare_piece(Who::Custodian, &part, enrolment, Match::Matched)
            .unwrap();
        let said = c
            .compare_piece(who, &part, enrolment, Match::Differs)
            .unwrap();
        assert_eq!(life(&c, &part).comparisons[&said.id], Match::Differs);
        let verdict = ask(&c, mark, Who::Custodian).verdict;
        if !holds_it {
            assert_eq!(found(&c, &said), set([]), "{who:?}");
            assert_eq!(verdict, Verdict::EligibleByRecord);
            continue;
        }
        assert_eq!(found(&c, &said), set([Code::EvidenceDiffers]), "{who:?}");
        assert_eq!(verdict, Verdict::DoNotInstall);
        let use_as_is = Disposition::UseAsIs;
        let judge = if who == Who::Certifier {
            Who::Designer
        } else {
            Who::Certifier
        };
        assert!(c.dispose(who, &part, said.id, use_as_is).is_err());
        c.dispose(judge, &part, said.id, use_as_is).unwrap();
        assert_eq!(holds(c.log.world(), &part), set([]));
        // The match that there was is gone with the doubt.
        is_missing(&c, mark, Who::Custodian);
    }
}

#[test]
fn what_is_the_same_is_nothing_to_decide() {
    let (mut c, _, part, enrolment) = enrolled_part();
    let same = c.compare_piece(Who::Custodian, &part, enrolment, Match::Consistent);
    let decided = c.dispose(Who::Designer, &part, same.unwrap().id, Disposition::Scrap);
    assert_eq!(decided.unwrap_err().code(), Code::WrongSubject);
}

#[test]
fn who_enrols_another_piece_enrols_nothing() {
    let (mut c, mark, part, enrolment) = enrolled_part();
    let by_stranger = c.enrol_piece(Who::Mechanic, &part).unwrap();
    assert_eq!(life(&c, &part).enrolment, Some(enrolment));
    c.hand_over(&part).unwrap();
    let by_receiver = c.enrol_piece(Who::Mechanic, &part).unwrap();
    assert_eq!(life(&c, &part).enrolment, Some(enrolment));
    for own in [by_stranger.id, by_receiver.id] {
        let said = c.compare_piece(Who::Mechanic, &part, own, Match::Matched);
        assert!(!life(&c, &part).comparisons.contains_key(&said.unwrap().id));
    }
    is_missing(&c, mark, Who::Mechanic);
    // Who has matched the piece goes on from it.
    c.compare_piece(Who::Mechanic, &part, enrolment, Match::Matched)
        .unwrap();
    let again = c.enrol_piece(Who::Mechanic, &part).unwrap().id;
    assert_eq!(life(&c, &part).enrolment, Some(again));
    // Without a first enrolment, nobody makes one of a part that is released and has left its maker.
    let (mut c, licence) = Consortium::licensed(51, PartClass::C, 3);
    let part = c.make(&licence, 1);
    c.hand_over(&part).unwrap();
    c.enrol_piece(Who::Mechanic, &part).unwrap();
    assert_eq!(life(&c, &part).enrolment, None);
    let by_authority = c.enrol_piece(Who::Certifier, &part).unwrap().id;
    assert_eq!(life(&c, &part).enrolment, Some(by_authority));
}

#[test]
fn a_comparison_that_comes_before_its_enrolment_waits_for_it() {
    let (mut c, licence) = Consortium::licensed(51, PartClass::C, 3);
    let part = c.print(&licence, 1);
    c.set_sail();
    let enrolment = c.enrol_piece(Who::Custodian, &part).unwrap();
    let differs = c
        .compare_piece(Who::Custodian, &part, enrolment.id, Match::Differs)
        .unwrap();
    let logged = c.log.submit(&differs, c.now).unwrap();
    assert_eq!(logged.findings, set([Code::WaitsFor]));
    let early = c.dispose(Who::Designer, &part, differs.id, Disposition::UseAsIs);
    let early = c.log.submit(&early.unwrap(), c.now).unwrap_err();
    assert_eq!(early.code(), Code::WaitsFor);
    c.log.submit(&enrolment, c.now).unwrap();
    assert_eq!(holds(c.log.world(), &part), set([Code::EvidenceDiffers]));
}

/// Beside the fixture's enrolment.
fn verdict(change: impl FnOnce(&mut Compared)) -> Match {
    let id = Digest::sha3(&[b"enrolment"]);
    let mut says = compared(None, id, Match::Consistent);
    says.mass = None;
    change(&mut says);
    says.verdict(&enrolled(None))
}

fn scan(against: &[u8], change: impl FnOnce(&mut ScanCompared)) -> Match {
    let mut scan = scan_of(against);
    change(&mut scan);
    verdict(|says| says.scan = Some(scan))
}

fn scan_of(against: &[u8]) -> ScanCompared {
    ScanCompared {
        scan: Digest::sha3(&[b"scan of today"]),
        instrument: text("Scanner 1"),
        against: Digest::sha3(&[against]),
        report: Digest::sha3(&[b"report"]),
        outcome: ScanOutcome::Passed,
        tolerance_um: 50,
        within_ppm: 995_000,
        coverage_ppm: 950_000,
    }
}

#[test]
fn measurements_differ_beyond_both_uncertainties_and_the_allowance() {
    // 100 mg may wear off, √(10² + 10²) is 14.1 mg.
    let weighs = |mass_mg, by| verdict(|says| says.mass = Some(mass(mass_mg, by)));
    assert_eq!(weighs(12_500 - 114, 10), Match::Consistent);
    assert_eq!(weighs(12_500 - 115, 10), Match::Differs);
    assert_eq!(weighs(12_500 + 115, 10), Match::Differs);
    // A blunt balance proves nothing, unless even it tells.
    assert_eq!(weighs(12_500, 100), Match::Consistent);
    assert_eq!(weighs(12_500, 101), Match::ProvesNothing);
    assert_eq!(weighs(9_000, 101), Match::Differs);
    let measures = |length_um, by| verdict(|says| says.dimensions = vec![bore(length_um, by)]);
    assert_eq!(measures(8_027, 5), Match::Consistent);
    assert_eq!(measures(8_028, 5), Match::Differs);
    let elsewhere = verdict(|says| {
        let mut other = bore(9_000, 5);
        other.name = text("flange");
        says.dimensions = vec![other];
    });
    assert_eq!(elsewhere, Match::ProvesNothing);
    assert_eq!(weighs(i64::MAX, i64::MAX), Match::ProvesNothing);
}

#[test]
fn a_surface_or_an_enrolled_scan_tells_a_piece_from_its_copies() {
    let shows = |again, of| verdict(|says| says.surfaces = vec![surface(again, of)]);
    assert_eq!(shows(36, 40), Match::Matched);
    assert_eq!(shows(35, 40), Match::ProvesNothing);
    assert_eq!(shows(20, 40), Match::ProvesNothing);
    assert_eq!(shows(19, 40), Match::Differs);
    assert_eq!(shows(11, 11), Match::ProvesNothing);
    assert_eq!(shows(12, 12), Match::Matched);
    let not_enrolled = verdict(|says| {
        let mut other = surface(40, 40);
        other.enrolled = Digest::sha3(&[b"another"]);
        says.surfaces = vec![other];
    });
    assert_eq!(not_enrolled, Match::ProvesNothing);
    let the_enrolled_one = verdict(|says| {
        let mut same = surface(40, 40);
        same.photograph = same.enrolled;
        says.surfaces = vec![same];
    });
    assert_eq!(the_enrolled_one, Match::ProvesNothing);
    assert_eq!(scan(b"scan", |_| {}), Match::Matched);
    // Whatever the nominal geometry says, it says of every copy.
    assert_eq!(scan(b"nominal", |_| {}), Match::ProvesNothing);
    assert_eq!(
        scan(b"scan", |scan| scan.outcome = ScanOutcome::NotRegistered),
        Match::ProvesNothing
    );
    // One large patch is a share that is small, and another piece all the same.
    let failed = |scan: &mut ScanCompared| scan.outcome = ScanOutcome::Failed;
    assert_eq!(scan(b"scan", failed), Match::Differs);
    let too_strict = |scan: &mut ScanCompared| {
        (scan.tolerance_um, scan.outcome) = (10, ScanOutcome::Failed);
    };
    assert_eq!(scan(b"scan", too_strict), Match::ProvesNothing);
    let little = |scan: &mut ScanCompared| scan.outcome = ScanOutcome::CoversTooLittle;
    assert_eq!(scan(b"scan", little), Match::ProvesNothing);
    assert_eq!(
        scan(b"scan", |scan| scan.coverage_ppm = 799_999),
        Match::ProvesNothing
    );
    assert_eq!(
        scan(b"scan", |scan| scan.within_ppm = 989_999),
        Match::Differs
    );
    // A wide tolerance finds nothing out; what is beyond it is beyond the narrow one.
    assert_eq!(
        scan(b"scan", |scan| scan.tolerance_um = 51),
        Match::ProvesNothing
    );
    let wide = |scan: &mut ScanCompared| (scan.tolerance_um, scan.within_ppm) = (500, 900_000);
    assert_eq!(scan(b"scan", wide), Match::Differs);
    let narrow = |scan: &mut ScanCompared| (scan.tolerance_um, scan.within_ppm) = (10, 900_000);
    assert_eq!(scan(b"scan", narrow), Match::ProvesNothing);
    // One thing that differs is enough, whatever else is the same.
    let mixed = verdict(|says| {
        says.surfaces = vec![surface(40, 40)];
        says.mass = Some(mass(11_000, 10));
    });
    assert_eq!(mixed, Match::Differs);
}

#[test]
fn evidence_that_cannot_be_is_refused() {
    let (mut c, _, part, enrolment) = enrolled_part();
    let wrong: [fn(&mut Enrolled); 12] = [
        |says| says.mass = Some(mass(0, 1)),
        |says| says.mass = Some(mass(1, 0)),
        |says| says.dimensions = vec![bore(1, 1), bore(2, 1)],
        |says| says.photographs = vec![says.photographs[0].clone(); 2],
        |says| says.allowance.mass_mg = -1,
        // What any copy keeps to tells none apart.
        |says| says.allowance.mass_mg = 1_251,
        |says| says.allowance.length_um = 801,
        |says| says.mass = Some(mass(12_500, 1_251)),
        |says| says.scan.as_mut().unwrap().tolerance_um = 1_001,
        |says| says.scan.as_mut().unwrap().within_min_ppm = 899_999,
        |says| says.scan.as_mut().unwrap().coverage_min_ppm = 499_999,
        |says| says.scan.as_mut().unwrap().within_min_ppm = 1_000_001,
    ];
    for change in wrong {
        let mut says = enrolled(None);
        change(&mut says);
        let core = Core::PartEnrolled(Box::new(says));
        let refused = c.say(Who::Custodian, &part, core).unwrap_err();
        assert_eq!(refused.code(), Code::WrongSubject);
    }
    let many = (0..17).map(|at| {
        let mut one = bore(1, 1);
        one.name = text(&format!("place {at}"));
        one
    });
    let mut same_picture = surface(40, 40);
    same_picture.photograph = same_picture.enrolled;
    let mut same_scan = scan_of(b"scan");
    same_scan.scan = same_scan.against;
    let wrong = [
        Compared {
            surfaces: vec![same_picture],
            ..compared(None, enrolment, Match::Consistent)
        },
        Compared {
            scan: Some(same_scan),
            ..compared(None, enrolment, Match::Consistent)
        },
        Compared {
            mass: None,
            ..compared(None, enrolment, Match::Consistent)
        },
        Compared {
            surfaces: vec![surface(2, 1)],
            ..compared(None, enrolment, Match::Consistent)
        },
        Compared {
            dimensions: many.collect(),
            ..compared(None, enrolment, Match::Consistent)
        },
    ];
    for says in wrong {
        let core = Core::PartCompared(Box::new(says));
        let refused = c.say(Who::Custodian, &part, core).unwrap_err();
        assert_eq!(refused.code(), Code::WrongSubject);
    }
}

#[test]
fn who_repairs_a_released_part_does_not_make_its_first_enrolment() {
    let (mut c, licence) = Consortium::licensed(51, PartClass::C, 3);
    let part = c.make(&licence, 1);
    c.hand_over(&part).unwrap();
    c.repair(Who::Mechanic, &part, false).unwrap();
    assert_eq!(life(&c, &part).release, None);
    c.enrol_piece(Who::Mechanic, &part).unwrap();
    assert_eq!(life(&c, &part).enrolment, None);
}
