//! What becomes of powder, machines and parts, said at the command line and logged by the real service.

use crate::support::stage::Stage;
use serde_json::Value;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::process::{Command, Output};
use threadmark_agent::system;
use threadmark_protocol::text::Moment;

/// People: name, organisation, its administrator, roles; those that need it are accredited.
const PEOPLE: [(&str, &str, &str, &[&str]); 5] = [
    ("certifier", "authority", "authority", &["certifier"]),
    (
        "stores",
        "ship",
        "ship",
        &["custodian", "production", "operator"],
    ),
    ("inspector", "ship", "ship", &["inspector"]),
    ("signatory", "ship", "ship", &["release_signatory"]),
    ("mechanic", "mro", "mro", &["mechanic", "custodian"]),
];
/// A part's geometry, here as its own scan, and another part's.
const SCAN: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/fixtures/parts/access-cover.stl"
);
const OTHER: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/fixtures/parts/sensor-clip.stl"
);
const ACCREDITED: [&str; 3] = ["inspector", "release_signatory", "mechanic"];

/// A log with a print shop, an authority and a maintenance organisation.
struct Cast {
    stage: Stage,
    /// Any file: papers, records, reports.
    file: String,
    /// Every kind that was logged.
    kinds: RefCell<BTreeSet<String>>,
}

impl Cast {
    fn new() -> Cast {
        let stage = Stage::new();
        let file = stage.home("papers.pdf");
        std::fs::write(&file, b"papers").unwrap();
        let members = [
            ("authority", "authority"),
            ("ship", "shop"),
            ("mro", "maintenance"),
        ];
        for (member, function) in members {
            let card = stage.person(member);
            let line = format!("admit {card} --name {member} --function {function}");
            stage.propose(member, &line);
            stage.join(member);
        }
        for (who, org, admin, roles) in PEOPLE {
            let card = stage.person_of(org, who);
            stage.done(admin, &format!("key add {card}"));
            stage.join(who);
            let kid = stage.kid(who);
            for role in roles {
                stage.done(admin, &format!("key grant {kid} {role}"));
                if ACCREDITED.contains(role) {
                    stage.done("certifier", &format!("key accredit {kid} {role}"));
                }
            }
        }
        let file = file.display().to_string();
        let kinds = RefCell::default();
        Cast { stage, file, kinds }
    }

    /// A statement that is logged without a finding; what was printed.
    fn said(&self, who: &str, line: &str) -> Value {
        let told = self.with_findings(who, line);
        let findings = &told["delivery"]["findings"];
        assert_eq!(findings, &serde_json::json!([]), "{line}: {told}");
        told
    }

    /// A statement that is logged.
    fn with_findings(&self, who: &str, line: &str) -> Value {
        let line = line.replace("FILE", &self.file);
        let told = self.stage.done(who, &line);
        assert_eq!(told["delivery"]["is"], "logged", "{line}: {told}");
        let kind = told["kind"].as_str().unwrap().to_owned();
        self.kinds.borrow_mut().insert(kind);
        told
    }

    /// Verdict and codes that somebody is told of a mark.
    fn scan(&self, who: &str, mark: &str) -> (String, BTreeSet<String>) {
        let output = self.stage.run(who, &format!("scan {mark}"));
        let told: Value = serde_json::from_slice(&output.stdout).unwrap();
        let told = &told["answers"][0]["answer"];
        let reasons = told["reasons"].as_array().unwrap().iter();
        let codes = reasons.map(|reason| reason["code"].as_str().unwrap().to_owned());
        (
            told["verdict"].as_str().unwrap().to_owned(),
            codes.collect(),
        )
    }

    /// A part that no build made, marked, graded, inspected and released; its mark.
    fn part(&self) -> String {
        let entered = self.said(
            "stores",
            "part enter --name Hinge --part-number H-1 --serial S-42 --maker 'Forge & Sons' --papers FILE",
        );
        let part = entered["subject"].as_str().unwrap();
        let mark = format!("part mark {part} --on label --method 'thermal transfer'");
        let mark = self.said("stores", &mark)["put_on"]
            .as_str()
            .unwrap()
            .to_owned();
        self.said(
            "inspector",
            &format!(
                "part verify-mark {mark} --grade B --by iso-15415 --verifier V-7 --report FILE"
            ),
        );
        self.release(&mark);
        mark
    }

