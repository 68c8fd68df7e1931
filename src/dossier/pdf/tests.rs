//! Tests of the report as a document: it is always written, it is the same every time, and nothing falls off the page.

use super::*;
use crate::dossier::tests::{Case, story};
use sheet::{Kind, PAGE};
use threadmark_protocol::body::governance::PartClass;
use threadmark_protocol::fixture::{Consortium, Who};

/// What stands on the pages, line by line.
fn lines(sheets: &Sheets) -> Vec<String> {
    let items = sheets.pages.iter().flatten();
    let text = items.filter_map(|item| match &item.drawn {
        Drawn::Text { glyphs, .. } => Some(glyphs.iter().map(|of| of.character).collect()),
        Drawn::Shape { .. } => None,
    });
    text.collect()
}

/// Every text is on its page, and every page has a number.
fn is_within_its_pages(sheets: &Sheets) {
    for items in &sheets.pages {
        for item in items {
            if let Drawn::Text {
                at, glyphs, size, ..
            } = &item.drawn
            {
                let right = at.0 + width(glyphs, *size);
                let told: String = glyphs.iter().map(|of| of.character).collect();
                assert!(
                    at.0 >= LEFT - 0.1 && right <= RIGHT + 2.0,
                    "{told:?} ends at {right}"
                );
                assert!(
                    at.1 > 30.0 && at.1 < PAGE.1 - 20.0,
                    "{told:?} stands at {}",
                    at.1
                );
            }
        }
    }
    let (all, count) = (lines(sheets), sheets.pages.len());
    for page in 1..=count {
        assert!(all.contains(&format!("Page {page} of {count}")));
    }
}

fn written(case: &Case) -> (Report, Sheets, Vec<u8>) {
    let report = Report::of(&case.sources());
    let sheets = lay_out(&report);
    is_within_its_pages(&sheets);
    let bytes = of(&report).unwrap();
    assert!(bytes.starts_with(b"%PDF-1.7"));
    (report, sheets, bytes)
}

fn has(bytes: &[u8], text: &[u8]) -> bool {
    bytes.windows(text.len()).any(|window| window == text)
}

#[test]
fn a_report_is_the_same_every_time_and_says_what_the_answer_says() {
    let case = story();
    let (report, sheets, bytes) = written(&case);
    assert_eq!(bytes, written(&story()).2);
    let all = lines(&sheets);
    for must in [
        "ELIGIBLE BY RECORD",
        &report.grouped,
        "What this rests on",
        "The life of the part, oldest first",
        "What it was made of, and by what right",
        "Release",
        "Check it without us",
    ] {
        assert!(all.iter().any(|line| line == must), "{must}");
    }
    for step in &report.life {
        assert!(all.contains(&step.title), "{}", step.title);
    }
    assert_eq!(report.signatures.len(), case.bundle.entries.len());
    assert!(
        report
            .signatures
            .iter()
            .any(|of| of.roles == "release signatory")
    );
    assert!(report.form.as_ref().is_some_and(|form| form.in_effect));
    assert!(report.papers.iter().any(|paper| paper.path.is_some()));
    assert!(!report.withheld.is_empty());
}

#[test]
fn the_document_says_which_standards_it_keeps() {
    let (_, sheets, bytes) = written(&story());
    for must in [
        &b"<pdfaid:part>2</pdfaid:part>"[..],
        b"<pdfaid:conformance>A",
        b"<pdfuaid:part>1",
    ] {
        assert!(has(&bytes, must), "{}", String::from_utf8_lossy(must));
    }
    let figures = sheets
        .elements
        .iter()
        .filter(|of| matches!(of.kind, Kind::Figure(_)));
    assert_eq!(figures.count(), 2, "the symbol and the genealogy");
    let tops = sheets
        .elements
        .iter()
        .filter(|of| matches!(of.kind, Kind::Heading(1, _)));
    assert_eq!(tops.count(), 1);
    // Everything that is read belongs to an element, but for heads and feet.
    let loose = |item: &&Item| item.of.is_none() && matches!(item.drawn, Drawn::Text { .. });
    let loose = sheets.pages.iter().flatten().filter(loose).count();
    // The titles of the table of signatures stand on its second page again.
    assert_eq!(loose, 4 * sheets.pages.len() - 1 + 6);
}

