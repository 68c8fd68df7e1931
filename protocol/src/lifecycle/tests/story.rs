//! Refusals and holds, each with its name, and what clears it.

use super::*;
use crate::body::Core;
use crate::body::build::StartedPart;
use crate::body::design::Effect;
use crate::body::governance::{PartClass, Role};
use crate::body::licence::Purpose;
use crate::bundle::Replica;
use crate::code::Code;
use crate::fixture::{DAY_S, DesignSpec, LicenceSpec, MATERIAL, text};
use crate::life::Phase;
use crate::lifecycle::Refusal;
use crate::statement::Statement;
use std::fmt::Debug;

fn class_c() -> (Consortium, SubjectId) {
    Consortium::licensed(1, PartClass::C, 3)
}

fn code(said: Result<impl Debug, Refusal>) -> Code {
    said.unwrap_err().code()
}

fn findings(c: &Consortium, said: Result<Statement, Refusal>) -> BTreeSet<Code> {
    c.log.findings(&said.unwrap().id)
}

fn life(c: &Consortium, part: &SubjectId) -> Life {
    Life::of(c.log.world(), part).unwrap()
}

const GOOD: (Verdict, Vec<Code>) = (Verdict::EligibleByRecord, Vec::new());

fn stop<const N: usize>(codes: [Code; N]) -> (Verdict, Vec<Code>) {
    (Verdict::DoNotInstall, codes.into())
}

#[test]
fn a_good_part_is_eligible_to_its_custodian_only() {
    let (mut c, licence) = class_c();
    let part = c.make(&licence, 1);
    assert_eq!(verdict(&c, &licence, 1), GOOD);
    let mark = c.mark(&licence, 1);
    let other = codes(&ask(&c, mark, Who::Mechanic));
    assert_eq!(other, (Verdict::RecordFound, vec![Code::NotYourCustody]));
    c.hand_over(&part).unwrap();
    assert_eq!(
        verdict(&c, &licence, 1),
        (Verdict::RecordFound, vec![Code::NotYourCustody])
    );
    c.install(Who::Mechanic, &part).unwrap();
    let installed = codes(&ask(&c, mark, Who::Mechanic));
    assert_eq!(installed, (Verdict::RecordFound, Vec::new()));
}

#[test]
fn the_fourth_unit_does_not_exist() {
    let (mut c, licence) = class_c();
    let order = c.order(&licence).unwrap();
    c.start(&licence, &order, 4);
    assert_eq!(verdict(&c, &licence, 4), stop([Code::LicenceUnitUnknown]));
}

#[test]
fn another_machine_is_refused_at_the_order_and_held_when_it_builds() {
    let (mut c, licence) = class_c();
    let ordered = c.order_by(Who::Operator, &licence, Who::SecondMachine);
    assert_eq!(code(ordered), Code::LicenceOtherMachine);
    let order = c.order(&licence).unwrap();
    let part = c.new_subject("part");
    let (unit, mark) = (1, c.mark(&licence, 1));
    let started = StartedPart { part, unit, mark };
    let build = c.start_as(Who::SecondMachine, &licence, &order, vec![started]);
    let held = holds(c.log.world(), &build.parts[0]);
    let expected = [Code::LicenceOtherMachine, Code::OrderMismatch];
    assert_eq!(held, set(expected));
}

#[test]
fn a_machine_cannot_report_for_another() {
    let (mut c, licence) = class_c();
    let order = c.order(&licence).unwrap();
    let honest = c.start(&licence, &order, 1);
    // The second agent's key, but the first machine's name.
    let Core::BuildStarted(mut says) = honest.started.body.core.clone() else {
        unreachable!()
    };
    let part = c.new_subject("part");
    (says.parts[0].part, says.parts[0].unit) = (part.clone(), 2);
    says.parts[0].mark = c.mark(&licence, 2);
    let id = c.new_subject("build");
    c.must(Who::SecondMachine, &id, Core::BuildStarted(says));
    assert_eq!(holds(c.log.world(), &part), set([Code::OtherAgent]));
}

