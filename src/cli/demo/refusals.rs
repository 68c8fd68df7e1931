//! What must not pass, and the name that it is refused or held with; and the audit.

use super::ashore::{
    approve, inspect, license, order, ordering, print, printing, publish, releasing,
};
use super::stage::{Stage, text};
use anyhow::{Context, Result, ensure};
use std::process::Command;

/// Plays every refusal and hold.
pub fn play(stage: &mut Stage, first: &str, second: &str) -> Result<()> {
    changed_geometry(stage)?;
    other_machine(stage)?;
    recall_reaches_old_and_new(stage, first, second)?;
    fourth_unit(stage)?;
    withdrawn_design(stage)?;
    qualification_part(stage)?;
    not_independent(stage)?;
    unknown_mark(stage)?;
    revoked_key(stage)?;
    destroyed(stage, second)
}

/// Orders, fetches the order, prints and delivers; the mark of the part.
fn make(stage: &Stage, who: &str, name: &str, lot: &str) -> Result<String> {
    order(stage, who, name, name, lot)?;
    stage.agent("agent", "sync")?;
    let mark = print(stage, name)?;
    stage.agent("agent", "sync")?;
    Ok(mark)
}

/// Somebody changes one bit of the files that wait beside the printer.
fn changed_geometry(stage: &mut Stage) -> Result<()> {
    order(stage, "operator", "three", "hinge", "l0931")?;
    stage.agent("agent", "sync")?;
    let mut kept = Vec::new();
    for entry in std::fs::read_dir(stage.path("agent").join("artifacts"))? {
        let path = entry?.path();
        let bytes = std::fs::read(&path)?;
        let mut changed = bytes.clone();
        if let Some(byte) = changed.last_mut() {
            *byte ^= 1;
        }
        std::fs::write(&path, changed)?;
        kept.push((path, bytes));
    }
    ensure!(!kept.is_empty(), "no file waits beside the printer");
    stage.gate_refuses(
        "agent",
        &printing(stage, "three"),
        "has other bytes than the design names",
    )?;
    for (path, bytes) in kept {
        std::fs::write(path, bytes)?;
    }
    stage.step("One bit changed in the geometry: the gate refuses, nothing is spent");
    Ok(())
}

fn other_machine(stage: &mut Stage) -> Result<()> {
    stage.agent("agent2", "sync")?;
    stage.gate_refuses("agent2", &printing(stage, "three"), "licence-other-machine")?;
    stage.step("Another machine: licence-other-machine");
    Ok(())
}

/// The recall is placed while the agent is at sea with what it knew: the part that it prints then is born held.
fn recall_reaches_old_and_new(stage: &mut Stage, first: &str, second: &str) -> Result<()> {
    let would = stage.threadmark("certifier", "recall impact lot:l0931")?;
    ensure!(would["reached"] == 2, "{would}");
    stage.step("Before a recall of the powder lot is signed: it would reach 2 parts, and with whom they are");
    let place = "recall place lot:l0931 --reason 'Oxygen out of limits in retained sample'";
    let recall = text(&stage.threadmark("certifier", place)?, "subject")?;
    for mark in [first, second] {
        stage.must_not_install(mark, "recalled")?;
    }
    stage.step("Lot recalled: both parts from it say DO NOT INSTALL at once");
    let third = print(stage, "three")?;
    stage.agent("agent", "sync")?;
    stage.must_not_install(&third, "recalled")?;
    stage.step("A part that was printed from the lot before the agent heard of it is born held");
    let report = format!("recall report {recall} --out {}", stage.arg("recall.jsonl"));
    let report = stage.threadmark("certifier", &report)?;
    ensure!(report["reached"] == 3, "{report}");
    stage.step("The list of the 3 parts is frozen: a file, and its digest in the log");
    stage.refused("operator", &ordering("hinge", "l0931"), "recalled")?;
    stage.step("A new order from the lot is refused: recalled");
    let lift = format!("recall lift {recall} --disposition 'Retest passed'");
    stage.refused("certifier", &lift, "same-author")?;
    stage.step("Who placed the recall cannot lift it: same-author");
    Ok(())
}

fn fourth_unit(stage: &mut Stage) -> Result<()> {
    order(stage, "operator", "four", "hinge", "l0932")?;
    stage.agent("agent", "sync")?;
    stage.gate_refuses("agent", &printing(stage, "four"), "licence-unit-unknown")?;
    stage.step("The fourth unit of three: licence-unit-unknown");
    Ok(())
}

fn withdrawn_design(stage: &mut Stage) -> Result<()> {
    publish(stage, "strut", "C", "AA-2208-01")?;
    approve(stage, "strut")?;
    license(stage, "strut", "strut", "--approval approval:strut", 2)?;
    order(stage, "operator", "strut", "strut", "l0932")?;
    let withdraw = "publish withdraw design:strut --effect unreleased --reason 'Fatigue finding'";
    stage.threadmark("designer", withdraw)?;
    stage.agent("agent", "sync")?;
    stage.gate_refuses("agent", &printing(stage, "strut"), "design-withdrawn")?;
    stage.step("A withdrawn design: the gate refuses, design-withdrawn");
    Ok(())
}

