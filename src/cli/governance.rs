//! `threadmark governance`: what the members decide together.
//!
//! Owns the arguments of proposals and votes. Must never know who may vote or how many votes suffice.

mod status;

use super::args::{self, by_name, read_json};
use super::key::CardFile;
use super::lookup;
use super::output::Document;
use super::sign::Signing;
use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;
use threadmark_agent::home::Draft;
use threadmark_protocol::body::Core;
use threadmark_protocol::body::governance::{Function, MemberAdmitted, Policy, Quorum};
use threadmark_protocol::body::vote::{
    Cancellation, Change, Expulsion, NewAdmin, NewFunctions, Proposed, Voted,
};
use threadmark_protocol::key::KeyId;
use threadmark_protocol::text::{Line, Moment, OrgId, Paragraph, SubjectId};

/// Propose changes of members and policy, vote, and see what is decided
#[derive(Subcommand)]
pub enum Governance {
    /// Propose a change; that is your organisation's vote for it
    #[command(subcommand)]
    Propose(Propose),
    /// Vote for or against a proposal, in the name of your organisation
    Vote(Vote),
    /// Show governors, policy, and proposals with their votes
    Status(status::Status),
}

/// One change. It is done when more than half of the governors are in favour: what closes a door at once, what opens one
/// after the delay of the policy
#[derive(Subcommand)]
pub enum Propose {
    /// Admit an organisation; the card is its administrator's
    Admit(Admit),
    /// Give a member, or one that was expelled, these functions and no others
    Functions(Functions),
    /// Expel a member: its acts are refused from then on, its reports need two vouchers
    Expel(Expel),
    /// Change the policy
    Policy(NewPolicy),
    /// Give a member another administrator's key, because the old one is lost or in wrong hands
    Admin(Admin),
    /// Take a decision back that is not in force yet
    Cancel(Cancel),
}

/// What every proposal takes.
#[derive(Args)]
struct Proposing {
    /// Why
    #[arg(long)]
    reason: Paragraph,
    /// Until when votes count: RFC 3339, a date, or days such as 30d
    #[arg(long, value_parser = args::time, value_name = "TIME", default_value = "30d")]
    until: Moment,
    /// Id of the proposal; a new one where none is given
    #[arg(long)]
    id: Option<SubjectId>,
    #[command(flatten)]
    signing: Signing,
}

#[derive(Args)]
#[command(after_help = "Example:
  threadmark governance propose admit oem-admin.json --name 'Example Aerospace' --function oem \\
      --reason 'Joins as design authority' --home ./governor")]
pub struct Admit {
    /// Card of the new member's administrator
    card: PathBuf,
    /// The organisation's domain, where the card does not say it
    #[arg(long)]
    org: Option<OrgId>,
    /// The organisation's name for people
    #[arg(long)]
    name: Line,
    /// What it may do: governor, oem, authority, shop, maintenance; several with commas
    #[arg(long = "function", value_delimiter = ',', required = true, value_parser = by_name::<Function>)]
    functions: Vec<Function>,
    #[command(flatten)]
    proposing: Proposing,
}

#[derive(Args)]
#[command(after_help = "Example:
  threadmark governance propose functions ship.example --function shop,maintenance \\
      --reason 'Installs its own parts' --home ./governor")]
pub struct Functions {
    /// The member
    organisation: OrgId,
    /// All of its functions from then on: governor, oem, authority, shop, maintenance
    #[arg(long = "function", value_delimiter = ',', required = true, value_parser = by_name::<Function>)]
    functions: Vec<Function>,
    #[command(flatten)]
    proposing: Proposing,
}

#[derive(Args)]
#[command(after_help = "Example:
  threadmark governance propose expel ship.example --reason 'Left the consortium' --home ./governor")]
pub struct Expel {
    /// The member
    organisation: OrgId,
    #[command(flatten)]
    proposing: Proposing,
}

#[derive(Args)]
#[command(after_help = "Example:
  threadmark governance status --policy --home ./governor > policy.json
  threadmark governance propose policy policy.json --reason 'A week to cancel what is decided' --home ./governor")]
pub struct NewPolicy {
    /// The whole policy, as `status --policy` prints the one in force
    policy: PathBuf,
    /// The log's witnesses and their quorum: a C2SP tlog-policy file
    #[arg(long, value_name = "FILE")]
    witnesses: Option<PathBuf>,
    #[command(flatten)]
    proposing: Proposing,
}

