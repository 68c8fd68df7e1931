//! The house rules as tests: arrows point one way, files and functions stay readable.

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
        &["axum::", "crate::http", "crate::web", "crate::cli"],
        &[],
    );
    must_not_know(
        "src/store",
        &["axum::", "crate::http", "crate::web", "crate::cli"],
        &[],
    );
    must_not_know(
        "src/web",
        &["axum::", "sqlx::", "crate::store", "crate::ledger"],
        &[],
    );
    must_not_know("src/http", &["crate::cli", "sqlx::"], &[]);
}

#[test]
fn sql_stands_in_the_store() {
    must_not_know("src", &["sqlx::query"], &["src/store"]);
}

/// Functions above 70 lines and files above 600, with nothing on the list: it may only stay empty.
#[test]
fn files_and_functions_stay_readable() {
    let mut long = Vec::new();
    for folder in ["src", "protocol/src", "watermark/src", "printer-agent/src"] {
        for (path, text) in rust_files(folder) {
            let lines: Vec<_> = text.lines().collect();
            if lines.len() > 600 && !is_test(&path) {
                long.push(format!("{}: {} lines", path.display(), lines.len()));
            }
            for (start, length) in functions(&lines) {
                if length > 70 && !is_test(&path) {
                    long.push(format!(
                        "{}:{start}: a function of {length} lines",
                        path.display()
                    ));
                }
            }
        }
    }
    assert_eq!(long, Vec::<String>::new());
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

#[test]
fn nothing_is_left_open() {
    for folder in ["src", "protocol/src", "watermark/src", "printer-agent/src"] {
        for (path, text) in rust_files(folder) {
            for word in ["todo!(", "unimplemented!(", "dbg!(", "FIXME", "#[ignore]"] {
                assert!(!text.contains(word), "{}: {word}", path.display());
            }
        }
    }
}

#[test]
fn every_file_says_what_it_is() {
    for folder in ["src", "protocol/src", "watermark/src", "printer-agent/src"] {
        for (path, text) in rust_files(folder) {
            assert!(
                is_test(&path) || text.starts_with("//!"),
                "{} has no header",
                path.display()
            );
        }
    }
}
