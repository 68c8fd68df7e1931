//! The file's mistakes are told by line and key; the documented example is what the program does.

use super::*;
use crate::config::Config;

const EXAMPLE: &str = include_str!("../../../docs/threadmark.example.toml");

fn wrong(text: &str) -> String {
    let wrong = Layer::parse(text).expect_err(text);
    wrong.of(Path::new("x.toml")).to_string()
}

#[test]
fn the_documented_example_says_the_defaults() {
    let layer = Layer::parse(EXAMPLE).unwrap_or_else(|wrong| panic!("{}", wrong.of("it".as_ref())));
    let home = Some(PathBuf::from("/h"));
    let artifacts = layer
        .artifacts
        .clone()
        .map(|files| files.from_folder(Path::new("/h")));
    let told = Config::of(Layer {
        home: home.clone(),
        artifacts,
        ..layer
    });
    let default = Config::of(Layer {
        home,
        ..Layer::default()
    });
    // What is told is told; that alone differs.
    assert_eq!(
        format!("{told:?}"),
        format!("{default:?}").replace(
            "metrics_listen: None",
            "metrics_listen: Some(127.0.0.1:8471)"
        )
    );
    assert_eq!(told.metrics_address(), default.metrics_address());
}

#[test]
fn the_documented_example_lists_every_setting_and_limit() {
    let expected = wrong("no_such_setting = 1");
    let names = expected.split("expected one of").nth(1).unwrap().split('`');
    let names: Vec<_> = names.skip(1).step_by(2).collect();
    assert!(names.len() >= 9, "{names:?}");
    let limits = serde_json::to_value(Limits::default()).unwrap();
    let limits = limits.as_object().unwrap().keys().map(String::as_str);
    for name in names
        .into_iter()
        .filter(|name| *name != "limits")
        .chain(limits)
    {
        let is_line = |line: &str| {
            line.trim_start_matches("# ")
                .starts_with(&format!("{name} = "))
        };
        assert!(EXAMPLE.lines().any(is_line), "{name}");
    }
    // What is commented out would be taken too.
    let all = EXAMPLE.lines().map(|line| match line.strip_prefix("# ") {
        Some(setting) if setting.contains(" = \"") => setting,
        _ => line,
    });
    let layer = Layer::parse(&all.collect::<Vec<_>>().join("\n"));
    let layer = layer.unwrap_or_else(|wrong| panic!("{}", wrong.of("it".as_ref())));
    assert!(layer.home.is_some() && layer.database_url.is_some() && layer.public_url.is_some());
}

#[test]
fn a_mistake_is_told_by_line_key_and_what_is_allowed() {
    for (text, told) in [
        (
            "\nlisen = \"x\"",
            "x.toml, line 2, `lisen`: unknown field `lisen`, expected one of `home`, `listen`",
        ),
        (
            "# c\n\nlisten = \"here\"",
            "x.toml, line 3, `listen`: expected ADDRESS:PORT, such as 127.0.0.1:8470",
        ),
        ("log = \"loud=very\"", "line 1, `log`: expected error, warn"),
        (
            "log_format = \"xml\"",
            "line 1, `log_format`: expected auto, json or text",
        ),
        (
            "hooks = \"everywhere\"",
            "line 1, `hooks`: expected public or anywhere",
        ),
        (
            "public_url = \"https://a.example/path\"",
            "line 1, `public_url`: expected `https://`",
        ),
        (
            "public_url = \"https://user:pw@a.example\"",
            "line 1, `public_url`: expected `https://`",
        ),
        (
            "[limits]\nscans_burst = \"many\"",
            "line 2, `scans_burst`: invalid type: string",
        ),
        (
            "[limits]\nscans = 1",
            "line 2, `scans`: unknown field `scans`, expected one of `requests_per_second`",
        ),
        (
            "listen = \"127.0.0.1:1\"\nlisten = \"127.0.0.1:2\"",
            "line 2, `listen`: duplicate key",
        ),
    ] {
        let found = wrong(text);
        assert!(found.contains(told), "{text}: {found}");
    }
}

#[test]
fn a_secret_is_never_repeated() {
    for text in [
        "database_url = postgres://user:hunter2@host/db",
        "database_url = \"postgres://user:hunter2@host/db",
        "database_url = \"postgres://user:hunter2@host/db\"\nlisten = 5",
        "database_url = [\"postgres://user:hunter2@host/db\"]",
        "public_url = \"postgres://user:hunter2@host/db\"",
        "listen = \"postgres://user:hunter2@host/db\"",
    ] {
        assert!(!wrong(text).contains("hunter2"), "{}", wrong(text));
    }
    let layer = Layer::parse("database_url = \"postgres://user:hunter2@host/db\"");
    let layer = layer.ok().unwrap();
    assert!(!format!("{layer:?} {:?}", Config::of(layer.clone())).contains("hunter2"));
}

#[test]
fn flags_go_before_the_file() {
    let told = |port| Layer {
        listen: Some(([127, 0, 0, 1], port).into()),
        ..Layer::default()
    };
    let home = Layer {
        home: Some("/h".into()),
        ..Layer::default()
    };
    assert_eq!(told(1).over(told(2)).listen, told(1).listen);
    let both = home.over(told(2));
    assert_eq!(
        (both.listen, both.home),
        (told(2).listen, Some("/h".into()))
    );
}
