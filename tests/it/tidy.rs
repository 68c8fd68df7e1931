//! The house rules as tests: arrows point one way, files and functions stay readable.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn rust_files(folder: &str) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut open = vec![root().join(folder)];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                found.push((path.strip_prefix(root()).unwrap().to_owned(), text));
            }
        }
    }
    assert!(!found.is_empty(), "{folder} has no Rust");
    found
}

/// Files that are compiled for tests only.
fn is_test(path: &Path) -> bool {
    let name = path.display().to_string();
    [
        "tests.rs",
        "/tests/",
        "fixtures.rs",
        "printer-agent/src/fixture.rs",
    ]
    .iter()
    .any(|part| name.contains(part))
}

/// Every file that a product is built from.
fn product_files() -> Vec<(PathBuf, String)> {
    let folders = ["src", "protocol/src", "watermark/src", "printer-agent/src"];
    let files = folders.into_iter().flat_map(rust_files);
    files.filter(|(path, _)| !is_test(path)).collect()
}

/// The part of a file before its tests.
fn product(text: &str) -> &str {
    text.split("#[cfg(test)]").next().unwrap_or(text)
}

fn must_not_know(folder: &str, words: &[&str], except: &[&str]) {
    for (path, text) in rust_files(folder) {
        let name = path.display().to_string();
        if except.iter().any(|prefix| name.starts_with(prefix)) || is_test(&path) {
            continue;
        }
        for word in words {
            assert!(
                !product(&text).contains(word),
                "{name} must not know {word}"
            );
        }
    }
}

#[test]
fn arrows_point_one_way() {
    let outside = [
        "sqlx::", "axum::", "tokio::", "ureq::", "std::fs", "std::net",
    ];
    must_not_know("protocol/src", &outside, &["protocol/src/fixture"]);
    must_not_know(
        "protocol/src",
        &["threadmark_watermark", "threadmark_agent"],
        &[],
    );
    must_not_know("watermark/src", &outside, &[]);
    must_not_know(
        "watermark/src",
        &["threadmark_protocol", "threadmark_agent"],
        &[],
    );
    must_not_know("printer-agent/src", &["sqlx::", "axum::", "tokio::"], &[]);
    must_not_know(
        "src/ledger",
        &[
            "axum::",
            "crate::http",
            "crate::web",
            "crate::cli",
            "crate::jobs",
        ],
        &[],
    );
    must_not_know(
        "src/store",
        &[
            "axum::",
            "crate::http",
            "crate::web",
            "crate::cli",
            "crate::jobs",
        ],
        &[],
    );
    must_not_know(
        "src/web",
        &["axum::", "sqlx::", "crate::store", "crate::ledger"],
        &[],
    );
    must_not_know(
        "src/dossier",
        &[
            "axum::",
            "sqlx::",
            "tokio::",
            "std::fs",
            "crate::store",
            "crate::ledger",
            "crate::http",
            "crate::cli",
        ],
        &[],
    );
    must_not_know("src/http", &["crate::cli", "sqlx::"], &[]);
    // A witness is nobody's service: it could run alone.
    must_not_know(
        "src/witness",
        &[
            "sqlx::",
            "crate::store",
            "crate::ledger",
            "crate::cli",
            "crate::http",
            "crate::web",
            "crate::jobs",
        ],
        &[],
    );
    must_not_know(
        "src/jobs",
        &[
            "axum::",
            "sqlx::",
            "crate::http",
            "crate::web",
            "crate::cli",
        ],
        &[],
    );
}

#[test]
fn sql_stands_in_the_store() {
    must_not_know("src", &["sqlx::query"], &["src/store"]);
}

/// Lines at which a file is to be looked at for a seam.
const FILE_LINES: usize = 400;
/// Lines of a function that nobody has to explain.
const FUNCTION_LINES: usize = 40;
/// Lines of a function that nobody may exceed.
const FUNCTION_CEILING: usize = 70;

/// Files beyond [`FILE_LINES`], with their length: the list may only become shorter, and its numbers smaller.
const LONG_FILES: &[(&str, usize)] = &[];

/// How many functions are beyond [`FUNCTION_LINES`]; the number may only become smaller.
const LONG_FUNCTIONS: usize = 28;

