//! The lists of statements by subject, line by line: the chained head of each line must be that of the entries.
//!
//! The replay has compared the root of every batch with what the log signed; here it is what the writer starts from, and
//! what bundles are made of, that is compared with the replay.

use super::Discrepancy;
use crate::ledger::storage::StorageError;
use crate::store::PgStore;
use crate::store::mention::StoredLine;
use threadmark_protocol::digest::Digest;
use threadmark_protocol::index::{Link, Map, Tally};
use threadmark_protocol::text::SubjectId;

/// Lines compared at a time.
const LINES_AT_ONCE: i64 = 4000;

/// Compares every stored line with the map that the replay made.
pub async fn compare(
    store: &PgStore,
    expected: &Map,
    found: &mut Vec<Discrepancy>,
) -> Result<(), StorageError> {
    let mut list = List::default();
    let mut whole = 0;
    loop {
        let lines = store
            .lines(&list.subject, list.tally.count, LINES_AT_ONCE)
            .await?;
        if lines.is_empty() {
            break;
        }
        for line in lines {
            if line.subject != list.subject {
                whole += usize::from(list.end(expected, found));
                list = List {
                    subject: line.subject.clone(),
                    ..List::default()
                };
            }
            list.take(&line, found);
        }
    }
    whole += usize::from(list.end(expected, found));
    if whole < expected.len() {
        found.push(Discrepancy {
            place: "lists of statements".into(),
            what: format!(
                "{} subjects of which something was said have none, or a wrong one",
                expected.len() - whole
            ),
        });
    }
    Ok(())
}

/// The list of one subject, as far as it was read.
#[derive(Default)]
struct List {
    subject: String,
    /// Over the entries that the lines name; `count` is the number of the last line that was read.
    tally: Tally,
    is_wrong: bool,
}

impl List {
    fn take(&mut self, line: &StoredLine, found: &mut Vec<Discrepancy>) {
        let (id, logged_at) = (line.id.as_deref(), line.logged_at);
        let id = id.and_then(|id| id.try_into().ok()).map(Digest);
        let link = id.zip(logged_at).map(|(statement, logged_at)| Link {
            index: line.index.unsigned_abs(),
            logged_at,
            statement,
        });
        let expected = link.map(|link| self.tally.with(&link));
        let nth = line.nth.unsigned_abs();
        let is_right =
            expected.is_some_and(|tally| tally.count == nth && tally.head.0 == *line.head);
        // The first wrong line of a subject is the cause; all behind it differ too.
        if !is_right && !self.is_wrong {
            self.is_wrong = true;
            found.push(Discrepancy {
                place: format!("statement {nth} of {}", line.subject),
                what: "it is not what the entries lead to".into(),
            });
        }
        self.tally = Tally {
            count: nth,
            head: expected.unwrap_or_default().head,
        };
    }

    /// Whether the list is whole.
    fn end(&mut self, expected: &Map, found: &mut Vec<Discrepancy>) -> bool {
        if self.subject.is_empty() || self.is_wrong {
            return false;
        }
        let subject: Option<SubjectId> = self.subject.parse().ok();
        let is_whole = subject.is_some_and(|subject| expected.tally(&subject) == self.tally);
        if !is_whole {
            found.push(Discrepancy {
                place: format!("statements of {}", self.subject),
                what: "one is missing, or one too many".into(),
            });
        }
        is_whole
    }
}