#[test]
fn a_withdrawn_design_reaches_as_far_as_its_effect() {
    for (effect, reaches_built, reaches_released) in [
        (Effect::NewBuilds, false, false),
        (Effect::Unreleased, true, false),
        (Effect::All, true, true),
    ] {
        let (mut c, licence) = class_c();
        let order = c.order(&licence).unwrap();
        let (released, built) = (c.make(&licence, 1), c.print(&licence, 2));
        let inspection = c.inspect(Who::Inspector, &built).unwrap().id;
        let design = text("design:d1");
        c.withdraw(&design, effect).unwrap();
        assert_eq!(code(c.order(&licence)), Code::DesignWithdrawn);
        let new = c.start(&licence, &order, 3).parts[0].clone();
        let held =
            |c: &Consortium, part| holds(c.log.world(), part).contains(&Code::DesignWithdrawn);
        assert!(held(&c, &new), "{effect:?}");
        assert_eq!(held(&c, &built), reaches_built, "{effect:?}");
        assert_eq!(held(&c, &released), reaches_released, "{effect:?}");
        let release = c.release(Who::Signatory, &built, inspection);
        assert_eq!(release.is_err(), reaches_built, "{effect:?}");
    }
}

#[test]
fn a_qualification_part_is_never_released() {
    let (mut c, _) = class_c();
    let spec = LicenceSpec {
        purpose: Purpose::Qualification,
        seed: [9; 32],
        ..LicenceSpec::default()
    };
    let licence = c.license(&text("design:d1"), None, &spec);
    let part = c.print(&licence, 1);
    let inspection = c.inspect(Who::Inspector, &part).unwrap().id;
    let release = c.release(Who::Signatory, &part, inspection);
    assert_eq!(code(release), Code::QualificationPart);
}

#[test]
fn who_orders_inspects_and_releases_a_class_b_part_are_three_people() {
    let (mut c, licence) = Consortium::licensed(1, PartClass::B, 3);
    c.grant(Who::Operator, Role::Inspector);
    c.grant(Who::Operator, Role::ReleaseSignatory);
    c.grant(Who::Inspector, Role::ReleaseSignatory);
    let part = c.print(&licence, 1);
    let inspection = c.inspect(Who::Inspector, &part).unwrap().id;
    for who in [Who::Operator, Who::Inspector] {
        assert_eq!(
            code(c.release(who, &part, inspection)),
            Code::NotIndependent
        );
    }
    c.release(Who::Signatory, &part, inspection).unwrap();
    let mark = c.mark(&licence, 1);
    assert_eq!(
        codes(&ask(&c, mark, Who::Custodian)),
        (Verdict::CannotDetermine, vec![Code::PhysicalMatchMissing])
    );
    // An inspector who ordered the build: the report is logged and held, the release on it refused by name.
    let part = c.print(&licence, 2);
    let report = c.inspect(Who::Operator, &part);
    let inspection = report.as_ref().unwrap().id;
    assert_eq!(findings(&c, report), set([Code::NotIndependent]));
    let release = c.release(Who::Signatory, &part, inspection);
    assert_eq!(code(release), Code::NotIndependent);
}

#[test]
fn of_a_class_c_part_one_person_may_do_everything() {
    let (mut c, licence) = class_c();
    c.grant(Who::Operator, Role::Inspector);
    c.grant(Who::Operator, Role::ReleaseSignatory);
    let part = c.print(&licence, 1);
    let inspection = c.inspect(Who::Operator, &part).unwrap().id;
    c.release(Who::Operator, &part, inspection).unwrap();
    assert_eq!(verdict(&c, &licence, 1), GOOD);
}

