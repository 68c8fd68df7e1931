//! `threadmark verify evidence`: what a file proves against a log, or against who holds a key; and `threadmark evidence`,
//! which makes such files.
//!
//! Owns the words for what such a file proves, and for what it does not. Must never convict a log, nor a key, by anything
//! that it has not signed.

mod author;
mod collect;

pub use collect::Collect;

use super::args;
use super::output::Document;
use anyhow::{Context, Result};
use clap::Args;
use std::path::PathBuf;
use std::process::ExitCode;
use threadmark_agent::home::Home;
use threadmark_protocol::evidence::AuthorEvidence;
use threadmark_protocol::genesis::Genesis;
use threadmark_protocol::note::VerifierKey;
use threadmark_protocol::witness::evidence::{Evidence as Kept, Finding};

#[derive(Args)]
#[command(
    after_help = "Exit codes: 0 the file proves that the log misbehaved, or that a key was copied or misused; 1 it does not.
Whom it convicts is the holder of the key in the file. Say which log you mean with --log, --genesis or --home.
Examples:
  threadmark verify evidence proof.json --genesis genesis.cbor
  threadmark verify evidence proof.json --log ledger.example/am-thread+a1e84a49+AddamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea"
)]
pub struct Evidence {
    /// The file, from the folder `evidence` of a witness, or from `threadmark evidence`
    file: PathBuf,
    /// It must be about the log with this verifier key
    #[arg(long, value_name = "VKEY")]
    log: Option<VerifierKey>,
    /// It must be about the log of this genesis file
    #[arg(long, value_name = "FILE", conflicts_with = "log")]
    genesis: Option<PathBuf>,
    /// It must be about the log that is pinned in this home
    #[arg(long, value_name = "DIR", conflicts_with_all = ["log", "genesis"])]
    home: Option<PathBuf>,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

impl Evidence {
    /// Runs the command.
    pub fn run(self) -> Result<ExitCode> {
        let bytes = args::read(&self.file)?;
        // What authors have signed says of which kind it is; what witnesses keep is of one.
        if let Ok(evidence) = AuthorEvidence::parse(&bytes) {
            let found = author::examine(&evidence, self.expected()?.as_ref())?;
            let is_proof = found.is_misbehaviour();
            let file = Document::new().with("file", &self.file);
            file.and(author::document(&evidence, &found))
                .print(self.json);
            return Ok(exit(is_proof));
        }
        let kept = Kept::parse(&bytes).with_context(|| format!("{}", self.file.display()))?;
        let (key, rests_on) = match self.expected()? {
            Some(key) => (key, "the key that you named"),
            None => (
                kept.key()?,
                "the key in the file alone: compare it with what the log publishes",
            ),
        };
        let finding = kept.examine(&key)?;
        let (finding_name, words, now) = told(&finding);
        Document::new()
            .with("file", &self.file)
            .with("log", key.to_string())
            .with_text("misbehaviour", finding.is_misbehaviour(), "")
            .with_text("finding", finding_name, words)
            .with("what_now", now)
            .with("rests_on", rests_on)
            .print(self.json);
        Ok(exit(finding.is_misbehaviour()))
    }

    fn expected(&self) -> Result<Option<VerifierKey>> {
        if let Some(path) = &self.genesis {
            let trust = Genesis::parse(&args::read(path)?)?.trust()?;
            return Ok(Some(trust.checkpoint_key));
        }
        if let Some(folder) = &self.home {
            return Ok(Some(Home::open(folder)?.trust()?.checkpoint_key));
        }
        Ok(self.log.clone())
    }
}

fn exit(is_proof: bool) -> ExitCode {
    match is_proof {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}

/// What to do with a proof.
const CONVICTED: &str = "Show this file to the members: nobody needs to trust who made it. Stop relying on the log until \
                         they agree which history holds; somebody else may have its key.";

/// What to do with a suspicion.
const SUSPICIOUS: &str = "Ask the log for the consistency proof between the two sizes, or take its tiles and compute it. If \
                          it leads to the second root and to another first one, put it into the file as `proof`, and \
                          verify again; from a size that is a power of two, put that \
                          first root before the proof. That the log gives none is suspicious and no proof.";

/// A stable name, what happened, and what to do.
pub(super) fn told(finding: &Finding) -> (&'static str, String, &'static str) {
    match finding {
        Finding::TwoRoots { size } => (
            "two-roots",
            format!("MISBEHAVIOUR PROVED: the log signed two different trees of {size} entries"),
            CONVICTED,
        ),
        Finding::Rewritten {
            old_size,
            new_size,
            signed,
            shown,
        } => (
            "rewritten",
            format!(
                "MISBEHAVIOUR PROVED: the tree of {new_size} entries that the log signed does not begin with the tree \
                 of {old_size} that it signed\nits first {old_size} entries have the root {shown}\nthe log had signed \
                 {signed}"
            ),
            CONVICTED,
        ),
        Finding::NotEmpty => (
            "not-empty",
            "MISBEHAVIOUR PROVED: the log signed a root of the empty tree that cannot be one"
                .to_owned(),
            CONVICTED,
        ),
        Finding::Consistent => (
            "consistent",
            "nothing against the log: what it signed is consistent".to_owned(),
            "Nothing.",
        ),
        Finding::Open { old_size, new_size } => (
            "open",
            format!(
                "NOT PROVED: both checkpoints are signed, and nothing here shows that the tree of {new_size} entries \
                 begins with that of {old_size}. The proof that came with it fails, but nobody has signed it: anybody \
                 can send a wrong one"
            ),
            SUSPICIOUS,
        ),
    }
}
