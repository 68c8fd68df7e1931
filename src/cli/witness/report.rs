//! `threadmark witness report`: what a witness's folder tells.
//!
//! Only looks, also while the witness runs. Must never change a file.

use super::super::args;
use super::super::evidence::told;
use super::super::output::{Document, time};
use super::read_key;
use crate::witness::audit::Objection;
use crate::witness::report::{self, LogReport};
use anyhow::{Context, Result};
use clap::Args;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use threadmark_protocol::witness::evidence::Evidence;

#[derive(Args)]
#[command(
    after_help = "Exit codes: 0 nothing speaks against a log, 1 an audit refuses one, or it is proved to have misbehaved.
What an audit refuses stays refused. If a newer release replays the entry, remove the log's file in `audit` and start the
witness again.
Example:
  threadmark witness report --home ./auditor --json"
)]
pub struct Report {
    /// Folder of the witness
    #[arg(long, env = "THREADMARK_WITNESS_HOME", value_name = "DIR")]
    home: PathBuf,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

impl Report {
    /// Runs the command.
    pub fn run(self) -> Result<ExitCode> {
        let cosigner = read_key(&self.home)?;
        let key = cosigner.verifier();
        let (logs, damaged) = report::read(&self.home, key)
            .with_context(|| format!("reading {}", self.home.display()))?;
        let told: Vec<Told> = logs.iter().map(|(origin, log)| tell(origin, log)).collect();
        let is_good = damaged.is_empty() && told.iter().all(|told| told.is_good);
        let json: Vec<&Value> = told.iter().map(|told| &told.json).collect();
        let text: Vec<&str> = told.iter().map(|told| &told.text[..]).collect();
        Document::new()
            .with("witness", &key.name)
            .with("good", is_good)
            .with_text("logs", json, text.join("\n"))
            .with("damaged", damaged)
            .print(self.json);
        Ok(match is_good {
            true => ExitCode::SUCCESS,
            false => ExitCode::FAILURE,
        })
    }
}

/// What is told of one log.
struct Told {
    json: Value,
    text: String,
    is_good: bool,
}

fn tell(origin: &str, log: &LogReport) -> Told {
    let evidence: Vec<(&PathBuf, &str, bool)> = log.evidence.iter().map(finding).collect();
    let is_proved = evidence.iter().any(|(_, _, is_proof)| *is_proof);
    let size = log.cosigned.as_ref().map(|of| of.size);
    let how = match log.is_audited {
        true => "audited",
        false => "not audited: only that it grows is watched",
    };
    let mut lines = vec![match size {
        Some(size) => format!("{origin}: {size} entries cosigned, {how}"),
        None => format!("{origin}: nothing cosigned yet, {how}"),
    }];
    lines.extend(log.objection.as_ref().map(refused));
    for (path, finding, _) in &evidence {
        lines.push(format!("  {finding}: {}", path.display()));
    }
    let evidence = evidence
        .iter()
        .map(|(path, finding, is_proof)| json!({ "file": path, "finding": finding, "misbehaviour": is_proof }));
    Told {
        json: json!({
            "origin": origin, "cosigned_size": size, "audited": log.is_audited,
            "refused": log.objection, "evidence": evidence.collect::<Vec<_>>(),
        }),
        text: lines.join("\n"),
        is_good: log.objection.is_none() && !is_proved,
    }
}

fn refused(objection: &Objection) -> String {
    let statement = objection.statement;
    let statement = statement.map_or_else(|| "no statement".to_owned(), |id| id.to_string());
    format!(
        "  REFUSED since {}: {objection}\n  the entry is {statement}; no tree that holds it is cosigned",
        time(objection.found_at)
    )
}

/// What a file shows, by its stable name, and whether it convicts the log.
fn finding(path: &PathBuf) -> (&PathBuf, &'static str, bool) {
    let examined = args::read(Path::new(path)).ok().and_then(|bytes| {
        let evidence = Evidence::parse(&bytes).ok()?;
        evidence.examine(&evidence.key().ok()?).ok()
    });
    match examined {
        Some(found) => (path, told(&found).0, found.is_misbehaviour()),
        None => (path, "unreadable", false),
    }
}
