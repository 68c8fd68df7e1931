//! The cast: members, people and machines with their keys and roles.

use super::stage::{Stage, text};
use anyhow::Result;

/// Members: name for people, administrator, domain, function.
const MEMBERS: [(&str, &str, &str, &str); 4] = [
    ("Acme Aero", "oem-admin", "oem.example", "oem"),
    (
        "Civil Aviation Authority",
        "authority-admin",
        "authority.example",
        "authority",
    ),
    ("Deck 3 print shop", "shop-admin", "ship.example", "shop"),
    ("Harbour MRO", "mro-admin", "mro.example", "maintenance"),
];

/// People: credential, domain, administrator, roles.
const PEOPLE: [(&str, &str, &str, &[&str]); 10] = [
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
];

/// Roles that the authority countersigns.
const ACCREDITED: [&str; 3] = ["inspector", "release_signatory", "mechanic"];

/// Genesis, members, people, machines in force, and two lots.
pub fn found(stage: &mut Stage) -> Result<()> {
    found_log(stage)?;
    for (name, admin, org, function) in MEMBERS {
        let card = new_key(stage, admin, org)?;
        let admit = format!(
            "governance propose admit {card} --name '{name}' --function {function} --reason 'Founding member'"
        );
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
    let certificate = stage.write("certificate.pdf", "certificate of conformity")?;
    for lot in ["lot:l0931", "lot:l0932"] {
        let receive = format!(
            "material receive --id {lot} --material 'Ti-6Al-4V AMS7015' --lot-number {lot} \
             --mass-g 25000 --certificate {certificate}"
        );
        stage.threadmark("production", &receive)?;
    }
    stage.step("Powder received: two lots of 25 kg");
    Ok(())
}

fn found_log(stage: &mut Stage) -> Result<()> {
    new_key(stage, "governor", "log.example")?;
    let (out, home) = (stage.arg("log"), stage.arg("governor"));
    let line = format!(
        "genesis --origin log.example/am --host part.example --delay-s 0 --out {out} --home {home}"
    );
    let output = stage.try_threadmark(&line)?;
    anyhow::ensure!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    stage.step("Log founded: policy and trust anchors signed by the governor, quorum none");
    stage.serve()?;
    join(stage, "governor")?;
    stage.step("Service started on a private PostgreSQL");
    Ok(())
}

/// A new credential; the file with its card.
fn new_key(stage: &Stage, name: &str, org: &str) -> Result<String> {
    stage.threadmark(name, &format!("key new --org {org} --actor {name}"))?;
    card(stage, name)
}

fn card(stage: &Stage, name: &str) -> Result<String> {
    let card = stage.threadmark(name, "key card")?;
    stage.write(&format!("{name}.json"), card.to_string())
}

fn join(stage: &Stage, name: &str) -> Result<()> {
    let (url, fingerprint) = (stage.url(), stage.fingerprint());
    let line = format!("join --service {url} --fingerprint {fingerprint}");
    stage.threadmark(name, &line).map(drop)
}

fn kid(stage: &Stage, name: &str) -> Result<String> {
    text(&stage.threadmark(name, "key card")?, "kid")
}

fn enrol(stage: &Stage, person: &str, org: &str, admin: &str, roles: &[&str]) -> Result<()> {
    let card = new_key(stage, person, org)?;
    stage.threadmark(admin, &format!("key add {card}"))?;
    join(stage, person)?;
    let kid = kid(stage, person)?;
    for role in roles {
        stage.threadmark(admin, &format!("key grant {kid} {role}"))?;
        if ACCREDITED.contains(role) {
            stage.threadmark("certifier", &format!("key accredit {kid} {role}"))?;
        }
    }
    Ok(())
}

/// A machine whose key is made beside it, by the agent.
fn equip(stage: &Stage, machine: &str) -> Result<()> {
    let (url, fingerprint) = (stage.url(), stage.fingerprint());
    let enrol = format!(
        "enrol --org ship.example --actor {machine} --service {url} --fingerprint {fingerprint}"
    );
    stage.agent(machine, &enrol)?;
    let (card, kid) = (card(stage, machine)?, kid(stage, machine)?);
    let report = stage.write("qualification.pdf", "IQ OQ PQ report")?;
    stage.threadmark("shop-admin", &format!("key add {card}"))?;
    let enrol = format!(
        "machine enrol --id machine:{machine} --key {kid} --model 'Ember 280' --serial {machine} \
         --class lpbf-280"
    );
    stage.threadmark("production", &enrol)?;
    let qualify = format!(
        "machine qualify machine:{machine} --process LPBF-Ti64-60um --material 'Ti-6Al-4V AMS7015' \
         --until 2099-01-01 --report {report}"
    );
    stage.threadmark("certifier", &qualify)?;
    let calibrate =
        format!("machine calibrate machine:{machine} --until 2099-01-01 --certificate {report}");
    stage.threadmark("production", &calibrate).map(drop)
}
