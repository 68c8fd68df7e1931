//! `threadmark member`: who belongs to the consortium.
//!
//! Owns the arguments of admission. Must never know votes.

use super::args::by_name;
use super::key::CardFile;
use super::output::Document;
use super::sign::Signing;
use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;
use threadmark_agent::home::Draft;
use threadmark_protocol::body::Core;
use threadmark_protocol::body::governance::{Function, MemberAdmitted};
use threadmark_protocol::text::{Line, OrgId};
use threadmark_protocol::world::org_subject;

/// Admit members
#[derive(Subcommand)]
pub enum Member {
    /// Admit an organisation; the card is its administrator's
    Admit(Admit),
}

#[derive(Args)]
#[command(after_help = "Example:
  threadmark member admit oem-admin.json --name 'Example Aerospace' --function oem --home ./governor")]
pub struct Admit {
    /// Card of the new member's administrator
    card: PathBuf,
    /// The organisation's domain, where the card does not say it
    #[arg(long)]
    org: Option<OrgId>,
    /// The organisation's name for people
    #[arg(long)]
    name: Line,
    /// What it may do: oem, authority, shop, maintenance; several with commas
    #[arg(long = "function", value_delimiter = ',', required = true, value_parser = by_name::<Function>)]
    functions: Vec<Function>,
    #[command(flatten)]
    signing: Signing,
}

impl Member {
    /// Runs the command.
    pub fn run(self) -> Result<ExitCode> {
        let Member::Admit(admit) = self;
        let file = CardFile::read(&admit.card)?;
        let organisation = file.organisation.or(admit.org);
        let organisation = organisation.context("the card names no organisation; give --org")?;
        let told = Document::new()
            .with("organisation", &organisation)
            .with("admin", file.kid)
            .with("functions", &admit.functions);
        let sub = org_subject(&organisation);
        let core = Core::MemberAdmitted(MemberAdmitted {
            organisation,
            name: admit.name,
            functions: admit.functions.into_iter().collect(),
            admin: file.card,
        });
        admit.signing.open()?.sign(Draft::new(sub, core), told)
    }
}
