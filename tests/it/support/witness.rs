//! A real witness as a process, and logs for it that may have several histories.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use threadmark_agent::system;
use threadmark_protocol::checkpoint::Checkpoint;
use threadmark_protocol::digest::Digest;
use threadmark_protocol::key::Signer;
use threadmark_protocol::note::{NoteSigner, VerifierKey};
use threadmark_protocol::tree::{Tree, leaf_hash};
use threadmark_protocol::witness::Request;

/// An address of this machine that nobody uses.
pub const ANY_PORT: &str = "127.0.0.1:0";

/// The words that name logs.
fn named(logs: &[String]) -> Vec<&str> {
    logs.iter().flat_map(|log| ["--log", &log[..]]).collect()
}

/// A witness; killed without mercy when it is dropped.
pub struct WitnessProcess {
    child: Child,
    pub url: String,
    vkey: String,
}

impl WitnessProcess {
    /// A new witness in a folder, named after it.
    pub fn make(folder: &Path, logs: &[String]) -> WitnessProcess {
        WitnessProcess::keygen(folder);
        let words = [&["--new"], &named(logs)[..]].concat();
        WitnessProcess::try_start(folder, ANY_PORT, &words).expect("the witness starts")
    }

    /// A new key in a folder, named after it.
    pub fn keygen(folder: &Path) -> VerifierKey {
        let name = format!(
            "w.example/{}",
            folder.file_name().unwrap().to_string_lossy()
        );
        let made = Command::new(env!("CARGO_BIN_EXE_threadmark"))
            .args(["witness", "keygen", "--json", "--name", &name, "--home"])
            .arg(folder)
            .output()
            .unwrap();
        assert!(made.status.success());
        let told: serde_json::Value = serde_json::from_slice(&made.stdout).unwrap();
        told["key"].as_str().unwrap().parse().unwrap()
    }

    /// The witness of a folder.
    pub fn start(folder: &Path, logs: &[String]) -> WitnessProcess {
        WitnessProcess::start_at(folder, logs, ANY_PORT)
    }

    /// [`WitnessProcess::start`] at an address.
    pub fn start_at(folder: &Path, logs: &[String], address: &str) -> WitnessProcess {
        WitnessProcess::try_start(folder, address, &named(logs)).expect("the witness starts")
    }

    /// The witness of a folder, started with these words; none, if it does not start.
    pub fn try_start(folder: &Path, address: &str, words: &[&str]) -> Option<WitnessProcess> {
        let mut child = Command::new(env!("CARGO_BIN_EXE_threadmark"))
            .args(["witness", "serve", "--listen", address, "--home"])
            .arg(folder)
            .args(words)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        out.read_line(&mut line).unwrap();
        let word = |before: &str| {
            let mut words = line.split_whitespace().skip_while(|word| *word != before);
            words.nth(1).map(str::to_owned)
        };
        let Some((url, vkey)) = word("at").zip(word("key")) else {
            child.wait().unwrap();
            return None;
        };
        Some(WitnessProcess { child, url, vkey })
    }

    pub fn key(&self) -> VerifierKey {
        self.vkey.parse().unwrap()
    }

    /// What it shows to monitors.
    pub fn monitored(&self, origin: &str) -> Option<String> {
        let hash = Digest::sha256(&[origin.as_bytes()]);
        let mut answer = ureq::get(format!("{}/{hash}/checkpoint", self.url))
            .call()
            .ok()?;
        answer.body_mut().read_to_string().ok()
    }

    /// SIGKILL.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for WitnessProcess {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What was answered.
pub struct Answer {
    pub status: u16,
    pub body: String,
    pub media_type: String,
}

/// Posts `add-checkpoint`; status 0 is no answer.
pub fn post(url: &str, body: &str) -> Answer {
    let request = ureq::post(format!("{url}/add-checkpoint"))
        .config()
        .http_status_as_error(false)
        .timeout_global(Some(Duration::from_secs(20)))
        .build();
    let answered = request.send(body).and_then(|mut answer| {
        let media_type = answer.headers().get("content-type");
        let media_type = media_type.map_or("", |of| of.to_str().unwrap()).to_owned();
        Ok(Answer {
            status: answer.status().as_u16(),
            body: answer.body_mut().read_to_string()?,
            media_type,
        })
    });
    answered.unwrap_or(Answer {
        status: 0,
        body: String::new(),
        media_type: String::new(),
    })
}

/// A log with as many histories as a test wants.
pub struct Forest {
    pub origin: String,
    signer: NoteSigner,
}

impl Forest {
    pub fn new(origin: &str) -> Forest {
        Forest::with_seed(origin, [1; 32])
    }

