//! `threadmark notices`: which recalls and withdrawals reach the organisation's parts, and where it is told.
//!
//! Owns the arguments and the words. Needs the service: a notice is made there, behind the log. Must never decide whom it concerns.

use super::output::{Document, time};
use super::sign::{Desk, Signing};
use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use serde_json::Value;
use std::process::ExitCode;
use threadmark_agent::sync::{Client, Session};

/// Read what concerns your organisation's parts, and name where it is sent
#[derive(Subcommand)]
pub enum Notices {
    /// Recalls and withdrawals that reach parts which you have, were sent, or own
    List(List),
    /// Show, set or end the webhook of your organisation
    Webhook(Webhook),
}

#[derive(Args)]
#[command(after_help = "Examples:
  threadmark notices list --home ./mechanic
  threadmark notices list --after 4711 --json --home ./mechanic      for a script that remembers the last index
  threadmark notices list --given-up --home ./mechanic               what the webhook did not take")]
pub struct List {
    /// Index of the last one that you know
    #[arg(long, value_name = "INDEX")]
    after: Option<u64>,
    /// Only what could not be sent and is given up
    #[arg(long)]
    given_up: bool,
    #[command(flatten)]
    signing: Signing,
}

#[derive(Args)]
#[command(
    after_help = "Each notice is sent by POST as Standard Webhooks has it, signed with `v1a` (Ed25519) by the log's statement key,
which stands at /.well-known/scitt-keys; ten times within four days until it is answered with 2xx.

Examples:
  threadmark notices webhook --home ./mro-admin
  threadmark notices webhook https://mro.example/threadmark --home ./mro-admin      also sends again what was given up
  threadmark notices webhook --end --home ./mro-admin"
)]
pub struct Webhook {
    /// Where notices are sent
    #[arg(conflicts_with = "end")]
    url: Option<String>,
    /// Send nothing more
    #[arg(long)]
    end: bool,
    #[command(flatten)]
    signing: Signing,
}

impl Notices {
    /// Runs the command.
    pub fn run(self) -> Result<ExitCode> {
        match self {
            Notices::List(list) => list.run(),
            Notices::Webhook(webhook) => webhook.run(),
        }
    }
}

fn connect(desk: &Desk) -> Result<(Client, Session)> {
    let connected = desk.connect()?;
    connected.context("notices are made by the service, and there is no way to it; `threadmark sync` and `threadmark recall impact` work on what is known here")
}

impl List {
    fn run(self) -> Result<ExitCode> {
        let desk = self.signing.open()?;
        let (client, session) = connect(&desk)?;
        let (mut after, mut items) = (self.after, Vec::new());
        loop {
            let page = client.notices(&session, after, self.given_up)?;
            items.extend(page["items"].as_array().cloned().unwrap_or_default());
            after = page["next"].as_u64();
            if after.is_none() {
                break;
            }
        }
        let words: Vec<_> = items.iter().map(line).collect();
        let words = match words.len() {
            0 => "none".to_owned(),
            _ => words.join("\n"),
        };
        Document::new()
            .with_text("notices", items, words)
            .print(desk.wants_json());
        Ok(ExitCode::SUCCESS)
    }
}

fn line(item: &Value) -> String {
    let (notice, delivery) = (&item["notice"], &item["delivery"]);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let number = |value: &Value| value.as_i64().unwrap_or_default();
    let core = &notice["core"];
    let why = [&core["reason"], &core["disposition"]];
    let why = why.iter().find_map(|why| why.as_str()).unwrap_or_default();
    let sent = match delivery["is"].as_str() {
        Some("told") => format!(", sent {}", time(number(&delivery["at"]))),
        Some("waiting") => format!(", is sent {}", time(number(&delivery["due_at"]))),
        Some("given_up") => format!(", not sent: {}", text(&delivery["trouble"])),
        _ => String::new(),
    };
    format!(
        "{}  {} of {}, {} of your parts, logged {}{sent}: {why}",
        notice["index"],
        text(&notice["kind"]),
        text(&notice["subject"]),
        notice["parts_total"],
        time(number(&notice["logged_at"])),
    )
}

impl Webhook {
    fn run(self) -> Result<ExitCode> {
        let desk = self.signing.open()?;
        let (client, session) = connect(&desk)?;
        if self.end || self.url.is_some() {
            client.set_webhook(&session, self.url.as_deref())?;
        }
        let url = client.webhook(&session)?;
        let words = url.clone().unwrap_or_else(|| "none".to_owned());
        Document::new()
            .with_text("webhook", url, words)
            .print(desk.wants_json());
        Ok(ExitCode::SUCCESS)
    }
}
