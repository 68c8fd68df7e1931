//! `threadmark verify`: files that somebody handed over, checked without a network.
//!
//! Owns which kinds of files there are and what can be checked of each: a journal, a page of the log, a genesis, the proof
//! of a statement. Always says what the check relied on. Must never ask a service.

use super::args;
use super::evidence::Evidence;
use super::output::Document;
use super::proof::{Claimed, Proof};
use super::{bundle, dossier};
use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand};
use serde::Deserialize;
use std::path::PathBuf;
use std::process::ExitCode;
use threadmark_agent::home::Home;
use threadmark_protocol::body::Body;
use threadmark_protocol::bundle::{Page, Replica};
use threadmark_protocol::checkpoint;
use threadmark_protocol::digest::Digest;
use threadmark_protocol::genesis::{Genesis, Trust};
use threadmark_protocol::journal;
use threadmark_protocol::key::PublicKey;
use threadmark_protocol::lifecycle::author_key;
use threadmark_protocol::statement::{Envelope, Statement, StatementId, Submission};
use threadmark_protocol::text::Origin;
use threadmark_protocol::tlog_proof::TlogProof;

#[derive(Args)]
#[command(
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    after_help = "Exit codes: 0 everything that could be checked is good, 1 something is not.
Examples:
  threadmark verify inspector.journal --home ./auditor      signatures, and the rules on top of what the home knows
  threadmark verify proof.json --genesis genesis.cbor       a statement as GET /v1/statements/{id} gives it
  threadmark verify 7.tlog-proof --home ./auditor           an entry as GET /log/proof/{index} gives it
  threadmark verify page.cbor                               a page of the log as GET /v1/sync gives it"
)]
pub struct Verify {
    #[command(subcommand)]
    of: Option<Of>,
    /// The file
    #[arg(required = true)]
    file: Option<PathBuf>,
    /// Trust the log that is pinned in this home, and know what it knows
    #[arg(long, env = "THREADMARK_HOME", value_name = "DIR")]
    home: Option<PathBuf>,
    /// Trust the log of this genesis file
    #[arg(long, value_name = "FILE", conflicts_with = "home")]
    genesis: Option<PathBuf>,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

/// Files that have a command of their own.
#[derive(Subcommand)]
enum Of {
    /// Check everything about one part, and say what its record says
    Bundle(bundle::Check),
    /// Check a dossier, and say what its record says
    Dossier(dossier::Check),
    /// Say what a file proves against a log, or against who holds a key
    Evidence(Evidence),
}

/// A statement as `/v1/statements/{id}` gives it.
#[derive(Deserialize)]
struct ProofFile {
    id: StatementId,
    index: u64,
    envelope: String,
    receipt: String,
    author_key: Option<PublicKey>,
    body: Option<String>,
}

/// What is trusted, and the log as far as it is known.
#[derive(Default)]
struct Base {
    trust: Option<Trust>,
    replica: Option<Replica>,
}

impl Verify {
    /// Runs the command.
    pub fn run(mut self) -> Result<ExitCode> {
        match self.of.take() {
            Some(Of::Bundle(check)) => return check.run(),
            Some(Of::Dossier(check)) => return check.run(),
            Some(Of::Evidence(evidence)) => return evidence.run(),
            None => {}
        }
        let base = self.base()?;
        let file = self.file.context("no file was named")?;
        let bytes = args::read(&file)?;
        let mut proof = Proof::default();
        proof.rests_on.push(match &base.trust {
            Some(trust) => format!("genesis of {} {}", trust.origin(), trust.fingerprint()),
            None => "no genesis: what the log signed is not checked".to_owned(),
        });
        // Journals begin with the high byte of a length below 16 MiB, the others with theirs.
        let kind = match bytes.first() {
            Some(b'{') => base.check_proof(&bytes, &mut proof)?,
            Some(0x82) => check_genesis(&bytes, &mut proof)?,
            Some(0x83) => base.check_page(&bytes, &mut proof)?,
            Some(0) => base.check_journal(&bytes, &mut proof)?,
            Some(b'c') => base.check_tlog_proof(&bytes, &mut proof)?,
            _ => bail!("{} is no journal, page, genesis or proof", file.display()),
        };
        Document::new()
            .with("file", &file)
            .with("kind", kind)
            .with_text("proof", &proof, proof.to_text())
            .print(self.json);
        Ok(if proof.is_good() {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }

    fn base(&self) -> Result<Base> {
        if let Some(path) = &self.genesis {
            let trust = Genesis::parse(&args::read(path)?)?.trust()?;
            return Ok(Base {
                trust: Some(trust),
                replica: None,
            });
        }
        let Some(folder) = &self.home else {
            return Ok(Base::default());
        };
        let replica = Home::open(folder)?.replica()?;
        Ok(Base {
            trust: Some(replica.trust().clone()),
            replica: Some(replica),
        })
    }
}

fn check_genesis(bytes: &[u8], proof: &mut Proof) -> Result<&'static str> {
    let trust = Genesis::parse(bytes).and_then(|genesis| genesis.trust());
    if let Ok(trust) = &trust {
        let fingerprint = trust.fingerprint();
        proof.rests_on = vec![format!(
            "fingerprint {fingerprint}: compare it with what is published"
        )];
    }
    proof.note(
        "genesis",
        trust.map(drop).map_err(|error| error.to_string()),
    );
    Ok("genesis")
}

impl Base {
    fn check_proof(&self, bytes: &[u8], proof: &mut Proof) -> Result<&'static str> {
        let file: ProofFile = serde_json::from_slice(bytes).context("no proof of a statement")?;
        let (envelope, receipt) = (hex::decode(&file.envelope)?, hex::decode(&file.receipt)?);
        let claimed = Claimed {
            id: file.id,
            index: file.index,
            envelope: &envelope,
            author_key: file.author_key,
            receipt: &receipt,
        };
        let checked = match &self.trust {
            Some(trust) => claimed.check(trust),
            None => claimed.check_author(),
        };
        if let (Some(body), Ok(envelope)) = (&file.body, &checked) {
            let done = check_body(&hex::decode(body)?, envelope);
            proof.note(format!("body of {}", file.id), done);
        }
        let index = self
            .replica
            .as_ref()
            .and_then(|replica| replica.index_of(&file.id));
        proof.rests_on.push(match index {
            Some(index) => format!("the log as replayed in the home has it at {index}"),
            None => "that the key is its author's is said by the file alone".to_owned(),
        });
        proof.note(file.id, checked.map(drop));
        Ok("proof of a statement")
    }

