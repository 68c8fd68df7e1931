//! The grammar: it is coherent, every command shows an example, and every example is read.

use super::Cli;
use clap::{Command, CommandFactory, Parser};

/// Every command that runs something, with the words that lead to it.
fn leaves(command: &Command, path: &[String], found: &mut Vec<(String, Command)>) {
    let path = [path, &[command.get_name().to_owned()]].concat();
    let inner: Vec<_> = command
        .get_subcommands()
        .filter(|inner| inner.get_name() != "help")
        .collect();
    if inner.is_empty() {
        found.push((path.join(" "), command.clone()));
    }
    inner
        .into_iter()
        .for_each(|inner| leaves(inner, &path, found));
}

fn all() -> Vec<(String, Command)> {
    let mut found = Vec::new();
    leaves(&Cli::command(), &[], &mut found);
    found
}

/// Words as a shell splits them; single quotes keep spaces.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for character in line.chars() {
        match character {
            '\'' => quoted = !quoted,
            ' ' if !quoted => words.push(String::new()),
            other => words.last_mut().expect("never empty").push(other),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Ids are shortened in examples.
fn whole(word: &str) -> String {
    match word.contains('…') {
        false => word.to_owned(),
        true if word.contains(':') => word.replace('…', "0"),
        true => "a".repeat(64),
    }
}

/// The lines of a help text that begin with `threadmark`, continuation lines joined, remarks and redirections cut off.
fn examples(help: &str) -> Vec<Vec<String>> {
    let continued = help.split("\\\n").map(str::trim_start).collect::<Vec<_>>();
    let joined = continued.join(" ");
    let lines = joined
        .lines()
        .map(str::trim)
        .filter(|line| line.starts_with("threadmark "));
    lines
        .map(|line| {
            let line = line
                .split("     ")
                .find(|part| !part.is_empty())
                .unwrap_or_default();
            let line = line.split(" > ").next().unwrap_or_default();
            words(line).iter().map(|word| whole(word)).collect()
        })
        .collect()
}

#[test]
fn the_grammar_is_coherent() {
    Cli::command().debug_assert();
}

#[test]
fn every_command_has_an_example_and_every_example_is_read() {
    for (path, command) in all() {
        let help = command
            .get_after_help()
            .map(ToString::to_string)
            .unwrap_or_default();
        let examples = examples(&help);
        let own = examples
            .iter()
            .filter(|words| words.join(" ").starts_with(&path))
            .count();
        assert!(own > 0, "{path} has no example");
        for words in examples {
            let read = Cli::try_parse_from(&words);
            assert!(read.is_ok(), "{}\n{}", words.join(" "), read.err().unwrap());
        }
    }
}

#[test]
fn every_command_takes_json() {
    for (path, command) in all() {
        let exempt = ["serve", "genesis", "demo"]
            .iter()
            .any(|name| path.ends_with(name));
        let takes = command
            .get_arguments()
            .any(|argument| argument.get_id() == "json");
        assert!(takes || exempt, "{path} has no --json");
    }
}

#[test]
fn wrong_usage_is_told_from_help() {
    let parse = |line: &str| {
        Cli::try_parse_from(words(line))
            .err()
            .map(|error| error.exit_code())
    };
    assert_eq!(parse("threadmark key --help"), Some(0));
    for wrong in [
        "threadmark",
        "threadmark part inspect",
        "threadmark key grant 12 operator --home x",
        "threadmark order --licence licence:1 --lot lot:1 --mass-g -3 --until 1d --home x",
        "threadmark scan m --offline",
        "threadmark licence issue --design design:1 --machine machine:1 --units 1 --until 1d --home x",
    ] {
        assert_eq!(parse(wrong), Some(2), "{wrong}");
    }
}

#[test]
fn a_log_is_founded_with_time_to_take_back_what_opens_doors() {
    let cli = Cli::command();
    let genesis = cli.find_subcommand("genesis").unwrap();
    let delay = genesis.get_arguments().find(|of| of.get_id() == "delay_s");
    let days = 3 * 24 * 3600;
    assert_eq!(
        delay.unwrap().get_default_values(),
        [days.to_string().as_str()]
    );
    let page = include_str!("../../docs/governance.md");
    assert!(page.contains(&format!("(`delay_s` {days})")));
}
