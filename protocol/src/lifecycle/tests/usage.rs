//! Use of assets and of the parts in them, what is left of a life, and errors that are declared.

use super::*;
use crate::body::usage::{LifeLimit, Usage};
use crate::fixture::{DAY_S, DesignSpec};
use crate::life::Phase;
use crate::lifecycle::Refusal;
use crate::statement::Statement;

fn hours(hours: u64, landings: u64) -> Usage {
    Usage {
        duration_s: hours * 3600,
        cycles: landings,
        landings,
    }
}

/// A part for 1000 hours, in an asset of the mechanic's that was read before.
fn flying() -> (Consortium, SubjectId, SubjectId) {
    let spec = DesignSpec {
        life: Some(LifeLimit {
            duration_s: Some(1000 * 3600),
            cycles: None,
            landings: Some(500),
        }),
        ..DesignSpec::default()
    };
    let (mut c, licence) = Consortium::licensed_as(61, &spec, 3);
    let part = c.make(&licence, 1);
    c.hand_over(&part).unwrap();
    c.use_asset(Who::Mechanic, 5000, 100).unwrap();
    c.install(Who::Mechanic, &part).unwrap();
    (c, licence, part)
}

fn held(c: &Consortium, part: &SubjectId) -> BTreeSet<Code> {
    holds(c.log.world(), part)
}

fn used(c: &Consortium, part: &SubjectId) -> Usage {
    Life::of(c.log.world(), part).unwrap().used.total
}

fn findings(c: &Consortium, said: Result<Statement, Refusal>) -> BTreeSet<Code> {
    c.log.findings(&said.unwrap().id)
}

fn code(said: Result<Statement, Refusal>) -> Code {
    said.unwrap_err().code()
}

#[test]
fn what_an_asset_goes_through_its_parts_go_through() {
    let (mut c, licence, part) = flying();
    c.use_asset(Who::Mechanic, 5400, 140).unwrap();
    assert_eq!(used(&c, &part), hours(400, 40));
    assert_eq!(held(&c, &part), set([]));
    c.use_asset(Who::Mechanic, 6000, 200).unwrap();
    assert_eq!(held(&c, &part), set([Code::LifeExpired]));
    let answer = ask(&c, c.mark(&licence, 1), Who::Mechanic);
    let (life, step) = (
        answer.part.unwrap(),
        answer.life.last().unwrap().title.clone(),
    );
    assert_eq!(step, "Use of its asset reported");
    assert_eq!(life.used.unwrap().peak_milli_g, Some(1_850));
}

#[test]
fn readings_on_both_sides_of_a_stay_answer_for_a_report_of_the_part() {
    let (mut c, _, part) = flying();
    c.use_asset(Who::Mechanic, 5100, 110).unwrap();
    c.remove(Who::Mechanic, &part).unwrap();
    assert_eq!(held(&c, &part), set([Code::UsageMissing]));
    c.use_asset(Who::Mechanic, 5110, 111).unwrap();
    assert_eq!(held(&c, &part), set([]));
    // Nobody knows how much of the last ten hours it was there for: all of them count.
    assert_eq!(used(&c, &part), hours(110, 11));
    c.use_asset(Who::Mechanic, 9000, 900).unwrap();
    assert_eq!(used(&c, &part), hours(110, 11), "it is not there any more");
}

#[test]
fn an_exact_report_of_the_part_stands_unless_it_is_below_what_is_certain() {
    let (mut c, _, part) = flying();
    c.use_asset(Who::Mechanic, 5010, 101).unwrap();
    c.use_asset(Who::Mechanic, 5110, 111).unwrap();
    // Between the first and the second reading in it: 100 hours for certain, 110 at most.
    c.report_use(Who::Mechanic, &part, 104, 10).unwrap();
    assert_eq!(
        (used(&c, &part), held(&c, &part)),
        (hours(104, 10), set([]))
    );
    c.use_asset(Who::Mechanic, 5310, 131).unwrap();
    c.use_asset(Who::Mechanic, 5410, 141).unwrap();
    c.report_use(Who::Mechanic, &part, 150, 20).unwrap();
    assert_eq!(held(&c, &part), set([Code::UsageFell]));
}

