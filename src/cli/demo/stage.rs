//! The stage: folders, processes, and what each step prints.
//!
//! Owns running a command and checking its outcome. Must never know the story.

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// Where the story plays.
pub struct Stage {
    folder: tempfile::TempDir,
    fixtures: PathBuf,
    threadmark: PathBuf,
    agent: PathBuf,
    service: Option<Child>,
    port: u16,
    url: String,
    fingerprint: String,
    began: Instant,
    step_began: Instant,
}

/// The clock of the story: people want to know how long a step takes.
#[expect(
    clippy::disallowed_methods,
    reason = "a demonstration shows its times; nothing depends on them"
)]
fn now() -> Instant {
    Instant::now()
}

impl Stage {
    /// A new folder, and the binaries beside this one.
    pub fn new(fixtures: &Path, port: u16) -> Result<Stage> {
        let threadmark = std::env::current_exe()?;
        let agent = threadmark.with_file_name("threadmark-agent");
        ensure!(
            agent.exists(),
            "{} is missing; build with `cargo build --workspace`",
            agent.display()
        );
        ensure!(
            fixtures.join("parts").is_dir(),
            "no parts in {}; start in the repository",
            fixtures.display()
        );
        // The private PostgreSQL runs as another user when we are root, and must reach its folder.
        let folder = tempfile::Builder::new()
            .prefix("threadmark-demo-")
            .permissions(std::fs::Permissions::from_mode(0o755))
            .tempdir()?;
        std::fs::create_dir(folder.path().join("tray"))?;
        println!("Threadmark demo in {}", folder.path().display());
        Ok(Stage {
            folder,
            fixtures: fixtures.to_owned(),
            threadmark,
            agent,
            service: None,
            port,
            url: String::new(),
            fingerprint: String::new(),
            began: now(),
            step_began: now(),
        })
    }

    /// A heading.
    pub fn chapter(&self, title: &str) {
        println!("\n{title}");
    }

    /// One line for the step that just ended, with its time.
    pub fn step(&mut self, text: impl AsRef<str>) {
        println!(
            "  {:>6.2} s  {}",
            self.step_began.elapsed().as_secs_f64(),
            text.as_ref()
        );
        self.step_began = now();
    }

    /// The end.
    pub fn done(&self) {
        println!(
            "\nEverything was as it should be, in {:.1} s.",
            self.began.elapsed().as_secs_f64()
        );
    }

    /// A file or folder of the story.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A file or folder of the story, as an argument.
    pub fn arg(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }

    /// A committed file.
    pub fn fixture(&self, name: &str) -> String {
        self.fixtures.join(name).display().to_string()
    }

