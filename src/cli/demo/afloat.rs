//! At sea: print, inspect, release, hand over and install without a network; and the way home.

use super::ashore::{inspect, install, order, photograph, print, releasing};
use super::stage::Stage;
use anyhow::{Result, ensure};

/// Everybody on board whose journal matters, in an order that is not the order of events.
const ABOARD: [&str; 6] = [
    "mechanic",
    "signatory",
    "stores",
    "inspector",
    "agent",
    "operator",
];

/// Makes the first part and installs it before the ship has a network again; its mark.
pub fn first_part(stage: &mut Stage) -> Result<String> {
    for who in ABOARD {
        synchronise(stage, who)?;
    }
    stage.stop()?;
    stage.step("Everybody synchronised; then the service was stopped");
    order(stage, "operator", "one", "hinge", "l0931")?;
    exchange(
        stage,
        "operator",
        &["agent", "inspector", "signatory", "stores", "mechanic"],
    )?;
    let mark = print(stage, "one")?;
    stage.step(format!(
        "Printed: gate passed, mark {mark} embedded, unit 1 spent"
    ));
    exchange(
        stage,
        "agent",
        &["inspector", "signatory", "stores", "mechanic"],
    )?;
    inspect(stage, "inspector", &mark)?;
    exchange(stage, "inspector", &["signatory", "stores", "mechanic"])?;
    stage.threadmark("signatory", &releasing(&mark, "DS-0042"))?;
    exchange(stage, "signatory", &["stores", "mechanic"])?;
    stage.threadmark("stores", &format!("part ship {mark} --to mro.example"))?;
    exchange(stage, "stores", &["mechanic"])?;
    stage.threadmark("mechanic", &format!("part receive {mark}"))?;
    stage.step("Inspected, released, handed over, each in a journal; journals exchanged as files");
    let photo = photograph(stage, &mark)?;
    stage.step("Photographed");
    let offline = format!(
        "{photo} --offline --home {} --asset-type A400",
        stage.arg("mechanic")
    );
    stage.scan(&offline, 0, &["ELIGIBLE BY RECORD", "provisional"])?;
    stage.step("Scanned offline by the mechanic: ELIGIBLE BY RECORD, provisional, with its age");
    install(stage, &mark, "door 1L hinge")?;
    stage.step("Installed");
    Ok(mark)
}

fn synchronise(stage: &Stage, who: &str) -> Result<()> {
    match who {
        "agent" => stage.agent(who, "sync").map(drop),
        _ => stage.threadmark(who, "sync").map(drop),
    }
}

/// Carries `from`'s journal to others as a file.
fn exchange(stage: &Stage, from: &str, to: &[&str]) -> Result<()> {
    let file = stage.arg(&format!("{from}.journal"));
    match from {
        "agent" => stage.agent(from, &format!("export {file}"))?,
        _ => stage.threadmark(from, &format!("journal export {file}"))?,
    };
    for who in to {
        match *who {
            "agent" => stage.agent(who, &format!("import {file}"))?,
            _ => stage.threadmark(who, &format!("journal import {file}"))?,
        };
    }
    Ok(())
}

/// Delivers all journals, late ones first, and all of them twice.
pub fn come_home(stage: &mut Stage, mark: &str) -> Result<()> {
    stage.serve()?;
    stage.step("The service is back");
    for who in ABOARD.iter().chain(&ABOARD) {
        synchronise(stage, who)?;
    }
    let anybody = format!("{mark} --service {}", stage.url());
    stage.scan(&anybody, 0, &["RECORD FOUND, NO HOLDS"])?;
    stage.step("All journals delivered, in any order and twice: nothing lost, nothing doubled");
    let output = stage.try_threadmark(&format!("audit --home {} --json", stage.arg("log")))?;
    ensure!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stdout)
    );
    stage.step("Audited: every state follows from the log");
    Ok(())
}
