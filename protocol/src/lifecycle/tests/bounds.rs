//! One member says the same thing again and again: everything is logged, no state grows, nothing is let through.

use super::*;
use crate::body::Core;
use crate::body::design::Effect;
use crate::body::resource::{MachineCalibrated, MachineQualified, MaterialReceived};
use crate::digest::Digest;
use crate::fixture::{DAY_S, MATERIAL, PROCESS, moment, text};
use crate::statement::StatementId;
use crate::world::bounds::{
    ACCOUNTS_MAX, CERTIFICATES_MAX, DRAWS_MAX, FORKS_MAX, MARKED_MAX, REPORTS_MAX, RESTRICTIONS_MAX,
};
use crate::world::{Data, mark_subject};

/// Bytes of a state as it is stored.
fn size(c: &Consortium, id: &SubjectId) -> usize {
    serde_json::to_vec(&*c.log.world().states[id])
        .unwrap()
        .len()
}

/// Does something more often than its state has room for, and again as often; tells the last finding. Every statement
/// is in the log, and the state has stopped growing.
fn flood(
    c: &mut Consortium,
    id: &SubjectId,
    most: usize,
    mut act: impl FnMut(&mut Consortium, usize) -> StatementId,
) -> BTreeSet<Code> {
    for round in 0..most + 2 {
        act(c, round);
    }
    let (full, logged) = (size(c, id), c.log.size());
    let ids: Vec<_> = (0..most).map(|round| act(c, most + 2 + round)).collect();
    assert!(
        c.log.size() >= logged + most as u64,
        "not everything is logged"
    );
    assert!(size(c, id) <= full + 200, "{} after {full}", size(c, id));
    let last = ids.last().unwrap();
    assert!(ids.iter().all(|id| c.log.index_of(id).is_some()));
    c.log.findings(last).iter().copied().collect()
}

fn made() -> (Consortium, SubjectId, SubjectId) {
    let (mut c, licence) = Consortium::licensed(11, crate::body::governance::PartClass::C, 5);
    let part = c.make(&licence, 1);
    (c, licence, part)
}

#[test]
fn a_part_keeps_so_many_reports_of_one_organisation_and_is_held() {
    let (mut c, licence, part) = made();
    let findings = flood(&mut c, &part, REPORTS_MAX, |c, round| {
        // As many keys as one likes make no more room.
        let who = [Who::Mechanic, Who::MroAdmin][round % 2];
        c.quarantine(who, &part).unwrap().id
    });
    assert!(findings.contains(&Code::TooManyReports), "{findings:?}");
    assert!(holds(c.log.world(), &part).contains(&Code::TooManyReports));
    let (found, codes) = verdict(&c, &licence, 1);
    assert_eq!(found, Verdict::DoNotInstall);
    assert!(codes.contains(&Code::TooManyReports), "{codes:?}");
    // Others are heard as before: recall and destruction bind.
    let lot = c.lot.clone();
    c.recall(Who::Production, &[&lot]).unwrap();
    assert!(holds(c.log.world(), &part).contains(&Code::Recalled));
    c.destroy(Who::Custodian, &part).unwrap();
    let (found, codes) = verdict(&c, &licence, 1);
    assert_eq!(
        (found, codes),
        (Verdict::DoNotInstall, vec![Code::Destroyed])
    );
}

#[test]
fn a_crowded_part_is_held_in_whatever_order_the_reports_come() {
    let (mut c, licence, part) = made();
    c.set_sail();
    for round in 0..REPORTS_MAX + 5 {
        let who = [Who::Mechanic, Who::MroAdmin][round % 2];
        c.quarantine(who, &part).unwrap();
    }
    c.inspect(Who::Inspector, &part).unwrap();
    let mut reports = c.at_hand();
    let mut seen = BTreeSet::new();
    for turn in 0..6 {
        let step = 1 + turn * 7 % reports.len();
        reports.rotate_left(step);
        if turn % 2 == 1 {
            reports.reverse();
        }
        let mut home = c.clone();
        home.at_sea = false;
        assert_eq!(home.log.deliver(&reports, c.now), Vec::new());
        let (verdict, codes) = verdict(&home, &licence, 1);
        assert_eq!(verdict, Verdict::DoNotInstall);
        assert!(holds(home.log.world(), &part).contains(&Code::TooManyReports));
        seen.insert(codes.contains(&Code::TooManyReports));
    }
    assert_eq!(seen, BTreeSet::from([true]));
}

