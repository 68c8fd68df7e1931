//! Tests of a dossier's journey: what is made is good, and whatever is changed is found.

use super::container::{read, write};
use super::files::{self, File};
use super::*;
use std::collections::BTreeSet;
use threadmark_protocol::body::form::{Blocks, Certified, DataStatus, ReturnRule, Status};
use threadmark_protocol::body::governance::PartClass;
use threadmark_protocol::body::physical::Match;
use threadmark_protocol::digest::Digest;
use threadmark_protocol::fixture::{Consortium, Who, moment, text};
use threadmark_protocol::mark::Mark;

/// What a dossier is made of, held together.
pub struct Case {
    pub c: Consortium,
    pub bundle: PartBundle,
    pub verified: Verified,
    pub about: About,
    pub documents: Documents,
}

impl Case {
    pub fn of(c: Consortium, mark: Mark) -> Case {
        let bundle = c.bundle(mark);
        let verified = bundle.verify(&c.trust()).unwrap();
        let about = About {
            made_at: moment(c.now + 60),
            org: c.org(Who::Mechanic),
            asset_type: None,
        };
        let papers = [&b"certificate"[..], b"report"];
        let documents = papers.map(|bytes| (Digest::sha3(&[bytes]), bytes.to_vec()));
        Case {
            c,
            bundle,
            verified,
            about,
            documents: documents.into(),
        }
    }

    pub fn sources(&self) -> Sources<'_> {
        Sources {
            bundle: &self.bundle,
            verified: &self.verified,
            about: &self.about,
            documents: &self.documents,
        }
    }

    /// What is wrong with a file, to who trusts this consortium's log; `None` for nothing.
    fn wrong(&self, bytes: &[u8]) -> Option<String> {
        let opened = match Opened::parse(bytes) {
            Ok(opened) => opened,
            Err(error) => return Some(error.to_string()),
        };
        let verified = match opened.bundle == self.bundle {
            true => Ok(self.verified.clone()),
            false => opened.bundle.verify(&self.c.trust()),
        };
        let verified = match verified {
            Ok(verified) => verified,
            Err(error) => return Some(format!("part.bundle: {error}")),
        };
        let wrong = opened.compare(&verified).unwrap();
        let told = wrong.iter().map(|of| format!("{}: {}\n", of.path, of.why));
        Some(told.collect::<String>()).filter(|told| !told.is_empty())
    }
}

/// A released part at its custodian's.
pub fn story() -> Case {
    let (mut c, licence) = Consortium::licensed(1, PartClass::C, 2);
    let part = c.make(&licence, 1);
    c.hand_over(&part).unwrap();
    let mark = c.mark(&licence, 1);
    Case::of(c, mark)
}

#[test]
fn what_is_made_is_good_and_made_again_is_the_same() {
    let case = story();
    let made = make(&case.sources()).unwrap();
    assert_eq!(case.wrong(&made), None);
    assert_eq!(made, make(&story().sources()).unwrap());
    let opened = Opened::parse(&made).unwrap();
    assert_eq!(opened.bundle, case.bundle);
    assert_eq!(opened.index.about, case.about);
    assert_eq!(opened.documents(), 2);
    let names: Vec<_> = read(&made)
        .unwrap()
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    assert_eq!(names[0], INDEX);
    assert_eq!(opened.len(), names.len());
    for must in ["genesis.cbor", "checkpoint", "part.bundle", "epcis.jsonld"] {
        assert!(names.iter().any(|name| name == must), "{must}");
    }
    let of = |start: &str, end: &str| {
        let is_of = |name: &&String| name.starts_with(start) && name.ends_with(end);
        names.iter().filter(is_of).count()
    };
    let statements = case.bundle.entries.len();
    assert_eq!(of("statements/", ".json"), statements);
    assert_eq!(of("statements/", ".cose"), statements);
    assert_eq!(of("receipts/", ".cose"), statements);
    assert_eq!(of("documents/", ".bin"), 2);
}

#[test]
fn the_index_lists_every_file_with_its_digest_and_what_it_is() {
    let made = make(&story().sources()).unwrap();
    let files = read(&made).unwrap();
    let index: serde_json::Value = serde_json::from_slice(&files[0].1).unwrap();
    let listed = index["files"].as_array().unwrap();
    assert_eq!(listed.len(), files.len() - 1);
    for (line, (name, bytes)) in listed.iter().zip(&files[1..]) {
        assert_eq!(line["path"], name.as_str());
        assert_eq!(line["bytes"], bytes.len());
        assert_eq!(line["sha256"], Digest::sha256(&[bytes]).to_hex());
        assert!(line["is"].as_str().unwrap().len() > 10);
    }
}

