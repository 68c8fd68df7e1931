//! The log row by row: what stands beside a signed envelope must be what the envelope and its batch say.
//!
//! Receipts, lists and the search for keys that exist twice read those columns, and no replay would miss them.

use super::Discrepancy;
use crate::store::entry::Row;
use std::collections::BTreeMap;
use threadmark_protocol::body::Core;
use threadmark_protocol::statement::{Statement, Submission};
use threadmark_protocol::text::Origin;

/// Log time of each batch by the size of the tree at its end.
pub type Batches = BTreeMap<u64, i64>;

/// Compares rows from `from` on with the entries in them, and notes the batches that end here.
///
/// # Errors
/// The first entry that is missing or no statement: nothing behind it can be replayed.
pub fn compare(
    origin: &Origin,
    from: u64,
    entries: &[(Row, Submission)],
    batches: &mut Batches,
) -> Result<Vec<Discrepancy>, Discrepancy> {
    let mut statements = Vec::with_capacity(entries.len());
    for (index, (row, entry)) in (from..).zip(entries) {
        let wrong = |what: String| Discrepancy {
            place: format!("entry {index}"),
            what,
        };
        if row.index.unsigned_abs() != index {
            return Err(wrong("it is missing".into()));
        }
        statements.push(
            Statement::open(entry.clone(), origin).map_err(|error| wrong(error.to_string()))?,
        );
    }
    let (mut found, mut logged_at) = (Vec::new(), None);
    // Backwards, because log time stands at the end of a batch.
    for ((row, _), statement) in entries.iter().zip(&statements).rev() {
        if let Core::LogBatch(says) = &statement.body.core {
            logged_at = Some(says.logged_at);
            batches.insert(row.index.unsigned_abs() + 1, says.logged_at);
        }
        found.extend(
            differing(row, statement, logged_at).map(|what| Discrepancy {
                place: format!("entry {}", row.index),
                what: format!("its {what} not what was signed"),
            }),
        );
    }
    found.reverse();
    Ok(found)
}

fn differing(row: &Row, statement: &Statement, logged_at: Option<i64>) -> Option<&'static str> {
    let columns = [
        ("id is", row.id == statement.id.0),
        ("kid is", row.kid == statement.envelope.kid.0),
        ("seq is", row.seq == statement.body.seq.cast_signed()),
        ("kind is", row.kind == statement.body.core.kind()),
        ("subject is", row.subject == statement.body.sub.as_str()),
        ("log time is", Some(row.logged_at) == logged_at),
        ("sealed sections are", statement.is_whole()),
    ];
    let wrong = columns.into_iter().find(|(_, same)| !same);
    wrong.map(|(column, _)| column)
}