    pub fn with_seed(origin: &str, seed: [u8; 32]) -> Forest {
        Forest {
            origin: origin.to_owned(),
            signer: NoteSigner::new(origin, Signer::from_seed(&seed)).unwrap(),
        }
    }

    pub fn vkey(&self) -> String {
        self.signer.verifier().to_string()
    }

    /// A tree whose leaves from `fork` on are others than the trunk's.
    pub fn tree(&self, size: u64, fork: u64) -> Tree {
        let mut tree = Tree::default();
        for index in 0..size {
            let side = if index < fork { 0 } else { fork };
            tree.push(leaf_hash(format!("{side} {index}").as_bytes()));
        }
        tree
    }

    /// A tree as it was.
    pub fn at(&self, tree: &Tree, size: u64) -> Tree {
        let mut tree = tree.clone();
        tree.truncate(size);
        tree
    }

    pub fn note(&self, tree: &Tree) -> String {
        let checkpoint = Checkpoint {
            origin: self.origin.clone(),
            size: tree.size(),
            root: tree.root(),
        };
        checkpoint.sign(&self.signer).unwrap()
    }

    pub fn request(&self, old: u64, tree: &Tree) -> String {
        let proof = tree.consistency(old, tree.size()).unwrap();
        let request = Request::new(old, proof, &self.note(tree), self.signer.verifier());
        request.unwrap().to_string()
    }

    /// Pushes one size after the other of a history until nobody answers; what was cosigned.
    pub fn push_until_dead(&self, url: &str, history: &Tree) -> Vec<Request> {
        let (mut old, mut cosigned) = (0, Vec::new());
        for _ in 0..10_000 {
            let next = (old + 1).min(history.size());
            let body = self.request(old.min(next), &self.at(history, next));
            let answer = post(url, &body);
            match answer.status {
                0 => break,
                200 => {
                    cosigned.push(Request::parse(&body).unwrap());
                    old = next;
                }
                409 => old = answer.body.trim().parse().unwrap(),
                _ => old = next,
            }
        }
        cosigned
    }
}

/// Whoever claims to be a witness: answers as a test tells it to, and remembers what it was asked.
pub struct Actor {
    pub url: String,
    asked: Arc<Mutex<Vec<(Duration, String)>>>,
}

impl Actor {
    /// `play` gets the body of each `add-checkpoint`, and its number, and says status and body; nothing is no answer at all.
    /// To monitors it shows nothing.
    pub fn new(
        play: impl Fn(usize, &str) -> Option<(u16, String)> + Send + Sync + 'static,
    ) -> Actor {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (play, remembered) = (Arc::new(play), asked.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (play, remembered) = (play.clone(), remembered.clone());
                std::thread::spawn(move || perform(&stream, &*play, &remembered));
            }
        });
        Actor { url, asked }
    }

    /// When it was asked for cosignatures, and with what.
    pub fn asked(&self) -> Vec<(Duration, String)> {
        self.asked.lock().unwrap().clone()
    }
}

/// Number and body of a request to status and body of its answer.
type Play = dyn Fn(usize, &str) -> Option<(u16, String)>;

fn perform(stream: &TcpStream, play: &Play, asked: &Mutex<Vec<(Duration, String)>>) {
    let mut reader = BufReader::new(stream);
    loop {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if reader.read_line(&mut head).unwrap_or(0) == 0 {
                return;
            }
        }
        let lines = head.lines().map(str::to_ascii_lowercase);
        let mut length =
            lines.filter_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
        let mut body = vec![0; length.next().unwrap_or(0)];
        reader.read_exact(&mut body).unwrap();
        let answer = if head.starts_with("POST ") {
            let body = String::from_utf8(body).unwrap();
            let number = {
                let mut asked = asked.lock().unwrap();
                asked.push((system::elapsed(), body.clone()));
                asked.len() - 1
            };
            play(number, &body)
        } else {
            Some((404, String::new()))
        };
        let Some((status, body)) = answer else {
            // Accepts, and never answers.
            std::thread::sleep(Duration::from_secs(3600));
            return;
        };
        let length = body.len();
        let head = format!("HTTP/1.1 {status} X\r\ncontent-length: {length}\r\n\r\n");
        if (&*stream)
            .write_all(format!("{head}{body}").as_bytes())
            .is_err()
        {
            return;
        }
    }
}

/// Asks until it is so, or for as long as something must hang.
pub fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    for _ in 0..1200 {
        if is_so() {
            return;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("it never happened: {what}");
}
