//! A whole life as events: who sees which, and that they stay what they are.

use super::*;
use crate::body::Core;
use crate::body::correction::ErrorDeclared;
use crate::body::governance::PartClass;
use crate::body::physical::Match;
use crate::fixture::{Consortium, HOST, Who};
use crate::text::SubjectId;
use std::collections::BTreeSet;

fn member() -> Viewer {
    let org = "mro.example".parse().unwrap();
    Viewer::Member {
        org,
        asset_type: None,
    }
}

/// A part that was made of a blend, tested, released, handed over, installed, used, found wanting and recalled.
fn lived() -> (Consortium, Mark, SubjectId) {
    let (mut of, licence) = Consortium::licensed(3, PartClass::C, 2);
    let virgin = of.lot.clone();
    of.lot = of.blend(Who::Production, &[(&virgin, 1_000_000)]).unwrap();
    let part = of.make(&licence, 1);
    of.hand_over(&part).unwrap();
    of.install(Who::Mechanic, &part).unwrap();
    of.report_use(Who::Mechanic, &part, 10, 4).unwrap();
    of.fault(Who::Mechanic, &part).unwrap();
    of.give(Who::Custodian, &part, of.org(Who::Mechanic))
        .unwrap();
    of.recall(Who::Certifier, &[&part]).unwrap();
    let mark = of.mark(&licence, 1);
    (of, mark, part)
}

fn ids(events: &[Event]) -> Vec<&str> {
    events
        .iter()
        .filter_map(|event| event["eventID"].as_str())
        .collect()
}

#[test]
fn the_same_life_has_the_same_bytes_and_every_event_its_own_id() {
    let (of, mark, _) = lived();
    let events = life(of.log.world(), mark, &member());
    let again = life(of.log.world(), mark, &member());
    assert_eq!(
        document(events.clone()).to_string(),
        document(again).to_string()
    );
    let unique: BTreeSet<_> = ids(&events).into_iter().collect();
    assert_eq!(unique.len(), events.len());
    let steps: Vec<_> = events
        .iter()
        .filter_map(|event| event["bizStep"].as_str())
        .collect();
    for step in [
        "encoding",
        "commissioning",
        "inspecting",
        "urn:threadmark:voc:releasing",
        "shipping",
        "receiving",
        "installing",
        "sensor_reporting",
        "holding",
    ] {
        assert!(steps.contains(&step), "{step}: {steps:?}");
    }
    let is_recall = |event: &&Event| event["disposition"] == "recalled";
    assert_eq!(events.iter().filter(is_recall).count(), 1);
    let name = epc(of.log.world(), mark).unwrap();
    assert_eq!(mark_of(&name, HOST), Some(mark));
    assert_eq!(
        mark_of("https://other.example/m/7K3Q9XWD2M8TV0AY", HOST),
        None
    );
    assert_eq!(
        life(of.log.world(), Mark::derive(&[9; 32], 1), &member()),
        []
    );
}

#[test]
fn an_event_is_the_same_whatever_comes_later() {
    let (mut of, mark, part) = lived();
    let before = life(of.log.world(), mark, &member());
    of.quarantine(Who::Designer, &part).unwrap();
    let after = life(of.log.world(), mark, &member());
    assert_eq!(after.len(), before.len() + 1);
    assert!(ids(&before).iter().all(|id| ids(&after).contains(id)));
    let kept = after
        .iter()
        .filter_map(|event| event.get("persistentDisposition"));
    let mut kept = kept.filter_map(|kept| kept.get("set"));
    assert!(kept.any(|set| *set == json!(["unavailable"])));
}