#[test]
fn another_organisations_readings_and_those_without_a_role_count_for_nothing() {
    let (mut c, _, part) = flying();
    c.use_asset(Who::Custodian, 9000, 900).unwrap();
    assert_eq!(used(&c, &part), hours(0, 0));
    let told = c.use_asset(Who::MroAdmin, 9000, 900);
    assert_eq!(findings(&c, told), set([Code::RoleMissing]));
    assert_eq!((used(&c, &part), held(&c, &part)), (hours(0, 0), set([])));
    let anothers = c.asset(Who::Custodian, "N123TM");
    let core = c.use_asset(Who::Mechanic, 5001, 101).unwrap().body.core;
    let said = c.say(Who::Mechanic, &anothers, core);
    assert_eq!(findings(&c, said), set([Code::NotYours]));
}

#[test]
fn a_reading_that_falls_is_found_and_holds_the_parts_in_the_asset() {
    let (mut c, _, part) = flying();
    c.use_asset(Who::Mechanic, 5100, 110).unwrap();
    let told = c.use_asset(Who::Mechanic, 5050, 111);
    assert_eq!(findings(&c, told), set([Code::UsageFell]));
    assert_eq!(held(&c, &part), set([Code::UsageFell]));
}

#[test]
fn what_is_left_of_a_life_is_told_with_the_day_on_which_it_ends_at_this_rate() {
    let (mut c, licence, part) = flying();
    let mark = c.mark(&licence, 1);
    let left = |c: &Consortium| ask(c, mark, Who::Mechanic).part.unwrap().life_left.unwrap();
    assert_eq!(
        (left(&c).duration_s, left(&c).ends_at),
        (Some(1000 * 3600), None)
    );
    let start = c.now;
    c.now = start + 100 * DAY_S - 60;
    c.report_use(Who::Mechanic, &part, 200, 10).unwrap();
    let now = left(&c);
    assert_eq!(
        (now.duration_s, now.landings),
        (Some(800 * 3600), Some(490))
    );
    // 200 hours in 100 days: 800 more take 400.
    assert_eq!(now.ends_at.unwrap(), c.now + 400 * DAY_S);
    let stranger = answer(
        c.log.world(),
        mark,
        c.now,
        &Viewer::Public,
        Knowledge {
            logged_until: None,
            is_whole_log: true,
            witnessing: Witnessing::Unasked,
        },
    );
    let face = stranger.part.unwrap();
    assert_eq!((face.used, face.life_left), (None, None));
}

#[test]
fn use_falls_when_its_author_declares_an_error_and_a_second_party_agrees() {
    let (mut c, _, part) = flying();
    c.report_use(Who::Mechanic, &part, 10, 1).unwrap();
    let wrong = c.report_use(Who::Mechanic, &part, 2000, 1).unwrap().id;
    c.report_use(Who::Mechanic, &part, 20, 2).unwrap();
    let over = set([Code::LifeExpired, Code::UsageFell]);
    assert_eq!(held(&c, &part), over);
    assert_eq!(code(c.err(Who::Custodian, &part, wrong)), Code::NotYours);
    let declared = c.err(Who::Mechanic, &part, wrong).unwrap().id;
    assert_eq!(held(&c, &part), over, "nobody has agreed");
    assert_eq!(
        code(c.agree(Who::Mechanic, &part, declared)),
        Code::RoleMissing
    );
    c.agree(Who::Designer, &part, declared).unwrap();
    assert_eq!((used(&c, &part), held(&c, &part)), (hours(20, 2), set([])));
}

