//! `threadmark evidence`: looks for copied keys and other histories in everything that a home knows.
//!
//! Owns which files are made. Only statements that their authors have signed are looked at. Must never send anything.

use super::super::args;
use super::super::output::Document;
use super::author;
use anyhow::{Context, Result, bail};
use clap::Args;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use threadmark_agent::home::{Home, View};
use threadmark_protocol::checkpoint;
use threadmark_protocol::evidence::collect::{Chains, saw_otherwise};
use threadmark_protocol::evidence::{AuthorEvidence, OtherSeen, Said};
use threadmark_protocol::lifecycle::author_key;
use threadmark_protocol::statement::{Statement, StatementId};

#[derive(Args)]
#[command(
    after_help = "Looks at the log as far as it is known, the own journal, and those that were imported:
two statements at one place of their key's chain, and statements whose authors say to have seen another log.
Each file is for `threadmark verify evidence`, which needs nothing else; bodies stand in it, for members only.
Exit codes: 0 nothing was found, 1 something was.
Examples:
  threadmark evidence --home ./auditor --out ./found
  threadmark evidence --home ./auditor --kept highest.json --out ./found"
)]
pub struct Collect {
    /// The credential's folder
    #[arg(long, env = "THREADMARK_HOME", value_name = "DIR")]
    home: PathBuf,
    /// Folder for the files; it is made if it is not there
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// The checkpoint that an author has kept, with the log's signature: a note, or that home's highest.json
    #[arg(long, value_name = "FILE")]
    kept: Option<PathBuf>,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

impl Collect {
    /// Runs the command.
    pub fn run(self) -> Result<ExitCode> {
        let home = Home::open(&self.home)?;
        let view = home.view()?;
        let kept = self.kept.as_deref().map(read_kept).transpose()?;
        let wanted = find(&home, &view)?;
        let mut found = Vec::new();
        for evidence in make(&view, wanted, kept.as_deref()) {
            let finding = author::examine(&evidence.1, None)?;
            found.push((write(&self.out, &evidence)?, evidence.1, finding));
        }
        let told: Vec<Value> = found
            .iter()
            .map(|(path, _, finding)| json!({ "file": path, "misbehaviour": finding.is_misbehaviour() }))
            .collect();
        let text = found.iter().map(|(path, _, finding)| {
            let what = match finding.is_misbehaviour() {
                true => "proof",
                false => "not proved",
            };
            format!("{}: {what}", path.display())
        });
        Document::new()
            .with("entries", view.replica.size())
            .with("statements_at_hand", view.at_hand.len())
            .with("found", found.len())
            .with_text("files", told, text.collect::<Vec<_>>().join("\n"))
            .print(self.json);
        Ok(match found.is_empty() {
            true => ExitCode::SUCCESS,
            false => ExitCode::FAILURE,
        })
    }
}

/// What was found, and the statements that it is about.
#[derive(Default)]
struct Wanted {
    pairs: BTreeSet<(StatementId, StatementId)>,
    saw_otherwise: BTreeSet<StatementId>,
    statements: BTreeMap<StatementId, Statement>,
}

fn find(home: &Home, view: &View) -> Result<Wanted> {
    let mut chains = Chains::default();
    let mut wanted = Wanted::default();
    let tree = view.replica.tree();
    let mut look = |statement: &Statement| {
        chains.add(statement);
        if saw_otherwise(statement, tree) {
            wanted.saw_otherwise.insert(statement.id);
        }
    };
    each(home, view, &mut look)?;
    wanted.pairs.clone_from(chains.pairs());
    let pairs = wanted.pairs.iter().flat_map(|(one, other)| [*one, *other]);
    let ids: BTreeSet<StatementId> = pairs.chain(wanted.saw_otherwise.iter().copied()).collect();
    let mut statements = BTreeMap::new();
    let mut keep = |statement: &Statement| {
        if ids.contains(&statement.id) {
            statements.insert(statement.id, statement.clone());
        }
    };
    // Twice through all, so that not all of them are held at once.
    each(home, view, &mut keep)?;
    wanted.statements = statements;
    Ok(wanted)
}

/// Everything that its author has signed: the log, which was replayed, then what is at hand.
fn each(home: &Home, view: &View, look: &mut dyn FnMut(&Statement)) -> Result<()> {
    let origin = view.replica.trust().origin();
    home.each_page(|page| {
        let open = |entry| Statement::open(entry, origin);
        // The replica has opened each of them before.
        let entries = page.entries.iter().cloned().map(open);
        entries.flatten().for_each(|statement| look(&statement));
        Ok(())
    })?;
    let signed = |said: &&Statement| {
        let key = author_key(&view.world, said);
        key.is_some_and(|key| said.envelope.is_signed_by(&key))
    };
    view.at_hand.iter().filter(signed).for_each(look);
    Ok(())
}

/// Evidence with the name of its file.
type Named = (String, AuthorEvidence);

fn make(view: &View, wanted: Wanted, kept: Option<&str>) -> Vec<Named> {
    let said = |id: &StatementId| {
        let statement = wanted.statements.get(id)?;
        let key = author_key(&view.world, statement)?;
        Some((statement, key, Said::of(&statement.submission)))
    };
    let pairs = wanted.pairs.iter().filter_map(|(one, other)| {
        let ((_, key, first), (_, _, second)) = (said(one)?, said(other)?);
        let evidence = AuthorEvidence::TwoStatements { key, first, second };
        Some((format!("two-statements-{other}"), evidence))
    });
    let tree = view.replica.tree();
    let seen = wanted.saw_otherwise.iter().filter_map(|id| {
        let (statement, key, said) = said(id)?;
        let size = statement.body.seen.as_ref()?.size;
        // From a size that is a power of two, a proof does not hold the root there.
        let own = tree.root_at(size);
        let own = own.filter(|_| size.is_power_of_two() && size < tree.size());
        let proof = tree.consistency(size, tree.size())?;
        let evidence = OtherSeen {
            key,
            said,
            log: view.replica.trust().checkpoint_key.to_string(),
            checkpoint: view.replica.checkpoint()?.to_owned(),
            proof: own.into_iter().chain(proof).collect(),
            kept: kept
                .filter(|kept| is_seen(view, statement, kept))
                .map(str::to_owned),
        };
        Some((
            format!("other-seen-{id}"),
            AuthorEvidence::OtherSeen(evidence),
        ))
    });
    pairs.chain(seen).collect()
}

/// Whether this is the checkpoint that the author says to have seen, signed by the log.
fn is_seen(view: &View, statement: &Statement, kept: &str) -> bool {
    let signed = checkpoint::open(kept, &view.replica.trust().checkpoint_key);
    let seen = statement.body.seen.as_ref();
    signed.is_ok_and(|signed| {
        let of = signed.checkpoint();
        seen.is_some_and(|seen| seen.size == of.size && seen.root == of.root)
    })
}

fn write(folder: &Path, (name, evidence): &Named) -> Result<PathBuf> {
    std::fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
    let path = folder.join(format!("{name}.json"));
    std::fs::write(&path, evidence.to_bytes())
        .with_context(|| format!("writing {}", path.display()))?;
    Ok(path)
}

/// The note in a file.
fn read_kept(path: &Path) -> Result<String> {
    let text = String::from_utf8(args::read(path)?)
        .with_context(|| format!("{} is not text", path.display()))?;
    if !text.starts_with('{') {
        return Ok(text);
    }
    let json: Value = serde_json::from_str(&text)?;
    match json["checkpoint"].as_str() {
        Some(note) => Ok(note.to_owned()),
        None => bail!("{} holds no checkpoint", path.display()),
    }
}
