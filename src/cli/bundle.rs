//! `threadmark bundle` and `threadmark verify bundle`: the record of one part as a file.
//!
//! Owns fetching such a file, and the words for what its check relied on and how old it is. Nothing that is stored changes
//! by a check, good or bad. Must never decide what the answer is.

mod bound;
mod known;

use super::answer::{exit_of, to_text};
use super::args;
use super::output::{Document, say, time};
use super::proof::Proof;
use anyhow::{Context, Result, bail};
use bound::Bound;
use clap::Args;
use known::{Known, Source};
use serde_json::json;
use std::path::PathBuf;
use std::process::ExitCode;
use threadmark_agent::home::Home;
use threadmark_agent::sync::Client;
use threadmark_agent::system::{self, SystemEntropy};
use threadmark_protocol::answer::{Answer, Viewer, Witnessing};
use threadmark_protocol::bundle::part::{PartBundle, Verified};
use threadmark_protocol::code::Code;
use threadmark_protocol::genesis::{Genesis, Trust};
use threadmark_protocol::mark::Mark;
use threadmark_protocol::text::{Line, unhidden};
use threadmark_protocol::witness::policy::Policy;

/// Fetch everything about one part as a file, proved whole
#[derive(Args)]
#[command(after_help = "Example:
  threadmark bundle 7K3Q9XWD2M8TV0AY --home ./mechanic --out part.bundle
  threadmark verify bundle part.bundle --home ./mechanic      any time later, without a network")]
pub struct Fetch {
    /// The 16 characters of the mark
    mark: Mark,
    /// Ask as this member
    #[arg(long, env = "THREADMARK_HOME", value_name = "DIR")]
    home: PathBuf,
    /// Ask this service instead of the home's
    #[arg(long, value_name = "URL")]
    service: Option<String>,
    /// Where to put it
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

impl Fetch {
    /// Fetches, verifies, and only then writes the file.
    pub fn run(self) -> Result<ExitCode> {
        let home = Home::open(&self.home)?;
        let url = match self.service {
            Some(url) => url,
            None => home.service()?,
        };
        let client = Client::new(&url);
        let session = client.session(&home, system::now(), &mut SystemEntropy)?;
        let bytes = client.bundle(&session, self.mark)?;
        let bundle = PartBundle::parse(&bytes)?;
        let verified = bundle.verify(&home.trust()?)?;
        if verified.mark != self.mark {
            bail!("the service sent the bundle of another mark");
        }
        std::fs::write(&self.out, &bytes)
            .with_context(|| format!("writing {}", self.out.display()))?;
        Document::new()
            .with("file", &self.out)
            .with("bytes", bytes.len())
            .with("statements", verified.statements)
            .with("subjects", verified.subjects)
            .with("size_of_the_log", verified.checkpoint.size)
            .print(self.json);
        Ok(ExitCode::SUCCESS)
    }
}

/// Check everything about one part without a network, and say what its record says
#[derive(Args)]
#[command(
    after_help = "Exit codes: 0 eligible or found, 4 DO NOT INSTALL, 5 CANNOT DETERMINE, 1 the bundle is not good.
With a home, what is known there is asked too, and the worse of both answers is given.
Without a home and a genesis file nothing good is said: anybody can make a log.
Examples:
  threadmark verify bundle part.bundle --genesis genesis.cbor --witnesses witnesses.policy
  threadmark verify bundle part.bundle --home ./mechanic --asset-type H-60
  threadmark verify bundle part.bundle --home ./mechanic --mark 7K3Q9XWD2M8TV0AY"
)]
pub struct Check {
    /// The file, as `threadmark bundle` or GET /v1/marks/{mark}/bundle gives it
    file: PathBuf,
    /// Trust the log that is pinned in this home, and ask as this member
    #[arg(long, env = "THREADMARK_HOME", value_name = "DIR")]
    home: Option<PathBuf>,
    /// Trust the log of this genesis file
    #[arg(long, value_name = "FILE", conflicts_with = "home")]
    genesis: Option<PathBuf>,
    /// Ask for the cosignatures that this C2SP tlog-policy names; a home has its own
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with = "home",
        requires = "genesis"
    )]
    witnesses: Option<PathBuf>,
    /// The mark on the piece: a bundle of another part is refused
    #[arg(long)]
    mark: Option<Mark>,
    /// Type of the asset that the part is for, as the approval's effectivity names it
    #[arg(long)]
    asset_type: Option<Line>,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

impl Check {
    /// Runs the command.
    pub fn run(self) -> Result<ExitCode> {
        let bundle = PartBundle::parse(&args::read(&self.file)?)
            .with_context(|| format!("{}", self.file.display()))?;
        let home = self.home.as_deref().map(Home::open).transpose()?;
        let mut proof = Proof::default();
        let trust = self.trust(&bundle, home.as_ref(), &mut proof)?;
        let verified = match bundle.verify(&trust) {
            Ok(verified) => verified,
            Err(error) => {
                proof.note("the bundle", Err(error.to_string()));
                return self.tell_bad(&proof);
            }
        };
        self.must_be_of_the_piece(&verified, &mut proof);
        relied_on(&verified, &mut proof);
        let known = home.as_ref().map(|home| Known::of(home, &verified));
        let known = known.transpose()?;
        if let Some(known) = &known {
            known.compare(&verified, &mut proof);
        }
        if !proof.is_good() {
            return self.tell_bad(&proof);
        }
        let viewer = self.viewer(home.as_ref());
        let (mut answer, source) = self.answered(&verified, known.as_ref(), &viewer, &mut proof)?;
        if home.is_none() && self.genesis.is_none() {
            answer.cannot_be_good(Code::UnpinnedLog);
        }
        let asked_as = asked_as(&viewer, source);
        self.tell(
            &answer,
            source,
            &asked_as,
            &Bound::in_world(&verified.world),
            &proof,
        );
        Ok(ExitCode::from(exit_of(answer.verdict)))
    }

