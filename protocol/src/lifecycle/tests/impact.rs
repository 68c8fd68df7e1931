//! What a recall reaches: the list that people see is what the rules hold.

use super::*;
use crate::body::design::Effect;
use crate::body::governance::PartClass;
use crate::body::safety::RecallPlaced;
use crate::fixture::moment;
use crate::life::{Impact, Phase, Scope};
use crate::world::Data;

/// The parts that a recall holds, by the rules.
pub(super) fn held_by(world: &World, recall: &SubjectId) -> BTreeSet<SubjectId> {
    let Some(Data::Recall { source, .. }) = world.get(recall) else {
        panic!("{recall} is no recall");
    };
    let is_held = |part: &&SubjectId| {
        let holds = Life::of(world, part).expect("a part").holds;
        let by = |hold: &crate::life::Hold| hold.statement == Some(source.statement);
        holds.iter().any(by)
    };
    world.parts().filter(is_held).cloned().collect()
}

/// The parts in the list of a recall.
pub(super) fn listed(world: &World, recall: &RecallPlaced) -> BTreeSet<SubjectId> {
    let impact = Impact::of(world, recall.into(), 0);
    impact
        .parts
        .into_iter()
        .map(|reached| reached.part)
        .collect()
}

fn scope(anchors: &[&SubjectId]) -> Scope {
    Scope {
        anchors: anchors.iter().map(|anchor| (*anchor).clone()).collect(),
        from: None,
        until: None,
        effect: None,
    }
}

/// Three parts: of the first lot, of a blend of it, and of other powder.
fn three_parts() -> (Consortium, SubjectId, SubjectId, [SubjectId; 3]) {
    let (mut c, licence) = Consortium::licensed(21, PartClass::C, 6);
    let virgin = c.lot.clone();
    let other = c.receive_lot("lot:other", crate::fixture::MATERIAL);
    let first = c.make(&licence, 1);
    c.lot = c.blend(Who::Production, &[(&virgin, 5_000_000)]).unwrap();
    let second = c.make(&licence, 2);
    c.lot = other;
    let third = c.make(&licence, 3);
    (c, licence, virgin, [first, second, third])
}

#[test]
fn the_list_before_a_recall_is_what_it_holds_then() {
    let (mut c, _, virgin, [first, second, _]) = three_parts();
    let before = Impact::of(c.log.world(), scope(&[&virgin]), c.log.size());
    let parts: BTreeSet<_> = before
        .parts
        .iter()
        .map(|reached| reached.part.clone())
        .collect();
    assert_eq!(parts, [first, second].into());
    let recall = c.recall(Who::Production, &[&virgin]).unwrap();
    assert_eq!(held_by(c.log.world(), &recall), parts);
}

#[test]
fn the_list_tells_where_each_part_is_and_whom_it_concerns() {
    let (mut c, licence, _, [first, ..]) = three_parts();
    c.hand_over(&first).unwrap();
    c.install(Who::Mechanic, &first).unwrap();
    let impact = Impact::of(c.log.world(), scope(&[&licence]), c.log.size());
    assert_eq!(impact.parts.len(), 3);
    let reached = impact.parts.iter().find(|reached| reached.part == first);
    let reached = reached.expect("it is in the list");
    assert_eq!(reached.phase, Phase::Installed);
    assert_eq!(reached.custodian, Some(c.org(Who::Mechanic)));
    assert_eq!(reached.mark, Some(c.mark(&licence, 1)));
    assert!(reached.installed.is_some());
    assert_eq!(reached.concerned(), [&c.org(Who::Mechanic)].into());
}