#[test]
fn a_reading_of_an_asset_that_an_authority_agrees_is_wrong_counts_no_more() {
    let (mut c, _, part) = flying();
    let wrong = c.use_asset(Who::Mechanic, 51_000, 110).unwrap().id;
    assert_eq!(held(&c, &part), set([Code::LifeExpired]));
    let asset = c.asset(Who::Mechanic, "N123TM");
    assert_eq!(code(c.err(Who::Custodian, &asset, wrong)), Code::NotYours);
    let declared = c.err(Who::Mechanic, &asset, wrong).unwrap().id;
    assert_eq!(
        code(c.err(Who::Mechanic, &asset, wrong)),
        Code::AlreadyExists
    );
    assert_eq!(held(&c, &part), set([Code::LifeExpired]));
    assert_eq!(
        code(c.agree(Who::Designer, &asset, declared)),
        Code::FunctionMissing
    );
    c.agree(Who::Certifier, &asset, declared).unwrap();
    assert_eq!((used(&c, &part), held(&c, &part)), (hours(0, 0), set([])));
    assert_eq!(
        code(c.agree(Who::Certifier, &asset, declared)),
        Code::AlreadyExists
    );
}

#[test]
fn a_release_that_its_own_organisation_takes_back_falls_at_once_and_a_failure_does_not() {
    let (mut c, licence, _) = flying();
    let part = c.make(&licence, 2);
    let release = c.after(&part).unwrap();
    let phase = |c: &Consortium| Life::of(c.log.world(), &part).unwrap().phase;
    c.err(Who::Inspector, &part, release).unwrap();
    assert_eq!((phase(&c), held(&c, &part)), (Phase::Accepted, set([])));
    let failed = c.test(Who::Inspector, &part, 1).unwrap().id;
    let declared = c.err(Who::Inspector, &part, failed).unwrap().id;
    assert_eq!(held(&c, &part), set([Code::Nonconforming]));
    c.agree(Who::Certifier, &part, declared).unwrap();
    assert_eq!(held(&c, &part), set([]));
}

#[test]
fn what_a_build_did_is_not_taken_back_and_a_destruction_is_by_two() {
    let (mut c, licence, _) = flying();
    let part = c.make(&licence, 2);
    let facts = |c: &Consortium| match c.log.world().get(&part) {
        Some(crate::world::Data::Part { facts, .. }) => facts[0].source.statement,
        _ => panic!("a part"),
    };
    let start = facts(&c);
    assert_eq!(
        code(c.err(Who::Production, &part, start)),
        Code::WrongSubject
    );
    let destroyed = c.destroy(Who::Custodian, &part).unwrap().id;
    let declared = c.err(Who::Custodian, &part, destroyed).unwrap().id;
    let phase = |c: &Consortium| Life::of(c.log.world(), &part).unwrap().phase;
    assert_eq!(phase(&c), Phase::Destroyed);
    c.agree(Who::Certifier, &part, declared).unwrap();
    assert_eq!((phase(&c), held(&c, &part)), (Phase::Released, set([])));
}

#[test]
fn a_report_of_the_part_between_two_readings_takes_nothing_off() {
    let (mut c, _, part) = flying();
    c.use_asset(Who::Mechanic, 5010, 101).unwrap();
    c.report_use(Who::Mechanic, &part, 0, 0).unwrap();
    c.use_asset(Who::Mechanic, 5900, 190).unwrap();
    let most = used(&c, &part);
    c.report_use(Who::Mechanic, &part, 1, 1).unwrap();
    assert!(
        !used(&c, &part).is_below(&hours(890, 89)),
        "{:?}, {most:?}",
        used(&c, &part)
    );
    assert!(held(&c, &part).contains(&Code::UsageFell));
}

#[test]
fn who_loses_a_key_makes_no_use_fall() {
    let (mut c, _, part) = flying();
    c.use_asset(Who::Mechanic, 6100, 200).unwrap();
    assert!(held(&c, &part).contains(&Code::LifeExpired));
    c.revoke(Who::Mechanic, Some(c.now - 40 * DAY_S)).unwrap();
    let held = held(&c, &part);
    assert!(
        held.contains(&Code::LifeExpired) && held.contains(&Code::KeyCompromised),
        "{held:?}"
    );
}