    fn release(&self, mark: &str) {
        let inspect = format!(
            "part inspect {mark} --plan IP-1 --required 3 --conforming 3 --mark-read --report FILE"
        );
        self.said("inspector", &inspect);
        let release = format!("part release {mark} --form 'FAA 8130-3 (02-14)' --number 7");
        self.said("signatory", &release);
    }
}

#[test]
fn every_kind_of_a_parts_life_is_said_at_the_command_line() {
    let cast = Cast::new();
    let mark = cast.part();
    let own = cast.scan("stores", &mark);
    let reported = BTreeSet::from(["origin-reported".to_owned()]);
    assert_eq!(own, ("cannot_determine".to_owned(), reported));
    let new = quality_and_marks(&cast, &mark);
    copied(&cast, &new);
    assembled(&cast, &new);
    service(&cast, &mark, &new);
    powder_and_machines(&cast);
    let kinds = cast.kinds.borrow();
    let families = [
        "correction.",
        "part.",
        "mark.",
        "quality.",
        "custody.",
        "service.",
        "end.",
        "material.",
        "machine.",
    ];
    let of_life = |kind: &&&str| families.iter().any(|family| kind.starts_with(family));
    let all = threadmark_protocol::body::Core::KINDS.iter();
    for kind in all.filter(of_life) {
        assert!(kinds.contains(*kind), "nobody said {kind}");
    }
    assert!(cast.stage.service.terminate());
}