    /// The file does not hold its entry: what stands there is known to the home alone.
    fn check_tlog_proof(&self, bytes: &[u8], proof: &mut Proof) -> Result<&'static str> {
        let file: TlogProof = std::str::from_utf8(bytes)?.parse()?;
        let index = file.index;
        let replica = self.replica.as_ref();
        let replica =
            replica.context("it does not hold its entry: name a --home that has the log")?;
        let leaf = replica.tree().leaf(index);
        let leaf =
            leaf.with_context(|| format!("the home has no entry {index}; `threadmark sync`"))?;
        let signed = file.verify(leaf, &replica.trust().checkpoint_key);
        let same = signed
            .map_err(|error| error.to_string())
            .and_then(|signed| {
                let (size, root) = (signed.checkpoint().size, signed.checkpoint().root);
                let others = signed.note().signatures().len().saturating_sub(1);
                let told =
                    format!("a checkpoint of {size} entries, and entry {index} as the home has it");
                proof.rests_on.push(format!(
                    "{told}; {others} further lines under it, which were not checked"
                ));
                match replica.tree().root_at(size) {
                    Some(own) if own != root => {
                        Err("the checkpoint is of another history".to_owned())
                    }
                    Some(_) => Ok(()),
                    None => {
                        let line = "the home knows fewer entries: that it is the same history was not compared";
                        proof.rests_on.push(line.to_owned());
                        Ok(())
                    }
                }
            });
        proof.note(format!("entry {index}"), same);
        Ok("proof of an entry")
    }

