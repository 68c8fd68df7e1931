//! The index of statements: what it costs the writer, against hashing ways of the same length that share nothing.

use crate::Figure;
use anyhow::Result;
use std::collections::BTreeSet;
use std::hint::black_box;
use std::time::Instant;
use threadmark_protocol::digest::Digest;
use threadmark_protocol::index::{Link, Map, Tally};
use threadmark_protocol::text::SubjectId;

/// Statements of one batch, as the writer takes them when it is busy.
const BATCH: u64 = 256;
/// Batches that are measured.
const BATCHES: u64 = 40;
/// Every so many statements one begins a new subject.
const NEW_EACH: u64 = 6;

/// The cost at ten thousand subjects and at a million.
pub fn figures() -> Result<Vec<Figure>> {
    [(10_000, ""), (1_000_000, "_at_1m")]
        .into_iter()
        .map(|(subjects, suffix)| figure(subjects, suffix))
        .collect()
}

fn figure(known: u64, suffix: &str) -> Result<Figure> {
    let subject = |number: u64| SubjectId::new("part", format!("s{number}"));
    let tally = |number: u64| Tally {
        count: 1,
        head: Digest::sha256(&[&number.to_be_bytes()]),
    };
    let all = (0..known).map(|number| Ok((subject(number)?, tally(number))));
    let mut map = Map::from_tallies(all.collect::<Result<Vec<_>>>()?);
    let mut batches = Vec::new();
    for batch in 0..BATCHES {
        let statement = |at: u64| {
            let index = known + batch * BATCH + at;
            let link = Link {
                index,
                logged_at: 0,
                statement: Digest::sha256(&[&index.to_le_bytes()]),
            };
            // A multiplier without a factor in common with either number of subjects spreads over all.
            let mut subjects = BTreeSet::from([subject(index * 7919 % known)?]);
            if at.is_multiple_of(NEW_EACH) {
                subjects.insert(subject(index)?);
            }
            anyhow::Ok((link, subjects))
        };
        batches.push((0..BATCH).map(statement).collect::<Result<Vec<_>>>()?);
    }
    let begin = Instant::now();
    for batch in &batches {
        black_box(map.add(batch));
        black_box(map.root());
    }
    let mine = begin.elapsed();
    let touched = batches.iter().flatten().map(|(_, on)| on.len()).sum();
    let theirs = bare(known, touched);
    let per_statement =
        |time: std::time::Duration| time.as_secs_f64() * 1e6 / (BATCH * BATCHES) as f64;
    Ok(Figure {
        name: format!("completeness_us_per_statement{suffix}"),
        value: per_statement(mine),
        unit: "us",
        against: "SHA-256 of as many ways, each hashed to the root by itself",
        peer: per_statement(theirs),
    })
}

/// One chain link, one leaf and a node a level, for each subject that is touched.
fn bare(known: u64, touched: usize) -> std::time::Duration {
    let levels = known.ilog2() + 1;
    let begin = Instant::now();
    for _ in 0..touched {
        let mut hash = Digest::sha256(&[&[1; 96]]);
        hash = Digest::sha256(&[&[0; 56], &hash.0]);
        for _ in 0..levels {
            hash = Digest::sha256(&[&[2; 49], &hash.0]);
        }
        black_box(hash);
    }
    begin.elapsed()
}