#[test]
fn a_revoked_keys_report_is_logged_unvouched_until_two_others_vouch() {
    let (mut c, licence) = class_c();
    let part = c.print(&licence, 1);
    c.revoke(Who::Inspector, None).unwrap();
    let report = c.inspect(Who::Inspector, &part);
    let report = report.unwrap();
    assert_eq!(c.log.findings(&report.id), set([Code::Unvouched]));
    assert_eq!(verdict(&c, &licence, 1), stop([Code::Unvouched]));
    let release = c.release(Who::Signatory, &part, report.id);
    assert_eq!(code(release), Code::Unvouched);
    let own = c.vouch(Who::ShopAdmin, &part, report.id);
    assert_eq!(code(own), Code::SameAuthor);
    c.vouch(Who::Mechanic, &part, report.id).unwrap();
    c.vouch(Who::MroAdmin, &part, report.id).unwrap();
    assert_eq!(holds(c.log.world(), &part), set([Code::Unvouched]));
    c.vouch(Who::Designer, &part, report.id).unwrap();
    assert_eq!(holds(c.log.world(), &part), set([]));
    c.release(Who::Signatory, &part, report.id).unwrap();
    assert_eq!(verdict(&c, &licence, 1), GOOD);
}

#[test]
fn a_revoked_machines_start_can_be_vouched_for_too() {
    let (mut c, licence) = class_c();
    let order = c.order(&licence).unwrap();
    c.revoke(Who::Machine, None).unwrap();
    let build = c.start(&licence, &order, 1);
    let part = build.parts[0].clone();
    assert_eq!(holds(c.log.world(), &part), set([Code::Unvouched]));
    for who in [Who::Mechanic, Who::Designer] {
        c.vouch(who, &part, build.started.id).unwrap();
    }
    assert_eq!(holds(c.log.world(), &part), set([]));
}

#[test]
fn an_act_of_a_revoked_key_is_refused() {
    let (mut c, licence) = class_c();
    let part = c.print(&licence, 1);
    let inspection = c.inspect(Who::Inspector, &part).unwrap().id;
    c.revoke(Who::Signatory, None).unwrap();
    let release = c.release(Who::Signatory, &part, inspection);
    assert_eq!(code(release), Code::KeyRevoked);
}

#[test]
fn what_a_compromised_key_put_in_is_held_wherever_it_stands() {
    let (mut c, licence) = class_c();
    let (part, before) = (c.make(&licence, 1), c.now);
    let late = c.make(&licence, 2);
    c.revoke(Who::Inspector, None).unwrap();
    // It comes out later that the key was stolen; an earlier time binds more, a later one is refused.
    c.revoke(Who::Inspector, Some(before)).unwrap();
    assert_eq!(
        code(c.revoke(Who::Inspector, Some(before + 60))),
        Code::KeyRevoked
    );
    assert_eq!(holds(c.log.world(), &part), set([]));
    let held = holds(c.log.world(), &late);
    assert!(held.contains(&Code::KeyCompromised), "{held:?}");
}

#[test]
fn an_order_a_licence_or_a_lot_of_a_compromised_key_holds_the_part() {
    for (thief, since_founding) in [
        (Who::Operator, false),
        (Who::Designer, true),
        (Who::Production, true),
        (Who::Certifier, true),
    ] {
        let (mut c, licence) = class_c();
        let since = if since_founding {
            crate::fixture::START_S
        } else {
            c.now
        };
        let part = c.make(&licence, 1);
        c.revoke(thief, Some(since)).unwrap();
        let held = holds(c.log.world(), &part);
        assert!(held.contains(&Code::KeyCompromised), "{thief:?} {held:?}");
    }
}

