//! The sections behind the life: the release form, who signed, the documents, what is withheld, how to check.
//!
//! Owns what stands in each of these sections, and how a form looks. Must never know where the words come from.

use super::flow::{Flow, Style, wrap};
use super::sheet::{Kind, LEFT, RAIL, SOFT, STEEL_SOFT, STOP, WIDTH, rectangle};
use super::table::{CELL, column, table};
use super::{BODY, HEADING, MONO, SMALL, STRONG, TINY, style};
use crate::dossier::pdf::face::Face;
use crate::dossier::report::{Block, Report};
use crate::web::words;

/// The release in the frame of the authorities' form.
pub fn form(flow: &mut Flow, report: &Report) {
    flow.heading(2, HEADING, "Release", 120.0);
    let Some(form) = &report.form else {
        flow.paragraph(BODY, "The record has no release of this part.");
        flow.y += 12.0;
        return;
    };
    let text = match form.in_effect {
        true => format!(
            "{}, as far as its statement carries the blocks of the form.",
            form.name
        ),
        false => format!(
            "{}: NOT IN EFFECT ANY MORE, or never. What its statement says is told all the same.",
            form.name
        ),
    };
    let ink = if form.in_effect { SOFT } else { STOP };
    flow.paragraph(SMALL.ink(ink), &text);
    flow.y += 4.0;
    for blocks in &form.rows {
        blocks_in_a_row(flow, blocks);
    }
    flow.y += 3.0;
    flow.paragraph(
        SMALL,
        "This is a picture of the record and not the certificate. Blocks that no statement carries are left open, never guessed.",
    );
    flow.y += 12.0;
}

fn blocks_in_a_row(flow: &mut Flow, blocks: &[Block]) {
    let width_of = |block: &Block| WIDTH * f32::from(block.width) / 12.0;
    let lines_of = |block: &Block| {
        let text = block.text.as_deref().unwrap_or("not in the record");
        wrap(BODY, width_of(block) - 10.0, text)
    };
    let label_of = |block: &Block| {
        let text = format!("{}. {}", block.number, block.label);
        wrap(TINY_LABEL, width_of(block) - 10.0, &text)
    };
    let height = |block: &Block| {
        label_of(block).len() as f32 * TINY_LABEL.lead + lines_of(block).len() as f32 * BODY.lead
    };
    let height = blocks.iter().map(height).fold(0.0, f32::max) + 9.0;
    flow.room(height);
    let (mut x, top) = (LEFT, flow.y);
    for block in blocks {
        let width = width_of(block);
        let fill = block.text.is_none().then_some([0xf5, 0xf5, 0xf1]);
        flow.decorate(rectangle(x, top, width, height), fill, Some((RAIL, 0.75)));
        flow.element(Kind::Paragraph, |flow| {
            let mut y = top + 1.0;
            for line in label_of(block) {
                y += TINY_LABEL.lead;
                flow.line(x + 5.0, y, TINY_LABEL, line);
            }
            let style = if block.text.is_some() {
                BODY
            } else {
                BODY.ink(SOFT)
            };
            for line in lines_of(block) {
                y += BODY.lead;
                flow.line(x + 5.0, y, style, line);
            }
        });
        x += width;
    }
    flow.y = top + height;
}

const TINY_LABEL: Style = style(Face::Regular, 6.5, 8.5, SOFT);

/// Who signed what.
pub fn signatures(flow: &mut Flow, report: &Report) {
    let count = words::plural(report.signatures.len() as u64, "signature");
    flow.heading(
        2,
        HEADING,
        &format!("{count}, in the order of the log"),
        100.0,
    );
    flow.paragraph(
        SMALL,
        "Every statement that the answer rests on, those of governance included: who, with which role and key, when. Of \
         thumbprints (RFC 9679) and statements the first 16 digits; the whole is in the files of that entry. A role is what \
         the key was given, by its organisation and, where the rules ask for it, by an accrediting body.",
    );
    flow.y += 4.0;
    let columns = [
        column("Entry", 36.0, CELL),
        column("Kind", 104.0, CELL),
        column("When", 66.0, CELL),
        column("Organisation, credential", 110.0, CELL),
        column("Role, key", 84.0, CELL),
        column("Statement, key", 99.276, TINY),
    ];
    let rows: Vec<Vec<String>> = report.signatures.iter().map(signature).collect();
    table(flow, &columns, &rows);
    flow.y += 8.0;
}