#[test]
fn nothing_is_released_that_is_crowded() {
    let (mut c, licence, _) = made();
    let part = c.print(&licence, 2);
    for _ in 0..=REPORTS_MAX {
        c.ship(Who::Mechanic, &part, text("ship.example")).unwrap();
    }
    let inspection = c.inspect(Who::Inspector, &part).unwrap().id;
    let refused = c.release(Who::Signatory, &part, inspection).unwrap_err();
    assert_eq!(refused.code(), Code::TooManyReports, "{refused}");
}

#[test]
fn a_lot_keeps_so_many_receipts_and_stays_contradicted() {
    let (mut c, licence, part) = made();
    let lot = c.lot.clone();
    let findings = flood(&mut c, &lot.clone(), REPORTS_MAX, |c, _| {
        let core = Core::MaterialReceived(MaterialReceived {
            material: text(MATERIAL),
            lot_number: text("HEAT-4711"),
            mass_mg: 1,
            certificate: Digest::sha3(&[b"certificate"]),
        });
        c.must(Who::Production, &lot, core).id
    });
    assert!(findings.contains(&Code::TooManyReports));
    assert!(holds(c.log.world(), &part).contains(&Code::Contradicted));
    assert_eq!(verdict(&c, &licence, 1).0, Verdict::DoNotInstall);
}

#[test]
fn a_lot_of_which_more_is_taken_than_is_kept_holds_what_stands_on_it() {
    let (mut c, _, part) = made();
    let lot = c.lot.clone();
    let findings = flood(&mut c, &lot.clone(), DRAWS_MAX, |c, _| {
        c.scrap(Who::Production, &lot, 1).unwrap().id
    });
    assert!(findings.contains(&Code::TooManyReports), "{findings:?}");
    assert_eq!(holds(c.log.world(), &part), set([Code::TooManyReports]));
}

#[test]
fn a_blend_keeps_so_many_accounts_of_itself() {
    let (mut c, ..) = made();
    let (lot, blend) = (c.lot.clone(), text::<SubjectId>("lot:blend"));
    let findings = flood(&mut c, &blend.clone(), ACCOUNTS_MAX, |c, _| {
        let core = Core::MaterialBlended(c.blend_of(&[(&lot, 1)], 1));
        c.must(Who::Production, &blend, core).id
    });
    assert!(findings.contains(&Code::TooManyReports), "{findings:?}");
}

#[test]
fn a_machine_keeps_so_many_certificates() {
    let (mut c, ..) = made();
    let machine = Who::Machine.machine();
    let expires = moment(c.now + 365 * DAY_S);
    let report = Digest::sha3(&[b"report"]);
    let findings = flood(&mut c, &machine.clone(), CERTIFICATES_MAX, |c, _| {
        let certificate = report;
        let core = Core::MachineCalibrated(MachineCalibrated {
            expires,
            certificate,
        });
        // Anybody may report a calibration; only the owner's counts.
        c.must(Who::Mechanic, &machine, core).id
    });
    assert!(findings.contains(&Code::TooManyReports));
    let qualified = |c: &mut Consortium| {
        let core = Core::MachineQualified(MachineQualified {
            process: text(PROCESS),
            material: text(MATERIAL),
            expires,
            report,
            equivalent_to: Default::default(),
        });
        c.say(Who::Production, &machine, core)
    };
    let refused = (0..CERTIFICATES_MAX).find_map(|_| qualified(&mut c).err());
    assert_eq!(refused.unwrap().code(), Code::TooManyReports);
}

/// What the machine said when it started the part of unit 1.
fn start_of(c: &Consortium) -> (SubjectId, crate::body::build::BuildStarted) {
    let starts = c
        .log
        .entries()
        .iter()
        .find_map(|entry| match &entry.body.core {
            Core::BuildStarted(says) => Some((entry.body.sub.clone(), says.clone())),
            _ => None,
        });
    starts.unwrap()
}

