//! What permits a build and what it is held to, from the design to the release, at the command line: weights, coupons, laboratories,
//! allowables that are computed anew, and machines that are shown to be equal.

use crate::support::stage::Stage;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::process::{Command, Output};
use threadmark_watermark::mesh::{Mesh, MeshLimits};

/// People: name, organisation, roles; those that need it are accredited.
const PEOPLE: [(&str, &str, &[&str]); 6] = [
    ("certifier", "authority", &["certifier"]),
    ("designer", "oem", &["design_authority"]),
    ("stores", "ship", &["custodian", "production", "operator"]),
    ("inspector", "ship", &["inspector"]),
    ("signatory", "ship", &["release_signatory"]),
    ("laboratory", "lab", &["inspector"]),
];
const MEMBERS: [(&str, &str); 4] = [
    ("authority", "authority"),
    ("oem", "oem"),
    ("ship", "shop"),
    ("lab", "maintenance"),
];
const ACCREDITED: [&str; 2] = ["inspector", "release_signatory"];
const PART: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/parts/access-cover");
const DENSITY_UG_PER_MM3: f64 = 2_670.0;

struct Works {
    stage: Stage,
    /// Any file: reports, certificates.
    file: String,
}

impl Works {
    fn new() -> Works {
        let stage = Stage::new();
        let file = stage.home("papers.pdf");
        std::fs::write(&file, b"papers").unwrap();
        for (member, function) in MEMBERS {
            let card = stage.person(member);
            let line = format!("admit {card} --name {member} --function {function}");
            stage.propose(member, &line);
            stage.join(member);
        }
        for (who, org, roles) in PEOPLE {
            let card = stage.person_of(org, who);
            stage.done(org, &format!("key add {card}"));
            stage.join(who);
            let kid = stage.kid(who);
            for role in roles {
                stage.done(org, &format!("key grant {kid} {role}"));
                if ACCREDITED.contains(role) {
                    stage.done("certifier", &format!("key accredit {kid} {role}"));
                }
            }
        }
        let file = file.display().to_string();
        Works { stage, file }
    }

    /// Logged without a finding.
    fn said(&self, who: &str, line: &str) -> Value {
        let told = self.stage.done(who, &line.replace("FILE", &self.file));
        assert_eq!(told["delivery"]["is"], "logged", "{line}: {told}");
        assert_eq!(told["delivery"]["findings"], json!([]), "{line}: {told}");
        told
    }

    fn refused(&self, who: &str, line: &str, code: &str) {
        let told = self.stage.refused(who, &line.replace("FILE", &self.file));
        assert!(told.contains(code), "{line}: {told}");
    }

    fn written(&self, name: &str, what: &Value) -> String {
        let file = self.stage.home(name);
        std::fs::write(&file, what.to_string()).unwrap();
        file.display().to_string()
    }

    fn agent(&self, line: &str) -> Output {
        Command::new(env!("CARGO_BIN_EXE_threadmark").to_owned() + "-agent")
            .args(line.split(' '))
            .arg("--home")
            .arg(self.stage.home("printer"))
            .arg("--json")
            .output()
            .unwrap()
    }

    /// What the agent says that prints an order.
    fn print(&self, order: &str) -> Output {
        let synced = self.agent("sync");
        assert!(synced.status.success(), "{synced:?}");
        let to = self.stage.home("tray");
        std::fs::create_dir_all(&to).unwrap();
        self.agent(&format!("print --order {order} --to {}", to.display()))
    }

    fn codes(&self, mark: &str) -> (String, BTreeSet<String>) {
        let output = self.stage.run("stores", &format!("scan {mark}"));
        let told: Value = serde_json::from_slice(&output.stdout).unwrap();
        let told = &told["answers"][0]["answer"];
        let reasons = told["reasons"].as_array().unwrap().iter();
        let codes = reasons.map(|reason| reason["code"].as_str().unwrap().to_owned());
        let verdict = told["verdict"].as_str().unwrap().to_owned();
        (verdict, codes.collect())
    }

    fn is_held(&self, mark: &str, codes: &[&str]) {
        let expected = codes.iter().map(|code| (*code).to_owned()).collect();
        assert_eq!(self.codes(mark).1, expected);
    }
}

