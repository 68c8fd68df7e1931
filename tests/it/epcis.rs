//! EPCIS 2.0 at the border: what is emitted is valid by the official schema, and told to whom it may be.

use crate::contract::stage::Stage;
use serde_json::{Value, json};
use threadmark::epcis::problems;
use threadmark_protocol::answer::Viewer;
use threadmark_protocol::body::governance::PartClass;
use threadmark_protocol::body::physical::Match;
use threadmark_protocol::body::quality::Disposition;
use threadmark_protocol::epcis;
use threadmark_protocol::fixture::{Consortium, HOST, Who};
use threadmark_protocol::identity::Identity;
use threadmark_protocol::mark::Mark;

fn member() -> Viewer {
    let org = "mro.example".parse().unwrap();
    Viewer::Member {
        org,
        asset_type: None,
    }
}

/// Lives in which everything that can happen to a part happens to one of them.
fn lives() -> (Consortium, Vec<Mark>) {
    let (mut of, licence) = Consortium::licensed(3, PartClass::C, 4);
    let virgin = of.lot.clone();
    of.lot = of.blend(Who::Production, &[(&virgin, 1_000_000)]).unwrap();
    let used = of.make(&licence, 1);
    of.treat(Who::Operator, &used).unwrap();
    of.test(Who::Inspector, &used, 432).unwrap();
    let enrolment = of.enrol_piece(Who::Custodian, &used).unwrap().id;
    for as_it in [Match::Matched, Match::ProvesNothing, Match::Differs] {
        of.compare_piece(Who::Custodian, &used, enrolment, as_it)
            .unwrap();
    }
    of.hand_over(&used).unwrap();
    of.install(Who::Mechanic, &used).unwrap();
    of.report_use(Who::Mechanic, &used, 10, 4).unwrap();
    let build = of
        .log
        .entries()
        .iter()
        .find(|one| one.body.core.kind() == "build.started");
    let (build, lot) = (build.unwrap().body.sub.clone(), of.lot.clone());
    of.use_up(Who::Operator, &build, &lot, 500_000).unwrap();
    of.remove(Who::Mechanic, &used).unwrap();
    of.repair(Who::Mechanic, &used, false).unwrap();
    of.repair(Who::Mechanic, &used, true).unwrap();
    let fault = of.fault(Who::Mechanic, &used).unwrap().id;
    let _ = of.dispose(Who::Designer, &used, fault, Disposition::UseAsIs);
    let given = of
        .give(Who::Custodian, &used, of.org(Who::Mechanic))
        .unwrap()
        .id;
    of.take(Who::Mechanic, &used, given).unwrap();
    of.quarantine(Who::Designer, &used).unwrap();
    let second = of.make(&licence, 2);
    of.inspect_with(Who::Inspector, &second, 3).unwrap();
    of.decommission(Who::Operator, &second).unwrap();
    of.recall(Who::Production, &[&virgin]).unwrap();
    let marks = (1..=4).map(|unit| of.mark(&licence, unit)).collect();
    (of, marks)
}

#[test]
fn everything_that_is_emitted_is_valid_by_the_official_schema() {
    let (of, marks) = lives();
    let mut steps = std::collections::BTreeSet::new();
    for mark in marks {
        for viewer in [Viewer::Public, member()] {
            let events = epcis::life(of.log.world(), mark, &viewer);
            steps.extend(
                events
                    .iter()
                    .map(|event| event["bizStep"].as_str().unwrap().to_owned()),
            );
            for document in [
                epcis::document(events.clone()),
                epcis::query_document(events),
            ] {
                assert_eq!(problems(&document, 0), Vec::<String>::new(), "{document:#}");
            }
        }
    }
    assert!(steps.len() >= 13, "{steps:?}");
}

#[test]
fn the_schema_counts_with_its_formats() {
    let (of, marks) = lives();
    let events = epcis::life(of.log.world(), marks[0], &member());
    let mut document = epcis::document(events);
    document["epcisBody"]["eventList"][0]["bizStep"] = "printed".into();
    let told = problems(&document, 0);
    assert!(told[0].contains("/epcisBody/eventList/0"), "{told:?}");
    assert!(!problems(&Value::Null, 0).is_empty());
}

struct Heard {
    status: u16,
    link: String,
    body: Value,
}

