//! Ashore: design, catalogue, approval and licence; and a part that is made with a network.

use super::stage::Stage;
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

/// Publishes the part, has it approved, and licenses three units to the machine.
pub fn publish_and_license(stage: &mut Stage) -> Result<()> {
    publish(stage, "hinge", "C", "AA-2207-14", "design:hinge")?;
    stage.step("Design published: hinge bracket AA-2207-14 rev C, files encrypted at the OEM");
    let spec = stage.write("allowable.json", allowable().to_string())?;
    let data = stage.write("dataset.csv", "batch,uts_kpa\n1,1012000\n2,1008000\n")?;
    let publish = [
        "publish",
        "allowable",
        "--id",
        "allowable:ti64b07",
        "--spec",
        &spec,
    ];
    stage.threadmark("designer", &[&publish[..], &["--dataset", &data]].concat())?;
    stage.step("Design allowable published: B-basis UTS, its data set anchored in the log");
    approve(stage, "design:hinge", "approval:hinge")?;
    stage.step("Design approved: by test TR-118 and by the allowable, mark zone qualified");
    license(
        stage,
        "licence:hinge",
        &["--approval", "approval:hinge"],
        "design:hinge",
        3,
    )?;
    stage.step("Licensed: 3 numbered production units to the machine; the shop accepted");
    Ok(())
}

fn envelope() -> Value {
    json!({ "material": "Ti-6Al-4V AMS7015", "machine_class": "lpbf-280",
            "process": "LPBF-Ti64-60um", "orientation": "Z" })
}

fn allowable() -> Value {
    let mut envelope = envelope();
    envelope["orientation"] = json!("any");
    json!({ "property": "ultimate tensile strength", "value": 928_000, "unit": "kPa", "basis": "B",
            "specimens": 30, "batches": 5, "envelope": envelope,
            "method": "CMH-17-1G 8.3.5.1 normal, version 1" })
}

/// Publishes the bracket under a part number and class.
pub fn publish(stage: &Stage, name: &str, class: &str, number: &str, id: &str) -> Result<()> {
    let spec = json!({ "part_number": number, "revision": "C", "name": "Bracket, hinge", "class": class,
                       "envelope": envelope(), "distribution": "A: no limitation" });
    let spec = stage.write(&format!("{name}.spec.json"), spec.to_string())?;
    let profile = stage.write("profile.ini", "layer_height = 0.06\n")?;
    let geometry = stage.fixture("parts/hinge-bracket.stl");
    let zone = stage.fixture("parts/hinge-bracket.zone.json");
    let files = [
        "--geometry",
        &geometry,
        "--profile",
        &profile,
        "--zone",
        &zone,
    ];
    stage.threadmark(
        "designer",
        &[
            &["publish", "design", "--id", id, "--spec", &spec],
            &files[..],
        ]
        .concat(),
    )?;
    Ok(())
}

/// Request by the OEM, grant by the authority.
pub fn approve(stage: &Stage, design: &str, approval: &str) -> Result<()> {
    let report = stage.write("TR-118.pdf", "static test of AA-2207-14")?;
    let (test, analysis) = (
        format!("TR-118={report}"),
        format!("allowable:ti64b07={report}"),
    );
    let request = [
        "approve", "request", "--id", approval, "--design", design, "--test", &test,
    ];
    let more = ["--analysis", &analysis, "--effectivity", "A400"];
    stage.threadmark("designer", &[&request[..], &more].concat())?;
    let grant = [
        "approve",
        "grant",
        approval,
        "--until",
        "2099-01-01",
        "--zone-qualified",
    ];
    stage.threadmark("certifier", &grant)?;
    Ok(())
}

/// Issue by the OEM, acceptance by the shop.
pub fn license(stage: &Stage, id: &str, basis: &[&str], design: &str, units: u32) -> Result<()> {
    let units = units.to_string();
    let issue = [
        "licence",
        "issue",
        "--id",
        id,
        "--design",
        design,
        "--machine",
        "machine:agent",
    ];
    let rest = ["--units", &units, "--until", "2099-01-01"];
    stage.threadmark("designer", &[&issue[..], basis, &rest].concat())?;
    stage.threadmark("production", &["licence", "accept", id])?;
    Ok(())
}

