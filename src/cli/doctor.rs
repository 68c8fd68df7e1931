//! `threadmark doctor`: what is wrong with this installation, and what to do now.
//!
//! Owns the list of checks and how it is told. It changes nothing: it starts no database, makes no folder, and reads in
//! read-only transactions. Must never print a secret.

mod database;
mod files;
mod network;
mod witnesses;

use super::output;
use super::settings::{Place, Running};
use crate::config::Config;
use anyhow::Result;
use clap::Args;
use serde::Serialize;
use std::process::ExitCode;
use threadmark_protocol::genesis::{Genesis, Trust};

/// Say what is wrong with this installation, and what to do now
#[derive(Args)]
#[command(after_help = "Examples:
  threadmark doctor --home ./log      exit 0: nothing is wrong; 1: what is, is named
  threadmark doctor --config /etc/threadmark.toml --json")]
pub struct Doctor {
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    running: Running,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

/// How it is with one thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Ok,
    /// It works, and should be changed.
    Warning,
    /// It does not work, or what is promised is in danger.
    Problem,
}

/// One thing that was looked at.
#[derive(Debug, Serialize)]
struct Check {
    name: &'static str,
    state: State,
    /// What is the case.
    found: String,
    /// What to do now.
    #[serde(skip_serializing_if = "Option::is_none")]
    advice: Option<String>,
}

fn ok(name: &'static str, found: impl ToString) -> Check {
    Check {
        name,
        state: State::Ok,
        found: found.to_string(),
        advice: None,
    }
}

fn warning(name: &'static str, found: impl ToString, advice: impl ToString) -> Check {
    Check {
        state: State::Warning,
        advice: Some(advice.to_string()),
        ..ok(name, found)
    }
}

fn problem(name: &'static str, found: impl ToString, advice: impl ToString) -> Check {
    Check {
        state: State::Problem,
        ..warning(name, found, advice)
    }
}

impl Doctor {
    /// Looks at everything that can be looked at.
    pub fn run(self) -> Result<ExitCode> {
        let config = self.running.layer().and_then(|told| self.place.with(told));
        let checks = match config {
            Ok(config) => examine(&config)?,
            Err(error) => {
                let advice = "correct the setting; docs/threadmark.example.toml lists them all";
                vec![problem("settings", format!("{error:#}"), advice)]
            }
        };
        let problems = checks.iter().any(|check| check.state == State::Problem);
        if self.json {
            let document = serde_json::json!({ "good": !problems, "checks": checks });
            output::say(&format!("{document:#}\n"));
        } else {
            output::say(&told(&checks));
        }
        Ok(if problems {
            ExitCode::FAILURE
        } else {
            ExitCode::SUCCESS
        })
    }
}

fn examine(config: &Config) -> Result<Vec<Check>> {
    let mut checks = vec![files::settings(config), files::home(config)];
    let (genesis, trust) = files::genesis(config);
    checks.push(genesis);
    checks.push(files::keys_mode(config));
    checks.extend(
        trust
            .as_ref()
            .map(|(genesis, trust)| files::keys(config, genesis, trust)),
    );
    checks.extend(files::disk(config));
    checks.push(files::artifacts(config));
    let lives = network::answers(config);
    checks.extend(network::checks(config, lives));
    let trust = trust.as_ref().map(|(_, trust)| trust);
    checks.extend(database::checks(config, trust, lives)?);
    checks.extend(witnesses::checks(config, trust)?);
    Ok(checks)
}

/// Genesis with what it says.
type Founded = Option<(Genesis, Trust)>;

fn told(checks: &[Check]) -> String {
    let width = checks
        .iter()
        .map(|check| check.name.len())
        .max()
        .unwrap_or(0);
    let mut out = String::new();
    for check in checks {
        let state = match check.state {
            State::Ok => "ok",
            State::Warning => "warning",
            State::Problem => "PROBLEM",
        };
        out.push_str(&format!(
            "{state:7}  {:width$}  {}\n",
            check.name, check.found
        ));
        if let Some(advice) = &check.advice {
            out.push_str(&format!("{:7}  {:width$}  → {advice}\n", "", ""));
        }
    }
    out
}
