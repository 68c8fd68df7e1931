//! People at their command lines: a founded log with its real service, and a home for each of them.

use super::{Founded, Service, new_database};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tokio::runtime::Runtime;

/// Refused by a rule.
const REFUSED: i32 = 3;

/// A founded log with its service, and the homes of people.
pub struct Stage {
    pub founded: Founded,
    pub service: Service,
}

impl Stage {
    pub fn new() -> Stage {
        let founded = Founded::new(Runtime::new().unwrap().block_on(new_database()));
        let service = founded.serve();
        let stage = Stage { founded, service };
        stage.join("governor");
        stage
    }

    pub fn home(&self, who: &str) -> PathBuf {
        self.founded.folder.path().join(who)
    }

    /// `threadmark LINE --home WHO --json`.
    pub fn run(&self, who: &str, line: &str) -> Output {
        Command::new(env!("CARGO_BIN_EXE_threadmark"))
            .args(shlex::split(line).unwrap())
            .args([Path::new("--home"), &self.home(who), Path::new("--json")])
            .env_remove("THREADMARK_HOME")
            .output()
            .unwrap()
    }

    pub fn done(&self, who: &str, line: &str) -> Value {
        let output = self.run(who, line);
        assert!(output.status.success(), "{who}: {line}: {output:?}");
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// What somebody was told whom a rule refuses.
    pub fn refused(&self, who: &str, line: &str) -> String {
        let output = self.run(who, line);
        assert_eq!(
            output.status.code(),
            Some(REFUSED),
            "{who}: {line}: {output:?}"
        );
        let told = [output.stdout, output.stderr].concat();
        String::from_utf8(told).unwrap()
    }

    pub fn join(&self, who: &str) {
        let line = format!("join --service {}", self.service.url);
        self.done(who, &line);
    }

    /// A new person; the file with the card.
    pub fn person(&self, who: &str) -> String {
        self.person_of(who, who)
    }

    pub fn person_of(&self, org: &str, who: &str) -> String {
        self.done(who, &format!("key new --org {org}.example --actor {who}"));
        let card = self.done(who, "key card");
        let file = self.home(&format!("{who}.json"));
        std::fs::write(&file, card.to_string()).unwrap();
        file.display().to_string()
    }

    /// Proposed by the operator of the log.
    pub fn propose(&self, id: &str, change: &str) {
        let line =
            format!("governance propose {change} --reason 'As discussed' --id proposal:{id}");
        self.done("governor", &line);
    }

    /// The id of somebody's key.
    pub fn kid(&self, who: &str) -> String {
        let card = self.done(who, "key card");
        card["kid"].as_str().unwrap().to_owned()
    }
}
