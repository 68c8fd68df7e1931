//! Sign, then deliver, then print: what every signing command does with its statement.
//!
//! The statement is in the journal, on the disk, before anything is sent. Without a network that is all that happens, and
//! `threadmark sync` delivers later. Must never know what is signed.

use super::output::{Document, Refused, findings, progress};
use anyhow::{Context, Result};
use clap::Args;
use serde_json::json;
use std::cell::RefCell;
use std::path::PathBuf;
use std::process::ExitCode;
use threadmark_agent::home::{Draft, Home, Outcome, View};
use threadmark_agent::sync::{self, Client, Session, SyncError};
use threadmark_agent::system::{self, SystemEntropy};
use threadmark_protocol::code::Code;
use threadmark_protocol::statement::{Statement, StatementId};

/// What every signing command takes.
#[derive(Args, Clone)]
pub struct Signing {
    /// The signer's folder, made by `threadmark key new`
    #[arg(long, env = "THREADMARK_HOME", value_name = "DIR")]
    home: PathBuf,
    /// Sign only; `threadmark sync` delivers later
    #[arg(long)]
    offline: bool,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

/// A home that is open for signing.
pub struct Desk {
    home: Home,
    json: bool,
    /// Why there is no network, asked for or found out: one attempt to connect is enough.
    offline: RefCell<Option<String>>,
}

/// What became of a statement.
enum Delivery {
    Settled(Outcome),
    Unsent {
        why: String,
        objection: Option<Code>,
    },
}

impl Signing {
    /// Opens the home.
    pub fn open(&self) -> Result<Desk> {
        let home = Home::open(&self.home)?;
        let offline = RefCell::new(self.offline.then(|| "as asked".to_owned()));
        Ok(Desk {
            home,
            json: self.json,
            offline,
        })
    }
}

impl Desk {
    /// The home.
    pub fn home(&self) -> &Home {
        &self.home
    }

    /// Whether one JSON document is asked for.
    pub fn wants_json(&self) -> bool {
        self.json
    }

    /// A client with a session, unless there is no network.
    pub fn connect(&self) -> Result<Option<(Client, Session)>> {
        if self.offline.borrow().is_some() {
            return Ok(None);
        }
        let client = Client::new(&self.home.service()?);
        let session = client.session(&self.home, system::now(), &mut SystemEntropy);
        Ok(self
            .unless_unreachable(session)?
            .map(|session| (client, session)))
    }

    /// What is known here, brought up to date first where there is a network.
    pub fn view(&self) -> Result<View> {
        if let Some((client, session)) = self.connect()? {
            let pulled = client.pull(&self.home, &session, &mut progress());
            self.unless_unreachable(pulled)?;
        }
        Ok(self.home.view()?)
    }

