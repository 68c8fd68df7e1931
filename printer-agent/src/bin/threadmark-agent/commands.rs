//! What each command does. Progress goes to the standard error, results to the standard output.

use crate::args::{Args, Command};
use anyhow::{Context, bail};
use serde_json::{Value, json};
use std::path::Path;
use threadmark_agent::gate::Request;
use threadmark_agent::home::{Home, HomeError, Outcome, file};
use threadmark_agent::prefetch::{prefetch, wanted};
use threadmark_agent::print::{self, open_builds};
use threadmark_agent::printer::{Printer, file::FilePrinter};
use threadmark_agent::sync::{Client, synchronise};
use threadmark_agent::system::{SystemEntropy, now};
use threadmark_protocol::body::governance::Holder;
use threadmark_protocol::digest::Digest;
use threadmark_protocol::text::{ActorId, OrgId, Paragraph, SubjectId};

/// An outcome, for people and for programs.
pub struct Shown {
    pub text: String,
    pub json: Value,
}

fn progress(line: &str) {
    eprintln!("… {line}");
}

pub fn run(args: Args) -> anyhow::Result<Shown> {
    let folder = &args.home;
    match args.command {
        Command::Enrol {
            org,
            actor,
            service,
            fingerprint,
            genesis,
        } => {
            let home = open_or_create(folder, org, actor)?;
            enrol(&home, &service, fingerprint, genesis.as_deref())
        }
        Command::Sync => sync(&Home::open(folder)?),
        Command::Import { file } => import(&Home::open(folder)?, &file),
        Command::Export { file } => export(&Home::open(folder)?, &file),
        Command::Print { order, unit, to } => {
            print(&Home::open(folder)?, &Request { order, unit }, &to)
        }
        Command::Status => status(&Home::open(folder)?),
        Command::Abort { build, reason } => abort(&Home::open(folder)?, &build, &reason),
    }
}

/// Enrolling may be broken off by a lost network; it goes on with the keys that were made.
fn open_or_create(folder: &Path, org: OrgId, actor: ActorId) -> anyhow::Result<Home> {
    match Home::open(folder) {
        Err(HomeError::NotAHome(_)) => {
            let holder = Holder::Machine;
            Ok(Home::create(
                folder,
                org,
                actor,
                holder,
                &mut SystemEntropy,
            )?)
        }
        Ok(home) => {
            let identity = home.identity();
            if identity.org != org || identity.actor != actor {
                bail!(
                    "{} holds the credential of {}",
                    folder.display(),
                    identity.actor
                );
            }
            Ok(home)
        }
        Err(error) => Err(error.into()),
    }
}

fn enrol(
    home: &Home,
    service: &str,
    fingerprint: Digest,
    genesis: Option<&Path>,
) -> anyhow::Result<Shown> {
    let genesis = match genesis {
        Some(path) => std::fs::read(path).with_context(|| path.display().to_string())?,
        None => Client::new(service).genesis()?,
    };
    home.join(&genesis, service, Some(fingerprint))?;
    eprintln!("… give this card to your administrator, who enrols the key and the machine");
    // The form in which `threadmark key add` and `key card` exchange cards.
    let identity = home.identity();
    let json = json!({
        "organisation": identity.org, "kid": identity.key_id(), "card": home.card(),
    });
    Ok(Shown {
        text: format!("{json:#}"),
        json,
    })
}

fn sync(home: &Home) -> anyhow::Result<Shown> {
    let synced = synchronise(home, now(), &mut SystemEntropy, &mut progress)?;
    let client = Client::new(&home.service()?);
    let session = client.session(home, now(), &mut SystemEntropy)?;
    let fetched = prefetch(home, &client, &session, now(), &mut progress)?;
    let count = |is: fn(&Outcome) -> bool| synced.outcomes.values().filter(|of| is(of)).count();
    let logged = count(|of| matches!(of, Outcome::Logged { .. }));
    let waiting = count(|of| matches!(of, Outcome::Waiting { .. }));
    let refused = count(|of| matches!(of, Outcome::Refused { .. }));
    let mut text = format!(
        "{} entries verified; {logged} statements logged, {waiting} waiting, {refused} refused; {fetched} files fetched",
        synced.replica.size()
    );
    for (id, outcome) in &synced.outcomes {
        match outcome {
            Outcome::Refused { code, detail } => {
                text += &format!("\n{id} refused: {code} {detail}")
            }
            Outcome::Waiting { detail } => text += &format!("\n{id} waits: {detail}"),
            Outcome::Logged { .. } => {}
        }
    }
    let json = json!({
        "entries": synced.replica.size(), "as_of": synced.replica.as_of(),
        "outcomes": synced.outcomes, "files_fetched": fetched,
    });
    Ok(Shown { text, json })
}