    fn check_page(&self, bytes: &[u8], proof: &mut Proof) -> Result<&'static str> {
        let page = Page::parse(bytes)?;
        let trust = match (&self.trust, page.from) {
            (Some(trust), _) => trust.clone(),
            (None, 0) => {
                let trust = own_genesis(&page)?;
                let fingerprint = trust.fingerprint();
                proof.rests_on = vec![format!(
                    "genesis in the page itself, {fingerprint}: compare it with what is published"
                )];
                trust
            }
            (None, _) => bail!("a page from {} on needs --genesis or --home", page.from),
        };
        let signed = checkpoint::open(&page.checkpoint, &trust.checkpoint_key);
        proof.note(
            "checkpoint",
            signed.map(drop).map_err(|error| error.to_string()),
        );
        if page.from == 0 {
            let done = Replica::new(trust)
                .extend(&page)
                .map(drop)
                .map_err(|error| error.to_string());
            if proof.note("replay", done) {
                let count = page.entries.len();
                proof
                    .rests_on
                    .push(format!("{count} entries replayed: signatures, rules, root"));
            }
            return Ok("page of the log");
        }
        for (index, entry) in (page.from..).zip(&page.entries) {
            let known = self.known(entry, index, &trust);
            proof.note(format!("entry {index}"), known);
        }
        Ok("page of the log")
    }

    /// A page from the middle cannot be replayed alone; it is compared with the replica, where there is one.
    fn known(&self, entry: &Submission, index: u64, trust: &Trust) -> Result<(), String> {
        let open = Statement::open(entry.clone(), trust.origin());
        let statement = open.map_err(|error| error.to_string())?;
        match &self.replica {
            Some(replica) if index < replica.size() => {
                let same = replica.index_of(&statement.id) == Some(index);
                same.then_some(())
                    .ok_or("the replica has another entry there".to_owned())
            }
            _ => Ok(()),
        }
    }

    fn check_journal(&self, bytes: &[u8], proof: &mut Proof) -> Result<&'static str> {
        let origin = match &self.trust {
            Some(trust) => trust.origin().clone(),
            None => origin_of(bytes)?,
        };
        let (statements, whole) = journal::read(bytes, &origin)?;
        let is_whole = if whole == bytes.len() {
            Ok(())
        } else {
            Err("cut off".to_owned())
        };
        proof.note("length", is_whole);
        let Some(replica) = &self.replica else {
            proof.note("form of the statements", Ok(()));
            let count = statements.len();
            proof.rests_on.push(format!(
                "NOT CHECKED: who signed the {count} statements. The keys are in the log; give --home"
            ));
            return Ok("journal");
        };
        let (world, refused) = replica.with(&statements);
        for statement in &statements {
            let key = author_key(&world, statement);
            let signed = key.is_some_and(|key| statement.envelope.is_signed_by(&key));
            let done = signed
                .then_some(())
                .ok_or("it is not signed by an enrolled key".to_owned());
            proof.note(statement.id, done);
        }
        let objections = refused
            .iter()
            .map(|(id, refusal)| format!("{id} now: {refusal}"));
        proof.rests_on.push(format!(
            "keys of the log's first {} entries",
            replica.size()
        ));
        proof.rests_on.extend(objections);
        Ok("journal")
    }
}

fn check_body(body: &[u8], envelope: &Envelope) -> Result<(), String> {
    if Digest::sha256(&[body]) != envelope.body_sha256 {
        return Err("it is not the one that was signed".to_owned());
    }
    Body::parse(body)
        .map(drop)
        .map_err(|error| error.to_string())
}

fn own_genesis(page: &Page) -> Result<Trust> {
    let [policy, anchors, ..] = &page.entries[..] else {
        bail!("the page holds no genesis");
    };
    let genesis = Genesis {
        policy: policy.clone(),
        anchors: anchors.clone(),
    };
    Ok(genesis.trust()?)
}

/// The log that the first statement of a journal was made for.
fn origin_of(bytes: &[u8]) -> Result<Origin> {
    let length = bytes
        .first_chunk::<4>()
        .map_or(0, |head| u32::from_be_bytes(*head) as usize);
    let first = bytes
        .get(4..4 + length)
        .context("the journal is cut off in its first record")?;
    Ok(Envelope::parse(&Submission::parse(first)?.envelope)?.aud)
}

#[cfg(test)]
mod tests;
