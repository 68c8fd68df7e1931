//! What README.md says is true: its commands run as written, its commands exist, its links lead somewhere.

use std::io::{BufRead as _, BufReader};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn readme() -> String {
    std::fs::read_to_string(root().join("README.md")).unwrap()
}

/// The commands behind `$` in the blocks that show a console.
fn shown() -> Vec<String> {
    let text = readme();
    let prompt = |line: &str| {
        Some(
            line.strip_prefix("$ ")?
                .split('#')
                .next()?
                .trim()
                .to_owned(),
        )
    };
    text.lines().filter_map(prompt).collect()
}

/// As a reader types it, with the build that the tests use.
fn typed(command: &str) -> Command {
    let binary = Path::new(env!("CARGO_BIN_EXE_threadmark"));
    let target = binary.ancestors().nth(2).unwrap();
    let mut shell = Command::new("bash");
    shell
        .args(["-c", command])
        .current_dir(root())
        .env("CARGO_TARGET_DIR", target);
    shell
}

#[test]
fn the_commands_are_those_that_are_tried_here() {
    let others: Vec<_> = shown()
        .into_iter()
        .filter(|command| !["make demo", "make demo ONCE=1"].contains(&&command[..]))
        .collect();
    // These run this test, or take minutes and hours: a reader's to try.
    let longer = ["make test", "make torture", "make histories", "make bench"];
    assert_eq!(others, longer);
}

/// The main job, end to end, through the binaries.
#[test]
fn make_demo_once_plays_the_whole_story() {
    assert!(shown().contains(&"make demo ONCE=1".to_owned()));
    let output = typed("make demo ONCE=1").output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}\n{errors}");
    for step in [
        "ELIGIBLE BY RECORD, provisional",
        "nothing lost, nothing doubled",
        "RECORD FOUND, NO HOLDS",
        "licence-unit-unknown",
        "licence-other-machine",
        "design-withdrawn",
        "qualification-part",
        "not-independent",
        "unknown-mark",
        "unvouched",
        "born held",
        "destroyed",
        "audit: state lot:l0931",
        "Everything was as it should be",
    ] {
        assert!(told.contains(step), "{step} is missing:\n{told}");
    }
}

#[test]
fn make_demo_stays_up_and_prints_addresses_that_answer() {
    assert!(shown().contains(&"make demo".to_owned()));
    // A group of its own, so that ending it ends what `make` has started.
    let mut demo = typed("make demo")
        .process_group(0)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(demo.stdout.take().unwrap())
        .lines()
        .map_while(Result::ok);
    let address = |line: String| {
        line.split_whitespace()
            .find(|word| word.starts_with("http://"))
            .map(str::to_owned)
    };
    let pages: Vec<String> = lines
        .filter_map(address)
        .filter(|url| url.contains("/m/"))
        .take(3)
        .collect();
    let opened: Vec<_> = pages
        .iter()
        .map(|url| ureq::get(url).call().map(|page| page.status().as_u16()))
        .collect();
    let group = format!("-{}", demo.id());
    assert!(
        Command::new("kill")
            .args(["-INT", "--", &group])
            .status()
            .unwrap()
            .success()
    );
    demo.wait().unwrap();
    assert_eq!(pages.len(), 3, "recalled, destroyed and good");
    assert!(
        opened.iter().all(|status| matches!(status, Ok(200))),
        "{opened:?}"
    );
}

#[test]
fn every_command_is_named_and_every_named_command_exists() {
    let text = readme();
    for (binary, name) in [
        (env!("CARGO_BIN_EXE_threadmark").to_owned(), "threadmark"),
        (
            env!("CARGO_BIN_EXE_threadmark").to_owned() + "-agent",
            "threadmark-agent",
        ),
    ] {
        let quote = format!("`{name} ");
        let mut quotes = text
            .split(&quote)
            .skip(1)
            .map(|after| after.split('`').next().unwrap());
        let list = quotes.find(|quote| quote.contains(" | ")).unwrap();
        let mut named: Vec<_> = list.split(" | ").map(str::trim).collect();
        let help = Command::new(&binary).arg("--help").output().unwrap();
        let help = String::from_utf8(help.stdout).unwrap();
        let commands = help
            .split("Commands:")
            .nth(1)
            .unwrap()
            .split("\n\n")
            .next()
            .unwrap();
        let mut real: Vec<_> = commands
            .lines()
            .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
            .filter_map(|line| line.split_whitespace().next())
            .filter(|command| *command != "help")
            .collect();
        real.sort_unstable();
        named.sort_unstable();
        assert_eq!(named, real, "{name}");
    }
}

#[test]
fn every_link_leads_to_a_file() {
    for document in ["README.md", "ARCHITECTURE.md"] {
        let text = std::fs::read_to_string(root().join(document)).unwrap();
        for after in text.split("](").skip(1) {
            let target = after.split(')').next().unwrap();
            let target = target.split('#').next().unwrap();
            assert!(
                target.starts_with("http") || root().join(target).exists(),
                "{document}: {target}"
            );
        }
    }
}