fn qualification_part(stage: &mut Stage) -> Result<()> {
    publish(stage, "coupon", "C", "AA-9001-01")?;
    license(stage, "coupon", "coupon", "--qualification", 1)?;
    let mark = make(stage, "operator", "coupon", "l0932")?;
    inspect(stage, "inspector", &mark)?;
    stage.refused(
        "signatory",
        &releasing(&mark, "DS-0099"),
        "qualification-part",
    )?;
    stage.step("A qualification licence's part at release: qualification-part");
    Ok(())
}

fn not_independent(stage: &mut Stage) -> Result<()> {
    publish(stage, "latch", "B", "AA-3100-02")?;
    approve(stage, "latch")?;
    license(stage, "latch", "latch", "--approval approval:latch", 2)?;
    let mark = make(stage, "both", "latch", "l0932")?;
    let inspected = inspect(stage, "both", &mark)?;
    ensure!(
        inspected.to_string().contains("not-independent"),
        "{inspected}"
    );
    stage.must_not_install(&mark, "not-independent")?;
    stage.step("Class B, inspected by who ordered it: logged, held as not-independent");
    Ok(())
}

fn unknown_mark(stage: &mut Stage) -> Result<()> {
    let mark = threadmark_protocol::mark::Mark::derive(&[42; 32], 1);
    stage.must_not_install(&mark.to_string(), "unknown-mark")?;
    stage.step("A mark that nobody made: DO NOT INSTALL, unknown-mark");
    Ok(())
}

/// The inspector has left; the key is revoked, and used once more.
fn revoked_key(stage: &mut Stage) -> Result<()> {
    license(stage, "leaver", "hinge", "--approval approval:hinge", 1)?;
    let mark = make(stage, "operator", "leaver", "l0932")?;
    let kid = text(&stage.threadmark("leaver", "key card")?, "kid")?;
    stage.threadmark("leaver", "sync")?;
    let revoke = format!("key revoke {kid} --reason 'Left the company'");
    stage.threadmark("shop-admin", &revoke)?;
    let inspected = inspect(stage, "leaver", &mark)?;
    ensure!(inspected.to_string().contains("unvouched"), "{inspected}");
    stage.must_not_install(&mark, "unvouched")?;
    stage.step("A report with a revoked key: logged, unvouched, the part held");
    Ok(())
}

fn destroyed(stage: &mut Stage, mark: &str) -> Result<()> {
    stage.threadmark(
        "mechanic",
        &format!("part destroy {mark} --method 'cut in two'"),
    )?;
    stage.threadmark("certifier", &format!("part attest {mark}"))?;
    stage.must_not_install(mark, "destroyed")?;
    stage.step("Destroyed before a witness: DO NOT INSTALL, destroyed");
    Ok(())
}

/// A good part from the good lot, for the reader to open; its mark.
pub fn good_part(stage: &mut Stage) -> Result<String> {
    license(stage, "more", "hinge", "--approval approval:hinge", 1)?;
    let mark = make(stage, "operator", "more", "l0932")?;
    inspect(stage, "inspector", &mark)?;
    stage.threadmark("signatory", &releasing(&mark, "DS-0044"))?;
    let anybody = format!("{mark} --service {}", stage.url());
    stage.scan(&anybody, 0, &["RECORD FOUND, NO HOLDS"])?;
    stage.step("One more part, from the good lot: RECORD FOUND, NO HOLDS");
    Ok(mark)
}

/// The whole log replays; then somebody alters a row beside the service, and the audit names it.
pub fn audit(stage: &mut Stage) -> Result<()> {
    let line = format!("audit --home {}", stage.arg("log"));
    let output = stage.try_threadmark(&line)?;
    let told = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    ensure!(output.status.success(), "{told}");
    stage.step(format!("Audit: {told}"));
    let alteration = "update subject_state \
                      set state = jsonb_set(state::jsonb, '{received,0,says,mass_mg}', '1')::json \
                      where id = 'lot:l0931'";
    alter(stage, alteration)?;
    let output = stage.try_threadmark(&line)?;
    let told = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    ensure!(
        output.status.code() == Some(1) && told.contains("state lot:l0931"),
        "{told}"
    );
    let named = told.lines().next().unwrap_or_default();
    stage.step(format!(
        "A row altered straight in the database; audit: {named}"
    ));
    alter(stage, &alteration.replace("'1'", "'25000000'"))
}

/// As somebody with access to the database would.
fn alter(stage: &Stage, sql: &str) -> Result<()> {
    let home = stage.path("log").join("database");
    let url = crate::store::cluster::Cluster::running_url(&home).context("no database runs")?;
    let status = Command::new("psql")
        .args(["-q", "-X", "-v", "ON_ERROR_STOP=1", "-c", sql, &url])
        .status()?;
    ensure!(status.success(), "psql failed");
    Ok(())
}
