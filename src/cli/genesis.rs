//! `threadmark genesis`: founds a log.

use crate::ledger::keys::{KeyFile, LogKeys};
use anyhow::{Context, Result, ensure};
use clap::Args;
use std::collections::BTreeMap;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use threadmark_agent::home::Home;
use threadmark_agent::system::{self, SystemEntropy};
use threadmark_protocol::body::governance::{
    Anchors, ClassPolicy, Holder, KeyCard, PartClass, Policy, Quorum,
};
use threadmark_protocol::key::KeyLevel;
use threadmark_protocol::lifecycle::RULES_VERSION;
use threadmark_protocol::text::{ActorId, Line, OrgId, Origin};

const DAY_S: u64 = 24 * 3600;

/// Found a log: policy, trust anchors, and the log's keys
#[derive(Args)]
#[command(after_help = "Example:
  threadmark key new --home ./governor --org log.example --actor governor
  threadmark genesis --home ./governor --origin log.example/am --host part.example --out ./log
  threadmark serve --home ./log")]
pub struct Found {
    /// The governor's home, made by `threadmark key new`; its key signs
    #[arg(long)]
    home: PathBuf,
    /// Name of the log, for instance log.example/am
    #[arg(long)]
    origin: Origin,
    /// Host in the address that marks carry
    #[arg(long)]
    host: OrgId,
    /// The governor's name for people
    #[arg(long, default_value = "Consortium")]
    name: Line,
    /// Seconds of idleness after which the log proves that it is alive
    #[arg(long, default_value_t = 600)]
    heartbeat_s: u32,
    /// Seconds between a vote that opens a door and the door's opening, in which as many votes can take it back: three days.
    /// With 0 who is admitted acts at once, and nothing can be taken back in time
    #[arg(long, default_value_t = 259_200)]
    delay_s: u32,
    /// Where the service will run
    #[arg(long, default_value = "http://127.0.0.1:8470")]
    service: String,
    /// The service's folder: `genesis.cbor` and `keys.json` (secret) are written there
    #[arg(long)]
    out: PathBuf,
}

impl Found {
    /// Makes keys, signs both entries, and writes the service's folder.
    pub fn run(self) -> Result<ExitCode> {
        let governor = Home::open(&self.home)?;
        std::fs::create_dir_all(&self.out)?;
        let (genesis_path, keys_path) = (self.out.join("genesis.cbor"), self.out.join("keys.json"));
        ensure!(
            !genesis_path.exists(),
            "{} exists; nothing is overwritten",
            genesis_path.display()
        );
        let file = new_keys()?;
        let keys =
            LogKeys::new(self.origin.clone(), &file).context("the origin cannot name a key")?;
        write_secret(&keys_path, &serde_json::to_vec_pretty(&file)?)?;
        let policy = self.policy(&governor);
        let anchors = self.anchors(&governor, &keys)?;
        let now = system::now();
        let genesis = governor.found(policy, anchors, &self.service, now, &mut SystemEntropy)?;
        std::fs::write(&genesis_path, genesis.to_bytes())?;
        let fingerprint = genesis.trust()?.fingerprint();
        println!("founded {} fingerprint {fingerprint}", self.origin);
        Ok(ExitCode::SUCCESS)
    }

    /// Class C: knowledge may be 90 days old and signed statements count before they are logged. B and A: 30 and 7 days,
    /// logged only, three people, and a physical match.
    fn policy(&self, governor: &Home) -> Policy {
        let class = |days: u64, strict: bool| ClassPolicy {
            knowledge_age_max_s: days * DAY_S,
            provisional_allowed: !strict,
            three_people: strict,
            physical_match: strict,
        };
        let classes = [
            (PartClass::A, class(7, true)),
            (PartClass::B, class(30, true)),
            (PartClass::C, class(90, false)),
        ];
        Policy {
            origin: self.origin.clone(),
            governor: governor.identity().org.clone(),
            host: self.host.clone(),
            rules_version: RULES_VERSION,
            quorum: Quorum::None,
            heartbeat_s: self.heartbeat_s,
            classes: BTreeMap::from(classes),
            delay_s: self.delay_s,
        }
    }

    fn anchors(&self, governor: &Home, keys: &LogKeys) -> Result<Anchors> {
        Ok(Anchors {
            name: self.name.clone(),
            governor: governor.card(),
            checkpoint_vkey: keys.checkpoint().verifier().to_string().parse()?,
            log: KeyCard {
                public: keys.log_public(),
                holder: "log".parse::<ActorId>()?,
                holder_is: Holder::Log,
                level: KeyLevel::Software,
                session: None,
                recipient: None,
            },
        })
    }
}

fn new_keys() -> Result<KeyFile> {
    Ok(KeyFile {
        checkpoint_seed: system::random(&mut SystemEntropy)?,
        log_seed: system::random(&mut SystemEntropy)?,
        session_seed: system::random(&mut SystemEntropy)?,
    })
}

fn write_secret(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .with_context(|| format!("writing {}", path.display()))?;
    file.write_all(bytes)?;
    file.sync_all()?;
    Ok(())
}
