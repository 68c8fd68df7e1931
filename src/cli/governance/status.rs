//! `threadmark governance status`: who governs, under which policy, and what is proposed.
//!
//! Owns how that is told. Must never decide a rule: what is in force is asked of the states.

use super::super::output::{Document, say, time};
use super::super::sign::Signing;
use anyhow::{Context, Result};
use clap::Args;
use std::collections::BTreeSet;
use std::process::ExitCode;
use threadmark_protocol::consortium::{Coming, Member, Overview, Proposal, Stands};
use threadmark_protocol::text::OrgId;
use threadmark_protocol::world::{Data, World};

#[derive(Args)]
#[command(after_help = "Example:
  threadmark governance status --home ./governor")]
pub struct Status {
    /// Print the policy in force as JSON, and nothing else
    #[arg(long)]
    policy: bool,
    #[command(flatten)]
    signing: Signing,
}

impl Status {
    /// Runs the command.
    pub fn run(self) -> Result<ExitCode> {
        let desk = self.signing.open()?;
        let view = desk.view()?;
        let now = view.knowledge.logged_until.unwrap_or(i64::MIN);
        let overview = Overview::of(&view.world, now).context("no policy is known")?;
        if self.policy {
            let policy = serde_json::to_value(&overview.policy)?;
            say(&format!("{policy:#}\n"));
            return Ok(ExitCode::SUCCESS);
        }
        let proposals = proposals(&view.world, now);
        let lines: Vec<_> = proposals.iter().map(line).collect();
        let coming: Vec<_> = overview.coming.iter().map(coming).collect();
        let members = members(&view.world, now);
        let names: Vec<_> = members.iter().map(|of| of.name.as_str()).collect();
        Document::new()
            .with("governors", &overview.governors)
            .with("needed", overview.needed)
            .with_text("members", &members, names.join(", "))
            .with("rules_version", overview.policy.rules_version)
            .with("delay_s", overview.policy.delay_s)
            .with_text("coming", &overview.coming, coming.join("\n"))
            .with_text("proposals", &proposals, lines.join("\n"))
            .print(desk.wants_json());
        Ok(ExitCode::SUCCESS)
    }
}

fn members(world: &World, now: i64) -> Vec<Member> {
    let states = world.states.values();
    states.filter_map(|of| Member::of(&of.data, now)).collect()
}

/// Newest first.
fn proposals(world: &World, now: i64) -> Vec<Proposal> {
    let states = world.states.iter();
    let mut all: Vec<_> = states
        .filter_map(|(id, state)| match &state.data {
            Data::Proposal(ballot) => Some((ballot.source.since(), id)),
            _ => None,
        })
        .collect();
    all.sort_by_key(|(since, _)| std::cmp::Reverse(*since));
    let all = all.into_iter();
    all.filter_map(|(_, id)| Proposal::of(world, id, now))
        .collect()
}

fn coming(coming: &Coming) -> String {
    format!(
        "a policy from {} (rules {}, delay {} s)",
        time(coming.from),
        coming.policy.rules_version,
        coming.policy.delay_s
    )
}

fn line(of: &Proposal) -> String {
    let change = serde_json::to_value(&of.change).unwrap_or_default();
    let what = change.as_object().and_then(|of| of.keys().next().cloned());
    let stands = match (of.stands, of.opens) {
        (Stands::Open, _) => format!(
            "open until {}, {} more in favour needed",
            time(of.expires),
            of.missing
        ),
        (Stands::Decided, Some(from)) => format!("decided, opens {}", time(from)),
        (Stands::Decided, None) => "decided".to_owned(),
        (Stands::Expired, _) => "expired".to_owned(),
        (Stands::Cancelled, _) => "cancelled".to_owned(),
    };
    format!(
        "{} {}: {}; for: {}; against: {}; {stands}",
        of.proposal,
        what.unwrap_or_default(),
        of.reason,
        names(&of.in_favour),
        names(&of.against),
    )
}

fn names(orgs: &BTreeSet<OrgId>) -> String {
    let names: Vec<_> = orgs.iter().map(|org| org.as_str()).collect();
    match names[..] {
        [] => "nobody".to_owned(),
        _ => names.join(", "),
    }
}