fn signature(of: &crate::dossier::report::Signature) -> Vec<String> {
    let stamp = words::stamp(of.at);
    let role = match of.roles.is_empty() {
        true => of.level.to_owned(),
        false => format!("{}\n{}", of.roles, of.level),
    };
    vec![
        words::count(of.index),
        of.kind.to_owned(),
        format!("{}\n{}", stamp.day, stamp.clock),
        format!("{}\n{}", of.org, of.actor),
        role,
        format!("{}\n{}", words::short(&of.statement), words::short(&of.kid)),
    ]
}

/// What statements name by digest.
pub fn papers(flow: &mut Flow, report: &Report) {
    if report.papers.is_empty() {
        return;
    }
    flow.heading(2, HEADING, "Documents that statements name", 90.0);
    flow.paragraph(
        SMALL,
        "Each was named by its SHA3-256 in what was signed, so a document proves itself. Those that are in the dossier are \
         what was signed; of the others ask who signed.",
    );
    flow.y += 4.0;
    let columns = [
        column("Entry", 36.0, CELL),
        column("What", 140.0, CELL),
        column("SHA3-256", 150.0, TINY),
        column("In this dossier", 173.276, CELL),
    ];
    let row = |paper: &crate::dossier::report::Paper| {
        let path = paper.path.clone();
        vec![
            words::count(paper.index),
            paper.what.clone(),
            paper.sha3.to_hex(),
            path.unwrap_or_else(|| {
                "no: the service does not have it, or it is too large".to_owned()
            }),
        ]
    };
    let rows: Vec<_> = report.papers.iter().map(row).collect();
    table(flow, &columns, &rows);
    flow.y += 8.0;
}

/// What is not in it, and why.
pub fn withheld(flow: &mut Flow, report: &Report) {
    flow.heading(2, HEADING, "What is not in this dossier, and why", 60.0);
    for one in &report.withheld {
        flow.element(Kind::Paragraph, |flow| {
            flow.room(STRONG.lead + BODY.lead);
            flow.text(LEFT, WIDTH, STRONG, &one.what);
            flow.text(LEFT, WIDTH, BODY, one.why);
        });
        flow.y += 4.0;
    }
    flow.element(Kind::Paragraph, |flow| {
        flow.text(LEFT, WIDTH, STRONG, "Names of people");
        let text = "No statement carries any: a credential stands for a person whom his organisation knows.";
        flow.text(LEFT, WIDTH, BODY, text);
    });
    flow.y += 14.0;
}

/// What a reader does who believes nobody.
pub fn how_to_check(flow: &mut Flow, report: &Report) {
    flow.heading(2, HEADING, "Check it without us", 110.0);
    flow.paragraph(
        BODY,
        "This document follows from part.bundle, which stands beside it, and from nothing else. The first command checks the \
         bundle against the genesis that you have from somewhere else, makes every file of the dossier again, this one \
         included, and compares all bytes; it needs no network. The second is written in another language from the \
         standards alone, and shares no code with the first.",
    );
    flow.y += 4.0;
    let commands = "threadmark verify dossier FILE --genesis genesis.cbor\npython part.py part.bundle --genesis FINGERPRINT";
    let lines = wrap(MONO, WIDTH - 16.0, commands);
    let height = lines.len() as f32 * MONO.lead + 10.0;
    flow.room(height);
    flow.decorate(
        rectangle(LEFT, flow.y, WIDTH, height),
        Some(STEEL_SOFT),
        None,
    );
    flow.y += 5.0;
    flow.element(Kind::Paragraph, |flow| {
        flow.text(LEFT + 8.0, WIDTH - 16.0, MONO, commands)
    });
    flow.y += 9.0;
    let text = format!(
        "Made for {}. When and for whom it was made is the word of its maker. Characters that the typeface of this document \
         does not have are shown as their code points, ‹U+…›.",
        report.asked
    );
    flow.paragraph(SMALL, &text);
}
