//! Recalls by every anchor and by several; suspicions, which hold nothing.

use super::*;
use crate::body::Core;
use crate::body::governance::PartClass;
use crate::body::safety::RecallPlaced;
use crate::fixture::{moment, text};

fn held(c: &Consortium, part: &SubjectId) -> BTreeSet<Code> {
    holds(c.log.world(), part)
}

/// Two parts of one licence and lot, by two builds.
fn two() -> (Consortium, SubjectId, SubjectId, SubjectId) {
    let (mut c, licence) = Consortium::licensed(71, PartClass::C, 4);
    let one = c.make(&licence, 1);
    c.now += 86_400;
    let two = c.make(&licence, 2);
    (c, licence, one, two)
}

/// Everything above a part that can be recalled, by its type.
fn anchors(c: &Consortium, part: &SubjectId) -> Vec<SubjectId> {
    let kinds = [
        "design",
        "machine",
        "build",
        "lot",
        "approval",
        "allowable",
        "licence",
        "key",
    ];
    let upward = c.log.world().upward(part).unwrap();
    let found: Vec<_> = upward
        .into_iter()
        .filter(|id| kinds.contains(&id.kind()))
        .collect();
    for kind in kinds {
        assert!(found.iter().any(|id| id.kind() == kind), "{kind}");
    }
    found
}

#[test]
fn whatever_stands_above_a_part_a_recall_of_it_reaches_the_part() {
    let (c, licence, part, _) = two();
    for anchor in anchors(&c, &part) {
        let mut c = c.clone();
        let recall = c.recall(Who::Certifier, &[&anchor]).unwrap();
        assert_eq!(held(&c, &part), set([Code::Recalled]), "{anchor}");
        // What is made later is held at birth.
        let order = c.new_subject("order");
        let later = c.start(&licence, &order, 3).parts[0].clone();
        let above = c.log.world().upward(&later).unwrap();
        let is_above = above.contains(&anchor);
        assert!(
            is_above || ["build", "key"].contains(&anchor.kind()),
            "{anchor}"
        );
        let is_held = held(&c, &later).contains(&Code::Recalled);
        assert_eq!(is_held, is_above, "{anchor}");
        c.grant(
            Who::AuthorityAdmin,
            crate::body::governance::Role::Certifier,
        );
        c.lift_recall(Who::AuthorityAdmin, &recall).unwrap();
        assert_eq!(held(&c, &part), set([]), "{anchor}");
    }
}

#[test]
fn a_recall_by_several_anchors_and_a_window_reaches_what_is_below_all_of_them() {
    let (c, licence, one, two) = two();
    let builds: Vec<_> = [&one, &two]
        .map(|part| Life::of(c.log.world(), part).unwrap().build.unwrap())
        .into();
    let reached = |anchors: &[&SubjectId], from: Option<i64>, until: Option<i64>| {
        let mut c = c.clone();
        let id = c.new_subject("recall");
        let core = Core::RecallPlaced(RecallPlaced {
            anchors: anchors.iter().map(|anchor| (*anchor).clone()).collect(),
            from: from.map(moment),
            until: until.map(moment),
            reason: text("Porosity"),
        });
        c.must(Who::Certifier, &id, core);
        [&one, &two].map(|part| held(&c, part).contains(&Code::Recalled))
    };
    let (machine, lot) = (Who::Machine.machine(), c.lot.clone());
    let other = Who::SecondMachine.machine();
    assert_eq!(
        reached(&[&machine, &lot, &licence], None, None),
        [true, true]
    );
    assert_eq!(reached(&[&machine, &builds[1]], None, None), [false, true]);
    assert_eq!(reached(&[&machine, &other], None, None), [false, false]);
    let between = Life::of(c.log.world(), &two).unwrap().started_at.unwrap();
    assert_eq!(reached(&[&lot], Some(between), None), [false, true]);
    assert_eq!(
        reached(&[&lot, &machine], None, Some(between)),
        [true, false]
    );
}

#[test]
fn a_suspicion_flags_the_part_and_holds_nothing() {
    let (mut c, licence, part, _) = two();
    let eligible = (Verdict::EligibleByRecord, vec![Code::Suspected]);
    let placed = c.suspect(Who::Mechanic, &part).unwrap();
    assert_eq!(c.log.findings(&placed.id), set([]));
    assert_eq!(verdict(&c, &licence, 1), eligible);
    let own = c.clear(Who::Mechanic, &part, placed.id).unwrap_err();
    assert_eq!(own.code(), Code::RoleMissing);
    c.clear(Who::Signatory, &part, placed.id).unwrap();
    assert_eq!(
        verdict(&c, &licence, 1),
        (Verdict::EligibleByRecord, vec![])
    );
    // One organisation's are kept up to a bound, the first one among them. Nor does it hold when there are many of them, when something is missing before it, or when its author is in doubt.
    for _ in 0..70 {
        c.suspect(Who::Mechanic, &part).unwrap();
    }
    c.revoke(Who::Inspector, None).unwrap();
    c.newest
        .insert(part.clone(), crate::digest::Digest::sha3(&[b"nothing"]));
    c.suspect(Who::Inspector, &part).unwrap();
    assert_eq!(held(&c, &part), set([]));
    let (told, reasons) = verdict(&c, &licence, 1);
    assert_eq!((told, reasons.len()), (Verdict::EligibleByRecord, 63));
}

#[test]
fn a_suspicion_after_destruction_is_told_and_the_other_way_round() {
    let (mut c, licence, part, _) = two();
    let placed = c.suspect(Who::Custodian, &part).unwrap().id;
    let anothers = c.clear(Who::Custodian, &part, placed).unwrap_err();
    assert_eq!(anothers.code(), Code::RoleMissing);
    c.destroy(Who::Custodian, &part).unwrap();
    c.suspect(Who::Mechanic, &part).unwrap();
    let told = vec![Code::Destroyed, Code::Suspected, Code::Suspected];
    assert_eq!(verdict(&c, &licence, 1), (Verdict::DoNotInstall, told));
}

#[test]
fn an_allowable_outside_of_its_envelope_carries_no_approval() {
    use crate::body::design::{ApprovalRequested, Substantiation};
    let (mut c, _, _, _) = two();
    let allowable = c.publish_allowable(None);
    let mut entries = c.log.entries().iter();
    let published = entries.find_map(|entry| match &entry.body.core {
        Core::DesignPublished(says) => Some(says.clone()),
        _ => None,
    });
    let published = published.unwrap();
    let mut ask = |process: &str| {
        let mut says = published.clone();
        (says.revision, says.envelope.process) = (text(process), text(process));
        let (design, id) = (c.new_subject("design"), c.new_subject("approval"));
        c.must(Who::Designer, &design, Core::DesignPublished(says));
        let report = crate::digest::Digest::sha3(&[b"report"]);
        let allowable = allowable.clone();
        let core = Core::ApprovalRequested(ApprovalRequested {
            design,
            substantiation: vec![Substantiation::Analysis { allowable, report }],
            effectivity: BTreeSet::new(),
        });
        c.say(Who::Designer, &id, core).map(|_| ())
    };
    ask(crate::fixture::PROCESS).unwrap();
    let outside = ask("DED-PS-3").unwrap_err();
    assert_eq!(outside.code(), Code::AllowableOutsideEnvelope);
}
