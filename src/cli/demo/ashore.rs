//! Ashore: design, catalogue, approval and licence; and a part that is made with a network.

use super::stage::{Stage, text};
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

/// Publishes the part, has it approved, and licenses three units to the machine.
pub fn publish_and_license(stage: &mut Stage) -> Result<()> {
    publish(stage, "hinge", "C", "AA-2207-14")?;
    stage.step("Design published: hinge bracket AA-2207-14 rev C, files encrypted at the OEM");
    let spec = stage.write("allowable.json", allowable().to_string())?;
    let data = stage.write("dataset.csv", "batch,uts_kpa\n1,1012000\n2,1008000\n")?;
    let line = format!("publish allowable --id allowable:ti64b07 --spec {spec} --dataset {data}");
    stage.threadmark("designer", &line)?;
    stage.step("Design allowable published: B-basis UTS, its data set anchored in the log");
    approve(stage, "hinge")?;
    stage.step("Design approved: by test TR-118 and by the allowable, mark zone qualified");
    license(stage, "hinge", "hinge", "--approval approval:hinge", 3)?;
    stage.step("Licensed: 3 numbered production units to the machine; the shop accepted");
    Ok(())
}

fn envelope(orientation: &str) -> Value {
    json!({
        "material": "Ti-6Al-4V AMS7015",
        "machine_class": "lpbf-280",
        "process": "LPBF-Ti64-60um",
        "orientation": orientation,
    })
}

fn allowable() -> Value {
    json!({
        "property": "ultimate tensile strength", "value": 928_000, "unit": "kPa", "basis": "B",
        "specimens": 30, "batches": 5, "envelope": envelope("any"),
        "method": "CMH-17-1G 8.3.5.1 normal, version 1",
    })
}

/// Publishes the bracket as `design:NAME` under a part number and class.
pub fn publish(stage: &Stage, name: &str, class: &str, number: &str) -> Result<()> {
    let spec = json!({
        "part_number": number, "revision": "C", "name": "Bracket, hinge", "class": class,
        "envelope": envelope("Z"), "distribution": "A: no limitation",
    });
    let spec = stage.write(&format!("{name}.spec.json"), spec.to_string())?;
    let profile = stage.write("profile.ini", "layer_height = 0.06\n")?;
    let part = stage.fixture("parts/hinge-bracket");
    let line = format!(
        "publish design --id design:{name} --spec {spec} --geometry {part}.stl --profile {profile} \
         --zone {part}.zone.json"
    );
    stage.threadmark("designer", &line).map(drop)
}

/// `approval:NAME` of `design:NAME`: request by the OEM, grant by the authority.
pub fn approve(stage: &Stage, name: &str) -> Result<()> {
    let report = stage.write("TR-118.pdf", "static test of AA-2207-14")?;
    let request = format!(
        "approve request --id approval:{name} --design design:{name} --test TR-118={report} \
         --analysis allowable:ti64b07={report} --effectivity A400"
    );
    stage.threadmark("designer", &request)?;
    let grant = format!("approve grant approval:{name} --until 2099-01-01 --zone-qualified");
    stage.threadmark("certifier", &grant).map(drop)
}

/// `licence:NAME` for `design:DESIGN`: issue by the OEM, acceptance by the shop.
pub fn license(stage: &Stage, name: &str, design: &str, basis: &str, units: u32) -> Result<()> {
    let issue = format!(
        "licence issue --id licence:{name} --design design:{design} {basis} --machine machine:agent \
         --units {units} --until 2099-01-01"
    );
    stage.threadmark("designer", &issue)?;
    stage
        .threadmark("production", &format!("licence accept licence:{name}"))
        .map(drop)
}

/// What `who` says to order one part.
pub fn ordering(licence: &str, lot: &str) -> String {
    format!(
        "order --licence licence:{licence} --lot lot:{lot} --parts 1 --mass-g 400 --until 2099-01-01"
    )
}

/// `order:NAME` for one part.
pub fn order(stage: &Stage, who: &str, name: &str, licence: &str, lot: &str) -> Result<()> {
    stage
        .threadmark(
            who,
            &format!("{} --id order:{name}", ordering(licence, lot)),
        )
        .map(drop)
}

/// What the agent is told to print `order:NAME`.
pub fn printing(stage: &Stage, name: &str) -> String {
    format!("print --order order:{name} --to {}", stage.arg("tray"))
}

/// Prints `order:NAME`; the mark of the part.
pub fn print(stage: &Stage, name: &str) -> Result<String> {
    let printed = stage.agent("agent", &printing(stage, name))?;
    find(&printed, "mark").with_context(|| format!("no mark in {printed}"))
}