fn envelope(orientation: &str) -> Value {
    json!({ "material": "AlSi10Mg", "machine_class": "lpbf", "process": "P-1", "orientation": orientation })
}

fn analysis(value: i64) -> Value {
    json!({
        "result": "00".repeat(32), "mean": value + 40_000, "a_basis": null, "b_basis": value,
        "diagnostics": [{ "name": "outliers, MNR 0.05", "outcome": { "is": "passed" } }],
    })
}

/// Design with its weight, allowable of another machine, approval that asks for a test, licence.
fn publish(works: &Works) {
    let spec = json!({
        "part_number": "AC-1", "revision": "A", "name": "Access cover", "class": "C", "envelope": envelope("Z"),
        "distribution": "A: no limitation",
        "mass": { "density_ug_per_mm3": 2670, "tolerance_permille": 20, "supports_mg": 2000, "coupon_mg": 20000 },
    });
    let spec = works.written("design.json", &spec);
    refuse_what_is_no_part(works, &spec);
    works.said(
        "designer",
        &format!("publish design --id design:d --spec {spec} --geometry {PART}.stl --zone {PART}.zone.json"),
    );
    let spec = json!({
        "property": "ultimate tensile strength", "value": 380_000, "unit": "kPa", "basis": "B", "specimens": 60, "batches": 5,
        "envelope": envelope("any"), "method": "CMH-17-1G 8.3", "analysis": analysis(380_000),
        "machines": ["machine:other"], "data_of": ["lot:data", "lot:more"],
    });
    let spec = works.written("allowable.json", &spec);
    works.said(
        "designer",
        &format!("publish allowable --id allowable:a --spec {spec} --dataset FILE"),
    );
    works.said(
        "designer",
        "approve request --id approval:a --design design:d --analysis allowable:a=FILE",
    );
    works.said(
        "certifier",
        "approve grant approval:a --until 365d --zone-qualified --coupon-test 'ASTM E8'",
    );
}

/// What an agent would refuse to print is not published: nor where no weight is given, whose volume would ask for a solid.
fn refuse_what_is_no_part(works: &Works, with_mass: &str) {
    let mut spec: Value = serde_json::from_slice(&std::fs::read(with_mass).unwrap()).unwrap();
    spec.as_object_mut().unwrap().remove("mass");
    let without = works.written("light.json", &spec);
    let cover = std::fs::read(format!("{PART}.stl")).unwrap();
    let mut open = Mesh::from_stl(&cover, &MeshLimits::default()).unwrap();
    open.triangles.pop();
    for (name, bytes) in [("open.stl", open.to_stl()), ("cover.3mf", cover)] {
        let file = works.stage.home(name);
        std::fs::write(&file, bytes).unwrap();
        for spec in [with_mass, &without] {
            let output = works.stage.run(
                "designer",
                &format!(
                    "publish design --id design:x --spec {spec} --geometry {} --zone {PART}.zone.json",
                    file.display()
                ),
            );
            let told = String::from_utf8_lossy(&output.stderr);
            assert!(!output.status.success(), "{name}: {output:?}");
            assert!(
                told.contains("is no part that can be printed"),
                "{name}: {told}"
            );
        }
    }
}

/// A machine with its agent, a licence for two units, powder.
fn equip(works: &Works) {
    let stage = &works.stage;
    let new = "key new --org ship.example --actor printer --machine";
    stage.done("printer", new);
    let card = stage.done("printer", "key card");
    let file = works.written("printer.json", &card);
    stage.done("ship", &format!("key add {file}"));
    stage.join("printer");
    let kid = card["kid"].as_str().unwrap();
    for line in [
        &format!("machine enrol --id machine:m --key {kid} --model M --serial 1 --class lpbf"),
        QUALIFY,
        "machine calibrate machine:m --until 90d --certificate FILE",
        "material receive --id lot:p --material AlSi10Mg --lot-number L1 --mass-g 5000 --certificate FILE",
    ] {
        works.said("stores", line);
    }
    works.said(
        "designer",
        "licence issue --id licence:l --design design:d --approval approval:a --machine machine:m --units 2 --until 200d",
    );
    works.said("stores", "licence accept licence:l");
}