/// Pictures and scans are documents like any other; what a comparison amounts to stands in the life.
#[test]
fn the_piece_itself_is_in_it_as_it_was_enrolled_and_compared() {
    let (mut c, licence) = Consortium::licensed(1, PartClass::C, 2);
    let part = c.make(&licence, 1);
    let enrolment = c.enrol_piece(Who::Custodian, &part).unwrap().id;
    for as_it in [Match::Consistent, Match::Matched] {
        c.compare_piece(Who::Custodian, &part, enrolment, as_it)
            .unwrap();
    }
    let mark = c.mark(&licence, 1);
    let mut case = Case::of(c, mark);
    for file in [&b"surface"[..], b"scan", b"surface of today"] {
        case.documents.insert(Digest::sha3(&[file]), file.to_vec());
    }
    let made = make(&case.sources()).unwrap();
    assert_eq!(case.wrong(&made), None);
    let names = read(&made).unwrap().into_iter().map(|(name, _)| name);
    let names: Vec<String> = names.filter(|name| name.contains("quality.")).collect();
    for end in [
        "enrolled-photograph-1.bin",
        "enrolled-scan.bin",
        "compared-photograph-1.bin",
    ] {
        assert!(
            names.iter().any(|name| name.ends_with(end)),
            "{end}: {names:?}"
        );
    }
    let report = super::report::Report::of(&case.sources());
    let told = |title: &str, detail: &str| {
        report.life.iter().any(|step| {
            let own = step.detail.as_deref().unwrap_or_default();
            step.title == title && own.contains(detail)
        })
    };
    assert!(told(
        "Physical evidence enrolled",
        "12.500 g ± 0.010 g; bore 8000 ± 5 µm; photograph of Face A"
    ));
    assert!(told(
        "Compared with its evidence: nothing differs, as in any good copy",
        "12.480 g"
    ));
    assert!(told(
        "Compared with its evidence: the surface or shape is the same",
        "38 of 40 features of the surface found again"
    ));
}

#[test]
fn a_mark_that_nobody_has_used_has_a_dossier_too() {
    let (c, licence) = Consortium::licensed(1, PartClass::C, 2);
    let mark = c.mark(&licence, 2);
    let case = Case::of(c, mark);
    assert_eq!(case.wrong(&make(&case.sources()).unwrap()), None);
}

#[test]
fn every_file_that_is_changed_removed_or_added_is_found() {
    let case = story();
    let good = files::all(&case.sources()).unwrap();
    let told = |files: &[File]| case.wrong(&write(files).unwrap());
    assert_eq!(told(&good), None);
    // What is a document is said by the index alone: without it the index is wrong.
    let names = |why: &str, path: &str| why.contains(path) || path.starts_with("documents/");
    for at in 0..good.len() {
        let path = &good[at].path;
        let mut changed = good.clone();
        let middle = changed[at].bytes.len() / 2;
        changed[at].bytes[middle] ^= 1;
        let why = told(&changed).expect(path);
        assert!(names(&why, path), "{path}: {why}");
        if (12..good.len() - 6).contains(&at) {
            continue;
        }
        let mut removed = good.clone();
        removed.remove(at);
        let why = told(&removed).expect(path);
        assert!(names(&why, path), "{path}: {why}");
        let mut longer = good.clone();
        longer[at].bytes.push(b'\n');
        assert!(told(&longer).is_some(), "{path}");
    }
    let mut more = good.clone();
    more.push(File {
        path: "readme.txt".to_owned(),
        bytes: b"trust me".to_vec(),
        is: String::new(),
    });
    assert!(
        told(&more)
            .unwrap()
            .starts_with("readme.txt: nothing that the bundle says")
    );
    // A document that no statement names is none, wherever it stands.
    more.last_mut().unwrap().path =
        "documents/00000007-material.received-certificate.pdf".to_owned();
    assert!(told(&more).is_some());
    let mut turned = good.clone();
    turned.swap(3, 4);
    assert!(told(&turned).unwrap().starts_with("the zip: "));
}