#[test]
fn strangers_get_the_steps_of_the_public_answer_and_no_papers() {
    let (of, mark, _) = lived();
    let answered = crate::answer::answer(
        of.log.world(),
        mark,
        of.now,
        &Viewer::Public,
        crate::answer::Knowledge {
            logged_until: Some(of.now),
            is_whole_log: true,
            witnessing: crate::answer::Witnessing::Unasked,
        },
    );
    let shown: BTreeSet<_> = answered
        .life
        .iter()
        .map(|step| step.statement.to_string())
        .collect();
    let events = life(of.log.world(), mark, &Viewer::Public);
    assert!(!events.is_empty());
    for event in &events {
        assert!(
            shown.contains(event["threadmark:statement"].as_str().unwrap()),
            "{event:?}"
        );
        for field in [
            "bizTransactionList",
            "certificationInfo",
            "sourceList",
            "parentID",
            "inputQuantityList",
            "sensorElementList",
            "threadmark:position",
        ] {
            assert!(!event.contains_key(field), "{field}: {event:?}");
        }
    }
    let all = life(of.log.world(), mark, &member());
    assert!(all.len() > events.len() && all.iter().any(|event| event.contains_key("parentID")));
}

#[test]
fn an_error_is_declared_with_the_same_event_and_names_what_stands_in_its_place() {
    let (mut of, mark, part) = lived();
    let error = of.after(&part).unwrap();
    let wrong = of.report_use(Who::Mechanic, &part, 100, 4).unwrap().id;
    let right = of.report_use(Who::Mechanic, &part, 11, 4).unwrap().id;
    let declared = Core::ErrorDeclared(ErrorDeclared {
        after: of.after(&part),
        error: wrong,
        instead: Some(right),
        reason: "A digit too many".parse().unwrap(),
    });
    of.say(Who::Mechanic, &part, declared).unwrap();
    let events = life(of.log.world(), mark, &member());
    let of_statement = |id: crate::statement::StatementId| {
        let is_it = |event: &&Event| event["threadmark:statement"] == json!(id);
        events.iter().filter(is_it).cloned().collect::<Vec<_>>()
    };
    let twice = of_statement(wrong);
    assert_eq!(
        (twice.len(), twice[0]["eventID"] == twice[1]["eventID"]),
        (2, true)
    );
    let declaration = &twice[1]["errorDeclaration"];
    assert_eq!(declaration["reason"], "incorrect_data");
    assert_eq!(
        declaration["correctiveEventIDs"][0],
        of_statement(right)[0]["eventID"]
    );
    assert_eq!(of_statement(error).len(), 1);
    assert!(
        life(of.log.world(), mark, &Viewer::Public)
            .iter()
            .all(|event| !event.contains_key("errorDeclaration"))
    );
}

#[test]
fn a_comparison_is_told_by_what_it_amounts_to() {
    let (mut of, licence) = Consortium::licensed(3, PartClass::C, 2);
    let part = of.make(&licence, 1);
    let enrolment = of.enrol_piece(Who::Custodian, &part).unwrap().id;
    let expected = [
        (Match::Matched, Some("conformant")),
        (Match::Consistent, Some("conformant")),
        (Match::ProvesNothing, None),
        (Match::Differs, Some("mismatch_instance")),
    ];
    for (as_it, _) in expected {
        of.compare_piece(Who::Custodian, &part, enrolment, as_it)
            .unwrap();
    }
    let events = life(of.log.world(), of.mark(&licence, 1), &member());
    let enrolled = |event: &&Event| event["bizStep"] == "urn:threadmark:voc:enrolling";
    assert_eq!(events.iter().filter(enrolled).count(), 1);
    let told = events.iter().filter(|event| {
        let papers = event.get("bizTransactionList");
        papers.is_some_and(|papers| papers.to_string().contains(&enrolment.to_string()))
    });
    let told: Vec<_> = told
        .map(|event| event.get("disposition").and_then(|of| of.as_str()))
        .collect();
    assert_eq!(told, expected.map(|(_, disposition)| disposition));
    let strangers = life(of.log.world(), of.mark(&licence, 1), &Viewer::Public);
    assert!(strangers.iter().any(|event| enrolled(&event)));
    assert!(
        strangers
            .iter()
            .all(|event| event["disposition"] != "mismatch_instance")
    );
}
