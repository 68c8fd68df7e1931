//! The cast: members, people and machines with their keys and roles.

use super::stage::{Stage, text};
use anyhow::Result;

/// Somebody: home, organisation, roles; those that need it are accredited.
const PEOPLE: [(&str, &str, &str, &[&str]); 12] = [
    (
        "designer",
        "oem.example",
        "oem-admin",
        &["design_authority"],
    ),
    (
        "certifier",
        "authority.example",
        "authority-admin",
        &["certifier"],
    ),
    ("production", "ship.example", "shop-admin", &["production"]),
    ("operator", "ship.example", "shop-admin", &["operator"]),
    ("inspector", "ship.example", "shop-admin", &["inspector"]),
    (
        "signatory",
        "ship.example",
        "shop-admin",
        &["release_signatory"],
    ),
    ("stores", "ship.example", "shop-admin", &["custodian"]),
    (
        "both",
        "ship.example",
        "shop-admin",
        &["operator", "inspector"],
    ),
    ("leaver", "ship.example", "shop-admin", &["inspector"]),
    ("mechanic", "mro.example", "mro-admin", &["mechanic"]),
    (
        "reviewer",
        "oem.example",
        "oem-admin",
        &["design_authority"],
    ),
    ("purchasing", "ship.example", "shop-admin", &["production"]),
];

const ACCREDITED: [&str; 3] = ["inspector", "release_signatory", "mechanic"];

/// Genesis, members, people, a machine in force, and a lot.
pub fn found(stage: &mut Stage) -> Result<()> {
    new_key(stage, "governor", "log.example")?;
    let (out, home) = (stage.arg("log"), stage.arg("governor"));
    let args = [
        "genesis",
        "--origin",
        "log.example/am",
        "--host",
        "part.example",
        "--out",
        &out,
    ];
    let output = stage.try_threadmark(&[&args[..], &["--home", &home]].concat())?;
    anyhow::ensure!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    stage.step("Log founded: policy and trust anchors signed by the governor, quorum none");
    stage.serve()?;
    join(stage, "governor")?;
    stage.step("Service started on a private PostgreSQL");
    for (name, org, admin, function) in [
        ("Acme Aero", "oem.example", "oem-admin", "oem"),
        (
            "Civil Aviation Authority",
            "authority.example",
            "authority-admin",
            "authority",
        ),
        ("Deck 3 print shop", "ship.example", "shop-admin", "shop"),
        ("Harbour MRO", "mro.example", "mro-admin", "maintenance"),
    ] {
        let card = new_key(stage, admin, org)?;
        let admit = [
            "member",
            "admit",
            &card,
            "--name",
            name,
            "--function",
            function,
        ];
        stage.threadmark("governor", &admit)?;
        join(stage, admin)?;
    }
    stage.step("Members admitted: OEM, authority, print shop, maintenance organisation");
    for (person, org, admin, roles) in PEOPLE {
        enrol(stage, person, org, admin, roles)?;
    }
    stage.step("People enrolled, a key each; inspectors, signatory and mechanic accredited");
    for machine in ["agent", "agent2"] {
        equip(stage, machine)?;
    }
    stage.step("Machines enrolled, qualified by the authority, calibrated");
    let certificate = stage.write("certificate.pdf", "certificate of lot L-0931")?;
    for lot in ["lot:l0931", "lot:l0932"] {
        let lot = [
            "--id",
            lot,
            "--material",
            "Ti-6Al-4V AMS7015",
            "--lot-number",
            lot,
        ];
        let rest = ["--mass-g", "25000", "--certificate", &certificate];
        stage.threadmark(
            "production",
            &[&["material", "receive"], &lot[..], &rest].concat(),
        )?;
    }
    stage.step("Powder received: two lots of 25 kg");
    Ok(())
}

/// A new credential; the file with its card.
fn new_key(stage: &Stage, name: &str, org: &str) -> Result<String> {
    stage.threadmark(name, &["key", "new", "--org", org, "--actor", name])?;
    card(stage, name)
}

fn card(stage: &Stage, name: &str) -> Result<String> {
    let card = stage.threadmark(name, &["key", "card"])?;
    stage.write(&format!("{name}.json"), card.to_string())
}

fn join(stage: &Stage, name: &str) -> Result<()> {
    let known = stage.path(name).join("genesis.cbor").exists();
    if !known || name == "governor" {
        let (url, fingerprint) = (stage.url().to_owned(), stage.fingerprint().to_owned());
        stage.threadmark(
            name,
            &["join", "--service", &url, "--fingerprint", &fingerprint],
        )?;
    }
    Ok(())
}

/// Key id in a card.
fn kid(stage: &Stage, name: &str) -> Result<String> {
    text(&stage.threadmark(name, &["key", "card"])?, "kid")
}

fn enrol(stage: &Stage, person: &str, org: &str, admin: &str, roles: &[&str]) -> Result<()> {
    let card = new_key(stage, person, org)?;
    stage.threadmark(admin, &["key", "add", &card])?;
    join(stage, person)?;
    let kid = kid(stage, person)?;
    for role in roles {
        stage.threadmark(admin, &["key", "grant", &kid, role])?;
        if ACCREDITED.contains(role) {
            stage.threadmark("certifier", &["key", "accredit", &kid, role])?;
        }
    }
    Ok(())
}

fn equip(stage: &Stage, machine: &str) -> Result<()> {
    let (url, fingerprint) = (stage.url().to_owned(), stage.fingerprint().to_owned());
    let who = ["--org", "ship.example", "--actor", machine];
    let log = ["--service", &url, "--fingerprint", &fingerprint];
    stage.agent(machine, &[&["enrol"], &who[..], &log].concat())?;
    let card = card(stage, machine)?;
    stage.threadmark("shop-admin", &["key", "add", &card])?;
    let (id, kid) = (format!("machine:{machine}"), kid(stage, machine)?);
    let card = [
        "--key",
        &kid,
        "--model",
        "Ember 280",
        "--serial",
        machine,
        "--class",
        "lpbf-280",
    ];
    stage.threadmark(
        "production",
        &[&["machine", "enrol", "--id", &id], &card[..]].concat(),
    )?;
    let report = stage.write("qualification.pdf", "IQ OQ PQ report")?;
    let scope = [
        "--process",
        "LPBF-Ti64-60um",
        "--material",
        "Ti-6Al-4V AMS7015",
    ];
    let rest = ["--until", "2099-01-01", "--report", &report];
    stage.threadmark(
        "certifier",
        &[&["machine", "qualify", &id], &scope[..], &rest].concat(),
    )?;
    let certificate = ["--until", "2099-01-01", "--certificate", &report];
    stage.threadmark(
        "production",
        &[&["machine", "calibrate", &id], &certificate[..]].concat(),
    )?;
    Ok(())
}