#[test]
fn an_index_that_fits_to_changed_files_helps_nobody() {
    let case = story();
    let good = files::all(&case.sources()).unwrap();
    let mut changed = good.clone();
    let at = changed
        .iter()
        .position(|file| file.path.ends_with(".json") && file.path != INDEX);
    changed[at.unwrap()].bytes.push(b' ');
    let index = Index::of(&case.about, &case.verified, &changed[1..]).to_bytes();
    changed[0].bytes = index;
    let why = case.wrong(&write(&changed).unwrap()).unwrap();
    assert!(why.contains("statements/") && why.contains(INDEX), "{why}");
    // Another time or another asker is another dossier, whose maker says so.
    let mut later = story();
    later.about.made_at = moment(later.c.now + 9_000);
    assert_eq!(later.wrong(&make(&later.sources()).unwrap()), None);
    later.about.made_at = moment(later.c.now - 9_000);
    let why = later.wrong(&make(&later.sources()).unwrap()).unwrap();
    assert!(why.contains("before the log had"), "{why}");
}

#[test]
fn every_byte_of_the_zip_counts() {
    let case = story();
    let good = make(&case.sources()).unwrap();
    let mut places: BTreeSet<usize> = (0..good.len()).step_by(good.len() / 24).collect();
    // The end, the last line of the list, and the head of the first file.
    places.extend((good.len() - 90..good.len()).step_by(3));
    places.extend((0..45).step_by(3));
    for at in places {
        let mut changed = good.clone();
        changed[at] ^= 0x10;
        assert!(case.wrong(&changed).is_some(), "byte {at}");
    }
    for cut in [0, 1, 21, 22, good.len() / 2, good.len() - 1] {
        assert!(case.wrong(&good[..cut]).is_some(), "cut at {cut}");
    }
    for more in [
        [&b"#!/bin/sh\n"[..], &good].concat(),
        [&good[..], b"\0"].concat(),
    ] {
        assert!(case.wrong(&more).is_some());
    }
}

fn zip_of(names: &[&str]) -> Vec<u8> {
    let file = |name: &&str| File {
        path: (*name).to_owned(),
        bytes: b"0123456789".to_vec(),
        is: String::new(),
    };
    write(&names.iter().map(file).collect::<Vec<_>>()).unwrap()
}

fn refusal(bytes: &[u8]) -> String {
    read(bytes).unwrap_err().to_string()
}

#[test]
fn names_that_lead_elsewhere_are_refused() {
    for name in [
        "../a", "/a", "a/../b", "a//b", "./a", "a/", "a\\b", "A", "a b", "é", "c:x", ".a",
    ] {
        let why = refusal(&zip_of(&[name]));
        assert!(
            why.contains("name") || why.contains("no file"),
            "{name}: {why}"
        );
    }
    assert!(refusal(&zip_of(&["a".repeat(121).as_str()])).len() > 10);
    assert_eq!(read(&zip_of(&["a/b-1.c_d"])).unwrap().len(), 1);
}

/// Every place where bytes stand in others.
fn places(bytes: &[u8], of: &[u8]) -> Vec<usize> {
    let windows = bytes.windows(of.len()).enumerate();
    windows
        .filter(|(_, window)| *window == of)
        .map(|(at, _)| at)
        .collect()
}

#[test]
fn two_files_of_one_name_are_refused() {
    let mut twice = zip_of(&["name-a", "name-b"]);
    for at in places(&twice, b"name-b") {
        twice[at + 5] = b'a';
    }
    assert_eq!(refusal(&twice), "two files in it have the same name");
}

#[test]
fn what_is_compressed_encrypted_larger_or_overlapping_is_refused() {
    let good = zip_of(&["first", "second"]);
    let (local, listed) = (places(&good, b"PK\x03\x04"), places(&good, b"PK\x01\x02"));
    let with = |local_at: usize, listed_at: usize, value: u8| {
        let mut changed = good.clone();
        local.iter().for_each(|at| changed[at + local_at] = value);
        listed.iter().for_each(|at| changed[at + listed_at] = value);
        changed
    };
    assert!(refusal(&with(8, 10, 8)).contains("compressed"));
    assert!(refusal(&with(6, 8, 1)).len() > 10);
    // A size of 16 MiB more than there is.
    assert!(refusal(&with(25, 27, 1)).len() > 10);
    // Both lines of the list at one place in the file.
    let mut overlapping = good.clone();
    overlapping[listed[1] + 42] = 0;
    assert!(read(&overlapping).is_err() || read(&overlapping).unwrap().len() == 2);
    let case = story();
    assert!(case.wrong(&overlapping).is_some());
}