#[test]
fn a_recalled_lot_holds_old_and_new_parts_until_it_is_lifted() {
    let (mut c, licence) = class_c();
    let order = c.order(&licence).unwrap();
    let old = c.make(&licence, 1);
    let lot = c.lot.clone();
    let foreign = c.recall(Who::Designer, &[&lot]);
    assert_eq!(code(foreign), Code::NotYours);
    let recall = c.recall(Who::Certifier, &[&lot]).unwrap();
    assert_eq!(verdict(&c, &licence, 1), stop([Code::Recalled]));
    let new = c.start(&licence, &order, 2).parts[0].clone();
    for part in [&old, &new] {
        assert_eq!(holds(c.log.world(), part), set([Code::Recalled]));
    }
    let own = c.lift_recall(Who::Certifier, &recall);
    assert_eq!(code(own), Code::SameAuthor);
    let own = c.lift_recall(Who::Designer, &recall);
    assert_eq!(code(own), Code::NotYours);
    c.grant(Who::AuthorityAdmin, Role::Certifier);
    c.lift_recall(Who::AuthorityAdmin, &recall).unwrap();
    assert_eq!(verdict(&c, &licence, 1), GOOD);
}

#[test]
fn a_recall_of_the_part_itself_refuses_its_release() {
    let (mut c, licence) = class_c();
    let part = c.print(&licence, 1);
    let inspection = c.inspect(Who::Inspector, &part).unwrap().id;
    c.recall(Who::Certifier, &[&part]).unwrap();
    let release = c.release(Who::Signatory, &part, inspection);
    assert_eq!(code(release), Code::Recalled);
}

#[test]
fn a_destroyed_part_stays_destroyed() {
    let (mut c, licence) = class_c();
    let part = c.make(&licence, 1);
    let destruction = c.destroy(Who::Custodian, &part).unwrap().id;
    c.attest(Who::Mechanic, &part, destruction).unwrap();
    assert_eq!(verdict(&c, &licence, 1), stop([Code::Destroyed]));
    let after = c.install(Who::Mechanic, &part);
    assert_eq!(findings(&c, after), set([Code::AfterDestruction]));
    assert_eq!(verdict(&c, &licence, 1), stop([Code::Destroyed]));
}

#[test]
fn an_unknown_mark_is_a_stop_online_and_unknown_offline() {
    let (c, _) = class_c();
    let mark = Mark::derive(&[1; 32], 1);
    let mut knowledge = Knowledge {
        logged_until: Some(c.now),
        is_whole_log: true,
        witnessing: Witnessing::Unasked,
    };
    let ask = |knowledge| {
        let answer = answer(c.log.world(), mark, c.now, &Viewer::Public, knowledge);
        codes(&answer)
    };
    assert_eq!(ask(knowledge), stop([Code::UnknownMark]));
    knowledge.is_whole_log = false;
    let offline = (Verdict::CannotDetermine, vec![Code::NotInBundle]);
    assert_eq!(ask(knowledge), offline);
}

#[test]
fn a_second_build_of_a_mark_holds_both_parts() {
    let (mut c, licence) = class_c();
    let first = c.make(&licence, 1);
    let order = c.order(&licence).unwrap();
    let build = c.start(&licence, &order, 1);
    let found = c.log.findings(&build.started.id);
    assert_eq!(found, set([Code::MarkDuplicated]));
    c.complete(&build).unwrap();
    for part in [&first, &build.parts[0]] {
        assert_eq!(holds(c.log.world(), part), set([Code::MarkDuplicated]));
    }
    assert_eq!(verdict(&c, &licence, 1), stop([Code::MarkDuplicated]));
    let copy = &build.parts[0];
    let inspection = c.inspect(Who::Inspector, copy).unwrap().id;
    let release = c.release(Who::Signatory, copy, inspection);
    assert_eq!(code(release), Code::MarkDuplicated);
}

