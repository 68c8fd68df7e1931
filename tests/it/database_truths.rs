//! The database holds what must be true of the log: each broken invariant is refused by its name, whoever writes.

use crate::postgres::sql;
use crate::support::{Founded, new_database};

/// What a bug or a hand beside the service could write, and the constraint that refuses it.
const REFUSED: [(&str, &str); 22] = [
    ("update entry set seq = seq + 1", "append_only"),
    ("delete from entry where index = 0", "append_only"),
    ("truncate entry cascade", "append_only"),
    ("update checkpoint set signed_at = 0", "append_only"),
    ("delete from checkpoint", "append_only"),
    ("delete from sealed_section", "append_only"),
    ("update lease set fence = fence - 1", "fence_grows"),
    ("update lease set holder = 'me'", "fence_grows"),
    ("delete from lease", "fence_grows"),
    (
        "update subject_state set kind = 'part' where kind = 'org'",
        "subject_state_kind_is_of_id",
    ),
    (
        "update subject_state set state = '[]'",
        "subject_state_is_object",
    ),
    (
        "update subject_state set version = 0",
        "subject_state_version_check",
    ),
    (
        "insert into parent values ('part:nobody', 'org:nobody')",
        "child_has_state",
    ),
    (
        "insert into entry select 1 + max(index), '\\x00', kid, seq, kind, subject, logged_at, envelope, body
         from entry group by kid, seq, kind, subject, logged_at, envelope, body limit 1",
        "entry_id_check",
    ),
    // A checkpoint without entries, with a root that nobody signed, beside another, before its time.
    (
        "insert into checkpoint select size + 1, size, root, NOTE(size + 1), signed_at from NEWEST",
        "checkpoint_covers_its_entries",
    ),
    (
        "insert into checkpoint select size + 1, size, root, note, signed_at from NEWEST",
        "checkpoint_is_its_note",
    ),
    (
        "insert into checkpoint select size + 2, 3, root, NOTE(size + 2), signed_at from NEWEST",
        "checkpoint_previous_size_key",
    ),
    (
        "insert into checkpoint select size + 2, size + 1, root, NOTE(size + 2), signed_at from NEWEST",
        "checkpoint_previous_size_fkey",
    ),
    (
        "ENTRY(0, 0); insert into checkpoint select size + 1, size, root, NOTE(size + 1), signed_at + 1 from NEWEST",
        "checkpoint_time_is_its_entries",
    ),
    (
        "ENTRY(0, -1); insert into checkpoint select size + 1, size, root, NOTE(size + 1), signed_at - 1 from NEWEST",
        "checkpoint_time_is_monotone",
    ),
    (
        "ENTRY(1, 0); insert into checkpoint select size + 1, size, root, NOTE(size + 1), signed_at from NEWEST",
        "checkpoint_covers_its_entries",
    ),
    (
        "ENTRY(0, 0); ENTRY(1, 0);
         insert into checkpoint select size + 1, size, root, NOTE(size + 1), signed_at from NEWEST",
        "checkpoint_covers_its_entries",
    ),
];

/// One more entry, so far behind the end, at the newest log time and so much.
fn entry(words: &str) -> String {
    let (gap, later) = words.split_once(", ").unwrap();
    format!(
        "insert into entry select 1 + {gap} + (select max(index) from entry), sha256(id || '\\x0{gap}'), kid, seq,
         kind, subject, logged_at + {later}, envelope, body
         from entry where index = (select max(size) - 1 from checkpoint)"
    )
}

/// Writes out the abbreviations.
fn spelled(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text.replace(
        "NEWEST",
        "(select * from checkpoint order by size desc limit 1) as newest",
    );
    while let Some((before, after)) = rest.split_once("ENTRY(") {
        let (words, behind) = after.split_once(')').unwrap();
        out.push_str(before);
        out.push_str(&entry(words));
        rest = behind.to_owned();
    }
    out.push_str(&rest);
    while let Some((before, after)) = out.clone().split_once("NOTE(") {
        let (size, behind) = after.split_once(')').unwrap();
        out = format!(
            "{before}replace(note, E'\\n' || size || E'\\n', E'\\n' || {size} || E'\\n'){behind}"
        );
    }
    out
}

#[test]
fn every_broken_invariant_is_refused_by_name() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let founded = Founded::new(runtime.block_on(new_database()));
    let service = founded.serve();
    let statement = crate::service_crash::admission(&founded, "honest");
    crate::service_crash::submit(&service, &statement).unwrap();
    for (text, name) in REFUSED {
        let text = format!("begin; {}; commit", spelled(text));
        let told = runtime.block_on(sql(&founded.database, &text));
        let told = told.expect_err(&text);
        let by_name = told.contains(name) || told.contains(&message_of(name));
        assert!(by_name, "{text}: {told}");
    }
    // Nothing of it was kept, and the service goes on.
    assert!(service.client().checkpoint().is_ok());
    drop(service);
    let (good, told) = founded.audit();
    assert!(good, "{told}");
}

/// Constraints that triggers hold tell themselves by their message.
fn message_of(name: &str) -> String {
    match name {
        "append_only" => "the log only grows",
        "fence_grows" => "the fence of the lease only grows",
        "child_has_state" => "an edge from a subject without a state",
        "checkpoint_covers_its_entries" => "checkpoint",
        "checkpoint_time_is_its_entries" => "of another log time",
        "checkpoint_time_is_monotone" => "log time runs backwards",
        _ => name,
    }
    .to_owned()
}
