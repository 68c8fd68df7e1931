//! What must not pass, and the name that it is refused or held with; and the audit.

use super::ashore::{approve, inspect, license, order, print, publish, release};
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

/// Somebody changes one bit of the file that waits beside the printer.
fn changed_geometry(stage: &mut Stage) -> Result<()> {
    order(
        stage,
        "operator",
        "order:three",
        "licence:hinge",
        "lot:l0931",
    )?;
    stage.agent("agent", &["sync"])?;
    let folder = stage.path("agent").join("artifacts");
    let mut kept = Vec::new();
    for entry in std::fs::read_dir(&folder)? {
        let path = entry?.path();
        let bytes = std::fs::read(&path)?;
        let mut changed = bytes.clone();
        let middle = changed.len() / 2;
        changed[middle] ^= 1;
        std::fs::write(&path, changed)?;
        kept.push((path, bytes));
    }
    ensure!(!kept.is_empty(), "no artifact waits beside the printer");
    let to = stage.arg("tray");
    let print = ["print", "--order", "order:three", "--to", &to];
    stage.gate_refuses(
        "agent",
        &print,
        "the sealed file hinge-bracket.stl has other bytes",
    )?;
    for (path, bytes) in kept {
        std::fs::write(path, bytes)?;
    }
    stage.step("One bit changed in the geometry: the gate refuses, nothing is spent");
    Ok(())
}

fn other_machine(stage: &mut Stage) -> Result<()> {
    stage.agent("agent2", &["sync"])?;
    let to = stage.arg("tray");
    let print = ["print", "--order", "order:three", "--to", &to];
    stage.gate_refuses("agent2", &print, "licence-other-machine")?;
    stage.step("Another machine: licence-other-machine");
    Ok(())
}

/// The recall is placed while the agent is at sea with what it knew: the part that it prints then is born held.
fn recall_reaches_old_and_new(stage: &mut Stage, first: &str, second: &str) -> Result<()> {
    let reason = "Oxygen out of limits in retained sample";
    let placed = stage.threadmark(
        "certifier",
        &["recall", "place", "lot:l0931", "--reason", reason],
    )?;
    let recall = text(&placed, "subject")?;
    let url = stage.url().to_owned();
    for mark in [first, second] {
        stage.scan(mark, &["--service", &url], "DO NOT INSTALL", "recalled", 4)?;
    }
    stage.step("Lot recalled: both parts from it say DO NOT INSTALL at once");
    let third = print(stage, "order:three")?;
    stage.agent("agent", &["sync"])?;
    stage.scan(
        &third,
        &["--service", &url],
        "DO NOT INSTALL",
        "recalled",
        4,
    )?;
    stage.step("A part that was printed from the lot before the agent heard of it is born held");
    order(
        stage,
        "operator",
        "order:four",
        "licence:hinge",
        "lot:l0932",
    )?;
    let refused = [
        "order",
        "--licence",
        "licence:hinge",
        "--lot",
        "lot:l0931",
        "--parts",
        "1",
    ];
    let rest = ["--mass-g", "400", "--until", "2099-01-01"];
    stage.refused("operator", &[&refused[..], &rest].concat(), "recalled")?;
    stage.step("A new order from the lot is refused: recalled");
    let lifting = ["recall", "lift", &recall, "--disposition", "Retest passed"];
    stage.refused("certifier", &lifting, "same-author")?;
    stage.step("Who placed the recall cannot lift it: same-author");
    Ok(())
}

fn fourth_unit(stage: &mut Stage) -> Result<()> {
    stage.agent("agent", &["sync"])?;
    let to = stage.arg("tray");
    let print = ["print", "--order", "order:four", "--to", &to];
    stage.gate_refuses("agent", &print, "licence-unit")?;
    stage.step("The fourth unit of three: licence-unit-unknown");
    Ok(())
}

fn withdrawn_design(stage: &mut Stage) -> Result<()> {
    publish(stage, "strut", "C", "AA-2208-01", "design:strut")?;
    approve(stage, "design:strut", "approval:strut")?;
    license(
        stage,
        "licence:strut",
        &["--approval", "approval:strut"],
        "design:strut",
        2,
    )?;
    order(
        stage,
        "operator",
        "order:strut",
        "licence:strut",
        "lot:l0932",
    )?;
    let withdraw = [
        "publish",
        "withdraw",
        "design:strut",
        "--effect",
        "unreleased",
    ];
    stage.threadmark(
        "designer",
        &[&withdraw[..], &["--reason", "Fatigue finding"]].concat(),
    )?;
    stage.agent("agent", &["sync"])?;
    let to = stage.arg("tray");
    let print = ["print", "--order", "order:strut", "--to", &to];
    stage.gate_refuses("agent", &print, "design-withdrawn")?;
    stage.step("A withdrawn design: the gate refuses, design-withdrawn");
    Ok(())
}