    fn tell(
        &self,
        answer: &Answer,
        source: Source,
        asked_as: &str,
        bound: &[Bound],
        proof: &Proof,
    ) {
        if self.json {
            let document = json!({
                "file": self.file, "answer": answer, "from": source, "bound": bound, "proof": proof
            });
            say(&format!("{document:#}\n"));
        } else {
            let lines = bound.iter().map(|of| format!("{}\n", of.to_text()));
            let text = to_text(answer, proof, asked_as) + &lines.collect::<String>();
            say(&unhidden(&text));
        }
    }

    fn must_be_of_the_piece(&self, verified: &Verified, proof: &mut Proof) {
        if let Some(mark) = self.mark {
            let why = || format!("the bundle is about {}", verified.mark.grouped());
            let same = (mark == verified.mark).then_some(());
            proof.note("the mark", same.ok_or_else(why));
        }
    }

    fn tell_bad(&self, proof: &Proof) -> Result<ExitCode> {
        Document::new()
            .with("file", &self.file)
            .with_text("proof", proof, proof.to_text())
            .print(self.json);
        Ok(ExitCode::FAILURE)
    }

    fn trust(&self, bundle: &PartBundle, home: Option<&Home>, proof: &mut Proof) -> Result<Trust> {
        let (trust, how) = match (home, &self.genesis) {
            (Some(home), _) => (home.trust()?, "pinned in the home"),
            (None, Some(path)) => {
                let genesis = Genesis::parse(&args::read(path)?)?;
                (genesis.trust()?, "as the file that you named has it")
            }
            (None, None) => (own_genesis(bundle)?, "which came in the bundle itself"),
        };
        let (origin, fingerprint) = (trust.origin(), trust.fingerprint());
        let line = format!("genesis of {origin} {fingerprint}, {how}");
        proof.rests_on.push(line);
        Ok(trust)
    }

    /// What the bundle says, or what the home knows if that is worse.
    fn answered(
        &self,
        verified: &Verified,
        known: Option<&Known>,
        viewer: &Viewer,
        proof: &mut Proof,
    ) -> Result<(Answer, Source)> {
        let now = system::now();
        if let Some(known) = known {
            return Ok(known.answer(verified, now, viewer, proof));
        }
        let policy = match &self.witnesses {
            Some(path) => {
                Policy::parse(&args::read(path)?).with_context(|| format!("{}", path.display()))?
            }
            None => Policy::none(),
        };
        let witnessing = verified.witnessing(&policy);
        confirmed(witnessing, verified, proof);
        Ok((verified.answer(now, viewer, witnessing), Source::Bundle))
    }

    fn viewer(&self, home: Option<&Home>) -> Viewer {
        match home {
            Some(home) => Viewer::Member {
                org: home.identity().org.clone(),
                asset_type: self.asset_type.clone(),
            },
            None => Viewer::Public,
        }
    }
}

fn asked_as(viewer: &Viewer, source: Source) -> String {
    match viewer {
        Viewer::Member { org, .. } => format!("{org}, of {}", source.words()),
        Viewer::Public => format!("anybody, of {}", source.words()),
    }
}

/// The genesis that every bundle holds, because keys rest on it.
fn own_genesis(bundle: &PartBundle) -> Result<Trust> {
    let [policy, anchors, ..] = &bundle.entries[..] else {
        bail!("the bundle holds no genesis; give --genesis or --home");
    };
    let genesis = Genesis {
        policy: policy.submission.clone(),
        anchors: anchors.submission.clone(),
    };
    Ok(genesis.trust()?)
}

/// Notes what those whom the reader believes have confirmed.
fn confirmed(witnessing: Witnessing, verified: &Verified, proof: &mut Proof) {
    let line = match witnessing {
        Witnessing::Unasked => "unwitnessed: nobody beside the log was asked".to_owned(),
        Witnessing::Waiting => {
            "UNWITNESSED: those whom you believe have not confirmed the bundle's checkpoint"
                .to_owned()
        }
        Witnessing::Witnessed { size, since } => format!(
            "witnesses have confirmed {size} of {} entries, as of {}",
            verified.checkpoint.size,
            time(since)
        ),
    };
    proof.rests_on.push(line);
}

fn relied_on(verified: &Verified, proof: &mut Proof) {
    let (statements, subjects) = (verified.statements, verified.subjects);
    proof.note("the bundle", Ok(()));
    proof.rests_on.push(format!(
        "checkpoint of {} entries, newest batch of {}",
        verified.checkpoint.size,
        time(verified.as_of)
    ));
    proof.rests_on.push(format!(
        "{statements} statements: signatures, receipts, places in the log and rules; that of {subjects} subjects there are no others"
    ));
    proof.rests_on.push(
        "that the log's index hides nothing is for those to find who replay the whole log"
            .to_owned(),
    );
    for link in &verified.withheld {
        let line = format!(
            "WITHHELD: statement {} at entry {}",
            link.statement, link.index
        );
        proof.rests_on.push(line);
    }
}