#[test]
fn what_speaks_against_a_part_stands_first_and_red_in_the_drawing() {
    let (mut c, licence) = Consortium::licensed(1, PartClass::C, 2);
    let part = c.make(&licence, 1);
    c.hand_over(&part).unwrap();
    let lot = c.lot.clone();
    c.recall(Who::Production, &[&lot]).unwrap();
    let mark = c.mark(&licence, 1);
    let (report, sheets, _) = written(&Case::of(c, mark));
    let all = lines(&sheets);
    assert!(all.iter().any(|line| line == "DO NOT INSTALL"));
    let held = report
        .genealogy
        .nodes
        .iter()
        .filter(|node| node.tone == super::super::report::Tone::Held);
    assert_eq!(held.count(), 1, "the lot");
    let first = lines(&Sheets {
        pages: vec![sheets.pages[0].clone()],
        ..Sheets::default()
    });
    assert!(
        first.iter().any(|line| line.contains("recalled")),
        "{first:?}"
    );
}

#[test]
fn a_mark_that_nobody_has_used_and_a_part_without_release_have_reports() {
    let (mut c, licence) = Consortium::licensed(1, PartClass::C, 2);
    c.print(&licence, 1);
    let [printed, never] = [1, 2].map(|unit| c.mark(&licence, unit));
    let case = Case::of(c, printed);
    let (report, _, _) = written(&case);
    assert!(report.form.is_none() && !report.genealogy.nodes.is_empty());
    let (report, sheets, _) = written(&Case::of(case.c, never));
    assert!(report.life.is_empty() && report.genealogy.nodes.is_empty());
    assert!(
        lines(&sheets)
            .iter()
            .any(|line| line == "Nothing is recorded of a part with this mark.")
    );
}

#[test]
fn a_thousand_steps_long_words_and_strange_letters_find_their_place() {
    let case = story();
    let mut report = Report::of(&case.sources());
    let step = report.life.last().unwrap().clone();
    report.life = vec![step; 1_000];
    for (at, step) in report.life.iter_mut().enumerate() {
        step.title = format!("Step {at}");
        step.detail = Some(match at % 4 {
            0 => "x".repeat(2_000),
            1 => "支架 ".repeat(300),
            2 => "قوس דגם \u{1f680} \u{e000}".to_owned(),
            _ => "A sentence of ordinary words that goes on for a while. ".repeat(20),
        });
    }
    let long = "ж".repeat(200);
    report.name.clone_from(&long);
    report
        .genealogy
        .nodes
        .iter_mut()
        .for_each(|node| node.title.clone_from(&long));
    let sheets = lay_out(&report);
    is_within_its_pages(&sheets);
    assert!(sheets.pages.len() > 300, "{}", sheets.pages.len());
    let all = lines(&sheets);
    for at in 0..1_000 {
        assert!(all.contains(&format!("Step {at}")), "{at}");
    }
    assert!(all.iter().any(|line| line.contains("U+652F U+67B6")));
    assert!(of(&report).unwrap().len() < 16 << 20);
}

#[test]
fn a_drawing_of_many_lots_fits_on_a_page_and_says_what_it_leaves_out() {
    let (mut c, licence) = Consortium::licensed(1, PartClass::C, 2);
    let lots: Vec<_> = (0..14)
        .map(|at| c.receive_lot(&format!("lot:x{at}"), "AlSi10Mg AMS7035"))
        .collect();
    let shares: Vec<_> = lots.iter().map(|lot| (lot, 1_000_000)).collect();
    let blend = c.blend(Who::Production, &shares).unwrap();
    c.lot = blend;
    let part = c.make(&licence, 1);
    c.hand_over(&part).unwrap();
    let mark = c.mark(&licence, 1);
    let (report, sheets, _) = written(&Case::of(c, mark));
    assert_eq!(report.genealogy.more, 4);
    assert!(
        lines(&sheets)
            .iter()
            .any(|line| line.starts_with("4 further lots not drawn"))
    );
}
