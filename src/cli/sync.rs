//! `threadmark join` and `threadmark sync`: which log is trusted, and keeping up with it.
//!
//! Owns what is told about an exchange with the service. Must never know how statements travel.

use super::args;
use super::auditors;
use super::outbox;
use super::output::{Document, EXIT_REFUSED, Refused, findings, progress, time};
use super::sightings;
use super::sign::outcome_json;
use anyhow::Result;
use clap::Args;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::ExitCode;
use threadmark_agent::home::{Delivered, Home, Outcome};
use threadmark_agent::sync::{self, Client};
use threadmark_agent::system::{self, SystemEntropy};
use threadmark_protocol::answer::Witnessing;
use threadmark_protocol::bundle::Replica;
use threadmark_protocol::digest::Digest;
use threadmark_protocol::statement::StatementId;
use threadmark_protocol::witness::policy::Policy;
use threadmark_protocol::world::Data;

#[derive(Args)]
#[command(after_help = "Example:
  threadmark join --service https://log.example --fingerprint 5f2c…90aa --home ./inspector")]
pub struct Join {
    /// Address of the service
    #[arg(long, value_name = "URL")]
    service: String,
    /// Fingerprint of the genesis, as the consortium publishes it; anything else is refused
    #[arg(long, value_name = "HEX")]
    fingerprint: Option<Digest>,
    /// Whose cosignatures count here, a C2SP tlog-policy file: from now on knowledge is as old as what they confirm. Ask
    /// the members, not the service; `quorum none` trusts the log's own word again. Whether they replay the log, or only
    /// watch that it grows, says a group named independent-auditors in it
    #[arg(long, value_name = "FILE")]
    witnesses: Option<PathBuf>,
    /// The credential's folder
    #[arg(long, env = "THREADMARK_HOME", value_name = "DIR")]
    home: PathBuf,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
#[command(after_help = "Example:
  threadmark sync --home ./inspector        exit 3: something was refused; what, is said")]
pub struct Sync {
    /// The credential's folder
    #[arg(long, env = "THREADMARK_HOME", value_name = "DIR")]
    home: PathBuf,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

impl Join {
    /// Fetches the genesis, verifies it, and pins it.
    pub fn run(self) -> Result<ExitCode> {
        let home = Home::open(&self.home)?;
        let first = home.trust().is_err() && self.fingerprint.is_none();
        let genesis = Client::new(&self.service).genesis()?;
        let trust = home.join(&genesis, &self.service, self.fingerprint)?;
        if let Some(path) = &self.witnesses {
            home.set_witness_policy(&args::read(path)?)?;
        }
        let advice = first.then_some(
            "trusted on first use: compare the fingerprint with what the consortium publishes",
        );
        let policy = home.witness_policy()?.unwrap_or(Policy::none());
        let audit = match policy.asks_for_witnesses() {
            true => auditors::told(&policy),
            false => String::new(),
        };
        Document::new()
            .with("log", trust.origin())
            .with("fingerprint", trust.fingerprint())
            .with("service", home.service()?)
            .with("witnesses", policy.witnesses().len())
            .with_text("audited", policy.asks_for_independent_audit(), audit)
            .with("advice", advice)
            .print(self.json);
        Ok(ExitCode::SUCCESS)
    }
}

impl Sync {
    /// Delivers, then pulls.
    pub fn run(self) -> Result<ExitCode> {
        let home = Home::open(&self.home)?;
        let done = sync::synchronise(&home, system::now(), &mut SystemEntropy, &mut progress());
        let synced = done?;
        let (uploaded, told) = upload(&home)?;
        let as_of = synced.replica.as_of();
        let witnessed = witnessed(home.witnessing(&synced.replica)?);
        let [logged, refused, waiting] = counts(&synced.outcomes);
        let outcomes: Vec<_> = synced.outcomes.iter().collect();
        let notable: Vec<String> = outcomes.iter().filter_map(tell).collect();
        Document::new()
            .with("logged", logged)
            .with("refused", refused)
            .with("waiting", waiting)
            .with("files_uploaded", uploaded)
            .with("scans_told", told)
            .with("entries", synced.replica.size())
            .with_text("as_of", as_of, as_of.map(time).unwrap_or_default())
            .with_text("witnessed", witnessed.0, witnessed.1)
            .and(strange(&synced.replica))
            .with_text(
                "statements",
                outcomes.iter().map(to_json).collect::<Vec<_>>(),
                notable.join("\n"),
            )
            .print(self.json);
        Ok(if refused > 0 {
            ExitCode::from(EXIT_REFUSED)
        } else {
            ExitCode::SUCCESS
        })
    }
}

/// How many were logged, refused, and wait.
fn counts(outcomes: &Delivered) -> [usize; 3] {
    let mut counts = [0; 3];
    for outcome in outcomes.values() {
        let at = match outcome {
            Outcome::Logged { .. } => 0,
            Outcome::Refused { .. } => 1,
            Outcome::Waiting { .. } => 2,
        };
        counts[at] += 1;
    }
    counts
}

/// What the quorum has confirmed, for scripts and for people.
fn witnessed(witnessing: Witnessing) -> (Value, String) {
    match witnessing {
        Witnessing::Unasked => (Value::Null, String::new()),
        Witnessing::Waiting => (json!(false), "no quorum has cosigned yet".to_owned()),
        Witnessing::Witnessed { size, since } => (
            json!({ "size": size, "since": since }),
            format!("{size} entries, as of {}", time(since)),
        ),
    }
}

/// What the replica holds that is worth a look with `threadmark evidence`.
fn strange(replica: &Replica) -> Document {
    let saw = replica.saw_otherwise();
    let states = replica.world().states.iter();
    let is_forked = |data: &Data| matches!(data, Data::Key { forks, .. } if !forks.is_empty());
    let forked = states.filter(|(_, state)| is_forked(&state.data));
    let forked: Vec<String> = forked.map(|(id, _)| id.to_string()).collect();
    let saw_words = match saw.len() {
        0 => String::new(),
        count => format!(
            "{count} statements say that their authors saw another log; `threadmark evidence` shows which"
        ),
    };
    let forked_words = match forked.len() {
        0 => String::new(),
        _ => format!(
            "{}: copied, or two journals; `threadmark evidence` makes the proof",
            forked.join(", ")
        ),
    };
    Document::new()
        .with_text(
            "saw_another_log",
            saw.values().collect::<Vec<_>>(),
            saw_words,
        )
        .with_text("forked_keys", forked, forked_words)
}

/// Sealed files and scans that were made without a network: how many of each went now.
fn upload(home: &Home) -> Result<(usize, usize)> {
    if outbox::is_empty(home) && sightings::is_empty(home) {
        return Ok((0, 0));
    }
    let client = Client::new(&home.service()?);
    let session = client.session(home, system::now(), &mut SystemEntropy)?;
    let uploaded = outbox::flush(home, &client, &session, &mut progress())?;
    let told = sightings::flush(home, &client, &session, &mut progress())?;
    Ok((uploaded, told))
}

type Settled<'a> = (&'a StatementId, &'a Outcome);

/// What a person must hear: not what went as it should.
fn tell(&(id, outcome): &Settled) -> Option<String> {
    let text = match outcome {
        Outcome::Logged {
            findings: codes, ..
        } if codes.is_empty() => return None,
        Outcome::Logged {
            findings: codes, ..
        } => format!("logged, found {}", findings(codes)),
        Outcome::Refused { code, detail } => format!("refused {}", Refused::new(code, detail)),
        Outcome::Waiting { detail } => format!("waits: {detail}"),
    };
    Some(format!("{id} {text}"))
}

fn to_json(&(id, outcome): &Settled) -> Value {
    let mut value = outcome_json(outcome);
    value["statement"] = json!(id);
    value
}
