//! At sea: print, inspect, release, hand over and install without a network; and the way home.

use super::ashore::{inspect, install, order, photograph, print, release};
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
    for who in ABOARD.iter().filter(|who| **who != "agent") {
        stage.threadmark(who, &["sync"])?;
    }
    stage.agent("agent", &["sync"])?;
    stage.stop()?;
    stage.step("Everybody synchronised; then the service was stopped");
    order(stage, "operator", "order:one", "licence:hinge", "lot:l0931")?;
    exchange(
        stage,
        "operator",
        &["agent", "inspector", "signatory", "stores", "mechanic"],
    )?;
    let mark = print(stage, "order:one")?;
    stage.step(format!(
        "Printed: gate passed, mark embedded, unit 1 spent; {mark}"
    ));
    exchange(
        stage,
        "agent",
        &["inspector", "signatory", "stores", "mechanic"],
    )?;
    inspect(stage, "inspector", &mark)?;
    exchange(stage, "inspector", &["signatory", "stores", "mechanic"])?;
    stage.threadmark("signatory", &release(&mark, "DS-0042"))?;
    exchange(stage, "signatory", &["stores", "mechanic"])?;
    stage.threadmark("stores", &["part", "ship", &mark, "--to", "mro.example"])?;
    exchange(stage, "stores", &["mechanic"])?;
    stage.threadmark("mechanic", &["part", "receive", &mark])?;
    stage.step(
        "Inspected, released and handed over, each in a journal; journals exchanged as files",
    );
    let photo = photograph(stage, &mark)?;
    let home = stage.arg("mechanic");
    let offline = ["--home", &home, "--offline", "--asset-type", "A400"];
    stage.scan(&photo, &offline, "ELIGIBLE BY RECORD", "provisional", 0)?;
    stage.step("Scanned offline by the mechanic: ELIGIBLE BY RECORD, provisional, with its age");
    install(stage, &mark, "door 1L hinge")?;
    stage.step("Installed");
    Ok(mark)
}

/// Carries `from`'s journal to others as a file.
fn exchange(stage: &Stage, from: &str, to: &[&str]) -> Result<()> {
    let file = stage.arg(&format!("{from}.journal"));
    if from == "agent" {
        stage.agent(from, &["export", &file])?;
    } else {
        stage.threadmark(from, &["journal", "export", &file])?;
    }
    for who in to {
        if *who == "agent" {
            stage.agent(who, &["import", &file])?;
        } else {
            stage.threadmark(who, &["journal", "import", &file])?;
        }
    }
    Ok(())
}

/// Delivers all journals, late ones first, and all of them twice.
pub fn come_home(stage: &mut Stage, mark: &str) -> Result<()> {
    stage.serve()?;
    stage.step("The service is back");
    for who in ABOARD.iter().chain(&ABOARD) {
        match *who {
            "agent" => drop(stage.agent(who, &["sync"])?),
            who => drop(stage.threadmark(who, &["sync"])?),
        }
    }
    let url = stage.url().to_owned();
    stage.scan(mark, &["--service", &url], "RECORD FOUND, NO HOLDS", "", 0)?;
    stage.step("All journals delivered, in any order and twice: nothing lost, nothing doubled");
    let output = stage.try_threadmark(&["audit", "--home", &stage.arg("log"), "--json"])?;
    ensure!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stdout)
    );
    stage.step("Audited: every state follows from the log");
    Ok(())
}