#[test]
fn files_stay_readable() {
    let mut wrong = Vec::new();
    let allowed: BTreeMap<_, _> = LONG_FILES.iter().copied().collect();
    for (path, text) in product_files() {
        let (name, lines) = (path.display().to_string(), text.lines().count());
        match allowed.get(&name[..]) {
            Some(ratchet) if lines > *ratchet => {
                wrong.push(format!(
                    "{name} has grown to {lines} lines; it had {ratchet}: find a seam"
                ));
            }
            Some(ratchet) if lines + lines / 10 < *ratchet => {
                wrong.push(format!(
                    "{name} has only {lines} lines now: lower its number"
                ));
            }
            None if lines > FILE_LINES => {
                wrong.push(format!("{name} has {lines} lines: find a seam"));
            }
            _ => {}
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn functions_stay_readable() {
    let mut long = Vec::new();
    for (path, text) in product_files() {
        let lines: Vec<_> = product(&text).lines().collect();
        for (start, length) in functions(&lines) {
            if length > FUNCTION_LINES {
                long.push((
                    length,
                    format!("{}:{start}: {length} lines", path.display()),
                ));
            }
        }
    }
    long.sort();
    long.reverse();
    let beyond: Vec<_> = long
        .iter()
        .filter(|(length, _)| *length > FUNCTION_CEILING)
        .collect();
    assert!(beyond.is_empty(), "beyond the ceiling: {beyond:#?}");
    let count = long.len();
    assert!(
        count <= LONG_FUNCTIONS,
        "{count} functions are long, {LONG_FUNCTIONS} were: {long:#?}"
    );
    assert!(
        count + 5 > LONG_FUNCTIONS,
        "only {count} functions are long now: lower the number"
    );
}

/// First line and length of each function, by indentation, which rustfmt guarantees.
fn functions(lines: &[&str]) -> Vec<(usize, usize)> {
    let indent = |line: &str| line.len() - line.trim_start().len();
    let is_head = |line: &str| {
        let words = line.trim_start();
        [
            "fn ",
            "pub fn ",
            "pub(crate) fn ",
            "pub(super) fn ",
            "async fn ",
            "pub async fn ",
        ]
        .iter()
        .any(|head| words.starts_with(head))
    };
    let mut found = Vec::new();
    for (start, line) in lines.iter().enumerate().filter(|(_, line)| is_head(line)) {
        let end = lines[start..]
            .iter()
            .position(|other| indent(other) == indent(line) && other.trim_start().starts_with('}'));
        if let Some(length) = end {
            found.push((start + 1, length));
        }
    }
    found
}

/// Clock and random source are read in one place; the story measures how long it takes, and shows nothing else of it.
#[test]
fn clock_and_randomness_are_read_in_one_place() {
    let sources = [
        "SystemTime::now",
        "Instant::now",
        "now_utc",
        "getrandom::",
        "rand::",
    ];
    for (path, text) in product_files() {
        let name = path.display().to_string();
        if ["printer-agent/src/system.rs", "src/cli/demo/stage.rs"].contains(&&name[..]) {
            continue;
        }
        for source in sources {
            assert!(!product(&text).contains(source), "{name} reads {source}");
        }
    }
    let lint = std::fs::read_to_string(root().join("clippy.toml")).unwrap();
    for banned in [
        "SystemTime::now",
        "Instant::now",
        "now_utc",
        "getrandom::fill",
    ] {
        assert!(
            lint.contains(banned),
            "clippy.toml no longer forbids {banned}"
        );
    }
}

#[test]
fn nothing_gives_up_on_an_error() {
    for (path, text) in product_files() {
        for word in [
            ".unwrap()",
            "allow(clippy::unwrap_used",
            "allow(clippy::all",
        ] {
            assert!(!product(&text).contains(word), "{}: {word}", path.display());
        }
    }
}

#[test]
fn every_query_is_checked_when_it_is_compiled() {
    let files = rust_files("src/store").into_iter();
    for (path, text) in files.filter(|(path, _)| !is_test(path)) {
        for word in [
            "sqlx::query(",
            "sqlx::query_as(",
            "sqlx::query_scalar(",
            "AssertSqlSafe",
        ] {
            for query in product(&text).split(word).skip(1) {
                // The table of migrations is sqlx's own, and not there when queries are checked.
                let is_sqlx_own = query
                    .chars()
                    .take(120)
                    .collect::<String>()
                    .contains("_sqlx_migrations");
                assert!(is_sqlx_own, "{}: {word}", path.display());
            }
        }
    }
}

#[test]
fn nothing_is_left_open() {
    for folder in [
        "src",
        "protocol/src",
        "watermark/src",
        "printer-agent/src",
        "benches",
        "tests",
    ] {
        for (path, text) in rust_files(folder) {
            // This file names what it looks for.
            if path.ends_with("tidy.rs") {
                continue;
            }
            for word in ["todo!(", "unimplemented!(", "dbg!(", "FIXME", "#[ignore"] {
                assert!(!text.contains(word), "{}: {word}", path.display());
            }
        }
    }
}

#[test]
fn every_file_says_what_it_is() {
    for folder in [
        "src",
        "protocol/src",
        "watermark/src",
        "printer-agent/src",
        "benches",
        "tests",
    ] {
        for (path, text) in rust_files(folder) {
            assert!(
                text.starts_with("//!") || is_test(&path) && !path.starts_with("tests"),
                "{} has no header",
                path.display()
            );
        }
    }
}
