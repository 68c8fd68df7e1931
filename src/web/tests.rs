//! Pages of hand-made answers: each verdict says what it says and nothing else, and nobody's text becomes markup.

use super::*;
use serde_json::{Value, json};
use threadmark_protocol::answer::Verdict;
use threadmark_protocol::mark::Mark;

const NOW: i64 = 1_773_479_520;
const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;
const VERDICTS: [Verdict; 4] = [
    Verdict::EligibleByRecord,
    Verdict::RecordFound,
    Verdict::DoNotInstall,
    Verdict::CannotDetermine,
];

fn page() -> Page {
    Page {
        public_url: "https://part.example".into(),
        origin: "log.example/am".into(),
        log_size: 48_213,
        witnessed_size: None,
        root: Some(Digest::sha256(&[b"root"])),
        viewer: None,
    }
}

fn mark() -> Mark {
    Mark::derive(&[7; 32], 1)
}

/// The life of a part: entry, days ago, title, detail, organisation, who signed.
type Row = (
    u64,
    i64,
    &'static str,
    Option<&'static str>,
    &'static str,
    &'static str,
);

#[rustfmt::skip]
const LIFE: [Row; 15] = [
    (1, 39, "Design published: AA-2207-14 rev C", Some("Bracket, hinge"), "oem.example", "person"),
    (4, 36, "Design allowable published", Some("ultimate tensile strength B-basis 912 MPa, n = 32"), "oem.example", "person"),
    (7, 34, "Design approval requested", None, "oem.example", "person"),
    (9, 30, "Design approved", Some("valid until 2028-02-12T00:00:00Z"), "caa.example", "person"),
    (11, 25, "Machine calibrated", Some("valid until 2026-08-17T00:00:00Z"), "deck3.example", "person"),
    (12, 22, "Licensed: 3 production units", None, "oem.example", "person"),
    (13, 22, "Licence accepted", None, "deck3.example", "person"),
    (15, 20, "Material received", Some("Ti-6Al-4V grade 23, lot L-0931"), "deck3.example", "person"),
    (18, 13, "Build ordered", None, "deck3.example", "person"),
    (31, 13, "Printing started, marked as unit 3", Some("build:m17-0042"), "deck3.example", "machine"),
    (32, 12, "Printed", None, "deck3.example", "machine"),
    (33, 12, "Inspected: 14 of 14 characteristics conform", Some("plan IP-2207 issue 2"), "deck3.example", "person"),
    (34, 12, "Released, FAA 8130-3", Some("DS-0042"), "deck3.example", "person"),
    (40, 3, "Shipped", Some("harbour.example"), "deck3.example", "person"),
    (41, 1, "Received", None, "harbour.example", "person"),
];

fn step(row: &Row) -> Value {
    let (index, ago, title, detail, org, by) = row;
    let name = match *org {
        "oem.example" => "Acme Aero",
        "caa.example" => "Civil Aviation Authority",
        "deck3.example" => "Deck 3 Print Shop",
        _ => "Harbour Maintenance",
    };
    let at = NOW - ago * DAY;
    let level = if *by == "machine" {
        "attested_hardware"
    } else {
        "software"
    };
    json!({
        "title": title, "detail": detail, "at": at, "org": org, "org_name": name,
        "actor": format!("{by}-{index}"), "key_level": level, "signed_by": by,
        "statement": Digest::sha256(&[&index.to_be_bytes()]), "index": 48_000 + index,
        "logged_at": at + 2, "findings": [],
    })
}

/// The life; from the build order to the release it was lived at sea, and delivered later.
fn life() -> Vec<Value> {
    let mut steps: Vec<Value> = LIFE.iter().map(step).collect();
    for late in &mut steps[8..13] {
        late["logged_at"] = json!(NOW - 5 * DAY);
    }
    steps
}

/// An answer to its custodian, with every field filled.
fn answer(verdict: Verdict, reasons: Value) -> Answer {
    let answer = json!({
        "verdict": verdict, "reasons": reasons, "mark": mark(), "life": life(),
        "now": NOW, "as_of": NOW - 3 * HOUR - 720, "age_s": 3 * HOUR + 720, "witnessed": false, "provisional": false,
        "part": {
            "mark": mark(), "part": "part:m17-0042-3", "name": "Bracket, hinge", "part_number": "AA-2207-14",
            "revision": "C", "class": "C", "design_authority": "oem.example", "maker": "deck3.example",
            "material": "Ti-6Al-4V grade 23", "lot_number": "L-0931", "unit": [3, 3],
            "custodian": "harbour.example", "installed": null, "contains": [], "phase": "released",
        },
    });
    serde_json::from_value(answer).unwrap()
}