fn import(home: &Home, path: &Path) -> anyhow::Result<Shown> {
    let bytes = std::fs::read(path).with_context(|| path.display().to_string())?;
    let new = home.import(&bytes)?;
    Ok(Shown {
        text: format!("{new} new statements"),
        json: json!({ "new": new }),
    })
}

fn export(home: &Home, path: &Path) -> anyhow::Result<Shown> {
    let bytes = home.export()?;
    file::replace(path, &bytes).with_context(|| path.display().to_string())?;
    Ok(Shown {
        text: format!("{} bytes written to {}", bytes.len(), path.display()),
        json: json!({ "bytes": bytes.len() }),
    })
}

fn print(home: &Home, request: &Request, to: &Path) -> anyhow::Result<Shown> {
    let printer = Printer::File(FilePrinter::new(to));
    let entropy = &mut SystemEntropy;
    let printed = print::print(home, &printer, request, &now, entropy, &mut progress)?;
    let age_hours = printed.knowledge_age_s / 3600;
    let mark = match printed.unmarked {
        true => {
            "\nno zone is qualified: put the mark on after the build, and report it with `threadmark part mark`"
        }
        false => "",
    };
    Ok(Shown {
        text: format!(
            "{} handed over as {}\nbuild {}, unit {}, mark {}; knowledge {age_hours} hours old{mark}",
            printed.part,
            printed.place,
            printed.build,
            printed.unit,
            printed.mark.grouped()
        ),
        json: json!({
            "build": printed.build, "part": printed.part, "unit": printed.unit,
            "mark": printed.mark, "file": printed.place, "sha3": printed.digest,
            "unmarked": printed.unmarked,
            "knowledge_age_s": printed.knowledge_age_s,
        }),
    })
}

fn status(home: &Home) -> anyhow::Result<Shown> {
    let (identity, now) = (home.identity(), now());
    let view = home.view()?;
    let as_of = view.knowledge.as_of();
    let age_s = as_of.map(|as_of| now.saturating_sub(as_of).max(0));
    let undelivered = home.undelivered()?.len();
    let mut missing = Vec::new();
    for file in wanted(home, &view, now) {
        if home.artifact(&file.artifact.sealed)?.is_none() {
            missing.push(file.name);
        }
    }
    let open = open_builds(&home.own_statements()?);
    let mut text = format!(
        "{} of {}, key {}\n{} entries of the log, {} hours old; {undelivered} statements undelivered",
        identity.actor,
        identity.org,
        identity.key_id(),
        view.replica.size(),
        age_s.unwrap_or_default() / 3600,
    );
    for name in &missing {
        text += &format!("\nmissing: the sealed file {name}; synchronise");
    }
    for build in &open {
        text += &format!(
            "\nopen: {} since {}; if it is not being printed, abort it",
            build.build, build.started_at
        );
    }
    let builds: Vec<_> = open
        .iter()
        .map(
            |open| json!({ "build": open.build, "started_at": open.started_at, "says": open.says }),
        )
        .collect();
    let json = json!({
        "org": identity.org, "actor": identity.actor, "key_id": identity.key_id(),
        "entries": view.replica.size(), "as_of": as_of, "age_s": age_s,
        "undelivered": undelivered, "missing_files": missing, "open_builds": builds,
    });
    Ok(Shown { text, json })
}

fn abort(home: &Home, build: &SubjectId, reason: &Paragraph) -> anyhow::Result<Shown> {
    let said = print::abort(home, build, reason, now(), &mut SystemEntropy)?;
    Ok(Shown {
        text: format!("{build} is reported as aborted; its unit stays spent"),
        json: json!({ "build": build, "statement": said.id }),
    })
}
