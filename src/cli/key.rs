//! `threadmark key`: credentials, and what an administrator and an accrediting body say of keys.
//!
//! Owns the card, the file by which a new key travels to whoever enrols it. Must never know what a role may do.

use super::args::{self, by_name, read_json};
use super::output::{Document, say};
use super::sign::Signing;
use anyhow::{Context, Result, ensure};
use clap::{Args, Subcommand};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use threadmark_agent::home::{Draft, Home};
use threadmark_agent::system::SystemEntropy;
use threadmark_protocol::body::Core;
use threadmark_protocol::body::governance::{
    Holder, KeyAdded, KeyCard, KeyRevoked, KeyRotated, Role, RoleAccredited, RoleGranted,
};
use threadmark_protocol::key::{KeyId, key_id};
use threadmark_protocol::text::{ActorId, Moment, OrgId, Paragraph};
use threadmark_protocol::world::key_subject;

/// Make, show, enrol and revoke keys
#[derive(Subcommand)]
pub enum Key {
    /// Make a credential: a folder with new secret keys and an empty journal
    New(New),
    /// Print the card: what others must know of the keys, as JSON
    Card(Card),
    /// Enrol a further key of your organisation
    Add(Add),
    /// Let a new key of yours take the place of the one in this home
    Rotate(Rotate),
    /// Revoke a key: from now on its acts are refused, and its reports need two vouchers
    Revoke(Revoke),
    /// Give a key of your organisation a role
    Grant(OfRole),
    /// Countersign a role, as a certification authority
    Accredit(OfRole),
}

#[derive(Args)]
#[command(after_help = "Example:
  threadmark key new --home ./inspector --org shop.example --actor inspector-7
  threadmark key new --home ./agent --org shop.example --actor printer-1 --machine")]
pub struct New {
    /// Folder to make
    #[arg(long, env = "THREADMARK_HOME", value_name = "DIR")]
    home: PathBuf,
    /// The organisation's domain
    #[arg(long)]
    org: OrgId,
    /// Name of the credential; personal data does not belong here
    #[arg(long)]
    actor: ActorId,
    /// The key is a machine's; it can neither inspect nor release
    #[arg(long)]
    machine: bool,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
#[command(after_help = "Example:
  threadmark key card --home ./inspector > inspector.json")]
pub struct Card {
    /// The credential's folder
    #[arg(long, env = "THREADMARK_HOME", value_name = "DIR")]
    home: PathBuf,
    /// Accepted for uniformity: a card is JSON always
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
#[command(after_help = "Example:
  threadmark key new --home ./inspector-2 --org shop.example --actor inspector-7
  threadmark key card --home ./inspector-2 > next.json
  threadmark key rotate next.json --home ./inspector
Deliver what the old home has signed before: afterwards it signs nothing that counts.")]
pub struct Rotate {
    /// Card of the new key, of the same organisation and actor
    card: PathBuf,
    #[command(flatten)]
    signing: Signing,
}

#[derive(Args)]
#[command(after_help = "Example:
  threadmark key add inspector.json --home ./shop-admin")]
pub struct Add {
    /// Card of the new key
    card: PathBuf,
    #[command(flatten)]
    signing: Signing,
}

#[derive(Args)]
#[command(after_help = "Example:
  threadmark key revoke 866eef…5743 --reason 'Laptop lost' --compromised-since 2026-03-01 --home ./shop-admin")]
pub struct Revoke {
    /// Id of the key
    key: KeyId,
    /// Why
    #[arg(long)]
    reason: Paragraph,
    /// Hold everything that the key put in after this time
    #[arg(long, value_parser = args::time, value_name = "TIME")]
    compromised_since: Option<Moment>,
    #[command(flatten)]
    signing: Signing,
}

#[derive(Args)]
#[command(
    after_help = "Roles: admin, design_authority, certifier, production, operator, inspector, \
release_signatory, custodian, mechanic. Inspector, release_signatory and mechanic are accredited too.
Examples:
  threadmark key grant 866eef…5743 inspector --home ./shop-admin
  threadmark key accredit 866eef…5743 inspector --home ./authority-certifier"
)]
pub struct OfRole {
    /// Id of the key
    key: KeyId,
    /// The role
    #[arg(value_parser = by_name::<Role>)]
    role: Role,
    #[command(flatten)]
    signing: Signing,
}

