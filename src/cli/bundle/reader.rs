//! Whom the reader of a bundle believes, and what the check of a bundle tells him.
//!
//! Owns the words for what a check relied on and how old it is, of a bundle alone or of one that stands in a larger file.
//! Nothing that is stored changes by a check, good or bad. Must never decide what the answer is.

use super::bound::Bound;
use super::known::{Known, Source};
use crate::cli::answer::{exit_of, to_text};
use crate::cli::args;
use crate::cli::output::{Document, say, time};
use crate::cli::proof::Proof;
use anyhow::{Context, Result, bail};
use clap::Args;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use threadmark_agent::home::Home;
use threadmark_agent::system;
use threadmark_protocol::answer::{Answer, Viewer, Witnessing};
use threadmark_protocol::bundle::part::{PartBundle, Verified};
use threadmark_protocol::code::Code;
use threadmark_protocol::genesis::{Genesis, Trust};
use threadmark_protocol::mark::Mark;
use threadmark_protocol::text::{Line, unhidden};
use threadmark_protocol::witness::policy::Policy;

/// Whom the reader believes, and what he asks for.
#[derive(Args)]
pub struct Reader {
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

impl Reader {
    /// Checks the bundle in a file, and whatever else `also` finds wrong with that file once the bundle is good; then says
    /// what the record says.
    pub fn check(
        &self,
        file: &Path,
        bundle: &PartBundle,
        also: impl FnOnce(&Verified, &mut Proof) -> Result<()>,
    ) -> Result<ExitCode> {
        let home = self.home.as_deref().map(Home::open).transpose()?;
        let mut proof = Proof::default();
        let trust = self.trust(bundle, home.as_ref(), &mut proof)?;
        let verified = bundle.verify(&trust);
        let Ok(verified) =
            verified.map_err(|error| proof.note("the bundle", Err(error.to_string())))
        else {
            return tell_bad(file, &proof, self.json);
        };
        self.must_be_of_the_piece(&verified, &mut proof);
        relied_on(&verified, &mut proof);
        also(&verified, &mut proof)?;
        let known = home.as_ref().map(|home| Known::of(home, &verified));
        let known = known.transpose()?;
        if let Some(known) = &known {
            known.compare(&verified, &mut proof);
        }
        if !proof.is_good() {
            return tell_bad(file, &proof, self.json);
        }
        self.tell_good(file, &verified, home.as_ref(), known.as_ref(), proof)
    }

    fn tell_good(
        &self,
        file: &Path,
        verified: &Verified,
        home: Option<&Home>,
        known: Option<&Known>,
        mut proof: Proof,
    ) -> Result<ExitCode> {
        let viewer = self.viewer(home);
        let (mut answer, source) = self.answered(verified, known, &viewer, &mut proof)?;
        if home.is_none() && self.genesis.is_none() {
            answer.cannot_be_good(Code::UnpinnedLog);
        }
        let told = Told {
            answer: &answer,
            source,
            asked_as: &asked_as(&viewer, source),
            bound: &Bound::in_world(&verified.world),
            proof: &proof,
        };
        told.print(file, self.json);
        Ok(ExitCode::from(exit_of(answer.verdict)))
    }

    fn must_be_of_the_piece(&self, verified: &Verified, proof: &mut Proof) {
        if let Some(mark) = self.mark {
            let why = || format!("the bundle is about {}", verified.mark.grouped());
            let same = (mark == verified.mark).then_some(());
            proof.note("the mark", same.ok_or_else(why));
        }
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

/// A good bundle's answer, with everything around it.
struct Told<'a> {
    answer: &'a Answer,
    source: Source,
    asked_as: &'a str,
    bound: &'a [Bound],
    proof: &'a Proof,
}

impl Told<'_> {
    fn print(&self, file: &Path, as_json: bool) {
        if as_json {
            let document = json!({
                "file": file, "answer": self.answer, "from": self.source, "bound": self.bound, "proof": self.proof
            });
            say(&format!("{document:#}\n"));
        } else {
            let lines = self.bound.iter().map(|of| format!("{}\n", of.to_text()));
            let text = to_text(self.answer, self.proof, self.asked_as);
            say(&unhidden(&(text + &lines.collect::<String>())));
        }
    }
}

fn tell_bad(file: &Path, proof: &Proof, as_json: bool) -> Result<ExitCode> {
    Document::new()
        .with("file", file)
        .with_text("proof", proof, proof.to_text())
        .print(as_json);
    Ok(ExitCode::FAILURE)
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
pub fn confirmed(witnessing: Witnessing, verified: &Verified, proof: &mut Proof) {
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