#[test]
fn a_list_that_claims_more_than_a_dossier_has_is_refused_before_it_is_read() {
    let good = zip_of(&["only"]);
    let end = good.len() - 22;
    let with = |at: usize, bytes: &[u8]| {
        let mut changed = good.clone();
        changed[end + at..end + at + bytes.len()].copy_from_slice(bytes);
        refusal(&changed)
    };
    // So many files that the rest stands in a ZIP64 record.
    assert!(with(10, &[0xff, 0xff]).contains("65534"));
    assert!(with(12, &[0xff, 0xff, 0xff, 0x0f]).contains("larger"));
    let mut locator = good[..end].to_vec();
    locator.extend(b"PK\x06\x07");
    locator.extend([0; 16]);
    locator.extend(&good[end..]);
    assert!(refusal(&locator).contains("does not end as"));
    let mut comment = good.clone();
    comment[end + 20] = 2;
    comment.extend(b"hi");
    assert!(refusal(&comment).contains("does not end as"));
    for nothing in [&b""[..], b"PK", &[0; 4096]] {
        assert!(refusal(nothing).contains("no dossier"));
    }
    assert!(refusal(&vec![0; DOSSIER_BYTES_MAX + 1]).contains("256 MiB"));
}

#[test]
fn more_than_fits_is_not_made() {
    let mut case = story();
    let sha3 = *case.documents.keys().next().unwrap();
    case.documents.insert(sha3, vec![0; DOSSIER_BYTES_MAX]);
    let error = make(&case.sources()).unwrap_err();
    assert!(error.to_string().contains("256 MiB"), "{error}");
}

/// The blocks of the form in the report of a part that was released with these.
fn form_of(status: Status, certified: Certified) -> Vec<(&'static str, String)> {
    let (mut c, licence) = Consortium::licensed(1, PartClass::C, 2);
    let (part, mark) = (c.print(&licence, 1), c.mark(&licence, 1));
    let inspection = c.inspect(Who::Inspector, &part).unwrap().id;
    let blocks = Blocks {
        authority: text("FAA, United States"),
        organisation: text("Ship's additive shop"),
        work_order: text("WO-81"),
        item: 3,
        description: text("Hinge bracket"),
        part_number: text("PN-100"),
        quantity: 1,
        serials: [text(&mark.to_string())].into(),
        status,
        remarks: Some(text("Data: drawing 7 rev C")),
        certified,
        corrects: None,
    };
    let release = ("FTN-1", Some(blocks));
    c.release_with(Who::Signatory, &part, inspection, release)
        .unwrap();
    let case = Case::of(c, mark);
    let form = super::report::Report::of(&case.sources()).form.unwrap();
    let blocks = form.rows.into_iter().flatten();
    blocks
        .map(|block| (block.number, block.text.unwrap_or_default()))
        .collect()
}

#[test]
fn a_form_says_what_was_signed_and_not_what_would_follow() {
    let data = DataStatus::NotApproved;
    let approval = text("PC-700");
    let prototype = form_of(Status::Prototype, Certified::Production { data, approval });
    let is = |of: &[(&str, String)], number: &str, expected: &str| {
        let found = of.iter().find(|(known, _)| *known == number);
        let (_, said) = found.unwrap_or_else(|| panic!("no block {number}"));
        assert!(said.contains(expected), "{number}: {said}");
    };
    is(&prototype, "1", "FAA");
    is(&prototype, "5", "WO-81");
    is(&prototype, "6", "3");
    is(&prototype, "11", "PROTOTYPE");
    is(&prototype, "12", "drawing 7");
    is(&prototype, "13a", "data of block 12; approval PC-700");
    let rule = ReturnRule::ReturnToService;
    let certificate = text("RS-9");
    let repaired = form_of(
        Status::Repaired,
        Certified::Maintenance { rule, certificate },
    );
    is(&repaired, "14a", "certificate RS-9");
    assert!(repaired.iter().all(|(number, _)| !number.starts_with("13")));
}