#[test]
fn a_forked_key_holds_both_reports_once() {
    let (mut c, licence) = class_c();
    let (one, two) = (c.print(&licence, 1), c.print(&licence, 2));
    let clone = c.person(Who::Inspector).clone();
    c.inspect(Who::Inspector, &one).unwrap();
    c.people.insert(Who::Inspector, clone);
    let second = c.inspect(Who::Inspector, &two);
    assert_eq!(findings(&c, second), set([Code::KeyForked]));
    for part in [&one, &two] {
        let life = life(&c, part);
        assert_eq!(life.holds.len(), 1);
        assert_eq!(life.holds[0].code, Code::KeyForked);
    }
}

#[test]
fn an_act_waits_for_what_it_builds_on() {
    let (mut c, licence) = class_c();
    c.set_sail();
    let part = c.make(&licence, 1);
    let quarantine = c.quarantine(Who::Custodian, &part).unwrap();
    let lift = c.lift(Who::Inspector, &part, quarantine.id).unwrap();
    let at_hand = c.at_hand();
    let release = |statement: &&Statement| matches!(statement.body.core, Core::PartReleased(_));
    let release = at_hand.iter().find(release).unwrap();
    for waits in [release, &lift] {
        assert_eq!(code(c.log.submit(waits, c.now)), Code::WaitsFor);
    }
    assert_eq!(c.come_home(), []);
    assert_eq!(verdict(&c, &licence, 1), GOOD);
}

#[test]
fn an_act_at_sea_that_is_forbidden_now_is_logged_without_effect() {
    let (mut c, licence) = class_c();
    let part = c.print(&licence, 1);
    let inspection = c.inspect(Who::Inspector, &part).unwrap().id;
    let mut home = c.clone();
    c.set_sail();
    let release = c.release(Who::Signatory, &part, inspection).unwrap();
    home.withdraw(&text("design:d1"), Effect::Unreleased)
        .unwrap();
    let found = home.log.submit(&release, home.now).unwrap().findings;
    assert_eq!(found, set([Code::WithoutEffect]));
    assert_eq!(life(&home, &part).phase, Phase::Accepted);
    let expected = stop([Code::WithoutEffect, Code::DesignWithdrawn]);
    assert_eq!(verdict(&home, &licence, 1), expected);
}

#[test]
fn a_release_that_missed_a_quarantine_is_answered_by_a_later_one() {
    let (mut c, licence) = class_c();
    let part = c.print(&licence, 1);
    let inspection = c.inspect(Who::Inspector, &part).unwrap().id;
    let mut home = c.clone();
    c.set_sail();
    let quarantine = home.quarantine(Who::Designer, &part).unwrap();
    c.now += 600;
    let release = c.release(Who::Signatory, &part, inspection).unwrap();
    // Whichever comes first, the release has no effect.
    let mut other = c.clone();
    other.at_sea = false;
    for (log, statements) in [
        (&mut home.log, [&quarantine, &release]),
        (&mut other.log, [&release, &quarantine]),
    ] {
        for statement in statements {
            log.submit(statement, c.now).unwrap();
        }
        let life = Life::of(log.world(), &part).unwrap();
        assert_eq!(life.phase, Phase::Accepted);
    }
    let found = home.log.findings(&release.id);
    assert_eq!(found, set([Code::Held, Code::WithoutEffect]));
    home.now = c.now;
    home.lift(Who::Certifier, &part, quarantine.id).unwrap();
    home.people
        .insert(Who::Signatory, c.person(Who::Signatory).clone());
    home.release(Who::Signatory, &part, inspection).unwrap();
    assert_eq!(verdict(&home, &licence, 1), GOOD);
}

#[test]
fn a_report_out_of_order_is_a_gap_that_clears() {
    let (mut c, licence) = class_c();
    c.set_sail();
    let part = c.print(&licence, 1);
    let inspection = c.inspect(Who::Inspector, &part).unwrap();
    let shipment = c.hand_over(&part).unwrap();
    c.at_sea = false;
    for early in [&shipment, &inspection] {
        c.log.submit(early, c.now).unwrap();
        let life = life(&c, &part);
        let is_gap = |hold: &crate::life::Hold| hold.kind == crate::code::HoldKind::DocGap;
        assert!(!life.holds.is_empty() && life.holds.iter().all(is_gap));
    }
    assert_eq!(c.come_home(), []);
    assert_eq!(holds(c.log.world(), &part), set([]));
}

