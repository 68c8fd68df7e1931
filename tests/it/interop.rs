//! The stranger's verifier (`tests/interop/`, Python, none of our code) against a real service and a real witness: it
//! accepts what they serve, and refuses it with one byte changed in any part.

use crate::service_crash::{admission, submit};
use crate::service_quota::report;
use crate::support::witness::{self, WitnessProcess};
use crate::support::{Founded, Service, new_database};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use threadmark_agent::system::{self, SystemEntropy};
use threadmark_protocol::mark::Mark;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/interop");

/// Statements, each with the log's own entry behind it: a full tile of hashes, one above it, and some of the next.
const STATEMENTS: usize = 128;

fn python(program: &str) -> Command {
    let mut command = Command::new(Path::new(FOLDER).join("venv/bin/python"));
    command.arg(Path::new(FOLDER).join(program));
    command.env("PYTHONDONTWRITEBYTECODE", "1");
    command
}

fn run(command: &mut Command) -> Output {
    command
        .output()
        .expect("python runs; see scripts/setup test")
}

/// A witness that has cosigned nothing here: that of the vectors.
const FOREIGN: &str =
    "witness.oem.example/w1+820f63b0+BD1AF8PoQ4lakrcKp00bfrycmCzPLsSWjMDNVfEq9GYM";

/// What a stranger has fetched, what it pins, and the key of the witness that it demands.
#[derive(Clone)]
struct Copy {
    folder: PathBuf,
    pin: String,
    witness: String,
}

impl Copy {
    /// The verifier's word: good, and what it said.
    fn check(&self) -> (bool, String) {
        let mut command = python("check.py");
        command
            .arg(&self.folder)
            .args(["--genesis", &self.pin, "--witness", &self.witness]);
        let output = run(&mut command);
        let told = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8(told).unwrap())
    }

    fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.folder.join(name)).unwrap()
    }

    /// Changes a file, hears that it is refused, and puts it back.
    fn refuses(&self, name: &str, change: impl FnOnce(&mut Vec<u8>)) {
        let good = self.read(name);
        let mut bad = good.clone();
        change(&mut bad);
        assert_ne!(good, bad, "{name}: nothing was changed");
        std::fs::write(self.folder.join(name), bad).unwrap();
        let (accepted, told) = self.check();
        assert!(!accepted && told.starts_with("refused: "), "{name}: {told}");
        std::fs::write(self.folder.join(name), good).unwrap();
    }

    /// Changes one character in each line of a text.
    fn refuses_each_line(&self, name: &str) {
        let text = String::from_utf8(self.read(name)).unwrap();
        let mut start = 0;
        for line in text.split_inclusive('\n') {
            let at = start + line.trim_end().len() / 2;
            start += line.len();
            if line != "\n" {
                self.refuses(name, |bytes| bytes[at] ^= 1);
            }
        }
    }

    /// Changes one byte of what stands in a field of a statement's document in hexadecimal digits.
    fn refuses_field(&self, index: usize, field: &str, at: usize) {
        let name = format!("statements/{index}.json");
        self.refuses(&name, |bytes| {
            let mut told: Value = serde_json::from_slice(bytes).unwrap();
            let mut value = hex::decode(told[field].as_str().unwrap()).unwrap();
            let at = at % value.len();
            value[at] ^= 1;
            told[field] = hex::encode(value).into();
            *bytes = serde_json::to_vec(&told).unwrap();
        });
    }
}

impl Copy {
    /// Changes one byte of a receipt, wherever it stands.
    fn refuses_receipt(&self, index: usize, at: usize) {
        let name = format!("statements/{index}.json");
        let good = self.read(&name);
        let mut told: Value = serde_json::from_slice(&good).unwrap();
        self.refuses(&format!("receipts/{index}.cbor"), |bytes| {
            bytes[at] ^= 1;
            told["receipt"] = hex::encode(bytes).into();
            std::fs::write(self.folder.join(&name), told.to_string()).unwrap();
        });
        std::fs::write(self.folder.join(&name), good).unwrap();
    }
}

/// A service with some history, all of it cosigned by the witness.
fn lived(founded: &Founded, witness: &WitnessProcess, log: &str) -> Service {
    let (key, url) = (witness.key(), &witness.url);
    let policy = founded.folder.path().join("witnesses.policy");
    let text = format!("log {log}\nwitness w1 {key} {url}\nquorum w1\n");
    std::fs::write(&policy, text).unwrap();
    let service = founded.serve_with(&[
        ("THREADMARK_LOOKUPS_PER_SECOND", "0"),
        ("THREADMARK_WITNESS_POLICY", policy.to_str().unwrap()),
    ]);
    submit(&service, &admission(founded, "yard")).unwrap();
    for number in 0..STATEMENTS {
        submit(&service, &report(&founded.governor, number)).unwrap();
    }
    let last = 2 * (STATEMENTS as u64 + 1);
    witness::eventually("everything is witnessed", || {
        let note = service.client().checkpoint().unwrap();
        note.lines().nth(1).unwrap().parse::<u64>().unwrap() > last
    });
    service
}

