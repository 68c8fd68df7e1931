//! A dossier at the command line: what is checked, what it says, and its exit codes; and the stranger's word on its core.

use super::interop::part_is_checked;
use serde_json::Value;
use std::io::{Cursor, Read as _};
use std::process::Command;
use threadmark::dossier::{self, About, Documents, Sources};
use threadmark_protocol::body::governance::PartClass;
use threadmark_protocol::fixture::{Consortium, Who, moment};
use threadmark_protocol::mark::Mark;

/// The dossier that the mechanic's organisation has made of a mark.
fn made(c: &Consortium, mark: Mark) -> Vec<u8> {
    let bundle = c.bundle(mark);
    let verified = bundle.verify(&c.trust()).unwrap();
    let about = About {
        made_at: moment(c.now),
        org: c.org(Who::Mechanic),
        asset_type: None,
    };
    dossier::make(&Sources {
        bundle: &bundle,
        verified: &verified,
        about: &about,
        documents: &Documents::new(),
    })
    .unwrap()
}

/// `threadmark verify dossier` on this file: exit code, document, and what was said beside it.
fn checked(c: &Consortium, bytes: &[u8], more: &[&str]) -> (Option<i32>, Value, String) {
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, bytes: &[u8]| std::fs::write(folder.path().join(name), bytes).unwrap();
    put("part.dossier", bytes);
    put("genesis.cbor", &c.genesis.to_bytes());
    let mut command = Command::new(env!("CARGO_BIN_EXE_threadmark"));
    command
        .current_dir(folder.path())
        .env_remove("THREADMARK_HOME")
        .args(["verify", "dossier", "part.dossier", "--json"])
        .args(more);
    let output = command.output().unwrap();
    let told =
        String::from_utf8_lossy(&[output.stdout.clone(), output.stderr].concat()).into_owned();
    assert_eq!(
        std::fs::read_dir(folder.path()).unwrap().count(),
        2,
        "a check writes nothing"
    );
    let document = serde_json::from_slice(&output.stdout).unwrap_or_default();
    (output.status.code(), document, told)
}

const PINNED: [&str; 2] = ["--genesis", "genesis.cbor"];

/// A released part at the mechanic's, a recalled one, and a mark that nobody has used.
fn three_kinds() -> (Consortium, [Mark; 3]) {
    let (mut c, licence) = Consortium::licensed(1, PartClass::C, 3);
    let fine = c.make(&licence, 1);
    c.hand_over(&fine).unwrap();
    let marks = [1, 2, 3].map(|unit| c.mark(&licence, unit));
    (c, marks)
}

#[test]
fn a_dossier_is_checked_without_a_service() {
    let (mut c, [fine, recalled, never]) = three_kinds();
    // The clock of the command is today's, and the fixture's is not: so what is known is too old for a good answer.
    let (code, told, all) = checked(&c, &made(&c, fine), &PINNED);
    assert_eq!(code, Some(5), "{all}");
    assert_eq!(told["answer"]["reasons"][0]["code"], "knowledge-too-old");
    let rests_on = told["proof"]["rests_on"].to_string();
    assert!(
        rests_on.contains("made for mro.example as its maker says"),
        "{rests_on}"
    );
    assert!(rests_on.contains("byte for byte"), "{rests_on}");
    let (code, told, _) = checked(&c, &made(&c, fine), &[]);
    assert_eq!(code, Some(5));
    assert_eq!(told["answer"]["reasons"][0]["code"], "unpinned-log");
    let (code, told, _) = checked(&c, &made(&c, never), &PINNED);
    assert_eq!(
        (code, &told["answer"]["reasons"][0]["code"]),
        (Some(4), &"unknown-mark".into())
    );
    let other = never.to_string();
    let (code, told, _) = checked(
        &c,
        &made(&c, fine),
        &[&PINNED[..], &["--mark", &other]].concat(),
    );
    assert_eq!(
        (code, &told["proof"]["failed"][0]["of"]),
        (Some(1), &"the mark".into())
    );
    let lot = c.lot.clone();
    c.recall(Who::Production, &[&lot]).unwrap();
    let (code, told, _) = checked(&c, &made(&c, fine), &PINNED);
    assert_eq!(
        (code, &told["answer"]["reasons"][0]["code"]),
        (Some(4), &"recalled".into())
    );
    let (code, ..) = checked(&c, &made(&c, recalled), &PINNED);
    assert_eq!(code, Some(4), "nobody has printed it");
}