/// Work, tests, faults; the newer mark of the part.
fn quality_and_marks(cast: &Cast, mark: &str) -> String {
    cast.said(
        "stores",
        &format!("part process {mark} --process HIP --record FILE"),
    );
    let test = format!(
        "part test {mark} --test 'ASTM E8' --value 432 --unit MPa --at-least 400 --report FILE"
    );
    cast.said("inspector", &test);
    let fault = format!("part fault {mark} --defect Scratch --report FILE");
    let found = cast.with_findings("inspector", &fault);
    assert_eq!(found["delivery"]["findings"][0], "nonconforming");
    let decide = format!("part decide {mark} --disposition use-as-is --grounds 'Shallow'");
    cast.stage.refused("stores", &decide);
    cast.said("certifier", &decide);
    physical_evidence(cast, mark);
    let suspect = format!("part suspect {mark} --reason 'Surface of a casting' --evidence FILE");
    cast.said("mechanic", &suspect);
    assert!(cast.scan("mechanic", mark).1.contains("suspected"));
    let clear = format!("part clear-suspicion {mark} --disposition 'It was polished'");
    cast.said("certifier", &clear);
    let again = format!("part re-mark {mark} --on direct --method laser --reason Worn");
    let new = cast.said("stores", &again)["put_on"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(cast.scan("mechanic", &new).0, cast.scan("mechanic", mark).0);
    cast.release(&new);
    new
}

/// The piece is enrolled by its maker, found consistent, matched, and found to be another; the authority decides that.
fn physical_evidence(cast: &Cast, mark: &str) {
    let enrol = format!(
        "part enrol {mark} --mass-g 12.5/0.01 --balance B-3 --dimension bore=8.003/0.005 --gauge G-1 --wear-g 0.1 \
         --photograph 'face A=FILE' --camera M-2 --scan {SCAN} --scanner S-1 --tolerance-um 50"
    );
    let enrolled = cast.said("stores", &enrol);
    let compare = |rest: &str| format!("part compare {mark} {rest}");
    let weighed = cast.said("stores", &compare("--mass-g 12.45/0.01 --balance B-9"));
    assert_eq!(weighed["verdict"], "consistent");
    assert_eq!(weighed["enrolment"], enrolled["statement"]);
    // A file beside itself is no comparison.
    let same = compare("--surface FILE=FILE=38/40 --method 'by eye'").replace("FILE", &cast.file);
    assert!(!cast.stage.run("stores", &same).status.success());
    let looked = format!("--surface FILE={SCAN}=38/40 --method 'by eye'");
    let looked = cast.said("stores", &compare(&looked));
    assert_eq!(looked["verdict"], "matched");
    let report = cast.stage.home("scan.json").display().to_string();
    let now = scan_of_today(cast);
    let files = format!("--scan {now} --scanner S-2 --scan-report {report}");
    let scanned = cast.said("stores", &compare(&format!("{files} --against {SCAN}")));
    let told = (
        &scanned["verdict"],
        &scanned["outcome"],
        &scanned["unit_guessed"],
    );
    assert_eq!((told.0, told.1), (&"matched".into(), &"passed".into()));
    assert_eq!(told.2, true);
    let itself =
        format!("--scan {SCAN} --scanner S-2 --scan-report {report}.again --against {SCAN}");
    assert!(!cast.stage.run("stores", &compare(&itself)).status.success());
    the_report_is_made_again(cast, &report, &now);
    let other = "--dimension bore=8.2/0.005 --gauge G-1 --mass-g 12.5/0.01 --balance B-9";
    // Who has not the piece, and inspects nothing, holds nothing.
    let by_stranger = cast.said("mechanic", &compare(other));
    assert_eq!(by_stranger["verdict"], "differs");
    let held = cast.with_findings("inspector", &compare(other));
    assert_eq!(held["delivery"]["findings"][0], "evidence-differs");
    assert_eq!(cast.scan("stores", mark).0, "do_not_install");
    let decide = format!("part decide {mark} --disposition use-as-is --grounds 'Gauge was off'");
    cast.said("certifier", &decide);
}

/// The mark is scanned at two ends of the world: a case, a flag in the log, and a person who clears it up.
fn copied(cast: &Cast, mark: &str) {
    let cases = |who: &str| cast.stage.done(who, "cases")["cases"].clone();
    let scan = |who, place: &str| cast.stage.run(who, &format!("scan {mark} --place {place}"));
    scan("stores", "52.5,13.4");
    // At sea: once in an hour and place, and told in port.
    for _ in 0..2 {
        scan("mechanic", "-33.9,151.2 --offline");
    }
    assert_eq!(cases("stores"), serde_json::json!([]));
    assert_eq!(cast.stage.done("mechanic", "sync")["scans_told"], 1);
    assert_eq!(cast.stage.done("mechanic", "sync")["scans_told"], 0);
    let until = |good: fn(&Value) -> bool| {
        let tries = (0..300).map(|_| {
            std::thread::sleep(std::time::Duration::from_millis(200));
            cases("stores")[0].clone()
        });
        let case = tries.into_iter().find(good);
        case.unwrap_or_else(|| panic!("not within a minute: {}", cases("stores")))
    };
    let case = until(|case| case["statement"].is_string());
    assert_eq!(
        case["form"]["sightings"].as_array().unwrap().len(),
        2,
        "{case}"
    );
    assert_eq!(cases("mechanic"), serde_json::json!([]));
    assert!(cast.scan("stores", mark).1.contains("suspected"));
    let clear = format!("part clear-suspicion {mark} --disposition 'The other one is a copy'");
    cast.said("certifier", &clear);
    until(|case| case["closed_at"].is_number());
    assert!(!cast.scan("stores", mark).1.contains("suspected"));
}

/// Into an assembly, with it to another organisation, and what is found on it holds the assembly until it is out again.
fn assembled(cast: &Cast, mark: &str) {
    let door = cast.part();
    for one in [mark, &door] {
        cast.said("stores", &format!("part ship {one} --to mro.example"));
        cast.said("mechanic", &format!("part receive {one}"));
    }
    let into = format!("part install {mark} --into {door} --position 'hinge 1' --work-order W0");
    cast.said("mechanic", &into);
    let told = |mark: &str| -> Value {
        let output = cast.stage.run("mechanic", &format!("scan {mark}"));
        let told: Value = serde_json::from_slice(&output.stdout).unwrap();
        told["answers"][0]["answer"]["part"].clone()
    };
    assert_eq!(told(mark)["installed"]["assembly_mark"], door.as_str());
    assert_eq!(told(&door)["contains"][0]["mark"], mark);
    cast.said("mechanic", &format!("part ship {door} --to ship.example"));
    cast.said("stores", &format!("part receive {door}"));
    assert_eq!(told(mark)["custodian"], "ship.example");
    let aside = format!("part quarantine {mark} --reason Dropped");
    let found = cast.with_findings("stores", &aside);
    assert_eq!(found["delivery"]["findings"][0], "quarantined");
    let (verdict, codes) = cast.scan("stores", &door);
    assert_eq!(verdict, "do_not_install");
    assert!(codes.contains("component-held"), "{codes:?}");
    let part = told(mark)["part"].as_str().unwrap().to_owned();
    cast.stage.done("mechanic", "sync");
    let reached = cast
        .stage
        .done("mechanic", &format!("recall impact {part}"));
    let reached = reached["parts"].as_array().unwrap().iter();
    let marks: BTreeSet<_> = reached.map(|one| one["mark"].as_str().unwrap()).collect();
    assert_eq!(marks, BTreeSet::from([mark, door.as_str()]));
    cast.said(
        "signatory",
        &format!("part lift {mark} --disposition 'No damage'"),
    );
    cast.said("stores", &format!("part ship {door} --to mro.example"));
    cast.said("mechanic", &format!("part receive {door}"));
    cast.said(
        "mechanic",
        &format!("part remove {mark} --reason Scheduled"),
    );
    cast.said("mechanic", &format!("part ship {mark} --to ship.example"));
    cast.said("stores", &format!("part receive {mark}"));
    cast.release(mark);
}

/// What needs no key.
fn without_home(line: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_threadmark"));
    command.args(line.split(' ')).arg("--json");
    command.output().unwrap()
}

/// The same surface in another file: the text before the triangles is nobody's.
fn scan_of_today(cast: &Cast) -> String {
    let mut bytes = std::fs::read(SCAN).unwrap();
    bytes[..5].copy_from_slice(b"today");
    let file = cast.stage.home("now.stl");
    std::fs::write(&file, bytes).unwrap();
    file.display().to_string()
}

/// Anybody makes the report of a scan again, and finds one that was changed.
fn the_report_is_made_again(cast: &Cast, report: &str, now: &str) {
    let check = format!("part scan-check {report} --reference {SCAN} --scan {now}");
    let told = without_home(&check);
    assert_eq!(told.status.code(), Some(0));
    let told: Value = serde_json::from_slice(&told.stdout).unwrap();
    assert_eq!(told["same"], true);
    let text = std::fs::read_to_string(report).unwrap();
    let changed = text.replace("\"p99_um\": 0", "\"p99_um\": 1");
    assert_ne!(text, changed);
    std::fs::write(report, changed).unwrap();
    assert_eq!(without_home(&check).status.code(), Some(1));
    let picture = cast.stage.home("map.png").display().to_string();
    let compare = format!(
        "part scan-compare --reference {OTHER} --scan {SCAN} --tolerance-um 100 --picture {picture}"
    );
    assert!(matches!(without_home(&compare).status.code(), Some(4 | 5)));
    assert!(std::fs::read(picture).unwrap().starts_with(b"\x89PNG"));
}

/// To another owner, into an asset, and to the end.
fn service(cast: &Cast, old: &str, mark: &str) {
    cast.said(
        "stores",
        &format!("part give {mark} --to mro.example --terms PO-1"),
    );
    cast.said("mechanic", &format!("part take {old}"));
    cast.said("stores", &format!("part ship {mark} --to mro.example"));
    cast.said("mechanic", &format!("part receive {mark}"));
    cast.said(
        "mechanic",
        &format!(
            "part install {mark} --asset N1 --asset-type H-60 --position 'door 2' --work-order W1"
        ),
    );
    cast.said(
        "mechanic",
        &format!("part usage {mark} --hours 12 --cycles 3 --landings 3 --source 'Log book'"),
    );
    corrected_use(cast, mark);
    cast.said(
        "mechanic",
        &format!("part remove {mark} --reason Scheduled"),
    );
    dossier(cast, mark);
    for repair in ["repair", "remanufacture"] {
        let line =
            format!("part {repair} {mark} --approved-data SRM --work-order W2 --record FILE");
        cast.said("mechanic", &line);
    }
    cast.said(
        "mechanic",
        &format!("part decommission {mark} --reason 'Worn out'"),
    );
    cast.said(
        "mechanic",
        &format!("part destroy {mark} --method Shredded"),
    );
    cast.said("inspector", &format!("part attest {mark}"));
    let stop = BTreeSet::from(["destroyed", "mark-replaced"].map(str::to_owned));
    assert_eq!(
        cast.scan("stores", old),
        ("do_not_install".to_owned(), stop)
    );
}

/// Everything about the part in one file, which is checked without the service and says what a scan says.
fn dossier(cast: &Cast, mark: &str) {
    let file = cast.stage.home("part.dossier").display().to_string();
    let made = cast
        .stage
        .done("mechanic", &format!("dossier {mark} -o {file}"));
    assert!(made["statements"].as_u64().unwrap() > 20, "{made}");
    let check = format!("verify dossier {file} --mark {mark}");
    let checked = cast.stage.run("mechanic", &check);
    let told: Value = serde_json::from_slice(&checked.stdout).unwrap();
    assert_eq!(told["proof"]["failed"], serde_json::json!([]), "{told}");
    let verdict = cast.scan("mechanic", mark).0;
    assert_eq!(told["answer"]["verdict"], verdict, "{told}");
    let mut bytes = std::fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&file, bytes).unwrap();
    let spoilt = cast.stage.run("mechanic", &check);
    assert_eq!(spoilt.status.code(), Some(1), "{spoilt:?}");
}

