//! `threadmark governance status`: who governs, under which policy, and what is proposed.
//!
//! Owns how that is told. Must never decide a rule: what is in force is asked of the states.

use super::super::output::{Document, say, time};
use super::super::sign::Signing;
use anyhow::{Context, Result};
use clap::Args;
use serde_json::{Value, json};
use std::process::ExitCode;
use threadmark_protocol::text::{OrgId, SubjectId};
use threadmark_protocol::world::{Ballot, Data, Decision, Place, State, World, needed};

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
        let place = Place::newest(now);
        let policy = view.world.policy(place).context("no policy is known")?;
        if self.policy {
            say(&format!("{:#}\n", serde_json::to_value(policy)?));
            return Ok(ExitCode::SUCCESS);
        }
        let governors = view.world.governors(place);
        let proposals = proposals(&view.world, now);
        let lines: Vec<_> = proposals.iter().map(Told::to_text).collect();
        let json: Vec<_> = proposals.iter().map(Told::to_json).collect();
        Document::new()
            .with("governors", &governors)
            .with("needed", needed(&governors))
            .with("rules_version", policy.rules_version)
            .with("delay_s", policy.delay_s)
            .with_text("proposals", json, lines.join("\n"))
            .print(desk.wants_json());
        Ok(ExitCode::SUCCESS)
    }
}

/// A proposal, as it stands.
struct Told<'a> {
    id: &'a SubjectId,
    ballot: &'a Ballot,
    stands: String,
}

/// Newest first.
fn proposals(world: &World, now: i64) -> Vec<Told<'_>> {
    let told = world.states.iter().filter_map(|of| told(of, now));
    let mut all: Vec<_> = told.collect();
    all.sort_by_key(|told| std::cmp::Reverse(told.ballot.source.since()));
    all
}

fn told<'a>((id, state): (&'a SubjectId, &'a State), now: i64) -> Option<Told<'a>> {
    let Data::Proposal(ballot) = &state.data else {
        return None;
    };
    Some(Told {
        id,
        ballot,
        stands: stands(ballot, now),
    })
}

fn stands(ballot: &Ballot, now: i64) -> String {
    let expires = ballot.proposal.expires.unix();
    match (&ballot.decided, &ballot.cancelled) {
        (_, Some(_)) => "cancelled".to_owned(),
        (Some(Decision { from, .. }), None) => match from {
            Some(from) if now < *from => format!("decided, opens {}", time(*from)),
            _ => "decided".to_owned(),
        },
        (None, None) if expires <= now => "expired".to_owned(),
        (None, None) => format!("open until {}", time(expires)),
    }
}

impl Told<'_> {
    fn by(&self, in_favour: bool) -> Vec<&OrgId> {
        let votes = self.ballot.votes.iter();
        let alike = votes.filter(|(_, vote)| vote.in_favour == in_favour);
        alike.map(|(org, _)| org).collect()
    }

    fn to_json(&self) -> Value {
        json!({
            "proposal": self.id,
            "change": self.ballot.proposal.change,
            "reason": self.ballot.proposal.reason,
            "proposed_by": self.ballot.source.org,
            "in_favour": self.by(true),
            "against": self.by(false),
            "stands": self.stands,
        })
    }

    fn to_text(&self) -> String {
        let names = |orgs: Vec<&OrgId>| {
            let names: Vec<_> = orgs.iter().map(|org| org.as_str()).collect();
            match names[..] {
                [] => "nobody".to_owned(),
                _ => names.join(", "),
            }
        };
        let change = serde_json::to_value(&self.ballot.proposal.change).unwrap_or_default();
        let what = change.as_object().and_then(|of| of.keys().next().cloned());
        format!(
            "{} {}: {}; for: {}; against: {}; {}",
            self.id,
            what.unwrap_or_default(),
            self.ballot.proposal.reason,
            names(self.by(true)),
            names(self.by(false)),
            self.stands
        )
    }
}