fn recalled() -> Answer {
    let reasons = json!([
        {"code": "recalled", "title": "The part is recalled.", "advice": "Do not use it; follow the recall.",
         "hold": "recall", "subject": "lot:l-0931", "detail": "oxygen above 0.13 % in retained sample"},
        {"code": "unvouched", "title": "The report was made with a revoked key.",
         "advice": "Two other organisations must vouch for it before the part is used.",
         "hold": "unvouched", "subject": "part:m17-0042-3", "detail": null},
    ]);
    let mut answer = answer(Verdict::DoNotInstall, reasons);
    answer.life[11].findings = serde_json::from_value(json!(["unvouched"])).unwrap();
    answer
}

/// Offline: the newest steps are signed and not logged yet, and knowledge is old.
fn at_sea() -> Answer {
    let reasons = json!([{"code": "knowledge-too-old", "title": "What is known is older than the class of the part allows.",
        "advice": "Synchronise and ask again.", "hold": null, "subject": null, "detail": null}]);
    let mut answer = answer(Verdict::CannotDetermine, reasons);
    for step in &mut answer.life[9..] {
        (step.index, step.logged_at) = (None, None);
    }
    (answer.provisional, answer.age_s) = (true, Some(74 * 86_400));
    answer.as_of = Some(NOW - 74 * DAY);
    answer
}

/// As anybody sees a part that is installed.
fn to_public() -> Answer {
    let mut answer = answer(Verdict::RecordFound, json!([]));
    for step in &mut answer.life {
        (step.actor, step.detail) = (None, None);
    }
    let mut installed = answer.life[14].clone();
    installed.title = "Installed".into();
    answer.life.push(installed);
    let face = answer.part.as_mut().unwrap();
    (face.part, face.lot_number, face.custodian) = (None, None, None);
    face.phase = threadmark_protocol::life::Phase::Installed;
    answer
}

fn unknown() -> Answer {
    let reasons = json!([{"code": "unknown-mark", "title": "No record of this mark.",
        "advice": "Do not install it: it has no pedigree.", "hold": null, "subject": null, "detail": null}]);
    let mut answer = answer(Verdict::DoNotInstall, reasons);
    (answer.part, answer.life) = (None, Vec::new());
    answer
}

/// Everything that an author can choose, chosen by somebody who means harm.
fn hostile() -> Answer {
    let evil = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>";
    // A name or a place cannot hold this, a sentence that a program wrote might.
    let turned = format!("\u{202e}{evil}");
    let mut value = serde_json::to_value(recalled()).unwrap();
    for field in ["name", "part_number", "revision", "material", "lot_number"] {
        value["part"][field] = json!(evil);
    }
    value["part"]["material"] = json!("W".repeat(200));
    value["part"]["installed"] = json!({"asset": evil, "position": evil});
    value["reasons"][0]["detail"] = json!(turned);
    for step in value["life"].as_array_mut().unwrap() {
        (step["title"], step["detail"]) = (json!(turned), json!(turned));
        step["org_name"] = json!(evil);
    }
    value["life"][0]["title"] = json!("M".repeat(200));
    serde_json::from_value(value).unwrap()
}

#[test]
fn each_verdict_shows_its_words_and_shape_and_no_other() {
    for shown in VERDICTS {
        let html = record(&answer(shown, json!([])), &page());
        for verdict in VERDICTS {
            let look = Look::of(verdict);
            let shape = format!("data-shape=\"{}\"", look.shape);
            assert_eq!(
                html.contains(look.words),
                verdict == shown,
                "{verdict:?} on {shown:?}"
            );
            assert_eq!(
                html.contains(&shape),
                verdict == shown,
                "{verdict:?} on {shown:?}"
            );
        }
        assert_eq!(html.matches("<h1").count(), 1);
    }
}

#[test]
fn the_answer_stands_before_everything_else() {
    let html = record(&recalled(), &page());
    let at = |text: &str| {
        html.find(text)
            .unwrap_or_else(|| panic!("{text} is missing"))
    };
    let order = [
        "role=\"status\"",
        "<h1>DO NOT INSTALL",
        "The part is recalled.",
        "oxygen above",
        "3 hours old",
        "Not witnessed",
        "1 further reason",
        "revoked key",
        "id=\"part\"",
        "id=\"life\"",
        "id=\"basis\"",
    ];
    assert!(order.windows(2).all(|pair| at(pair[0]) < at(pair[1])));
}