fn agent() -> ureq::Agent {
    let config = ureq::Agent::config_builder().http_status_as_error(false);
    config.build().into()
}

fn get(stage: &Stage, path: &str, is_member: bool) -> Heard {
    let mut asked = agent().get(format!("{}{path}", stage.url));
    if is_member {
        asked = asked.header("authorization", format!("Bearer {}", stage.token));
    }
    let mut told = asked.call().unwrap();
    let link = told
        .headers()
        .get("link")
        .map_or("", |link| link.to_str().unwrap())
        .to_owned();
    let body = told.body_mut().read_to_string().unwrap();
    Heard {
        status: told.status().as_u16(),
        link,
        body: serde_json::from_str(&body).unwrap(),
    }
}

fn events(body: &Value) -> &Vec<Value> {
    body["epcisBody"]["queryResults"]["resultsBody"]["eventList"]
        .as_array()
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_asked_for_by_the_part_page_by_page() {
    let stage = Stage::new().await;
    let check = tokio::task::spawn_blocking(move || {
        let mark = stage.marks().next().unwrap();
        let path = format!("/v1/epcis/events?MATCH_anyEPC=https://{HOST}/m/{mark}");
        let all = get(&stage, &path, true);
        assert_eq!((all.status, problems(&all.body, 0)), (200, vec![]));
        let mut paged = Vec::new();
        let mut next = format!("{path}&perPage=3");
        loop {
            let page = get(&stage, &next, true);
            assert_eq!(page.status, 200, "{}", page.body);
            paged.extend(events(&page.body).clone());
            let Some(link) = page.link.strip_prefix('<') else {
                break;
            };
            next = link.split('>').next().unwrap().to_owned();
        }
        assert_eq!(&paged, events(&all.body));
        let strangers = get(&stage, &path, false);
        assert!(events(&strangers.body).len() < paged.len() && !events(&strangers.body).is_empty());
        let steps = get(
            &stage,
            &format!("{path}&EQ_bizStep=shipping|receiving"),
            true,
        );
        assert_eq!(events(&steps.body).len(), 2);
        let unknown = get(
            &stage,
            "/v1/epcis/events?MATCH_anyEPC=urn:epc:id:giai:4012345.X",
            false,
        );
        assert_eq!((unknown.status, events(&unknown.body).len()), (200, 0));
        for (query, of) in [
            (
                "WD_readPoint=urn:x",
                "epcisException:QueryParameterException",
            ),
            ("", "epcisException:QueryTooComplexException"),
        ] {
            let refused = get(&stage, &format!("/v1/epcis/events?{query}"), true);
            assert_eq!(
                (refused.status, refused.body["type"].as_str()),
                (400, Some(of))
            );
        }
    });
    check.await.unwrap();
}

/// Sends a document as a member; status, where the job is, and the problem.
fn capture(stage: &Stage, document: &[u8]) -> (u16, String, Value) {
    let asked = agent()
        .post(format!("{}/v1/epcis/capture", stage.url))
        .header("authorization", format!("Bearer {}", stage.token))
        .content_type("application/ld+json");
    let mut told = asked.send(document).unwrap();
    let at = told.headers().get("location");
    let at = at.map_or("", |at| at.to_str().unwrap()).to_owned();
    let body = told.body_mut().read_to_vec().unwrap();
    let body = serde_json::from_slice(&body).unwrap_or_default();
    (told.status().as_u16(), at, body)
}

fn example(name: &str) -> Vec<u8> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/epcis/examples");
    std::fs::read(format!("{folder}/{name}")).unwrap()
}