#[test]
fn a_build_that_ends_in_the_second_of_its_start_has_ended() {
    for seed in 0..20 {
        let (mut c, licence) = Consortium::licensed(seed, PartClass::C, 3);
        let order = c.order(&licence).unwrap();
        let build = c.start(&licence, &order, 1);
        c.now -= 60;
        c.complete(&build).unwrap();
        assert_eq!(life(&c, &build.parts[0]).phase, Phase::Built);
    }
}

#[test]
fn a_quarantine_holds_by_right_and_is_lifted_by_somebody_else() {
    let (mut c, licence) = class_c();
    let part = c.make(&licence, 1);
    // The mechanic's organisation has nothing to do with the part: its word is logged and holds nothing.
    let word = c.quarantine(Who::Mechanic, &part).unwrap().id;
    assert_eq!(verdict(&c, &licence, 1), GOOD);
    c.lift(Who::Signatory, &part, word).unwrap();
    assert_eq!(verdict(&c, &licence, 1), GOOD);
    let placed = c.quarantine(Who::Inspector, &part).unwrap().id;
    assert_eq!(verdict(&c, &licence, 1), stop([Code::Quarantined]));
    let own = c.lift(Who::Inspector, &part, placed);
    assert_eq!(code(own), Code::SameAuthor);
    c.lift(Who::Designer, &part, placed).unwrap();
    assert_eq!(verdict(&c, &licence, 1), GOOD);
}

#[test]
fn only_who_may_hold_may_lift() {
    let (mut c, licence) = class_c();
    let part = c.make(&licence, 1);
    let placed = c.quarantine(Who::Designer, &part).unwrap().id;
    c.grant(Who::Mechanic, Role::Inspector);
    let foreign = c.lift(Who::Mechanic, &part, placed);
    assert_eq!(code(foreign), Code::NotYours);
}

#[test]
fn a_shipment_by_who_has_not_the_part_moves_nothing() {
    let (mut c, licence) = class_c();
    let part = c.make(&licence, 1);
    let shipment = c.ship(Who::Custodian, &part, c.org(Who::Mechanic)).unwrap();
    let bogus = c.ship(Who::Mechanic, &part, c.org(Who::Designer));
    assert_eq!(findings(&c, bogus), set([Code::NotCustodian]));
    c.receive(Who::Mechanic, &part, shipment.id).unwrap();
    assert_eq!(life(&c, &part).custodian, Some(c.org(Who::Mechanic)));
}

#[test]
fn a_removed_part_needs_inspection_and_release_again() {
    let (mut c, licence) = class_c();
    let part = c.print(&licence, 1);
    let inspection = c.inspect(Who::Inspector, &part).unwrap().id;
    c.release(Who::Signatory, &part, inspection).unwrap();
    c.hand_over(&part).unwrap();
    c.install(Who::Mechanic, &part).unwrap();
    c.remove(Who::Mechanic, &part).unwrap();
    let mark = c.mark(&licence, 1);
    let removed = codes(&ask(&c, mark, Who::Mechanic));
    assert_eq!(removed, stop([Code::NotReleased]));
    let old = c.release(Who::Signatory, &part, inspection);
    assert_eq!(code(old), Code::NotInspected);
    let inspection = c.inspect(Who::Inspector, &part).unwrap().id;
    c.release(Who::Signatory, &part, inspection).unwrap();
    assert_eq!(codes(&ask(&c, mark, Who::Mechanic)), GOOD);
}