#[test]
fn a_build_and_a_mark_keep_so_much_and_hold_their_parts() {
    let (mut c, licence, part) = made();
    let (build, mut says) = start_of(&c);
    let mark = mark_subject(&says.parts[0].mark);
    let findings = flood(&mut c, &build.clone(), REPORTS_MAX, |c, round| {
        says.parts[0].part = text(&format!("part:copy{round}"));
        c.must(Who::Machine, &build, Core::BuildStarted(says.clone()))
            .id
    });
    assert!(findings.contains(&Code::TooManyReports));
    assert!(findings.contains(&Code::MarkDuplicated));
    let Some(Data::Mark { parts, .. }) = c.log.world().get(&mark) else {
        unreachable!()
    };
    assert_eq!(parts.len(), MARKED_MAX);
    assert!(holds(c.log.world(), &part).contains(&Code::Contradicted));
    assert_eq!(verdict(&c, &licence, 1).0, Verdict::DoNotInstall);
    // The part of a report that was not kept is held too.
    let last = text(&format!("part:copy{}", 2 * REPORTS_MAX));
    let found = holds(c.log.world(), &last);
    assert!(found.contains(&Code::Contradicted) && found.contains(&Code::MarkDuplicated));
}

#[test]
fn a_key_that_forks_again_and_again_is_doubted_in_everything() {
    let (mut c, licence, part) = made();
    let key = c.key_of(Who::Inspector);
    assert!(!holds(c.log.world(), &part).contains(&Code::KeyForked));
    flood(&mut c, &key, FORKS_MAX, |c, round| {
        let other: SubjectId = text(&format!("part:f{round}"));
        let twin = c.people[&Who::Inspector].clone();
        c.inspect(Who::Inspector, &other).unwrap();
        c.people.insert(Who::Inspector, twin);
        c.inspect(Who::Inspector, &other).unwrap().id
    });
    // What the key said long before stands in doubt too.
    assert!(holds(c.log.world(), &part).contains(&Code::KeyForked));
    assert_eq!(verdict(&c, &licence, 1).0, Verdict::DoNotInstall);
}

#[test]
fn restrictions_are_bounded_and_always_bind() {
    let (mut c, licence, part) = made();
    let (lot, other) = (c.lot.clone(), c.receive_lot("lot:l9", MATERIAL));
    let mut recalls = Vec::new();
    // None of them reaches the part: what is recalled descends from both lots.
    let findings = flood(&mut c, &lot.clone(), RESTRICTIONS_MAX, |c, round| {
        if round < RESTRICTIONS_MAX - 1 {
            assert!(!holds(c.log.world(), &part).contains(&Code::Recalled));
        }
        recalls.push(c.recall(Who::Production, &[&lot, &other]).unwrap());
        c.log
            .entries()
            .iter()
            .rev()
            .find(|of| of.body.core.kind() != "log.batch")
            .unwrap()
            .id
    });
    assert!(findings.contains(&Code::TooManyReports));
    assert!(holds(c.log.world(), &part).contains(&Code::Recalled));
    // Neither is the door opened again by lifting what there was no room for.
    for recall in [&recalls[RESTRICTIONS_MAX - 1], recalls.last().unwrap()] {
        c.lift_recall(Who::Certifier, recall).unwrap();
    }
    assert!(holds(c.log.world(), &part).contains(&Code::Recalled));
    // Withdrawals are said as often as anybody likes.
    let Some(Data::Licence { licence: says, .. }) = c.log.world().get(&licence) else {
        unreachable!()
    };
    let design = says.design.clone();
    let findings = flood(&mut c, &design.clone(), RESTRICTIONS_MAX, |c, _| {
        c.withdraw(&design, Effect::NewBuilds).unwrap().id
    });
    assert!(findings.contains(&Code::TooManyReports));
    assert!(holds(c.log.world(), &part).contains(&Code::DesignWithdrawn));
}
