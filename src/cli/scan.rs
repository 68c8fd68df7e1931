//! `threadmark scan`: a mark or its photograph in, the answer out, with a proof that is checked here.
//!
//! Owns who is asked, the service or what is known here, and what is trusted. Must never decide what the answer is.

mod check;

use super::answer::{exit_of, to_text};
use super::args;
use super::output::{progress, say};
use super::proof::Proof;
use super::sightings;
use crate::watch::Whereabouts;
use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use threadmark_agent::home::{Home, View};
use threadmark_agent::sync::{Client, Place, Seen, Session, SyncError};
use threadmark_agent::system::{self, SystemEntropy};
use threadmark_protocol::answer::{Answer, Viewer};
use threadmark_protocol::genesis::{Genesis, Trust};
use threadmark_protocol::mark::Mark;
use threadmark_protocol::statement::Statement;
use threadmark_protocol::text::{Line, unhidden};
use threadmark_watermark::read::{ReadLimits, read};

#[derive(Args)]
#[command(
    after_help = "Exit codes: 0 eligible or found, 4 DO NOT INSTALL, 5 CANNOT DETERMINE, 1 a proof fails.
Examples:
  threadmark scan photo.png --home ./mechanic --asset-type H-60
  threadmark scan 7K3Q9XWD2M8TV0AY --service https://log.example
  threadmark scan photo.png --home ./mechanic --place 52.5,13.4      a copied mark is found when it turns up elsewhere
  threadmark scan photo.png --home ./mechanic --offline"
)]
pub struct Scan {
    /// A photograph (PNG, JPEG), the 16 characters of a mark, or the address in it
    photo_or_mark: String,
    /// Type of the asset that the part is for, as the approval's effectivity names it
    #[arg(long)]
    asset_type: Option<Line>,
    /// Tell the service where the piece is, in degrees; a tenth of one is kept, and the hour, not who you are. Without a network
    /// `threadmark sync` tells it later
    #[arg(long, value_name = "LATITUDE,LONGITUDE", value_parser = place, allow_hyphen_values = true)]
    place: Option<Whereabouts>,
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
                say(&unhidden(&to_text(&answer, &proof, &asking.asked_as())));
            }
            // To type a mark is no scan: many look a record up who have no piece.
            if self.place.is_some() || Path::new(&self.photo_or_mark).exists() {
                asking.tell(mark, self.place);
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

fn place(text: &str) -> Result<Whereabouts, String> {
    let parts = text.split_once(',');
    let degrees = parts.and_then(|(latitude, longitude)| {
        let read = |part: &str| part.trim().parse::<f64>().ok();
        Whereabouts::from_degrees(read(latitude)?, read(longitude)?)
    });
    degrees.ok_or_else(|| "expected degrees north and east, such as 52.5,13.4".to_owned())
}

impl Asking {
    /// That the piece is here: copies of a mark are found so. Without a network a member tells it later; nobody waits for it to succeed.
    fn tell(&self, mark: Mark, place: Option<Whereabouts>) {
        let place = place.map(|place| Place {
            latitude_decideg: place.latitude_decideg,
            longitude_decideg: place.longitude_decideg,
        });
        let seen = |hour| Seen { mark, hour, place };
        let later = || match &self.home {
            Some(home) => sightings::queue(home, &seen(Some(system::now().div_euclid(3600)))),
            None => bail!("there is no network, and no home to keep it in"),
        };
        let told = match &self.online {
            None => later(),
            Some((client, session)) => match client.tell_sighting(session.as_ref(), &seen(None)) {
                Err(SyncError::Offline { .. }) => later(),
                told => told.map_err(Into::into),
            },
        };
        if let Err(error) = told {
            eprintln!("the scan was not told: {error}");
        }
    }

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
                ensure!(
                    answer.mark == mark,
                    "the service answered about another mark"
                );
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

    fn rests_on(&self) -> Vec<String> {
        let (origin, fingerprint) = (self.trust.origin(), self.trust.fingerprint());
        let how = match &self.home {
            Some(_) => "pinned in the home",
            None => "trusted on first use: compare it with what the consortium publishes",
        };
        vec![format!("genesis of {origin} {fingerprint}, {how}")]
    }
}

#[cfg(test)]
mod tests;