#[test]
fn material_that_nobody_vouches_for_holds_what_is_made_of_it() {
    let (mut c, licence) = class_c();
    c.revoke(Who::Production, None).unwrap();
    c.lot = c.receive_lot("lot:l2", MATERIAL);
    let order = c.order(&licence).unwrap();
    let part = c.start(&licence, &order, 1).parts[0].clone();
    assert_eq!(holds(c.log.world(), &part), set([Code::Unvouched]));
}

#[test]
fn knowledge_has_an_age_and_class_b_wants_it_logged() {
    let (mut c, licence) = class_c();
    c.make(&licence, 1);
    let ask = |as_of| {
        let knowledge = Knowledge {
            logged_until: as_of,
            is_whole_log: false,
            witnessing: Witnessing::Unasked,
        };
        let viewer = Viewer::Public;
        answer(
            c.log.world(),
            c.mark(&licence, 1),
            c.now,
            &viewer,
            knowledge,
        )
    };
    let fresh = ask(Some(c.now - 90 * DAY_S));
    assert_eq!(fresh.verdict, Verdict::RecordFound);
    for old in [None, Some(c.now - 91 * DAY_S)] {
        let expected = (Verdict::CannotDetermine, vec![Code::KnowledgeTooOld]);
        assert_eq!(codes(&ask(old)), expected);
    }
}

#[test]
fn class_b_at_sea_cannot_be_determined() {
    let (mut c, licence) = Consortium::licensed(1, PartClass::B, 3);
    let mut replica = Replica::new(c.trust());
    replica.extend(&c.log.page(0)).unwrap();
    c.set_sail();
    c.make(&licence, 1);
    let (world, refused) = replica.with(&c.at_hand());
    assert_eq!(refused, []);
    let knowledge = Knowledge {
        logged_until: replica.as_of(),
        is_whole_log: false,
        witnessing: Witnessing::Unasked,
    };
    let mark = c.mark(&licence, 1);
    let answer = answer(&world, mark, c.now, &Viewer::Public, knowledge);
    let expected = (Verdict::CannotDetermine, vec![Code::Provisional]);
    assert_eq!(codes(&answer), expected);
}

#[test]
fn effectivity_names_the_assets() {
    let mut c = Consortium::founded(1);
    let spec = DesignSpec {
        effectivity: [text("helicopter")].into(),
        ..DesignSpec::default()
    };
    let design = c.publish(&spec);
    let approval = c.approve(&design, &spec);
    let licence = c.license(&design, Some(&approval), &LicenceSpec::default());
    c.make(&licence, 1);
    for (asset, expected) in [
        (None, (Verdict::CannotDetermine, vec![Code::AssetNotNamed])),
        (Some(text("glider")), stop([Code::NotEffective])),
        (Some(text("helicopter")), GOOD),
    ] {
        let viewer = Viewer::Member {
            org: c.org(Who::Custodian),
            asset_type: asset,
        };
        let knowledge = Knowledge {
            logged_until: Some(c.now),
            is_whole_log: true,
            witnessing: Witnessing::Unasked,
        };
        let mark = c.mark(&licence, 1);
        let answer = answer(c.log.world(), mark, c.now, &viewer, knowledge);
        assert_eq!(codes(&answer), expected);
    }
}

#[test]
fn the_public_learns_neither_place_nor_person() {
    let (mut c, licence) = class_c();
    let part = c.make(&licence, 1);
    c.hand_over(&part).unwrap();
    c.install(Who::Mechanic, &part).unwrap();
    c.recall(Who::Certifier, &[&part]).unwrap();
    let knowledge = Knowledge {
        logged_until: Some(c.now),
        is_whole_log: true,
        witnessing: Witnessing::Unasked,
    };
    let mark = c.mark(&licence, 1);
    let answer = answer(c.log.world(), mark, c.now, &Viewer::Public, knowledge);
    let shown = serde_json::to_string(&answer).unwrap();
    for secret in [
        "N123TM",
        "door 2",
        "mro.example",
        "lot:",
        "\"inspector\"",
        "Porosity",
        "HEAT-4711",
    ] {
        assert!(!shown.contains(secret), "{secret}");
    }
}