/// Official examples that are not captured, each with why.
const NOT_CAPTURED: &[(&str, &str)] = &[
    ("EPCISQueryDocument.jsonld", "EPCISQueryDocument"),
    // It writes standard words as the URNs of CBV 1, which the schema does not take.
    (
        "event_with_identical_hash_id_7.json",
        "/epcisBody/eventList/0/bizStep: \"urn:epcglobal:cbv:bizstep:receiving\"",
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn all_official_examples_are_captured_or_refused_with_the_schemas_reason() {
    let stage = Stage::new().await;
    let check = tokio::task::spawn_blocking(move || {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/epcis/examples");
        let (mut count, mut wrong) = (0, Vec::new());
        for entry in std::fs::read_dir(folder).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            count += 1;
            let document: Value = serde_json::from_slice(&example(&name)).unwrap();
            let refused = problems(&document, 0);
            let (status, at, body) = capture(&stage, &example(&name));
            let known = NOT_CAPTURED.iter().find(|(known, _)| *known == name);
            let detail = body["detail"].as_str().unwrap_or_default().to_owned();
            let is_right = match known {
                Some((_, why)) => status == 400 && detail.contains(why),
                None => status == 202 && refused.is_empty(),
            };
            if !is_right {
                wrong.push(format!("{name}: {status} {detail} {refused:?}"));
            }
            if status == 202 {
                let job = get(&stage, &at, true).body;
                let events = document["epcisBody"]["eventList"]
                    .as_array()
                    .map_or(1, Vec::len);
                assert_eq!(job["success"], true);
                assert_eq!(job["events"], events, "{name}");
            }
        }
        assert_eq!((count, wrong), (53, Vec::<String>::new()));
    });
    check.await.unwrap();
}

/// What a member's own system saw of the part with the first mark, and of something else.
fn seen(stage: &Stage, more: &Value) -> Value {
    let mark = stage.marks().next().unwrap();
    let mut event = json!({
        "type": "ObjectEvent", "eventTime": "2026-01-01T02:00:00Z", "eventTimeZoneOffset": "+00:00",
        "action": "OBSERVE", "bizStep": "storing", "shop:shelf": "7",
        "epcList": [format!("https://{HOST}/m/{mark}"), "urn:epc:id:giai:4012345.A1"],
    });
    event
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    json!({
        "@context": [epcis::CONTEXT, { "shop": "https://shop.example/voc/" }], "type": "EPCISDocument",
        "schemaVersion": "2.0", "creationDate": "2026-01-01T02:00:00Z", "epcisBody": { "eventList": [event] },
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_captured_comes_back_once_marked_as_unsigned_and_changes_no_answer() {
    let stage = Stage::new().await;
    let check = tokio::task::spawn_blocking(move || {
        let mark = stage.marks().next().unwrap();
        let answer = |stage: &Stage| get(stage, &format!("/v1/marks/{mark}"), true).body;
        let query = format!("/v1/epcis/events?MATCH_anyEPC=https://{HOST}/m/{mark}");
        let (answered, before) = (answer(&stage), get(&stage, &query, true).body);
        let document = seen(&stage, &json!({}));
        let (status, at, body) = capture(&stage, document.to_string().as_bytes());
        assert_eq!(status, 202, "{body}");
        assert_eq!(get(&stage, &at, true).body["newEvents"], 1);
        assert_eq!(get(&stage, &at, false).status, 401);
        // The same document is the same job, the same event in another one is no new event.
        assert_eq!(capture(&stage, document.to_string().as_bytes()).1, at);
        let again = seen(&stage, &json!({ "recordTime": "2026-01-03T00:00:00Z" }));
        let (_, at, _) = capture(&stage, again.to_string().as_bytes());
        assert_eq!(get(&stage, &at, true).body["newEvents"], 0);
        let after = get(&stage, &query, true).body;
        assert_eq!(problems(&after, 0), Vec::<String>::new());
        let captured: Vec<_> = events(&after)
            .iter()
            .filter(|one| one.get("threadmark:unsigned").is_some())
            .collect();
        assert_eq!(
            (captured.len(), events(&after).len()),
            (1, events(&before).len() + 1)
        );
        assert_eq!(captured[0]["threadmark:unsigned"], "mro.example");
        assert_eq!(
            (
                captured[0]["shop:shelf"].as_str(),
                captured[0].get("threadmark:statement")
            ),
            (Some("7"), None)
        );
        // By another form of the other thing's name; and not for strangers.
        let other = "/v1/epcis/events?MATCH_anyEPC=https://example.com/giai/4012345A1";
        assert_eq!(events(&get(&stage, other, true).body).len(), 1);
        assert_eq!(events(&get(&stage, other, false).body).len(), 0);
        // That it was an error stands beside it.
        let declared = seen(
            &stage,
            &json!({ "errorDeclaration": { "declarationTime": "2026-01-03T00:00:00Z" } }),
        );
        assert_eq!(capture(&stage, declared.to_string().as_bytes()).0, 202);
        assert_eq!(events(&get(&stage, other, true).body).len(), 2);
        let mut now = answer(&stage);
        now["now"] = answered["now"].clone();
        assert_eq!(now, answered);
    });
    check.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_captured_is_refused_by_name_and_nothing_is_kept() {
    let stage = Stage::new().await;
    let check = tokio::task::spawn_blocking(move || {
        let mut deep = String::from("1");
        (0..60).for_each(|_| deep = format!("[{deep}]"));
        let many = vec![seen(&stage, &json!({}))["epcisBody"]["eventList"][0].clone(); 501];
        let mut too_many = seen(&stage, &json!({}));
        too_many["epcisBody"]["eventList"] = many.into();
        let own = seen(&stage, &json!({ "threadmark:statement": "00" }));
        let word = seen(&stage, &json!({ "bizStep": "printed" }));
        for (document, status, of, why) in [
            ("no JSON".to_owned(), 400, "Validation", "expected"),
            (
                format!("{}1{}", "[".repeat(200), "]".repeat(200)),
                400,
                "Validation",
                "recursion",
            ),
            (deep, 400, "Validation", "deeper"),
            ("{}".to_owned(), 400, "Validation", "type"),
            (
                word.to_string(),
                400,
                "Validation",
                "/epcisBody/eventList/0",
            ),
            (own.to_string(), 400, "Validation", "the log's own"),
            (
                too_many.to_string(),
                413,
                "CaptureLimitExceeded",
                "501 events",
            ),
        ] {
            let (found, at, body) = capture(&stage, document.as_bytes());
            assert_eq!((found, &at[..]), (status, ""), "{body}");
            assert_eq!(
                body["type"],
                format!("epcisException:{of}Exception"),
                "{body}"
            );
            assert!(body["detail"].as_str().unwrap().contains(why), "{body}");
        }
        // Refused by its announced length: the service hangs up, also while it is being sent.
        let too_long = agent()
            .post(format!("{}/v1/epcis/capture", stage.url))
            .header("authorization", format!("Bearer {}", stage.token))
            .send(&vec![b' '; (1 << 20) + 1][..]);
        assert!(too_long.is_err() || too_long.is_ok_and(|told| told.status() == 413));
        let other = "/v1/epcis/events?MATCH_anyEPC=urn:epc:id:giai:4012345.A1";
        assert_eq!(events(&get(&stage, other, true).body).len(), 0);
        let unknown = format!("/v1/epcis/capture/{}", "0".repeat(32));
        assert_eq!(get(&stage, &unknown, true).status, 404);
        assert_eq!(get(&stage, "/v1/epcis/capture/x", true).status, 400);
    });
    check.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn identifiers_lead_to_the_page_of_the_part_whose_they_are() {
    let stage = Stage::new().await;
    let check = tokio::task::spawn_blocking(move || {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0);
        let agent: ureq::Agent = config.build().into();
        let led = |path: &str| {
            let told = agent.get(format!("{}{path}", stage.url)).call().unwrap();
            let at = told
                .headers()
                .get("location")
                .map(|at| at.to_str().unwrap().to_owned());
            (told.status().as_u16(), at)
        };
        let mut marks = stage.marks();
        let mark = marks.next().unwrap();
        let identity = Identity::of(stage.of.log.world(), mark);
        let (cpi, serial) = identity.cpi.unwrap();
        let giai = identity.giai.unwrap();
        let page = Some(format!("/m/{mark}"));
        assert_eq!(led(&format!("/8004/{giai}")), (307, page.clone()));
        assert_eq!(led(&format!("/8010/{cpi}/8011/{serial}")), (307, page));
        let unmade = marks.nth(2).unwrap();
        for wrong in [
            format!("/8004/9{giai}"),
            format!("/8004/4012346{mark}"),
            format!("/8004/4012345{unmade}"),
            "/8004/4012345".to_owned(),
            format!("/8010/{cpi}X/8011/{serial}"),
            format!("/8010/{cpi}/8011/{}", serial + 1),
            format!("/8010/{cpi}/8011/+{serial}"),
            format!("/8010/{cpi}/8011/9999999999999"),
        ] {
            assert_eq!(led(&wrong), (404, None), "{wrong}");
        }
    });
    check.await.unwrap();
}
