//! Words for what statements prove against who holds their key, and for what they only hint at.

use super::super::output::Document;
use super::told;
use anyhow::{Result, bail};
use threadmark_protocol::evidence::{AuthorEvidence, AuthorFinding, OtherSeen, Said};
use threadmark_protocol::key::key_id;
use threadmark_protocol::note::VerifierKey;
use threadmark_protocol::statement::{Envelope, StatementId};

/// Examines a file, which must be about the log of this key, where one is named.
pub fn examine(evidence: &AuthorEvidence, log: Option<&VerifierKey>) -> Result<AuthorFinding> {
    if let Some(log) = log {
        let is_of_log = match evidence {
            AuthorEvidence::TwoStatements { first, .. } => is_for(first, log),
            AuthorEvidence::OtherSeen(seen) => seen.log_key()? == *log,
        };
        if !is_of_log {
            bail!("the file is about another log than {log}");
        }
    }
    Ok(evidence.examine()?)
}

/// Whether a statement was made for the log of this key.
fn is_for(said: &Said, log: &VerifierKey) -> bool {
    Envelope::parse(&said.envelope).is_ok_and(|of| of.aud.as_str() == log.name)
}

/// What the file shows.
pub fn document(evidence: &AuthorEvidence, found: &AuthorFinding) -> Document {
    let (name, words, now) = words(found);
    let document = Document::new()
        .with("key", format!("key:{}", key_id(evidence.key())))
        .with_text("misbehaviour", found.is_misbehaviour(), "")
        .with_text("finding", name, words)
        .with("what_now", now);
    match evidence {
        AuthorEvidence::OtherSeen(OtherSeen { log, .. }) => document.with("log", log),
        AuthorEvidence::TwoStatements { .. } => document.with(
            "rests_on",
            "both signatures, by the key in the file: whose it is stands in the log",
        ),
    }
}

/// What to do about a key.
const REVOKE: &str = "Have the key's organisation say where it is, and revoke it, as compromised since the first of the \
                      two if a copy is possible. A journal that was restored from a backup does the same without intent: \
                      the key must not sign any more either way.";

/// What to do about a claim.
const ASK: &str = "Ask the author for highest.json of that home: the checkpoint that was seen, with the log's signature, \
                   convicts the log (`threadmark evidence --kept`). Who cannot show it has only said so. Compare your \
                   checkpoints with other members' meanwhile.";

/// A stable name, what happened, and what to do.
fn words(found: &AuthorFinding) -> (&'static str, String, &'static str) {
    match found {
        AuthorFinding::OneNumber { seq, ids } => {
            twice("one-number", &format!("with the number {seq}"), ids)
        }
        AuthorFinding::OnePredecessor { prev, ids } => {
            twice("one-predecessor", &format!("that both follow {prev}"), ids)
        }
        AuthorFinding::OneChain => (
            "one-chain",
            "nothing against the key: both statements can stem from one journal".to_owned(),
            "Nothing.",
        ),
        AuthorFinding::OtherRoot { size, seen, logged } => (
            "other-root",
            format!(
                "NOT PROVED: the author says to have verified a log of {size} entries with the root {seen}\nthe log has \
                 {logged} there\nEither that is not true, or the log has shown two histories. The author's word alone \
                 convicts nobody"
            ),
            ASK,
        ),
        AuthorFinding::Log(finding) => told(finding),
        AuthorFinding::SameRoot => (
            "same-root",
            "nothing against anybody: what the author has seen is what the log has".to_owned(),
            "Nothing.",
        ),
        AuthorFinding::Open => (
            "open",
            "NOT PROVED: the proof in the file does not lead to its checkpoint, or the statement says nothing of what its \
             author had seen"
                .to_owned(),
            "Make the file again, with `threadmark evidence` in a home that has the log.",
        ),
    }
}

/// A key that stands at one place of its chain twice.
fn twice(
    name: &'static str,
    how: &str,
    [one, other]: &[StatementId; 2],
) -> (&'static str, String, &'static str) {
    let words = format!(
        "MISBEHAVIOUR PROVED: the key has signed two statements {how}: it was copied, or whoever holds it keeps two \
         journals\n{one}\n{other}"
    );
    (name, words, REVOKE)
}