/// The file by which a public key travels. An agent beside a printer writes the bare card, without the organisation.
#[derive(Serialize, Deserialize)]
pub struct CardFile {
    /// Whose key it is, where the file says so.
    pub organisation: Option<OrgId>,
    /// Its id.
    pub kid: KeyId,
    /// The key.
    pub card: KeyCard,
}

impl CardFile {
    fn of(home: &Home) -> CardFile {
        CardFile {
            organisation: Some(home.identity().org.clone()),
            kid: home.identity().key_id(),
            card: home.card(),
        }
    }

    /// Reads either form; the id must be the key's.
    pub fn read(path: &Path) -> Result<CardFile> {
        let value: serde_json::Value = read_json(path)?;
        let bare = value.get("card").is_none();
        let read = if bare {
            serde_json::from_value::<KeyCard>(value).map(|card| {
                let kid = key_id(&card.public);
                CardFile {
                    organisation: None,
                    kid,
                    card,
                }
            })
        } else {
            serde_json::from_value(value)
        };
        let file = read.with_context(|| format!("{} is no key card", path.display()))?;
        let same = key_id(&file.card.public) == file.kid;
        ensure!(same, "{}: the id is not that of the key", path.display());
        Ok(file)
    }
}

impl Key {
    /// Runs the command.
    pub fn run(self) -> Result<ExitCode> {
        match self {
            Key::New(new) => new.run(),
            Key::Card(card) => {
                let file = CardFile::of(&Home::open(&card.home)?);
                say(&format!("{}\n", serde_json::to_string_pretty(&file)?));
                Ok(ExitCode::SUCCESS)
            }
            Key::Add(add) => add.run(),
            Key::Rotate(rotate) => rotate.run(),
            Key::Revoke(revoke) => revoke.run(),
            Key::Grant(of) => of.run(|role| Core::RoleGranted(RoleGranted { role })),
            Key::Accredit(of) => of.run(|role| Core::RoleAccredited(RoleAccredited { role })),
        }
    }
}

impl New {
    fn run(self) -> Result<ExitCode> {
        let holder = if self.machine {
            Holder::Machine
        } else {
            Holder::Person
        };
        let home = Home::create(&self.home, self.org, self.actor, holder, &mut SystemEntropy)?;
        Document::new()
            .with("kid", home.identity().key_id())
            .with("organisation", &home.identity().org)
            .with("actor", &home.identity().actor)
            .with("holder", holder)
            .with("home", home.folder())
            .print(self.json);
        Ok(ExitCode::SUCCESS)
    }
}

impl Add {
    fn run(self) -> Result<ExitCode> {
        let file = CardFile::read(&self.card)?;
        let desk = self.signing.open()?;
        let own = &desk.home().identity().org;
        let ours = file.organisation.as_ref().is_none_or(|org| org == own);
        ensure!(
            ours,
            "the card is another organisation's; you speak for {own}"
        );
        let told = Document::new()
            .with("kid", file.kid)
            .with("actor", &file.card.holder);
        let core = Core::KeyAdded(KeyAdded { card: file.card });
        desk.sign(Draft::new(key_subject(&file.kid), core), told)
    }
}

impl Rotate {
    fn run(self) -> Result<ExitCode> {
        let file = CardFile::read(&self.card)?;
        let desk = self.signing.open()?;
        let told = Document::new().with("kid", file.kid);
        let old = key_subject(&desk.home().identity().key_id());
        let core = Core::KeyRotated(KeyRotated { card: file.card });
        desk.sign(Draft::new(old, core), told)
    }
}

impl Revoke {
    fn run(self) -> Result<ExitCode> {
        let (reason, compromised_since) = (self.reason, self.compromised_since);
        let core = Core::KeyRevoked(KeyRevoked {
            reason,
            compromised_since,
        });
        let desk = self.signing.open()?;
        desk.sign(Draft::new(key_subject(&self.key), core), Document::new())
    }
}

impl OfRole {
    fn run(self, says: impl Fn(Role) -> Core) -> Result<ExitCode> {
        let told = Document::new().with("role", self.role);
        let draft = Draft::new(key_subject(&self.key), says(self.role));
        self.signing.open()?.sign(draft, told)
    }
}