/// The asset is read by a table, a report of the part and a reading of the asset are wrong, and the authority agrees.
fn corrected_use(cast: &Cast, mark: &str) {
    let table = cast.stage.home("fleet.csv");
    let columns = "asset,at,hours,cycles,landings,peak_milli_g,source";
    // Several statements fall into one second: the readings come after it.
    let later = |s: i64| Moment::from_unix(system::now() + s).unwrap();
    let first = later(600);
    let lines = format!("{columns}\nN1,{first},100,10,10,1850,Log book\nN2,,7,1,1,,EFB\n");
    std::fs::write(&table, lines).unwrap();
    let line = format!("asset usage --csv {}", table.display());
    let told = cast.stage.done("mechanic", &line);
    let signed = told["signed"].as_array().unwrap();
    assert_eq!(signed.len(), 2);
    for one in signed {
        assert_eq!(one["delivery"]["is"], "logged", "{told}");
    }
    cast.said(
        "mechanic",
        &format!(
            "asset usage N1 --hours 150 --cycles 12 --landings 12 --source 'Log book' --at {}",
            later(1200)
        ),
    );
    let wrong = cast.said(
        "mechanic",
        &format!(
            "asset usage N1 --hours 1500 --source Book --cycles 12 --landings 12 --at {}",
            later(1300)
        ),
    );
    let wrong = wrong["statement"].as_str().unwrap();
    let error = format!("asset correct N1 --error {wrong} --reason 'A digit too many'");
    let declared = cast.said("mechanic", &error);
    let declared = declared["statement"].as_str().unwrap();
    let confirm = format!(
        "asset confirm N1 --operator mro.example --declaration {declared} --grounds 'Seen the book'"
    );
    cast.said("certifier", &confirm);
    let report =
        format!("part usage {mark} --hours 999 --cycles 20 --source 'Log book' --landings 20");
    let wrong = cast.said("mechanic", &report);
    let wrong = wrong["statement"].as_str().unwrap();
    let error = format!("part correct {mark} --error {wrong} --reason 'A digit too many'");
    cast.said("mechanic", &error);
    let confirm = format!("part confirm-error {mark} --grounds 'Seen the book'");
    cast.said("certifier", &confirm);
    let output = cast.stage.run("mechanic", &format!("scan {mark}"));
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    let used = &told["answers"][0]["answer"]["part"]["used"];
    assert_eq!(used["duration_s"], 62 * 3600, "{used}");
}