    /// What is known here has to do when the service cannot be used; what does not verify is never passed over.
    fn unless_unreachable<T>(&self, done: Result<T, SyncError>) -> Result<Option<T>> {
        match done {
            Ok(value) => Ok(Some(value)),
            Err(error @ (SyncError::Offline { .. } | SyncError::Broken(_))) => {
                eprintln!("{error}; going on with what is known here");
                self.offline.replace(Some(error.to_string()));
                Ok(None)
            }
            Err(error @ SyncError::Problem(_)) => {
                eprintln!("the service says: {error}; going on with what is known here");
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Signs, delivers, and prints the statement with `told`, what else is worth knowing.
    pub fn sign(&self, draft: Draft, told: Document) -> Result<ExitCode> {
        let statement = self.home.sign(draft, system::now(), &mut SystemEntropy)?;
        let delivery = self.deliver(&statement).with_context(|| {
            format!(
                "statement {} is signed; `threadmark sync` sends it again",
                statement.id
            )
        })?;
        let document = Document::new()
            .with("statement", statement.id)
            .with("kind", statement.body.core.kind())
            .with("subject", &statement.body.sub)
            .and(told)
            .with_text("delivery", delivery.to_json(), delivery.to_text());
        document.print(self.json);
        Ok(delivery.exit(&statement.id))
    }

    /// Signs several, delivers them together, and prints what became of each.
    pub fn sign_all(&self, drafts: Vec<Draft>, told: Document) -> Result<ExitCode> {
        let mut signed = Vec::new();
        for draft in drafts {
            signed.push(self.home.sign(draft, system::now(), &mut SystemEntropy)?);
        }
        // One delivery takes all of them.
        let last = signed.last().map(|statement| self.deliver(statement));
        let unsent = match last.transpose()? {
            Some(Delivery::Unsent { why, .. }) => Some(why),
            _ => None,
        };
        let mut settled = self.home.delivered()?;
        let (mut exit, mut all, mut text) = (ExitCode::SUCCESS, Vec::new(), String::new());
        for statement in &signed {
            let delivery = match (settled.remove(&statement.id), &unsent) {
                (Some(outcome), _) => Delivery::Settled(outcome),
                (None, Some(why)) => self.unsent(statement, why.clone())?,
                (None, None) => self.unsent(statement, "the service did not say".to_owned())?,
            };
            if let Delivery::Settled(Outcome::Refused { .. }) = &delivery {
                exit = delivery.exit(&statement.id);
            }
            all.push(json!({ "statement": statement.id, "delivery": delivery.to_json() }));
            text.push_str(&format!("{} {}\n", statement.id, delivery.to_text().trim()));
        }
        told.with_text("signed", all, text).print(self.json);
        Ok(exit)
    }

    fn deliver(&self, statement: &Statement) -> Result<Delivery> {
        if let Some(why) = self.offline.borrow().clone() {
            return self.unsent(statement, why);
        }
        let client = Client::new(&self.home.service()?);
        let sent = sync::deliver_all(&self.home, &client, &mut progress());
        let settled = match &sent {
            Ok(outcomes) => outcomes.get(&statement.id).cloned(),
            Err(_) => self.home.delivered()?.remove(&statement.id),
        };
        match (settled, sent) {
            (Some(outcome), _) => Ok(Delivery::Settled(outcome)),
            (None, Ok(_)) => self.unsent(statement, "the service did not say".to_owned()),
            (
                None,
                Err(
                    error @ (SyncError::Offline { .. }
                    | SyncError::Broken(_)
                    | SyncError::Problem(_)),
                ),
            ) => self.unsent(statement, error.to_string()),
            (None, Err(error)) => Err(error.into()),
        }
    }

    /// Without the service, the rules are asked here: who is at sea should hear what will be refused.
    fn unsent(&self, statement: &Statement, why: String) -> Result<Delivery> {
        let view = self.home.view()?;
        let refused = view.refused.iter().find(|(id, _)| *id == statement.id);
        Ok(Delivery::Unsent {
            why,
            objection: refused.map(|(_, refusal)| refusal.code()),
        })
    }
}

fn found(codes: &[Code]) -> String {
    findings(codes)
        .lines()
        .map(|line| format!("found {line}\n"))
        .collect()
}

/// What the service said of a statement, for scripts.
pub fn outcome_json(outcome: &Outcome) -> serde_json::Value {
    match outcome {
        Outcome::Logged {
            index, findings, ..
        } => {
            json!({ "is": "logged", "index": index, "findings": findings })
        }
        Outcome::Refused { code, detail } => Refused::new(code, detail).to_json(),
        Outcome::Waiting { detail } => json!({ "is": "waiting", "detail": detail }),
    }
}

impl Delivery {
    fn to_json(&self) -> serde_json::Value {
        match self {
            Delivery::Settled(outcome) => outcome_json(outcome),
            Delivery::Unsent { why, objection } => {
                json!({ "is": "signed", "detail": why, "objection": objection })
            }
        }
    }

    fn to_text(&self) -> String {
        match self {
            Delivery::Settled(Outcome::Logged {
                index,
                findings: codes,
                ..
            }) => {
                format!("logged at index {index}\n{}", found(codes))
            }
            Delivery::Settled(Outcome::Refused { code, .. }) => format!("refused: {code}"),
            Delivery::Settled(Outcome::Waiting { detail }) => {
                format!("signed; waits: {detail}\nwill be sent again by `threadmark sync`")
            }
            Delivery::Unsent { why, objection } => {
                let objection = objection.as_slice();
                let head =
                    format!("signed, not sent ({why})\nwill be delivered by `threadmark sync`");
                match objection {
                    [] => head,
                    codes => format!("{head}\nas far as is known here: {}", findings(codes)),
                }
            }
        }
    }

    fn exit(&self, id: &StatementId) -> ExitCode {
        let Delivery::Settled(Outcome::Refused { code, detail }) = self else {
            return ExitCode::SUCCESS;
        };
        let refused = Refused::new(code, detail);
        eprintln!("threadmark: statement {id} is refused: {refused}");
        refused.exit()
    }
}
