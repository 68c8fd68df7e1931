//! `threadmark dossier` and `threadmark verify dossier`: everything about one part for a reviewer, as one file.
//!
//! Owns fetching what a dossier is made of, and the words for what its check compared. Nothing is made of a bundle that was
//! not verified. Must never decide what the answer is, nor what is in a dossier.

use super::args;
use super::bundle::Reader;
use super::output::Document;
use super::proof::Proof;
use crate::dossier::{
    self, About, DOCUMENT_BYTES_MAX, DOCUMENTS_BYTES_MAX, DOCUMENTS_MAX, Documents, Opened, Sources,
};
use anyhow::{Context, Result, bail};
use clap::Args;
use std::path::PathBuf;
use std::process::ExitCode;
use threadmark_agent::home::Home;
use threadmark_agent::sync::{Client, Session};
use threadmark_agent::system::{self, SystemEntropy};
use threadmark_protocol::bundle::part::{PartBundle, Verified};
use threadmark_protocol::mark::Mark;
use threadmark_protocol::text::{Line, Moment};

/// Make one file of everything about a part, for a reviewer
#[derive(Args)]
#[command(
    after_help = "The file is a zip with report.pdf for people, and with the bundle that proves it for tools. What is in it is what
the member of the home may see: hand it on as you would the record itself.
Example:
  threadmark dossier 7K3Q9XWD2M8TV0AY --home ./mechanic -o part.dossier
  threadmark verify dossier part.dossier --genesis genesis.cbor      anywhere, any time later, without a network"
)]
pub struct Make {
    /// The 16 characters of the mark
    mark: Mark,
    /// Ask as this member
    #[arg(long, env = "THREADMARK_HOME", value_name = "DIR")]
    home: PathBuf,
    /// Ask this service instead of the home's
    #[arg(long, value_name = "URL")]
    service: Option<String>,
    /// Type of the asset that the part is for, as the approval's effectivity names it
    #[arg(long)]
    asset_type: Option<Line>,
    /// Where to put it
    #[arg(short = 'o', long, value_name = "FILE")]
    out: PathBuf,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

impl Make {
    /// Fetches, verifies, and only then makes the file.
    pub fn run(self) -> Result<ExitCode> {
        let home = Home::open(&self.home)?;
        let url = match &self.service {
            Some(url) => url.clone(),
            None => home.service()?,
        };
        let client = Client::new(&url);
        let session = client.session(&home, system::now(), &mut SystemEntropy)?;
        let bundle = PartBundle::parse(&client.bundle(&session, self.mark)?)?;
        let verified = bundle.verify(&home.trust()?)?;
        if verified.mark != self.mark {
            bail!("the service sent the bundle of another mark");
        }
        let documents = documents(&client, &session, &bundle)?;
        let about = About {
            made_at: Moment::from_unix(system::now())?,
            org: home.identity().org.clone(),
            asset_type: self.asset_type,
        };
        let bytes = dossier::make(&Sources {
            bundle: &bundle,
            verified: &verified,
            about: &about,
            documents: &documents,
        })?;
        std::fs::write(&self.out, &bytes)
            .with_context(|| format!("writing {}", self.out.display()))?;
        Document::new()
            .with("file", &self.out)
            .with("bytes", bytes.len())
            .with("statements", verified.statements)
            .with("documents", documents.len())
            .with("size_of_the_log", verified.checkpoint.size)
            .print(self.json);
        Ok(ExitCode::SUCCESS)
    }
}

/// What the service has, and shows to this member, of what the statements name.
fn documents(client: &Client, session: &Session, bundle: &PartBundle) -> Result<Documents> {
    let mut found = Documents::new();
    let mut room = DOCUMENTS_BYTES_MAX;
    for named in dossier::named(bundle).into_iter().take(DOCUMENTS_MAX) {
        let most = room.min(DOCUMENT_BYTES_MAX);
        let document = client.document(session, &named.sha3, most)?;
        if let Some(bytes) = document {
            room -= bytes.len();
            found.insert(named.sha3, bytes);
        }
    }
    Ok(found)
}

/// Check a dossier without a network, and say what its record says
#[derive(Args)]
#[command(
    after_help = "The bundle in it is checked as `threadmark verify bundle` does; every other file, the report included, is made
again from it and must be the same to the last byte.
Exit codes: 0 eligible or found, 4 DO NOT INSTALL, 5 CANNOT DETERMINE, 1 the dossier is not good.
Without a home and a genesis file nothing good is said: anybody can make a log.
Examples:
  threadmark verify dossier part.dossier --genesis genesis.cbor --witnesses witnesses.policy
  threadmark verify dossier part.dossier --home ./mechanic --mark 7K3Q9XWD2M8TV0AY"
)]
pub struct Check {
    /// The file, as `threadmark dossier` or GET /v1/marks/{mark}/dossier gives it
    file: PathBuf,
    #[command(flatten)]
    reader: Reader,
}

impl Check {
    /// Runs the command.
    pub fn run(self) -> Result<ExitCode> {
        let opened = Opened::parse(&args::read(&self.file)?)
            .with_context(|| format!("{}", self.file.display()))?;
        let also = |verified: &Verified, proof: &mut Proof| compare(&opened, verified, proof);
        self.reader.check(&self.file, &opened.bundle, also)
    }
}

fn compare(opened: &Opened, verified: &Verified, proof: &mut Proof) -> Result<()> {
    let wrong = opened.compare(verified)?;
    if wrong.is_empty() {
        proof.note("the other files", Ok(()));
        let about = &opened.index.about;
        let made = format!(
            "dossier of {}, made for {} as its maker says: {} files, {} of them documents that statements name; the others \
             are what follows from the bundle, byte for byte",
            about.made_at,
            about.org,
            opened.len(),
            opened.documents(),
        );
        proof.rests_on.push(made);
    }
    for file in wrong {
        proof.note(file.path, Err(file.why));
    }
    Ok(())
}
