//! What a recall reaches, in words and for scripts.
//!
//! Owns how the list is told: how many parts, with whom, where. Must never decide which parts they are.

use crate::cli::output::Document;
use anyhow::{Result, bail};
use std::collections::BTreeMap;
use threadmark_agent::home::View;
use threadmark_protocol::life::{Impact, Reached, Scope};
use threadmark_protocol::text::SubjectId;
use threadmark_protocol::world::Data;

/// Parts of which a terminal shows where they are; `--json` and `--out` have all.
const SHOWN_MAX: usize = 40;

/// What a recall that is placed names.
pub fn known(view: &View, id: &SubjectId) -> Result<Scope> {
    match view.replica.world().get(id) {
        Some(Data::Recall { recall, .. }) => Ok(recall.into()),
        _ => bail!("{id} is not known here; synchronise, or look whether the id is right"),
    }
}

/// How many parts, and with whom.
pub fn summary(impact: &Impact) -> Document {
    let mut holders: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for part in &impact.parts {
        let holder = part.custodian.as_ref().map_or("", |org| org.as_str());
        let (parts, installed) = holders.entry(holder).or_default();
        *parts += 1;
        *installed += usize::from(part.installed.is_some());
    }
    let json: Vec<_> = holders
        .iter()
        .map(|(org, (parts, installed))| {
            let org = (!org.is_empty()).then_some(org);
            serde_json::json!({ "organisation": org, "parts": parts, "installed": installed })
        })
        .collect();
    let words: Vec<_> = holders
        .iter()
        .map(|(org, (parts, installed))| match (*org, *installed) {
            ("", _) => format!("{parts} of which nobody says who has them"),
            (org, 0) => format!("{parts} with {org}"),
            (org, installed) => format!("{parts} with {org}, {installed} of them installed"),
        })
        .collect();
    let parts = impact.parts.len();
    Document::new()
        .with_text("reached", parts, counted(parts))
        .with_text("holders", json, words.join("\n"))
        .with("size_of_the_log", impact.size)
}

fn counted(parts: usize) -> String {
    match parts {
        0 => "no part that is known here".to_owned(),
        1 => "1 part".to_owned(),
        parts => format!("{parts} parts"),
    }
}

/// Each part, and where it is.
pub fn whereabouts(impact: &Impact) -> Document {
    let shown = impact.parts.iter().take(SHOWN_MAX).map(line);
    let more = impact.parts.len().saturating_sub(SHOWN_MAX);
    let more = (more > 0).then(|| format!("and {more} more: `--out FILE` writes all"));
    let lines: Vec<_> = shown.chain(more).collect();
    Document::new().with_text("parts", &impact.parts, lines.join("\n"))
}

fn line(part: &Reached) -> String {
    let name = match part.mark {
        Some(mark) => mark.to_string(),
        None => part.part.to_string(),
    };
    let custodian = part.custodian.as_ref().map(|org| format!(" with {org}"));
    let sent = part.sent_to.as_ref().map(|org| format!(", sent to {org}"));
    let place = part.installed.as_ref();
    let place = place.map(|place| format!(", in {place}"));
    let phase = serde_json::to_value(part.phase).unwrap_or_default();
    let words = [custodian, sent, place]
        .into_iter()
        .flatten()
        .collect::<String>();
    format!("{name}  {}{words}", phase.as_str().unwrap_or_default())
}
