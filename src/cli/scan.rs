//! `threadmark scan`: a mark or its photograph in, the answer out, with a proof that is checked here.
//!
//! Owns who is asked, the service or what is known here, and what is trusted. Must never decide what the answer is.

use super::answer::{exit_of, to_text};
use super::args;
use super::output::{progress, say};
use super::proof::{Claimed, Proof};
use anyhow::{Context, Result, bail};
use clap::Args;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use threadmark_agent::home::{Home, View};
use threadmark_agent::sync::{Client, Session, SyncError};
use threadmark_agent::system::{self, SystemEntropy};
use threadmark_protocol::answer::{self, Answer, Knowledge, Step, Viewer};
use threadmark_protocol::genesis::{Genesis, Trust};
use threadmark_protocol::mark::Mark;
use threadmark_protocol::statement::Statement;
use threadmark_protocol::text::Line;
use threadmark_watermark::read::{ReadLimits, read};

#[derive(Args)]
#[command(
    after_help = "Exit codes: 0 eligible or found, 4 DO NOT INSTALL, 5 CANNOT DETERMINE, 1 a proof fails.
Examples:
  threadmark scan photo.png --home ./mechanic --asset-type H-60
  threadmark scan 7K3Q9XWD2M8TV0AY --service https://log.example
  threadmark scan photo.png --home ./mechanic --offline"
)]
pub struct Scan {
    /// A photograph (PNG, JPEG), the 16 characters of a mark, or the address in it
    photo_or_mark: String,
    /// Type of the asset that the part is for, as the approval's effectivity names it
    #[arg(long)]
    asset_type: Option<Line>,
    /// Answer from what is known in the home
    #[arg(long, requires = "home")]
    offline: bool,
    /// Ask this service; without a home, its genesis is trusted on first use
    #[arg(long, value_name = "URL")]
    service: Option<String>,
    /// Ask as this member
    #[arg(long, env = "THREADMARK_HOME", value_name = "DIR")]
    home: Option<PathBuf>,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

/// Who is asked, and what is trusted.
struct Asking {
    trust: Trust,
    home: Option<Home>,
    online: Option<(Client, Option<Session>)>,
    asset_type: Option<Line>,
}

impl Scan {
    /// Runs the command.
    pub fn run(self) -> Result<ExitCode> {
        let asking = self.ask()?;
        let marks = marks_in(&self.photo_or_mark, asking.trust.policy.host.as_str())?;
        let view = asking.view()?;
        let mut exit = 0;
        let mut documents = Vec::new();
        for mark in marks {
            let (answer, proof) = asking.answer(mark, view.as_ref())?;
            let own = if proof.is_good() {
                exit_of(answer.verdict)
            } else {
                1
            };
            exit = worse(exit, own);
            if self.json {
                documents.push(json!({ "answer": answer, "proof": proof }));
            } else {
                say(&to_text(&answer, &proof, &asking.asked_as()));
            }
        }
        if self.json {
            say(&format!("{:#}\n", json!({ "answers": documents })));
        }
        Ok(ExitCode::from(exit))
    }

    fn ask(&self) -> Result<Asking> {
        let home = self.home.as_deref().map(Home::open).transpose()?;
        let asset_type = self.asset_type.clone();
        let Some(home) = home else {
            let url = self.service.as_deref();
            let client = Client::new(url.context("give --service, or --home of a member")?);
            let trust = Genesis::parse(&client.genesis()?)?.trust()?;
            return Ok(Asking {
                trust,
                home: None,
                online: Some((client, None)),
                asset_type,
            });
        };
        let trust = home.trust()?;
        let online = if self.offline {
            None
        } else {
            self.session(&home)?
        };
        Ok(Asking {
            trust,
            home: Some(home),
            online,
            asset_type,
        })
    }

