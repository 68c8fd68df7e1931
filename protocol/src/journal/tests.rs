use super::*;
use crate::body::governance::PartClass;
use crate::fixture::{Consortium, Who};
use std::io;

/// Bytes in memory; an append can fail after some of them.
#[derive(Default)]
struct Memory {
    bytes: Vec<u8>,
    fails_after: Option<usize>,
}

impl Durable for Memory {
    fn read(&mut self) -> io::Result<Vec<u8>> {
        Ok(self.bytes.clone())
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let kept = self.fails_after.take();
        self.bytes
            .extend(&bytes[..kept.unwrap_or(bytes.len()).min(bytes.len())]);
        kept.map_or(Ok(()), |_| Err(io::Error::other("no space left")))
    }

    fn truncate(&mut self, length_bytes: u64) -> io::Result<()> {
        self.bytes.truncate(length_bytes as usize);
        Ok(())
    }
}

/// Three statements of the inspector.
fn signed() -> (Consortium, Vec<Statement>) {
    let (mut c, licence) = Consortium::licensed(1, PartClass::C, 3);
    let part = c.print(&licence, 1);
    c.set_sail();
    let inspect = |_| c.inspect(Who::Inspector, &part).unwrap();
    let statements = (0..3).map(inspect).collect();
    (c, statements)
}

fn open(c: &Consortium, bytes: &[u8]) -> Result<Journal<Memory>, JournalError> {
    let file = Memory {
        bytes: bytes.to_vec(),
        fails_after: None,
    };
    Journal::open(file, &c.origin())
}

fn ids(statements: &[Statement]) -> Vec<StatementId> {
    statements.iter().map(|statement| statement.id).collect()
}

#[test]
fn what_was_appended_is_there_after_any_crash() {
    let (c, statements) = signed();
    let mut journal = open(&c, &[]).unwrap();
    assert_eq!(journal.next(), (0, None));
    let mut ends = vec![0];
    for statement in &statements {
        journal.append(statement.clone()).unwrap();
        ends.push(journal.file.bytes.len());
    }
    let last = &statements[2];
    assert_eq!(journal.next(), (last.body.seq + 1, Some(last.id)));
    let bytes = journal.file.bytes;
    for cut in 0..=bytes.len() {
        let whole = ends.iter().filter(|end| **end <= cut).count() - 1;
        let mut journal = open(&c, &bytes[..cut]).unwrap();
        assert_eq!(
            ids(journal.statements()),
            ids(&statements[..whole]),
            "{cut}"
        );
        assert_eq!(
            journal.file.bytes.len(),
            ends[whole],
            "the torn end is gone"
        );
        // And one goes on from there.
        journal.append(last.clone()).unwrap();
        assert_eq!(
            open(&c, &journal.file.bytes).unwrap().statements().len(),
            whole + 1
        );
    }
}

#[test]
fn a_damaged_record_is_never_dropped_silently() {
    let (c, statements) = signed();
    let frames: Vec<_> = statements
        .iter()
        .map(|statement| frame(&statement.submission))
        .collect();
    let bytes = frames.concat();
    let before_last = bytes.len() - frames[2].len();
    for at in 0..before_last {
        let mut damaged = bytes.clone();
        damaged[at] ^= 1;
        let opened = open(&c, &damaged);
        assert!(matches!(opened, Err(JournalError::Damaged { .. })), "{at}");
    }
}

#[test]
fn an_append_that_failed_leaves_no_trace() {
    let (c, statements) = signed();
    let mut journal = open(&c, &[]).unwrap();
    journal.append(statements[0].clone()).unwrap();
    for written in [0, 1, 4, 100] {
        journal.file.fails_after = Some(written);
        let failed = journal.append(statements[1].clone());
        assert!(matches!(failed, Err(JournalError::File(_))));
        assert_eq!(ids(journal.statements()), ids(&statements[..1]));
    }
    journal.append(statements[1].clone()).unwrap();
    let read = open(&c, &journal.file.bytes).unwrap();
    assert_eq!(ids(read.statements()), ids(&statements[..2]));
}

#[test]
fn a_journal_of_another_log_is_refused() {
    let (_, statements) = signed();
    let bytes = frame(&statements[0].submission);
    let other = "log.example/other".parse().unwrap();
    let opened = read(&bytes, &other);
    assert!(matches!(
        opened,
        Err(JournalError::Malformed { record: 0, .. })
    ));
}

/// Every fifteenth byte of this begins what might be a record of half a megabyte: to hash each would take minutes.
#[test]
fn a_tail_made_to_be_searched_is_damage() {
    let (c, _) = signed();
    let mut tail = (SUBMISSION_BYTES_MAX as u32).to_be_bytes().to_vec();
    while tail.len() < SUBMISSION_BYTES_MAX - 20 {
        tail.extend(600_000_u32.to_be_bytes());
        tail.extend([0x83; 11]);
    }
    let told = read(&tail, &c.origin()).unwrap_err();
    assert!(
        matches!(told, JournalError::Damaged { record: 0 }),
        "{told}"
    );
    // A tail of the same length without such places is a record that was cut off.
    tail[4..].fill(0xff);
    assert_eq!(read(&tail, &c.origin()).unwrap().1, 0);
}