/// Everything that a service serves, in a folder.
fn fetched(founded: &Founded, service: &Service, witness: &WitnessProcess) -> (Copy, usize) {
    let folder = founded.folder.path().join("copy");
    let session = service
        .client()
        .session(&founded.governor, system::now(), &mut SystemEntropy);
    let authorization = session.unwrap().authorization();
    let token = authorization.strip_prefix("Bearer ").unwrap();
    let output = run(python("fetch.py")
        .arg(&service.url)
        .arg(&folder)
        .args(["--token", token]));
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let told = String::from_utf8(output.stdout).unwrap();
    let entries = told.split(' ').next().unwrap().parse().unwrap();
    let pin = founded.governor.trust().unwrap().fingerprint().to_hex();
    let witness = witness.key().to_string();
    (
        Copy {
            folder,
            pin,
            witness,
        },
        entries,
    )
}

/// The stranger's word on the bundle of a part.
pub fn part_is_checked(bytes: &[u8], pin: &str, witnesses: &[&str]) -> (bool, String) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("part.bundle");
    std::fs::write(&file, bytes).unwrap();
    let mut command = python("part.py");
    command.arg(file).args(["--genesis", pin]);
    for witness in witnesses {
        command.args(["--witness", witness]);
    }
    let output = run(&mut command);
    let told = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(told).unwrap())
}

/// A mark that nobody has used has a bundle too: that nothing was said of it, and what that rests on.
fn the_bundle_of_a_mark_is_checked(founded: &Founded, service: &Service, copy: &Copy) {
    let client = service.client();
    let session = client.session(&founded.governor, system::now(), &mut SystemEntropy);
    let mark: Mark = "7K3Q9XWD2M8TV0AY".parse().unwrap();
    let good = client.bundle(&session.unwrap(), mark).unwrap();
    let check = |bytes: &[u8], witness: &str| part_is_checked(bytes, &copy.pin, &[witness]);
    let (accepted, told) = check(&good, &copy.witness);
    assert!(accepted && told.starts_with(&mark.to_string()), "{told}");
    for at in (0..good.len()).step_by(good.len() / 60) {
        let mut bad = good.clone();
        bad[at] ^= 1;
        let (accepted, told) = check(&bad, &copy.witness);
        assert!(!accepted && told.starts_with("refused: "), "{at}: {told}");
    }
    assert!(!check(&good, FOREIGN).0, "another witness has not cosigned");
}

#[test]
fn a_strangers_verifier_accepts_what_we_serve_and_nothing_else() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let founded = Founded::new(runtime.block_on(new_database()));
    let log = founded.governor.trust().unwrap().checkpoint_key.to_string();
    let witness = WitnessProcess::make(
        &founded.folder.path().join("w1"),
        std::slice::from_ref(&log),
    );
    let service = lived(&founded, &witness, &log);
    let (copy, entries) = fetched(&founded, &service, &witness);
    assert!(entries > 256);
    let (good, told) = copy.check();
    assert!(
        good && told.starts_with(&format!("{entries} entries of log.example/am")),
        "{told}"
    );

    for at in [3, 200, 900] {
        copy.refuses("genesis.cbor", |bytes| bytes[at] ^= 1);
    }
    copy.refuses_each_line("checkpoint");
    let sizes = std::fs::read_dir(copy.folder.join("checkpoints")).unwrap();
    let sizes: Vec<_> = sizes.map(|size| size.unwrap().file_name()).collect();
    copy.refuses_each_line(&format!(
        "checkpoints/{}",
        sizes[sizes.len() / 2].to_str().unwrap()
    ));
    let edge = format!("tile/0/001.p/{}", entries - 256);
    for name in ["tile/0/000", &edge, "tile/1/000.p/1"] {
        copy.refuses(name, |bytes| bytes[17] ^= 1);
        copy.refuses(name, |bytes| bytes.truncate(31));
    }
    for at in [0, 1, 50, 200] {
        copy.refuses("tile/entries/000", |bytes| bytes[at] ^= 1);
    }
    copy.refuses("tile/entries/000", |bytes| {
        drop(bytes.split_off(bytes.len() - 1))
    });
    copy.refuses_each_line("proofs/77.tlog-proof");
    for field in ["id", "envelope", "body", "author_key"] {
        copy.refuses_field(77, field, 20);
    }
    copy.refuses("scitt-keys.cbor", |bytes| *bytes.last_mut().unwrap() ^= 1);
    copy.refuses("receipts/77.cbor", |bytes| bytes[40] ^= 1);
    // Everything in a receipt: the header, the claims, size, place, path, signature.
    let receipt = 2
        * serde_json::from_slice::<Value>(&copy.read("statements/77.json")).unwrap()["receipt"]
            .as_str()
            .unwrap()
            .len()
        / 4;
    for at in (0..receipt).step_by(13) {
        copy.refuses_receipt(77, at);
    }
    assert!(copy.check().0, "everything was put back");
    the_bundle_of_a_mark_is_checked(&founded, &service, &copy);
    let unknown = Copy {
        witness: FOREIGN.to_owned(),
        ..copy.clone()
    };
    assert!(
        unknown
            .check()
            .1
            .contains("no signature by witness.oem.example/w1")
    );
    let other = Copy {
        pin: "0".repeat(64),
        ..copy
    };
    assert!(
        other
            .check()
            .1
            .contains("another genesis than the one that is pinned")
    );
}