fn powder_and_machines(cast: &Cast) {
    cast.said(
        "stores",
        "material receive --id lot:a --material Ti64 --lot-number L1 --mass-g 1000 --certificate FILE",
    );
    cast.said(
        "stores",
        "material blend --id lot:b --from lot:a=500 --mass-g 500 --tolerance-g 1 --lot-number B1 --record FILE",
    );
    cast.said(
        "stores",
        "material use build:1 --load lot:b=100/60 --fused-g 40 --tolerance-g 1",
    );
    cast.said("stores", "material scrap lot:a --mass-g 10 --reason Sieve");
    cast.said(
        "inspector",
        "part coupon build:1 --specimen C-1 --test 'ASTM E8' --value 432 --unit MPa --at-least 400 --report FILE",
    );
    cast.stage.done(
        "printer",
        "key new --org ship.example --actor printer --machine",
    );
    let card = cast.stage.done("printer", "key card");
    let file = cast.stage.home("printer.json");
    std::fs::write(&file, card.to_string()).unwrap();
    cast.stage
        .done("ship", &format!("key add {}", file.display()));
    let kid = card["kid"].as_str().unwrap();
    cast.said(
        "stores",
        &format!("machine enrol --id machine:m --key {kid} --model M --serial 1 --class C"),
    );
    cast.said(
        "stores",
        "machine qualify machine:m --process P --material Ti64 --until 365d --report FILE",
    );
    cast.said(
        "stores",
        "machine calibrate machine:m --until 90d --certificate FILE",
    );
    cast.said("stores", "machine retire machine:m --reason Sold");
}
