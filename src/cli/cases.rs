//! `threadmark cases`: what scans gave away about the organisation's parts.
//!
//! Owns the arguments and the words. Needs the service: scans are kept there, beside the log. Must never decide what is suspicious.

use super::output::{Document, time};
use super::sign::Signing;
use anyhow::{Context, Result, ensure};
use clap::Args;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::process::ExitCode;
use threadmark_protocol::digest::Digest;
use threadmark_protocol::text::unhidden;

/// List the cases of pieces that cannot be the part of their record
#[derive(Args)]
#[command(
    after_help = "A case is opened when a mark is scanned at two places that are too far from each other for the time between, or after the
part was destroyed. The part is flagged, not held: who may set it aside decides that (`threadmark part quarantine`).
What it suspects is cleared up by `threadmark part clear-suspicion`, which closes the case.

Examples:
  threadmark cases --home ./mechanic
  threadmark cases --json --home ./mechanic > cases.json      the fields of FAA Form 8120-11, for a report of your own"
)]
pub struct Cases {
    /// Number of the last one that you know
    #[arg(long, value_name = "NUMBER")]
    after: Option<i64>,
    #[command(flatten)]
    signing: Signing,
}

/// A page of cases.
#[derive(Deserialize)]
struct Page {
    items: Vec<Case>,
    next: Option<i64>,
}

#[derive(Deserialize, Serialize)]
struct Case {
    id: i64,
    opened_at: i64,
    closed_at: Option<i64>,
    mark: Option<String>,
    suspicion: String,
    statement: Option<Digest>,
    evidence: Digest,
    form: Box<RawValue>,
}

impl Cases {
    /// Runs the command.
    pub fn run(self) -> Result<ExitCode> {
        let desk = self.signing.open()?;
        let connected = desk.connect()?;
        let (client, session) =
            connected.context("cases are kept by the service, and there is no way to it")?;
        let (mut after, mut cases) = (self.after, Vec::new());
        loop {
            let page: Page = client.cases(&session, after)?;
            cases.extend(page.items);
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        for case in &cases {
            let found = Digest::sha3(&[case.form.get().as_bytes()]);
            ensure!(
                found == case.evidence,
                "case {}: the form is not what its digest says",
                case.id
            );
        }
        let words = match cases.len() {
            0 => "none".to_owned(),
            _ => cases.iter().map(line).collect::<Vec<_>>().join("\n"),
        };
        Document::new()
            .with_text("cases", cases, unhidden(&words))
            .print(desk.wants_json());
        Ok(ExitCode::SUCCESS)
    }
}

fn line(case: &Case) -> String {
    let form: serde_json::Value = serde_json::from_str(case.form.get()).unwrap_or_default();
    let said = form["description"].as_str().unwrap_or_default();
    let mark = case.mark.as_deref().unwrap_or("unknown marks");
    let name = form["part_name"].as_str().unwrap_or_default();
    let stands = match (case.closed_at, case.statement) {
        (Some(at), _) => format!("closed {}", time(at)),
        (None, Some(statement)) => format!("flagged by {statement}"),
        (None, None) => "open".to_owned(),
    };
    let opened = time(case.opened_at);
    format!(
        "{}  {mark} {name}, opened {opened}, {stands}: {said}{}",
        case.id,
        sightings(&form)
    )
}

fn sightings(form: &serde_json::Value) -> String {
    let listed = form["sightings"].as_array().into_iter().flatten();
    let shown = listed.map(|sighting| {
        let at = sighting["hour"].as_i64().unwrap_or_default() * 3600;
        let degrees = |name: &str| {
            let tenths = sighting["place"][name].as_f64();
            tenths.map_or(String::new(), |tenths| format!("{:.1}", tenths / 10.0))
        };
        let place = [degrees("latitude_decideg"), degrees("longitude_decideg")];
        format!("\n      {} at {}", time(at), place.join(", "))
    });
    shown.filter(|line| !line.ends_with("at , ")).collect()
}