    /// A member's session; offline, where there is no network.
    fn session(&self, home: &Home) -> Result<Option<(Client, Option<Session>)>> {
        let url = match &self.service {
            Some(url) => url.clone(),
            None => home.service()?,
        };
        let client = Client::new(&url);
        match client.session(home, system::now(), &mut SystemEntropy) {
            Ok(session) => Ok(Some((client, Some(session)))),
            Err(error @ SyncError::Offline { .. }) => {
                eprintln!("{error}; answering from what is known here");
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// The worst of two exit codes: a failed proof, DO NOT INSTALL, CANNOT DETERMINE, good.
fn worse(one: u8, other: u8) -> u8 {
    let rank = |code: u8| match code {
        1 => 3,
        4 => 2,
        5 => 1,
        _ => 0,
    };
    if rank(other) > rank(one) { other } else { one }
}

/// The mark that was typed, or those in the picture. Pictures are read here and sent nowhere.
fn marks_in(photo_or_mark: &str, host: &str) -> Result<Vec<Mark>> {
    let path = Path::new(photo_or_mark);
    if !path.exists() {
        if let Some(mark) = Mark::from_scan(photo_or_mark, host) {
            return Ok(vec![mark]);
        }
        let error = photo_or_mark
            .parse::<Mark>()
            .err()
            .map(|error| error.to_string());
        bail!(
            "{photo_or_mark:?} is no file and no mark: {}",
            error.unwrap_or_default()
        );
    }
    let picture = args::read(path)?;
    let readings = read(&picture, &ReadLimits::default(), |text| {
        Mark::from_scan(text, host)
    })
    .with_context(|| format!("reading {photo_or_mark}"))?;
    Ok(readings.into_iter().map(|reading| reading.mark).collect())
}

impl Asking {
    fn viewer(&self) -> Viewer {
        let asset_type = self.asset_type.clone();
        match &self.home {
            Some(home) => Viewer::Member {
                org: home.identity().org.clone(),
                asset_type,
            },
            None => Viewer::Public,
        }
    }

    fn asked_as(&self) -> String {
        let of = if self.online.is_some() {
            "the service"
        } else {
            "what is known here"
        };
        match &self.home {
            Some(home) => format!("{}, of {of}", home.identity().org),
            None => format!("anybody, of {of}"),
        }
    }

    /// What is known here, brought up to date where there is a network.
    fn view(&self) -> Result<Option<View>> {
        let Some(home) = &self.home else {
            return Ok(None);
        };
        if let Some((client, Some(session))) = &self.online {
            client.pull(home, session, &mut progress())?;
        }
        let view = home.view()?;
        let is_open = |said: &&Statement| view.replica.index_of(&said.id).is_none();
        let open = view.at_hand.iter().filter(is_open).count();
        if self.online.is_some() && open > 0 {
            eprintln!("{open} statements here are not logged; the service does not know them");
        }
        Ok(Some(view))
    }

    fn answer(&self, mark: Mark, view: Option<&View>) -> Result<(Answer, Proof)> {
        match (&self.online, view) {
            (Some((client, session)), view) => {
                let asset_type = self.asset_type.as_ref();
                let answer = client.mark(session.as_ref(), mark, asset_type)?;
                let proof = self.prove_online(client, session.as_ref(), &answer, view);
                Ok((answer, proof?))
            }
            (None, Some(view)) => {
                let answer = view.answer(mark, &self.viewer(), system::now());
                let proof = self.prove_offline(view, &answer);
                Ok((answer, proof))
            }
            (None, None) => bail!("give --service, or --home of a member"),
        }
    }

    fn prove_online(
        &self,
        client: &Client,
        session: Option<&Session>,
        answer: &Answer,
        view: Option<&View>,
    ) -> Result<Proof> {
        let mut proof = Proof {
            rests_on: self.rests_on(),
            ..Proof::default()
        };
        let mut tell = progress();
        for (at, step) in answer.life.iter().enumerate() {
            tell(&format!("{at} of {} proofs checked", answer.life.len()));
            let logged = client.statement(session, &step.statement)?;
            let claimed = Claimed {
                id: step.statement,
                index: logged.index,
                envelope: &logged.envelope,
                author_key: logged.author_key,
                receipt: &logged.receipt,
            };
            let done = claimed.check(&self.trust).and_then(|envelope| {
                let same = envelope.iss == step.org && step.index == Some(logged.index);
                same.then_some(())
                    .ok_or("the answer names another author or place".to_owned())
            });
            proof.note(step.statement, done.and_then(|()| as_replayed(step, view)));
        }
        if let Some(view) = view {
            self.compare(&mut proof, answer, view);
        }
        Ok(proof)
    }

    /// Where the same of the log is known here, replaying it must lead to the same answer.
    fn compare(&self, proof: &mut Proof, told: &Answer, view: &View) {
        if told.as_of != view.replica.as_of() {
            return;
        }
        let knowledge = Knowledge {
            as_of: told.as_of,
            is_whole_log: true,
        };
        let world = view.replica.world();
        let own = answer::answer(world, told.mark, told.now, &self.viewer(), knowledge);
        let why = format!(
            "the service says {}, replaying the log here says {}",
            told.verdict.words(),
            own.verdict.words()
        );
        let done = if own == *told { Ok(()) } else { Err(why) };
        if proof.note("answer", done) {
            proof
                .rests_on
                .push("replaying the log here leads to the same answer".to_owned());
        }
    }

    fn prove_offline(&self, view: &View, answer: &Answer) -> Proof {
        let mut proof = Proof {
            rests_on: self.rests_on(),
            ..Proof::default()
        };
        for step in &answer.life {
            let known = match step.index {
                Some(index) => view.replica.index_of(&step.statement) == Some(index),
                None => view.at_hand.iter().any(|said| said.id == step.statement),
            };
            let done = known
                .then_some(())
                .ok_or("it is not in the replica".to_owned());
            proof.note(step.statement, done);
        }
        let how = "replica and journals were replayed: signatures, rules and the log's root";
        proof.rests_on.push(how.to_owned());
        proof
    }

    fn rests_on(&self) -> Vec<String> {
        let (origin, fingerprint) = (self.trust.origin(), self.trust.fingerprint());
        let how = match &self.home {
            Some(_) => "pinned in the home",
            None => "trusted on first use: compare it with what the consortium publishes",
        };
        vec![format!("genesis of {origin} {fingerprint}, {how}")]
    }
}

/// Where the log is known here, replaying it has verified the same statement at the same place.
fn as_replayed(step: &Step, view: Option<&View>) -> Result<(), String> {
    let Some(view) = view else { return Ok(()) };
    let Some(index) = step.index.filter(|index| *index < view.replica.size()) else {
        return Ok(());
    };
    let same = view.replica.index_of(&step.statement) == Some(index);
    same.then_some(())
        .ok_or("the replica has another statement there".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_answer_counts() {
        let worst = |codes: &[u8]| codes.iter().copied().fold(0, worse);
        assert_eq!(worst(&[0, 5, 0]), 5);
        assert_eq!(worst(&[5, 4, 0]), 4);
        assert_eq!(worst(&[4, 1, 5]), 1);
    }

    #[test]
    fn marks_are_read_as_typed_and_nothing_else_is_guessed() {
        let mark = Mark::derive(&[7; 32], 1);
        let typed = mark.grouped().to_lowercase();
        assert_eq!(marks_in(&typed, "part.example").unwrap(), [mark]);
        let address = format!("https://PART.example/m/{mark}");
        assert_eq!(marks_in(&address, "part.example").unwrap(), [mark]);
        assert!(marks_in("https://evil.example/m/x", "part.example").is_err());
        assert!(marks_in("no-such-file.png", "part.example").is_err());
    }
}