/// An order for one part.
pub fn order(stage: &Stage, who: &str, id: &str, licence: &str, lot: &str) -> Result<()> {
    let what = ["order", "--id", id, "--licence", licence, "--lot", lot];
    let rest = ["--parts", "1", "--mass-g", "400", "--until", "2099-01-01"];
    stage.threadmark(who, &[&what[..], &rest].concat())?;
    Ok(())
}

/// Prints what was ordered; the mark of the part.
pub fn print(stage: &Stage, order: &str) -> Result<String> {
    let to = stage.arg("tray");
    let printed = stage.agent("agent", &["print", "--order", order, "--to", &to])?;
    let mark = find(&printed, "mark").with_context(|| format!("no mark in {printed}"))?;
    Ok(mark)
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
    let what = [
        "part",
        "inspect",
        mark,
        "--plan",
        "IP-2207 rev 2",
        "--mark-read",
    ];
    let counts = [
        "--required",
        "14",
        "--conforming",
        "14",
        "--report",
        &report,
    ];
    stage.threadmark(who, &[&what[..], &counts].concat())
}

/// Release on a form.
pub fn release<'a>(mark: &'a str, number: &'a str) -> [&'a str; 7] {
    [
        "part",
        "release",
        mark,
        "--form",
        "FAA 8130-3 (02-14)",
        "--number",
        number,
    ]
}

/// Installation in an aircraft.
pub fn install(stage: &Stage, mark: &str, position: &str) -> Result<Value> {
    let asset = [
        "--asset",
        "tail 54-07",
        "--asset-type",
        "A400",
        "--position",
        position,
    ];
    let what = ["part", "install", mark, "--work-order", "WO-88121"];
    stage.threadmark("mechanic", &[&what[..], &asset].concat())
}

/// Photographs the marked part that stands in the tray.
pub fn photograph(stage: &Stage, mark: &str) -> Result<String> {
    let tray = std::fs::read_dir(stage.path("tray"))?;
    let names = tray.filter_map(|entry| Some(entry.ok()?.path().display().to_string()));
    let mut parts: Vec<_> = names
        .filter(|name| name.ends_with(".stl") && name.contains(mark))
        .collect();
    parts.sort();
    let part = parts
        .first()
        .with_context(|| format!("no part {mark} in the tray"))?;
    let (photo, zone) = (
        stage.arg(&format!("{mark}.png")),
        stage.fixture("parts/hinge-bracket.zone.json"),
    );
    let camera = ["--tilt", "18", "--roll", "25", "--seed", "7"];
    let output = stage.try_threadmark(
        &[
            &["mark", "render", part, "--zone", &zone, &photo],
            &camera[..],
        ]
        .concat(),
    )?;
    ensure!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(photo)
}

/// The next part, with a network: printed, shipped, received, scanned by its custodian and by anybody, installed.
pub fn second_part(stage: &mut Stage) -> Result<String> {
    order(stage, "operator", "order:two", "licence:hinge", "lot:l0931")?;
    stage.agent("agent", &["sync"])?;
    let mark = print(stage, "order:two")?;
    stage.agent("agent", &["sync"])?;
    stage.step(format!(
        "Second part printed and marked {mark}, streamed to the file printer"
    ));
    inspect(stage, "inspector", &mark)?;
    stage.threadmark("signatory", &release(&mark, "DS-0043"))?;
    stage.threadmark("stores", &["part", "ship", &mark, "--to", "mro.example"])?;
    stage.threadmark("mechanic", &["part", "receive", &mark])?;
    stage.step("Inspected, released, shipped, and received by the other organisation");
    let photo = photograph(stage, &mark)?;
    stage.step("Photographed: perspective, one light, surface noise");
    let (home, url) = (stage.arg("mechanic"), stage.url().to_owned());
    let custodian = ["--home", &home, "--asset-type", "A400"];
    stage.scan(&photo, &custodian, "ELIGIBLE BY RECORD", "", 0)?;
    stage.step("Scanned by its custodian: ELIGIBLE BY RECORD, every step's proof checked");
    stage.scan(
        &photo,
        &["--service", &url],
        "RECORD FOUND, NO HOLDS",
        "",
        0,
    )?;
    stage.step("Scanned by anybody: RECORD FOUND, NO HOLDS");
    install(stage, &mark, "door 2L hinge")?;
    stage.scan(
        &photo,
        &custodian,
        "RECORD FOUND, NO HOLDS",
        "tail 54-07",
        0,
    )?;
    stage.step("Installed, and scanned again: RECORD FOUND, NO HOLDS, with its place");
    Ok(mark)
}