const QUALIFY: &str =
    "machine qualify machine:m --process P-1 --material AlSi10Mg --until 365d --report FILE";
const ORDER: &str = "order --licence licence:l --lot lot:p --mass-g 500 --until 14d";

/// What came out without some of the data.
fn recompute(works: &Works, without: &str, value: i64, specimens: u32) {
    let spec = json!({
        "value": value, "specimens": specimens, "batches": 4, "analysis": analysis(value),
    });
    let spec = works.written("anew.json", &spec);
    let left = works.written("left.csv", &json!({ "specimens": specimens }));
    works.said(
        "designer",
        &format!("publish recompute allowable:a {without} --spec {spec} --dataset {left}"),
    );
}

/// What the build fused: the part by its design, and a coupon of 12 g.
fn weigh(works: &Works, build: &str) {
    let stl = std::fs::read(format!("{PART}.stl")).unwrap();
    let mesh = Mesh::from_stl(&stl, &MeshLimits::default()).unwrap();
    let part_g = mesh.check().volume_mm3 * DENSITY_UG_PER_MM3 / 1e6;
    let fused_g = (part_g + 12.0).round();
    let left_g = 500.0 - fused_g;
    works.said(
        "stores",
        &format!(
            "material use {build} --load lot:p=500/{left_g} --fused-g {fused_g} --tolerance-g 2"
        ),
    );
}

#[test]
fn a_build_is_permitted_weighed_and_tested_at_the_command_line() {
    let works = Works::new();
    publish(&works);
    equip(&works);
    works.refused("stores", ORDER, "coupons-missing");
    let order = format!("{ORDER} --id order:one --coupon C-1 --laboratory lab.example");
    works.said("stores", &order);
    let refused = works.print("order:one");
    let told = String::from_utf8([refused.stdout, refused.stderr].concat()).unwrap();
    assert!(!refused.status.success());
    assert!(told.contains("machine-not-equivalent"), "{told}");
    works.said("stores", &format!("{QUALIFY} --equivalent-to allowable:a"));
    let printed = works.print("order:one");
    assert!(printed.status.success(), "{printed:?}");
    let printed: Value = serde_json::from_slice(&printed.stdout).unwrap();
    let (mark, build) = (
        printed["mark"].as_str().unwrap(),
        printed["build"].as_str().unwrap(),
    );
    assert!(works.agent("sync").status.success());
    works.is_held(mark, &["account-missing", "test-missing"]);
    weigh(&works, build);
    works.is_held(mark, &["test-missing"]);
    let test =
        "--specimen C-1 --test 'ASTM E8' --value 432 --unit MPa --at-least 400 --report FILE";
    works.said("laboratory", &format!("part coupon {build} {test}"));
    works.said(
        "inspector",
        &format!(
            "part inspect {mark} --plan IP-1 --required 3 --conforming 3 --mark-read --report FILE"
        ),
    );
    works.said(
        "signatory",
        &format!("part release {mark} --form 'FAA 8130-3 (02-14)' --number 7"),
    );
    works.is_held(mark, &[]);
    allowable_anew(&works, mark);
    assert!(works.stage.service.terminate());
}

/// Lower without some data: what rests on it is held, nothing is ordered or printed; no lower without more of them: all is well again.
fn allowable_anew(works: &Works, mark: &str) {
    let next = format!("{ORDER} --id order:two --coupon C-1");
    works.said("stores", &next);
    recompute(works, "--without lot:data", 379_000, 48);
    works.is_held(mark, &["allowable-lower"]);
    let order = format!("{ORDER} --id order:three --coupon C-1");
    works.stage.done("stores", "sync");
    works.refused("stores", &order, "allowable-lower");
    let refused = works.print("order:two");
    let told = String::from_utf8([refused.stdout, refused.stderr].concat()).unwrap();
    assert!(
        !refused.status.success() && told.contains("allowable-lower"),
        "{told}"
    );
    recompute(works, "--without lot:data --without lot:more", 380_000, 40);
    works.is_held(mark, &[]);
    assert!(works.print("order:two").status.success());
}