#[test]
fn all_anchors_and_the_window_count() {
    let (c, licence, virgin, [first, second, third]) = three_parts();
    let all = |scope: Scope| -> BTreeSet<_> {
        let impact = Impact::of(c.log.world(), scope, c.log.size());
        impact
            .parts
            .into_iter()
            .map(|reached| reached.part)
            .collect()
    };
    assert_eq!(
        all(scope(&[&licence, &virgin])),
        [first.clone(), second.clone()].into()
    );
    assert_eq!(all(scope(&[&virgin, &third])), BTreeSet::new());
    let start = |part: &SubjectId| Life::of(c.log.world(), part).unwrap().started_at.unwrap();
    let after_the_first = Scope {
        from: Some(moment(start(&first) + 1)),
        ..scope(&[&virgin])
    };
    let until_the_second = Scope {
        until: Some(moment(start(&second))),
        ..scope(&[&virgin])
    };
    assert_eq!(all(after_the_first), [second].into());
    assert_eq!(all(until_the_second), [first].into());
}

#[test]
fn whoever_has_the_log_makes_the_same_list() {
    let (mut c, _, virgin, _) = three_parts();
    let recall = c.recall(Who::Production, &[&virgin]).unwrap();
    let impact = c.impact(&recall);
    let mut replica = crate::bundle::Replica::new(c.trust());
    replica.extend(&c.log.page(0)).unwrap();
    let again = Impact::of(replica.world(), impact.scope.clone(), replica.size());
    assert_eq!(again.to_bytes(), impact.to_bytes());
    assert_eq!(again.digest(), impact.digest());
    let text = String::from_utf8(impact.to_bytes()).unwrap();
    assert_eq!(text.lines().count(), 1 + impact.parts.len());
    assert!(text.ends_with('\n'));
}

#[test]
fn a_list_is_signed_by_who_recalled_or_an_authority_and_nothing_follows_from_it() {
    let (mut c, _, virgin, parts) = three_parts();
    let recall = c.recall(Who::Production, &[&virgin]).unwrap();
    let before = parts.each_ref().map(|part| holds(c.log.world(), part));
    c.report_recall(Who::Production, &recall).unwrap();
    c.report_recall(Who::Certifier, &recall).unwrap();
    let refused = c.report_recall(Who::Designer, &recall).unwrap_err();
    assert_eq!(refused.code(), Code::NotYours);
    assert_eq!(
        parts.each_ref().map(|part| holds(c.log.world(), part)),
        before
    );
    let Some(Data::Recall { reported, .. }) = c.log.world().get(&recall) else {
        panic!("no recall");
    };
    let parts: Vec<_> = reported.iter().map(|(list, _)| list.parts).collect();
    assert_eq!(parts, [2, 2]);
}

#[test]
fn a_recall_keeps_a_bounded_number_of_lists() {
    let (mut c, _, virgin, _) = three_parts();
    let recall = c.recall(Who::Production, &[&virgin]).unwrap();
    for _ in 0..crate::world::bounds::LISTS_MAX {
        c.report_recall(Who::Production, &recall).unwrap();
    }
    let refused = c.report_recall(Who::Production, &recall).unwrap_err();
    assert_eq!(refused.code(), Code::TooManyReports);
}

#[test]
fn who_has_a_released_part_is_not_told_of_what_means_unreleased_ones() {
    let (mut c, licence) = Consortium::licensed(21, PartClass::C, 6);
    let (released, printed) = (c.make(&licence, 1), c.print(&licence, 2));
    let design: SubjectId = crate::fixture::text("design:d1");
    let withdrawn = c.withdraw(&design, Effect::Unreleased).unwrap();
    let scope = Scope::of_statement(c.log.world(), &withdrawn).expect("it holds parts");
    let listed = Impact::of(c.log.world(), scope, c.log.size()).parts;
    let listed: Vec<_> = listed.into_iter().map(|reached| reached.part).collect();
    assert_eq!(listed, std::slice::from_ref(&printed));
    assert_eq!(holds(c.log.world(), &printed), set([Code::DesignWithdrawn]));
    assert_eq!(holds(c.log.world(), &released), set([]));
    let (mut c, _) = Consortium::licensed(21, PartClass::C, 6);
    let for_new = c.withdraw(&design, Effect::NewBuilds).unwrap();
    assert_eq!(Scope::of_statement(c.log.world(), &for_new), None);
}