#[test]
fn what_an_author_writes_never_becomes_markup() {
    let many = [hostile(), hostile()];
    for html in [record(&hostile(), &page()), scanned(&many, &page())] {
        let html = without_own_script(&html);
        assert!(!html.contains("<script") && !html.contains("<img"));
        assert!(html.contains("&#60;script&#62;"));
    }
    let problem = problem(400, "<b>", "<script>", "\"'");
    assert!(!problem.contains("<script>") && !problem.contains("<b><"));
}

#[test]
fn the_life_runs_from_the_newest_to_the_oldest_with_a_proof_for_each_logged_step() {
    let html = record(&at_sea(), &page());
    assert!(html.find("Received").unwrap() < html.find("Design published").unwrap());
    assert_eq!(html.matches("class=\"proof\"").count(), 9);
    assert_eq!(html.matches("signed, not logged yet").count(), 6);
    assert!(html.contains("leans on 6 statements not logged yet"));
    assert!(html.contains("74 days old"));
}

#[test]
fn what_came_late_says_how_late() {
    let html = record(&recalled(), &page());
    assert_eq!(html.matches("delivered 8 days later").count(), 2);
    assert_eq!(html.matches("delivered 7 days later").count(), 3);
}

#[test]
fn the_public_page_says_that_something_is_withheld_and_a_members_page_does_not() {
    let withheld = "are told to members";
    assert!(record(&to_public(), &page()).contains(withheld));
    let viewer = Some("Harbour Maintenance".to_owned());
    let html = record(&recalled(), &Page { viewer, ..page() });
    assert!(!html.contains(withheld) && html.contains("Asking as <bdi>Harbour Maintenance"));
}

#[test]
fn a_mark_without_a_record_has_a_page_without_holes() {
    let html = record(&unknown(), &page());
    assert!(html.contains("No record of this mark.") && html.contains(&mark().grouped()));
    assert!(
        !html.contains("id=\"life\"")
            && !html.contains("id=\"part\"")
            && !html.contains("href=\"#life\"")
    );
}

fn without_own_script(html: &str) -> String {
    html.replace(&format!("<script>{}</script>", frame::SCRIPT), "")
}

#[test]
fn no_page_carries_another_script_inline_style_or_another_host() {
    for (name, html) in samples() {
        let html = without_own_script(&html);
        for banned in ["<script", " style=", " onclick", "javascript:", "src="] {
            assert!(!html.contains(banned), "{banned} in {name}");
        }
        let elsewhere = html
            .replace("http://www.w3.org/2000/svg", "")
            .replace("https://part.example", "");
        assert!(!elsewhere.contains("://"), "another host in {name}");
        assert!(
            html.contains("<html lang=\"en\">")
                && html.contains("<main")
                && html.contains("<title>")
        );
    }
}

#[test]
fn forms_use_the_names_that_the_service_reads() {
    let html = scan();
    assert_eq!(
        html.matches(&format!("name=\"{PHOTO_FIELD}\" type=\"file\""))
            .count(),
        2
    );
    assert!(html.contains(&format!("name=\"{MARK_FIELD}\"")));
    assert!(scanned(&[], &page()).contains("better photograph"));
}

#[test]
fn the_policy_names_the_hash_of_the_stylesheet_that_is_served() {
    let html = scan();
    let sheet = html
        .split("<style>")
        .nth(1)
        .and_then(|rest| rest.split("</style>").next());
    assert_eq!(sheet, Some(frame::SHEET));
    let [_, (name, policy), ..] = response_headers();
    assert_eq!(name, "content-security-policy");
    assert!(policy.contains("style-src 'sha256-") && !policy.contains("unsafe"));
}

fn samples() -> Vec<(&'static str, String)> {
    let member = Page {
        viewer: Some("Harbour Maintenance".into()),
        ..page()
    };
    let eligible = answer(Verdict::EligibleByRecord, json!([]));
    vec![
        ("eligible", record(&eligible, &member)),
        ("found", record(&to_public(), &page())),
        ("recalled", record(&recalled(), &member)),
        ("at-sea", record(&at_sea(), &member)),
        ("unknown", record(&unknown(), &page())),
        ("scan", scan()),
        (
            "several",
            scanned(&[eligible, recalled(), unknown()], &member),
        ),
        ("none", scanned(&[], &page())),
        ("home", home(&page())),
        (
            "problem",
            problem(
                404,
                "There is no such page",
                "/m/none",
                "Scan the part, or type its mark.",
            ),
        ),
    ]
}