#[derive(Args)]
#[command(after_help = "Example:
  threadmark governance propose admin ship.example new-admin.json --replaces 5d…0e \\
      --reason 'The key is lost' --home ./governor")]
pub struct Admin {
    /// The member
    organisation: OrgId,
    /// Card of the new key
    card: PathBuf,
    /// Id of the key whose place it takes; it is revoked at once
    #[arg(long, value_name = "KID")]
    replaces: KeyId,
    /// Everything that the old key put in after this time is held
    #[arg(long, value_parser = args::time, value_name = "TIME")]
    compromised_since: Option<Moment>,
    #[command(flatten)]
    proposing: Proposing,
}

#[derive(Args)]
#[command(after_help = "Example:
  threadmark governance propose cancel proposal:4c…77 --reason 'Decided in error' --home ./governor")]
pub struct Cancel {
    /// The proposal that was decided
    proposal: SubjectId,
    #[command(flatten)]
    proposing: Proposing,
}

#[derive(Args)]
#[command(after_help = "Example:
  threadmark governance vote proposal:4c…77 --home ./second-governor
  threadmark governance vote proposal:4c…77 --against --home ./third-governor")]
pub struct Vote {
    /// The proposal
    proposal: SubjectId,
    /// Vote against it; a vote is never changed
    #[arg(long)]
    against: bool,
    #[command(flatten)]
    signing: Signing,
}

impl Governance {
    /// Runs the command.
    pub fn run(self) -> Result<ExitCode> {
        match self {
            Governance::Propose(propose) => propose.run(),
            Governance::Vote(vote) => vote.run(),
            Governance::Status(status) => status.run(),
        }
    }
}

impl Propose {
    fn run(self) -> Result<ExitCode> {
        let (change, proposing) = match self {
            Propose::Admit(admit) => admit.change()?,
            Propose::Functions(of) => {
                let change = Change::Functions(NewFunctions {
                    organisation: of.organisation,
                    functions: of.functions.into_iter().collect(),
                });
                (change, of.proposing)
            }
            Propose::Expel(of) => {
                let organisation = of.organisation;
                (Change::Expel(Expulsion { organisation }), of.proposing)
            }
            Propose::Policy(of) => of.change()?,
            Propose::Admin(of) => {
                let change = Change::Admin(NewAdmin {
                    organisation: of.organisation,
                    admin: CardFile::read(&of.card)?.card,
                    replaces: of.replaces,
                    compromised_since: of.compromised_since,
                });
                (change, of.proposing)
            }
            Propose::Cancel(of) => {
                let proposal = of.proposal;
                (Change::Cancel(Cancellation { proposal }), of.proposing)
            }
        };
        proposing.sign(change)
    }
}

impl Proposing {
    fn sign(self, change: Change) -> Result<ExitCode> {
        let id = args::id_or_new("proposal", self.id)?;
        let told = Document::new().with("change", &change);
        let core = Core::Proposed(Box::new(Proposed {
            change,
            reason: self.reason,
            expires: self.until,
        }));
        self.signing.open()?.sign(Draft::new(id, core), told)
    }
}

impl Admit {
    fn change(self) -> Result<(Change, Proposing)> {
        let file = CardFile::read(&self.card)?;
        let organisation = file.organisation.or(self.org);
        let organisation = organisation.context("the card names no organisation; give --org")?;
        let change = Change::Admit(MemberAdmitted {
            organisation,
            name: self.name,
            functions: self.functions.into_iter().collect(),
            admin: file.card,
        });
        Ok((change, self.proposing))
    }
}

impl NewPolicy {
    fn change(self) -> Result<(Change, Proposing)> {
        let mut policy: Policy = serde_json::from_value(read_json(&self.policy)?)
            .with_context(|| format!("{} is no policy", self.policy.display()))?;
        if let Some(path) = &self.witnesses {
            let text = String::from_utf8(args::read(path)?);
            let text = text.with_context(|| format!("{} is no text", path.display()))?;
            policy.quorum = Quorum::TlogPolicy(text);
        }
        Ok((Change::Policy(Box::new(policy)), self.proposing))
    }
}

impl Vote {
    fn run(self) -> Result<ExitCode> {
        let desk = self.signing.open()?;
        let view = desk.view()?;
        let proposal = lookup::proposal(&view.world, &self.proposal)?;
        let in_favour = !self.against;
        let told = Document::new().with("in_favour", in_favour);
        let core = Core::Voted(Voted {
            proposal,
            in_favour,
        });
        desk.sign(Draft::new(self.proposal, core), told)
    }
}