#[test]
fn expiry_is_computed_and_never_stored() {
    let (mut c, licence) = class_c();
    c.make(&licence, 1);
    c.now += 6 * 365 * DAY_S;
    // A heartbeat, so that the knowledge is fresh.
    let design = c.publish(&DesignSpec {
        revision: text("B"),
        ..DesignSpec::default()
    });
    assert_eq!(design.kind(), "design");
    assert_eq!(verdict(&c, &licence, 1), stop([Code::ApprovalExpired]));
}

#[test]
fn a_statement_from_the_future_is_noted_or_refused() {
    let (mut c, licence) = class_c();
    let part = c.print(&licence, 1);
    let log_time = c.now;
    c.now += 3 * DAY_S;
    c.at_sea = true;
    let inspection = c.inspect(Who::Inspector, &part).unwrap();
    let release = c.release(Who::Signatory, &part, inspection.id).unwrap();
    let found = c.log.submit(&inspection, log_time).unwrap().findings;
    assert_eq!(found, set([Code::FromTheFuture]));
    let refused = c.log.submit(&release, log_time);
    assert_eq!(code(refused), Code::FromTheFuture);
}

#[test]
fn nobody_speaks_for_another() {
    let (mut c, licence) = class_c();
    let part = c.print(&licence, 1);
    let mut stranger = c.person(Who::Inspector).clone();
    stranger.signer = c.entropy().signer();
    c.people.insert(Who::Inspector, stranger);
    let unknown = c.inspect(Who::Inspector, &part);
    assert_eq!(code(unknown), Code::UnknownKey);
    let statement = c.sign(Who::Mechanic, &part, {
        let after = None;
        Core::PartRemoved(crate::body::part::Removed {
            after,
            reason: text("x"),
        })
    });
    for (org, actor, expected) in [
        (Who::Designer, Who::Mechanic, Code::WrongOrganisation),
        (Who::Mechanic, Who::Designer, Code::WrongActor),
    ] {
        let mut body = statement.body.clone();
        body.iss = c.org(org);
        body.actor = c.person(actor).actor.clone();
        let mechanic = c.people.get_mut(&Who::Mechanic).unwrap();
        let forged = mechanic.sign(body, std::collections::BTreeMap::new());
        assert_eq!(code(c.log.submit(&forged, c.now)), expected);
    }
}

/// Logged and witnessed are two states: each step must stand below what the quorum has cosigned.
#[test]
fn an_answer_is_witnessed_when_every_step_of_it_is() {
    let (mut c, licence) = Consortium::licensed(5, PartClass::C, 1);
    let _part = c.make(&licence, 1);
    let (size, mark) = (c.log.size(), c.mark(&licence, 1));
    let ask = |mark, witnessing| {
        let knowledge = Knowledge {
            logged_until: Some(c.now),
            is_whole_log: true,
            witnessing,
        };
        let answer = answer(c.log.world(), mark, c.now, &Viewer::Public, knowledge);
        assert_eq!(answer.logged_until, Some(c.now));
        (answer.witnessed, answer.as_of)
    };
    let since = c.now - 70;
    let witnessed = |size| Witnessing::Witnessed { size, since };
    assert_eq!(ask(mark, witnessed(size)), (true, Some(since)));
    // Of another part, of which nothing is known, the same is confirmed.
    assert_eq!(
        ask(c.mark(&licence, 2), witnessed(size)),
        (true, Some(since))
    );
    // The newest step is not covered; what is said of age is what is confirmed all the same.
    assert_eq!(ask(mark, witnessed(3)), (false, Some(since)));
    assert_eq!(ask(mark, Witnessing::Waiting), (false, None));
    assert_eq!(ask(mark, Witnessing::Unasked), (false, Some(c.now)));
}