/// The first text with a name, at any depth.
fn find(value: &Value, name: &str) -> Option<String> {
    match value {
        Value::Object(members) => match members.get(name) {
            Some(Value::String(text)) => Some(text.clone()),
            _ => members.values().find_map(|value| find(value, name)),
        },
        Value::Array(items) => items.iter().find_map(|value| find(value, name)),
        _ => None,
    }
}

/// Inspection by `who`, all characteristics conforming.
pub fn inspect(stage: &Stage, who: &str, mark: &str) -> Result<Value> {
    let report = stage.write("inspection.pdf", "CMM report")?;
    let line = format!(
        "part inspect {mark} --plan 'IP-2207 rev 2' --required 14 --conforming 14 --mark-read \
         --report {report}"
    );
    stage.threadmark(who, &line)
}

/// What the signatory says to release a part.
pub fn releasing(mark: &str, number: &str) -> String {
    format!("part release {mark} --form 'FAA 8130-3 (02-14)' --number {number}")
}

/// Installation in an aircraft.
pub fn install(stage: &Stage, mark: &str, position: &str) -> Result<()> {
    let line = format!(
        "part install {mark} --asset 'tail 54-07' --asset-type A400 --position '{position}' \
         --work-order WO-88121"
    );
    stage.threadmark("mechanic", &line).map(drop)
}

/// Photographs the marked part that stands in the tray, with paint wiped into its recesses.
pub fn photograph(stage: &Stage, mark: &str) -> Result<String> {
    let (part, photo) = (
        stage.arg(&format!("tray/{mark}.stl")),
        stage.arg(&format!("{mark}.png")),
    );
    let zone = stage.fixture("parts/hinge-bracket.zone.json");
    let line = format!(
        "mark render {part} --zone {zone} {photo} --two-colours --tilt 18 --roll 25 --seed 7"
    );
    let output = stage.try_threadmark(&line)?;
    ensure!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(photo)
}

/// The part's record as one file, checked by itself.
fn carry(stage: &mut Stage, mark: &str) -> Result<()> {
    let file = stage.arg("second.bundle");
    stage.threadmark("mechanic", &format!("bundle {mark} --out {file}"))?;
    let check = format!("verify bundle {file} --asset-type A400");
    let checked = stage.threadmark("mechanic", &check)?;
    let verdict = text(&checked["answer"], "verdict")?;
    ensure!(verdict == "eligible_by_record", "the bundle says {verdict}");
    stage.step(
        "Its record as one file, proved whole, checked without a network: ELIGIBLE BY RECORD",
    );
    Ok(())
}

/// The next part, with a network: printed, shipped, received, scanned by its custodian and by anybody, installed.
pub fn second_part(stage: &mut Stage) -> Result<String> {
    order(stage, "operator", "two", "hinge", "l0931")?;
    stage.agent("agent", "sync")?;
    let mark = print(stage, "two")?;
    stage.agent("agent", "sync")?;
    stage.step(format!("Second part printed and marked {mark}"));
    inspect(stage, "inspector", &mark)?;
    stage.threadmark("signatory", &releasing(&mark, "DS-0043"))?;
    stage.threadmark("stores", &format!("part ship {mark} --to mro.example"))?;
    stage.threadmark("mechanic", &format!("part receive {mark}"))?;
    stage.step("Inspected, released, shipped, and received by the other organisation");
    let photo = photograph(stage, &mark)?;
    stage.step("Photographed: perspective, one light, surface noise");
    let custodian = format!("{photo} --home {} --asset-type A400", stage.arg("mechanic"));
    stage.scan(&custodian, 0, &["ELIGIBLE BY RECORD"])?;
    stage.step("Scanned by its custodian: ELIGIBLE BY RECORD, every step's proof checked");
    let anybody = format!("{photo} --service {}", stage.url());
    stage.scan(&anybody, 0, &["RECORD FOUND, NO HOLDS"])?;
    ensure!(
        stage.post_scan(&photo)? == "record_found",
        "POST /v1/scan answers otherwise"
    );
    stage.step("Scanned by anybody, and sent to POST /v1/scan: RECORD FOUND, NO HOLDS");
    carry(stage, &mark)?;
    install(stage, &mark, "door 2L hinge")?;
    stage.scan(&custodian, 0, &["RECORD FOUND, NO HOLDS", "tail 54-07"])?;
    stage.step("Installed, and scanned again: RECORD FOUND, NO HOLDS, with its place");
    Ok(mark)
}