    /// Writes a file of the story.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> Result<String> {
        std::fs::write(self.path(name), content)?;
        Ok(self.arg(name))
    }

    /// Address of the service.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Hash of the log's genesis.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// Runs a command line of one of the two binaries.
    fn output(&self, program: &Path, line: &str) -> Result<Output> {
        let words = shlex::split(line).with_context(|| format!("unbalanced quotes: {line}"))?;
        Command::new(program)
            .args(words)
            .env_remove("THREADMARK_HOME")
            .env_remove("DATABASE_URL")
            .stdin(Stdio::null())
            .output()
            .with_context(|| format!("running {}", program.display()))
    }

    /// `threadmark LINE`, whatever it exits with.
    pub fn try_threadmark(&self, line: &str) -> Result<Output> {
        self.output(&self.threadmark, line)
    }

    fn by(&self, home: &str, line: &str) -> String {
        format!("{line} --home {} --json", self.arg(home))
    }

    /// `threadmark LINE --home HOME --json`, which must succeed; what it printed.
    pub fn threadmark(&self, home: &str, line: &str) -> Result<Value> {
        let line = self.by(home, line);
        good(&line, &self.output(&self.threadmark, &line)?)
    }

    /// `threadmark LINE --home HOME`, which must be refused with `code` and exit 3.
    pub fn refused(&self, home: &str, line: &str, code: &str) -> Result<()> {
        let line = self.by(home, line);
        exits(&line, &self.output(&self.threadmark, &line)?, 3, &[code])
    }

    /// `threadmark-agent LINE --home HOME --json`, which must succeed; what it printed.
    pub fn agent(&self, home: &str, line: &str) -> Result<Value> {
        let line = format!("--home {} --json {line}", self.arg(home));
        good(&line, &self.output(&self.agent, &line)?)
    }

    /// The agent's gate must refuse with `code` and exit 3.
    pub fn gate_refuses(&self, home: &str, line: &str, code: &str) -> Result<()> {
        let line = format!("--home {} --json {line}", self.arg(home));
        exits(&line, &self.output(&self.agent, &line)?, 3, &[code])
    }

    /// `threadmark scan WHAT`, which must answer with all of `words`, and exit with `exit`.
    pub fn scan(&self, what: &str, exit: i32, words: &[&str]) -> Result<()> {
        let line = format!("scan {what}");
        exits(&line, &self.output(&self.threadmark, &line)?, exit, words)
    }

    /// `POST /v1/scan` with a picture, as any client does it; the answer's verdict.
    pub fn post_scan(&self, photo: &str) -> Result<String> {
        let answer: Value = ureq::post(format!("{}/v1/scan", self.url))
            .header("content-type", "image/png")
            .send(std::fs::read(photo)?)?
            .body_mut()
            .read_json()?;
        text(&answer["answers"][0], "verdict")
    }

    /// Anybody's scan, which must say DO NOT INSTALL with `code`.
    pub fn must_not_install(&self, mark: &str, code: &str) -> Result<()> {
        let what = format!("{mark} --service {}", self.url);
        self.scan(&what, 4, &["DO NOT INSTALL", code])
    }

    /// Starts the service on the port that it had before, and waits until it listens.
    pub fn serve(&mut self) -> Result<()> {
        let listen = format!("127.0.0.1:{}", self.port);
        let mut child = Command::new(&self.threadmark)
            .args(["serve", "--listen", &listen, "--home", &self.arg("log")])
            .env_remove("DATABASE_URL")
            .env("RUST_LOG", "warn")
            .env("THREADMARK_METRICS_LISTEN", "127.0.0.1:0")
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        if let Some(out) = child.stdout.take() {
            BufReader::new(out).read_line(&mut line)?;
        }
        self.service = Some(child);
        let words: Vec<_> = line.split_whitespace().collect();
        let [.., url, "genesis", fingerprint] = words[..] else {
            bail!("the service did not start: {line:?}")
        };
        (self.url, self.fingerprint) = (url.to_owned(), fingerprint.to_owned());
        let port = url.rsplit_once(':').and_then(|(_, port)| port.parse().ok());
        self.port = port.context("the service names no port")?;
        Ok(())
    }

    /// Stops the service as an operator would.
    pub fn stop(&mut self) -> Result<()> {
        let Some(mut child) = self.service.take() else {
            return Ok(());
        };
        let pid = child.id().to_string();
        Command::new("kill").arg(&pid).status()?;
        for _ in 0..400 {
            if let Some(status) = child.try_wait()? {
                ensure!(status.success(), "the service ended with {status}");
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(25));
        }
        child.kill()?;
        bail!("the service did not stop")
    }

    /// Stays until interrupted, and says where to look.
    pub fn stay_up(&mut self, marks: &[(&str, &String)]) -> Result<()> {
        println!("\nThe service stays up (Ctrl-C ends it). Open:");
        for (what, mark) in marks {
            println!("  {}/m/{mark}  {what}", self.url);
        }
        if let Some(child) = &mut self.service {
            child.wait()?;
        }
        Ok(())
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        let _ = self.stop();
    }
}

fn shown(line: &str, output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    format!("{line}\n{}\n{}", text(&output.stdout), text(&output.stderr))
}

fn good(line: &str, output: &Output) -> Result<Value> {
    ensure!(
        output.status.success(),
        "this should have succeeded: {}",
        shown(line, output)
    );
    let text = String::from_utf8_lossy(&output.stdout);
    serde_json::from_str(&text).with_context(|| format!("no JSON from {}", shown(line, output)))
}

fn exits(line: &str, output: &Output, exit: i32, words: &[&str]) -> Result<()> {
    let shown = shown(line, output);
    let found = output.status.code();
    ensure!(
        found == Some(exit),
        "exit {found:?} instead of {exit}: {shown}"
    );
    for word in words {
        ensure!(shown.contains(word), "{word:?} is missing: {shown}");
    }
    Ok(())
}

/// A text in what a command printed.
pub fn text(value: &Value, name: &str) -> Result<String> {
    let found = value[name].as_str();
    Ok(found
        .with_context(|| format!("no {name} in {value}"))?
        .to_owned())
}