fn qualification_part(stage: &mut Stage) -> Result<()> {
    publish(stage, "coupon", "C", "AA-9001-01", "design:coupon")?;
    license(
        stage,
        "licence:coupon",
        &["--qualification"],
        "design:coupon",
        1,
    )?;
    order(
        stage,
        "operator",
        "order:coupon",
        "licence:coupon",
        "lot:l0932",
    )?;
    stage.agent("agent", &["sync"])?;
    let mark = print(stage, "order:coupon")?;
    stage.agent("agent", &["sync"])?;
    inspect(stage, "inspector", &mark)?;
    stage.refused(
        "signatory",
        &release(&mark, "DS-0099"),
        "qualification-part",
    )?;
    stage.step("A qualification licence's part at release: qualification-part");
    Ok(())
}

fn not_independent(stage: &mut Stage) -> Result<()> {
    publish(stage, "latch", "B", "AA-3100-02", "design:latch")?;
    approve(stage, "design:latch", "approval:latch")?;
    license(
        stage,
        "licence:latch",
        &["--approval", "approval:latch"],
        "design:latch",
        2,
    )?;
    order(stage, "both", "order:latch", "licence:latch", "lot:l0932")?;
    stage.agent("agent", &["sync"])?;
    let mark = print(stage, "order:latch")?;
    stage.agent("agent", &["sync"])?;
    let inspected = inspect(stage, "both", &mark)?;
    ensure!(
        inspected.to_string().contains("not-independent"),
        "{inspected}"
    );
    let url = stage.url().to_owned();
    stage.scan(
        &mark,
        &["--service", &url],
        "DO NOT INSTALL",
        "not-independent",
        4,
    )?;
    stage.step("Class B, inspected by who ordered it: logged, held as not-independent");
    Ok(())
}

fn unknown_mark(stage: &mut Stage) -> Result<()> {
    let mark = threadmark_protocol::mark::Mark::derive(&[42; 32], 1).to_string();
    let url = stage.url().to_owned();
    stage.scan(
        &mark,
        &["--service", &url],
        "DO NOT INSTALL",
        "unknown-mark",
        4,
    )?;
    stage.step("A mark that nobody made: DO NOT INSTALL, unknown-mark");
    Ok(())
}

/// The inspector has left; the key is revoked and used once more.
fn revoked_key(stage: &mut Stage) -> Result<()> {
    license(
        stage,
        "licence:more",
        &["--approval", "approval:hinge"],
        "design:hinge",
        1,
    )?;
    order(stage, "operator", "order:more", "licence:more", "lot:l0932")?;
    stage.agent("agent", &["sync"])?;
    let mark = print(stage, "order:more")?;
    stage.agent("agent", &["sync"])?;
    let kid = text(&stage.threadmark("leaver", &["key", "card"])?, "kid")?;
    stage.threadmark("leaver", &["sync"])?;
    stage.threadmark(
        "shop-admin",
        &["key", "revoke", &kid, "--reason", "Left the company"],
    )?;
    let inspected = inspect(stage, "leaver", &mark)?;
    ensure!(inspected.to_string().contains("unvouched"), "{inspected}");
    let url = stage.url().to_owned();
    stage.scan(
        &mark,
        &["--service", &url],
        "DO NOT INSTALL",
        "unvouched",
        4,
    )?;
    stage.step("A report with a revoked key: logged, unvouched, the part held");
    Ok(())
}

fn destroyed(stage: &mut Stage, mark: &str) -> Result<()> {
    stage.threadmark(
        "mechanic",
        &["part", "destroy", mark, "--method", "cut in two"],
    )?;
    stage.threadmark("certifier", &["part", "attest", mark])?;
    let url = stage.url().to_owned();
    stage.scan(mark, &["--service", &url], "DO NOT INSTALL", "destroyed", 4)?;
    stage.step("Destroyed before a witness: DO NOT INSTALL, destroyed");
    Ok(())
}

/// The whole log replays; then somebody alters a row beside the service, and the audit names it.
pub fn audit(stage: &mut Stage) -> Result<()> {
    let home = stage.arg("log");
    let output = stage.try_threadmark(&["audit", "--home", &home])?;
    let told = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    ensure!(output.status.success(), "{told}");
    stage.step(format!("Audit: {told}"));
    let alteration = "update subject_state set state = jsonb_set(state, '{received,0,says,mass_mg}', '1') \
                      where id = 'lot:l0931'";
    alter(stage, alteration)?;
    let output = stage.try_threadmark(&["audit", "--home", &home])?;
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
    let url = crate::store::cluster::Cluster::running_url(&stage.path("log").join("database"))
        .context("no private database runs")?;
    let status = Command::new("psql")
        .args(["-q", "-X", "-v", "ON_ERROR_STOP=1", "-c", sql, &url])
        .status()?;
    ensure!(status.success(), "psql failed");
    Ok(())
}