#[test]
fn what_is_no_dossier_or_a_changed_one_fails_by_name() {
    let (c, [fine, ..]) = three_kinds();
    let good = made(&c, fine);
    let at = good
        .windows(9)
        .position(|bytes| bytes == b"%PDF-1.7\n" || bytes.starts_with(b"%PDF-1.7"));
    let mut changed = good.clone();
    changed[at.unwrap() + 2_000] ^= 1;
    let (code, told, all) = checked(&c, &changed, &PINNED);
    assert_eq!(code, Some(1), "{all}");
    assert_eq!(told["proof"]["failed"][0]["of"], "report.pdf", "{all}");
    for (bytes, words) in [
        (&b""[..], "no dossier"),
        (b"PK\x03\x04 and so on and so forth", "no dossier"),
        (&good[..good.len() / 2], "no dossier"),
    ] {
        let (code, _, all) = checked(&c, bytes, &PINNED);
        assert!(code == Some(1) && all.contains(words), "{all}");
    }
    // Another log's dossier is none of ours.
    let (other, _) = Consortium::licensed(2, PartClass::C, 1);
    let (code, told, all) = checked(&other, &good, &PINNED);
    assert_eq!(code, Some(1), "{all}");
    assert_eq!(told["proof"]["failed"][0]["of"], "the bundle", "{all}");
}

/// The file with one of its files changed, by another zip writer than ours.
fn repacked(good: &[u8], change: impl Fn(&str, &mut Vec<u8>)) -> Vec<u8> {
    let mut zip = zip::ZipArchive::new(Cursor::new(good)).unwrap();
    let mut out = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for at in 0..zip.len() {
        let mut file = zip.by_index(at).unwrap();
        let (name, mut bytes) = (file.name().unwrap().into_owned(), Vec::new());
        file.read_to_end(&mut bytes).unwrap();
        change(&name, &mut bytes);
        out.start_file(name, zip::write::SimpleFileOptions::default())
            .unwrap();
        std::io::Write::write_all(&mut out, &bytes).unwrap();
    }
    out.finish().unwrap().into_inner()
}

#[test]
fn a_stranger_checks_the_core_of_a_dossier() {
    let (c, marks) = three_kinds();
    let pin = c.trust().fingerprint().to_hex();
    for mark in [marks[0], marks[2]] {
        let (good, told) = part_is_checked(&made(&c, mark), &pin, &[]);
        assert!(good && told.starts_with(&mark.to_string()), "{told}");
    }
    let good = made(&c, marks[0]);
    // The first digest that the index lists.
    let index = good.windows(9).position(|bytes| bytes == b"\"form\": \"");
    let first = good
        .windows(11)
        .position(|bytes| bytes == b"\"sha256\": \"");
    let digest = first.unwrap() - index.unwrap() + 20;
    for (path, at) in [
        ("part.bundle", 900),
        ("report.pdf", 40),
        ("checkpoint", 3),
        ("index.json", digest),
    ] {
        let bad = repacked(&good, |name, bytes| {
            if name == path {
                bytes[at] ^= 1;
            }
        });
        let (accepted, told) = part_is_checked(&bad, &pin, &[]);
        assert!(!accepted && told.starts_with("refused: "), "{path}: {told}");
    }
    let same = repacked(&good, |_, _| ());
    assert!(part_is_checked(&same, &pin, &[]).0);
    let none = part_is_checked(&good[..good.len() / 2], &pin, &[]);
    assert!(!none.0 && none.1.starts_with("refused: "), "{}", none.1);
}
